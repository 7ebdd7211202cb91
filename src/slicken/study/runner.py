"""Runner: trains every window length of a plan, in a folder, from wherever it was left."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from slicken.errors import FolderError, TrainingError
from slicken.experiment import Experiment
from slicken.learning.engine import Engine, choose_engine, describe_engine
from slicken.learning.training import EpochLosses
from slicken.study.checkpoint import EVERY, Checkpoint
from slicken.study.folder import StudyFolder
from slicken.study.forecast import Forecast, measure
from slicken.study.lock import study_lock
from slicken.study.observer import Observer, Silent
from slicken.study.plan import Plan
from slicken.study.prepared import Prepared, prepare_study
from slicken.study.progress import recorded
from slicken.study.task import (
    SCORED,
    Task,
    finish_window,
    make_trainer,
    tasks_of,
    train_task,
)

if TYPE_CHECKING:
    from slicken.study.workers import Workers


def train_study(
    experiments: Sequence[Experiment],
    plan: Plan,
    out: str | Path,
    observer: Observer | None = None,
    *,
    every: float = EVERY,
    workers: "Workers | None" = None,
) -> StudyFolder:
    """Train every window length that the folder does not hold yet.

    Args:
        experiments: prepared logs, all with the same time step.
        plan: what to do.
        out: the folder; one that holds this study unfinished is resumed.
        observer: told how it goes.
        every: seconds from one checkpoint to the next.
        workers: who trains; this process where None.

    Returns:
        The folder, with every window length in it.

    Raises:
        SlickenError: if the experiments do not fit the plan, the folder belongs to another study
            or cannot be written, another process works on it, or no run at all had finite losses.
    """
    observer = observer or Silent()
    engine = choose_engine(plan.engine)
    prepared = prepare_study(experiments, plan)
    with claimed(Path(out), plan, experiments, observer) as folder:
        with recorded(observer, folder) as recorder:
            recorder.prepared(plan, prepared, folder.finished())
            if workers is None:
                _train(tasks_of(folder, plan.runs), folder, prepared, engine, recorder, every)
            else:
                # Here, because it knows of Dask, which a study on one machine does without.
                from slicken.study.distributed import runs_together, train_on

                tasks = tasks_of(folder, runs_together(plan, workers))
                train_on(workers, tasks, folder, experiments, recorder, every)
        some_run_ended_well(folder)
    return folder


@contextmanager
def claimed(
    out: Path, plan: Plan, experiments: Sequence[Experiment], observer: Observer
) -> Iterator[StudyFolder]:
    """The folder of a study, begun or resumed, which no other process works on meanwhile.

    Args:
        out: the folder.
        plan: of the study.
        experiments: of the study.
        observer: told what was found damaged, and what else is not as it was.

    Raises:
        FolderError: if it is not free, or not of this study.
    """
    if out.exists() and not out.is_dir():
        raise FolderError(f"{out}: this is not a study folder; choose another --out")
    with study_lock(out, observer.note):
        folder = StudyFolder.claim(out, plan, experiments)
        while folder.repaired:
            observer.note(folder.repaired.pop(0))
        before, now = folder.versions.get("engine", ""), describe_engine(plan.engine)
        if before != now:
            observer.note(
                f"this study began on the engine {before} and goes on with {now}: last digits of "
                "what is trained now differ from what they would have been"
            )
        yield folder


def some_run_ended_well(folder: StudyFolder) -> None:
    """Make sure that there is something to gather evidence from.

    Raises:
        TrainingError: if no run of any window length had finite losses.
    """
    ended = [folder.read_history(seconds)["finite"].any() for seconds in folder.finished()]
    if not any(ended):
        raise TrainingError(
            f"{folder.path}: every run of every window length ended with a loss that is not "
            "finite; lower optimiser.learning_rate, or set optimiser.clip, and choose another --out"
        )


def _train(
    tasks: Sequence[Task],
    folder: StudyFolder,
    prepared: Prepared,
    engine: Engine,
    observer: Observer,
    every: float,
) -> None:
    if not tasks:
        return
    plan = folder.plan
    trainers = {
        task: make_trainer(plan, prepared, engine, task.seconds, task.numbers) for task in tasks
    }
    checkpoints = {task: task.checkpoint(folder, every) for task in tasks}
    targets = sum(prepared.split.ends[part].size for part in SCORED)
    forecast = measure(trainers, plan, targets)
    for task, checkpoint in checkpoints.items():
        begun = checkpoint.read(trainers[task])
        if checkpoint.problem:
            observer.note(checkpoint.problem)
        if begun:
            forecast.begins_at(task, begun.epoch)
            observer.resumed(task.seconds, task.runs, begun.epoch)
    observer.forecast(forecast)
    for _, group in groupby(tasks, key=lambda task: task.seconds):
        parts = []
        for task in group:
            # Popped, so that its memory is free when the next one begins.
            trainer = trainers.pop(task)
            told = _teller(task, forecast, checkpoints[task], observer)
            parts.append(train_task(task, trainer, plan, prepared, engine, checkpoints[task], told))
        finish_window(folder, parts, observer)


def _teller(
    task: Task, forecast: Forecast, checkpoint: Checkpoint, observer: Observer
) -> Callable[[int, EpochLosses], None]:
    last, kept = time.perf_counter(), checkpoint.epoch

    def told(number: int, losses: EpochLosses) -> None:
        nonlocal last, kept
        now = time.perf_counter()
        forecast.epoch_took(task, now - last)
        last = now
        if checkpoint.epoch != kept:
            kept = checkpoint.epoch
            observer.kept(task.seconds, kept)
        observer.epoch(task.seconds, task.numbers, number, losses, forecast.left)

    return told
