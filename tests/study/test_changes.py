"""Channels that only accumulate, as changes: their level changes no number."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import builders
from slicken import explain, train
from slicken.channels import AXIAL_DISPLACEMENT
from slicken.errors import PlanError
from slicken.evidence.reasons import accumulated
from slicken.experiment import Experiment
from slicken.learning.changes import as_changes
from slicken.learning.record import join
from slicken.reporting.answer import answer
from slicken.reporting.wording import words
from slicken.study.plan import Plan
from slicken.study.prepared import prepare_study

NAME = AXIAL_DISPLACEMENT.name


def shortening(one: Experiment, seed: int, zero: float = 0.0) -> Experiment:
    moved = 1e-6 * np.cumsum(np.random.default_rng(seed).random(len(one))) + zero
    return dataclasses.replace(one, channels=dict(one.channels) | {NAME: moved})


def experiments(zeros: float = 0.0) -> list[Experiment]:
    made = builders.make_experiments(5)
    return [shortening(one, k, zeros * k) for k, one in enumerate(made)]


def plan(**changes: object) -> Plan:
    return builders.make_plan(drivers=("temperature", NAME), **changes)


def test_changes_of_a_window_add_up_to_the_change_within_it() -> None:
    gaps = dict.fromkeys(range(40, 45))
    one = shortening(builders.make_experiment("run", 120, seed=1, gaps=tuple(gaps)), 1)
    other = shortening(builders.make_experiment("next", 60, seed=2), 2)
    record = join([one, other], ("temperature", NAME))
    found = as_changes(record, [NAME]).drivers
    np.testing.assert_array_equal(found[:, 0], record.drivers[:, 0])
    moved = record.drivers[:, 1]
    assert found[60:81, 1].sum() == pytest.approx(moved[80] - moved[59])
    assert found[0, 1] == found[120, 1] == 0.0  # no change from one experiment to the next


def test_the_zero_of_a_channel_changes_no_bit_of_a_study(tmp_path: Path) -> None:
    of = plan(as_change=[NAME], controls=False)
    found = []
    for name, zeros in (("zero", 0.0), ("moved", 2.0**-10)):
        trained = train(experiments(zeros), of, tmp_path / name)
        found.append(explain(trained))
    one, other = found
    table = one.scores.table["rmse"].to_numpy()
    np.testing.assert_allclose(table, other.scores.table["rmse"].to_numpy(), rtol=1e-4)
    new = experiments(0.5)[3]
    of_one, of_other = (each.predict(new).friction for each in found)
    np.testing.assert_allclose(of_one, of_other, rtol=1e-4)
    said = words("en").lines(answer(one).form)
    assert said == ["Seen as changes, without their level: axial displacement."]


def test_it_is_proposed_where_the_range_is_left() -> None:
    (far,) = prepare_study(experiments(), plan(split={"by": "time"}))
    assert accumulated([far])[NAME] > 0.9
    (near,) = prepare_study(experiments(), plan(split={"by": "time"}, as_change=[NAME]))
    assert accumulated([near]) == {}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"as_change": ["temperature"]}, "'temperature' does not accumulate; channels that do"),
        ({"as_change": ["slip"]}, "as_change: slip is no driver of this study; drivers are temp"),
    ],
)
def test_what_cannot_be_a_change_is_said(changes: dict[str, object], words: str) -> None:
    with pytest.raises(PlanError, match=words):
        prepare_study(experiments(), plan(**changes))


def test_studies_of_older_versions_stay_what_they_were() -> None:
    assert "as_change" not in plan().decisive()
    assert "as_change" in plan(as_change=[NAME]).decisive()
