"""Experiments: friction and normal stress of each, at a glance."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slicken.channels import FRICTION, NORMAL_FORCE, NORMAL_STRESS, Channel
from slicken.reporting.figures.experiment import draw_channel
from slicken.reporting.figures.marks import few_ticks, hide_after, instead, rows_for
from slicken.reporting.figures.style import Width, letter_panels, new_figure, time_label

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.experiment.experiment import Experiment
    from slicken.reporting.wording import Wording

NAME = "experiments"
MOST_EXPERIMENTS = 24
"""Experiments of an overview on one page, over two columns; half of them in one."""


def data(evidence: "Evidence") -> "Sequence[Experiment]":
    """All experiments as prepared, in the order in which they are drawn."""
    return evidence.trained.experiments


def draw(data: "Sequence[Experiment]", say: "Wording", width: Width) -> Figure:
    """A pair of panels for each experiment."""
    wide = width == "double"
    shown = data[: MOST_EXPERIMENTS if wide else MOST_EXPERIMENTS // 2]
    columns = {1: 1, 2: 2, 4: 2}.get(len(shown), 3 if len(shown) <= 18 else 4)
    columns = columns if wide else min(columns, 2)
    rows = rows_for(len(shown), columns)
    figure, panels = new_figure(
        width=width, height_mm=10 + rows * 38,
        rows=2 * rows, columns=columns, height_ratios=[2.0, 1.1] * rows,
    )  # fmt: skip
    tops = []
    for number in range(rows * columns):
        row, column = divmod(number, columns)
        pair = panels[2 * row * columns + column], panels[(2 * row + 1) * columns + column]
        if number >= len(shown):
            hide_after(pair, 0)
            continue
        draw_brief(*pair, shown[number], say)
        pair[0].set_ylabel("" if column else say("labels.friction"))
        load = load_of(shown[number]) or NORMAL_STRESS
        same = column and load == (load_of(shown[number - column]) or NORMAL_STRESS)
        pair[1].set_ylabel("" if same else f"{load.symbol} ({load.shown_unit})")
        tops.append(pair[0])
    figure.align_ylabels(panels[::columns])  # its time grows with the square of their number
    names = [experiment.name for experiment in shown]
    letter_panels(tops, names)
    figure.supxlabel(time_label(say, len(data) - len(shown)))
    return figure


def draw_brief(friction: Axes, stress: Axes, experiment: "Experiment", say: "Wording") -> None:
    """Friction above normal stress, small, for an overview of many experiments.

    Args:
        friction: Upper axes.
        stress: Lower axes, sharing the time axis.
        experiment: What was measured; without normal stress the lower axes say so.
        say: Words of the language.
    """
    draw_channel(friction, experiment, FRICTION.name, say)
    friction.tick_params(labelbottom=False)
    load = load_of(experiment)
    if load is not None:
        draw_channel(stress, experiment, load.name, say)
        low, high = stress.get_ylim()
        stress.set_ylim(min(0.0, low), high)
        few_ticks(stress, y=2)
    else:
        instead(stress, say("labels.stress_unknown"))
        stress.set_xlim(experiment.time[0], experiment.time[-1])
    few_ticks(stress, x=4)
    few_ticks(friction, x=4, y=3)


def load_of(experiment: "Experiment") -> Channel | None:
    """Normal stress, or the normal force where only that is known; None where neither is."""
    return next((c for c in (NORMAL_STRESS, NORMAL_FORCE) if c.name in experiment.channels), None)
