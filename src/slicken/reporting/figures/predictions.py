"""Predictions: predicted against measured friction at every target time, as in the publication."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from slicken.reporting.figures.digits import number
from slicken.reporting.figures.marks import (
    Floats,
    few_ticks,
    finite_runs,
    hide_after,
    instead,
    legend_below,
    rows_for,
)
from slicken.reporting.figures.style import (
    BLUE,
    INK,
    Width,
    letter_panels,
    new_figure,
)

if TYPE_CHECKING:
    import xarray as xr

    from slicken.evidence.evidence import Evidence
    from slicken.reporting.wording import Wording

    Parts = Mapping[float, tuple[xr.Dataset | None, xr.Dataset | None]]


NAME = "predictions"
MOST_LENGTHS = 4
"""Window lengths in the figure, as in the published one."""
_CLOUD = LinearSegmentedColormap.from_list("cloud", ["#7fb8da", BLUE, "#00263d"])
_CELLS = 80


def data(evidence: "Evidence") -> "Parts":
    """Predictions of four lengths at most.

    Returns:
        Window length in s to the predictions of the validation and of the test part; see
        :func:`draw_scatter`; None for a part that is not there.
    """
    trained = evidence.trained
    return {
        s: (trained.predictions(s, "validation"), trained.predictions(s, "test"))
        for s in chosen_lengths(trained.windows, evidence.comparison.best)
    }


def chosen_lengths(windows: tuple[float, ...], best: float) -> list[float]:
    """Four lengths at most: the shortest, the longest, the best, and one in the middle."""
    if len(windows) <= MOST_LENGTHS:
        return list(windows)
    wanted = {windows[0], windows[-1], best}
    for seconds in sorted(windows, key=lambda s: abs(s - (windows[0] + windows[-1]) / 2)):
        if len(wanted) < MOST_LENGTHS:
            wanted.add(seconds)
    return sorted(wanted)


def draw(data: "Parts", say: "Wording", width: Width) -> Figure:
    """A pair of panels for each length; all share their limits, two pairs in a row if wide."""
    blocks = 2 if width == "double" and len(data) > 1 else 1
    rows = rows_for(len(data), blocks)
    limits = friction_limits([part for pair in data.values() for part in pair if part is not None])
    figure, panels = new_figure(
        width=width,
        height_mm=14 + (92 if width == "double" and blocks == 1 else 43) * rows,
        rows=rows,
        columns=2 * blocks,
    )
    titles = []
    for (length, pair), first in zip(data.items(), range(0, len(panels), 2), strict=False):
        for side, (part, name) in enumerate(zip(pair, ("validation", "test"), strict=True)):
            _draw_part(panels[first + side], part, say, limits)
            titles.append(say("labels.length_and_part", window=length, part=name))
            if first + side + 2 * blocks < 2 * len(data):
                panels[first + side].set_xlabel("")
            if (first + side) % (2 * blocks):
                panels[first + side].set_ylabel("")
    legend_below(figure, panels[0])
    hide_after(panels, len(titles))
    letter_panels(panels[: len(titles)], titles)
    return figure


def _draw_part(
    axes: Axes, part: "xr.Dataset | None", say: "Wording", limits: tuple[float, float]
) -> None:
    if part is not None:
        draw_scatter(axes, part, say, limits=limits)
        return
    axes.set_box_aspect(1)
    instead(axes, say("labels.no_targets"))


def draw_scatter(
    axes: Axes,
    predictions: "xr.Dataset",
    say: "Wording",
    *,
    limits: tuple[float, float] | None = None,
) -> None:
    """Predicted against measured friction (the paper's figure 2b).

    A point is the mean over runs at one target time, darker where points are dense; the grey
    bar behind it spans one standard deviation over runs on either side. Points and bars are
    pixels in the PDF, so that ten thousand of them stay one small picture; all else is vector.

    Args:
        axes: Axes; both get the same limits and the same scale.
        predictions: ``predicted`` with dims ``(run, target)`` and ``measured`` with dim
            ``target``. A run that is not finite throughout is left out.
        say: Words of the language.
        limits: Least and greatest friction of both axes; from the data if None.
    """
    axes.set_xlabel(say("labels.measured_friction"))
    axes.set_ylabel(say("labels.predicted_friction"))
    axes.set_box_aspect(1)
    measured = np.asarray(predictions["measured"].to_numpy(), dtype=np.float64)
    runs = finite_runs(predictions)
    if measured.size == 0 or len(runs) == 0:
        instead(
            axes, say("labels.no_targets" if measured.size == 0 else "labels.no_finite_predictions")
        )
        return
    mean, spread = runs.mean(axis=0), runs.std(axis=0)
    low, high = limits or friction_limits([predictions])
    axes.plot([low, high], [low, high], color=INK, linewidth=0.6, zorder=2.5, label="1:1")
    if len(runs) > 1:
        _draw_bars(axes, measured, mean, spread, say)
    _draw_points(
        axes, measured, mean, say("labels.mean_of_runs" if len(runs) > 1 else "labels.predicted")
    )
    axes.set(xlim=(low, high), ylim=(low, high))
    few_ticks(axes, x=4, y=4)
    scores = agreement(measured, mean)
    words = [
        "\n".join(f"{name} = {_score(value)}" for name, value in scores.items()),
        say("labels.runs_and_targets", runs=len(runs), targets=measured.size),
    ]
    _write_corners(axes, words, (measured - low) / (high - low), (mean - low) / (high - low))


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


def _write_corners(axes: Axes, words: list[str], across: Floats, up: Floats) -> None:
    """Words in the corners that the line of equality leaves free, or in that without points.

    Args:
        axes: Axes to draw on.
        words: Scores; numbers of runs and targets.
        across: Place of each point from left to right, 0 to 1.
        up: Place of each point from below, 0 to 1.
    """
    in_upper = np.count_nonzero((across < 0.5) & (up > 0.7))
    in_lower = np.count_nonzero((across > 0.55) & (up < 0.25))
    upper, lower = words
    if in_lower > in_upper:
        upper, lower = "\n".join(words), ""
    elif in_upper > in_lower:
        upper, lower = "", "\n".join(words)
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6}
    for x, y, text, side, end in (
        (0.04, 0.97, upper, "left", "top"),
        (0.97, 0.04, lower, "right", "bottom"),
    ):
        corner = axes.text(x, y, text, transform=axes.transAxes, fontsize=6, bbox=box, zorder=4)
        corner.set(ha=side, va=end)


def _score(value: float) -> str:
    """Three digits; a dash where a score has no meaning (nothing varies)."""
    if not np.isfinite(value):
        return "\N{EN DASH}"
    return f"{value:.3f}".replace("-", "\N{MINUS SIGN}") if abs(value) >= 0.01 else number(
        float(f"{value:.2g}")
    )  # fmt: skip


def _draw_bars(axes: Axes, measured: Floats, mean: Floats, spread: Floats, say: "Wording") -> None:
    ends = np.stack([mean - spread, mean + spread], axis=1)
    segments = np.stack([np.repeat(measured[:, None], 2, axis=1), ends], axis=2)
    bars = LineCollection(list(segments), colors="#dcdcdc", linewidths=0.6, zorder=1)
    bars.set(rasterized=True, label=say("labels.plus_minus_std"))
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
