"""The truth bench: its cases are apart, its counts are right by hand, and one case runs."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from slicken.physics.truths import TRUTHS
from slicken.truth import bench
from slicken.truth.bench import run_cases, told_by
from slicken.truth.cases import MEMORIES, SEEDS, Case, cases
from slicken.truth.targets import TARGETS, count, innocents, to_json

if TYPE_CHECKING:
    from slicken.evidence.clock import Clock

DRIVERS = (
    "slip_velocity", "axial_displacement", "temperature", "temperature_rate", "axial_rate",
)  # fmt: skip


OTHER_FIRST = dict.fromkeys(bench.METHODS, "axial_rate")
ALL_SUPPORTED = dict.fromkeys(DRIVERS, "supported")


def record(scenario: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 (any field)
    """A study in which everything came out as planted."""
    truth = TRUTHS[scenario]
    cause = truth.causes[0] if truth.causes else "temperature"
    status = dict.fromkeys(DRIVERS, "no_better_than_noise")
    memory = truth.memory or None
    around = [0.8 * memory, 1.1 * memory] if memory else None
    return {
        "scenario": scenario,
        "memory": memory,
        "unit": truth.unit,
        "clock_told": truth.clock if truth.velocity_factor > 1 else None,
        "seed": 1,
        "causes": list(truth.causes),
        "carriers": list(truth.proxies),
        "has_skill": scenario != "nothing",
        "r2": -0.1 if scenario == "nothing" else 0.8,
        "best_s": 100.0,
        "gradient_span_s": [10.0, 50.0, None],
        "required_s": around if truth.unit == "s" else None,
        "required_m": around if truth.unit == "m" else None,
        "first": dict.fromkeys(bench.METHODS, cause),
        "verdicts": status | ({cause: "supported"} if truth.causes else {}),
        "coverage": 0.9,
        "seconds": {"training": 1.0},
        **changes,
    }


EVERY = [record(name) for name in TRUTHS]


def test_the_groups_share_no_seed_and_no_memory() -> None:
    judged, tuning = (list(cases(group)) for group in ("judged", "tuning"))
    assert not {case.seed for case in judged} & {case.seed for case in tuning}
    assert 0 not in {case.seed for case in judged + tuning}
    for name, memories in MEMORIES["judged"].items():
        assert not set(memories) & set(MEMORIES["tuning"][name])
    assert {case.scenario for case in judged} == set(TRUTHS)
    assert len({case.name for case in judged + tuning}) == len(judged) + len(tuning)
    first = judged[: len(judged) // len(SEEDS["judged"])]
    assert {case.scenario for case in first} == set(TRUTHS)


def test_when_all_is_found_as_planted_every_target_is_met() -> None:
    counted = count(EVERY)
    assert all(one["holds"] for one in counted.values())
    assert [target.key for target in TARGETS] == list(counted)
    assert (counted["cause_first"]["met"], counted["cause_first"]["of"]) == (11, 11)
    memories = ("memory_within", "range_too_wide", "memory_of_none", "clock_right", "clock_of_none")
    assert [counted[key]["of"] for key in memories] == [7, 7, 5, 4, 12]


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("cause_first", record("temperature-now", first=OTHER_FIRST)),
        ("innocent_supported", record("temperature-now", verdicts=ALL_SUPPORTED)),
        ("false_cause", record("load-history", verdicts=ALL_SUPPORTED)),
        ("memory_within", record("temperature-history", required_s=[120.0, 200.0])),
        ("memory_within", record("temperature-history", required_s=None)),
        ("memory_within", record("thermal-softening", required_s=[130.0, None])),
        ("memory_within", record("rate-and-state", required_m=None)),
        ("memory_within", record("rate-and-state-slip", required_m=[10e-6, 20e-6])),
        ("range_too_wide", record("temperature-history", required_s=[30.0, 200.0])),
        ("range_too_wide", record("temperature-history", required_s=[80.0, None])),
        ("range_too_wide", record("rate-and-state", required_m=[60e-6, 300e-6])),
        ("memory_of_none", record("noisy-thermocouple", required_s=[48.0, 80.0])),
        ("memory_of_none", record("running-in", required_s=[30.0, 60.0])),
        ("trend_supported", record("shared-trend", verdicts=ALL_SUPPORTED)),
        ("clock_right", record("temperature-velocity", clock_told="slip")),
        ("clock_right", record("running-in-by-slip", clock_told=None)),
        ("clock_of_none", record("temperature-history", clock_told="time")),
        ("skill_shown", record("running-in", has_skill=False)),
        ("coverage", record("temperature-now", coverage=0.3)),
        ("nothing_told", record("nothing", has_skill=True)),
    ],
)  # fmt: skip
def test_each_failure_is_counted(key: str, wrong: dict[str, Any]) -> None:
    assert not count([*EVERY, wrong, wrong])[key]["holds"]


def test_of_studies_that_do_not_predict_no_skill_is_asked() -> None:
    poor = record("running-in", has_skill=False, r2=0.5)
    assert count([*EVERY, poor])["skill_shown"]["of"] == len(TRUTHS) - 1


def test_between_60_and_80_studies_judge() -> None:
    assert 60 <= len(list(cases("judged"))) <= 80


def test_innocent_are_drivers_that_neither_cause_nor_carry() -> None:
    assert innocents(record("temperature-history")) == ["slip_velocity"]
    assert set(innocents(record("nothing"))) == set(DRIVERS)


def test_the_file_holds_counts_and_every_study() -> None:
    kept = json.loads(to_json("judged", EVERY))
    assert kept["targets"]["cause_first"]["share"] == 1
    assert len(kept["studies"]) == len(TRUTHS)
    assert kept["command"] == "slicken truth --group judged"


def test_a_clock_is_told_with_its_slip() -> None:
    fit = SimpleNamespace(clock="slip", is_limited=False, low=4e-5, high=6e-5, more_than=3e-5)
    limited = SimpleNamespace(**(vars(fit) | {"is_limited": True}))
    timed = SimpleNamespace(**(vars(fit) | {"clock": "time"}))

    def told(one: SimpleNamespace | None) -> dict[str, Any]:
        return told_by(cast("Clock", SimpleNamespace(fit=one)))

    assert told(fit) == {"clock_told": "slip", "required_m": [4e-5, 6e-5]}
    assert told(limited) == {"clock_told": "slip", "required_m": [3e-5, None]}
    assert told(timed) == {"clock_told": "time", "required_m": None}
    assert told(None) == told_by(None) == {"clock_told": None, "required_m": None}


def test_a_case_runs_from_fault_to_record_and_is_not_run_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a size of seconds: present temperature is found to move friction."""
    small = {
        "preset": "quick", "windows": (5, 20), "runs": 2, "epochs": 12, "stride": 10,
        "network": {"filters": 8, "units": 8, "gru_layers": 1, "conv_layers": 1},
    }  # fmt: skip
    monkeypatch.setattr(bench, "PLAN", small)
    monkeypatch.setattr(bench, "EXPERIMENTS", 9)
    monkeypatch.setattr(bench, "DURATION", 900.0)
    lines: list[str] = []
    case = Case("temperature-now", None, 3)
    (found,) = run_cases([case], tmp_path, lines.append)
    assert found["first"]["shapley_loss"] == "temperature"
    assert found["verdicts"]["slip_velocity"] != "supported"
    assert 0.6 < found["coverage"] <= 1
    assert len(lines) == 1
    assert run_cases([case], tmp_path, lines.append) == [found]
    assert len(lines) == 1
