"""Stages: mean friction of each level of velocity or load, and how velocity moves it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slicken.channels import FRICTION, NORMAL_STRESS, SLIP_VELOCITY
from slicken.experiment.by_stage import APART, StageLevel, levels_by_stage
from slicken.reporting.figures.marks import few_ticks, instead, legend_below, log_x
from slicken.reporting.figures.style import (
    FAINT,
    Width,
    in_turn,
    label_of,
    letter_panels,
    new_figure,
    plain,
)

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.reporting.wording import Wording

NAME = "stages"
MOST_EXPERIMENTS = 12
"""Experiments that are told apart."""
WIDE = 3.0
"""Ratio of levels from which their axis is logarithmic."""
Levels = Mapping[str, Sequence[StageLevel]]


def data(evidence: "Evidence") -> "Levels | None":
    """Levels of each experiment; None where no experiment has two."""
    found = {one.name: levels_by_stage(one) for one in evidence.trained.experiments}
    kept = {name: levels for name, levels in found.items() if len(levels) > 1}
    return kept or None


def draw(data: "Levels", say: "Wording", width: Width) -> Figure:
    """Mean friction against velocity, or load where that alone changes; then the dependence."""
    by_velocity = any(_changes(levels) for levels in data.values())
    wide = width == "double"
    figure, panels = new_figure(
        width=width,
        height_mm=80 if wide or not by_velocity else 130,
        rows=2 if by_velocity and not wide else 1,
        columns=2 if by_velocity and wide else 1,
    )
    channel = SLIP_VELOCITY if by_velocity else NORMAL_STRESS
    shown = list(data.items())[:MOST_EXPERIMENTS]
    places: list[float] = []
    for (name, levels), colour in zip(shown, in_turn(len(shown)), strict=True):
        at = np.array([getattr(one, channel.name.removeprefix("slip_")) for one in levels])
        at = at * channel.shown_per_unit
        places += at.tolist()
        friction, error = (np.array([getattr(one, key) for one in levels])
                           for key in ("friction", "error"))  # fmt: skip
        label = plain(name, 30)
        panels[0].errorbar(
            at, friction, yerr=1.96 * error, color=colour, marker="o", markersize=3,
            linewidth=0.6, elinewidth=0.6, label=label,
        )  # fmt: skip
        if by_velocity:
            _draw_slopes(panels[1], levels, colour, label)
    panels[0].set_xlabel(label_of(channel.name, say))
    panels[0].set_ylabel(label_of(FRICTION.name, say))
    _scale(panels[0], np.array(places))
    few_ticks(panels[0], y=5)
    titles = [say("labels.by_level")]
    if by_velocity:
        panels[1].axhline(0.0, color=FAINT, linewidth=0.6, zorder=1)
        panels[1].set_xlabel(say("labels.level_velocity"))
        panels[1].set_ylabel(say("labels.velocity_dependence"))
        after = [one.velocity for _, levels in shown for one in levels if one.slope == one.slope]
        _scale(panels[1], np.array(after) * SLIP_VELOCITY.shown_per_unit)
        few_ticks(panels[1], y=5)
        titles.append(say("labels.from_level_to_level"))
    legend_below(figure, panels[0])
    letter_panels(panels, titles)
    return figure


def _changes(levels: Sequence[StageLevel]) -> bool:
    """Whether velocity is the cause of a change from one level to the next."""
    return any(np.isfinite(one.slope) for one in levels)


def _draw_slopes(axes: Axes, levels: Sequence[StageLevel], colour: str, label: str) -> None:
    told = [one for one in levels if np.isfinite(one.slope)]
    if told:
        axes.errorbar(
            [one.velocity * SLIP_VELOCITY.shown_per_unit for one in told],
            [one.slope for one in told],
            yerr=[1.96 * one.slope_error for one in told],
            color=colour, linestyle="", marker="o", markersize=3, elinewidth=0.6, label=label,
        )  # fmt: skip


def _scale(axes: Axes, places: np.ndarray) -> None:
    """A logarithmic axis where levels are wide apart."""
    known = places[np.isfinite(places)]
    if known.size and known.max() > WIDE * known.min() > 0:
        axes.set_xlim(known.min() / APART**2, known.max() * APART**2)
        log_x(axes)
    elif known.size:
        few_ticks(axes, x=5)
    else:
        instead(axes, "–")
