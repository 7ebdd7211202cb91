"""Checkpoint: a training on disk, as far as it is, to be resumed."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slicken.learning.training import EpochLosses, Trainer, TrainingState
from slicken.study.arrays import filled, named, read_arrays, to_bytes
from slicken.study.files import remove, written_aside

EVERY = 30.0
"""Seconds from one checkpoint to the next, unless something else is asked for."""
DEAREST = 0.01
"""Share of the time that checkpoints may take: where writing is slow, they come less often."""
_HISTORY = "training_loss", "validation_loss"


@dataclass(frozen=True)
class Progress:
    """A training as far as it is.

    Args:
        epoch: the last one that is done.
        state: after it, of all runs.
        losses: of every epoch until then.
    """

    epoch: int
    state: TrainingState
    losses: list[EpochLosses]


class Checkpoint:
    """A file that holds how far a training is.

    All that is random comes from the seeds of the runs and the number of the epoch, so the epoch
    is all the random state there is.

    Args:
        file: where.
        identity: of the study, and of what is trained; a file of another one is not resumed.
        every: seconds from one to the next; infinite for none.
    """

    def __init__(self, file: Path, identity: Sequence[str | int | float], every: float) -> None:
        self.file = file
        self.epoch = 0
        """The last one that is kept."""
        self.problem = ""
        """Why the file that was there was not resumed; empty where it was."""
        self._identity = json.dumps(list(identity))
        self._every = every
        self._last, self._cost = time.monotonic(), 0.0

    def read(self, trainer: Trainer) -> Progress | None:
        """How far the training was, or None where it begins anew."""
        if not self.file.is_file():
            return None
        try:
            arrays, words = read_arrays(self.file)
            if words.get("identity") != self._identity:
                raise ValueError("is of another study")
            history = [arrays.pop(name, np.zeros((0, 0))) for name in _HISTORY]
            state = filled(trainer.one_run(), arrays)
            epoch = int(words.get("epoch", "0"))
            runs = state.best_loss.shape[0]
            if runs != trainer.runs or any(rows.shape != (runs, epoch) for rows in history):
                raise ValueError("does not fit the plan")
        except ValueError as error:
            self.problem = f"{self.file}: {error}; this training begins anew"
            remove(self.file)
            return None
        self.epoch = epoch
        pairs = zip(*(rows.T for rows in history), strict=True)
        return Progress(epoch, state, [EpochLosses(*pair) for pair in pairs])

    def keep(
        self, trainer: Trainer, states: list[TrainingState], losses: list[EpochLosses]
    ) -> None:
        """Write how far the training is, if it is time.

        Raises:
            FolderError: if it cannot be written.
        """
        began = time.monotonic()
        if began - self._last >= max(self._every, self._cost / DEAREST):
            self.write(trainer, states, losses)
            self._last = time.monotonic()
            self._cost = self._last - began

    def write(
        self, trainer: Trainer, states: list[TrainingState], losses: list[EpochLosses]
    ) -> None:
        """Write how far the training is.

        Raises:
            FolderError: if it cannot be written.
        """
        both = (stacked(losses, name) for name in EpochLosses._fields)
        arrays = {**named(trainer.to_host(states)), **dict(zip(_HISTORY, both, strict=True))}
        words = {"identity": self._identity, "epoch": str(len(losses))}
        with written_aside(self.file) as aside:
            aside.write_bytes(to_bytes(arrays, words))
        self.epoch = len(losses)

    def remove(self) -> None:
        """Remove the file: what it led to is kept elsewhere."""
        remove(self.file)


def stacked(losses: Sequence[EpochLosses], part: str) -> NDArray[np.float32]:
    """Losses of all runs on one part over epochs, shape ``(R, E)``."""
    return np.stack([getattr(loss, part) for loss in losses], axis=1)


def train_on(
    trainer: Trainer,
    epochs: int,
    checkpoint: Checkpoint | None,
    told: Callable[[int, EpochLosses], None] | None = None,
) -> tuple[list[TrainingState], list[EpochLosses]]:
    """Train to the last epoch, from the checkpoint where there is one.

    Args:
        trainer: of some runs of one window length.
        epochs: of each.
        checkpoint: read first, written now and then; None for none.
        told: the number and the losses of each epoch as it ends.

    Returns:
        The state after the last epoch, and the losses of every epoch, those before a checkpoint
        too. Whoever keeps what comes of it removes the checkpoint.

    Raises:
        FolderError: if a checkpoint cannot be written.
    """
    before = checkpoint.read(trainer) if checkpoint else None
    states = trainer.resume(before.state) if before else trainer.start()
    losses = list(before.losses) if before else []
    for number in range(len(losses) + 1, epochs + 1):
        states, of_epoch = trainer.epoch(states, number)
        losses.append(of_epoch)
        if checkpoint is not None and number < epochs:
            checkpoint.keep(trainer, states, losses)
        if told is not None:
            told(number, of_epoch)
    return states, losses
