"""Experiments: friction, the drivers and the load of each over time, at a glance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slicken.channels import CHANNELS, FRICTION, NORMAL_FORCE, NORMAL_STRESS, Channel
from slicken.reporting.figures.experiment import draw_channel
from slicken.reporting.figures.marks import few_ticks, hide_after, instead, rows_for
from slicken.reporting.figures.style import (
    PAGE_MM,
    Width,
    letter_panels,
    new_figure,
    time_label,
)

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.experiment.experiment import Experiment
    from slicken.reporting.wording import Wording

NAME = "experiments"
MOST_EXPERIMENTS = 24
"""Experiments of an overview on one page, over two columns; half of them in one."""
MOST_WITH_DRIVERS = 6
"""Experiments up to which the drivers of each are shown; with more, only its load."""
_FRICTION_MM, _BELOW_MM, _AROUND_MM, _LEAST_MM = 25.0, 13.0, 14.0, 11.0
"""Height of a panel of friction, of another one and of what is around them; least of another."""
_TITLE_MM, _LONG = 6.0, 8


@dataclass(frozen=True)
class Overview:
    """What is drawn.

    Args:
        experiments: All experiments as prepared, in order.
        drivers: Names of the plan's drivers.
    """

    experiments: "Sequence[Experiment]"
    drivers: tuple[str, ...] = ()


def data(evidence: "Evidence") -> Overview:
    """All experiments as prepared, with the drivers of the plan."""
    trained = evidence.trained
    return Overview(trained.experiments, tuple(trained.prepared.record.channels))


def draw(data: Overview, say: "Wording", width: Width) -> Figure:
    """A stack of panels for each experiment, which share their axis of time."""
    wide = width == "double"
    shown = data.experiments[: MOST_EXPERIMENTS if wide else MOST_EXPERIMENTS // 2]
    columns = {1: 1, 2: 2, 4: 2}.get(len(shown), 3 if len(shown) <= 18 else 4)
    columns = columns if wide else min(columns, 2)
    rows = rows_for(len(shown), columns)
    below = _below(data, shown, rows)
    stack = 1 + len(below)
    figure, panels = new_figure(
        width=width, height_mm=_AROUND_MM + rows * (_FRICTION_MM + _BELOW_MM * len(below)),
        rows=stack * rows, columns=columns,
        height_ratios=[_FRICTION_MM, *[_BELOW_MM] * len(below)] * rows,
    )  # fmt: skip
    tops = []
    for number in range(rows * columns):
        row, column = divmod(number, columns)
        mine = panels[stack * row * columns + column :: columns][:stack]
        if number >= len(shown):
            hide_after(mine, 0)
            continue
        draw_brief(mine, shown[number], below, say)
        for axes, name in zip(mine, (FRICTION.name, *below), strict=True):
            channel = _channel(name, shown[number])
            same = column and channel == _channel(name, shown[number - column])
            axes.set_ylabel("" if same else _label(channel))
        tops.append(mine[0])
    figure.align_ylabels(panels[::columns])  # its time grows with the square of their number
    letter_panels(tops, [experiment.name for experiment in shown])
    figure.supxlabel(time_label(say, len(data.experiments) - len(shown)))
    return figure


def _below(data: Overview, shown: "Sequence[Experiment]", rows: int) -> list[str]:
    """Channels below friction: drivers and the load, as many as are readable on a page."""
    drivers = [name for name in data.drivers if name in CHANNELS]
    loads = {NORMAL_STRESS.name, NORMAL_FORCE.name}
    if len(shown) > MOST_WITH_DRIVERS or not drivers:
        return [NORMAL_STRESS.name]
    room = (PAGE_MM - _AROUND_MM) / rows - _TITLE_MM
    most = max(1, int(room / _LEAST_MM) - 2)  # friction is twice as high
    free = most - (0 if loads & set(drivers) else 1)
    telling = sorted(drivers, key=lambda name: _tells(name, shown), reverse=True)[: max(free, 1)]
    kept = [name for name in drivers if name in telling]
    return kept if loads & set(drivers) or most == 1 else [*kept, NORMAL_STRESS.name]


def _tells(name: str, shown: "Sequence[Experiment]") -> tuple[bool, float]:
    """How much a driver tells: a rate less than its quantity, then by how far it moves."""
    spans = []
    for one in shown:
        values = one.channels.get(name, np.zeros(1))[~one.gap[: len(one)]]
        low, high = np.quantile(values, [0.02, 0.98]) if values.size else (0.0, 0.0)
        spans.append(float((high - low) / (max(abs(low), abs(high)) or 1.0)))
    return not name.endswith("_rate"), float(np.median(spans))


def draw_brief(
    panels: Sequence[Axes], experiment: "Experiment", below: Sequence[str], say: "Wording"
) -> None:
    """Friction above other channels, small, for an overview of many experiments.

    Args:
        panels: Axes from the top, one more than the channels below.
        experiment: What was measured; without a load its axes say so.
        below: Channels below friction; normal stress stands for the load.
        say: Words of the language.
    """
    for axes, name in zip(panels, (FRICTION.name, *below), strict=True):
        channel = _channel(name, experiment)
        if channel.name in experiment.channels:
            draw_channel(axes, experiment, channel.name, say)
            _finish(axes, channel)
        else:
            instead(axes, say("labels.stress_unknown"))
            axes.set_xlim(experiment.time[0], experiment.time[-1])
        few_ticks(axes, x=4)
        axes.tick_params(labelbottom=axes is panels[-1])


def _label(channel: Channel) -> str:
    """Symbol and unit; on two lines where a small panel has no height for one."""
    unit = f"({channel.shown_unit or '–'})"
    between = "\n" if len(channel.symbol + unit) > _LONG else " "
    return f"{channel.symbol}{between}{unit}"


def _finish(axes: Axes, channel: Channel) -> None:
    if axes.get_yscale() == "log":
        return
    low, high = axes.get_ylim()
    if channel in (NORMAL_STRESS, NORMAL_FORCE):
        axes.set_ylim(min(0.0, low), high)
    few_ticks(axes, y=3 if channel == FRICTION else 2)


def _channel(name: str, experiment: "Experiment") -> Channel:
    """The channel of a panel: normal force where normal stress is not known."""
    if name == NORMAL_STRESS.name:
        return load_of(experiment) or NORMAL_STRESS
    return CHANNELS[name]


def load_of(experiment: "Experiment") -> Channel | None:
    """Normal stress, or the normal force where only that is known; None where neither is."""
    return next((c for c in (NORMAL_STRESS, NORMAL_FORCE) if c.name in experiment.channels), None)
