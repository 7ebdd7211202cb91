"""Jumps: where a sensor was reset, as opposed to what a fault, a motor or a press can do."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.channels import (
    AXIAL_DISPLACEMENT,
    FRICTION,
    NORMAL_FORCE,
    NORMAL_STRESS,
    SHEAR_FORCE,
    SHEAR_STRESS,
    SLIP,
    SLIP_VELOCITY,
    TEMPERATURE,
)
from slicken.experiment.quality.issues import (
    MOST_PROPOSED,
    correction_toml,
    issue_at,
    known,
    largest,
    resolution,
    rounded,
)
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.experiment.draft import Draft
    from slicken.logs.finding import Finding

Floats = NDArray[np.float64]

_JUMP, _JUMP_STEPS, _AROUND = 40.0, 10.0, 15
_CONTRADICTED = 12.0  # where other channels speak against a step, it need not be so large
_EVENT, _PAUSE = 0.02, 0.3
_AFTER, _LEAST_AFTER = 300, 60
_GONE, _STEP, _FOLLOWS = 0.05, 0.05, 0.2
_PLACES = (AXIAL_DISPLACEMENT.name, SLIP.name, TEMPERATURE.name)
"""What does not jump by itself."""
_SHEARS = (SHEAR_STRESS.name, SHEAR_FORCE.name, FRICTION.name)
_NORMALS = (NORMAL_STRESS.name, NORMAL_FORCE.name)


def find_jumps(draft: "Draft", name: str, columns: Mapping[str, str]) -> list["Finding"]:
    """Steps from one sample to the next that last, and are the sensor's.

    A displacement or a temperature has none while load and velocity do not change. Shear stress
    and friction have: they are the sensor's only where they vanish although the fault slides under
    load, or where the log's own friction and shear stress contradict one another. A step of the
    normal stress is a stage, unless the shear stress does not follow it at all. Steps of the
    velocity are the motor's.

    Args:
        draft: Samples as the log has them, time rising.
        name: The channel.
        columns: Channel to the column that holds it; a channel that has none was computed.
    """
    if name not in (*_PLACES, *_SHEARS, *_NORMALS):
        return []
    places, values = known(draft, name)
    steps = np.diff(values)
    usual = 1.4826 * float(np.median(np.abs(steps - np.median(steps))))
    usual = usual or 1.4826 * float(np.mean(np.abs(steps - np.median(steps))))
    times = _JUMP if name in _PLACES else _CONTRADICTED
    least = max(times * usual, _JUMP_STEPS * resolution(values))
    found = [
        int(index) + 1
        for index in largest(np.abs(steps), least)
        if _lasts(values, int(index) + 1, least)
        and _is_the_sensors(draft, name, int(places[index]) + 1, columns)
    ]
    if not found:
        return []
    worst = max(found, key=lambda index: abs(steps[index - 1]))
    half = 0.5 * float(draft.time[places[worst]] - draft.time[places[worst] - 1])
    remedies = [
        correction_toml(
            "offset", column=columns[name], at=rounded(draft.time[places[index]] - half)
        )
        for index in found[:MOST_PROPOSED]
    ]
    jump = Statement(
        "findings.jump",
        channel=name,
        count=len(found),
        size=(name, float(steps[worst - 1])),
        meanwhile=_meanwhile(name),
    )
    return [issue_at(draft, jump, int(places[worst]), name, "\n".join(remedies))]


def _meanwhile(name: str) -> str:
    if name in _PLACES:
        return "no_event"
    return "sliding" if name in _SHEARS else "shear_unchanged"


def _is_the_sensors(draft: "Draft", name: str, place: int, columns: Mapping[str, str]) -> bool:
    """Whether a step just before a place is none of the fault's, as far as a log can tell."""
    if name in _PLACES:
        return not event(draft, place - 1)
    velocity = draft.channels.get(SLIP_VELOCITY.name)
    if velocity is None or abs(_change(draft, name, place)) < _STEP:
        return False
    if name in _NORMALS:
        # A press may be slow to push a fault to more shear stress, so it is given time.
        others = [other for other in _SHEARS[:2] if other in columns]
        return any(_stays(draft, other, place, _change(draft, name, place)) for other in others)
    if event(draft, place - 1):
        return False
    if _vanishes(draft, name, place):
        return True
    others = [other for other in _SHEARS if other in columns and other != name]
    contradicted = {FRICTION.name} if name != FRICTION.name else set(_SHEARS[:2])
    change = _change(draft, name, place)
    return any(_stays(draft, other, place, change) for other in others if other in contradicted)


def _sides(draft: "Draft", name: str, place: int) -> tuple[Floats, Floats]:
    """Numbers before a place, and for longer after it."""
    values = draft.channels[name]
    before, after = values[max(place - _AROUND, 0) : place], values[place : place + _AFTER]
    return before[np.isfinite(before)], after[np.isfinite(after)]


def _change(draft: "Draft", name: str, place: int) -> float:
    """Relative change of the level across a place; 0 where it is not known."""
    before, after = _sides(draft, name, place)
    level = float(np.median(before)) if before.size else 0.0
    return float(np.median(after[:_AROUND])) / level - 1 if level and after.size else 0.0


def _stays(draft: "Draft", name: str, place: int, change: float) -> bool:
    """Whether a channel goes on as it was, for long, although another changed by so much."""
    before, after = _sides(draft, name, place)
    if before.size < 3 or after.size < _LEAST_AFTER or not np.median(before):
        return False
    level = float(np.median(before))
    near, later = float(np.median(after[:_AROUND])), float(np.median(after[_AROUND:]))
    return max(abs(near / level - 1), abs(later / level - 1)) < _FOLLOWS * min(abs(change), 1.0)


def _vanishes(draft: "Draft", name: str, place: int) -> bool:
    """Whether shear is gone, or turned, and stays so, while the fault slides on under load."""
    before, after = _sides(draft, name, place)
    usual = float(np.nanmedian(np.abs(draft.channels[name])))
    if before.size < 3 or after.size < _LEAST_AFTER or abs(np.median(before)) < 0.3 * usual:
        return False
    left = after / np.median(before)
    if max(np.median(left[:_AROUND]), np.median(left)) > _GONE:
        return False
    velocity = np.abs(draft.channels[SLIP_VELOCITY.name])
    sliding = velocity[place : place + _LEAST_AFTER]
    return bool(np.nanmedian(sliding) > 0.5 * np.nanmedian(velocity))


def _lasts(values: Floats, index: int, least: float) -> bool:
    before, after = values[max(index - _AROUND, 0) : index], values[index : index + _AROUND]
    if min(before.size, after.size) < 3 or (np.ptp(before) == 0) != (np.ptp(after) == 0):
        return False  # at the end of the record, or of a stretch in which the sensor was stuck
    across = abs(float(np.median(after)) - float(np.median(before)))
    within = max(float(np.ptp(before)), float(np.ptp(after)))
    return across > 0.5 * least and across > 2 * within


def event(draft: "Draft", place: int) -> bool:
    """Whether load or velocity changes about then, which moves a specimen for good reason."""
    around = slice(max(place - _AROUND, 0), place + _AROUND)
    for channel in (NORMAL_STRESS, NORMAL_FORCE, SLIP_VELOCITY):
        values = draft.channels.get(channel.name)
        if values is None:
            continue
        near = values[around][np.isfinite(values[around])]
        if near.size < 6:
            return True
        third = near.size // 3
        before, after = float(np.median(near[:third])), float(np.median(near[-third:]))
        if abs(after - before) > _EVENT * max(abs(after), abs(before)):
            return True
        # A hold may be shorter than that, and its end is a peak of friction.
        usual = np.median(np.lib.stride_tricks.sliding_window_view(near, 3), axis=1)
        if channel is SLIP_VELOCITY and np.ptp(usual) > _PAUSE * np.max(np.abs(usual)):
            return True
    return False
