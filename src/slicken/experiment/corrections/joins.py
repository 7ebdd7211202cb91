"""Joins: the files of one run, put one after another; rows that two of them hold are kept once."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.errors import ChannelError
from slicken.logs.finding import Finding
from slicken.logs.log import Log
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.experiment.corrections.kinds import Join
    from slicken.experiment.corrections.worktable import Worktable

_SAME = 1e-6


def join_files(table: "Worktable", join: "Join", folder: Path | None) -> Statement:
    """Put files after a log, without the rows that it has already.

    Args:
        table: The log.
        join: The files, in order.
        folder: Their folder.

    Returns:
        What was done.

    Raises:
        ChannelError: If there is no folder, a column does not fit, or two files disagree about an
            instant that both hold.
        LogError: If a file cannot be read.
    """
    from slicken.logs.readers import read_log

    if folder is None:
        raise ChannelError("files can be joined only to a log that is read from a folder")
    others, last = list[Statement](), table.log.source
    for name in join.names(table.log.name):
        same = Path(name).suffix.lower() == Path(table.log.source).suffix.lower()
        other = read_log(folder / name, table=table.log.table if same else "")
        if join.pause is not None:
            other = _shifted(table, other, join.pause)
        repeated = _repeated(table, other, last)
        if repeated:
            overlapped = Statement("findings.overlapped", name=other.source, count=repeated)
            table.findings.append(Finding(overlapped))
        if repeated < len(other):
            table.append(_from(other, repeated))
        others.append(Statement("steps.file", name=name, samples=len(other), sha256=other.sha256))
        last = other.source
    files, count = tuple(others), len(others)
    if join.pause is None:
        table.findings.append(Finding(Statement("findings.joined", files=count)))
        return Statement("steps.joined", files=files)
    paused = Statement("findings.joined_after_pause", files=count, pause=join.pause)
    table.findings.append(Finding(paused))
    return Statement("steps.joined_after_pause", files=files, pause=join.pause)


def _repeated(table: "Worktable", other: Log, last: str) -> int:
    """How many rows a file begins with that the log so far has too.

    A clock that begins anew, and one that does not rise, are left to the check of time.
    """
    column = table.time_column or ""
    if column not in table.log.values or column not in other.values:
        return 0
    ours, theirs = table.log.column(column), other.column(column)
    count = int(np.sum(theirs <= ours[-1]))
    if not count:
        return 0
    if count <= len(table.log) and _are_the_last(table.log, other, count):
        return count
    if theirs[0] <= ours[0] or not (_rises(ours) and _rises(theirs)):
        return 0
    _check_agreement(table, other, count, last)
    return count


def _are_the_last(log: Log, other: Log, count: int) -> bool:
    return all(
        name in other.values
        and np.array_equal(values[-count:], other.column(name)[:count], equal_nan=True)
        for name, values in log.values.items()
    )


def _rises(time: NDArray[np.float64]) -> bool:
    return bool(np.all(np.diff(time) > 0))


def _check_agreement(table: "Worktable", other: Log, count: int, last: str) -> None:
    """That a log holds the first rows of a file, at the same times with the same numbers."""
    column = table.time_column or ""
    ours, theirs = table.log.column(column), other.column(column)[:count]
    tolerance = _SAME * float(np.median(np.diff(ours)))
    places = np.searchsorted(ours, theirs - tolerance)
    foreign = np.flatnonzero(np.abs(ours[places] - theirs) > tolerance)
    advice = "; give pause = SECONDS if its clock begins anew, else leave out the rows of one file"
    if foreign.size:
        raise ChannelError(
            f"{other.source} has a row at {_seconds(table, theirs[foreign[0]])} s, between rows of "
            f"{last} and unlike them{advice}"
        )
    for name, values in table.log.values.items():
        mine, its = values[places], other.column(name)[:count]
        apart = np.flatnonzero(~np.isclose(mine, its, rtol=_SAME, atol=0, equal_nan=True))
        if apart.size:
            first = apart[0]
            raise ChannelError(
                f"{last} and {other.source} disagree at {_seconds(table, theirs[first])} s: "
                f"{name!r} is {mine[first]:g} and {its[first]:g}{advice}"
            )


def _seconds(table: "Worktable", value: float) -> str:
    return f"{value / table.per_second():.10g}"


def _from(log: Log, first: int) -> Log:
    kept = {name: values[first:] for name, values in log.values.items()}
    return replace(log, values=kept, rows=log.rows[first:])


def _shifted(table: "Worktable", other: Log, pause: float) -> Log:
    column = table.time_column or ""
    table.time()  # raises where no column is the time
    times = other.column(column)
    last = float(table.log.column(column)[-1])
    moved = times - times[0] + last + pause * table.per_second()
    return Log(
        other.name,
        other.source,
        other.sha256,
        {**other.values, column: moved},
        other.rows,
        other.units,
    )
