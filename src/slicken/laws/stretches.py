"""Stretches: where a noisy, quantised displacement goes at one velocity.

Blocks of a few samples are merged bottom up, each time neighbours that one line describes almost as
well as two; lines are independent of each other, so that a sensor may be reset between them. A
record of any length takes memory in proportion, and time in proportion to its logarithm beside.
Moments of blocks are merged as in Chan, Golub & LeVeque (1983), 10.1080/00031305.1983.10483115.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RATIO = 1.3
"""Velocities that differ by less than this factor are the same."""
_SMALLEST, _MOST_BLOCKS = 2, 250_000
_PENALTY = 25.0
CLEAR = 8.0
"""How many standard deviations two lines must be apart to be two."""
_CHUNK = 32
_MANY = 24
_MOST_UNEVEN = 4.0
_PARTS, _PLACES = 16, 4096
_UNSURE = 1.15
_MOST_WANDER = 1e-6
_AVERAGED = 64.0
"""Samples whose noise is taken to err together."""


@dataclass(frozen=True, eq=False)
class Stretches:
    """Stretches of one velocity each, in order.

    Args:
        first: Index of the first sample of each, shape ``(S,)``.
        samples: Number of samples, ``(S,)``.
        time: Mean time, s, ``(S,)``.
        position: Mean position, ``(S,)``.
        velocity: Slope of the line, position per second, ``(S,)``.
        noise: Root mean square distance from the line, at least that of neighbouring samples,
            ``(S,)``.
    """

    first: NDArray[np.int64]
    samples: NDArray[np.int64]
    time: Floats
    position: Floats
    velocity: Floats
    noise: Floats

    def __len__(self) -> int:
        """Number of stretches, S."""
        return int(self.first.size)

    @property
    def stop(self) -> NDArray[np.int64]:
        """One after the last sample of each, ``(S,)``."""
        return self.first + self.samples


@dataclass
class _Pieces:
    """Moments of neighbouring pieces of a record: sums of squares about their means."""

    first: NDArray[np.int64]
    count: Floats
    time: Floats
    place: Floats
    tt: Floats
    tx: Floats
    xx: Floats
    noise: Floats

    def left(self) -> Floats:
        """Sum of squares about the line of each."""
        return np.maximum(self.xx - self.tx**2 / np.maximum(self.tt, 1e-300), 0.0)

    def velocity(self) -> Floats:
        return self.tx / np.maximum(self.tt, 1e-300)

    def span(self) -> Floats:
        """Duration of each, from the spread of its times."""
        return np.sqrt(12 * self.tt / self.count)

    def pairs(self) -> "_Pieces":
        """Each piece but the last, merged with the next."""
        a, b = slice(None, -1), slice(1, None)
        count = self.count[a] + self.count[b]
        later, further = np.diff(self.time), np.diff(self.place)
        share = self.count[b] / count
        weight = self.count[a] * share
        return _Pieces(
            self.first[a],
            count,
            self.time[a] + share * later,
            self.place[a] + share * further,
            self.tt[a] + self.tt[b] + weight * later**2,
            self.tx[a] + self.tx[b] + weight * later * further,
            self.xx[a] + self.xx[b] + weight * further**2,
            self.noise[a] + share * np.diff(self.noise),
        )

    def only(self, kept: NDArray[np.bool_]) -> "_Pieces":
        return _Pieces(*(getattr(self, name)[kept] for name in self.__dataclass_fields__))

    def merge(self, which: NDArray[np.int64], pairs: "_Pieces") -> "_Pieces":
        kept = np.ones(self.count.size, np.bool_)
        kept[which + 1] = False
        for name in self.__dataclass_fields__:
            getattr(self, name)[which] = getattr(pairs, name)[which]
        return self.only(kept)


def quantum(values: Floats) -> float:
    """Smallest step of a quantised record; 0 where it never changes.

    >>> float(round(quantum(np.array([0.0, 0.02, 0.06, 0.02])), 9))
    0.02
    """
    steps = np.abs(np.diff(values))
    steps = steps[steps > 1e-9 * float(np.ptp(values))] if values.size > 1 else steps
    return float(np.quantile(steps, 0.001, method="lower")) if steps.size else 0.0


def find_stretches(time: Floats, position: Floats) -> Stretches:
    """The stretches of one velocity in a record of position.

    Args:
        time: Seconds, increasing, of any spacing, shape ``(T,)``.
        position: Finite, shape ``(T,)``.

    Returns:
        Neighbouring stretches, which differ by :data:`RATIO` in velocity, or by a jump.

    >>> t = np.linspace(0, 100, 2001)
    >>> noise = np.random.default_rng(0).normal(0, 0.2, t.size)
    >>> found = find_stretches(t, np.interp(t, [0, 60, 100], [0, 60, 460]) + noise)
    >>> found.velocity.round(1).tolist()
    [1.0, 10.0]
    """
    step = quantum(position)
    pieces = _merged(_blocks(time, position, step), _Likeness(step))
    pieces = _merged(pieces, _Velocities(*wander(time, position)))
    noise = np.sqrt(np.maximum(pieces.left() / pieces.count, pieces.noise))
    return Stretches(
        pieces.first,
        pieces.count.astype(np.int64),
        pieces.time,
        pieces.place,
        pieces.velocity(),
        noise,
    )


def _blocks(time: Floats, position: Floats, step: float) -> _Pieces:
    size = max(_SMALLEST, -(-time.size // _MOST_BLOCKS))
    first = np.arange(max(time.size // size, 1)) * size
    count = np.diff(np.append(first, time.size))
    times, places = (np.add.reduceat(values, first) / count for values in (time, position))
    t, x = time - np.repeat(times, count), position - np.repeat(places, count)
    tt, tx, xx = (np.add.reduceat(values, first) for values in (t * t, t * x, x * x))
    noise = _noise_between_neighbours(time, position)[first]
    noise = np.maximum(noise, max(step**2 / 12, 1e-24 * float(np.ptp(position)) ** 2))
    return _Pieces(first, count.astype(np.float64), times, places, tt, tx, xx, noise)


def _noise_between_neighbours(time: Floats, position: Floats) -> Floats:
    """Variance of samples about a line between their neighbours, each chunk's own, ``(T,)``."""
    if time.size < 2 * _CHUNK:
        return np.zeros(time.size)
    share = (time[1:-1] - time[:-2]) / (time[2:] - time[:-2])
    away = position[1:-1] - (1 - share) * position[:-2] - share * position[2:]
    square = np.pad(away**2 / (1 + share**2 + (1 - share) ** 2), 1, mode="edge")
    whole = square.size // _CHUNK * _CHUNK
    # The median of the square of a normal number is 0.455.
    medians = np.median(square[:whole].reshape(-1, _CHUNK), axis=1) / 0.455
    return np.append(np.repeat(medians, _CHUNK), np.full(square.size - whole, medians[-1]))


def _merged(pieces: _Pieces, unlike: Callable[[_Pieces, _Pieces], Floats]) -> _Pieces:
    """Merge, round by round, the pairs that are less unlike than 1 and than those beside them."""
    while pieces.count.size > 1:
        pairs = pieces.pairs()
        # Pairs that are equally alike would wait for each other.
        order = 1e-6 * (np.arange(pairs.count.size) * 0.6180339887 % 1.0)
        far = np.concatenate([[np.inf], unlike(pieces, pairs) + order, [np.inf]])
        which = np.flatnonzero((far[1:-1] < 1) & (far[1:-1] <= far[:-2]) & (far[1:-1] < far[2:]))
        if not which.size:
            break
        pieces = pieces.merge(which, pairs)
    return pieces


@dataclass(frozen=True)
class _Likeness:
    """What one line leaves beyond two, over what noise would; quantised to ``step``."""

    step: float

    def __call__(self, pieces: _Pieces, pairs: _Pieces) -> Floats:
        left = pieces.left()
        more = pairs.left() - left[:-1] - left[1:]
        # Samples on one tread of a staircase err together.
        tread = (
            self.step * pairs.count / np.maximum(np.abs(pairs.velocity()) * pairs.span(), 1e-300)
        )
        together = np.clip(tread, 1.0, pairs.count)
        return more / (_PENALTY * pairs.noise * together)


@dataclass(frozen=True)
class _Velocities:
    """By how much neighbours differ in velocity, or in place where they meet; below 1: not.

    Args:
        spans: Durations, s, ``(D,)``.
        wanders: How far the sensor or the servo wanders in each, ``(D,)``.
    """

    spans: Floats
    wanders: Floats

    def __call__(self, pieces: _Pieces, _: _Pieces) -> Floats:
        velocity, span = pieces.velocity(), pieces.span()
        before, after = velocity[:-1], velocity[1:]
        shorter = np.minimum(span[:-1], span[1:])
        longer = np.maximum(span[:-1], span[1:])
        own = _noise_of_pairs(pieces)
        noise, far = (
            np.hypot(own, np.interp(each, self.spans, self.wanders)) for each in (shorter, longer)
        )
        change = np.abs(after - before)
        apart = change * shorter / (CLEAR * noise)
        larger = np.maximum(np.abs(before), np.abs(after))
        share = change / np.maximum(larger * (1 - 1 / RATIO), 1e-300)
        meeting = pieces.time[:-1] + span[:-1] / 2
        jump = np.abs(
            pieces.place[1:]
            + after * (meeting - pieces.time[1:])
            - pieces.place[:-1]
            - before * (meeting - pieces.time[:-1])
        )
        return np.maximum(np.minimum(apart, share), jump / (2 * CLEAR * far))


def wander(time: Floats, position: Floats) -> tuple[Floats, Floats]:
    """How far a record strays from a line in durations of several lengths, beyond its noise.

    From second differences over each duration: the quartile of their size, which changes of
    velocity in three quarters of the record would not touch.

    Returns:
        Durations, s, and standard deviations; at most a micrometre, which no load point wanders.
    """
    whole = float(time[-1] - time[0])
    shortest = 4 * whole / time.size
    count = int(np.log2(whole / _PARTS / shortest)) + 1 if whole > _PARTS * shortest else 0
    if count < 2:
        return np.zeros(1), np.zeros(1)
    spans = shortest * np.exp2(np.arange(count, dtype=np.float64))
    sizes = np.array([_second_difference(time, position, span) for span in spans])
    noise = _second_difference(time, position, None)
    strayed = np.sqrt(np.maximum(sizes**2 - _UNSURE * noise**2, 0.0))
    return spans, np.minimum(np.maximum.accumulate(strayed), _MOST_WANDER)


def _second_difference(time: Floats, position: Floats, span: float | None) -> float:
    """Size of second differences over a duration; between neighbouring samples without one."""
    apart = span or 0.0
    middle = np.linspace(time[0] + apart, time[-1] - apart, _PLACES)
    earlier, now, later = (np.searchsorted(time, middle + shift) for shift in (-apart, 0.0, apart))
    if span is None:
        now = np.clip(now, 1, time.size - 2)
        earlier, later = now - 1, now + 1
    earlier, now, later = (np.clip(each, 0, time.size - 1) for each in (earlier, now, later))
    ratio = (time[now] - time[earlier]) / np.maximum(time[later] - time[earlier], 1e-300)
    away = position[now] - (1 - ratio) * position[earlier] - ratio * position[later]
    # A normal number is within 0.3186 standard deviations of zero a quarter of the time; three
    # samples of equal noise weigh as 1.5.
    return float(np.quantile(np.abs(away), 0.25)) / 0.3186 / np.sqrt(1.5)


def _noise_of_pairs(pieces: _Pieces) -> Floats:
    """How far noise may lead a line away, in pairs of neighbours.

    What samples scatter about the line beyond what neighbouring samples do is a wander, which does
    not average out.
    """
    # A few samples may lie across a change: what a line leaves of them is no wander.
    left = np.where(pieces.count < _MANY, 0.0, pieces.left() / pieces.count)
    wander = np.sqrt(np.maximum(left - pieces.noise, 0.0))
    white = np.sqrt(pieces.noise)
    total = np.hypot(wander, white)
    quiet = np.minimum(total[:-1], total[1:])
    averaged = np.minimum(1.0, _AVERAGED / np.minimum(pieces.count[:-1], pieces.count[1:]))
    noise = np.hypot(
        np.maximum(wander[:-1], wander[1:]),
        np.maximum(white[:-1], white[1:]) * np.sqrt(averaged),
    )
    return np.minimum(noise, _MOST_UNEVEN * quiet)
