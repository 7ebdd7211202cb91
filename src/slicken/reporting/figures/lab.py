"""Laboratory: what the networks answer to imposed histories; grey where they were not trained."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slicken.channels import SLIP_VELOCITY, TITLED
from slicken.reporting.figures.marks import few_ticks, is_wide, log_y
from slicken.reporting.figures.style import (
    BLUE,
    FAINT,
    INK,
    Width,
    letter_panels,
    new_figure,
    time_label,
)

if TYPE_CHECKING:
    from slicken.evidence.lab import LabRun
    from slicken.evidence.lab_numbers import Lab
    from slicken.reporting.wording import Wording

MOST_COLUMNS = 2
"""Experiments beside one another."""


def lab_figure(lab: "Lab", say: "Wording", width: Width) -> Figure:
    """For each experiment the driver that is moved, and friction on the networks below it.

    Args:
        lab: Experiments on the networks of a study.
        say: Words of the language.
        width: Column of a journal page, or two.
    """
    columns = 1 if width == "single" else min(MOST_COLUMNS, len(lab.runs))
    rows = -(-len(lab.runs) // columns)
    figure, panels = new_figure(
        width=width,
        height_mm=10 + rows * 62,
        rows=2 * rows,
        columns=columns,
        height_ratios=[1.0, 1.7] * rows,
        share_x="none",
    )
    tops = []
    for number in range(rows * columns):
        row, column = divmod(number, columns)
        pair = panels[2 * row * columns + column], panels[(2 * row + 1) * columns + column]
        if number >= len(lab.runs):
            for axes in pair:
                axes.set_visible(False)
            continue
        _draw(*pair, lab.runs[number], say)
        tops.append(pair[0])
    letter_panels(tops, [say(f"lab.{run.kind}") for run in lab.runs])
    figure.align_ylabels(panels[::columns])
    return figure


def _draw(above: Axes, below: Axes, run: "LabRun", say: "Wording") -> None:
    seconds = run.seconds
    channel = TITLED[run.channel]
    driver = run.course.values[run.ends] * channel.shown_per_unit
    above.plot(seconds, driver, color=INK, linewidth=0.9)
    above.set_ylabel(f"{channel.symbol} ({channel.shown_unit})")
    if run.channel == SLIP_VELOCITY.name and is_wide(driver):
        above.set_ylim(driver.min() / 1.5, driver.max() * 1.5)
        log_y(above)
    else:
        few_ticks(above, y=3)
    above.tick_params(labelbottom=False)
    mean, spread = run.friction.mean(axis=0), run.friction.std(axis=0)
    for inside, colour, label in (
        (False, FAINT, say("lab.outside")),
        (True, BLUE, say("labels.predicted_mean")),
    ):
        # Each line goes on to the first instant of the other, so that none is missing between.
        here = run.inside == inside
        shown = here | np.append(False, here[:-1])
        if not here.any():
            continue
        line = np.where(shown, mean, np.nan)
        below.fill_between(
            seconds, line - spread, line + spread, color=colour, alpha=0.25, linewidth=0
        )
        below.plot(seconds, line, color=colour, linewidth=0.9, label=label)
    below.set_ylabel(say("labels.friction"))
    below.set_xlabel(time_label(say))
    for axes in (above, below):
        axes.set_xlim(0.0, float(seconds[-1]))
        few_ticks(axes, x=5)
    few_ticks(below, y=4)
    if not run.inside.all():
        below.legend(loc="best")
