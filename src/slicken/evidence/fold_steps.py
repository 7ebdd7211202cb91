"""Steps of folds: what each fold of a study shows, and all of them together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slicken.evidence.steps import Count, Step, Steps
from slicken.study.pooling import pool_targets

if TYPE_CHECKING:
    import xarray as xr

    from slicken.study.trained import Fold

    Table = xr.Dataset
    Pool = Callable[[Sequence[Table]], Table]


@dataclass(frozen=True, eq=False)
class FoldSteps:
    """Results of every fold, each from the folder, or computed and kept there.

    Args:
        folds: Folds of a study, whose lock the caller holds.
        each: Steps of each of them.
    """

    folds: tuple["Fold", ...]
    each: tuple[Steps, ...]

    @classmethod
    def of(cls, folds: tuple["Fold", ...], count: Count) -> "FoldSteps":
        """The steps of some folds, announced by one counter."""
        return cls(folds, tuple(Steps(fold, count) for fold in folds))

    def pooled(
        self,
        step: "Step[Table]",
        seconds: float,
        *,
        first: int | None = None,
        pool: "Pool" = pool_targets,
    ) -> "Table":
        """The result of a step in all folds as one table.

        Args:
            step: Which.
            seconds: Window length.
            first: Number of folds, from the first, that are asked; all where None.
            pool: How tables become one.
        """
        return pool([steps(step, seconds) for steps in self.each[:first]])

    def at_chosen(self, step: "Step[Table]") -> "Table":
        """The result of a step at the window length that each fold chose, as one table."""
        pairs = zip(self.folds, self.each, strict=True)
        return pool_targets([steps(step, fold.chosen) for fold, steps in pairs])

    def on_request(self, step: "Step[Table]", seconds: float, *, asked: bool) -> "Table | None":
        """The result of a step that was asked for, or that the folder holds; else None."""
        if asked or all(steps.known(step, seconds) is not None for steps in self.each):
            return self.pooled(step, seconds)
        return None
