"""Scores: how well friction was predicted, beside what simpler models predict."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from slicken.evidence.tabular import Tabular, listed
from slicken.lengths import plain

if TYPE_CHECKING:
    import pandas as pd

    from slicken.study.trained import Trained

LAW_MODELS = ("ageing_law", "slip_law", "thermal_law")
"""Friction laws, fitted where what they depend on varies."""
MODELS = ("network", "ridge", "trees", *LAW_MODELS, "mean", "median", "last")
"""What is scored: the mean over runs of the ensemble, friction laws, and the baselines."""


@dataclass(frozen=True)
class Score:
    """Agreement of predicted with measured friction.

    Args:
        rmse: root mean square error, in friction.
        r2: 1 less the error variance over the variance of what was measured; can be negative.
        correlation: Pearson's, for the trend; NaN where either is constant.
        range_ratio: range predicted over range measured (5th to 95th percentile).
    """

    rmse: float
    r2: float
    correlation: float
    range_ratio: float


UNKNOWN = Score(*[float("nan")] * 4)
"""Where a model was not fitted."""


def score(measured: NDArray[np.float64], predicted: NDArray[np.float64]) -> Score:
    """Score one prediction.

    Args:
        measured: friction, shape ``(N,)``.
        predicted: friction, shape ``(N,)``.

    Example:
        >>> score(np.array([0.6, 0.7, 0.8]), np.array([0.65, 0.7, 0.75])).range_ratio
        0.5
    """
    error, spread = predicted - measured, measured - measured.mean()
    total = float(np.sum(spread**2))
    moving = np.ptp(measured) > 0 and np.ptp(predicted) > 1e-12
    width = _width(measured)
    return Score(
        rmse=float(np.sqrt(np.mean(error**2))),
        r2=float(1 - np.sum(error**2) / total) if total > 0 else float("nan"),
        correlation=float(np.corrcoef(measured, predicted)[0, 1]) if moving else float("nan"),
        range_ratio=round(_width(predicted) / width, 12) if width > 0 else float("nan"),
    )


def _width(values: NDArray[np.float64]) -> float:
    low, high = np.percentile(values, [5, 95])
    return float(high - low)


@dataclass(frozen=True, eq=False, repr=False)
class Scores(Tabular):
    """Agreement of every model with the measured friction.

    Args:
        table: On the test part, over ``(window, model)``: ``rmse`` (friction), ``r2``,
            ``correlation``, ``range_ratio``, and ``validation_loss``; over ``(window, run)``:
            ``rmse_by_run``.
        baselines: Friction at the best length on the validation and the test part, ``predicted``
            over ``(model, target)`` and ``measured``.
    """

    table: xr.Dataset
    baselines: xr.Dataset

    @classmethod
    def compute(
        cls, trained: "Trained", baselines: Mapping[float, xr.Dataset], best: float
    ) -> "Scores":
        """Score every model at every finished length.

        Args:
            trained: Study.
            baselines: Predictions of all models by window length; see
                :func:`~slicken.evidence.baselines.predict_all`.
            best: Window length whose predictions are kept.
        """
        rows = [_scores_at(trained, seconds, table) for seconds, table in baselines.items()]
        windows = xr.Variable("window", list(baselines), {"units": trained.plan.unit})
        return cls(xr.concat(rows, windows), baselines[best])

    def to_dataframe(self) -> "pd.DataFrame":
        """Scores on the test part by window length and model."""
        names = [*Score.__annotations__, "validation_loss"]
        return (
            self.table[names]
            .to_dataframe()
            .rename_axis([f"window_{plain(self._unit)}", "model"])[names]
        )

    @property
    def _unit(self) -> str:
        return str(self.table["window"].attrs.get("units", "s"))

    def __repr__(self) -> str:
        rmse = self.table["rmse"].mean("window")
        each = ", ".join(f"{name} {float(rmse.sel(model=name)):.4f}" for name in MODELS)
        lengths = listed(tuple(self.table["window"].to_numpy().tolist()), self._unit)
        return f"Scores: windows of {lengths}\n  RMSE on the test part, mean over windows: {each}"

    def at(self, seconds: float) -> xr.Dataset:
        """Scores of one window length, over ``model``."""
        return self.table.sel(window=seconds)


def _scores_at(trained: "Trained", seconds: float, table: xr.Dataset) -> xr.Dataset:
    test = table["part"].to_numpy().astype(str) == "test"
    measured = table["measured"].to_numpy()
    rows, losses = [], []
    for model in MODELS:
        predicted = table["predicted"].sel(model=model).to_numpy()
        known = np.isfinite(predicted).all()
        rows.append(asdict(score(measured[test], predicted[test]) if known else UNKNOWN))
        gaps = (predicted[~test] - measured[~test]) / trained.prepared.scaling.friction_spread
        losses.append(float(np.mean(gaps**2)))
    of_runs = trained.predictions(seconds, "test")
    by_run = np.full(trained.plan.runs, np.nan)
    errors = (of_runs["predicted"] - of_runs["measured"]).transpose("run", "target").to_numpy()
    by_run[of_runs["run"].to_numpy()] = np.sqrt(np.mean(errors**2, axis=1))
    return xr.Dataset(
        {
            **{name: ("model", [row[name] for row in rows]) for name in Score.__annotations__},
            "validation_loss": ("model", losses),
            "rmse_by_run": ("run", by_run),
        },
        coords={
            "model": np.array(MODELS, dtype=object),
            "run": np.arange(trained.plan.runs),
            "window": seconds,
        },
    )
