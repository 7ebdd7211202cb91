"""Marks that several figures share: stages, gaps, line ends, numbers on axes."""

from collections.abc import Hashable, Iterable, Sequence
from itertools import pairwise
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator
from matplotlib.transforms import ScaledTranslation
from numpy.typing import ArrayLike, NDArray

from slicken.channels import NORMAL_STRESS
from slicken.reporting.figures.digits import megapascals, number, power_of_ten
from slicken.reporting.figures.style import FAINT, GREEN, INK, SHADE, ink, letters, wrapped

if TYPE_CHECKING:
    import xarray as xr

    from slicken.reporting.wording import Wording

Across = Literal["left", "center", "right"]
Floats = NDArray[np.float64]
_GOLDEN = 0.6180339887498949
_DECADE = 10.0
_LETTER_MM, _HANDLE_MM = 1.3, 7.5
"""Room for a letter of a legend, and for the sign before an entry."""


def log_y(axes: Axes) -> None:
    """A logarithmic y axis over its present limits, with ticks at 1, 2, 5 if decades are few."""
    limits = axes.get_ylim()
    axes.set_yscale("log")
    axes.set_ylim(limits)
    _log_ticks(axes.yaxis, *limits)


def log_x(axes: Axes) -> None:
    """The same for the x axis."""
    limits = axes.get_xlim()
    axes.set_xscale("log")
    axes.set_xlim(limits)
    _log_ticks(axes.xaxis, *limits)


def _log_ticks(axis: Axis, least: float, greatest: float) -> None:
    decades = log10(greatest / least)
    few = decades < 2.5
    fine = range(1, 10) if decades < 0.6 else (1, 2, 5)
    axis.set_major_locator(LogLocator(subs=fine if few else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: number(float(value))))
    axis.set_minor_formatter(NullFormatter())
    if few:
        axis.set_minor_locator(NullLocator())


def is_wide(values: Floats) -> bool:
    """Whether a linear axis would flatten the smaller numbers: all are positive, over a decade."""
    finite = values[np.isfinite(values)]
    return bool(finite.size) and 0 < float(finite.min()) < float(finite.max()) / _DECADE


def scaled_y(axes: Axes) -> str:
    """Shorten the numbers of a linear y axis by a power of ten; those of others stay.

    Returns:
        The power, which stands in the label in place of a unit; a dash where the numbers are short
        already. Data are not changed.
    """
    greatest = max(abs(limit) for limit in axes.get_ylim())
    if axes.get_yscale() == "log" or greatest == 0 or 0.02 <= greatest < 1e4:
        return "–"
    exponent = 3 * floor(log10(greatest) / 3)
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: number(round(float(value) / 10.0**exponent, 9)))
    )
    return power_of_ten(exponent)


def offsets(count: int, half_width: float) -> Floats:
    """Sideways offsets that keep ``count`` points apart: even, without order, always the same.

    Run r has the same offset everywhere, so that an eye can follow it from box to box.
    """
    return (np.mod(0.5 + _GOLDEN * np.arange(count), 1.0) * 2 - 1) * half_width


def mean_over_runs(values: Floats) -> Floats:
    """Mean over the last axis of what is finite; NaN where nothing is."""
    finite = np.isfinite(values)
    count = finite.sum(axis=-1)
    total = np.where(finite, values, 0.0).sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def intervals(labels: ArrayLike) -> list[tuple[int, int]]:
    """Start and end (exclusive) of every stretch of equal labels.

    >>> intervals([0, 0, 1, 1, 1, 0])
    [(0, 2), (2, 5), (5, 6)]
    """
    values = np.asarray(labels)
    if values.size == 0:
        return []
    edges = [0, *(np.flatnonzero(values[1:] != values[:-1]) + 1).tolist(), values.size]
    return list(pairwise(edges))


def shade_stages(axes: Axes, position: Floats, stage: ArrayLike) -> None:
    """Shade every second stage; samples of no stage (-1) are left white.

    Args:
        axes: where.
        position: increasing time or slip of each sample, shape ``(T,)``.
        stage: integers, shape ``(T,)``.
    """
    labels = np.asarray(stage)
    known = [span for span in intervals(labels) if labels[span[0]] >= 0]
    for start, end in known[1::2]:
        right = position[min(end, position.size - 1)]
        axes.axvspan(position[start], right, color=SHADE, linewidth=0, zorder=0)


def write_stress(axes: Axes, position: Floats, stage: ArrayLike, stress: ArrayLike) -> None:
    """Write the normal stress of every stage wide enough for it above the axes, in MPa.

    Args:
        axes: where; its x limits are read.
        position: increasing time or slip of each sample, shape ``(T,)``.
        stage: integers, shape ``(T,)``.
        stress: Pa, shape ``(T,)``; stages where it is not finite are left out.
    """
    labels, pascals = np.asarray(stage), np.asarray(stress, dtype=np.float64)
    left, right = axes.get_xlim()
    per_mm = (right - left) / max(width_mm(axes), 1.0)
    written = False
    for start, end in intervals(labels):
        inside = pascals[start:end][np.isfinite(pascals[start:end])]
        ends_at = position[min(end, position.size - 1)]
        text = megapascals(float(inside.mean())) if inside.size else ""
        if not text or labels[start] < 0 or ends_at - position[start] < 1.35 * len(text) * per_mm:
            continue
        above(axes, (position[start] + ends_at) / 2, text)
        written = True
    if written:
        unit = f"{NORMAL_STRESS.symbol} (MPa)"
        note(axes, unit, (1, 1), (3, 1.5), "axes fraction", color=FAINT, va="bottom", ha="left")


def above(axes: Axes, x: float, text: str, across: Across = "center") -> None:
    """Write ``text`` just above the axes at ``x``; ``across`` says which side of it is there."""
    place = ("data", "axes fraction")
    note(axes, text, (x, 1), (0, 1.5), place, color=FAINT, va="bottom", ha=across)


def note(
    axes: Axes,
    words: str,
    at: tuple[float, float],
    beside: tuple[float, float],
    place: str | tuple[str, str] = "data",
    **style: Any,  # noqa: ANN401 (properties of a text of matplotlib)
) -> None:
    """Small words beside a place.

    Args:
        axes: Axes to draw on.
        words: What is written.
        at: The place.
        beside: Points to the right of it and above it.
        place: Coordinates of the place, as matplotlib names them.
        style: Properties of the text.
    """
    look = {"fontsize": 6} | style
    axes.annotate(words, at, beside, place, textcoords="offset points", **look)


def hatch_gaps(axes: Axes, time: Floats, gap: NDArray[np.bool_]) -> None:
    """Hatch every stretch in which the log has no usable sample."""
    step = float(np.median(np.diff(time))) if time.size > 1 else 0.0
    for start, end in intervals(gap):
        if gap[start]:
            span = axes.axvspan(time[start] - step / 2, time[end - 1] + step / 2)
            span.set(facecolor="none", edgecolor="#b5b5b5", hatch="//////", linewidth=0, zorder=0.5)


def width_mm(axes: Axes) -> float:
    """About how wide the axes are; the layout that decides is made at drawing time."""
    return float(axes.bbox.width / axes.figure.dpi * 25.4)


def bins_across(axes: Axes) -> int:
    """Bins of a long trace on these axes: eight a mm, as fine as print at 300 dots per inch."""
    return max(1, round(8 * width_mm(axes)))


def height_mm(axes: Axes) -> float:
    """About how tall the axes are."""
    return float(axes.bbox.height / axes.figure.dpi * 25.4)


def instead(axes: Axes, words: str) -> None:
    """Words in the middle of axes that have nothing to show."""
    lines = wrapped(words, max(12, int(width_mm(axes) / 1.35)))
    axes.text(0.5, 0.5, lines, transform=axes.transAxes, ha="center", va="center", color=INK)
    axes.set_xticks([])
    axes.set_yticks([])


def few_ticks(axes: Axes, *, x: int | None = None, y: int | None = None) -> None:
    """At most this many intervals between ticks, at round numbers."""
    if x is not None:
        axes.xaxis.set_major_locator(MaxNLocator(x, steps=[1, 2, 2.5, 5, 10]))
    if y is not None:
        axes.yaxis.set_major_locator(MaxNLocator(y, steps=[1, 2, 2.5, 5, 10]))


def write_below(figure: Figure, lines: Sequence[str]) -> None:
    """Lines of text below all panels; nothing where there is none."""
    if lines:
        figure.supxlabel("\n".join(lines), x=0.01, ha="left", fontsize=6.5)


def legend_under(axes: Axes) -> None:
    """A legend under the label of the x axis; none where nothing has a label."""
    labels = axes.get_legend_handles_labels()[1]
    if labels:
        drop = ScaledTranslation(0, -21.5 / 72, axes.figure.dpi_scale_trans)
        columns = legend_columns(labels, width_mm(axes))
        axes.legend(
            loc="upper left", bbox_to_anchor=(-0.02, 0), bbox_transform=axes.transAxes + drop,
            ncols=columns,
        )  # fmt: skip


def legend_below(figure: Figure, axes: Axes) -> None:
    """The legend of some axes below a figure; none where nothing has a label."""
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    if once:
        columns = legend_columns(list(once), figure.get_figwidth() * 25.4 - 6)
        figure.legend(list(once.values()), list(once), loc="outside lower left", ncols=columns)


def legend_columns(labels: Sequence[str], room: float) -> int:
    """The most columns of a legend that fit a room in mm.

    >>> legend_columns(["run", "mean of runs", "planted memory"], 90.0)
    3
    >>> legend_columns(["not distinguishable from the best"] * 4, 90.0)
    1
    """
    for count in range(len(labels), 1, -1):
        each = np.array_split(np.array([letters(label) for label in labels]), count)
        if sum(_LETTER_MM * float(longest.max()) + _HANDLE_MM for longest in each) <= room:
            return count
    return 1


def name_rows(axes: Axes, names: Sequence[str], *, longest: int = 18, pad: float = 2.0) -> None:
    """Name the rows of a figure on its left, from the top; the limits hold just these rows."""
    axes.set_yticks(range(len(names)), [wrapped(name, longest) for name in names])
    axes.tick_params(axis="y", length=0, pad=pad)
    axes.set_ylim(len(names) - 0.5, -0.5)


def numbers(table: "xr.DataArray", *dims: Hashable) -> Floats:
    """The numbers of a table with its dims in this order; ``...`` stands for the others."""
    return np.asarray(table.transpose(*dims).to_numpy(), dtype=np.float64)


def highest_share(tables: "Iterable[xr.DataArray]") -> float:
    """The upper limit of an axis that holds every share; 1 where there is none."""
    values = np.concatenate([table.to_numpy().ravel() for table in tables])
    finite = values[np.isfinite(values)]
    return 1.08 * float(finite.max()) if finite.size else 1.0


def limit_y(axes: Axes, values: Floats) -> bool:
    """Limits of the y axis with a margin; logarithmic where the range of the values asks for it.

    Returns:
        Whether it is logarithmic.
    """
    least, greatest = float(np.nanmin(values)), float(np.nanmax(values))
    if is_wide(values):
        axes.set_ylim(least / 1.25, greatest * 1.25)
        log_y(axes)
        return True
    margin = 0.08 * (greatest - least) or 0.1 * abs(greatest) or 1.0
    axes.set_ylim(least - margin, greatest + margin)
    return False


def mark_planted(axes: Axes, planted: float | None, say: "Wording", *, along: str = "y") -> None:
    """A line at the memory of a simulated fault, in s, along the y axis or the x axis."""
    if planted is not None:
        line = axes.axvline if along == "y" else axes.axhline
        label = say("labels.planted_memory")
        line(planted, color=GREEN, linestyle="--", linewidth=0.9, zorder=1.0, label=label)


def draw_runs(axes: Axes, x: ArrayLike, y: ArrayLike, channel: str) -> None:
    """A small point for each run, in the ink of a channel."""
    style = ink(channel)
    axes.plot(
        x, y, style.marker, color=style.colour, markersize=2, alpha=0.55, markeredgewidth=0,
        zorder=2,
    )  # fmt: skip


def draw_mean(
    axes: Axes, x: ArrayLike, y: ArrayLike, channel: str, size: float, *, hollow: bool = False
) -> None:
    """A large point for each mean over runs, in the ink of a channel; no edge cuts it."""
    style = ink(channel)
    axes.plot(
        x, y, style.marker, color=INK, markerfacecolor="white" if hollow else style.colour,
        markersize=size, markeredgewidth=0.12 * size, clip_on=False, zorder=3,
    )  # fmt: skip


def rows_for(count: int, columns: int) -> int:
    """Rows of a grid that holds ``count`` panels."""
    return max(1, ceil(count / columns))


def hide_after(panels: Sequence[Axes], count: int) -> None:
    """Leave empty the places of a grid that have no panel."""
    for axes in panels[count:]:
        axes.set_visible(False)


def finite_runs(predictions: "xr.Dataset") -> Floats:
    """The predictions of the runs that are finite throughout, shape ``(runs, targets)``."""
    values = numbers(predictions["predicted"], "run", "target")
    return values[np.isfinite(values).all(axis=1)]


def lift_titles(panels: Sequence[Axes]) -> None:
    """Raise titles above what is written on the upper edge of the axes."""
    for axes in panels:
        axes.set_title(axes.get_title(loc="left"), pad=10)


def percent_ticks(axis: Axis) -> None:
    """Write shares as percent; the label says so."""
    axis.set_major_formatter(FuncFormatter(lambda v, _: number(round(100 * float(v), 9))))
