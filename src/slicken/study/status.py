"""Status: how far a study is, from its folder alone."""

import math
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from slicken.statements import Statement
from slicken.study.checkpoint import kept_epoch
from slicken.study.lock import Holder, holder_of
from slicken.study.plan import MOST_WINDOWS
from slicken.study.progress import NAME, Progress, Snapshot, read_progress

if TYPE_CHECKING:
    from slicken.study.folder import StudyFolder

State = Literal["waiting", "training", "begun", "finished"]


@dataclass(frozen=True)
class WindowStatus:
    """How far one window length is.

    Args:
        window: Window length, s.
        runs: Number of runs.
        state: State of its training; ``begun`` where the process that trained it has ended.
        done: Epochs done, of all runs together.
        total: Number of epochs of all runs.
        last: Mean over runs of the validation loss after the last epoch; NaN where there is none.
        best: Mean over runs of the lowest validation loss; NaN where there is none.
        diverged: Number of runs that are left out because a loss was not finite.
    """

    window: float
    runs: int
    state: State
    done: int
    total: int
    last: float = math.nan
    best: float = math.nan
    diverged: int = 0


@dataclass(frozen=True)
class StudyStatus:
    """How far a study is.

    Args:
        windows: Status of every window length.
        holder: Process that works on it; None where there is none.
        progress: Progress of that process, its time left counted from now; None where it does not
            work, or has not reported any.
        unchanged: Seconds since something changed in the folder.
        summarised: Whether there is a summary.
    """

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
    """How far a study is now.

    Raises:
        FolderError: If a window length is damaged.
    """
    finished = {window: _finished(folder, window) for window in folder.finished()}
    holder, progress = holder_of(folder.path), read_progress(folder)
    lives = holder is not None and holder.lives
    windows = tuple(
        finished.get(window) or _unfinished(folder, window, progress, lives)
        for window in folder.plan.windows
    )
    return StudyStatus(
        windows=windows,
        holder=holder,
        progress=_now(progress) if progress and lives else None,
        unchanged=_unchanged(folder),
        summarised=folder.place("summary.json").is_file(),
    )


def begun_windows(folder: "StudyFolder") -> dict[float, int]:
    """The epoch from which each window length in training would be resumed, by its length in s."""
    finished, begun = folder.finished(), {}
    for window in folder.plan.windows:
        files = folder.place("checkpoints").glob(f"{folder.window_path(window).name}-runs-*")
        epoch = max(map(kept_epoch, files), default=0)
        if epoch and window not in finished:
            begun[window] = epoch
    return begun


@lru_cache(MOST_WINDOWS)  # a finished window length does not change
def _finished(folder: "StudyFolder", window: float) -> WindowStatus:
    history, plan = folder.read_history(window), folder.plan
    kept = history.isel(run=np.flatnonzero(history["finite"].to_numpy()))
    return WindowStatus(
        window=window,
        runs=plan.runs,
        state="finished",
        done=plan.runs * plan.epochs,
        total=plan.runs * plan.epochs,
        last=_mean(kept["validation_loss"].isel(epoch=-1).to_numpy().tolist()),
        best=_mean(kept["best_loss"].to_numpy().tolist()),
        diverged=plan.runs - kept.sizes["run"],
    )


def _unfinished(
    folder: "StudyFolder", window: float, progress: Snapshot | None, lives: bool
) -> WindowStatus:
    runs, total = folder.plan.runs, folder.plan.runs * folder.plan.epochs
    known = [row for row in progress.windows if row.window == window] if progress else []
    done = sum(known[0].epochs) if known else 0
    if not done:
        return WindowStatus(window, runs, "waiting", 0, total)
    state: State = "training" if lives else "begun"
    return WindowStatus(
        window, runs, state, done, total, _mean(known[0].last), _mean(known[0].best)
    )


def _mean(losses: Iterable[float | None]) -> float:
    finite = [loss for loss in losses if loss is not None and math.isfinite(loss)]
    return sum(finite) / len(finite) if finite else math.nan


def _now(kept: Snapshot) -> Progress:
    age = max(0.0, time.time() - kept.updated.timestamp())
    return Progress(
        kept.stage,
        Statement.from_plain(kept.doing) if kept.doing and "statement" in kept.doing else None,
        kept.done,
        kept.total,
        math.nan if kept.left is None else max(0.0, kept.left - age),
    )


def _unchanged(folder: "StudyFolder") -> float:
    """Seconds since the newest of what a working process writes."""
    places = [folder.place(NAME), folder.plan_file, folder.place("summary.json")]
    for name in ("windows", "evidence", "checkpoints", "figures"):
        places += [folder.place(name), *folder.place(name).glob("*")]
    newest = -math.inf
    for place in places:
        with suppress(OSError):  # it was not there, or is gone meanwhile
            newest = max(newest, place.stat().st_mtime)
    return max(0.0, time.time() - newest)
