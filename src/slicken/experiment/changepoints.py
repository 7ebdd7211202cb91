"""Change points: where the level of a noisy record changes, by penalised least squares.

The partition into stretches of constant level that has the least sum of squares plus a penalty for
each change, found exactly by dynamic programming (Jackson et al. 2005, IEEE Signal Processing
Letters 12, 105-108) over medians of blocks. The penalty follows the noise of the record itself,
slow noise included, so that a wandering load is not cut up.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BLOCK = 5
"""Samples of a block, at least."""
_MOST_BLOCKS = 2000
_FEWEST_BLOCKS = 6
_PENALTY = 3.0
_AROUND = 21


def change_points(values: Floats) -> list[int]:
    """First samples of the stretches after the first, in order.

    Args:
        values: finite, shape ``(T,)``.

    >>> steps = np.repeat([0.0, 3.0, 1.0], 100) + np.random.default_rng(0).normal(size=300)
    >>> change_points(steps)
    [100, 200]
    """
    size = max(BLOCK, -(-values.size // _MOST_BLOCKS))
    count = values.size // size
    if count < 2 * _FEWEST_BLOCKS:
        return []
    blocks = np.median(values[: count * size].reshape(count, size), axis=1)
    return [size * place for place in _partition(blocks, penalty_of(blocks))]


def penalty_of(blocks: Floats) -> float:
    """What a change must save: the variance of slow noise times ``3 log(count)``.

    Variance and correlation of neighbours are those of what a running median leaves, which is deaf
    to steps; noise of correlation ``r`` weighs ``(1 + r)/(1 - r)`` times as much in a mean.
    """
    from scipy.ndimage import median_filter

    rest = blocks - median_filter(blocks, _AROUND, mode="nearest")
    deviation = 1.4826 * float(np.median(np.abs(rest)))
    if deviation == 0:
        return 1e-12 * float(np.max(np.abs(blocks))) ** 2
    rest = np.clip(rest, -3 * deviation, 3 * deviation)
    correlation = float(np.clip(np.mean(rest[1:] * rest[:-1]) / np.mean(rest**2), 0.0, 0.95))
    # The running median takes away the slowest part of the noise, and with it some correlation.
    correlation = min(correlation + 2.0 / _AROUND, 0.95) if correlation > 0.2 else correlation
    weight = (1 + correlation) / (1 - correlation)
    return _PENALTY * deviation**2 * weight * float(np.log(blocks.size))


def _partition(blocks: Floats, penalty: float) -> list[int]:
    centred = blocks - np.median(blocks)
    sums = np.concatenate([[0.0], np.cumsum(centred)])
    squares = np.concatenate([[0.0], np.cumsum(centred**2)])
    least = np.full(blocks.size + 1, np.inf)
    least[0] = -penalty
    last = np.zeros(blocks.size + 1, np.int64)
    for stop in range(_FEWEST_BLOCKS, blocks.size + 1):
        starts = np.arange(stop - _FEWEST_BLOCKS + 1)
        spread = squares[stop] - squares[starts]
        spread -= (sums[stop] - sums[starts]) ** 2 / (stop - starts)
        cost = least[starts] + spread + penalty
        last[stop] = int(np.argmin(cost))
        least[stop] = cost[last[stop]]
    cuts, place = [], int(last[-1])
    while place > 0:
        cuts.append(place)
        place = int(last[place])
    return cuts[::-1]
