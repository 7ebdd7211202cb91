"""The reference engine: the network as it is written, mapped by JAX; what others must equal."""

from typing import TYPE_CHECKING, Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

if TYPE_CHECKING:
    from slicken.learning.engine.contract import Windows
    from slicken.learning.network import Network


class ReferenceEngine:
    """``vmap`` over runs and windows, ``lax.scan`` over time, gradients by JAX."""

    name = "reference"
    fewest_runs = 2

    def with_threads(self, threads: int) -> Self:
        """Itself: what JAX compiles keeps one core busy, whatever is asked."""
        del threads
        return self

    def predict(self, networks: "Network", windows: "Windows") -> Float[Array, "r b"]:
        """Standardised friction at the last instant of each window."""
        return eqx.filter_vmap(_predict_batch)(networks, windows.copied(), windows.starts())

    def loss_and_gradients(
        self,
        networks: "Network",
        windows: "Windows",
        targets: Float[Array, "r b"],
        weights: Float[Array, "r b"],
    ) -> tuple[Float[Array, " r"], "Network"]:
        """Weighted mean square error of each run, and its gradient in all weights."""

        def loss(network: "Network", x: Array, starts: Array | None, y: Array, w: Array) -> Array:
            return jnp.sum(w * (_predict_batch(network, x, starts) - y) ** 2) / jnp.sum(w)

        of_run = eqx.filter_vmap(eqx.filter_value_and_grad(loss))
        losses, gradients = of_run(networks, windows.copied(), windows.starts(), targets, weights)
        return losses, gradients

    def predict_with_gradients(
        self, networks: "Network", windows: "Windows"
    ) -> tuple[Float[Array, "r b"], Float[Array, "r b l c"]]:
        """Standardised friction, and its gradient in each window, zero before its history."""

        def of_run(network: "Network", x: Array, starts: Array | None) -> tuple[Array, Array]:
            return jax.vmap(jax.value_and_grad(network.__call__))(x, starts)

        of_each = eqx.filter_vmap(of_run)
        friction, gradients = of_each(networks, windows.copied(), windows.starts())
        return friction, gradients


def _predict_batch(
    network: "Network", windows: Float[Array, "b l c"], starts: Int[Array, " b"] | None
) -> Float[Array, " b"]:
    return jax.vmap(network)(windows, starts)
