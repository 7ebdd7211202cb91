"""Load: how far the load point, or the fault itself, had moved at each sample of a record."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.channels import LOAD_POINT, LOAD_POINT_VELOCITY, SLIP, SLIP_VELOCITY
from slicken.errors import LawError

if TYPE_CHECKING:
    from slicken.experiment.samples import Samples

Floats = NDArray[np.float64]

_CHANNELS = (LOAD_POINT, LOAD_POINT_VELOCITY, SLIP, SLIP_VELOCITY)
_IMPOSED = (SLIP, SLIP_VELOCITY)
_PLACES, _CLEAR = 201, 5.0


@dataclass(frozen=True, eq=False)
class Load:
    """The motion that drives friction.

    Args:
        channel: Name of the channel that says how it went.
        position: Displacement since the first sample that has one, m, positive in the direction in
            which most of the record goes, shape ``(T,)``; NaN where missing.
        imposed: Whether it is slip on the fault itself, so that no spring is in between.
    """

    channel: str
    position: Floats
    imposed: bool


def load_of(samples: "Samples") -> Load:
    """The motion in a record: the load point's where it is known, else slip on the fault.

    Displacement goes before velocity, which is integrated by trapezoids; across gaps it is taken
    to go in a straight line.

    Raises:
        LawError: If there is no such channel, or it never moves.
    """
    found = [
        channel
        for channel in _CHANNELS
        if np.isfinite(samples.channels.get(channel.name, np.empty(0))).sum() > 1
    ]
    if not found:
        raise LawError(
            f"{samples.name}: no velocity; map a column to {LOAD_POINT.name}, "
            f"{LOAD_POINT_VELOCITY.name}, {SLIP.name} or {SLIP_VELOCITY.name} in a channel map"
        )
    channel = found[0]
    values = samples.channels[channel.name]
    if channel in (LOAD_POINT_VELOCITY, SLIP_VELOCITY):
        values = _integrated(samples.time, values)
    known = np.flatnonzero(np.isfinite(values))
    values = values - values[known[0]]
    if not np.ptp(values[known]) > 0:
        raise LawError(
            f"{samples.name}: the {channel.in_text()} never moves, so there is no event; name "
            f"another column under [channels.{channel.name}]"
        )
    forward = _goes_forward(samples.time[known], values[known])
    return Load(channel.name, values if forward else -values, channel in _IMPOSED)


def _goes_forward(time: Floats, position: Floats) -> bool:
    """Whether it mostly goes forward, however far a sensor was reset between."""
    moves = np.diff(np.interp(np.linspace(time[0], time[-1], _PLACES), time, position))
    noise = float(np.median(np.abs(np.diff(moves))))
    clear = np.sign(moves[np.abs(moves) > _CLEAR * noise])
    return bool((np.sum(clear) or np.sum(moves)) >= 0)


def _integrated(time: Floats, velocity: Floats) -> Floats:
    known = np.isfinite(velocity)
    filled = np.interp(time, time[known], velocity[known])
    steps = np.diff(time) * (filled[1:] + filled[:-1]) / 2
    return np.where(known, np.concatenate([[0.0], np.cumsum(steps)]), np.nan)
