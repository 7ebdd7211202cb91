"""The worker's side of the talk: one JSON request a line on stdin, one JSON answer on stdout.

The scripts beside this one run in environments of their own, without slicken; they need only the
standard library and NumPy here.
"""

import json
import math
import os
import resource
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol, TextIO

import numpy as np
from numpy.typing import NDArray

FLUSH_SECONDS = 0.25  # how long steps are sent before their end is waited for


class Problem(NamedTuple):
    """What every implementation is given.

    Args:
        drivers: the record, shape ``(T, C)``.
        friction: shape ``(T,)``.
        order: where the windows of the batches of each run end, shape ``(R, N)``.
        check: where the windows end on which outputs are compared, shape ``(N,)``.
        weights: first weights in the layout of Keras, each with a leading axis R:
            ``kernel0``, ``bias0``, ... of the convolutions, ``gru_kernel0``, ``gru_recurrent0``,
            ``gru_bias0``, ... of the GRU layers, ``dense``, ``offset``.
        length: samples in a window, L.
        batch: windows in a batch, B.
        gates: how they started.
    """

    drivers: NDArray[np.float32]
    friction: NDArray[np.float32]
    order: NDArray[np.int32]
    check: NDArray[np.int32]
    weights: dict[str, NDArray[np.float32]]
    length: int
    batch: int
    gates: str = "zero"

    @property
    def lags(self) -> NDArray[np.int32]:
        """What is added to the end of a window to have its samples, shape ``(L,)``."""
        return np.arange(1 - self.length, 1, dtype=np.int32)

    @property
    def runs(self) -> list[int]:
        """Numbers of all runs."""
        return list(range(self.order.shape[0]))

    def ends(self, runs: Sequence[int], step: int) -> NDArray[np.int32]:
        """Where the windows of one batch of these runs end, shape ``(R, B)``."""
        whole = self.order.shape[1] // self.batch
        first = step % whole * self.batch
        return self.order[list(runs), first : first + self.batch]


def read_problem(path: str) -> Problem:
    """The problem that the benchmark wrote."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    named = {name: arrays.pop(name) for name in ("drivers", "friction", "order", "check")}
    length, batch = int(arrays.pop("length")), int(arrays.pop("batch"))
    gates = str(arrays.pop("gates"))
    return Problem(**named, weights=arrays, length=length, batch=batch, gates=gates)


class Networks(Protocol):
    """Networks in training, of one run or of several at once."""

    def predict(self, ends: NDArray[np.int32]) -> NDArray[Any]:
        """Outputs for the windows that end there, shape ``(R, N)``."""
        ...

    def step(self, ends: NDArray[np.int32]) -> Any:  # noqa: ANN401 (each library has its own)
        """Train on one batch of each run, ends of shape ``(R, B)``; the losses before, (R,)."""
        ...

    def wait(self) -> None:
        """Until all that was asked is done."""
        ...


Make = Callable[[Problem, Sequence[int]], Networks]


class Session:
    """What a worker does when asked: show that it computes the same, then be timed.

    Args:
        version: of the library.
        make: networks of these runs of a problem.
        at_once: how many runs of a problem are trained in one step; the others come after them.
    """

    def __init__(
        self, version: str, make: Make, *, at_once: Callable[[Problem], int] = lambda _: 1
    ) -> None:
        self.version = version
        self._make, self._at_once = make, at_once
        self._step, self._seconds = 0, math.inf

    def hello(self) -> dict[str, Any]:
        """Which version answers."""
        return {"version": self.version}

    def check(self, path: str, steps: int, runs: list[int] | None = None) -> dict[str, Any]:
        """Outputs of the first weights, losses of some batches, and the loss after them."""
        problem = read_problem(path)
        outputs: list[list[float]] = []
        losses: list[list[float]] = []
        for group in self._groups(problem, runs):
            networks = self._make(problem, group)
            outputs += np.asarray(networks.predict(problem.check), dtype=np.float64).tolist()
            during = [
                np.asarray(networks.step(problem.ends(group, step)), dtype=np.float64).reshape(-1)
                for step in range(steps)
            ]
            error = np.asarray(networks.predict(problem.check)) - problem.friction[problem.check]
            after = np.mean(np.square(error, dtype=np.float64), axis=1)
            losses += np.stack([*during, after], axis=1).tolist()
        return {"outputs": outputs, "losses": losses}

    def prepare(self, path: str, runs: list[int] | None = None) -> dict[str, Any]:
        """Compile and warm up; nothing of this is timed."""
        self._problem = read_problem(path)
        self._group = self._groups(self._problem, runs)[0]
        self._networks = self._make(self._problem, self._group)
        self._steps(1)
        self._seconds = self._timed(1)
        return {}

    def turn(self, seconds: float) -> dict[str, Any]:
        """Train for so long, one step at least; whole steps are counted.

        Where networks are trained one after another each step costs the same, so a turn trains
        the first of them only.
        """
        steps, spent = 0, 0.0
        while spent < seconds:
            many = max(1, int(min(FLUSH_SECONDS, seconds - spent) / self._seconds))
            taken = self._timed(many)
            self._seconds = max(taken / many, 1e-6)
            steps, spent = steps + many, spent + taken
        windows = steps * self._problem.batch * len(self._group)
        return {"windows": windows, "seconds": spent, "windows_per_s": windows / spent}

    def memory(self) -> dict[str, Any]:
        """Peak resident memory of this process."""
        return {"bytes": peak_memory()}

    def _groups(self, problem: Problem, runs: list[int] | None) -> list[list[int]]:
        runs = problem.runs if runs is None else runs
        size = self._at_once(problem)
        return [runs[first : first + size] for first in range(0, len(runs), size)]

    def _timed(self, steps: int) -> float:
        began = time.perf_counter()
        self._steps(steps)
        return time.perf_counter() - began

    def _steps(self, steps: int) -> None:
        for _ in range(steps):
            self._networks.step(self._problem.ends(self._group, self._step))
            self._step += 1
        self._networks.wait()


class Crowd:
    """One process per core, each with its share of the runs; together they answer as one."""

    def __init__(self, arguments: list[str]) -> None:
        command = [sys.executable, sys.argv[0], *arguments]
        self._members = [
            subprocess.Popen(  # noqa: S603 (this very script)
                [*command, "--core", str(core)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for core in cores()
        ]

    def hello(self) -> dict[str, Any]:
        """Which version answers."""
        return {"version": self._all({"do": "hello"})[0]["version"]}

    def check(self, path: str, steps: int) -> dict[str, Any]:
        """As of one process: the members' runs in order."""
        shares = self._deal(read_problem(path).runs)
        answers = self._ask(
            [{"do": "check", "path": path, "steps": steps, "runs": share} for share in shares]
        )
        return {
            name: [row for answer in answers for row in answer[name]]
            for name in ("outputs", "losses")
        }

    def prepare(self, path: str) -> dict[str, Any]:
        """All members compile and warm up at the same time."""
        shares = self._deal(read_problem(path).runs)
        self._ask([{"do": "prepare", "path": path, "runs": share} for share in shares])
        return {}

    def turn(self, seconds: float) -> dict[str, Any]:
        """All members train at the same time; their rates add up."""
        answers = self._all({"do": "turn", "seconds": seconds})
        return {
            "windows": sum(answer["windows"] for answer in answers),
            "seconds": max(answer["seconds"] for answer in answers),
            "windows_per_s": sum(answer["windows_per_s"] for answer in answers),
        }

    def memory(self) -> dict[str, Any]:
        """Peak resident memory of the members and of this process, summed."""
        members = sum(answer["bytes"] for answer in self._all({"do": "memory"}))
        return {"bytes": members + peak_memory()}

    def _deal(self, runs: list[int]) -> list[list[int]]:
        each = math.ceil(len(runs) / len(self._members))
        return [runs[first : first + each] for first in range(0, len(runs), each)]

    def _all(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        return self._ask([request] * len(self._members))

    def _ask(self, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        asked = self._members[: len(requests)]
        for member, request in zip(asked, requests, strict=True):
            print(json.dumps(request), file=member.stdin, flush=True)
        answers = [json.loads(_of(member).readline()) for member in asked]
        for answer in answers:
            if "error" in answer:
                raise RuntimeError(answer["error"])
        return answers


def _of(member: subprocess.Popen[str]) -> TextIO:
    if member.stdout is None:
        raise RuntimeError("a member without a voice")
    return member.stdout  # type: ignore[return-value] # a text pipe


def cores() -> list[int]:
    """CPU cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def keep_to(core: int) -> None:
    """This process and its threads run on this core only."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def peak_memory() -> int:
    """Peak resident memory of this process in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def answer(session: Any) -> None:  # noqa: ANN401 (a session, a crowd, or what answers like one)
    """Answer requests until there are no more.

    What libraries print goes to stderr, so that answers stand alone.
    """
    with os.fdopen(os.dup(1), "w") as voice:
        os.dup2(2, 1)
        for request in _requests(sys.stdin):
            try:
                reply = getattr(session, request.pop("do"))(**request)
            except Exception as error:  # noqa: BLE001 (whatever it is, the benchmark tells it)
                traceback.print_exc()
                reply = {"error": f"{type(error).__name__}: {str(error).strip()[:300]}"}
            with suppress(BrokenPipeError):  # nobody listens any more
                print(json.dumps(reply), file=voice, flush=True)


def _requests(lines: TextIO) -> Iterator[dict[str, Any]]:
    for line in lines:
        yield json.loads(line)
