"""The course of importance: over time or slip, and over the lag before the target time."""

from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from slicken.channels import SLIP, TIME
from slicken.reporting.figures.importance import NO_GRADIENT
from slicken.reporting.figures.marks import (
    above,
    few_ticks,
    label_ends,
    number,
    say,
    shade_stages,
    write_stress,
)
from slicken.reporting.figures.style import FAINT, GREEN, ink, styled, title_of
from slicken.reporting.figures.thinning import broken_at_jumps, decimated

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]
Course = Literal["time", "slip"]


@styled
def draw_over_time(
    axes: Axes,
    shares_over_time: "xr.DataArray",
    *,
    against: Course = "time",
    top: float | None = None,
    named: bool = True,
) -> None:
    """Share of each driver, mean over runs, against time or slip in one experiment.

    Stages are shaded in turn, with their normal stress above the axes.

    Args:
        axes: where.
        shares_over_time: dims ``(target, channel)`` for one experiment, with coordinates
            ``time``, ``slip``, ``stage`` and ``normal_stress`` over target.
        against: ``time`` in s, or ``slip`` in m; time where slip is not known.
        top: upper limit of the share; from the data if None.
        named: write the names of the drivers at the ends of their lines.
    """
    table = shares_over_time.transpose("target", "channel")
    slip = np.asarray(table["slip"].to_numpy(), dtype=np.float64)
    by_slip = against == "slip" and bool(np.isfinite(slip).any())
    axes.set_xlabel((SLIP if by_slip else TIME).label)
    axes.set_ylabel("Share")
    axis = slip if by_slip else np.asarray(table["time"].to_numpy(), dtype=np.float64)
    known = np.flatnonzero(np.isfinite(axis))
    table = table.isel(target=known[np.argsort(axis[known], kind="stable")])
    position = np.sort(axis[known])
    clock = np.asarray(table["time"].to_numpy(), dtype=np.float64)
    values = np.asarray(table.to_numpy(), dtype=np.float64)
    if not np.isfinite(values).any():
        say(axes, NO_GRADIENT)
        return
    channels = [str(name) for name in table["channel"].to_numpy()]
    for index, channel in enumerate(channels):
        course = broken_at_jumps(position, values[:, index], clock)
        _draw_course(axes, *course, channel, index / len(channels))
    axes.set_xlim(position[0], max(position[-1], position[0] + 1e-9))
    axes.set_ylim(0, top if top is not None else 1.08 * float(np.nanmax(values)))
    few_ticks(axes, x=7, y=4)
    shade_stages(axes, position, table["stage"].to_numpy())
    write_stress(axes, position, table["stage"].to_numpy(), table["normal_stress"].to_numpy())
    if named:
        label_ends(axes, _last_finite(values), channels)


@styled
def draw_by_lag(
    axes: Axes,
    share_by_lag: "xr.DataArray",
    *,
    planted: float | None = None,
    top: float | None = None,
    named: bool = True,
) -> None:
    """Share of each driver at every lag before the target time; now is on the right.

    Ticks above the axes mark the lags within which 50 % and 90 % of the whole gradient lie. A
    gradient reads what this network uses, which need not be all that the fault needs.

    Args:
        axes: where.
        share_by_lag: dims ``(lag, channel)``, lag in s (0 is now), sums to one.
        planted: the memory of a simulated fault, s.
        top: upper limit of the share; from the data if None.
        named: write the names of the drivers at the ends of their lines.
    """
    table = share_by_lag.transpose("lag", "channel").sortby("lag")
    lag = np.asarray(table["lag"].to_numpy(), dtype=np.float64)
    values = np.asarray(table.to_numpy(), dtype=np.float64)
    axes.set_xlabel("Time before the target (s)")
    axes.set_ylabel("Share (%)")
    if not np.isfinite(values).any():
        say(axes, NO_GRADIENT)
        return
    channels = [str(name) for name in table["channel"].to_numpy()]
    for index, channel in enumerate(channels):
        _draw_course(axes, lag, values[:, index], channel, index / len(channels))
    reach = max(lag[-1], 1.08 * (planted or 0.0), lag[0] + 1e-9)  # room for the label
    axes.set_xlim(reach, lag[0])
    axes.set_ylim(0, top if top is not None else 1.08 * float(np.nanmax(values)))
    few_ticks(axes, x=6, y=4)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: number(round(100 * float(v), 9))))
    _mark_reach(axes, lag, np.nansum(values, axis=1))
    if planted is not None:
        axes.axvline(planted, color=GREEN, linewidth=0.8, zorder=1)
        note = axes.annotate(
            "planted memory", (planted, 1), (-1.5, -1), ("data", "axes fraction"),
            textcoords="offset points",
        )  # fmt: skip
        note.set(fontsize=6, color=GREEN, rotation=90, ha="right", va="top")
    if named:
        label_ends(axes, _last_finite(values[::-1]), channels)


def lag_that_holds(lag: Floats, total: Floats, fraction: float) -> float:
    """The least lag within which at least ``fraction`` of the gradient lies.

    >>> lag_that_holds(np.array([0.0, 1, 2, 3]), np.full(4, 0.25), 0.5)
    1.0
    """
    held = np.cumsum(total) / total.sum()
    return float(lag[int(np.searchsorted(held, fraction - 1e-12))])


def _mark_reach(axes: Axes, lag: Floats, total: Floats) -> None:
    if total.sum() <= 0 or lag.size < 2:
        return
    half, most = (lag_that_holds(lag, total, fraction) for fraction in (0.5, 0.9))
    near = most - half < 0.12 * (lag[-1] - lag[0])
    for at in (half, most):
        axes.axvline(at, color=FAINT, linestyle=":", linewidth=0.7, zorder=0.5)
    above(axes, half, "50 %", "left" if near else "center")
    above(axes, most, "90 %", "right" if near else "center")


def _draw_course(axes: Axes, position: Floats, values: Floats, channel: str, phase: float) -> None:
    style = ink(channel)
    where, shown = decimated(position, values, 800)
    step = max(1, where.size // 8)
    axes.plot(
        where, shown, color=style.colour, linestyle=style.dashes if where.size < 600 else "-",
        linewidth=0.8, marker=style.marker, markevery=(int(phase * step), step), markersize=3.8,
        markeredgewidth=0.4, markeredgecolor="white", zorder=3 - phase,
        label=title_of(channel),
    )  # fmt: skip


def _last_finite(values: Floats) -> list[float]:
    """The last finite value of each column; 0 where there is none."""
    ends = []
    for column in values.T:
        finite = column[np.isfinite(column)]
        ends.append(float(finite[-1]) if finite.size else 0.0)
    return ends
