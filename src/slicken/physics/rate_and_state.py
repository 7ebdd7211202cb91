"""Rate and state: friction that depends on slip velocity and on how old the contacts are."""

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from slicken.errors import PlanError
from slicken.physics.friction import FrictionLaw, Instant


class Contacts(NamedTuple):
    """The state of a rate-and-state fault.

    Args:
        log_age: Logarithm of theta in seconds.
        normal_stress: Normal stress to which theta was last adapted, in Pa.
    """

    log_age: float
    normal_stress: float


@dataclass(frozen=True)
class RateAndState(FrictionLaw[Contacts]):
    """Regularised rate-and-state friction with the normal-stress term of Linker & Dieterich.

    ``mu = a asinh[V/(2 V0) exp((mu0 + b ln(V0 theta/Dc))/a)]`` with one of two evolutions::

        ageing  d theta/dt = 1 - V theta/Dc                    - alpha theta/(b sigma) d sigma/dt
        slip    d theta/dt = -(V theta/Dc) ln(V theta/Dc)      - alpha theta/(b sigma) d sigma/dt

    Dieterich (1979), J. Geophys. Res. 84, 2161; Ruina (1983), 10.1029/JB088iB12p10359; Linker &
    Dieterich (1992), 10.1029/92JB00017. Steady friction is ``mu0 + (a - b) ln(V/V0)``; a step of
    normal stress changes friction by ``-alpha ln(s2/s1)`` until Dc has slipped.

    While the velocity is constant both evolutions have closed solutions, and a jump of normal
    stress multiplies theta by ``(s2/s1)^(-alpha/b)``. A rig's commands are held between samples,
    so each step below is exact: no solver, no tolerance, and Dc/V may be far below ``dt``.
    The machine is taken as stiff, so the slip velocity is the one imposed and nothing sticks.

    Args:
        mu0: Friction at the reference velocity.
        a: Direct effect, typically 0.01.
        b: Evolution effect, typically 0.014-0.02.
        slip_scale: Critical slip distance Dc, in m; typically 1-100 um.
        reference_velocity: Reference velocity V0, in m/s.
        alpha: Response to an e-fold of normal stress, typically 0.2-0.56; 0 for none.
        evolution: Evolution law, ``ageing`` or ``slip``.

    Raises:
        PlanError: if a, b, the slip scale or the reference velocity is not positive.

    Example:
        Steady sliding ten times faster lowers friction by (b - a) ln 10:

        >>> law = RateAndState(mu0=0.65, a=0.01, b=0.015, reference_velocity=1e-5)
        >>> now = Instant(velocity=1e-4, normal_stress=1e6, temperature=22.0, worn=0.0)
        >>> friction, _ = law.step(law.start(now, 1.0), now, 1.0)
        >>> round(friction, 6), round(0.65 - 0.005 * math.log(10.0), 6)
        (0.638487, 0.638487)
    """

    mu0: float = 0.65
    a: float = 0.01
    b: float = 0.015
    slip_scale: float = 100e-6
    reference_velocity: float = 1e-5
    alpha: float = 0.2
    evolution: Literal["ageing", "slip"] = "ageing"

    def __post_init__(self) -> None:
        if not min(self.a, self.b, self.slip_scale, self.reference_velocity) > 0:
            raise PlanError(f"a, b, Dc and V0 must be positive; got {self}")
        if self.evolution not in ("ageing", "slip"):
            raise PlanError(f"unknown evolution {self.evolution!r}; choose ageing or slip")

    def start(self, first: Instant, dt: float) -> Contacts:
        """Contacts as old as steady sliding at the first velocity makes them."""
        del dt
        velocity = first.velocity if first.velocity > 0 else self.reference_velocity
        return Contacts(math.log(self.slip_scale / velocity), first.normal_stress)

    def step(self, state: Contacts, now: Instant, dt: float) -> tuple[float, Contacts]:
        """Friction now; then let the contacts age at this velocity for ``dt`` seconds."""
        jump = math.log(now.normal_stress / state.normal_stress)
        log_age = state.log_age - self.alpha / self.b * jump
        friction = self._friction(now.velocity, log_age)
        return friction, Contacts(self._aged(log_age, now.velocity, dt), now.normal_stress)

    def _friction(self, velocity: float, log_age: float) -> float:
        if velocity <= 0:
            return 0.0  # the regularised law: nothing resists where nothing moves
        log_state = math.log(self.reference_velocity / self.slip_scale) + log_age
        exponent = math.log(velocity / (2.0 * self.reference_velocity))
        exponent += (self.mu0 + self.b * log_state) / self.a
        if exponent > 20.0:  # asinh(exp(u)) = u + ln 2 to sixteen digits; exp(u) may overflow
            return self.a * (exponent + math.log(2.0))
        return self.a * math.asinh(math.exp(exponent))

    def _aged(self, log_age: float, velocity: float, dt: float) -> float:
        slipped = velocity * dt / self.slip_scale
        kept = math.exp(-slipped)
        if self.evolution == "ageing":
            growth = dt if slipped == 0 else -math.expm1(-slipped) * self.slip_scale / velocity
            return math.log(math.exp(log_age) * kept + growth)
        if velocity <= 0:
            return log_age
        steady = math.log(self.slip_scale / velocity)
        return steady + (log_age - steady) * kept
