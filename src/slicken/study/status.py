"""Onlooker: reads from the folder alone how far a study is that runs elsewhere."""

import math
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import numpy as np

from slicken.study.folder import StudyFolder
from slicken.study.lock import Holder, holder_of
from slicken.study.progress import NAME, Record, StepProgress, read_progress

State = Literal["waiting", "training", "begun", "finished"]


@dataclass(frozen=True)
class Row:
    """How far one window length is.

    Args:
        window: its length, s.
        runs: how many.
        state: ``begun`` is what was in training when its process ended.
        done: epochs, of all runs together.
        to_do: epochs in all.
        last: mean over runs of the validation loss after the last epoch; NaN where there is none.
        best: mean over runs of the lowest validation loss; NaN where there is none.
        diverged: runs that are left out because a loss was not finite.
    """

    window: float
    runs: int
    state: State
    done: int
    to_do: int
    last: float = math.nan
    best: float = math.nan
    diverged: int = 0


@dataclass(frozen=True)
class Standing:
    """How far a study is.

    Args:
        rows: of every window length.
        holder: the process that works on it; None where there is none.
        left: seconds; NaN where nobody knows.
        unchanged: seconds since something changed in the folder.
        summarised: whether there is a summary.
        step: of the evidence, where it is being gathered.
    """

    rows: tuple[Row, ...]
    holder: Holder | None
    left: float
    unchanged: float
    summarised: bool
    step: StepProgress | None = None

    @property
    def trained(self) -> bool:
        """Whether every window length is finished."""
        return all(row.state == "finished" for row in self.rows)

    @property
    def worked_on(self) -> bool:
        """Whether a process that lives works on it."""
        return self.holder is not None and self.holder.lives


class Onlooker:
    """Who looks at a study again and again, and reads what does not change only once.

    Args:
        folder: of the study.
    """

    def __init__(self, folder: StudyFolder) -> None:
        self._folder = folder
        self._finished: dict[float, Row] = {}

    def look(self) -> Standing:
        """How far the study is now.

        Raises:
            FolderError: if a window length is damaged.
        """
        folder = self._folder
        for window in folder.finished():
            if window not in self._finished:
                self._finished[window] = _finished_row(folder, window)
        holder, progress = holder_of(folder.path), read_progress(folder)
        lives = holder is not None and holder.lives
        rows = tuple(
            self._finished.get(window) or _row(folder, window, progress, lives)
            for window in folder.plan.windows
        )
        return Standing(
            rows=rows,
            holder=holder,
            left=_left(progress) if lives else math.nan,
            unchanged=_unchanged(folder),
            summarised=folder.place("summary.json").is_file(),
            step=progress.step if progress and lives else None,
        )


def _finished_row(folder: StudyFolder, window: float) -> Row:
    history, plan = folder.read_history(window), folder.plan
    kept = history.isel(run=np.flatnonzero(history["finite"].to_numpy()))
    return Row(
        window=window,
        runs=plan.runs,
        state="finished",
        done=plan.runs * plan.epochs,
        to_do=plan.runs * plan.epochs,
        last=_mean(kept["validation_loss"].isel(epoch=-1).to_numpy().tolist()),
        best=_mean(kept["best_loss"].to_numpy().tolist()),
        diverged=plan.runs - kept.sizes["run"],
    )


def _row(folder: StudyFolder, window: float, progress: Record | None, lives: bool) -> Row:
    runs = folder.plan.runs
    to_do = runs * folder.plan.epochs
    known = [row for row in progress.windows if row.window == window] if progress else []
    done = sum(known[0].epochs) if known else 0
    if not done:
        return Row(window, runs, "waiting", 0, to_do)
    state: State = "training" if lives else "begun"
    return Row(window, runs, state, done, to_do, _mean(known[0].last), _mean(known[0].best))


def _mean(losses: Iterable[float | None]) -> float:
    finite = [loss for loss in losses if loss is not None and math.isfinite(loss)]
    return sum(finite) / len(finite) if finite else math.nan


def _left(progress: Record | None) -> float:
    if progress is None or progress.left is None:
        return math.nan
    return max(0.0, progress.left - max(0.0, time.time() - progress.updated.timestamp()))


def _unchanged(folder: StudyFolder) -> float:
    """Seconds since the newest of what a working process writes."""
    places = [folder.place(NAME), folder.place("plan.toml"), folder.place("summary.json")]
    for name in ("windows", "evidence", "checkpoints", "figures"):
        places += [folder.place(name), *folder.place(name).glob("*")]
    newest = -math.inf
    for place in places:
        with suppress(OSError):  # it was not there, or is gone meanwhile
            newest = max(newest, place.stat().st_mtime)
    return max(0.0, time.time() - newest)
