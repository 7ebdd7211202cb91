"""Events: velocity steps, holds and steps of normal stress, found in a record."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from slicken.laws.instants import Line, is_plateau, meeting, robust
from slicken.laws.load import load_of
from slicken.laws.results import Event
from slicken.laws.stress_steps import StressStep, stress_around, stress_steps
from slicken.laws.stretches import CLEAR, RATIO, Stretches, find_stretches

if TYPE_CHECKING:
    from slicken.experiment.samples import Samples

Floats = NDArray[np.float64]

RAMP = 1.2
"""A servo that takes up to this long, s, to change the velocity makes one step."""
HELD = 0.005
"""Slower than this fraction of the velocity before is a hold."""
_FEWEST = 8
_NEAR = 5.0


@dataclass(frozen=True)
class Run:
    """A stretch of the record in which the load moves at one velocity, stands, or turns back.

    Args:
        kind: ``moving``, ``held`` or ``back``.
        line: Its line.
        begin: First instant, s.
        end: Last instant, s.
    """

    kind: Literal["moving", "held", "back"]
    line: Line
    begin: float
    end: float


@dataclass(frozen=True)
class Change:
    """An instant at which velocity, or normal stress, changes.

    Args:
        start: Instant, s.
        uncertainty: Half a width, s.
        before: Run before.
        after: Run after; the same as before where only the stress changes.
        stress: Step of normal stress; None where velocity changes.
        resumed: When a hold ends, s; NaN for others, and where it never does.
        turned: How far the load turned back during a hold, m.
    """

    start: float
    uncertainty: float
    before: Run
    after: Run
    stress: StressStep | None = None
    resumed: float = np.nan
    turned: float = 0.0

    @property
    def end(self) -> float:
        """When what follows begins, s."""
        return self.start if np.isnan(self.resumed) else self.resumed


def find_events(samples: "Samples") -> tuple[Event, ...]:
    """The events of a record, in order, none of them judged.

    Args:
        samples: Record with displacement or velocity of the load point, or slip of the fault.

    Returns:
        Velocity steps by a factor of 1.3 or more, holds, and steps of normal stress by 5 % or
        more; empty where there is none.

    Raises:
        LawError: If nothing says how the load moved, or it never moves.
    """
    load = load_of(samples)
    known = np.flatnonzero(np.isfinite(load.position))
    time, position = samples.time[known], load.position[known]
    runs = _runs(time, position)
    changes = list(_changes(time, position, runs))
    changes += _stressed(samples, runs, changes)
    return tuple(
        _events(samples, position, time, sorted(changes, key=lambda each: each.start), runs)
    )


def _runs(time: Floats, position: Floats) -> list[Run]:
    """Stretches that are long enough, classified; those alike are one, whatever is between."""
    found = find_stretches(time, position)
    lines = [_line(found, index) for index in range(len(found))]
    runs = _classified(time, _without_ramps(time, position, lines))
    # Without the ramps between them, velocities are better known.
    return _classified(time, _measured_anew(time, position, [run.line for run in runs]))


def _without_ramps(time: Floats, position: Floats, lines: Sequence[Line]) -> list[Line]:
    """The stretches that are no part of a servo's ramp, no jump and no spike."""
    spans = [float(time[line.stop - 1] - time[line.first]) for line in lines]
    ramps = [
        span <= max(RAMP, 2.5 * span / max(line.stop - line.first - 1, 1))
        for span, line in zip(spans, lines, strict=True)
    ]
    kept: list[Line] = []
    for index, line in enumerate(lines):
        later = next((each for each in range(index + 1, len(lines)) if not ramps[each]), None)
        # What the record ends with is an event, if one that is too short.
        is_ramp = ramps[index] and (index + 1 < len(lines) or line.stop - line.first < _FEWEST // 2)
        if is_ramp:
            rest = Line(line.first, line.first + 1, 0.0, 0.0)
            stop = Line(line.stop - 1, line.stop, 0.0, 0.0)
            beside = (kept[-1] if kept else rest, stop if later is None else lines[later])
            is_ramp = not is_plateau(time, position, line, beside)
        if not is_ramp:
            kept.append(line)
    return kept


def _classified(time: Floats, lines: Sequence[Line]) -> list[Run]:
    runs: list[Run] = []
    moving = 0.0
    for line in lines:
        begin, end = float(time[line.first]), float(time[line.stop - 1])
        run = Run(_kind(line, end - begin, moving), line, begin, end)
        if runs and _alike(runs[-1], run):
            run = Run(run.kind, runs[-1].line.and_then(line), runs[-1].begin, end)
            runs.pop()
        elif runs and _is_slight(runs[-1].line, line, end - begin):
            continue
        if run.kind == "moving":
            moving = run.line.velocity
        runs.append(run)
    while runs and runs[0].kind != "moving":
        runs.pop(0)
    return runs


def _measured_anew(time: Floats, position: Floats, lines: Sequence[Line]) -> list[Line]:
    """Lines without the ramps between them, each with a velocity that no jump changes."""
    first, stop = [line.first for line in lines], [line.stop for line in lines]
    for index, (one, other) in enumerate(pairwise(lines)):
        instant, half = meeting(time, position, one, other)
        edge = int(np.searchsorted(time, instant - half, side="right"))
        stop[index] = max(edge, first[index] + _FEWEST // 2)
        edge = int(np.searchsorted(time, instant + half))
        first[index + 1] = min(edge, stop[index + 1] - _FEWEST // 2)
    return [
        robust(time, position, line._replace(first=first[index], stop=stop[index]))
        for index, line in enumerate(lines)
    ]


def _line(found: Stretches, index: int) -> Line:
    return Line(
        int(found.first[index]),
        int(found.stop[index]),
        float(found.velocity[index]),
        float(found.noise[index]),
    )


def _kind(line: Line, span: float, moving: float) -> Literal["moving", "held", "back"]:
    count = line.stop - line.first
    # Half a standard deviation of a wander that turns once, or less of noise that averages out.
    unsure = 1.5 * line.noise * np.sqrt(12 * min(1.0, 64 / count)) / max(span, 1e-300)
    still = max(HELD * moving, min(unsure, 0.1 * moving if moving else unsure))
    if abs(line.velocity) <= still:
        return "held"
    return "moving" if line.velocity > 0 else "back"


def _is_slight(before: Line, line: Line, span: float) -> bool:
    """Whether a stretch leads away from the one before no further than noise would."""
    noise = max(line.noise, min(before.noise, 4 * line.noise))
    return abs(line.velocity - before.velocity) * span < CLEAR * noise


def _alike(one: Run, other: Run) -> bool:
    if one.kind != other.kind:
        return False
    if one.kind != "moving":
        return True
    slow, fast = sorted((one.line.velocity, other.line.velocity))
    return fast < RATIO * slow


def _changes(time: Floats, position: Floats, runs: list[Run]) -> Iterator[Change]:
    moving = [index for index, run in enumerate(runs) if run.kind == "moving"]
    for one, other in pairwise(moving):
        before, after = runs[one], runs[other]
        if other == one + 1:
            yield Change(*meeting(time, position, before.line, after.line), before, after)
            continue
        held = runs[one + 1 : other]
        start, unsure = meeting(time, position, before.line, held[0].line)
        resumed, _ = meeting(time, position, held[-1].line, after.line)
        span = slice(held[0].line.first, held[-1].line.stop)
        turned = float(np.max(np.maximum.accumulate(position[span]) - position[span]))
        turned = turned if any(run.kind == "back" for run in held) else 0.0
        yield Change(start, unsure, before, after, resumed=max(resumed, start), turned=turned)
    after_last = runs[moving[-1] + 1 :] if moving else []
    if after_last and all(run.kind == "held" for run in after_last):
        before = runs[moving[-1]]
        yield Change(
            *meeting(time, position, before.line, after_last[0].line), before, after_last[0]
        )


def _stressed(samples: "Samples", runs: list[Run], changes: list[Change]) -> list[Change]:
    """Steps of normal stress while the load moves on at one velocity."""
    found = []
    for step in stress_steps(samples):
        here = [run for run in runs if run.begin < step.start < run.end]
        near = [each for each in changes if abs(each.start - step.start) < _NEAR]
        near += [each for each in changes if each.start < step.start < each.end]
        if here and here[0].kind == "moving" and not near:
            found.append(Change(step.start, step.uncertainty, here[0], here[0], stress=step))
    return found


def _events(
    samples: "Samples", position: Floats, time: Floats, changes: list[Change], runs: list[Run]
) -> Iterator[Event]:
    last_moving = max((run.end for run in runs if run.kind == "moving"), default=np.nan)
    begins = [runs[0].begin if runs else np.nan, *(each.end for each in changes)]
    for index, change in enumerate(changes):
        follows = changes[index + 1].start if index + 1 < len(changes) else last_moving
        stopped = change.after.kind == "held"
        event = Event(
            kind="hold" if stopped or not np.isnan(change.resumed) else "step",
            start=change.start,
            uncertainty=change.uncertainty,
            resumed=change.resumed,
            first=begins[index],
            last=change.after.end if stopped else max(follows, change.end),
            slip=float(np.interp(change.start, time, position)),
            before=change.before.line.velocity,
            after=0.0 if stopped else change.after.line.velocity,
        )
        if change.stress is not None:
            event = replace(event, kind="stress_step")
        before, after = stress_around(samples, event)
        yield replace(event, normal_stress=before, normal_stress_after=after)
