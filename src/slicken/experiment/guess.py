"""Guess: a channel map for a log that came without one, where its names leave no doubt."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from slicken.channels import (
    AXIAL_DISPLACEMENT,
    CHANNELS,
    FRICTION,
    LOAD_POINT,
    LOAD_POINT_VELOCITY,
    SHEAR_FORCE,
    SLIP,
    SLIP_VELOCITY,
    TEMPERATURE,
    TIME,
    Channel,
)
from slicken.experiment.channel_map import MAPPABLE, ChannelMap, Column
from slicken.logs.finding import Finding
from slicken.logs.listing import some
from slicken.logs.names import Reading, is_displacement, read_name, split_name, unit_of
from slicken.logs.units import measures
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.logs.log import Log

# Without a unit, the channel's own is taken only where other units would give numbers that
# no experiment has: the largest median that is believed.
_BELIEVABLE = {
    TIME.name: np.inf,
    SLIP_VELOCITY.name: 20.0,
    TEMPERATURE.name: 200.0,
    FRICTION.name: 2.0,
}
_NOT_NEEDED = (SHEAR_FORCE, SLIP)
_LOAD_POINT = (LOAD_POINT.name, LOAD_POINT_VELOCITY.name)
_MOTION = {*_LOAD_POINT, SLIP.name, SLIP_VELOCITY.name}


_CLOCK_FORM = re.compile(r"\s*[(\[](?:h{1,2}:)?m{1,2}:s{1,2}(?:[.,]\w*)?[)\]]\Z", re.IGNORECASE)
_EPOCH = (3e8, 5e9)
"""Seconds since 1970 of a record, from 1979 to 2128."""
_EPOCHS = {"ms": 1e3, "us": 1e6, "ns": 1e9}
"""Units of a time since 1970 that is not in s, and how many of them are one."""
_NUMBERED = re.compile(r" \(\d+\)\Z")


@dataclass(frozen=True)
class _Candidate:
    column: str
    reading: Reading
    unit: str


def guess_channels(
    log: "Log", *, load_point: bool = False
) -> tuple[ChannelMap, tuple[Finding, ...]]:
    """The channels that the names and units of a log's columns give away.

    A channel is guessed only if exactly one column fits it best and its unit is known. A unit
    that is not given is taken to be the channel's own for time (s), slip velocity (m/s),
    temperature (degC) and friction; a length, stress or force without a unit is not guessed.

    Args:
        log: The log.
        load_point: Whether to look for the load point in any case, as friction laws need it; else
            only where the log has neither slip velocity nor slip. In a log of friction in which
            nothing else says how the fault or its load moved, a displacement without another word
            is the load point's.

    Returns:
        The map, and findings: each guess and its reason, and what was ambiguous.
    """
    findings: list[Finding] = []
    channels: dict[str, Column] = {}
    candidates = _candidates(log)
    load_point = load_point or not {SLIP.name, SLIP_VELOCITY.name} & candidates.keys()
    if load_point:
        _take_bare_displacement(log, candidates)
    for name in MAPPABLE:
        if name in _LOAD_POINT and not load_point:
            continue
        guess = _guess(log, CHANNELS[name], candidates.get(name, []), findings)
        if guess is not None:
            channels[name] = Column(
                column=guess.column,
                unit=guess.unit or CHANNELS[name].unit,
                sign=-1 if guess.reading.sign < 0 else 1,
            )
    return ChannelMap(table=log.table, channels=channels), tuple(findings)


def _candidates(log: "Log") -> dict[str, list[_Candidate]]:
    candidates: dict[str, list[_Candidate]] = {}
    for column in log.columns:
        unit = unit_of(log, column)
        reading = read_name(split_name(_as_written(log, column))[0], unit)
        if reading is not None:
            found = _Candidate(column, reading, unit)
            candidates.setdefault(reading.channel.name, []).append(found)
    return candidates


def _as_written(log: "Log", column: str) -> str:
    """The name of a column in the file, where one that occurs again was numbered, without a clock.

    What stands in brackets behind ``Time (mm:ss)`` is how it is written, and no unit.
    """
    first = _NUMBERED.sub("", column)
    return _CLOCK_FORM.sub("", first if first in log.columns else column)


def _take_bare_displacement(log: "Log", candidates: dict[str, list[_Candidate]]) -> None:
    if _MOTION & candidates.keys():
        return
    bare = [column for column in log.columns if is_displacement(split_name(column)[0])]
    for column in bare:
        of_axis = candidates.get(AXIAL_DISPLACEMENT.name, [])
        of_axis[:] = [each for each in of_axis if each.column != column]
        found = _Candidate(column, Reading(LOAD_POINT, 1), unit_of(log, column))
        candidates.setdefault(LOAD_POINT.name, []).append(found)


def _guess(
    log: "Log", channel: Channel, candidates: list[_Candidate], findings: list[Finding]
) -> _Candidate | None:
    """The one candidate that fits best, or None with a finding that says why not."""
    if channel is TIME:
        candidates = _that_run_forward(log, candidates, findings)
    surest = max((each.reading.sure for each in candidates), default=0)
    if surest > 1:  # "Displacement" needs no word where there is an "Axial displacement"
        candidates = [each for each in candidates if each.reading.sure > 1 or each.unit]
    fitting = [each for each in candidates if _unit_fits(log, channel, each, findings)]
    if not fitting:
        return None
    fitting = [_since_1970(log, channel, each) for each in fitting]
    surest = max(each.reading.sure for each in fitting)
    best = [each for each in fitting if each.reading.sure == surest]
    if len(best) > 1:
        columns = _names(best)
        ambiguous = Statement("findings.ambiguous", channel=channel.name, columns=columns)
        findings.append(Finding(ambiguous))
        return None
    guess = best[0]
    findings.append(Finding(_guessed(guess, channel)))
    others = [each for each in fitting if each is not guess]
    if others and channel is not TIME:
        unused = Statement("findings.not_used", columns=_names(others), channel=channel.name)
        findings.append(Finding(unused))
    return guess


def _since_1970(log: "Log", channel: Channel, candidate: _Candidate) -> _Candidate:
    """A time without a unit that counts from 1970 says by its size in what."""
    if channel is not TIME or candidate.unit:
        return candidate
    median = float(np.nanmedian(log.values[candidate.column]))
    for unit, per_second in _EPOCHS.items():
        if _EPOCH[0] * per_second < median < _EPOCH[1] * per_second:
            return replace(candidate, unit=unit)
    return candidate


def _guessed(guess: _Candidate, channel: Channel) -> Statement:
    what = {"channel": channel.name, "column": guess.column}
    if not guess.unit or guess.unit == "1":
        if channel is FRICTION:
            return Statement("findings.guess_unitless", **what)
        return Statement("findings.guess_assumed_unit", **what, unit=channel.unit)
    if guess.reading.sign < 0:
        return Statement("findings.guess_reversed", **what, unit=guess.unit)
    if channel is AXIAL_DISPLACEMENT:
        return Statement("findings.guess_shortening", **what, unit=guess.unit)
    return Statement("findings.guess", **what, unit=guess.unit)


def _that_run_forward(
    log: "Log", candidates: list[_Candidate], findings: list[Finding]
) -> list[_Candidate]:
    """Some rigs log the length of a step as ``Step Time``: a constant is no clock."""
    if len(candidates) == 1:
        return candidates  # if it does not run forward, the preparation says where
    running = []
    for each in candidates:
        times = log.values[each.column]
        times = times[np.isfinite(times)]
        if times.size > 1 and np.mean(np.diff(times) > 0) > 0.5:
            running.append(each)
        else:
            findings.append(Finding(Statement("findings.not_increasing", column=each.column)))
    return running


def _unit_fits(
    log: "Log", channel: Channel, candidate: _Candidate, findings: list[Finding]
) -> bool:
    what = {"channel": channel.name, "column": candidate.column}
    if candidate.unit:
        fits = measures(candidate.unit, channel)
        # "Speed (rpm)" is no near miss of a velocity; "Slip velocity (rpm)" is.
        if not fits and candidate.reading.sure > 1:
            wrong = Statement("findings.wrong_unit", **what, unit=candidate.unit)
            findings.append(Finding(wrong))
        return fits
    # "Speed" without a unit is a turning rate as often as a velocity.
    vague = candidate.reading.sure == 1 and channel is SLIP_VELOCITY
    if channel.name not in _BELIEVABLE or vague:
        if channel not in _NOT_NEEDED:
            findings.append(Finding(Statement("findings.ambiguous_unit", **what)))
        return False
    median = float(np.nanmedian(np.abs(log.values[candidate.column])))
    if median <= _BELIEVABLE[channel.name]:
        return True
    size = (median, channel.unit.removesuffix("1"))
    findings.append(Finding(Statement("findings.ambiguous_size", **what, median=size)))
    return False


def _names(candidates: Iterable[_Candidate]) -> tuple[str | Statement, ...]:
    return some(each.column for each in candidates)
