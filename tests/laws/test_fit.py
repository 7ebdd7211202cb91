"""Fits of single events against what was planted, slow twins and closed forms."""

import numpy as np
import pytest

from slicken.experiment.samples import Samples
from slicken.laws.fit import fit_event
from slicken.laws.noise import Noise, Prior, Restricted
from slicken.laws.points import points_of
from slicken.laws.results import Event
from slicken.physics.shear_test import Course, Readings, simulate_record
from slicken.physics.spring_slider import Evolution, SpringSlider

UM = 1e-6


def step(samples: Samples, at: float, before: float, after: float) -> Event:
    time = samples.time
    return Event("step", at, 0.02, np.nan, time[0], time[-1], 300 * UM, before, after)


def recorded(law: Evolution, *, white: float = 1e-4, seed: int = 3) -> tuple[Samples, Event]:
    fault = SpringSlider(0.6, 0.0075, (0.0055,), (15 * UM,), 1.5e3, 1e-6, law)
    course = Course.steps([3 * UM, 10 * UM], 300 * UM)
    samples = simulate_record(fault, course, Readings(white=white, trend=-5.0), seed)
    return samples, step(samples, 100.0, 3 * UM, 10 * UM)


@pytest.mark.parametrize("law", ["ageing", "slip"])
def test_a_clean_step_gives_back_what_was_planted_and_tells_its_law(law: Evolution) -> None:
    samples, event = recorded(law, white=1e-5)
    fitted = fit_event(samples, event, states=(1,))
    found = fitted.best(law)
    assert found is not None
    assert fitted.verdict == law
    planted = {"a": 0.0075, "b": 0.0055, "a_minus_b": 0.002, "dc": 15 * UM, "stiffness": 1.5e3}
    for name, value in planted.items():
        one = found.estimates[name]
        assert one.low <= value * 1.005
        assert one.high >= value * 0.995
        assert one.value == pytest.approx(value, rel=0.01)
    assert found.estimates["trend"].value == pytest.approx(-5.0, rel=0.02)
    assert found.estimates["start"].value == pytest.approx(100.0, abs=0.01)
    assert found.misfit > 0.01


def test_where_noise_is_white_formal_errors_are_nearly_those_of_intervals() -> None:
    samples, event = recorded("ageing", white=5e-4)
    found = fit_event(samples, event, laws=("ageing",), states=(1,)).fits[0].estimates
    for name in ("a", "b", "dc", "stiffness", "start"):
        one = found[name]
        assert one.formal == pytest.approx((one.high - one.low) / 3.92, rel=0.2), name


def test_a_given_stiffness_stays_and_is_no_parameter() -> None:
    samples, event = recorded("ageing")
    given = fit_event(samples, event, laws=("ageing",), states=(1,), stiffness=1.5e3).fits[0]
    assert given.estimates["stiffness"] == (1.5e3, 1.5e3, 1.5e3, 0.0)
    assert "stiffness" not in given.names
    assert given.estimates["a"].low < 0.0075 < given.estimates["a"].high


def test_all_of_a_long_hold_is_fitted() -> None:
    fault = SpringSlider(0.6, 0.01, (0.012,), (10 * UM,), 2e3, 1e-6, "ageing")
    course = Course.holds(10 * UM, [300.0], 500 * UM)
    samples = simulate_record(fault, course, Readings(rates=(10.0, 10.0), white=1e-4), 5)
    hold = Event("hold", 50.0, 0.1, 350.0, samples.time[0], samples.time[-1], 0.0, 10 * UM, 10 * UM)
    found = fit_event(samples, hold, laws=("ageing",), stiffness=2e3).fits[0].estimates
    for name, planted in (("a", 0.01), ("b", 0.012), ("dc", 10 * UM)):
        assert found[name].low < planted < found[name].high
        assert found[name].value == pytest.approx(planted, rel=0.02)


def test_a_stretched_clock_and_ruler_only_change_units() -> None:
    samples, event = recorded("ageing")
    slower = Samples(
        "slower",
        10 * samples.time,
        {**samples.channels, "load_point": 2 * samples.channels["load_point"]},
        samples.provenance,
    )
    moved = Event("step", 1000.0, 0.2, np.nan, 10 * event.first, 10 * event.last, 0.0,
                  event.before / 5, event.after / 5)  # fmt: skip
    one = fit_event(samples, event, laws=("ageing",), states=(1,)).fits[0].estimates
    other = fit_event(slower, moved, laws=("ageing",), states=(1,)).fits[0].estimates
    for name, factor in (("a", 1), ("b", 1), ("dc", 2), ("stiffness", 0.5)):
        np.testing.assert_allclose(other[name][:3], factor * np.array(one[name][:3]), rtol=5e-3)


def test_imposed_velocity_needs_no_spring() -> None:
    fault = SpringSlider(0.6, 0.01, (0.006,), (20 * UM,), np.inf, 1e-6, "slip")
    course = Course.steps([1 * UM, 10 * UM], 400 * UM)
    samples = simulate_record(fault, course, Readings(rates=(10.0, 100.0), white=1e-4), 4)
    fitted = fit_event(samples, step(samples, 400.0, 1 * UM, 10 * UM), states=(1,))
    found = fitted.best("slip")
    assert found is not None
    assert fitted.verdict == "slip"
    assert found.estimates["dc"].low < 20 * UM < found.estimates["dc"].high
    assert "stiffness" not in found.names


def test_points_keep_the_mean_of_what_they_replace() -> None:
    samples, event = recorded("ageing")
    points = points_of(samples, event)
    assert points.samples.sum() == len(samples)
    mean = points.samples @ points.friction / points.samples.sum()
    assert mean == pytest.approx(samples.channels["friction"].mean(), rel=1e-12)
    assert 100 < points.time.size < 400
    assert points.white == pytest.approx(1e-4, rel=0.1)


def test_restricted_likelihood_is_that_of_contrasts() -> None:
    # Likelihood of what is left when the columns are projected out: Harville (1974).
    rng = np.random.default_rng(0)
    samples, event = recorded("ageing")
    points = points_of(samples, event)
    noise, jacobian = Noise(points, points.displacement), rng.normal(size=(points.time.size, 3))
    logs = np.log([1e-4, 2e-4, 1.0, 3e-4, 1e-4])
    prior = Prior(logs, np.array([1.0, np.inf, 1.0, np.inf, 1.0]), 4e-4)
    residuals = 3e-4 * rng.normal(size=points.time.size)
    loss, gradient = Restricted(noise, residuals, jacobian, prior, np.zeros(3)).loss(logs)
    contrasts = np.linalg.svd(jacobian)[0][:, 3:]
    within = contrasts.T @ noise.covariance(logs)[0] @ contrasts
    left = contrasts.T @ residuals
    expected = 0.5 * (np.linalg.slogdet(within)[1] + left @ np.linalg.solve(within, left))
    expected += 0.5 * np.linalg.slogdet(jacobian.T @ jacobian)[1]
    # Half-normal sizes of the correlated parts; a density of their logarithms.
    sizes = np.exp(logs[[1, 3]])
    expected += 0.5 * (sizes**2 / 4e-4**2).sum() - np.log(sizes).sum()
    assert loss == pytest.approx(expected, rel=1e-9)
    for place in range(5):
        moved = logs + 1e-5 * np.eye(5)[place]
        back = logs - 1e-5 * np.eye(5)[place]
        asked = Restricted(noise, residuals, jacobian, prior, np.zeros(3))
        slope = (asked.loss(moved)[0] - asked.loss(back)[0]) / 2e-5
        assert gradient[place] == pytest.approx(slope, abs=1e-4)


def test_a_response_that_no_law_has_is_said_to_fit_neither() -> None:
    samples, event = recorded("ageing", white=3e-5)
    slipped = np.maximum(samples.channels["load_point"] - 300 * UM, 0.0)
    # A fault that hesitates: friction dips where both laws peak, and recovers.
    dip = -3e-3 * (slipped / (5 * UM)) * np.exp(-slipped / (5 * UM))
    odd = Samples(
        "odd",
        samples.time,
        {**samples.channels, "friction": samples.channels["friction"] + dip},
        samples.provenance,
    )
    exact = fit_event(samples, event, states=(1,))
    fitted = fit_event(odd, event, states=(1,))
    assert min(fit.misfit for fit in exact.fits if fit.law == "ageing") > 0.01
    assert fitted.verdict == "neither"
    assert max(fit.misfit for fit in fitted.fits) < 1e-3
    ageing, other = exact.best("ageing"), fitted.best("ageing")
    assert ageing is not None
    assert other is not None
    assert np.ptp(other.estimates["a"][1:3]) > 2 * np.ptp(ageing.estimates["a"][1:3])


def test_undulation_of_the_surface_widens_intervals() -> None:
    fault = SpringSlider(0.6, 0.0075, (0.0055,), (15 * UM,), 1.5e3, 1e-6)
    course = Course.steps([3 * UM, 10 * UM], 400 * UM)
    widths = []
    for undulation in (0.0, 1e-3):
        readings = Readings(white=1e-4, undulation=undulation)
        samples = simulate_record(fault, course, readings, 6)
        event = Event("step", 400 / 3, 0.02, np.nan, 0.0, samples.time[-1], 0.0, 3 * UM, 10 * UM)
        one = fit_event(samples, event, laws=("ageing",), states=(1,)).fits[0].estimates["a"]
        assert one.low < 0.0075 < one.high
        widths.append(one.high - one.low)
    assert widths[1] > 3 * widths[0]
