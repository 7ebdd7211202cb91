"""Clock faults: where a log's time repeats, turns back or leaps, and what would mend it."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.experiment.quality.issues import correction_toml
from slicken.logs.finding import Finding
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.experiment.draft import Draft

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

_FEW = 3
"""Rows in a row whose time is a slip; more of them are a clock that was set."""
_MOST = 20
_COARSE = 1.5
_ANEW = 2.0


def find_clock_faults(draft: "Draft") -> list[Finding]:
    """What is wrong with a time that does not rise from row to row; nothing where it does.

    Of some rows that do not fit between their neighbours, the time is a slip. Where it turns back
    for good, a clock was set back, or another run begins. Where it stands still, a sample was
    written twice, or the clock counts coarser than the log.

    Args:
        draft: Samples as the log has them, each with a time.

    Returns:
        A finding for each kind, at its first row, with the corrections that make time rise.
    """
    time, rows = draft.time, draft.rows
    rising = np.diff(time)[np.diff(time) > 0]
    if not rising.size or np.sum(np.diff(time) < 0) > _MOST:
        return []  # no clock at all
    step = float(f"{np.median(rising):.6g}")
    slips = _slips(time, step)
    findings = _slip_findings(time, rows, slips)
    inside = np.ones(time.size, np.bool_)
    inside[[place for group in slips for place in group]] = False
    time, rows = time[inside], rows[inside]
    findings += _backward_findings(time, rows, step)
    # What comes now is looked for in a time that is mended so far.
    time, rows = _turned_forward(time, rows, step)
    findings += _repeated_findings(time, rows)
    return findings + _leap_findings(time, rows, step)


def longest_stretch(time: Floats, longest: float) -> dict[str, float]:
    """Start and end of the stretch without a gap that has most samples; an end of the log is none.

    Args:
        time: Seconds, rising, shape ``(S,)``.
        longest: Longest step in s that is no gap.

    >>> longest_stretch(np.array([0.0, 1.0, 50.0, 51.0, 52.0]), 3.0)
    {'start': 50.0}
    """
    start, stop = _largest([0, *np.flatnonzero(np.diff(time) > longest) + 1, time.size])
    bounds = {"start": float(time[start])} if start else {}
    return bounds | ({"end": float(time[stop - 1])} if stop < time.size else {})


def _largest(edges: Sequence[int]) -> tuple[int, int]:
    start, stop = max(pairwise(edges), key=lambda piece: piece[1] - piece[0])
    return int(start), int(stop)


def _slips(time: Floats, step: float) -> list[Rows]:
    """Groups of a few rows that are out of order, while the rows around them run on."""
    if not np.any(np.diff(time) < 0):
        return []
    odd = np.flatnonzero(~_in_order(time))
    groups = np.split(odd, np.flatnonzero(np.diff(odd) > 1) + 1)
    return [group for group in groups if _is_slip(time, group, step)]


def _is_slip(time: Floats, group: Rows, step: float) -> bool:
    before, after = int(group[0]) - 1, int(group[-1]) + 1
    if group.size > _FEW or (before < 0 and after >= time.size):
        return False
    if before < 0 or after >= time.size:
        return True
    steps = group.size + 1
    # The clock went on meanwhile; one that was set back would be where it was before.
    return bool(time[after] - time[before] >= 0.5 * steps * step)


def _in_order(time: Floats) -> NDArray[np.bool_]:
    """The most rows whose times never fall: a longest non-decreasing subsequence."""
    ends: list[float] = []  # the least time with which this many rows in order can end
    places: list[int] = []
    previous = np.full(time.size, -1, np.int64)
    for place, value in enumerate(time.tolist()):
        length = bisect_right(ends, value)
        previous[place] = places[length - 1] if length else -1
        if length == len(ends):
            ends.append(value)
            places.append(place)
        else:
            ends[length], places[length] = value, place
    kept = np.zeros(time.size, np.bool_)
    place = places[-1]
    while place >= 0:
        kept[place] = True
        place = int(previous[place])
    return kept


def _slip_findings(time: Floats, rows: Rows, slips: Sequence[Rows]) -> list[Finding]:
    if not slips:
        return []
    remedies = [
        correction_toml(
            "rows", first=int(rows[group[0]]), last=int(rows[group[-1]]), keep="outside"
        )
        for group in slips
    ]
    count, first = sum(group.size for group in slips), int(slips[0][0])
    slip = Statement("findings.clock_slip", rows=count)
    return [_at(time, rows, first, slip, "\n".join(remedies))]


def _turns(time: Floats) -> Rows:
    return np.flatnonzero(np.diff(time) < 0) + 1


def _begins_anew(time: Floats, step: float) -> bool:
    """Whether time turns back to where the log began, each time that it does."""
    return bool(np.all(time[_turns(time)] <= time[0] + _ANEW * step))


def _turned_forward(time: Floats, rows: Rows, step: float) -> tuple[Floats, Rows]:
    """Time and rows with what is proposed where time turns back."""
    turns = _turns(time)
    if not turns.size:
        return time, rows
    if _begins_anew(time, step):
        start, stop = _largest([0, *turns, time.size])
        return time[start:stop], rows[start:stop]
    time = np.array(time)
    for turn in turns:
        time[turn:] += time[turn - 1] + step - time[turn]
    return time, rows


def _backward_findings(time: Floats, rows: Rows, step: float) -> list[Finding]:
    turns = _turns(time)
    if not turns.size:
        return []
    run_on = "\n".join(correction_toml("run-on", row=int(rows[turn]), pause=step) for turn in turns)
    first = int(turns[0])
    ends = {"before": float(time[first - 1]), "after": float(time[first])}
    times = int(turns.size)
    if _begins_anew(time, step):
        restarted = Statement("findings.clock_restarted", **ends, times=times)
        keep = _keep(rows, _largest([0, *turns, time.size]))
        return [_at(time, rows, first, restarted, keep, run_on)]
    set_back = Statement("findings.clock_set_back", **ends, times=times)
    return [_at(time, rows, first, set_back, run_on)]


def _repeated_findings(time: Floats, rows: Rows) -> list[Finding]:
    again = np.flatnonzero(np.diff(time) == 0) + 1
    if not 0 < again.size < time.size - 1:  # none, or all that is left stands still
        return []
    each = time.size / (time.size - again.size)
    samples = int(again.size)
    if each >= _COARSE:
        repeated = Statement("findings.clock_coarse", samples=samples, each=each)
        remedy = correction_toml("repeated-time", keep="all")
    else:
        repeated = Statement("findings.clock_repeated", samples=samples)
        remedy = correction_toml("repeated-time", keep="first")
    return [_at(time, rows, int(again[0]), repeated, remedy)]


def _leaps(time: Floats, step: float) -> list[int]:
    """Steps that are longer than the rest of the record, each without those found before."""
    steps, leaps = np.maximum(np.diff(time), 0.0), list[int]()
    while steps.size > 1 and len(leaps) < _MOST:
        leap = int(np.argmax(steps))
        if steps[leap] <= float(np.sum(steps)) - steps[leap] or steps[leap] <= step:
            break
        leaps.append(leap)
        steps[leap] = step
    return leaps


def _leap_findings(time: Floats, rows: Rows, step: float) -> list[Finding]:
    leaps = _leaps(time, step)
    if not leaps:
        return []
    first, after = leaps[0], leaps[0] + 1
    leap = Statement("findings.clock_leap", seconds=float(time[after] - time[first]))
    side = _keep(rows, _largest([0, after, time.size]))
    run_on = "\n".join(
        correction_toml("run-on", row=int(rows[place + 1]), pause=step) for place in sorted(leaps)
    )
    if len(leaps) > 1:
        return [_at(time, rows, after, leap, run_on)]
    if min(after, time.size - after) <= _FEW:
        return [_at(time, rows, after, leap, side)]
    return [_at(time, rows, after, leap, run_on, side)]


def _keep(rows: Rows, piece: tuple[int, int]) -> str:
    """The correction that keeps these samples alone."""
    start, stop = piece
    bounds = {"first": int(rows[start])} if start else {}
    bounds |= {"last": int(rows[stop - 1])} if stop < rows.size else {}
    return correction_toml("rows", **bounds)


def _at(
    time: Floats, rows: Rows, place: int, statement: Statement, remedy: str, other: str = ""
) -> Finding:
    return Finding(
        statement,
        row=int(rows[place]),
        time=float(time[place]),
        correction=remedy,
        alternative=other,
    )
