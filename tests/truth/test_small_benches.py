"""Benches of the laboratory and of forms: their groups share nothing, their truths are as said."""

import numpy as np
import pytest

from slicken.truth import forms, lab_bench
from slicken.truth.cases import SEEDS


def test_groups_share_no_seed_with_one_another_or_the_truth_bench() -> None:
    judged = [set(lab_bench.SEEDS["judged"]), set(forms.SEEDS["judged"]), set(SEEDS["judged"])]
    for here, one in enumerate(judged):
        for other in judged[here + 1 :]:
            assert not one & other
    for bench in (lab_bench, forms):
        assert not set(bench.SEEDS["judged"]) & set(bench.SEEDS["tuning"])


def test_the_laboratory_is_judged_on_ten_of_each_truth_and_three_of_none() -> None:
    cases = list(lab_bench.lab_cases("judged"))
    count = {name: sum(one.scenario == name for one in cases) for name in lab_bench.SCENARIOS}
    assert count == {"rate-and-state": 10, "temperature-now": 10, "nothing": 3}
    assert len({one.name for one in cases}) == len(cases)


def test_an_interval_holds_what_was_planted_or_not() -> None:
    record = {"planted": {"a_minus_b": -0.005}, "numbers": {}}
    assert not lab_bench.holds(record, "a_minus_b")
    for ends, held in (([-0.006, -0.004], True), ([-0.004, -0.003], False), ([None, None], False)):
        record["numbers"] = {"a_minus_b": {"networks": [-0.0045, *ends]}}
        assert lab_bench.holds(record, "a_minus_b") is held


@pytest.mark.parametrize("truth", forms.TRUTHS, ids=lambda one: one.name)
def test_a_form_truth_depends_on_its_cause_as_said(truth: forms.FormTruth) -> None:
    """Friction is what a plain loop makes of the cause, up to its noise and a level."""
    channels = truth.make(np.random.default_rng(5))
    friction = channels["friction"]
    cause = channels[truth.cause]
    if "level" in truth.name:
        warm = channels["temperature"]
        past = [warm[max(0, i - 39) : i + 1] for i in range(warm.size)]
        means = [(each.sum() + (40 - each.size) * warm[0]) / 40 for each in past]
        left = friction + 5e-4 * np.array(means)
        if truth.cause == "slip_velocity":
            left += 0.01 * np.log(np.median(cause) / 1e-4)
            assert left.mean() == pytest.approx(0.6, abs=1e-3)
    elif truth.name == "changes-within":
        left = friction[40:] - 0.03 * np.tanh((cause[40:] - cause[:-40] - 15e-6) / 8e-6)
    else:
        left = friction - 0.1 * np.exp(-cause / 50e-6)
    assert left.std() == pytest.approx(forms.NOISE, rel=0.1)


def test_a_form_truth_is_the_same_whenever_it_is_made() -> None:
    one, other = (forms.experiments_of(forms.TRUTHS[0], 7) for _ in range(2))
    np.testing.assert_array_equal(one[3].friction, other[3].friction)
    assert len(one) == forms.EXPERIMENTS
