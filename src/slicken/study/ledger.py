"""Ledger: turns what tasks report into progress, with the time left."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from slicken.statements import Statement
from slicken.study.forecast import Forecast, unmeasured
from slicken.study.progress import OnProgress, Progress

if TYPE_CHECKING:
    from slicken.study.folder import WindowResult
    from slicken.study.plan import Plan
    from slicken.study.task import Task, TaskReport

_LONG = 86400.0
"""Seconds of a forecast from which a shorter study is suggested."""


class Ledger:
    """Counts what tasks have done, and reports it.

    Args:
        tasks: All that is left to train.
        plan: Plan of the study.
        on_progress: Called with every event.
    """

    def __init__(self, tasks: Sequence["Task"], plan: "Plan", on_progress: OnProgress) -> None:
        self._plan, self._on_progress = plan, on_progress
        self._forecast = unmeasured(tasks, plan)
        self._reached = dict.fromkeys(tasks, 0)
        self._done, self._total = 0, plan.epochs * sum(task.runs for task in tasks)
        self._noted: set[str] = set()

    def measuring(self) -> None:
        """Say that the time is being measured."""
        self._on_progress(Progress("measuring", Statement("progress.measuring")))

    def measured(self, forecast: Forecast) -> None:
        """Begin the long work with a forecast of its time."""
        self._forecast = forecast
        self.note(Statement("progress.forecast", seconds=forecast.rest))
        if forecast.rest > _LONG:
            self.note(Statement("progress.long"))
        self.begin()

    def begin(self) -> None:
        """Begin the long work."""
        self._forecast.begin()
        self._report(Statement("progress.training"))

    def note(self, note: Statement) -> None:
        """Say something, but only once."""
        if repr(note) not in self._noted:
            self._noted.add(repr(note))
            self._report(note=note)

    def __call__(self, report: "TaskReport") -> None:
        """Count what a task reports, unless an earlier attempt at it has reported it before."""
        task, epoch = report.task, report.epoch
        if report.problem:
            self.note(Statement("progress.checkpoint_unused", problem=report.problem))
        if report.losses is None and not self._reached[task]:
            self._forecast.resumed(task, epoch)
        if epoch <= self._reached[task]:
            return
        self._done += task.runs * (epoch - self._reached[task])
        self._reached[task] = epoch
        about: dict[str, Any] = {
            "window": task.seconds,
            "runs": tuple(task.numbers),
            "epoch": epoch,
        }
        if report.losses is None:
            self._report(note=self._resumed(task, epoch), **about)
            return
        self._forecast.advanced(task, epoch)
        finite = report.losses.validation[np.isfinite(report.losses.validation)]
        loss = float(finite.mean()) if finite.size else math.nan
        doing = Statement("progress.epoch", seconds=task.seconds, epoch=epoch, loss=loss)
        self._report(doing, losses=report.losses, **about)

    def finished(self, result: "WindowResult") -> None:
        """Say how a window length ended."""
        seconds, history = result.seconds, result.history
        finite = history["finite"].to_numpy().astype(np.bool_)
        best = history["best_loss"].to_numpy()[finite]
        about: dict[str, Any] = {
            "window": seconds,
            "runs": tuple(range(finite.size)),
            "epoch": self._plan.epochs,
        }
        if best.size:
            numbers: dict[str, Any] = {
                "mean": float(best.mean()),
                "lowest": float(best.min()),
                "runs": best.size,
            }
            self._report(
                note=Statement("progress.window_done", seconds=seconds, **numbers), **about
            )
        if not finite.all():
            left_out = tuple(np.flatnonzero(~finite).tolist())
            note = Statement("progress.diverged", seconds=seconds, runs=left_out)
            self._report(note=note, **about)

    def _resumed(self, task: "Task", epoch: int) -> Statement:
        return Statement(
            "progress.resumed",
            seconds=task.seconds,
            runs=task.runs,
            epoch=epoch,
            epochs=self._plan.epochs,
        )

    def _report(self, doing: Statement | None = None, **about: Any) -> None:  # noqa: ANN401 (fields of Progress)
        self._on_progress(
            Progress("training", doing, self._done, self._total, self._forecast.left, **about)
        )
