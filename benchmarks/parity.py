"""Parity: before anything is timed, all implementations must compute the same."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from case import BASE, Case
from implementations import POSER, REFERENCE, Implementation
from worker import Worker, WorkerError

STEPS = 5
PROBLEMS = (Case(length=40, batch=8, runs=2), replace(BASE, runs=1))
"""A small one with runs that differ, and the base network with one run."""

OUTPUT_TOLERANCE = 1e-5
"""Largest difference of an output, relative to the largest output."""

LOSS_TOLERANCE = 1e-4
"""Largest relative difference of a loss; Adam's steps are not small where gradients are."""


class ParityError(Exception):
    """An implementation that computes something else."""


@dataclass(frozen=True)
class Parity:
    """How far an implementation is from the float64 reference, at most.

    Args:
        output: largest difference, relative to the largest output.
        loss: largest relative difference, of the batches and after them.
    """

    output: float
    loss: float


def compare(told: dict[str, Any], reference: dict[str, Any]) -> Parity:
    """Distance of outputs (R, N) and losses (R, steps + 1) from those of the reference."""
    output, truth = (np.asarray(one["outputs"]) for one in (told, reference))
    loss, true_loss = (np.asarray(one["losses"]) for one in (told, reference))
    return Parity(
        output=float(np.max(np.abs(output - truth)) / np.max(np.abs(truth))),
        loss=float(np.max(np.abs(loss - true_loss) / true_loss)),
    )


def prove_parity(implementations: list[Implementation], *, limit: float) -> dict[str, Parity | str]:
    """How far each is from the reference; the reason for those that do not run.

    Raises:
        ParityError: if one is further than the tolerances.
        WorkerError: if the reference itself does not run.
    """
    found: dict[str, Parity | str] = {}
    with tempfile.TemporaryDirectory() as folder:
        problems = _pose(Path(folder), limit)
        truths = _ask(REFERENCE, problems, limit)

        def of_one(implementation: Implementation) -> Parity | str:
            try:
                told = _ask(implementation, problems, limit)
            except WorkerError as error:
                return str(error)
            each = [compare(one, truth) for one, truth in zip(told, truths, strict=True)]
            return Parity(max(one.output for one in each), max(one.loss for one in each))

        with ThreadPoolExecutor(2) as pool:  # nothing is timed here
            for one, parity in zip(implementations, pool.map(of_one, implementations), strict=True):
                found[one.key] = parity
                print(f"  {one.title}: {_words(parity)}", flush=True)
    require_parity(found)
    return found


def _pose(folder: Path, limit: float) -> list[str]:
    paths = []
    with Worker(POSER.command, limit=limit, notes=folder / "poser.notes") as poser:
        for number, case in enumerate(PROBLEMS):
            paths.append(str(folder / f"problem{number}.npz"))
            poser.ask("pose", path=paths[-1], steps=STEPS, **vars(case))
    return paths


def _ask(implementation: Implementation, paths: list[str], limit: float) -> list[dict[str, Any]]:
    notes = Path(paths[0]).with_name(f"{implementation.key}.notes")
    with Worker(implementation.command, limit=limit, notes=notes) as worker:
        return [worker.ask("check", path=path, steps=STEPS) for path in paths]


def _words(parity: Parity | str) -> str:
    if isinstance(parity, str):
        return f"not run: {parity}"
    return f"outputs within {parity.output:.1e}, losses within {parity.loss:.1e}"


def require_parity(found: dict[str, Parity | str]) -> None:
    """Stop where one is further from the reference than the tolerances.

    Raises:
        ParityError: which ones, and how far.
    """
    far = [
        f"{key}: outputs {parity.output:.1e}, losses {parity.loss:.1e}"
        for key, parity in found.items()
        if isinstance(parity, Parity)
        and not (parity.output <= OUTPUT_TOLERANCE and parity.loss <= LOSS_TOLERANCE)
    ]
    if far:
        raise ParityError(
            f"not the same network or training, beyond {OUTPUT_TOLERANCE:g} in outputs or "
            f"{LOSS_TOLERANCE:g} in losses: {'; '.join(far)}"
        )
