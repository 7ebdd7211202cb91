"""Bins of lags: what a record held over stretches of the past."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def edges_to(length: int) -> tuple[int, ...]:
    """Edges of bins of lags in samples, from 0 to the length; each bin at most half as wide as far.

    Example:
        >>> edges_to(40)
        (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 40)
    """
    edges = [0, 1, 2, 3]
    while edges[-1] < length:
        power = 2 ** (len(edges) // 2)
        edges.append(power if len(edges) % 2 == 0 else power * 3 // 2)
    return (*[edge for edge in edges if edge < length], length)


def bin_means(
    values: NDArray[np.floating], ends: NDArray[np.int64], edges: Sequence[int]
) -> NDArray[np.float64]:
    """Means of each channel over bins of lags, shape ``(N, C, K)``.

    Args:
        values: the record, shape ``(T, C)``.
        ends: target times as indices into it, shape ``(N,)``.
        edges: ascending lags in samples, K + 1 of them; bin k holds lags from ``edges[k]`` up to,
            and without, ``edges[k + 1]``. Negative ones are after the target time.
    """
    total = np.zeros((values.shape[0] + 1, values.shape[1]))
    np.cumsum(values, axis=0, dtype=np.float64, out=total[1:])
    up_to = total[ends[:, None] + 1 - np.asarray(edges)[None, :]]  # (N, K + 1, C)
    means = (up_to[:, :-1] - up_to[:, 1:]) / np.diff(edges)[None, :, None]
    return np.swapaxes(means, 1, 2)
