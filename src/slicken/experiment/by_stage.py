"""By stage: mean friction where velocity and normal stress are constant, and how velocity moves it.

A reading of the record, not a fit of a law: means over the second half of each level, and their
differences over those of ln V.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.channels import FRICTION, NORMAL_STRESS, SLIP_VELOCITY
from slicken.experiment.change_points import change_points

if TYPE_CHECKING:
    from slicken.experiment.experiment import Experiment

Floats = NDArray[np.float64]
APART = 1.25
"""Ratio of velocities from which they are two levels."""
SHORTEST = 30
"""Samples of a level, at least."""
BLOCKS = 8
"""Blocks of the second half of a level, from whose means its error is taken."""
SLOWEST = 0.01
"""Quantile of the velocity below which all is one level: that of a hold."""


@dataclass(frozen=True)
class StageLevel:
    """A stretch of constant velocity and normal stress.

    Args:
        start: Its first sample, s.
        end: Its last sample, s.
        velocity: Median slip velocity, m/s; NaN where it is not known.
        normal_stress: Mean, Pa; NaN where it is not known.
        friction: Mean over the second half.
        error: Standard error of that mean, from means of blocks, which share less noise than
            samples do.
        slope: Change of friction per e-fold of velocity since the level before, at the same normal
            stress; NaN where there is none.
        slope_error: Its standard error.
    """

    start: float
    end: float
    velocity: float
    normal_stress: float
    friction: float
    error: float
    slope: float = np.nan
    slope_error: float = np.nan


def levels_by_stage(experiment: "Experiment") -> tuple[StageLevel, ...]:
    """The levels of an experiment, in order of time.

    Args:
        experiment: Prepared experiment.

    Example:
        >>> import slicken
        >>> time = np.arange(600.0)
        >>> velocity = np.repeat([1e-6, 1e-5], 300)
        >>> friction = 0.6 - 0.004 * np.log(velocity) + 1e-9 * time
        >>> run = slicken.Experiment.from_arrays(
        ...     name="run", time=time, slip_velocity=velocity, friction=friction
        ... )
        >>> [round(level.slope, 5) for level in levels_by_stage(run)]
        [nan, -0.004]
    """
    stages, stretches = [], []
    for stage, here in _stretches(experiment):
        if _is_steady(experiment, here):
            stages.append(stage)
            stretches.append(_level(experiment, here))
    found = stretches[:1]
    for number, (before, level) in enumerate(pairwise(stretches), 1):
        moved = stages[number] == stages[number - 1] and min(before.velocity, level.velocity) > 0
        found.append(_after(before, level) if moved else level)
    return tuple(found)


def _stretches(experiment: "Experiment") -> Iterator[tuple[int, slice]]:
    """Stage of normal stress and samples of every level that is long enough."""
    size = len(experiment)
    stage = np.zeros(size, np.int64) if experiment.stage is None else experiment.stage
    edges = {0, size, *(np.flatnonzero(np.diff(stage)) + 1).tolist()}
    velocity = experiment.channels.get(SLIP_VELOCITY.name)
    if velocity is not None:
        edges |= set(_changes(velocity, experiment.time))
    for start, stop in pairwise(sorted(edges)):
        if (~experiment.gap[start:stop]).sum() >= SHORTEST:
            yield int(stage[start]), slice(start, stop)


def _is_steady(experiment: "Experiment", here: slice) -> bool:
    """Whether the fault slips in both halves of a stretch, and as fast; in a hold it slows down."""
    if SLIP_VELOCITY.name not in experiment.channels:
        return True
    velocity = experiment.channels[SLIP_VELOCITY.name][here][~experiment.gap[here]]
    first, second = (float(np.median(half)) for half in np.array_split(velocity, 2))
    return min(first, second) > 0 and max(first, second) < APART * min(first, second)


def _changes(velocity: Floats, time: Floats) -> list[int]:
    """First samples of new levels of velocity: change points of its logarithm, less the slight."""
    known = np.isfinite(velocity) & (velocity > 0)
    if known.sum() < SHORTEST:
        return []
    slowest = float(np.quantile(velocity[known], SLOWEST))
    speed = np.interp(time, time[np.isfinite(velocity)], velocity[np.isfinite(velocity)])
    logarithm = np.log(np.maximum(speed, slowest))
    return _joined(logarithm, change_points(logarithm))


def _joined(values: Floats, changes: Sequence[int]) -> list[int]:
    """The changes between levels that are apart, the slightest left out first."""
    kept = list(changes)
    while kept:
        levels = [float(np.median(piece)) for piece in np.split(values, kept)]
        heights = np.abs(np.diff(levels))
        least = int(np.argmin(heights))
        if heights[least] >= np.log(APART):
            return kept
        del kept[least]
    return kept


def _level(experiment: "Experiment", here: slice) -> StageLevel:
    usable = ~experiment.gap[here]
    time, friction = experiment.time[here][usable], experiment.channels[FRICTION.name][here][usable]
    later = friction[friction.size // 2 :]
    means = [float(block.mean()) for block in np.array_split(later, BLOCKS)]
    velocity, stress = (
        experiment.channels[name][here][usable] if name in experiment.channels else np.array([])
        for name in (SLIP_VELOCITY.name, NORMAL_STRESS.name)
    )
    return StageLevel(
        start=float(time[0]),
        end=float(time[-1]),
        velocity=float(np.median(velocity)) if velocity.size else np.nan,
        normal_stress=float(stress.mean()) if stress.size else np.nan,
        friction=float(later.mean()),
        error=float(np.std(means, ddof=1) / np.sqrt(BLOCKS)),
    )


def _after(before: StageLevel, level: StageLevel) -> StageLevel:
    """The level with the velocity dependence since the one before."""
    apart = np.log(level.velocity / before.velocity)
    if abs(apart) < np.log(APART):
        return level
    return replace(
        level,
        slope=float((level.friction - before.friction) / apart),
        slope_error=float(np.hypot(level.error, before.error) / abs(apart)),
    )
