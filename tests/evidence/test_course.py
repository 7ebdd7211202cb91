"""A course common to all experiments, and what it does to the grade of skill."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

import builders
from made_up_evidence import skills
from slicken.evidence.course import Course, expected_friction, sharing_a_course
from slicken.evidence.skill import CommonCourse, Skill, seen_well
from slicken.learning.record import position
from slicken.study.prepared import Prepared

ELAPSED = np.arange(240.0)


def running_in(count: int = 6, **channels: Any) -> Prepared:  # noqa: ANN401 (any channel)
    """Friction that decays in all experiments alike, whatever the drivers do."""
    experiments = [
        builders.make_experiment(
            f"run{i}", ELAPSED.size, seed=i, friction=0.7 - 0.1 * (1 - np.exp(-ELAPSED / 80)),
            **channels,
        )
        for i in range(count)
    ]  # fmt: skip
    return builders.make_prepared(experiments)


def test_a_course_is_the_mean_of_experiments_each_counted_alike() -> None:
    """One experiment is sampled twice as often, and counts no more; beyond its end it holds."""
    elapsed = np.r_[np.arange(0, 600.0), np.arange(0, 600, 2.0)]
    values = np.r_[np.ones(600), np.full(300, 3.0)]
    course = Course.of(values, elapsed, np.repeat([4, 9], [600, 300]))
    np.testing.assert_allclose(course.at(np.array([0.0, 300.0, 1e6])), 2.0)


def test_a_course_ends_where_half_of_the_experiments_have_ended() -> None:
    """The one long experiment does not pull the course up when the others are over."""
    elapsed = np.r_[np.arange(0, 300.0), np.arange(0, 300.0), np.arange(0, 900.0)]
    values = np.r_[np.zeros(600), np.full(900, 3.0)]
    course = Course.of(values, elapsed, np.repeat([0, 1, 2], [300, 300, 900]))
    np.testing.assert_allclose(course.at(np.array([10.0, 299.0, 850.0])), 1.0)


def test_running_in_is_expected_from_the_training_experiments_alone() -> None:
    prepared = running_in()
    ends = prepared.split.ends["test"]
    true = 0.7 - 0.1 * (1 - np.exp(-position(prepared.record)[ends] / 80))
    np.testing.assert_allclose(expected_friction(prepared), true, atol=5e-4)


def test_drivers_that_run_alike_in_all_experiments_share_a_course() -> None:
    assert sharing_a_course(running_in().record) == ()
    alike = running_in(temperature=20 + 0.1 * ELAPSED)
    assert sharing_a_course(alike.record) == ("temperature",)


def course(own: float, over: float, drivers: tuple[str, ...] = ()) -> CommonCourse:
    """What a course explains, and what the networks add, each plus or minus 0.1."""
    return CommonCourse(
        Skill("test_mean", own, own - 0.1, own + 0.1, 12),
        Skill("course", over, over - 0.1, over + 0.1, 12),
        drivers,
    )


@pytest.mark.parametrize(
    ("common", "p", "grade"),
    [
        (None, 0.01, "shown"),
        (course(0.8, 0.5), 0.01, "shown"),
        (course(0.8, 0.05), 0.01, "common_course"),
        (course(0.8, 0.05), 0.4, "common_course"),  # all fit all: p is large for that
        (course(0.05, 0.05), 0.4, "none"),  # no course is shown: p is large by chance
        (course(-0.2, 0.05), 0.01, "shown"),  # a course worse than a constant is no rival
        (course(0.8, 0.5), 0.4, "none"),
        (None, 0.4, "none"),
    ],
)
def test_the_grade_is_shown_only_beyond_a_common_course(
    common: CommonCourse | None, p: float, grade: str
) -> None:
    found = skills(permutation_p=p, course=common)
    assert found.grade == grade
    assert found.proven == (grade in ("shown", "common_course"))
    assert repr(found).startswith(f"SkillEvidence: {grade.replace('_', ' ')}")


def step(response: np.ndarray, count: int = 1) -> xr.Dataset:
    """A step of friction, and a prediction of it, in each experiment."""
    time = np.arange(100.0)
    measured = 0.6 + 0.05 * (time >= 50) + 0.001 * np.sin(time)
    names = np.repeat([f"run{i}" for i in range(count)], 100).astype(object)
    return xr.Dataset(
        {
            "measured": ("target", np.tile(measured, count)),
            "predicted": (("run", "target"), np.tile(response, (3, count))),
        },
        coords={"time": ("target", np.tile(time, count)), "experiment": ("target", names)},
    )


def test_one_step_that_was_predicted_is_seen_once() -> None:
    time = np.arange(100.0)
    seen = seen_well(step(0.61 + 0.04 * (time >= 50), count=2))
    assert seen is not None
    assert (seen.experiments, seen.targets) == (2, 200)
    assert seen.r2 == pytest.approx(1 - (0.005**2 + 0.0005e-3) / 0.025**2, abs=0.08)
    assert seen.correlation > 0.99
    found = skills(blocks=2, permutation_p=None, seen=seen)
    assert found.grade == "seen_once"
    assert not found.proven
    assert skills(blocks=9, half_width=0.9, seen=seen).grade == "none"
    assert replace(found, permutation_p=0.5).grade == "none"


def test_a_drift_that_goes_along_with_a_drift_is_not_seen() -> None:
    """A straight line through a step has a correlation of 0.87, and one through a drift of one."""
    time = np.arange(100.0)
    assert seen_well(step(0.6 + 0.0005 * time)) is None
    drift = step(0.6 + 0.0005 * time)
    drift["measured"] = "target", 0.6 + 0.0005 * time + 0.002 * np.sin(time)
    assert seen_well(drift) is None
    assert seen_well(step(0.6 + 0.05 * (time >= 50)).isel(target=slice(45, 60))) is None
