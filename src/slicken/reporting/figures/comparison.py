"""The window comparison in numbers: how likely each is best, and how much worse it is."""

from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from slicken.reporting.figures.marks import few_ticks, number, say, short, width_mm
from slicken.reporting.figures.style import BLUE, FAINT, GREEN, INK, styled

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]

CANNOT_TELL = "too few lengths, runs or blocks of time"
LINEAR_TO = 10.0
"""Percent up to which an axis of excess is linear, where it is logarithmic beyond."""

_COLOURS: Mapping[str, str] = {
    "lowest mean": BLUE,
    "tied with it": "#a6cde4",
    "clearly worse": "#e3e3e3",
    "not compared": "white",
}


@styled
def draw_probability(axes: Axes, comparison: "xr.Dataset", *, named: bool = True) -> None:
    """How likely each length is to have the lowest mean, as bars.

    Lengths stand side by side in their order, however far apart they are.

    Args:
        axes: where.
        comparison: over ``window``: ``probability_best``, ``excess``, ``excess_low``, ``tied``; see
            :meth:`slicken.evidence.window_comparison.WindowComparison.to_dataset`.
        named: write the lengths below the bars.
    """
    chance = _column(comparison, "probability_best")
    axes.set_ylabel("Probability")
    axes.set_xlim(-0.6, chance.size - 0.4)
    if not np.isfinite(chance).any():
        say(axes, CANNOT_TELL)
        return
    place = np.arange(chance.size)
    colours = [_COLOURS[name] for name in _standings(comparison)]
    axes.bar(place, np.nan_to_num(chance), width=0.72, color=colours, edgecolor=INK, linewidth=0.5)
    axes.set_ylim(0, min(1.25 * float(np.nanmax(chance)), 1.12))
    few_ticks(axes, y=3)
    if named:
        _name_lengths(axes, comparison["window"].to_numpy(), None)
    else:
        axes.set_xticks(place, [""] * place.size)
    if width_mm(axes) / chance.size > 6:
        for at, height in zip(place, chance, strict=True):
            if height >= 0.005:  # not what would be printed as 0.00
                axes.annotate(
                    f"{height:.2f}", (at, height), (0, 1.5), textcoords="offset points",
                    ha="center", fontsize=6,
                )  # fmt: skip


@styled
def draw_excess(
    axes: Axes, comparison: "xr.Dataset", *, slip_per_second: float | None = None
) -> None:
    """The mean loss of each length over the lowest, in percent, with its 95 % interval.

    The axis is linear, or logarithmic beyond 10 % where some lengths are so much worse that the
    others could not be told apart. A triangle below marks the shortest length that is within one
    standard error of the lowest.

    Args:
        axes: where.
        comparison: over ``window``: ``excess`` (a ratio less one), ``excess_low``, ``excess_high``,
            ``tied``, ``within_one_error``.
        slip_per_second: m/s, for the slip below each length; none where None.
    """
    excess, low, high = (100 * _column(comparison, f"excess{end}") for end in ("", "_low", "_high"))
    place = np.arange(excess.size)
    axes.set_ylabel("Excess loss (%)")
    axes.set_xlim(-0.6, excess.size - 0.4)
    axes.axhline(0, color=FAINT, linewidth=0.6, zorder=0.5)
    known = np.isfinite(low) & np.isfinite(high)
    if known.any():
        axes.vlines(
            place[known], low[known], high[known], color=INK, linewidth=0.9, zorder=2,
            label="95 % interval",
        )  # fmt: skip
    standings = np.array(_standings(comparison))
    for name, colour in _COLOURS.items():
        here = (standings == name) & np.isfinite(excess)
        if here.any():
            axes.plot(
                place[here], excess[here], "D" if name == "lowest mean" else "o", color=INK,
                markerfacecolor=colour, markersize=4.2, markeredgewidth=0.6, zorder=3, label=name,
            )  # fmt: skip
    _scale(axes, np.concatenate([[0.0], excess, low[known], high[known]]), excess)
    if known.any():
        _mark_shortest(axes, np.flatnonzero(comparison["within_one_error"].to_numpy()))
    _name_lengths(axes, comparison["window"].to_numpy(), slip_per_second)


def _column(comparison: "xr.Dataset", name: str) -> Floats:
    return np.asarray(comparison[name].to_numpy(), dtype=np.float64)


def _standings(comparison: "xr.Dataset") -> list[str]:
    """How each length stands, in the words of the legend."""
    excess = _column(comparison, "excess")
    compared = np.isfinite(_column(comparison, "excess_low"))
    names = [
        "not compared" if not known else "tied with it" if tied else "clearly worse"
        for known, tied in zip(compared, comparison["tied"].to_numpy(), strict=True)
    ]
    names[int(np.where(np.isfinite(excess), excess, np.inf).argmin())] = "lowest mean"
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


def _mark_shortest(axes: Axes, places: NDArray[np.int64]) -> None:
    if places.size:
        axes.plot(
            [places.min()], [0.03], "^", color=GREEN, markersize=4.5, clip_on=False, zorder=4,
            transform=axes.get_xaxis_transform(), label="shortest within one standard error",
        )  # fmt: skip


def _name_lengths(axes: Axes, windows: Floats, slip_per_second: float | None) -> None:
    """A tick at every length, or at every second, third ... where there is no room for all."""
    names = [f"{seconds:g}" for seconds in windows]
    if slip_per_second is not None:
        slips = [short(seconds * slip_per_second) for seconds in windows]
        names = [f"{name}\n{slip}" for name, slip in zip(names, slips, strict=True)]
    longest = max(len(line) for name in names for line in name.split("\n"))
    stride = ceil(1.25 * (longest + 0.5) * len(names) / width_mm(axes))
    axes.set_xticks(range(0, len(names), stride), names[::stride])
    axes.set_xticks(range(len(names)), minor=True)
    slip = "" if slip_per_second is None else ", with its slip (m)"
    axes.set_xlabel(f"Window length (s){slip}")
