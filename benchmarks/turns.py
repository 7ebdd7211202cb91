"""Turns: the implementations of one case, timed one after the other, again and again.

Machines drift. What is timed within one round meets the same machine; the medians over the rounds
are what is compared. Each implementation has a process of its own for each case, so that its peak
memory is that of this case.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from case import Case
from implementations import Implementation
from worker import Worker, WorkerError
from yardsticks import FmaPeak, MatrixProduct

REST_SECONDS = 0.3
"""Between turns: threads of some libraries go on spinning for a while."""


@dataclass(frozen=True)
class Settings:
    """How long and how often.

    Args:
        repeats: turns of each implementation.
        seconds: a turn lasts so long, one training step at least.
        limit: seconds that a worker may take to prepare or for a turn.
        folder: for what is written on the way.
    """

    repeats: int
    seconds: float
    limit: float
    folder: Path


@dataclass
class Timed:
    """What one implementation showed in one case.

    Args:
        implementation: which one.
        case: of what size.
        version: of the library.
        rates: windows per second, turn by turn.
        done: operations of a window, counted as they were done; empty where nobody counts.
        memory: peak resident bytes of its processes.
        reason: why there are no rates, if there are none.
    """

    implementation: Implementation
    case: Case
    version: str = ""
    rates: list[float] = field(default_factory=list)
    done: list[float] = field(default_factory=list)
    memory: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class Yards:
    """What the machine could do in the same rounds, in 1e9 operations per second."""

    fma: list[float]
    product: list[float]


def take_turns(
    pairs: Sequence[tuple[Implementation, Case]],
    problems: dict[Case, str],
    yardsticks: tuple[FmaPeak, MatrixProduct],
    settings: Settings,
) -> tuple[list[Timed], Yards]:
    """Prepare all, then time them in rounds, the yardsticks among them."""
    timed = [Timed(implementation, case) for implementation, case in pairs]
    fma, product = yardsticks
    yards = Yards([], [])
    with ExitStack() as stack:
        # Two at a time: starting and compiling keep about one core busy.
        with ThreadPoolExecutor(2) as pool:
            jobs = [
                pool.submit(_prepare, one, problems[one.case], number, settings)
                for number, one in enumerate(timed)
            ]
            workers = [job.result() for job in jobs]
        for worker in workers:
            if worker is not None:
                stack.callback(worker.stop)
        for _ in range(settings.repeats):
            _keep(yards.fma, fma.turn(min(1.0, settings.seconds)))
            for one, worker in zip(timed, workers, strict=True):
                if worker is not None and not one.reason:
                    time.sleep(REST_SECONDS)
                    _turn(one, worker, settings)
            _keep(yards.product, product.turn(min(1.0, settings.seconds)))
        for one, worker in zip(timed, workers, strict=True):
            if worker is not None and not one.reason:
                _weigh(one, worker)
    return timed, yards


def _prepare(one: Timed, problem: str, number: int, settings: Settings) -> Worker | None:
    try:
        notes = settings.folder / f"{one.implementation.key}-{number}.notes"
        worker = Worker(one.implementation.command, limit=settings.limit, notes=notes)
        one.version = worker.ask("hello")["version"]
        worker.ask("prepare", path=problem)
    except WorkerError as error:
        one.reason = str(error)
        return None
    return worker


def _turn(one: Timed, worker: Worker, settings: Settings) -> None:
    try:
        answer = worker.ask("turn", seconds=settings.seconds)
        one.rates.append(float(answer["windows_per_s"]))
        if answer.get("flops_done") is not None:
            one.done.append(float(answer["flops_done"]))
    except WorkerError as error:
        one.reason, one.rates = str(error), []


def _weigh(one: Timed, worker: Worker) -> None:
    try:
        one.memory = int(worker.ask("memory")["bytes"])
    except WorkerError as error:
        one.reason = str(error)


def _keep(values: list[float], value: float | None) -> None:
    if value is not None:
        values.append(value)
