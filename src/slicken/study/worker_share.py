"""Worker share: the cores, and the GPUs, that one of several workers on a machine has for itself.

Dask imports this file in every worker process that slicken starts, and runs :func:`dask_setup`
there before any task. So nothing heavy is imported here: XLA makes its threads when it starts, as
many as there are cores that it sees then.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import entry_points
from itertools import pairwise
from pathlib import Path
from typing import Protocol, TypeVar

Thing = TypeVar("Thing")  # the short form needs Python 3.12

VARIABLE = "SLICKEN_SHARE"
"""Environment variable of workers: number of cores, and of workers that share them: ``8/2``."""

PRELOAD = "slicken.study.worker_share"
"""What Dask imports in every worker process before any task."""


class Named(Protocol):
    """A worker of Dask, as far as it matters here."""

    name: object


@dataclass(frozen=True)
class Share:
    """What one worker may use.

    Args:
        cores: Number of cores.
        bound: Numbers of these cores; empty where the worker must not, or cannot, be bound to some.
        gpus: GPUs as in ``CUDA_VISIBLE_DEVICES``.
    """

    cores: int
    bound: tuple[int, ...] = ()
    gpus: tuple[str, ...] = ()


def partition(things: Sequence[Thing], parts: int) -> list[tuple[Thing, ...]]:
    """Things in order, in parts as even as can be; the first ones have one more.

    Example:
        >>> partition("abcde", 2)
        [('a', 'b', 'c'), ('d', 'e')]
    """
    each, more = divmod(len(things), parts)
    first = [part * each + min(part, more) for part in range(parts + 1)]
    return [tuple(things[start:end]) for start, end in pairwise(first)]


def share_of(worker: object, shared: str, bound: Sequence[int], gpus: Sequence[str]) -> Share:
    """The share of one worker.

    Args:
        worker: Its name, which ends with its number: Dask calls the workers of a job ``job-0``,
            ``job-1``, ..., and the only one of a job ``job``.
        shared: Numbers of cores and of workers, such as ``8/2``.
        bound: Cores that this process may run on; empty where the system does not say.
        gpus: GPUs of all these workers.

    Example:
        >>> share_of("job-7-1", "8/2", range(8), ["0", "1"])
        Share(cores=4, bound=(4, 5, 6, 7), gpus=('1',))
    """
    cores, workers = (int(number) for number in shared.split("/"))
    number = re.search(r"\d+$", str(worker))
    place = int(number[0]) % workers if number else 0
    # A job that the cluster does not confine sees the whole node; others compute on those cores.
    confined = 0 < len(bound) <= cores
    mine = partition(sorted(bound), workers)[place] if confined else ()
    return Share(
        cores=len(mine) or max(1, len(partition(range(cores), workers)[place])),
        bound=mine,
        gpus=partition(gpus, workers)[place],
    )


def apply(share: Share) -> None:
    """Keep this process, and whatever it starts, to a share."""
    os.environ["SLICKEN_CORES"] = str(share.cores)
    if share.gpus:
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(share.gpus)
    if not share.bound:
        os.environ["PJRT_NPROC"] = str(share.cores)  # the threads of XLA, which sees all cores
        return
    # The call binds one thread; those that NumPy and Dask have started are bound one by one.
    threads = [int(thread.name) for thread in Path("/proc/self/task").glob("*")]
    for thread in threads or [0]:
        with suppress(ProcessLookupError):  # it ended meanwhile
            os.sched_setaffinity(thread, share.bound)


def bound_cores() -> list[int]:
    """Cores that this process may run on; empty where the system does not say."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


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


def dask_setup(worker: Named) -> None:
    """Give a worker process its share; Dask runs this before any task."""
    shared = os.environ.get(VARIABLE)
    if shared:
        apply(share_of(worker.name, shared, bound_cores(), gpus_here()))


def _jax_may_use_gpus(environment: Mapping[str, str], plugins: Sequence[str]) -> bool:
    platforms = environment.get("JAX_PLATFORMS", "")
    wanted = not platforms or any(name in platforms for name in ("cuda", "gpu"))
    return wanted and any("cuda" in plugin for plugin in plugins)


def _before_a_minus_one(visible: str) -> tuple[str, ...]:
    """The GPUs of ``CUDA_VISIBLE_DEVICES``, which end where a number is negative."""
    names = [name.strip() for name in visible.split(",")]
    ends = next((i for i, name in enumerate(names) if not name or name.startswith("-")), len(names))
    return tuple(names[:ends])
