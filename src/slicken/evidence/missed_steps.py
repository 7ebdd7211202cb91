"""Missed steps: whether predictions stay flat where a driver steps and friction jumps.

Networks that learned slow changes alone can have a high skill and miss a direct effect: friction
jumps with the velocity, and the prediction does not. The jumps that are predicted are compared with
the jumps that were measured, and with nothing else.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.evidence.resampling import (
    ENOUGH_EXPERIMENTS,
    Interval,
    expanded_percentiles,
    resampled_counts,
    sums_by_block,
)

if TYPE_CHECKING:
    from slicken.study.prepared import Prepared

FAST = 8.0
"""Robust standard deviations of a driver's changes from which a change is a step."""
LONGEST_STEP = 5
"""Spacings of targets that a step may take, as where a servo ramps."""
ABOVE_NOISE = 4.0
"""Robust standard deviations of friction's other changes that a jump must exceed."""
FEWEST_STEPS = 5
"""Steps with a jump of friction that a driver must have to be judged."""
MISSED = 0.5
"""Share of the jumps below which the whole interval must lie for a direct effect to be missed."""


@dataclass(frozen=True)
class MissedSteps:
    """Steps of a driver at which friction jumps and the prediction hardly does.

    Args:
        driver: Name of the driver.
        steps: Number of steps at which friction jumps by more than noise.
        share: Share of the jumps that is predicted, with its 95 % interval over experiments, or
            over steps where fewer than six experiments have any.
    """

    driver: str
    steps: int
    share: Interval


def missed_steps(
    prepared: "Prepared", predicted: NDArray[np.float64], seed: int
) -> MissedSteps | None:
    """The driver with the most steps at which the prediction stays flat; None where it does not.

    Args:
        prepared: Record and its parts.
        predicted: Friction at the test targets, shape ``(N,)``.
        seed: Random seed of the resampling.
    """
    record, ends = prepared.record, prepared.split.ends["test"]
    order = np.argsort(ends)
    ends, ours = ends[order], predicted[order]
    if ends.size <= FEWEST_STEPS:
        return None
    measured, experiment = record.friction[ends], record.experiment[ends]
    gaps, apart = np.cumsum(record.gap)[ends], np.diff(ends)
    side_by_side = (apart == apart.min()) & (np.diff(experiment) == 0) & (np.diff(gaps) == 0)
    changes = np.diff(prepared.drivers[ends].astype(np.float64), axis=0)
    fast = np.stack([_beyond(change, side_by_side, FAST) for change in changes.T], axis=1)
    noise = _spread(np.diff(measured)[side_by_side & ~fast.any(axis=1)])
    found = []
    for name, steps in zip(record.channels, fast.T, strict=True):
        first, last = _steps(steps)
        jump = measured[last] - measured[first]
        large = np.abs(jump) > ABOVE_NOISE * noise
        if large.sum() < FEWEST_STEPS:
            continue
        predicted_jump = (ours[last] - ours[first])[large]
        share = _share(predicted_jump, jump[large], experiment[first][large], seed)
        if share.high < MISSED:
            found.append(MissedSteps(name, int(large.sum()), share))
    return max(found, key=lambda one: one.steps, default=None)


def _spread(values: NDArray[np.float64]) -> float:
    """Robust standard deviation."""
    if not values.size:
        return 0.0
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


def _beyond(
    changes: NDArray[np.float64], usable: NDArray[np.bool_], deviations: float
) -> NDArray[np.bool_]:
    sizes = np.abs(changes)
    return usable & (sizes > deviations * _spread(changes[usable])) & (sizes > 0)


def _steps(fast: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Targets before and after each run of fast changes that is no longer than a step."""
    edges = np.flatnonzero(np.diff(np.r_[False, fast, False].astype(np.int8)))
    first, last = edges[::2], edges[1::2]
    short = last - first <= LONGEST_STEP
    return first[short], last[short]


def _share(
    ours: NDArray[np.float64],
    measured: NDArray[np.float64],
    experiment: NDArray[np.int64],
    seed: int,
) -> Interval:
    """Slope of predicted on measured jumps through the origin, with its interval."""
    several = np.unique(experiment).size >= ENOUGH_EXPERIMENTS
    blocks = experiment if several else np.arange(ours.size)
    (products, squares), count = sums_by_block(np.stack([ours * measured, measured**2]), blocks)
    picks = resampled_counts(count.size, seed)
    drawn = (picks @ products) / (picks @ squares)
    low, high = np.percentile(drawn, expanded_percentiles(count.size))
    return Interval(float(products.sum() / squares.sum()), float(low), float(high))
