"""Predicted: friction predicted for a new log, with its interval."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from slicken.channels import TIME
from slicken.reporting.figures.style import (
    BLUE,
    Width,
    label_of,
    letter_panels,
    new_figure,
    plain,
)
from slicken.reporting.figures.traces import (
    BAND,
    MEASURED,
    draw_band,
    draw_line,
    finish_friction,
)

if TYPE_CHECKING:
    from slicken.reporting.wording import Wording

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Predicted:
    """Friction predicted for a new log.

    Args:
        name: Name of the experiment.
        window: Window length, s.
        time: Target times in s, increasing, shape ``(N,)``.
        friction: Predicted friction, ``(N,)``.
        low: Lower bound, ``(N,)``.
        high: Upper bound, ``(N,)``.
        measured: Friction in the log, ``(N,)``; NaN where it has none.
        level: Level of the interval.
    """

    name: str
    window: float
    time: Floats
    friction: Floats
    low: Floats
    high: Floats
    measured: Floats
    level: float


def predicted_figure(data: Predicted, say: "Wording", width: Width) -> Figure:
    """Predicted friction with its interval, and measured friction where the log has it."""
    figure, (axes,) = new_figure(width=width, height_mm=70)
    axes.set_xlabel(label_of(TIME.name, say))
    interval = say("labels.interval", level=data.level)
    draw_band(axes, data.time, data.low, data.high, BAND, interval)
    if np.isfinite(data.measured).any():
        draw_line(axes, data.time, data.measured, MEASURED, say("labels.measured"))
    draw_line(axes, data.time, data.friction, BLUE, say("labels.predicted"))
    half = (data.high - data.low) / 2
    finish_friction(axes, data.time, [data.measured, data.friction], half, say, level=data.level)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3)
    title = say("labels.name_and_window", name=plain(data.name, 40), window=data.window)
    letter_panels([axes], [title])
    return figure
