"""From raw cells to a log: which columns are numbers, which rows are text, what names clash."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from slicken.errors import LogError
from slicken.logs.finding import Finding
from slicken.logs.left_out import LeftOut, left_out_findings
from slicken.logs.log import Log
from slicken.logs.missing import find_code
from slicken.logs.readers.datenum import from_datenum
from slicken.logs.readers.numbers import number
from slicken.logs.readers.timeofday import is_clock, minutes_of, seconds_of
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.logs.readers.raw import RawTable

_FEW = 3
_SHOWN = 60
_LONGEST_NAME = 100
_STRAY = 0.01
_ABSURD = 1e30
_HOURS = re.compile(r"hh?:mm\b(?!:)", re.IGNORECASE)
"""A name that says that readings of two parts are hours and minutes."""


def assemble(path: Path, sha256: str, raw: "RawTable") -> Log:
    """The log in a raw table.

    Columns with more text than numbers are left out, and so are rows with more text than
    numbers, columns without any number, and repeated columns with the same numbers.

    Raises:
        LogError: If no column holds numbers, or fewer than two rows do.
    """
    findings = list(raw.findings)
    _make_readable(raw)
    numbers, texts = _numbers(raw, findings)
    _read_clocks(raw, numbers, texts, findings)
    _read_datenums(raw, numbers, findings)
    left_out: dict[str, LeftOut] = {}
    numeric = _numeric_columns(raw, numbers, texts, left_out)
    if not numeric:
        raise LogError(
            f"{path}: no column of numbers; expected one column a channel, one row a sample; "
            "is the table exported as numbers, not as text?"
        )
    kept = _sample_rows(raw, numbers[:, numeric], texts[:, numeric], findings)
    if kept.sum() < 2:
        raise LogError(
            f"{path}: {int(kept.sum())} row of numbers; a log needs at least two rows, one a sample"
        )
    values, units = _named(raw, numbers[kept], numeric, left_out, findings)
    _leave_out_codes(values, raw.rows[kept], findings)
    _note_text_cells(raw, numbers[kept], texts[kept], numeric, raw.rows[kept], findings)
    findings += left_out_findings(left_out)
    return Log(
        name=_readable(path.stem),
        source=_readable(path.name),
        sha256=sha256,
        values=values,
        rows=raw.rows[kept],
        units=units,
        left_out=left_out,
        findings=tuple(findings),
    )


def _make_readable(raw: "RawTable") -> None:
    """Names and units are shown in terminals and pages, and searched for words."""
    for texts in (raw.names, raw.units):
        texts[:] = [_readable(text) for text in texts]


def _readable(text: str) -> str:
    if len(text) <= _LONGEST_NAME and text.isprintable():
        return text
    # Control characters could move the cursor, or turn the direction of writing.
    visible = "".join(
        letter if letter.isprintable() else " " for letter in text[: 2 * _LONGEST_NAME]
    )
    words = " ".join(visible.split())
    return words if len(words) <= _LONGEST_NAME else f"{words[: _LONGEST_NAME - 3]}..."


def _numbers(
    raw: "RawTable", findings: list[Finding]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Every cell as a number, NaN where it is none; and where cells hold text; ``(S, columns)``."""
    shape = raw.frame.shape
    numbers, texts = np.full(shape, np.nan), np.zeros(shape, np.bool_)
    for index in range(shape[1]):
        column = raw.frame.iloc[:, index]
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            numbers[:, index] = column.to_numpy(np.float64, na_value=np.nan)
        else:
            numbers[:, index], texts[:, index] = _parsed(column, raw.decimal)
    absurd = np.isfinite(numbers) & (np.abs(numbers) > _ABSURD)
    if absurd.any():
        statement = Statement("findings.absurd_numbers", count=int(absurd.sum()), limit=_ABSURD)
        row = int(raw.rows[int(np.argmax(absurd.any(axis=1)))])
        findings.append(Finding(statement, row=row))
    numbers[~np.isfinite(numbers) | absurd] = np.nan
    return numbers, texts


def _read_clocks(
    raw: "RawTable",
    numbers: NDArray[np.float64],
    texts: NDArray[np.bool_],
    findings: list[Finding],
) -> None:
    """Columns of clock readings become seconds since the first."""
    for index, name in enumerate(raw.names):
        column = raw.frame.iloc[:, index]
        if np.isfinite(numbers[:, index]).any() or not texts[:, index].any():
            continue
        cells = column.astype(object).where(column.notna(), "").tolist()
        seconds = seconds_of(cells)
        if seconds is not None:
            begun = str(next(cell for cell in cells if is_clock(cell)))
            _take_clock(raw, numbers, texts, index, seconds)
            title = name or f"column {index + 1}"
            statement = Statement("findings.clock_times", column=title, begun=begun)
            findings.append(Finding(statement))
            continue
        seconds = None if _HOURS.search(name) else minutes_of(cells)
        if seconds is not None:
            _take_clock(raw, numbers, texts, index, seconds)
            title = name or f"column {index + 1}"
            findings.append(Finding(Statement("findings.clock_minutes", column=title)))


def _take_clock(
    raw: "RawTable",
    numbers: NDArray[np.float64],
    texts: NDArray[np.bool_],
    index: int,
    seconds: NDArray[np.float64],
) -> None:
    numbers[:, index], texts[:, index] = seconds, np.isnan(seconds) & texts[:, index]
    raw.units[index] = "s"


def _read_datenums(raw: "RawTable", numbers: NDArray[np.float64], findings: list[Finding]) -> None:
    """Columns of days since the year 0 become seconds since the first."""
    for index, name in enumerate(raw.names):
        read = from_datenum(name, raw.units[index], numbers[:, index])
        if read is not None:
            numbers[:, index], begun = read
            raw.units[index] = "s"
            findings.append(Finding(Statement("findings.datenums", column=name, begun=begun)))


def _parsed(
    column: "pd.Series[str]", decimal: str
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    known: dict[object, float | None] = {}

    def parse(cell: object) -> float | None:
        if isinstance(cell, str):
            if cell not in known:
                known[cell] = number(cell, decimal)
            return known[cell]
        if isinstance(cell, (int, float, np.integer, np.floating)) and not isinstance(cell, bool):
            try:
                return float(cell)
            except OverflowError:  # a whole number beyond float64
                return float("nan")
        return float("nan") if cell is None or cell is pd.NaT else None

    parsed = [parse(cell) for cell in column.astype(object)]
    numbers = np.array([np.nan if value is None else value for value in parsed], np.float64)
    return numbers, np.array([value is None for value in parsed], np.bool_)


def _numeric_columns(
    raw: "RawTable",
    numbers: NDArray[np.float64],
    texts: NDArray[np.bool_],
    left_out: dict[str, LeftOut],
) -> list[int]:
    numeric = []
    counts, text_counts = np.isfinite(numbers).sum(axis=0), texts.sum(axis=0)
    most = counts.max(initial=0)
    for index, name in enumerate(raw.names):
        if counts[index] > text_counts[index] and (name or counts[index] > _STRAY * most):
            numeric.append(index)
        elif name and counts[index] == 0 and text_counts[index] <= len(raw.rows) // 2:
            left_out.setdefault(name, LeftOut.EMPTY)
        elif name:
            left_out.setdefault(name, LeftOut.TEXT)
    for index in numeric:
        left_out.pop(raw.names[index], None)
    return numeric


def _sample_rows(
    raw: "RawTable",
    numbers: NDArray[np.float64],
    texts: NDArray[np.bool_],
    findings: list[Finding],
) -> NDArray[np.bool_]:
    """Rows that are samples; a line of text in a table may have a stray number in it."""
    counts, text_counts = np.isfinite(numbers).sum(axis=1), texts.sum(axis=1)
    # "Total, 3600" is no sample, but "3600, OVERLOAD" is one.
    starts_with_text = np.argmax(texts, axis=1) < np.argmax(np.isfinite(numbers), axis=1)
    kept = (counts > text_counts) | ((counts == text_counts) & (counts > 0) & ~starts_with_text)
    lines = [int(row) for row in np.flatnonzero(~kept)]
    for row in lines[:_FEW] if len(lines) <= _FEW else lines[:1]:
        shown = " ".join(raw.line(row).split())
        shown = shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 3]}..."
        what = (
            Statement("findings.text_lines", text=shown, more=len(lines) - 1)
            if len(lines) > _FEW
            else Statement("findings.text_line", text=shown)
        )
        findings.append(Finding(what, row=int(raw.rows[row])))
    return kept


def _named(
    raw: "RawTable",
    numbers: NDArray[np.float64],
    numeric: list[int],
    left_out: dict[str, LeftOut],
    findings: list[Finding],
) -> tuple[dict[str, NDArray[np.float64]], dict[str, str]]:
    values: dict[str, NDArray[np.float64]] = {}
    units: dict[str, str] = {}
    for index in numeric:
        title = raw.names[index] or f"column {index + 1}"
        column, name, copies = numbers[:, index], title, 1
        if not np.isfinite(column).any():
            left_out.setdefault(title, LeftOut.EMPTY)
            continue
        twin = title in values and np.array_equal(values[title], column, equal_nan=True)
        while name in values and not twin:
            copies += 1
            name = f"{title} ({copies})"
        if twin:
            findings.append(Finding(Statement("findings.repeated_column", column=title)))
            continue
        if name != title:
            renamed = Statement("findings.renamed_column", column=title, name=name)
            findings.append(Finding(renamed))
        values[name] = column
        if raw.units[index]:
            units[name] = raw.units[index]
    return values, units


def _leave_out_codes(
    values: dict[str, NDArray[np.float64]], rows: NDArray[np.int64], findings: list[Finding]
) -> None:
    """Numbers that stand for a missing one, such as -9999, are none."""
    for name, column in values.items():
        code = find_code(column)
        if code is not None:
            coded = column == code
            values[name] = np.where(coded, np.nan, column)
            said = Statement(
                "findings.missing_code", column=name, code=code, count=int(coded.sum())
            )
            findings.append(Finding(said, row=int(rows[int(np.argmax(coded))])))


def _note_text_cells(
    raw: "RawTable",
    numbers: NDArray[np.float64],
    texts: NDArray[np.bool_],
    numeric: list[int],
    rows: NDArray[np.int64],
    findings: list[Finding],
) -> None:
    for index in numeric:
        stray = np.flatnonzero(texts[:, index])
        if stray.size and np.isfinite(numbers[:, index]).any():
            title = raw.names[index] or f"column {index + 1}"
            cells = Statement("findings.text_cells", count=int(stray.size), column=title)
            findings.append(Finding(cells, row=int(rows[stray[0]])))
