"""Friction less its level: the level changes no number, and no target knows it from the future."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import builders
from slicken import explain, open_study, train
from slicken.errors import ExperimentError
from slicken.experiment import Experiment
from slicken.learning.level import relative
from slicken.learning.record import join
from slicken.reporting.answer import answer
from slicken.reporting.wording import words
from slicken.study.plan import Plan
from slicken.study.prepared import prepare_study

SPAN = 20.0  # s
DRIVERS = ("slip_velocity",)


def raised(one: Experiment, by: float) -> Experiment:
    channels = dict(one.channels) | {"friction": one.friction + by}
    return dataclasses.replace(one, channels=channels)


def plan(**changes: object) -> Plan:
    return builders.make_plan(target="relative", level_span=SPAN, **changes)


def test_the_level_is_the_mean_of_the_first_stretch_by_hand() -> None:
    experiments = builders.make_experiments(3)
    record = relative(join(experiments, DRIVERS), SPAN)
    for number, one in enumerate(experiments):
        here = record.experiment == number
        level = one.friction[:20].mean()
        np.testing.assert_allclose(record.friction[here], one.friction - level)
        assert record.levels()[one.name] == pytest.approx(level)
        assert not record.is_target[here][:20].any()
        assert record.is_target[here][20:].all()


def test_no_target_lies_in_the_first_stretch_nor_knows_what_comes_after() -> None:
    experiments = builders.make_experiments(5)
    (prepared,) = prepare_study(experiments, plan())
    first = np.searchsorted(prepared.record.experiment, np.arange(5))
    for ends in prepared.split.ends.values():
        since = ends - first[prepared.record.experiment[ends]]
        assert since.min() >= SPAN
    later = [
        dataclasses.replace(
            one,
            channels=dict(one.channels)
            | {"friction": np.where(one.time >= one.time[0] + SPAN, 0.1, one.friction)},
        )
        for one in experiments
    ]
    of_later = relative(join(later, DRIVERS), SPAN)
    np.testing.assert_array_equal(of_later.level, prepared.record.level)


def test_a_level_of_its_own_changes_no_number_of_a_study(tmp_path: Path) -> None:
    experiments = builders.make_experiments(5)
    others = [raised(one, 0.25 * k) for k, one in enumerate(experiments)]
    found = []
    for name, runs in (("as-they-are", experiments), ("raised", others)):
        trained = train(runs, plan(controls=False), tmp_path / name)
        found.append(explain(trained))
    one, other = (each.scores.table["rmse"].to_numpy() for each in found)
    np.testing.assert_allclose(one, other, rtol=2e-3)
    of_one, of_other = (each.predict(raised(experiments[0], 0.5)) for each in found)
    np.testing.assert_allclose(of_one.friction, of_other.friction, rtol=1e-3)
    # The level is added back: what is predicted lies about what was measured.
    assert of_one.measured.mean() == pytest.approx(experiments[0].friction.mean() + 0.5, abs=0.02)
    assert abs(of_one.friction.mean() - of_one.measured.mean()) < 0.05
    assert "level from the first 20 s" in repr(of_one)
    said = words("en").lines(answer(found[0]).form)
    assert said == [
        "Target: friction less its level, the mean over the first 20 s of each experiment."
    ]
    assert "friction less its level" in repr(explain(open_study(tmp_path / "raised")))


@pytest.mark.parametrize(
    ("gaps", "span", "words"),
    [(range(2, 18), 20.0, "16 of the 20 samples"), ((), 500.0, "no longer than its first 500 s")],
)
def test_a_level_that_cannot_be_known_is_said(gaps: range, span: float, words: str) -> None:
    one = builders.make_experiment("run", 120, seed=1, gaps=tuple(gaps))
    with pytest.raises(ExperimentError, match=words):
        relative(join([one], DRIVERS), span)


def test_studies_of_older_versions_stay_what_they_were() -> None:
    assert not {"target", "level_span"} & set(builders.make_plan().decisive())
    assert {"target", "level_span"} <= set(plan().decisive())
