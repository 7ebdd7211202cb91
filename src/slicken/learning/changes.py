"""Changes: channels that only accumulate, seen as how much they changed in each step.

Axial displacement and slip count from an arbitrary zero and leave the range in which they were
trained, where networks extrapolate. The changes in the steps of a window add up to the change
within it, and hold nothing of the level.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from slicken.channels import AXIAL_DISPLACEMENT, LOAD_POINT, SLIP

if TYPE_CHECKING:
    from slicken.learning.record import Record

ACCUMULATE = (AXIAL_DISPLACEMENT.name, SLIP.name, LOAD_POINT.name)
"""Channels whose zero is arbitrary."""


def as_changes(record: "Record", channels: Sequence[str]) -> "Record":
    """The record with some drivers as their change since the sample before.

    The first sample of an experiment, and of a stretch after a gap, has no change.

    Args:
        record: Record of all experiments.
        channels: Names of the drivers.
    """
    drivers = record.drivers.copy()
    for name in channels:
        place = record.channels.index(name)
        changes = np.diff(record.drivers[:, place], prepend=np.nan)
        changes[1:][np.diff(record.experiment) != 0] = 0.0
        drivers[:, place] = np.where(np.isfinite(changes), changes, 0.0)
    return replace(record, drivers=drivers)
