"""Stress steps: when normal stress goes from one level to another."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slicken.channels import NORMAL_STRESS
from slicken.experiment.stages import find_stages

if TYPE_CHECKING:
    from slicken.experiment.samples import Samples
    from slicken.laws.results import Event

Floats = NDArray[np.float64]

CHANGE = 0.05
"""Relative change of normal stress that counts."""
_MOST = 20_000
_LOADED = 0.05


class StressStep(NamedTuple):
    """A step of normal stress.

    Args:
        start: When it passes half-way, s.
        uncertainty: Half the time that it takes, s.
    """

    start: float
    uncertainty: float


def stress_steps(samples: "Samples") -> list[StressStep]:
    """Steps of normal stress by :data:`CHANGE` or more; none where it is not known."""
    stress = samples.channels.get(NORMAL_STRESS.name)
    if stress is None:
        return []
    known = np.flatnonzero(np.isfinite(stress))
    size = -(-known.size // _MOST)
    count = known.size // max(size, 1)
    if count < 2:
        return []
    time, values = samples.time[known], stress[known]
    blocks = np.median(values[: count * size].reshape(count, size), axis=1)
    stages = find_stages(blocks, CHANGE)
    loaded = _LOADED * float(np.max(np.abs(blocks)))
    steps = []
    for edge in np.flatnonzero(np.diff(stages)) + 1:
        before = float(np.median(blocks[stages == stages[edge - 1]]))
        after = float(np.median(blocks[stages == stages[edge]]))
        if min(before, after) <= loaded or abs(after - before) < CHANGE * abs(before):
            continue
        steps.append(_timed(time, values, (before, after), int(edge) * size, max(size, 5)))
    return steps


def _timed(
    time: Floats, values: Floats, levels: tuple[float, float], place: int, near: int
) -> StressStep:
    """The instant at which stress passes half-way between two levels, near a sample."""
    span = slice(max(place - 12 * near, 0), min(place + 12 * near, time.size))
    share = (values[span] - levels[0]) / (levels[1] - levels[0])
    if share.size < 2:
        return StressStep(float(time[place]), 0.0)
    # The split of fewest samples on the wrong side of half-way.
    wrong: Floats = np.cumsum(share > 0.5) + np.sum(share <= 0.5) - np.cumsum(share <= 0.5)
    split = int(np.argmin(wrong))
    half = time[span][min(split + 1, share.size - 1)]
    on_way = np.flatnonzero((share > 0.1) & (share < 0.9))
    on_way = on_way[np.abs(on_way - split) <= near]
    took = float(time[span][on_way[-1]] - time[span][on_way[0]]) if on_way.size else 0.0
    spacing = float(half - time[span][split])
    return StressStep(float(half + time[span][split]) / 2, max(took / 2, spacing))


def stress_around(samples: "Samples", event: "Event") -> tuple[float, float]:
    """Median normal stress before and after an event, Pa; NaN where it is not known."""
    stress = samples.channels.get(NORMAL_STRESS.name)
    if stress is None:
        return np.nan, np.nan
    end = event.start if np.isnan(event.resumed) else event.resumed
    return (
        _median_between(samples.time, stress, event.first, event.start - event.uncertainty),
        _median_between(samples.time, stress, end + event.uncertainty, event.last),
    )


def _median_between(time: Floats, values: Floats, first: float, last: float) -> float:
    inside = values[np.searchsorted(time, first) : np.searchsorted(time, last, side="right")]
    inside = inside[np.isfinite(inside)]
    return float(np.median(inside)) if inside.size else np.nan
