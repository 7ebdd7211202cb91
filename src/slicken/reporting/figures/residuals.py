"""Residuals: what the networks miss on what they never saw, against time and slip velocity."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from slicken.channels import SLIP_VELOCITY, TEMPERATURE, TIME, TITLED
from slicken.evidence.intervals import LEVEL
from slicken.reporting.figures.marks import (
    Floats,
    few_ticks,
    finite_runs,
    is_wide,
    legend_below,
    log_x,
)
from slicken.reporting.figures.style import (
    BLUE,
    FAINT,
    INK,
    Width,
    label_of,
    letter_panels,
    new_figure,
)
from slicken.reporting.figures.traces import BAND

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.reporting.wording import Wording

NAME = "residuals"
MOST_POINTS = 4000
BINS, FEWEST = 20, 5
"""Bins along an axis, and targets of a bin, at least."""
SLOWEST = 0.01
"""Quantile of the velocity above zero below which a point is not shown on a logarithmic axis."""
VARIES = 1.2
"""Ratio of the 95th to the 5th percentile from which a velocity is worth an axis."""


@dataclass(frozen=True)
class Missed:
    """Held-out targets.

    Args:
        residual: Measured friction less the mean over runs, shape ``(N,)``.
        half_width: Half the width of the calibrated interval, median over targets.
        time: Of each target, s, ``(N,)``.
        driver: Name of the driver of the other panel; blank where none varies.
        values: That driver at the targets, in the unit of its channel, ``(N,)``.
        level: Level of the interval.
    """

    residual: Floats
    half_width: float
    time: Floats
    driver: str
    values: Floats
    level: float = LEVEL


def data(evidence: "Evidence") -> Missed | None:
    """Residuals of the lengths that the folds chose; None without a finite run."""
    trained = evidence.trained
    table = trained.predictions(None, "test")
    runs = finite_runs(table)
    if not len(runs) or not table.sizes["target"]:
        return None
    half = evidence.skill.calibration.width(runs.std(axis=0))
    names, time = table["experiment"].to_numpy().astype(str), table["time"].to_numpy()
    driver, values = "", np.full(time.size, np.nan)
    for name in (SLIP_VELOCITY.name, TEMPERATURE.name):
        found = np.full(time.size, np.nan)
        for one in trained.experiments:
            if name in one.channels:
                here = names == one.name
                found[here] = np.interp(time[here], one.time, one.channels[name])
        if _varies(name, found):
            driver, values = name, found
            break
    return Missed(
        residual=table["measured"].to_numpy() - runs.mean(axis=0),
        half_width=float(np.median(half)),
        time=time,
        driver=driver,
        values=values,
    )


def _varies(name: str, values: Floats) -> bool:
    known = values[np.isfinite(values) & ((values > 0) | (name != SLIP_VELOCITY.name))]
    if not known.size:
        return False
    low, high = np.quantile(known, [0.05, 0.95])
    return bool(high > VARIES * low) if name == SLIP_VELOCITY.name else bool(high - low > 1.0)


def draw(data: Missed, say: "Wording", width: Width) -> Figure:
    """Residuals against time, and against the driver that varies."""
    panels_wanted = 2 if data.driver else 1
    wide = width == "double"
    figure, panels = new_figure(
        width=width,
        height_mm=70 if wide or panels_wanted == 1 else 115,
        rows=1 if wide else panels_wanted,
        columns=panels_wanted if wide else 1,
        share_y="all",
    )
    _draw(panels[0], data.time, data, say)
    panels[0].set_xlabel(label_of(TIME.name, say))
    titles = [say("labels.against_time")]
    few_ticks(panels[0], x=6, y=5)
    if data.driver:
        channel, values = TITLED[data.driver], data.values
        moving = values[values > 0]
        wide_axis = data.driver == SLIP_VELOCITY.name and bool(moving.size)
        ends = np.quantile(moving, [SLOWEST, 1.0]) if wide_axis else np.array([])
        logarithmic = wide_axis and is_wide(ends)
        here = values >= ends[0] if logarithmic else np.isfinite(values)
        _draw(panels[1], values * channel.shown_per_unit, data, say, here, logarithmic=logarithmic)
        panels[1].set_xlabel(label_of(data.driver, say))
        if logarithmic:
            low, high = ends * channel.shown_per_unit
            panels[1].set_xlim(low / 1.3, high * 1.3)
            log_x(panels[1])
        else:
            few_ticks(panels[1], x=6)
        titles.append(say("labels.against_driver", driver=data.driver))
    for axes in panels if not wide else panels[:1]:
        axes.set_ylabel(say("labels.missed"))
    legend_below(figure, panels[0])
    letter_panels(panels, titles)
    return figure


def _draw(
    axes: Axes,
    places: Floats,
    data: Missed,
    say: "Wording",
    here: NDArray[np.bool_] | None = None,
    *,
    logarithmic: bool = False,
) -> None:
    usable = np.isfinite(places) & np.isfinite(data.residual)
    rows = np.flatnonzero(usable if here is None else usable & here)
    axes.axhspan(
        -data.half_width, data.half_width, color=BAND, linewidth=0, zorder=0,
        label=say("labels.interval", level=data.level),
    )  # fmt: skip
    axes.axhline(0.0, color=FAINT, linewidth=0.6, zorder=1)
    some = rows[:: max(1, rows.size // MOST_POINTS)]
    axes.plot(
        places[some], data.residual[some], linestyle="", marker=".", markersize=1.5, color=BLUE,
        alpha=0.5, rasterized=True, label=say("labels.held_out_targets"),
    )  # fmt: skip
    at, medians = running_median(
        np.log(places[rows]) if logarithmic else places[rows], data.residual[rows]
    )
    axes.plot(
        np.exp(at) if logarithmic else at, medians, color=INK, linewidth=1.0,
        label=say("labels.running_median"),
    )  # fmt: skip


def running_median(places: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Medians of equal bins along an axis; NaN in bins with few values, where a line breaks.

    >>> at, medians = running_median(np.arange(100.0), np.repeat([1.0, 2.0], 50))
    >>> medians.min(), medians.max(), at.size
    (np.float64(1.0), np.float64(2.0), 20)
    """
    if not places.size or not np.ptp(places) > 0:
        return np.array([]), np.array([])
    edges = np.linspace(places.min(), places.max(), BINS + 1)
    of = np.clip(np.searchsorted(edges, places, side="right") - 1, 0, BINS - 1)
    bins = [values[of == each] for each in range(BINS)]
    medians = [np.median(each) if each.size >= FEWEST else np.nan for each in bins]
    return 0.5 * (edges[1:] + edges[:-1]), np.array(medians)
