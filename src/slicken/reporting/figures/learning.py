"""Learning: training and validation loss of every run against epoch."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from slicken.reporting.figures.marks import (
    Floats,
    hide_after,
    instead,
    legend_below,
    log_y,
    numbers,
    rows_for,
)
from slicken.reporting.figures.predictions import chosen_lengths
from slicken.reporting.figures.style import (
    FAINT,
    VERMILLION,
    Width,
    letter_panels,
    new_figure,
)

if TYPE_CHECKING:
    import xarray as xr

    from slicken.evidence.evidence import Evidence
    from slicken.reporting.wording import Wording


NAME = "learning"
_TRAINING, _VALIDATION = FAINT, VERMILLION


def data(evidence: "Evidence") -> "Mapping[float, xr.Dataset]":
    """Losses at four lengths at most.

    Returns:
        Window length in s to ``training_loss`` and ``validation_loss``, dims ``(run, epoch)``.
    """
    trained = evidence.trained
    chosen = chosen_lengths(trained.windows, evidence.comparison.best)
    return {seconds: trained.history(seconds) for seconds in chosen}


def draw(data: "Mapping[float, xr.Dataset]", say: "Wording", width: Width) -> Figure:
    """A panel for each window length, on one loss axis."""
    count = len(data)
    columns = min(count, 5 if width == "double" else 2)
    rows = rows_for(count, columns)
    figure, panels = new_figure(
        width=width, height_mm=10 + (46 if columns > 1 else 62) * rows, rows=rows,
        columns=columns, share_y=True,
    )  # fmt: skip
    for number, (axes, history) in enumerate(zip(panels, data.values(), strict=False)):
        draw_losses(axes, history, say)
        axes.set_ylabel("" if number % columns else say("labels.loss", unit="–"))
        axes.set_xlabel("" if number + columns < count else say("labels.epoch"))
    _share_limits(panels[:count])
    hide_after(panels, count)
    legend_below(figure, panels[0])
    titles = [say("labels.length", window=length) for length in data]
    letter_panels(panels[:count], titles)
    return figure


def draw_losses(axes: Axes, history: "xr.Dataset", say: "Wording") -> None:
    """Training and validation loss against epoch, on a logarithmic loss axis.

    A thin line is a run, a thick one the median over runs; a dot is the epoch whose weights the
    run keeps, that of its lowest validation loss.
    """
    epochs = numbers(history["epoch"], "epoch")
    curves = {name: _losses(history, f"{name}_loss") for name in ("training", "validation")}
    seen = np.concatenate([values.ravel() for values in curves.values()])
    seen = seen[np.isfinite(seen)]
    if seen.size == 0:
        instead(axes, say("labels.no_finite_loss"))
        return
    for name, colour, dashes in (("training", _TRAINING, "--"), ("validation", _VALIDATION, "-")):
        _draw_runs(axes, epochs, curves[name], say(f"labels.{name}_loss"), colour, dashes)
    _draw_best(axes, epochs, curves["validation"], say)
    axes.set_xlim(epochs.min() - 0.5, epochs.max() + 0.5)
    axes.set_ylim(float(seen.min()) / 1.15, float(seen.max()) * 1.15)
    log_y(axes)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def _losses(history: "xr.Dataset", name: str) -> Floats:
    """Losses of shape ``(run, epoch)``; NaN where a logarithm has no place for them."""
    values = numbers(history[name], "run", "epoch")
    return np.where(np.isfinite(values) & (values > 0), values, np.nan)


def _draw_runs(
    axes: Axes, epochs: Floats, values: Floats, name: str, colour: str, dashes: str
) -> None:
    for run in values:
        axes.plot(epochs, run, color=colour, linewidth=0.35, alpha=0.45, zorder=2)
    known = np.isfinite(values).any(axis=0)
    if known.any():
        median = np.nanmedian(values[:, known], axis=0)
        axes.plot(epochs[known], median, dashes, color=colour, lw=1.2, zorder=3, label=name)


def _draw_best(axes: Axes, epochs: Floats, validation: Floats, say: "Wording") -> None:
    runs = validation[np.isfinite(validation).any(axis=1)]
    if not len(runs):
        return
    best = np.nanargmin(runs, axis=1)
    axes.plot(
        epochs[best], runs[np.arange(len(runs)), best], "o", color=VERMILLION, markersize=2.6,
        markeredgecolor="white", markeredgewidth=0.3, zorder=4, clip_on=False,
        label=say("labels.best_epoch"),
    )  # fmt: skip


def _share_limits(panels: Sequence[Axes]) -> None:
    """One y range for all: the least and the greatest that any panel asks for."""
    asked = [axes.get_ylim() for axes in panels if axes.lines]
    if asked:
        for axes in panels:
            axes.set_ylim(min(low for low, _ in asked), max(high for _, high in asked))
