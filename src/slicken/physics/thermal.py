"""Thermal laws that are not linear, or remember more than one time: see each for its source."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slicken.errors import PlanError
from slicken.physics.friction import FrictionLaw, Instant, TemperatureMemory

GAS_CONSTANT = 8.314462618
"""J/mol/K."""
ZERO_CELSIUS = 273.15
"""K."""


@dataclass(frozen=True)
class ThermalSoftening(TemperatureMemory):
    """Contacts soften by a thermally activated change of state, over some 20 K.

    ``mu = cold - (cold - hot) w``, where ``w = 1/(1 + exp[Q/R (1/Tm - 1/Tc)])`` is the share of
    softened contacts in an Arrhenius (van 't Hoff) balance of two states, and Tm, in K, the mean
    temperature of the last ``memory`` seconds. Near Tc that is the logistic curve of width
    ``R Tc^2/Q`` (4 K here). The two levels are those of dolerite at 0.01 m/s and 1 MPa, 0.7-0.8
    cold and 0.5-0.6 hot, which depend on the history of temperature (Noda, Kanagawa et al. 2011);
    there it takes 400 degC. That it takes 45 degC here, the middle of what a thermocouple shows at
    4 mm/s and 0.3-5.8 MPa, and an activation energy of 200 kJ/mol, are assumptions: the law is
    as curved as it can be where such a rig works.

    Args:
        cold: Friction of cold contacts.
        hot: Friction of softened contacts.
        middle: Temperature at which half of the contacts are soft, Tc, in degC.
        activation_energy: Difference between the two states, Q, in J/mol.
        memory: Length of the mean, in s, rounded to whole samples.
        reference: Temperature before the test, in degC.

    Raises:
        PlanError: if memory is negative or the activation energy is not positive.

    Example:
        Half of the contacts are soft at the middle:

        >>> law = ThermalSoftening(memory=0.0, middle=45.0)
        >>> now = Instant(velocity=4e-3, normal_stress=1e6, temperature=45.0, worn=0.0)
        >>> round(law.step(law.start(now, 1.0), now, 1.0)[0], 6)
        0.65
    """

    cold: float = 0.75
    hot: float = 0.55
    middle: float = 45.0
    activation_energy: float = 2e5
    memory: float = 120.0
    reference: float = 22.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.activation_energy > 0:
            raise PlanError(
                f"the activation energy must be positive; got {self.activation_energy} J/mol"
            )

    def friction(self, recent: NDArray[np.float64], now: Instant) -> float:
        """Friction from the share of softened contacts."""
        del now
        mean = self.reference + self.rise(recent) + ZERO_CELSIUS
        cooler = 1.0 / mean - 1.0 / (self.middle + ZERO_CELSIUS)
        # 1/(1 + exp(x)), written so that nothing overflows far from the middle
        softened = 0.5 - 0.5 * math.tanh(0.5 * self.activation_energy / GAS_CONSTANT * cooler)
        return self.cold - (self.cold - self.hot) * softened


@dataclass(frozen=True)
class ThermalRateWeakening(TemperatureMemory):
    """A warm fault weakens the more, the faster it slips: a product of history and velocity.

    ``mu = mu0 + slope (mean of T - reference) V/V0``. That steady friction depends on velocity and
    background temperature together is known at these velocities (Noda 2008, J. Geophys. Res.); a
    plain product is the simplest form of it, and an assumption. At V0 the slope is that of
    dolerite, -5e-4 per K (Noda, Kanagawa et al. 2011).

    Args:
        mu0: Friction at the reference temperature.
        slope: Change of friction per K at the reference velocity.
        reference_velocity: Reference velocity V0, in m/s.
        memory: Length of the mean, in s, rounded to whole samples.
        reference: Reference temperature, in degC.

    Raises:
        PlanError: if memory is negative or the reference velocity is not positive.
    """

    mu0: float = 0.65
    slope: float = -5e-4
    reference_velocity: float = 1.4e-3
    memory: float = 100.0
    reference: float = 22.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.reference_velocity > 0:
            raise PlanError(
                f"the reference velocity must be positive; got {self.reference_velocity} m/s"
            )

    def friction(self, recent: NDArray[np.float64], now: Instant) -> float:
        """Friction from the mean and the present velocity."""
        faster = now.velocity / self.reference_velocity
        return self.mu0 + self.slope * self.rise(recent) * faster


@dataclass(frozen=True)
class TwoThermalMemories(TemperatureMemory):
    """Friction falls with the mean temperature of a long and of a short past.

    ``mu = mu0 + slow (mean of T over memory - reference) + fast (mean over fraction memory -
    reference)``: gouge that warms slowly and contacts that warm soon. Each slope is that of
    dolerite, -5e-4 per K (Noda, Kanagawa et al. 2011); that there are two is an assumption.

    Args:
        mu0: Friction at the reference temperature.
        slow: Change of friction per K of the long mean.
        fast: Change of friction per K of the short mean.
        memory: Length of the long mean, in s, rounded to whole samples.
        fraction: Length of the short mean over that of the long one.
        reference: Reference temperature, in degC.

    Raises:
        PlanError: if memory is negative or the fraction is not between 0 and 1.
    """

    mu0: float = 0.65
    slow: float = -5e-4
    fast: float = -5e-4
    memory: float = 200.0
    fraction: float = 0.125
    reference: float = 22.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.fraction < 1:
            raise PlanError(f"the fraction must be between 0 and 1; got {self.fraction}")

    def friction(self, recent: NDArray[np.float64], now: Instant) -> float:
        """Friction from both means."""
        del now
        soon = recent[-max(round(self.fraction * recent.size), 1) :]
        return self.mu0 + self.slow * self.rise(recent) + self.fast * self.rise(soon)


@dataclass(frozen=True)
class ThermalHysteresis(FrictionLaw[bool]):
    """Friction switches down above an upper temperature, and back up below a lower one.

    Between the two it stays what it was, for however long: a memory without a length. Levels and
    thresholds are assumptions: a film on the surfaces that is driven off by warmth and comes back
    once they are cool would do this.

    Args:
        cold: Friction until the upper temperature is passed.
        hot: Friction until it is below the lower one again.
        lower: Lower temperature, in degC.
        upper: Upper temperature, in degC.

    Raises:
        PlanError: if the lower temperature is not below the upper one.

    Example:
        >>> law = ThermalHysteresis(cold=0.66, hot=0.60, lower=40.0, upper=50.0)
        >>> hot, friction = False, []
        >>> for temperature in (45.0, 51.0, 45.0, 39.0, 45.0):
        ...     now = Instant(4e-3, 1e6, temperature, 0.0)
        ...     value, hot = law.step(hot, now, 1.0)
        ...     friction.append(value)
        >>> friction
        [0.66, 0.6, 0.6, 0.66, 0.66]
    """

    cold: float = 0.66
    hot: float = 0.60
    lower: float = 40.0
    upper: float = 50.0

    def __post_init__(self) -> None:
        if not self.lower < self.upper:
            raise PlanError(
                f"the lower temperature must be below the upper one; got {self.lower} and "
                f"{self.upper} degC"
            )

    def start(self, first: Instant, dt: float) -> bool:
        """Whether the fault is in its hot state: not before the test."""
        del first, dt
        return False

    def step(self, state: bool, now: Instant, dt: float) -> tuple[float, bool]:
        """Friction of the state that this temperature leaves the fault in."""
        del dt
        is_hot = now.temperature >= self.lower if state else now.temperature > self.upper
        return self.hot if is_hot else self.cold, is_hot
