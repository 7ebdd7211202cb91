"""The verdict: words that say no more than the evidence bears."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import builders
from slicken.evidence.attribution import METHODS
from slicken.evidence.confounding import Confounding
from slicken.evidence.drivers import judge_drivers
from slicken.evidence.evidence import Evidence
from slicken.evidence.importance import Importance
from slicken.evidence.intervals import Calibration
from slicken.evidence.kernels import KernelFit
from slicken.evidence.memory import MemoryEvidence, conclude, gradient_span, lag_model_fits
from slicken.evidence.required import RequiredHistory
from slicken.evidence.resampling import Interval
from slicken.evidence.scores import MODELS, Scores
from slicken.evidence.skill import Skill, SkillEvidence
from slicken.evidence.window_comparison import WindowComparison
from slicken.reporting.verdict import Verdict, judge
from slicken.reporting.wording import words as wording
from slicken.statements import Statement
from slicken.study.folder import StudyFolder
from slicken.study.prepared import Prepared
from slicken.study.trained import Trained

GOOD = {"mean": 0.8, "median": 0.7, "test_mean": 0.6}
CLEAR = [[3.0, 3.1, 2.9], [1.0, 1.1, 0.9], [2.0, 2.1, 1.9]]
DRIVERS = ("slip_velocity", "temperature")
TARGETS = 80
NOTHING = xr.Dataset()


def table(**shares: tuple[float, float]) -> xr.Dataset:
    """What each method gives the two drivers, a little different in each of three runs."""
    random = np.random.default_rng(0)
    names = np.repeat(["a", "b"], TARGETS // 2).astype(object)
    coords = {
        "channel": np.array(DRIVERS, dtype=object),
        "time": ("target", np.tile(np.arange(TARGETS / 2) * 100.0, 2)),
        "experiment": ("target", names),
    }
    found = xr.Dataset(coords=coords)
    for method in METHODS:
        share = np.array(shares.get(method, shares["all"]))
        values = share + 0.02 * random.normal(size=(3, TARGETS, 2))
        found[method] = ("run", "target", "channel"), values
    return found


HOT = table(all=(0.0, 1.0), loss_gradient=(0.3, 0.7), friction_gradient=(0.4, 0.6))


def skills(values: dict[str, float], blocks: int, half_width: float) -> tuple[Skill, ...]:
    known = blocks >= 4
    nan = float("nan")
    return tuple(
        Skill(name, v, v - half_width if known else nan, v + half_width if known else nan, blocks)
        for name, v in values.items()
    )


def evidence(
    values: dict[str, float] = GOOD,
    *,
    losses: Any = CLEAR,  # noqa: ANN401 (an array)
    blocks: int = 9,
    half_width: float = 0.2,
    **changes: Any,  # noqa: ANN401 (any field)
) -> Evidence:
    array = np.array(losses)
    coords = {"window": [50.0, 100.0, 200.0][: len(array)], "run": np.arange(array.shape[1])}
    errors = np.repeat(array[..., None], 40, axis=2)
    of_model = (("window", "model"), np.tile(np.linspace(0.01, 0.06, 6), (len(array), 1)))
    names = ("rmse", "r2", "correlation", "range_ratio", "validation_loss")
    roles = xr.Dataset(
        {
            **{name: ("channel", [0.0, 0.5]) for name in ("left_out",)},
            **{name: ("channel", [0.0, 0.0]) for name in ("lead_gain", "lead_gain_low")},
            "left_out_both_low": (("channel", "other"), np.full((2, 2), np.nan)),
            "validation_error": ("target", np.full(4, changes.get("lag_model_loss", 2.0))),
        },
        coords={"channel": np.array(DRIVERS, dtype=object)},
        attrs={"model": "linear"},
    )
    by_lag = xr.DataArray(
        np.ones((3, 10, 2)),
        dims=("run", "lag", "channel"),
        coords={"run": range(3), "lag": np.arange(10.0)[::-1] * 10},
    )
    given = {
        "attribution": HOT,
        "controls": {},
        "ablation": None,
        "leak": None,
        "permutation_p": 0.01,
        "required": (),
        "kernels": (),
        "selected": (),
        **changes,
    }
    comparison = WindowComparison(
        xr.DataArray(array, dims=("window", "run"), coords=coords),
        xr.DataArray(errors, dims=("window", "run", "target"), coords=coords),
        np.repeat(np.arange(8), 5),
    )
    baselines = xr.Dataset(
        {"measured": ("target", np.zeros(4)), "predicted": (("model", "target"), np.ones((1, 4)))},
        coords={"model": ["network"], "part": ("target", ["validation"] * 4)},
    )
    skill = SkillEvidence(
        skills(values, blocks, half_width), given["permutation_p"], NOTHING,
        Calibration(0.0, np.zeros(1)), 0.87,
    )  # fmt: skip
    confounding = Confounding(roles)
    fits = lag_model_fits(confounding, baselines, 1.0)
    conclusion = conclude(
        given["required"], given["kernels"], given["selected"], lag_model_fits=fits
    )
    spans = {s: gradient_span(by_lag) for s in coords["window"]}
    return Evidence(
        trained=None,  # type: ignore[arg-type]  # given with the words
        comparison=comparison,
        scores=Scores(
            xr.Dataset(
                dict.fromkeys(names, of_model),
                coords={"window": coords["window"], "model": np.array(MODELS, dtype=object)},
            ),
            baselines,
        ),
        skill=skill,
        memory=MemoryEvidence(
            given["required"], given["kernels"], given["selected"], fits, spans, NOTHING,
            conclusion if skill.proven else None,
        ),
        importance=Importance({}, given["attribution"], given["controls"], given["ablation"]),
        confounding=confounding,
        drivers=judge_drivers(
            given["attribution"], None, confounding.table,
            np.repeat(np.arange(8), TARGETS // 8), has_skill=skill.proven, lag_model_fits=fits,
            seed=0,
        ),
        leak=given["leak"],
    )  # fmt: skip


def required(family: str, worse: list[bool], loss: list[float]) -> RequiredHistory:
    nothing = np.zeros(len(loss))
    history = np.array([50.0, 100.0, 200.0])
    return RequiredHistory(family, history, np.array(loss), nothing, nothing, np.array(worse))


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return builders.make_prepared()


def words(
    prepared: Prepared,
    found: Evidence,
    truth: dict[str, Any] | None = None,
) -> Verdict:
    trained = Trained(
        StudyFolder(Path("nowhere")), builders.make_plan(), (), prepared, (50.0,), truth or {}, None
    )
    return judge(replace(found, trained=trained))


def test_with_skill_the_window_and_the_ranking_are_said(prepared: Prepared) -> None:
    verdict = words(prepared, evidence())
    assert verdict.window.startswith("Window length: 100 s is best (probability 1.00")
    assert "temperature 0.70, slip velocity 0.30" in verdict.importance
    assert "tells nothing" not in verdict.importance
    assert "0.60 to 1.00" in verdict.skill
    assert "hold 87% of the test part" in verdict.skill
    assert "cannot tell" not in verdict.window + verdict.skill + verdict.importance
    assert verdict.drivers[1].startswith("Temperature: supported;")


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({**GOOD, "median": -0.1}, "do not beat a constant"),
        ({**GOOD, "test_mean": -0.3}, "the level of friction but not its changes"),
        ({**GOOD, "test_mean": 0.1}, "not proven to beat a constant"),
    ],
)
def test_without_skill_these_data_cannot_tell_and_why(
    prepared: Prepared, values: dict[str, float], why: str
) -> None:
    verdict = words(prepared, evidence(values))
    assert "these data cannot tell" in verdict.window
    assert "these data cannot tell" in verdict.memory
    assert why in verdict.window
    assert "tells nothing" in verdict.importance
    assert all("cannot be told" in one for one in verdict.drivers)


def test_skill_that_other_experiments_have_too_is_luck(prepared: Prepared) -> None:
    verdict = words(prepared, evidence(permutation_p=0.3))
    assert "these data cannot tell" in verdict.window
    assert "fit the friction of other experiments nearly as well (30% of the ways" in verdict.window


def test_too_few_blocks_are_no_proof_and_no_disproof(prepared: Prepared) -> None:
    verdict = words(prepared, evidence(blocks=3))
    assert "these data cannot tell" in verdict.window
    assert "not proven" in verdict.window
    assert "do not beat" not in verdict.window
    assert "only 3 independent blocks" in verdict.skill
    assert "test part holds 3 independent blocks" in verdict.window


def test_constant_networks_have_no_importance(prepared: Prepared) -> None:
    constant = HOT.copy()
    for method in ("loss_gradient", "friction_gradient"):
        constant[method] = constant[method] * 0
    verdict = words(prepared, evidence(attribution=constant))
    assert verdict.importance.startswith("Importance: none. The networks are constant")


def test_baselines_that_do_as_well_are_mentioned(prepared: Prepared) -> None:
    found = evidence()
    assert "On the same windows" not in words(prepared, found).skill
    found.scores.table["rmse"].loc[{"model": "ridge"}] = 0.009
    assert "On the same windows a linear model does as well" in words(prepared, found).skill


def test_methods_that_disagree_are_mentioned(prepared: Prepared) -> None:
    other = table(all=(0.0, 1.0), loss_gradient=(0.9, 0.1))
    said = words(prepared, evidence(attribution=other)).importance
    assert "disagree on the first: slip velocity by |dLoss/dx|; temperature by" in said
    assert "disagree" not in words(prepared, evidence()).importance


def test_a_tie_is_an_answer(prepared: Prepared) -> None:
    flat = [[1.0, 2.0, 1.5], [2.0, 1.0, 1.45], [1.5, 1.5, 1.5]]
    assert (
        "no length is distinguishable from another, 50 s is the shortest"
        in words(prepared, evidence(losses=flat)).window
    )


def test_uses_and_needs_are_two_words(prepared: Prepared) -> None:
    """Ten lags of 10 s with one gradient: half is in 50 s, 90 % in 90 s."""
    range_of = required("networks", [True, False, False], [2.0, 1.0, 1.1])
    said = words(prepared, evidence(required=(range_of,))).memory
    assert "use 50 s for half of their gradient and 90 s for 90 %" in said
    assert "friction needs more than 50 s and at most 100 s (networks trained on less)" in said
    enough = required("networks", [False, False, False], [1.0, 1.1, 1.1])
    assert (
        "none; 50 s of history do as well" in words(prepared, evidence(required=(enough,))).memory
    )
    assert "cannot be told from one length" in words(prepared, evidence()).memory


def test_a_mean_that_explains_all_is_said_with_its_driver(prepared: Prepared) -> None:
    lag_model = required("linear", [True, False, False], [2.0, 1.0, 1.1])
    nothing, much = Interval(0, 0, 0), Interval(0.1, 0.05, 0.2)
    mean = KernelFit(
        "boxcar", np.array([1.0, 80.0]), np.array([2.0, 1.0]), 80.0, 70.0, 90.0,
        nothing, much, nothing,
    )  # fmt: skip
    found = evidence(
        required=(lag_model,), kernels=(mean,), selected=("temperature",), lag_model_loss=1.04
    )
    assert "a plain mean of temperature over 70 to 90 s" in words(prepared, found).memory


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


def test_a_velocity_on_a_logarithmic_scale_is_said() -> None:
    random = np.random.default_rng(0)
    steps = [
        builders.make_experiment(
            f"run{i}", seed=i, slip_velocity=10.0 ** random.uniform(-6, -2, 120)
        )
        for i in range(5)
    ]
    caveats = words(builders.make_prepared(steps), evidence()).caveats
    assert any("logarithmic scale" in c for c in caveats)


def test_stress_among_the_drivers_cannot_be_missed() -> None:
    staged = builders.make_experiments(5, stages=[60, 60])
    prepared = builders.make_prepared(
        staged, drivers=["temperature", "normal_stress"], allow_stress_inputs=True
    )
    first = words(prepared, evidence()).caveats[0]
    assert first.startswith("WARNING: normal stress")


def test_missing_drivers_are_said(prepared: Prepared) -> None:
    caveats = " ".join(words(prepared, evidence()).caveats)
    assert "no axial displacement, temperature rate, axial displacement rate" in caveats


def test_drivers_that_determine_one_another_or_go_together_are_said(prepared: Prepared) -> None:
    assert "determine one another" not in " ".join(words(prepared, evidence()).caveats)
    assert "go together" not in " ".join(words(prepared, evidence()).caveats)
    pairs = builders.make_experiments(5, temperature_rate=np.sin(np.arange(120.0)))
    caveats = " ".join(words(builders.make_prepared(pairs), evidence()).caveats)
    assert "Temperature and its rate determine one another" in caveats
    ramp = np.linspace(0, 1, 120)
    same = builders.make_experiments(5, slip_velocity=ramp, temperature=20 - ramp)
    caveats = " ".join(words(builders.make_prepared(same), evidence()).caveats)
    assert "Slip velocity and temperature go together (correlation -1.00)" in caveats


def test_controls_that_find_something_are_said() -> None:
    quiet = table(all=(0.0, 0.0))
    fine = {"untrained": table(all=(1.0, 0.0)), "shuffled": quiet, "probes": HOT}

    def keys(found: Evidence) -> list[str]:
        return [statement.key for statement in found.control_findings()]

    assert "controls.shuffled" not in keys(evidence(controls=fine))
    trend = {**fine, "shuffled": table(all=(0.0, 1.0))}
    (said,) = evidence(controls=trend).control_findings()
    assert said.key == "controls.shuffled"
    assert "share levels from experiment" in wording("en")(said)
    assert keys(evidence()) == ["controls.none"]


def test_what_was_trained_on_request_is_said(prepared: Prepared) -> None:
    without = xr.Dataset(
        {"best_loss": (("channel", "run"), [[1.0, 1.1], [2.0, 2.2]]), "whole": ("run", [1.0, 1.1])},
        coords={"channel": np.array(DRIVERS, dtype=object)},
    )
    leak = xr.Dataset(
        {
            "validation": ("run", [0.1, 0.1]), "honest_validation": ("run", [1.0, 1.0]),
            "test": ("run", [0.2, 0.2]), "honest_test": ("run", [2.0, 2.0]),
        }
    )  # fmt: skip
    said = " ".join(words(prepared, evidence(ablation=without, leak=leak)).caveats)
    assert "temperature +1.05 (standard error 0.05)" in said
    assert "validation loss of 0.1 in place of 1, and a test loss of 0.2 in place of 2" in said


PLANTED = Statement("truths.nothing").to_plain()


@pytest.mark.parametrize(
    ("memory", "said"),
    [
        (100, "planted 100 s lie within it"),
        (150, "planted 150 s lie outside it"),
        (300, "not bracketed by the lengths that were tried"),
    ],
)
def test_a_planted_truth_stands_beside_what_was_found(
    prepared: Prepared, memory: float, said: str
) -> None:
    truth = {"statement": PLANTED, "memory_s": memory, "causes": ["temperature"]}
    found = evidence(required=(required("networks", [True, False, False], [2.0, 1.0, 1.1]),))
    lines = " ".join(words(prepared, found, truth).truth)
    assert lines.startswith("Planted: Friction wanders by itself")
    assert said in lines
    assert "First, as planted, is temperature by" in lines
    other = " ".join(words(prepared, found, {**truth, "causes": ["slip_velocity"]}).truth)
    assert "Another driver than slip velocity is first by" in other


def test_a_hidden_cause_is_said_to_be_hidden(prepared: Prepared) -> None:
    truth = {"statement": PLANTED, "memory_s": None, "causes": []}
    lines = words(prepared, evidence(), truth).truth
    assert lines[-1] == "No driver is a cause here, but called supported is temperature."
