"""Stages: intervals of constant normal stress, found in a noisy record of it."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from slicken.experiment.change_points import change_points, is_step, penalty_of

_WIDTH = 5
_HOLD = 5
_SHORT = 30
_MEMORY = 60
_UNLOADED = 0.05


@dataclass
class _Piece:
    """Neighbouring samples of about one load; ``passing`` while the load is on its way."""

    start: int
    stop: int
    level: float
    passing: bool = False


@np.errstate(over="ignore", invalid="ignore")  # a load may be any number; squares of it are not
def find_stages(load: NDArray[np.float64], change: float) -> NDArray[np.int64]:
    """Number the intervals of constant load from 0.

    A new stage begins where the load leaves the running level by more than ``change`` of it
    (or by more than its noise) for five samples on end. While it is on its way to a new level
    it belongs to the stage it is going to. An excursion of fewer than 30 samples that comes
    back to its level is no stage. Where the load wanders by a quarter of ``change`` or more by
    itself, stages begin at its :func:`change points
    <slicken.experiment.change_points.change_points>` instead. What a straight line describes
    better than two levels, or in noise a smooth trend better than a step, is a ramp or a drift,
    and no change of stage.

    Args:
        load: Normal stress or force, shape ``(T,)``; NaN in gaps.
        change: Relative change that counts.

    Returns:
        Stage of each sample, shape ``(T,)``.

    >>> find_stages(np.repeat([1.0, 3.0, 2.0], 40), 0.05)[[0, 39, 40, 79, 80]].tolist()
    [0, 0, 1, 1, 2]
    """
    load = _filled(load)
    smooth = _median_filtered(load)
    wander = _wander(smooth)
    if wander > 0.25 * change * float(np.median(np.abs(smooth))):
        stages = _sudden(_joined(_cut(load), change), load)
    else:
        pieces = _pieces(smooth, change, max(_noise(load), wander))
        _mark_passing(pieces, smooth, change)
        stages = _stepped(_joined(pieces, change), smooth)
    for earlier, later in pairwise(stages):
        if not later.passing:
            earlier.stop = later.start = _sharp_edge(load, earlier, later)
    numbers = np.zeros(load.size, np.int64)
    for number, stage in enumerate(stages):
        numbers[stage.start : stage.stop] = number
    return numbers


def _wander(smooth: NDArray[np.float64]) -> float:
    """Standard deviation of the load's slow noise, deaf to its steps and ramps."""
    from scipy.ndimage import median_filter

    if smooth.size < 4 * _MEMORY:
        return 0.0
    around = np.abs(smooth - median_filter(smooth, 2 * _MEMORY + 1, mode="nearest"))
    return 1.4826 * float(np.median(around))


def _cut(load: NDArray[np.float64]) -> list[_Piece]:
    edges = [0, *change_points(load), load.size]
    return [
        _Piece(start, stop, float(np.median(load[start:stop]))) for start, stop in pairwise(edges)
    ]


def _sudden(stages: list[_Piece], load: NDArray[np.float64]) -> list[_Piece]:
    """Join neighbours between which the load drifts, as far as its noise lets one tell."""
    count, kept, penalty = len(stages), [stages[0]], penalty_of(load)
    for stage in stages[1:]:
        before = kept[-1]
        if is_step(load, stage.start, (before.start, stage.stop), penalty):
            kept.append(stage)
        else:
            before.stop = stage.stop
            before.level = float(np.median(load[before.start : stage.stop]))
    return kept if len(kept) == count else _sudden(kept, load)


def _stepped(stages: list[_Piece], smooth: NDArray[np.float64]) -> list[_Piece]:
    """Join neighbours that a straight line describes better than their two levels."""
    count, kept = len(stages), [stages[0]]
    for stage in stages[1:]:
        before = kept[-1]
        both = smooth[before.start : stage.stop]
        levels = np.repeat([before.level, stage.level], [before.stop - before.start,
                                                         stage.stop - stage.start])  # fmt: skip
        if both.size >= _SHORT and _from_line(both) < float(np.sum(np.abs(both - levels))):
            before.stop = stage.stop
            before.level = float(np.median(both))
        else:
            kept.append(stage)
    # A ramp that was cut up into short pieces only looks like one when some of them are joined.
    return kept if len(kept) == count else _stepped(kept, smooth)


def _from_line(values: NDArray[np.float64]) -> float:
    place = np.arange(values.size) - (values.size - 1) / 2
    slope = float(np.sum(place * values) / np.sum(place**2))
    return float(np.sum(np.abs(values - np.mean(values) - slope * place)))


def _filled(load: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gaps hold the load that was there before them."""
    known = np.flatnonzero(np.isfinite(load))
    if known.size == 0:
        return np.zeros(load.size)
    return load[known[(np.searchsorted(known, np.arange(load.size), side="right") - 1).clip(0)]]


def _median_filtered(load: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.pad(load, _WIDTH // 2, mode="edge")
    filtered: NDArray[np.float64] = np.median(
        np.lib.stride_tricks.sliding_window_view(padded, _WIDTH), axis=1
    )
    return filtered


def _noise(load: NDArray[np.float64]) -> float:
    """Standard deviation of a running median of the load's noise, deaf to its steps."""
    jumps = np.abs(np.diff(load))
    sigma = float(np.median(jumps)) / (0.6745 * np.sqrt(2)) if jumps.size else 0.0
    return 1.25 * sigma / float(np.sqrt(_WIDTH))


def _pieces(smooth: NDArray[np.float64], change: float, noise: float) -> list[_Piece]:
    """Cut where the load stays away from its running level."""
    floor = _UNLOADED * float(np.median(np.abs(smooth)))
    starts, level, seen, away = [0], float(smooth[0]), 1, 0
    for index, load in enumerate(smooth.tolist()):
        if abs(load - level) > max(change * max(abs(level), floor), 4 * noise):
            away += 1
        else:
            # A level that follows slowly lets a servo drift, but not ramp.
            away, seen = 0, min(seen + 1, _MEMORY)
            level += (load - level) / seen
        if away == _HOLD:
            starts.append(index - _HOLD + 1)
            level, seen, away = float(np.median(smooth[starts[-1] : index + 1])), _HOLD, 0
    stops = [*starts[1:], smooth.size]
    return [
        _Piece(start, stop, float(np.median(smooth[start:stop])))
        for start, stop in zip(starts, stops, strict=True)
    ]


def _mark_passing(pieces: list[_Piece], smooth: NDArray[np.float64], change: float) -> None:
    for piece in pieces:
        size = piece.stop - piece.start
        third = max(size // 3, 1)
        drift = abs(
            float(np.median(smooth[piece.stop - third : piece.stop]))
            - float(np.median(smooth[piece.start : piece.start + third]))
        )
        moving = drift > 0.25 * change * abs(piece.level)
        piece.passing = size < 2 * _HOLD or (size < _SHORT and moving)


def _joined(pieces: list[_Piece], change: float) -> list[_Piece]:
    """Pieces on the way join the piece they lead to; equal neighbours become one."""
    stages: list[_Piece] = []
    waiting: _Piece | None = None
    for piece in pieces:
        if piece.passing and piece is not pieces[-1]:
            waiting = waiting or piece
            continue
        start = piece.start if waiting is None else waiting.start
        same = stages and abs(piece.level - stages[-1].level) <= change * abs(stages[-1].level)
        brief = piece.passing and piece.stop - piece.start < 2 * _HOLD
        if same or (stages and brief and waiting is None):
            stages[-1].stop = piece.stop
        else:
            stages.append(_Piece(start, piece.stop, piece.level, passing=waiting is not None))
        waiting = None
    return stages


def _sharp_edge(load: NDArray[np.float64], earlier: _Piece, later: _Piece) -> int:
    """The cut that leaves the least spread around the two levels, near the one found."""
    low = max(earlier.start + 1, later.start - 2 * _HOLD)
    high = min(later.stop - 1, later.start + 2 * _HOLD)
    near = load[low:high]
    gain = np.abs(near - later.level) - np.abs(near - earlier.level)
    # Cutting at k gives near[:k] to the earlier stage, near[k:] to the later one.
    return low + int(np.argmax(np.concatenate([[0.0], np.cumsum(gain)])))
