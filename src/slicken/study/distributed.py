"""Spread: the tasks of a study done by workers, and put together again in its folder.

Workers write checkpoints into the folder, where they see it; all else that they find out goes back
to this process, which alone writes the rest. So a worker may die at any moment, and costs what it
did since its last checkpoint.
"""

import json
import math
import queue
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from slicken.errors import FolderError, WorkersError
from slicken.experiment import Experiment
from slicken.learning.engine import choose_engine, describe_engine
from slicken.learning.training import EpochLosses
from slicken.study.checkpoint import Checkpoint
from slicken.study.cluster_plan import ClusterPlan
from slicken.study.folder import StudyFolder, WindowResult
from slicken.study.netcdf import read_netcdf, to_netcdf
from slicken.study.observer import Observer
from slicken.study.plan import Plan
from slicken.study.prepared import Prepared, fingerprints_of, identity_of, prepare_study
from slicken.study.task import Task, finish_window, make_trainer, train_task
from slicken.study.workers import (
    LocalWorkers,
    Workers,
    client_of,
    listen,
    results_of,
    tell,
    versions,
)

if TYPE_CHECKING:
    pass

MOST_TOGETHER = 5
"""Runs in a task, at most: some, because a few that are trained together take less than one by one;
not all, so that there is work for many workers, and little is lost with one."""
TASKS_A_WORKER = 2
"""Tasks for each worker, at least, as far as there are runs: the last ones should not wait long."""


@dataclass(frozen=True)
class Package:
    """All that a worker must know of a study.

    Args:
        plan: as JSON.
        experiments: a netCDF file of each, in order.
        identity: of the study.
    """

    plan: str
    experiments: tuple[bytes, ...]
    identity: str


@dataclass(frozen=True)
class Done:
    """What a task gave.

    Args:
        result: of its runs.
        engine: that computed it.
        kept: whether checkpoints were kept meanwhile.
    """

    result: WindowResult
    engine: str
    kept: bool


def runs_together(plan: Plan, workers: Workers) -> int:
    """Runs in a task, at most."""
    if isinstance(workers, LocalWorkers):
        count = workers.count
    elif isinstance(workers, ClusterPlan):
        count = workers.jobs * workers.processes
    else:
        return MOST_TOGETHER  # who knows how many will come
    share = plan.runs * len(plan.windows) // (TASKS_A_WORKER * count)
    return max(1, min(MOST_TOGETHER, share))


def train_on(
    workers: Workers,
    tasks: Sequence[Task],
    folder: StudyFolder,
    experiments: Sequence[Experiment],
    observer: Observer,
    every: float,
) -> None:
    """Have workers do all tasks, and write each window length when its runs are done.

    Args:
        workers: which.
        tasks: all that is left to train.
        folder: of the study, held by this process.
        experiments: of the study.
        observer: told how it goes.
        every: seconds from one checkpoint to the next.

    Raises:
        SlickenError: if the workers cannot be had, or one of the tasks fails.
    """
    if not tasks:
        return
    package = pack(folder.plan, experiments)
    with client_of(workers) as client:
        topic = f"slicken-{uuid4().hex}"
        heard: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        told = _Told(tasks, folder.plan.epochs, observer)
        if not client.nthreads():
            observer.note("no worker is there yet; the tasks wait for the first one")
        # A task of its own, so that a worker that needs the package has it from another one, and it
        # is there again when that one dies.
        sent = client.submit(_as_it_is, package, pure=False)
        common = sent, str(folder.path.resolve()), every, topic, versions()
        # The longest first: what begins last should be short.
        longest_first = sorted(tasks, key=lambda task: -task.seconds * task.runs)
        parts: dict[float, dict[Task, WindowResult]] = {}
        with listen(client, topic, heard.put):
            for task, done in results_of(
                client, do, longest_first, *common, meanwhile=lambda: told.hear(heard)
            ):
                told.ended(task, done, folder)
                group = parts.setdefault(task.seconds, {})
                group[task] = done.result
                if len(group) == sum(other.seconds == task.seconds for other in tasks):
                    finish_window(folder, [group[one] for one in sorted(group)], observer)
                    del parts[task.seconds]


def pack(plan: Plan, experiments: Sequence[Experiment]) -> Package:
    """A study for its way to the workers."""
    identity = identity_of(plan, fingerprints_of(experiments))
    files = tuple(bytes(to_netcdf(experiment.to_dataset())) for experiment in experiments)
    return Package(plan.model_dump_json(), files, identity)


def _as_it_is(package: Package) -> Package:
    return package


def do(
    task: Task,
    package: Package,
    folder: str,
    every: float,
    topic: str,
    wanted: dict[str, str],
) -> Done:
    """Do one task; called on a worker.

    Args:
        task: which.
        package: of the study.
        folder: of the study, where it is on the client.
        every: seconds from one checkpoint to the next.
        topic: where the client listens.
        wanted: versions that the client has.

    Raises:
        WorkersError: if this worker has other ones.
    """
    found = versions()
    if found != wanted:
        name = next(name for name in wanted if found[name] != wanted[name])
        raise WorkersError(
            f"{name} is {wanted[name]} where the study was started, but {found[name]} on a worker; "
            "numbers would differ: install the same on both"
        )
    plan, prepared = _unpacked(package)
    engine = choose_engine(plan.engine)
    trainer = make_trainer(plan, prepared, engine, task.seconds, task.numbers)
    checkpoint = _checkpoint(Path(folder), package, task, every)
    begun = checkpoint.read(trainer) if checkpoint else None
    about = {"seconds": task.seconds, "first": task.first}
    if checkpoint and checkpoint.problem:
        tell(topic, {**about, "problem": checkpoint.problem})
    if begun:
        tell(topic, {**about, "begun": begun.epoch})

    def told(number: int, losses: EpochLosses) -> None:
        of_runs = [np.asarray(part, dtype=float).tolist() for part in losses]
        kept = checkpoint.epoch if checkpoint else 0
        tell(topic, {**about, "epoch": number, "losses": of_runs, "kept": kept})

    result = train_task(task, trainer, plan, prepared, engine, checkpoint, told)
    return Done(result, describe_engine(plan.engine), checkpoint is not None)


def _checkpoint(place: Path, package: Package, task: Task, every: float) -> Checkpoint | None:
    """In the folder of the study, if this worker sees it."""
    try:
        folder = StudyFolder.open(place)
        return task.checkpoint(folder, every) if folder.identity == package.identity else None
    except FolderError:
        return None


_UNPACKED: dict[str, tuple[Plan, Prepared]] = {}
"""The study that this worker has to do with, by its identity."""


def _unpacked(package: Package) -> tuple[Plan, Prepared]:
    if package.identity not in _UNPACKED:
        plan = Plan(**json.loads(package.plan))
        prepared = prepare_study([_experiment(file) for file in package.experiments], plan)
        _UNPACKED.clear()
        _UNPACKED[package.identity] = plan, prepared
    return _UNPACKED[package.identity]


def _experiment(content: bytes) -> Experiment:
    with NamedTemporaryFile(suffix=".nc") as file:
        file.write(content)
        file.flush()
        return Experiment.from_dataset(read_netcdf(Path(file.name)))


class _Told:
    """Passes on to an observer what workers tell, and reckons the time left from it."""

    def __init__(self, tasks: Sequence[Task], epochs: int, observer: Observer) -> None:
        self._tasks = {(task.seconds, task.first): task for task in tasks}
        self._epochs, self._observer = epochs, observer
        self._reached = dict.fromkeys(tasks, 0)
        self._kept = dict.fromkeys(tasks, 0)
        self._began, self._done = time.monotonic(), 0.0
        # Kept up to date, because thousands of tasks tell of each of their epochs.
        self._rest = sum(self._cost(task) * epochs for task in tasks)
        self._said: set[str] = set()

    def hear(self, heard: "queue.SimpleQueue[dict[str, Any]]") -> None:
        """Pass on all that has been told."""
        while not heard.empty():
            self._pass_on(heard.get())

    def ended(self, task: Task, done: Done, folder: StudyFolder) -> None:
        """Say what is remarkable about how a task was done."""
        self._advance(task, self._epochs)
        if not done.kept:
            self._say_once(
                f"the workers do not see {folder.path}: they keep no checkpoints, so a worker that "
                "dies costs its whole task; choose an --out that they see too"
            )
        before = folder.versions.get("engine", "")
        if done.engine != before:
            self._say_once(
                f"a worker computes on the engine {done.engine}, this study began on {before}: "
                "last digits depend on the kind of machine"
            )

    def _pass_on(self, record: dict[str, Any]) -> None:
        task = self._tasks[record["seconds"], record["first"]]
        if "problem" in record:
            self._say_once(record["problem"])
        elif "begun" in record:
            if record["begun"] > self._reached[task]:
                self._done -= self._advance(task, record["begun"])  # by somebody else
                self._observer.resumed(task.seconds, task.runs, record["begun"])
        else:
            if record["kept"] > self._kept[task]:
                self._kept[task] = record["kept"]
                self._observer.kept(task.seconds, record["kept"])
            # A task that was begun again on another worker tells of some epochs twice.
            if record["epoch"] > self._reached[task]:
                self._advance(task, record["epoch"])
                losses = EpochLosses(*(np.array(part) for part in record["losses"]))
                self._observer.epoch(
                    task.seconds, task.numbers, record["epoch"], losses, self._left()
                )

    def _advance(self, task: Task, epoch: int) -> float:
        """A task is as far as an epoch; what that was worth."""
        worth = self._cost(task) * (epoch - self._reached[task])
        self._reached[task] = epoch
        self._done += worth
        self._rest -= worth
        return worth

    def _left(self) -> float:
        passed = time.monotonic() - self._began
        return passed * self._rest / self._done if self._done > 0 else math.nan

    def _cost(self, task: Task) -> float:
        """Of an epoch, in any unit."""
        return task.seconds * task.runs

    def _say_once(self, line: str) -> None:
        if line not in self._said:
            self._said.add(line)
            self._observer.note(line)
