"""Which events a law can be fitted to, and what is said of the others."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from slicken.experiment.samples import Samples
from slicken.laws.events import find_events
from slicken.laws.response import response_of
from slicken.laws.results import Event
from slicken.laws.usable import below_critical, judged, judged_by_fit
from slicken.physics.shear_test import Course, Readings, simulate_record
from slicken.physics.spring_slider import SpringSlider
from slicken.reporting.wording import words

UM = 1e-6
DC = 10 * UM
FAULT = SpringSlider(0.6, 0.010, (0.015,), (DC,), np.inf, UM)
QUIET = Readings(rates=(20.0,), white=3e-4)


def stepped(*stretches: tuple[float, float], seed: int = 1, readings: Readings = QUIET) -> Samples:
    """A record of stretches, each a velocity in um/s and a slip in um, imposed on the fault."""
    speeds = tuple(speed * UM for speed, _ in stretches)
    course = Course("velocity-steps", speeds, tuple(slip / speed for speed, slip in stretches))
    fault = replace(FAULT, reference_velocity=speeds[0])
    return simulate_record(fault, course, readings, seed)


def problem_of(samples: Samples, which: int = 0) -> str | None:
    event = judged(find_events(samples)[which], samples)
    return None if event.problem is None else event.problem.key


@pytest.mark.parametrize("seed", range(1, 6))
@pytest.mark.parametrize("speeds", [(1.0, 10.0), (10.0, 1.0), (3.0, 10.0)])
def test_a_step_between_steady_states_can_be_used(seed: int, speeds: tuple[float, float]) -> None:
    before, after = speeds
    readings = replace(QUIET, undulation=1e-3, trend=-10.0, coloured=2e-4)
    samples = stepped((before, 300.0), (after, 300.0), seed=seed, readings=readings)
    assert problem_of(samples) is None


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_step_that_ends_within_dc_cannot(seed: int) -> None:
    problem = problem_of(stepped((1.0, 300.0), (3.0, 10.0), seed=seed))
    assert problem in {"laws.problem_evolving", "laws.problem_scale"}


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_step_soon_after_another_cannot(seed: int) -> None:
    samples = stepped((1.0, 300.0), (3.0, 10.0), (9.0, 300.0), seed=seed)
    assert problem_of(samples, 1) == "laws.problem_unsteady"
    assert judged(find_events(samples)[0], samples).problem is not None


def with_friction(change: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Samples:
    samples = stepped((1.0, 300.0), (10.0, 300.0))
    friction = samples.channels["friction"] + change(samples.time)
    return replace(samples, channels={**samples.channels, "friction": friction})


def test_stick_slip_is_counted() -> None:
    samples = with_friction(lambda t: np.where(t > 300, 0.02 * ((t - 300) / 3 % 1), 0.0))
    assert problem_of(samples) == "laws.problem_stick_slip"


def test_stick_slip_of_a_few_samples_in_noise_is_found_and_counted() -> None:
    samples = with_friction(lambda t: np.where(t > 300, 0.003 * ((t - 300) / 0.5 % 1), 0.0))
    assert problem_of(samples) == "laws.problem_stick_slip"


def test_friction_of_few_digits_that_decays_is_no_stick_slip() -> None:
    samples = stepped((1.0, 300.0), (10.0, 300.0), readings=replace(QUIET, white=0.0))
    coarse = np.round(samples.channels["friction"], 3)
    samples = replace(samples, channels={**samples.channels, "friction": coarse})
    assert problem_of(samples) != "laws.problem_stick_slip"


@pytest.mark.parametrize("seed", range(1, 4))
def test_a_slow_drift_of_friction_after_a_step_is_no_unfinished_response(seed: int) -> None:
    samples = stepped((1.0, 300.0), (10.0, 2000.0), seed=seed)
    drift = 1e-5 * np.maximum(samples.time - 300, 0.0)
    friction = samples.channels["friction"] + 10 * drift
    samples = replace(samples, channels={**samples.channels, "friction": friction})
    assert problem_of(samples) is None


def test_an_undulation_of_the_surface_is_no_stick_slip() -> None:
    samples = with_friction(lambda t: 0.003 * np.sin(t))
    assert problem_of(samples) != "laws.problem_stick_slip"


def test_friction_that_never_changes_is_said() -> None:
    samples = stepped((1.0, 300.0), (10.0, 300.0))
    constant = np.full(len(samples), 0.6)
    samples = replace(samples, channels={**samples.channels, "friction": constant})
    assert problem_of(samples) == "laws.problem_flat"


def test_a_gap_at_the_step_is_said() -> None:
    samples = with_friction(lambda t: np.where((t > 298) & (t < 306), np.nan, 0.0))
    assert problem_of(samples) == "laws.problem_gap"


def test_an_event_at_the_end_of_the_record_is_said() -> None:
    samples = stepped((1.0, 300.0), (10.0, 300.0))
    event = find_events(samples)[0]
    short = replace(event, last=event.start + 0.5)
    assert judged(short, samples).problem == judged(short, samples).problem
    problem = judged(short, samples).problem
    assert problem is not None
    assert problem.key == "laws.problem_end"
    assert problem.values["samples"] < problem.values["limit"]


def test_a_step_in_the_last_second_of_a_record_is_found_and_said_to_be_too_late() -> None:
    samples = stepped((1.0, 300.0), (10.0, 300.0))
    channels = {name: values[:6010] for name, values in samples.channels.items()}
    short = replace(samples, time=samples.time[:6010], channels=channels)
    assert problem_of(short) == "laws.problem_end"


def test_a_change_of_normal_stress_at_a_velocity_step_is_said() -> None:
    samples = stepped((1.0, 300.0), (10.0, 300.0))
    stress = np.where(samples.time < 300, 5e7, 6e7)
    samples = replace(samples, channels={**samples.channels, "normal_stress": stress})
    assert problem_of(samples) == "laws.problem_stress"


def held(samples: Samples, position: NDArray[np.float64]) -> Samples:
    channels = {"friction": samples.channels["friction"], "load_point": position}
    return replace(samples, channels=channels)


def test_a_sensor_that_is_reset_in_a_hold_is_said() -> None:
    samples = stepped((1.0, 300.0), (1.5, 300.0))
    t = samples.time
    position = UM * np.interp(t, [0, 200, 300, 310, 350, 500], [0, 200, 200, -100, -100, 50])
    assert problem_of(held(samples, position)) == "laws.problem_reversal"


@pytest.mark.parametrize("held_for", [10.0, 300.0])
def test_a_hold_between_steady_states_can_be_used(held_for: float) -> None:
    fault = SpringSlider(0.6, 0.008, (0.009,), (DC,), 2e3, 10 * UM)
    course = Course.holds(10 * UM, (held_for,), 400 * UM)
    samples = simulate_record(fault, course, replace(QUIET, displacement=0.1 * UM), seed=2)
    (event,) = find_events(samples)
    assert event.held == pytest.approx(held_for, abs=0.2)
    assert judged(event, samples).problem is None


def test_a_hold_without_a_reslide_is_said() -> None:
    samples = stepped((1.0, 300.0), (1.5, 300.0))
    position = UM * np.minimum(samples.time, 300.0)
    assert problem_of(held(samples, position)) == "laws.problem_no_reslide"


def test_the_response_is_that_of_a_known_exponential() -> None:
    time = np.arange(0.0, 400.0, 0.05)
    slip = np.where(time < 200, time, 200 + 5 * (time - 200)) * UM
    after = np.maximum(slip - 200 * UM, 0.0)
    friction = 0.6 + np.where(time < 200, 0.0, 0.02 * np.exp(-after / (30 * UM)) - 0.005)
    event = Event("step", 200.0, 0.05, np.nan, 0.0, 400.0, 200 * UM, UM, 5 * UM)
    response = response_of(time, friction, event)
    assert response.scale == pytest.approx(30 * UM, rel=0.4)
    assert response.size == pytest.approx(0.015, rel=0.1)
    assert response.remaining == 0
    assert (response.slip_before, response.slip_after) == pytest.approx((200 * UM, 1000 * UM))


def test_stiffness_below_the_critical_one_is_said_with_both() -> None:
    assert below_critical(0.010, 0.015, DC, 501.0) is None
    problem = below_critical(0.010, 0.015, DC, 499.0)
    assert problem is not None
    assert problem.values["critical"] == pytest.approx((0.0005, "1/µm"))
    assert below_critical(0.015, 0.010, DC, 1.0) is None


EVENT = Event("step", 300.0, 0.1, np.nan, 0.0, 330.0, 300 * UM, UM, 10 * UM)


@pytest.mark.parametrize(
    ("dc", "stiffness", "event", "key"),
    [
        (DC, None, EVENT, None),
        (DC, 2e3, EVENT, None),
        (150 * UM, None, EVENT, "short"),
        (95 * UM, 1e3, EVENT, "short"),
        (DC, 100.0, EVENT, "stiffness"),
        (DC, None, replace(EVENT, first=280.0), "short_before"),
        (DC, None, replace(EVENT, first=280.0, slip=20 * UM), None),
    ],
)
def test_a_fit_shows_too_little_slip_and_instability(
    dc: float, stiffness: float | None, event: Event, key: str | None
) -> None:
    problem = judged_by_fit(event, 0.010, 0.015, dc, stiffness).problem
    assert (problem and problem.key) == (key and f"laws.problem_{key}")


def test_a_problem_that_is_known_stays() -> None:
    samples = with_friction(lambda t: np.where((t > 298) & (t < 306), np.nan, 0.0))
    event = judged(find_events(samples)[0], samples)
    assert judged_by_fit(event, 0.010, 0.015, 1.0, 1.0) is event


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_problem_can_be_said(language: str) -> None:
    samples = stepped((1.0, 300.0), (3.0, 10.0), (9.0, 300.0))
    for event in find_events(samples):
        problem = judged(event, samples).problem
        assert problem is not None
        assert "µm" in words("ja" if language == "ja" else "en")(problem)
