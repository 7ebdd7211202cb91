"""Trends: does a driver predict friction once the trends within each experiment are removed?

Whatever drifts through an experiment correlates with whatever else drifts: humidity, wear, the
warmth of the room. So a level at the start, a slope and a quadratic term of each experiment are
fitted to friction and to the history of the driver, and slope and quadratic term are subtracted
from both. A cause keeps its effect, since the same is subtracted from both sides of its law; a
driver that only shared a trend keeps none. Levels are subtracted too, or left as they are at the
start, whichever favours the driver: where every experiment has a velocity of its own, levels are
its effect.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from slicken.evidence.course import since_start
from slicken.evidence.resampling import Interval

if TYPE_CHECKING:
    from slicken.evidence.lag_model import LagModel
    from slicken.study.prepared import Prepared

ORDER = 2
"""Order of the polynomial of a trend."""
KNOTS = 8
"""Knots of the course that all experiments may share."""


def about_trends(
    values: NDArray[np.float64],
    elapsed: NDArray[np.float64],
    experiment: NDArray[np.int64],
    *,
    levels: bool,
) -> NDArray[np.float64]:
    """Values less the linear and quadratic trend of each experiment, shape ``(N, P)``.

    Args:
        values: Friction, or the history of a driver, shape ``(N, P)``.
        elapsed: Time since the start of the experiment, in s, shape ``(N,)``.
        experiment: Number of each row's experiment, shape ``(N,)``.
        levels: Whether the level at the start stays.
    """
    found = np.array(values, dtype=np.float64)
    for own in np.unique(experiment):
        here = experiment == own
        powers = np.vander(elapsed[here] / (elapsed[here].max() or 1.0), ORDER + 1, increasing=True)
        weights, *_ = np.linalg.lstsq(powers, found[here], rcond=None)
        kept = np.r_[0.0 if levels else 1.0, np.ones(ORDER)]
        found[here] -= powers @ (kept[:, None] * weights)
    return found


def measure_trends(lag_model: "LagModel", prepared: "Prepared") -> xr.Dataset:
    """How much each driver predicts of friction about trends, beyond a course common to all.

    Args:
        lag_model: Lag model of a study.
        prepared: Record and its parts.

    Returns:
        Over ``channel``: ``about_trends``, how much smaller the squared error gets with the history
        of the driver, with ``about_trends_low`` and ``_high``, in shares of what the common course
        leaves of friction about its trends.
    """
    gains = [_gains(lag_model, prepared, levels=levels) for levels in (True, False)]
    better = [max(pair, key=lambda gain: gain.low) for pair in zip(*gains, strict=True)]
    names = ("about_trends", "about_trends_low", "about_trends_high")
    columns = zip(names, np.array(better).T, strict=True)
    return xr.Dataset(
        {name: ("channel", values) for name, values in columns},
        coords={"channel": np.array(prepared.record.channels, dtype=object)},
    )


def _gains(lag_model: "LagModel", prepared: "Prepared", *, levels: bool) -> list[Interval]:
    """What each driver alone adds to the common course."""
    record = prepared.record
    elapsed, experiment = since_start(record)[lag_model.ends], record.experiment[lag_model.ends]

    def rest(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return about_trends(values, elapsed, experiment, levels=levels)

    over = replace(lag_model, friction=rest(lag_model.friction[:, None])[:, 0])
    course = _hats(elapsed)
    base = over.judge(course)
    left = float(base.mean()) or float("nan")
    found = []
    for name in record.channels:
        past = rest(lag_model.bins[:, lag_model.columns([name])])
        gain = over.difference(base, over.judge(np.column_stack([course, past])))
        found.append(Interval(*(value / left for value in gain)))
    return found


def _hats(elapsed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Piecewise linear functions of elapsed time, but the first, shape ``(N, KNOTS - 1)``."""
    knots = np.linspace(0.0, float(elapsed.max()), KNOTS)
    return np.stack([np.interp(elapsed, knots, row) for row in np.eye(KNOTS)[1:]], axis=1)
