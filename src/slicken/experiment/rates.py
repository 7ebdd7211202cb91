"""Rates: how fast a channel changes, as known at the instant, from its past alone."""

import numpy as np
from numpy.typing import NDArray

FEWEST = 3
"""Samples from which a rate is fitted, at least."""


def causal_rate(values: NDArray[np.float64], dt: float, span: float) -> NDArray[np.float64]:
    """The slope of a least-squares line over the last ``span`` seconds, at every instant.

    The line at an instant is fitted to the samples from ``span`` seconds before up to the
    instant itself; no later sample has any influence, to the last bit. After the start of the
    record or a gap the line begins there, and there is no rate until it has
    :data:`FEWEST` samples.

    Args:
        values: shape ``(T,)``, uniform in time; NaN in gaps.
        dt: time step in seconds.
        span: seconds that the line covers.

    Returns:
        Slopes per second, shape ``(T,)``; NaN in gaps and where there is no rate.

    >>> causal_rate(np.array([0.0, 2.0, 4.0, 6.0]), dt=0.5, span=10.0).tolist()
    [nan, nan, 4.0, 4.0]
    """
    rates = np.full(values.shape, np.nan)
    samples = max(round(span / dt) + 1, FEWEST)
    usable = np.concatenate([[False], np.isfinite(values), [False]])
    edges = np.flatnonzero(np.diff(usable))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        _fit(values[start:stop], rates[start:stop], dt, samples)
    return rates


def _fit(values: NDArray[np.float64], rates: NDArray[np.float64], dt: float, samples: int) -> None:
    for size in range(FEWEST, min(samples, values.size + 1)):  # lines that begin with the stretch
        rates[size - 1] = _slopes(values[:size], size, dt)[0]
    if values.size >= samples:
        rates[samples - 1 :] = _slopes(values, samples, dt)


def _slopes(values: NDArray[np.float64], size: int, dt: float) -> NDArray[np.float64]:
    """Slopes of the lines through each ``size`` neighbours.

    The slope is ``sum((k - mean(k)) x_k) / (dt sum((k - mean(k))^2))``. Samples as far from the
    middle on either side have opposite weights, so their difference is summed: a large constant
    cancels exactly, and each slope is the same operations in the same order wherever it stands,
    so that the future cannot touch a bit of it (a matrix product or an FFT could).
    """
    count = values.size - size + 1
    total = np.zeros(count)
    for near in range(size // 2):
        far = size - 1 - near
        total += (far - near) / 2 * (values[far : far + count] - values[near : near + count])
    return total / (dt * size * (size * size - 1) / 12)
