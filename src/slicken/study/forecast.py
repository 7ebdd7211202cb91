"""Forecast: how long a plan will take, measured before the long work, corrected as it goes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from slicken.learning.training import Trainer

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
        epoch: seconds of one epoch of each window length.
        extra: seconds of each window length besides epochs: compiling, predicting, gradients.
        epochs: of each run.
    """

    epoch: Mapping[float, float]
    extra: Mapping[float, float]
    epochs: int
    _done: dict[float, int] = field(default_factory=dict)
    _expected: float = 0.0
    _spent: float = 0.0

    @property
    def total(self) -> float:
        """Seconds for everything, as forecast at the start."""
        return sum(self.epochs * self.epoch[w] + self.extra[w] for w in self.epoch)

    @property
    def left(self) -> float:
        """Seconds from now."""
        rest = sum(
            (self.epochs - self._done.get(w, 0)) * self.epoch[w]
            + (self.extra[w] if self._done.get(w, 0) < self.epochs else 0.0)
            for w in self.epoch
        )
        prior = _TRUST * self.total
        return rest * (prior + self._spent) / (prior + self._expected)

    def epoch_took(self, window: float, seconds: float) -> None:
        """Learn from an epoch that ended."""
        self._done[window] = self._done.get(window, 0) + 1
        self._expected += self.epoch[window]
        self._spent += seconds


def measure(trainers: Mapping[float, Trainer], epochs: int, targets: int) -> Forecast:
    """Time some batches of the shortest and the longest window and draw a line between.

    The programs that are compiled for this are the ones that train afterwards.

    Args:
        trainers: by window length; each compiles when it is first used.
        epochs: of each run.
        targets: validation and test windows that each length will be scored on.
    """
    ends = sorted({min(trainers), max(trainers)})
    timed = {window: _time(trainers[window]) for window in ends}
    (near, far), epoch, extra = (ends[0], ends[-1]), {}, {}
    for window, trainer in trainers.items():
        along = (window - near) / (far - near) if far > near else 0.0
        compiling, batch = (
            timed[near][i] + along * (timed[far][i] - timed[near][i]) for i in (0, 1)
        )
        batches = trainer.batches + _FORWARD_SHARE * trainer.validation_batches
        epoch[window] = batch * batches
        # Scores want every window forward, importance the test part backward too.
        sweeps = targets / max(trainer.batch, 1) * batch
        extra[window] = sweeps + compiling * (1.0 if window in ends else 2.0)
    return Forecast(epoch, extra, epochs)


def _time(trainer: Trainer) -> tuple[float, float]:
    """Seconds to compile, and seconds of a batch."""
    compiling = trainer.probe(1)
    batches = min(_PROBES, trainer.batches)
    return compiling, trainer.probe(batches) / batches
