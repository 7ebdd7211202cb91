"""Methods: the share of every driver by each method, beside what noise features earn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slicken.evidence.attribution import METHODS
from slicken.evidence.drivers import above_null, shares_of
from slicken.reporting.figures.marks import (
    Floats,
    draw_mean,
    draw_runs,
    few_ticks,
    hide_after,
    instead,
    name_rows,
    numbers,
    offsets,
    percent_ticks,
    rows_for,
    write_below,
)
from slicken.reporting.figures.style import (
    FAINT,
    INK,
    SHADE,
    WIDTHS_MM,
    Width,
    ink,
    letter_panels,
    new_figure,
    title_of,
    wrapped,
)

if TYPE_CHECKING:
    import xarray as xr

    from slicken.evidence.evidence import Evidence
    from slicken.reporting.wording import Wording


NAME = "methods"
WIDEST = (-0.5, 1.25)
"""Shares beyond are drawn at the edge: where all drivers together reduce the error by little, or
add to it, single shares of it are huge and say nothing."""
_GREY = "#e3e3e3"


@dataclass(frozen=True)
class Method:
    """Shares of one method, all from one ensemble.

    Args:
        shares: Shares, dims ``(run, channel)``, of all that the ensemble sees; NaN for a run that
            has none.
        null_level: Largest share of a noise feature, mean over runs; NaN for an ensemble that sees
            none.
        above: Drivers whose share clearly exceeds that of every noise feature.
    """

    shares: "xr.DataArray"
    null_level: float = float("nan")
    above: Sequence[str] = ()

    @property
    def has_null(self) -> bool:
        """Whether the ensemble sees noise features too."""
        return bool(np.isfinite(self.null_level))


@dataclass(frozen=True)
class Methods:
    """Shares by every method.

    Args:
        by_method: Name of the method to its shares.
        drivers: Rows from the top.
    """

    by_method: Mapping[str, Method]
    drivers: Sequence[str] = field(default_factory=list)


def data(evidence: "Evidence") -> Methods | None:
    """Each method on the ensemble that also sees noise features, where it was asked of that.

    Points and null level are of one ensemble: what a driver earns among noise features is less than
    what it earns without them.
    """
    table = evidence.importance.attribution
    probes = evidence.importance.controls.get("probes")
    drivers = [str(name) for name in table["channel"].to_numpy()]
    found = {}
    for name in METHODS:
        if probes is not None and name in probes:
            shares = shares_of(probes, name)
            above = [driver for driver in drivers if above_null(probes, name, driver)]
            found[name] = Method(shares, null_level(shares, drivers), above)
        elif name in table:
            found[name] = Method(shares_of(table, name))
    order = in_order([one.shares for one in found.values()], drivers)
    return Methods(found, order) if found else None


def null_level(shares: "xr.DataArray", drivers: Sequence[str]) -> float:
    """The largest share of a noise feature, mean over runs; NaN where there is none."""
    names = [str(name) for name in shares["channel"].to_numpy()]
    values = _by_channel(shares, [name for name in names if name not in drivers])
    values = values[np.isfinite(values).all(axis=1)]
    return float(values.max(axis=1).mean()) if values.size else float("nan")


def in_order(measures: "Sequence[xr.DataArray]", drivers: Sequence[str]) -> list[str]:
    """The drivers, largest mean share over all methods first."""
    rows = np.concatenate([_by_channel(shares, drivers) for shares in measures])
    known = np.where(np.isfinite(rows), np.clip(rows, *WIDEST), 0.0)
    return [drivers[place] for place in np.argsort(-known.mean(axis=0), kind="stable")]


def draw(data: Methods, say: "Wording", width: Width) -> Figure:
    """A panel for each method, a row for each driver."""
    count = len(data.by_method)
    columns = count if width == "double" else min(count, 2)
    rows = rows_for(count, columns)
    figure, panels = new_figure(
        width=width, height_mm=rows * (24 + max(7.5 * len(data.drivers), 12)), rows=rows,
        columns=columns,
    )  # fmt: skip
    hide_after(panels, count)
    limits = shared_limits(data)
    for number, method in enumerate(data.by_method.values()):
        named = number % columns == 0
        draw_method(panels[number], method, data.drivers, say, limits=limits, named=named)
    titles = [say(f"labels.method_{name}") for name in data.by_method]
    letter_panels(panels[:count], titles, lines=3)
    methods = data.by_method.values()
    if any(method.has_null for method in methods):
        note = "labels.filled_above_null"
        if not all(method.has_null for method in methods):
            note = "labels.filled_above_null_or_none"
        write_below(figure, [wrapped(say(note), int(WIDTHS_MM[width] / 1.3))])
    return figure


def draw_method(
    axes: Axes,
    method: Method,
    drivers: Sequence[str],
    say: "Wording",
    *,
    limits: tuple[float, float],
    named: bool = True,
) -> None:
    """Shares of the drivers: a row for each, a small point for each run, a large one for the mean.

    The grey band ends at the null level; the marker of a driver that does not clearly exceed it is
    hollow. Runs beyond the limits are triangles at the edge.

    Args:
        axes: Axes to draw on.
        method: Shares with their null level.
        drivers: Rows from the top.
        say: Words of the language.
        limits: Least and greatest share shown.
        named: Whether the names of the drivers are written on the left.
    """
    values = _by_channel(method.shares, drivers)
    values = values[np.isfinite(values).all(axis=1)]
    axes.set_xlim(*limits)
    axes.set_xlabel(say("labels.share"))
    few_ticks(axes, x=3)
    percent_ticks(axes.xaxis)
    if values.size == 0:
        instead(axes, say("labels.no_shares"))
    else:
        if method.has_null:
            low, high = min(method.null_level, 0.0), max(method.null_level, 0.0)
            axes.axvspan(low, high, color=_GREY, linewidth=0, zorder=0)
            axes.axvline(method.null_level, color=FAINT, linewidth=0.6, zorder=0.5)
        if limits[0] < 0:
            axes.axvline(0, color=INK, linewidth=0.5, zorder=0.6)
        for place, channel in enumerate(drivers):
            axes.axhline(place, color=SHADE, linewidth=0.8, zorder=0.1)
            hollow = method.has_null and channel not in method.above
            _draw_row(axes, values[:, place], channel, place, limits, hollow=hollow)
    name_rows(axes, [title_of(name, say) if named else "" for name in drivers])


def shared_limits(data: Methods) -> tuple[float, float]:
    """Least and greatest share of all methods, with a margin, and within :data:`WIDEST`."""
    seen = [_by_channel(one.shares, data.drivers).ravel() for one in data.by_method.values()]
    levels = [one.null_level for one in data.by_method.values()]
    values = np.concatenate([*seen, np.asarray(levels, dtype=np.float64), [0.0]])
    values = values[np.isfinite(values)]
    low, high = float(values.min()), float(values.max())
    margin = 0.06 * (high - low) or 0.1
    least = max(low - margin, WIDEST[0]) if low < 0 else 0.0
    return least, min(high + margin, WIDEST[1])


def _by_channel(shares: "xr.DataArray", channels: Sequence[str]) -> Floats:
    return numbers(shares.sel(channel=list(channels)), "run", "channel")


def _draw_row(
    axes: Axes, shares: Floats, channel: str, place: int, limits: tuple[float, float], *,
    hollow: bool,
) -> None:  # fmt: skip
    height = place + offsets(shares.size, 0.26)
    inside = (shares >= limits[0]) & (shares <= limits[1])
    if shares.size > 1:
        draw_runs(axes, shares[inside], height[inside], channel)
    for out, edge, marker in (
        (shares < limits[0], limits[0], "<"), (shares > limits[1], limits[1], ">"),
    ):  # fmt: skip
        if out.any():
            axes.plot(
                np.full(int(out.sum()), edge), height[out], marker, color=ink(channel).colour,
                markersize=2, markeredgewidth=0, clip_on=False, zorder=2,
            )  # fmt: skip
    draw_mean(axes, [np.clip(shares.mean(), *limits)], [place], channel, 4.6, hollow=hollow)
