"""Thermal laws against closed forms and plain loops."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from slicken.errors import PlanError
from slicken.physics.friction import FrictionLaw, Instant
from slicken.physics.thermal import (
    ThermalHysteresis,
    ThermalRateWeakening,
    ThermalSoftening,
    TwoThermalMemories,
)

REFERENCE = 22.0


def follow(
    law: FrictionLaw[Any],
    temperature: NDArray[np.float64],
    velocity: NDArray[np.float64] | None = None,
    dt: float = 1.0,
) -> NDArray[np.float64]:
    """Friction at every sample."""
    speeds = np.full(temperature.shape, 4e-3) if velocity is None else velocity
    instants = [
        Instant(float(v), 1e6, float(t), 0.0) for v, t in zip(speeds, temperature, strict=True)
    ]
    state, friction = law.start(instants[0], dt), []
    for now in instants:
        value, state = law.step(state, now, dt)
        friction.append(value)
    return np.array(friction)


def plain_means(temperature: NDArray[np.float64], samples: int) -> NDArray[np.float64]:
    """Mean of the last samples at every instant, before the first of them the reference."""
    return np.array(
        [
            sum(temperature[k] if k >= 0 else REFERENCE for k in range(i - samples + 1, i + 1))
            / samples
            for i in range(temperature.size)
        ]
    )


@pytest.fixture
def temperature() -> NDArray[np.float64]:
    steps: NDArray[np.float64] = np.random.default_rng(3).uniform(20.0, 75.0, 12)
    return np.repeat(steps, 10)


def test_softening_is_a_two_state_balance_of_the_mean_temperature(
    temperature: NDArray[np.float64],
) -> None:
    law = ThermalSoftening(
        cold=0.8, hot=0.5, middle=45.0, activation_energy=2e5, memory=30.0, reference=REFERENCE
    )
    kelvin = plain_means(temperature, 30) + 273.15
    balance = np.exp(-2e5 / 8.314462618 * (1.0 / kelvin - 1.0 / 318.15))  # soft over hard
    expected = (0.8 + 0.5 * balance) / (1.0 + balance)
    np.testing.assert_allclose(follow(law, temperature), expected, rtol=1e-12)


def test_softening_is_a_logistic_curve_of_width_r_tc_squared_over_q_near_its_middle() -> None:
    law = ThermalSoftening(memory=0.0)
    width = 8.314462618 * 318.15**2 / 2e5
    assert width == pytest.approx(4.2, abs=0.01)
    below, above = follow(law, np.array([44.99])), follow(law, np.array([45.01]))
    slope = float(above[0] - below[0]) / 0.02
    assert slope == pytest.approx(-(0.75 - 0.55) / (4.0 * width), rel=1e-4)


def test_softening_has_its_two_levels_far_from_the_middle() -> None:
    law = ThermalSoftening(memory=0.0)
    np.testing.assert_allclose(follow(law, np.array([-270.0, 2000.0])), [0.75, 0.55], atol=1e-6)


def test_a_product_of_mean_temperature_and_velocity(temperature: NDArray[np.float64]) -> None:
    law = ThermalRateWeakening(
        mu0=0.7, slope=-1e-3, reference_velocity=2e-3, memory=25.0, reference=REFERENCE
    )
    velocity = np.random.default_rng(4).uniform(0.0, 4e-3, temperature.size)
    rise = plain_means(temperature, 25) - REFERENCE
    expected = 0.7 - 1e-3 * rise * velocity / 2e-3
    np.testing.assert_allclose(follow(law, temperature, velocity), expected, rtol=1e-12)


def test_two_memories_are_two_plain_means(temperature: NDArray[np.float64]) -> None:
    law = TwoThermalMemories(
        mu0=0.66, slow=-4e-4, fast=-7e-4, memory=40.0, fraction=0.125, reference=REFERENCE
    )
    long, short = (plain_means(temperature, n) - REFERENCE for n in (40, 5))
    np.testing.assert_allclose(
        follow(law, temperature), 0.66 - 4e-4 * long - 7e-4 * short, rtol=1e-12
    )


def test_both_memories_are_in_seconds_whatever_the_sampling() -> None:
    warm = np.full(200, 62.0)
    every_second = follow(TwoThermalMemories(memory=80.0), warm)
    ten_a_second = follow(TwoThermalMemories(memory=8.0), warm, dt=0.1)
    np.testing.assert_allclose(every_second, ten_a_second)
    assert every_second[9] == pytest.approx(0.65 - 5e-4 * 40 * (1.0 + 10 / 80))
    assert every_second[79] == pytest.approx(0.65 - 1e-3 * 40)


def test_a_switch_stays_as_the_last_crossing_of_a_threshold_left_it() -> None:
    temperature = 45.0 + 12.0 * np.cumsum(np.random.default_rng(1).uniform(-0.5, 0.5, 3000))
    temperature = 45.0 + 15.0 * np.sin(temperature / 15.0)
    law = ThermalHysteresis(cold=0.7, hot=0.6, lower=40.0, upper=50.0)
    expected = []
    for now in range(temperature.size):  # look back for the last that was beyond a threshold
        beyond = [t for t in temperature[: now + 1] if not 40.0 <= t <= 50.0]
        expected.append(0.6 if beyond and beyond[-1] > 50.0 else 0.7)
    friction = follow(law, temperature)
    np.testing.assert_array_equal(friction, expected)
    between = (temperature > 40.0) & (temperature < 50.0)
    assert set(friction[between]) == {0.6, 0.7}  # both, at the same temperatures


def test_a_switch_needs_its_thresholds_to_be_passed_not_touched() -> None:
    law = ThermalHysteresis(cold=0.7, hot=0.6, lower=40.0, upper=50.0)
    friction = follow(law, np.array([50.0, 50.1, 40.0, 39.9, 50.0]))
    np.testing.assert_array_equal(friction, [0.7, 0.6, 0.6, 0.7, 0.7])


@pytest.mark.parametrize(
    "make",
    [
        lambda: ThermalSoftening(memory=-1.0),
        lambda: ThermalSoftening(activation_energy=0.0),
        lambda: ThermalRateWeakening(memory=float("nan")),
        lambda: ThermalRateWeakening(reference_velocity=0.0),
        lambda: TwoThermalMemories(memory=float("inf")),
        lambda: TwoThermalMemories(fraction=1.0),
        lambda: ThermalHysteresis(lower=50.0, upper=50.0),
    ],
)
def test_impossible_thermal_laws_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(PlanError, match="must be"):
        make()
