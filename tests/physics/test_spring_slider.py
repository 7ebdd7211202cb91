"""The spring-slider against rsfmodel's numbers, and an independent solver."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from slicken.physics.spring_slider import Evolution, SpringSlider, simulate


def test_ageing_agrees_with_the_numbers_of_rsfmodel() -> None:
    law = SpringSlider(0.6, 0.005, (0.01,), (10e-6,), 1e3, 1e-6)
    times = np.array([11.0, 12.0, 13.0, 14.0])
    friction = law.friction(times, np.array([10.0]), np.array([1e-5]), 1e-6)
    expected = [0.60720485, 0.60186637, 0.58400910, 0.58563096]
    np.testing.assert_allclose(friction, expected, atol=1e-6)


@pytest.mark.parametrize("evolution", ["ageing", "slip"])
def test_two_states_agree_with_radau(evolution: Evolution) -> None:
    law = SpringSlider(0.6, 0.01, (0.008, -0.003), (1e-5, 1e-4), 5e3, 1e-6, evolution)
    times = np.linspace(0.5, 30.0, 20)
    b, scales = np.array(law.b), np.array(law.slip_scales)

    def rates(_: float, y: NDArray[np.float64]) -> NDArray[np.float64]:
        theta = np.exp(y[1:])
        v = 1e-6 * np.exp((y[0] - 0.6 - b @ np.log(1e-6 * theta / scales)) / 0.01)
        x = v * theta / scales
        grown = (1 - x) / theta if evolution == "ageing" else -v / scales * np.log(x)
        return np.concatenate([[5e3 * (1e-5 - v)], grown])

    first = [0.6, *np.log(scales / 1e-6)]
    slow = solve_ivp(rates, (0, 30), first, "Radau", times, rtol=1e-10, atol=1e-12)
    friction = law.friction(times, np.array([0.0]), np.array([1e-5]), 1e-6)
    np.testing.assert_allclose(friction, slow.y[0], atol=1e-7)


def test_derivatives_agree_with_differences() -> None:
    times, load = np.linspace(0.5, 15.0, 8), (np.array([0.0]), np.array([1e-5]), np.array(1e-6))

    def friction(logs: jax.Array) -> jax.Array:
        a, b, scale, stiffness = jnp.exp(logs)
        law = (jnp.asarray(0.6), a, (b,), (scale,), stiffness)
        return simulate(law, jax.tree.map(jnp.asarray, load), jnp.asarray(times), 1e-6, "ageing")

    with jax.enable_x64(True):
        logs = jnp.log(jnp.array([0.01, 0.009, 1e-5, 1e3]))
        exact = jax.jacfwd(friction)(logs)
        pairs = [(friction(logs + e) - friction(logs - e)) / 2e-4 for e in 1e-4 * jnp.eye(4)]
        np.testing.assert_allclose(exact, jnp.stack(pairs, 1), atol=1e-6)


def test_a_hold_after_long_steady_sliding_is_like_a_hold_after_short() -> None:
    law = SpringSlider(0.6, 0.01, (0.012,), (1e-5,), 2e3, 1e-5, "slip")
    held = np.array([1e-5, 0.0, 1e-5, 0.0])
    waits = (0.0, 50.0, 60.0, 210.0)
    times = np.linspace(1.0, 20.0, 50)
    late = law.friction(210.0 + times, np.array(waits), held, 1e-5)
    first = law.friction(50.0 + times, np.array([0.0, 50.0]), held[:2], 1e-5)
    np.testing.assert_allclose(late, first, atol=1e-7)
