"""The answer: statements that say no more than the evidence bears."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

import builders
from made_up_evidence import (
    DRIVERS,
    GOOD,
    HOT,
    evidence,
    kernel,
    memory,
    required,
    skills,
    study,
    table,
    verdicts,
)
from slicken.evidence.evidence import Evidence
from slicken.evidence.importance import Importance
from slicken.evidence.memory import Memory
from slicken.evidence.noise import DriverNoise
from slicken.evidence.resampling import Blocks
from slicken.evidence.skill import CommonCourse, Seen, Skill
from slicken.reporting.advice import fewest_experiments
from slicken.reporting.answer import Answer, answer
from slicken.reporting.wording import words

PLANTED = {"statement": {"statement": "truths.temperature-now"}}
FOUND = Memory(7.0, 9.0, "boxcar", ("temperature",), 6.0)


def keys(answered: Answer, section: str) -> list[str]:
    """The keys of what is said in one section."""
    return [statement.key for statement in answered.sections()[section]]


def said(answered: Answer, section: str) -> str:
    """What is said in one section, in English."""
    return " ".join(words("en").lines(answered.sections()[section]))


def with_table(attribution: xr.Dataset) -> Importance:
    return Importance(evidence().importance.gradients, attribution, {}, None)


def test_with_skill_every_question_has_its_answer() -> None:
    answered = answer(evidence(memory=memory(FOUND)))
    assert said(answered, "skill").startswith(
        "Yes: skill 0.60 (0.40 to 0.80) against the test mean Test part: 1 experiment, 9"
    )
    assert "contain 87 % of the test part" in said(answered, "skill")
    assert said(answered, "memory").startswith("7 to 9 s Boxcar kernel on temperature")
    assert said(answered, "windows").startswith("Lowest mean loss at 10 s (probability 1.00)")
    assert "|∂loss/∂x|: temperature 70 % and slip velocity 30 %." in said(answered, "ranking")
    first = answered.drivers[0]
    assert (first.channel, first.verdict) == ("temperature", "supported")
    assert first.gradient == pytest.approx(0.7)
    assert answered.unfinished == ()


@pytest.mark.parametrize(
    ("values", "headline", "why"),
    [
        ({**GOOD, "median": -0.1}, "answer.skill_no", "answer.why_constant"),
        ({**GOOD, "test_mean": -0.3}, "answer.skill_no", "answer.why_level"),
        ({**GOOD, "test_mean": 0.1}, "answer.skill_not_shown", "answer.why_interval"),
    ],
)
def test_without_skill_these_data_cannot_tell_and_why(
    values: dict[str, float], headline: str, why: str
) -> None:
    answered = answer(
        evidence(skill=skills(values), memory=memory(FOUND), drivers=verdicts("unknown", "unknown"))
    )
    assert keys(answered, "skill")[:2] == [headline, why]
    assert keys(answered, "memory")[0] == "answer.memory_unknown"
    assert keys(answered, "windows")[0] == "answer.windows_no_skill"
    assert keys(answered, "ranking") == ["answer.ranking_no_skill"]
    assert {one.verdict for one in answered.drivers} == {"unknown"}
    shown = [x for one in answered.drivers for x in (*one.share, one.gradient)]
    assert not np.isfinite(shown).any()


def test_skill_that_other_experiments_have_too_may_be_chance() -> None:
    answered = answer(evidence(skill=skills(permutation_p=0.3)))
    assert keys(answered, "skill")[:2] == ["answer.skill_not_shown", "answer.why_chance"]
    assert "Permutation test: p = 0.3." in said(answered, "skill")


def test_a_common_course_is_said_with_its_drivers_and_the_experiment_that_would_tell() -> None:
    over = CommonCourse(
        Skill("test_mean", 0.8, 0.7, 0.9, 9), Skill("course", 0.1, -0.2, 0.3, 9), ("temperature",)
    )
    skill = skills(permutation_p=0.3, course=over)
    answered = answer(
        evidence(skill=skill, memory=memory(FOUND), drivers=verdicts("negligible", "not_separable"))
    )
    text = said(answered, "skill")
    assert text.startswith("Only a course common to all experiments: skill 0.60")
    assert "over the common course: 0.10 (-0.20 to 0.30)" in text
    assert "Temperature shares such a course." in text
    assert "needs no history" in said(answered, "memory")
    assert keys(answered, "memory")[0] == "answer.memory_unknown"
    assert "or with temperature held" in said(answered, "next_steps")
    alone = answer(evidence(skill=replace(skill, course=replace(over, drivers=()))))
    assert keys(alone, "next_steps")[0] == "next.other_course"


def test_a_record_predicted_well_but_too_short_is_seen_once() -> None:
    skill = skills(blocks=2, permutation_p=None, seen=Seen(0.82, 0.99, 1, 60))
    text = said(answer(evidence(skill=skill, drivers=verdicts("unknown", "unknown"))), "skill")
    assert text.startswith("Seen once: R² 0.82 and correlation 0.99 on what was held out")
    assert "No interval: 2 independent blocks of 1 experiment, 4 needed." in text


def test_too_few_blocks_are_no_proof_and_no_disproof() -> None:
    answered = answer(evidence(skill=skills(blocks=3)))
    assert keys(answered, "skill")[:2] == ["answer.skill_not_shown", "answer.why_blocks"]
    assert "3 independent blocks" in said(answered, "skill")
    assert answered.skill.headline.values["skill"][0] == 0.6
    assert np.isnan(answered.skill.headline.values["skill"][1:]).all()


def test_intervals_over_experiments_are_said_to_be() -> None:
    over = skills()
    over = replace(over, against=tuple(replace(one, unit="experiment") for one in over.against))
    found = evidence(skill=over)
    blocks = Blocks(found.comparison.blocks.of, "experiment")
    found = replace(found, comparison=replace(found.comparison, blocks=blocks))
    answered = answer(found)
    assert "the interval is over experiments" in said(answered, "skill")
    assert "3 paired runs, 8 experiments" in said(answered, "windows")
    for section in ("skill", "windows"):
        assert "block" not in said(answered, section)


def test_constant_networks_have_no_ranking() -> None:
    constant = HOT.copy()
    for method in ("loss_gradient", "friction_gradient"):
        constant[method] = constant[method] * 0
    answered = answer(evidence(importance=with_table(constant)))
    assert keys(answered, "ranking") == ["answer.ranking_constant"]


def test_simpler_models_that_do_as_well_are_a_caveat() -> None:
    found = evidence()
    assert "answer.as_good" not in keys(answer(found), "caveats")
    found.scores.table["rmse"].loc[{"model": "ridge"}] = 0.009
    assert "no better than the linear model" in said(answer(found), "caveats")
    found.scores.table["rmse"].loc[{"model": "trees"}] = 0.01
    assert "no better than the linear model and boosted trees" in said(answer(found), "caveats")


def test_networks_far_behind_the_linear_model_were_not_trained_enough() -> None:
    found = evidence()
    found.scores.table["rmse"].loc[{"model": "network"}] = 0.03
    found.scores.table["rmse"].loc[{"model": "ridge"}] = 0.02
    text = said(answer(found), "caveats")
    assert "networks is 1.5 times that of the linear model: they were trained too little" in text
    assert "do as well" not in text


def test_methods_that_disagree_on_the_first_driver_are_named() -> None:
    other = table(all=(0.0, 1.0), loss_gradient=(0.9, 0.1))
    text = said(answer(evidence(importance=with_table(other))), "ranking")
    assert "disagree on the first driver: slip velocity by |∂loss/∂x| and temperature by" in text
    assert "answer.ranking_differs" not in keys(answer(evidence()), "ranking")


def test_lengths_that_cannot_be_distinguished_are_an_answer() -> None:
    flat = [[1.0, 2.0, 1.5], [2.0, 1.0, 1.45], [1.5, 1.5, 1.5]]
    text = said(answer(evidence(flat)), "windows")
    assert text.startswith("No difference between the lengths tried (5 to 20 s)")


def test_the_window_comparison_is_never_worded_as_the_memory() -> None:
    """Longer windows may train less well: the lowest loss is not the memory of the fault."""
    answered = answer(evidence(memory=memory(FOUND)))
    for language in ("en", "ja"):
        headline = words(language)(answered.windows.headline).lower()
        assert not any(word in headline for word in ("best", "memory", "最良", "記憶"))
    assert "answer.windows_meaning" in [one.key for one in answered.windows.beside]
    assert list(answered.findings()) == ["skill", "memory", "windows"]


def test_the_noise_of_a_selected_driver_is_said_with_its_unit() -> None:
    noise = DriverNoise(("temperature", "axial_rate"), np.array([0.98, 1e-6]), np.array([0.01] * 2))
    text = said(answer(evidence(memory=memory(FOUND, noise=noise))), "memory")
    assert "Noise of temperature (0.98 K)" in text
    assert "axial displacement rate" not in text


def test_the_linear_model_and_the_lag_model_stand_beside_the_comparison() -> None:
    lag_model = required("linear", [True, False, False], [2.0, 1.0, 1.1])
    found = evidence(memory=memory(FOUND, required=(lag_model,)))
    found.scores.table["validation_loss"].loc[{"model": "ridge", "window": 20.0}] = 0.001
    text = said(answer(found), "windows")
    assert "Linear model: lowest at 20 s." in text
    assert "more than 5 s and at most 14 s" in text


@pytest.mark.parametrize(
    ("losses", "blocks", "key"),
    [
        ([[1.0, 1.1, 0.9]], 8, "answer.windows_one"),
        ([[1.0], [1.2], [1.1]], 8, "answer.windows_few_runs"),
        ([[1.0, 1.1], [1.2, 1.1], [1.1, 1.3]], 2, "answer.windows_few_blocks"),
    ],
)
def test_too_little_to_compare_is_said(losses: Any, blocks: int, key: str) -> None:  # noqa: ANN401
    assert keys(answer(evidence(losses, blocks=blocks)), "windows")[0] == key


def test_history_used_and_history_required_are_two_things() -> None:
    found = memory(Memory(5.0, 10.0, "networks", (), 10.0))
    text = said(answer(evidence(memory=found)), "memory")
    assert text.startswith("more than 5 s, at most 10 s Networks trained on less history.")
    assert "50 % of their gradient within 5 s and 90 % within 9 s" in text
    none = memory(Memory(0.0, 0.0, "networks", (), 5.0))
    assert said(answer(evidence(memory=none)), "memory").startswith(
        "These data show none 5 s of history predict as well as more"
    )
    assert keys(answer(evidence()), "memory")[1] == "answer.memory_one_length"


def test_runs_that_were_left_out_are_named() -> None:
    losses = [[3.0, np.nan, 2.9], [1.0, 1.1, 0.9], [np.nan, np.nan, 1.9]]
    text = said(answer(evidence(losses)), "caveats")
    assert "At 5 s, run 1 was left out" in text
    assert "At 20 s, runs 0 and 1 were left out" in text


def test_a_driver_that_was_held_constant_is_flagged_by_name() -> None:
    random = np.random.default_rng(0)
    held = [
        builders.make_experiment(
            f"run{i}", seed=i, slip_velocity=4e-3 + 1e-6 * random.normal(size=120)
        )
        for i in range(5)
    ]
    text = said(answer(evidence(trained=study(held))), "caveats")
    assert "Slip velocity was held constant." in text
    assert "Temperature was" not in text


def test_a_velocity_on_a_logarithmic_scale_is_said() -> None:
    random = np.random.default_rng(0)
    steps = [
        builders.make_experiment(
            f"run{i}", seed=i, slip_velocity=10.0 ** random.uniform(-6, -2, 120)
        )
        for i in range(5)
    ]
    assert "caveats.logarithmic" in keys(answer(evidence(trained=study(steps))), "caveats")


def test_stress_among_the_drivers_cannot_be_missed() -> None:
    staged = builders.make_experiments(5, stages=[60, 60])
    trained = study(staged, drivers=["temperature", "normal_stress"], allow_stress_inputs=True)
    text = said(answer(evidence(trained=trained)), "caveats")
    assert text.startswith("Warning: normal stress is an input")


def test_missing_drivers_are_said() -> None:
    text = said(answer(evidence()), "caveats")
    assert "no axial displacement, temperature rate and axial displacement rate" in text


def test_drivers_that_determine_each_other_or_are_correlated_are_said() -> None:
    plain = keys(answer(evidence()), "caveats")
    assert not {"caveats.rate", "caveats.collinear"} & set(plain)
    pairs = builders.make_experiments(5, temperature_rate=np.sin(np.arange(120.0)))
    text = said(answer(evidence(trained=study(pairs))), "caveats")
    assert "Temperature and its rate determine each other" in text
    ramp = np.linspace(0, 1, 120)
    same = builders.make_experiments(5, slip_velocity=ramp, temperature=20 - ramp)
    text = said(answer(evidence(trained=study(same))), "caveats")
    assert "Slip velocity and temperature are correlated (-1.00)" in text


def test_what_was_trained_on_request_is_said() -> None:
    ablation = xr.Dataset(
        {"best_loss": (("channel", "run"), [[1.0, 1.1], [2.0, 2.2]]), "whole": ("run", [1.0, 1.1])},
        coords={"channel": np.array(DRIVERS, dtype=object)},
    )
    leak = xr.Dataset(
        {
            "validation": ("run", [0.1, 0.1]), "honest_validation": ("run", [1.0, 1.0]),
            "test": ("run", [0.2, 0.2]), "honest_test": ("run", [2.0, 2.0]),
        }
    )  # fmt: skip
    importance = Importance(evidence().importance.gradients, HOT, {}, ablation)
    text = said(answer(evidence(importance=importance, leak=leak)), "caveats")
    assert "temperature +1.05 (standard error 0.05)" in text
    assert "validation loss would be 0.1 instead of 1 and the test loss 0.2 instead of 2" in text


@pytest.mark.parametrize(
    ("true", "stated"),
    [
        (8.0, ["truth_found.inside"]),
        (15.0, ["truth_found.outside"]),
        (30.0, ["truth_found.outside", "truth_found.not_bracketed"]),
    ],
)
def test_a_planted_truth_stands_beside_what_was_found(true: float, stated: list[str]) -> None:
    truth = {**PLANTED, "memory_s": true, "causes": ["temperature"]}
    answered = answer(evidence(trained=study(truth=truth), memory=memory(FOUND)))
    assert keys(answered, "truth") == ["truth_found.planted", *stated, "truth_found.first"]
    assert said(answered, "truth").startswith("Planted: Friction falls by 0.0005 per K")
    assert said(answered, "memory").startswith(f"7 to 9 s (true value: {true:g} s)")
    other = {**truth, "causes": ["slip_velocity"]}
    text = said(answer(evidence(trained=study(truth=other), memory=memory(FOUND))), "truth")
    assert "Another driver ranks above the planted cause (slip velocity)" in text


def test_a_hidden_cause_is_said_to_be_hidden() -> None:
    truth = {**PLANTED, "memory_s": None, "causes": []}
    text = said(answer(evidence(trained=study(truth=truth))), "truth")
    assert text.endswith("No driver is a cause here, but temperature is called supported.")


def test_what_next_names_longer_windows_where_the_longest_is_the_limit() -> None:
    limit = memory(Memory(15.0, 20.0, "networks", (), 20.0))
    assert "try --windows 10,20,30,40." in said(answer(evidence(memory=limit)), "next_steps")
    short = study([builders.make_experiment(f"run{i}", 39, seed=i) for i in range(5)])
    text = said(answer(evidence(trained=short, memory=limit)), "next_steps")
    assert "record experiments of at least 1 min 20 s" in text
    assert "windows" not in said(answer(evidence(memory=memory(FOUND))), "next_steps")


def test_what_next_says_how_many_experiments_are_needed() -> None:
    few = answer(evidence(skill=skills(permutation_p=None)))
    assert "8 are needed for the permutation test (5 now)" in said(few, "next_steps")
    blocks = answer(evidence(skill=skills(blocks=2)))
    assert "about 10 (5 now), 2 of them in the test part" in said(blocks, "next_steps")
    assert fewest_experiments(0.2) == 8


def test_what_next_knows_a_single_length_a_single_run_and_a_plan_without_controls() -> None:
    one = study(windows=[10.0], controls=False)
    found = answer(evidence([[1.0]], trained=one))
    assert keys(found, "next_steps")[:3] == ["next.more_windows", "next.more_runs", "next.controls"]
    assert "--windows 5,10" in said(found, "next_steps")


def test_every_statement_has_words_in_both_languages() -> None:
    cases: list[Evidence] = [
        evidence(),
        evidence(memory=memory(FOUND, kernels=(kernel(),))),
        evidence(skill=skills(blocks=2), drivers=verdicts("unknown", "unknown")),
    ]
    for found in cases:
        for statements in answer(found).sections().values():
            english, japanese = (words(each).lines(statements) for each in ("en", "ja"))
            assert all(english)
            assert all(japanese)
            assert not set(english) & set(japanese)
