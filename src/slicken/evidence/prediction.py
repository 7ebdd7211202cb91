"""Prediction: friction for a log that no network has seen, with intervals."""

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from slicken.channels import TIME_SPENT
from slicken.errors import ExperimentError, PlanError
from slicken.evidence.intervals import LEVEL, Calibration, calibration_of
from slicken.evidence.scores import Score, score
from slicken.evidence.tabular import Tabular
from slicken.learning.changes import as_changes
from slicken.learning.level import relative
from slicken.learning.record import join, reach
from slicken.learning.scaling import must_be_within_reach
from slicken.learning.slip_rows import over_slip
from slicken.lengths import UNITS, StudyClock

if TYPE_CHECKING:
    import pandas as pd

    from slicken.experiment import Experiment
    from slicken.learning.record import Record
    from slicken.study.trained import Fold, Trained


@dataclass(frozen=True, eq=False, repr=False)
class Prediction(Tabular):
    """Friction predicted by an ensemble at every instant that its window can reach.

    Args:
        name: of the experiment.
        seconds: the window length.
        time: s, shape ``(N,)``.
        runs: friction of each run, shape ``(R, N)``.
        measured: friction in the log, shape ``(N,)``.
        calibration: of intervals, on the validation part of its study.
        clock: Clock of its study, in whose unit the window length is.
        level_span: Seconds of its first stretch, from which its level was taken; None where the
            networks predict the level too.
    """

    name: str
    seconds: float
    time: NDArray[np.float64]
    runs: NDArray[np.float64]
    measured: NDArray[np.float64]
    calibration: Calibration
    clock: StudyClock = "time"
    level_span: float | None = None

    @property
    def friction(self) -> NDArray[np.float64]:
        """Mean over runs, shape ``(N,)``."""
        return self.runs.mean(axis=0)

    def interval(self, level: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper bound that hold so large a part; see :class:`Calibration`.

        Args:
            level: Share that the interval is to hold, between 0 and 1.

        Raises:
            PlanError: if the level makes no sense.
        """
        width = self.calibration.width(self.runs.std(axis=0), level)
        return self.friction - width, self.friction + width

    def score(self) -> Score:
        """Agreement with the friction in the log."""
        return score(self.measured, self.friction)

    def to_dataframe(self, level: float = LEVEL) -> "pd.DataFrame":
        """Friction with its interval beside the measured one, by time in s.

        Args:
            level: Share that the interval is to hold, between 0 and 1.
        """
        return self.to_dataset(level).to_dataframe()

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>"  # its table has a row for every instant

    def __repr__(self) -> str:
        score = self.score()
        known = self.level_span
        level = "" if known is None else f", level from the first {known:g} s"
        return (
            f"Prediction of {self.name}{level}: {self.time.size} instants, window of "
            f"{self.seconds:g} "
            f"{UNITS[self.clock]}, "
            f"{self.runs.shape[0]} runs\n"
            f"  RMSE {score.rmse:.4f}, R2 {score.r2:.2f}, correlation {score.correlation:.2f}"
        )

    def to_dataset(self, level: float = LEVEL) -> xr.Dataset:
        """Everything over ``time``, for a file."""
        low, high = self.interval(level)
        return xr.Dataset(
            {
                "friction": ("time", self.friction),
                "low": ("time", low),
                "high": ("time", high),
                "spread": ("time", self.runs.std(axis=0)),
                "measured": ("time", self.measured),
            },
            coords={"time": ("time", self.time, {"units": "s"})},
            attrs={"experiment": self.name, "window": self.seconds, "level": level},
        )


def predict_experiment(trained: "Trained", experiment: "Experiment", seconds: float) -> Prediction:
    """Predict the friction of a new experiment with the ensemble of one window length.

    Args:
        trained: Study.
        experiment: Experiment with the drivers and the time step of the study.
        seconds: Window length.

    Raises:
        PlanError: if that length was not part of the study.
        ExperimentError: if it lacks a driver, has another time step, is too short, or holds numbers
            that no rig measures.
    """
    if seconds not in trained.windows:
        held = ", ".join(f"{s:g}" for s in trained.windows)
        raise PlanError(
            f"the study has no window of {seconds:g} {trained.plan.unit}; it has {held}"
        )
    prepared = trained.folds[0].prepared
    measured = [name for name in prepared.record.channels if name != TIME_SPENT.name]
    missing = [c for c in measured if c not in experiment.channels]
    if missing:
        raise ExperimentError(
            f"{experiment.name}: no {' and no '.join(missing)}, which the networks of this study "
            "need; name the columns in a channel map"
        )
    record = join([experiment], measured)
    if trained.plan.target == "relative":
        record = relative(record, trained.plan.level_span)
    if trained.plan.clock == "slip":
        record = over_slip(record, prepared.record.dt)
    record = as_changes(record, trained.plan.as_change)
    if abs(record.dt - prepared.record.dt) > 1e-6 * record.dt:
        raise ExperimentError(
            f"{experiment.name}: its time step is {record.dt:g} s, that of the study "
            f"{prepared.record.dt:g} s; set step = {prepared.record.dt:g} in the channel map"
        )
    for fold in trained.folds:
        must_be_within_reach(record, fold.prepared.scaling)
    length = record.samples_in(seconds)
    ends = np.flatnonzero((reach(record) >= length) & record.is_target)
    if not ends.size:
        raise ExperimentError(
            f"{experiment.name}: no stretch without a gap is as long as the window of "
            f"{seconds:g} {record.unit}; use a longer record, or a shorter window with --window"
        )
    if not trained.history(seconds)["finite"].any():
        raise PlanError(
            f"{seconds:g} {record.unit}: no run ended with a finite loss; choose another --window"
        )
    return Prediction(
        name=experiment.name,
        seconds=seconds,
        time=record.time[ends],
        runs=np.concatenate([_predict(fold, record, ends, seconds) for fold in trained.folds])
        + record.level[ends],
        measured=record.friction[ends] + record.level[ends],
        calibration=calibration_of(trained, seconds),
        clock=trained.plan.clock,
        level_span=trained.plan.level_span if trained.plan.target == "relative" else None,
    )


def _predict(
    fold: "Fold", record: "Record", ends: NDArray[np.int64], seconds: float
) -> NDArray[np.float64]:
    """Friction by the runs of a fold that ended well, shape ``(R, N)``."""
    scaling = fold.prepared.scaling
    finite = fold.history(seconds)["finite"].to_numpy()
    drivers = scaling.drivers(np.where(record.gap[:, None], 0.0, record.drivers))
    # All of them are predicted: their last bits may depend on how many there are.
    standardised = fold.ensemble(seconds, finite=False).predict(drivers, ends)[finite]
    return scaling.to_friction(standardised)
