"""Stages: mean friction of each velocity level, and its change with the logarithm of velocity."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slicken.channels import SLIP_VELOCITY
from slicken.experiment.by_stage import ByStage, by_stage
from slicken.reporting.figures.by_experiment import COLOURS, MARKERS, MOST_EXPERIMENTS, scale_of
from slicken.reporting.figures.marks import few_ticks, legend_below, log_x
from slicken.reporting.figures.style import (
    INK,
    Width,
    absolute_friction,
    letter_panels,
    new_figure,
    plain,
)

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.experiment.experiment import Experiment
    from slicken.reporting.wording import Wording

NAME = "stages"


class Levels(NamedTuple):
    """Velocity levels of one experiment.

    Args:
        name: Name of the experiment.
        means: Means of its stages, some of which a step of velocity leads to.
    """

    name: str
    means: ByStage


@dataclass(frozen=True)
class Stages:
    """Experiments laid together.

    Args:
        shown: As many as can be told apart.
        others: Number of experiments with steps of velocity that are not shown.
    """

    shown: Sequence[Levels]
    others: int = 0


def data(evidence: "Evidence") -> Stages | None:
    """Experiments with steps of velocity; None where there is none."""
    return levels_of(evidence.trained.experiments)


def levels_of(experiments: "Sequence[Experiment]") -> Stages | None:
    """Experiments as the figure shows them; see :func:`data`."""
    found = [Levels(one.name, means) for one in experiments if (means := by_stage(one)) is not None]
    found = [one for one in found if one.means.steps.any()]
    if not found:
        return None
    return Stages(found[:MOST_EXPERIMENTS], max(0, len(found) - MOST_EXPERIMENTS))


def draw(data: Stages, say: "Wording", width: Width) -> Figure:
    """Means against velocity on the left, or above; their slope from level to level."""
    beside, many = width == "double", len(data.shown) > 1
    rows = 1 if beside else 2
    lines = 3.2 * len(data.shown) / (4 if beside else 2) if many else 0
    figure, panels = new_figure(
        width=width, height_mm=14 + 56 * rows + lines, rows=rows, columns=2 if beside else 1
    )
    moving = np.concatenate([one.means.velocity[one.means.velocity > 0] for one in data.shown])
    factor, label = scale_of(SLIP_VELOCITY, moving, say)
    for number, one in enumerate(data.shown):
        _draw_means(panels[0], one, factor, number)
        _draw_slopes(panels[1], one, factor, number)
    panels[0].set_ylabel(absolute_friction(say))
    panels[1].set_ylabel("dµ / d ln V (–)")
    panels[1].axhline(0.0, color=INK, linewidth=0.5, zorder=1)
    for axes in panels:
        axes.set_xlim(factor * moving.min() / 1.5, factor * moving.max() * 1.5)
        log_x(axes)
        few_ticks(axes, y=5)
        axes.set_xlabel(label)
    if data.others:
        shown = say("labels.others_not_shown", label=label, n=data.others)
        panels[-1].set_xlabel(shown)
    if many:
        legend_below(figure, panels[0])
    letter_panels(panels, ["" if many else plain(data.shown[0].name), ""])
    return figure


def steps_of(means: ByStage) -> Iterator[tuple[int, int]]:
    """The stages before and after each step of velocity."""
    for after in np.flatnonzero(means.steps).tolist():
        yield after - 1, after


def _draw_means(axes: Axes, one: Levels, factor: float, number: int) -> None:
    means, colour = one.means, COLOURS[number]
    moving = means.velocity > 0
    axes.errorbar(
        factor * means.velocity[moving], means.friction[moving], yerr=means.error[moving],
        fmt=MARKERS[number], color=colour, markersize=3.5, markeredgecolor=INK, capsize=1.5,
        markeredgewidth=0.4, elinewidth=0.8, zorder=3, label=plain(one.name, 30),
    )  # fmt: skip
    for before, after in steps_of(means):
        ends = [before, after]
        x, y = factor * means.velocity[ends], means.friction[ends]
        axes.plot(x, y, color=colour, linewidth=0.7, zorder=2)
        axes.annotate(
            "", (np.sqrt(x[0] * x[1]), y.mean()), (x[0], y[0]),
            arrowprops={"arrowstyle": "->", "color": colour, "linewidth": 0.7, "shrinkA": 0},
        )  # fmt: skip


def _draw_slopes(axes: Axes, one: Levels, factor: float, number: int) -> None:
    """A line from the velocity before to the one after; filled where velocity goes up."""
    means, colour = one.means, COLOURS[number]
    for before, after in steps_of(means):
        x, slope = factor * means.velocity[[before, after]], means.dependence[after]
        axes.plot(x, [slope, slope], color=colour, linewidth=0.6, alpha=0.6, zorder=2)
        axes.errorbar(
            np.sqrt(x[0] * x[1]), slope, yerr=means.dependence_error[after], color=colour,
            fmt="^" if x[1] > x[0] else "v", markerfacecolor=colour if x[1] > x[0] else "white",
            markersize=4, markeredgewidth=0.7, elinewidth=0.8, capsize=1.5, zorder=3,
        )  # fmt: skip
