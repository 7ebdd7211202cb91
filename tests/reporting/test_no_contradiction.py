"""Random results: whatever a study finds, no two statements of its answer contradict each other."""

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any, cast, get_args

import numpy as np
import pytest

import builders
from made_up_evidence import NAN, WINDOWS, evidence, memory, required, skills, study, verdicts
from slicken.evidence.clock import Clock
from slicken.evidence.clock_fits import ClockFit
from slicken.evidence.drivers import Verdict
from slicken.evidence.evidence import Evidence
from slicken.evidence.kernels import KERNELS, KernelFit
from slicken.evidence.memory import conclude
from slicken.evidence.missed_steps import MissedSteps
from slicken.evidence.required import RequiredHistory
from slicken.evidence.resampling import Blocks, Interval, Unit
from slicken.evidence.skill import CommonCourse, Seen, Skill, SkillEvidence
from slicken.evidence.window_comparison import WindowComparison
from slicken.reporting.answer import Answer, answer
from slicken.reporting.wording import words
from slicken.statements import Statement
from slicken.study.trained import Trained

CASES = 200
SUPPORTING = {"supported", "informative", "negligible", "not_separable", "methods_disagree"}
Random = np.random.Generator


def test_no_two_statements_of_an_answer_contradict_each_other() -> None:
    for seed in range(CASES):
        found = some_evidence(np.random.default_rng(seed))
        answered = answer(found)
        text = "\n".join(words("en").lines(all_of(answered)))
        assert not list(contradictions(found, answered)), f"seed {seed}: {text}"


@pytest.mark.parametrize("key", ["memory_none", "memory_kernel", "memory_beyond", "skill_course"])
def test_random_results_reach_what_they_are_to_test(key: str) -> None:
    seen = {
        one.key
        for seed in range(40)
        for one in all_of(answer(some_evidence(np.random.default_rng(seed))))
    }
    assert any(one.startswith(f"answer.{key}") for one in seen)


def contradictions(found: Evidence, answered: Answer) -> Iterator[str]:
    """What contradicts what, rule by rule."""
    said = {one.key.partition(".")[2]: one.values for one in all_of(answered)}
    keys, shown = set(said), found.skill.grade == "shown"
    memory = {key for key in keys if key.startswith("memory_")}
    needed = {
        k for k in memory if k.startswith(("memory_kernel", "memory_between", "memory_beyond"))
    }
    needed |= {"windows_lag_model", "windows_lag_model_beyond"} & keys
    by_slip = {"slip", "slip_limited"} & keys
    none = any(key.startswith("memory_none") for key in keys)
    verdict = {one.verdict for one in answered.drivers}
    if not shown and (needed or none or by_slip or {"time", "time_limited"} & keys):
        yield "a memory or a clock without skill beyond a common course"
    if not found.skill.proven and (verdict & SUPPORTING or "ranking_by" in keys):
        yield "a driver or a ranking without skill"
    if "skill_course" in keys and "supported" in verdict:
        yield "a cause beside a course that all experiments share"
    if len({"skill_yes", "skill_no", "skill_not_shown", "skill_course", "skill_seen"} & keys) != 1:
        yield "not one answer on skill"
    if none and (needed or by_slip or {"time", "time_limited", "alike"} & keys):
        yield "no memory, and one"
    if needed and "no_memory" in keys:
        yield "a memory of a past that adds nothing"
    if by_slip and any(key.startswith(("memory_kernel", "memory_between")) for key in keys):
        yield "a memory in seconds, and slip as the clock"
    if "memory_of" in said and said["memory_of"]["clock"] == "slip":
        yield "a kernel in seconds, and slip as its clock"
    rmse = {one.model: one.rmse for one in answered.models}
    if {"far_behind", "as_good"} <= keys or (
        "far_behind" in keys and rmse["network"] <= rmse["ridge"]
    ):
        yield "far behind, and as well"
    if "as_good" in keys and rmse["network"] < min(rmse["ridge"], rmse["trees"]):
        yield "no better than models that are worse"
    if {"tested_each", "why_blocks"} <= keys or {"tested_each", "few_experiments"} <= keys:
        yield "intervals over experiments that cannot be"
    if "why_interval" in keys and not np.isfinite(answered.skill.headline.values["skill"][1]):
        yield "an interval that includes zero, and none"
    if none and {"longer_windows", "longer_logs"} & keys:
        yield "no memory, and the longest window as its limit"
    if "memory_limit_training" in keys and {"longer_windows", "longer_logs"} & keys:
        yield "longer histories train less well, and are to be tried"
    yield from _numbers(found, answered, said)


def _numbers(found: Evidence, answered: Answer, said: dict[str, Any]) -> Iterator[str]:
    """Numbers that contradict each other."""
    longest = found.comparison.windows[-1]
    for values in said.values():
        for low, high in [(values.get("low"), values.get("high")), values.get("ends", (0, 1))]:
            if low is not None and high is not None and not low < high:
                yield f"from {low} to {high}"
    for key, values in said.items():
        told = key.startswith(("memory_between", "windows_lag_model")) and "high" in values
        if told and values["high"] >= longest:
            yield "at most the longest history that was tried"
    headline = answered.memory.headline
    ends = headline.values.get("ends") or [headline.values.get(k, NAN) for k in ("low", "high")]
    tied = min(found.comparison.tied)
    explained = "answer.windows_meaning" in [one.key for one in answered.windows.beside]
    if tied <= ends[0] and found.comparison.windows.size > 1 and not explained:
        yield "a length as good as any that is shorter than the memory, and no word on it"
    lag_model = said.get("windows_lag_model") or said.get("windows_lag_model_beyond")
    shape = said.get("memory_of", {}).get("shape")
    if lag_model and shape == "boxcar" and ends[1] <= lag_model["low"]:
        yield "a boxcar that ends before the history that is required"
    time = said.get("time")
    both = time and time["unit"] == "s" and "ends" in headline.values
    if both and (time["ends"][0] > ends[1] or ends[0] > time["ends"][1]):
        yield "two memories in seconds that do not overlap"


def all_of(answered: Answer) -> list[Statement]:
    """Every statement of an answer."""
    return [one for statements in answered.sections().values() for one in statements]


def some_evidence(random: Random) -> Evidence:
    """Evidence whose parts are random, and belong together as those of a study do."""
    truth = {"memory_s": float(random.uniform(1, 30)), "causes": ["temperature"]}
    enough = bool(random.random() < 0.5)
    trained = _some_study(enough, bool(random.random() < 0.5))
    unit: Unit = "experiment" if enough and trained.has_folds else "time"
    losses = random.lognormal(0, 0.4, 3)[:, None] * random.lognormal(0, 0.05, (3, 3))
    if random.random() < 0.3:
        losses = np.repeat(losses[:1], 3, axis=0) * random.lognormal(0, 0.02, (3, 3))
    losses = losses[:, : int(random.integers(1, 4))] / 3
    base = evidence(losses, blocks=8 if unit == "experiment" else int(random.choice([2, 8])))
    comparison = replace(base.comparison, blocks=Blocks(base.comparison.blocks.of, unit))
    skill = some_skill(random, unit)
    rmse = base.scores.table["rmse"]
    rmse[:] = random.uniform(0.01, 0.04, rmse.shape)
    found = replace(base, trained=trained, comparison=comparison, skill=skill)
    found = replace(found, memory=some_memory(random, comparison, skill))
    if random.random() < 0.5:
        planted = {"statement": {"statement": "truths.temperature-now"}, **truth}
        found = replace(found, trained=replace(trained, truth=planted))
    return replace(found, drivers=verdicts(*_some_verdicts(random, skill)))


@cache
def _some_study(more: bool, folds: bool) -> Trained:
    trained = study(builders.make_experiments(8 if more else 5))
    return replace(trained, folds=trained.folds * 2) if folds else trained


def _some_verdicts(random: Random, skill: SkillEvidence) -> list[str]:
    if not skill.proven:
        return ["unknown", "unknown"]
    every = [one for one in get_args(Verdict) if one != "unknown"]
    if skill.grade == "common_course":
        every.remove("supported")
    return [str(one) for one in random.choice(every, 2)]


def some_skill(random: Random, unit: Unit) -> SkillEvidence:
    """Skill of any grade; half of it is shown."""
    good = random.random() < 0.75
    names = ("mean", "median", "test_mean")
    values = {name: float(random.uniform(0.5 if good else -0.5, 0.95)) for name in names}
    blocks = 2 if unit == "time" and random.random() < 0.2 else 9
    own, over = random.uniform(-0.3, 0.9, 2)
    course = CommonCourse(
        Skill("test_mean", own, own - 0.2, own + 0.1, blocks),
        Skill("course", over, over - 0.2, over + 0.1, blocks),
        ("temperature",) if random.random() < 0.5 else (),
    )
    some = skills(values, blocks, half_width=float(random.uniform(0.05, 0.8)))
    return replace(
        some,
        against=tuple(replace(one, unit=unit) for one in some.against),
        permutation_p=random.choice([None, 0.001, 0.3], p=[0.2, 0.6, 0.2]),
        course=course if random.random() < 0.5 else None,
        seen=Seen(0.8, 0.95, 1, 50) if random.random() < 0.5 else None,
        missed=MissedSteps("slip_velocity", 7, Interval(0.1, 0.0, 0.3))
        if random.random() < 0.3
        else None,
    )


def some_memory(random: Random, comparison: WindowComparison, skill: SkillEvidence) -> Any:  # noqa: ANN401
    """What speaks for a memory, concluded as a study concludes."""
    best = int(random.integers(3))
    worse = [bool(random.random() < 0.6) and place != best for place in range(3)]
    loss = [1.0 if place == best else float(random.uniform(1.1, 2)) for place in range(3)]
    lag_model = required("linear", worse, loss, ("temperature",))
    of_networks = comparison.required()
    families: tuple[RequiredHistory, ...] = (lag_model,)
    if of_networks is not None:
        families = (of_networks, lag_model)
    kernels = tuple(_some_kernel(random, shape) for shape in KERNELS)
    fits = bool(random.random() < 0.7)
    clock, shown = _some_clock(random), skill.grade == "shown"
    concluded = conclude(families, kernels if fits else (), ("temperature",), lag_model_fits=fits)
    return memory(
        concluded if shown else None,
        required=families,
        kernels=kernels,
        clock=clock,
        forgets_by_slip=shown and clock.verdict == "slip" and bool(random.random() < 0.5),
        lag_model_fits=fits,
    )


def _some_length(random: Random) -> tuple[float, float, float]:
    length = float(random.uniform(2, WINDOWS[-1]))
    return (
        length,
        length * float(random.uniform(0.3, 0.99)),
        length * float(random.uniform(1.01, 2)),
    )


def _some_interval(random: Random, centre: float) -> Interval:
    value, width = centre * float(random.normal()), abs(centre) * float(random.uniform(0.1, 2))
    return Interval(value, value - width, value + width)


def _some_kernel(random: Random, shape: str) -> KernelFit:
    gain = Interval(*(float(random.uniform(-0.05, 0.5)) + x for x in (0.0, -0.05, 0.05)))
    behind = Interval(0, 0, 0) if shape == "boxcar" else _some_interval(random, 0.01)
    tried = np.geomspace(1, WINDOWS[-1], 20)
    return KernelFit(
        cast("Any", shape), tried, np.ones(20), *_some_length(random),
        _some_interval(random, 0.003), gain, behind,
    )  # fmt: skip


def _some_clock(random: Random) -> Clock:
    fits = [
        ClockFit(
            cast("Any", clock), "boxcar", False, scale * np.geomspace(1, WINDOWS[-1], 20),
            np.ones(20), *(scale * one for one in _some_length(random)),
            _some_interval(random, 0.01), _some_interval(random, 0.3),
        )
        for clock, scale in (("time", 1.0), ("slip", 1e-5))
    ]  # fmt: skip
    kept = fits if random.random() < 0.8 else fits[:1]
    variation = float(random.choice([1.1, 30.0])) if len(kept) > 1 else math.nan
    return Clock(tuple(kept), ("temperature",), variation, _some_interval(random, 0.05))
