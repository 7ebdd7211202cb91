"""Sliding: friction against slip, and against slip velocity."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slicken.channels import SLIP, SLIP_VELOCITY
from slicken.experiment.by_stage import ByStage, by_stage
from slicken.experiment.motion import slip_from_velocity
from slicken.reporting.figures.by_experiment import (
    COLOURS,
    MARKERS,
    MOST_EXPERIMENTS,
    measured,
    medians,
    moving,
    scale_of,
    spans_decades,
    varies,
)
from slicken.reporting.figures.marks import (
    Floats,
    bins_across,
    few_ticks,
    legend_below,
    log_x,
)
from slicken.reporting.figures.style import (
    INK,
    Width,
    absolute_friction,
    letter_panels,
    new_figure,
    plain,
)
from slicken.reporting.figures.thinning import decimated

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.experiment.experiment import Experiment
    from slicken.reporting.wording import Wording

NAME = "sliding"
MOST_TRACES = 3
"""Experiments whose every extreme is drawn; of more of them, only medians."""


@dataclass(frozen=True)
class Slid:
    """Friction of one experiment, and how it slid.

    Args:
        name: Name of the experiment.
        friction: Shape ``(T,)``; NaN in gaps.
        slip: M, ``(T,)``; None where it is not known.
        velocity: M/s, ``(T,)``; None where it is not known, or is one velocity.
        stages: Means of its velocity levels; None where there are none.
    """

    name: str
    friction: Floats
    slip: Floats | None
    velocity: Floats | None
    stages: ByStage | None


@dataclass(frozen=True)
class Sliding:
    """Experiments laid together.

    Args:
        shown: As many as can be told apart.
        others: Number of experiments that are not shown.
    """

    shown: Sequence[Slid]
    others: int = 0


def data(evidence: "Evidence") -> Sliding | None:
    """The first experiments; None where neither slip nor a varying velocity is known."""
    return slid(evidence.trained.experiments)


def slid(experiments: "Sequence[Experiment]") -> Sliding | None:
    """Experiments as the figure shows them; see :func:`data`."""
    known = [_slid(one) for one in experiments[:MOST_EXPERIMENTS]]
    known = [one for one in known if one.slip is not None or one.velocity is not None]
    return Sliding(known, len(experiments) - len(known)) if known else None


def _slid(experiment: "Experiment") -> Slid:
    velocity, slip = measured(experiment, SLIP_VELOCITY), measured(experiment, SLIP)
    if slip is None and velocity is not None:
        slip = slip_from_velocity(velocity, experiment.time)
    friction = np.where(experiment.gap, np.nan, experiment.friction)
    stepped = velocity is not None and varies(velocity)
    stages = by_stage(experiment) if stepped else None
    return Slid(experiment.name, friction, slip, velocity if stepped else None, stages)


def draw(data: Sliding, say: "Wording", width: Width) -> Figure:
    """Friction against slip on the left, or above; against slip velocity where that varies."""
    draws = [
        drawn
        for drawn, there in (
            (_draw_slip, any(one.slip is not None for one in data.shown)),
            (_draw_velocity, any(one.velocity is not None for one in data.shown)),
        )
        if there
    ]
    beside = width == "double" and len(draws) > 1
    rows = 1 if beside else len(draws)
    lines = 3.2 * len(data.shown) / (4 if width == "double" else 2) if len(data.shown) > 1 else 0
    figure, panels = new_figure(
        width=width, height_mm=12 + 58 * rows + lines, rows=rows, columns=2 if beside else 1,
        share_y="all",
    )  # fmt: skip
    for axes, drawn in zip(panels, draws, strict=True):
        drawn(axes, data, say)
        axes.set_ylabel("" if beside and axes is not panels[0] else absolute_friction(say))
        few_ticks(axes, y=5)
    if len(data.shown) > 1:
        legend_below(figure, panels[0])
    names = [plain(data.shown[0].name)] if len(data.shown) == 1 else [""]
    letter_panels(panels, [*names, *[""] * (len(panels) - 1)])
    return figure


def _draw_slip(axes: Axes, data: Sliding, say: "Wording") -> None:
    slips = [one.slip for one in data.shown if one.slip is not None]
    factor, label = scale_of(SLIP, np.concatenate(slips), say)
    for number, one in enumerate(data.shown):
        if one.slip is None:
            continue
        colour = COLOURS[number]
        if len(data.shown) <= MOST_TRACES:
            line = decimated(factor * one.slip, one.friction, bins_across(axes))
            axes.plot(*line, color=colour, linewidth=0.4, alpha=0.4)
        x, y = medians((factor * one.slip, one.friction), one.slip)
        axes.plot(x, y, color=colour, linewidth=0.9, label=plain(one.name, 30))
    axes.set_xlabel(_with_others(label, data, say))
    few_ticks(axes, x=6)


def _draw_velocity(axes: Axes, data: Sliding, say: "Wording") -> None:
    speeds = [moving(one.velocity) for one in data.shown if one.velocity is not None]
    seen = np.concatenate([medians((each,))[0] for each in speeds])
    factor, label = scale_of(SLIP_VELOCITY, seen, say)
    for number, one in enumerate(data.shown):
        if one.velocity is None:
            continue
        x, y = medians((factor * moving(one.velocity), one.friction))
        alone = one.stages is None
        axes.plot(
            x, y, MARKERS[number], markersize=2, markeredgewidth=0, alpha=0.7 if alone else 0.3,
            label=plain(one.name, 30), color=COLOURS[number], linestyle="none",
        )  # fmt: skip
        if one.stages is not None:
            _draw_stages(axes, one.stages, factor, number)
    if spans_decades(seen):
        axes.set_xlim(factor * np.nanmin(seen) / 1.4, factor * np.nanmax(seen) * 1.4)
        log_x(axes)
    else:
        few_ticks(axes, x=6)
    axes.set_xlabel(label)


def _draw_stages(axes: Axes, stages: ByStage, factor: float, number: int) -> None:
    """Means of velocity levels over samples' spread."""
    here = stages.velocity > 0
    axes.errorbar(
        factor * stages.velocity[here], stages.friction[here], yerr=stages.spread[here],
        fmt=MARKERS[number], markersize=4, markeredgecolor=INK, markeredgewidth=0.5,
        color=COLOURS[number], ecolor=COLOURS[number], elinewidth=0.8, capsize=1.5, zorder=3,
    )  # fmt: skip


def _with_others(label: str, data: Sliding, say: "Wording") -> str:
    if not data.others:
        return label
    return say("labels.others_not_shown", label=label, n=data.others)
