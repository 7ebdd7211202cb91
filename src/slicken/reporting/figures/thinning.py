"""Thinning: a long trace as few points as paper can show, with every extreme kept."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def decimated(position: ArrayLike, values: ArrayLike, bins: int) -> tuple[Floats, Floats]:
    """The least and the greatest value of each bin, in the order in which they came.

    A gap (not a finite number) stays a gap: one of its samples is kept in every bin it touches.

    Args:
        position: time or slip of each sample, shape ``(T,)``.
        values: shape ``(T,)``.
        bins: number of bins of equally many samples.

    Returns:
        Positions and values, at most three for each bin; all of them if they are few.

    >>> position, values = decimated(np.arange(1e5), np.sin(np.arange(1e5) / 1e3), bins=100)
    >>> len(values) <= 300
    True
    """
    where = np.asarray(position, dtype=np.float64)
    what = np.asarray(values, dtype=np.float64)
    if what.size <= 3 * bins:
        return where, what
    size = -(-what.size // bins)
    padded = np.full(size * -(-what.size // size), np.nan)
    padded[: what.size] = what
    table = padded.reshape(-1, size)
    finite = np.isfinite(table)
    starts = np.arange(len(table)) * size
    lowest = starts + np.where(finite, table, np.inf).argmin(axis=1)
    highest = starts + np.where(finite, table, -np.inf).argmax(axis=1)
    broken = (starts + finite.argmin(axis=1))[~finite.all(axis=1)]
    kept = np.unique(np.concatenate([[0, what.size - 1], lowest, highest, broken]))
    kept = kept[kept < what.size]
    return where[kept], what[kept]


def banded(
    position: ArrayLike, lower: ArrayLike, upper: ArrayLike, bins: int
) -> tuple[Floats, Floats, Floats]:
    """A band with the least ``lower`` and the greatest ``upper`` of each bin.

    Args:
        position: time or slip of each sample, shape ``(T,)``.
        lower: lower edge, shape ``(T,)``.
        upper: upper edge, shape ``(T,)``.
        bins: number of bins of equally many samples.

    Returns:
        Positions, lower and upper edges; as given if they are few.
    """
    where, low, high = (np.asarray(a, dtype=np.float64) for a in (position, lower, upper))
    if where.size <= 3 * bins:
        return where, low, high
    starts = np.arange(0, where.size, -(-where.size // bins))
    middle = np.minimum(starts + (starts[1] - starts[0]) // 2, where.size - 1)
    return where[middle], np.fmin.reduceat(low, starts), np.fmax.reduceat(high, starts)


def broken_at_jumps(
    position: Floats, values: Floats, clock: Floats | None = None
) -> tuple[Floats, Floats]:
    """The trace with a gap wherever the clock jumps by more than five of its usual steps.

    A line drawn across such a jump would claim a measurement that was not made.

    Args:
        position: time or slip of each sample, shape ``(T,)``.
        values: shape ``(T,)``.
        clock: time of each sample where the position is slip: a fault that slips fast is no gap.

    >>> broken_at_jumps(np.array([0.0, 1, 2, 50, 51]), np.ones(5))[1].tolist()
    [1.0, 1.0, 1.0, nan, 1.0, 1.0]
    """
    if position.size < 3:
        return position, values
    steps = np.diff(position if clock is None else clock)
    usual = float(np.median(steps))
    jumps = np.flatnonzero(steps > 5 * usual) + 1 if usual > 0 else np.array([], dtype=int)
    middles = (position[jumps - 1] + position[jumps]) / 2
    return np.insert(position, jumps, middles), np.insert(values, jumps, np.nan)
