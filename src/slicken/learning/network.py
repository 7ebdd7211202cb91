"""The network: Conv1D layers, GRU layers and one Dense, from a window to friction.

It knows arrays: no files, no settings, no devices. Weights have the layout of Keras, so that a
published Keras model means the same thing here.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.nn import initializers
from jaxtyping import Array, Float, Int, PRNGKeyArray

from slicken.learning.settings import Activation, Architecture


class Conv1D(eqx.Module):
    """A convolution over time without padding; ``kernel`` is (K, C, F), ``bias`` (F,)."""

    kernel: Float[Array, "k c f"]
    bias: Float[Array, " f"]

    def __call__(self, sequence: Float[Array, "*batch t c"]) -> Float[Array, "*batch s f"]:
        """The convolved sequence, K - 1 steps shorter."""
        # A sum of K matrix products: as an XLA convolution, an ensemble would become a grouped
        # convolution, which CPUs do slowly.
        width = self.kernel.shape[0]
        steps = sequence.shape[-2] - width + 1
        parts = (sequence[..., k : k + steps, :] @ self.kernel[k] for k in range(width))
        return sum(parts, start=self.bias)


class GRU(eqx.Module):
    """A gated recurrent unit in the "reset after" form of Keras, cuDNN and ONNX.

    With ``x`` the input, ``h`` the state, gates in the order update z, reset r, candidate n::

        z = sigmoid(x Wz + bz + h Uz + cz)
        r = sigmoid(x Wr + br + h Ur + cr)
        n = tanh(x Wn + bn + r * (h Un + cn))
        h' = z h + (1 - z) n

    ``kernel`` holds W, shape (C, 3H); ``recurrent_kernel`` U, (H, 3H); ``bias`` b and c, (2, 3H).
    """

    kernel: Float[Array, "c g"]
    recurrent_kernel: Float[Array, "h g"]
    bias: Float[Array, "2 g"]

    def __call__(
        self, sequence: Float[Array, "t c"], start: Int[Array, ""] | None = None
    ) -> Float[Array, "t h"]:
        """All states; zero until step ``start``, or before the first."""
        inputs = sequence @ self.kernel + self.bias[0]
        begun = None if start is None else jnp.arange(len(sequence)) >= start

        def advance(state: Array, at: tuple[Array, Array | None]) -> tuple[Array, Array]:
            step, started = at
            state = self.advance(step, state)
            if started is not None:
                state = jnp.where(started, state, 0)
            return state, state

        nothing = jnp.zeros(self.recurrent_kernel.shape[0], sequence.dtype)
        return jax.lax.scan(advance, nothing, (inputs, begun))[1]

    def advance(self, step: Float[Array, " g"], state: Float[Array, " h"]) -> Float[Array, " h"]:
        """The next state from one step of ``x W + b`` and the state before."""
        xz, xr, xn = jnp.split(step, 3)
        hz, hr, hn = jnp.split(state @ self.recurrent_kernel + self.bias[1], 3)
        update, reset = jax.nn.sigmoid(xz + hz), jax.nn.sigmoid(xr + hr)
        candidate = jnp.tanh(xn + reset * hn)
        return update * state + (1 - update) * candidate


class Network(eqx.Module):
    """Friction, standardised, from one window of standardised drivers."""

    convolutions: tuple[Conv1D, ...]
    recurrent: tuple[GRU, ...]
    dense: Float[Array, " h"]
    offset: Float[Array, ""]
    activation: Activation = eqx.field(static=True)

    def __call__(
        self, window: Float[Array, "l c"], start: Int[Array, ""] | None = None
    ) -> Float[Array, ""]:
        """Friction at the last instant of the window, which may start later than its first sample.

        Args:
            window: Standardised drivers.
            start: Sample with which it starts: what the window without those before gives. Theirs
                must be numbers all the same. None for the first.
        """
        sequence = window
        for convolution in self.convolutions:
            sequence = activate(self.activation, convolution(sequence))
        for layer in self.recurrent:
            # The first step that sees no sample before the start has the start's own number.
            sequence = layer(sequence, start)
        return sequence[-1] @ self.dense + self.offset


def activate(activation: Activation, values: Array) -> Array:
    """What comes after each convolution."""
    return jax.nn.relu(values) if activation == "relu" else values


def start_network(
    architecture: Architecture, drivers: int, length: int | Int[Array, ""], key: PRNGKeyArray
) -> Network:
    """An untrained network: Glorot kernels, orthogonal recurrent kernels, zero biases (Keras).

    Args:
        architecture: Layers and sizes of the network.
        drivers: Number of channels in a window, C.
        length: Number of samples in a window, L; only the ``chrono`` start of the gates uses it.
        key: Random key; the same key gives the same weights for every window length
            (of the ``chrono`` biases, the same quantiles).
    """
    keys = iter(jax.random.split(key, architecture.conv_layers + 3 * architecture.gru_layers + 1))
    glorot, orthogonal = initializers.glorot_uniform(), initializers.orthogonal()
    channels = drivers
    convolutions = []
    for _ in range(architecture.conv_layers):
        shape = (architecture.kernel, channels, architecture.filters)
        convolutions.append(Conv1D(glorot(next(keys), shape), jnp.zeros(architecture.filters)))
        channels = architecture.filters
    units = architecture.units
    recurrent = []
    for _ in range(architecture.gru_layers):
        kernel = glorot(next(keys), (channels, 3 * units))
        recurrent_kernel = orthogonal(next(keys), (units, 3 * units))
        bias = jnp.zeros((2, 3 * units))
        quantile = jax.random.uniform(next(keys), (units,))
        if architecture.gate_start == "chrono":
            # h' = z h + (1 - z) n forgets over 1 / (1 - z) = 1 + exp(bias) steps.
            bias = bias.at[0, :units].set(jnp.log(1 + quantile * jnp.maximum(length - 2, 0)))
        recurrent.append(GRU(kernel, recurrent_kernel, bias))
        channels = units
    dense = glorot(next(keys), (units, 1))[:, 0]
    return Network(
        tuple(convolutions), tuple(recurrent), dense, jnp.zeros(()), architecture.activation
    )
