"""Steps: what each result needs, how it is computed, and where it is kept.

A step is computed once. What was computed is written to ``evidence/`` in the study folder and read
back before it is used: arrays that lie in memory in another order are summed in another, and the
first look at a study is to give the bits of every later one.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import xarray as xr

from slicken.statements import Statement
from slicken.study.checkpoint import EVERY, Checkpoint
from slicken.study.progress import OnProgress, Progress

if TYPE_CHECKING:
    from slicken.learning.training import EpochLosses
    from slicken.study.trained import Fold, Trained

T = TypeVar("T")
Tell = Callable[[Statement | None, float], None]


@dataclass(frozen=True)
class At:
    """What a step works on.

    Args:
        trained: Study, or one of its folds.
        seconds: Window length; NaN for a step that is about no single one.
        tell: Called with what is being done and the seconds left, as a long step goes on.
        checkpoints: Trainings that the step has begun, removed when its result is kept.
    """

    trained: "Trained | Fold"
    seconds: float
    tell: Tell
    checkpoints: list[Checkpoint] = field(default_factory=list)

    @property
    def fold(self) -> "Fold":
        """The fold, in a step that is about a window length."""
        found: Any = self.trained
        fold: Fold = found
        return fold

    def checkpoint(self, name: str) -> Checkpoint:
        """Where a training of this step is kept while it goes on.

        Args:
            name: Name of the training.
        """
        folder = self.trained.folder
        file = folder.checkpoint_path(f"{folder.window_path(self.seconds).name}-{name}")
        what = (folder.identity, name, self.seconds)
        self.checkpoints.append(Checkpoint(file, what, EVERY))
        return self.checkpoints[-1]

    def epochs_left(self, epochs: int, others: int) -> Callable[[int, "EpochLosses"], None]:
        """Callback that tells after each epoch how long this training and others like it take.

        Args:
            epochs: Epochs of each training.
            others: Number of trainings that follow.
        """
        began: list[tuple[int, float]] = []

        def on_epoch(number: int, losses: "EpochLosses") -> None:
            del losses
            began.append((number, time.monotonic()))
            (first, start), (_, end) = began[0], began[-1]
            if number > first:  # the first epoch is compiled as well
                each = (end - start) / (number - first)
                self.tell(None, each * (epochs - number + epochs * others))

        return on_epoch


def as_it_is(table: xr.Dataset) -> xr.Dataset:
    """A result that is a dataset itself."""
    return table


@dataclass(frozen=True, eq=False)
class Step(Generic[T]):
    """One result of a study.

    Args:
        name: Name of its file in ``evidence/``.
        compute: Function of :class:`At` and of the results that are needed, in their order.
        save: Dataset of a result; None where it is not kept but computed in each process.
        read: Result from its dataset.
        needs: Steps whose results it takes.
        per_window: Whether it is about one window length.
        doing: What is being done, for a step that a user sees.
    """

    name: str
    compute: Callable[..., T]
    save: Callable[[T], xr.Dataset] | None = None
    read: Callable[[xr.Dataset], T] | None = None
    needs: "tuple[Step[Any], ...]" = ()
    per_window: bool = False
    doing: Callable[[float], Statement] | None = None


def of_window(
    name: str,
    compute: Callable[..., xr.Dataset],
    *,
    needs: tuple[Step[Any], ...] = (),
    doing: Callable[[float], Statement] | None = None,
) -> Step[xr.Dataset]:
    """A step about one window length whose result is a dataset."""
    return Step(name, compute, as_it_is, as_it_is, needs, per_window=True, doing=doing)


@dataclass
class Count:
    """Counts the steps that a user sees.

    Args:
        on_progress: Called before each of them, and as a long one goes on.
        total: Number of them.
    """

    on_progress: OnProgress
    total: int
    done: int = 0

    def next(self, doing: Statement) -> None:
        """Announce the next step."""
        self.on_progress(Progress("evidence", doing, self.done, self.total))
        self.done += 1

    def goes_on(self, doing: Statement | None, left: float) -> None:
        """Say what the step is at, and the seconds left."""
        self.on_progress(Progress("evidence", doing, self.done - 1, self.total, left))

    def finish(self) -> None:
        """Say that all steps are done."""
        self.on_progress(Progress("evidence", done=self.total, total=self.total))


class Steps:
    """Results of a study or a fold, each from here, from the folder, or computed and kept there.

    Args:
        trained: Study, whose lock the caller holds, or one of its folds.
        count: Counter of the steps that a user sees.
    """

    def __init__(self, trained: "Trained | Fold", count: Count) -> None:
        self._trained, self._count = trained, count
        self._found: dict[str, Any] = {}

    def __call__(self, step: Step[T], seconds: float = math.nan) -> T:
        """The result of a step.

        Args:
            step: Which.
            seconds: Window length, for a step that is about one.
        """
        name = self._name(step, seconds)
        if name not in self._found:
            self._announce(step, seconds)
            known = self.known(step, seconds)
            self._found[name] = self._computed(step, seconds) if known is None else known
        found: T = self._found[name]
        return found

    def known(self, step: Step[T], seconds: float = math.nan) -> T | None:
        """The result of a step that the folder holds, or None."""
        if step.read is None:
            return None
        table = self._trained.folder.read_evidence(self._name(step, seconds))
        return None if table is None else step.read(table)

    def _computed(self, step: Step[T], seconds: float) -> T:
        needed = [self(need, seconds) for need in step.needs]
        at = At(self._trained, seconds, self._goes_on(step, seconds))
        result = step.compute(at, *needed)
        if step.save is None:
            return result
        self._trained.folder.write_evidence(self._name(step, seconds), step.save(result))
        known = self.known(step, seconds)
        assert known is not None  # noqa: S101 (it was just written)
        for checkpoint in at.checkpoints:
            checkpoint.remove()
        return known

    def _name(self, step: Step[Any], seconds: float) -> str:
        if not step.per_window:
            return step.name
        return f"{step.name}_{self._trained.folder.window_path(seconds).name}"

    def _announce(self, step: Step[Any], seconds: float) -> None:
        if step.doing is not None:
            self._count.next(step.doing(seconds))

    def _goes_on(self, step: Step[Any], seconds: float) -> Tell:
        def tell(doing: Statement | None, left: float) -> None:
            if doing is None and step.doing is not None:
                doing = step.doing(seconds)
            self._count.goes_on(doing, left)

        return tell
