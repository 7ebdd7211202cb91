"""Imposed velocity: several distances at once, and any sampling, against one at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slicken.laws.imposed import faded, linear_recursion, log_age

DISTANCES = np.array([1e-7, 3e-6, 2e-5, 1e-2])


def course_of(seed: int, samples: int = 50) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Slip and time of steps over five decades, with holds; and where stretches begin."""
    random = np.random.default_rng(seed)
    seconds = 10.0 ** random.uniform(-2, 2, samples)
    steps = seconds * 10.0 ** random.uniform(-8, -3, samples)
    steps[random.random(samples) < 0.2] = 0.0
    steps[1::20] = seconds[1::20] * 1e-5  # a stretch begins with steady sliding
    begins = np.arange(samples) % 20 == 0
    return np.where(begins, 0.0, steps), np.where(begins, 0.0, seconds), begins


@given(st.integers(0, 2**31))
@settings(max_examples=30, deadline=None)
def test_several_distances_at_once_are_each_by_itself(seed: int) -> None:
    steps, seconds, begins = course_of(seed)
    together = log_age(steps, seconds, begins, DISTANCES)
    values = np.random.default_rng(seed).normal(size=(50, 1))
    pasts = faded(np.repeat(values, DISTANCES.size, axis=1), steps, begins, DISTANCES)
    for k, distance in enumerate(DISTANCES):
        one = log_age(steps, seconds, begins, float(distance))
        np.testing.assert_allclose(together[:, k], one, rtol=1e-12)
        past = faded(values, steps, begins, float(distance))[:, 0]
        np.testing.assert_allclose(pasts[:, k], past, rtol=1e-9, atol=1e-12)


def test_a_column_may_fade_at_its_own_rate() -> None:
    random = np.random.default_rng(3)
    keep, push = random.random((40, 3)), random.normal(size=(40, 3))
    apart = [linear_recursion(keep[:, [k]][:, 0], push[:, [k]])[:, 0] for k in range(3)]
    np.testing.assert_allclose(linear_recursion(keep, push), np.stack(apart, axis=1), atol=1e-14)


def test_sampling_does_not_matter_while_velocity_is_constant() -> None:
    """A step in two halves, or in a thousand pieces, ages contacts alike."""
    steps, seconds, begins = course_of(5)
    whole = log_age(steps, seconds, begins, DISTANCES)
    for pieces in (2, 1000):
        counts = np.where(begins, 1, pieces)
        finer = [np.repeat(each / counts, counts) for each in (steps, seconds)]
        ends = np.cumsum(counts) - 1
        many = log_age(*finer, np.isin(np.arange(ends[-1] + 1), ends[begins]), DISTANCES)[ends]
        np.testing.assert_allclose(many, whole, rtol=1e-8)


def test_contacts_of_a_fault_at_rest_age_by_the_clock() -> None:
    steps, seconds = np.array([0.0, 1e-5, 0.0, 0.0]), np.array([0.0, 1.0, 10.0, 90.0])
    ages = np.exp(log_age(steps, seconds, np.arange(4) == 0, 1e-6))
    assert ages[2] - ages[1] == pytest.approx(10.0)
    assert ages[3] - ages[2] == pytest.approx(90.0)
