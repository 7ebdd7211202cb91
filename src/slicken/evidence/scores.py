"""Scores: how well friction was predicted, beside what simpler models predict."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from slicken.learning.splits import Part

MODELS = ("network", "ridge", "trees", "mean", "median", "last")
"""What is scored: the mean over runs of the ensemble, and the baselines."""
SCORED: tuple[Part, ...] = ("validation", "test")


@dataclass(frozen=True)
class Score:
    """Agreement of predicted with measured friction.

    Args:
        rmse: root mean square error, in friction.
        r2: 1 less the error variance over the variance of what was measured; can be negative.
        correlation: Pearson's, for the trend; NaN where either is constant.
        range_ratio: range predicted over range measured (5th to 95th percentile).
    """

    rmse: float
    r2: float
    correlation: float
    range_ratio: float


def score(measured: NDArray[np.float64], predicted: NDArray[np.float64]) -> Score:
    """Score one prediction.

    Args:
        measured: friction, shape ``(N,)``.
        predicted: friction, shape ``(N,)``.

    Example:
        >>> score(np.array([0.6, 0.7, 0.8]), np.array([0.65, 0.7, 0.75])).range_ratio
        0.5
    """
    error, spread = predicted - measured, measured - measured.mean()
    total = float(np.sum(spread**2))
    moving = np.ptp(measured) > 0 and np.ptp(predicted) > 1e-12
    width = _width(measured)
    return Score(
        rmse=float(np.sqrt(np.mean(error**2))),
        r2=float(1 - np.sum(error**2) / total) if total > 0 else float("nan"),
        correlation=float(np.corrcoef(measured, predicted)[0, 1]) if moving else float("nan"),
        range_ratio=round(_width(predicted) / width, 12) if width > 0 else float("nan"),
    )


def _width(values: NDArray[np.float64]) -> float:
    low, high = np.percentile(values, [5, 95])
    return float(high - low)


@dataclass(frozen=True, eq=False)
class Scores:
    """Agreement of every model with the measured friction.

    Args:
        table: On the test part, over ``(window, model)``: ``rmse`` (friction), ``r2``,
            ``correlation``, ``range_ratio``, and ``validation_loss``; over ``(window, run)``:
            ``rmse_by_run``.
        baselines: Friction at the best length on the validation and the test part, ``predicted``
            over ``(model, target)`` and ``measured``.
    """

    table: xr.Dataset
    baselines: xr.Dataset

    def at(self, seconds: float) -> xr.Dataset:
        """Scores of one window length, over ``model``."""
        return self.table.sel(window=seconds)
