"""Excel and OpenDocument: the largest table among the sheets of a workbook."""

import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from slicken.errors import LogError, how_to_install
from slicken.logs.finding import Finding
from slicken.logs.listing import listed, some
from slicken.logs.readers.header import Header, find_header, header_findings
from slicken.logs.readers.numbers import Cell, kind, number
from slicken.logs.readers.raw import RawTable
from slicken.logs.readers.sandbox import why_not_a_workbook
from slicken.logs.units import is_unit
from slicken.statements import Statement

if TYPE_CHECKING:
    import pandas as pd


def read_excel(path: Path, content: bytes, table: str = "") -> RawTable:
    """The largest table of numbers in a workbook, or the sheet named; lines above are a preamble.

    Raises:
        LogError: If it is no workbook, is damaged, or holds no numbers; or python-calamine
            is missing.
    """
    if advice := how_to_install("python_calamine", "excel"):
        raise LogError(f"{path}: a workbook needs {advice}, or export the table as text")
    sheets = _sheets(path, content)
    counts = {name: int(_is_number(sheet).sum()) for name, sheet in sheets.items()}
    if table and table not in counts:
        raise LogError(f"{path}: no sheet {table[:60]!r} in it; there is {listed(counts)}")
    title = table or max(counts, key=lambda name: counts[name], default="")
    if not counts or counts[title] == 0:
        raise LogError(
            f"{path}: no numbers on any sheet of the workbook; expected one column a channel, "
            "one row a sample"
        )
    findings = [Finding(Statement("findings.workbook_format", sheet=title[:60]))]
    others = [name for name in sheets if name != title]
    if others:
        first = others[0][:200]  # whole, as it is to be typed
        skipped = Statement("findings.other_sheets", sheets=some(others), first=first)
        findings.append(Finding(skipped))
    return _table(sheets[title], findings)


def _sheets(path: Path, content: bytes) -> dict[str, "pd.DataFrame"]:
    reason = why_not_a_workbook(content)
    if reason is not None:
        raise LogError(_damaged(path, reason))
    import pandas as pd

    try:
        sheets = pd.read_excel(
            io.BytesIO(content), sheet_name=None, header=None, engine="calamine", dtype=object
        )
    except BaseException as problem:
        # The engine is written in Rust: a panic in it is a BaseException of its own kind.
        if not isinstance(problem, Exception) and type(problem).__name__ != "PanicException":
            raise
        raise LogError(_damaged(path, str(problem))) from problem
    return {str(name): sheet for name, sheet in sheets.items()}


def _damaged(path: Path, reason: str) -> str:
    return (
        f"{path}: damaged, not an Excel workbook, or too large ({' '.join(reason.split())[:120]}); "
        "open it in a spreadsheet and save it again, or export the table as text"
    )


def _is_number(sheet: "pd.DataFrame") -> NDArray[np.bool_]:
    cells = sheet.to_numpy(object)
    flags = np.zeros(cells.shape, np.bool_)
    for index, cell in np.ndenumerate(cells):
        flags[index] = _number(cell)
    return flags


def _number(cell: Any) -> bool:  # noqa: ANN401 - a cell may hold anything
    if isinstance(cell, str):
        value = number(cell, ".")
        return value is not None and bool(np.isfinite(value))
    if not isinstance(cell, (int, float)) or isinstance(cell, bool):
        return False
    try:
        return math.isfinite(cell)
    except OverflowError:  # a whole number beyond float64
        return False


def _table(sheet: "pd.DataFrame", findings: list[Finding]) -> RawTable:
    counts = _is_number(sheet).sum(axis=1)
    # A usual row of the table; the preamble may hold a few numbers of its own.
    usual = int(np.median(counts[counts > counts.max() // 2]))
    first = int(np.flatnonzero(2 * counts >= usual)[0])
    texts = [[_text(cell) for cell in row] for row in sheet.iloc[:first].to_numpy(object)]
    above = [(index, row) for index, row in enumerate(texts) if any(row)][::-1]
    header = find_header(above, usual, is_unit) or Header((), (), first)
    preamble = sum(any(row) for row in texts[: header.first])
    findings += header_findings(header, preamble, first)
    body = sheet.iloc[first:]
    filled = body.notna().any(axis=1).to_numpy()
    body = body[filled]
    rows = np.flatnonzero(filled).astype(np.int64) + first + 1
    width = sheet.shape[1]
    decimal, is_sure = _decimal(body)
    if not is_sure:
        findings.append(Finding(Statement("findings.assumed_comma")))
    return RawTable(
        body,
        rows,
        list(header.names) or [""] * width,
        list(header.units) or [""] * width,
        decimal,
        lambda row: " ".join(filter(None, (_text(cell) for cell in body.iloc[row]))),
        findings,
    )


def _decimal(body: "pd.DataFrame") -> tuple[str, bool]:
    """The decimal sign of cells that are text, and whether they leave no doubt.

    A number that was typed where a comma is no decimal sign stays text, as ``0,65`` does. ``2,003``
    could be two thousand; but such a cell would be a number, had the workbook read it so.
    """
    cells = [cell.strip() for cell in body.to_numpy(object).ravel() if isinstance(cell, str)]
    commas = [cell for cell in cells if "," in cell and kind(cell, ",") is Cell.NUMBER]
    points = any(
        kind(cell, ".") in (Cell.NUMBER, Cell.GROUPED) and kind(cell, ",") is Cell.TEXT
        for cell in cells
    )
    if not commas or points:
        return ".", True
    return ",", any(kind(cell, ".") is Cell.TEXT for cell in commas)


def _text(cell: Any) -> str:  # noqa: ANN401 - a cell may hold anything
    return "" if cell is None or cell != cell else str(cell)
