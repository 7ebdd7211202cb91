"""Cluster plan: the jobs that workers run in, and what a batch system must know of them."""

import math
import re
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from slicken.errors import PlanError
from slicken.study.settings import Settings

SHORTEST_WALLTIME = 600
"""Seconds: a shorter job would hand its tasks over as soon as it has begun them."""


class ClusterPlan(Settings):
    """Jobs for a batch system; all alike.

    Attributes:
        kind: ``slurm``, ``pbs`` or ``lsf``.
        jobs: how many are kept going; one that ends is submitted again while there is work.
        cores: CPU cores of a job.
        memory: of a job, such as ``16 GB``; 1 GB is 1024 MB here, as for batch systems.
        walltime: of a job: ``hours:minutes:seconds``, or with days: ``1-12:00:00``.
        queue: the queue, or partition; that of the cluster where empty.
        account: the account, or project, that pays; that of the user where empty.
        gpus: of a job.
        processes: workers in a job, which share its cores; one, or one for each GPU, where it is
            not given.
        setup: lines of the job script before the workers start, such as ``module load python``.
        directives: options for the batch system, such as ``--qos=low``, each a line.
        skip: directives with one of these texts are left out, such as ``--mem`` where the cluster
            does not let its users ask for memory.
        interface: network of the workers, such as ``ib0``; the system's choice where empty.
        host: name or address by which the nodes reach the machine where the command is given; found
            out where empty.
        scratch: folder for Dask's own files, best on a node's own disk.
        logs: folder for what jobs print; the batch system's choice where empty.
    """

    kind: Literal["slurm", "pbs", "lsf"]
    jobs: int = Field(ge=1, le=10_000)
    cores: int = Field(ge=1, le=10_000)
    memory: str
    walltime: str
    queue: str = ""
    account: str = ""
    gpus: int = Field(0, ge=0, le=100)
    processes: int = Field(1, ge=1, le=10_000)
    setup: tuple[str, ...] = ()
    directives: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    interface: str = ""
    host: str = ""
    scratch: str = ""
    logs: str = ""

    @model_validator(mode="before")
    @classmethod
    def _one_worker_for_a_gpu(cls, values: dict[str, Any]) -> dict[str, Any]:
        gpus = values.get("gpus")
        return {"processes": gpus, **values} if isinstance(gpus, int) and gpus > 0 else values

    @field_validator("memory")
    @classmethod
    def _memory_is_an_amount(cls, memory: str) -> str:
        if not _megabytes_in(memory):
            raise PlanError(f"memory: expected an amount such as '16 GB', but got {memory!r}")
        return memory

    @field_validator("walltime")
    @classmethod
    def _walltime_is_long_enough(cls, walltime: str) -> str:
        seconds = _seconds_in(walltime)
        if seconds is None:
            raise PlanError(
                "walltime: expected hours:minutes:seconds such as '8:00:00', or with days "
                f"'1-12:00:00', but got {walltime!r}"
            )
        if seconds < SHORTEST_WALLTIME:
            raise PlanError(
                f"walltime: {walltime} is too short to begin a task and hand it over; give at "
                f"least 0:{SHORTEST_WALLTIME // 60}:00"
            )
        return walltime

    @model_validator(mode="after")
    def _workers_have_what_they_need(self) -> Self:
        if self.processes > self.cores:
            raise PlanError(
                f"processes: {self.processes} workers cannot share {self.cores} cores; raise "
                "cores, or lower processes"
            )
        if 0 < self.gpus < self.processes:
            raise PlanError(
                f"processes: {self.processes} workers, but {self.gpus} GPUs in a job, and a worker "
                "needs one; leave processes out for one worker a GPU"
            )
        return self

    @property
    def seconds(self) -> int:
        """The walltime in seconds."""
        return _seconds_in(self.walltime) or 0

    @property
    def megabytes(self) -> int:
        """The memory in MB."""
        return _megabytes_in(self.memory)


def _megabytes_in(memory: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?) *([MGT])i?B", memory)
    return math.ceil(float(found[1]) * 1024 ** "MGT".index(found[2])) if found else 0


def _seconds_in(walltime: str) -> int | None:
    found = re.fullmatch(r"(?:(\d+)-)?(\d{1,3}):([0-5]\d):([0-5]\d)", walltime)
    if found is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
