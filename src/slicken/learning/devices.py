"""Devices: where, and how many at a time, the runs of an ensemble are computed."""

import os
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import jax

from slicken.errors import PlanError

Given = TypeVar("Given")  # the short form needs Python 3.12
Result = TypeVar("Result")

_ONE_THREAD: dict[str, str | bool] = {"xla_cpu_multi_thread_eigen": False}
_PROGRAMS: OrderedDict[Hashable, Any] = OrderedDict()
_MOST_PROGRAMS = 32


def share_out(runs: int, *, fewest: int) -> list[tuple[jax.Device, list[int]]]:
    """Divide runs into shares that are computed at the same time.

    On CPUs there is a share a core: XLA keeps one core busy with a small recurrent network, and
    runs as many programs at once as there are threads to call it. On GPUs there is a share a GPU.
    Every share has the same number, so that one program fits all; the last run is repeated where
    they do not come out even, and what the copies give is thrown away.

    Args:
        runs: Number of runs.
        fewest: Least number of runs in a share. XLA's compiler treats one run as a special case,
            whose last bits differ; then a run would depend on the number of others.

    Returns:
        Each share's device and the numbers of its runs, in order; without the copies these are
        0, 1, ... runs - 1.
    """
    devices = jax.devices()
    if devices[0].platform == "cpu":
        devices = devices[:1] * cores()
    each = max(fewest, -(-runs // len(devices)))
    hands = [list(range(first, first + each)) for first in range(0, runs, each)]
    hands = [[min(run, runs - 1) for run in hand] for hand in hands]
    return list(zip(devices, hands, strict=False))


def compiled(what: Hashable, program: jax.stages.Wrapped, *arguments: Any) -> Any:  # noqa: ANN401 (any arrays)
    """A jitted program compiled for arrays like these, on the device that holds them.

    It is compiled once in a process, however often it is asked for. On CPUs a program keeps to one
    thread: shares keep all cores busy already, and where threads cut a product, and so its last
    bits, would depend on how many cores there are.

    Args:
        what: All that the program does depends on beside its arguments.
        program: Program, jitted.
        arguments: Arrays on one device.
    """
    leaves, structure = jax.tree.flatten(arguments)
    key = what, structure, tuple((leaf.shape, leaf.dtype, leaf.sharding) for leaf in leaves)
    if key not in _PROGRAMS:
        on_cpu = next(iter(leaves[0].devices())).platform == "cpu"
        _PROGRAMS[key] = program.lower(*arguments).compile(_ONE_THREAD if on_cpu else None)
        while len(_PROGRAMS) > _MOST_PROGRAMS:
            _PROGRAMS.popitem(last=False)
    _PROGRAMS.move_to_end(key)
    return _PROGRAMS[key]


def cores() -> int:
    """CPU cores that this process may use.

    These are the cores that it is bound to, where the system binds processes, and no more than the
    variable ``SLICKEN_CORES`` allows, which serves where it does not.

    Raises:
        PlanError: if the variable holds no number of cores.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    allowed = os.environ.get("SLICKEN_CORES")
    if not allowed:
        return bound or 1
    if not allowed.isdecimal() or int(allowed) < 1:
        raise PlanError(f"SLICKEN_CORES: expected a number of cores such as 4, but got {allowed!r}")
    return min(bound or 1, int(allowed))


def at_once(work: Callable[[Given], Result], shares: Sequence[Given]) -> list[Result]:
    """Do the work of all shares at the same time, a thread each.

    A single share has its thread too: while Python waits for a thread it hears Ctrl-C, inside a
    compiled program it would not.
    """
    pool = ThreadPoolExecutor(len(shares))
    try:
        return list(pool.map(work, shares))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
