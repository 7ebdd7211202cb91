"""Change points: where the level of a noisy record changes, by penalised least squares.

The partition into stretches of constant level that has the least sum of squares plus a penalty for
each change, found exactly by dynamic programming (Jackson et al. 2005, IEEE Signal Processing
Letters 12, 105-108) over medians of blocks. The penalty follows the noise of the record itself,
slow noise included, so that a wandering load is not cut up.

A slow drift has change points too, where steps are the only words for it. So each is asked again
whether a step, with or without a trend, describes its surroundings better than a trend alone: the
least sum of squares plus the same penalty for what is in the model.
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
_HIGHEST, _ORDER_COSTS = 4, 1 / 3
_UNLIKE, _ENOUGH = 0.07, 2.0
_LEAST_BESIDE, _MOST_BESIDE = 60, 150


def change_points(values: Floats) -> list[int]:
    """First samples of the stretches after the first, in order.

    Args:
        values: Finite, shape ``(T,)``.

    >>> steps = np.repeat([0.0, 3.0, 1.0], 100) + np.random.default_rng(0).normal(size=300)
    >>> change_points(steps)
    [100, 200]
    """
    size = block_size(values.size)
    blocks = _blocks(values, size)
    if blocks.size < 2 * _FEWEST_BLOCKS:
        return []
    return [size * place for place in _partition(blocks, penalty_of(values))]


def is_step(values: Floats, edge: int, around: tuple[int, int], penalty: float) -> bool:
    """Whether the level steps at a place, rather than going there by a smooth trend.

    Trends are polynomials. With or without a step, the order that describes most is taken; each
    order costs a third of what a step does, which has a place and a height. The
    noise sets the number of blocks on either side, limited so that no drift turns within them.

    Args:
        values: Finite, shape ``(T,)``.
        edge: First sample after the step.
        around: The first sample to look at, and the one after the last.
        penalty: Penalty by :func:`penalty_of` for the blocks of all values.

    >>> ramp, step = np.linspace(0.0, 2.0, 400), np.repeat([0.0, 2.0], 200)
    >>> noise = np.random.default_rng(0).normal(size=400)
    >>> [is_step(each + noise, 200, (0, 400), penalty=5.0) for each in (ramp, step)]
    [False, True]
    """
    size = block_size(values.size)
    before = _blocks(values[around[0] : edge][::-1], size)[::-1]
    after = _blocks(values[edge : around[1]], size)
    if min(before.size, after.size) < 2:
        return True  # too short to tell
    height = float(np.median(after) - np.median(before))
    # A cubic describes a step of height h but for 0.07 h^2 a block, which is what the step saves.
    wanted = _ENOUGH * penalty / max(_UNLIKE * height**2, 1e-300)
    beside = int(min(max(wanted, _LEAST_BESIDE), _MOST_BESIDE))
    before, after = before[-beside:], after[:beside]
    blocks = np.concatenate([before, after])
    places = np.linspace(-1, 1, blocks.size)
    trends = np.asarray(np.polynomial.legendre.legvander(places, _HIGHEST), np.float64)
    step = np.repeat([0.0, 1.0], [before.size, after.size])
    orders = np.arange(min(_HIGHEST, blocks.size // 4) + 1)
    smooth = _left(blocks, trends[:, : orders.size]) + _ORDER_COSTS * penalty * orders
    stepped = _left(blocks, np.column_stack([trends[:, 0], step, trends[:, 1 : orders.size]]))[1:]
    stepped += penalty * (1 + _ORDER_COSTS * orders)
    return bool(stepped.min() < smooth.min())


def _left(values: Floats, columns: Floats) -> Floats:
    """Sum of squares that the first column leaves, the first two, and so on."""
    directions, _ = np.linalg.qr(columns)
    return np.asarray(np.sum(values**2) - np.cumsum((directions.T @ values) ** 2))


def block_size(samples: int) -> int:
    """Samples of a block, in a record of this many samples."""
    return max(BLOCK, -(-samples // _MOST_BLOCKS))


def _blocks(values: Floats, size: int) -> Floats:
    count = values.size // size
    return np.asarray(np.median(values[: count * size].reshape(count, size), axis=1))


def penalty_of(values: Floats) -> float:
    """What a change must save: the variance of slow noise times ``3 log(count)``, over blocks.

    Variance and correlation of neighbours are those of what a running median leaves, which is deaf
    to steps; noise of correlation ``r`` weighs ``(1 + r)/(1 - r)`` times as much in a mean.
    """
    from scipy.ndimage import median_filter

    blocks = _blocks(values, block_size(values.size))
    rest = blocks - median_filter(blocks, _AROUND, mode="nearest")
    deviation = 1.4826 * float(np.median(np.abs(rest)))
    if deviation == 0:
        return 1e-12 * float(np.max(np.abs(blocks))) ** 2
    rest = np.clip(rest, -3 * deviation, 3 * deviation)
    correlation = float(np.clip(np.mean(rest[1:] * rest[:-1]) / np.mean(rest**2), 0.0, 0.95))
    # The running median removes the slowest part of the noise, and with it some correlation.
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
