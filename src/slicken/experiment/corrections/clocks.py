"""Clocks: corrections of a time that does not rise, and of the rows that hold it."""

from typing import TYPE_CHECKING

import numpy as np

from slicken.errors import ChannelError
from slicken.experiment.corrections.formulas import spread_times
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.experiment.corrections import kinds
    from slicken.experiment.corrections.worktable import Worktable


def rise(table: "Worktable", repeated: "kinds.RepeatedTime") -> Statement:
    """Make a time rise that stands still in places; says what was done, as the others do.

    Raises:
        ChannelError: If time runs backward, or stands still in all rows.
    """
    time = table.time()
    known = np.flatnonzero(np.isfinite(time))
    steps = np.diff(time[known])
    if not np.any(steps > 0) or np.any(steps < 0):
        back = np.flatnonzero(steps < 0)
        where = f"row {table.log.rows[known[back[0] + 1]]}: " if back.size else ""
        what = "runs backward; mend that first" if back.size else "stands still in all rows"
        raise ChannelError(f"{where}time {what}, so that no sample can be put in its place")
    same = int(np.sum(steps == 0))
    if repeated.keep == "all":
        values = np.array(table.log.column(table.time_column or ""))
        moved = spread_times(time[known]) - time[known]
        values[known] += moved * table.per_second()
        table.put(table.time_column or "", values)
        return Statement("steps.times_spread", samples=same)
    firsts = np.concatenate([[True], steps > 0])
    if repeated.keep == "mean":
        table.merge(known, np.cumsum(firsts) - 1)
        untimed = int(time.size - known.size)
        if untimed:
            return Statement("steps.times_averaged_untimed", samples=same, rows=untimed)
        return Statement("steps.times_averaged", samples=same)
    chosen = firsts if repeated.keep == "first" else np.concatenate([steps > 0, [True]])
    kept = np.ones(time.size, np.bool_)
    kept[known[~chosen]] = False
    table.keep(kept)
    if repeated.keep == "first":
        return Statement("steps.times_first", samples=same)
    return Statement("steps.times_last", samples=same)


def run_on(table: "Worktable", onward: "kinds.RunOn") -> Statement:
    """Shift the time from a row on.

    Raises:
        ChannelError: If there is no such row, or no time to go on from.
    """
    time, place = table.time(), _place(table, onward.row)
    by = onward.by
    if by is None:
        before = time[:place][np.isfinite(time[:place])]
        if not before.size or not np.isfinite(time[place]):
            raise ChannelError(f"row {onward.row}: no time here, or none before; use 'by'")
        by = float(before[-1]) + (onward.pause or 0.0) - float(time[place])
    values = np.array(table.log.column(table.time_column or ""))
    values[place:] += by * table.per_second()
    table.put(table.time_column or "", values)
    shifted = {"row": onward.row, "shift": by}
    if onward.pause is None:
        return Statement("steps.time_shifted", **shifted)
    return Statement("steps.time_shifted_after_pause", **shifted, pause=onward.pause)


def choose_rows(table: "Worktable", chosen: "kinds.Rows") -> Statement:
    """Keep some rows of the file, or all others.

    Raises:
        ChannelError: If fewer than two samples are left.
    """
    rows = table.log.rows
    first = int(rows[0]) if chosen.first is None else chosen.first
    last = int(rows[-1]) if chosen.last is None else chosen.last
    inside = (rows >= first) & (rows <= last)
    kept = inside if chosen.keep == "inside" else ~inside
    if kept.sum() < 2:
        raise ChannelError(
            f"fewer than two samples are left; the log has rows {rows[0]} to {rows[-1]}"
        )
    table.keep(kept)
    what = {"first": first, "last": last, "count": int((~kept).sum()), "samples": int(kept.size)}
    if chosen.keep == "inside":
        return Statement("steps.rows_kept", **what)
    return Statement("steps.rows_left_out", **what)


def _place(table: "Worktable", row: int) -> int:
    """The sample of a line of the file."""
    rows = table.log.rows
    found = np.flatnonzero(rows == row)
    if not found.size:
        raise ChannelError(f"no sample in row {row}; the log has rows {rows[0]} to {rows[-1]}")
    return int(found[0])
