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
from slicken.statements import Statement

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
_STEADY = 0.02
_COARSE = 20


def check_channels(
    time: NDArray[np.float64], channels: Mapping[str, NDArray[np.float64]]
) -> list[Finding]:
    """What the owner of a log should know about its channels.

    Args:
        time: Seconds, shape ``(T,)``.
        channels: Name to values in SI, shape ``(T,)``; NaN in gaps.
    """
    findings = _missing(channels)
    findings += _outside(time, channels, FRICTION, _FRICTION)
    findings += _outside(time, channels, TEMPERATURE, _TEMPERATURE)
    findings += _units(channels)
    for channel in MEASURED:
        if channel.name in channels:
            findings += _little_in_it(channel, channels[channel.name])
    return findings + _backward(time, channels)


def _missing(channels: Mapping[str, NDArray[np.float64]]) -> list[Finding]:
    return [
        Finding(
            Statement("findings.missing_driver", channel=channel.name)
            if channel is SLIP_VELOCITY  # which has no rate
            else Statement("findings.missing_driver_and_rate", channel=channel.name)
        )
        for channel in MEASURED
        if channel.name not in channels
    ]


def _outside(
    time: NDArray[np.float64],
    channels: Mapping[str, NDArray[np.float64]],
    channel: Channel,
    bounds: tuple[float, float],
) -> list[Finding]:
    values = channels.get(channel.name)
    if values is None:
        return []
    known = np.nan_to_num(values, nan=bounds[0])
    slack = _SLACK * (bounds[1] - bounds[0])  # a sensor's zero is never quite 0
    odd = np.flatnonzero((known < bounds[0] - slack) | (known > bounds[1] + slack))
    if odd.size == 0:
        return []
    worst = int(odd[int(np.argmax(np.abs(known[odd] - np.mean(bounds))))])
    what = {"count": int(odd.size), "samples": int(values.size), "range": bounds}
    what["worst"] = float(known[worst])
    statement = (
        Statement("findings.friction_out_of_range", **what)
        if channel is FRICTION
        else Statement("findings.temperature_out_of_range", **what)
    )
    return [Finding(statement, time=float(time[worst]), value=float(known[worst]))]


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
        findings.append(Finding(_implausible(channel, usual), value=usual))
    return findings


def _implausible(channel: Channel, usual: float) -> Statement:
    median = (channel.name, usual)
    if channel is FRICTION:
        return Statement("findings.implausible_friction", median=median)
    if channel is TEMPERATURE:
        return Statement("findings.implausible_temperature", median=median)
    return Statement("findings.implausible_unit", channel=channel.name, median=median)


def _little_in_it(channel: Channel, values: NDArray[np.float64]) -> list[Finding]:
    known = values[np.isfinite(values)]
    low, median, high = (float(q) for q in np.quantile(known, [0.05, 0.5, 0.95]))
    name = channel.name
    if known.min() == known.max():
        constant = Statement("findings.constant_driver", channel=name, level=(name, median))
        return [Finding(constant)]
    if channel is SLIP_VELOCITY and high - low <= 2 * _STEADY * abs(median):
        ends = {"low": (name, low), "high": (name, high)}
        return [Finding(Statement("findings.steady_driver", channel=name, **ends))]
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
    statement = Statement(
        "findings.backward_slip", count=int(backward.size), samples=int(velocity.size)
    )
    return [Finding(statement, time=float(time[backward[0]]))]


def check_resolution(channels: Mapping[str, NDArray[np.float64]]) -> list[Finding]:
    """Which measured drivers take so few values that their rates are steps of the sensor.

    Args:
        channels: Name to values in SI as the log has them, shape ``(S,)``.
    """
    findings = []
    for channel in MEASURED[1:]:  # those that have a rate
        values = channels.get(channel.name, np.empty(0))
        distinct = np.unique(np.round(channel.shown_per_unit * values[np.isfinite(values)], 9))
        if 1 < distinct.size <= _COARSE:
            step = float(np.min(np.diff(distinct))) / channel.shown_per_unit
            coarse = Statement(
                "findings.coarse_driver",
                channel=channel.name,
                values=int(distinct.size),
                step=(channel.name, step),
            )
            findings.append(Finding(coarse))
    return findings
