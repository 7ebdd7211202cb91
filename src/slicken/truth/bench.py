"""Bench: studies of simulated faults, one after another, each a record of what was found."""

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from slicken.evidence.attribution import METHODS
from slicken.evidence.drivers import shares_of
from slicken.evidence.importance import ranking
from slicken.physics.scenarios import simulate
from slicken.physics.truths import TRUTHS
from slicken.pipeline import explain, train
from slicken.study.files import write_text
from slicken.study.plan import Plan

if TYPE_CHECKING:
    from slicken.evidence.clock import Clock
    from slicken.evidence.evidence import Evidence
    from slicken.evidence.memory import Memory
    from slicken.experiment import Experiment
    from slicken.truth.cases import Case
    from slicken.truth.targets import Record

EXPERIMENTS, DURATION = 12, 3600.0
PLAN: dict[str, Any] = {
    "preset": "quick",
    "windows": (10, 30, 90, 270),
}
"""What every case runs: the preset ``quick``, which is ``recommended`` at a size for two cores."""

Tell = Callable[[str], None]


def run_cases(chosen: Iterable["Case"], folder: Path, tell: Tell) -> list["Record"]:
    """Study every case; those that lie in the folder already are read.

    Args:
        chosen: Cases.
        folder: Folder for a study and a record of each.
        tell: Called with a line for each case.
    """
    records = []
    for case in chosen:
        file = folder / f"{case.name}.json"
        if file.is_file():
            records.append(json.loads(file.read_text(encoding="utf-8")))
            continue
        record = run_case(case, folder / case.name)
        write_text(file, json.dumps(record, indent=1) + "\n")
        records.append(record)
        tell(_line(record))
    return records


def run_case(case: "Case", folder: Path) -> "Record":
    """Simulate, study, and write down what was found beside what was planted.

    Args:
        case: Simulated fault.
        folder: Study folder.
    """
    began = time.perf_counter()
    experiments = experiments_of(case)
    plan = Plan(**PLAN, name=case.name, seed=case.seed)
    trained_in = time.perf_counter()
    trained = train(experiments, plan, folder)
    explained_from = time.perf_counter()
    evidence = explain(trained)
    return describe(case, evidence) | {
        "seconds": {
            "simulating": round(trained_in - began, 1),
            "training": round(explained_from - trained_in, 1),
            "evidence": round(time.perf_counter() - explained_from, 1),
        },
        "lag_model_fits": evidence.memory.lag_model_fits,
    }


def experiments_of(case: "Case") -> list["Experiment"]:
    """The simulated experiments of a case."""
    return simulate(
        case.scenario,
        experiments=EXPERIMENTS,
        duration=DURATION,
        memory=case.memory,
        seed=case.seed,
    )


def describe(case: "Case", evidence: "Evidence") -> "Record":
    """What a study found, beside what was planted."""
    truth, comparison = TRUTHS[case.scenario], evidence.comparison
    memory, table = evidence.memory.conclusion, evidence.importance.attribution
    used = evidence.memory.spans[comparison.best].mean("run", skipna=True)
    firsts = {}
    for method in METHODS:
        ranked = ranking(shares_of(table, method))
        firsts[method] = ranked[0][0] if ranked else None
    test, skill = evidence.scores.at(comparison.best), evidence.skill
    return {
        "scenario": case.scenario,
        "memory": evidence.trained.truth.get("memory_s") if truth.unit != "m" else case.memory,
        "unit": truth.unit,
        "clock": truth.clock,
        "kernel": truth.kernel,
        "velocity_factor": truth.velocity_factor,
        "seed": case.seed,
        "causes": list(truth.causes),
        "carriers": list(truth.proxies),
        "has_skill": skill.proven,
        "grade": skill.grade,
        "skill": {one.against: _rounded(one.value) for one in skill.against},
        "skill_low": {one.against: _rounded(one.low) for one in skill.against},
        "permutation_p": skill.permutation_p,
        "r2": _rounded(float(test["r2"].sel(model="network"))),
        "best_s": comparison.best,
        "probability_best": _rounded(
            float(comparison.probability_best.sel(window=comparison.best))
        ),
        "tied_s": list(comparison.tied),
        "gradient_span_s": [_rounded(float(x)) for x in used.to_numpy()],
        "memory_method": memory.method if memory else None,
        "required_s": _range(memory),
        **told_by(evidence.memory.clock if skill.grade == "shown" else None),
        "first": firsts,
        "verdicts": {one.channel: one.verdict for one in evidence.drivers},
        "coverage": _rounded(skill.coverage),
    }


def told_by(clock: "Clock | None") -> "Record":
    """Which clock a memory was told by, and over how much slip, in m, where slip is the clock.

    Args:
        clock: By which clock friction forgets; None where that was not asked.
    """
    fit = clock.fit if clock else None
    if fit is None or fit.clock != "slip":
        return {"clock_told": fit.clock if fit else None, "required_m": None}
    ends = [fit.more_than, None] if fit.is_limited else [fit.low, fit.high]
    return {"clock_told": "slip", "required_m": ends}


def _range(memory: "Memory | None") -> list[float | None] | None:
    if memory is None or not memory.is_needed:
        return None
    return [round(memory.low, 1), None if memory.limit else round(memory.high, 1)]


def _line(record: "Record") -> str:
    seconds = sum(record["seconds"].values())
    return (
        f"{record['scenario']} {record['memory'] or ''}{record['unit']} seed {record['seed']}: "
        f"skill {record['has_skill']}, required {record['required_s']}, "
        f"best {record['best_s']:g} s, first {record['first']['shapley_loss']}, "
        f"{record['verdicts']}, coverage {record['coverage']:.2f}; {seconds:.0f} s"
    )


def _rounded(value: float) -> float | None:
    return round(value, 4) if np.isfinite(value) else None
