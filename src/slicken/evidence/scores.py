"""Scores: how well friction was predicted, beside what anybody could have predicted."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

RESAMPLES = 2000
FEWEST_BLOCKS = 4
"""Below so many independent blocks, an interval over them says nothing."""


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


@dataclass(frozen=True)
class Skill:
    """How much smaller the squared error is than a baseline's, with an interval.

    Args:
        against: name of the baseline.
        value: 1 less the ratio of the squared errors; 1 is perfect, 0 no better.
        low: 2.5th percentile over resampled blocks of target times; NaN with too few blocks.
        high: 97.5th percentile.
        blocks: how many independent blocks the test part has.
    """

    against: str
    value: float
    low: float
    high: float
    blocks: int

    @property
    def proven(self) -> bool:
        """Whether the interval lies above zero."""
        return self.low > 0


def skill(
    errors: NDArray[np.float64],
    baseline: NDArray[np.float64],
    blocks: NDArray[np.int64],
    *,
    against: str,
    seed: int,
) -> Skill:
    """Compare squared errors with a baseline's, resampling whole blocks of target times.

    Neighbouring targets share almost all of their windows, so they are not independent; blocks at
    least as long as the longest window nearly are (Künsch 1989, 10.1214/aos/1176347265).

    Args:
        errors: squared, shape ``(N,)``.
        baseline: squared, shape ``(N,)``.
        blocks: the block of each target, shape ``(N,)``.
        against: name of the baseline.
        seed: of the resampling.
    """
    labels, place = np.unique(blocks, return_inverse=True)
    ours, theirs = (np.bincount(place, weights=squared) for squared in (errors, baseline))
    value = _skill(float(ours.sum()), float(theirs.sum()))
    low = high = float("nan")
    if labels.size >= FEWEST_BLOCKS:
        picks = np.random.default_rng(seed).integers(labels.size, size=(RESAMPLES, labels.size))
        resampled = [_skill(float(ours[p].sum()), float(theirs[p].sum())) for p in picks]
        low, high = (float(q) for q in np.percentile(resampled, [2.5, 97.5]))
    return Skill(against, value, low, high, int(labels.size))


def _skill(ours: float, theirs: float) -> float:
    return 1 - ours / theirs if theirs > 0 else float("-inf")


def blocks_of(targets: xr.Dataset, seconds: float) -> NDArray[np.int64]:
    """Number the blocks of target times, each a stretch of one experiment, shape ``(N,)``.

    An experiment's targets are cut into as many equal stretches of at least so many seconds as
    they hold; they are one block where they hold fewer.
    """
    time = targets["time"].to_numpy()
    names = targets["experiment"].to_numpy().astype(str)
    blocks = np.zeros(time.size, dtype=np.int64)
    for name in np.unique(names):
        here = names == name
        since = time[here] - time[here].min()
        count = max(1, int(since.max() / seconds))
        stretch = np.floor(since * count / max(since.max(), seconds)).astype(np.int64)
        blocks[here] = blocks.max() + 1 + np.minimum(stretch, count - 1)
    return blocks
