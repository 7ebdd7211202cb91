"""Task: some runs of one training, trained from wherever they were left.

A training is one window length, or serves them all by random histories. Runs do not know of each
other, so a training may be cut into groups of runs that are trained one after another, or by
several machines, and its files do not change by a bit.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import jax
import numpy as np
import xarray as xr

from slicken.learning.engine import choose_engine
from slicken.learning.linear import history_grid, worthwhile_linear_parts
from slicken.learning.splits import SCORED, Part
from slicken.learning.training import EpochLosses, Trainer, run_seeds
from slicken.learning.training_data import training_data
from slicken.study.checkpoint import Checkpoint, kept_epoch, stacked, train_on
from slicken.study.files import remove
from slicken.study.folder import StudyFolder, WindowResult
from slicken.study.plan import Plan, trainings_of

if TYPE_CHECKING:
    from slicken.learning.engine import Engine
    from slicken.learning.ensemble import Ensemble
    from slicken.learning.network import Network
    from slicken.study.prepared import Prepared


@dataclass(frozen=True, order=True)
class Task:
    """What is trained together.

    Args:
        fold: Place of the fold.
        seconds: Window length, s; the longest for a training that serves all.
        first: Number of the first run.
        runs: Number of runs, with consecutive numbers.
    """

    fold: int
    seconds: float
    first: int
    runs: int

    @property
    def numbers(self) -> range:
        """Numbers of its runs."""
        return range(self.first, self.first + self.runs)

    def checkpoint(self, folder: StudyFolder, every: float) -> Checkpoint:
        """The checkpoint that it has while it is trained."""
        place = folder.folds[self.fold]
        window = place.window_path(self.seconds).name
        file = place.checkpoint_path(f"{window}-runs-{self.first}-{self.first + self.runs - 1}")
        what = (folder.identity, self.fold, self.seconds, self.first, self.runs)
        return Checkpoint(file, what, every)


@dataclass(frozen=True)
class Job:
    """What all tasks of a study have in common.

    Args:
        plan: Plan of the study.
        prepared: Its experiments, prepared, as each fold divides them.
        identity: Identity of the study.
        folder: Folder of the study, absolute.
        every: Seconds from one checkpoint to the next.
    """

    plan: Plan
    prepared: tuple["Prepared", ...]
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
    return [
        task
        for fold, place in enumerate(folder.folds)
        for seconds, served in trainings_of(folder.plan).items()
        if not set(served) <= set(place.finished())
        for task in _tasks_of_training(place, fold, seconds, most)
    ]


def forget(folder: StudyFolder, fold: int, seconds: float) -> None:
    """Remove the checkpoints of a training, which is finished."""
    for file, _ in _begun(folder.folds[fold], fold, seconds):
        remove(file)


def begun_windows(folder: StudyFolder) -> dict[float, int]:
    """The epoch from which each training would be resumed, by its window length in s."""
    found: dict[float, int] = {}
    for fold, place in enumerate(folder.folds):
        finished = set(place.finished())
        for seconds, served in trainings_of(folder.plan).items():
            for file, _ in _begun(place, fold, seconds) if not set(served) <= finished else ():
                found[seconds] = max(found.get(seconds, 0), kept_epoch(file))
    return {seconds: epoch for seconds, epoch in found.items() if epoch}


def make_trainer(
    plan: Plan,
    prepared: "Prepared",
    engine: "Engine",
    seconds: float,
    runs: range | None = None,
    *,
    with_trees: bool = True,
) -> Trainer:
    """The trainer of some runs of the training that serves a window length, or of all of them.

    Args:
        plan: Plan of the study.
        prepared: Record and its parts.
        engine: Engine that computes.
        seconds: Window length, s.
        runs: Numbers of the runs; all where None.
        with_trees: Whether boosted trees may tell that a linear part is not worthwhile.
    """
    seeds, ends = run_seeds(plan.seed, plan.runs), prepared.split.ends
    histories: tuple[int, ...] = (prepared.record.samples_in(seconds),)
    if plan.histories == "random":
        judged = [prepared.record.samples_in(length) for length in plan.windows]
        histories = history_grid(plan.network.shortest_window, judged)
    targets = {"training": ends["training"], "validation": ends["validation"]}
    linear = None
    if plan.linear_part:
        linear = worthwhile_linear_parts(
            prepared.drivers,
            prepared.friction,
            **targets,
            experiment=prepared.record.experiment,
            histories=histories,
            with_trees=with_trees,
        )
    return Trainer(
        engine=engine,
        architecture=plan.network,
        optimiser=plan.optimiser,
        seeds=seeds if runs is None else [seeds[run] for run in runs],
        epochs=plan.epochs,
        data=training_data(
            prepared.drivers, prepared.friction, **targets, histories=histories, linear=linear
        ),
        linear=linear,
    )


def trainer_of(task: Task, job: Job) -> Trainer:
    """The trainer of the runs of a task."""
    plan, engine = job.plan, choose_engine(job.plan.engine)
    return make_trainer(plan, job.prepared[task.fold], engine, task.seconds, task.numbers)


def train_task(
    task: Task,
    job: Job,
    trainer: Trainer,
    checkpoint: Checkpoint | None,
    report: OnReport,
) -> list[WindowResult]:
    """Train the runs of a task, and predict with the weights of their best epochs.

    Args:
        task: Runs to train.
        job: Study that they belong to.
        trainer: Trainer of these runs.
        checkpoint: Checkpoint that is resumed and written now and then; None for none.
        report: Called at the start and after each epoch.

    Returns:
        The result of these runs at each window length that they serve; :func:`join` makes one of
        several tasks.
    """

    def on_start(epoch: int) -> None:
        report(TaskReport(task, epoch, problem=checkpoint.problem if checkpoint else ""))

    def on_epoch(epoch: int, losses: EpochLosses) -> None:
        report(TaskReport(task, epoch, losses))

    states, losses = train_on(trainer, job.plan.epochs, checkpoint, on_epoch, on_start)
    served = trainings_of(job.plan)[task.seconds]
    if checkpoint is not None and (task.runs < job.plan.runs or len(served) > 1):
        # There may be long to wait for other runs, and several window lengths to write.
        checkpoint.write(trainer, states, losses)
    networks = trainer.best_networks(states)
    history = _history(task, losses, trainer.best_epochs(states))
    prepared = job.prepared[task.fold]
    return [_judged(prepared, trainer, networks, history, seconds) for seconds in served]


def _judged(
    prepared: "Prepared", trainer: Trainer, networks: "Network", history: xr.Dataset, seconds: float
) -> WindowResult:
    """What the networks predict at one window length."""
    length = prepared.record.samples_in(seconds)
    ensemble = trainer.ensemble(networks, length)
    predictions = xr.concat([_predictions(prepared, ensemble, part) for part in SCORED], "target")
    if trainer.serves_many:  # the epochs were judged on all histories together
        here = predictions["part"].to_numpy() == "validation"
        gaps = (predictions["predicted"] - predictions["measured"]).isel(target=here)
        losses = ((gaps / prepared.scaling.friction_spread) ** 2).mean("target")
        history = history.assign(best_loss=("run", losses.to_numpy()))
    return WindowResult(seconds, history, networks, predictions, ensemble.linear)


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
        linear=parts[0].linear,
        history=history.assign_attrs(
            window=seconds, units="mean square error of standardised friction"
        ),
        networks=jax.tree.map(
            lambda *leaves: np.concatenate(leaves), *[part.networks for part in parts]
        ),
        predictions=predictions.assign_attrs(window=seconds),
    )


def _tasks_of_training(place: StudyFolder, fold: int, seconds: float, most: int) -> list[Task]:
    runs = place.plan.runs
    begun, taken = [], np.zeros(runs, dtype=np.bool_)
    for _, task in _begun(place, fold, seconds):
        here = slice(task.first, task.first + task.runs)
        if task.first + task.runs <= runs and not taken[here].any():
            taken[here] = True
            begun.append(task)
    free = np.flatnonzero(~taken)
    stretches = np.split(free, np.flatnonzero(np.diff(free) > 1) + 1) if free.size else []
    new = [
        Task(fold, seconds, int(group[0]), group.size)
        for stretch in stretches
        for group in np.array_split(stretch, -(-stretch.size // most))
    ]
    return sorted([*begun, *new])


def _begun(place: StudyFolder, fold: int, seconds: float) -> list[tuple[Path, Task]]:
    """Checkpoints of a training, and the tasks that they belong to."""
    pattern = re.compile(
        rf"{re.escape(place.window_path(seconds).name)}-runs-(\d{{1,6}})-(\d{{1,6}})\.safetensors"
    )
    found = []
    for file in sorted(place.checkpoint_path("any").parent.glob("*.safetensors")):
        named = pattern.fullmatch(file.name)
        if named and int(named[1]) <= int(named[2]):
            first, last = int(named[1]), int(named[2])
            found.append((file, Task(fold, seconds, first, last - first + 1)))
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


def _predictions(prepared: "Prepared", ensemble: "Ensemble", part: Part) -> xr.Dataset:
    ends = prepared.split.ends[part]
    standardised = ensemble.predict(prepared.drivers, ends)
    targets = prepared.targets(part)
    targets["predicted"] = (("run", "target"), prepared.scaling.to_friction(standardised))
    return targets.assign_coords(
        part=("target", np.full(ends.size, part, dtype=object)), run=np.arange(ensemble.runs)
    )
