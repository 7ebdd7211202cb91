"""Faults: what sensors do wrong in a log: where, and what to do about it; never mended here."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.channels import (
    AXIAL_DISPLACEMENT,
    FRICTION,
    SHEAR_FORCE,
    SHEAR_STRESS,
    SLIP,
    SLIP_VELOCITY,
)
from slicken.experiment.quality.issues import (
    MOST,
    MOST_PROPOSED,
    correction_toml,
    issue_at,
    known,
    resolution,
    rounded,
)
from slicken.experiment.quality.jumps import event, find_jumps
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.experiment.draft import Draft
    from slicken.logs.finding import Finding

Floats = NDArray[np.float64]

_NEIGHBOURS = 7
_SPIKE, _SPIKE_STEPS = 15.0, 10.0
_SPIKE_RANGE, _RETURN = 0.1, 0.35
_MOST_SPIKES = 0.01
_STUCK_SECONDS, _STUCK_TIMES, _STUCK_SAMPLES = 20.0, 30.0, 20
_MANY_VALUES, _AT_THE_END = 50, 10
_LOADED = 0.5
_MOVED = {FRICTION.name, SHEAR_STRESS.name, SHEAR_FORCE.name, AXIAL_DISPLACEMENT.name, SLIP.name}


def find_faults(draft: "Draft", columns: Mapping[str, str]) -> list["Finding"]:
    """Spikes, stuck and saturated sensors, jumps, start-up and unloading.

    Args:
        draft: Samples as the log has them, time rising.
        columns: Channel to the column that holds it; a channel that has none was computed.

    Returns:
        A finding for each kind and channel, at its worst place.
    """
    findings = []
    # A rig may write any number; none of what overflows here is a fault that is looked for.
    with np.errstate(all="ignore"):
        for name, column in columns.items():
            values = draft.channels.get(name)
            if values is None or np.isfinite(values).sum() < 3 * _NEIGHBOURS:
                continue
            findings += _spikes(draft, name, column)
            findings += _stuck(draft, name, column)
            findings += _saturated(draft, name)
            findings += find_jumps(draft, name, columns)
        findings += _unloaded_ends(draft)
    return findings


def _away(values: Floats) -> tuple[Floats, float]:
    """How far each sample stands from the median of its neighbours, and how far is usual."""
    from scipy.ndimage import median_filter

    away = np.abs(values - median_filter(values, _NEIGHBOURS, mode="nearest"))
    return away, 1.4826 * float(np.median(away))


def _spikes(draft: "Draft", name: str, column: str) -> list["Finding"]:
    places, values = known(draft, name)
    away, usual = _away(values)
    # Where most samples equal their neighbours the median says nothing: then the spread does.
    usual = usual or 1.4826 * float(np.mean(away))
    least = max(_SPIKE * usual, _SPIKE_STEPS * resolution(values), 1e-9 * np.max(np.abs(values)))
    low, high = (float(q) for q in np.quantile(values, [0.05, 0.95]))
    spike = away > max(least, _SPIKE_RANGE * (high - low))
    # What is common is how this channel is, such as stick-slip.
    if not spike.any() or spike.mean() > _MOST_SPIKES:
        return []
    found = np.flatnonzero(spike)
    clusters = np.split(found, np.flatnonzero(np.diff(found) > 1) + 1)
    groups = [
        group
        for group in sorted(clusters, key=lambda group: -away[group].max())[:MOST]
        if _comes_back(values, int(group[0]), int(group[-1]))
        and not (name in _MOVED and event(draft, int(places[group[0]])))
    ]
    if not groups:
        return []
    found = np.concatenate(groups)
    worst = int(found[np.argmax(away[found])])
    half = 0.25 * float(np.median(np.diff(draft.time)))
    time = draft.time[places]
    remedies = [
        correction_toml(
            "exclude",
            column=column,
            start=rounded(time[group[0]] - half),
            end=rounded(time[group[-1]] + half),
        )
        for group in groups[:MOST_PROPOSED]
    ]
    spikes = Statement(
        "findings.spike",
        channel=name,
        count=len(groups),
        peak=(name, float(values[worst])),
        level=(name, float(np.median(values[max(worst - 3, 0) : worst + 4]))),
    )
    return [issue_at(draft, spikes, int(places[worst]), name, "\n".join(remedies))]


def _comes_back(values: Floats, first: int, last: int) -> bool:
    """Whether a sample or two leave a level and return to it at once, as no fault does."""
    before, after = values[max(first - 3, 0) : first], values[last + 1 : last + 4]
    if last - first > 1 or min(before.size, after.size) < 2:
        return False
    left, right = float(np.median(before)), float(np.median(after))
    height = float(np.median(values[first : last + 1])) - (left + right) / 2
    around = max(float(np.ptp(before)), float(np.ptp(after)), abs(right - left))
    return around < _RETURN * abs(height)


def _stuck(draft: "Draft", name: str, column: str) -> list["Finding"]:
    places, values = known(draft, name)
    edges = np.concatenate([[0], np.flatnonzero(np.diff(values) != 0) + 1, [values.size]])
    lengths = np.diff(edges)
    if lengths.size < 10:  # held constant, or nearly; that is said elsewhere
        return []
    longest = int(np.argmax(lengths))
    usual = float(np.quantile(np.delete(lengths, longest), 0.99))
    start, stop = int(edges[longest]), int(edges[longest + 1]) - 1
    seconds = float(draft.time[places[stop]] - draft.time[places[start]])
    if lengths[longest] < max(_STUCK_SAMPLES, _STUCK_TIMES * usual) or seconds < _STUCK_SECONDS:
        return []
    if name in (SLIP_VELOCITY.name, SLIP.name) and _rests(draft, places[start : stop + 1]):
        return []
    first = float(draft.time[places[start]])
    level = (name, float(values[start]))
    stuck = Statement("findings.stuck", channel=name, level=level, seconds=seconds)
    remedy = correction_toml(
        "exclude", column=column, start=rounded(first), end=rounded(first + seconds)
    )
    return [issue_at(draft, stuck, int(places[start]), name, remedy)]


def _rests(draft: "Draft", places: NDArray[np.int64]) -> bool:
    """Whether the fault is held still, where a velocity of zero is a measurement."""
    velocity = draft.channels.get(SLIP_VELOCITY.name)
    return velocity is None or bool(np.all(velocity[places] == 0))


def _saturated(draft: "Draft", name: str) -> list["Finding"]:
    places, values = known(draft, name)
    distinct, counts = np.unique(values, return_counts=True)
    if distinct.size < _MANY_VALUES:
        return []
    usual = float(np.quantile(counts, 0.9))
    # Time at rest, or a load taken off, is no end of a sensor's range.
    ends = [(distinct[-1], counts[-1], counts[-4:-1])]
    ends += [(distinct[0], counts[0], counts[1:4])] if distinct[0] < 0 else []
    for end, count, beside in ends:
        # The last levels before the end are as rare as any, unless the sensor just rests there.
        if count >= _AT_THE_END * max(usual, float(np.max(beside)), 1.0) and end != 0:
            at = np.flatnonzero(values == end)
            saturated = Statement(
                "findings.saturated", channel=name, level=(name, float(end)), samples=int(count)
            )
            return [issue_at(draft, saturated, int(places[at[0]]), name)]
    return []


def _unloaded_ends(draft: "Draft") -> list["Finding"]:
    """Start-up and unloading, where friction is on its way from or to nothing."""
    friction = draft.channels[FRICTION.name]
    known = np.flatnonzero(np.isfinite(friction))
    if known.size < 3 * _NEIGHBOURS:
        return []
    values = friction[known]
    usual = float(np.median(values))
    squares = (values - usual) ** 2
    total = float(np.sum(squares))
    if not usual > 0 or not np.isfinite(total) or total == 0:
        return []
    up = np.flatnonzero(values >= 0.8 * usual)
    first, last = int(up[0]), int(up[-1])
    findings = []
    if _is_unloaded(values[0], first, values.size, usual):
        share = float(np.sum(squares[:first])) / total
        said = Statement("findings.start_up", samples=first, median=usual, share=share)
        crop = correction_toml("crop", start=rounded(draft.time[known[first]]))
        findings.append(issue_at(draft, said, int(known[first - 1]), FRICTION.name, crop))
    rest = values.size - 1 - last
    if _is_unloaded(values[-1], rest, values.size, usual):
        share = float(np.sum(squares[last + 1 :])) / total
        said = Statement("findings.unloading", samples=rest, median=usual, share=share)
        crop = correction_toml("crop", end=rounded(draft.time[known[last]]))
        findings.append(issue_at(draft, said, int(known[last + 1]), FRICTION.name, crop))
    return findings


def _is_unloaded(edge: float, count: int, samples: int, usual: float) -> bool:
    """Whether friction is low at an end; a single low sample is a spike, half a record no start."""
    return 1 < count < _LOADED * samples and edge <= _LOADED * usual
