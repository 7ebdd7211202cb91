"""Real: studies of measured records, by plans that were written before their scores were seen.

Nobody knows the truth of a real fault; what can be shown is how well each model predicts what it
never saw, with an interval, what was concluded, and what the plan's author knew when it was made.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from slicken.evidence.resampling import independent_blocks
from slicken.evidence.scores import MODELS
from slicken.evidence.skill import skill
from slicken.experiment.reading import read_logs
from slicken.pipeline import explain, report, train
from slicken.reporting.answer import answer
from slicken.reporting.laws_beside import better_than_networks, said_of_laws
from slicken.reporting.methods import split_of
from slicken.reporting.wording import words
from slicken.study.files import write_text
from slicken.study.plan import Plan

if TYPE_CHECKING:
    import xarray as xr

    from slicken.evidence.evidence import Evidence

Record = dict[str, Any]
"""What a study of real records found; see :func:`describe`."""
Tell = Callable[[str], None]


def run_real(plans: Iterable[Path], folder: Path, tell: Tell) -> list[Record]:
    """Study the records of every plan; finished studies that lie in the folder are not repeated.

    Args:
        plans: Files of plans; each names its logs.
        folder: Folder for the studies.
        tell: Called with a line for each study.
    """
    records = []
    for file in plans:
        plan = Plan.load(file)
        record = run_plan(plan, file.parent, folder / plan.name) | {
            "plan": file.as_posix(),
            "plan_sha256": _checksum(file),
        }
        records.append(record)
        network = record["models"]["network"]
        tell(f"{plan.name}: {record['grade']}, R2 {network['r2']}")
    return records


def run_plan(plan: Plan, beside: Path, folder: Path) -> Record:
    """One study, from logs to page, and what it found.

    Args:
        plan: Plan of the study.
        beside: Folder of its logs and channel maps, where their names are relative.
        folder: Study folder.
    """
    began = time.perf_counter()
    experiments = read_logs(plan.logs, plan.channels, preparation=plan.preparation, beside=beside)
    trained = train(experiments, plan, folder)
    evidence = explain(trained)
    report(evidence)
    seconds = round(time.perf_counter() - began)
    return describe(evidence) | {"known": plan.known, "seconds": seconds}


def describe(evidence: "Evidence") -> Record:
    """What a study found: every model on what it never saw, and what is concluded of it.

    ``models`` holds for each model of :data:`~slicken.evidence.scores.MODELS` its ``rmse`` in
    friction, ``r2``, ``skill`` against the mean of the held-out friction and ``over`` it: the skill
    of the networks over that model; both with the ends of a 95 % interval, None without one.
    """
    trained, answered = evidence.trained, answer(evidence)
    plan, record = trained.plan, trained.prepared.record
    say = words("en", plan.clock)
    best = evidence.comparison.best
    return {
        "name": plan.name,
        "logs": [one.provenance.source for one in trained.experiments],
        "experiments": len(trained.experiments),
        "samples": len(record),
        "step": record.dt,
        "unit": record.unit,
        "drivers": list(record.channels),
        "split": say(split_of(trained)),
        "folds": plan.folds,
        "targets": int(trained.prepared.split.ends["test"].size),
        "grade": evidence.skill.grade,
        "permutation_p": evidence.skill.permutation_p,
        "coverage": _rounded(evidence.skill.coverage),
        "best": best,
        "models": _models(evidence, best),
        "verdicts": {one.channel: one.verdict for one in evidence.drivers},
        "answers": {
            name: [say(each) for each in (found.headline, *found.beside)]
            for name, found in answered.findings().items()
        },
        "laws": [
            say(each)
            for each in (*better_than_networks(evidence.laws), *said_of_laws(evidence.laws))
        ],
        "caveats": [say(each) for each in answered.caveats],
    }


def _models(evidence: "Evidence", best: float) -> dict[str, Record]:
    predicted = evidence.scores.baselines
    test = predicted.isel(target=predicted["part"].to_numpy().astype(str) == "test")
    scores = evidence.scores.at(best)
    found = {}
    for model in MODELS:
        score = scores.sel(model=model)
        found[model] = {
            "rmse": _rounded(float(score["rmse"]), 5),
            "r2": _rounded(float(score["r2"])),
            "skill": _against_the_mean(evidence, test, model),
            "over": None if model == "network" else _over(evidence, model),
        }
    return found


def _against_the_mean(evidence: "Evidence", test: "xr.Dataset", model: str) -> list[float | None]:
    """Skill of a model against the mean of what was held out, of each fold, with its interval."""
    plan = evidence.trained.plan
    measured = test["measured"].to_numpy()
    guess = test["predicted"].sel(model=model).to_numpy()
    if not np.isfinite(guess).all():
        return [None] * 3
    theirs, mine = (_mean_of_each_fold(evidence, measured) - measured) ** 2, (guess - measured) ** 2
    blocks = independent_blocks(test, theirs - mine, plan.windows[-1])
    one = skill(mine, theirs, blocks, against="test_mean", seed=plan.seed)
    return [_rounded(each) for each in (one.value, one.low, one.high)]


def _mean_of_each_fold(evidence: "Evidence", measured: np.ndarray) -> np.ndarray:
    sizes = [fold.prepared.split.ends["test"].size for fold in evidence.trained.folds]
    pieces = np.split(measured, np.cumsum(sizes)[:-1])
    return np.repeat([piece.mean() for piece in pieces], sizes)


def _over(evidence: "Evidence", model: str) -> list[float | None]:
    """Skill of the networks over another model on the whole test part."""
    return [_rounded(each) for each in evidence.skill.over(model)]


def to_json(records: Iterable[Record]) -> str:
    """The records, with the version that made them."""
    return json.dumps({"slicken": version("slicken"), "studies": list(records)}, indent=1) + "\n"


def write_records(file: Path, records: Iterable[Record]) -> None:
    """Put the records into a file, in place of those of the same name that it holds.

    Args:
        file: File for the records, new or old.
        records: Records.
    """
    held = json.loads(file.read_text(encoding="utf-8"))["studies"] if file.is_file() else []
    together = {record["name"]: record for record in (*held, *records)}
    write_text(file, to_json(together.values()))


def _checksum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _rounded(value: float, digits: int = 3) -> float | None:
    return round(value, digits) if np.isfinite(value) else None
