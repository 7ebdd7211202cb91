"""Task: some runs of one window length, trained from wherever they were left.

Runs do not know of each other, so a window length may be cut into groups of runs that are trained
one after another, or by several machines, and its files do not change by a bit.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import jax
import numpy as np
import xarray as xr

from slicken.learning.ensemble import Ensemble
from slicken.learning.splits import SCORED, Part
from slicken.learning.training import EpochLosses, Trainer, run_seeds, training_data
from slicken.study.checkpoint import Checkpoint, kept_epoch, stacked, train_on
from slicken.study.files import remove
from slicken.study.folder import StudyFolder, WindowResult

if TYPE_CHECKING:
    from slicken.learning.engine import Engine
    from slicken.study.plan import Plan
    from slicken.study.prepared import Prepared


@dataclass(frozen=True, order=True)
class Task:
    """What is trained together.

    Args:
        seconds: Window length, s.
        first: Number of the first run.
        runs: Number of runs, with consecutive numbers.
    """

    seconds: float
    first: int
    runs: int

    @property
    def numbers(self) -> range:
        """Numbers of its runs."""
        return range(self.first, self.first + self.runs)

    def checkpoint(self, folder: StudyFolder, every: float) -> Checkpoint:
        """The checkpoint that it has while it is trained."""
        window = folder.window_path(self.seconds).name
        name = f"{window}-runs-{self.first}-{self.first + self.runs - 1}.safetensors"
        what = (folder.identity, self.seconds, self.first, self.runs)
        return Checkpoint(folder.place("checkpoints", name), what, every)


@dataclass(frozen=True)
class Job:
    """What all tasks of a study have in common.

    Args:
        plan: Plan of the study.
        prepared: Its experiments, prepared.
        identity: Identity of the study.
        folder: Folder of the study, absolute.
        every: Seconds from one checkpoint to the next.
    """

    plan: "Plan"
    prepared: "Prepared"
    identity: str
    folder: Path
    every: float


@dataclass(frozen=True)
class TaskReport:
    """How far a task is.

    Args:
        task: Task in training.
        epoch: Last epoch that its runs have done.
        losses: Losses of that epoch; None where the task begins, or is resumed, after it.
        problem: Why a checkpoint was not resumed; empty where none was there, or it was.
    """

    task: Task
    epoch: int
    losses: EpochLosses | None = None
    problem: str = ""


OnReport = Callable[[TaskReport], None]


def tasks_of(folder: StudyFolder, most: int) -> list[Task]:
    """What is left to train: groups of runs that have begun as they are, the rest in new ones.

    Args:
        folder: Folder of the study.
        most: Largest number of runs in a new group.
    """
    plan = folder.plan
    return [
        task
        for seconds in plan.windows
        if seconds not in folder.finished()
        for task in _tasks_of_window(folder, seconds, plan.runs, most)
    ]


def forget(folder: StudyFolder, seconds: float) -> None:
    """Remove the checkpoints of a window length, which is finished."""
    for file, _ in _begun(folder, seconds):
        remove(file)


def begun_windows(folder: StudyFolder) -> dict[float, int]:
    """The epoch from which each window length in training would be resumed, by its length in s."""
    finished = folder.finished()
    epochs = {
        seconds: max((kept_epoch(file) for file, _ in _begun(folder, seconds)), default=0)
        for seconds in folder.plan.windows
        if seconds not in finished
    }
    return {seconds: epoch for seconds, epoch in epochs.items() if epoch}


def make_trainer(
    plan: "Plan", prepared: "Prepared", engine: "Engine", seconds: float, runs: range | None = None
) -> Trainer:
    """The trainer of some runs of one window length, or of all of them."""
    ends = prepared.split.ends
    seeds = run_seeds(plan.seed, plan.runs)
    return Trainer(
        engine=engine,
        architecture=plan.network,
        optimiser=plan.optimiser,
        length=prepared.record.samples_in(seconds),
        seeds=seeds if runs is None else [seeds[run] for run in runs],
        epochs=plan.epochs,
        data=training_data(
            prepared.drivers, prepared.friction, ends["training"], ends["validation"]
        ),
    )


def train_task(
    task: Task,
    job: Job,
    trainer: Trainer,
    engine: "Engine",
    checkpoint: Checkpoint | None,
    report: OnReport,
) -> WindowResult:
    """Train the runs of a task, and predict with the weights of their best epochs.

    Args:
        task: Runs to train.
        job: Study that they belong to.
        trainer: Trainer of these runs.
        engine: Engine that the trainer has too.
        checkpoint: Checkpoint that is resumed and written now and then; None for none.
        report: Called at the start and after each epoch.

    Returns:
        The result of these runs, of which :func:`join` makes a window length.
    """

    def on_start(epoch: int) -> None:
        report(TaskReport(task, epoch, problem=checkpoint.problem if checkpoint else ""))

    def on_epoch(epoch: int, losses: EpochLosses) -> None:
        report(TaskReport(task, epoch, losses))

    states, losses = train_on(trainer, job.plan.epochs, checkpoint, on_epoch, on_start)
    if checkpoint is not None and task.runs < job.plan.runs:
        # The window length may have long to wait for its other runs.
        checkpoint.write(trainer, states, losses)
    networks = trainer.best_networks(states)
    ensemble = Ensemble(networks, trainer.length, engine)
    return WindowResult(
        seconds=task.seconds,
        history=_history(task, losses, trainer.best_epochs(states)),
        networks=networks,
        predictions=xr.concat(
            [_predictions(job.prepared, ensemble, part) for part in SCORED], "target"
        ),
    )


def join(parts: Sequence[WindowResult]) -> WindowResult:
    """A window length from groups of its runs, which are in the order of the runs."""
    seconds = parts[0].seconds
    runs = np.arange(sum(part.history.sizes["run"] for part in parts))
    history = xr.concat([part.history for part in parts], "run").assign_coords(run=runs)
    predictions = xr.concat(
        [part.predictions for part in parts],
        "run",
        data_vars="minimal",
        coords="minimal",
        compat="override",
    ).assign_coords(run=runs)
    return WindowResult(
        seconds=seconds,
        history=history.assign_attrs(
            window=seconds, units="mean square error of standardised friction"
        ),
        networks=jax.tree.map(
            lambda *leaves: np.concatenate(leaves), *[part.networks for part in parts]
        ),
        predictions=predictions.assign_attrs(window=seconds),
    )


def _tasks_of_window(folder: StudyFolder, seconds: float, runs: int, most: int) -> list[Task]:
    begun, taken = [], np.zeros(runs, dtype=np.bool_)
    for _, task in _begun(folder, seconds):
        here = slice(task.first, task.first + task.runs)
        if task.first + task.runs <= runs and not taken[here].any():
            taken[here] = True
            begun.append(task)
    free = np.flatnonzero(~taken)
    stretches = np.split(free, np.flatnonzero(np.diff(free) > 1) + 1) if free.size else []
    new = [
        Task(seconds, int(group[0]), group.size)
        for stretch in stretches
        for group in np.array_split(stretch, -(-stretch.size // most))
    ]
    return sorted([*begun, *new])


def _begun(folder: StudyFolder, seconds: float) -> list[tuple[Path, Task]]:
    """Checkpoints of a window length, and the tasks that they belong to."""
    pattern = re.compile(
        rf"{re.escape(folder.window_path(seconds).name)}-runs-(\d{{1,6}})-(\d{{1,6}})\.safetensors"
    )
    found = []
    for file in sorted(folder.place("checkpoints").glob("*.safetensors")):
        named = pattern.fullmatch(file.name)
        if named and int(named[1]) <= int(named[2]):
            first, last = int(named[1]), int(named[2])
            found.append((file, Task(seconds, first, last - first + 1)))
    return found


def _history(task: Task, losses: list[EpochLosses], best_epochs: np.ndarray) -> xr.Dataset:
    training, validation = stacked(losses, "training"), stacked(losses, "validation")
    finite = np.isfinite(training).all(axis=1) & np.isfinite(validation).all(axis=1)
    seen = np.where(np.isfinite(validation), validation, np.inf)
    return xr.Dataset(
        {
            "training_loss": (("run", "epoch"), training),
            "validation_loss": (("run", "epoch"), validation),
            "best_loss": ("run", seen.min(axis=1)),
            "best_epoch": ("run", best_epochs),
            "finite": ("run", finite),
        },
        coords={"run": np.array(task.numbers), "epoch": np.arange(1, training.shape[1] + 1)},
    )


def _predictions(prepared: "Prepared", ensemble: Ensemble, part: Part) -> xr.Dataset:
    ends = prepared.split.ends[part]
    standardised = ensemble.predict(prepared.drivers, ends)
    targets = prepared.targets(part)
    targets["predicted"] = (("run", "target"), prepared.scaling.to_friction(standardised))
    return targets.assign_coords(
        part=("target", np.full(ends.size, part, dtype=object)), run=np.arange(ensemble.runs)
    )
