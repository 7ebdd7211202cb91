"""Executors: who trains the tasks of a study: this process, processes here, or workers of Dask.

A run is its seed, so the numbers are the same whoever trains it. Nothing of Dask is imported before
an executor needs it.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from slicken.errors import WorkersError
from slicken.learning.devices import cores
from slicken.learning.splits import SCORED
from slicken.statements import Statement
from slicken.study.checkpoint import kept_epoch
from slicken.study.cluster import jobs_of
from slicken.study.folder import StudyFolder, WindowResult
from slicken.study.ledger import measure
from slicken.study.plan import trainings_of
from slicken.study.remote import dask_ready, train_remotely
from slicken.study.task import Job, Task, train_task, trainer_of
from slicken.study.worker_share import PRELOAD, VARIABLE, gpus_here

if TYPE_CHECKING:
    from distributed import Client

    from slicken.study.ledger import Ledger
    from slicken.study.plan import Plan

PATIENCE = 10
"""Seconds that a scheduler has to answer."""
MOST_TOGETHER = 5
"""Largest number of runs in a task of a worker: some, because a few that are trained together take
less than one by one; not all, so that little is lost with a worker."""
TASKS_A_WORKER = 2
"""Tasks for each worker, at least, as far as there are runs: the last ones should not wait long."""

Trained = Iterator[tuple[Task, list[WindowResult]]]


class Executor(Protocol):
    """Who trains the tasks of a study."""

    def runs_together(self, plan: "Plan") -> int:
        """Largest number of runs in a task."""

    def train(self, tasks: Sequence[Task], job: Job, ledger: "Ledger") -> Trained:
        """Train all tasks, and yield each with its result when it is done.

        Args:
            tasks: All that is left to train, in order.
            job: Study that they belong to.
            ledger: Called with what the tasks report.

        Raises:
            SlickenError: If there are no workers, or a task fails.
        """


class InProcess:
    """This process: one task after another, each on all cores."""

    def runs_together(self, plan: "Plan") -> int:
        """All runs of a window length."""
        return plan.runs

    def train(self, tasks: Sequence[Task], job: Job, ledger: "Ledger") -> Trained:
        """Train all tasks; see :meth:`Executor.train`."""
        plan, folder = job.plan, StudyFolder.open(job.folder)
        # Folds are alike: those of the first are measured, those of the others made in their turn.
        trainers = {task: trainer_of(task, job) for task in tasks if task.fold == tasks[0].fold}
        checkpoints = {task: task.checkpoint(folder, job.every) for task in tasks}
        ledger.measuring()
        ends = job.prepared[tasks[0].fold].split.ends
        forecast = measure(trainers, tasks, plan, sum(ends[part].size for part in SCORED))
        for task in tasks:
            forecast.resumed(task, min(kept_epoch(checkpoints[task].file), plan.epochs - 1))
        ledger.measured(forecast)
        for task in tasks:
            # Popped, so that its memory is free when the next one begins.
            trainer = trainers.pop(task, None) or trainer_of(task, job)
            yield task, train_task(task, job, trainer, checkpoints[task], ledger)


class OnDask(ABC):
    """An executor with workers of Dask; each does one task at a time, on all its cores."""

    @property
    @abstractmethod
    def workers(self) -> int | None:
        """Number of workers; None where it is not known."""

    @abstractmethod
    def connect(self) -> "AbstractContextManager[Client]":
        """A client of the workers, which may still be about to come."""

    @contextmanager
    def client(self) -> "Iterator[Client]":
        """Have workers, and a client that gives them tasks, until the block ends.

        Raises:
            WorkersError: If Dask is missing, there are no workers, a task kills one after another,
                or the scheduler is lost.
        """
        with dask_ready(), self.connect() as client:
            yield client

    def runs_together(self, plan: "Plan") -> int:
        """As many as leave two tasks for each worker."""
        if self.workers is None:
            return MOST_TOGETHER
        trainings = plan.folds * len(trainings_of(plan))
        share = plan.runs * trainings // (TASKS_A_WORKER * self.workers)
        return max(1, min(MOST_TOGETHER, share))

    def train(self, tasks: Sequence[Task], job: Job, ledger: "Ledger") -> Trained:
        """Train all tasks; see :meth:`Executor.train`."""
        with self.client() as client:
            ledger.begin()
            if not client.nthreads():
                ledger.note(Statement("progress.no_worker"))
            yield from train_remotely(client, tasks, job, ledger)


@dataclass(frozen=True)
class LocalWorkers(OnDask):
    """Processes on this machine, which share its cores, and its GPUs where it has some.

    Args:
        count: Number of processes.

    Raises:
        WorkersError: If there are more than cores, or than GPUs.
    """

    count: int

    def __post_init__(self) -> None:
        # Not fewer in silence: who asks for more would wait for a speed that cannot come.
        if not 1 <= self.count <= cores():
            raise WorkersError(
                f"{self.count} workers, but slicken may use {cores()} cores here, and a worker "
                f"needs one; give --workers 1 to {cores()}"
            )
        gpus = len(gpus_here())
        if 0 < gpus < self.count:
            raise WorkersError(
                f"{self.count} workers, but {gpus} GPUs here, and a worker needs one; give "
                f"--workers {gpus}, or set JAX_PLATFORMS=cpu to compute on the cores"
            )

    @property
    def workers(self) -> int:
        """Number of processes."""
        return self.count

    @contextmanager
    def connect(self) -> "Iterator[Client]":
        """Start the processes."""
        from distributed import Client, LocalCluster

        share, gpus = {VARIABLE: f"{cores()}/{self.count}"}, gpus_here()
        try:
            cluster = LocalCluster(
                n_workers=self.count,
                threads_per_worker=1,
                scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
                # JAX's memory looks to Dask like results that it could write to disk: it would
                # pause the worker at 80 % of a limit, for good, and kill it at 95 %. Where memory
                # really runs out, the system ends the process, and the task is done again.
                memory_limit=0,
                preload=[PRELOAD],
                env={**share, "CUDA_VISIBLE_DEVICES": ",".join(gpus)} if gpus else share,
                silence_logs=logging.CRITICAL,
            )
        except (OSError, RuntimeError) as error:
            raise WorkersError(
                f"{self.count} workers could not be started ({error}); a script that asks for "
                "workers needs its main part below: if __name__ == '__main__':"
            ) from None
        # Not as the default client: xarray would ask Dask for a lock for every file that it writes.
        with cluster, Client(cluster, set_as_default=False) as client:
            yield client


@dataclass(frozen=True)
class Scheduler(OnDask):
    """A scheduler of Dask that runs already, with workers that were started elsewhere.

    Args:
        address: Address of the scheduler, such as ``tcp://node1:8786``.
    """

    address: str

    @property
    def workers(self) -> None:
        """Unknown: workers may come and go."""
        return

    @contextmanager
    def connect(self) -> "Iterator[Client]":
        """Reach the scheduler."""
        from distributed import Client

        try:
            client = Client(self.address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:  # no answer; no such name; no address at all
            raise WorkersError(
                f"{self.address}: no scheduler of Dask answers ({type(error).__name__}); an "
                "address looks like tcp://node1:8786, and 'dask scheduler' prints its own when it "
                "starts"
            ) from None
        with client:
            yield client


@dataclass(frozen=True)
class Cluster(OnDask):
    """Jobs of a batch system, as dask-jobqueue's own configuration describes them.

    Args:
        name: Section of the configuration below ``jobqueue``: a batch system such as ``slurm``, or
            one with a name of its own after a hyphen, such as ``slurm-gpu``.
        jobs: Number of jobs; one that ends is submitted again while there is work.
    """

    name: str
    jobs: int = 1

    @property
    def workers(self) -> int:
        """Number of jobs, for the size of tasks: a job has one worker, or few."""
        return self.jobs

    @contextmanager
    def connect(self) -> "Iterator[Client]":
        """Submit the jobs, and cancel them at the end."""
        from distributed import Client

        with jobs_of(self.name, self.jobs) as jobs, Client(jobs, set_as_default=False) as client:
            yield client
