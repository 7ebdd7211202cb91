"""Jobs: what a cluster plan becomes for the batch system, submitted by dask-jobqueue."""

import asyncio
import re
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from slicken.errors import WorkersError
from slicken.study.cluster_plan import ClusterPlan
from slicken.study.worker_resources import VARIABLE

if TYPE_CHECKING:
    from dask_jobqueue.core import JobQueueCluster

SUBMITS = {"slurm": "sbatch", "pbs": "qsub", "lsf": "bsub"}

PRELOAD = ["--preload", "slicken.study.worker_resources"]

LOOK_EVERY = 15.0
"""Seconds between two looks whether a job has ended."""

GONE_AFTER = 4
"""Looks at which a job has no worker: one that died alone is started again within its job."""

HAND_OVER = 180
"""Seconds of the walltime that are left for starting a worker, and for ending it in order."""


def job_script(plan: ClusterPlan) -> str:
    """What would be submitted for each job, but for the address that workers report to.

    Raises:
        WorkersError: if dask-jobqueue is not installed.
    """
    one_job, _ = _classes(plan)
    return str(one_job("tcp://THIS-MACHINE:PORT", name="slicken-0", **_job(plan)).job_script())


@contextmanager
def jobs_of(plan: ClusterPlan) -> "Iterator[JobQueueCluster]":
    """Submit the jobs of a plan, and keep as many going until the block ends; then cancel them.

    Raises:
        WorkersError: if dask-jobqueue is not installed, or the batch system refuses a job.
    """
    submit = SUBMITS[plan.kind]
    classes = _classes(plan)
    if shutil.which(submit) is None:
        raise WorkersError(
            f"there is no {submit} here, so no job can be submitted; give the command on a login "
            "node of the cluster, or choose another kind in the cluster plan"
        )
    with _scheduler_for(plan, *classes) as cluster:
        _submit(cluster, plan, submit)
        keeper = asyncio.run_coroutine_threadsafe(
            _keep_going(cluster, plan.jobs), cluster.loop.asyncio_loop
        )
        try:
            yield cluster
        finally:
            keeper.cancel()


def _scheduler_for(plan: ClusterPlan, one_job: type[Any], all_jobs: type[Any]) -> "JobQueueCluster":
    scheduler = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
    if plan.host:
        scheduler["host"] = plan.host
    noted = type(one_job.__name__, (_Noted, one_job), {})
    try:
        return all_jobs(name="slicken", job_cls=noted, scheduler_options=scheduler, **_job(plan))
    except (OSError, RuntimeError, ValueError) as error:
        raise WorkersError(
            f"the scheduler of Dask could not be started here ({error}); check interface and host "
            "in the cluster plan"
        ) from None


class _Noted:
    """A job that is noted as closed: Dask insists on it at the end, and dask-jobqueue forgets."""

    async def close(self) -> None:
        from distributed import Status

        await super().close()  # type: ignore[misc]  # that of the class it is mixed with
        self.status = Status.closed


def _submit(cluster: "JobQueueCluster", plan: ClusterPlan, submit: str) -> None:
    async def submitted() -> None:
        # Both in one turn of the loop: alone, scale submits in the background, and errors are lost.
        cluster.scale(jobs=plan.jobs)
        await cluster

    try:
        cluster.sync(submitted)
    except (OSError, RuntimeError, ValueError) as error:
        raise WorkersError(
            f"{submit} refuses the job: {_what_it_said(str(error))}; see it with --show-job, and "
            "mend the cluster plan"
        ) from None


def _what_it_said(error: str) -> str:
    """What the batch system printed, out of dask-jobqueue's account of it, in one line."""
    said = re.search(r"(?s)stderr:\n(.*)", error)
    return " ".join((said[1] if said else error).split())


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


def _classes(plan: ClusterPlan) -> tuple[type[Any], type[Any]]:
    """The classes of dask-jobqueue for one job, and for all jobs with their scheduler."""
    try:
        with _ctrl_c_kept():
            from dask_jobqueue import lsf, pbs, slurm
    except ImportError:
        raise WorkersError(
            "a cluster plan needs dask-jobqueue, which is not installed; "
            "try pip install 'slicken[cluster]'"
        ) from None
    if plan.kind == "slurm":
        return slurm.SLURMJob, slurm.SLURMCluster
    if plan.kind == "pbs":
        return pbs.PBSJob, pbs.PBSCluster
    return lsf.LSFJob, lsf.LSFCluster


def _job(plan: ClusterPlan) -> dict[str, Any]:
    return {
        # To Dask a core is a place for one task: each worker has one, whatever it computes with.
        "cores": plan.processes,
        "processes": plan.processes,
        # The batch system holds a job to its memory. Dask would take that of JAX for results that
        # it could write to disk, and pause the worker for good.
        "memory": "0",
        "job_name": "slicken",
        "queue": plan.queue or None,
        "interface": plan.interface or None,
        "local_directory": plan.scratch or None,
        "log_directory": plan.logs or None,
        "job_directives_skip": list(plan.skip),
        "job_script_prologue": [*plan.setup, *_variables(plan)],
        "worker_extra_args": [*PRELOAD, "--no-dashboard", *_lifetime(plan)],
        **_resources(plan),
    }


def _variables(plan: ClusterPlan) -> list[str]:
    told = [f"export {VARIABLE}={plan.cores}/{plan.processes}"]
    # A node may have GPUs that the job did not ask for.
    return told if plan.gpus else [*told, "export JAX_PLATFORMS=cpu"]


def _lifetime(plan: ClusterPlan) -> list[str]:
    """A worker ends before its job is ended, and not together with all others."""
    stagger = min(300, plan.seconds // 20)
    lifetime = plan.seconds - HAND_OVER - stagger
    return ["--lifetime", f"{lifetime}s", "--lifetime-stagger", f"{stagger}s"]


def _resources(plan: ClusterPlan) -> dict[str, Any]:
    """Cores, memory, GPUs, time and account, in the words of each batch system."""
    hours, minutes, seconds = plan.seconds // 3600, plan.seconds // 60 % 60, plan.seconds % 60
    megabytes = plan.megabytes
    walltime = f"{hours:02}:{minutes:02}:{seconds:02}"
    extra = list(plan.directives)
    if plan.kind == "slurm":
        return {
            "job_cpu": plan.cores,
            "job_mem": f"{megabytes}M",
            "walltime": walltime,
            "account": plan.account or None,
            "job_extra_directives": [*([f"--gres=gpu:{plan.gpus}"] if plan.gpus else []), *extra],
        }
    if plan.kind == "pbs":
        gpus = f":ngpus={plan.gpus}" if plan.gpus else ""
        return {
            "resource_spec": f"select=1:ncpus={plan.cores}{gpus}:mem={megabytes}mb",
            "walltime": walltime,
            "account": plan.account or None,
            "job_extra_directives": extra,
        }
    return {
        "ncpus": plan.cores,
        "mem": megabytes * 2**20,
        "walltime": f"{hours:02}:{minutes:02}",  # LSF knows no seconds
        "project": plan.account or None,
        "job_extra_directives": [*([f'-gpu "num={plan.gpus}"'] if plan.gpus else []), *extra],
    }
