"""Lab bench: whether experiments on the networks of simulated faults tell what was planted."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slicken.errors import LabError
from slicken.evidence.lab_numbers import run_lab
from slicken.physics.friction import ThermalWeakening
from slicken.physics.rate_and_state import RateAndState
from slicken.pipeline import explain, train
from slicken.study.files import write_text
from slicken.study.plan import Plan
from slicken.truth.bench import PLAN, experiments_of
from slicken.truth.cases import MEMORIES, Case

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.truth.cases import Group

LabRecord = dict[str, Any]
"""What the laboratory told of a case, beside what was planted."""
SEEDS: Mapping["Group", Sequence[int]] = {"judged": range(441, 451), "tuning": (1, 2, 3)}
"""Seeds of the simulations and the studies; the groups share none. Seeds 431 to 440 have judged:
there a - b was held in 8 of 10, by intervals of folds alone, and what held-out residuals miss was
added to them; so they do not judge any more."""
SCENARIOS: Mapping[str, float] = {"rate-and-state": 1.0, "temperature-now": 1.0, "nothing": 0.3}
"""Truths, and the share of the seeds with which each is tried."""
PLANTED: Mapping[str, Mapping[str, float]] = {
    "rate-and-state": {"a_minus_b": RateAndState().a - RateAndState().b, "a": RateAndState().a},
    "temperature-now": {"per_kelvin": ThermalWeakening().slope},
    "nothing": {},
}
"""Numbers that an experiment should tell, in SI."""
ASKED = 0.9
"""Share of the cases in which the interval is to hold what was planted."""


def lab_cases(group: "Group") -> Iterator[Case]:
    """All cases of a group, seed by seed; of the planted memories, one after another."""
    for number, seed in enumerate(SEEDS[group]):
        for scenario, share in SCENARIOS.items():
            if number < max(1, round(share * len(SEEDS[group]))):
                memories = MEMORIES[group].get(scenario, (None,))
                yield Case(scenario, memories[number % len(memories)], seed)


def run_lab_cases(
    cases: Iterable[Case], folder: Path, tell: Callable[[str], None]
) -> list[LabRecord]:
    """Study every case and experiment on its networks; records in the folder are read.

    Args:
        cases: Cases.
        folder: Folder for a study and a record of each.
        tell: Called with a line for each case that was run.
    """
    records = []
    for case in cases:
        file = folder / f"{case.name}.json"
        if not file.is_file():
            record = run_lab_case(case, folder / case.name)
            write_text(file, json.dumps(record, indent=1) + "\n")
            tell(f"{case.name}: {record['refused'] or said(record)} ({record['seconds']} s)")
        records.append(json.loads(file.read_text(encoding="utf-8")))
    return records


def run_lab_case(case: Case, folder: Path) -> LabRecord:
    """Simulate, study, and experiment on the networks.

    Args:
        case: Simulated fault.
        folder: Study folder.
    """
    began = time.perf_counter()
    plan = Plan(**PLAN, name=case.name, seed=case.seed)
    evidence = explain(train(experiments_of(case), plan, folder))
    return {
        "name": case.name,
        "scenario": case.scenario,
        "memory": case.memory,
        "seed": case.seed,
        "grade": evidence.skill.grade,
        "planted": dict(PLANTED[case.scenario]),
        **_told(evidence),
        "seconds": round(time.perf_counter() - began),
    }


def _told(evidence: "Evidence") -> LabRecord:
    try:
        lab = run_lab(evidence)
    except LabError as error:
        return {"refused": str(error), "numbers": {}}
    numbers = {
        one.name: {"networks": list(one.networks), "data": list(one.data), "data_from": one.source}
        for one in lab.numbers
        if one.problem is None
    }
    return {"refused": None, "numbers": _finite(numbers)}


def _finite(tree: Any) -> Any:  # noqa: ANN401 (a tree that JSON can hold)
    if isinstance(tree, dict):
        return {key: _finite(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_finite(value) for value in tree]
    return None if isinstance(tree, float) and tree != tree else tree


def said(record: LabRecord) -> str:
    """The planted numbers of a case, each within its interval or not."""
    return ", ".join(
        f"{name} {'held' if holds(record, name) else 'MISSED'}" for name in record["planted"]
    )


def holds(record: LabRecord, name: str) -> bool:
    """Whether the interval of the networks holds the planted number; not without an interval."""
    value, low, high = record["numbers"].get(name, {}).get("networks", (None, None, None))
    return None not in (value, low, high) and low <= record["planted"][name] <= high


def count_lab(records: Sequence[LabRecord]) -> dict[str, Any]:
    """How often each thing came out: ``met`` of ``of`` cases, and whether that ``holds``."""
    found = {}
    for scenario, name, words in (
        ("rate-and-state", "a_minus_b", "the interval of the networks holds the planted a - b"),
        ("temperature-now", "per_kelvin", "it holds the planted coefficient of temperature"),
    ):
        of = [holds(one, name) for one in records if one["scenario"] == scenario]
        found[f"{scenario}_{name}"] = _counted(words, of, ASKED)
    of = [one["refused"] is not None for one in records if one["scenario"] == "nothing"]
    found["nothing_refused"] = _counted("friction without causes is refused", of, 1.0)
    return found


def _counted(words: str, of: Sequence[bool], asked: float) -> dict[str, Any]:
    met = sum(of)
    return {
        "words": words,
        "met": met,
        "of": len(of),
        "target": "all" if asked == 1 else f"at least {100 * asked:.0f} %",
        "holds": bool(of) and met >= asked * len(of),
    }


def lab_json(group: "Group", records: Sequence[LabRecord]) -> str:
    """Everything: how often each thing came out, and the record of every case."""
    content = {
        "group": group,
        "command": f"slicken truth --lab --group {group}",
        "slicken": version("slicken"),
        "targets": count_lab(records),
        "cases": list(records),
    }
    return json.dumps(content, indent=1) + "\n"
