"""Methods: the importance of every driver as each reading of it tells, side by side."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from slicken.reporting.figures.marks import few_ticks, offsets, say
from slicken.reporting.figures.style import FAINT, INK, SHADE, ink, styled, title_of

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]

NO_SHARES = "no shares: the sum over all drivers is not above zero"
WIDEST = (-0.5, 1.25)
"""Shares beyond are drawn at the edge: where all drivers together take little of an error away, or
add to it, single shares of it are huge and say nothing."""


@styled
def draw_method(
    axes: Axes,
    shares_by_run: "xr.DataArray",
    channels: Sequence[str],
    *,
    limits: tuple[float, float],
    zero: float | None = None,
    named: bool = True,
) -> None:
    """Shares of the drivers by one reading of importance: a row for each, a point for each run.

    The large marker is the mean over runs. The grey band ends at the zero level: what a channel
    that knows nothing of friction earns. Runs beyond the limits are triangles at the edge.

    Args:
        axes: where.
        shares_by_run: dims ``(run, channel)``; NaN for a run that has no shares.
        channels: the rows, from the top.
        limits: least and greatest share shown.
        zero: see :func:`null_level`; no band where None or not finite.
        named: write the names of the drivers on the left.
    """
    values = _by_channel(shares_by_run, channels)
    values = values[np.isfinite(values).all(axis=1)]
    axes.set_xlim(*limits)
    axes.set_xlabel("Share")
    few_ticks(axes, x=3)
    if values.size == 0:
        say(axes, NO_SHARES)
    else:
        if zero is not None and np.isfinite(zero):
            axes.axvspan(min(zero, 0.0), max(zero, 0.0), color="#e3e3e3", linewidth=0, zorder=0)
            axes.axvline(zero, color=FAINT, linewidth=0.6, zorder=0.5)
        if limits[0] < 0:
            axes.axvline(0, color=INK, linewidth=0.5, zorder=0.6)
        for place, channel in enumerate(channels):
            axes.axhline(place, color=SHADE, linewidth=0.8, zorder=0.1)
            _draw_row(axes, values[:, place], channel, place, limits)
    names = [textwrap.fill(title_of(name), 18) if named else "" for name in channels]
    axes.set_yticks(range(len(channels)), names)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(channels) - 0.5, -0.5)


def shared_limits(
    measures: "Sequence[xr.DataArray]", zeros: Sequence[float]
) -> tuple[float, float]:
    """Least and greatest share of all readings, with a margin, and within :data:`WIDEST`."""
    seen = [np.asarray(shares.to_numpy(), dtype=np.float64).ravel() for shares in measures]
    values = np.concatenate([*seen, np.asarray(zeros, dtype=np.float64), [0.0]])
    values = values[np.isfinite(values)]
    low, high = float(values.min()), float(values.max())
    margin = 0.06 * (high - low) or 0.1
    least = max(low - margin, WIDEST[0]) if low < 0 else 0.0
    return least, min(high + margin, WIDEST[1])


def null_level(shares_with_probes: "xr.DataArray", drivers: Sequence[str]) -> float:
    """What the luckiest channel that knows nothing earns, in what all drivers earn.

    Args:
        shares_with_probes: of an ensemble that also sees probes, dims ``(run, channel)``; what is
            not a driver is a probe.
        drivers: names.

    Returns:
        The largest share of a probe over the sum of the drivers', each a mean over runs; NaN
        where there is none.
    """
    names = [str(name) for name in shares_with_probes["channel"].to_numpy()]
    values = _by_channel(shares_with_probes, names)
    values = values[np.isfinite(values).all(axis=1)]
    own = np.isin(names, list(drivers))
    if not values.size or own.all():
        return float("nan")
    total = float(values[:, own].sum(axis=1).mean())
    return float(values[:, ~own].max(axis=1).mean()) / total if total > 0 else float("nan")


def in_order(measures: "Sequence[xr.DataArray]") -> list[str]:
    """The drivers, largest mean share over all readings first."""
    names = [str(name) for name in measures[0]["channel"].to_numpy()]
    rows = np.concatenate([_by_channel(shares, names) for shares in measures])
    known = np.where(np.isfinite(rows), np.clip(rows, *WIDEST), 0.0)
    return [names[place] for place in np.argsort(-known.mean(axis=0), kind="stable")]


def _by_channel(shares_by_run: "xr.DataArray", channels: Sequence[str]) -> Floats:
    table = shares_by_run.sel(channel=list(channels)).transpose("run", "channel")
    return np.asarray(table.to_numpy(), dtype=np.float64)


def _draw_row(
    axes: Axes, shares: Floats, channel: str, place: int, limits: tuple[float, float]
) -> None:
    style = ink(channel)
    height = place + offsets(shares.size, 0.26)
    inside = (shares >= limits[0]) & (shares <= limits[1])
    if shares.size > 1:
        axes.plot(
            shares[inside], height[inside], style.marker, color=style.colour, markersize=2,
            alpha=0.55, markeredgewidth=0, zorder=2,
        )  # fmt: skip
    for out, edge, marker in (
        (shares < limits[0], limits[0], "<"), (shares > limits[1], limits[1], ">"),
    ):  # fmt: skip
        if out.any():
            axes.plot(
                np.full(int(out.sum()), edge), height[out], marker, color=style.colour,
                markersize=2, markeredgewidth=0, clip_on=False, zorder=2,
            )  # fmt: skip
    axes.plot(
        [float(np.clip(shares.mean(), *limits))], [place], style.marker, color=INK,
        markerfacecolor=style.colour, markersize=4.6, markeredgewidth=0.6, clip_on=False, zorder=3,
    )  # fmt: skip
