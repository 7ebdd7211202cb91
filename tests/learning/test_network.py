"""The network: Keras's formulas and Keras's start, and the chrono start of the gates."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import builders
import naive
from slicken.learning.network import GRU, Conv1D, start_network
from slicken.learning.settings import Architecture

PAPER = Architecture()


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(0, 9))
def test_a_convolution_equals_keras_formula(
    kernel: int, channels: int, filters: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    x = random.normal(size=(7, channels))
    w, b = random.normal(size=(kernel, channels, filters)), random.normal(size=filters)
    with jax.enable_x64(True):
        ours = Conv1D(jnp.asarray(w), jnp.asarray(b))(jnp.asarray(x))
    np.testing.assert_allclose(ours, naive.conv1d(x, w, b), rtol=1e-12, atol=1e-12)


def test_a_gru_equals_keras_formulas_step_by_step() -> None:
    random = np.random.default_rng(1)
    x, w = random.normal(size=(9, 3)), random.normal(size=(3, 12))
    u, b = random.normal(size=(4, 12)), random.normal(size=(2, 12))
    with jax.enable_x64(True):
        ours = GRU(*(jnp.asarray(a) for a in (w, u, b)))(jnp.asarray(x))
    np.testing.assert_allclose(ours, naive.gru(x, w, u, b), rtol=1e-12, atol=1e-13)


def test_a_gru_with_zero_weights_forgets_by_half_at_each_step() -> None:
    """By hand: z = 1/2 and n = tanh(1) from the bias; h = (1 - 2^-t) tanh(1)."""
    bias = jnp.zeros((2, 3)).at[0, 2].set(1.0)
    states = GRU(jnp.zeros((1, 3)), jnp.zeros((1, 3)), bias)(jnp.ones((6, 1)))
    steps = np.arange(1, 7)
    np.testing.assert_allclose(states[:, 0], (1 - 0.5**steps) * np.tanh(1), rtol=1e-6)


def test_without_padding_each_convolution_shortens_the_window() -> None:
    assert PAPER.shortest_window == 5
    shortest = Architecture(kernel=4, conv_layers=3, filters=2, units=2, gru_layers=1)
    network = start_network(shortest, 2, 10, jax.random.key(0))
    assert shortest.shortest_window == 10
    assert network(jnp.ones((10, 2))).shape == ()


def test_weights_have_the_shapes_of_keras() -> None:
    network = start_network(PAPER, 5, 400, jax.random.key(0))
    assert [c.kernel.shape for c in network.convolutions] == [(3, 5, 64), (3, 64, 64)]
    assert [c.bias.shape for c in network.convolutions] == [(64,), (64,)]
    assert [g.kernel.shape for g in network.recurrent] == [(64, 192)] * 4
    assert [g.recurrent_kernel.shape for g in network.recurrent] == [(64, 192)] * 4
    assert [g.bias.shape for g in network.recurrent] == [(2, 192)] * 4
    assert network.dense.shape == (64,)
    assert network.offset.shape == ()


def test_an_untrained_network_starts_as_keras_does() -> None:
    """Glorot: uniform within sqrt(6/(fan in + fan out)), where a convolution's fans count its
    kernel; recurrent kernels with orthonormal rows; biases zero."""
    network = start_network(PAPER, 5, 400, jax.random.key(2))
    kernels = [
        (network.convolutions[0].kernel, 3 * 5 + 3 * 64),
        (network.convolutions[1].kernel, 3 * 64 + 3 * 64),
        *((layer.kernel, 64 + 192) for layer in network.recurrent),
        (network.dense, 64 + 1),
    ]
    for kernel, fans in kernels:
        limit = np.sqrt(6 / fans)
        assert np.abs(kernel).max() <= limit
        assert np.abs(kernel).max() > 0.9 * limit
        assert np.std(kernel) == pytest.approx(limit / np.sqrt(3), rel=0.15)
    for layer in network.recurrent:
        rows = np.asarray(layer.recurrent_kernel)
        np.testing.assert_allclose(rows @ rows.T, np.eye(64), atol=1e-5)
        assert not layer.bias.any()
    assert not any(c.bias.any() for c in network.convolutions)
    assert network.offset == 0


def test_chrono_biases_are_the_log_of_a_uniform_number_up_to_the_window() -> None:
    """log U(1, L - 1), on the input bias of the update gates only (Tallec & Ollivier 2018)."""
    wide = Architecture(filters=1, conv_layers=0, units=100, gru_layers=2, gate_start="chrono")
    networks = builders.start_networks(wide, drivers=1, length=100, runs=1)
    network = jax.tree.map(lambda leaf: leaf[0], networks)
    for layer in network.recurrent:
        spans = np.exp(np.asarray(layer.bias[0, :100]))
        assert spans.min() >= 1
        assert spans.max() <= 99
        deciles = np.percentile(spans, np.arange(10, 100, 10))
        np.testing.assert_allclose(deciles, 1 + 98 * np.arange(0.1, 0.95, 0.1), atol=14)
        assert not layer.bias[0, 100:].any()
        assert not layer.bias[1].any()
    one, other = (np.asarray(layer.bias[0, :100]) for layer in network.recurrent)
    assert not np.allclose(one, other), "layers draw their own"


@pytest.mark.parametrize("length", [1, 2, 3])
def test_the_shortest_windows_have_chrono_biases_too(length: int) -> None:
    chrono = Architecture(filters=1, conv_layers=0, units=8, gru_layers=1, gate_start="chrono")
    bias = np.asarray(start_network(chrono, 1, length, jax.random.key(0)).recurrent[0].bias)
    assert np.isfinite(bias).all()
    assert (bias[0, :8] <= np.log(max(length - 1, 1)) + 1e-6).all()


def test_the_window_length_changes_nothing_but_the_chrono_biases() -> None:
    chrono = builders.TINY.model_copy(update={"gate_start": "chrono"})
    short, long = (start_network(chrono, 2, n, jax.random.key(5)) for n in (10, 500))
    one, other = (naive.of_run(jax.tree.map(lambda a: a[None], n), 0) for n in (short, long))
    for name, weights in one.items():
        if name.endswith("recurrent.0.bias"):
            # The same quantiles of another range.
            quantiles = [
                (np.exp(w[0, :4]) - 1) / (n - 2) for w, n in ((weights, 10), (other[name], 500))
            ]
            np.testing.assert_allclose(*quantiles, rtol=1e-5)
            other[name][0, :4] = weights[0, :4]
        np.testing.assert_array_equal(weights, other[name], err_msg=name)


def test_a_relu_network_and_a_linear_one_equal_the_naive_network() -> None:
    for relu in (False, True):
        architecture = Architecture(
            filters=3, kernel=2, conv_layers=2, units=3, gru_layers=2,
            activation="relu" if relu else "linear",
        )  # fmt: skip
        networks = builders.start_networks(architecture, runs=1, spread=0.3)
        window = np.random.default_rng(0).normal(size=(8, 2))
        alone = jax.tree.map(lambda leaf: leaf[0], networks)
        expected = naive.friction(naive.of_run(networks, 0), window, relu=relu)
        found = jax.jit(lambda n, x: n(x))(alone, jnp.asarray(window, jnp.float32))
        assert float(found) == pytest.approx(expected, abs=1e-6)
