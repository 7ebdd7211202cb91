"""Jackknife: intervals of what a record says, from leaving out one part of it after another."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from slicken.laws.results import Estimate, Event

Floats = NDArray[np.float64]
Unit = Literal["record", "event", "stretch"]
ENOUGH = 5
"""Units from which an interval is made of them: with four, Student's t is 3.2 already."""
STRETCHES = 10
"""Stretches into which all records are cut where they hold neither."""


class Minimum(NamedTuple):
    """Where each of several losses is lowest.

    Args:
        place: Of the minimum, that of a parabola through three places, shape ``(J,)``.
        lowest: Number of the lowest place, ``(J,)``.
        at_end: Whether it is the first (-1) or the last (1) place that was tried, else 0, ``(J,)``.
    """

    place: Floats
    lowest: NDArray[np.int64]
    at_end: NDArray[np.int64]


def minimum(places: Floats, losses: Floats) -> Minimum:
    """Where losses are lowest.

    Args:
        places: Evenly spaced, shape ``(K,)``, K at least three.
        losses: One curve a column, ``(K, J)``.
    """
    index = np.argmin(losses, axis=0)
    inner = np.clip(index, 1, places.size - 2)
    columns = np.arange(losses.shape[1])
    left, here, right = (losses[inner + shift, columns] for shift in (-1, 0, 1))
    bend = left - 2 * here + right
    moved = np.divide(0.5 * (left - right), bend, out=np.zeros_like(bend), where=bend > 0)
    at_end = np.where(index == 0, -1, np.where(index == places.size - 1, 1, 0))
    place = places[inner] + np.clip(moved, -1, 1) * (places[1] - places[0])
    return Minimum(np.where(at_end == 0, place, places[index]), index, at_end)


def between(places: Floats, values: Floats, found: Minimum) -> Floats:
    """Values at minima, from parabolas through the three nearest places, shape ``(J,)``.

    Args:
        places: Evenly spaced, shape ``(K,)``.
        values: At each place, one column for each minimum, ``(K, J)``.
        found: Minima.
    """
    inner = np.clip(found.lowest, 1, places.size - 2)
    columns = np.arange(values.shape[1])
    left, here, right = (values[inner + shift, columns] for shift in (-1, 0, 1))
    x = (found.place - places[inner]) / (places[1] - places[0])
    curved: Floats = here + 0.5 * x * (right - left) + 0.5 * x**2 * (left - 2 * here + right)
    return curved


def estimate(found: Floats, formal: float) -> Estimate:
    """A number with its 95 % interval by the jackknife over units.

    Deviations are from the estimate with all units, and Student's t has one degree of freedom
    less than there are units: for regressions on clusters this is the most cautious of the
    variances in use (MacKinnon, Nielsen & Webb 2023, 10.1002/jae.2969).

    Args:
        found: Without each unit in turn, and last with all, shape ``(U + 1,)``.
        formal: Standard deviation if residuals were white and the law exact.
    """
    without, best = found[:-1], float(found[-1])
    units = without.size
    if units < 2:
        return Estimate(best, -np.inf, np.inf, formal)
    spread = np.sqrt((units - 1) / units * float(np.sum((without - best) ** 2)))
    reach = float(stats.t.ppf(0.975, units - 1)) * spread
    return Estimate(best, best - reach, best + reach, formal)


def of_logarithm(found: Floats, formal: float, at_end: NDArray[np.int64]) -> Estimate:
    """A positive number, from its logarithm; an end of the interval is open where the search was.

    Args:
        found: Logarithms, as for :func:`estimate`.
        formal: Of the logarithm.
        at_end: Whether each lay at the lower (-1) or the upper (1) end of the search, ``(U + 1,)``.
    """
    one = estimate(found, formal)
    value = float(np.exp(one.value))
    with np.errstate(over="ignore"):
        low, high = float(np.exp(one.low)), float(np.exp(one.high))
    low = 0.0 if (at_end < 0).any() else low
    high = np.inf if (at_end > 0).any() else high
    return Estimate(value, low, high, formal * value)


def without_each(sums: Floats) -> Floats:
    """Sums over units without each of them in turn, and last over all.

    Args:
        sums: Of each unit, shape ``(U, ...)``.

    Returns:
        Shape ``(U + 1, ...)``.
    """
    total = sums.sum(axis=0)
    return np.concatenate([total - sums, total[None]])


def units_of(
    times: Sequence[Floats], events: Sequence[Sequence[Event]]
) -> tuple[Unit, list[NDArray[np.int64]]]:
    """What an interval leaves out in turn, and the unit of each point of each record.

    Whole records where there are enough; else events, of which each has what lies nearer to it
    than to the next; else stretches of equally many points.

    Args:
        times: Instants of the points of each record, shape ``(N,)``.
        events: Of each record.
    """
    if len(times) >= ENOUGH:
        return "record", [np.full(time.size, i) for i, time in enumerate(times)]
    pieces = [nearest(time, some) for time, some in zip(times, events, strict=True)]
    if sum(np.unique(piece).size for piece in pieces) < ENOUGH:
        points = sum(time.size for time in times)
        each = [max(1, round(STRETCHES * time.size / max(points, 1))) for time in times]
        pieces = [
            np.arange(time.size) * count // max(time.size, 1)
            for time, count in zip(times, each, strict=True)
        ]
        return "stretch", _numbered(pieces)
    return "event", _numbered(pieces)


def nearest(time: Floats, events: Sequence[Event]) -> NDArray[np.int64]:
    """The event to which each instant belongs, shape ``(N,)``; zero where there are none.

    One event ends halfway between its last change of the load and the next event's start, so that
    each has steady sliding before and after.
    """
    ends = [max(event.start, event.start + np.nan_to_num(event.held)) for event in events]
    starts = [event.start for event in events]
    cuts = [0.5 * (end + start) for end, start in zip(ends[:-1], starts[1:], strict=True)]
    return np.searchsorted(np.array(cuts), time, side="right")


def _numbered(pieces: Sequence[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """Units counted on from record to record, without a number that no point has."""
    found, first = [], 0
    for piece in pieces:
        names, place = np.unique(piece, return_inverse=True)
        found.append(place + first)
        first += names.size
    return found
