"""Checks: what looks odd in the channels of an experiment, said but never mended."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from slicken.channels import (
    AXIAL_DISPLACEMENT,
    FRICTION,
    NORMAL_STRESS,
    SHEAR_STRESS,
    SLIP_VELOCITY,
    TEMPERATURE,
    Channel,
)
from slicken.logs.finding import Finding

MEASURED = (SLIP_VELOCITY, AXIAL_DISPLACEMENT, TEMPERATURE)
"""Drivers that a rig measures; their rates are computed."""

_FRICTION = (0.0, 1.5)
_TEMPERATURE = (-60.0, 200.0)
_SLACK = 0.002
_BELIEVABLE = (
    (FRICTION, 1e-4, 1.5),
    (TEMPERATURE, 0.0, 200.0),
    (SLIP_VELOCITY, 1e-13, 20.0),
    (NORMAL_STRESS, 1e3, 1e10),
    (SHEAR_STRESS, 1e2, 1e10),
)
"""Channel, and between what the median of its size is believed."""
_LIKELY = {
    FRICTION.name: 'if they are percent, say unit = "%" under [channels.friction]',
    TEMPERATURE.name: 'if they are kelvin, say unit = "K" under [channels.temperature]',
}
_STEADY = 0.02
_COARSE = 20


def check_channels(
    time: NDArray[np.float64], channels: Mapping[str, NDArray[np.float64]]
) -> list[Finding]:
    """What the owner of a log should know about its channels.

    Args:
        time: seconds, shape ``(T,)``.
        channels: name to values in SI, shape ``(T,)``; NaN in gaps.
    """
    findings = _missing(channels)
    findings += _outside(time, channels, FRICTION, _FRICTION, "is the unit, or the load, right?")
    findings += _outside(
        time, channels, TEMPERATURE, _TEMPERATURE, "are they kelvin, read as degC?"
    )
    findings += _units(channels)
    for channel in MEASURED:
        if channel.name in channels:
            findings += _little_in_it(channel, channels[channel.name])
    return findings + _backward(time, channels)


def _missing(channels: Mapping[str, NDArray[np.float64]]) -> list[Finding]:
    findings = []
    for channel in MEASURED:
        if channel.name not in channels:
            words = channel.name.replace("_", " ")
            rate = "" if channel is SLIP_VELOCITY else " nor its rate"
            neither = "it cannot" if not rate else f"neither it{rate} can"
            message = f"no {words}: {neither} be a driver"
            findings.append(Finding("missing driver", message))
    return findings


def _outside(
    time: NDArray[np.float64],
    channels: Mapping[str, NDArray[np.float64]],
    channel: Channel,
    bounds: tuple[float, float],
    question: str,
) -> list[Finding]:
    values = channels.get(channel.name)
    if values is None:
        return []
    known = np.nan_to_num(values, nan=bounds[0])
    slack = _SLACK * (bounds[1] - bounds[0])  # a sensor's zero is never quite 0
    odd = np.flatnonzero((known < bounds[0] - slack) | (known > bounds[1] + slack))
    if odd.size == 0:
        return []
    unit = "" if channel.unit == "1" else f" {channel.unit}"
    worst = odd[int(np.argmax(np.abs(known[odd] - np.mean(bounds))))]
    message = (
        f"{odd.size} of {values.size} samples of {channel.name} lie outside {bounds[0]:g} to "
        f"{bounds[1]:g}{unit}, the furthest at {known[worst]:.4g}{unit}; kept; {question}"
    )
    return [Finding(channel.name, message, time=float(time[worst]), value=float(known[worst]))]


def _units(channels: Mapping[str, NDArray[np.float64]]) -> list[Finding]:
    """Numbers that no experiment has, in the unit that they are read in."""
    findings = []
    for channel, least, most in _BELIEVABLE:
        values = channels.get(channel.name)
        if values is None or not np.isfinite(values).any():
            continue
        usual = float(np.nanmedian(np.abs(values)))
        if usual == 0 or least <= usual <= most:
            continue
        words, unit = channel.name.replace("_", " "), f" {channel.unit}".removesuffix(" 1")
        advice = _LIKELY.get(channel.name, "is the unit in the channel map right?")
        message = f"the median of {words} is {usual:.4g}{unit}, which no experiment has; {advice}"
        findings.append(Finding("unit", message, value=usual))
    return findings


def _little_in_it(channel: Channel, values: NDArray[np.float64]) -> list[Finding]:
    known = channel.shown_per_unit * values[np.isfinite(values)]
    low, median, high = (float(q) for q in np.quantile(known, [0.05, 0.5, 0.95]))
    words, unit = channel.name.replace("_", " "), channel.shown_unit
    if known.min() == known.max():
        message = f"{words} never changes ({median:.4g} {unit}): it can explain nothing"
        return [Finding("steady driver", message)]
    if channel is SLIP_VELOCITY and high - low <= 2 * _STEADY * abs(median):
        message = (
            f"{words} hardly changes (90% of its samples lie between {low:.4g} and {high:.4g} "
            f"{unit}): it can explain little"
        )
        return [Finding("steady driver", message)]
    return []


def _backward(
    time: NDArray[np.float64], channels: Mapping[str, NDArray[np.float64]]
) -> list[Finding]:
    velocity = channels.get(SLIP_VELOCITY.name)
    if velocity is None:
        return []
    direction = 1.0 if np.nansum(velocity) >= 0 else -1.0
    backward = np.flatnonzero(direction * np.nan_to_num(velocity) < 0)
    if backward.size == 0:
        return []
    message = f"{backward.size} of {velocity.size} samples slip against the usual direction; kept"
    return [Finding("backward slip", message, time=float(time[backward[0]]))]


def check_resolution(channels: Mapping[str, NDArray[np.float64]]) -> list[Finding]:
    """Which measured drivers take so few values that their rates are steps of the sensor.

    Args:
        channels: name to values in SI as the log has them, shape ``(S,)``.
    """
    findings = []
    for channel in MEASURED[1:]:  # those that have a rate
        values = channels.get(channel.name, np.empty(0))
        distinct = np.unique(np.round(channel.shown_per_unit * values[np.isfinite(values)], 9))
        if 1 < distinct.size <= _COARSE:
            step = float(np.min(np.diff(distinct)))
            message = (
                f"{channel.name.replace('_', ' ')} takes only {distinct.size} values, "
                f"{step:.3g} {channel.shown_unit} apart or more: its rate shows the steps of the "
                "sensor"
            )
            findings.append(Finding("coarse driver", message))
    return findings
