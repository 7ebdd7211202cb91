"""Shear test: a rate-and-state fault that a rig loads in velocity steps or slide-hold-slides."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from slicken.channels import FRICTION, LOAD_POINT, NORMAL_STRESS, SHEAR_STRESS, SLIP
from slicken.errors import PlanError
from slicken.experiment.experiment import Provenance
from slicken.experiment.samples import Samples
from slicken.statements import Statement

if TYPE_CHECKING:  # it imports JAX
    from slicken.physics.spring_slider import SpringSlider

Floats = NDArray[np.float64]
Kind = Literal["velocity-steps", "slide-hold-slide"]
Seed = int | Sequence[int]
PADDED = 1024
"""Multiple to which the number of instants is padded: the solver is compiled for each number."""


@dataclass(frozen=True)
class Course:
    """What the load point does, one velocity after another; sliding is steady at the first.

    Args:
        kind: ``velocity-steps`` or ``slide-hold-slide``.
        velocities: m/s, 0 in a hold, ``(K,)``.
        durations: s, ``(K,)``.

    Raises:
        PlanError: If nothing changes, or a number makes no sense.
    """

    kind: Kind
    velocities: tuple[float, ...]
    durations: tuple[float, ...]

    def __post_init__(self) -> None:
        numbers = np.array([*self.velocities, *self.durations])
        if len(self.velocities) < 2 or len(self.velocities) != len(self.durations):
            raise PlanError("the load point needs two velocities or a hold; name some")
        if not (np.isfinite(numbers).all() and min(self.velocities) >= 0):
            raise PlanError("velocities must be zero or more, and finite")
        if not (self.velocities[0] > 0 and min(self.durations) > 0):
            raise PlanError("sliding must be steady at first, and each stretch must last")

    @classmethod
    def steps(cls, velocities: Sequence[float], slip: float) -> "Course":
        """Velocities (m/s) that the load point holds for as much displacement each (m)."""
        if not velocities or not min(velocities) > 0:
            raise PlanError("velocities of steps must be positive; holds are slide-hold-slide")
        return cls("velocity-steps", tuple(velocities), tuple(slip / v for v in velocities))

    @classmethod
    def holds(cls, velocity: float, holds: Sequence[float], slip: float) -> "Course":
        """Holds (s), with sliding at one velocity (m/s) over a displacement (m) round each."""
        if not velocity > 0:
            raise PlanError(f"sliding between holds at {velocity:g} m/s: choose more than 0")
        durations = [slip / velocity, *(t for held in holds for t in (held, slip / velocity))]
        velocities = [velocity, *([0.0, velocity] * len(holds))]
        return cls("slide-hold-slide", tuple(velocities), tuple(durations))

    @property
    def starts(self) -> Floats:
        """When each velocity begins, s, shape ``(K,)``."""
        return np.concatenate([[0.0], np.cumsum(self.durations)[:-1]])

    def displacement(self, times: Floats) -> Floats:
        """Displacement of the load point, m, shape ``(T,)``."""
        corners = np.concatenate([self.starts, [sum(self.durations)]])
        moved = np.concatenate([[0.0], np.cumsum(np.multiply(self.velocities, self.durations))])
        return np.interp(times, corners, moved)


@dataclass(frozen=True)
class Readings:
    """What sensors, surface and digitiser make of the fault's friction.

    A trend and an undulation of the surface add to friction as functions of slip; they do not act
    back on the spring.

    Args:
        rates: Sampling rate, Hz; of two, the second from the first event on.
        white: Standard deviation of white noise of friction.
        coloured: Standard deviation of noise of friction that is correlated.
        correlation: Correlation time of that, s.
        correlation_slip: Correlation slip instead of a time, m; 0 for a time.
        trend: Friction per metre of slip, 1/m.
        undulation: Amplitude of a sine of slip, of random phase.
        wavelength: Of the sine, m.
        displacement: Standard deviation of noise of the displacement, m.
        quantum: Resolution of the displacement, m; 0 for none.
        normal_stress: Pa.

    Raises:
        PlanError: If a number makes no sense.
    """

    rates: tuple[float, ...] = (100.0,)
    white: float = 3e-4
    coloured: float = 0.0
    correlation: float = 1.0
    correlation_slip: float = 0.0
    trend: float = 0.0
    undulation: float = 0.0
    wavelength: float = 100e-6
    displacement: float = 0.0
    quantum: float = 0.0
    normal_stress: float = 50e6

    def __post_init__(self) -> None:
        levels = (self.white, self.coloured, self.correlation_slip, self.undulation)
        if not min(*levels, self.displacement, self.quantum) >= 0:
            raise PlanError(f"noise, undulation and resolution must be zero or more; got {self}")
        if not min(self.correlation, self.wavelength, self.normal_stress) > 0:
            raise PlanError("correlation time, wavelength and normal stress must be positive")
        if len(self.rates) not in (1, 2) or not min(self.rates) > 0:
            raise PlanError("give one sampling rate, or two: before and after the first event")
        numbers = (*levels, *self.rates, self.displacement, self.quantum, self.trend)
        if not np.isfinite([*numbers, self.correlation, self.wavelength]).all():
            raise PlanError(f"noise, trend and rates must be finite; got {self}")


@dataclass(frozen=True, eq=False)
class ShearTest:
    """The log of one simulated shear test, in SI units; every array has shape ``(T,)``.

    Args:
        name: Name.
        time: Instants of the samples, s.
        displacement: Of the load point, or slip where the velocity is imposed, m.
        friction: As logged.
        normal_stress: Pa.
        exact: Friction by the law alone.
        imposed: Whether the velocity is imposed on the fault.
        truth: What was planted, as a tree that JSON can hold; ``statement`` says it.
    """

    name: str
    time: Floats
    displacement: Floats
    friction: Floats
    normal_stress: Floats
    exact: Floats
    imposed: bool
    truth: Mapping[str, Any]

    def table(self) -> dict[str, Floats]:
        """The columns of the log as a rig writes them: header to numbers of shape ``(T,)``."""
        return {
            "time_s": self.time,
            "slip_um" if self.imposed else "load_point_um": self.displacement * 1e6,
            "friction": self.friction,
            "normal_stress_MPa": self.normal_stress * 1e-6,
            "shear_stress_MPa": self.friction * self.normal_stress * 1e-6,
        }

    def samples(self) -> Samples:
        """The record at its own sampling, as one that was read from a log."""
        channels = {
            (SLIP if self.imposed else LOAD_POINT).name: self.displacement,
            FRICTION.name: self.friction,
            NORMAL_STRESS.name: self.normal_stress,
            SHEAR_STRESS.name: self.friction * self.normal_stress,
        }
        provenance = Provenance(f"simulated {self.truth['scenario']}", truth=self.truth)
        return Samples(self.name, self.time, channels, provenance)


def shear(
    fault: "SpringSlider", course: Course, readings: Readings, seed: Seed, name: str = "simulated"
) -> ShearTest:
    """Shear a fault and log it.

    Args:
        fault: Law and stiffness; a stiffness of infinity imposes the velocity on the fault.
        course: Course of the load point.
        readings: Sampling, noise and surface.
        seed: Random seed, one number of zero or more, or several.
        name: Name of the record.

    Raises:
        PlanError: If friction runs away, or a fault of imposed velocity is held.

    Example:
        Sliding ten times faster raises steady friction by (a - b) ln 10:

        >>> from slicken.physics.spring_slider import SpringSlider
        >>> fault = SpringSlider(0.6, 0.010, (0.006,), (10e-6,), 5e3, 1e-6)
        >>> course = Course.steps([1e-6, 1e-5], slip=300e-6)
        >>> test = shear(fault, course, Readings(rates=(10.0,), white=0.0), seed=0)
        >>> round(float(test.friction[-1] - test.friction[0]), 5), round(0.004 * math.log(10), 5)
        (0.00921, 0.00921)
    """
    streams = [np.random.default_rng(each) for each in np.random.SeedSequence(seed).spawn(5)]
    times = _instants(course, readings, streams[0])
    moved = course.displacement(times)
    exact = _friction(fault, course, times)
    slipped = moved - (exact - exact[0]) / fault.stiffness
    noise = readings.white * streams[1].standard_normal(times.size)
    clock, scale = times, readings.correlation
    if readings.correlation_slip:
        clock, scale = slipped, readings.correlation_slip
    noise += readings.coloured * _correlated(clock / scale, streams[2])
    phase = streams[3].uniform(0.0, 2.0 * math.pi)
    sine = np.sin(2.0 * math.pi * slipped / readings.wavelength + phase)
    surface = readings.undulation * sine + readings.trend * slipped
    logged = moved + readings.displacement * streams[4].standard_normal(times.size)
    if readings.quantum:
        logged = np.round(logged / readings.quantum) * readings.quantum
    return ShearTest(
        name=name,
        time=times,
        displacement=logged,
        friction=exact + surface + noise,
        normal_stress=np.full(times.size, readings.normal_stress),
        exact=exact,
        imposed=math.isinf(fault.stiffness),
        truth=_truth(fault, course, readings),
    )


def simulate_record(
    fault: "SpringSlider", course: Course, readings: Readings, seed: Seed, name: str = "simulated"
) -> Samples:
    """Like :func:`shear`, as samples that friction laws are fitted to."""
    return shear(fault, course, readings, seed, name).samples()


def _instants(course: Course, readings: Readings, rng: np.random.Generator) -> Floats:
    """Instants of samples; no sample need fall on a change of the load."""
    end, change = sum(course.durations), course.durations[0]
    first, last = readings.rates[0], readings.rates[-1]
    phase = rng.uniform()
    before = (np.arange(math.ceil(change * first)) + phase) / first
    before = before[before < change]
    after = np.arange(max(math.floor((end - change) * last), 1)) + rng.uniform()
    times = np.concatenate([before, change + after / last])
    return times[times <= end]


def _friction(fault: "SpringSlider", course: Course, times: Floats) -> Floats:
    if math.isinf(fault.stiffness):
        return imposed_friction(fault, course, times)
    padded = np.pad(times, (0, -times.size % PADDED), "edge")
    velocities = np.array(course.velocities)
    return fault.friction(padded, course.starts, velocities, course.velocities[0])[: times.size]


def imposed_friction(fault: "SpringSlider", course: Course, times: Floats) -> Floats:
    """Friction where the fault itself slips at the velocities of the course: closed solutions.

    Args:
        fault: Law; its stiffness plays no part.
        course: Velocities of the fault.
        times: When friction is wanted, s, ``(T,)``.

    Raises:
        PlanError: If the fault is held: its friction is not defined at rest.
    """
    if min(course.velocities) <= 0:
        raise PlanError("a fault at rest has no friction by this law; hold the load point, not it")
    piece = np.searchsorted(course.starts, times, side="right") - 1
    velocity = np.array(course.velocities)[piece]
    friction = fault.mu0 + fault.a * np.log(velocity / fault.reference_velocity)
    for b, distance in zip(fault.b, fault.slip_scales, strict=True):
        log_theta = math.log(distance / course.velocities[0])
        for number, (start, speed, lasts) in enumerate(
            zip(course.starts, course.velocities, course.durations, strict=True)
        ):
            here = piece == number
            aged = _aged(fault, log_theta, speed, distance, times[here] - start)
            friction[here] += b * (aged + math.log(fault.reference_velocity / distance))
            log_theta = float(_aged(fault, log_theta, speed, distance, np.array(lasts)))
    return friction


def _aged(
    fault: "SpringSlider", log_theta: float, velocity: float, distance: float, seconds: Floats
) -> Floats:
    """Logarithm of theta (s) after some time at one velocity."""
    kept, steady = np.exp(-velocity * seconds / distance), math.log(distance / velocity)
    if fault.evolution == "slip":
        return np.asarray(steady + (log_theta - steady) * kept)
    return np.asarray(steady + np.log1p(math.expm1(log_theta - steady) * kept))


def _correlated(clock: Floats, rng: np.random.Generator) -> Floats:
    """A stationary Ornstein-Uhlenbeck process of unit variance and unit correlation length."""
    kept = np.concatenate([[0.0], np.exp(-np.abs(np.diff(clock)))])
    fresh = np.sqrt(1.0 - kept**2) * rng.standard_normal(clock.size)
    values, last = np.empty(clock.size), 0.0
    for number, (keep, new) in enumerate(zip(kept.tolist(), fresh.tolist(), strict=True)):
        last = keep * last + new
        values[number] = last
    return values


def _truth(fault: "SpringSlider", course: Course, readings: Readings) -> dict[str, Any]:
    steps = zip(course.starts[1:], course.velocities, course.velocities[1:], strict=False)
    speeds = [(1e6 * v, "µm/s") for v in dict.fromkeys(course.velocities) if v > 0]
    statement = Statement(
        f"truths.{course.kind}",
        law=fault.evolution,
        a=fault.a,
        b=list(fault.b),
        dc=[(1e6 * d, "µm") for d in fault.slip_scales],
        velocities=speeds,
    )
    return {
        "scenario": course.kind,
        "statement": statement.to_plain(),
        "law": fault.evolution,
        "a": fault.a,
        "b": list(fault.b),
        "a_minus_b": fault.a - sum(fault.b),
        "dc_m": list(fault.slip_scales),
        "stiffness_per_m": None if math.isinf(fault.stiffness) else fault.stiffness,
        "mu0": fault.mu0,
        "reference_velocity_m_s": fault.reference_velocity,
        "load_point_m_s": list(course.velocities),
        "changes": [
            {"start_s": float(start), "before_m_s": before, "after_m_s": after}
            for start, before, after in steps
        ],
        "readings": asdict(readings),
    }
