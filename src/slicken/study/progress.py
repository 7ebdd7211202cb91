"""Progress: how far a study is, as one event, and in a file of its folder."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from slicken.errors import SlickenError
from slicken.study.files import remove, written_aside
from slicken.study.lock import check_lock
from slicken.study.plan import MOST_EPOCHS

if TYPE_CHECKING:
    from slicken.learning.training import EpochLosses
    from slicken.statements import Statement
    from slicken.study.folder import StudyFolder

NAME = "progress.json"
EVERY = 2.0
"""Seconds from one writing of the file to the next, at least."""

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
        runs: Numbers of the runs that are at ``epoch``.
        epoch: Last epoch that these runs have done.
        losses: Losses of these runs in that epoch, where it ended just now.

    Example:
        >>> from slicken.statements import Statement
        >>> Progress("evidence", Statement("progress.memory"), done=3, total=9).left
        nan
    """

    stage: Stage
    doing: "Statement | None" = None
    done: int = 0
    total: int = 0
    left: float = math.nan
    note: "Statement | None" = None
    window: float = math.nan
    runs: tuple[int, ...] = ()
    epoch: int = 0
    losses: "EpochLosses | None" = None


OnProgress = Callable[[Progress], None]


def ignore(progress: Progress) -> None:
    """Do nothing with it."""
    del progress


class WindowProgress(BaseModel):
    """How far one window length is, run by run.

    Attributes:
        window: Window length, s.
        epochs: Epochs that each run has done, shape ``(R,)``.
        last: Validation loss of each run after its last epoch; None where none is finite.
        best: Lowest validation loss of each run until then; None where none is finite.
    """

    model_config = ConfigDict(frozen=True)

    window: float
    epochs: tuple[Annotated[int, Field(ge=0, le=MOST_EPOCHS)], ...]
    last: tuple[float | None, ...]
    best: tuple[float | None, ...]


class Snapshot(BaseModel):
    """The last event of a study, and how far its runs are, as ``progress.json`` keeps them.

    Attributes:
        study: Identity of the study; see :attr:`~slicken.study.folder.StudyFolder.identity`.
        updated: When this was written.
        stage: Part of the work.
        doing: What is being done; see :meth:`~slicken.statements.Statement.to_plain`.
        done: Steps that are done.
        total: Number of steps.
        left: Seconds left from ``updated`` on; None where it is not known.
        windows: How far each window length is.
    """

    model_config = ConfigDict(frozen=True)

    study: str
    updated: AwareDatetime
    stage: Stage
    doing: dict[str, Any] | None
    done: Annotated[int, Field(ge=0)]
    total: Annotated[int, Field(ge=0)]
    left: float | None
    windows: tuple[WindowProgress, ...]


def read_progress(folder: "StudyFolder") -> Snapshot | None:
    """The progress that a study at work has left; None where there is none that can be read."""
    try:
        snapshot = Snapshot.model_validate_json(folder.place(NAME).read_bytes())
    except (OSError, ValidationError, SlickenError):
        return None
    runs = folder.plan.runs
    fits = snapshot.study == folder.identity and all(
        len(of_runs) == runs
        for window in snapshot.windows
        for of_runs in (window.epochs, window.last, window.best)
    )
    return snapshot if fits else None


@contextmanager
def recorded(folder: "StudyFolder", on_progress: OnProgress = ignore) -> Iterator[OnProgress]:
    """Pass events on, and keep the last one in the folder for ``slicken watch``.

    The file is gone when the work is done. When something goes wrong, or the user stops, it stays.
    Of a study that is partly trained it says how far the training is, also while its evidence is
    computed.

    Args:
        folder: Folder of the study, held by this process.
        on_progress: Called with every event.
    """
    yield _ProgressFile(folder, on_progress)
    with suppress(SlickenError):
        if len(folder.finished()) == len(folder.plan.windows):
            remove(folder.place(NAME))


class _ProgressFile:
    """Passes events on and writes the last one; a file that cannot be written stops nothing."""

    def __init__(self, folder: "StudyFolder", on_progress: OnProgress) -> None:
        self._folder, self._on_progress = folder, on_progress
        self._trained = len(folder.finished()) == len(folder.plan.windows)
        self._rows = {} if self._trained else _rows_of(folder)
        self._step: tuple[Stage, Statement | None] | None = None
        self._written = -math.inf

    def __call__(self, progress: Progress) -> None:
        if progress.stage in ("measuring", "training") or self._trained:
            self._follow(progress)
        self._on_progress(progress)

    def _follow(self, progress: Progress) -> None:
        row = self._rows.get(progress.window)
        if row is not None and progress.runs:
            runs = list(progress.runs)
            row["epochs"][runs] = progress.epoch
            if progress.losses is not None:
                losses = np.asarray(progress.losses.validation, dtype=np.float64)
                row["last"][runs] = np.where(np.isfinite(losses), losses, np.nan)
                row["best"] = np.fmin(row["best"], row["last"])
        if progress.doing is None and not progress.runs:
            return  # no more than a note
        step = (progress.stage, None if progress.losses else progress.doing)
        if step != self._step or time.monotonic() - self._written >= EVERY:
            self._step, self._written = step, time.monotonic()
            self._write(progress)

    def _write(self, progress: Progress) -> None:
        snapshot = Snapshot(
            study=self._folder.identity,
            updated=datetime.now(UTC),
            stage=progress.stage,
            doing=progress.doing.to_plain() if progress.doing else None,
            done=progress.done,
            total=progress.total,
            left=_or_none(np.array([progress.left]))[0],
            windows=tuple(
                WindowProgress(
                    window=window,
                    epochs=tuple(row["epochs"].tolist()),
                    last=_or_none(row["last"]),
                    best=_or_none(row["best"]),
                )
                for window, row in self._rows.items()
            ),
        )
        with suppress(OSError, SlickenError):
            check_lock(self._folder.path)
            # Not synced: a disk may take its time for that.
            with written_aside(self._folder.place(NAME), synced=False) as aside:
                aside.write_text(snapshot.model_dump_json(indent=1), encoding="utf-8")


def _rows_of(folder: "StudyFolder") -> dict[float, dict[str, np.ndarray]]:
    """How far every run was before: a run is its seed, so it gets there again."""
    plan, before = folder.plan, read_progress(folder)
    known = {row.window: row for row in before.windows} if before else {}
    rows = {}
    for window in plan.windows:
        row = known.get(window)
        rows[window] = {
            "epochs": np.array(row.epochs if row else [0] * plan.runs, dtype=np.int64),
            "last": np.array(row.last if row else [None] * plan.runs, dtype=np.float64),
            "best": np.array(row.best if row else [None] * plan.runs, dtype=np.float64),
        }
    for window in folder.finished():
        rows[window]["epochs"][:] = plan.epochs
    return rows


def _or_none(numbers: np.ndarray) -> tuple[float | None, ...]:
    return tuple(number if math.isfinite(number) else None for number in numbers.tolist())
