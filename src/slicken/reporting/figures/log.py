"""Log: every numeric column of a log small, before anything is decided about it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from slicken.channels import TIME
from slicken.reporting.figures.finding_marks import finding_lines, mark_findings
from slicken.reporting.figures.marks import (
    Floats,
    bins_across,
    few_ticks,
    instead,
    note,
    rows_for,
    write_below,
)
from slicken.reporting.figures.style import FAINT, ink, label_of, new_figure, plain, title_of
from slicken.reporting.figures.thinning import decimated

if TYPE_CHECKING:
    from slicken.logs.finding import Finding
    from slicken.reporting.wording import Wording


MOST_COLUMNS = 30
_ACROSS = 3


def log_figure(
    columns: Mapping[str, ArrayLike],
    say: "Wording",
    *,
    time: ArrayLike | None = None,
    title: str = "",
    recognised: Mapping[str, str] | None = None,
    findings: Sequence["Finding"] = (),
) -> Figure:
    """All numeric columns of a log as the rig wrote them.

    A recognised column is drawn in the colour of its channel and bears its name; the others are
    grey. A finding that has a time is a numbered line across every panel and is listed below.

    Args:
        columns: Name to numbers, all of one length; what is not finite is left blank.
        say: Words of the language.
        time: Seconds, of that length; row numbers are used if None or nowhere finite.
        title: Title, such as the name of the file.
        recognised: Column name to the name of its channel.
        findings: What the owner of the log should know.
    """
    shown = list(columns)[:MOST_COLUMNS]
    rows = rows_for(len(shown), _ACROSS)
    notes = _notes(columns, findings, say)
    height = 9 + 28 * rows + 3.2 * len(notes) + 5
    figure, panels = new_figure(
        width="double", height_mm=height, rows=rows, columns=_ACROSS, share_x="all"
    )
    axis, axis_label = _axis(columns, time, say)
    known = recognised or {}
    for place, axes in enumerate(panels):
        if place >= len(shown):
            axes.set_visible(False)
            continue
        draw_column(axes, axis, columns[shown[place]], shown[place], known.get(shown[place]), say)
        if axes.lines:
            mark_findings(axes, findings, numbered=place < _ACROSS)
        if place + _ACROSS >= len(shown):
            axes.tick_params(labelbottom=True)
        if place >= (rows - 1) * _ACROSS:
            axes.set_xlabel(axis_label)
    if not shown:
        panels[0].set_visible(True)
        instead(panels[0], say("labels.no_numeric_column"))
    figure.suptitle(plain(title, 110), x=0.01, ha="left")
    write_below(figure, notes)
    return figure


def draw_column(
    axes: Axes, axis: ArrayLike, values: ArrayLike, name: str, channel: str | None, say: "Wording"
) -> None:
    """One column of a log against time or row.

    Args:
        axes: Axes to draw on.
        axis: Time or row of each sample.
        values: The numbers, as the rig wrote them.
        name: Name of the column.
        channel: Channel that it was recognised as; None for none.
        say: Words of the language.
    """
    numbers = np.asarray(values, dtype=np.float64)
    numbers = np.where(np.isfinite(numbers), numbers, np.nan)
    colour = ink(channel).colour if channel else "#777777"
    axes.set_title(plain(name, 38), pad=11.5)
    words = say("labels.no_channel") if channel is None else title_of(channel, say)
    look = {"color": FAINT if channel is None else colour, "va": "bottom", "fontsize": 6.5}
    note(axes, words, (0, 1), (0, 1.5), "axes fraction", **look)
    if not np.isfinite(numbers).any():
        axes.text(
            0.5, 0.5, say("labels.no_number"), transform=axes.transAxes, ha="center", va="center"
        )
        axes.set_yticks([])
        return
    axes.plot(*decimated(axis, numbers, bins_across(axes)), color=colour, linewidth=0.7)
    few_ticks(axes, x=5, y=3)


def _axis(
    columns: Mapping[str, ArrayLike], time: ArrayLike | None, say: "Wording"
) -> tuple[Floats, str]:
    if time is not None:
        seconds = np.asarray(time, dtype=np.float64)
        if np.isfinite(seconds).any():
            return np.where(np.isfinite(seconds), seconds, np.nan), label_of(TIME.name, say)
    longest = max((np.size(values) for values in columns.values()), default=0)
    return np.arange(1, longest + 1, dtype=np.float64), say("labels.row")


def _notes(
    columns: Mapping[str, ArrayLike], findings: Sequence["Finding"], say: "Wording"
) -> list[str]:
    """Lines below the panels: findings, and how much is not shown."""
    lines = finding_lines(findings, say)
    if len(columns) > MOST_COLUMNS:
        lines.append(say("labels.more_columns", n=len(columns) - MOST_COLUMNS))
    return lines
