"""Course: a line for each driver, named at its end."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation

from slicken.reporting.figures.marks import (
    Floats,
    bins_across,
    few_ticks,
    height_mm,
    note,
    numbers,
    percent_ticks,
)
from slicken.reporting.figures.style import ink, title_of
from slicken.reporting.figures.thinning import broken_at_jumps, decimated

if TYPE_CHECKING:
    import xarray as xr

    from slicken.reporting.wording import Wording


def draw_courses(
    axes: Axes,
    position: Floats,
    shares: "xr.DataArray",
    say: "Wording",
    *,
    limits: tuple[float, float],
    top: float,
    named: bool,
) -> None:
    """The share of each driver along time or lag, in its own ink.

    Args:
        axes: Axes to draw on.
        position: Time or lag of each row, ascending, shape ``(N,)``.
        shares: Shares, dims ``channel`` and one of ``N``.
        say: Words of the language.
        limits: Positions at the left and the right end of the axis.
        top: Upper limit of the share.
        named: Whether the names of the drivers are written at the ends of their lines.
    """
    channels = [str(name) for name in shares["channel"].to_numpy()]
    courses = numbers(shares, "channel", ...)
    for index, (channel, course) in enumerate(zip(channels, courses, strict=True)):
        _draw_course(axes, position, course, channel, index / len(channels), say)
    axes.set_xlim(limits)
    axes.set_ylim(0, top)
    few_ticks(axes, x=6, y=4)
    percent_ticks(axes.yaxis)
    if named:
        onwards = 1 if limits[0] < limits[1] else -1
        label_ends(axes, [_last_finite(course[::onwards]) for course in courses], channels, say)


def _draw_course(
    axes: Axes, position: Floats, values: Floats, channel: str, phase: float, say: "Wording"
) -> None:
    """The course of one driver; ``phase`` (0 to 1) moves its markers along."""
    style = ink(channel)
    where, shown = decimated(*broken_at_jumps(position, values), bins_across(axes))
    step = max(1, where.size // 8)
    axes.plot(
        where, shown, color=style.colour, linestyle=style.dashes if where.size < 600 else "-",
        linewidth=0.8, marker=style.marker, markevery=(int(phase * step), step), markersize=3.8,
        markeredgewidth=0.4, markeredgecolor="white", zorder=3 - phase,
        label=title_of(channel, say),
    )  # fmt: skip


def _last_finite(course: Floats) -> float:
    """The last finite value; 0 where there is none."""
    finite = course[np.isfinite(course)]
    return float(finite[-1]) if finite.size else 0.0


def label_ends(
    axes: Axes, heights: Sequence[float], channels: Sequence[str], say: "Wording"
) -> None:
    """Name lines at their right ends, pushed apart where they would overlap.

    The sign before a name is the line's marker; names are in ink, since pale colours do not
    make readable text. Set the limits of the axes before.

    Args:
        axes: Axes to draw on.
        heights: Height at which each line ends, in data units.
        channels: Channel of each line.
        say: Words of the language.
    """
    low, high = axes.get_ylim()
    tall = height_mm(axes)
    beside = axes.transAxes + ScaledTranslation(6 / 72, 0, axes.figure.dpi_scale_trans)
    wanted = np.clip((np.asarray(heights) - low) / (high - low), 0, 1)
    for at, channel in zip(_apart(wanted, 2.9 / tall), channels, strict=True):
        style = ink(channel)
        axes.plot(
            [1.0], [at], style.marker, color=style.colour, clip_on=False, markersize=3.5,
            transform=beside, zorder=5,
        )  # fmt: skip
        look = {"va": "center_baseline", "ha": "left", "fontsize": 6.5}
        note(axes, title_of(channel, say), (1, at), (10.5, 0), "axes fraction", **look)


def _apart(wanted: Floats, least: float) -> Floats:
    """Positions in 0 to 1 near ``wanted``, in the same order, at least ``least`` apart.

    >>> _apart(np.array([0.5, 0.5]), 0.2).tolist()
    [0.4, 0.6]
    """
    order = np.argsort(wanted, kind="stable")
    groups: list[list[float]] = []  # mean position and number of labels that stand together
    for position in wanted[order]:
        groups.append([float(position), 1])
        while len(groups) > 1 and _overlap(groups[-2], groups[-1], least):
            (below, some), (top, more) = groups[-2:]
            groups[-2:] = [[(below * some + top * more) / (some + more), some + more]]
    places = [
        middle + (place - (count - 1) / 2) * least
        for middle, count in groups
        for place in range(int(count))
    ]
    steps = np.arange(wanted.size) * least
    inside = np.minimum(np.maximum(places, steps), 1 - steps[::-1])
    placed = np.empty_like(wanted)
    placed[order] = inside
    return placed


def _overlap(below: Sequence[float], top: Sequence[float], least: float) -> bool:
    return top[0] - (top[1] - 1) / 2 * least - below[0] - (below[1] - 1) / 2 * least < least
