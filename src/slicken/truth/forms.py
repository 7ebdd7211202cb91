"""Forms: when friction less its level, and channels as changes, are right, and what they hide.

Four small truths, each studied in both forms. Two want the form, two are hidden by it.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from slicken.experiment.experiment import Experiment
from slicken.pipeline import explain, train
from slicken.study.files import write_text
from slicken.study.plan import Plan

if TYPE_CHECKING:
    from slicken.truth.cases import Group

Floats = NDArray[np.float64]
FormRecord = dict[str, Any]
"""What a study in one form found; see :func:`run_form`."""
SEEDS: Mapping["Group", Sequence[int]] = {"judged": (421, 422, 423, 424), "tuning": (1, 2)}
"""Seeds of the simulations and the studies; the groups share none."""
EXPERIMENTS, DURATION = 8, 1500
NOISE = 5e-4
"""Noise of friction: standard deviation."""
MEMORY = 40
"""Seconds of the past that count, where some do."""
PLAN: Mapping[str, Any] = {"preset": "quick", "windows": (10.0, 30.0, 90.0), "controls": False}
RELATIVE: Mapping[str, Any] = {"target": "relative", "level_span": 60.0}


@dataclass(frozen=True)
class FormTruth:
    """A planted truth that is studied in two forms.

    Args:
        name: Name of the truth.
        words: What is planted.
        form: Plan fields of the form that is tried, beside the plan without them.
        right: Whether the form is right.
        drivers: Drivers of the study.
        cause: The driver that friction depends on.
        split: How the experiments are divided, where not by whole experiments.
        make: Function from a source of randomness to the channels of an experiment.
    """

    name: str
    words: str
    form: Mapping[str, Any]
    right: bool
    drivers: tuple[str, ...]
    cause: str
    make: Callable[[np.random.Generator], Mapping[str, Floats]]
    split: Mapping[str, Any] = field(default_factory=dict)


def _wandering(random: np.random.Generator, spread: float, seconds: int = 120) -> Floats:
    """Smooth noise with a standard deviation of about ``spread``."""
    white = random.normal(size=DURATION)
    smooth = uniform_filter1d(uniform_filter1d(white, seconds, mode="wrap"), seconds, mode="wrap")
    return np.asarray(spread * smooth / smooth.std())


def _past(values: Floats) -> Floats:
    """Mean of the last :data:`MEMORY` samples; before the record all was as at its start."""
    origin = MEMORY - 1 - MEMORY // 2
    return np.asarray(uniform_filter1d(values, MEMORY, mode="nearest", origin=origin))


def _speed(random: np.random.Generator, usual: float) -> Floats:
    return np.asarray(usual * (1 + 0.01 * random.normal(size=DURATION)))


def _heated(random: np.random.Generator) -> Floats:
    """Temperature from that of the room on, degC."""
    rising = np.minimum(np.arange(DURATION) / 300, 1.0) ** 2
    return np.asarray(25 + (30 + _wandering(random, 12.0)) * rising)


def specimen_level(random: np.random.Generator) -> dict[str, Floats]:
    """Friction falls with past temperature, from a level of the specimen's own.

    All begin at the temperature of the room, as rigs do: whatever drivers did over the first
    stretch is taken off with the level.
    """
    warm = _heated(random)
    level = 0.6 + random.normal(0, 0.04)
    return {
        "slip_velocity": _speed(random, 1e-3),
        "temperature": warm,
        "friction": level - 5e-4 * _past(warm) + NOISE * random.normal(size=DURATION),
    }


def level_of_velocity(random: np.random.Generator) -> dict[str, Floats]:
    """Each experiment slips at a velocity of its own, which sets its level; it is heated, too."""
    usual, warm = 10 ** random.uniform(-5.5, -3.5), _heated(random)
    level = 0.6 - 0.01 * np.log(usual / 1e-4)
    return {
        "slip_velocity": _speed(random, usual),
        "temperature": warm,
        "friction": level - 5e-4 * _past(warm) + NOISE * random.normal(size=DURATION),
    }


def changes_within(random: np.random.Generator) -> dict[str, Floats]:
    """Friction follows how far the specimen shortened over the last seconds, up to a limit."""
    usual = 10 ** random.uniform(-1.5, 0.0)  # um/s
    rate = usual + np.abs(_wandering(random, 0.3, 60))
    shortened = np.cumsum(rate) * 1e-6
    before = np.concatenate([np.zeros(MEMORY), shortened[:-MEMORY]])
    return {
        "axial_displacement": shortened,
        "temperature": 30 + _wandering(random, 3.0),
        "friction": 0.6 + dilated(shortened - before) + NOISE * random.normal(size=DURATION),
    }


def dilated(change: Floats) -> Floats:
    """Friction above its level by a change of thickness, m."""
    return np.asarray(0.03 * np.tanh((change - 15e-6) / 8e-6))


def total_wear(random: np.random.Generator) -> dict[str, Floats]:
    """Running-in: friction falls with all that was worn since the start."""
    usual = 10 ** random.uniform(-1.3, -0.7)
    rate = usual * (1 + 0.3 * _wandering(random, 1.0, 60).clip(-2, 2))
    shortened = np.cumsum(rate) * 1e-6
    return {
        "axial_displacement": shortened,
        "temperature": 30 + _wandering(random, 3.0),
        "friction": 0.55 + 0.1 * np.exp(-shortened / 50e-6) + NOISE * random.normal(size=DURATION),
    }


TRUTHS: tuple[FormTruth, ...] = (
    FormTruth(
        "specimen-level", "a level for each specimen, and past temperature", RELATIVE, True,
        ("slip_velocity", "temperature"), "temperature", specimen_level,
    ),
    FormTruth(
        "level-of-velocity", "a velocity for each experiment, past temperature", RELATIVE, False,
        ("slip_velocity", "temperature"), "slip_velocity", level_of_velocity,
    ),
    FormTruth(
        "changes-within", "shortening over the last 40 s; the test part comes last",
        {"as_change": ("axial_displacement",)}, True, ("axial_displacement", "temperature"),
        "axial_displacement", changes_within, {"by": "time", "folds": 1},
    ),
    FormTruth(
        "total-wear", "all shortening since the start",
        {"as_change": ("axial_displacement",)}, False, ("axial_displacement", "temperature"),
        "axial_displacement", total_wear,
    ),
)  # fmt: skip
"""Truths; each is studied with its form and without."""


def run_forms(group: "Group", folder: Path, tell: Callable[[str], None]) -> list[FormRecord]:
    """Study every truth in both forms; records that lie in the folder are read.

    Args:
        group: Group of the seeds.
        folder: Folder for studies and records.
        tell: Called with a line for each study that was run.
    """
    records = []
    for truth, seed, formed in form_cases(group):
        name = f"{truth.name}-{'form' if formed else 'plain'}-seed{seed}"
        file = folder / f"{name}.json"
        if not file.is_file():
            record = run_form(truth, seed, folder / name, formed=formed)
            write_text(file, json.dumps(record, indent=1) + "\n")
            tell(f"{name}: {record['grade']}, R2 {record['r2']} ({record['seconds']} s)")
        records.append(json.loads(file.read_text(encoding="utf-8")))
    return records


def form_cases(group: "Group") -> Iterator[tuple[FormTruth, int, bool]]:
    """Every truth with every seed, with its form and without."""
    for seed in SEEDS[group]:
        for truth in TRUTHS:
            yield truth, seed, True
            yield truth, seed, False


def experiments_of(truth: FormTruth, seed: int) -> list[Experiment]:
    """The simulated experiments of a truth."""
    found = []
    for number in range(EXPERIMENTS):
        random = np.random.default_rng([seed, number])
        clock = np.arange(float(DURATION))
        name = f"{truth.name}-{number + 1:02d}"
        channels: dict[str, Any] = {"time": clock, **truth.make(random)}
        found.append(Experiment.from_arrays(name=name, **channels))
    return found


def run_form(truth: FormTruth, seed: int, folder: Path, *, formed: bool) -> FormRecord:
    """Simulate, study in one form, and write down what was found.

    Args:
        truth: Planted truth.
        seed: Random seed.
        folder: Study folder.
        formed: Whether in the form that is tried.
    """
    began = time.perf_counter()
    form = truth.form if formed else {}
    settings = {**PLAN, **form, "split": dict(truth.split)}
    plan = Plan(**settings, name=truth.name, seed=seed, drivers=truth.drivers)
    evidence = explain(train(experiments_of(truth, seed), plan, folder))
    best = evidence.scores.at(evidence.comparison.best).sel(model="network")
    against = next(one for one in evidence.skill.against if one.against == "test_mean")
    return {
        "truth": truth.name,
        "seed": seed,
        "form": formed,
        "right": truth.right == formed,
        "grade": evidence.skill.grade,
        "rmse": round(float(best["rmse"]), 5),
        "r2": round(float(best["r2"]), 3),
        "skill": [round(each, 3) for each in (against.value, against.low, against.high)],
        "verdicts": {one.channel: one.verdict for one in evidence.drivers},
        "seconds": round(time.perf_counter() - began),
    }


def found(record: FormRecord) -> bool:
    """Whether a study shows skill, and finds the cause supported or informative."""
    truth = next(one for one in TRUTHS if one.name == record["truth"])
    verdict = record["verdicts"].get(truth.cause, "")
    return record["grade"] == "shown" and verdict in ("supported", "informative")


def count_forms(records: Sequence[FormRecord]) -> dict[str, Any]:
    """How often the right form finds the cause, and the other one does not, by truth."""
    counted = {}
    for truth in TRUTHS:
        here = [one for one in records if one["truth"] == truth.name]
        right = [found(one) for one in here if one["right"]]
        wrong = [one for one in here if not one["right"]]
        pairs = {one["seed"]: one["rmse"] for one in here if one["right"]}
        worse = [
            not found(one) or one["rmse"] > 2 * pairs.get(one["seed"], np.inf) for one in wrong
        ]
        for key, words, of in (
            ("right", "the right form shows skill and its cause", right),
            ("wrong", "the other one does not, or errs twice as much", worse),
        ):
            counted[f"{truth.name}_{key}"] = {
                "words": f"{truth.words}: {words}",
                "met": sum(of),
                "of": len(of),
                "target": "all",
                "holds": bool(of) and all(of),
            }
    return counted


def forms_json(group: "Group", records: Sequence[FormRecord]) -> str:
    """Everything: how often each thing came out, and the record of every study."""
    content = {
        "group": group,
        "command": f"slicken truth --forms --group {group}",
        "slicken": version("slicken"),
        "targets": count_forms(records),
        "studies": list(records),
    }
    return json.dumps(content, indent=1) + "\n"
