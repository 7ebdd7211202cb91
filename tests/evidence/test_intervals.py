"""Intervals: their coverage on errors of a known kind, and that they widen with the spread."""

import numpy as np
import pytest
import xarray as xr

from slicken.errors import PlanError
from slicken.evidence.intervals import calibrate


def made(seed: int, targets: int = 4000, scale: float = 1.0) -> xr.Dataset:
    """Runs that disagree where the error is larger: spread and error grow together."""
    random = np.random.default_rng(seed)
    hard = scale * random.gamma(2, 0.005, targets)
    truth = 0.6 + 0.05 * random.normal(size=targets)
    centre = truth + hard * random.normal(size=targets)
    runs = centre + hard * random.normal(size=(5, targets))
    return xr.Dataset(
        {"measured": ("target", truth), "predicted": (("run", "target"), runs)},
    )


@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
def test_an_interval_holds_its_share_of_data_like_those_it_learned_from(level: float) -> None:
    calibration = calibrate(made(0))
    assert calibration.coverage(made(1), level) == pytest.approx(level, abs=0.03)
    assert calibration.coverage(made(0), level) == pytest.approx(level, abs=0.001)


def test_it_does_not_hold_it_where_errors_are_larger_than_ever() -> None:
    shifted = made(1)
    shifted["measured"] = shifted["measured"] + 0.2
    assert calibrate(made(0)).coverage(shifted) < 0.1


def test_it_widens_where_the_runs_disagree() -> None:
    width = calibrate(made(0)).width(np.array([0.0, 0.01, 0.1]))
    assert (np.diff(width) > 0).all()


def test_a_perfect_ensemble_has_intervals_of_no_width() -> None:
    perfect = xr.Dataset(
        {"measured": ("target", np.ones(9)), "predicted": (("run", "target"), np.ones((2, 9)))}
    )
    assert calibrate(perfect).width(np.zeros(3)).tolist() == [0, 0, 0]
    assert calibrate(perfect).coverage(perfect) == 1


@pytest.mark.parametrize("level", [0.0, 1.0, -1.0, 90.0, float("nan")])
def test_a_level_that_makes_no_sense_is_refused(level: float) -> None:
    with pytest.raises(PlanError, match=r"choose 0\.9"):
        calibrate(made(0, 50)).width(np.zeros(1), level)
