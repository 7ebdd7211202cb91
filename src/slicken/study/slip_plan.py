"""Slip plan: windows, stride and step of a study on a slip grid, from how its experiments slip."""

import math
from typing import TYPE_CHECKING

import numpy as np

from slicken.errors import ExperimentError
from slicken.learning.slip_rows import known_slip
from slicken.lengths import read_windows
from slicken.study.plan import PRESETS

if TYPE_CHECKING:
    from slicken.learning.record import Record
    from slicken.study.plan import Plan

MOST_STEPS = 500
"""Steps of the longest window at most: more cost time, however finely the log is sampled."""
PART = 0.25
"""Largest share of the slip of an experiment that a window chosen by default has."""
_FINEST = 1e-3
"""Lengths are whole multiples of this many µm."""


def with_windows(plan: "Plan", record: "Record") -> "Plan":
    """The plan with windows and stride spelled out, where it left them to the experiments.

    They are those of its preset at the usual slip velocity (the nearest of 1, 2 and 5 times a power
    of ten), so that a study over slip costs what it costs over time, and has the same windows where
    the velocity is constant. None is longer than a quarter of the slip of any experiment.

    Args:
        plan: Plan whose clock is slip.
        record: Its experiments on rows of equal time.

    Raises:
        ExperimentError: If slip is not known, or too short for any window of the preset.
    """
    if plan.windows:
        return plan
    steps, preset = known_slip(record), PRESETS[plan.preset]
    slipped = np.bincount(record.experiment, weights=steps)
    usual = _nearest_round(float(np.median(steps[steps > 0])) / record.dt)
    lengths = [float(f"{usual * seconds:.9g}") for seconds in read_windows(preset["windows"])]
    windows = tuple(length for length in lengths if length <= PART * slipped.min())
    if not windows:
        name = record.experiments[int(slipped.argmin())]
        raise ExperimentError(
            f"{name}: slips {slipped.min():.3g} µm in all, too little for windows of "
            f"{lengths[0]:g} µm; give shorter ones (windows = ...), or leave the log out"
        )
    stride = float(f"{usual * preset['stride']:.9g}")
    return plan.model_copy(update={"windows": windows, "stride": stride})


def slip_step(plan: "Plan", record: "Record") -> float:
    """Slip of a row, µm: windows and stride are whole numbers of it.

    The least round part of them that is no less than what a sample usually slips, which is as fine
    as the log is, and makes at most :data:`MOST_STEPS` of the longest window; less where the
    convolutions of the network need more steps in the shortest.

    Args:
        plan: Plan whose clock is slip, with its windows.
        record: Its experiments on rows of equal time.

    Raises:
        ExperimentError: If slip is not known.
    """
    steps = known_slip(record)
    usual = max(float(np.median(steps[steps > 0])), plan.windows[-1] / MOST_STEPS)
    finest = plan.windows[0] / plan.network.shortest_window
    whole = [round(length / _FINEST) for length in (*plan.windows, plan.stride)]
    common = max(math.gcd(*whole), 1) * _FINEST
    parts = [times * 10.0**power for power in range(16) for times in (1, 2, 4, 5, 8)]
    coarse = [n for n in parts if common / n <= finest * (1 + 1e-9)]
    return common / next((n for n in reversed(coarse) if common / n >= usual), coarse[0])


def _nearest_round(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    candidates = [times * power for times in (1.0, 2.0, 5.0, 10.0)]
    return min(candidates, key=lambda one: abs(math.log(one / value)))
