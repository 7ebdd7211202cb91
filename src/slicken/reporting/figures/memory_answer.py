"""Memory answer: required history and window comparison on one axis of seconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slicken.reporting.figures.contract import planted_memory
from slicken.reporting.figures.marks import (
    few_ticks,
    instead,
    legend_below,
    limit_y,
    log_x,
    mark_planted,
    offsets,
    scaled_y,
)
from slicken.reporting.figures.style import (
    BLUE,
    FAINT,
    INK,
    SHADE,
    VERMILLION,
    Width,
    letter_panels,
    new_figure,
)
from slicken.reporting.figures.windows import Losses
from slicken.reporting.figures.windows import data as losses_of

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.reporting.wording import Wording


NAME = "memory_answer"
CONCLUDED = VERMILLION
OTHER = "#6b6b6b"
"""Colours of the reading on which the conclusion rests, and of the others."""


@dataclass(frozen=True)
class Reading:
    """The memory by one method.

    Args:
        method: ``networks``, ``linear``, ``curved``, ``trees``, or a kernel: ``boxcar``,
            ``exponential``.
        low: From, s; zero where the shortest history that was tried is enough.
        high: To, s; that shortest history where it is enough.
        value: Best memory of a kernel, s; NaN for a required history.
        concluded: Whether the conclusion rests on it.
    """

    method: str
    low: float
    high: float
    value: float = float("nan")
    concluded: bool = False


@dataclass(frozen=True)
class Answer:
    """Readings of the memory, and the window comparison.

    Args:
        readings: Rows from the top; empty where these data cannot tell.
        comparison: Losses of all runs.
        clearly_worse: Lengths that are distinguishable from the best, s.
        planted: Memory of a simulated fault, s.
    """

    readings: Sequence[Reading]
    comparison: Losses
    clearly_worse: Sequence[float] = ()
    planted: float | None = None


def data(evidence: "Evidence") -> Answer:
    """Every reading that says something, where the networks have proven skill."""
    memory = evidence.memory
    concluded = memory.conclusion.method if memory.conclusion else ""
    readings = [
        Reading(one.family, *(one.range or (0.0, one.shortest)), concluded=one.family == concluded)
        for one in memory.required
    ] + [
        Reading(
            one.shape,
            one.more_than if one.is_limited else one.low,
            np.inf if one.is_limited else one.high,
            one.memory,
            one.shape == concluded,
        )
        for one in memory.kernels
        if one.is_shown and one.fits
    ]
    comparison, tied = losses_of(evidence), evidence.comparison.tied
    worse = [float(s) for s in comparison.seconds if s not in tied]
    return Answer(
        readings if evidence.skill.proven and memory.conclusion else (),
        comparison,
        worse if evidence.skill.proven else (),
        planted_memory(evidence),
    )


def draw(data: Answer, say: "Wording", width: Width) -> Figure:
    """Two panels below one another on one logarithmic axis of seconds."""
    rows = max(len(data.readings), 2)
    figure, (top, bottom) = new_figure(
        width=width, height_mm=62 + 4.6 * rows + (12 if width == "single" else 0), rows=2,
        share_x="col", height_ratios=[4.6 * rows + 3, 36],
    )  # fmt: skip
    _draw_comparison(bottom, data, say)
    _limit(top, data)
    draw_readings(top, data.readings, say)
    for axes in (top, bottom):
        mark_planted(axes, data.planted, say)
    bottom.set_xlabel(say("labels.seconds_of_history"))
    legend_below(figure, bottom)
    titles = [say("labels.required_history_by"), say("figures.comparison_title")]
    letter_panels((top, bottom), titles)
    return figure


def draw_readings(axes: Axes, readings: Sequence[Reading], say: "Wording") -> None:
    """A bar for each reading, from which to which memory; the one concluded on stands out.

    A kernel has a point at its best memory. An arrow is a reading by which the shortest history
    that was tried is enough.
    """
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(max(len(readings), 2) - 0.4, -0.6)
    if not readings:
        axes.set_yticks([])
        axes.text(0.5, 0.5, say("labels.memory_unknown"), transform=axes.transAxes, ha="center",
                  va="center", color=INK)  # fmt: skip
        return
    axes.set_yticks(range(len(readings)), [say(f"labels.family_{one.method}") for one in readings])
    for place, one in enumerate(readings):
        colour = CONCLUDED if one.concluded else OTHER
        axes.axhline(place, color=SHADE, linewidth=0.8, zorder=0.1)
        if one.low > 0:
            known = np.isfinite(one.high)
            end = one.high if known else axes.get_xlim()[1]
            axes.plot([one.low, end], [place, place], color=colour, linewidth=4.0,
                      solid_capstyle="butt", alpha=0.75, zorder=2)  # fmt: skip
            if not known:  # as far as was tried, and on
                axes.plot([end], [place], ">", color=colour, markersize=6, clip_on=False, zorder=2)
            axes.plot([one.value], [place], "D", color=INK, markerfacecolor="white",
                      markersize=3.2, markeredgewidth=0.6, zorder=3)  # fmt: skip
        else:
            axes.plot([one.high], [place], "<", color=colour, markersize=5, zorder=2)
        axes.get_yticklabels()[place].set_color(colour)


def _draw_comparison(axes: Axes, data: Answer, say: "Wording") -> None:
    """Losses of runs and their means; hollow where a length is clearly worse than the best."""
    seconds, values = data.comparison.seconds, data.comparison.values
    if not np.isfinite(values).any():
        instead(axes, say("labels.no_finite_run"))
        return
    across = seconds[:, None] * np.exp(offsets(values.shape[1], 0.03))[None, :]
    axes.plot(across.ravel(), values.ravel(), "o", markersize=1.6, color=BLUE, alpha=0.5,
              markeredgewidth=0, zorder=2, label=say("labels.run"))  # fmt: skip
    means = np.asarray(data.comparison.losses.mean("run", skipna=True).to_numpy(), dtype=np.float64)
    axes.plot(seconds, means, "-", color=BLUE, linewidth=0.8, zorder=3)
    worse = np.isin(seconds, np.asarray(data.clearly_worse))
    for here, face, name in ((~worse, BLUE, "mean_of_runs"), (worse, "white", "clearly_worse")):
        if here.any():
            label = say(
                "labels.tied" if name == "mean_of_runs" and worse.any() else f"labels.{name}"
            )
            axes.plot(seconds[here], means[here], "D", color=BLUE, markerfacecolor=face,
                      markersize=3.6, markeredgewidth=0.7, zorder=4, label=label)  # fmt: skip
    levels = data.comparison.levels
    if np.isfinite(levels).any():
        axes.plot(seconds, levels, "--s", color=FAINT, linewidth=0.8, markersize=2, zorder=1,
                  label=say("labels.linear_model"))  # fmt: skip
    seen = np.concatenate([values.ravel(), levels])
    if not limit_y(axes, seen):
        few_ticks(axes, y=4)
    axes.set_ylabel(say("labels.lowest_loss", unit=scaled_y(axes)))


def _limit(axes: Axes, data: Answer) -> None:
    """One logarithmic axis that holds all lengths, readings and what was planted."""
    ends = [*data.comparison.seconds.tolist(), data.planted or 0.0]
    ends += [end for one in data.readings for end in (one.low, one.high)]
    shown = [end for end in ends if np.isfinite(end) and end > 0]
    axes.set_xlim(min(shown) / 1.25, max(shown) * 1.25)
    log_x(axes)
