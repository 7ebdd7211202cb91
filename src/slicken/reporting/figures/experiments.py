"""Experiments: friction of each, and below it its drivers and its load, at a glance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slicken.channels import (
    CHANNELS,
    FRICTION,
    NORMAL_FORCE,
    NORMAL_STRESS,
    SLIP_VELOCITY,
    Channel,
)
from slicken.reporting.figures.experiment import draw_channel, draw_wide
from slicken.reporting.figures.marks import few_ticks, hide_after, instead, rows_for
from slicken.reporting.figures.style import PAGE_MM, Width, letter_panels, new_figure, time_label

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.experiment.experiment import Experiment
    from slicken.reporting.wording import Wording

NAME = "experiments"
LOAD = "load"
"""Place of the normal stress, or of the normal force where only that is known."""
MOST_EXPERIMENTS = 24
"""Experiments of an overview on one page, over two columns; half of them in one."""
FRICTION_MM, DRIVER_MM = 24.0, 14.0
"""Heights of the panels of an experiment."""


@dataclass(frozen=True)
class Overview:
    """All experiments of a study.

    Args:
        experiments: As prepared, in the order in which they are drawn.
        drivers: Drivers of the study; as many are drawn as there is room for.
    """

    experiments: "Sequence[Experiment]"
    drivers: Sequence[str] = ()


def data(evidence: "Evidence") -> Overview:
    """All experiments as prepared, and the drivers of the study."""
    trained = evidence.trained
    known = [name for name in trained.prepared.record.channels if name in CHANNELS]
    return Overview(trained.experiments, known)


def draw(data: Overview, say: "Wording", width: Width) -> Figure:
    """Friction of each experiment, its drivers and its load below it, over one time."""
    wide = width == "double"
    shown = data.experiments[: MOST_EXPERIMENTS if wide else MOST_EXPERIMENTS // 2]
    columns = {1: 1, 2: 2, 4: 2}.get(len(shown), 3 if len(shown) <= 18 else 4)
    columns = columns if wide else min(columns, 2)
    rows = rows_for(len(shown), columns)
    names = _shown_below(data, rows)
    each = 1 + len(names)
    figure, panels = new_figure(
        width=width, height_mm=10 + rows * (FRICTION_MM + DRIVER_MM * len(names)),
        rows=each * rows, columns=columns,
        height_ratios=[FRICTION_MM, *[DRIVER_MM] * len(names)] * rows,
    )  # fmt: skip
    tops = []
    for number in range(rows * columns):
        row, column = divmod(number, columns)
        block = [panels[(each * row + k) * columns + column] for k in range(each)]
        if number >= len(shown):
            hide_after(block, 0)
            continue
        experiment = shown[number]
        draw_brief(block, experiment, names, say)
        _label(block, experiment, names, say, shown[number - column] if column else None)
        tops.append(block[0])
    figure.align_ylabels(panels[::columns])  # its time grows with the square of their number
    letter_panels(tops, [experiment.name for experiment in shown])
    figure.supxlabel(time_label(say, len(data.experiments) - len(shown)))
    return figure


def _shown_below(data: Overview, rows: int) -> list[str]:
    """Drivers for which there is room in so many rows of experiments, then the load."""
    room = (PAGE_MM - 10) / rows - FRICTION_MM - DRIVER_MM
    return [*data.drivers[: max(0, int(room / DRIVER_MM))], LOAD]


def _label(
    block: Sequence[Axes],
    experiment: "Experiment",
    names: Sequence[str],
    say: "Wording",
    first: "Experiment | None",
) -> None:
    """Names of the axes, in the first column; elsewhere only where they differ."""
    block[0].set_ylabel("" if first else say("labels.friction"))
    for axes, name in zip(block[1:], names, strict=True):
        if name != LOAD:
            axes.set_ylabel(
                "" if first else f"{CHANNELS[name].symbol} ({CHANNELS[name].shown_unit})"
            )
            continue
        load = load_of(experiment) or NORMAL_STRESS
        same = first and load == (load_of(first) or NORMAL_STRESS)
        axes.set_ylabel("" if same else f"{load.symbol} ({load.shown_unit})")


def draw_brief(
    block: Sequence[Axes], experiment: "Experiment", names: Sequence[str], say: "Wording"
) -> None:
    """Friction above drivers and load, small, for an overview of many experiments.

    Args:
        block: Axes below one another: of friction, then of each name.
        experiment: What was measured; where it lacks something, the axes say so.
        names: Drivers, and :data:`LOAD`.
        say: Words of the language.
    """
    draw_channel(block[0], experiment, FRICTION.name, say)
    for axes, name in zip(block[1:], names, strict=True):
        channel = load_of(experiment) if name == LOAD else CHANNELS[name]
        if channel is None or channel.name not in experiment.channels:
            instead(axes, say("labels.stress_unknown" if name == LOAD else "labels.not_measured"))
            axes.set_xlim(experiment.time[0], experiment.time[-1])
            continue
        draw_channel(axes, experiment, channel.name, say)
        if name == LOAD:
            low, high = axes.get_ylim()
            axes.set_ylim(min(0.0, low), high)
        elif channel is SLIP_VELOCITY:
            draw_wide(axes, experiment)
        if axes.get_yscale() != "log":
            few_ticks(axes, y=2)
    for axes in block:
        few_ticks(axes, x=4)
        axes.tick_params(labelbottom=axes is block[-1])
    few_ticks(block[0], y=3)


def load_of(experiment: "Experiment") -> Channel | None:
    """Normal stress, or the normal force where only that is known; None where neither is."""
    return next((c for c in (NORMAL_STRESS, NORMAL_FORCE) if c.name in experiment.channels), None)
