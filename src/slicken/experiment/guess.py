"""Guess: a channel map for a log that came without one, where its names leave no doubt."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from slicken.channels import (
    AXIAL_DISPLACEMENT,
    CHANNELS,
    FRICTION,
    SHEAR_FORCE,
    SLIP,
    SLIP_VELOCITY,
    TEMPERATURE,
    TIME,
    Channel,
)
from slicken.experiment.channel_map import MAPPABLE, ChannelMap, Column
from slicken.logs.finding import Finding
from slicken.logs.log import Log, listed
from slicken.logs.names import Reading, read_name, split_name, unit_of
from slicken.logs.units import measures

# Without a unit, the channel's own is taken only where other units would give numbers that
# no experiment has: the largest median that is believed.
_BELIEVABLE = {
    TIME.name: np.inf,
    SLIP_VELOCITY.name: 20.0,
    TEMPERATURE.name: 200.0,
    FRICTION.name: 2.0,
}
_NOT_NEEDED = (SHEAR_FORCE, SLIP)


@dataclass(frozen=True)
class _Candidate:
    column: str
    reading: Reading
    unit: str


def guess_channels(log: Log) -> tuple[ChannelMap, tuple[Finding, ...]]:
    """The channels that the names and units of a log's columns give away.

    A channel is guessed only if exactly one column fits it best and its unit is known. A unit
    that stands nowhere is believed to be the channel's own for time (s), slip velocity (m/s),
    temperature (degC) and friction; a length, stress or force without a unit is not guessed.

    Args:
        log: the log.

    Returns:
        The map, and findings: each guess and its reason, and what was ambiguous.
    """
    findings: list[Finding] = []
    channels: dict[str, Column] = {}
    candidates = _candidates(log)
    for name in MAPPABLE:
        guess = _guess(log, CHANNELS[name], candidates.get(name, []), findings)
        if guess is not None:
            channels[name] = Column(
                column=guess.column,
                unit=guess.unit or CHANNELS[name].unit,
                sign=-1 if guess.reading.sign < 0 else 1,
            )
    return ChannelMap(table=log.table, channels=channels), tuple(findings)


def _candidates(log: Log) -> dict[str, list[_Candidate]]:
    candidates: dict[str, list[_Candidate]] = {}
    for column in log.columns:
        unit = unit_of(log, column)
        reading = read_name(split_name(column)[0], unit)
        if reading is not None:
            found = _Candidate(column, reading, unit)
            candidates.setdefault(reading.channel.name, []).append(found)
    return candidates


def _guess(
    log: Log, channel: Channel, candidates: list[_Candidate], findings: list[Finding]
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
    surest = max(each.reading.sure for each in fitting)
    best = [each for each in fitting if each.reading.sure == surest]
    words = channel.name.replace("_", " ")
    if len(best) > 1:
        findings.append(
            Finding("ambiguous", f"{words} could be {_names(best)}; {_advice(channel)}")
        )
        return None
    guess = best[0]
    findings.append(Finding("guess", f"{words} is {_because(guess, channel)}"))
    others = [each for each in fitting if each is not guess]
    if others and channel is not TIME:
        findings.append(Finding("not used", f"{_names(others)} could be {words} too"))
    return guess


def _because(guess: _Candidate, channel: Channel) -> str:
    words = repr(guess.column)
    if guess.unit and guess.unit != "1":
        words += f" in {guess.unit}"
    elif channel is not FRICTION:
        words += f", taken to be in {channel.unit} as it names no unit"
    if guess.reading.sign < 0:
        words += ", with its sign turned: it falls as the specimen shortens"
    elif channel is AXIAL_DISPLACEMENT:
        words += ", taken to be positive in shortening; if not, a map can say sign = -1"
    return words


def _that_run_forward(
    log: Log, candidates: list[_Candidate], findings: list[Finding]
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
            message = f"{each.column!r} does not run forward, so it is not the time"
            findings.append(Finding("not used", message))
    return running


def _unit_fits(log: Log, channel: Channel, candidate: _Candidate, findings: list[Finding]) -> bool:
    words = channel.name.replace("_", " ")
    if candidate.unit:
        fits = measures(candidate.unit, channel)
        # "Speed (rpm)" is no near miss of a velocity; "Slip velocity (rpm)" is.
        if not fits and candidate.reading.sure > 1:
            message = (
                f"{candidate.column!r} sounds like {words}, but {candidate.unit} is not its unit"
            )
            findings.append(Finding("not used", message))
        return fits
    # "Speed" without a unit is a turning rate as often as a velocity.
    vague = candidate.reading.sure == 1 and channel is SLIP_VELOCITY
    if channel.name not in _BELIEVABLE or vague:
        if channel not in _NOT_NEEDED:
            findings.append(_no_unit(candidate, channel))
        return False
    median = float(np.nanmedian(np.abs(log.values[candidate.column])))
    if median <= _BELIEVABLE[channel.name]:
        return True
    message = (
        f"{candidate.column!r} names no unit, and a median of {median:g} is not believable "
        f"in {channel.unit if channel.unit != '1' else 'a coefficient'}; {_advice(channel)}"
    )
    findings.append(Finding("ambiguous", message))
    return False


def _no_unit(candidate: _Candidate, channel: Channel) -> Finding:
    words = channel.name.replace("_", " ")
    return Finding(
        "ambiguous",
        f"{candidate.column!r} could be {words}, but its unit stands nowhere; {_advice(channel)}",
    )


def _advice(channel: Channel) -> str:
    return f"say which column and unit under [channels.{channel.name}] of a channel map"


def _names(candidates: Iterable[_Candidate]) -> str:
    return listed(each.column for each in candidates)
