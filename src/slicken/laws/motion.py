"""Motion: how a fault slipped, at points at which its velocity is known to a few per cent."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from slicken.channels import FRICTION, LOAD_POINT, NORMAL_STRESS, SLIP, SLIP_VELOCITY
from slicken.experiment.motion import slip_from_velocity
from slicken.laws.imposed import faded, log_age

if TYPE_CHECKING:
    from slicken.experiment.samples import Samples
    from slicken.laws.results import Event
    from slicken.physics.spring_slider import Evolution

Floats = NDArray[np.float64]
MOST_POINTS = 20_000
"""Points of a record, at most: a state that needs more of them is beyond what a history shows."""
RESOLVED = 5.0
"""Times its standard error that a velocity must be to count."""
SHARE = 0.1
"""Standard error of the velocity of the shortest points."""
GROWTH = 0.1
"""By how much points grow with the time since a change of the load: a share of that time."""
EVEN = 40
"""Points of a stretch, at least."""
STUCK = 1e-4
"""Share of the median velocity below which a fault is taken as stuck."""
SPAN = 201
"""Samples over which noise is taken as one number."""
FEWEST = 8
"""Samples of slip, at least."""
LARGEST = 4_000_000
"""Numbers in one array of states."""


@dataclass(frozen=True, eq=False)
class Motion:
    """A record with its velocity imposed: N points, and M edges between which velocity is constant.

    Args:
        name: Name of the record.
        time: Instants of the points, s, shape ``(N,)``.
        friction: Friction at the points, or its mean over each, ``(N,)``; NaN where missing.
        slip: Slip since the start of the record, m, ``(N,)``.
        velocity: Slip velocity, m/s, zero or more, ``(N,)``.
        log_stress: Logarithm of normal stress, ``(N,)``; None where it is not known.
        known: Whether the velocity is known and the fault not stuck, ``(N,)``.
        steps: Slip since the edge before, m, ``(M,)``; M is N where friction was logged at edges,
            and N + 1 where points are means between edges.
        seconds: Time since the edge before, s, ``(M,)``.
        is_measured: Whether slip was measured or computed, with a spring in the loop.
    """

    name: str
    time: Floats
    friction: Floats
    slip: Floats
    velocity: Floats
    log_stress: Floats | None
    known: NDArray[np.bool_]
    steps: Floats
    seconds: Floats
    is_measured: bool

    @cached_property
    def targets(self) -> NDArray[np.bool_]:
        """Points at which a law may be fitted, shape ``(N,)``."""
        return self.known & np.isfinite(self.friction)

    @cached_property
    def log_velocity(self) -> Floats:
        """Logarithm of velocity, that of the slowest known one where the fault is stuck, (N,)."""
        slowest = self.velocity[self.known].min(initial=np.inf)
        return np.log(np.maximum(self.velocity, slowest if np.isfinite(slowest) else 1e-12))

    def states(self, law: "Evolution", distances: Floats) -> Floats:
        """``ln(V0 theta/D)`` at the points with V0 = 1 m/s, shape ``(N, K)``.

        By the slip law it is the negative of the past of ln V, which fades exponentially over slip.

        Args:
            law: Evolution law.
            distances: Critical slip distances D, m, shape ``(K,)``.
        """
        count = max(1, LARGEST // self.steps.size)
        pieces = [distances[i : i + count] for i in range(0, distances.size, count)]
        return np.concatenate([self._states(law, piece) for piece in pieces], axis=1)

    def pasts(self, values: Floats, distances: Floats) -> Floats:
        """Values of points, each faded over slip, ``(N, K)``."""
        held = np.append(values, values[-1:]) if self.steps.size > values.size else values
        columns = np.repeat(held[:, None], distances.size, axis=1)
        return self._at_points(faded(columns, self.steps, self._begins, distances))

    def _states(self, law: "Evolution", distances: Floats) -> Floats:
        if law == "slip":
            return -self.pasts(self.log_velocity, distances)
        ages = log_age(self.steps, self.seconds, self._begins, distances)
        return self._at_points(ages) - np.log(distances)

    def _at_points(self, at_edges: Floats) -> Floats:
        if self.steps.size == self.time.size:
            return at_edges
        return 0.5 * (at_edges[:-1] + at_edges[1:])

    @property
    def _begins(self) -> NDArray[np.bool_]:
        return np.arange(self.steps.size) == 0


def motion_of(
    record: "Samples", events: Sequence["Event"] = (), stiffness: float | None = None
) -> Motion | None:
    """How the fault of a record slipped; None where nothing tells.

    Slip that was measured on the fault or computed from the load point comes first; then the load
    point less the elastic deformation of the machine, where its stiffness is given; then the slip
    velocity. Where a load point is known, its motion and the deformation are treated separately:
    the one is steady between events and often noisy, the other is known better.

    Args:
        record: One run of the rig.
        events: Its events, between which the load point moves steadily; none where unknown.
        stiffness: Of the machine, in friction per metre of load point, 1/m; None where unknown.
    """
    channels = record.channels
    load_point, slip = channels.get(LOAD_POINT.name), channels.get(SLIP.name)
    if slip is None and load_point is not None and stiffness is not None:
        slip = load_point - channels[FRICTION.name] / stiffness
    if slip is not None and not _is_integrated(record):
        return _from_slip(record, slip, load_point, events)
    if SLIP_VELOCITY.name in channels:
        return _from_velocity(record, np.abs(channels[SLIP_VELOCITY.name]))
    return None


def _is_integrated(record: "Samples") -> bool:
    """Whether slip is the integral of the slip velocity, as preparing a log makes it.

    It is by trapezoids, which puts a step of velocity half a sample beside where the rig made it.
    """
    velocity = record.channels.get(SLIP_VELOCITY.name)
    if velocity is None or SLIP.name not in record.channels:
        return False
    same = np.diff(slip_from_velocity(velocity, record.time))
    apart = np.diff(record.channels[SLIP.name]) - same
    return bool(np.nanmax(np.abs(apart), initial=0.0) <= 1e-6 * np.nanmax(same, initial=0.0))


def _from_velocity(record: "Samples", velocity: Floats) -> Motion | None:
    """Each velocity holds until the next sample, as the commands of a rig do."""
    usable = np.isfinite(velocity)
    if usable.sum() < 2:
        return None
    time, speed = record.time[usable], velocity[usable]
    seconds = np.diff(time, prepend=time[0])
    steps = np.append(0.0, speed[:-1]) * seconds
    if time.size > MOST_POINTS:
        edges = np.unique(np.linspace(0, time.size - 1, MOST_POINTS + 1).astype(np.int64))
        return _binned(record, time[edges], np.cumsum(steps)[edges])
    log_stress = _log_stress(record)
    return Motion(
        name=record.name,
        time=time,
        friction=record.channels[FRICTION.name][usable],
        slip=np.cumsum(steps),
        velocity=speed,
        log_stress=None if log_stress is None else log_stress[usable],
        known=speed > _slowest(speed),
        steps=steps,
        seconds=seconds,
        is_measured=False,
    )


def _from_slip(
    record: "Samples", slip: Floats, load_point: Floats | None, events: Sequence["Event"]
) -> Motion | None:
    """From slip; or from a load point that is steady between events, and the slip less it.

    Points are short after each change of the load, as far as noise lets the velocity be known, and
    grow from there.
    """
    usable = np.isfinite(slip) if load_point is None else np.isfinite(slip + load_point)
    if usable.sum() < FEWEST:
        return None
    time, slip = record.time[usable], slip[usable] * np.sign(slip[usable][-1] - slip[usable][0])
    changes = [at for one in events for at in (one.start, one.resumed) if np.isfinite(at)]
    inside = [at for at in sorted(changes) if time[0] < at < time[-1]]
    places = np.unique(np.concatenate([[time[0]], inside, [time[-1]]]))
    steady = np.zeros_like(places)
    if inside and load_point is not None:
        steady = _steady(time, load_point[usable], places)
    part = slip - np.interp(time, places, steady)
    noise = _noise_of(part)
    edges = _edges(time, slip, noise, places)
    reach = 0.25 * np.minimum(np.gradient(edges), np.diff(edges, append=np.inf))
    moved = np.diff(_mean_near(edges, reach, time, part) + np.interp(edges, places, steady))
    dt = np.interp(edges, time, np.gradient(time))
    error = np.interp(edges, time, noise) / np.sqrt(np.maximum(2 * reach / dt, 1.0))
    sure = moved > RESOLVED * np.hypot(error[1:], error[:-1])
    total = np.append(0.0, np.cumsum(np.maximum(moved, 0.0)))
    return _binned(record, edges, total, sure, is_measured=True)


def _steady(time: Floats, values: Floats, places: Floats) -> Floats:
    """Lines through stretches, joined: values at the places between which they lie, ``(P,)``."""
    slopes = []
    for start, stop in itertools.pairwise(np.searchsorted(time, places).tolist()):
        apart = time[start : stop + 1] - time[start : stop + 1].mean()
        slopes.append(float(apart @ values[start : stop + 1]) / float(apart @ apart))
    return np.append(0.0, np.cumsum(np.array(slopes) * np.diff(places)))


def _edges(time: Floats, slip: Floats, noise: Floats, places: Floats) -> Floats:
    """Edges of points: in stretches between places, at distances that grow; else even ones."""
    index = np.searchsorted(time, places)
    if places.size == 2:  # no change of the load is known
        count = (time[-1] - time[0]) / _shortest(time, slip, noise)
        return np.linspace(time[0], time[-1], int(min(max(count, FEWEST), MOST_POINTS)) + 1)
    found, width = [places[:1]], np.inf
    for j, (start, stop) in enumerate(itertools.pairwise(index.tolist())):
        here, long = slice(start, max(stop + 1, start + 3)), float(places[j + 1] - places[j])
        width = min(_shortest(time[here], slip[here], noise[here], width), long / 2)
        past = np.append(0.0, np.geomspace(0.1 * width, long, 400))
        apart = np.minimum(width + GROWTH * past, max(long / EVEN, width))
        passed = _running(1 / apart, past)
        even = np.linspace(0.0, passed[-1], round(passed[-1]) + 1)
        found.append(places[j] + np.interp(even, passed, past)[1:])
    return np.unique(np.concatenate(found))


def _shortest(time: Floats, slip: Floats, noise: Floats, usual: float = np.inf) -> float:
    """Time in which velocity is known to a share: from means over half of it at either end, s."""
    dt = float(np.median(np.diff(time)))
    velocity = (slip[-1] - slip[0]) / (time[-1] - time[0])
    if not velocity > 0:
        return usual
    level = float(np.median(noise[: max(1, noise.size // 4)]))
    return max(dt, float((2 * level * np.sqrt(2 * dt) / (SHARE * velocity)) ** (2 / 3)))


def _binned(
    record: "Samples",
    edges: Floats,
    slip: Floats,
    sure: NDArray[np.bool_] | bool = True,
    *,
    is_measured: bool = False,
) -> Motion:
    """Points between edges: means of friction, and velocities that the slip of edges makes."""
    seconds, moved = np.diff(edges), np.maximum(np.diff(slip), 0.0)
    velocity = moved / seconds
    log_stress = _log_stress(record)
    return Motion(
        name=record.name,
        time=0.5 * (edges[1:] + edges[:-1]),
        friction=means(record.time, record.channels[FRICTION.name], edges),
        slip=np.cumsum(moved) - 0.5 * moved,
        velocity=velocity,
        log_stress=None if log_stress is None else means(record.time, log_stress, edges),
        known=(velocity > _slowest(velocity)) & sure,
        steps=np.append(0.0, moved),
        seconds=np.append(0.0, seconds),
        is_measured=is_measured,
    )


def means(time: Floats, values: Floats, edges: Floats) -> Floats:
    """Mean of the samples between edges, ``(N,)``; interpolated where there is none.

    Args:
        time: Instants of samples, ascending, shape ``(T,)``.
        values: Samples, NaN where missing, ``(T,)``.
        edges: Ascending, ``(N + 1,)``.
    """
    usable = np.isfinite(values)
    if not usable.any():
        return np.full(edges.size - 1, np.nan)
    time, values = time[usable], values[usable]
    place = np.searchsorted(time, edges)
    total = np.append(0.0, np.cumsum(values - values[0]))
    count = np.diff(place)
    between = np.interp(0.5 * (edges[1:] + edges[:-1]), time, values)
    mean = np.divide(np.diff(total[place]), count, out=between - values[0], where=count > 0)
    return mean + values[0]


def _noise_of(values: Floats) -> Floats:
    """Standard deviation of white noise near each sample, from second differences, ``(T,)``.

    It is at least that of the rounding to the steps in which the values come.
    """
    squares = np.pad(np.diff(values, 2) ** 2 / 6.0, 1, mode="edge")
    near = np.sqrt(np.maximum(uniform_filter1d(squares, SPAN, mode="nearest"), 0.0))
    steps = np.abs(np.diff(values))
    least = np.quantile(steps[steps > 0], 0.01) / np.sqrt(12.0) if (steps > 0).any() else 0.0
    return np.maximum(near, min(float(least), float(near.mean())))


def _mean_near(at: Floats, reach: Floats, time: Floats, values: Floats) -> Floats:
    """Means of the line through samples, over so far before and after each instant."""
    total = _running(values, time)
    low, high = np.clip(at - reach, time[0], time[-1]), np.clip(at + reach, time[0], time[-1])
    return (_integral(high, time, values, total) - _integral(low, time, values, total)) / (
        high - low
    )


def _running(values: Floats, at: Floats) -> Floats:
    """Integral of the line through values, from the first on, ``(T,)``."""
    return np.append(0.0, np.cumsum(0.5 * (values[1:] + values[:-1]) * np.diff(at)))


def _integral(at: Floats, time: Floats, values: Floats, total: Floats) -> Floats:
    left = np.clip(np.searchsorted(time, at, side="right") - 1, 0, time.size - 2)
    passed = at - time[left]
    slope = (values[left + 1] - values[left]) / (time[left + 1] - time[left])
    return total[left] + passed * (values[left] + 0.5 * slope * passed)


def _log_stress(record: "Samples") -> Floats | None:
    stress = record.channels.get(NORMAL_STRESS.name)
    if stress is None or not (stress > 0).any():
        return None
    usable = stress > 0
    return np.interp(record.time, record.time[usable], np.log(stress[usable]))


def _slowest(velocity: Floats) -> float:
    moving = velocity[velocity > 0]
    return STUCK * float(np.median(moving)) if moving.size else np.inf
