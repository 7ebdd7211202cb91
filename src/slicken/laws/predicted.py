"""Predicted: friction by a law of given parameters, at the samples of a record."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.channels import TEMPERATURE
from slicken.laws.motion import motion_of
from slicken.laws.thermal import past_temperature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slicken.experiment.samples import Samples
    from slicken.laws.thermal import Shape
    from slicken.physics.spring_slider import Evolution

Floats = NDArray[np.float64]


def by_rate_and_state(record: "Samples", law: "Evolution", values: "Mapping[str, float]") -> Floats:
    """``a ln V + b ln(theta/D)`` with the slip velocity of a record imposed, V0 = 1 m/s.

    Args:
        record: One run of the rig; its friction is not used where slip or velocity were measured.
        law: Evolution law.
        values: ``a``, ``b`` and ``dc`` (m).

    Returns:
        Shape ``(T,)``; NaN where the velocity is not known.
    """
    return terms(record, law, np.array([values["dc"]])) @ np.array([values["a"], values["b"]])


def terms(record: "Samples", law: "Evolution", distances: Floats) -> Floats:
    """``ln V``, and ``ln(theta/D)`` with each distance, at the samples of a record.

    Args:
        record: One run of the rig.
        law: Evolution law.
        distances: Critical slip distances D, m, shape ``(K,)``.

    Returns:
        Shape ``(T, 1 + K)``; NaN where the velocity is not known.
    """
    motion = motion_of(record)
    if motion is None:
        return np.full((len(record), 1 + distances.size), np.nan)
    columns = np.column_stack([motion.log_velocity, motion.states(law, distances)])
    # Points of a long record are means, whose first and last lie within it.
    return np.stack([np.interp(record.time, motion.time, one) for one in columns.T], axis=1)


def by_temperature(record: "Samples", shape: "Shape", values: "Mapping[str, float]") -> Floats:
    """Friction that follows a mean of the temperature of the past.

    Before the record, temperature is taken to have been that of its first sample.

    Args:
        record: One run of the rig.
        shape: ``boxcar`` or ``exponential``.
        values: ``memory`` (s) and ``per_kelvin`` (1/K).

    Returns:
        Shape ``(T,)``; NaN before the first known temperature.
    """
    known = np.isfinite(record.channels[TEMPERATURE.name])
    time, warm = record.time[known], record.channels[TEMPERATURE.name][known]
    step = float(np.median(np.diff(time)))
    even = time[0] + step * np.arange(int(np.ptp(time) / step) + 2)
    past = past_temperature(np.interp(even, time, warm), step, shape, values["memory"])
    return np.interp(record.time, even, values["per_kelvin"] * past, left=np.nan)


def without_friction(record: "Samples", hidden: NDArray[np.bool_]) -> "Samples":
    """The record with friction unknown at some samples, all else as it is.

    Args:
        record: One run of the rig.
        hidden: Where friction is not to be known, shape ``(T,)``.
    """
    friction = np.where(hidden, np.nan, record.channels["friction"])
    return replace(record, channels={**record.channels, "friction": friction})
