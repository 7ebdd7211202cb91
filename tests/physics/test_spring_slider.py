"""The spring-slider against rsfmodel's numbers, and an independent solver."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from slicken.physics.spring_slider import (
    Constants,
    Evolution,
    Load,
    SpringSlider,
    imposed,
    simulate,
)


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


@pytest.mark.parametrize("is_slip", [False, True])
def test_derivatives_of_both_solvers_agree_with_differences(is_slip: bool) -> None:
    times = jnp.linspace(-1.0, 15.0, 9)
    held = Load(jnp.array([0.0, 8.0]), jnp.array([10.0, 2.0]), jnp.array(1.0))

    @partial(jax.jit, static_argnums=1)
    def friction(p: jax.Array, implicit: bool) -> jax.Array:
        law = Constants(jnp.exp(p[0]), 0.01 * p[1:3], jnp.exp(p[3:5]), jnp.exp(p[5]))
        moved = held._replace(starts=held.starts + p[6])
        return simulate(law, moved, times, is_slip, implicit=implicit)

    with jax.enable_x64(True):
        logs = jnp.log(jnp.array([0.01, 10.0, 60.0, 2e-3]))
        p = jnp.array([logs[0], 0.9, -0.2, logs[1], logs[2], logs[3], 0.01])
        pairs = [(friction(p + e, True) - friction(p - e, True)) / 2e-4 for e in 1e-4 * jnp.eye(7)]
        for implicit in (True, False):
            exact = jax.jit(jax.jacfwd(lambda q: friction(q, implicit)))(p)  # noqa: B023
            np.testing.assert_allclose(exact, jnp.stack(pairs, 1), atol=2e-6)


@pytest.mark.parametrize("is_slip", [False, True])
def test_a_stiff_machine_imposes_its_velocity(is_slip: bool) -> None:
    times = jnp.linspace(-1.0, 15.0, 60)
    step = Load(jnp.array([0.0]), jnp.array([10.0]), jnp.array(1.0))
    apart = []
    with jax.enable_x64(True):
        for stiffness in (1e-1, 1.0, 10.0):
            law = Constants(jnp.array(0.01), jnp.array([0.008, -0.003]), jnp.array([10.0, 60.0]),
                            jnp.array(stiffness))  # fmt: skip
            stiff = simulate(law, step, times, is_slip)
            far = times > 0.05
            apart.append(float(jnp.abs(stiff - imposed(law, step, times, is_slip))[far].max()))
    assert apart[1] < 0.2 * apart[0]
    assert apart[2] < 0.2 * apart[1]
    assert apart[2] < 2e-5


def test_a_hold_after_long_steady_sliding_is_like_a_hold_after_short() -> None:
    law = SpringSlider(0.6, 0.01, (0.012,), (1e-5,), 2e3, 1e-5, "slip")
    held = np.array([1e-5, 0.0, 1e-5, 0.0])
    waits = (0.0, 50.0, 60.0, 210.0)
    times = np.linspace(1.0, 20.0, 50)
    late = law.friction(210.0 + times, np.array(waits), held, 1e-5)
    first = law.friction(50.0 + times, np.array([0.0, 50.0]), held[:2], 1e-5)
    np.testing.assert_allclose(late, first, atol=1e-7)
