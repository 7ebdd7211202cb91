"""Window comparison: which window length is best on the validation part, and is it really?"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from slicken.errors import TrainingError
from slicken.evidence.required import NEGLIGIBLE, RequiredHistory
from slicken.evidence.resampling import (
    FEWEST_BLOCKS,
    PERCENTILES,
    Blocks,
    independent_blocks,
    resampled_counts,
    sums_by_block,
)
from slicken.evidence.tabular import Tabular, listed
from slicken.lengths import plain

if TYPE_CHECKING:
    import pandas as pd

    from slicken.study.trained import Trained

_EXCESS = ("excess", "excess_low", "excess_high")


@dataclass(frozen=True, eq=False, repr=False)
class WindowComparison(Tabular):
    """Window lengths compared by the squared errors of each run's best epoch.

    Runs are paired: run r starts from the same weights and sees the same order of batches at every
    length, and all lengths have the same targets. What is uncertain is which runs and which
    stretches of time were drawn, so both are resampled, as pairs.

    Args:
        losses: lowest validation loss over epochs, dims ``(window, run)``; NaN for a run that was
            left out because a loss was not finite.
        errors: squared errors of standardised friction at each validation target, dims ``(window,
            run, target)``; the losses are their means.
        blocks: Blocks of the targets; see
            :func:`~slicken.evidence.resampling.independent_blocks`.
        seed: Random seed of the resampling.
    """

    losses: xr.DataArray
    errors: xr.DataArray
    blocks: Blocks
    seed: int = 0

    def __post_init__(self) -> None:
        if not np.isfinite(self.losses).any():
            raise TrainingError("no run ended with a finite loss; lower the learning rate")

    @classmethod
    def compute(cls, trained: "Trained") -> "WindowComparison":
        """Compare every finished window length of a study."""
        windows = xr.Variable("window", list(trained.windows), {"units": trained.plan.unit})
        together = xr.concat([_squared_errors(trained, s) for s in trained.windows], windows)
        losses = [_losses(trained, s, together.sel(window=s)) for s in trained.windows]
        # What decides is a difference between lengths, so blocks are as long as its correlation.
        means = together.mean("run", skipna=True)
        spread = (means - means.mean("window")).isel(
            window=int(np.nanargmin(means.mean("target").data))
        )
        targets = trained.prepared.targets("validation")
        return cls(
            losses=xr.concat(losses, windows).rename("best_validation_loss"),
            errors=together,
            blocks=independent_blocks(targets, spread.to_numpy(), trained.plan.windows[-1]),
            seed=trained.plan.seed,
        )

    @property
    def windows(self) -> NDArray[np.float64]:
        """The lengths, s, ascending."""
        return self.losses["window"].to_numpy()

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

    @property
    def independent(self) -> int:
        """Number of blocks of targets."""
        return self.blocks.count

    @property
    def can_tell(self) -> bool:
        """Whether there are runs and blocks enough to compare lengths at all."""
        return self.paired.size >= 2 and self.independent >= FEWEST_BLOCKS and self.windows.size > 1

    @cached_property
    def paired(self) -> NDArray[np.int64]:
        """Runs that ended well at every length that has any, places along ``run``."""
        held = self.losses.notnull().to_numpy()
        return np.flatnonzero(held[held.any(axis=1)].all(axis=0))

    @cached_property
    def probability_best(self) -> xr.DataArray:
        """How often each length has the lowest mean when runs and blocks are drawn again.

        Dims ``(window,)``; NaN where the window comparison cannot tell.
        """
        if not self.can_tell:
            return xr.full_like(self.means, np.nan)
        winners = np.nanargmin(np.where(np.isnan(self._resampled), np.inf, self._resampled), axis=1)
        share = np.bincount(winners, minlength=self.windows.size) / winners.size
        return self.means.copy(data=share)

    @cached_property
    def table(self) -> xr.Dataset:
        """Every length against the best, over ``window``.

        ``excess``: mean loss over that of the best, less one; ``excess_low``, ``excess_high``: its
        95 % interval over runs and blocks; ``effect``: the mean difference of paired runs in
        their standard deviations (Cohen's d for pairs), with ``effect_low`` and ``effect_high``
        over runs; ``standard_error`` of the excess.
        """
        nothing = np.full(self.windows.size, np.nan)
        # Losses of runs that all but diverged have squares beyond float32.
        losses = self.losses.to_numpy().astype(np.float64)
        place = int(np.flatnonzero(self.windows == self.best)[0])
        means = self.means.to_numpy()
        value = means / means[place] - 1
        low, high, error = nothing, nothing, nothing
        effect = effect_low = effect_high = nothing
        if self.can_tell:
            drawn = self._resampled / self._resampled[:, [place]] - 1
            low, high = _middle(drawn, self.blocks.percentiles)
            error = drawn.std(axis=0)
            gaps = losses[:, self.paired] - losses[place, self.paired]
            picks = resampled_counts(self.paired.size, self.seed + 1)
            effect = _effect(gaps, np.ones((1, self.paired.size)))[0]
            drawn = _effect(gaps, picks)
            effect_low, effect_high = _middle(drawn, PERCENTILES)
        columns = {
            "excess": value, "excess_low": low, "excess_high": high, "standard_error": error,
            "effect": effect, "effect_low": effect_low, "effect_high": effect_high,
        }  # fmt: skip
        return xr.Dataset(
            {name: ("window", values) for name, values in columns.items()},
            coords={"window": self.losses["window"]},
        )

    @cached_property
    def tied(self) -> tuple[float, ...]:
        """Lengths that the best does not clearly beat: the 95 % interval of their excess holds 0.

        All, where the window comparison cannot tell.
        """
        near = ~(self.table["excess_low"].to_numpy() > 0)
        known = np.isfinite(self.means.to_numpy())
        return tuple(float(s) for s in self.windows[near & known])

    @cached_property
    def within_one_error(self) -> tuple[float, ...]:
        """Lengths whose excess is at most its standard error; the best is among them."""
        table = self.table
        near = table["excess"].to_numpy() <= np.nan_to_num(table["standard_error"].to_numpy())
        return tuple(float(s) for s in self.windows[near])

    @property
    def shortest(self) -> float:
        """The shortest length within one standard error of the best, in s."""
        return min(self.within_one_error)

    @property
    def flat(self) -> bool:
        """Whether every length ties: the curve has no minimum."""
        return len(self.tied) == self.windows.size > 1

    @property
    def unit(self) -> str:
        """Unit of the window lengths."""
        return str(self.losses["window"].attrs.get("units", "s"))

    def required(self) -> RequiredHistory | None:
        """How much history friction needs, by the networks; None where they cannot tell."""
        if not self.can_tell or not np.isfinite(self.means).all():
            return None
        table, means = self.table, self.means.to_numpy()
        best = float(means.min())
        explained = max(1.0 - best, 0.0)
        return RequiredHistory(
            family="networks",
            history=self.windows,
            loss=means,
            low=table["excess_low"].to_numpy() * best,
            high=table["excess_high"].to_numpy() * best,
            clearly_worse=(table["excess_low"].to_numpy() > 0)
            & (table["excess"].to_numpy() * best > NEGLIGIBLE * explained),
            unit=self.unit,
        )

    def to_dataframe(self) -> "pd.DataFrame":
        """Mean loss of each length, its excess over the lowest with an interval, and more."""
        import pandas as pd

        return pd.DataFrame(
            {
                "mean_loss": self.means.to_numpy(),
                **{name: self.table[name].to_numpy() for name in _EXCESS},
                "probability_best": self.probability_best.to_numpy(),
                "not_distinguishable": np.isin(self.windows, self.tied),
            },
            index=pd.Index(self.windows, name=f"window_{plain(self.unit)}"),
        )

    def __repr__(self) -> str:
        unit, each = self.unit, zip(self.windows, self.means, strict=True)
        means = ", ".join(f"{length:g} {unit} {mean:.4g}" for length, mean in each)
        same = listed(self.tied, unit) if self.can_tell else "cannot be compared"
        return (
            f"WindowComparison: lowest mean loss at {self.best:g} {unit} ({means})\n"
            f"  not distinguishable: {same}"
        )

    def to_dataset(self) -> xr.Dataset:
        """Everything, for a file."""
        return self.table.assign(
            best_validation_loss=self.losses,
            probability_best=self.probability_best,
            tied=("window", np.isin(self.windows, self.tied)),
            within_one_error=("window", np.isin(self.windows, self.within_one_error)),
        ).assign_attrs(blocks=self.independent, unit=self.blocks.unit)

    def left_out(self) -> dict[float, list[int]]:
        """Runs that were left out of the statistics, by window length."""
        return {
            float(s): self.losses["run"].to_numpy()[bad].tolist()
            for s in self.windows
            if (bad := self.losses.sel(window=s).isnull().to_numpy()).any()
        }

    @cached_property
    def _resampled(self) -> NDArray[np.float64]:
        """Mean losses with runs and blocks drawn again, shape ``(draws, windows)``."""
        runs = self.paired
        sums, count = sums_by_block(self.errors.to_numpy()[:, runs], self.blocks.of)
        of_runs = resampled_counts(runs.size, self.seed + 1) / runs.size
        of_blocks = resampled_counts(count.size, self.seed)
        total = np.einsum("wrk,sr,sk->sw", sums, of_runs, of_blocks, optimize=True)
        return total / (of_blocks @ count)[:, None]


def _losses(trained: "Trained", seconds: float, errors: xr.DataArray) -> xr.DataArray:
    """Validation loss of each run; NaN where it was not finite in some fold.

    Friction is standardised anew in every fold, so the losses of folds are in units of their own.
    """
    if trained.has_folds:
        return errors.mean("target", skipna=False).drop_vars("window")
    history = trained.history(seconds)
    return history["best_loss"].where(history["finite"])


def _squared_errors(trained: "Trained", seconds: float) -> xr.DataArray:
    """Of standardised friction on the validation part, dims ``(run, target)``."""
    spread, found = trained.prepared.scaling.friction_spread, []
    for result in (fold.result(seconds) for fold in trained.folds):
        here = result.predictions["part"].to_numpy().astype(str) == "validation"
        part = result.predictions.isel(target=here)
        gaps = (part["predicted"] - part["measured"]) / spread
        found.append((gaps**2).where(result.history["finite"]).transpose("run", "target"))
    if len(found) == 1:
        return found[0]
    return xr.concat(found, "target", coords="minimal", compat="override")


def _middle(
    drawn: NDArray[np.float64], percentiles: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two percentiles of each column; NaN where a column has no number at all."""
    known = np.isfinite(drawn).any(axis=0)
    low, high = np.full((2, drawn.shape[1]), np.nan)
    low[known], high[known] = np.nanpercentile(drawn[:, known], percentiles, axis=0)
    return low, high


def _effect(gaps: NDArray[np.float64], picks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over standard deviation of paired differences, (draws, windows); 0 for the best."""
    count = picks.sum(axis=1, keepdims=True)
    mean = picks @ gaps.T / count
    variance = (picks @ (gaps**2).T / count - mean**2) * count / np.maximum(count - 1, 1)
    spread = np.sqrt(np.maximum(variance, 0))
    found = np.divide(mean, spread, out=np.full_like(mean, np.nan), where=spread > 1e-15)
    return np.where(np.all(gaps == 0, axis=1), 0.0, found)


def _where_lowest(values: xr.DataArray) -> float:
    filled = values.fillna(np.inf).to_numpy()
    return float(values["window"].to_numpy()[int(filled.argmin())])
