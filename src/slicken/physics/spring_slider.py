"""Spring-slider: friction of a rate-and-state fault that a spring of finite stiffness loads."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from slicken.errors import PlanError

if TYPE_CHECKING:
    import jax

Evolution = Literal["ageing", "slip"]
RTOL, ATOL = 1e-9, 1e-11
MAX_STEPS = 100_000
ROUNDING = 1e-3
"""Share of a tolerance below which a Newton step is rounding."""


class Constants(NamedTuple):
    """What a law of rate and state consists of; units of length are free, but the same for all.

    Args:
        a: Direct effect; positive.
        b: Evolution effects, one a state, of either sign, shape ``(S,)``.
        distances: Critical slip distances Dc, ``(S,)``.
        stiffness: Friction per length of load-point displacement.
    """

    a: "jax.Array"
    b: "jax.Array"
    distances: "jax.Array"
    stiffness: "jax.Array"


class Load(NamedTuple):
    """Motion of the load point: one velocity after another.

    Args:
        starts: When each velocity begins, ascending, shape ``(K,)``.
        velocities: Of the load point, 0 in a hold, ``(K,)``.
        before: Velocity at which sliding was steady until the first start.
    """

    starts: "jax.Array"
    velocities: "jax.Array"
    before: "jax.Array"


@dataclass(frozen=True)
class SpringSlider:
    """Rate-and-state friction with one or two states, and the stiffness of the machine.

    ``mu = mu0 + a ln(V/V0) + sum_i b_i ln(V0 theta_i/D_i)`` and
    ``d mu/dt = k (V_load - V)``, with::

        ageing  d theta/dt = 1 - V theta/D
        slip    d theta/dt = -(V theta/D) ln(V theta/D)

    Dieterich (1979), J. Geophys. Res. 84, 2161; Ruina (1983), 10.1029/JB088iB12p10359. Inertia is
    neglected.

    Args:
        mu0: Steady friction at the reference velocity.
        a: Direct effect; positive.
        b: Evolution effects, one a state, of either sign.
        slip_scales: Critical slip distances D, one a state, in m.
        stiffness: Friction per metre of load-point displacement, 1/m.
        reference_velocity: V0, in m/s.
        evolution: ``ageing`` or ``slip``.

    Raises:
        PlanError: if a, D, k or V0 is not positive, or the numbers of b and D differ.
    """

    mu0: float
    a: float
    b: tuple[float, ...]
    slip_scales: tuple[float, ...]
    stiffness: float
    reference_velocity: float
    evolution: Evolution = "ageing"

    def __post_init__(self) -> None:
        positive = (self.a, *self.slip_scales, self.stiffness, self.reference_velocity)
        if not min(positive) > 0:
            raise PlanError(f"a, Dc, stiffness and V0 must be positive; got {self}")
        if not 1 <= len(self.b) == len(self.slip_scales):
            raise PlanError(f"each state needs one b and one Dc; got {self}")
        if self.evolution not in ("ageing", "slip"):
            raise PlanError(f"unknown evolution {self.evolution!r}; choose ageing or slip")

    def friction(
        self, times: ArrayLike, starts: ArrayLike, velocities: ArrayLike, before: float
    ) -> NDArray[np.float64]:
        """Friction while the load point moves at constant velocities, one after another.

        Args:
            times: When friction is wanted, ascending, none before the first start, s, ``(T,)``.
            starts: When each velocity of the load point begins, ascending, s, ``(K,)``.
            velocities: Of the load point, m/s, 0 in a hold, ``(K,)``.
            before: Velocity at which sliding was steady until the first start, m/s.

        Returns:
            Friction, shape ``(T,)``.

        Raises:
            PlanError: If the fault runs away.
        """
        import jax
        import jax.numpy as jnp

        with jax.enable_x64(True):
            change = _compiled()(
                Constants(*map(jnp.asarray, (self.a, self.b, self.slip_scales, self.stiffness))),
                Load(*(jnp.asarray(each, float) for each in (starts, velocities, before))),
                jnp.asarray(times, float),
                self.evolution == "slip",
            )
        steady = (self.a - sum(self.b)) * np.log(before / self.reference_velocity)
        friction = self.mu0 + steady + np.asarray(change)
        if not np.isfinite(friction).all():
            raise PlanError(
                f"a spring of {1e-6 * self.stiffness:g}/um is too soft: the fault runs away "
                f"(stick-slip); critical stiffness is about {1e-6 * self.critical_stiffness:.2g}"
                "/um: choose some times more"
            )
        return friction

    @property
    def critical_stiffness(self) -> float:
        """Stiffness below which steady sliding is unstable, 1/m, as if all states had one Dc.

        ``(b - a)/Dc`` with the shortest Dc; Ruina (1983), 10.1029/JB088iB12p10359.
        """
        return max(sum(self.b) - self.a, 0.0) / min(self.slip_scales)


def simulate(
    law: Constants,
    load: Load,
    times: "jax.Array",
    is_slip: "bool | jax.Array",
    *,
    implicit: bool = True,
    rtol: float = RTOL,
    atol: float = ATOL,
    max_steps: int = MAX_STEPS,
) -> "jax.Array":
    """Change of friction since steady sliding; JAX may differentiate it, float64 must be enabled.

    Solved in ``ln(V/V0)`` and ``ln(V0 theta/D)``, which may be of any size; ``b`` may have either
    sign. Friction follows from both without a further integral. Tangents go through the solver
    itself: there are few parameters and many instants. Before the first start nothing changes.

    Args:
        law: Constants.
        load: Motion of the load point.
        times: When friction is wanted, ascending, shape ``(T,)``.
        is_slip: Whether the state evolves by the slip law, else by the ageing law.
        implicit: Whether the solver is made for stiff machines: several times slower where the
            machine is soft, and many times faster where k Dc/a is in the hundreds.
        rtol: Relative tolerance.
        atol: Absolute tolerance, of logarithms.
        max_steps: Number of steps after which a fault counts as unstable.

    Returns:
        Shape ``(T,)``; NaN where the fault became unstable.
    """
    import diffrax  # takes a second, and importing slicken is quick
    import jax.numpy as jnp

    starts, velocities, before = load

    def rates(t: Any, y: "jax.Array", _: object) -> "jax.Array":  # noqa: ANN401 (Diffrax: any real number)
        velocity = before * jnp.exp(y[0])
        ageing = (before * jnp.exp(-y[1:]) - velocity) / law.distances
        aged = jnp.where(is_slip, -velocity / law.distances * (y[1:] + y[0]), ageing)
        pulled = velocities[jnp.searchsorted(starts, t, side="right") - 1]
        pull = law.stiffness * (pulled - velocity)
        return jnp.concatenate([(pull - law.b @ aged)[None] / law.a, aged])

    newton = diffrax.VeryChord(rtol, atol, _rounded)
    control = diffrax.PIDController(rtol=rtol, atol=atol)
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(rates),
        diffrax.Kvaerno5(root_finder=newton) if implicit else diffrax.Tsit5(),
        starts[0],
        times[-1],
        None,
        jnp.zeros(1 + law.b.size),
        saveat=diffrax.SaveAt(ts=jnp.maximum(times, starts[0])),
        max_steps=max_steps,
        throw=False,
        adjoint=diffrax.ForwardMode(),
        stepsize_controller=diffrax.ClipStepSizeController(control, jump_ts=starts),
    )
    changed = law.a * solution.ys[:, 0] + solution.ys[:, 1:] @ law.b
    return jnp.where(solution.result == diffrax.RESULTS.successful, changed, jnp.nan)


def imposed(
    law: Constants, load: Load, times: "jax.Array", is_slip: "bool | jax.Array"
) -> "jax.Array":
    """Like :func:`simulate`, where the first velocity of the load is that of the fault itself.

    The machine plays no part, and both evolutions have closed solutions.

    Args:
        law: Constants; the stiffness plays no part.
        load: Velocities; the first is taken, and must be positive.
        times: When friction is wanted, ascending, shape ``(T,)``.
        is_slip: Whether the state evolves by the slip law, else by the ageing law.
    """
    import jax.numpy as jnp

    ratio = load.velocities[0] / load.before
    seconds = jnp.maximum(times - load.starts[0], 0.0)[:, None]
    kept = jnp.exp(-load.velocities[0] * seconds / law.distances)
    aged = jnp.where(
        is_slip, -jnp.log(ratio) * (1 - kept), jnp.log(1 / ratio + (1 - 1 / ratio) * kept)
    )
    changed = law.a * jnp.log(ratio) + aged @ law.b
    return jnp.where(times > load.starts[0], changed, 0.0)


def _rounded(scaled: "jax.Array") -> "jax.Array":
    """Largest part of a Newton step over its tolerance; 0 where it is the rounding of numbers.

    At steady sliding every step is rounding, and the root finder would take it for divergence.
    """
    import jax.numpy as jnp

    largest = jnp.max(jnp.abs(scaled))
    return jnp.where(largest < ROUNDING, 0.0, largest)


@cache
def _compiled() -> Any:  # noqa: ANN401 (a compiled function)
    import jax

    return jax.jit(simulate)
