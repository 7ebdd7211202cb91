"""Baselines: the training mean, the training median, and a linear model on the same windows."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import linalg

from slicken.learning.splits import Part
from slicken.study.prepared import Prepared

PENALTIES = 10.0 ** np.arange(-1, 7)
"""Ridge penalties to choose from, on the validation part."""
_MOST_VALUES = 4_000_000  # in a chunk of windows: 32 MB


def constants(prepared: Prepared) -> dict[str, float]:
    """Friction that knows nothing: the mean and the median of the training targets."""
    friction = prepared.record.friction[prepared.split.ends["training"]]
    return {"mean": float(friction.mean()), "median": float(np.median(friction))}


@dataclass(frozen=True)
class Ridge:
    """A linear model of standardised friction from all drivers at all lags of a window.

    Args:
        weights: shape ``(L, C)``.
        offset: standardised friction of a window of zeros.
        penalty: on the squared weights; chosen on the validation part.
        validation_loss: mean square error of standardised friction.
    """

    weights: NDArray[np.float64]
    offset: float
    penalty: float
    validation_loss: float

    def predict(self, prepared: Prepared, part: Part) -> NDArray[np.float64]:
        """Friction at the target times of a part, shape ``(N,)``."""
        standardised = _apply(prepared, part, self.weights.ravel(), self.offset)
        return prepared.scaling.to_friction(standardised)


def fit_ridge(prepared: Prepared, length: int) -> Ridge:
    """Fit a ridge regression; its windows pass through in chunks, so memory does not grow.

    Args:
        prepared: the record and its parts.
        length: samples in a window, L.
    """
    channels = prepared.drivers.shape[1]
    size = length * channels
    gram, moment = np.zeros((size, size)), np.zeros(size)
    ends = prepared.split.ends["training"]
    total, target_mean = np.zeros(size), float(prepared.friction[ends].mean(dtype=float))
    for here in _chunks(ends, size):
        windows = _windows(prepared.drivers, here, length)
        gram += windows.T @ windows
        moment += windows.T @ (prepared.friction[here] - target_mean)
        total += windows.sum(axis=0)
    centre = total / ends.size
    gram -= ends.size * np.outer(centre, centre)
    measured = prepared.friction[prepared.split.ends["validation"]]
    best: Ridge | None = None
    for penalty in PENALTIES:
        weights = linalg.solve(gram + penalty * np.eye(size), moment, assume_a="pos")
        offset = target_mean - float(centre @ weights)
        errors = _apply(prepared, "validation", weights, offset) - measured
        loss = float(np.mean(errors**2))
        if best is None or loss < best.validation_loss:
            best = Ridge(weights.reshape(length, channels), offset, float(penalty), loss)
    assert best is not None  # noqa: S101 (there are penalties)
    return best


def _apply(
    prepared: Prepared, part: Part, weights: NDArray[np.float64], offset: float
) -> NDArray[np.float64]:
    length = weights.size // prepared.drivers.shape[1]
    chunks = _chunks(prepared.split.ends[part], weights.size)
    products = [_windows(prepared.drivers, here, length) @ weights for here in chunks]
    return np.concatenate(products) + offset


def _windows(
    drivers: NDArray[np.float32], ends: NDArray[np.int64], length: int
) -> NDArray[np.float64]:
    """Windows as rows, shape ``(N, L * C)``."""
    views = sliding_window_view(drivers, length, axis=0)[ends - length + 1]
    return np.swapaxes(views, 1, 2).reshape(ends.size, -1).astype(np.float64)


def _chunks(ends: NDArray[np.int64], size: int) -> list[NDArray[np.int64]]:
    width = max(1, _MOST_VALUES // size)
    return [ends[first : first + width] for first in range(0, ends.size, width)]
