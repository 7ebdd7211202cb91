"""The layered engine: whole batches through one layer at a time, with the GRU's own adjoint.

Three things make it several times faster than mapping the network (measured in
``benchmarks/speed.py``): products over a batch instead of a window; a backward pass that carries
only the state's gradient through time and forms the weight gradients afterwards, as one large
product each; and, on CPUs, one run after another (``lax.map``), whose states stay in the caches,
while other cores take other runs. On a GPU the runs are mapped together (``vmap``).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from slicken.learning.network import GRU, Network, activate

if TYPE_CHECKING:
    from slicken.learning.engine.contract import Windows


class LayeredEngine:
    """Batches through layers; runs in turn on a CPU, together on a GPU."""

    name = "layered"
    fewest_runs = 2

    def __init__(self, *, runs_together: bool) -> None:
        self.runs_together = runs_together

    def with_threads(self, threads: int) -> Self:
        """Itself: what JAX compiles keeps one core busy, whatever is asked."""
        del threads
        return self

    def predict(self, networks: Network, windows: "Windows") -> Float[Array, "r b"]:
        """Standardised friction at the last instant of each window."""
        friction: Array = self._each_run(_predict, networks, windows.copied(), windows.starts())
        return friction

    def loss_and_gradients(
        self,
        networks: Network,
        windows: "Windows",
        targets: Float[Array, "r b"],
        weights: Float[Array, "r b"],
    ) -> tuple[Float[Array, " r"], Network]:
        """Weighted mean square error of each run, and its gradient in all weights."""

        def loss(network: Network, x: Array, starts: Array | None, y: Array, w: Array) -> Array:
            return jnp.sum(w * (_predict(network, x, starts) - y) ** 2) / jnp.sum(w)

        of_run = jax.value_and_grad(loss)
        pair: tuple[Array, Network] = self._each_run(
            of_run, networks, windows.copied(), windows.starts(), targets, weights
        )
        return pair

    def predict_with_gradients(
        self, networks: Network, windows: "Windows"
    ) -> tuple[Float[Array, "r b"], Float[Array, "r b l c"]]:
        """Standardised friction, and its gradient in each window, zero before its history."""

        def of_run(network: Network, x: Array, starts: Array | None) -> tuple[Array, Array]:
            friction, pull_back = jax.vjp(lambda windows: _predict(network, windows, starts), x)
            # A window's friction depends on that window alone, so one sweep with ones gives all.
            return friction, pull_back(jnp.ones_like(friction))[0]

        pair: tuple[Array, Array] = self._each_run(
            of_run, networks, windows.copied(), windows.starts()
        )
        return pair

    def _each_run(self, of_run: Callable[..., Any], *arguments: Any) -> Any:  # noqa: ANN401 (any pytree)
        if self.runs_together:
            return jax.vmap(of_run)(*arguments)
        return jax.lax.map(lambda stacked: of_run(*stacked), arguments)


def _predict(
    network: Network, windows: Float[Array, "b l c"], starts: Int[Array, " b"] | None
) -> Float[Array, " b"]:
    sequence = windows
    for convolution in network.convolutions:
        sequence = activate(network.activation, convolution(sequence))
    sequence = jnp.swapaxes(sequence, 0, 1)
    begun = None if starts is None else (jnp.arange(len(sequence))[:, None] >= starts)[..., None]
    for layer in network.recurrent:
        sequence = _states(layer, sequence, begun)
    return sequence[-1] @ network.dense + network.offset


@jax.custom_vjp
def _states(
    layer: GRU, sequence: Float[Array, "t b c"], begun: Bool[Array, "t b 1"] | None
) -> Float[Array, "t b h"]:
    """All states of a GRU layer over a batch, time first; zero where they have not begun."""
    return _forward(layer, sequence, begun)[0]


def _forward(layer: GRU, sequence: Array, begun: Array | None) -> tuple[Array, tuple[Any, ...]]:
    inputs = sequence @ layer.kernel + layer.bias[0]

    def advance(state: Array, at: tuple[Array, Array | None]) -> tuple[Array, tuple[Array, ...]]:
        step, live = at
        xz, xr, xn = jnp.split(step, 3, axis=-1)
        hz, hr, hn = jnp.split(state @ layer.recurrent_kernel + layer.bias[1], 3, axis=-1)
        update, reset = jax.nn.sigmoid(xz + hz), jax.nn.sigmoid(xr + hr)
        candidate = jnp.tanh(xn + reset * hn)
        state = _live(update * state + (1 - update) * candidate, live)
        return state, (state, update, reset, candidate, hn)

    start = jnp.zeros((sequence.shape[1], layer.recurrent_kernel.shape[0]), sequence.dtype)
    kept = jax.lax.scan(advance, start, (inputs, begun))[1]
    return kept[0], (layer, sequence, begun, *kept)


def _live(values: Array, live: Array | None) -> Array:
    """Values of the windows that have begun; of others, zero."""
    return values if live is None else jnp.where(live, values, 0)


def _backward(residuals: tuple[Any, ...], pulled: Array) -> tuple[GRU, Array, None]:
    layer, sequence, begun, states, update, reset, candidate, hn = residuals
    before = jnp.concatenate([jnp.zeros_like(states[:1]), states[:-1]])
    transposed = layer.recurrent_kernel.T

    def retreat(carried: Array, step: tuple[Any, ...]) -> tuple[Array, tuple[Array, Array]]:
        own, z, r, n, h_n, h, live = step
        state = _live(carried + own, live)
        d_n = state * (1 - z) * (1 - n * n)
        d_z = state * (h - n) * z * (1 - z)
        d_r = d_n * h_n * r * (1 - r)
        gates = jnp.concatenate([d_z, d_r, d_n * r], axis=-1)
        return state * z + gates @ transposed, (gates, d_n)

    _, (gates, d_candidate) = jax.lax.scan(
        retreat,
        jnp.zeros_like(states[0]),
        (pulled, update, reset, candidate, hn, before, begun),
        reverse=True,
    )
    units = states.shape[-1]
    inputs = jnp.concatenate([gates[..., : 2 * units], d_candidate], axis=-1)
    gradient = GRU(
        kernel=jnp.einsum("tbc,tbg->cg", sequence, inputs),
        recurrent_kernel=jnp.einsum("tbh,tbg->hg", before, gates),
        bias=jnp.stack([inputs.sum((0, 1)), gates.sum((0, 1))]),
    )
    return gradient, inputs @ layer.kernel.T, None


_states.defvjp(_forward, _backward)
