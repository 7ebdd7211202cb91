"""Motion: where in a record the fault slips, and how far it has slipped."""

import numpy as np
from numpy.typing import NDArray

ALMOST_NONE = 0.01
"""Slip slower than this fraction of the record's median velocity is almost no slip."""

_IN_A_ROW = 3


def moving_span(velocity: NDArray[np.float64]) -> tuple[int, int]:
    """First sample, and the one after the last, between which the fault slips.

    The fault slips where its velocity, in the direction in which it mostly goes, is above
    :data:`ALMOST_NONE` of the median over the samples that move at all; three samples in a row
    must do so at either end, which noise about zero does not. Holds in between are kept.

    Args:
        velocity: Slip velocity, shape ``(T,)``; NaN in gaps.

    Returns:
        ``(start, stop)``; ``(0, 0)`` where the fault never slips.

    >>> moving_span(np.array([0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, -1.0]))
    (2, 6)
    """
    speed = np.abs(velocity[np.isfinite(velocity)])
    if speed.size == 0 or speed.max() == 0:
        return 0, 0
    going = speed > ALMOST_NONE * np.quantile(speed, 0.99)
    if not going.any():
        return 0, 0
    usual = float(np.median(speed[going]))
    direction = 1.0 if np.nansum(velocity) >= 0 else -1.0
    slips = np.where(np.isfinite(velocity), direction * velocity, 0.0) > ALMOST_NONE * usual
    row = min(_IN_A_ROW, int(slips.sum()))
    runs = np.convolve(slips, np.ones(max(row, 1)), mode="valid") >= row
    if row == 0 or not runs.any():
        return 0, 0
    starts = np.flatnonzero(runs)
    return int(starts[0]), int(starts[-1]) + row


def slip_from_velocity(
    velocity: NDArray[np.float64], time: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Slip in metres since the first sample: the integral of ``|velocity|`` by trapezoids.

    Args:
        velocity: M/s, shape ``(T,)``; across gaps it is taken to go in a straight line.
        time: Seconds, shape ``(T,)``.
    """
    known = np.isfinite(velocity)
    if not known.any():
        return np.full(velocity.shape, np.nan)
    speed = np.interp(time, time[known], np.abs(velocity[known]))
    return np.concatenate([[0.0], np.cumsum(np.diff(time) * (speed[1:] + speed[:-1]) / 2)])
