"""The law bench: its cases are apart, its counts are right by hand, and records are kept."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from slicken.cli import truth
from slicken.errors import LawError
from slicken.experiment.samples import Samples
from slicken.laws.results import Estimate, Event, EventFit, Fit
from slicken.statements import Statement
from slicken.truth import law_bench
from slicken.truth.cases import Group
from slicken.truth.law_bench import nearest, run_law_case, run_law_cases, samples_of, true_events
from slicken.truth.law_cases import (
    EXPERIMENTS,
    SEEDS,
    UNUSABLE,
    LawCase,
    information,
    law_cases,
    published,
)
from slicken.truth.law_forward import BOUND, LIMITS, forward_numbers, information_bound
from slicken.truth.law_targets import (
    TARGETS,
    count_laws,
    coverage,
    covered,
    laws_json,
    verdicts,
    worst_classes,
)

GROUPS: tuple[Group, ...] = ("judged", "tuning")


# -- cases --


def test_the_groups_share_no_seed_and_no_experiment() -> None:
    judged, tuning = (list(law_cases(group)) for group in GROUPS)
    assert set(SEEDS["tuning"]) <= set(range(1, 100))
    assert min(SEEDS["judged"]) >= 401
    assert not set(EXPERIMENTS["judged"]) & set(EXPERIMENTS["tuning"])
    assert {one.experiment for one in published()} == {
        name for group in GROUPS for name in EXPERIMENTS[group]
    }
    for case in judged:
        assert case.seed[0] in SEEDS["judged"]
        if case.kind == "published":
            assert case.name[:5] in EXPERIMENTS["judged"]
    assert len({case.name for case in judged + tuning}) == len(judged) + len(tuning)


def test_the_table_has_the_published_fits() -> None:
    assert len(published()) == 65
    assert sum(one.law == "ageing" for one in published()) == 33
    first = published()[0]
    assert (first.a, first.b) == (0.008331474, 0.005883708)
    assert first.dc == pytest.approx(9.979121e-6)
    assert first.stiffness == pytest.approx(1940.9)
    assert first.trend == pytest.approx(-12.211)


@pytest.mark.parametrize("group", GROUPS)
def test_every_class_has_about_half_or_a_third_of_the_steps(group: Group) -> None:
    steps = [case for case in law_cases(group) if case.kind == "published"]
    for label in ("law", "states", "step", "noise", "undulation", "stiffness"):
        values = [case.labels[label] for case in steps]
        for value in set(values):
            share = values.count(value) / len(values)
            assert share == pytest.approx(1 / len(set(values)), abs=0.03), (label, value)


def test_cases_have_samples_as_rigs_take_them_and_a_stable_fault() -> None:
    for case in law_cases("tuning"):
        assert case.fault.stiffness > 1.5 * case.fault.critical_stiffness
        durations = case.course.durations
        rates = case.readings.rates
        counts = durations[0] * rates[0], sum(durations[1:]) * rates[-1]
        assert 200 <= counts[0] <= 2000
        assert 400 <= counts[1] <= 6000
        if case.kind == "published":
            slip = durations[1] * case.course.velocities[1]
            assert 199e-6 <= slip <= 2001e-6
            assert slip > 3.9 * max(case.fault.slip_scales)


def test_a_stick_slip_falls_as_often_as_the_spring_is_loaded() -> None:
    case = next(case for case in law_cases("tuning") if case.kind == "stick_slip")
    quiet = replace(case, readings=replace(case.readings, white=1e-9))
    friction = samples_of(quiet).channels["friction"]
    falls = np.sum(np.diff(friction) < -0.5 * case.drop)
    moved = sum(np.multiply(case.course.durations, case.course.velocities))
    assert falls == pytest.approx(case.fault.stiffness * moved / case.drop, abs=2)


# -- forward --


def test_the_forward_model_is_within_its_limits() -> None:
    numbers = forward_numbers()
    assert set(numbers) == set(LIMITS)
    assert all(numbers[name] <= limit for name, limit in LIMITS.items())


def test_the_information_bound_is_that_of_another_solver() -> None:
    times = (np.arange(1000) + 0.5) * 0.015

    def friction(a: float, b: float, dc: float) -> np.ndarray:
        def rates(_: float, y: np.ndarray) -> list[float]:
            velocity = 1e-6 * np.exp((y[0] - 0.6 - b * np.log(1e-6 * y[1] / dc)) / a)
            return [1e3 * (1e-5 - velocity), 1 - velocity * y[1] / dc]

        solved = solve_ivp(rates, (0, 15), [0.6, dc / 1e-6], "LSODA", times, rtol=1e-10, atol=1e-12)
        return np.asarray(solved.y[0])

    values = np.array([0.01, 0.009, 1e-5])
    slopes = [
        (friction(*(values + e)) - friction(*(values - e))) / (2 * e.sum())
        for e in np.diag(1e-4 * values)
    ]
    scale = values / np.linalg.norm(values * np.ones(3))
    jacobian = np.column_stack(slopes) * scale
    covariance = 1e-6 * np.linalg.inv(jacobian.T @ jacobian) * np.outer(scale, scale)
    ours = information_bound(before=False)
    for name, variance in zip(("a", "b", "dc"), np.diag(covariance), strict=True):
        assert ours[name] == pytest.approx(np.sqrt(variance), rel=1e-3)
        assert BOUND[name] == pytest.approx(np.sqrt(variance), rel=2e-2)


# -- one case, with a fit that is made up --


def fit_of(law: str, values: dict[str, float], width: float) -> Fit:
    ends = {name: Estimate(v, v - width, v + width, width / 2) for name, v in values.items()}
    empty = np.empty(0)
    return Fit(
        "ageing" if law == "ageing" else "slip", 1, ends, (), np.empty((0, 0)),
        0.9, 1.0, 0.5, 0.9, 1e-3, empty, {},
    )  # fmt: skip


def made_up(case: LawCase, verdict: Any, shift: float = 0.0, width: float = 1e-3) -> Any:  # noqa: ANN401
    def fit(samples: Samples, event: Event, **given: float | None) -> EventFit:
        assert given == {"stiffness": case.fault.stiffness if case.given else None}
        a, b = case.fault.a + shift, case.fault.b[0] + shift
        values = {"a": a, "b": b, "a_minus_b": case.fault.a - sum(case.fault.b)}
        values |= {"dc": case.fault.slip_scales[0], "stiffness": case.fault.stiffness}
        fits = tuple(fit_of(law, values, width) for law in ("slip", "ageing"))
        nothing = np.empty(0)
        return EventFit(
            samples.name, event, nothing, nothing, nothing, nothing.astype(int), fits, verdict
        )

    return fit


@pytest.fixture
def case() -> LawCase:
    return next(c for c in law_cases("tuning") if len(c.fault.b) == 1 and c.kind == "published")


def test_a_case_is_found_fitted_and_written_down(case: LawCase) -> None:
    record = run_law_case(case, true_events(case), made_up(case, "not_distinguishable"))
    assert record["found"]
    assert not record["refused"]
    assert record["start"] == record["planted_start"] == case.start
    assert set(record["fits"]) == {"ageing", "slip"}
    assert all(covered(record, name) for name in ("a", "b", "a_minus_b", "dc"))
    shifted = run_law_case(case, true_events(case), made_up(case, "slip", shift=2e-3))
    assert [covered(shifted, name) for name in ("a", "b", "a_minus_b")] == [False, False, True]


def test_what_is_refused_by_its_problem_or_by_the_fit_is_refused(case: LawCase) -> None:
    def refused(samples: Samples, stiffness: float | None) -> list[Event]:
        problem = Statement("laws.problem_short")
        return [replace(e, problem=problem) for e in true_events(case)(samples, stiffness)]

    def fails(*_: object, **__: object) -> EventFit:
        raise LawError("too few samples")

    record = run_law_case(case, refused, made_up(case, "slip"))
    assert (record["refused"], record["problem"]) == (True, "laws.problem_short")
    record = run_law_case(case, true_events(case), fails)
    assert (record["refused"], record["problem"], record["fits"]) == (True, "LawError", {})
    record = run_law_case(case, lambda *_: [], fails)
    assert (record["found"], record["refused"], record["start"]) == (False, True, None)


def test_only_a_step_near_the_planted_one_is_that_step(case: LawCase) -> None:
    (planted,) = true_events(case)(samples_of(case), None)
    after = case.course.durations[1]
    late = replace(planted, start=planted.start + 0.3 * after)
    near = replace(planted, start=planted.start + 1e-3 * min(case.course.durations))
    hold = replace(planted, kind="hold")
    assert nearest([late, near, hold], case) is near
    assert nearest([late, hold], case) is None
    assert nearest([], case) is None


def test_cases_that_are_done_are_read_and_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran, told = [], []

    def run(case: LawCase) -> dict[str, Any]:
        ran.append(case.name)
        return {"name": case.name, "problem": None, "verdict": "slip", "seconds": 0.1, "x": np.inf}

    monkeypatch.setattr(law_bench, "run_law_case", run)
    cases = [information(1, draw) for draw in range(3)]
    first = run_law_cases(cases[:2], tmp_path, told.append)
    again = run_law_cases(cases, tmp_path, told.append)
    assert ran == [case.name for case in cases]
    assert again[:2] == first
    assert [record["x"] for record in again] == [None] * 3
    assert told[0] == "information-seed1-00: slip (0.1 s)"


# -- counts --


def record(number: int = 0, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 (any field)
    """A step in which everything came out as planted."""
    truth = {"a": 0.01, "b": 0.009, "a_minus_b": 0.001, "dc": 1e-5}
    ends = {name: [v, 0.9 * v, 1.1 * v, 0.05 * v] for name, v in truth.items()}
    fit = {"states": 1, "estimates": ends}
    labels = {"law": "slip", "noise": ("white", "correlated in time")[number % 2]}
    return {
        "name": f"made-up-{number}", "kind": "published", "law": "slip", "labels": labels,
        "truth": truth, "refused": False, "verdict": "slip", "seconds": 1.0,
        "fits": {"slip": fit}, "planted": fit,
        **changes,
    }  # fmt: skip


def missing(number: int, parameter: str) -> dict[str, Any]:
    one = record(number)
    one["fits"]["slip"]["estimates"][parameter][1] = 2 * one["truth"][parameter]
    return one


def test_coverage_is_the_share_of_intervals_that_hold_the_planted_value() -> None:
    records = [*(record(n) for n in range(95)), *(missing(n, "b") for n in range(95, 100))]
    counted = count_laws(records)
    assert counted["coverage_a"] | {"words": ""} == {
        "met": 100, "of": 100, "share": 1.0, "words": "", "target": "92% to 97%", "holds": False,
    }  # fmt: skip
    assert (counted["coverage_b"]["met"], counted["coverage_b"]["holds"]) == (95, True)


def test_an_end_that_is_not_finite_covers_and_a_law_that_was_not_fitted_does_not_count() -> None:
    open_end = record()
    open_end["fits"]["slip"]["estimates"]["dc"] = [1e-6, 1e-7, None, None]
    assert covered(open_end, "dc")
    other = record(planted=None)
    assert covered(other, "dc") is None
    assert covered(record(refused=True), "dc") is None
    assert coverage([open_end, other], "dc") == [True]


def test_the_number_of_states_that_was_chosen_is_counted_apart() -> None:
    other = {"states": 2, "estimates": {"dc": [3e-5, 2e-5, 4e-5, 1e-6]}}
    one = record(fits={"slip": other})
    assert (covered(one, "dc"), covered(one, "dc", chosen=True)) == (True, False)
    assert covered(one, "a", chosen=True) is None


def test_one_bad_class_is_seen_though_the_whole_is_good() -> None:
    records = [missing(n, "dc") if n % 2 and n < 16 else record(n) for n in range(120)]
    assert count_laws(records)["coverage_dc"]["share"] == pytest.approx(112 / 120)
    # law and noise: three classes of four parameters; dc of one noise covers 52 of 60.
    found = worst_classes(records)
    assert (len(found), found.count(False)) == (12, 1)


def test_an_interval_that_leaves_out_its_own_estimate_is_counted() -> None:
    odd = record(1)
    odd["fits"]["slip"]["estimates"]["a"] = [0.0843, 649.0, 1.6e7, 1.0]
    refused = {**odd, "refused": True}
    counted = count_laws([record(), odd, refused])["own_estimate"]
    assert (counted["met"], counted["of"], counted["holds"]) == (7, 8, False)


def test_a_verdict_is_right_open_or_wrong() -> None:
    said = ["slip"] * 6 + ["not_distinguishable"] * 3 + ["ageing", "neither"]
    records = [record(n, verdict=verdict) for n, verdict in enumerate(said)]
    assert verdicts(records) == {"slip": {"right": 6, "open": 3, "wrong": 2}}
    counted = count_laws(records)["wrong_law"]
    assert (counted["met"], counted["of"], counted["holds"]) == (2, 11, False)


def test_refusals_are_counted_apart_for_what_can_and_cannot_be_used() -> None:
    usable = [record(n, refused=n == 0) for n in range(20)]
    unusable = [record(n, kind=UNUSABLE[n % 3], refused=n != 5) for n in range(20)]
    counted = count_laws([*usable, *unusable])
    assert (counted["usable_refused"]["met"], counted["usable_refused"]["of"]) == (1, 20)
    assert counted["usable_refused"]["holds"]
    assert (counted["unusable_refused"]["share"], counted["unusable_refused"]["holds"]) == (
        0.95,
        True,
    )
    assert verdicts([*usable, *unusable])["slip"]["right"] == 19


def test_draws_of_the_information_case_are_compared_with_the_bound() -> None:
    bound = information_bound(free=("mu0", "trend"))
    rng = np.random.default_rng(0)

    def draws(factor: float) -> list[dict[str, Any]]:
        found = []
        for number in range(2000):
            ends = {
                name: [value := record()["truth"][name] + factor * sd * rng.standard_normal(),
                       value - 1.96 * sd, value + 1.96 * sd, sd]
                for name, sd in bound.items()
            }  # fmt: skip
            fits = {"ageing": {"states": 1, "estimates": ends}}
            found.append(
                record(number, kind="information", law="ageing", fits=fits, planted=fits["ageing"])
            )
        return found

    good, wide = count_laws(draws(1.0)), count_laws(draws(1.3))
    assert (good["bound"]["met"], good["bound"]["holds"]) == (4, True)
    assert good["information_coverage"]["holds"]
    assert wide["bound"]["met"] == 0
    assert not wide["information_coverage"]["holds"]


def test_a_target_that_nothing_counts_for_does_not_hold() -> None:
    counted = count_laws([])
    assert list(counted) == [target.key for target in TARGETS]
    assert [key for key, one in counted.items() if one["holds"]] == ["forward"]


def test_counts_and_records_are_written_together() -> None:
    kept = json.loads(laws_json("tuning", [record(0), record(1, seconds=float("inf"))]))
    assert kept["command"] == "slicken truth --laws --group tuning"
    assert [case["seconds"] for case in kept["cases"]] == [1.0, None]
    assert kept["targets"]["coverage_a"]["met"] == 2


def test_the_command_runs_the_first_cases_and_writes_what_they_showed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(cases: list[LawCase], folder: Path, tell: object, *, workers: int) -> list[Any]:
        del tell
        assert (len(cases), folder, workers) == (3, tmp_path / "laws" / "tuning", 2)
        return [record(number) for number in range(3)]

    monkeypatch.setattr(law_bench, "run_law_cases", run)
    file = tmp_path / "laws.json"
    truth.run(tmp_path, truth.Which.tuning, cases=3, write=file, laws=True, workers=2)
    said = capsys.readouterr().out
    assert "MISSED: 95 % intervals of a cover: 3 of 3 (target 92% to 97%)" in said
    assert "3 steps took 3 s together" in said
    assert len(json.loads(file.read_text("utf-8"))["cases"]) == 3
