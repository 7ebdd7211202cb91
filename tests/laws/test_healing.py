"""Healing: peaks after holds against those of the noise-free fault, and what a law predicts."""

from dataclasses import replace

import numpy as np
import pytest
from test_shared import event_of, fit_of

import slicken
from slicken.laws.events import find_events
from slicken.laws.healing import measure_healing, predicted_healing
from slicken.laws.peaks import Noise, end_at, line_at, noise_of, peak_of
from slicken.laws.results import Event, Healing
from slicken.physics.shear_test import Readings, ShearTest

HOLDS = (5.0, 20.0, 80.0, 320.0)
VALUES = {"a": 0.008, "b": 0.009, "dc": 10e-6, "stiffness": 2e3}
QUIET = Readings((50.0,), white=4e-4, trend=1.0, displacement=5e-8)


def held(readings: Readings = QUIET, seed: int = 1, **changes: object) -> ShearTest:
    """Holds of a fault with :data:`VALUES`, which slides at 10 um/s between."""
    law = {"a": 0.008, "b": (0.009,), "dc": (10e-6,), "stiffness": 2e3, "holds": HOLDS}
    (test,) = slicken.simulate_shear(
        "slide-hold-slide", seed=seed, readings=readings, **(law | changes)
    )
    return test


def measured(test: ShearTest) -> Healing:
    found = measure_healing(test.samples(), find_events(test.samples()), ())
    assert found is not None
    return found


def exact(test: ShearTest) -> tuple[np.ndarray, np.ndarray]:
    """Healing and relaxation of the fault itself, without noise, trend and undulation."""
    changes = [each["start_s"] for each in test.truth["changes"]]
    healed, relaxed = [], []
    for start, resumed, last in zip(
        changes[::2], changes[1::2], [*changes[2::2], np.inf], strict=True
    ):
        steady = test.exact[test.time < start][-1]
        healed.append(test.exact[(test.time > resumed) & (test.time < last)].max() - steady)
        relaxed.append(steady - test.exact[test.time < resumed][-1])
    return np.array(healed), np.array(relaxed)


def test_healing_and_relaxation_are_those_of_the_fault() -> None:
    """Two draws of white noise and one with a correlated part: no maximum of noise is a peak."""
    noisy = replace(QUIET, coloured=3e-4, undulation=2e-4)
    for readings, seed in ((QUIET, 1), (QUIET, 2), (noisy, 3)):
        test = held(readings, seed)
        found, (healed, relaxed) = measured(test), exact(test)
        assert found.holds == pytest.approx(HOLDS, abs=0.05)
        for intervals, true in ((found.healed, healed), (found.relaxed, relaxed)):
            missed = np.abs(intervals[:, 0] - true) / (intervals[:, 2] - intervals[:, 0])
            assert (missed < 1).sum() >= 3
            assert missed.max() < 1.5
            assert (intervals[:, 2] - intervals[:, 0]).max() < 2e-3
        slope = np.polyfit(np.log10(HOLDS), healed, 1)[0]
        assert found.rate.low < slope < found.rate.high
        assert found.rate.value == pytest.approx(slope, rel=0.1)


def test_peaks_are_not_biased_by_the_noise_that_picks_them() -> None:
    curve = lambda t: 0.01 * np.where(t < 1, t, np.exp(-(t - 1) / 3))  # noqa: E731
    smooth = lambda t: np.convolve(np.pad(curve(t), 25, "edge"), np.hanning(51) / 25, "valid")  # noqa: E731
    time = np.arange(0.0, 10.0, 0.01)
    clean = smooth(time)
    noise = Noise(1e-3, 0.0, 1.0)
    found, held = [], 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        one = peak_of(time, clean + 1e-3 * random.normal(size=time.size), noise)
        found.append(one.value - clean.max())
        held += abs(found[-1]) < 1.96 * one.error
    assert abs(np.mean(found)) < 2e-4, "the largest sample is 15e-4 too high"
    assert 0.9 < held / 200 <= 1.0


def test_by_the_ageing_law_a_stiff_fault_heals_by_b_ln_10_per_decade() -> None:
    values = VALUES | {"stiffness": 1e6}
    event = Event("hold", 0.0, 0.0, 1e4, 0, 0, 0, 1e-5, 1e-5)
    early, late = (
        predicted_healing(values, "ageing", replace(event, resumed=seconds))
        for seconds in (1e4, 1e5)
    )
    assert late - early == pytest.approx(0.009 * np.log(10), rel=1e-3)
    assert np.isnan(predicted_healing(values | {"a": 0.001, "stiffness": 10.0}, "ageing", event))


@pytest.mark.parametrize("law", ["ageing", "slip"])
def test_what_fits_predict_is_what_the_law_does(law: str) -> None:
    test = held(law=law)
    events = find_events(test.samples())
    one = fit_of(VALUES)
    fits = [event_of("r", replace(one, law=law), number) for number in range(3)]
    found = measure_healing(test.samples(), events, fits)
    assert list(found.predicted) == [law]
    assert found.predicted[law] == pytest.approx(exact(test)[0], abs=2e-5)
    slope = np.polyfit(np.log10(found.holds), exact(test)[0], 1)[0]
    assert found.predicted_rate[law] == pytest.approx(slope, rel=0.05)
    given = [event_of("r", replace(fit_of(VALUES, ("a", "b", "dc")), law=law))]
    same = measure_healing(test.samples(), events, given).predicted[law]
    assert same == pytest.approx(found.predicted[law]), "a stiffness that was given"


def test_holds_with_which_something_else_changes_are_not_measured() -> None:
    test = held(holds=(5.0, 20.0, 23.0, 5.0))
    samples, events = test.samples(), find_events(test.samples())
    rate = measure_healing(samples, events, ()).rate
    assert np.isfinite(rate.value), "three durations, if two of them are close"
    few = measure_healing(samples, [events[0], events[1], events[3]], ())
    assert few.holds.size == 3
    assert np.isnan(few.rate.value)
    stressed = [replace(each, normal_stress=1e6, normal_stress_after=2e6) for each in events]
    assert measure_healing(samples, stressed, ()) is None
    faster = [replace(each, after=10 * each.after) for each in events]
    assert measure_healing(samples, faster, ()) is None
    assert measure_healing(samples, (), ()) is None


def test_a_load_that_moves_before_its_sensor_says_so_ends_the_relaxation() -> None:
    """As on the natural rock from Kodiak, whose sensor was reset during the hold."""
    test = held(holds=(20.0,))
    samples, events = test.samples(), find_events(test.samples())
    late = replace(events[0], resumed=events[0].resumed + 2.0)
    found = measure_healing(samples, [late], ())
    assert found.relaxed[0, 1] < exact(test)[1][0] < found.relaxed[0, 2]


def test_noise_is_parted_into_white_and_correlated() -> None:
    random = np.random.default_rng(5)
    time, drift = np.arange(40_000) * 0.1, np.zeros(40_000)
    kept = np.exp(-0.1 / 2.0)
    for i, new in enumerate(random.normal(size=time.size)):
        drift[i] = kept * drift[i - 1] + np.sqrt(1 - kept**2) * new
    noise = noise_of(time, 3e-4 * random.normal(size=time.size) + 5e-4 * drift)
    assert noise.white == pytest.approx(3e-4, rel=0.15)
    assert noise.correlated == pytest.approx(5e-4, rel=0.1)
    assert noise.scale == pytest.approx(2.0, rel=0.3)


def test_errors_of_levels_are_those_of_draws() -> None:
    """A line through white and correlated noise, at an instant beyond its samples."""
    time, noise = np.arange(60) * 0.5, Noise(1.0, 2.0, 5.0)
    together = 4.0 * np.exp(-np.abs(time[:, None] - time) / 5.0) + np.eye(60)
    draws = np.random.default_rng(6).multivariate_normal(np.zeros(60), together, size=2000)
    found = [line_at(time, draw, noise, 35.0) for draw in draws]
    assert np.std([one.value for one in found]) == pytest.approx(found[0].error, rel=0.06)


def test_the_end_of_a_curve_without_noise_is_its_end() -> None:
    time = np.linspace(0.0, 10.0, 500)
    curve = np.log1p(5 * (12.0 - time))
    assert end_at(time, curve, Noise(1e-9, 0.0, 1.0), 10.0).value == pytest.approx(
        curve[-1], abs=2e-3
    )
