"""Slip grid: a lag model whose lags are metres of slip, with the time spent in each as a driver.

On lags of slip a fault that forgets by slip has one past, however fast it slips. What the grid
hides, it gives back as a driver: how long the fault took over each bin, in which holds are seen.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.channels import TIME_SPENT
from slicken.errors import ExperimentError
from slicken.evidence.fading import Passing, slip_passing

if TYPE_CHECKING:
    from slicken.evidence.lag_model import LagModel
    from slicken.study.prepared import Prepared

_ROUNDING = 1e-9  # what sums of equal steps differ by


def on_slip_grid(lag_model: "LagModel", prepared: "Prepared") -> "LagModel":
    """The same targets and the same number of bins, with lags in slip.

    The unit of the edges is the median slip from one sample to the next: at one velocity, bins are
    those of time. The first bin of the past is the present sample, so that it is there in a hold.
    Where a stretch has not slipped so far, what was at its beginning stands for what came before.

    Args:
        lag_model: Over time.
        prepared: Record and its parts.

    Returns:
        With one more channel, :data:`~slicken.channels.TIME_SPENT`, and metres in place of seconds.

    Raises:
        ExperimentError: if slip is not known, or there is none.
    """
    passing = slip_passing(prepared.record)
    moved = np.zeros(1) if passing is None else passing.steps[lag_model.ends]
    if passing is None or not moved.any():
        raise ExperimentError(
            "lags over slip: the logs do not say how far the fault slipped; name a column of slip "
            "or of slip velocity in the channel map, or let time be the clock"
        )
    unit = float(np.median(moved[moved > 0]))
    places = _places(passing, lag_model.ends, np.array(lag_model.edges) * unit)
    means = _means(passing, lag_model, places)
    means[:, :, lag_model.future] = lag_model.values[lag_model.ends]
    steps = np.where(passing.begins, np.append(passing.steps[1:], 0.0), passing.steps)
    now = np.log(lag_model.dt / np.maximum(steps, moved[moved > 0].min()))
    spent = _time_spent(passing, lag_model, places, now[passing.start[lag_model.ends]])
    centre, spread = float(spent.mean()), float(spent.std())
    spread = spread if spread > _ROUNDING else 1.0
    return replace(
        lag_model,
        channels=(*lag_model.channels, TIME_SPENT.name),
        values=np.column_stack([lag_model.values, (now - centre) / spread]),
        bins=np.concatenate([means, ((spent - centre) / spread)[:, None, :]], axis=1),
        dt=unit,
        clock="slip",
        unit="m",
    )


def _places(
    passing: Passing, ends: NDArray[np.int64], edges: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How far the clock of slip is at each edge, within the stretch of a target, ``(N, K + 1)``."""
    begins = np.append(np.flatnonzero(passing.begins), passing.begins.size)
    last = begins[np.searchsorted(begins, ends, side="right")] - 1
    first = passing.passed[passing.start[ends]]
    places = passing.passed[ends][:, None] - edges[None, :]
    found: NDArray[np.float64] = np.clip(places, first[:, None], passing.passed[last][:, None])
    return found


def _means(
    passing: Passing, lag_model: "LagModel", places: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Means of the values over slip between edges, ``(N, C', K)``; each holds since the last."""
    widths = places[:, :-1] - places[:, 1:]
    start = lag_model.values[passing.start[lag_model.ends]]
    found = np.empty((places.shape[0], start.shape[1], widths.shape[1]))
    for channel, values in enumerate(lag_model.values.T):
        total = np.interp(places, passing.passed, np.cumsum(passing.steps * values))
        before = np.broadcast_to(start[:, channel, None], widths.shape).copy()
        np.divide(total[:, :-1] - total[:, 1:], widths, out=before, where=widths > 0)
        found[:, channel] = before
    return found


def _time_spent(
    passing: Passing,
    lag_model: "LagModel",
    places: NDArray[np.float64],
    start: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Logarithm of s for each m between edges, ``(N, K)``; ``start`` before a stretch, ``(N,)``."""
    clock = np.cumsum(np.where(passing.begins, 0.0, lag_model.dt))
    at = np.interp(places, passing.passed, clock)
    # In a hold slip stands still: the edge at the target is where the clock is now.
    at[:, lag_model.future] = clock[lag_model.ends]
    spent, widths = at[:, :-1] - at[:, 1:], places[:, :-1] - places[:, 1:]
    known = (spent > 0) & (widths > 0)
    found = np.broadcast_to(start[:, None], spent.shape).copy()
    found[known] = np.log(spent[known] / widths[known])
    return found
