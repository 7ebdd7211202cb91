"""Contest: which window length is best, judged on the validation part, and is it alone?"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from slicken.errors import TrainingError


@dataclass(frozen=True)
class Contest:
    """Window lengths compared by the lowest validation loss of each run.

    Runs are paired: run r starts from the same weights and sees the same order of batches at every
    length, and all lengths have the same targets.

    Args:
        losses: lowest validation loss over epochs, dims ``(window, run)``; NaN for a run that was
            left out because a loss was not finite.
    """

    losses: xr.DataArray

    def __post_init__(self) -> None:
        if not np.isfinite(self.losses).any():
            raise TrainingError("no run ended with a finite loss; lower the learning rate")

    @cached_property
    def means(self) -> xr.DataArray:
        """Mean over runs, dims ``(window,)``."""
        return self.losses.mean("run", skipna=True)

    @property
    def best(self) -> float:
        """The length with the lowest mean, in s: the published study's choice."""
        return _where_lowest(self.means)

    @property
    def lowest_minimum(self) -> float:
        """The length of the single run with the lowest loss, in s."""
        return _where_lowest(self.losses.min("run", skipna=True))

    @cached_property
    def tied(self) -> tuple[float, ...]:
        """Lengths whose mean is within one standard error of the best, over paired runs."""
        differences = self.losses - self.losses.sel(window=self.best)
        pairs = differences.notnull().sum("run")
        error = differences.std("run", ddof=1, skipna=True) / np.sqrt(pairs)
        near = (differences.mean("run", skipna=True) <= error) | (error["window"] == self.best)
        return tuple(float(s) for s in self.losses["window"][near.to_numpy()])

    @property
    def shortest(self) -> float:
        """The shortest length that ties with the best, in s."""
        return min(self.tied)

    @property
    def flat(self) -> bool:
        """Whether every length ties: the curve has no minimum."""
        return len(self.tied) == self.losses.sizes["window"] > 1

    def left_out(self) -> dict[float, list[int]]:
        """Runs that were left out of the statistics, by window length."""
        return {
            float(s): self.losses["run"].to_numpy()[bad].tolist()
            for s in self.losses["window"].to_numpy()
            if (bad := self.losses.sel(window=s).isnull().to_numpy()).any()
        }

    def words(self) -> str:
        """The contest in one sentence."""
        runs = int(self.losses.sel(window=self.best).notnull().sum())
        if self.losses.sizes["window"] == 1:
            return f"only {self.best:g} s was tried, so there is no contest"
        if runs < 2:
            return f"{self.best:g} s has the lowest loss, of one run; one run cannot tell"
        if self.flat:
            also = f"but {self.shortest:g} s does as well"
            return (
                f"all lengths tie within one standard error over {runs} paired runs; the mean is "
                f"lowest at {self.best:g} s, "
                f"{also if self.shortest < self.best else 'the shortest of them'}"
            )
        if len(self.tied) > 1:
            listed = ", ".join(f"{s:g}" for s in self.tied)
            return (
                f"{listed} s tie within one standard error over {runs} paired runs; the mean is "
                f"lowest at {self.best:g} s, and {self.shortest:g} s is the shortest of them"
            )
        words = f"{self.best:g} s is best: lowest mean over {runs} paired runs, and no length ties"
        lonely = ", ".join(f"{s:g}" for s in self._hardly_paired())
        if lonely:
            words += f"; {lonely} s shares too few runs with it to compare"
        return words

    def _hardly_paired(self) -> list[float]:
        """Lengths of which fewer than two runs ended well together with the best."""
        differences = self.losses - self.losses.sel(window=self.best)
        few = (differences.notnull().sum("run") < 2).to_numpy()
        return [float(s) for s in self.losses["window"].to_numpy()[few]]


def _where_lowest(values: xr.DataArray) -> float:
    filled = values.fillna(np.inf).to_numpy()
    return float(values["window"].to_numpy()[int(filled.argmin())])
