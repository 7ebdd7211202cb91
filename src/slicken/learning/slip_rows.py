"""Slip rows: a record whose rows are equal steps of slip instead of time.

A fault that forgets by slip has one past on such rows, however fast it slips, and everything that
works on windows of rows works on them as it is: the same networks, splits and comparisons, with
lengths in µm. What the rows hide they give back as one more driver, the time per slip of each. A
hold is no row of its own: no step of slip ends in it. It is the time of the row after it, which is
long.

A row ends at the first sample by which the fault has slipped so far, and has that sample's
friction, time and stage: nothing looks ahead, and no friction is made up. Its drivers are means
over its slip, each sample standing for the slip since the last, as on time rows a sample stands for
the time since the last. At one velocity, and a step of what a sample slips, the rows are the
samples, from the second on.
"""

import itertools

import numpy as np
from numpy.typing import NDArray

from slicken.channels import TIME_SPENT
from slicken.errors import ExperimentError
from slicken.learning.record import Record
from slicken.lengths import MICROMETRES

MOST_ROWS = 20_000_000
"""Rows beyond which a slip grid is refused."""
_ROUNDING = 1e-6
"""Share of a step by which sums of equal steps may differ."""
_NOISES = 3.0
"""Standard deviations of the noise of slip that its play is wide, either way."""


def over_slip(record: Record, step: float) -> Record:
    """The record on rows of equal slip, with one more driver, :data:`~slicken.channels.TIME_SPENT`.

    Args:
        record: Record on rows of equal time, whose slip is known.
        step: Slip of a row, µm.

    Raises:
        ExperimentError: If slip is not known, an experiment slips less than a step, or there would
            be too many rows.
    """
    steps = known_slip(record)
    if steps.sum() > step * MOST_ROWS:
        raise ExperimentError(
            f"slip grid: more than {MOST_ROWS} rows of {step:g} µm; give longer windows, or "
            "lengths that are multiples of one another"
        )
    begins = stretch_begins(record)
    edges = np.append(np.flatnonzero(begins), len(record))
    goes_on = record.gap & np.append(
        False, record.gap[:-1] & ~np.diff(record.experiment).astype(bool)
    )
    found = [
        _rows(record, steps, slice(start, stop), step)
        for start, stop in itertools.pairwise(edges)
        if not goes_on[start]  # one row is gap enough
    ]
    rows = {name: np.concatenate([each[name] for each in found]) for name in found[0]}
    for number, name in enumerate(record.experiments):
        if not (~rows["gap"] & (rows["experiment"] == number)).any():
            raise ExperimentError(
                f"{name}: slips less than one step of the slip grid, {step:g} µm; give shorter "
                "windows, or leave the log out"
            )
    return Record(
        experiments=record.experiments,
        channels=(*record.channels, TIME_SPENT.name),
        dt=step,
        clock="slip",
        **rows,
    )


def _rows(
    record: Record, steps: NDArray[np.float64], stretch: slice, step: float
) -> dict[str, NDArray[np.generic]]:
    """The rows of a stretch without gaps; a sample of a gap is a row by itself, and a gap."""
    if record.gap[stretch.start]:
        return _rows_at(record, np.array([stretch.start]), np.full((1, _width(record)), np.nan))
    passed = np.cumsum(steps[stretch])
    edges = step * np.arange(int(passed[-1] / step + _ROUNDING) + 1)
    ends = np.searchsorted(passed, edges[1:] - _ROUNDING * step)
    total = np.cumsum(steps[stretch, None] * record.drivers[stretch], axis=0)
    at_edges = np.stack([np.interp(edges, passed, column) for column in total.T], axis=1)
    means = np.diff(at_edges, axis=0) / step
    ends = ends + stretch.start
    back = (passed[ends - stretch.start] - edges[1:]) / steps[ends]
    times = np.append(record.time[stretch.start], record.time[ends] - back * record.dt)
    spent = np.maximum(np.diff(times), _ROUNDING * record.dt) * MICROMETRES / step
    return _rows_at(record, ends, np.column_stack([means, np.log(spent)]))


def _rows_at(
    record: Record, ends: NDArray[np.int64], drivers: NDArray[np.float64]
) -> dict[str, NDArray[np.generic]]:
    at_ends = (
        "friction", "experiment", "time", "stage", "slip", "normal_stress", "gap", "level",
        "is_target",
    )  # fmt: skip
    return {"drivers": drivers, **{name: getattr(record, name)[ends] for name in at_ends}}


def _width(record: Record) -> int:
    return len(record.channels) + 1


def known_slip(record: Record) -> NDArray[np.float64]:
    """Slip of each sample since the last, µm, shape ``(T,)``; see :func:`slip_steps`.

    Raises:
        ExperimentError: If the slip of an experiment is not known, or it does not slip.
    """
    for number, name in enumerate(record.experiments):
        if not np.isfinite(record.slip[~record.gap & (record.experiment == number)]).all():
            raise ExperimentError(
                f"{name}: a slip grid needs slip; name a column of slip or of slip velocity in the "
                'channel map, or let time be the clock (clock = "time")'
            )
    steps = slip_steps(record)
    for number, name in enumerate(record.experiments):
        if steps is None or not steps[record.experiment == number].any():
            raise ExperimentError(
                f"{name}: a slip grid needs slip, and this fault does not slip; leave the log out, "
                'or let time be the clock (clock = "time")'
            )
    assert steps is not None  # noqa: S101 (a record has at least one experiment)
    return steps * MICROMETRES


def slip_steps(record: Record) -> NDArray[np.float64] | None:
    """Slip from each sample to the next, m, shape ``(T,)``; None where it is unknown or none.

    Slip is a distance, whichever way it goes; what a sensor's noise makes of a fault at rest is no
    slip. So a play as wide as three standard deviations of the noise either way (from second
    differences, whose median a few steps of velocity do not move) is between the sensor and what
    counts: it follows the sensor when that has gone further than the play.
    """
    usable = ~record.gap
    if not usable.any() or not np.isfinite(record.slip[usable]).all():
        return None
    begins = stretch_begins(record)
    slip = np.where(usable, record.slip, 0.0)
    followed = slip.copy()
    forward = np.diff(slip, prepend=slip[0])
    inside = usable & ~begins
    if (forward[inside] < 0).any():
        followed = _with_play(slip, begins, _NOISES * _noise_of(slip, inside))
    steps = np.abs(np.diff(followed, prepend=followed[0]))
    steps = np.where(inside, steps, 0.0)
    return steps if steps.any() else None


def stretch_begins(record: Record) -> NDArray[np.bool_]:
    """Where an experiment begins or a gap has ended; each sample of a gap stands alone."""
    begins = record.gap.copy()
    begins[0] = True
    begins[1:] |= record.gap[:-1] | (record.experiment[1:] != record.experiment[:-1])
    return begins


def _noise_of(slip: NDArray[np.float64], inside: NDArray[np.bool_]) -> float:
    """Standard deviation of white noise on slip, from its second differences."""
    bends = np.diff(slip, 2)[inside[1:-1] & inside[2:]]
    return float(np.median(np.abs(bends)) / (0.6745 * np.sqrt(6.0))) if bends.size else 0.0


def _with_play(
    slip: NDArray[np.float64], begins: NDArray[np.bool_], width: float
) -> NDArray[np.float64]:
    found, here = [], 0.0
    for reading, begin in zip(slip.tolist(), begins.tolist(), strict=True):
        here = reading if begin else min(max(here, reading - width), reading + width)
        found.append(here)
    return np.array(found)
