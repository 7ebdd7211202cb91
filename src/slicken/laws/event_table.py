"""Event table: events as comma-separated values that a user can correct, and read back."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from slicken.errors import LawError, shown
from slicken.laws.events import HELD
from slicken.laws.instants import Line, robust
from slicken.laws.load import load_of
from slicken.laws.results import Event, EventKind
from slicken.laws.stress_steps import CHANGE, stress_around

if TYPE_CHECKING:
    from slicken.experiment.samples import Samples

Floats = NDArray[np.float64]

_NUMBERS: Mapping[str, tuple[str, float]] = {
    "start_s": ("start", 1.0),
    "uncertainty_s": ("uncertainty", 1.0),
    "resumed_s": ("resumed", 1.0),
    "first_s": ("first", 1.0),
    "last_s": ("last", 1.0),
    "before_um_s": ("before", 1e6),
    "after_um_s": ("after", 1e6),
    "slip_um": ("slip", 1e6),
    "normal_stress_MPa": ("normal_stress", 1e-6),
    "normal_stress_after_MPa": ("normal_stress_after", 1e-6),
}
COMMENT = "#"
"""What a line begins with that is not read."""
_COLUMNS = ("kind", *_NUMBERS, "problem")
_NOT_READ = ("problem", "held_s", "record", "event")
_LARGEST = 10_000_000
_FEW_SAMPLES = 3.0


def events_table(events: Sequence[Event], problems: Sequence[str] = ()) -> str:
    """A table of events that :func:`read_events` reads.

    Args:
        events: Events.
        problems: Words for the problem of each; keys of the statements where they are not given.

    Returns:
        Text with one row an event: times in s, slip in um, velocities in um/s, stress in MPa.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for index, event in enumerate(events):
        numbers = [
            _written(
                factor * getattr(event, name),
                ".3f" if column.endswith("_s") and factor == 1 else ".6g",
            )
            for column, (name, factor) in _NUMBERS.items()
        ]
        problem = "" if event.problem is None else event.problem.key
        writer.writerow([event.kind, *numbers, problems[index] if problems else problem])
    return text.getvalue()


def read_events(path: str | Path, samples: "Samples") -> tuple[Event, ...]:
    """Events from a table that a user made or corrected.

    Args:
        path: File of comma-separated values with a column ``start_s``; other columns are those of
            :func:`events_table`. What a row leaves blank is measured in the record; a line that
            begins with ``#`` is a comment.
        samples: Record.

    Raises:
        LawError: If the file cannot be read, or a row does not fit the record.
    """
    path = Path(path)
    rows = _rows(path)
    if not rows:
        raise LawError(f"{path}: no event in it; expected a row for each below the column names")
    rows.sort(key=lambda row: row[1]["start_s"])
    load = load_of(samples)
    known = np.isfinite(load.position)
    time, position = samples.time[known], load.position[known]
    events: list[Event] = []
    for index, (number, row) in enumerate(rows):
        before = rows[index - 1][1] if index else {}
        begin = before.get("resumed_s", before.get("start_s", float(time[0])))
        end = rows[index + 1][1]["start_s"] if index + 1 < len(rows) else float(time[-1])
        row = {"first_s": begin, "last_s": end} | row
        _check_order(f"{path}: row {number}", row, samples)
        events.append(_measured(row, samples, time, position))
    return tuple(events)


def _written(value: float, form: str) -> str:
    return "" if np.isnan(value) else format(value, form)


def _rows(path: Path) -> list[tuple[int, dict[str, float]]]:
    try:
        if path.stat().st_size > _LARGEST:
            raise LawError(f"{path}: no table of events; expected a short file")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
        raise LawError(f"{path}: cannot be read as a table of events: {why}") from problem
    kept = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and line[0] != COMMENT]
    table = csv.reader(line for _, line in kept)
    names = [name.strip() for name in next(table, [])]
    unknown = [name for name in names if name not in (*_COLUMNS, *_NOT_READ)]
    if "start_s" not in names or unknown:
        what = f"unknown column {shown(unknown[0])}" if unknown else "no column 'start_s'"
        raise LawError(f"{path}: {what}; columns of a table of events are {', '.join(_COLUMNS)}")
    return [
        (number, _row(f"{path}: row {number}", names, cells))
        for (number, _), cells in zip(kept[1:], table, strict=True)
    ]


def _row(where: str, names: Sequence[str], cells: Sequence[str]) -> dict[str, float]:
    """Numbers of a row, and ``kind`` as its place among the kinds; blank cells are left out."""
    if len(cells) != len(names):
        raise LawError(f"{where}: {len(cells)} cells, expected {len(names)}, as in the first row")
    row: dict[str, float] = {}
    for name, cell in zip(names, (cell.strip() for cell in cells), strict=True):
        if name == "kind" and cell:
            kinds = get_args(EventKind)
            if cell not in kinds:
                raise LawError(f"{where}: kind {shown(cell)}; choose {', '.join(kinds)}")
            row[name] = kinds.index(cell)
        elif name in _NUMBERS and cell:
            row[name] = _number(f"{where}: {name}", cell)
    if "start_s" not in row:
        raise LawError(f"{where}: start_s is blank; give the instant of the event in s")
    return row


def _number(where: str, cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        raise LawError(f"{where}: {shown(cell)} is no number") from None
    if not np.isfinite(value):
        raise LawError(f"{where}: {shown(cell)} is not finite")
    return value


def _check_order(where: str, row: Mapping[str, float], samples: "Samples") -> None:
    begin, end = float(samples.time[0]), float(samples.time[-1])
    resumed = row.get("resumed_s", row["start_s"])
    if not begin < row["start_s"] < end:
        raise LawError(
            f"{where}: start_s {row['start_s']:g} is not inside {samples.name}, which runs from "
            f"{begin:g} to {end:g} s"
        )
    if not row["first_s"] < row["start_s"] <= resumed < row["last_s"]:
        raise LawError(
            f"{where}: first_s, start_s, resumed_s and last_s must follow one another; got "
            f"{row['first_s']:g}, {row['start_s']:g}, {resumed:g} and {row['last_s']:g} s"
        )


def _measured(
    row: Mapping[str, float], samples: "Samples", time: Floats, position: Floats
) -> Event:
    """An event with what its row leaves blank measured in the record."""
    start, resumed = row["start_s"], row.get("resumed_s", np.nan)
    end = start if np.isnan(resumed) else resumed
    spacing = float(
        np.median(np.diff(time[np.abs(time - start) <= row["last_s"] - row["first_s"]]))
    )
    given = {
        name: row[column] / factor for column, (name, factor) in _NUMBERS.items() if column in row
    }
    found: dict[str, Any] = {
        "uncertainty": _FEW_SAMPLES * spacing,
        "resumed": resumed,
        "slip": float(np.interp(start, time, position)),
        "before": _velocity(time, position, row["first_s"], start),
        "after": _velocity(time, position, end, row["last_s"]),
    }
    event = Event(kind="step", **(found | given))
    before, after = stress_around(samples, event)
    event = replace(
        event,
        normal_stress=given.get("normal_stress", before),
        normal_stress_after=given.get("normal_stress_after", after),
    )
    return replace(
        event, kind=get_args(EventKind)[int(row["kind"])] if "kind" in row else _kind(event)
    )


def _velocity(time: Floats, position: Floats, first: float, last: float) -> float:
    start, stop = np.searchsorted(time, [first, last])
    if stop - start < 2:
        return np.nan
    line = np.polynomial.polynomial.polyfit(time[start:stop] - first, position[start:stop], 1)
    return robust(time, position, Line(int(start), int(stop), float(line[1]), 0.0)).velocity


def _kind(event: Event) -> EventKind:
    if np.isfinite(event.resumed) or event.after <= HELD * event.before:
        return "hold"
    ratio = event.normal_stress_after / event.normal_stress
    same_velocity = 1 / 1.1 < event.after / event.before < 1.1
    return "stress_step" if same_velocity and abs(ratio - 1) >= CHANGE else "step"
