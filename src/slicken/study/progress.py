"""Progress: how far a study is, as one event, in one file of its folder, and read from there."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import xarray as xr
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from slicken.errors import SlickenError
from slicken.lengths import MOST_WINDOWS
from slicken.statements import Statement
from slicken.study.files import remove, written_aside
from slicken.study.lock import Holder, check_lock, holder_of
from slicken.study.plan import MOST_EPOCHS, trainings_of

if TYPE_CHECKING:
    from slicken.learning.training import EpochLosses
    from slicken.lengths import StudyClock
    from slicken.study.folder import StudyFolder

NAME = "progress.json"
EVERY = 2.0
"""Seconds from one writing of the file to the next, at least."""

Stage = Literal["measuring", "training", "evidence", "figures", "laws"]
State = Literal["waiting", "training", "begun", "finished"]


@dataclass(frozen=True)
class Progress:
    """How far a study is at one moment: the one thing that a long job reports.

    Args:
        stage: Part of the work: ``measuring``, ``training``, ``evidence``, ``figures`` or ``laws``.
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

    @classmethod
    def after_epochs(cls, window: float, runs: int, epochs: int) -> Self:
        """Runs that are all at one epoch, with losses that are not known."""
        return cls(window=window, epochs=(epochs,) * runs, last=(None,) * runs, best=(None,) * runs)

    def after(self, event: Progress) -> Self:
        """How far it is after an event about it."""
        epochs, last, best = list(self.epochs), list(self.last), list(self.best)
        for place, run in enumerate(event.runs):
            epochs[run] = event.epoch
            if event.losses is not None:
                last[run] = _finite_or_none(float(event.losses.validation[place]))
                best[run] = min((x for x in (best[run], last[run]) if x is not None), default=None)
        return self.model_copy(
            update={"epochs": tuple(epochs), "last": tuple(last), "best": tuple(best)}
        )


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

    def now(self) -> Progress:
        """The event, its time left counted from now."""
        age = max(0.0, time.time() - self.updated.timestamp())
        left = math.nan if self.left is None else max(0.0, self.left - age)
        known = self.doing and "statement" in self.doing  # not where another version has written it
        doing = Statement.from_plain(self.doing) if self.doing and known else None
        return Progress(self.stage, doing, self.done, self.total, left)


def read_progress(folder: "StudyFolder") -> Snapshot | None:
    """The progress that a study at work has left; None where there is none that can be read."""
    try:
        snapshot = Snapshot.model_validate_json(folder.place(NAME).read_bytes())
    except (OSError, ValidationError, SlickenError):
        return None
    runs = _runs(folder)
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
        if _all_finished(folder):
            remove(folder.place(NAME))


class _ProgressFile:
    """Passes events on and writes the last one; a file that cannot be written stops nothing."""

    def __init__(self, folder: "StudyFolder", on_progress: OnProgress) -> None:
        self._folder, self._on_progress = folder, on_progress
        self._trained = _all_finished(folder)
        self._windows = {} if self._trained else _windows_of(folder)
        self._step: tuple[Stage, Statement | None] | None = None
        self._written = -math.inf

    def __call__(self, progress: Progress) -> None:
        if progress.stage in ("measuring", "training") or self._trained:
            self._follow(progress)
        self._on_progress(progress)

    def _follow(self, progress: Progress) -> None:
        if progress.window in self._windows:
            window = self._windows[progress.window]
            self._windows[progress.window] = window.after(progress)
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
            left=_finite_or_none(progress.left),
            windows=tuple(self._windows.values()),
        )
        with suppress(OSError, SlickenError):
            check_lock(self._folder.path)
            # Not synced: a disk may take its time for that.
            with written_aside(self._folder.place(NAME), synced=False) as aside:
                aside.write_text(snapshot.model_dump_json(indent=1), encoding="utf-8")


@dataclass(frozen=True)
class WindowStatus:
    """How far one window length is.

    Args:
        state: State of its training; ``begun`` where the process that trained it has ended.
        progress: Progress of its runs.
        total: Number of epochs of all runs.
    """

    state: State
    progress: WindowProgress
    total: int

    @property
    def done(self) -> int:
        """Epochs done, of all runs together."""
        return sum(self.progress.epochs)

    @property
    def last(self) -> float:
        """Mean over runs of the validation loss after the last epoch; NaN where there is none."""
        return _mean(self.progress.last)

    @property
    def best(self) -> float:
        """Mean over runs of the lowest validation loss; NaN where there is none."""
        return _mean(self.progress.best)

    @property
    def diverged(self) -> int:
        """Number of runs that are left out because a loss was not finite."""
        return self.progress.best.count(None) if self.state == "finished" else 0


@dataclass(frozen=True)
class StudyStatus:
    """How far a study is.

    Args:
        clock: Clock of the study, in whose unit its lengths are.
        windows: Status of every window length.
        holder: Process that works on it; None where there is none.
        progress: Progress of that process, its time left counted from now; None where it does not
            work, or has not reported any.
        unchanged: Seconds since something changed in the folder.
        summarised: Whether there is a summary.
    """

    clock: "StudyClock"
    windows: tuple[WindowStatus, ...]
    holder: Holder | None
    progress: Progress | None
    unchanged: float
    summarised: bool

    @property
    def trained(self) -> bool:
        """Whether every window length is finished."""
        return all(row.state == "finished" for row in self.windows)

    @property
    def worked_on(self) -> bool:
        """Whether a living process works on it."""
        return self.holder is not None and self.holder.lives


def status_of(folder: "StudyFolder") -> StudyStatus:
    """How far a study is now, from its folder alone.

    Raises:
        FolderError: If a window length is damaged.
    """
    finished, total = _finished_trainings(folder), _runs(folder) * folder.plan.epochs
    holder, snapshot = holder_of(folder.path), read_progress(folder)
    lives = holder is not None and holder.lives

    def status(window: WindowProgress) -> WindowStatus:
        if window.window in finished:
            return WindowStatus("finished", _finished(folder, window.window), total)
        begun: State = "training" if lives else "begun"
        return WindowStatus(begun if any(window.epochs) else "waiting", window, total)

    return StudyStatus(
        clock=folder.plan.clock,
        windows=tuple(map(status, _windows_of(folder).values())),
        holder=holder,
        progress=snapshot.now() if snapshot and lives else None,
        unchanged=_unchanged(folder),
        summarised=folder.place("summary.json").is_file(),
    )


def _all_finished(folder: "StudyFolder") -> bool:
    return len(folder.finished()) == len(folder.plan.windows)


def _windows_of(folder: "StudyFolder") -> dict[float, WindowProgress]:
    """How far every run was when that was last written: a run is its seed, it gets there again."""
    plan, before, finished = folder.plan, read_progress(folder), _finished_trainings(folder)
    known = {window.window: window for window in before.windows} if before else {}
    for seconds in trainings_of(plan):
        epochs = plan.epochs if seconds in finished else 0
        if epochs or seconds not in known:
            known[seconds] = WindowProgress.after_epochs(seconds, _runs(folder), epochs)
    return {seconds: known[seconds] for seconds in trainings_of(plan)}


def _runs(folder: "StudyFolder") -> int:
    """Runs of all folds."""
    return folder.plan.runs * len(folder.folds)


def _finished_trainings(folder: "StudyFolder") -> list[float]:
    """Trainings that are finished in every fold, each by its own window length, s."""
    finished = set(folder.finished())
    return [s for s, served in trainings_of(folder.plan).items() if set(served) <= finished]


@lru_cache(MOST_WINDOWS)  # a finished window length does not change
def _finished(folder: "StudyFolder", seconds: float) -> WindowProgress:
    history = xr.concat([fold.read_history(seconds) for fold in folder.folds], "run")
    finite = history["finite"].to_numpy()
    last, best = history["validation_loss"].isel(epoch=-1), history["best_loss"]

    def kept(losses: Iterable[float]) -> tuple[float | None, ...]:
        return tuple(x if ok else None for x, ok in zip(losses, finite, strict=True))

    return WindowProgress(
        window=seconds,
        epochs=(folder.plan.epochs,) * _runs(folder),
        last=kept(last.to_numpy().tolist()),
        best=kept(best.to_numpy().tolist()),
    )


def _mean(losses: Iterable[float | None]) -> float:
    finite = [loss for loss in losses if loss is not None and math.isfinite(loss)]
    return sum(finite) / len(finite) if finite else math.nan


def _finite_or_none(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _unchanged(folder: "StudyFolder") -> float:
    """Seconds since the newest of what a working process writes."""
    places = [folder.place(NAME), folder.plan_file, folder.place("summary.json")]
    for name in ("windows", "evidence", "checkpoints", "figures"):
        for pattern in (name, f"{name}/*", f"folds/*/{name}", f"folds/*/{name}/*"):
            places += folder.path.glob(pattern)
    newest = -math.inf
    for place in places:
        with suppress(OSError):  # it was not there, or is gone meanwhile
            newest = max(newest, place.stat().st_mtime)
    return max(0.0, time.time() - newest)
