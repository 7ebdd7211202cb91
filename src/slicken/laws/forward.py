"""Forward: friction of an event by a law, and its derivatives, at the points of the event."""

from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from slicken.physics.spring_slider import Constants, Evolution, Load, imposed, simulate

if TYPE_CHECKING:
    from slicken.laws.points import Points
    from slicken.laws.results import Event

Floats = NDArray[np.float64]
Traced = Any
"""What JAX traces or compiles."""
Method = Literal["explicit", "implicit", "imposed"]
UM = 1e-6
"""Lengths are in micrometres here, so that all parameters are of a similar size."""
LAYOUT = (
    "log_a", "b", "b2", "log_dc", "log_dc2", "log_stiffness", "trend", "mu0", "start", "resumed",
)  # fmt: skip
"""Parameters in their order: the last two are shifts of the changes of the load, s; ``trend`` is
friction per um of load-point displacement."""
RTOL, ATOL = 1e-6, 1e-7
STIFF = 3000.0
"""Slip of an event in units of a/k from which the solver for stiff machines is quicker."""
MAX_STEPS = 4000
PADDED, FEW = 256, 64
"""Instants are padded to a multiple of these: the solver is compiled for each number of them."""


class Forward(NamedTuple):
    """What friction is to be computed for.

    Args:
        load: Motion of the load point, um and s since the first change.
        times: Two instants for each point, one standard deviation before and after its mean, s:
            friction averaged over both is that averaged over its samples, to third order. Padded
            with the last one, ``(2 M,)``.
        displacement: Of the load point, um, padded likewise, ``(M,)``.
        points: Number of points before padding.
        law: Evolution law.
        method: Solver: ``explicit``, ``implicit`` for stiff machines, or ``imposed`` where the
            velocity is that of the fault.
    """

    load: Load
    times: Floats
    displacement: Floats
    points: int
    law: Evolution
    method: Method

    def jacobian(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Friction ``(N,)`` and its derivatives by all parameters ``(N, 10)``."""
        with jax.enable_x64(True):
            found, slopes = _jacobian()(parameters, *self._settings())
        return np.asarray(found)[: self.points], np.asarray(slopes)[: self.points]

    def changes(self, parameters: Floats) -> Floats:
        """Changes of friction without trend and level, for many parameters at once, ``(M, N)``."""
        with jax.enable_x64(True):
            found = _changes()(parameters, *self._settings())
        return np.asarray(found)[:, : self.points]

    def _settings(self) -> tuple[Any, ...]:
        return self.load, self.times, self.displacement, self.law == "slip", self.method


def forward_of(points: "Points", event: "Event", law: Evolution, method: Method) -> Forward:
    """The forward problem of an event.

    Args:
        points: Its points.
        event: Event.
        law: Evolution law.
        method: Solver.
    """
    is_hold = event.kind == "hold"
    starts = [0.0, event.held if is_hold else 1e12]
    velocities = [0.0 if is_hold else event.after / UM, event.after / UM]
    count = points.time.size
    missing = -count % (PADDED if count > FEW else FEW)
    load = Load(*(jnp.asarray(each, float) for each in (starts, velocities, event.before / UM)))
    pairs = np.stack([points.time - points.spread, points.time + points.spread], axis=1)
    times = np.pad(pairs, ((0, missing), (0, 0)), mode="edge").ravel()
    displacement = np.pad(points.displacement / UM, (0, missing), mode="edge")
    return Forward(load, times, displacement, count, law, method)


def _law(parameters: jax.Array, method: Method) -> Constants:
    stiffness, trend = jnp.exp(parameters[5]), parameters[6]
    # A trend with slip pulls at the spring too: the fault slips slower than the load point by
    # trend/k, and the law is seen through a spring and a slope in series.
    through = 1.0 if method == "imposed" else 1 - trend / stiffness
    return Constants(
        a=jnp.exp(parameters[0]) * through,
        b=parameters[1:3] * through,
        distances=jnp.exp(parameters[3:5]) / through,
        stiffness=stiffness,
    )


def _changed(
    parameters: Traced, load: Traced, times: Traced, is_slip: Traced, method: Method
) -> jax.Array:
    moved = Load(load.starts + parameters[8:10], load.velocities, load.before)
    law = _law(parameters, method)
    if method == "imposed":
        changed = imposed(law, moved, times, is_slip)
    else:
        tolerance: dict[str, Any] = {"rtol": RTOL, "atol": ATOL, "max_steps": MAX_STEPS}
        is_stiff = method == "implicit"
        changed = simulate(law, moved, times, is_slip, implicit=is_stiff, **tolerance)
    return changed.reshape(-1, 2).mean(1)


def _total(
    parameters: Traced,
    load: Traced,
    times: Traced,
    displacement: Traced,
    is_slip: Traced,
    method: Method,
) -> jax.Array:
    changed = _changed(parameters, load, times, is_slip, method)
    return parameters[7] + parameters[6] * displacement + changed


def _both(parameters: Traced, *settings: Traced) -> tuple[jax.Array, jax.Array]:
    def twice(each: jax.Array) -> tuple[jax.Array, jax.Array]:
        found = _total(each, *settings)
        return found, found

    slopes, found = jax.jacfwd(twice, has_aux=True)(parameters)
    return found, slopes


@cache
def _jacobian() -> Traced:
    return jax.jit(_both, static_argnums=5)


@cache
def _changes() -> Traced:
    def each(
        parameters: Traced, load: Traced, times: Traced, _: Traced, is_slip: Traced, method: Method
    ) -> jax.Array:
        return jax.vmap(lambda p: _changed(p, load, times, is_slip, method))(parameters)

    return jax.jit(each, static_argnums=5)
