"""Devices: where the runs of an ensemble are computed."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import jax

Given = TypeVar("Given")  # the short form needs Python 3.12
Result = TypeVar("Result")

FEWEST_RUNS = 2
"""Runs that a device takes at a time, at least: a compiler treats one run as a special case, whose
last bits would differ; then a run would depend on how many others there are."""


def use_all_cores() -> None:
    """Let JAX see each CPU core as a device, so that runs share them.

    Must come before JAX computes anything; where it comes too late (somebody's notebook has
    computed already), the devices that there are will do, and the bits are the same.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        jax.config.update("jax_num_cpu_devices", cores or 1)
    except RuntimeError:
        return


def share_out(runs: int, *, one_device: bool) -> list[tuple[jax.Device, list[int]]]:
    """Deal runs to devices, evenly and at least ``FEWEST_RUNS`` each.

    Every device gets the same number, so that one program fits all; the last run is repeated where
    they do not come out even, and what the copies give is thrown away.

    Args:
        runs: how many there are.
        one_device: whether the engine shares out the work of a device itself.

    Returns:
        Each device with the numbers of its runs, in order; without the copies these are
        0, 1, ... runs - 1.
    """
    devices = jax.devices()[:1] if one_device else jax.devices()
    each = max(FEWEST_RUNS, -(-runs // len(devices)))
    hands = [list(range(first, first + each)) for first in range(0, runs, each)]
    hands = [[min(run, runs - 1) for run in hand] for hand in hands]
    return list(zip(devices, hands, strict=False))


def at_once(work: Callable[[Given], Result], shares: Sequence[Given]) -> list[Result]:
    """Do the work of all devices at the same time, a thread a device."""
    if len(shares) == 1:
        return [work(shares[0])]
    with ThreadPoolExecutor(len(shares)) as pool:
        return list(pool.map(work, shares))
