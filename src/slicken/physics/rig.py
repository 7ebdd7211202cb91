"""The rig: turns a loading and a friction law into what an instrumented rig would log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from slicken.channels import (
    AXIAL_DISPLACEMENT,
    FRICTION,
    NORMAL_STRESS,
    SHEAR_STRESS,
    SLIP_VELOCITY,
    TEMPERATURE,
)
from slicken.errors import PlanError
from slicken.physics.friction import FrictionLaw, Instant
from slicken.physics.heat import Specimen, Thermocouple, discretise
from slicken.physics.shortening import Column, shortening
from slicken.physics.wear import Wear

if TYPE_CHECKING:
    from slicken.physics.loading import Loading

State = TypeVar("State")


@dataclass(frozen=True)
class Noise:
    """Standard deviations of what the sensors add: white, Gaussian, new at each sample.

    The numbers are those of ordinary instruments, not of a good day: an encoder's speed over one
    second, 0.2 %; an inductive displacement transducer, 0.5 um; a thermocouple behind a 16-bit
    amplifier, 0.05 K; a load cell, 0.1 % of its reading; friction, from a torque that carries the
    load cells' noise and the run-out of a turning specimen, 0.0025. A real rig's run-out is in
    part periodic (once in 13 s at 4 mm/s and 12.5 mm); here it is white, so that the floor of a
    loss is one number.

    Args:
        velocity: Noise of the slip velocity, relative to it.
        displacement: Noise of the axial displacement, in m.
        temperature: Noise of the temperature, in K.
        normal_stress: Noise of the normal stress, relative to it.
        friction: Noise of the friction coefficient.

    Raises:
        PlanError: if one is negative.
    """

    velocity: float = 0.002
    displacement: float = 0.5e-6
    temperature: float = 0.05
    normal_stress: float = 0.001
    friction: float = 0.0025

    def __post_init__(self) -> None:
        levels = (self.velocity, self.displacement, self.temperature)
        if not min(*levels, self.normal_stress, self.friction) >= 0:
            raise PlanError(f"noise levels must be zero or more; got {self}")


@dataclass(frozen=True)
class Rig:
    """Settings of a simulated rotary-shear rig.

    Args:
        specimen: One of the two equal rods.
        thermocouple: Place and lag of the sensor.
        wear: Wear law of the rods.
        column: Parts that shorten.
        noise: Noise of the sensors.
        ambient: Temperature of the room and of the grips, in degC.
        heating_friction: Friction that makes the heat; None (as in nature) for the law's own.
            A number cuts the way from friction back to temperature.
    """

    specimen: Specimen = field(default_factory=Specimen)
    thermocouple: Thermocouple = field(default_factory=Thermocouple)
    wear: Wear = field(default_factory=Wear)
    column: Column = field(default_factory=Column)
    noise: Noise = field(default_factory=Noise)
    ambient: float = 22.0
    heating_friction: float | None = None


@dataclass(frozen=True, eq=False)
class Fault:
    """What happened in the rig, free of sensor noise; every array has shape ``(T,)``.

    Args:
        friction: Friction coefficient.
        surface: Temperature of the slip surface, in degC.
        temperature: Reading of a noise-free thermocouple, in degC.
        shortening: Reading of a noise-free displacement sensor, in m.
        worn: Depth worn so far, in m.
    """

    friction: NDArray[np.float64]
    surface: NDArray[np.float64]
    temperature: NDArray[np.float64]
    shortening: NDArray[np.float64]
    worn: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Recording:
    """What the rig logs.

    Args:
        time: Time, in s, shape ``(T,)``.
        channels: Values by channel, in the units of :data:`slicken.channels.CHANNELS`, ``(T,)``.
        fault: State of the fault, free of sensor noise.
    """

    time: NDArray[np.float64]
    channels: Mapping[str, NDArray[np.float64]]
    fault: Fault


def slide(rig: Rig, loading: "Loading", law: FrictionLaw[State]) -> Fault:
    """Make a fault slip, sample by sample.

    At each sample the law says what friction is from what the fault has felt up to then; its work,
    ``mu sigma V/2`` into each side, warms the rods until the next sample. So friction at an
    instant never depends on what comes later. A room that warms takes the rig with it: so slowly
    that the rods follow (their slowest time is three minutes), and the rise above the room is what
    the work makes of it.

    Args:
        rig: Settings of the rig.
        loading: Commands to the fault.
        law: Friction law of the fault.

    Example:
        >>> from slicken.physics.friction import Prescribed
        >>> from slicken.physics.loading import Loading
        >>> hour = Loading(dt=1.0, normal_stress=np.full(3601, 5.8e6), velocity=np.full(3601, 4e-3))
        >>> fault = slide(Rig(), hour, Prescribed([0.65] * 3601))
        >>> round(float(fault.surface[-1] - Rig().ambient), 1)  # K; q L/k = 65.6 less what is lost
        60.1
    """
    rods = discretise(rig.specimen, rig.thermocouple, dt=loading.dt)
    heat = rods.rest()
    worn, slip = 0.0, 0.0
    rows: list[tuple[float, float, float, float, float]] = []
    room = np.zeros(len(loading)) if loading.room is None else loading.room
    columns = loading.velocity.tolist(), loading.normal_stress.tolist(), room.tolist()
    commands = list(zip(*columns, strict=True))
    velocity, stress, warmer = commands[0]
    state = law.start(Instant(velocity, stress, rig.ambient + warmer, worn), loading.dt)
    for velocity, stress, warmer in commands:
        now = Instant(velocity, stress, rig.ambient + warmer + rods.reading(heat), worn)
        friction, state = law.step(state, now, loading.dt)
        surface, mean = rods.surface(heat) + warmer, rods.mean(heat) + warmer
        rows.append((friction, surface, now.temperature, mean, worn))
        work = friction if rig.heating_friction is None else rig.heating_friction
        heat = rods.step(heat, 0.5 * work * stress * velocity)
        worn += rig.wear.depth(slip, slip + velocity * loading.dt, stress)
        slip += velocity * loading.dt
    return _fault(rig, loading, np.array(rows))


def _fault(rig: Rig, loading: "Loading", rows: NDArray[np.float64]) -> Fault:
    friction, surface, temperature, mean_rise, worn = rows.T.copy()
    return Fault(
        friction=friction,
        surface=rig.ambient + surface,
        temperature=temperature,
        shortening=shortening(
            rig.column,
            rig.specimen,
            normal_stress=loading.normal_stress,
            velocity=loading.velocity,
            worn=worn,
            mean_rise=mean_rise,
        ),
        worn=worn,
    )


def record(
    rig: Rig, loading: "Loading", law: FrictionLaw[State], rng: np.random.Generator
) -> Recording:
    """Make a fault slip and log it, sensor noise included.

    Logged friction is the true one plus ``noise.friction``, which stands for all that the load
    and torque cells add; logged shear stress is logged friction times logged normal stress, as in
    a log whose friction column was computed from the other two.

    Args:
        rig: Settings of the rig.
        loading: Commands to the fault.
        law: Friction law of the fault.
        rng: Source of the sensors' noise; each sensor has a stream of its own.
    """
    fault = slide(rig, loading, law)
    samples, noise = len(loading), rig.noise
    velocity, displacement, temperature, stress, torque = (
        stream.standard_normal(samples) for stream in rng.spawn(5)
    )
    normal = loading.normal_stress * (1.0 + noise.normal_stress * stress)
    friction = fault.friction + noise.friction * torque
    channels = {
        SLIP_VELOCITY.name: loading.velocity * (1.0 + noise.velocity * velocity),
        AXIAL_DISPLACEMENT.name: fault.shortening + noise.displacement * displacement,
        TEMPERATURE.name: fault.temperature + noise.temperature * temperature,
        NORMAL_STRESS.name: normal,
        SHEAR_STRESS.name: friction * normal,
        FRICTION.name: friction,
    }
    return Recording(
        time=np.arange(samples, dtype=np.float64) * loading.dt,
        channels=MappingProxyType(channels),
        fault=fault,
    )
