"""Columns become channels: the map's columns in SI, and friction if the log only has its parts."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from slicken.channels import (
    CHANNELS,
    FRICTION,
    NORMAL_FORCE,
    NORMAL_STRESS,
    SHEAR_FORCE,
    SHEAR_STRESS,
    TIME,
    Channel,
)
from slicken.errors import ChannelError
from slicken.experiment.channel_map import MAPPABLE, ChannelMap, Column
from slicken.logs.finding import Finding
from slicken.logs.listing import listed
from slicken.logs.log import Log
from slicken.logs.names import unit_of
from slicken.logs.units import measures, to_si
from slicken.statements import Statement

LEAST_LOAD = 1e-12
"""Pa or N, below which there is no load."""
_USUAL = {"m": "um", "Pa": "MPa", "N": "N"}
"""A unit that a lab may mean, for channels of each unit."""


@dataclass
class Draft:
    """An experiment in the making: samples as the log has them, and what was done to them.

    Args:
        source: the log's file name, for messages.
        time: seconds on the log's clock, shape ``(S,)``.
        channels: channel name to values in SI, shape ``(S,)``; NaN where missing.
        rows: line of the file of each sample, shape ``(S,)``.
        steps: what was done, in order.
        findings: what the log's owner should know.
        closed: intervals left out on purpose, first and last instant in seconds.
    """

    source: str
    time: NDArray[np.float64]
    channels: dict[str, NDArray[np.float64]]
    rows: NDArray[np.int64]
    steps: list[Statement] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    closed: list[tuple[float, float]] = field(default_factory=list)

    def keep(self, samples: NDArray[np.bool_]) -> None:
        """Leave out all samples but these."""
        self.time, self.rows = self.time[samples], self.rows[samples]
        self.channels = {name: values[samples] for name, values in self.channels.items()}


def read_channels(log: Log, channel_map: ChannelMap) -> Draft:
    """The channels that a map names, in SI, with friction.

    Raises:
        ChannelError: if a column is not there, a unit does not fit, or time or friction are
            not in the map.
    """
    if TIME.name not in channel_map.channels:
        raise ChannelError(
            f"{log.source}: no column is known to be the time; say which under [channels.time] "
            f"of a channel map; columns are {listed(log.columns)}"
        )
    draft = Draft(log.source, np.empty(0), {}, log.rows)
    for name in MAPPABLE:
        column = channel_map.channels.get(name)
        if column is not None:
            draft.channels[name] = _channel(log, CHANNELS[name], column, draft)
    draft.time = draft.channels.pop(TIME.name)
    _turn_forces_to_stresses(draft, channel_map.preparation.contact_area_mm2)
    if FRICTION.name not in draft.channels:
        draft.channels[FRICTION.name] = _friction(log, draft)
    return draft


def _channel(log: Log, channel: Channel, column: Column, draft: Draft) -> NDArray[np.float64]:
    values = log.column(column.column)
    own = unit_of(log, column.column)
    unit = own if column.unit is None else column.unit
    if not unit and channel.unit in ("m", "Pa", "N"):
        raise ChannelError(
            f"{log.source}: the unit of {column.column!r} stands nowhere, and {channel.in_text()} "
            f"could be in several; say it under [channels.{channel.name}] of a channel map, "
            f'as in unit = "{_USUAL[channel.unit]}"'
        )
    try:
        converted = column.sign * to_si(values, unit, channel)
    except ChannelError as problem:
        raise ChannelError(f"{log.source}: column {column.column!r} as {problem}") from problem
    unit = unit or channel.unit
    _say_contradiction(column, unit, own, channel, draft)
    step = _conversion(column.column, unit, channel)
    draft.steps.append(step if column.sign > 0 else Statement("steps.sign_reversed", what=step))
    return converted


def _conversion(column: str, unit: str, channel: Channel) -> Statement:
    what = {"channel": channel.name, "column": column}
    if unit == "1":
        return Statement("steps.channel", **what)
    if unit == channel.unit:
        return Statement("steps.channel_in", **what, unit=unit)
    return Statement("steps.channel_converted", **what, unit=unit, into=channel.unit)


def _say_contradiction(column: Column, unit: str, own: str, channel: Channel, draft: Draft) -> None:
    if not own or not measures(own, channel):
        return
    one = np.array([1.0])
    if to_si(one, own, channel) != to_si(one, unit, channel):
        overridden = Statement("findings.unit_overridden", column=column.column, unit=unit, own=own)
        draft.findings.append(Finding(overridden))


def _turn_forces_to_stresses(draft: Draft, area_mm2: float | None) -> None:
    if area_mm2 is None:
        return
    for force, stress in ((NORMAL_FORCE, NORMAL_STRESS), (SHEAR_FORCE, SHEAR_STRESS)):
        if force.name in draft.channels and stress.name not in draft.channels:
            draft.channels[stress.name] = draft.channels[force.name] / (area_mm2 * 1e-6)
            what = {"stress": stress.name, "force": force.name, "area": area_mm2}
            draft.steps.append(Statement("steps.stress_from_force", **what))


def _friction(log: Log, draft: Draft) -> NDArray[np.float64]:
    for shear, normal in ((SHEAR_STRESS, NORMAL_STRESS), (SHEAR_FORCE, NORMAL_FORCE)):
        if shear.name in draft.channels and normal.name in draft.channels:
            pressing = draft.channels[normal.name]
            # Without a load there is no friction coefficient: a hole, not a division by zero.
            pressing = np.where(pressing > LEAST_LOAD, pressing, np.nan)
            parts = {"shear": shear.name, "normal": normal.name}
            draft.steps.append(Statement("steps.friction_from", **parts))
            return draft.channels[shear.name] / pressing
    raise ChannelError(
        f"{log.source}: no friction; say which column holds it under [channels.friction] of a "
        "channel map, or name shear and normal stress, or shear and normal force; "
        f"columns are {listed(log.columns)}"
    )
