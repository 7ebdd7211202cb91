"""Plain JAX: the network written with lax.scan, gradients by JAX, Adam by hand; no slicken.

In float64 it is the reference that all implementations are compared with.
"""

import argparse
from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from answering import Crowd, Problem, Session, answer, keep_to
from jax import Array
from numpy.typing import NDArray

RATE, EPSILON, DECAY_1, DECAY_2 = 1e-3, 1e-7, 0.9, 0.999

MOST_MEMORY = 8e9
KEPT_BYTES = 66
"""For each unit, layer, step and window, as measured."""

Weights = dict[str, Array]


def friction(weights: Weights, windows: Array) -> Array:
    """Outputs of one network for windows of shape (B, L, C)."""
    sequence = windows
    for layer in range(_count(weights, "kernel")):
        kernel = weights[f"kernel{layer}"]
        steps = sequence.shape[1] - kernel.shape[0] + 1
        shifted = (sequence[:, k : k + steps] @ kernel[k] for k in range(kernel.shape[0]))
        sequence = sum(shifted, start=weights[f"bias{layer}"])
    sequence = sequence.swapaxes(0, 1)
    for layer in range(_count(weights, "gru_kernel")):
        sequence = states(
            weights[f"gru_kernel{layer}"],
            weights[f"gru_recurrent{layer}"],
            weights[f"gru_bias{layer}"],
            sequence,
        )
    return sequence[-1] @ weights["dense"] + weights["offset"]


def states(kernel: Array, recurrent: Array, bias: Array, sequence: Array) -> Array:
    """All states of a GRU layer, "reset after" form, time first."""

    def advance(state: Array, step: Array) -> tuple[Array, Array]:
        xz, xr, xn = jnp.split(step, 3, axis=-1)
        hz, hr, hn = jnp.split(state @ recurrent + bias[1], 3, axis=-1)
        update, reset = jax.nn.sigmoid(xz + hz), jax.nn.sigmoid(xr + hr)
        state = update * state + (1 - update) * jnp.tanh(xn + reset * hn)
        return state, state

    start = jnp.zeros((sequence.shape[1], recurrent.shape[0]), sequence.dtype)
    return jax.lax.scan(advance, start, sequence @ kernel + bias[0])[1]


def adam(weights: Weights, gradients: Weights, moments: Any, count: Array) -> tuple[Weights, Any]:  # noqa: ANN401 (a pair of trees)
    """One step of Adam (Kingma & Ba 2015, algorithm 1)."""
    first = jax.tree.map(lambda m, g: DECAY_1 * m + (1 - DECAY_1) * g, moments[0], gradients)
    second = jax.tree.map(lambda v, g: DECAY_2 * v + (1 - DECAY_2) * g * g, moments[1], gradients)

    def changed(w: Array, m: Array, v: Array) -> Array:
        return w - RATE * (m / (1 - DECAY_1**count)) / (
            jnp.sqrt(v / (1 - DECAY_2**count)) + EPSILON
        )

    return jax.tree.map(changed, weights, first, second), (first, second)


class JaxNetworks:
    """Networks of several runs, mapped together, and their Adam."""

    def __init__(self, problem: Problem, runs: Sequence[int], *, double: bool) -> None:
        kind = np.float64 if double else np.float32
        self._drivers = jnp.asarray(problem.drivers, kind)
        self._friction = jnp.asarray(problem.friction, kind)
        self._lags = jnp.asarray(problem.lags)
        weights = {
            name: jnp.asarray(values[list(runs)], kind) for name, values in problem.weights.items()
        }
        zeros = jax.tree.map(jnp.zeros_like, weights)
        moments = (zeros, jax.tree.map(jnp.zeros_like, weights))
        self._state = (weights, moments, jnp.zeros((), kind))
        self._advance = jax.jit(self._train, donate_argnums=0)

    def predict(self, ends: NDArray[np.int32]) -> NDArray[Any]:
        """Outputs for the windows that end there, shape ``(R, N)``."""
        return np.asarray(self._predict(self._state[0], jnp.asarray(ends)))

    def step(self, ends: NDArray[np.int32]) -> Array:
        """Train on one batch of each run, ends of shape ``(R, B)``."""
        self._state, losses = self._advance(self._state, jnp.asarray(ends))
        return losses

    def wait(self) -> None:
        """Until the last step is done."""
        jax.block_until_ready(self._state)

    @partial(jax.jit, static_argnums=0)
    def _predict(self, weights: Weights, ends: Array) -> Array:
        return jax.vmap(friction, in_axes=(0, None))(weights, self._windows(ends))

    def _train(self, state: Any, ends: Array) -> tuple[Any, Array]:  # noqa: ANN401 (weights, moments, count)
        weights, moments, count = state

        def loss(weights: Weights, ends: Array) -> Array:
            error = friction(weights, self._windows(ends)) - self._friction[ends]
            return jnp.mean(error**2)

        losses, gradients = jax.vmap(jax.value_and_grad(loss))(weights, ends)
        weights, moments = adam(weights, gradients, moments, count + 1)
        return (weights, moments, count + 1), losses

    def _windows(self, ends: Array) -> Array:
        return self._drivers[ends[:, None] + self._lags]


def runs_that_fit(problem: Problem) -> int:
    """How many runs are mapped together: what is kept for the backward pass must fit in memory."""
    layers = _count(problem.weights, "gru_kernel")
    values = problem.batch * problem.length * layers * problem.weights["dense"].shape[-1]
    return max(1, int(MOST_MEMORY / (KEPT_BYTES * values)))


def one_run(_: Problem) -> int:
    """Runs one after another."""
    return 1


def _count(weights: dict[str, Any], kind: str) -> int:
    return sum(name.startswith(kind) for name in weights)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--double", action="store_true", help="in float64: the reference")
    parser.add_argument("--alone", action="store_true", help="runs one after another")
    parser.add_argument("--per-core", action="store_true", help="one process per core")
    parser.add_argument("--core", type=int, help="the only one to use")
    asked = parser.parse_args()
    if asked.per_core:
        answer(Crowd(["--alone"] * asked.alone))
        return
    if asked.core is not None:
        keep_to(asked.core)
    jax.config.update("jax_enable_x64", asked.double)

    def make(problem: Problem, runs: Sequence[int]) -> JaxNetworks:
        return JaxNetworks(problem, runs, double=asked.double)

    answer(Session(jax.__version__, make, at_once=one_run if asked.alone else runs_that_fit))


if __name__ == "__main__":
    main()
