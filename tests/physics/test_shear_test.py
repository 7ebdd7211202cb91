"""Simulated shear tests against closed forms, and against what was asked of their noise."""

import math

import numpy as np
import pytest

from slicken.errors import PlanError
from slicken.physics.friction import Instant
from slicken.physics.rate_and_state import RateAndState
from slicken.physics.shear_scenarios import simulate_shear
from slicken.physics.shear_test import (
    Course,
    Readings,
    imposed_friction,
    shear,
    simulate_record,
)
from slicken.physics.spring_slider import Evolution, SpringSlider

QUIET = Readings(rates=(10.0,), white=0.0)
STEPS = Course("velocity-steps", (1e-6, 1e-5, 1e-6), (100.0, 10.0, 100.0))


def fault(stiffness: float = 2e3, law: Evolution = "ageing") -> SpringSlider:
    return SpringSlider(0.6, 0.010, (0.012,), (10e-6,), stiffness, 1e-6, law)


@pytest.mark.parametrize("law", ["ageing", "slip"])
def test_a_stiff_spring_tends_to_imposed_velocity(law: Evolution) -> None:
    errors = []
    for stiffness in (1e5, 1e6, 1e7):
        soft = shear(fault(stiffness, law), STEPS, QUIET, seed=0)
        exact = imposed_friction(fault(law=law), STEPS, soft.time)
        near = np.min(np.abs(soft.time[:, None] - STEPS.starts[None, 1:]), axis=1) < 1.0
        errors.append(np.abs(soft.exact - exact)[~near].max())
    assert errors[1] < errors[0] / 5
    assert errors[2] < min(errors[1] / 5, 1e-5)


@pytest.mark.parametrize("law", ["ageing", "slip"])
def test_imposed_velocity_is_that_of_the_rig_sample_by_sample(law: Evolution) -> None:
    # The regularised law of the simulated rig has exact steps of its own.
    one = RateAndState(0.6, 0.010, 0.012, 10e-6, 1e-6, evolution=law)
    times = np.arange(0.0, 210.0, 1.0)
    speeds = np.where((times < 100.0) | (times >= 110.0), 1e-6, 1e-5)
    state = one.start(Instant(1e-6, 1e6, 22.0, 0.0), 1.0)
    slow = []
    for speed in speeds:
        friction, state = one.step(state, Instant(float(speed), 1e6, 22.0, 0.0), 1.0)
        slow.append(friction)
    np.testing.assert_allclose(imposed_friction(fault(law=law), STEPS, times), slow, atol=1e-12)


def test_two_states_of_half_b_and_one_distance_are_one_state() -> None:
    two = SpringSlider(0.6, 0.010, (0.006, 0.006), (10e-6, 10e-6), math.inf, 1e-6)
    times = np.linspace(90.0, 130.0, 400)
    expected = imposed_friction(fault(), STEPS, times)
    np.testing.assert_allclose(imposed_friction(two, STEPS, times), expected, atol=1e-14)


def test_noise_has_the_size_and_the_memory_that_were_asked() -> None:
    course = Course.steps([1e-6, 1e-6], slip=2e-3)
    readings = Readings((10.0,), white=3e-4, coloured=5e-4, correlation=2.0)
    test = shear(fault(), course, readings, seed=3)
    left = test.friction - test.exact
    assert left.var() == pytest.approx(3e-4**2 + 5e-4**2, rel=0.1)
    for lag in (10, 20, 40):
        expected = 5e-4**2 * math.exp(-lag / 20)
        assert np.mean(left[lag:] * left[:-lag]) == pytest.approx(expected, abs=2.5e-8)


def test_noise_that_is_correlated_over_slip_forgets_faster_where_sliding_is_faster() -> None:
    readings = Readings((100.0,), white=0.0, coloured=5e-4, correlation_slip=10e-6)
    test = shear(fault(), Course.steps([1e-5, 1e-4], slip=5e-3), readings, seed=1)
    left = test.friction - test.exact
    slow, fast = left[test.time < 490.0], left[test.time > 510.0]
    for part, lag in ((slow, 100), (fast, 10)):  # 10 um of slip
        likeness = np.corrcoef(part[lag:], part[:-lag])[0, 1]
        assert likeness == pytest.approx(math.exp(-1), abs=0.1)


def test_trend_and_undulation_follow_slip() -> None:
    readings = Readings((10.0,), white=0.0, trend=30.0, undulation=1e-3, wavelength=100e-6)
    test = shear(fault(), STEPS, readings, seed=2)
    slipped = STEPS.displacement(test.time) - (test.exact - test.exact[0]) / 2e3
    waves = 2 * np.pi * slipped / 100e-6
    design = np.column_stack([slipped, np.sin(waves), np.cos(waves)])
    found, left, *_ = np.linalg.lstsq(design, test.friction - test.exact, rcond=None)
    assert found[0] == pytest.approx(30.0)
    assert np.hypot(found[1], found[2]) == pytest.approx(1e-3)
    assert left < 1e-20


def test_a_record_is_sampled_as_asked_and_its_displacement_is_quantised() -> None:
    readings = Readings((1.0, 50.0), displacement=0.5e-6, quantum=0.25e-6)
    record = simulate_record(fault(), STEPS, readings, seed=4)
    intervals = np.diff(record.time)
    assert np.allclose(intervals[record.time[1:] < 100.0], 1.0)
    assert np.allclose(intervals[record.time[:-1] > 100.0], 0.02)
    steps = record.channels["load_point"] / 0.25e-6
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-6)
    assert (np.diff(steps) < 0).any()


def test_a_seed_determines_every_bit_and_noise_does_not_depend_on_other_noise() -> None:
    first, again, other = (
        simulate_shear("velocity-steps", experiments=2, seed=seed, slip=50e-6) for seed in (5, 5, 6)
    )
    for left, right, different in zip(first, again, other, strict=True):
        assert np.array_equal(left.friction, right.friction)
        assert not np.array_equal(left.friction[:50], different.friction[:50])
    assert not np.array_equal(first[0].friction, first[1].friction)


def test_the_logarithm_of_hold_time_heals() -> None:
    # Ageing law: peaks grow by b ln 10 a decade of hold time, for long holds and a stiff spring.
    peaks = []
    for held in (1e3, 1e4):
        course = Course.holds(1e-5, [held], slip=100e-6)
        stiff = SpringSlider(0.6, 0.002, (0.012,), (10e-6,), 1e6, 1e-5)
        peaks.append(shear(stiff, course, Readings((50.0,), white=0.0), seed=0).exact.max())
    assert peaks[1] - peaks[0] == pytest.approx(0.012 * math.log(10), rel=0.02)


@pytest.mark.parametrize(
    ("make", "advice"),
    [
        (lambda: Course.steps([1e-6], 1e-4), "two velocities"),
        (lambda: Course.steps([1e-6, 0.0], 1e-4), "must be positive"),
        (lambda: Course.holds(0.0, [10.0], 1e-4), "choose more than 0"),
        (lambda: Readings(rates=(1.0, 2.0, 3.0)), "one sampling rate, or two"),
        (lambda: Readings(white=-1.0), "zero or more"),
        (lambda: Readings(white=math.nan), "zero or more|finite"),
        (lambda: simulate_shear("holds"), "choose velocity-steps or slide-hold-slide"),
        (lambda: simulate_shear("velocity-steps", experiments=0), "at least one"),
        (lambda: simulate_shear("velocity-steps", velocities=(1e-12, 1e-6)), "lower the rate"),
        (lambda: simulate_shear("slide-hold-slide", stiffness=math.inf), "no friction by this law"),
        (lambda: shear(fault(100.0), STEPS, QUIET, seed=0), "too soft"),
    ],
)
def test_what_cannot_be_simulated_is_refused(make: object, advice: str) -> None:
    with pytest.raises(PlanError, match=advice):
        make()  # type: ignore[operator]
