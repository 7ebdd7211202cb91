"""Peaks: levels of a noisy curve, with errors that allow for correlated noise.

A value at an instant is that of a line or a cubic through the samples near it. How near, the
data decide: a span grows while all shorter ones agree with it (the intersection of confidence
intervals; Goldenshluger & Nemirovski 1997), so that noise is averaged away and the curve is not
bent. A peak is the top of such a cubic, not the largest sample, which noise picks.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
AGREE = 1.0
"""Half-widths, in standard errors, of the intervals that must intersect."""
WIDER = 1.5
"""Ratio of one span to the one before."""
DEGREE = 3
"""Of the polynomial through a peak, which rises faster than it falls; at its middle a cubic is no
noisier than a parabola."""
FEWEST = 9
"""Samples of the shortest span."""
MOST = 400
"""Points of a span, at most: more are joined into means."""


class Noise(NamedTuple):
    """Noise of a curve: white, and correlated with an exponentially falling correlation.

    Args:
        white: Standard deviation of a sample.
        correlated: Standard deviation.
        scale: Correlation time, s.
    """

    white: float
    correlated: float
    scale: float

    def errors(self, time: Floats, weights: Floats) -> tuple[float, float]:
        """Standard error of a weighted sum of samples, and its white part.

        Args:
            time: Instants, s, shape ``(N,)``.
            weights: Shape ``(N,)``.
        """
        alike = np.exp(-np.abs(time[:, None] - time) / self.scale)
        together = self.correlated**2 * float(weights @ alike @ weights)
        white = self.white**2 * float(weights @ weights)
        return float(np.sqrt(white + together)), float(np.sqrt(white))


class Level(NamedTuple):
    """A value with its error, and when it is.

    Args:
        value: Friction.
        error: Standard error.
        white: Standard error from white noise alone.
        at: Instant, s.
    """

    value: float
    error: float
    white: float
    at: float


def noise_of(time: Floats, left: Floats) -> Noise:
    """Noise of residuals, from their variogram.

    Half the mean square difference of samples so far apart is the white part at once, and grows to
    the whole variance as the correlated part is forgotten.

    Args:
        time: Instants, s, of nearly even spacing, shape ``(N,)``.
        left: Residuals, ``(N,)``.
    """
    longest = max(2, left.size // 3)
    lags = np.unique(np.geomspace(1, longest, 24).astype(int))
    half = np.array([0.5 * np.mean((left[lag:] - left[:-lag]) ** 2) for lag in lags])
    whole = max(float(np.var(left)), float(half.max()))
    white = max(min(half[0], 2 * half[0] - half[1]) if lags.size > 1 else half[0], 0.0)
    rise = white + (1 - np.exp(-1.0)) * (whole - white)
    lag = float(np.interp(rise, np.maximum.accumulate(half), lags))
    step = float(np.median(np.diff(time)))
    return Noise(float(np.sqrt(white)), float(np.sqrt(max(whole - white, 0.0))), lag * step)


def thinned(time: Floats, values: Floats) -> tuple[Floats, Floats, float]:
    """Means of equally many samples, at most :data:`MOST` of them, and how many are in each."""
    joined = -(-time.size // MOST)
    count = time.size // joined
    cut = slice(0, count * joined)
    shape = (count, joined)
    means = (time[cut].reshape(shape).mean(axis=1), values[cut].reshape(shape).mean(axis=1))
    return *means, float(joined)


def line_at(time: Floats, values: Floats, noise: Noise, at: float) -> Level:
    """Where a line through samples is at an instant, which may be outside them.

    Args:
        time: Instants, s, shape ``(N,)``.
        values: Friction, ``(N,)``.
        noise: Noise of a sample.
        at: Instant, or any other clock that ``time`` counts in.
    """
    time, values, joined = thinned(time, values)
    weights = _weights(time, at, degree=1)[0]
    one = noise._replace(white=noise.white / np.sqrt(joined))
    return Level(float(weights @ values), *one.errors(time, weights), at)


def end_at(time: Floats, values: Floats, noise: Noise, at: float) -> Level:
    """Where a curve is at its end: a line through as many of the last samples as suits it."""
    tried = (line_at(time[-count:], values[-count:], noise, at) for count in _spans(time.size))
    found = _longest(tried)
    assert found is not None  # noqa: S101 (the first span agrees with itself)
    return found


def peak_of(time: Floats, values: Floats, noise: Noise) -> Level | None:
    """The peak of a curve; None where it is highest at an end.

    Args:
        time: Instants, s, shape ``(N,)``.
        values: Friction, ``(N,)``.
        noise: Noise of a sample.
    """
    return _longest(_top(time, values, noise, count) for count in _spans(time.size))


def _longest(tried: Iterable[Level | None]) -> Level | None:
    """The last of ever longer spans with which all before agree.

    Neighbouring spans have their correlated noise in common, so they agree within the white one.
    The curve may be bent by as much as spans may differ, which the error holds.
    """
    found = None
    low, high = -np.inf, np.inf
    for one in tried:
        if one is None:
            continue
        reach = AGREE * one.white
        low, high = max(low, one.value - reach), min(high, one.value + reach)
        if low > high:
            break
        found = one
    return (
        None if found is None else found._replace(error=np.hypot(found.error, AGREE * found.white))
    )


def _top(time: Floats, values: Floats, noise: Noise, count: int) -> Level | None:
    """The top of a polynomial through ``count`` samples about their highest mean.

    It is the middle, or beside it where the slope there is more than noise.
    """
    total = np.append(0.0, np.cumsum(values - values[0]))
    means = (total[count:] - total[:-count]) / count
    start = int(np.argmax(means))
    if start == 0 or start == means.size - 1:
        return None
    here, curve, joined = thinned(time[start : start + count], values[start : start + count])
    middle = 0.5 * float(here[0] + here[-1])
    weights = _weights(here, middle, degree=DEGREE)
    slope, bend = (float(each @ curve) for each in weights[1:3])
    one = noise._replace(white=noise.white / np.sqrt(joined))
    if not bend < 0:
        return None
    unsure = one.errors(here, weights[1])[0]
    aside = -slope / (2 * bend) if abs(slope) > 2 * unsure else 0.0
    if abs(aside) > 0.5 * float(here[-1] - here[0]):
        return None
    powers = aside ** np.arange(DEGREE + 1)
    value = float(powers @ (weights @ curve))
    if aside:  # the square of a noisy slope is too large by its variance
        value += unsure**2 / (4 * bend)
    return Level(value, *one.errors(here, powers @ weights), middle + aside)


def _spans(size: int) -> list[int]:
    """Numbers of samples to be tried, ascending."""
    found = [min(FEWEST, size)]
    while found[-1] * WIDER <= size:
        found.append(int(np.ceil(found[-1] * WIDER)))
    return found


def _weights(time: Floats, at: float, degree: int) -> Floats:
    """Weights of samples in the coefficients of a polynomial about an instant, ``(D, N)``."""
    scale = max(float(np.ptp(time)), 1e-300)
    powers = np.vander((time - at) / scale, degree + 1, increasing=True)
    found: Floats = np.linalg.pinv(powers) / scale ** np.arange(degree + 1)[:, None]
    return found
