"""Text: tables of any dialect, with whatever a rig writes above, below and between the rows."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from slicken.errors import LogError
from slicken.logs.finding import Finding
from slicken.logs.readers.dialect import SPACES, Dialect, find_dialect, is_comment, split
from slicken.logs.readers.encoding import decode
from slicken.logs.readers.header import Header, find_header, header_cells, header_findings
from slicken.logs.readers.raw import RawTable
from slicken.logs.units import is_unit
from slicken.statements import Statement

if TYPE_CHECKING:
    import pandas as pd

_MOSTLY = 0.5
_ENOUGH, _LOOKED_AT = 10, 1000
_WIDEST = 5_000
_LONGEST_LINE = 1_000_000
_MOST_LINES = 10_000_000
_MOST_CELLS = 100_000_000
_NO_TABLE = (
    "no table of numbers found; expected rows of numbers separated by commas, tabs, semicolons "
    "or spaces; try exporting the log again as text"
)


def read_text(path: Path, content: bytes) -> RawTable:
    """The cells of a text file.

    Commas, tabs, semicolons, bars or runs of spaces; decimal point or comma; UTF-8, UTF-16,
    CP932 or Latin-1; a preamble and trailing lines of any length; a header or none; a units row
    or none; comment lines; rows that are too short or too long.

    Args:
        path: The file, for messages.
        content: Its bytes.

    Raises:
        LogError: If the bytes are no text, or hold no table.
    """
    text, encoding = decode(path, content)
    lines = _lines(path, text)
    dialect = find_dialect(lines)
    first = None if dialect is None else _first_row(lines, dialect)
    if dialect is None or first is None:
        raise LogError(f"{path}: {_NO_TABLE}")
    header = _header(lines, first, dialect)
    findings = _findings(lines, first, header, dialect, encoding)
    return _table(path, lines, first, header, dialect, findings)


def _lines(path: Path, text: str) -> list[str]:
    count = text.count("\n")
    if count > _MOST_LINES:
        raise LogError(
            f"{path}: {count} lines, more than the {_MOST_LINES} that are read; reduce the log to "
            "fewer samples a second"
        )
    lines = text.split("\n")
    longest = max(map(len, lines))
    if longest > _LONGEST_LINE:
        raise LogError(
            f"{path}: a line of {longest} characters, more than the {_LONGEST_LINE} that a row "
            "could have; is this a table with one row a sample, and line ends between them?"
        )
    return lines


def _first_row(lines: Sequence[str], dialect: Dialect) -> int | None:
    """The first row of the table: a usual row, or sparse rows of numbers right above it."""
    index = next(
        (
            index
            for index, line in enumerate(lines)
            if not _blank(line) and not is_comment(line) and dialect.is_row(line)
        ),
        None,
    )
    if index is None:
        return None
    while index > 0 and not _blank(lines[index - 1]) and not is_comment(lines[index - 1]):
        numbers, texts = dialect.counts(lines[index - 1])
        if numbers == 0 or texts > 0:
            break
        index -= 1
    return index


def _header(lines: Sequence[str], first: int, dialect: Dialect) -> Header:
    width = dialect.numbers + dialect.texts
    above = []
    for index in range(first - 1, -1, -1):
        if not _blank(lines[index]):
            above.append((index, header_cells(lines[index], dialect, width)))
        if len(above) == 2:
            break
    return find_header(above, width, is_unit) or Header((), (), first)


def _findings(
    lines: Sequence[str], first: int, header: Header, dialect: Dialect, encoding: str
) -> list[Finding]:
    form = Statement(
        "findings.text_format",
        delimiter=dialect.delimiter_name,
        decimal=dialect.decimal_name,
        encoding=encoding,
    )
    preamble = sum(not _blank(line) for line in lines[: header.first])
    return [Finding(form), *header_findings(header, preamble, first)]


def _table(
    path: Path,
    lines: list[str],
    first: int,
    header: Header,
    dialect: Dialect,
    findings: list[Finding],
) -> RawTable:
    numbered = range(first, len(lines))
    kept = [i for i in numbered if not _blank(lines[i]) and not is_comment(lines[i])]
    if kept and _is_cut(lines, kept, dialect):
        findings.append(Finding(Statement("findings.cut_line"), row=kept[-1] + 1))
        kept = kept[:-1]
    comments = sum(is_comment(lines[i]) for i in numbered)
    if comments:
        findings.append(Finding(Statement("findings.comments", lines=comments)))
    if dialect.delimiter == SPACES:
        kept = _even_rows(lines, kept, dialect, findings)
    frame = _parsed(path, [lines[i] for i in kept], dialect, len(header.names))
    names, units = list(header.names), list(header.units)
    width = frame.shape[1]
    if names and dialect.delimiter != SPACES:
        _check_width(path, frame, len(names), dialect)
    return RawTable(
        frame,
        np.array(kept, np.int64) + 1,
        names + [""] * (width - len(names)),
        units[:width] + [""] * (width - len(units)),
        dialect.decimal,
        lambda row: lines[kept[row]],
        findings,
    )


def _is_cut(lines: Sequence[str], kept: Sequence[int], dialect: Dialect) -> bool:
    """Whether the last row was cut while it was written: no line end, and a cell too short."""
    if not lines[-1] or kept[-1] != len(lines) - 1 or len(kept) <= _ENOUGH:
        return False
    last = split(lines[-1], dialect.delimiter)
    others = [split(lines[i], dialect.delimiter) for i in kept[-_LOOKED_AT:-1]]
    fewer = len(last) < min(map(len, others))
    return fewer or len(last[-1]) < min(len(cells[-1]) for cells in others)


def _check_width(path: Path, frame: "pd.DataFrame", names: int, dialect: Dialect) -> None:
    """Make sure that rows are not wider than their names: no cell would stand under its own.

    Raises:
        LogError: If most rows have a cell beyond the last name.
    """
    beyond = frame.iloc[:, names:].notna().to_numpy()
    wider = beyond.any(axis=1)
    if not wider.size or wider.mean() < _MOSTLY:
        return
    cells = names + int(np.max(np.flatnonzero(beyond.any(axis=0)))) + 1
    why, advice = "a name is missing", "name every column"
    if dialect.delimiter == ",":
        why = f"commas stand between cells and inside numbers, or {why}"
        advice = f"write it with semicolons or tabs between cells, or {advice}"
    raise LogError(
        f"{path}: rows of {cells} cells under {names} names, so no cell can be told: {why}; "
        f"{advice}"
    )


def _even_rows(
    lines: Sequence[str], kept: list[int], dialect: Dialect, findings: list[Finding]
) -> list[int]:
    """Between spaces a missing cell cannot be seen: a short row would shift its numbers."""
    sizes = [len(lines[i].split()) for i in kept]
    usual = Counter(sizes).most_common(1)[0][0]
    uneven = [i for i, size in zip(kept, sizes, strict=True) if size != usual]
    rows = [i for i in uneven if dialect.counts(lines[i])[1] <= dialect.texts]
    if rows:
        ragged = Statement("findings.ragged_rows", rows=len(rows), cells=usual)
        findings.append(Finding(ragged, row=rows[0] + 1))
    dropped = set(rows)
    return [i for i in kept if i not in dropped]


def _parsed(path: Path, lines: list[str], dialect: Dialect, named: int) -> "pd.DataFrame":
    import pandas as pd

    spaces = dialect.delimiter == SPACES
    if spaces:
        widest = max(len(line.split()) for line in lines)
    else:
        widest = max(line.count(dialect.delimiter) for line in lines) + 1
    if max(widest, named) > _WIDEST:
        raise LogError(
            f"{path}: a row of {max(widest, named)} cells, more than the {_WIDEST} that a rig "
            "could have channels; is this a table with one row a sample?"
        )
    # Each cell of a whole row takes a character at least: such a table is mostly of short rows.
    if max(widest, named) * len(lines) > max(_MOST_CELLS, sum(map(len, lines)) + len(lines)):
        raise LogError(
            f"{path}: {len(lines)} rows, the longest of {max(widest, named)} cells, most of them "
            "far shorter; is this a table with one row a sample?"
        )
    balanced = all(line.count('"') % 2 == 0 for line in lines)
    try:
        return pd.read_csv(
            io.StringIO("\n".join(line.strip(" ") for line in lines) + "\n"),
            sep=r"\s+" if spaces else dialect.delimiter,
            decimal=dialect.decimal,
            header=None,
            names=range(max(widest, named)),
            index_col=False,
            skip_blank_lines=False,
            skipinitialspace=True,
            quoting=csv.QUOTE_MINIMAL if balanced else csv.QUOTE_NONE,
            low_memory=False,
        )
    except (ValueError, OverflowError, MemoryError) as problem:
        # pandas' ParserError is a ValueError.
        reason = " ".join(str(problem).split())
        raise LogError(f"{path}: the table cannot be read ({reason}); {_NO_TABLE}") from problem


def _blank(line: str) -> bool:
    return not line or line.isspace()
