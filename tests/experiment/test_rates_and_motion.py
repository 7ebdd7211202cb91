"""Causal rates against a slow twin, and slip against closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slicken.experiment.motion import moving_span, slip_from_velocity
from slicken.experiment.rates import FEWEST, causal_rate


def slow_rate(values: np.ndarray, dt: float, span: float) -> np.ndarray:
    rates = np.full(values.size, np.nan)
    for index in range(values.size):
        first = max(0, index - round(span / dt))
        holes = np.flatnonzero(np.isnan(values[first : index + 1]))
        if holes.size:
            first += int(holes[-1]) + 1
        if index + 1 - first >= FEWEST:
            times = dt * np.arange(first, index + 1)
            rates[index] = np.polyfit(times - times.mean(), values[first : index + 1], 1)[0]
    return rates


@pytest.mark.parametrize(
    ("dt", "span"), [(1.0, 10.0), (0.1, 1.0), (2.0, 9.0), (1.0, 2.0), (5.0, 1.0)]
)
def test_rates_are_the_slopes_of_lines_fitted_one_by_one(dt: float, span: float) -> None:
    values = 25 + np.random.default_rng(3).normal(size=120).cumsum()
    values[[40, 41, 77]] = np.nan
    span = max(span, 2 * dt)
    np.testing.assert_allclose(
        causal_rate(values, dt, span), slow_rate(values, dt, span), rtol=1e-9, atol=1e-12
    )


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 1000), now=st.integers(0, 79), span=st.sampled_from([2.0, 7.0, 10.0, 31.0])
)
def test_no_bit_of_a_rate_changes_when_the_future_does(seed: int, now: int, span: float) -> None:
    random = np.random.default_rng(seed)
    values = 1e3 * random.normal(size=80)
    other = values.copy()
    other[now + 1 :] = np.where(random.random(79 - now) < 0.2, np.nan, random.normal(size=79 - now))
    expected = causal_rate(values, 1.0, span)[: now + 1].tobytes()
    assert causal_rate(other, 1.0, span)[: now + 1].tobytes() == expected
    assert causal_rate(values[: now + 1], 1.0, span).tobytes() == expected


def test_a_large_constant_does_not_blur_a_rate() -> None:
    np.testing.assert_array_equal(causal_rate(np.full(50, 1e9), 1.0, 10.0)[2:], 0)


def test_slip_at_a_steady_velocity_is_velocity_times_time() -> None:
    time = np.arange(0, 100, 0.5)
    np.testing.assert_allclose(slip_from_velocity(np.full(time.size, -0.004), time), 0.004 * time)


def test_start_up_and_unloading_are_outside_the_motion_but_holds_are_inside() -> None:
    velocity = np.concatenate([np.zeros(7), np.ones(20), np.zeros(30), np.ones(20), -np.ones(9)])
    assert moving_span(velocity) == (7, 77)


def test_noise_about_zero_is_no_motion() -> None:
    noise = 0.02 * np.tile([1.0, -1.0], 25)
    assert moving_span(np.concatenate([noise, np.full(30, 4.0), noise])) == (50, 80)


def test_a_fault_that_slips_backward_throughout_is_moving() -> None:
    assert moving_span(np.array([0.0, -1, -1, -1, -1, 0])) == (1, 5)


def test_a_fault_at_rest_never_moves() -> None:
    assert moving_span(np.zeros(10)) == (0, 0)
