"""Friction predicted against friction measured: as a cloud of points and as traces in time."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import NDArray

from slicken.reporting.figures.marks import few_ticks, number, say, shade_stages, write_stress
from slicken.reporting.figures.style import BLUE, INK, VERMILLION, styled
from slicken.reporting.figures.thinning import banded, broken_at_jumps, decimated

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]

NOTHING = "no targets in this part"
NO_RUN = "no run with finite predictions"
_CLOUD = LinearSegmentedColormap.from_list("cloud", ["#7fb8da", BLUE, "#00263d"])
_CELLS = 80


@styled
def draw_scatter(
    axes: Axes,
    predictions: "xr.Dataset",
    *,
    scores: Mapping[str, float] | None = None,
    limits: tuple[float, float] | None = None,
) -> None:
    """Predicted against measured friction (the paper's figure 2b).

    A point is the mean over runs at one target time, darker where points are dense; the grey
    bar behind it spans one standard deviation over runs on either side. Points and bars are
    pixels in the PDF, so that ten thousand of them stay one small picture; all else is vector.

    Args:
        axes: where; both axes get the same limits and the same scale.
        predictions: ``predicted`` with dims ``(run, target)`` and ``measured`` with dim
            ``target``. A run that is not finite throughout is left out.
        scores: numbers for the corner, by name; computed from the mean over runs if None.
        limits: least and greatest friction of both axes; from the data if None.
    """
    axes.set_xlabel("Measured friction")
    axes.set_ylabel("Predicted friction")
    axes.set_box_aspect(1)
    measured = np.asarray(predictions["measured"].to_numpy(), dtype=np.float64)
    runs = finite_runs(predictions)
    if measured.size == 0 or len(runs) == 0:
        say(axes, NOTHING if measured.size == 0 else NO_RUN)
        return
    mean, spread = runs.mean(axis=0), runs.std(axis=0)
    low, high = limits or friction_limits([predictions])
    axes.plot([low, high], [low, high], color=INK, linewidth=0.6, zorder=2.5, label="1:1")
    if len(runs) > 1:
        _draw_bars(axes, measured, mean, spread)
    _draw_points(axes, measured, mean, "mean of runs" if len(runs) > 1 else "predicted")
    axes.set(xlim=(low, high), ylim=(low, high))
    few_ticks(axes, x=4, y=4)
    shown = scores if scores is not None else agreement(measured, mean)
    corners = [
        "\n".join(f"{name} = {_score(value)}" for name, value in shown.items()),
        f"{len(runs)} run{'s' * (len(runs) != 1)}\n{measured.size} targets",
    ]
    _write_corners(axes, corners, (mean > measured).mean() > 0.75)


@styled
def draw_trace(
    axes: Axes,
    predictions: "xr.Dataset",
    *,
    half_width: Floats | None = None,
    interval: str = "interval",
    label: bool = True,
) -> None:
    """Measured and predicted friction of one experiment against time.

    The dark band spans one standard deviation over runs on either side of their mean, the pale
    one the least and the greatest run, or the interval where there is one. Stages are shaded in
    turn, with their normal stress above.

    Args:
        axes: where.
        predictions: targets of one experiment, as for :func:`draw_scatter`, with coordinates
            ``time``, ``stage`` and ``normal_stress``.
        half_width: half the width of an interval around the mean, friction, shape ``(N,)``.
        interval: what it is called.
        label: whether to write a legend above the axes.
    """
    axes.set_xlabel("Time (s)")
    axes.set_ylabel("Friction")
    if predictions.sizes["target"] == 0:
        say(axes, NOTHING)
        return
    order = np.argsort(predictions["time"].to_numpy(), kind="stable")
    ordered = predictions.isel(target=order)
    time = np.asarray(ordered["time"].to_numpy(), dtype=np.float64)
    _draw_line(axes, time, ordered["measured"].to_numpy(), INK, "measured")
    runs = finite_runs(ordered)
    if len(runs):
        mean, spread = runs.mean(axis=0), runs.std(axis=0)
        if half_width is not None:
            half = half_width[order]
            _draw_band(axes, time, mean - half, mean + half, "#cfe3f0", interval)
        elif len(runs) > 1:
            _draw_band(axes, time, runs.min(axis=0), runs.max(axis=0), "#cfe3f0", "all runs")
        if len(runs) > 1:
            _draw_band(axes, time, mean - spread, mean + spread, "#86bcdc", "one std of runs")
        many = len(runs) > 1
        _draw_line(axes, time, mean, BLUE, "predicted, mean of runs" if many else "predicted")
    axes.set_xlim(time[0], max(time[-1], time[0] + 1e-9))
    few_ticks(axes, x=8, y=4)
    shade_stages(axes, time, ordered["stage"].to_numpy())
    write_stress(axes, time, ordered["stage"].to_numpy(), ordered["normal_stress"].to_numpy())
    if not len(runs):
        axes.text(0.5, 0.9, NO_RUN, transform=axes.transAxes, ha="center", color=VERMILLION)
    if label:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.08), ncols=4)


@styled
def draw_interval(
    axes: Axes,
    time: Floats,
    friction: Floats,
    low: Floats,
    high: Floats,
    *,
    measured: Floats,
    label: str,
) -> None:
    """Friction predicted for a new log, with its interval, and what the log has.

    Args:
        axes: where.
        time: s, shape ``(N,)``, increasing; a jump is not drawn over.
        friction: predicted, shape ``(N,)``.
        low: lower bound, shape ``(N,)``.
        high: upper bound, shape ``(N,)``.
        measured: friction in the log, shape ``(N,)``.
        label: what the interval is called.
    """
    axes.set_xlabel("Time (s)")
    axes.set_ylabel("Friction")
    _draw_band(axes, time, low, high, "#cfe3f0", label)
    _draw_line(axes, time, measured, INK, "measured")
    _draw_line(axes, time, friction, BLUE, "predicted")
    axes.set_xlim(time[0], max(time[-1], time[0] + 1e-9))
    few_ticks(axes, x=8, y=4)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3)


def share_within(predictions: "xr.Dataset", half_width: Floats) -> float:
    """The share of measured friction within an interval around the mean over runs.

    Args:
        predictions: as for :func:`draw_scatter`.
        half_width: friction, shape ``(N,)``.
    """
    runs = finite_runs(predictions)
    if not runs.size:
        return float("nan")
    measured = np.asarray(predictions["measured"].to_numpy(), dtype=np.float64)
    return float(np.mean(np.abs(measured - runs.mean(axis=0)) <= half_width))


def finite_runs(predictions: "xr.Dataset") -> Floats:
    """The predictions of the runs that are finite throughout, shape ``(runs, targets)``."""
    table = predictions["predicted"].transpose("run", "target")
    values = np.asarray(table.to_numpy(), dtype=np.float64)
    return values[np.isfinite(values).all(axis=1)]


def agreement(measured: Floats, predicted: Floats) -> dict[str, float]:
    """Root mean square error, R² (skill over the mean) and correlation; NaN if undefined.

    >>> agreement(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    {'RMSE': 0.0, 'R²': 1.0, 'r': 1.0}
    """
    residual, centred = predicted - measured, measured - measured.mean()
    total = float(np.sum(centred**2))
    moved = predicted - predicted.mean()
    norm = float(np.sqrt(np.sum(moved**2) * total))
    varied = norm > 1e-12 * (1e-12 + total)
    return {
        "RMSE": float(np.sqrt(np.mean(residual**2))),
        "R²": 1 - float(np.sum(residual**2)) / total if total > 0 else float("nan"),
        "r": float(np.sum(moved * centred)) / norm if varied else float("nan"),
    }


def friction_limits(predictions: "list[xr.Dataset]") -> tuple[float, float]:
    """Limits that hold the measured friction and the mean prediction of all datasets."""
    seen: list[Floats] = []
    for dataset in predictions:
        runs = finite_runs(dataset)
        seen.append(np.asarray(dataset["measured"].to_numpy(), dtype=np.float64))
        if runs.size:
            seen.append(runs.mean(axis=0))
    values = np.concatenate(seen) if seen else np.zeros(0)
    values = values[np.isfinite(values)]
    if values.size == 0:
        return 0.0, 1.0
    margin = 0.05 * float(np.ptp(values)) or 0.05
    return float(values.min()) - margin, float(values.max()) + margin


def _write_corners(axes: Axes, words: list[str], swapped: bool) -> None:
    """Words in the two corners that the line of equality leaves free; the first has more lines."""
    upper, lower = reversed(words) if swapped else words
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6}
    for x, y, text, across, along in (
        (0.04, 0.97, upper, "left", "top"),
        (0.97, 0.04, lower, "right", "bottom"),
    ):
        corner = axes.text(x, y, text, transform=axes.transAxes, fontsize=6, bbox=box, zorder=4)
        corner.set(ha=across, va=along)


def _score(value: float) -> str:
    """Three digits; a dash where a score has no meaning (nothing varies)."""
    if not np.isfinite(value):
        return "\N{EN DASH}"
    return f"{value:.3f}".replace("-", "\N{MINUS SIGN}") if abs(value) >= 0.01 else number(
        float(f"{value:.2g}")
    )  # fmt: skip


def _draw_bars(axes: Axes, measured: Floats, mean: Floats, spread: Floats) -> None:
    ends = np.stack([mean - spread, mean + spread], axis=1)
    segments = np.stack([np.repeat(measured[:, None], 2, axis=1), ends], axis=2)
    bars = LineCollection(list(segments), colors="#dcdcdc", linewidths=0.6, zorder=1)
    bars.set(rasterized=True, label="± one std of runs")
    axes.add_collection(bars, autolim=False)


def _draw_points(axes: Axes, measured: Floats, mean: Floats, label: str) -> None:
    density = _density(measured, mean)
    order = np.argsort(density, kind="stable")
    size = float(np.interp(np.log10(max(measured.size, 1)), [2, 4], [5.0, 0.8]))
    axes.scatter(
        measured[order], mean[order], c=density[order], cmap=_CLOUD, s=size, linewidths=0,
        alpha=0.8, rasterized=True, zorder=2, label=label,
    )  # fmt: skip


def _density(x: Floats, y: Floats) -> Floats:
    """How many points share a cell of a coarse grid with each point, as a logarithm."""
    finite = np.isfinite(x) & np.isfinite(y)
    cells = [
        np.clip((v - v[finite].min()) / (np.ptp(v[finite]) or 1.0) * _CELLS, 0, _CELLS - 1)
        if finite.any()
        else np.zeros_like(v)
        for v in (x, y)
    ]
    flat = (np.nan_to_num(cells[0]).astype(int) * _CELLS) + np.nan_to_num(cells[1]).astype(int)
    return np.asarray(np.log(np.bincount(flat, minlength=_CELLS**2)[flat]), dtype=np.float64)


def _draw_line(axes: Axes, time: Floats, values: Floats, colour: str, label: str) -> None:
    position, shown = broken_at_jumps(*decimated(time, values))
    axes.plot(position, shown, color=colour, linewidth=0.7, label=label, zorder=3)


def _draw_band(
    axes: Axes, time: Floats, lower: Floats, upper: Floats, colour: str, label: str
) -> None:
    position, low, high = banded(time, lower, upper)
    broken, low = broken_at_jumps(position, low)
    _, high = broken_at_jumps(position, high)
    axes.fill_between(broken, low, high, color=colour, linewidth=0, zorder=2, label=label)
