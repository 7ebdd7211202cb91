"""Formulas of the corrections: arrays in, a new array out."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TURNS = {
    "rpm": 1 / 60,
    "rev/s": 1.0,
    "Hz": 1.0,
    "rad/s": 1 / (2 * np.pi),
    "deg/s": 1 / 360,
    "rev": 1.0,
    "rad": 1 / (2 * np.pi),
    "deg": 1 / 360,
}
"""Revolutions, or revolutions per second, in one of each unit."""


def shear_stress(torque: Floats, outer: float, inner: float = 0.0) -> Floats:
    """Shear stress on the face of a cylinder, taken to be the same all over it.

    ``tau = 3 T / (2 pi (ro^3 - ri^3))``: the torque of a constant stress, integrated over the face
    (Shimamoto & Tsutsumi 1994, Structural Geology 39, 65-78).

    Args:
        torque: N m, any shape.
        outer: Outer radius, m.
        inner: Inner radius, m; 0 for a solid cylinder.

    >>> round(float(shear_stress(np.array(2 * np.pi / 3), 1.0)), 12)
    1.0
    """
    return 3 * torque / (2 * np.pi * (outer**3 - inner**3))


def equivalent_slip(revolutions: Floats, outer: float, inner: float = 0.0) -> Floats:
    """Slip that does the same work as the rotation under a constant stress.

    ``v = 4 pi R (ro^2 + ro ri + ri^2) / (3 (ro + ri))`` for R revolutions per second (Shimamoto &
    Tsutsumi 1994); the same factor turns revolutions to slip.

    Args:
        revolutions: Revolutions, or revolutions per second, any shape.
        outer: Outer radius, m.
        inner: Inner radius, m; 0 for a solid cylinder.

    Returns:
        m, or m/s.

    >>> round(float(equivalent_slip(np.array(3 / (4 * np.pi)), 1.0)), 12)
    1.0
    """
    squares = outer**2 + outer * inner + inner**2
    return revolutions * 4 * np.pi * squares / (3 * (outer + inner))


def running_mean(values: Floats, time: Floats, over: float, *, centred: bool) -> Floats:
    """Mean of the samples in ``(t - over, t]``, or in ``[t - over/2, t + over/2]``.

    Args:
        values: Shape ``(S,)``; NaN where missing, and there it stays.
        time: Seconds, rising, shape ``(S,)``.
        over: Seconds.
        centred: Whether the interval ends at the instant or has it in the middle.

    >>> steps = np.arange(4.0)
    >>> running_mean(steps, steps, 2.0, centred=False).tolist()
    [0.0, 0.5, 1.5, 2.5]
    """
    known = np.isfinite(values)
    if not known.any():
        return np.array(values)
    # Counted from one of the samples, so that a large constant takes no digits.
    level = values[known][0]
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, values - level, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    slack = 1e-9 * over
    if centred:
        first = np.searchsorted(time, time - over / 2 - slack, side="left")
        last = np.searchsorted(time, time + over / 2 + slack, side="right")
    else:
        first = np.searchsorted(time, time - over + slack, side="right")
        last = np.searchsorted(time, time, side="right")
    first = np.minimum(first, np.arange(time.size))
    last = np.maximum(last, np.arange(1, time.size + 1))
    number = np.maximum(counts[last] - counts[first], 1)
    return np.where(known, level + (sums[last] - sums[first]) / number, np.nan)


def difference_rate(values: Floats, time: Floats, over: float, *, centred: bool) -> Floats:
    """Difference over ``over`` seconds, per second; between samples by straight lines.

    Args:
        values: Shape ``(S,)``; NaN where missing.
        time: Seconds, rising, shape ``(S,)``.
        over: Seconds.
        centred: Whether the difference ends at the instant or has it in the middle.

    Returns:
        Per second; NaN where missing, and near the ends, where there is no such interval.

    >>> squares = np.arange(5.0) ** 2
    >>> difference_rate(squares, np.arange(5.0), 2.0, centred=True).tolist()
    [nan, 2.0, 4.0, 6.0, nan]
    """
    known = np.isfinite(values)
    if not known.any():
        return np.array(values)
    earlier = time - (over / 2 if centred else over)
    later = time + (over / 2 if centred else 0.0)
    times, heights = time[known], values[known]
    slack = 1e-9 * over
    inside = known & (earlier >= times[0] - slack) & (later <= times[-1] + slack)
    rate = (np.interp(later, times, heights) - np.interp(earlier, times, heights)) / over
    return np.where(inside, rate, np.nan)


def spread_times(time: Floats) -> Floats:
    """Samples that share an instant, spread evenly from it to the next.

    The clock counts coarser than the log, and each reading is that of its last count. A group is
    spread over the clock's usual step at most, so that a gap stays one. The first group may have
    begun before the log, the last may go on after it: they have the usual distances.

    Args:
        time: Seconds, never falling, shape ``(S,)``, with more than one value.

    >>> spread_times(np.array([0.0, 1.0, 1.0, 2.0, 2.0, 9.0, 9.0, 10.0])).tolist()
    [0.5, 1.0, 1.5, 2.0, 2.5, 9.0, 9.5, 10.0]
    """
    starts = np.concatenate([[0], np.flatnonzero(np.diff(time)) + 1])
    counts = np.diff(np.concatenate([starts, [time.size]]))
    ticks = np.diff(time[starts])
    usual, many = float(np.median(ticks)), float(np.median(counts))
    spans = np.concatenate([np.minimum(ticks, usual), [usual]])
    shares = counts.astype(np.float64)
    shares[[0, -1]] = np.maximum(shares[[0, -1]], many)
    order = np.arange(time.size) - np.repeat(starts, counts)
    # The first group ends where the second begins.
    order = order + np.where(np.arange(time.size) < counts[0], shares[0] - counts[0], 0.0)
    return np.asarray(time + order * np.repeat(spans / shares, counts))
