"""Spring-slider: friction of a rate-and-state fault that a spring of finite stiffness loads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from slicken.errors import PlanError

Evolution = Literal["ageing", "slip"]
Parameters = tuple[jax.Array, jax.Array, Sequence[jax.Array], Sequence[jax.Array], jax.Array]
RTOL, ATOL = 1e-9, 1e-11
MAX_STEPS = 100_000
ROUNDING = 1e-3
"""Share of a tolerance below which a Newton step is rounding."""


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
        self,
        times: NDArray[np.float64],
        starts: NDArray[np.float64],
        velocities: NDArray[np.float64],
        before: float,
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
        with jax.enable_x64(True):
            parameters = (self.mu0, self.a, self.b, self.slip_scales, self.stiffness)
            result = _compiled(
                jax.tree.map(jnp.asarray, parameters),
                (jnp.asarray(starts), jnp.asarray(velocities), jnp.asarray(before)),
                jnp.asarray(times),
                self.reference_velocity,
                self.evolution,
            )
            friction = np.asarray(result)
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
    parameters: Parameters,
    load: tuple[jax.Array, jax.Array, jax.Array],
    times: jax.Array,
    reference: float,
    evolution: Evolution,
) -> jax.Array:
    """Friction for parameters that JAX may differentiate; call it with float64 enabled.

    Solved in ``ln(V/V0)`` and ``ln(V0 theta/D)``, which may be of any size; ``b`` may have either
    sign. Friction follows from both without a further integral.

    Args:
        parameters: mu0, a, b of each state, D of each state (m), stiffness (1/m).
        load: Starts (s) and velocities (m/s) of the load point, ``(K,)``, and velocity before.
        times: When friction is wanted, s, ``(T,)``.
        reference: V0, m/s.
        evolution: ``ageing`` or ``slip``.

    Returns:
        Friction, shape ``(T,)``; not finite from where the fault runs away.
    """
    import diffrax  # takes a second, and importing slicken is quick

    mu0, a, b, distances, stiffness = parameters
    effects, scales = jnp.stack(b), jnp.stack(distances)
    starts, velocities, before = load

    def rates(t: Any, y: jax.Array, _: object) -> jax.Array:  # noqa: ANN401 (Diffrax: any real number)
        velocity = reference * jnp.exp(y[0])
        if evolution == "ageing":
            aged = (reference * jnp.exp(-y[1:]) - velocity) / scales
        else:
            aged = -velocity / scales * (y[1:] + y[0])
        pulled = velocities[jnp.searchsorted(starts, t, side="right") - 1]
        return jnp.concatenate([(stiffness * (pulled - velocity) - effects @ aged)[None] / a, aged])

    fast = jnp.log(before / reference)
    first = jnp.concatenate([fast[None], jnp.full(effects.shape, -fast)])
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(rates),
        diffrax.Kvaerno5(root_finder=diffrax.VeryChord(RTOL, ATOL, _rounded)),
        starts[0],
        times[-1],
        None,
        first,
        saveat=diffrax.SaveAt(ts=times),
        max_steps=MAX_STEPS,
        throw=False,
        adjoint=diffrax.ForwardMode(),  # few parameters, many samples
        stepsize_controller=diffrax.ClipStepSizeController(
            diffrax.PIDController(rtol=RTOL, atol=ATOL), jump_ts=starts
        ),
    )
    return mu0 + a * solution.ys[:, 0] + solution.ys[:, 1:] @ effects


def _rounded(scaled: jax.Array) -> jax.Array:
    """Largest part of a Newton step over its tolerance; 0 where it is the rounding of numbers.

    At steady sliding every step is rounding, and the root finder would take it for divergence.
    """
    largest = jnp.max(jnp.abs(scaled))
    return jnp.where(largest < ROUNDING, 0.0, largest)


_compiled = jax.jit(simulate, static_argnums=4)
"""Compiled once for each number of samples, changes and states."""
