"""Traces: measured and predicted friction against time, for each experiment of the test part."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from slicken.evidence.intervals import LEVEL
from slicken.reporting.figures.marks import (
    Floats,
    bins_across,
    few_ticks,
    finite_runs,
    legend_below,
    lift_titles,
    shade_stages,
    write_stress,
)
from slicken.reporting.figures.style import (
    BLUE,
    VERMILLION,
    Width,
    label_of,
    letter_panels,
    new_figure,
    plain,
    time_label,
)
from slicken.reporting.figures.thinning import banded, broken_at_jumps, decimated

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.experiment.experiment import Experiment
    from slicken.reporting.wording import Wording


NAME = "traces"
MOST_PANELS = 7
"""Experiments below one another on a page; more would be too small to read."""
BAND, SPREAD, MEASURED = "#cfe3f0", "#86bcdc", "#6e6e6e"
"""Colours of the calibrated interval, of one standard deviation over runs, and of the log."""
WIDEST = 4.0
"""Ranges of friction that a band may span; a wider one is cut, or steps of friction look flat."""


@dataclass(frozen=True)
class Trace:
    """Friction of one experiment.

    Args:
        name: Name of the experiment.
        time: Target times in s, ascending, shape ``(N,)``.
        measured: Measured friction at the target times, ``(N,)``.
        mean: Predicted friction, mean over runs, ``(N,)``; NaN where no run is finite.
        spread: Standard deviation over runs, ``(N,)``.
        half_width: Half the width of the calibrated interval, ``(N,)``; NaN where there is none.
        log_time: Times of the log's samples from the first target to the last, s, ``(T,)``.
        log_friction: Measured friction at the log's samples, ``(T,)``; NaN within a gap.
        stage: Stage of each sample, ``(T,)``; -1 where it is in none or none are known.
        stress: Normal stress at each sample, Pa, ``(T,)``; NaN where it is not known.
    """

    name: str
    time: Floats
    measured: Floats
    mean: Floats
    spread: Floats
    half_width: Floats
    log_time: Floats
    log_friction: Floats
    stage: NDArray[np.int64]
    stress: Floats

    @property
    def within(self) -> float:
        """Share of the targets whose measured friction lies within the interval."""
        if not np.isfinite(self.mean + self.half_width).all():
            return float("nan")
        return float(np.mean(np.abs(self.measured - self.mean) <= self.half_width))


@dataclass(frozen=True)
class Traces:
    """Friction of the experiments of the test part.

    Args:
        shown: As many experiments as fit a page.
        others: Number of experiments that are not shown.
        level: Level of the interval.
        is_relative: Whether friction is less its level.
    """

    shown: Sequence[Trace]
    others: int = 0
    level: float = LEVEL
    is_relative: bool = False


def data(evidence: "Evidence") -> Traces | None:
    """Predictions at the best length beside the samples of the log; None without test targets."""
    trained, calibration = evidence.trained, evidence.skill.calibration
    table = trained.predictions(None, "test")
    half_width = calibration.width(table["predicted"].std("run").to_numpy())
    every = table["experiment"].to_numpy().astype(str)
    logs = {experiment.name: experiment for experiment in trained.experiments}
    names = [name for name in logs if name in set(every.tolist())]
    levels = trained.prepared.record.levels()
    shown = []
    for name in names[:MOST_PANELS]:
        here = np.flatnonzero(every == name)
        here = here[np.argsort(table["time"].to_numpy()[here], kind="stable")]
        one = table.isel(target=here)
        runs = finite_runs(one)
        nothing = np.full(here.size, np.nan)
        shown.append(
            Trace(
                name,
                one["time"].to_numpy().astype(np.float64),
                one["measured"].to_numpy().astype(np.float64),
                runs.mean(axis=0) if len(runs) else nothing,
                runs.std(axis=0) if len(runs) > 1 else nothing,
                half_width[here],
                *_log(logs[name], levels[name], *one["time"].to_numpy()[[0, -1]]),
            )
        )
    if not shown:
        return None
    is_relative = trained.plan.target == "relative"
    return Traces(shown, len(names) - len(shown), is_relative=is_relative)


def _log(
    experiment: "Experiment", level: float, start: float, end: float
) -> tuple[Floats, Floats, NDArray[np.int64], Floats]:
    """Time, friction less its level, stage and normal stress of the log between two times."""
    inside = (experiment.time >= start) & (experiment.time <= end)
    nothing = np.full(experiment.time.size, np.nan)
    friction = np.where(experiment.gap, np.nan, experiment.channels["friction"] - level)
    stage = experiment.stage
    stage = np.full(experiment.time.size, -1) if stage is None else stage
    stress = experiment.channels.get("normal_stress", nothing)
    return experiment.time[inside], friction[inside], stage[inside], stress[inside]


def draw(data: Traces, say: "Wording", width: Width) -> Figure:
    """A panel for each experiment; how much lies within the interval is said above it."""
    rows = len(data.shown)
    height = 16 + rows * (34 if rows < 5 else 30)
    figure, panels = new_figure(width=width, height_mm=height, rows=rows)
    titles = []
    for axes, trace in zip(panels, data.shown, strict=True):
        draw_trace(axes, trace, say, level=data.level)
        titles.append(plain(trace.name))
        if np.isfinite(trace.within):
            titles[-1] = say(
                "labels.share_within", name=plain(trace.name), share=trace.within, level=data.level
            )
    label = time_label(say, data.others)
    panels[-1].set_xlabel(label)
    legend_below(figure, panels[0])
    letter_panels(panels, titles)
    lift_titles(panels)
    return figure


def draw_trace(axes: Axes, trace: Trace, say: "Wording", *, level: float) -> None:
    """Measured friction as the log has it, and predicted friction at the target times.

    The dark band spans one standard deviation over runs on either side of their mean, the pale one
    the calibrated interval. Stages are shaded in turn, with their normal stress above.
    """
    time, mean, half, spread = trace.time, trace.mean, trace.half_width, trace.spread
    draw_band(axes, time, mean - half, mean + half, BAND, say("labels.interval", level=level))
    draw_band(axes, time, mean - spread, mean + spread, SPREAD, say("labels.std_of_runs"))
    draw_line(axes, trace.log_time, trace.log_friction, MEASURED, say("labels.measured"))
    if np.isfinite(mean).any():
        draw_line(axes, time, mean, BLUE, say("labels.predicted_mean"))
    else:
        axes.text(0.5, 0.9, say("labels.no_finite_predictions"), transform=axes.transAxes,
                  ha="center", color=VERMILLION)  # fmt: skip
    finish_friction(axes, time, [trace.log_friction, mean], half, say, level=level)
    shade_stages(axes, trace.log_time, trace.stage)
    write_stress(axes, trace.log_time, trace.stage, trace.stress)


def finish_friction(
    axes: Axes, time: Floats, lines: Sequence[Floats], half: Floats, say: "Wording", *, level: float
) -> None:
    """Limits, ticks and label of axes of friction; a cut interval is said in words."""
    axes.set_ylabel(label_of("friction", say))
    axes.set_xlim(time[0], max(time[-1], time[0] + 1e-9))
    few_ticks(axes, x=8, y=4)
    limits = limits_beside(lines, half)
    if limits is not None:
        axes.set_ylim(limits)
        words = say("labels.interval_cut", level=level, half=float(np.nanmax(half)))
        axes.text(0.995, 0.97, words, transform=axes.transAxes, ha="right", va="top", fontsize=6)


def limits_beside(lines: Sequence[Floats], half: Floats) -> tuple[float, float] | None:
    """Limits that follow friction where an interval is too wide for that; None where it is not.

    >>> limits_beside([np.array([0.5, 0.6])], np.array([0.1])) is None
    True
    >>> limits_beside([np.array([0.0, 1.0])], np.array([8.0]))
    (-0.5, 1.5)
    """
    seen = np.concatenate(lines)
    seen = seen[np.isfinite(seen)]
    span = float(np.ptp(seen)) if seen.size else 0.0
    if span == 0 or not np.isfinite(half).any() or 2 * np.nanmax(half) <= WIDEST * span:
        return None
    return float(seen.min()) - span / 2, float(seen.max()) + span / 2


def draw_line(axes: Axes, time: Floats, values: Floats, colour: str, label: str) -> None:
    """A line with every extreme of its values, and a gap where time jumps."""
    position, shown = broken_at_jumps(*decimated(time, values, bins_across(axes)))
    width = 0.4 if colour == MEASURED and shown.size > 500 else 0.8
    axes.plot(position, shown, color=colour, linewidth=width, label=label, zorder=3)


def draw_band(
    axes: Axes, time: Floats, lower: Floats, upper: Floats, colour: str, label: str
) -> None:
    """A band; nothing, and no entry of the legend, where it has no width."""
    if not np.isfinite(lower + upper).any() or not np.nanmax(upper - lower) > 0:
        return
    position, low, high = banded(time, lower, upper, bins_across(axes))
    broken, low = broken_at_jumps(position, low)
    _, high = broken_at_jumps(position, high)
    axes.fill_between(broken, low, high, color=colour, linewidth=0, zorder=2, label=label)
