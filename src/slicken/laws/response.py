"""Response: how friction went to a new steady state after a change, described without a law.

About its steady state a spring-slider answers a step by exponentials of slip. Two of them are
enough to say over which slip friction evolved, and how much of it was still to come at the end.
"""

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slicken.laws.stretches import quantum

if TYPE_CHECKING:
    from slicken.laws.results import Event

Floats = NDArray[np.float64]

STICK_SLIPS = 3
"""Sudden drops of friction that make stick-slip."""
_EVEN, _GEOMETRIC = 100, 60
_SCALES = 24
_SHORTEST, _LONGEST = 1 / 200, 250e-6
TRENDLESS = 100e-6
"""Slip, m, in which a drift of friction cannot be separated from its response to a step."""
_CLEAR = 3.0
_MATTERS = 0.1
_POINTS = (4000, 1000, 300)
_MANY, _ONE_SIDED = 200, -0.5
_DROP, _SUDDEN, _OF_RANGE = 8.0, 0.3, 0.2


class Response(NamedTuple):
    """What friction did before and after a change.

    Args:
        scale: Slip over which friction evolved, by a factor of e, m.
        size: Largest change of friction, its trend taken off.
        remaining: Share of ``size`` that was still to come at the end; 0 where noise hides it.
        unsteady: Share of ``size`` by which friction was still evolving before the change.
        slip_before: Slip of the stretch before, m.
        slip_after: Of the stretch after, m.
    """

    scale: float
    size: float
    remaining: float
    unsteady: float
    slip_before: float
    slip_after: float


class StickSlips(NamedTuple):
    """Sudden drops of friction.

    Args:
        number: How many.
        size: Median drop of friction.
    """

    number: int
    size: float


def response_of(
    time: Floats, friction: Floats, event: "Event", stiffness: float | None = None
) -> Response:
    """The response of friction to a step or to a reslide.

    Args:
        time: Of the samples of the event, s, shape ``(T,)``; some before and some after.
        friction: ``(T,)``.
        event: Event.
        stiffness: Friction per metre, 1/m, by which slip after is that of the fault and not of the
            load point; None where it is not known.
    """
    end = event.start if np.isnan(event.resumed) else event.resumed
    early, late = time < event.start, time >= end
    x_before, f_before = _binned(event.before * (time[early] - event.start), friction[early])
    x_after, f_after = _binned(event.after * (time[late] - end), friction[late])
    before, after = event.before * (event.start - event.first), event.after * (event.last - end)
    trend, scatter = _line(x_before, f_before)
    level = float(np.median(f_before - trend * x_before))
    # Friction drifts differently at another velocity; in little slip that cannot be told apart.
    own = after > TRENDLESS and after > before / 2
    longest = min(_LONGEST, after / 3 if own else 2 * after)
    scales, amplitudes, drift = _exponentials(
        x_after, f_after - level - trend * x_after, longest, own
    )
    answer = f_after - level - (trend + drift) * x_after
    size = float(np.max(np.abs(answer)))
    left = amplitudes * np.exp(-after / scales)
    clear = (np.abs(amplitudes) > _MATTERS * size) & (np.abs(amplitudes) > _CLEAR * scatter)
    scale = float(np.max(scales[clear])) if clear.any() else float(np.min(scales))
    to_come = abs(float(np.sum(left[clear])))
    remaining = min(to_come / max(size, 1e-300), 1.0) if to_come > _CLEAR * scatter else 0.0
    unsteady = float(np.exp(-before / scale)) if clear.any() else 0.0
    stretched = 0.0 if stiffness is None else float(f_after[-1] - f_before[0]) / stiffness
    return Response(scale, size, remaining, unsteady, before, after - stretched)


def _binned(slip: Floats, friction: Floats) -> tuple[Floats, Floats]:
    """Means of friction in bins of slip that are narrow near the change."""
    reach = float(np.max(np.abs(slip)))
    even = np.linspace(0.0, reach, _EVEN + 1)
    edges = np.unique(np.concatenate([even, np.geomspace(reach / 1e3, reach, _GEOMETRIC)]))
    place = np.searchsorted(edges, np.abs(slip), side="right")
    counts = np.bincount(place)
    filled = counts > 0
    means = [np.bincount(place, each)[filled] / counts[filled] for each in (slip, friction)]
    return means[0], means[1]


def _line(slip: Floats, friction: Floats) -> tuple[float, float]:
    """Slope of friction over slip, and the scatter about it."""
    if slip.size < 3:
        return 0.0, 0.0
    centred = slip - slip.mean()
    slope = float(centred @ friction / max(centred @ centred, 1e-300))
    return slope, float(np.std(friction - friction.mean() - slope * centred))


def _exponentials(
    slip: Floats, answer: Floats, longest: float, drifts: bool
) -> tuple[Floats, Floats, float]:
    """Two exponentials, a level and perhaps a drift nearest to a response.

    Returns:
        Scales and amplitudes, each of shape ``(2,)``, and the drift per metre.
    """
    grid = longest * np.geomspace(_SHORTEST, 1.0, _SCALES)
    columns = np.exp(-slip / grid[:, None])
    base = [np.ones(slip.size), slip / slip.max()] if drifts else [np.ones(slip.size)]
    best, found = np.inf, (grid[:2], np.zeros(2), 0.0)
    for pair in combinations(range(grid.size), 2):
        design = np.column_stack([*columns[list(pair)], *base])
        fit, *_ = np.linalg.lstsq(design, answer, rcond=1e-9)
        left = float(np.sum((answer - design @ fit) ** 2))
        if left < best:
            drift = float(fit[-1] / slip.max()) if drifts else 0.0
            best, found = left, (grid[list(pair)], fit[:2], drift)
    return found


def stick_slips(time: Floats, friction: Floats) -> StickSlips:
    """Drops of friction that are far more sudden than the rises between them.

    Args:
        time: Seconds, shape ``(T,)``.
        friction: ``(T,)``.

    >>> t = np.arange(0.0, 10.0, 0.01)
    >>> stick_slips(t, 0.6 + 0.02 * (t % 1.0)).number
    9
    """
    # Means over longer times are freer of noise, but a drop in them is less sudden.
    found = [_skewed(friction), *(_drops(time, friction, most) for most in _POINTS)]
    return max(found, key=lambda one: one.number)


def _skewed(friction: Floats) -> StickSlips:
    """Drops of a few samples each in noise, which make the steps between samples one-sided."""
    # The first third holds the response itself, which may be sudden.
    steps = np.diff(friction[friction.size // 3 :])
    if steps.size < _MANY:
        return StickSlips(0, 0.0)
    steps = steps - steps.mean()
    spread = float(np.std(steps))
    skewness = float(np.mean(steps**3)) / max(spread**3, 1e-300)
    drops = -steps[steps < -2 * spread]
    if skewness > _ONE_SIDED or not drops.size or np.median(drops) < 3 * quantum(friction):
        return StickSlips(0, 0.0)
    return StickSlips(int(drops.size), float(np.median(drops)))


def _drops(time: Floats, friction: Floats, most: int) -> StickSlips:
    """Sudden drops in at most ``most`` means over equal numbers of samples."""
    from scipy.signal import find_peaks

    size = -(-time.size // most)
    whole = time.size // size * size
    if whole < 5 * size:
        return StickSlips(0, 0.0)
    t, f = (each[:whole].reshape(-1, size).mean(axis=1) for each in (time, friction))
    noise = 1.4826 * float(np.median(np.abs(np.diff(f)))) / np.sqrt(2)
    least = max(_DROP * noise, _OF_RANGE * float(np.ptp(f)))
    peaks, _ = find_peaks(f, prominence=least)
    troughs, _ = find_peaks(-f, prominence=least)
    drops = []
    for peak in peaks:
        later, earlier = troughs[troughs > peak], troughs[troughs < peak]
        if not later.size:
            continue
        began = t[earlier[-1]] if earlier.size else t[0]
        if t[later[0]] - t[peak] < _SUDDEN * (t[peak] - began):
            drops.append(float(f[peak] - f[later[0]]))
    return StickSlips(len(drops), float(np.median(drops)) if drops else 0.0)
