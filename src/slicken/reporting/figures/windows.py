"""Windows: the lowest validation loss of every run against window length, as in the publication."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from slicken.reporting.figures.contract import best_length, planted_memory, tied_lengths
from slicken.reporting.figures.digits import short
from slicken.reporting.figures.marks import (
    Floats,
    few_ticks,
    instead,
    is_wide,
    legend_below,
    limit_y,
    mark_planted,
    mean_over_runs,
    numbers,
    offsets,
    scaled_y,
    width_mm,
)
from slicken.reporting.figures.style import (
    BEST,
    BLUE,
    FAINT,
    GREEN,
    INK,
    TIED,
    VERMILLION,
    Width,
    new_figure,
    wrapped,
)

if TYPE_CHECKING:
    import xarray as xr

    from slicken.evidence.evidence import Evidence
    from slicken.reporting.wording import Wording


NAME = "windows"
LEAST_FOR_A_BOX = 3
"""Quartiles of fewer runs than this are not worth a box; the points are shown alone."""


@dataclass(frozen=True)
class Losses:
    """The window comparison.

    Args:
        losses: Lowest validation loss, dims ``(window, run)``; not finite for a run left out.
        best: Window length with the lowest mean, s; None without proven skill.
        tied: Lengths that are not distinguishable from the best, s.
        floor: Loss of a model that knows everything but the noise.
        planted: Memory of a simulated fault, s.
        linear: Loss of the linear model at each length, dim ``window``.
    """

    losses: "xr.DataArray"
    best: float | None = None
    tied: Sequence[float] = ()
    floor: float | None = None
    planted: float | None = None
    linear: "xr.DataArray | None" = None

    @property
    def seconds(self) -> Floats:
        """Window lengths, s, shape ``(W,)``."""
        return np.asarray(self.losses["window"].to_numpy(), dtype=np.float64)

    @property
    def values(self) -> Floats:
        """Losses, shape ``(W, R)``; NaN where not finite."""
        values = numbers(self.losses, "window", "run")
        return np.where(np.isfinite(values), values, np.nan)

    @property
    def levels(self) -> Floats:
        """Losses of the linear model, shape ``(W,)``; NaN where there are none."""
        if self.linear is None:
            return np.full(self.seconds.size, np.nan)
        return np.asarray(self.linear.reindex(window=self.seconds).to_numpy(), dtype=np.float64)


def data(evidence: "Evidence") -> Losses:
    """Losses of all runs at all lengths."""
    return Losses(
        evidence.comparison.losses,
        best=best_length(evidence),
        tied=tied_lengths(evidence),
        floor=evidence.trained.noise_floor,
        planted=planted_memory(evidence),
        linear=evidence.scores.table["validation_loss"].sel(model="ridge"),
    )


def draw(data: Losses, say: "Wording", width: Width) -> Figure:
    """A box for each window length."""
    figure, (axes,) = new_figure(width=width, height_mm=72)
    draw_losses(axes, data, say)
    legend_below(figure, axes)
    return figure


def draw_losses(axes: Axes, data: Losses, say: "Wording") -> None:
    """Box plots of the lowest validation loss at every window length (the paper's figure 2a).

    A box spans the quartiles, its line is the median, its whiskers end at the last run within
    1.5 interquartile ranges; every run is a point and the line joins the means. The loss axis is
    linear, or logarithmic where the greatest loss is over ten times the least. Where a few
    failed runs alone would ask for that, the scale is made for the others and the failed ones
    are triangles at the upper edge, with their values in words. A level (floor, linear model)
    that would flatten the runs is a number in the legend.
    """
    windows, values = data.seconds, data.values
    if not np.isfinite(values).any():
        axes.set_xlabel(say("labels.window"))
        instead(axes, say("labels.no_finite_run"))
        return
    width = box_width(windows)
    beyond = _beyond_scale(values)
    if windows.size > 1:
        _mark_lengths(axes, width, data, say)
    _draw_boxes(axes, windows, values, width)
    _draw_runs(axes, windows, values, width, say)
    _draw_means(axes, windows, values, beyond, say)
    logarithmic = _limit(axes, windows, np.where(beyond, np.nan, values), width)
    _draw_level(axes, say("labels.noise_floor"), data.floor, GREEN, ":")
    _draw_linear(axes, windows, data.levels, say)
    _draw_planted(axes, data.planted, say)
    notes = _notes(axes, windows, values, beyond, say)
    axes.set_xlabel("\n".join([say("labels.window"), *notes]))
    _finish(axes, windows, logarithmic, say)


def box_width(windows: Floats) -> float:
    """About half the least distance between neighbours, so that boxes never touch."""
    return float(np.diff(np.unique(windows)).min()) * 0.55 if windows.size > 1 else 0.2


def _beyond_scale(values: Floats) -> NDArray[np.bool_]:
    """Which runs are so far out, and so few, that the scale is made for the others.

    Far out is five interquartile ranges above the box; few is one run or a tenth of all.
    """
    none = np.zeros(values.shape, dtype=bool)
    if not is_wide(values):
        return none
    known = [row[np.isfinite(row)] for row in values]
    quartiles = [np.percentile(row, [25, 75]) if row.size else np.zeros(2) for row in known]
    usual = float(np.median([high - low for low, high in quartiles]))
    fences = np.array([high + 5 * max(high - low, usual) for low, high in quartiles])
    beyond = np.nan_to_num(values) > fences[:, None]
    few = beyond.sum() <= max(1.0, 0.1 * np.isfinite(values).sum())
    return beyond if few and not is_wide(np.where(beyond, np.nan, values)) else none


def _mark_lengths(axes: Axes, width: float, data: Losses, say: "Wording") -> None:
    marks = [(say("labels.tied"), length, TIED) for length in data.tied if length != data.best]
    if data.best is not None:
        marks.insert(0, (say("labels.best"), data.best, BEST))
    for name, length, colour in marks:
        left, right = length - 0.85 * width, length + 0.85 * width
        axes.axvspan(left, right, color=colour, linewidth=0, zorder=0, label=name)


def _draw_boxes(axes: Axes, windows: Floats, values: Floats, width: float) -> None:
    rows = [row[np.isfinite(row)] for row in values]
    boxed = [i for i, row in enumerate(rows) if row.size >= LEAST_FOR_A_BOX]
    if not boxed:
        return
    thin = {"color": INK, "linewidth": 0.6}
    axes.boxplot(
        [rows[i] for i in boxed],
        positions=windows[boxed],
        widths=width,
        whis=1.5,
        showfliers=False,
        manage_ticks=False,
        patch_artist=True,
        boxprops={"facecolor": "white", "edgecolor": INK, "linewidth": 0.6},
        medianprops={"color": INK, "linewidth": 1.1},
        whiskerprops=thin,
        capprops=thin,
    )


def _draw_runs(axes: Axes, windows: Floats, values: Floats, width: float, say: "Wording") -> None:
    if _one_run_each(values):
        return  # the line of means shows them
    across = windows[:, None] + offsets(values.shape[1], width * 0.36)[None, :]
    axes.plot(
        across.ravel(), values.ravel(), "o", markersize=1.8, color=BLUE, alpha=0.6,
        markeredgewidth=0, zorder=3, label=say("labels.run"),
    )  # fmt: skip


def _draw_means(
    axes: Axes, windows: Floats, values: Floats, beyond: NDArray[np.bool_], say: "Wording"
) -> None:
    """Means joined by a line, which is broken where a run off the scale takes its mean along."""
    kept = np.isfinite(values).any(axis=1)
    means = mean_over_runs(values[kept])
    shown = np.where(beyond[kept].any(axis=1), np.nan, means)
    alone = _one_run_each(values)
    axes.plot(
        windows[kept], shown, "-o" if alone else "-D", color=BLUE if alone else VERMILLION,
        linewidth=0.8, markersize=3, markeredgecolor="white", markeredgewidth=0.4, zorder=4,
        label=say("labels.run" if alone else "labels.mean_of_runs"),
    )  # fmt: skip


def _one_run_each(values: Floats) -> bool:
    return bool(np.all(np.isfinite(values).sum(axis=1) <= 1))


def _limit(axes: Axes, windows: Floats, values: Floats, width: float) -> bool:
    """Limits with a margin; logarithmic where the range of the runs asks for it."""
    edge = max(width, 0.03 * float(np.ptp(windows))) if windows.size > 1 else 1.0
    axes.set_xlim(windows.min() - edge, windows.max() + edge)
    return limit_y(axes, values)


def _reach(axes: Axes, level: float) -> bool:
    """Whether ``level`` is in sight, after moving a limit where that costs little room."""
    low, high = axes.get_ylim()
    if low <= level <= high:
        return True
    if axes.get_yscale() == "log":
        new = (min(low, level / 1.15), max(high, level * 1.15))
        affordable = level > 0 and np.log(new[1] / new[0]) < 1.6 * np.log(high / low)
    else:
        margin = 0.05 * (high - low)
        new = (min(low, level - margin), max(high, level + margin))
        affordable = new[1] - new[0] < 1.6 * (high - low)
    if affordable:
        axes.set_ylim(new)
    return bool(affordable)


def _draw_level(axes: Axes, name: str, level: float | None, colour: str, dashes: str) -> None:
    """A horizontal line; the legend alone gives its value where the line is out of sight."""
    if level is None or not np.isfinite(level):
        return
    style: dict[str, Any] = {"color": colour, "linestyle": dashes, "linewidth": 0.8}
    if _reach(axes, level):
        axes.axhline(level, **style, zorder=1, label=name)
        return
    arrow = "↑" if level > axes.get_ylim()[1] else "↓"
    axes.plot([], [], **style, label=f"{name} {short(level)} {arrow}")


def _draw_linear(axes: Axes, windows: Floats, levels: Floats, say: "Wording") -> None:
    known = levels[np.isfinite(levels)]
    if known.size == 0:
        return
    name = say("labels.linear_model")
    in_sight = [_reach(axes, level) for level in (float(known.min()), float(known.max()))]
    if known.size > 1 and any(in_sight):  # what is out of sight is cut at the edge
        axes.plot(windows, levels, "--", color=FAINT, lw=0.8, zorder=1, label=name)
        return
    _draw_level(axes, name, float(known.min()), FAINT, "--")


def _draw_planted(axes: Axes, planted: float | None, say: "Wording") -> None:
    if planted is not None:
        low, high = axes.get_xlim()
        margin = 0.02 * (high - low)
        axes.set_xlim(min(low, planted - margin), max(high, planted + margin))
    mark_planted(axes, planted, say)


def _notes(
    axes: Axes, windows: Floats, values: Floats, beyond: NDArray[np.bool_], say: "Wording"
) -> list[str]:
    """Lines below the axis: runs that are off the scale, and runs that are left out."""
    notes = []
    off = [place for place, row in enumerate(beyond) if row.any()]
    for place in off:
        axes.plot([windows[place]], [0.985], "^", color=BLUE, markersize=3, zorder=5,
                  transform=axes.get_xaxis_transform())  # fmt: skip
    if beyond.sum() > 2:
        highest = short(float(values[beyond].max()))
        notes.append(say("labels.many_off_scale", n=int(beyond.sum()), highest=highest))
    elif off:
        means = mean_over_runs(values)
        notes += [
            say("labels.off_scale", losses=[short(v) for v in values[k][beyond[k]]],
                mean=short(float(means[k])), window=float(windows[k]))
            for k in off
        ]  # fmt: skip
    missing = np.isnan(values).sum(axis=1)
    if missing.any():
        listed = [f"{n} / {w:g} {say.unit}" for w, n in zip(windows, missing, strict=True) if n]
        if len(listed) > 3:
            listed = [f"{missing.sum()} / {values.size}"]
        notes.append(say("labels.left_out", where=listed))
    longest = max(24, int(width_mm(axes) / 1.25))
    return [wrapped(note, longest) for note in notes]


def _finish(axes: Axes, windows: Floats, logarithmic: bool, say: "Wording") -> None:
    few_ticks(axes, x=10)
    if _fits_labels(axes, windows):
        axes.set_xticks(windows)
    if not logarithmic:
        few_ticks(axes, y=6)
    axes.set_ylabel(say("labels.lowest_loss", unit=scaled_y(axes)))


def _fits_labels(axes: Axes, windows: Floats) -> bool:
    """Whether a tick at every length leaves room between their labels."""
    if windows.size == 1:
        return True
    left, right = axes.get_xlim()
    longest = max(len(f"{length:g}") for length in windows)
    apart = float(np.diff(np.unique(windows)).min()) * width_mm(axes) / (right - left)
    return apart > 1.3 * (longest + 0.5)
