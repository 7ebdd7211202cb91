"""Experiments: one channel against time, and friction with normal stress in brief."""

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from slicken.channels import (
    CHANNELS,
    DRIVERS,
    FRICTION,
    NORMAL_FORCE,
    NORMAL_STRESS,
    TIME,
    Channel,
)
from slicken.experiment.experiment import Experiment
from slicken.reporting.figures.marks import few_ticks, hatch_gaps, intervals, say
from slicken.reporting.figures.style import SHADE, ink, styled
from slicken.reporting.figures.thinning import decimated

Floats = NDArray[np.float64]


def shown_channels(experiment: Experiment) -> list[str]:
    """Channels in the order of the panels: friction, drivers, normal stress, the rest.

    Slip comes only where slip velocity does not, whose integral it is.
    """
    first = [FRICTION.name, *(driver.name for driver in DRIVERS), NORMAL_STRESS.name]
    names = [name for name in first if name in experiment.channels]
    rest = [name for name in experiment.channels if name not in names]
    velocity = DRIVERS[0].name
    return names + [name for name in rest if name != "slip" or velocity not in names]


@styled
def draw_channel(axes: Axes, experiment: Experiment, channel: str) -> None:
    """One channel against time, in the unit in which it is shown.

    Stages are shaded in turn and gaps hatched. A long trace is thinned; every extreme stays.

    Args:
        axes: where.
        experiment: what was measured.
        channel: which of its channels.
    """
    quantity = CHANNELS[channel]
    values = np.where(experiment.gap, np.nan, experiment.channels[channel])
    if experiment.stage is not None:
        shade_all_stages(axes, experiment.time, experiment.stage)
    hatch_gaps(axes, experiment.time, experiment.gap)
    axes.set_xlim(experiment.time[0], experiment.time[-1])
    axes.set_xlabel(TIME.label)
    few_ticks(axes, x=8, y=3)
    if not np.isfinite(values).any():
        say(axes, "no usable sample")
        return
    axes.plot(
        *decimated(experiment.time, values * quantity.shown_per_unit),
        color=ink(channel).colour,
        linewidth=0.7,
    )
    _open_flat(axes, values * quantity.shown_per_unit)


def shade_all_stages(axes: Axes, time: Floats, stage: NDArray[np.int64]) -> None:
    """Shade every second stage of a whole experiment, up to the first sample of the next."""
    known = [span for span in intervals(stage) if stage[span[0]] >= 0]
    for start, end in known[1::2]:
        right = time[min(end, time.size - 1)]
        axes.axvspan(time[start], right, color=SHADE, linewidth=0, zorder=0)


def _open_flat(axes: Axes, values: Floats) -> None:
    """Room around a value that hardly changes, so that rounding does not look like a signal."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        room = 0.1 * abs(high) or 1.0
        axes.set_ylim(low - room, high + room)


def load_of(experiment: Experiment) -> Channel | None:
    """Normal stress, or the normal force where only that is known; None where neither is."""
    return next((c for c in (NORMAL_STRESS, NORMAL_FORCE) if c.name in experiment.channels), None)


@styled
def draw_brief(friction: Axes, stress: Axes, experiment: Experiment) -> None:
    """Friction above normal stress, small, for an overview of many experiments.

    Args:
        friction: upper axes.
        stress: lower axes, sharing the time axis.
        experiment: what was measured; without normal stress the lower axes say so.
    """
    draw_channel(friction, experiment, FRICTION.name)
    friction.tick_params(labelbottom=False)
    friction.set_xlabel("")
    load = load_of(experiment)
    if load is not None:
        draw_channel(stress, experiment, load.name)
        low, high = stress.get_ylim()
        stress.set_ylim(min(0.0, low), high)
        few_ticks(stress, y=2)
    else:
        say(stress, "normal stress not known")
        stress.set_xlim(experiment.time[0], experiment.time[-1])
    few_ticks(stress, x=4)
    few_ticks(friction, x=4, y=3)
