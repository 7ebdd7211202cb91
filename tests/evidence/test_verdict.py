"""The verdict: words that say no more than the evidence bears."""

from typing import Any

import numpy as np
import pytest
import xarray as xr

import builders
from slicken.evidence.contest import Contest
from slicken.evidence.gathering import MODELS, Evidence
from slicken.evidence.scores import Skill
from slicken.evidence.verdict import Verdict, judge
from slicken.study.prepared import Prepared

GOOD = {"training mean": 0.8, "training median": 0.7, "test mean": 0.6}
CLEAR = [[3.0, 3.1, 2.9], [1.0, 1.1, 0.9], [2.0, 2.1, 1.9]]


def evidence(
    values: dict[str, float] = GOOD,
    *,
    losses: Any = CLEAR,  # noqa: ANN401 (an array)
    blocks: int = 9,
    half_width: float = 0.2,
) -> Evidence:
    known = blocks >= 4
    skills = tuple(
        Skill(
            name,
            value,
            value - half_width if known else float("nan"),
            value + half_width if known else float("nan"),
            blocks,
        )
        for name, value in values.items()
    )
    windows = [50.0, 100.0, 200.0][: len(losses)]
    array = xr.DataArray(
        np.array(losses),
        dims=("window", "run"),
        coords={"window": windows, "run": np.arange(len(losses[0]))},
    )
    table = (("window", "model"), np.tile([0.01, 0.02, 0.03, 0.04], (len(losses), 1)))
    scores = xr.Dataset(
        dict.fromkeys(("rmse", "r2", "correlation", "range_ratio"), table),
        coords={"window": windows, "model": np.array(MODELS, dtype=object)},
    )
    return Evidence(Contest(array), scores, skills)


def shares(**of: float) -> xr.DataArray:
    values = np.tile(list(of.values()), (3, 1))
    return xr.DataArray(
        values, dims=("run", "channel"), coords={"run": range(3), "channel": list(of)}
    )


HOT = {
    "loss": shares(slip_velocity=0.3, temperature=0.7),
    "friction": shares(slip_velocity=0.4, temperature=0.6),
}


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return builders.make_prepared()


def words(prepared: Prepared, found: Evidence, **changes: Any) -> Verdict:  # noqa: ANN401 (arguments of judge)
    settings = {"shares_by_run": HOT, "truth": {}, **changes}
    return judge(found, prepared, **settings)


def test_with_skill_the_window_and_the_ranking_are_said(prepared: Prepared) -> None:
    verdict = words(prepared, evidence())
    assert verdict.memory.startswith("Window length: 100 s is best")
    assert "temperature 0.70, slip velocity 0.30" in verdict.importance
    assert "tells nothing" not in verdict.importance
    assert "0.60 to 1.00" in verdict.skill
    assert "cannot tell" not in " ".join(verdict.lines())


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({**GOOD, "training median": -0.1}, "do not beat a constant"),
        ({**GOOD, "test mean": -0.3}, "the level of friction but not its changes"),
        ({**GOOD, "test mean": 0.1}, "not proven to beat a constant"),
    ],
)
def test_without_skill_these_data_cannot_tell_and_why(
    prepared: Prepared, values: dict[str, float], why: str
) -> None:
    verdict = words(prepared, evidence(values))
    assert "these data cannot tell" in verdict.memory
    assert why in verdict.memory
    assert "tells nothing" in verdict.importance


def test_too_few_blocks_are_no_proof_and_no_disproof(prepared: Prepared) -> None:
    verdict = words(prepared, evidence(blocks=3))
    assert "these data cannot tell" in verdict.memory
    assert "not proven" in verdict.memory
    assert "do not beat" not in verdict.memory
    assert "only 3 independent blocks" in verdict.skill


def test_constant_networks_have_no_importance(prepared: Prepared) -> None:
    nothing = {kind: values * np.nan for kind, values in HOT.items()}
    verdict = words(prepared, evidence(), shares_by_run=nothing)
    assert verdict.importance.startswith("Importance: none. The networks are constant")


def test_a_linear_model_that_does_as_well_is_mentioned(prepared: Prepared) -> None:
    found = evidence()
    assert "linear model on the same windows does as well" not in words(prepared, found).skill
    found.scores["rmse"].loc[{"model": "ridge"}] = 0.009
    assert "linear model on the same windows does as well" in words(prepared, found).skill


def test_two_measures_that_disagree_are_mentioned(prepared: Prepared) -> None:
    other = {**HOT, "friction": shares(slip_velocity=0.9, temperature=0.1)}
    assert "disagree on the first" in words(prepared, evidence(), shares_by_run=other).importance
    assert "disagree" not in words(prepared, evidence()).importance


def test_a_tie_is_an_answer(prepared: Prepared) -> None:
    flat = [[1.0, 2.0, 1.5], [2.0, 1.0, 1.45], [1.5, 1.5, 1.5]]
    assert "all lengths tie" in words(prepared, evidence(losses=flat)).memory


def test_runs_that_were_left_out_are_named(prepared: Prepared) -> None:
    losses = [[3.0, np.nan, 2.9], [1.0, 1.1, 0.9], [np.nan, np.nan, 1.9]]
    caveats = " ".join(words(prepared, evidence(losses=losses)).caveats)
    assert "Left out at 50 s" in caveats
    assert "run 1;" in caveats
    assert "run 0, 1;" in caveats


def test_a_driver_that_was_held_constant_is_flagged_by_name() -> None:
    random = np.random.default_rng(0)
    held = [
        builders.make_experiment(
            f"run{i}", seed=i, slip_velocity=4e-3 + 1e-6 * random.normal(size=120)
        )
        for i in range(5)
    ]
    caveats = words(builders.make_prepared(held), evidence()).caveats
    assert any(c.startswith("Slip velocity was held constant") for c in caveats)
    assert not any(c.startswith("Temperature was") for c in caveats)


def test_stress_among_the_drivers_cannot_be_missed() -> None:
    staged = builders.make_experiments(5, stages=[60, 60])
    prepared = builders.make_prepared(
        staged, drivers=["temperature", "normal_stress"], let_stress_give_friction_away=True
    )
    first = words(prepared, evidence()).caveats[0]
    assert first.startswith("WARNING: normal stress")


def test_missing_and_inseparable_drivers_are_said(prepared: Prepared) -> None:
    caveats = " ".join(words(prepared, evidence()).caveats)
    assert "no axial displacement, temperature rate, axial displacement rate" in caveats
    assert "determine one another" not in caveats
    rates = builders.make_experiments(5, temperature_rate=np.sin(np.arange(120.0)))
    caveats = " ".join(words(builders.make_prepared(rates), evidence()).caveats)
    assert "Temperature and its rate determine one another" in caveats


@pytest.mark.parametrize(
    ("memory", "said"),
    [
        (100, "planted memory of 100 s lies inside"),
        (150, "planted memory of 150 s lies outside"),
        (300, "not bracketed by the lengths that were tried"),
    ],
)
def test_a_planted_truth_stands_beside_what_was_found(
    prepared: Prepared, memory: float, said: str
) -> None:
    truth = {"words": "friction remembers.", "memory_s": memory, "causes": ["temperature"]}
    found = " ".join(words(prepared, evidence(), truth=truth).truth)
    assert found.startswith("Planted: friction remembers.")
    assert said in found
    assert "temperature, as planted" in found
    other = " ".join(
        words(prepared, evidence(), truth={**truth, "causes": ["slip_velocity"]}).truth
    )
    assert "but slip velocity was planted" in other
