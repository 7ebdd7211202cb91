"""Progress: how far a study is, as one event, and in a file of its folder."""

import math
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from slicken.errors import SlickenError
from slicken.learning.training import EpochLosses
from slicken.statements import Statement
from slicken.study.files import remove, written_aside
from slicken.study.folder import StudyFolder
from slicken.study.lock import check_lock
from slicken.study.observer import Observer
from slicken.study.plan import MOST_EPOCHS, Plan
from slicken.study.prepared import Prepared

if TYPE_CHECKING:
    from slicken.study.forecast import Forecast

NAME = "progress.json"
EVERY = 2.0
"""Seconds from one writing to the next, at least."""

Stage = Literal["measuring", "training", "evidence", "figures"]


@dataclass(frozen=True)
class Progress:
    """How far a study is at one moment: the one thing that a long job reports.

    Args:
        stage: Part of the work: ``measuring``, ``training``, ``evidence`` or ``figures``.
        doing: What is being done.
        done: Steps that are done; epochs of all runs in training.
        total: Number of steps.
        left: Seconds left for the stage; NaN where it is not known.
        note: Something that the user should read.
        window: Window length that the event is about, s; NaN where it is about none.
        runs: Numbers of the runs that ended an epoch.
        epoch: Number of that epoch.
        losses: Losses of these runs in that epoch.

    Example:
        >>> Progress("evidence", Statement("progress.memory"), done=3, total=9).left
        nan
    """

    stage: Stage
    doing: Statement | None = None
    done: int = 0
    total: int = 0
    left: float = math.nan
    note: Statement | None = None
    window: float = math.nan
    runs: tuple[int, ...] = ()
    epoch: int = 0
    losses: EpochLosses | None = None


OnProgress = Callable[[Progress], None]


def ignore(progress: Progress) -> None:
    """Do nothing with it."""
    del progress


class WindowProgress(BaseModel):
    """How far one window length is, run by run.

    Attributes:
        window: its length, s.
        epochs: that each run has done, shape ``(R,)``.
        last: validation loss of each after its last epoch; None where there is none, or none that
            is finite.
        best: the lowest until then.
    """

    model_config = ConfigDict(frozen=True)

    window: float
    epochs: tuple[Annotated[int, Field(ge=0, le=MOST_EPOCHS)], ...]
    last: tuple[float | None, ...]
    best: tuple[float | None, ...]


class StepProgress(BaseModel):
    """How far the gathering of evidence is.

    Attributes:
        words: what is being gathered.
        done: steps before it.
        total: of all steps.
    """

    model_config = ConfigDict(frozen=True)

    words: Annotated[str, Field(max_length=200)]
    done: Annotated[int, Field(ge=0)]
    total: Annotated[int, Field(ge=0)]


class Record(BaseModel):
    """How far a study is.

    Attributes:
        study: its identity; see :attr:`~slicken.study.folder.StudyFolder.identity`.
        host: of the process that leads it.
        pid: of that process.
        updated: when this was written.
        left: seconds for all that is left, from then on; None where nobody knows yet.
        windows: of every window length.
        step: of the evidence; None in training.
    """

    model_config = ConfigDict(frozen=True)

    study: str
    host: str
    pid: int
    updated: AwareDatetime
    left: float | None
    windows: tuple[WindowProgress, ...]
    step: StepProgress | None = None


def read_progress(folder: StudyFolder) -> Record | None:
    """How far a study in work is; None where it is not in work, or nothing can be read."""
    try:
        progress = Record.model_validate_json(folder.place(NAME).read_bytes())
    except (OSError, ValidationError, SlickenError):
        return None
    plan = folder.plan
    fits = progress.study == folder.identity and all(
        len(of_runs) == plan.runs
        for window in progress.windows
        for of_runs in (window.epochs, window.last, window.best)
    )
    return progress if fits else None


@contextmanager
def recorded(observer: Observer, folder: StudyFolder) -> Iterator[Observer]:
    """An observer in place of another one, who also leaves the progress of the training.

    The file is gone when all is trained. When something goes wrong, or the user stops, it stays.

    Args:
        observer: told everything in turn.
        folder: of the study, held by this process.
    """
    yield Recorder(observer, folder)
    with suppress(SlickenError):
        remove(folder.place(NAME))


class Recorder:
    """An observer who passes on what he is told, and writes down how far the training is.

    A file that cannot be written is no reason to stop: the next one may be.

    Args:
        observer: told everything in turn.
        folder: of the study, held by this process.
    """

    def __init__(self, observer: Observer, folder: StudyFolder) -> None:
        self._observer, self._folder = observer, folder
        self._rows = _rows_of(folder)
        self._left = float("nan")
        self._written = -EVERY

    def note(self, line: str) -> None:
        """Pass it on."""
        self._observer.note(line)

    def prepared(self, plan: Plan, prepared: Prepared, done: Sequence[float]) -> None:
        """Pass it on, and begin the file where there is something to train."""
        if len(done) < len(plan.windows):
            self._write()
        self._observer.prepared(plan, prepared, done)

    def forecast(self, forecast: "Forecast") -> None:
        """Write down the time left."""
        self._left = forecast.total
        self._write()
        self._observer.forecast(forecast)

    def resumed(self, window: float, runs: int, epoch: int) -> None:
        """Pass it on."""
        self._observer.resumed(window, runs, epoch)

    def kept(self, window: float, epoch: int) -> None:
        """Pass it on."""
        self._observer.kept(window, epoch)

    def epoch(
        self, window: float, runs: Sequence[int], epoch: int, losses: EpochLosses, left: float
    ) -> None:
        """Write it down, unless something was written just now."""
        self._left = left
        row, validation = self._rows[window], np.asarray(losses.validation, dtype=np.float64)
        row["epochs"][list(runs)] = epoch
        row["last"][list(runs)] = np.where(np.isfinite(validation), validation, np.nan)
        row["best"][:] = np.fmin(row["best"], row["last"])
        if time.monotonic() - self._written >= EVERY:
            self._write()
        self._observer.epoch(window, runs, epoch, losses, left)

    def window(self, window: float, best: np.ndarray, diverged: Sequence[int]) -> None:
        """Write it down at once."""
        self._rows[window]["epochs"][:] = self._folder.plan.epochs
        self._write()
        self._observer.window(window, best, diverged)

    def _write(self) -> None:
        self._written = time.monotonic()
        windows = tuple(
            WindowProgress(
                window=window,
                epochs=tuple(row["epochs"].tolist()),
                last=_or_none(row["last"]),
                best=_or_none(row["best"]),
            )
            for window, row in self._rows.items()
        )
        _write_progress(self._folder, self._left, windows)


class StepRecorder:
    """A reporter who passes on what he is told, and writes down how far the evidence is.

    Where a window length is not trained yet, the file tells how far that is, and stays as it is.

    Args:
        reporter: told everything in turn.
        folder: of the study, held by this process.
    """

    def __init__(
        self, reporter: Callable[[str, int, int, float], None], folder: StudyFolder
    ) -> None:
        self._reporter, self._folder = reporter, folder
        self._writes = len(folder.finished()) == len(folder.plan.windows)
        self._step: StepProgress | None = None
        self._written = -EVERY

    def __call__(self, step: str, done: int, total: int, left: float = math.nan) -> None:
        """Write it down, unless the same step was written just now, and pass it on."""
        if self._writes:
            self._write(StepProgress(words=step, done=done, total=total), left)
        self._reporter(step, done, total, left)

    def _write(self, step: StepProgress, left: float) -> None:
        if step.done == step.total:
            with suppress(SlickenError):
                remove(self._folder.place(NAME))
        elif step != self._step or time.monotonic() - self._written >= EVERY:
            self._step, self._written = step, time.monotonic()
            _write_progress(self._folder, left, (), step)


def _write_progress(
    folder: StudyFolder,
    left: float,
    windows: tuple[WindowProgress, ...],
    step: StepProgress | None = None,
) -> None:
    """Write the file, if that can be done: nothing but this view is lost with it."""
    progress = Record(
        study=folder.identity,
        host=socket.gethostname(),
        pid=os.getpid(),
        updated=datetime.now(UTC),
        left=_or_none([left])[0],
        windows=windows,
        step=step,
    )
    with suppress(OSError, SlickenError):
        check_lock(folder.path)
        # Not synced: a disk may take its time for that.
        with written_aside(folder.place(NAME), synced=False) as aside:
            aside.write_text(progress.model_dump_json(indent=1), encoding="utf-8")


def _rows_of(folder: StudyFolder) -> dict[float, dict[str, Any]]:
    """What is known before: what was written before the study was stopped, or nothing.

    A run is its seed, so what it reached then it reaches again.
    """
    plan, before = folder.plan, read_progress(folder)
    known = {} if before is None else {row.window: row for row in before.windows}
    rows: dict[float, dict[str, Any]] = {}
    for window in plan.windows:
        rows[window] = {
            "epochs": np.zeros(plan.runs, dtype=np.int64),
            "last": np.full(plan.runs, np.nan),
            "best": np.full(plan.runs, np.nan),
        }
        if window in known:
            rows[window] = {
                "epochs": np.array(known[window].epochs, dtype=np.int64),
                "last": np.array(known[window].last, dtype=np.float64),
                "best": np.array(known[window].best, dtype=np.float64),
            }
    for window in folder.finished():
        rows[window]["epochs"][:] = plan.epochs
    return rows


def _or_none(numbers: Sequence[float] | np.ndarray) -> tuple[float | None, ...]:
    return tuple(float(number) if np.isfinite(number) else None for number in numbers)
