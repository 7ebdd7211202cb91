"""Shared parameters: what is pooled with what, and what it then depends on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from slicken.laws.results import Estimate, Event, EventFit, Fit, Shared
from slicken.laws.shared import shared_parameters

NAMES = ("a", "b", "dc", "stiffness", "mu0")
SPREADS = {"a": 3e-4, "b": 4e-4, "dc": 0.1, "stiffness": 0.05, "mu0": 1e-3}


def fit_of(values: Mapping[str, float], names: Sequence[str] = NAMES, states: int = 1) -> Fit:
    """A fit with these values; a and b hang together as they do in steps."""
    spreads = np.array([SPREADS[name] for name in names])
    covariance = np.diag(spreads**2)
    if "b" in names:
        covariance[0, 1] = covariance[1, 0] = 0.9 * spreads[0] * spreads[1]
    given = {"mu0": 0.6, "stiffness": 5e3, **values}
    estimates = {name: Estimate(value, value, value, 1e-5 * value) for name, value in given.items()}
    estimates["a_minus_b"] = Estimate(given["a"] - given["b"], 0.0, 0.0, 1e-5)
    return Fit(
        "ageing",
        states,
        estimates,
        tuple(names),
        covariance,
        0.9,
        0.0,
        0.5,
        0.9,
        1e-3,
        np.empty(0),
        {},
    )


def event_of(
    record: str, fit: Fit, number: int = 0, after: float = 1e-5, stress: float = 50e6
) -> EventFit:
    event = Event(
        "step", 100.0 * number, 0.1, np.nan, 0, 1, 1e-3 * number, 1e-6, after, stress, stress
    )
    nothing = np.empty(0)
    return EventFit(record, event, nothing, nothing, nothing, nothing.astype(int), (fit,), "ageing")


def drawn(record: str, count: int, seed: int, **changes: float) -> list[EventFit]:
    """Events of one law, each estimate with its error; changes are standard deviations."""
    random = np.random.default_rng(seed)
    found = []
    for number in range(count):
        error = random.multivariate_normal(
            np.zeros(2), fit_of({"a": 0.01, "b": 0.012, "dc": 1e-5}).covariance[:2, :2]
        )
        dc = 1e-5 * np.exp(0.1 * random.normal() + changes.get("dc", 0.0) * random.normal())
        values = {"a": 0.01 + error[0], "b": 0.012 + error[1], "dc": dc}
        found.append(event_of(record, fit_of(values), number))
    return found


def named(found: Sequence[Shared], parameter: str, record: str = "r") -> Shared:
    return next(one for one in found if (one.parameter, one.record) == (parameter, record))


def test_events_of_a_record_are_pooled() -> None:
    found = shared_parameters(drawn("r", 8, 1))
    assert {one.parameter for one in found} == {"a", "b", "a_minus_b", "dc", "stiffness"}
    assert {one.record for one in found} == {"r"}, "one record is no set of records"
    for name, true in {"a": 0.01, "b": 0.012, "a_minus_b": -0.002, "dc": 1e-5}.items():
        one = named(found, name)
        assert one.estimate.low <= true <= one.estimate.high
        assert one.events == 8
        assert one.p_same > 0.01
    width = {name: named(found, name).estimate for name in ("a", "b", "a_minus_b")}
    assert width["a_minus_b"].high - width["a_minus_b"].low < width["a"].high - width["a"].low


def test_dc_is_pooled_as_its_logarithm() -> None:
    fits = [
        event_of("r", fit_of({"a": 0.01, "b": 0.01, "dc": dc}), i)
        for i, dc in enumerate((1e-6, 1e-4))
    ]
    one = named(shared_parameters(fits), "dc")
    assert one.estimate.value == pytest.approx(1e-5)
    assert one.estimate.low * one.estimate.high == pytest.approx(1e-10)
    assert one.scatter == pytest.approx(np.log(100) / np.sqrt(2), rel=0.01)
    assert one.p_same < 1e-6


def test_one_event_says_what_it_says_alone() -> None:
    (event,) = drawn("r", 1, 2)
    own = Estimate(0.01, 0.008, 0.013, 1e-4)  # as of a logarithm
    fit = event.fits[0]
    event = replace(event, fits=(replace(fit, estimates={**fit.estimates, "a": own}),))
    one = named(shared_parameters([event]), "a")
    assert one.estimate == own
    assert np.isnan(one.p_same)
    assert np.isnan(one.scatter)


def test_what_was_given_is_not_pooled() -> None:
    values = {"a": 0.01, "b": 0.012, "dc": 1e-5}
    fits = [event_of("r", fit_of(values, ("a", "b", "dc")), i) for i in range(3)]
    assert "stiffness" not in {one.parameter for one in shared_parameters(fits)}


def test_fits_with_other_numbers_of_states_do_not_mix() -> None:
    one_state = drawn("r", 3, 3)
    other = fit_of({"a": 0.01, "b": 0.004, "dc": 1e-6}, states=2)
    found = shared_parameters([*one_state, event_of("r", other, 3)])
    assert named(found, "dc").events == 3
    assert named(found, "a").events == 4


def test_records_are_the_unit_where_there_are_several() -> None:
    """Three records that differ in b: a fourth is known no better than they agree."""
    fits = []
    for number, b in enumerate((0.010, 0.012, 0.014)):
        for one in drawn(f"r{number}", 10, number):
            estimates = {**one.fits[0].estimates}
            estimates["b"] = estimates["b"]._replace(value=estimates["b"].value - 0.012 + b)
            fits.append(replace(one, fits=(replace(one.fits[0], estimates=estimates),)))
    together = named(shared_parameters(fits), "b", "")
    assert together.events == 30
    assert together.scatter == pytest.approx(0.002, rel=0.15)
    assert together.estimate.high - together.estimate.low > 2 * 4.303 * 0.0018 / np.sqrt(3)
    two = named(shared_parameters(fits[:20]), "b", "")
    assert two.events == 20
    assert two.estimate.high - two.estimate.low < 0.003, "two records have their events pooled"


def test_a_dependence_on_velocity_is_found_and_none_is_not() -> None:
    random = np.random.default_rng(4)
    fits = []
    for number in range(9):
        after = 10.0 ** random.uniform(-6, -4)
        values = {
            "a": 0.01 + 3e-4 * random.normal(),
            "b": 0.012,
            "dc": 1e-5 * (after / 1e-5) ** 0.3,
        }
        fits.append(event_of("r", fit_of(values), number, after))
    found = shared_parameters(fits)
    (of_dc, of_slip) = named(found, "dc").trends
    assert (of_dc.per, of_slip.per) == ("velocity", "slip")
    assert of_dc.slope.low <= 0.3 <= of_dc.slope.high
    assert of_dc.p < 1e-3
    assert named(found, "a").trends[0].p > 0.01


def test_an_event_without_finite_variance_is_left_out() -> None:
    fits = drawn("r", 3, 5)
    lost = replace(fits[0].fits[0], covariance=np.full((5, 5), np.nan))
    assert named(shared_parameters([replace(fits[0], fits=(lost,)), *fits[1:]]), "a").events == 2
    assert shared_parameters([]) == ()
