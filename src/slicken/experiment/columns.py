"""Columns become channels: the map's columns in SI, and friction if the log only has its parts."""

from dataclasses import replace
from typing import TYPE_CHECKING

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
from slicken.experiment.draft import Draft
from slicken.logs.finding import Finding
from slicken.logs.listing import listed
from slicken.logs.names import unit_of
from slicken.logs.units import measures, to_si
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.logs.log import Log

LEAST_LOAD = 1e-12
"""Pa or N, below which there is no load."""
_USUAL = {"m": "um", "Pa": "MPa", "N": "N"}
"""A unit that a lab may mean, for channels of each unit."""


def read_channels(log: "Log", channel_map: ChannelMap) -> Draft:
    """The channels that a map names, in SI, with friction.

    Raises:
        ChannelError: If a column is not there, a unit does not fit, or time or friction are
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
            draft = _read(draft, log, CHANNELS[name], column)
    time, channels = draft.channels[TIME.name], dict(draft.channels)
    del channels[TIME.name]
    draft = replace(draft, time=time, channels=channels)
    draft = _forces_to_stresses(draft, channel_map.preparation.contact_area_mm2)
    return draft if FRICTION.name in draft.channels else _with_friction(draft, log)


def _read(draft: Draft, log: "Log", channel: Channel, column: Column) -> Draft:
    values = log.column(column.column)
    own = unit_of(log, column.column)
    unit = own if column.unit is None else column.unit
    if not unit and channel.unit in _USUAL:
        raise ChannelError(
            f"{log.source}: no unit is given for {column.column!r}, and {channel.in_text()} could "
            f"be in several; set one under [channels.{channel.name}] of a channel map, as in "
            f'unit = "{_USUAL[channel.unit]}"'
        )
    try:
        converted = column.sign * to_si(values, unit, channel)
    except ChannelError as problem:
        raise ChannelError(f"{log.source}: column {column.column!r} as {problem}") from problem
    unit = unit or channel.unit
    step = _conversion(column.column, unit, channel)
    step = step if column.sign > 0 else Statement("steps.sign_reversed", what=step)
    contradiction = _contradiction(column, unit, own, channel)
    return draft.put({channel.name: converted}).note(contradiction).record(step)


def _conversion(column: str, unit: str, channel: Channel) -> Statement:
    what = {"channel": channel.name, "column": column}
    if unit == "1":
        return Statement("steps.channel", **what)
    if unit == channel.unit:
        return Statement("steps.channel_in", **what, unit=unit)
    return Statement("steps.channel_converted", **what, unit=unit, into=channel.unit)


def _contradiction(column: Column, unit: str, own: str, channel: Channel) -> list[Finding]:
    if not own or not measures(own, channel):
        return []
    one = np.array([1.0])
    if to_si(one, own, channel) == to_si(one, unit, channel):
        return []
    overridden = Statement("findings.unit_overridden", column=column.column, unit=unit, own=own)
    return [Finding(overridden)]


def _forces_to_stresses(draft: Draft, area_mm2: float | None) -> Draft:
    if area_mm2 is None:
        return draft
    for force, stress in ((NORMAL_FORCE, NORMAL_STRESS), (SHEAR_FORCE, SHEAR_STRESS)):
        if force.name in draft.channels and stress.name not in draft.channels:
            what = {"stress": stress.name, "force": force.name, "area": area_mm2}
            values = draft.channels[force.name] / (area_mm2 * 1e-6)
            step = Statement("steps.stress_from_force", **what)
            draft = draft.put({stress.name: values}).record(step)
    return draft


def _check_presses(log: "Log", normal: Channel, load: NDArray[np.float64]) -> None:
    """A load cell that counts compression negative leaves no friction at all."""
    known = load[np.isfinite(load)]
    if known.size and known.max() <= LEAST_LOAD and known.min() < -LEAST_LOAD:
        raise ChannelError(
            f"{log.source}: {normal.in_text()} is negative throughout (to "
            f"{known.min() * normal.shown_per_unit:.4g} {normal.shown_unit}), and friction needs a "
            f"load that presses; set sign = -1 under [channels.{normal.name}] of a channel map"
        )


def _with_friction(draft: Draft, log: "Log") -> Draft:
    for shear, normal in ((SHEAR_STRESS, NORMAL_STRESS), (SHEAR_FORCE, NORMAL_FORCE)):
        if shear.name in draft.channels and normal.name in draft.channels:
            pressing = draft.channels[normal.name]
            _check_presses(log, normal, pressing)
            # Without a load there is no friction coefficient: a hole, not a division by zero.
            pressing = np.where(pressing > LEAST_LOAD, pressing, np.nan)
            values = draft.channels[shear.name] / pressing
            step = Statement("steps.friction_from", shear=shear.name, normal=normal.name)
            return draft.put({FRICTION.name: values}).record(step)
    raise ChannelError(
        f"{log.source}: no friction; say which column holds it under [channels.friction] of a "
        "channel map, or name shear and normal stress, or shear and normal force; "
        f"columns are {listed(log.columns)}"
    )
