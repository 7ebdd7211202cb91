"""Forecast: how long a plan will take, measured before the long work, corrected as it goes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from slicken.learning.training import Trainer
from slicken.study.plan import CONTROL_RUNS, Plan
from slicken.study.task import Task

_PROBES = 4
"""Batches that a probe times."""
_TRUST = 0.05
"""What the forecast at the start weighs against what was done since, as part of the whole."""
_FORWARD_SHARE = 0.35
"""Time of a batch forward only, as part of a batch forward and backward: a third, and the call."""


@dataclass
class Forecast:
    """Seconds of work that is left; learns from what was done.

    Args:
        epoch: seconds of one epoch of each task.
        extra: seconds of each task besides epochs: compiling, predicting, gradients.
        epochs: of each run.
        after: seconds of what follows when all are trained.
    """

    epoch: Mapping[Task, float]
    extra: Mapping[Task, float]
    epochs: int
    after: float = 0.0
    _done: dict[Task, int] = field(default_factory=dict)
    _expected: float = 0.0
    _spent: float = 0.0

    @property
    def total(self) -> float:
        """Seconds for everything, as forecast at the start."""
        return self._rest()

    @property
    def left(self) -> float:
        """Seconds from now."""
        rest = self._rest()
        prior = _TRUST * (rest + self._expected)
        return rest * (prior + self._spent) / (prior + self._expected)

    def begins_at(self, task: Task, epoch: int) -> None:
        """A task has a part of its epochs behind it."""
        self._done[task] = epoch

    def epoch_took(self, task: Task, seconds: float) -> None:
        """Learn from an epoch that ended."""
        self._done[task] = self._done.get(task, 0) + 1
        self._expected += self.epoch[task]
        self._spent += seconds

    def _rest(self) -> float:
        of_tasks = sum(
            (self.epochs - self._done.get(task, 0)) * self.epoch[task]
            + (self.extra[task] if self._done.get(task, 0) < self.epochs else 0.0)
            for task in self.epoch
        )
        return of_tasks + self.after


def measure(trainers: Mapping[Task, Trainer], plan: Plan, targets: int) -> Forecast:
    """Time some batches of the shortest and the longest window and draw a line between.

    The programs that are compiled for this are the ones that train afterwards.

    Args:
        trainers: by task; each compiles when it is first used.
        plan: of the study.
        targets: validation and test windows that each length will be scored on.
    """
    ends = sorted({min(trainers), max(trainers)})
    timed = {task: _time(trainers[task]) for task in ends}
    (near, far), epoch, extra = (ends[0], ends[-1]), {}, {}
    for task, trainer in trainers.items():
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


def _controls(epoch: Mapping[Task, float], plan: Plan) -> float:
    """Seconds of two more trainings at the best length, which nobody knows yet: at a middle one."""
    if not plan.controls:
        return 0.0
    of_run = sorted(seconds / task.runs for task, seconds in epoch.items())[len(epoch) // 2]
    return 2 * plan.epochs * min(plan.runs, CONTROL_RUNS) * of_run


def _time(trainer: Trainer) -> tuple[float, float]:
    """Seconds to compile, and seconds of a batch."""
    compiling = trainer.probe(1)
    batches = min(_PROBES, trainer.batches)
    return compiling, trainer.probe(batches) / batches
