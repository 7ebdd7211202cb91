"""Checkpoint: a training on disk, as far as it is, to be resumed."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slicken.learning.training import EpochLosses, Trainer, TrainingState
from slicken.study.arrays import filled, named, read_arrays, read_words, to_bytes
from slicken.study.files import remove, written_aside

EVERY = 30.0
"""Seconds from one checkpoint to the next, unless something else is asked for."""
DEAREST = 0.01
"""Share of the time that checkpoints may take: where writing is slow, they come less often."""
_HISTORY = "training_loss", "validation_loss"

OnEpoch = Callable[[int, EpochLosses], None]
"""Called with the number and the losses of an epoch that ended."""


@dataclass(frozen=True)
class Begun:
    """A training as far as it is.

    Args:
        epoch: Last epoch that is done.
        state: State of all runs after it.
        losses: Losses of every epoch until then.
    """

    epoch: int
    state: TrainingState
    losses: list[EpochLosses]


class Checkpoint:
    """A file that holds how far a training is.

    All that is random comes from the seeds of the runs and the number of the epoch, so the epoch
    is all the random state there is.

    Args:
        file: Path of the file.
        identity: What is trained, and in which study; a file with another one is not resumed.
        every: Seconds from one checkpoint to the next; infinite for none.
    """

    def __init__(self, file: Path, identity: Sequence[str | int | float], every: float) -> None:
        self.file = file
        self.epoch = 0
        """The last epoch that is kept."""
        self.problem = ""
        """Why the file that was there was not resumed; empty where it was."""
        self._identity = json.dumps(list(identity))
        self._every = every
        self._last, self._cost = time.monotonic(), 0.0

    def read(self, trainer: Trainer) -> Begun | None:
        """How far the training was; None where it begins anew."""
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
            self.problem = f"{self.file}: {error}"
            remove(self.file)
            return None
        self.epoch = epoch
        pairs = zip(*(rows.T for rows in history), strict=True)
        return Begun(epoch, state, [EpochLosses(*pair) for pair in pairs])

    def keep(
        self, trainer: Trainer, states: list[TrainingState], losses: list[EpochLosses]
    ) -> None:
        """Write how far the training is, if it is time.

        Raises:
            FolderError: If it cannot be written.
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
            FolderError: If it cannot be written.
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


def kept_epoch(file: Path) -> int:
    """The last epoch in a checkpoint, from its first bytes alone; 0 where it cannot be read."""
    try:
        return int(read_words(file).get("epoch", "0"))
    except ValueError:
        return 0


def stacked(losses: Sequence[EpochLosses], part: str) -> NDArray[np.float32]:
    """Losses of all runs on one part over epochs, shape ``(R, E)``."""
    return np.stack([getattr(loss, part) for loss in losses], axis=1)


def train_on(
    trainer: Trainer,
    epochs: int,
    checkpoint: Checkpoint | None,
    on_epoch: OnEpoch | None = None,
    on_start: Callable[[int], None] | None = None,
) -> tuple[list[TrainingState], list[EpochLosses]]:
    """Train to the last epoch, from the checkpoint where there is one.

    Args:
        trainer: Trainer of some runs of one window length.
        epochs: Number of epochs of each run.
        checkpoint: Checkpoint that is read first and written now and then; None for none.
        on_epoch: Called with the number and the losses of each epoch as it ends.
        on_start: Called with the number of the epoch after which training begins or is resumed.

    Returns:
        The state after the last epoch, and the losses of every epoch, those before a checkpoint
        too. The caller removes the checkpoint when it has kept what comes of them.

    Raises:
        FolderError: If a checkpoint cannot be written.
    """
    before = checkpoint.read(trainer) if checkpoint else None
    states = trainer.resume(before.state) if before else trainer.start()
    losses = list(before.losses) if before else []
    if on_start is not None:
        on_start(len(losses))
    for number in range(len(losses) + 1, epochs + 1):
        states, of_epoch = trainer.epoch(states, number)
        losses.append(of_epoch)
        if checkpoint is not None and number < epochs:
            checkpoint.keep(trainer, states, losses)
        if on_epoch is not None:
            on_epoch(number, of_epoch)
    return states, losses
