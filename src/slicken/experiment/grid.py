"""Resampling: from the instants of a log to a uniform grid, looking ahead as little as can be."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.errors import ExperimentError
from slicken.experiment.sampling import COARSER, JITTER, Clock, neat_step, read_clock, steps_of
from slicken.logs.finding import Finding
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.experiment.draft import Draft

_MOST_SAMPLES = 20_000_000
_FINEST, _COARSEST = 1e-9, 1e9
_DIGITS = 4e-7


def resample(draft: "Draft", step: float | None, max_gap: float) -> "Draft":
    """The draft with its channels on a uniform grid.

    Samples that already lie on the grid are kept as they are. Otherwise a value is
    interpolated between the samples before and after; where the grid is coarser than the log,
    it is the mean of the samples since the grid's last instant, which is both a filter against
    aliasing and causal. Holes of at most ``max_gap`` seconds are bridged by a straight line,
    which looks ahead to the hole's end; in longer ones values are NaN.

    Raises:
        ExperimentError: If the grid would have more samples than memory allows, or fewer than two.
    """
    _check_step(draft, float(np.median(np.diff(draft.time))))
    clock = read_clock(draft.time)
    steps = steps_of(draft.time, max_gap)
    own = clock.regular and not steps.often_longer_than(clock.step)
    new = step or (clock.step if own else neat_step(draft.time, max_gap))
    _check_step(draft, new)
    draft = _from_zero(draft, new)
    coarser = new >= COARSER * clock.step
    start = draft.time[0] + (new if coarser else 0.0)
    count = int(min(np.floor((draft.time[-1] - start) / new + JITTER), _MOST_SAMPLES)) + 1
    if not 2 <= count <= _MOST_SAMPLES:
        many = f"more than {_MOST_SAMPLES}" if count > 2 else "fewer than two"
        raise ExperimentError(
            f"{draft.source}: {many} samples {new:g} s apart in {np.ptp(draft.time):g} s; "
            "give another step under [preparation] of a channel map"
        )
    grid = start + new * np.arange(count)
    kept = clock.regular and abs(new - clock.step) <= 1e-5 * clock.step
    longest = max(max_gap, 1.5 * max(clock.step, new))
    channels, holes = {}, []
    for name, values in draft.channels.items():
        if coarser:
            times, known = grid, _means(draft.time, values, grid, new)
        else:
            times, known = grid[_nearest(draft.time, grid, new)] if kept else draft.time, values
        channels[name], filled = _interpolated(times, known, grid, longest)
        if filled and (kept or coarser):
            what = {"samples": filled, "channel": name, "longest": longest}
            holes.append(Finding(Statement("findings.filled", **what)))
    if steps.change and step is None:
        ends = {"finest": steps.finest, "coarsest": steps.coarsest}
        rates = Statement("findings.rate_changes", **ends, grid=new)
        draft = draft.note([Finding(rates)])
    draft = _described(draft.note(holes), clock, new, kept=kept, coarser=coarser)
    places = np.searchsorted(draft.time, grid - 1e-6 * new).clip(max=len(draft.rows) - 1)
    return _closed(replace(draft, channels=channels, rows=draft.rows[places], time=grid, dt=new))


def _closed(draft: "Draft") -> "Draft":
    """What was left out on purpose is not bridged, however short.

    A sample speaks for the step before it, so it is left out where any of that was.
    """
    for start, end in draft.closed:
        inside = (draft.time >= start) & (draft.time - draft.dt * (1 - 1e-6) < end)
        channels = draft.channels.items()
        draft = draft.put({name: np.where(inside, np.nan, values) for name, values in channels})
    return draft


def _check_step(draft: "Draft", step: float) -> None:
    if not _FINEST <= step <= _COARSEST:
        raise ExperimentError(
            f"{draft.source}: time in steps of {step:g} s, which no rig has; is the time in the "
            "right column, its unit right, and the step in the channel map?"
        )


def _from_zero(draft: "Draft", step: float) -> "Draft":
    """A clock that counts from 1970 has no digits left for short steps."""
    begun = float(draft.time[0])
    if np.spacing(np.abs(draft.time).max()) <= _DIGITS * step:
        return draft
    closed = tuple((start - begun, end - begun) for start, end in draft.closed)
    rebased = Statement("steps.clock_rebased", begun=begun, step=step)
    finding = Finding(Statement("findings.clock_rebased", what=rebased))
    draft = replace(draft, time=draft.time - begun, closed=closed)
    return draft.note([finding]).record(rebased)


def _nearest(
    time: NDArray[np.float64], grid: NDArray[np.float64], step: float
) -> NDArray[np.int64]:
    return np.round((time - grid[0]) / step).astype(np.int64).clip(0, grid.size - 1)


def _means(
    time: NDArray[np.float64], values: NDArray[np.float64], grid: NDArray[np.float64], step: float
) -> NDArray[np.float64]:
    """The mean of the samples in ``(grid[k-1], grid[k]]``; NaN where there is none."""
    bins = np.ceil((time - grid[0]) / step - 1e-6).astype(np.int64)
    usable = np.isfinite(values) & (bins >= 0) & (bins < grid.size)
    counts = np.bincount(bins[usable], minlength=grid.size)
    sums = np.bincount(bins[usable], weights=values[usable], minlength=grid.size)
    return np.divide(sums, counts, out=np.full(grid.size, np.nan), where=counts > 0)


def _interpolated(
    time: NDArray[np.float64],
    values: NDArray[np.float64],
    grid: NDArray[np.float64],
    longest: float,
) -> tuple[NDArray[np.float64], int]:
    """Values on the grid, NaN in holes longer than ``longest``; and how many were not measured."""
    usable = np.isfinite(values)
    if not usable.any():
        return np.full(grid.size, np.nan), 0
    time, values = time[usable], values[usable]
    after = np.searchsorted(time, grid, side="left").clip(max=time.size - 1)
    before = (np.searchsorted(time, grid, side="right") - 1).clip(min=0)
    measured = (time[after] == grid) | (time[before] == grid)
    hole = ~measured & (time[after] - time[before] > longest * (1 + 1e-9))
    outside = (grid < time[0]) | (grid > time[-1])
    result = np.interp(grid, time, values)
    result[hole | outside] = np.nan
    return result, int(np.sum(~measured & ~hole & ~outside))


def _described(draft: "Draft", clock: Clock, new: float, *, kept: bool, coarser: bool) -> "Draft":
    """The draft with what is done to its clock."""
    if kept:
        return draft.record(Statement("steps.grid_kept", grid=new))
    findings = []
    if not clock.regular:
        steps = {"uneven": clock.uneven, "steps": int(draft.time.size) - 1, "step": clock.step}
        findings.append(Finding(Statement("findings.uneven_sampling", **steps, grid=new)))
    if new < 0.99 * clock.step:
        findings.append(Finding(Statement("findings.finer_grid", grid=new, step=clock.step)))
    if coarser:
        return draft.note(findings).record(Statement("steps.grid_means", step=clock.step, grid=new))
    return draft.note(findings).record(Statement("steps.grid_interpolated", grid=new))
