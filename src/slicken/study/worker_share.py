"""Worker share: the cores, and the GPUs, that one of several workers on a machine has for itself.

Dask imports this file in every worker process that slicken starts, and runs :func:`dask_setup`
there before any task. So nothing heavy is imported here: XLA makes its threads when it starts.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from typing import Protocol

VARIABLE = "SLICKEN_SHARE"
"""Environment variable of workers: number of cores, and of workers that share them: ``8/2``."""

PRELOAD = "slicken.study.worker_share"
"""What Dask imports in every worker process before any task."""


class Named(Protocol):
    """A worker of Dask, as far as it matters here."""

    name: object


def share_of(
    worker: object, shared: str, gpus: Sequence[str], bound: int | None = None
) -> dict[str, str]:
    """What one worker may use, as variables of its environment.

    Args:
        worker: Its name, which ends with its number: Dask calls the workers of a job ``job-0``,
            ``job-1``, ..., and the only one of a job ``job``.
        shared: Numbers of cores and of workers, such as ``8/2``.
        gpus: GPUs of all these workers, as in ``CUDA_VISIBLE_DEVICES``.
        bound: Number of cores that they are bound to, if it is known; a job may get fewer than it
            asked for.

    Example:
        >>> share_of("job-7-1", "8/2", ["0", "1"])
        {'SLICKEN_CORES': '4', 'PJRT_NPROC': '4', 'CUDA_VISIBLE_DEVICES': '1'}
    """
    cores, workers = (int(number) for number in shared.split("/"))
    number = re.search(r"\d+$", str(worker))
    place = int(number[0]) % workers if number else 0
    mine = str(max(1, len(range(place, min(cores, bound or cores), workers))))
    share = {"SLICKEN_CORES": mine, "PJRT_NPROC": mine}  # the second is that of XLA's threads
    own = gpus[place::workers]
    return {**share, "CUDA_VISIBLE_DEVICES": ",".join(own)} if own else share


def dask_setup(worker: Named) -> None:
    """Give a worker process its share; Dask runs this before any task."""
    shared = os.environ.get(VARIABLE)
    if shared:
        bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
        os.environ.update(share_of(worker.name, shared, gpus_here(), bound))


def gpus_here() -> tuple[str, ...]:
    """GPUs that JAX would use on this machine, as in ``CUDA_VISIBLE_DEVICES``.

    JAX is not asked: a process that looks at a GPU with JAX takes most of its memory. It is not
    asked for either where it was installed without its part for GPUs, or is told to use the CPU.
    """
    if not _jax_may_use_gpus(
        os.environ, [plugin.name for plugin in entry_points(group="jax_plugins")]
    ):
        return ()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return _before_a_minus_one(visible)
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    try:
        listed = subprocess.run(  # noqa: S603 - the program found on the path, no argument from outside
            [program, "-L"], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(re.findall(r"(?m)^GPU (\d+):", listed.stdout))


def _jax_may_use_gpus(environment: Mapping[str, str], plugins: Sequence[str]) -> bool:
    platforms = environment.get("JAX_PLATFORMS", "")
    wanted = not platforms or any(name in platforms for name in ("cuda", "gpu"))
    return wanted and any("cuda" in plugin for plugin in plugins)


def _before_a_minus_one(visible: str) -> tuple[str, ...]:
    """The GPUs of ``CUDA_VISIBLE_DEVICES``, which end where a number is negative."""
    names = [name.strip() for name in visible.split(",")]
    ends = next((i for i, name in enumerate(names) if not name or name.startswith("-")), len(names))
    return tuple(names[:ends])
