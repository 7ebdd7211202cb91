"""Experiment: one experiment, a panel for each channel."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from slicken.channels import CHANNELS, DRIVERS, FRICTION, NORMAL_STRESS, SLIP_VELOCITY, TIME
from slicken.reporting.figures.by_experiment import medians, moving, spans_decades
from slicken.reporting.figures.finding_marks import finding_lines, mark_findings
from slicken.reporting.figures.marks import (
    Floats,
    bins_across,
    few_ticks,
    hatch_gaps,
    instead,
    log_y,
    shade_stages,
    write_below,
)
from slicken.reporting.figures.style import (
    GREEN,
    Width,
    ink,
    label_of,
    letter_panels,
    new_figure,
    plain,
)
from slicken.reporting.figures.thinning import decimated

if TYPE_CHECKING:
    from slicken.experiment.experiment import Experiment
    from slicken.logs.finding import Finding
    from slicken.reporting.wording import Wording


def experiment_figure(
    experiment: "Experiment",
    say: "Wording",
    *,
    findings: Sequence["Finding"] = (),
    steady: tuple[float, float] | None = None,
    width: Width = "double",
) -> Figure:
    """One experiment: a panel for each channel below one another, friction on top.

    Stages are shaded in turn. A finding that has a time is a numbered line across every panel and
    is listed below; an interval of steady sliding is a green bar along the foot of every panel.

    Args:
        experiment: What was measured.
        say: Words of the language.
        findings: Findings to mark.
        steady: Start and end of steady sliding, s.
        width: Column of a journal page, or two.
    """
    names = shown_channels(experiment)
    notes = finding_lines([each for each in findings if each.time is not None], say)
    if steady is not None:
        notes.append(say("labels.steady", steady=steady))
    height = 14 + 21 * len(names) + 3.2 * len(notes)
    figure, panels = new_figure(width=width, height_mm=height, rows=len(names), share_x="all")
    for axes, name in zip(panels, names, strict=True):
        draw_channel(axes, experiment, name, say)
        mark_findings(axes, findings, numbered=axes is panels[0])
        if steady is not None:
            axes.axvspan(*steady, ymin=-0.05, ymax=0.0, color=GREEN, linewidth=0, clip_on=False)
    panels[-1].set_xlabel(label_of(TIME.name, say))
    write_below(figure, notes)
    letter_panels(panels, [label_of(name, say) for name in names])
    figure.suptitle(plain(experiment.name, 110), x=0.01, ha="left")
    return figure


def shown_channels(experiment: "Experiment") -> list[str]:
    """Channels in the order of the panels: friction, drivers, normal stress, the rest.

    Slip comes only where slip velocity does not, whose integral it is.
    """
    first = [FRICTION.name, *(driver.name for driver in DRIVERS), NORMAL_STRESS.name]
    names = [name for name in first if name in experiment.channels]
    rest = [name for name in experiment.channels if name not in names]
    velocity = DRIVERS[0].name
    return names + [name for name in rest if name != "slip" or velocity not in names]


def draw_channel(axes: Axes, experiment: "Experiment", channel: str, say: "Wording") -> None:
    """One channel against time, in the unit in which it is shown.

    Stages are shaded in turn and gaps hatched. A long trace is thinned; every extreme stays. A slip
    velocity over decades has a logarithmic axis, below which the line leaves in holds.

    Args:
        axes: Axes to draw on.
        experiment: What was measured.
        channel: Name of the channel.
        say: Words of the language.
    """
    quantity = CHANNELS[channel]
    values = np.where(experiment.gap, np.nan, experiment.channels[channel])
    if experiment.stage is not None:
        shade_stages(axes, experiment.time, experiment.stage)
    hatch_gaps(axes, experiment.time, experiment.gap)
    axes.set_xlim(experiment.time[0], experiment.time[-1])
    few_ticks(axes, x=8, y=3)
    if not np.isfinite(values).any():
        instead(axes, say("labels.no_usable_sample"))
        return
    values = values * quantity.shown_per_unit
    is_logarithmic = channel == SLIP_VELOCITY.name and spans_decades(values)
    if is_logarithmic:
        (usual,) = medians((moving(values),))  # one sample near a standstill stretches no axis
        limits = float(np.nanmin(usual)) / 1.6, float(np.nanmax(values)) * 1.6
        values = np.where(np.isfinite(values), np.maximum(np.abs(values), limits[0] / 10), np.nan)
    axes.plot(
        *decimated(experiment.time, values, bins_across(axes)),
        color=ink(channel).colour,
        linewidth=0.7,
    )
    if is_logarithmic:
        axes.set_ylim(limits)
        log_y(axes)
        fine = (1, 3) if limits[1] < 100 * limits[0] else (1,)
        axes.yaxis.set_major_locator(LogLocator(subs=fine, numticks=5))
    else:
        _open_flat(axes, values)


def _open_flat(axes: Axes, values: Floats) -> None:
    """Room around a value that hardly changes, so that rounding does not look like a signal."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        room = 0.1 * abs(high) or 1.0
        axes.set_ylim(low - room, high + room)
