"""Loading: commands to the rig, and what its servos make of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from slicken.errors import PlanError

SHORTEST_STAGE = 100.0
"""Seconds; with the longest, the range of the stages of the published experiments."""
LONGEST_STAGE = 800.0
LOWEST_STRESS = 0.3e6
"""Pa; with the highest, the range of the published experiments."""
HIGHEST_STRESS = 5.8e6
SMALLEST_STEP = 0.3e6
"""Pa; no rig is stepped by less than its lowest stress."""
VELOCITY = 4e-3
"""Slip velocity of the published experiments, in m/s."""
SLOW = 0.5e-3
"""Slowest slip velocity of the drives that change it at the published load, in m/s; the fastest is
the published one. An eighth of it, so that a length of slip and a time are well apart, and never
more heat than the published 0.015 MW/m2, below where rock weakens by it (0.03-0.3 MW/m2: Boneh,
Sagy & Reches 2013)."""
WARMS = (4.0, 12.0)
"""How much a room warms in an hour, at least and at most, in K: an assumption."""


@dataclass(frozen=True, eq=False)
class Loading:
    """What a fault is made to do, servo noise included.

    Args:
        dt: Time step, in s.
        normal_stress: Normal stress, positive, in Pa, shape ``(T,)``.
        velocity: Slip velocity, zero or more, in m/s, shape ``(T,)``.
        room: Warming of the room, and of the rig in it, since the start, in K, shape ``(T,)``;
            None for none.

    Raises:
        PlanError: if the shapes differ or a value is out of range.
    """

    dt: float
    normal_stress: NDArray[np.float64]
    velocity: NDArray[np.float64]
    room: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if self.room is not None and self.room.shape != self.velocity.shape:
            raise PlanError("the room of a loading needs the shape of its velocity, (T,)")
        if self.normal_stress.shape != self.velocity.shape or self.velocity.ndim != 1:
            raise PlanError("normal stress and velocity of a loading need one shape, (T,)")
        if not self.dt > 0:
            raise PlanError(f"the step of a loading must be positive; got {self.dt} s")
        if not np.all(self.normal_stress > 0) or not np.all(self.velocity >= 0):
            raise PlanError("a loading needs positive normal stress and velocity of zero or more")

    def __len__(self) -> int:
        """Number of samples, T."""
        return int(self.velocity.size)


def rotary_shear(duration: float, rng: np.random.Generator, *, dt: float = 1.0) -> Loading:
    """Stages of random normal stress and length at 4 mm/s, as in the published experiments.

    Args:
        duration: Time from the first to the last sample, in s.
        rng: Source of randomness.
        dt: Time step, in s.
    """
    samples = _samples(duration, dt)
    stress_rng, servo_rng, drive_rng = rng.spawn(3)
    stress = stage_stress(samples, stress_rng, dt=dt)
    return Loading(
        dt=dt,
        normal_stress=servo(ramped(stress, dt=dt), servo_rng, relative=0.003),
        velocity=servo(np.full(samples, VELOCITY), drive_rng, relative=0.007),
    )


def velocity_stepping(duration: float, rng: np.random.Generator, *, dt: float = 1.0) -> Loading:
    """The same stages of normal stress, with steps of velocity and slide-hold-slides.

    Args:
        duration: Time from the first to the last sample, in s.
        rng: Source of randomness.
        dt: Time step, in s.
    """
    return _driven(duration, rng, dt, partial(stage_velocity, dt=dt))


def velocity_stages(duration: float, rng: np.random.Generator, *, dt: float = 1.0) -> Loading:
    """Stages of normal stress, with stages of velocity that know nothing of them.

    Velocities from 0.5 to 4 mm/s, uniform in the logarithm, for 60-300 s each.

    Args:
        duration: Time from the first to the last sample, in s.
        rng: Source of randomness.
        dt: Time step, in s.
    """

    def command(samples: int, rng: np.random.Generator) -> NDArray[np.float64]:
        pieces: list[NDArray[np.float64]] = []
        while sum(piece.size for piece in pieces) < samples:
            velocity = SLOW * (VELOCITY / SLOW) ** float(rng.uniform())
            pieces.append(np.full(round(float(rng.uniform(60.0, 300.0)) / dt), velocity))
        return np.concatenate(pieces)[:samples]

    return _driven(duration, rng, dt, command)


def two_velocities(duration: float, rng: np.random.Generator, *, dt: float = 1.0) -> Loading:
    """Stages of normal stress, with stages of 0.5 and of 4 mm/s by turns.

    Either may come first; a stage lasts 100-800 s, as those of stress do.

    Args:
        duration: Time from the first to the last sample, in s.
        rng: Source of randomness.
        dt: Time step, in s.
    """

    def command(samples: int, rng: np.random.Generator) -> NDArray[np.float64]:
        turns = [SLOW, VELOCITY] if rng.random() < 0.5 else [VELOCITY, SLOW]
        pieces: list[NDArray[np.float64]] = []
        while sum(piece.size for piece in pieces) < samples:
            length = round(float(rng.uniform(SHORTEST_STAGE, LONGEST_STAGE)) / dt)
            pieces.append(np.full(length, turns[len(pieces) % 2]))
        return np.concatenate(pieces)[:samples]

    return _driven(duration, rng, dt, command)


def warming_room(duration: float, rng: np.random.Generator, *, dt: float = 1.0) -> Loading:
    """The published drive in a room that warms at a constant rate, drawn for each experiment.

    Args:
        duration: Time from the first to the last sample, in s.
        rng: Source of randomness.
        dt: Time step, in s.
    """
    (room_rng,) = rng.spawn(1)
    loading = rotary_shear(duration, rng, dt=dt)
    rate = float(room_rng.uniform(*WARMS)) / 3600.0
    return replace(loading, room=rate * dt * np.arange(len(loading), dtype=np.float64))


def stage_stress(samples: int, rng: np.random.Generator, *, dt: float) -> NDArray[np.float64]:
    """Commanded normal stress in Pa, shape ``(T,)``.

    Stages of 100-800 s, each at a stress from 0.3 to 5.8 MPa, both uniform; a stage differs from
    the one before by at least 0.3 MPa.
    """
    pieces: list[NDArray[np.float64]] = []
    stress = -np.inf
    while sum(piece.size for piece in pieces) < samples:
        before = stress
        while abs(stress - before) < SMALLEST_STEP or not np.isfinite(stress):
            stress = float(rng.uniform(LOWEST_STRESS, HIGHEST_STRESS))
        length = round(float(rng.uniform(SHORTEST_STAGE, LONGEST_STAGE)) / dt)
        pieces.append(np.full(max(length, 1), stress))
    return np.concatenate(pieces)[:samples]


def stage_velocity(samples: int, rng: np.random.Generator, *, dt: float) -> NDArray[np.float64]:
    """Commanded slip velocity in m/s, shape ``(T,)``: steps and holds.

    Steps of 60-300 s at velocities from 1 um/s to 1 mm/s, uniform in the logarithm: with Dc of
    100 um, Dc/V runs from 0.1 to 100 s, so that its memory can be seen at one sample a second. One
    interval in four is a hold of 10-300 s, in which the fault creeps at 10 nm/s.
    """
    pieces: list[NDArray[np.float64]] = []
    while sum(piece.size for piece in pieces) < samples:
        held = bool(pieces) and rng.random() < 0.25
        velocity = 1e-8 if held else 10.0 ** float(rng.uniform(-6.0, -3.0))
        length = round(float(rng.uniform(10.0 if held else 60.0, 300.0)) / dt)
        pieces.append(np.full(max(length, 1), velocity))
    return np.concatenate(pieces)[:samples]


def ramped(command: NDArray[np.float64], *, dt: float, seconds: float = 5.0) -> NDArray[np.float64]:
    """A command followed by linear ramps of ``seconds``, as a hydraulic or pneumatic servo does.

    Example:
        >>> ramped(np.array([1.0, 1.0, 3.0, 3.0, 3.0]), dt=1.0, seconds=2.0).tolist()
        [1.0, 1.0, 2.0, 3.0, 3.0]
    """
    width = max(round(seconds / dt), 1)
    held = np.concatenate([np.full(width - 1, command[0]), command])
    return np.convolve(held, np.full(width, 1.0 / width), mode="valid")


def servo(
    command: NDArray[np.float64], rng: np.random.Generator, *, relative: float
) -> NDArray[np.float64]:
    """What a servo makes of a command: Gaussian noise in proportion to it, new at each sample.

    Servo motors of rotary-shear rigs hold velocity to 0.5-1 %, load servos stress to some 0.3 %.
    The noise is cut at four standard deviations so that nothing changes sign.
    """
    noise = np.clip(rng.standard_normal(command.shape), -4.0, 4.0)
    return np.asarray(command * (1.0 + relative * noise))


def _driven(
    duration: float,
    rng: np.random.Generator,
    dt: float,
    command: Callable[[int, np.random.Generator], NDArray[np.float64]],
) -> Loading:
    """Stages of normal stress, and the commanded velocities as a servo follows them."""
    samples = _samples(duration, dt)
    stress_rng, servo_rng, drive_rng, command_rng = rng.spawn(4)
    stress = stage_stress(samples, stress_rng, dt=dt)
    return Loading(
        dt=dt,
        normal_stress=servo(ramped(stress, dt=dt), servo_rng, relative=0.003),
        velocity=servo(command(samples, command_rng), drive_rng, relative=0.007),
    )


def _samples(duration: float, dt: float) -> int:
    return round(duration / dt) + 1
