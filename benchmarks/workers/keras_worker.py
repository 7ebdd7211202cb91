"""Keras 3 on TensorFlow or on JAX: its own layers, one network after another.

The training step is a compiled function written as Keras' guides write it for each backend; it
costs less than ``train_on_batch`` and gathers its windows from the record by itself.
"""

import argparse
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from answering import Crowd, Problem, Session, answer, keep_to
from numpy.typing import NDArray


def make_model(weights: dict[str, NDArray[np.float32]], length: int) -> Any:  # noqa: ANN401 (Keras is imported late)
    """The paper's network of Keras layers, with these weights."""
    import keras

    first = weights["kernel0"]
    layers = [keras.Input((length, first.shape[1]))]
    values = []
    for layer in range(_count(weights, "kernel")):
        kernel = weights[f"kernel{layer}"]
        layers.append(keras.layers.Conv1D(kernel.shape[2], kernel.shape[0]))
        values += [kernel, weights[f"bias{layer}"]]
    stack = _count(weights, "gru_kernel")
    for layer in range(stack):
        units = weights[f"gru_recurrent{layer}"].shape[0]
        layers.append(keras.layers.GRU(units, return_sequences=layer < stack - 1))
        values += [weights[f"gru_{part}{layer}"] for part in ("kernel", "recurrent", "bias")]
    layers.append(keras.layers.Dense(1))
    values += [weights["dense"][:, None], weights["offset"].reshape(1)]
    model = keras.Sequential(layers)
    model.set_weights(values)
    return model


def make_adam() -> Any:  # noqa: ANN401 (Keras is imported late)
    """Adam with its epsilon where the paper's algorithm 1 has it.

    Keras adds epsilon before the second moment is corrected, so that in the first steps it counts
    up to 30 times as much. The work is the same.
    """
    import keras
    from keras import ops

    class Adam(keras.optimizers.Adam):
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:  # noqa: ANN401
            count = ops.cast(self.iterations + 1, variable.dtype)
            first = self._momentums[self._get_variable_index(variable)]
            second = self._velocities[self._get_variable_index(variable)]
            self.assign_add(first, (gradient - first) * (1 - self.beta_1))
            self.assign_add(second, (ops.square(gradient) - second) * (1 - self.beta_2))
            mean = first / (1 - ops.power(ops.cast(self.beta_1, variable.dtype), count))
            square = second / (1 - ops.power(ops.cast(self.beta_2, variable.dtype), count))
            change = mean / (ops.sqrt(square) + self.epsilon)
            self.assign_sub(variable, ops.cast(learning_rate, variable.dtype) * change)

    return Adam(1e-3, epsilon=1e-7)


class OnTensorFlow:
    """One network; a ``tf.function`` is one step."""

    def __init__(self, problem: Problem, runs: Sequence[int], *, jit: bool) -> None:
        import tensorflow as tf

        (run,) = runs
        model = make_model({n: v[run] for n, v in problem.weights.items()}, problem.length)
        adam = make_adam()
        adam.build(model.trainable_variables)
        drivers, lags = tf.constant(problem.drivers), tf.constant(problem.lags)
        measured = tf.constant(problem.friction)

        @tf.function(jit_compile=jit)
        def predict(ends: Any) -> Any:  # noqa: ANN401
            return model(tf.gather(drivers, ends[:, None] + lags))[:, 0]

        @tf.function(jit_compile=jit)
        def step(ends: Any) -> Any:  # noqa: ANN401
            windows = tf.gather(drivers, ends[:, None] + lags)
            with tf.GradientTape() as tape:
                error = model(windows, training=True)[:, 0] - tf.gather(measured, ends)
                loss = tf.reduce_mean(tf.square(error))
            gradients = tape.gradient(loss, model.trainable_variables)
            adam.apply(gradients, model.trainable_variables)
            return loss

        self._predict, self._step, self._tf = predict, step, tf
        self._last = tf.constant(0.0)

    def predict(self, ends: NDArray[np.int32]) -> NDArray[np.float32]:
        """Outputs for the windows that end there, shape ``(1, N)``."""
        return self._predict(self._tf.constant(ends)).numpy()[None]

    def step(self, ends: NDArray[np.int32]) -> Any:  # noqa: ANN401
        """Train on one batch, ends of shape ``(1, B)``."""
        self._last = self._step(self._tf.constant(ends[0]))
        return self._last

    def wait(self) -> None:
        """Until the last step is done."""
        self._last.numpy()


class OnJax:
    """One network; a jitted stateless step."""

    def __init__(self, problem: Problem, runs: Sequence[int]) -> None:
        import jax
        import jax.numpy as jnp

        (run,) = runs
        model = make_model({n: v[run] for n, v in problem.weights.items()}, problem.length)
        adam = make_adam()
        adam.build(model.trainable_variables)
        drivers, lags = jnp.asarray(problem.drivers), jnp.asarray(problem.lags)
        measured = jnp.asarray(problem.friction)

        def outputs(trainable: Any, fixed: Any, ends: Any) -> Any:  # noqa: ANN401
            windows = drivers[ends[:, None] + lags]
            return model.stateless_call(trainable, fixed, windows)[0][:, 0]

        def loss(trainable: Any, fixed: Any, ends: Any) -> Any:  # noqa: ANN401
            return jnp.mean((outputs(trainable, fixed, ends) - measured[ends]) ** 2)

        def step(state: Any, ends: Any) -> Any:  # noqa: ANN401
            trainable, fixed, of_adam = state
            value, gradients = jax.value_and_grad(loss)(trainable, fixed, ends)
            trainable, of_adam = adam.stateless_apply(of_adam, gradients, trainable)
            return (trainable, fixed, of_adam), value

        self._jax = jax
        self._predict = jax.jit(outputs)
        self._step = jax.jit(step, donate_argnums=0)
        # Copies: the step writes over what it is given, and Keras keeps these.
        self._state = jax.tree.map(
            jnp.copy,
            tuple(
                [variable.value for variable in variables]
                for variables in (
                    model.trainable_variables,
                    model.non_trainable_variables,
                    adam.variables,
                )
            ),
        )

    def predict(self, ends: NDArray[np.int32]) -> NDArray[np.float32]:
        """Outputs for the windows that end there, shape ``(1, N)``."""
        return np.asarray(self._predict(*self._state[:2], ends))[None]

    def step(self, ends: NDArray[np.int32]) -> Any:  # noqa: ANN401
        """Train on one batch, ends of shape ``(1, B)``."""
        self._state, loss = self._step(self._state, ends[0])
        return loss

    def wait(self) -> None:
        """Until the last step is done."""
        self._jax.block_until_ready(self._state)


def _count(weights: dict[str, NDArray[np.float32]], kind: str) -> int:
    return sum(name.startswith(kind) for name in weights)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", choices=("tensorflow", "jax"), required=True)
    parser.add_argument("--jit", action="store_true", help="jit_compile of TensorFlow")
    parser.add_argument("--per-core", action="store_true", help="one process per core")
    parser.add_argument("--core", type=int, help="the only one to use")
    asked = parser.parse_args()
    if asked.per_core:
        answer(Crowd(["--backend", asked.backend] + ["--jit"] * asked.jit))
        return
    if asked.core is not None:
        keep_to(asked.core)  # before there are threads
    os.environ["KERAS_BACKEND"] = asked.backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras

    def make(problem: Problem, runs: Sequence[int]) -> OnTensorFlow | OnJax:
        if asked.backend == "jax":
            return OnJax(problem, runs)
        return OnTensorFlow(problem, runs, jit=asked.jit)

    answer(Session(_versions(keras.__version__, asked.backend), make))


def _versions(keras: str, backend: str) -> str:
    if backend == "jax":
        import jax

        return f"{keras}, JAX {jax.__version__}"
    import tensorflow as tf

    return f"{keras}, TensorFlow {tf.__version__}"


if __name__ == "__main__":
    main()
