"""What all rivals share: experiments read from CSV files, and an answer of one form.

It runs in the environments of the rivals, which have NumPy and not slicken.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

STEP = 10
"""Samples of 1 s that are averaged to one: a rig's noise would hide much of one alone."""
LONGEST = 400
"""Seconds of history that a rival is given; the longest planted memory has 250."""
DECADES = 10.0
"""Slowest to fastest velocity, from which its logarithm is taken, as in rate-and-state laws."""
VELOCITY = "slip_velocity"


@dataclass(frozen=True)
class Experiments:
    """The experiments of a case, averaged.

    Args:
        drivers: Names of the drivers.
        step: Seconds from one sample to the next.
        inputs: Drivers of each experiment, each of shape ``(T, C)``.
        friction: Friction of each experiment, each of shape ``(T,)``.
    """

    drivers: tuple[str, ...]
    step: float
    inputs: tuple[np.ndarray, ...]
    friction: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Answer:
    """What a rival says.

    Args:
        called: Drivers that it calls causes of friction.
        ranking: Drivers in the order of its measure, the strongest first.
        memory: Shortest and longest length of history, in s, an upper end of None for "more than";
            None where it tells of no memory.
        notes: Anything else that a reader may want.
    """

    called: Sequence[str]
    ranking: Sequence[str]
    memory: tuple[float, float | None] | None
    notes: Mapping[str, Any]


def read(folder: Path) -> Experiments:
    """All CSV files of a case, averaged over :data:`STEP` samples."""
    files = sorted(folder.glob("*.csv"))
    header = files[0].open(encoding="utf-8").readline().strip().split(",")
    tables = [average(np.loadtxt(file, delimiter=",", skiprows=1)) for file in files]
    drivers = header[1:-1]
    column = header.index(VELOCITY)
    every = np.concatenate([table[:, column] for table in tables])
    moving = every[every > 0]
    if moving.max() > DECADES * moving.min():
        for table in tables:
            table[:, column] = np.log10(np.maximum(table[:, column], moving.min()))
    return Experiments(
        drivers=tuple(drivers),
        step=float(tables[0][1, 0] - tables[0][0, 0]),
        inputs=tuple(table[:, 1:-1] for table in tables),
        friction=tuple(table[:, -1] for table in tables),
    )


def average(table: np.ndarray) -> np.ndarray:
    """Means of every :data:`STEP` rows; what is left over at the end is dropped."""
    whole = len(table) // STEP * STEP
    return table[:whole].reshape(-1, STEP, table.shape[1]).mean(axis=1)


def answer_all(rivals: Mapping[str, Callable[[Experiments], Answer]]) -> None:
    """Ask every rival about every case of the folder named on the command line.

    An answer lies beside the experiments, as ``RIVAL.answer.json``; one that is there is kept.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, help="what export.py wrote")
    parser.add_argument("--again", action="store_true", help="ask again where there is an answer")
    asked = parser.parse_args()
    for folder in sorted(file.parent for file in asked.folder.glob("*/case.json")):
        experiments = read(folder)
        for name, ask in rivals.items():
            file = folder / f"{name}.answer.json"
            if file.is_file() and not asked.again:
                continue
            began, processor = time.perf_counter(), time.process_time()
            said = ask(experiments)
            spent = time.perf_counter() - began, time.process_time() - processor
            write(file, name, folder.name, said, spent)
            print(f"{folder.name} {name}: {said}; {spent[0]:.1f} s", flush=True)


def write(file: Path, rival: str, case: str, said: Answer, spent: tuple[float, float]) -> None:
    """Keep an answer, with the seconds and processor seconds it took."""
    content = {
        "rival": rival,
        "case": case,
        "called": list(said.called),
        "ranking": list(said.ranking),
        "memory_s": said.memory and list(said.memory),
        "seconds": round(spent[0], 1),
        "processor_seconds": round(spent[1], 1),
        "cores": os.cpu_count(),
        "notes": dict(said.notes),
    }
    file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
