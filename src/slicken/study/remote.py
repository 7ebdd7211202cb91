"""Remote: tasks done by workers of Dask, with their reports and results brought back.

Workers write checkpoints into the study folder, where they see it; all else that they find goes
back to this process, which alone writes the rest. So a worker may die at any moment, and costs what
it did since its last checkpoint.
"""

import logging
import os
import platform
import queue
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from uuid import uuid4

from slicken.errors import FolderError, WorkersError
from slicken.learning.engine import describe_engine
from slicken.statements import Statement
from slicken.study.folder import StudyFolder, WindowResult
from slicken.study.task import Job, Task, TaskReport, train_task, trainer_of

if TYPE_CHECKING:
    from distributed import Client

    from slicken.study.checkpoint import Checkpoint
    from slicken.study.ledger import Ledger

Given = TypeVar("Given")  # the short form needs Python 3.12
Result = TypeVar("Result")

ALLOWED_FAILURES = 20
"""Workers that may die under one task before the study ends with an error.

Dask's own 3 is too few where nodes are taken away for more important work. A task that really kills
its worker, such as one that needs more memory than there is, still ends the study, somewhat later.
A worker that ends at its lifetime hands its task over, which does not count.
"""
SETTINGS = {
    "distributed.scheduler.allowed-failures": ALLOWED_FAILURES,
    # Tasks are few, and take minutes to hours: a task must not queue behind another while a worker
    # is idle, nor be moved because Dask guesses from others how long it takes.
    "distributed.scheduler.worker-saturation": 1.0,
    # Dask would give up a worker that is just being started again 15 s after it was lost, and never
    # replace it. Here a dead process is started again, and an ended job submitted again, for good.
    "distributed.deploy.lost-worker-timeout": "1000 days",
}
MUST_AGREE = ("slicken", "python", "jax", "jaxlib", "numpy")
_LOOK = 0.1
"""Seconds from one look at what has ended to the next."""


class Done(NamedTuple):
    """What a task gave.

    Args:
        results: Result of its runs at each window length.
        engine: Engine that computed it.
        kept: Whether checkpoints were kept meanwhile.
    """

    results: list[WindowResult]
    engine: str
    kept: bool


def train_remotely(
    client: "Client", tasks: Sequence[Task], job: Job, ledger: "Ledger"
) -> Iterator[tuple[Task, list[WindowResult]]]:
    """Have workers do all tasks, and yield each with its result.

    Args:
        client: Client of the workers.
        tasks: All that is left to train.
        job: Study that they belong to.
        ledger: Called with what the tasks report.

    Raises:
        SlickenError: If a task fails.
    """
    topic, reports = f"slicken-{uuid4().hex}", queue.SimpleQueue[TaskReport]()
    engine = describe_engine(job.plan.engine)

    def pass_on() -> None:
        while not reports.empty():
            ledger(reports.get())

    # A task of its own, so that a worker that needs the job has it from another one, and it is
    # there again when that one dies.
    sent = client.submit(_as_it_is, job, pure=False)
    # The longest first: what begins last should be short.
    longest_first = sorted(tasks, key=lambda task: -task.seconds * task.runs)
    with listening(client, topic, reports.put):
        for task, done in results_of(
            client, do, longest_first, sent, topic, versions(), meanwhile=pass_on
        ):
            if not done.kept:
                ledger.note(Statement("progress.no_checkpoints", folder=str(job.folder)))
            if done.engine != engine:
                ledger.note(Statement("progress.other_engine", theirs=done.engine, ours=engine))
            yield task, done.results


def do(task: Task, job: Job, topic: str, wanted: Mapping[str, str]) -> Done:
    """Do one task; called on a worker.

    Args:
        task: Runs to train.
        job: Study that they belong to.
        topic: Topic on which the client listens.
        wanted: Versions that the client has.

    Raises:
        WorkersError: If this worker has other versions, or does several tasks at once.
    """
    check_worker(wanted)
    trainer = trainer_of(task, job)
    checkpoint = _checkpoint(task, job)
    results = train_task(task, job, trainer, checkpoint, lambda report: send(topic, report))
    return Done(results, describe_engine(job.plan.engine), checkpoint is not None)


def check_worker(wanted: Mapping[str, str]) -> None:
    """Make sure that this worker computes as its client does, one task at a time.

    Raises:
        WorkersError: If it has another version of something, or would do several tasks at once.
    """
    from distributed import get_worker

    worker = get_worker()
    for name, found in versions().items():
        if found != wanted[name]:
            raise WorkersError(
                f"{name} is {wanted[name]} where the study was started, but {found} on the worker "
                f"{worker.address}; numbers would differ: install the same on both"
            )
    if worker.state.nthreads != 1:
        raise WorkersError(
            f"the worker {worker.address} would do {worker.state.nthreads} tasks at once, each on "
            "all its cores; start it with --nthreads 1"
        )


def results_of(
    client: "Client",
    task: Callable[..., Result],
    given: Iterable[Given],
    *common: Any,  # noqa: ANN401 (whatever the task takes)
    meanwhile: Callable[[], None] = lambda: None,
) -> Iterator[tuple[Given, Result]]:
    """Have one task done for each thing given, and get each result as soon as it is there.

    Results lie on the workers. Where one ends that holds a result which is still waited for, Dask
    does its task again; so a result is fetched at once, and let go.

    Args:
        client: Client of the workers.
        task: A function that the workers can import. It may be done more than once, even at the
            same time for some seconds: a worker that hands it over may still be busy with it.
        given: First argument of each task, in the order in which they should begin.
        common: Further arguments of all tasks; futures are resolved.
        meanwhile: Called several times a second, also before each result is given out.

    Yields:
        What was given, with the result, in the order in which tasks are done.

    Raises:
        SlickenError: What a task raised, as it was raised.
    """
    from distributed import as_completed

    waiting = {client.submit(task, each, *common, pure=False): each for each in given}
    coming = as_completed(list(waiting), loop=client.loop)
    while waiting:
        ended = coming.next_batch(block=False)
        for future in ended:
            result = future.result()
            each = waiting.pop(future)
            future.release()
            meanwhile()
            yield each, result
        if not ended:
            meanwhile()
            time.sleep(_LOOK)


def send(topic: str, report: object) -> None:
    """Send the client something from a task.

    Args:
        topic: Topic on which the client is :func:`listening`.
        report: Anything that can be pickled.
    """
    from distributed import get_worker
    from distributed.protocol.pickle import dumps

    get_worker().log_event(topic, dumps(report))


@contextmanager
def listening(client: "Client", topic: str, receive: Callable[[Any], None]) -> Iterator[None]:
    """Receive what tasks send, in the order in which each of them sent it.

    Args:
        client: Client of the workers.
        topic: Topic of the tasks.
        receive: Called with each report, in a thread of Dask's: it should be quick, and lock what
            it shares with others.
    """
    from distributed.protocol.pickle import loads

    client.subscribe_topic(topic, lambda event: receive(loads(event[1])))
    try:
        yield
    finally:
        if client.status == "running":
            client.unsubscribe_topic(topic)


def versions() -> dict[str, str]:
    """Versions, in this process, of what decides numbers."""
    major, minor, _ = platform.python_version_tuple()
    found = {"python": f"{major}.{minor}"}
    return {name: found.get(name) or version(name) for name in MUST_AGREE}


@contextmanager
def dask_ready() -> Iterator[None]:
    """Dask as this package wants it: its settings, no logs, errors that a user can act on."""
    if find_spec("distributed") is None:
        raise WorkersError(
            "workers need distributed, which is not installed; try pip install 'slicken[cluster]'"
        )
    with ExitStack() as stack:
        stack.enter_context(_environment_kept())
        stack.enter_context(_quiet())
        stack.enter_context(_in_words())
        import dask

        stack.enter_context(dask.config.set(SETTINGS))
        yield


def _as_it_is(job: Job) -> Job:
    return job


def _checkpoint(task: Task, job: Job) -> "Checkpoint | None":
    """In the folder of the study, if this worker sees it."""
    try:
        folder = StudyFolder.open(job.folder)
        return task.checkpoint(folder, job.every) if folder.identity == job.identity else None
    except FolderError:
        return None


@contextmanager
def _in_words() -> Iterator[None]:
    """What goes wrong with workers while there is work, as a user can mend it."""
    from distributed import KilledWorker
    from distributed.client import FutureCancelledError

    try:
        yield
    except KilledWorker as error:
        raise WorkersError(
            f"{error.allowed_failures + 1} workers ended, one after another, under the same task; "
            "perhaps they need more memory than they have: try fewer workers, or more memory for a "
            "job, and see what the jobs have printed"
        ) from None
    except FutureCancelledError:
        raise WorkersError(
            "the scheduler of Dask is gone, and with it the tasks that it had given out; what is "
            "finished is kept: give the same command again"
        ) from None
    except ImportError as error:
        raise WorkersError(
            f"the workers cannot import what they should compute ({error}); install slicken "
            f"{version('slicken')} where they run"
        ) from None


@contextmanager
def _quiet() -> Iterator[None]:
    """What Dask logs is for those who run clusters; an error reaches the user as an exception."""
    import distributed  # noqa: F401 (which sets the levels of its logs)

    names = "distributed", "distributed.client", "distributed.gc", "tornado.application", "asyncio"
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


@contextmanager
def _environment_kept() -> Iterator[None]:
    """Forget what Dask sets for its workers in this process too, such as OMP_NUM_THREADS=1."""
    before = set(os.environ)
    try:
        yield
    finally:
        from dask import config

        of_workers = config.get("distributed.nanny.pre-spawn-environ")
        for name in {*of_workers, "PYTHONHASHSEED", "__DASK_PARENT_PID"} - before:
            os.environ.pop(name, None)
