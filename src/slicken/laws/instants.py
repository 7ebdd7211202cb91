"""Instants: when a load went from one velocity to another, and how well that is known."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_FEWEST, _APART = 20, 10.0
_MOST_BLOCKS = 400
_OFF, _SLACK = 3.0, 10.0


class Line(NamedTuple):
    """A stretch of a record of position, and the velocity in it.

    Args:
        first: Index of its first sample.
        stop: One after its last.
        velocity: Position per second.
        noise: Standard deviation of position about the line.
    """

    first: int
    stop: int
    velocity: float
    noise: float

    def and_then(self, other: "Line") -> "Line":
        """One line for this stretch and a later one; the longer weighs more, as in a fit."""
        lengths = np.array([self.stop - self.first, other.stop - other.first], np.float64)
        shares = lengths**3 / np.sum(lengths**3)
        velocity = float(shares @ [self.velocity, other.velocity])
        return Line(self.first, other.stop, velocity, float(shares @ [self.noise, other.noise]))


def robust(time: Floats, position: Floats, line: Line) -> Line:
    """The line with a velocity that a jump of position in it does not change.

    The median of slopes over a quarter of the stretch each: a jump is in a third of them at most.
    """
    count = line.stop - line.first
    if count < _FEWEST:
        return line
    span = slice(line.first, line.stop)
    edges = np.linspace(time[line.first], time[line.stop - 1], min(count // 2, _MOST_BLOCKS) + 1)
    first = np.unique(np.searchsorted(time[span], edges[:-1]))
    samples = np.diff(np.append(first, count))
    t, x = (np.add.reduceat(each[span], first) / samples for each in (time, position))
    lag = t.size // 4
    return line._replace(velocity=float(np.median((x[lag:] - x[:-lag]) / (t[lag:] - t[:-lag]))))


def is_plateau(time: Floats, position: Floats, line: Line, beside: tuple[Line, Line]) -> bool:
    """Whether a short stretch is one of constant velocity, and not part of a ramp.

    Its curvature is clearly less than that of a ramp from the stretch before to the one after.

    Args:
        time: Seconds, shape ``(T,)``.
        position: ``(T,)``.
        line: The short stretch.
        beside: Long stretches before and after.
    """
    count = line.stop - line.first
    before, after = beside
    took = float(time[after.first] - time[before.stop - 1])
    if count < _FEWEST or not took > 0:
        return False
    span = slice(line.first, line.stop)
    t = (time[span] - time[span].mean()) / max(float(np.ptp(time[span])), 1e-300)
    curves = np.polynomial.legendre.legvander(2 * t, 2)
    fit, *_ = np.linalg.lstsq(curves, position[span], rcond=None)
    noise = float(np.std(position[span] - curves @ fit)) * np.sqrt(5 / count)
    # A ramp of acceleration c over a span s has a second Legendre coefficient of c s^2 / 12.
    lasted = float(time[line.stop - 1] - time[line.first])
    ramp = abs(after.velocity - before.velocity) / took * lasted**2 / 12
    return bool(abs(fit[2]) + 2 * noise < ramp / 5) or _leads_out(line, beside, lasted)


def _leads_out(line: Line, beside: tuple[Line, Line], lasted: float) -> bool:
    """Whether a velocity is outside of those beside it, over more than noise can lead away."""
    slow, fast = sorted(each.velocity for each in beside)
    beyond = max(slow - line.velocity, line.velocity - fast)
    return beyond * lasted > _APART * line.noise


def meeting(time: Floats, position: Floats, before: Line, after: Line) -> tuple[float, float]:
    """When the line before meets the line after.

    Velocities are those of the whole stretches. Where each line is, the samples nearest to the
    change say, so that a sensor's slow wander does not matter. A servo's ramp counts as a step in
    its middle.

    Args:
        time: Seconds, shape ``(T,)``.
        position: ``(T,)``.
        before: Line before.
        after: Line after.

    Returns:
        The instant, s, and half the width in which it lies.
    """
    change = after.velocity - before.velocity
    last, first = before.stop, after.first
    lowest, highest = float(time[last - 1]), float(time[min(first, time.size - 1)])
    instant, half = (lowest + highest) / 2, (highest - lowest) / 2
    spacing = float(time[min(first, time.size - 1)] - time[min(first, time.size - 1) - 1])
    slack = _SLACK * (max(before.noise, after.noise) / abs(change) + spacing)
    for _ in range(3):
        ends = _beside(time, position, before, change, last, -1)
        begins = _beside(time, position, after, change, first, +1)
        if ends is None or begins is None:
            break
        found = (ends[0] - begins[0]) / change
        if not lowest - slack <= found <= highest + slack:
            break  # a jump, or a pulse of another velocity, is in between
        instant = float(found)
        half = 3 * float(np.hypot(ends[1], begins[1])) / abs(change)
        last, first = _ramp(time, position, (before, after), (ends, begins), instant)
    sample = int(np.clip(np.searchsorted(time, instant), 1, time.size - 1))
    ramp = float(time[min(first, time.size - 1)] - time[max(last - 1, 0)])
    spacing = float(time[sample] - time[sample - 1])
    return instant, max(half, spacing, ramp / 2 if ramp > 4 * spacing else 0.0)


def _beside(
    time: Floats, position: Floats, line: Line, change: float, edge: int, side: int
) -> tuple[float, float] | None:
    """Where a line is at time zero by its samples nearest to a change, and how well known."""
    span = slice(line.first, edge) if side < 0 else slice(edge, line.stop)
    if span.stop <= span.start:
        return None
    usual = float(time[span.stop - 1] - time[span.start]) / max(span.stop - span.start - 1, 1)
    many = _FEWEST
    if usual > 0:
        many = max(many, min(int(_APART * line.noise / (abs(change) * usual)), 10 * _FEWEST**2))
    near = slice(max(span.start, span.stop - many), span.stop)
    if side > 0:
        near = slice(span.start, min(span.stop, span.start + many))
    offsets = position[near] - line.velocity * time[near]
    spread = 1.4826 * float(np.median(np.abs(offsets - np.median(offsets))))
    return float(np.median(offsets)), 1.25 * spread / np.sqrt(max(offsets.size / 2, 1))


def _ramp(
    time: Floats,
    position: Floats,
    lines: tuple[Line, Line],
    offsets: tuple[tuple[float, float], tuple[float, float]],
    instant: float,
) -> tuple[int, int]:
    """One after the last sample on the line before, and the first on the line after."""
    before, after = lines
    place = int(np.clip(np.searchsorted(time, instant), before.first + 1, after.stop - 1))
    left, right = slice(before.first, place), slice(place, after.stop)
    off_before = position[left] - offsets[0][0] - before.velocity * time[left]
    off_after = position[right] - offsets[1][0] - after.velocity * time[right]
    on_before = np.flatnonzero(np.abs(off_before) <= _OFF * before.noise)
    on_after = np.flatnonzero(np.abs(off_after) <= _OFF * after.noise)
    last = before.first + int(on_before[-1]) + 1 if on_before.size else place
    first = place + int(on_after[0]) if on_after.size else place
    return last, first
