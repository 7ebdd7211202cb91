"""Comparison: how likely each window length is best, and how much worse the others are."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, isfinite
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from slicken.reporting.figures.digits import number, short
from slicken.reporting.figures.marks import (
    Floats,
    few_ticks,
    instead,
    legend_below,
    note,
    numbers,
    width_mm,
)
from slicken.reporting.figures.style import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    Width,
    letter_panels,
    new_figure,
)

if TYPE_CHECKING:
    import xarray as xr

    from slicken.evidence.evidence import Evidence
    from slicken.reporting.wording import Wording


NAME = "comparison"
LINEAR_TO = 10.0
"""Percent up to which an axis of excess is linear, where it is logarithmic beyond."""
_COLOURS: Mapping[str, str] = {
    "lowest_mean": BLUE,
    "tied": "#a6cde4",
    "clearly_worse": "#e3e3e3",
    "not_compared": "white",
}


@dataclass(frozen=True)
class Compared:
    """Window lengths against the best.

    Args:
        table: ``probability_best``, ``excess`` (a ratio less one), ``excess_low``, ``excess_high``,
            ``tied``, ``within_one_error`` over ``window``.
        slip_per_second: Mean slip velocity in m/s, for the slip below each length; None where it is
            not known.
    """

    table: "xr.Dataset"
    slip_per_second: float | None = None


def data(evidence: "Evidence") -> Compared:
    """The comparison, with the slip that each length holds."""
    best = evidence.comparison.best
    slip = evidence.trained.prepared.slip_in(best) / best
    return Compared(evidence.comparison.to_dataset(), slip if isfinite(slip) else None)


def draw(data: Compared, say: "Wording", width: Width) -> Figure:
    """Two panels over window length: probability of being best, and excess loss."""
    if width == "double":
        figure, panels = new_figure(width=width, height_mm=72, columns=2)
    else:
        figure, panels = new_figure(width=width, height_mm=92, rows=2, height_ratios=[1.0, 1.7])
    draw_probability(panels[0], data.table, say, named=width == "double")
    draw_excess(panels[1], data, say)
    legend_below(figure, panels[1])
    titles = [say("labels.probability_best"), say("labels.excess_over_lowest")]
    letter_panels(panels, titles)
    return figure


def draw_probability(
    axes: Axes, comparison: "xr.Dataset", say: "Wording", *, named: bool = True
) -> None:
    """How likely each length is to have the lowest mean, as bars.

    Lengths stand side by side in their order, however far apart they are.

    Args:
        axes: Axes to draw on.
        comparison: See :class:`Compared`.
        say: Words of the language.
        named: Whether the lengths are written below the bars.
    """
    chance = _column(comparison, "probability_best")
    axes.set_ylabel(say("labels.probability"))
    axes.set_xlim(-0.6, chance.size - 0.4)
    if not np.isfinite(chance).any():
        instead(axes, say("labels.cannot_compare"))
        return
    place = np.arange(chance.size)
    colours = [_COLOURS[name] for name in _standings(comparison)]
    axes.bar(place, np.nan_to_num(chance), width=0.72, color=colours, edgecolor=INK, linewidth=0.5)
    axes.set_ylim(0, min(1.25 * float(np.nanmax(chance)), 1.12))
    few_ticks(axes, y=3)
    if named:
        _name_lengths(axes, comparison["window"].to_numpy(), None, say)
    else:
        axes.set_xticks(place, [""] * place.size)
    if width_mm(axes) / chance.size > 6:
        for at, height in enumerate(chance.tolist()):
            if height >= 0.005:  # not what would be printed as 0.00
                note(axes, f"{height:.2f}", (at, height), (0, 1.5), ha="center")


def draw_excess(axes: Axes, data: Compared, say: "Wording") -> None:
    """The mean loss of each length over the lowest, in percent, with its 95 % interval.

    The axis is linear, or logarithmic beyond 10 % where some lengths are so much worse that the
    others could not be told apart. A triangle below marks the shortest length that is within one
    standard error of the lowest.
    """
    comparison = data.table
    excess, low, high = (100 * _column(comparison, f"excess{end}") for end in ("", "_low", "_high"))
    place = np.arange(excess.size)
    axes.set_ylabel(say("labels.excess"))
    axes.set_xlim(-0.6, excess.size - 0.4)
    axes.axhline(0, color=FAINT, linewidth=0.6, zorder=0.5)
    known = np.isfinite(low) & np.isfinite(high)
    if known.any():
        axes.vlines(
            place[known], low[known], high[known], color=INK, linewidth=0.9, zorder=2,
            label=say("labels.interval", level=0.95),
        )  # fmt: skip
    standings = np.array(_standings(comparison))
    for name, colour in _COLOURS.items():
        here = (standings == name) & np.isfinite(excess)
        if here.any():
            axes.plot(
                place[here], excess[here], "D" if name == "lowest_mean" else "o", color=INK,
                markerfacecolor=colour, markersize=4.2, markeredgewidth=0.6, zorder=3,
                label=say(f"labels.{name}"),
            )  # fmt: skip
    _scale(axes, np.concatenate([[0.0], excess, low[known], high[known]]), excess)
    if known.any():
        _mark_shortest(axes, np.flatnonzero(comparison["within_one_error"].to_numpy()), say)
    _name_lengths(axes, comparison["window"].to_numpy(), data.slip_per_second, say)


def _column(comparison: "xr.Dataset", name: str) -> Floats:
    return numbers(comparison[name], "window")


def _standings(comparison: "xr.Dataset") -> list[str]:
    """How each length stands: an entry of the legend."""
    excess = _column(comparison, "excess")
    compared = np.isfinite(_column(comparison, "excess_low"))
    names = [
        "not_compared" if not known else "tied" if tied else "clearly_worse"
        for known, tied in zip(compared, comparison["tied"].to_numpy(), strict=True)
    ]
    names[int(np.where(np.isfinite(excess), excess, np.inf).argmin())] = "lowest_mean"
    return names


def _scale(axes: Axes, shown: Floats, excess: Floats) -> None:
    """Limits with a margin; logarithmic beyond :data:`LINEAR_TO` where the range asks for it."""
    seen = shown[np.isfinite(shown)]
    low, high = float(seen.min()), float(seen.max())
    margin = 0.08 * (high - low) or 1.0
    near = np.count_nonzero(excess < high / 20)  # the best among them
    if high <= 10 * LINEAR_TO or near < 2:
        axes.set_ylim(low - margin, high + margin)
        few_ticks(axes, y=5)
        return
    axes.set_yscale("symlog", linthresh=LINEAR_TO, linscale=1.0)
    axes.set_ylim(1.6 * low - 2.0, 1.6 * high)
    powers = LINEAR_TO * 10.0 ** np.arange(9)
    ticks = np.concatenate([-powers[::-1], [0.0], powers])
    axes.set_yticks(ticks[(ticks >= 1.6 * low - 2.0) & (ticks <= 1.6 * high)])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(float(value))))


def _mark_shortest(axes: Axes, places: NDArray[np.int64], say: "Wording") -> None:
    if places.size:
        axes.plot(
            [places.min()], [0.03], "^", color=GREEN, markersize=4.5, clip_on=False, zorder=4,
            transform=axes.get_xaxis_transform(), label=say("labels.shortest_within_one_error"),
        )  # fmt: skip


def _name_lengths(
    axes: Axes, windows: Floats, slip_per_second: float | None, say: "Wording"
) -> None:
    """A tick at every length, or at every second, third ... where there is no room for all."""
    names = [f"{seconds:g}" for seconds in windows]
    if slip_per_second is not None:
        slips = [short(seconds * slip_per_second) for seconds in windows]
        names = [f"{name}\n{slip}" for name, slip in zip(names, slips, strict=True)]
    longest = max(len(line) for name in names for line in name.split("\n"))
    stride = ceil(1.25 * (longest + 0.5) * len(names) / width_mm(axes))
    axes.set_xticks(range(0, len(names), stride), names[::stride])
    axes.set_xticks(range(len(names)), minor=True)
    axes.set_xlabel(say("labels.window" if slip_per_second is None else "labels.window_with_slip"))
