"""By stage: mean friction of each level of velocity and load, and its dependence on velocity."""

import csv
import io
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.channels import NORMAL_STRESS, SLIP_VELOCITY
from slicken.experiment.motion import ALMOST_NONE
from slicken.experiment.stages import find_stages

if TYPE_CHECKING:
    from slicken.experiment.experiment import Experiment

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CHANGE = 0.25
"""Difference of the logarithm of velocity that counts."""
FEWEST = 16
"""Samples of a stage, at least; a shorter one has no mean."""
BLOCKS = (4, 8, 16)
"""Numbers of blocks of which the one with the largest standard error is taken."""
CREEP = 0.05
"""What follows a hold and is slower than this fraction of the usual velocity still is one."""
_OFFSET = 100.0
_FAR = 5.0
_UNSURE = 1.5
_NORMAL = 1.4826


@dataclass(frozen=True, eq=False)
class ByStage:
    """Means over the last half of each stage, in order of time.

    Args:
        start: First instant of each stage, s, shape ``(N,)``.
        end: Last instant, s, ``(N,)``.
        velocity: Median slip velocity, m/s, ``(N,)``; zero in a hold, NaN where it is not known.
        normal_stress: Median, Pa, ``(N,)``; NaN where it is not known.
        friction: Mean friction, ``(N,)``; spikes are left out.
        spread: Standard deviation of a sample, ``(N,)``.
        error: Standard error of the mean, from means of blocks of time, ``(N,)``.
        dependence: Change of friction from the stage before, over that of the logarithm of
            velocity, ``(N,)``; NaN where velocity stays, a hold comes between, or the load changes.
        dependence_error: Its standard error, ``(N,)``.
    """

    start: Floats
    end: Floats
    velocity: Floats
    normal_stress: Floats
    friction: Floats
    spread: Floats
    error: Floats
    dependence: Floats
    dependence_error: Floats

    def __len__(self) -> int:
        """Number of stages, N."""
        return int(self.start.size)

    @property
    def steps(self) -> NDArray[np.bool_]:
        """Stages that a step of velocity leads to, shape ``(N,)``."""
        return np.isfinite(self.dependence)

    @property
    def velocity_is_known(self) -> bool:
        """Whether the velocity of any stage is known."""
        return bool(np.isfinite(self.velocity).any())

    def rows(self) -> list[dict[str, float]]:
        """Each stage by the names and units of a table's columns; NaN where nothing is known."""
        columns = {
            "start_s": self.start,
            "end_s": self.end,
            "velocity_um_s": 1e6 * self.velocity,
            "normal_stress_MPa": 1e-6 * self.normal_stress,
            "friction": self.friction,
            "spread": self.spread,
            "standard_error": self.error,
            "dmu_dlnV": self.dependence,
            "dmu_dlnV_standard_error": self.dependence_error,
        }
        return [
            {"stage": float(number), **{name: float(of[number]) for name, of in columns.items()}}
            for number in range(len(self))
        ]

    def csv(self) -> str:
        """A table of comma-separated values with a row for each stage; blank where not known."""
        rows, text = self.rows(), io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(rows[0])
        for row in rows:
            writer.writerow(["" if np.isnan(value) else f"{value:.9g}" for value in row.values()])
        return text.getvalue()


def by_stage(experiment: "Experiment") -> ByStage | None:
    """The stages of an experiment: stretches of one velocity under one load.

    Args:
        experiment: Experiment; its own stages are those of the load.

    Returns:
        Means of each stage; None where there are fewer than two.
    """
    samples = len(experiment)
    unknown = np.full(samples, np.nan)
    load = np.zeros(samples, np.int64) if experiment.stage is None else experiment.stage
    velocity = experiment.channels.get(SLIP_VELOCITY.name, unknown)
    found = stage_means(
        experiment.time,
        np.where(experiment.gap, np.nan, experiment.friction),
        np.where(experiment.gap, np.nan, velocity),
        load,
        experiment.channels.get(NORMAL_STRESS.name, unknown),
    )
    return found if len(found) > 1 else None


def velocity_levels(velocity: Floats) -> Integers:
    """Number the stretches of about one velocity from 0.

    A velocity that was derived from a displacement is noisy: levels are told apart by the logarithm
    of velocity, as :func:`~slicken.experiment.stages.find_stages` tells loads, and neighbours that
    are both holds are one.

    Args:
        velocity: M/s, shape ``(T,)``; NaN in gaps.

    Returns:
        Level of each sample, shape ``(T,)``; all zero where velocity is not known.

    >>> velocity_levels(np.repeat([1e-6, 1e-5, 0.0, 1e-6], 50))[::50].tolist()
    [0, 1, 2, 3]
    """
    speed, usual = np.abs(velocity), _usual_velocity(velocity)
    known = np.isfinite(speed)
    if usual == 0:
        return np.zeros(velocity.size, np.int64)
    floor = ALMOST_NONE * usual
    logarithm = np.where(known, np.log(np.maximum(np.where(known, speed, floor), floor)), np.nan)
    # Relative to a large offset, a relative change of it is a difference of logarithms.
    found = find_stages(_OFFSET + logarithm - np.log(floor), CHANGE / _OFFSET)
    edges = [0, *(np.flatnonzero(np.diff(found)) + 1).tolist(), found.size]
    levels, number, before = np.zeros(found.size, np.int64), -1, np.nan
    for first, stop in pairwise(edges):
        level = _level(velocity[first:stop], usual, before)
        if number < 0 or not _is_alike(before, level):
            number += 1
            before = level
        levels[first:stop] = number
    return levels


def _usual_velocity(velocity: Floats) -> float:
    """Median speed of the samples that move, m/s; zero where none does."""
    speed = np.abs(velocity[np.isfinite(velocity) & (velocity != 0)])
    if not speed.size:
        return 0.0
    return float(np.median(speed[speed > ALMOST_NONE * np.quantile(speed, 0.99)]))


def _level(velocity: Floats, usual: float, before: float) -> float:
    """Median speed; zero in a hold, where it is not told from noise about zero, or only creeps."""
    known = velocity[np.isfinite(velocity)]
    if not known.size:
        return np.nan
    middle = float(np.median(known))
    noise = _NORMAL * float(np.median(np.abs(known - middle)))
    slowest = (CREEP if before == 0 else ALMOST_NONE) * usual
    return 0.0 if abs(middle) < max(slowest, _UNSURE * noise) else abs(middle)


def _is_alike(one: float, other: float) -> bool:
    if not (one > 0 and other > 0):
        return bool(one == other) or not np.isfinite(one + other)
    return bool(abs(np.log(other / one)) < CHANGE)


def stage_means(
    time: Floats, friction: Floats, velocity: Floats, load: Integers, normal_stress: Floats
) -> ByStage:
    """Means over the last half of each stage, of one velocity and one load.

    Args:
        time: S, uniform, shape ``(T,)``.
        friction: Shape ``(T,)``; NaN in gaps.
        velocity: M/s, ``(T,)``; NaN in gaps, and where it is not known.
        load: Number of the stage of the load, ``(T,)``.
        normal_stress: Pa, ``(T,)``; NaN where it is not known.

    Example:
        >>> velocity = np.repeat([1e-6, 1e-5, 1e-6], 400)
        >>> friction = 0.6 + 0.004 * np.log(velocity / 1e-6)
        >>> found = stage_means(np.arange(1200.0), friction, velocity, 0 * velocity.astype(int),
        ...                     np.full(1200, np.nan))
        >>> found.dependence.round(6).tolist()
        [nan, 0.004, 0.004]
    """
    levels = velocity_levels(velocity)
    cuts = np.flatnonzero((np.diff(levels) != 0) | (np.diff(load) != 0)) + 1
    usual, rows, speed = _usual_velocity(velocity), [], np.nan
    for first, stop in pairwise([0, *cuts.tolist(), time.size]):
        late = slice((first + stop) // 2, stop)
        known = _usual(friction[late])
        if np.isfinite(friction[first:stop]).sum() < FEWEST or known.size < BLOCKS[0]:
            continue
        speed = _level(velocity[late], usual, speed)
        rows.append((
            time[first], time[stop - 1], speed,
            _median(normal_stress[late]), known.mean(), known.std(), _error(known), load[first],
        ))  # fmt: skip
    table = np.array(rows, np.float64).reshape(-1, 8).T
    start, end, velocities, stress, means, spread, error, of_load = table
    slope, unsure = _dependence(velocities, means, error, of_load)
    return ByStage(start, end, velocities, stress, means, spread, error, slope, unsure)


def _usual(values: Floats) -> Floats:
    """The finite values without spikes, in order."""
    known = values[np.isfinite(values)]
    if not known.size:
        return known
    away = np.abs(known - np.median(known))
    return known[away <= _FAR * max(_NORMAL * float(np.median(away)), 1e-12)]


def _median(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else np.nan


def _error(values: Floats) -> float:
    """Standard error of a mean of correlated samples: the largest over sizes of blocks.

    Means of blocks longer than the noise remembers are independent (Flyvbjerg & Petersen 1989,
    10.1063/1.457480).
    """
    found = []
    for count in BLOCKS:
        if values.size >= count:
            means = [block.mean() for block in np.array_split(values, count)]
            found.append(float(np.std(means, ddof=1)) / np.sqrt(count))
    return max(found)


def _dependence(
    velocity: Floats, friction: Floats, error: Floats, load: Floats
) -> tuple[Floats, Floats]:
    found = np.full((2, velocity.size), np.nan)
    for place in range(1, velocity.size):
        before, after = velocity[place - 1], velocity[place]
        if not (before > 0 and after > 0) or load[place] != load[place - 1]:
            continue
        ratio = float(np.log(after / before))
        if abs(ratio) >= CHANGE:
            found[0, place] = (friction[place] - friction[place - 1]) / ratio
            found[1, place] = np.hypot(error[place], error[place - 1]) / abs(ratio)
    return found[0], found[1]
