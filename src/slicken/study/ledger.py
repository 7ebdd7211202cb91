"""Ledger: turns what tasks report into progress, with a forecast of the time left.

The forecast is measured before the long work, and corrected as it goes.
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from slicken.statements import Statement
from slicken.study.plan import CONTROL_RUNS, Plan
from slicken.study.progress import OnProgress, Progress

if TYPE_CHECKING:
    from slicken.learning.training import Trainer
    from slicken.study.folder import WindowResult
    from slicken.study.task import Task, TaskReport

_LONG = 86400.0
"""Seconds of a forecast from which a shorter study is suggested."""
_PROBES = 4
"""Batches that a probe times."""
_TRUST = 0.05
"""Weight of what was measured at the start against what was done since, as part of the whole."""
_FORWARD_SHARE = 0.35
"""Time of a batch forward only, as part of a batch forward and backward: a third, and the call."""


@dataclass
class Forecast:
    """Seconds of work that is left; learns from what was done.

    Args:
        epoch: Cost of one epoch of each task: seconds, or any unit where nothing was measured.
        extra: Cost of each task besides epochs: compiling, predicting.
        epochs: Number of epochs of each run.
        after: Cost of what follows when all runs are trained.
        trust: Weight of these costs as seconds, against what the clock says; 0 where nothing was
            measured.
    """

    epoch: Mapping["Task", float]
    extra: Mapping["Task", float]
    epochs: int
    after: float = 0.0
    trust: float = _TRUST
    _done: dict["Task", int] = field(default_factory=dict)
    _expected: float = 0.0
    _spent: float = 0.0
    _last: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        of_tasks = self.epochs * sum(self.epoch.values()) + sum(self.extra.values())
        self.rest = of_tasks + self.after
        """Cost of all that is left."""

    @classmethod
    def unmeasured(cls, tasks: Sequence["Task"], plan: Plan) -> "Forecast":
        """A forecast that knows nothing but that longer windows take longer."""
        return cls({task: task.seconds * task.runs for task in tasks}, {}, plan.epochs, trust=0.0)

    @property
    def left(self) -> float:
        """Seconds left; NaN where neither a measurement nor the clock says."""
        prior = self.trust * (self.rest + self._expected)
        if prior + self._expected <= 0:
            return math.nan
        return max(0.0, self.rest) * (prior + self._spent) / (prior + self._expected)

    def begin(self) -> None:
        """Start the clock."""
        self._last = time.monotonic()

    def resumed(self, task: "Task", epoch: int) -> None:
        """Count epochs of a task as done that took no time here."""
        self._advance(task, epoch)

    def advanced(self, task: "Task", epoch: int) -> None:
        """Learn from the time that passed until an epoch of a task ended."""
        now = time.monotonic()
        self._spent += now - self._last
        self._last = now
        self._expected += self._advance(task, epoch)

    def _advance(self, task: "Task", epoch: int) -> float:
        """The cost of the epochs up to this one, which are no longer left."""
        cost = self.epoch[task] * (epoch - self._done.get(task, 0))
        if epoch >= self.epochs:
            cost += self.extra.get(task, 0.0)
        self._done[task] = epoch
        self.rest -= cost
        return cost


def measure(
    trainers: Mapping["Task", "Trainer"], tasks: Sequence["Task"], plan: Plan, targets: int
) -> Forecast:
    """Time some batches of the shortest and the longest window and draw a line between.

    The programs that are compiled for this are the ones that train afterwards.

    Args:
        trainers: Trainer of each task of one fold; each compiles when it is first used.
        tasks: All tasks.
        plan: Plan of the study.
        targets: Number of validation and test windows that each length will be scored on.
    """
    ends = sorted({min(trainers), max(trainers)})
    timed = {task: _time(trainers[task]) for task in ends}
    (near, far), epoch, extra = (ends[0], ends[-1]), {}, {}
    for task in tasks:
        trainer = trainers.get(task, trainers[far])
        span = far.seconds - near.seconds
        along = (task.seconds - near.seconds) / span if span > 0 else 0.0
        compiling = timed[near][0] + along * (timed[far][0] - timed[near][0])
        of_run = [timed[end][1] / end.runs for end in (near, far)]
        batch = task.runs * (of_run[0] + along * (of_run[1] - of_run[0]))
        batches = trainer.batches + _FORWARD_SHARE * trainer.validation_batches
        epoch[task] = batch * batches
        # Scores want every window forward, importance the test part backward too.
        sweeps = targets / max(trainer.batch, 1) * batch
        extra[task] = sweeps + compiling * (1.0 if task in ends else 2.0)
    return Forecast(epoch, extra, plan.epochs, after=_controls(epoch, plan))


def _controls(epoch: Mapping["Task", float], plan: Plan) -> float:
    """Seconds of two more trainings, at a middle length, as the best one is not known yet."""
    if not plan.controls:
        return 0.0
    of_run = sorted(seconds / task.runs for task, seconds in epoch.items())[len(epoch) // 2]
    return 2 * plan.epochs * min(plan.runs, CONTROL_RUNS) * of_run


def _time(trainer: "Trainer") -> tuple[float, float]:
    """Seconds to compile, and seconds of a batch."""
    compiling = trainer.probe(1)
    batches = min(_PROBES, trainer.batches)
    return compiling, trainer.probe(batches) / batches


class Ledger:
    """Counts what tasks have done, and reports it.

    Args:
        tasks: All that is left to train.
        plan: Plan of the study.
        on_progress: Called with every event.
    """

    def __init__(self, tasks: Sequence["Task"], plan: Plan, on_progress: OnProgress) -> None:
        self._plan, self._on_progress = plan, on_progress
        self._forecast = Forecast.unmeasured(tasks, plan)
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
        about = self._about(task, tuple(task.numbers), epoch)
        if report.losses is None:
            of: dict[str, Any] = {"runs": task.runs, "epoch": epoch, "epochs": self._plan.epochs}
            self._report(note=Statement("progress.resumed", of=self._named(task), **of), **about)
            return
        self._forecast.advanced(task, epoch)
        finite = report.losses.validation[np.isfinite(report.losses.validation)]
        loss = float(finite.mean()) if finite.size else math.nan
        doing = Statement("progress.epoch", of=self._named(task), epoch=epoch, loss=loss)
        self._report(doing, losses=report.losses, **about)

    def finished(self, task: "Task", results: Sequence["WindowResult"]) -> None:
        """Say how a training ended.

        Args:
            task: One of its tasks.
            results: What it gave at each window length that it serves.
        """
        finite = results[0].history["finite"].to_numpy().astype(np.bool_)
        about = self._about(task, tuple(range(finite.size)), self._plan.epochs)
        losses = [result.history["best_loss"].to_numpy()[finite] for result in results]
        if finite.any():
            best = min(losses, key=lambda of_length: float(of_length.mean()))
            of_best: dict[str, Any] = {
                "mean": float(best.mean()),
                "lowest": float(best.min()),
                "runs": best.size,
            }
            done = Statement("progress.training_done", of=self._named(task), **of_best)
            self._report(note=done, **about)
        if not finite.all():
            left_out = tuple(np.flatnonzero(~finite).tolist())
            note = Statement("progress.diverged", of=self._named(task), runs=left_out)
            self._report(note=note, **about)

    def _named(self, task: "Task") -> Statement:
        """What a training is called."""
        folds = self._plan.folds
        of = (
            Statement("trainings.all", seconds=task.seconds)
            if self._plan.histories == "random"
            else Statement("trainings.window", seconds=task.seconds)
        )
        if folds == 1:
            return of
        return Statement("trainings.fold", fold=task.fold + 1, folds=folds, of=of)

    def _about(self, task: "Task", runs: tuple[int, ...], epoch: int) -> dict[str, Any]:
        """What an event about some runs of a training says; runs of all folds have one count."""
        numbers = tuple(task.fold * self._plan.runs + run for run in runs)
        return {"window": task.seconds, "runs": numbers, "epoch": epoch}

    def _report(self, doing: Statement | None = None, **about: Any) -> None:  # noqa: ANN401 (fields of Progress)
        self._on_progress(
            Progress("training", doing, self._done, self._total, self._forecast.left, **about)
        )
