"""Intervals: a band around predicted friction that holds so large a part of what is measured."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from slicken.errors import PlanError
from slicken.study.pooling import pool_targets

if TYPE_CHECKING:
    from slicken.study.trained import Trained

LEVEL = 0.9
"""Share that an interval is to hold by default."""


@dataclass(frozen=True)
class Calibration:
    """How wide an interval must be for a spread over runs: learned on the validation part.

    Split conformal prediction (Vovk, Gammerman & Shafer 2005) with errors in units of what the
    ensemble itself expects (Papadopoulos 2008, 10.5772/6078): the root of the squared spread over
    runs plus the mean square error of the validation part. So the band widens where the runs
    disagree, and has the right width on average. It covers a new log as well if that is like the
    validation part; no interval knows a fault that it has not seen.

    Args:
        floor: root mean square error of the validation part, friction.
        ratios: absolute errors over what was expected, sorted, shape ``(N,)``.
    """

    floor: float
    ratios: NDArray[np.float64]

    def width(self, spread: NDArray[np.float64], level: float = LEVEL) -> NDArray[np.float64]:
        """Half the width of the interval, friction, of the same shape as ``spread``.

        Args:
            spread: Standard deviation over runs, friction.
            level: Share that the interval is to hold, between 0 and 1.

        Raises:
            PlanError: if the level makes no sense.
        """
        if not 0 < level < 1:
            raise PlanError(f"an interval of level {level:g} makes no sense; choose 0.9, say")
        rank = int(np.ceil(level * (self.ratios.size + 1))) - 1
        ratio = self.ratios[min(rank, self.ratios.size - 1)]
        return np.asarray(ratio * np.sqrt(spread**2 + self.floor**2))

    def coverage(self, predictions: xr.Dataset, level: float = LEVEL) -> float:
        """The share of measured friction within the interval; NaN without targets.

        Args:
            predictions: of one part; ``measured`` over ``target``, ``predicted`` over ``(run,
                target)``.
            level: Share that the interval is to hold, between 0 and 1.
        """
        inside = self.holds(predictions, level)
        return float(inside.mean()) if inside.size else float("nan")

    def holds(self, predictions: xr.Dataset, level: float = LEVEL) -> NDArray[np.bool_]:
        """Which measured frictions lie within the interval, shape ``(N,)``."""
        friction, spread = _mean_and_spread(predictions)
        errors = np.abs(predictions["measured"].to_numpy() - friction)
        return np.asarray(errors <= self.width(spread, level))


def calibrate(validation: xr.Dataset) -> Calibration:
    """Learn the widths of intervals from predictions on the validation part.

    Args:
        validation: ``measured`` over ``target``, ``predicted`` over ``(run, target)``, friction.
    """
    friction, spread = _mean_and_spread(validation)
    errors = np.abs(validation["measured"].to_numpy() - friction)
    floor = float(np.sqrt(np.mean(errors**2)))
    expected = np.sqrt(spread**2 + floor**2)
    ratios = np.divide(errors, expected, out=np.zeros_like(errors), where=expected > 0)
    return Calibration(floor, np.sort(ratios))


def calibration_of(trained: "Trained", seconds: float | None = None) -> Calibration:
    """The widths of a study's intervals.

    They are learned on its validation part or, with folds, on all that was held out.

    Args:
        trained: Study.
        seconds: Window length; None for the one that each fold chose.
    """
    return calibrate(
        trained.predictions(seconds, "validation" if not trained.has_folds else "test")
    )


def coverage_of(trained: "Trained", calibration: Calibration) -> float:
    """The share of the test part within intervals of the default level.

    With folds, the intervals of each are learned on the experiments that the others held out
    (cross-conformal prediction; Vovk 2015, 10.1007/s10472-013-9368-4), so no friction judges
    intervals that it has widened.

    Args:
        trained: Study.
        calibration: Calibration of the study.
    """
    if not trained.has_folds:
        return calibration.coverage(trained.predictions(None, "test"))
    tests = [fold.predictions(fold.chosen, "test") for fold in trained.folds]
    inside = [
        calibrate(pool_targets([other for other in tests if other is not test])).holds(test)
        for test in tests
    ]
    return float(np.concatenate(inside).mean())


def _mean_and_spread(
    predictions: xr.Dataset,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    runs = predictions["predicted"].transpose("run", "target").to_numpy()
    return runs.mean(axis=0), runs.std(axis=0)
