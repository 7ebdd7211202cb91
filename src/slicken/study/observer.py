"""Observer: who wants to know how a study goes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from slicken.learning.training import EpochLosses
from slicken.study.plan import Plan
from slicken.study.prepared import Prepared

if TYPE_CHECKING:
    from slicken.study.forecast import Forecast


class Observer(Protocol):
    """Who wants to know how a study goes; see :class:`Silent` for one who does not."""

    def note(self, line: str) -> None:
        """Something that a user should know, in a line."""

    def prepared(self, plan: Plan, prepared: Prepared, done: Sequence[float]) -> None:
        """Everything is ready; these window lengths were finished before."""

    def forecast(self, forecast: "Forecast") -> None:
        """The time was measured; the long work begins."""

    def resumed(self, window: float, runs: int, epoch: int) -> None:
        """So many runs of a window length go on after an epoch that was kept."""

    def kept(self, window: float, epoch: int) -> None:
        """Some runs of a window length are on disk as they were after an epoch."""

    def epoch(
        self, window: float, runs: Sequence[int], epoch: int, losses: EpochLosses, left: float
    ) -> None:
        """An epoch of some runs of a window length ended; seconds left for everything."""

    def window(self, window: float, best: np.ndarray, diverged: Sequence[int]) -> None:
        """A window length is done and written; these runs had a loss that was not finite."""


class Silent:
    """An observer that says nothing."""

    def note(self, line: str) -> None:
        """Say nothing."""

    def prepared(self, plan: Plan, prepared: Prepared, done: Sequence[float]) -> None:
        """Say nothing."""

    def forecast(self, forecast: "Forecast") -> None:
        """Say nothing."""

    def resumed(self, window: float, runs: int, epoch: int) -> None:
        """Say nothing."""

    def kept(self, window: float, epoch: int) -> None:
        """Say nothing."""

    def epoch(
        self, window: float, runs: Sequence[int], epoch: int, losses: EpochLosses, left: float
    ) -> None:
        """Say nothing."""

    def window(self, window: float, best: np.ndarray, diverged: Sequence[int]) -> None:
        """Say nothing."""
