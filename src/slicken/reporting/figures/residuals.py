"""Residuals: measured less predicted friction of the test part, against velocity and time."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slicken.channels import CHANNELS, SLIP_VELOCITY, TEMPERATURE
from slicken.evidence.intervals import LEVEL
from slicken.reporting.figures.by_experiment import moving, scale_of, spans_decades, varies
from slicken.reporting.figures.marks import Floats, few_ticks, finite_runs, legend_below, log_x
from slicken.reporting.figures.style import (
    BLUE,
    INK,
    Width,
    label_of,
    letter_panels,
    new_figure,
    time_label,
)
from slicken.reporting.figures.traces import BAND, MEASURED

if TYPE_CHECKING:
    import xarray as xr

    from slicken.evidence.evidence import Evidence
    from slicken.reporting.wording import Wording
    from slicken.study.trained import Trained

NAME = "residuals"
BINS = {"single": 14, "double": 24}
"""Bins of equal width, of the logarithm where the axis is logarithmic."""
FEWEST = 10
"""Targets of a bin, at least."""
MOST_POINTS = 3000
_WIDEST = 3.0


@dataclass(frozen=True)
class Residuals:
    """Residuals of the test part.

    Args:
        time: Target times on the clock of each experiment, s, shape ``(N,)``.
        residual: Measured friction less the mean over runs, ``(N,)``.
        half_width: Half the width of the calibrated interval, ``(N,)``.
        driver: Slip velocity, or temperature; blank where neither varies.
        values: The driver at the targets, in its SI unit, ``(N,)``; NaN where it is not known.
        level: Level of the interval, and of the middle of the residuals.
    """

    time: Floats
    residual: Floats
    half_width: Floats
    driver: str
    values: Floats
    level: float = LEVEL


def data(evidence: "Evidence") -> Residuals | None:
    """Residuals at the best length; None where no run has finite predictions."""
    trained = evidence.trained
    table = trained.predictions(None, "test")
    runs = finite_runs(table)
    if not runs.size:
        return None
    spread = table["predicted"].std("run").to_numpy()
    driver, values = _driver(trained, table)
    return Residuals(
        table["time"].to_numpy().astype(np.float64),
        table["measured"].to_numpy() - runs.mean(axis=0),
        evidence.skill.calibration.width(spread),
        driver,
        values,
    )


def _driver(trained: "Trained", table: "xr.Dataset") -> tuple[str, Floats]:
    """Slip velocity where it varies, else temperature where that does; with its values."""
    names, time = table["experiment"].to_numpy().astype(str), table["time"].to_numpy()
    nothing = np.full(time.size, np.nan)
    for channel in (SLIP_VELOCITY, TEMPERATURE):
        values = nothing.copy()
        for one in trained.experiments:
            here = names == one.name
            if channel.name in one.channels:
                values[here] = np.interp(time[here], one.time, one.channels[channel.name])
        known = values[np.isfinite(values)]
        velocity = channel == SLIP_VELOCITY
        if known.size and (varies(np.sort(known)) if velocity else np.ptp(known) > 0):
            return channel.name, values
    return "", nothing


def draw(data: Residuals, say: "Wording", width: Width) -> Figure:
    """Residuals against the driver, where there is one, and against time."""
    count = 2 if data.driver else 1
    beside = width == "double" and count == 2
    rows = 1 if beside else count
    figure, panels = new_figure(
        width=width, height_mm=16 + 52 * rows, rows=rows, columns=2 if beside else 1, share_y="all"
    )
    if data.driver:
        _draw_driver(panels[0], data, say, BINS[width] // (2 if beside else 1))
    _draw_binned(panels[-1], data.time, data, say, BINS[width] // (2 if beside else 1))
    panels[-1].set_xlabel(time_label(say))
    few_ticks(panels[-1], x=6)
    panels[0].set_ylim(*_limits(data))
    widest = float(np.nanmax(data.half_width, initial=0.0))
    if widest > panels[0].get_ylim()[1]:
        words = say("labels.interval_cut", level=data.level, half=widest)
        panels[-1].set_title(words, loc="right", fontsize=6)
    for axes in panels:
        few_ticks(axes, y=5)
        axes.set_ylabel("" if beside and axes is panels[-1] else say("labels.less_predicted"))
    legend_below(figure, panels[-1])
    letter_panels(panels, [""] * len(panels))
    return figure


def _draw_driver(axes: Axes, data: Residuals, say: "Wording", bins: int) -> None:
    if data.driver != SLIP_VELOCITY.name:
        _draw_binned(axes, data.values * CHANNELS[data.driver].shown_per_unit, data, say, bins)
        axes.set_xlabel(label_of(data.driver, say))
        few_ticks(axes, x=6)
        return
    known = np.sort(data.values[np.isfinite(data.values)])
    speed = moving(data.values)
    factor, label = scale_of(SLIP_VELOCITY, speed, say)
    is_logarithmic = spans_decades(known)
    _draw_binned(axes, factor * speed, data, say, bins, is_logarithmic=is_logarithmic)
    axes.set_xlabel(label)
    if is_logarithmic:
        low, high = factor * np.nanmin(speed), factor * np.nanmax(speed)
        axes.set_xlim(low / 1.4, high * 1.4)
        log_x(axes)
    else:
        few_ticks(axes, x=6)


def _draw_binned(
    axes: Axes,
    x: Floats,
    data: Residuals,
    say: "Wording",
    bins: int,
    *,
    is_logarithmic: bool = False,
) -> None:
    """Points, and in each bin the interval, the median and the middle of the residuals."""
    known = np.isfinite(x)
    every = max(1, int(known.sum()) // MOST_POINTS)
    axes.plot(
        x[known][::every], data.residual[known][::every], "o", color=MEASURED, markersize=1.8,
        markeredgewidth=0, alpha=0.5, rasterized=True, zorder=2, label=say("labels.target"),
    )  # fmt: skip
    axes.axhline(0.0, color=INK, linewidth=0.5, zorder=1.5)
    rows = binned(x[known], data.residual[known], data.half_width[known], bins, data.level,
                  is_logarithmic=is_logarithmic)  # fmt: skip
    if not rows.size:
        return
    left, right, low, middle, high, half = rows.T
    axes.bar(
        left, 2 * half, right - left, bottom=-half, align="edge", color=BAND, linewidth=0, zorder=1,
        label=say("labels.interval", level=data.level),
    )  # fmt: skip
    axes.hlines(
        middle, left, right, color=BLUE, linewidth=1.6, zorder=3, label=say("labels.median")
    )
    edges = say("labels.middle_of_residuals", level=data.level)
    axes.hlines(low, left, right, color=BLUE, linewidth=0.6, zorder=3, label=edges)
    axes.hlines(high, left, right, color=BLUE, linewidth=0.6, zorder=3)


def binned(
    x: Floats, residual: Floats, half_width: Floats, bins: int, level: float,
    *, is_logarithmic: bool = False,
) -> Floats:  # fmt: skip
    """Quantiles of residuals in bins of equal width.

    Args:
        x: Place of each target, shape ``(N,)``.
        residual: Residuals, ``(N,)``.
        half_width: Half the width of the interval, ``(N,)``.
        bins: Number of bins.
        level: Share of the residuals between the two outer quantiles.
        is_logarithmic: Whether bins are equally wide in the logarithm of ``x``.

    Returns:
        A row for each bin with at least :data:`FEWEST` targets: its left and right edge, the lower
        quantile, the median and the upper quantile of the residuals, and the median half width.

    >>> x = np.linspace(0.0, 1.0, 101)
    >>> binned(x, x, 0 * x + 2, 1, 0.9).round(2).tolist()
    [[-0.5, 1.5, 0.05, 0.5, 0.95, 2.0]]
    """
    if not x.size or x.min() == x.max():
        return np.zeros((0, 6))
    place = np.log(x) if is_logarithmic else x
    half = np.ptp(place) / max(bins - 1, 1) / 2  # so that the ends, often levels, are mid-bin
    edges = np.linspace(place.min() - half, place.max() + half, bins + 1)
    number = np.clip(np.searchsorted(edges, place, side="right") - 1, 0, bins - 1)
    edges = np.exp(edges) if is_logarithmic else edges
    rows = []
    for one in range(bins):
        here = number == one
        if here.sum() >= FEWEST:
            quantiles = np.quantile(residual[here], [(1 - level) / 2, 0.5, (1 + level) / 2])
            rows.append([edges[one], edges[one + 1], *quantiles, np.median(half_width[here])])
    return np.array(rows, np.float64).reshape(-1, 6)


def _limits(data: Residuals) -> tuple[float, float]:
    """Limits that hold every residual, and the interval where that is not much wider."""
    greatest = float(np.nanmax(np.abs(data.residual))) or 1e-6
    half = data.half_width[np.isfinite(data.half_width)]
    band = min(float(np.median(half)), _WIDEST * greatest) if half.size else 0.0
    limit = 1.1 * max(greatest, band)
    return -limit, limit
