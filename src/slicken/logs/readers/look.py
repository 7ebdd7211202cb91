"""Look: the binary that the biaxial apparatus of Penn State writes, and xlook and pylook read.

A header of 36 bytes (20 of name, then records, columns and two unused integers), 32 column headers
of 84 bytes (13 of name, 13 of unit, 4 and 50 unused, records), then one column after the other.
Integers are big-endian. Numbers are of 4 or 8 bytes, in the order of the machine that wrote them;
their size follows from the file's.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slicken.errors import LogError
from slicken.logs.finding import Finding
from slicken.logs.names import read_name
from slicken.logs.readers.raw import RawTable
from slicken.statements import Statement

_HEAD, _COLUMN, _COLUMNS = 36, 84, 32
_START = _HEAD + _COLUMN * _COLUMNS
_MOST_CELLS = 100_000_000
_CODES_A_SECOND = 10_000.0
_MOST_CODES = 20


@dataclass(frozen=True)
class _Header:
    """What the header says: how many rows, and what the columns are called."""

    rows: int
    names: tuple[str, ...]
    units: tuple[str, ...]


def is_look(content: bytes) -> bool:
    """Whether a file begins as look files do."""
    return _header(content) is not None


def read_look(path: Path, content: bytes) -> RawTable:
    """The columns of a look file, with its sample periods summed up to a time.

    LabVIEW puts the period of each sample into the column ``Time``, in ten-thousandths of a
    second. Where that column does not rise but holds a few values again and again, the time of a
    row is the sum of the periods up to it, as xlook's ``summation`` makes it.

    Raises:
        LogError: If it is no look file, is cut off, or holds more than memory can.
    """
    header = _header(content)
    if header is None:
        raise LogError(f"{path}: no header of a look file; export the table as text")
    cells = header.rows * len(header.names)
    if cells > _MOST_CELLS:
        raise LogError(f"{path}: a look file of {cells} numbers, too many to read; reduce it")
    size = len(content) - _START
    if size not in (4 * cells, 8 * cells):
        raise LogError(
            f"{path}: a look file whose header promises {header.rows} rows of "
            f"{len(header.names)} columns, {4 * cells} bytes, but {size} are there; "
            "was it cut off? copy it again from the rig"
        )
    width = size // cells
    values, order = _values(content, header, width)
    findings = [Finding(Statement("findings.look_format", order=order, bytes=width))]
    units = list(header.units)
    for index, name in enumerate(header.names):
        reading = read_name(name)
        if reading is not None and reading.channel.name == "time":
            _sum_periods(path, index, name, values, units, findings)
    return _table(header, values, units, findings)


def _header(content: bytes) -> _Header | None:
    if len(content) < _START or b"\x00" not in content[:20]:
        return None
    rows, columns = (int(n) for n in np.frombuffer(content, ">i4", 2, 20))
    if not (rows > 0 and 0 < columns <= _COLUMNS):
        return None
    names, units = list[str](), list[str]()
    for index in range(_COLUMNS):
        start = _HEAD + _COLUMN * index
        name, unit = (_text(content[start + at : start + at + 13]) for at in (0, 13))
        count = int(np.frombuffer(content, ">i4", 1, start + 80)[0])
        if name is None or unit is None:
            return None
        if name.startswith("no_val"):
            continue
        if count == rows and len(names) < columns:
            names.append(name)
            units.append(unit)
        elif len(names) < columns:
            return None
    if len(names) != columns:
        return None
    return _Header(rows, tuple(names), tuple(units))


def _text(field: bytes) -> str | None:
    """The words in a field of a header; None where it is none."""
    word = field.split(b"\x00", 1)[0]
    return word.decode("ascii").strip() if word.isascii() and word.decode().isprintable() else None


def _values(content: bytes, header: _Header, size: int) -> tuple[NDArray[np.float64], str]:
    """All columns, shape ``(columns, S)``, and in which order of bytes, ``big`` or ``little``."""
    best, least, used = None, np.inf, ""
    for order, name in ((">", "big"), ("<", "little")):
        read = np.frombuffer(content, f"{order}f{size}", offset=_START)
        with np.errstate(all="ignore"):  # in the wrong order, numbers are anything
            large = np.abs(read)
            odd = int(np.sum(~((large == 0) | ((large > 1e-9) & (large < 1e12)))))
        if odd < least:
            best, least, used = read, odd, name
    assert best is not None  # noqa: S101 - the loop has run
    with np.errstate(all="ignore"):
        return best.astype(np.float64).reshape(len(header.names), header.rows), used


def _sum_periods(
    path: Path,
    index: int,
    name: str,
    values: NDArray[np.float64],
    units: list[str],
    findings: list[Finding],
) -> None:
    codes = values[index]
    kinds = np.unique(codes)
    if np.all(np.diff(codes) > 0) or (kinds.size > _MOST_CODES and kinds.size > codes.size / 2):
        return  # a time that runs
    wrong = np.flatnonzero(~(np.isfinite(codes) & (codes >= 0)))
    if wrong.size:
        raise LogError(
            f"{path}: row {wrong[0] + 1}: {codes[wrong[0]]:g} in {name!r} is no sample period, so "
            "the time of what follows is not known; mend the row, or cut the file there"
        )
    values[index] = np.cumsum(codes) / _CODES_A_SECOND
    units[index] = "s"
    periods: list[float | Statement] = [float(kind) / _CODES_A_SECOND for kind in kinds[:4]]
    if kinds.size > 4:
        periods.append(Statement("places.more", n=int(kinds.size) - 4))
    statement = Statement("findings.sample_periods", column=name, periods=tuple(periods))
    findings.append(Finding(statement))


def _table(
    header: _Header, values: NDArray[np.float64], units: list[str], findings: list[Finding]
) -> RawTable:
    import pandas as pd

    frame = pd.DataFrame(values.T)
    return RawTable(
        frame,
        np.arange(1, header.rows + 1, dtype=np.int64),
        list(header.names),
        units,
        ".",
        lambda row: " ".join(str(cell) for cell in frame.iloc[row]),
        findings,
    )
