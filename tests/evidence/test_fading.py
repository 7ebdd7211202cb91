"""Fading: recursions against plain loops and a solver, and pasts that stretches do not share."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

import builders
import naive
from slicken.evidence.fading import (
    Passing,
    held_passing,
    slip_passing,
    time_passing,
)
from slicken.laws.imposed import linear_recursion
from slicken.learning.record import join

DT = 0.5


def passing_of(seed: int, samples: int = 60) -> Passing:
    """Slip over five decades, with holds, in three stretches."""
    random = np.random.default_rng(seed)
    steps = 10.0 ** random.uniform(-6, -1, samples)
    steps[random.random(samples) < 0.2] = 0.0
    begins = np.zeros(samples, dtype=np.bool_)
    begins[[0, 17, 40]] = True
    return Passing(np.where(begins, 0.0, steps), begins)


@given(st.integers(0, 2**31), st.integers(1, 70))
@settings(max_examples=30, deadline=None)
def test_a_recursion_is_a_loop(seed: int, samples: int) -> None:
    random = np.random.default_rng(seed)
    keep, push = random.random(samples), random.normal(size=(samples, 2))
    keep[random.random(samples) < 0.1] = 0.0
    slow = np.zeros((samples, 2))
    for i in range(samples):
        slow[i] = push[i] + (keep[i] * slow[i - 1] if i else 0)
    np.testing.assert_allclose(linear_recursion(keep, push), slow, atol=1e-12)


@given(st.integers(0, 2**31), st.floats(-6, 1))
@settings(max_examples=30, deadline=None)
def test_pasts_are_weighted_means(seed: int, magnitude: float) -> None:
    passing, length = passing_of(seed), 10.0**magnitude
    values = np.random.default_rng(seed).normal(size=(60, 2))
    for shape in ("exponential", "boxcar"):
        slow = naive.faded(values, passing.steps, passing.begins, length, shape)
        np.testing.assert_allclose(getattr(passing, shape)(values, length), slow, atol=1e-9)


def test_over_slip_at_one_velocity_is_over_time() -> None:
    """exp(-s/d) is exp(-t/tau) with d = V tau, and the last d metres are the last d/V seconds."""
    velocity, tau = 3e-6, 12.0
    begins = np.arange(200) == 0
    values = np.random.default_rng(1).normal(size=(200, 1))
    seconds = Passing(np.full(200, DT), begins)
    metres = Passing(np.full(200, velocity * DT), begins)
    for shape in ("exponential", "boxcar"):
        by_time = getattr(seconds, shape)(values, tau)
        np.testing.assert_allclose(getattr(metres, shape)(values, velocity * tau), by_time)


def test_the_age_of_contacts_is_that_of_a_solver() -> None:
    velocity = np.array([3e-6, 3e-6, 1e-4, 1e-4, 0.0, 0.0, 0.0, 1e-6, 1e-6, 5e-5])
    distance = 2e-5
    steps = np.append(0.0, velocity[:-1] * DT)
    found = Passing(steps, np.arange(velocity.size) == 0).log_age(distance, DT)
    theta = distance / velocity[0]
    for here, now in zip(found, velocity, strict=True):
        assert np.exp(here) == pytest.approx(theta, rel=1e-9)
        solved = solve_ivp(
            lambda _, y, now=now: 1 - now * y / distance, (0, DT), [theta],
            method="DOP853", rtol=1e-12, atol=1e-15,
        )  # fmt: skip
        theta = float(solved.y[0, -1])


def test_the_slip_law_is_the_exponential_past_of_log_velocity() -> None:
    """d theta/dt = -(V theta/D) ln(V theta/D): ln(theta/D) is the negative of that past."""
    velocity = np.array([3e-6, 3e-6, 1e-4, 1e-4, 1e-6, 1e-6, 5e-5])
    distance = 2e-5
    passing = Passing(np.append(0.0, velocity[:-1] * DT), np.arange(velocity.size) == 0)
    found = -passing.exponential(np.log(velocity)[:, None], distance)[:, 0]
    theta = distance / velocity[0]
    for here, now in zip(found, velocity, strict=True):
        assert here == pytest.approx(np.log(theta / distance), rel=1e-9)

        def change(_: float, y: np.ndarray, now: float = now) -> np.ndarray:
            return -(now * y / distance) * np.log(now * y / distance)

        solved = solve_ivp(change, (0, DT), [theta], method="DOP853", rtol=1e-12, atol=1e-15)
        theta = float(solved.y[0, -1])


def record_of(slip: np.ndarray, gaps: tuple[int, ...] = ()) -> object:
    runs = [builders.make_experiment(f"run{i}", slip.size, slip=slip, gaps=gaps) for i in range(2)]
    return join(runs, builders.DRIVERS)


def test_nothing_crosses_a_gap_or_the_end_of_an_experiment() -> None:
    record = record_of(np.arange(20.0), gaps=(7, 8))
    passing = slip_passing(record)
    assert np.flatnonzero(passing.begins).tolist() == [0, 7, 8, 9, 20, 27, 28, 29]
    assert passing.steps[passing.begins].max() == 0.0
    assert np.isfinite(passing.passed).all()
    values = np.zeros((40, 1))
    values[:9], values[20:29] = 1e9, 1e9
    for shape in ("exponential", "boxcar"):
        assert np.abs(getattr(passing, shape)(values, 5.0)[9:20]).max() == 0.0
    assert time_passing(record).within(np.array([15]), 100)[0] == 6.0


def test_noise_at_rest_is_no_slip_and_a_reversal_is() -> None:
    """Forward 1 mm, a hold, and back: 2 mm of slip, whatever 0.3 um of noise does in the hold."""
    out = np.concatenate([np.linspace(0, 1e-3, 200), np.full(300, 1e-3)])
    slip = np.concatenate([out, np.linspace(1e-3, 0, 200)])
    noisy = slip + 3e-7 * np.random.default_rng(2).normal(size=slip.size)
    passing = slip_passing(record_of(noisy))
    whole = passing.steps[: slip.size]
    assert whole.min() >= 0.0
    assert whole.sum() == pytest.approx(2e-3, rel=0.01)
    assert whole[205:495].sum() < 2e-6
    assert np.abs(np.diff(noisy))[205:495].sum() > 5e-5, "what noise would make of it otherwise"


def test_slip_that_is_not_known_has_no_clock() -> None:
    record = record_of(np.arange(30.0))
    assert slip_passing(record) is not None
    once = np.where(np.arange(60) == 11, np.nan, record.slip)
    assert slip_passing(replace(record, slip=once)) is None
    assert slip_passing(builders.make_record(30, 30)) is None


def test_a_held_velocity_slips_until_the_next_sample() -> None:
    velocity = np.array([1.0, 1.0, 5.0, -2.0])
    record = join([builders.make_experiment("run", 4, slip_velocity=velocity)], builders.DRIVERS)
    assert held_passing(record).steps.tolist() == [0.0, 1.0, 1.0, 5.0]
    others = join([builders.make_experiment("run", 4)], ("temperature",))
    assert held_passing(others) is None


def test_a_stretch_that_begins_at_rest_has_an_age() -> None:
    steps = np.array([0.0, 0.0, 0.0, 1e-6, 1e-6])
    for passing in (Passing(steps, np.arange(5) == 0), Passing(0 * steps, np.arange(5) == 0)):
        assert np.isfinite(passing.log_age(1e-5, DT)).all()
