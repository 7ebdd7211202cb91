"""Level: friction of each experiment less its own level over a first stretch.

Specimens, loads, wear and a sensor's zero give every experiment a level of its own, which no driver
explains. The mean over the first seconds of an experiment is known from then on; friction less that
mean asks how friction moves, and uses nothing of the future.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from slicken.errors import ExperimentError

if TYPE_CHECKING:
    from slicken.learning.record import Record

ENOUGH = 0.5
"""Share of the first stretch that is measured, at least."""


def relative(record: "Record", span: float) -> "Record":
    """The record with friction less its level, and no target until the level is known.

    Args:
        record: Record of all experiments, in steps of time.
        span: Seconds of the first stretch of each experiment, whose mean friction is its level.

    Raises:
        ExperimentError: If half of a first stretch is gaps, or an experiment is not longer.
    """
    level, known = np.zeros(len(record)), record.is_target.copy()
    for number, name in enumerate(record.experiments):
        here = np.flatnonzero(record.experiment == number)
        first = here[record.time[here] < record.time[here[0]] + span - 0.5 * record.dt]
        measured = first[~record.gap[first]]
        if first.size == here.size:
            raise ExperimentError(
                f"{name}: no longer than its first {span:g} s, from which its level is taken; "
                "shorten level_span, or leave the log out"
            )
        if measured.size < ENOUGH * first.size:
            raise ExperimentError(
                f"{name}: {first.size - measured.size} of the {first.size} samples of its first "
                f"{span:g} s, from which its level is taken, are gaps; give another level_span, or "
                "start after them (start under [preparation])"
            )
        level[here] = record.friction[measured].mean()
        known[first] = False
    return replace(record, friction=record.friction - level, level=level, is_target=known)
