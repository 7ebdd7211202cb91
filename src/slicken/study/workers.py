"""Workers: the processes, here or on other machines, that do the tasks of a study; Dask's.

Nothing of Dask is imported before someone asks for workers: a study on one machine needs none.
"""

import logging
import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

from slicken.errors import WorkersError
from slicken.learning.devices import cores
from slicken.study.cluster_plan import ClusterPlan
from slicken.study.jobs import jobs_of
from slicken.study.worker_resources import VARIABLE, gpus_here

if TYPE_CHECKING:
    from distributed import Client
    from distributed.deploy.spec import SpecCluster

Given = TypeVar("Given")  # the short form needs Python 3.12
Result = TypeVar("Result")

PATIENCE = 10
"""Seconds that a scheduler has to answer."""

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

_LOOK = 0.1
"""Seconds from one look at what has ended to the next."""

MUST_AGREE = ("slicken", "python", "jax", "jaxlib", "numpy")


@dataclass(frozen=True)
class LocalWorkers:
    """Processes on this machine, which share its cores, and its GPUs where it has some.

    Args:
        count: how many.

    Raises:
        WorkersError: if there are more than cores, or than GPUs.
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


@dataclass(frozen=True)
class Scheduler:
    """A scheduler of Dask that runs already, with workers that someone else starts.

    Args:
        address: such as ``tcp://node1:8786``.
    """

    address: str


Workers = LocalWorkers | Scheduler | ClusterPlan


@contextmanager
def client_of(workers: Workers) -> "Iterator[Client]":
    """Have workers, and a client of Dask that gives them tasks, until the block ends.

    A worker does one task at a time, which keeps all cores of the worker busy by itself.

    Args:
        workers: which.

    Yields:
        The client. Workers may still be about to come: tasks wait for them.

    Raises:
        WorkersError: if Dask is missing, the workers cannot be had or compute with other versions,
            a task kills one after another, or the scheduler is lost.
    """
    _must_be_installed("distributed")
    with ExitStack() as stack:
        stack.enter_context(_environment_kept())
        stack.enter_context(_quiet())
        stack.enter_context(_in_words())
        client = stack.enter_context(_start(workers))
        must_agree(client)
        yield client


def results_of(
    client: "Client",
    task: Callable[..., Result],
    given: Iterable[Given],
    *common: Any,  # noqa: ANN401 (whatever the task takes)
    meanwhile: Callable[[], None] = lambda: None,
) -> Iterator[tuple[Given, Result]]:
    """Have one task done for each thing given, and get each result as soon as it is there.

    Results lie on the workers. Where one ends that holds a result which someone still waits for, or
    has only kept, Dask does its task again; so a result is fetched at once, and let go.

    Args:
        client: of the workers.
        task: a function that the workers can import. It may be done more than once, even at the
            same time for some seconds: a worker that hands it over may still be busy with it.
        given: what each task is given, those first that should begin first.
        common: what all of them are given after that; futures are resolved.
        meanwhile: called several times a second, also before each result is given out.

    Yields:
        What was given, with the result, in the order in which tasks are done.

    Raises:
        SlickenError: what a task raised, as it was raised.
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


def tell(topic: str, record: Mapping[str, Any]) -> None:
    """Tell the client something; called in a task.

    Args:
        topic: who hears it: those who :func:`listen` to the same.
        record: numbers, texts, and lists and dictionaries of such.
    """
    from distributed import get_worker

    get_worker().log_event(topic, dict(record))


@contextmanager
def listen(client: "Client", topic: str, hear: Callable[[dict[str, Any]], None]) -> Iterator[None]:
    """Hear what tasks tell, in the order in which each of them told it.

    Args:
        client: of the workers.
        topic: what is listened to.
        hear: called with each record, in a thread of Dask's: it should be quick, and lock what it
            shares with others.
    """
    client.subscribe_topic(topic, lambda event: hear(event[1]))
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


def must_agree(client: "Client") -> None:
    """Make sure that the workers there are compute as this process does, one task at a time.

    Raises:
        WorkersError: if one has another version of something, or none of slicken, or would do
            several tasks at once.
    """
    try:
        there: dict[str, dict[str, str]] = client.run(versions)
    except (ImportError, AttributeError) as error:
        raise WorkersError(
            f"the workers cannot import what they should compute ({error}); install slicken "
            f"{version('slicken')} where they run"
        ) from None
    here = versions()
    for worker, found in there.items():
        for name, wanted in here.items():
            if found[name] != wanted:
                raise WorkersError(
                    f"{name} is {wanted} here, but {found[name]} on the worker {worker}; numbers "
                    "would differ: install the same on both"
                )
    for worker, threads in client.nthreads().items():
        if threads != 1:
            raise WorkersError(
                f"the worker {worker} would do {threads} tasks at once, each on all its cores; "
                "start it with --nthreads 1"
            )


@contextmanager
def _start(workers: Workers) -> "Iterator[Client]":
    import dask
    from distributed import Client

    with dask.config.set(SETTINGS):
        if isinstance(workers, Scheduler):
            with _reached(workers.address) as client:
                yield client
            return
        cluster_of = jobs_of(workers) if isinstance(workers, ClusterPlan) else _local(workers.count)
        # Not as the default: xarray would ask Dask for a lock for every file that it writes.
        with cluster_of as cluster, Client(cluster, set_as_default=False) as client:
            yield client


@contextmanager
def _reached(address: str) -> "Iterator[Client]":
    from distributed import Client

    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:  # no answer; no such name; no address at all
        raise WorkersError(
            f"{address}: no scheduler of Dask answers ({type(error).__name__}); an address looks "
            "like tcp://node1:8786, and 'dask scheduler' prints its own when it starts"
        ) from None
    with client:
        yield client


@contextmanager
def _local(count: int) -> "Iterator[SpecCluster]":
    from distributed import Nanny
    from distributed import Scheduler as DaskScheduler
    from distributed.deploy.spec import SpecCluster

    here = {"host": "127.0.0.1", "dashboard": False, "dashboard_address": "127.0.0.1:0"}
    told = {VARIABLE: f"{cores()}/{count}"}
    gpus = gpus_here()
    if gpus:
        told["CUDA_VISIBLE_DEVICES"] = ",".join(gpus)
    worker = {
        **here,
        "nthreads": 1,
        "env": told,
        "preload": ["slicken.study.worker_resources"],
        # JAX's memory looks to Dask like results that it could write to disk: it would pause the
        # worker at 80 % of a limit, for good, and kill it at 95 %. Where memory really runs out,
        # the system ends the process, and the task is done again.
        "memory_limit": 0,
        "silence_logs": logging.CRITICAL,
    }
    try:
        cluster = SpecCluster(
            scheduler={"cls": DaskScheduler, "options": here},
            workers={number: {"cls": Nanny, "options": worker} for number in range(count)},
            silence_logs=logging.CRITICAL,
        )
    except (OSError, RuntimeError) as error:
        raise WorkersError(
            f"{count} workers could not be started ({error}); a script that asks for workers needs "
            "its main part below: if __name__ == '__main__':"
        ) from None
    with cluster:
        yield cluster


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
            "the scheduler of Dask is gone, and with it the tasks that it had dealt out; what is "
            "finished is kept: give the same command again"
        ) from None


@contextmanager
def _quiet() -> Iterator[None]:
    """What Dask logs is for those who run clusters; an error reaches the user as an exception."""
    import distributed  # noqa: F401 (which sets the levels of its logs)

    names = (
        "distributed",
        "distributed.client",
        "distributed.gc",
        "tornado.application",
        "asyncio",
    )
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


def _must_be_installed(package: str) -> None:
    if find_spec(package) is None:
        raise WorkersError(
            f"workers need {package.replace('_', '-')}, which is not installed; "
            "try pip install 'slicken[cluster]'"
        )
