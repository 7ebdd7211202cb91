"""Learning curves: training and validation loss of every run against epoch."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from slicken.reporting.figures.marks import log_y, say
from slicken.reporting.figures.style import FAINT, VERMILLION, styled

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]

_TRAINING, _VALIDATION = FAINT, VERMILLION


@styled
def draw_learning_curves(axes: Axes, history: "xr.Dataset", *, label: bool = True) -> None:
    """Training and validation loss against epoch, on a logarithmic loss axis.

    A thin line is a run, a thick one the median over runs; a dot is the epoch whose weights the
    run keeps, that of its lowest validation loss.

    Args:
        axes: where.
        history: ``training_loss`` and ``validation_loss`` with dims ``(run, epoch)``.
        label: whether to write a legend above the axes.
    """
    axes.set_xlabel("Epoch")
    axes.set_ylabel("Loss")
    epochs = np.asarray(history["epoch"].to_numpy(), dtype=np.float64)
    curves = {name: _losses(history, f"{name}_loss") for name in ("training", "validation")}
    seen = np.concatenate([values.ravel() for values in curves.values()])
    seen = seen[np.isfinite(seen)]
    if seen.size == 0:
        say(axes, "no run has a finite loss")
        return
    for name, colour, dashes in (("training", _TRAINING, "--"), ("validation", _VALIDATION, "-")):
        _draw_runs(axes, epochs, curves[name], name, colour, dashes)
    _draw_best(axes, epochs, curves["validation"])
    axes.set_xlim(epochs.min() - 0.5, epochs.max() + 0.5)
    axes.set_ylim(float(seen.min()) / 1.15, float(seen.max()) * 1.15)
    log_y(axes)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    if label:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3)


def _losses(history: "xr.Dataset", name: str) -> Floats:
    """Losses of shape ``(run, epoch)``; NaN where a logarithm has no place for them."""
    values = np.asarray(history[name].transpose("run", "epoch").to_numpy(), dtype=np.float64)
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


def _draw_best(axes: Axes, epochs: Floats, validation: Floats) -> None:
    runs = validation[np.isfinite(validation).any(axis=1)]
    if not len(runs):
        return
    best = np.nanargmin(runs, axis=1)
    axes.plot(
        epochs[best], runs[np.arange(len(runs)), best], "o", color=VERMILLION, markersize=2.6,
        markeredgecolor="white", markeredgewidth=0.3, zorder=4, clip_on=False,
        label="best epoch of a run",
    )  # fmt: skip
