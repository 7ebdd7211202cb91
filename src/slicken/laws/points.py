"""Points: an event thinned to some hundred means of samples, as fine as the law needs them.

Just after a change of the load every sample counts; a hundred Dc later friction hardly changes over
a thousand of them. So the means widen in proportion to the time from the nearest change, and a
record of millions of samples is fitted as quickly as one of hundreds, with hardly any loss.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.channels import FRICTION
from slicken.errors import LawError

if TYPE_CHECKING:
    from slicken.experiment.samples import Samples
    from slicken.laws.results import Event

Floats = NDArray[np.float64]
GROWTH = 0.07
"""Width of a mean in shares of the time from the nearest change."""
FEWEST = 50
"""Means over each stretch between changes, at least, where there are as many samples."""


@dataclass(frozen=True, eq=False)
class Points:
    """Means of samples, in time order.

    Args:
        time: S since the first change of the load, shape ``(N,)``.
        displacement: Commanded displacement of the load point since then, m, ``(N,)``.
        friction: ``(N,)``.
        samples: Number of samples in each, ``(N,)``.
        spread: Standard deviation of the instants in each, s, ``(N,)``.
        white: Standard deviation of a sample about its neighbours.
    """

    time: Floats
    displacement: Floats
    friction: Floats
    samples: NDArray[np.int64]
    spread: Floats
    white: float


def points_of(samples: "Samples", event: "Event") -> Points:
    """The points of an event.

    Args:
        samples: Record.
        event: Event; its velocities give the displacement, free of the sensor's noise.

    Raises:
        LawError: If fewer than a dozen samples lie before or after the change.
    """
    friction = samples.channels[FRICTION.name]
    inside = (samples.time >= event.first) & (samples.time <= event.last) & np.isfinite(friction)
    time, friction = samples.time[inside] - event.start, friction[inside]
    changes = [0.0] if np.isnan(event.resumed) else [0.0, event.resumed - event.start]
    edges = [time[0], *changes, time[-1]] if time.size else [0.0, 0.0]
    counts = np.histogram(time, np.maximum.accumulate(edges))[0]
    if counts.size < 2 or counts.min() < 12:
        raise LawError(
            f"{samples.name}: {counts.min()} samples on one side of the change at "
            f"{event.start:.6g} s; a fit needs twelve"
        )
    bounds = np.unique(np.concatenate([_edges(time, changes, 3 * event.uncertainty), time[-1:]]))
    place = np.searchsorted(bounds, time, side="right")
    begins = np.flatnonzero(np.append(True, np.diff(place) != 0))
    number = np.diff(np.append(begins, time.size))
    mean_time = np.add.reduceat(time, begins) / number
    about = np.add.reduceat((time - np.repeat(mean_time, number)) ** 2, begins) / number
    return Points(
        time=mean_time,
        displacement=displaced(mean_time, event),
        friction=np.add.reduceat(friction, begins) / number,
        samples=number,
        spread=np.sqrt(about),
        white=_white(friction, time),
    )


def thinned(points: Points, most: int) -> Points:
    """At most ``most`` of the points, evenly spaced in number."""
    if points.time.size <= most:
        return points
    kept = np.linspace(0, points.time.size - 1, most).round().astype(np.int64)
    return Points(
        points.time[kept],
        points.displacement[kept],
        points.friction[kept],
        points.samples[kept],
        points.spread[kept],
        points.white,
    )


def displaced(time: Floats, event: "Event") -> Floats:
    """Displacement by the velocities of an event, m, since its first change, shape ``(T,)``."""
    after = event.after * np.maximum(time, 0.0)
    if event.kind == "hold":
        after = event.after * np.maximum(time - event.held, 0.0)
    return event.before * np.minimum(time, 0.0) + after


def _edges(time: Floats, changes: Sequence[float], guard: float) -> Floats:
    """Where means begin, s: from every change outwards, to the next one half-way."""
    edges = []
    limits = [2 * time[0] - changes[0], *changes, 2 * time[-1] - changes[-1]]
    for before, change, after in zip(limits, changes, limits[2:], strict=False):
        near = np.abs(time - change).argmin()
        step = float(np.median(np.diff(time[max(near - 50, 0) : near + 50])))
        for side, length in ((-1, (change - before) / 2), (1, (after - change) / 2)):
            edges.append(change + side * _outwards(length, step, guard))
    return np.concatenate(edges)


def _outwards(length: float, step: float, guard: float) -> Floats:
    """Distances from a change up to a length: each mean wider in proportion to its distance."""
    edges = [0.0]
    widest = max(length / FEWEST, step)
    while edges[-1] < length:
        edges.append(edges[-1] + float(np.clip(GROWTH * (edges[-1] - guard), step, widest)))
    return np.array(edges[:-1])


def _white(friction: Floats, time: Floats) -> float:
    """From second differences, which slow changes hardly reach."""
    step = np.diff(time)
    even = np.abs(step[1:] - step[:-1]) < 0.5 * np.median(step)
    second = np.diff(friction, 2)[even] if even.any() else np.diff(friction, 2)
    spread = 1.4826 * float(np.median(np.abs(second))) / np.sqrt(6)
    return max(spread, 1e-3 * float(np.std(friction)), 1e-9)
