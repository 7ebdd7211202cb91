"""Imposed velocity: the state of a fault whose slip velocity is known, in closed form.

Between two samples the velocity is constant, and both evolution laws have exact solutions; so a
state is a linear recursion along the record, ``y[i] = keep[i] y[i-1] + push[i]``, at any sampling,
with steps of slip that may be longer or shorter than the critical slip distance. ``keep`` is zero
where a stretch begins: nothing crosses a gap or a record's end.
"""

import numpy as np
from numpy.typing import NDArray

FAINT = 1e-18
"""A share of the past below which nothing more of it is summed."""


def linear_recursion(keep: NDArray[np.float64], push: NDArray[np.float64]) -> NDArray[np.float64]:
    """``y[i] = keep[i] y[i-1] + push[i]`` for all samples at once, from ``y[-1] = 0``.

    Steps are joined two by two, and the pairs again (Hillis & Steele 1986, 10.1145/7902.7903):
    some sixteen passes for a whole record, fewer where the past fades soon.

    Args:
        keep: From 0 to 1, one for all columns of ``push``, shape ``(T,)``, or one for each,
            ``(T, P)``.
        push: Shape ``(T, P)``.

    Example:
        >>> linear_recursion(np.full(4, 0.5), np.ones((4, 1)))[:, 0].tolist()
        [1.0, 1.5, 1.75, 1.875]
    """
    kept, found = keep.T.copy(), push.T.copy()  # samples side by side: four times as fast
    samples, shift = found.shape[1], 1
    while shift < samples and kept[..., shift:].max() > FAINT:
        found[:, shift:] += kept[..., shift:] * found[:, :-shift]
        kept[..., shift:] *= kept[..., :-shift]
        kept[..., :shift] = 0.0
        shift *= 2
    return found.T


def faded(
    values: NDArray[np.float64],
    steps: NDArray[np.float64],
    begins: NDArray[np.bool_],
    length: float | NDArray[np.float64],
) -> NDArray[np.float64]:
    """Past values, each weighted by ``exp(-distance/length)``, shape ``(T, P)``.

    At the beginning of a stretch the past is taken to have been as the present is.

    Args:
        values: Values of which each holds until the next sample, shape ``(T, P)``.
        steps: How far the clock went since the sample before, s or m of slip, shape ``(T,)``.
        begins: Whether a stretch without gaps begins at a sample, shape ``(T,)``.
        length: E-folding length, in the unit of the clock; one, or one for each column, ``(P,)``.
    """
    part = steps / length if np.ndim(length) == 0 else steps[:, None] / length
    push = -np.expm1(-part).reshape(steps.size, -1) * before(values)
    push[begins] = values[begins]
    keep = np.exp(-part)
    keep[begins] = 0.0
    return linear_recursion(keep, push)


def log_age(
    steps: NDArray[np.float64],
    seconds: float | NDArray[np.float64],
    begins: NDArray[np.bool_],
    length: float | NDArray[np.float64],
) -> NDArray[np.float64]:
    """Logarithm of the age of contacts by the ageing law, theta in s.

    ``d theta/dt = 1 - V theta/D``: Dieterich (1979), J. Geophys. Res. 84, 2161; Ruina (1983),
    10.1029/JB088iB12p10359. While a slip ``s`` goes at one velocity during ``dt``, exactly
    ``theta <- theta exp(-s/D) + dt (1 - exp(-s/D)) D/s``; in a hold theta grows by ``dt``.
    A stretch begins with the age that its first slip makes, as if it had long been so fast.

    Args:
        steps: Slip since the sample before, m, zero or more, shape ``(T,)``.
        seconds: Time since the sample before, s; one for all samples, or shape ``(T,)``.
        begins: Whether a stretch without gaps begins at a sample, shape ``(T,)``.
        length: Critical slip distance D, m; one, or several, ``(K,)``.

    Returns:
        Shape ``(T,)``, or ``(T, K)`` for several distances.
    """
    lengths = np.atleast_1d(np.asarray(length, dtype=np.float64))
    times = np.broadcast_to(np.asarray(seconds, dtype=np.float64), steps.shape)
    part = steps[:, None] / lengths
    share = np.divide(-np.expm1(-part), part, out=np.ones_like(part), where=part > 0)
    grown = times[:, None] * share
    first = np.flatnonzero(begins)
    after = np.minimum(first + 1, steps.size - 1)
    slowest = np.minimum(_least(steps), lengths)
    lasts = np.where(times[after] > 0, times[after], _least(times))
    grown[first] = lengths * lasts[:, None] / np.maximum(steps[after, None], slowest)
    keep = np.exp(-part)
    keep[first] = 0.0
    found = np.log(linear_recursion(keep, grown))
    return found[:, 0] if np.ndim(length) == 0 else found


def _least(values: NDArray[np.float64]) -> float:
    return float(values[values > 0].min(initial=np.inf))


def before(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The value at the sample before each, the first its own, of the shape of ``values``."""
    return np.concatenate([values[:1], values[:-1]])
