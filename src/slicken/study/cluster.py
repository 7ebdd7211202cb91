"""Cluster: jobs of a batch system, submitted by dask-jobqueue as its own configuration says."""

import asyncio
import re
import shutil
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from slicken.errors import WorkersError
from slicken.study.worker_share import PRELOAD, VARIABLE

if TYPE_CHECKING:
    from dask_jobqueue.core import JobQueueCluster

LOOK_EVERY = 15.0
"""Seconds between two looks whether a job has ended."""
GONE_AFTER = 4
"""Looks at which a job has no worker: one that died alone is started again within its job."""
_WORKER_OPTIONS = (
    *("--preload", PRELOAD),
    *("--nthreads", "1"),  # a worker does one task at a time, on all its cores
    # The batch system holds a job to its memory. Dask would take that of JAX for results that it
    # could write to disk, and pause the worker for good.
    *("--memory-limit", "0"),
    "--no-dashboard",
)


@contextmanager
def jobs_of(name: str, jobs: int) -> "Iterator[JobQueueCluster]":
    """Submit jobs, and keep as many going until the block ends; then cancel them.

    Args:
        name: Section of dask-jobqueue's configuration, such as ``slurm`` or ``slurm-gpu``.
        jobs: Number of jobs.

    Raises:
        WorkersError: If dask-jobqueue is not installed, there is no such section or batch system,
            or the batch system refuses a job.
    """
    of_system = class_of(name)
    _check_submit(name, of_system)
    import dask

    # What a section does not say is said by that of its batch system.
    section = dask.config.merge(
        dask.config.get(f"jobqueue.{of_system.job_cls.config_name}"),
        dask.config.get(f"jobqueue.{name}"),
    )
    with (
        dask.config.set({f"jobqueue.{name}": section}),
        _scheduler_for(name, of_system, section) as cluster,
    ):
        _submit(name, cluster, jobs)
        keeper = asyncio.run_coroutine_threadsafe(
            _keep_going(cluster, jobs), cluster.loop.asyncio_loop
        )
        try:
            yield cluster
        finally:
            keeper.cancel()


def class_of(name: str) -> type[Any]:
    """The class of dask-jobqueue for a section of its configuration.

    Raises:
        WorkersError: If dask-jobqueue is not installed, or there is no such section.
    """
    try:
        with _ctrl_c_kept():
            import dask_jobqueue
    except ImportError:
        raise WorkersError(
            "--cluster needs dask-jobqueue, which is not installed; "
            "try pip install 'slicken[cluster]'"
        ) from None
    import dask

    classes: dict[str, type[Any]] = {}
    for one in vars(dask_jobqueue).values():
        job = getattr(one, "job_cls", None)
        if job is not None:
            classes[job.config_name] = one
    system = name.partition("-")[0]
    sections = [one for one in dask.config.get("jobqueue") if one.partition("-")[0] in classes]
    if system not in classes or name not in sections:
        raise WorkersError(
            f"--cluster {name}: dask-jobqueue's configuration has no section jobqueue.{name}; "
            f"there are {', '.join(sorted(sections))}"
        )
    return classes[system]


def _check_submit(name: str, of_system: type[Any]) -> None:
    command = str(of_system.job_cls.submit_command).split()[0]
    if shutil.which(command) is None:
        raise WorkersError(
            f"--cluster {name}: there is no {command} here, so no job can be submitted; give the "
            "command on a login node of the cluster"
        )


def _scheduler_for(
    name: str, of_system: type[Any], section: Mapping[str, Any]
) -> "JobQueueCluster":
    for field in ("cores", "memory"):
        if section[field] is None:
            raise WorkersError(
                f"--cluster {name}: dask-jobqueue's configuration says no {field} of a job; write "
                f"it below jobqueue.{name}"
            )
    processes = section["processes"] or 1
    share = f"export {VARIABLE}={section['cores']}/{processes}"
    cluster: JobQueueCluster
    try:
        cluster = of_system(
            name="slicken",
            config_name=name,
            job_cls=type(of_system.job_cls.__name__, (_Noted, of_system.job_cls), {}),
            processes=processes,
            worker_extra_args=[*section["worker-extra-args"], *_WORKER_OPTIONS],
            job_script_prologue=[*section["job-script-prologue"], share],
            scheduler_options={
                "dashboard": False,
                "dashboard_address": "127.0.0.1:0",
                **section["scheduler-options"],
            },
        )
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        said = " ".join(str(error).split())
        raise WorkersError(
            f"--cluster {name}: {said}; mend jobqueue.{name} in dask-jobqueue's configuration"
        ) from None
    return cluster


class _Noted:
    """A job that is noted as closed: Dask insists on it at the end, and dask-jobqueue forgets."""

    async def close(self) -> None:
        from distributed import Status

        await super().close()  # type: ignore[misc]  # that of the class it is mixed with
        self.status = Status.closed


def _submit(name: str, cluster: "JobQueueCluster", jobs: int) -> None:
    async def submitted() -> None:
        # Both in one turn of the loop: alone, scale submits in the background, and errors are lost.
        cluster.scale(jobs=jobs)
        await cluster

    try:
        cluster.sync(submitted)
    except (OSError, RuntimeError, ValueError) as error:
        # What the batch system printed, out of dask-jobqueue's account of it.
        printed = re.search(r"(?s)stderr:\n(.*)", str(error))
        said = " ".join((printed[1] if printed else str(error)).split())
        raise WorkersError(
            f"--cluster {name}: the job is refused: {said}; mend jobqueue.{name} in "
            "dask-jobqueue's configuration"
        ) from None


async def _keep_going(cluster: "JobQueueCluster", jobs: int) -> None:
    """Submit a job again when its workers have gone: at its walltime, or with their node.

    ``scale`` submits what is lacking, but only when it is called. ``adapt`` calls it by itself, but
    neither notices that a job with several workers has ended: for that, a worker must bear the name
    of its job. A job that is still in the queue has no workers either, so only those are missed
    that have been there.
    """
    missed: dict[str, int] = {}
    while True:
        await asyncio.sleep(LOOK_EVERY)
        await _drop_ended(cluster, missed)
        cluster.scale(jobs=jobs)


async def _drop_ended(cluster: "JobQueueCluster", missed: dict[str, int]) -> None:
    workers = [str(each["name"]) for each in cluster.scheduler_info["workers"].values()]
    for name, job in list(cluster.workers.items()):
        if any(worker == name or worker.startswith(f"{name}-") for worker in workers):
            missed[job.job_id] = 0
        elif job.job_id in missed:
            missed[job.job_id] += 1
        if missed.get(job.job_id, 0) >= GONE_AFTER:
            del cluster.workers[name]
            with suppress(OSError):
                await job.close()


@contextmanager
def _ctrl_c_kept() -> Iterator[None]:
    """What Ctrl-C does stays as it is: dask-jobqueue makes it end the process without a word."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, before)
