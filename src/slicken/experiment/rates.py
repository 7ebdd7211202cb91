"""Rates: how fast a channel changes, as known at the instant, from its past alone."""

import numpy as np
from numpy.typing import NDArray

FEWEST = 3
"""Samples from which a rate is fitted, at least."""
_LONG = 64


def causal_rate(
    values: NDArray[np.float64], dt: float, span: float, *, whole: bool = False
) -> NDArray[np.float64]:
    """The slope of a least-squares line over the last ``span`` seconds, at every instant.

    The line at an instant is fitted to the samples from ``span`` seconds before up to the
    instant itself; no later sample has any influence, to the last bit. After the start of the
    record or a gap the line begins there, and there is no rate until it has
    :data:`FEWEST` samples.

    Args:
        values: Shape ``(T,)``, uniform in time; NaN in gaps.
        dt: Time step in seconds.
        span: Seconds that the line covers.
        whole: Whether there is no rate until the line covers them all: one through few samples is
            noisier by the power of 3/2 of what is missing.

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
        if whole:
            rates[start : min(start + samples - 1, stop)] = np.nan
    return rates


def _fit(values: NDArray[np.float64], rates: NDArray[np.float64], dt: float, samples: int) -> None:
    samples = min(samples, values.size + 1)
    if samples > _LONG:
        # Summed pair by pair, a span of thousands of samples would take minutes.
        starting, whole = _long_slopes(values, samples, dt)
        rates[FEWEST - 1 : FEWEST - 1 + starting.size] = starting
        rates[samples - 1 :] = whole
        return
    for size in range(FEWEST, min(samples, values.size + 1)):  # lines that begin with the stretch
        rates[size - 1] = _slopes(values[:size], size, dt)[0]
    if values.size >= samples:
        rates[samples - 1 :] = _slopes(values, samples, dt)


def _long_slopes(
    values: NDArray[np.float64], size: int, dt: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same slopes where lines are long, by running sums.

    The record is cut into blocks of ``size``. A line ends in one block and begins in the one
    before, so it is a sum from the block's start and a sum to the end of the one before; both count
    from the sample at that border, so that a large constant still cancels. Running sums look at
    the past only.

    Returns:
        Slopes of the lines that begin with the record, of :data:`FEWEST` to ``size - 1`` samples;
        then those of ``size`` samples.
    """
    blocks = -(-values.size // size)
    filled = np.zeros(blocks * size)
    filled[: values.size] = values
    table = filled.reshape(blocks, size)
    border = np.concatenate([table[:1, 0], table[:-1, -1]])[:, None]
    place = np.arange(1.0, size + 1)  # counted from the border
    sums = np.cumsum(table - border, axis=1)
    moments = np.cumsum(place * (table - border), axis=1)
    starting = (moments[0] - (place + 1) / 2 * sums[0])[: values.size]
    counts = place[: values.size]
    before = table[:-1] - border[1:]  # the block before, which ends at the border, at place 0
    sums[1:, :-1] += _sums_to_the_end(before)[:, 1:]
    moments[1:, :-1] += _sums_to_the_end((place - size) * before)[:, 1:]
    middle = place - (size - 1) / 2
    whole = (moments - middle * sums)[1:].ravel()
    whole = np.concatenate([starting[size - 1 :], whole])[: max(values.size - size + 1, 0)]
    with np.errstate(divide="ignore", invalid="ignore"):
        starting = starting / (dt * counts * (counts**2 - 1) / 12)
    return starting[FEWEST - 1 : size - 1], whole / (dt * size * (size * size - 1) / 12)


def _sums_to_the_end(table: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.cumsum(table[:, ::-1], axis=1)[:, ::-1]


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
