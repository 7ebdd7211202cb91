"""Scores: how well friction was predicted, beside what anybody could have predicted."""

import math
from dataclasses import dataclass
from itertools import permutations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from slicken.evidence.resampling import FEWEST_BLOCKS, resampled_counts, sums_by_block
from slicken.learning.record import Record, position

ENOUGH = 0.8
"""Share of the targets that an experiment must reach to stand in for another."""
FEWEST_ASSIGNMENTS, MOST_ASSIGNMENTS = 50, 5000
ALPHA = 0.02
"""Share of assignments from which a fit may be luck."""


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

    Args:
        errors: squared, shape ``(N,)``.
        baseline: squared, shape ``(N,)``.
        blocks: the block of each target, shape ``(N,)``; see
            :func:`~slicken.evidence.resampling.independent_blocks`.
        against: name of the baseline.
        seed: of the resampling.
    """
    (ours, theirs), count = sums_by_block(np.stack([errors, baseline]), blocks)
    value = _skill(float(ours.sum()), float(theirs.sum()))
    low = high = float("nan")
    if count.size >= FEWEST_BLOCKS:
        picks = resampled_counts(count.size, seed)
        resampled = [_skill(*pair) for pair in zip(picks @ ours, picks @ theirs, strict=True)]
        # A baseline without an error, as where friction stands still, leaves nothing to mix.
        way: Literal["linear", "nearest"] = "linear" if np.isfinite(resampled).all() else "nearest"
        low, high = (float(q) for q in np.percentile(resampled, [2.5, 97.5], method=way))
    return Skill(against, value, low, high, int(count.size))


def _skill(ours: float, theirs: float) -> float:
    return 1 - ours / theirs if theirs > 0 else float("-inf")


def permutation_p(
    predicted: NDArray[np.float64],
    ends: NDArray[np.int64],
    record: Record,
    seed: int,
) -> float | None:
    """How often the friction of other experiments fits the predictions as well as their own.

    Frictions that wander slowly may go along with a prediction for a whole experiment, by accident.
    No block within two or three experiments can tell; other experiments can. Each test
    experiment's predictions are compared with the friction of every experiment at the same time
    since its start. If friction follows nothing, its own experiment is no better than any other.

    Args:
        predicted: friction at the test targets, shape ``(N,)``.
        ends: the targets as indices into the record, ``(N,)``.
        record: all experiments.
        seed: of assignments drawn at random, where there are too many.

    Returns:
        The share of assignments of experiments to test experiments that fit at least as well as
        the true one, which is one of them; None where there are too few to tell.
    """
    place = position(record)
    first = np.searchsorted(record.experiment, np.arange(len(record.experiments)))
    sizes = np.bincount(record.experiment)
    tested = np.unique(record.experiment[ends])
    errors = np.full((tested.size, sizes.size), np.inf)
    for row, own in enumerate(tested):
        here = record.experiment[ends] == own
        for other in range(sizes.size):
            there = place[ends[here]] < sizes[other]
            places = first[other] + place[ends[here]][there]
            usable = ~record.gap[places]
            if usable.sum() >= ENOUGH * here.sum():
                gaps = predicted[here][there][usable] - record.friction[places[usable]]
                errors[row, other] = np.mean(gaps**2)
    candidates = np.flatnonzero(np.isfinite(errors).all(axis=0))
    if math.perm(candidates.size, tested.size) < FEWEST_ASSIGNMENTS:
        return None
    ours = float(errors[np.arange(tested.size), tested].sum())
    if math.perm(candidates.size, tested.size) <= MOST_ASSIGNMENTS:
        rows = np.array(list(permutations(candidates.tolist(), tested.size)))
    else:
        rng = np.random.default_rng(seed)
        drawn = [rng.permutation(candidates)[: tested.size] for _ in range(MOST_ASSIGNMENTS - 1)]
        rows = np.stack([tested, *drawn])
    fits = errors[np.arange(tested.size), rows].sum(axis=1)
    return float(np.mean(fits <= ours * (1 + 1e-12)))
