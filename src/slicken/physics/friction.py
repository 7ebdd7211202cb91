"""Friction laws that remember: each says what friction is now from what the fault has felt.

A law is a frozen set of numbers. It is stepped: :meth:`FrictionLaw.start` gives the state of a
fault before its first sample, :meth:`FrictionLaw.step` gives the friction at a sample and the state
for the next one. A step sees one instant and its own past, never the future.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from slicken.errors import PlanError

State = TypeVar("State")


class Instant(NamedTuple):
    """What a fault feels at one sample, free of sensor noise.

    Args:
        velocity: Slip velocity, in m/s.
        normal_stress: Normal stress, in Pa.
        temperature: Reading of a noise-free thermocouple, in degC.
        worn: Depth worn since the surfaces were fresh, in m.
    """

    velocity: float
    normal_stress: float
    temperature: float
    worn: float


class FrictionLaw(ABC, Generic[State]):
    """What friction is now, and what the fault keeps for the next sample."""

    @abstractmethod
    def start(self, first: Instant, dt: float) -> State:
        """The state of a fault that has not slipped yet; ``dt`` is the step in s."""

    @abstractmethod
    def step(self, state: State, now: Instant, dt: float) -> tuple[float, State]:
        """The friction coefficient at an instant, and the state ``dt`` seconds later."""


class TemperatureMemory(FrictionLaw[NDArray[np.float64]]):
    """A law of the thermocouple temperatures of the last ``memory`` seconds.

    Before the test the fault was at the reference temperature. A memory of zero means the present
    value alone.
    """

    memory: float
    reference: float

    def __post_init__(self) -> None:
        """Refuses a memory that is no length of time."""
        if not 0 <= self.memory < math.inf:
            raise PlanError(f"the memory must be zero or more seconds; got {self.memory}")

    def start(self, first: Instant, dt: float) -> NDArray[np.float64]:
        """The temperatures of the samples that count, oldest first; all at the reference."""
        del first
        return np.full(max(round(self.memory / dt), 1), self.reference)

    def step(
        self, state: NDArray[np.float64], now: Instant, dt: float
    ) -> tuple[float, NDArray[np.float64]]:
        """Friction from the temperatures of the last samples, this one included."""
        del dt
        recent = np.append(state[1:], now.temperature)
        return self.friction(recent, now), recent

    @abstractmethod
    def friction(self, recent: NDArray[np.float64], now: Instant) -> float:
        """Friction from the last temperatures, oldest first, in degC, and the instant itself."""

    def rise(self, recent: NDArray[np.float64]) -> float:
        """Mean of temperatures above the reference, in K."""
        return float(recent.sum()) / recent.size - self.reference


@dataclass(frozen=True)
class ThermalWeakening(TemperatureMemory):
    """Friction falls with the temperature of the last ``memory`` seconds.

    ``mu = mu0 + slope (mean of T over the last memory seconds - reference)``. Dolerite at 0.01 m/s
    and 1 MPa loses about 5e-4 per K and depends on the history of temperature, not only on its
    present value (Noda, Kanagawa et al. 2011); the boxcar mean is the simplest such history.

    Args:
        mu0: Friction at the reference temperature.
        slope: Change of friction per K.
        memory: Length of the mean, in s, rounded to whole samples.
        reference: Reference temperature, in degC.

    Raises:
        PlanError: if memory is negative.
    """

    mu0: float = 0.65
    slope: float = -5e-4
    memory: float = 100.0
    reference: float = 22.0

    def friction(self, recent: NDArray[np.float64], now: Instant) -> float:
        """Friction from the mean."""
        del now
        return self.mu0 + self.slope * self.rise(recent)


@dataclass(frozen=True)
class RunningIn(FrictionLaw[None]):
    """Friction falls from fresh to worn surfaces: ``mu = mu_worn + drop exp(-h/h_r)``.

    It depends on the worn depth h alone, so a heavily loaded fault runs in sooner: the scale is
    neither seconds nor, where the normal stress changes, slip. Running-in takes 1-3 m of slip
    (Boneh et al. 2014); the drop of 0.08 is an assumption of the size usual for bare rock.

    Args:
        mu_worn: Friction of worn surfaces.
        drop: Excess of friction on fresh surfaces.
        depth: Wear depth of the decay, h_r, in m.

    Raises:
        PlanError: if the depth is not positive.
    """

    mu_worn: float = 0.62
    drop: float = 0.08
    depth: float = 15e-6

    def __post_init__(self) -> None:
        if not self.depth > 0:
            raise PlanError(f"the running-in depth must be positive; got {self.depth} m")

    def start(self, first: Instant, dt: float) -> None:
        """Nothing to keep: the worn depth is the memory."""

    def step(self, state: None, now: Instant, dt: float) -> tuple[float, None]:
        """Friction from the worn depth."""
        del state, dt
        return self.mu_worn + self.drop * math.exp(-now.worn / self.depth), None


@dataclass(frozen=True)
class RunningInBySlip(FrictionLaw[float]):
    """Friction falls with the slip D since the start: ``mu = mu_worn + drop exp(-D/D_r)``.

    Bare rock runs in over 1-3 m of slip (Boneh et al. 2014), whatever its velocity; here whatever
    its load, too, which is what sets it apart from :class:`RunningIn`. The drop is an assumption.

    Args:
        mu_worn: Friction of worn surfaces.
        drop: Excess of friction on fresh surfaces.
        slip: Slip of the decay, D_r, in m.

    Raises:
        PlanError: if the slip is not positive.

    Example:
        >>> law = RunningInBySlip(mu_worn=0.6, drop=0.1, slip=1.5)
        >>> fast = Instant(velocity=1.5, normal_stress=1e6, temperature=22.0, worn=0.0)
        >>> fresh, after = law.step(law.start(fast, 1.0), fast, 1.0)
        >>> round(fresh, 4), round(law.step(after, fast, 1.0)[0], 4)  # 0.6 + 0.1/e
        (0.7, 0.6368)
    """

    mu_worn: float = 0.62
    drop: float = 0.08
    slip: float = 1.5

    def __post_init__(self) -> None:
        if not self.slip > 0:
            raise PlanError(f"the running-in slip must be positive; got {self.slip} m")

    def start(self, first: Instant, dt: float) -> float:
        """Slip since the surfaces were fresh: none."""
        del first, dt
        return 0.0

    def step(self, state: float, now: Instant, dt: float) -> tuple[float, float]:
        """Friction from the slip so far."""
        return self.mu_worn + self.drop * math.exp(-state / self.slip), state + now.velocity * dt


@dataclass(frozen=True)
class LoadHistory(FrictionLaw[float]):
    """Friction answers a change of normal stress at once and forgets it slowly.

    ``mu = mu0 - alpha (ln sigma - m)``, ``dm/dt = (ln sigma - m)/memory``: a step from s1 to s2
    changes friction by ``-alpha ln(s2/s1)``, which fades with the memory. That is the form of
    Linker & Dieterich (1992), J. Geophys. Res. 97, 4923, with a state that is slow in time. Their
    alpha of 0.2-0.56 belongs to a state that fades within Dc (25 ms at 4 mm/s: gone between two
    samples); what would remain for minutes is unknown, and 0.02, a tenth of it, is an assumption
    that keeps steps of 0.3 to 5.8 MPa within 0.06 of friction. A fault starts fully adapted.

    Args:
        mu0: Friction once adapted.
        alpha: Response to an e-fold of normal stress.
        memory: E-folding time, in s.

    Raises:
        PlanError: if the memory is not positive.
    """

    mu0: float = 0.65
    alpha: float = 0.02
    memory: float = 200.0

    def __post_init__(self) -> None:
        if not 0 < self.memory < math.inf:
            raise PlanError(f"the memory must be a positive number of seconds; got {self.memory}")

    def start(self, first: Instant, dt: float) -> float:
        """The logarithm of the normal stress that the fault is adapted to."""
        del dt
        return math.log(first.normal_stress)

    def step(self, state: float, now: Instant, dt: float) -> tuple[float, float]:
        """Friction now; then adapt, exactly, to the stress held over the step."""
        unadapted = math.log(now.normal_stress) - state
        friction = self.mu0 - self.alpha * unadapted
        return friction, state - unadapted * math.expm1(-dt / self.memory)


@dataclass(frozen=True)
class Levelled(FrictionLaw[State]):
    """Another law, raised by a constant that belongs to one specimen.

    Args:
        law: Law of the rock.
        level: Friction of this specimen above that of the rock.
    """

    law: FrictionLaw[State]
    level: float

    def start(self, first: Instant, dt: float) -> State:
        """The state of the law within."""
        return self.law.start(first, dt)

    def step(self, state: State, now: Instant, dt: float) -> tuple[float, State]:
        """Friction of the law within, and the level."""
        friction, after = self.law.step(state, now, dt)
        return friction + self.level, after


@dataclass(frozen=True)
class Prescribed(FrictionLaw[int]):
    """Friction that depends on nothing: a given number at every sample.

    Args:
        path: Friction, shape ``(T,)``.
    """

    path: Sequence[float]

    def start(self, first: Instant, dt: float) -> int:
        """The first sample."""
        del first, dt
        return 0

    def step(self, state: int, now: Instant, dt: float) -> tuple[float, int]:
        """The next number of the path."""
        del now, dt
        return self.path[state], state + 1


def wander(
    samples: int,
    rng: np.random.Generator,
    *,
    dt: float,
    mean: float = 0.65,
    std: float = 0.03,
    memory: float = 1800.0,
) -> list[float]:
    """A friction that wanders by itself, ``samples`` numbers.

    The Ornstein-Uhlenbeck process, stepped exactly: a random walk over times shorter than its
    memory, with a spread that does not grow without end; it starts anywhere within that spread.
    Diorite and metagabbro at 1e-3 m/s do not reach a steady state but fluctuate (Fukuyama et al.
    2018, doi 10.1007/s00024-017-1728-2); a spread of 0.03 is an assumption.

    Args:
        samples: Number of samples, T.
        rng: Source of randomness.
        dt: Time step, in s.
        mean: Mean of friction.
        std: Standard deviation of friction.
        memory: Correlation time, in s.
    """
    kept = math.exp(-dt / memory)
    renewed = math.sqrt(-math.expm1(-2.0 * dt / memory))
    shocks = rng.standard_normal(samples)
    path = [float(shocks[0])]
    for shock in shocks[1:]:
        path.append(kept * path[-1] + renewed * float(shock))
    return [mean + std * value for value in path]
