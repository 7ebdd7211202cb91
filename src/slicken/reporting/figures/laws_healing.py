"""Healing: peak friction above steady friction, and relaxation, against hold time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slicken.reporting.figures.laws_marks import LAW_INK
from slicken.reporting.figures.marks import Floats, few_ticks, legend_below, log_x, note
from slicken.reporting.figures.style import FAINT, INK, Width, letter_panels, new_figure, plain

if TYPE_CHECKING:
    from slicken.laws.results import Healing, Laws
    from slicken.reporting.wording import Wording

NAME = "laws_healing"
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


def data(laws: "Laws") -> "tuple[Healing, ...] | None":
    """Healing of every record that has holds."""
    return tuple(one for one in laws.healing if one.holds.size) or None


def draw(data: "Sequence[Healing]", say: "Wording", width: Width) -> Figure:
    """Two panels: healing with its rate and what laws predict, and relaxation.

    Args:
        data: Healing of records.
        say: Words of the language.
        width: Column of a journal page, or two.
    """
    wide = width == "double"
    figure, panels = new_figure(
        width=width, height_mm=72 if wide else 125, rows=1 if wide else 2, columns=2 if wide else 1
    )
    draw_healing(panels[0], data, say)
    draw_relaxation(panels[1], data, say)
    letter_panels(panels, [say("labels.healing"), say("labels.relaxation")])
    legend_below(figure, panels[0])
    return figure


def draw_healing(axes: Axes, data: "Sequence[Healing]", say: "Wording") -> None:
    """Healing of each hold, the line of its rate, and what the fitted laws predict."""
    axes.set_xlabel(say("labels.hold_time"))
    axes.set_ylabel(say("labels.healing_of_friction"))
    _limit(axes, data)
    for number, one in enumerate(data):
        label = say("labels.measured") if len(data) == 1 else plain(one.record, 30)
        _points(axes, one.holds, one.healed, _MARKERS[number % len(_MARKERS)], label)
        if np.isfinite(one.rate.value):
            _line(axes, one, say if number == 0 else None)
        order = np.argsort(one.holds)
        for law, values in one.predicted.items():
            look = LAW_INK[law]  # type: ignore[index]
            axes.plot(
                one.holds[order], np.asarray(values)[order], look.marker, linestyle=look.dashes,
                color=look.colour, linewidth=0.8, markersize=2.6, zorder=2,
                label=say("labels.predicted_by", law=law) if number == 0 else None,
            )  # fmt: skip
    few_ticks(axes, y=5)


def draw_relaxation(axes: Axes, data: "Sequence[Healing]", say: "Wording") -> None:
    """Fall of friction during each hold."""
    axes.set_xlabel(say("labels.hold_time"))
    axes.set_ylabel(say("labels.fall_of_friction"))
    _limit(axes, data)
    for number, one in enumerate(data):
        _points(axes, one.holds, one.relaxed, _MARKERS[number % len(_MARKERS)], None)
    few_ticks(axes, y=5)


def _limit(axes: Axes, data: "Sequence[Healing]") -> None:
    holds = np.concatenate([one.holds for one in data])
    axes.set_xlim(float(holds.min()) / 1.6, float(holds.max()) * 1.6)
    log_x(axes)


def _points(axes: Axes, holds: Floats, values: Floats, marker: str, label: str | None) -> None:
    """Values with their intervals."""
    known = np.isfinite(values[:, 1:]).all(axis=1)
    axes.vlines(
        holds[known], values[known, 1], values[known, 2], color=INK, linewidth=0.8, zorder=3
    )
    axes.plot(
        holds, values[:, 0], marker, color=INK, markersize=3.8, markeredgecolor="white",
        markeredgewidth=0.4, zorder=4, label=label,
    )  # fmt: skip


def _line(axes: Axes, one: "Healing", say: "Wording | None") -> None:
    """The line of the rate through the mean, with the number where words are given."""
    decades = np.log10(one.holds)
    middle, level = float(decades.mean()), float(np.nanmean(one.healed[:, 0]))
    ends = np.array(axes.get_xlim())
    heights = level + one.rate.value * (np.log10(ends) - middle)
    axes.plot(
        ends, heights, color=FAINT, linewidth=0.9, zorder=1,
        label=say("labels.rate_line") if say else None,
    )  # fmt: skip
    if say:
        said = say("labels.rate", rate=("healing", one.rate[:3]))
        note(axes, said, (0, 1), (4, -9), "axes fraction", color=INK)
