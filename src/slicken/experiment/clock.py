"""Clock: a log's time must run forward; what stands still, turns back or leaps is found here."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.errors import ExperimentError
from slicken.experiment.quality.clock_faults import longest_stretch
from slicken.experiment.quality.issues import correction_toml
from slicken.logs.finding import Finding
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.experiment.draft import Draft

_SHOWN = 3


def crop(draft: "Draft", start: float | None, end: float | None) -> "Draft":
    """The draft from ``start`` to ``end`` seconds on the log's clock.

    Raises:
        ExperimentError: If nothing is left.
    """
    known = np.isfinite(draft.time)
    missing = np.flatnonzero(~known)
    if missing.size:
        untimed = Statement("findings.untimed_rows", rows=int(missing.size))
        finding = Finding(untimed, row=int(draft.rows[missing[0]]))
        draft = draft.keep(known).note([finding])
    if draft.time.size < 2:
        raise ExperimentError(
            f"{draft.source}: fewer than two rows have a time; is the right column the time?"
        )
    if start is None and end is None:
        return draft
    first, last = float(draft.time.min()), float(draft.time.max())
    lowest, highest = -np.inf if start is None else start, np.inf if end is None else end
    inside = (draft.time >= lowest) & (draft.time <= highest)
    if inside.sum() < 2:
        raise ExperimentError(
            f"{draft.source}: fewer than two samples from start = {lowest:g} to end = {highest:g} "
            f"s; the log's clock runs from {first:g} to {last:g} s"
        )
    ends = [] if start is None else [Statement("steps.before", time=start)]
    ends += [] if end is None else [Statement("steps.after", time=end)]
    numbers = {"count": int((~inside).sum()), "samples": int(inside.size)}
    return draft.keep(inside).record(Statement("steps.cropped", ends=tuple(ends), **numbers))


def run_forward(draft: "Draft", longest: float) -> "Draft":
    """The draft without rows that repeat the one before, once its time runs forward.

    Args:
        draft: The experiment in the making.
        longest: Longest step in s that is no gap.

    Raises:
        ExperimentError: If time stands still, runs backward, or leaps by more than the rest
            of the record; says in which row and at what time.
    """
    draft = _without_repeated_rows(draft)
    if draft.time.size < 2:
        raise ExperimentError(
            f"{draft.source}: time stands still at {draft.time[0]:g} s in all rows; "
            "is the right column the time?"
        )
    steps = np.diff(draft.time)
    wrong = np.flatnonzero(steps <= 0)
    if wrong.size:
        raise ExperimentError(_not_forward(draft, int(wrong[0]) + 1, int(wrong.size)))
    leap = int(np.argmax(steps))
    rest = float(steps.sum() - steps[leap])
    if steps.size > 1 and steps[leap] > longest and steps[leap] > rest:
        before, after = draft.time[leap], draft.time[leap + 1]
        raise ExperimentError(
            f"{draft.source}: row {draft.rows[leap + 1]}: time jumps by {steps[leap]:g} s, from "
            f"{before:.10g} to {after:.10g} s, more than the rest of the record ({rest:g} s); mend "
            "the row, or keep one side with start or end under [preparation] of a channel map; "
            "slicken inspect proposes a correction"
        )
    return draft.note(_gaps(draft, steps, longest))


def _without_repeated_rows(draft: "Draft") -> "Draft":
    same = np.diff(draft.time) == 0
    for values in draft.channels.values():
        same &= (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
    repeated = np.flatnonzero(same) + 1
    if not repeated.size:
        return draft
    finding = Finding(
        Statement("findings.repeated_rows", rows=int(repeated.size)),
        row=int(draft.rows[repeated[0]]),
        time=float(draft.time[repeated[0]]),
        correction=correction_toml("repeated-time", keep="first"),
    )
    return draft.keep(np.concatenate([[True], ~same])).note([finding])


def _not_forward(draft: "Draft", index: int, count: int) -> str:
    before, now = draft.time[index - 1], draft.time[index]
    more = f" (and in {count - 1} more rows)" if count > 1 else ""
    where = f"{draft.source}: row {draft.rows[index]}"
    if now == before:
        return (
            f"{where}: time stands still at {now:.10g} s{more}; expected it to rise from row to "
            "row: remove these rows, or use a column that counts finer; slicken inspect proposes a "
            "correction"
        )
    return (
        f"{where}: time runs backward, from {before:.10g} to {now:.10g} s{more}; expected it to "
        "rise from row to row: put each run in a file of its own, or use a column that runs on; "
        "slicken inspect proposes a correction"
    )


def _gaps(draft: "Draft", steps: NDArray[np.float64], longest: float) -> list[Finding]:
    gaps = np.flatnonzero(steps > longest)
    # One correction is for all gaps: the longest stretch that has none.
    remedy = correction_toml("crop", **longest_stretch(draft.time, longest)) if gaps.size else ""
    findings = [
        Finding(
            Statement("findings.gap", seconds=float(steps[index]), longest=float(longest)),
            row=int(draft.rows[index + 1]),
            time=float(draft.time[index]),
            value=float(steps[index]),
            correction=remedy if index == gaps[0] else "",
        )
        for index in gaps[:_SHOWN]
    ]
    if gaps.size > _SHOWN:
        more = Statement("findings.more_gaps", count=int(gaps.size) - _SHOWN)
        findings.append(Finding(more))
    return findings
