"""The benchmark of friction laws: its arithmetic by hand, and scipy's answer on a known fault."""

from dataclasses import replace

import numpy as np
import pytest

import laws
from laws import Answer, as_table, difference, ratio, scipy_fit, scipy_step, step_of
from slicken.physics.spring_slider import Evolution

QUICK = Answer(
    "quick", [0.5, 9.0, 0.4], {"a": 0.0101, "b": 0.008, "dc": 1e-5},
    {"a": 1e-4, "b": 1e-4, "dc": 1e-7}, compiling=3.21,
)  # fmt: skip
SLOW = replace(
    QUICK, method="slow", seconds=[8.0, 6.0, 4.0], values={"a": 0.01, "b": 0.008, "dc": 1.02e-5}
)


def test_medians_and_formal_deviations_are_compared() -> None:
    assert ratio(SLOW, QUICK) == 12.0
    assert ratio(SLOW, SLOW) == 1.0
    assert difference(QUICK, SLOW) == pytest.approx(2.0)
    lines = as_table([QUICK, SLOW]).splitlines()
    assert lines[2] == "| quick | 0.50 | 3.2 | 12.0 | 2.00 |"
    assert lines[3] == "| slow | 6.00 | 3.2 | 1.0 | 0.00 |"


@pytest.mark.parametrize("law", ["ageing", "slip"])
def test_the_solver_of_laboratories_agrees_with_ours(law: Evolution) -> None:
    _, event = step_of(1)
    since = np.linspace(-5.0, 30.0, 200)
    theirs = scipy_step(event, law, (0.0089, 0.0075, 10e-6, 2e3), since)
    ours = replace(laws.FAULT, evolution=law).friction(
        since + 5.0, np.array([0.0, 5.0]), np.array(laws.COURSE.velocities), 3e-6
    )
    np.testing.assert_allclose(theirs, ours - 0.6, atol=1e-6)


def test_the_fit_of_laboratories_recovers_the_planted_law(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laws, "READINGS", replace(laws.READINGS, rates=(4.0,), white=1e-5))
    values, formal = scipy_fit(*step_of(1), "ageing")
    planted = {"a": 0.0089, "b": 0.0075, "dc": 10e-6}
    for name, value in planted.items():
        assert abs(values[name] - value) < 4 * formal[name] + 1e-3 * value


def test_a_step_has_six_thousand_samples() -> None:
    samples, event = step_of(2)
    assert abs(len(samples) - 6000) <= 1
    assert event.start == laws.COURSE.durations[0]
