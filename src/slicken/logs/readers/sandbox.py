"""Sandbox: files that libraries in C or Rust read are opened in a process of their own.

A file made to harm its reader asks for any amount of memory, or ends the process that reads it:
archives of zeros, one cell in the last row and column of a sheet. So it is opened in another
process, which may use so much memory and time and no more; what comes back is a line of JSON and
plain numbers. Nothing is pickled on the way.

This file is also what that process runs.
"""

import io
import json
import os
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

if __name__ == "__main__":  # started by its path, where slicken may not be installed
    sys.path.append(str(Path(__file__).resolve().parents[3]))

from slicken.errors import LogError
from slicken.logs.finding import Finding
from slicken.logs.left_out import left_out_findings
from slicken.logs.listing import some
from slicken.logs.readers.arrays import Choice, Contents, UnreadableError, choose
from slicken.logs.readers.raw import RawTable
from slicken.statements import Statement

MEMORY = 3 * 2**30
"""Bytes that the other process may use, where the system can hold it to that."""
SECONDS = 60.0
FORMATS = {
    "matlab": "a MATLAB file",
    "matlab73": "a MATLAB file, version 7.3",
    "hdf5": "an HDF5 file",
    "netcdf": "a netCDF file",
    "tdms": "a LabVIEW TDMS file",
}
"""Name of a format to what errors call a file of it."""
_FINDERS = {"matlab73": "hdf5"}
_WORKBOOK = "workbook"
MOST_UNPACKED = 2_000_000_000
_MOST_CELLS = 20_000_000
_MANY_CELLS, _FILLED = 1_000_000, 0.02
_DENIED = "it needs more memory or time than any log, or is damaged"


def read_sandboxed(path: Path, content: bytes, kind: str, table: str = "") -> RawTable:
    """The table in a file of one of the formats of :data:`FORMATS`.

    Args:
        path: The file, for messages.
        content: Its bytes.
        kind: The format.
        table: Name of one table of several; the one with most rows where blank.

    Raises:
        LogError: If the file is damaged, would take more memory than any log, or holds no table.
    """
    words = FORMATS[kind]
    answer, numbers = _ask(content, kind, table)
    if "unreadable" in answer:
        raise LogError(f"{path}: {words}: {answer['unreadable']}")
    if "damaged" in answer:
        raise LogError(
            f"{path}: damaged, not {words}, or too large ({answer['damaged'][:120]}); write it "
            "again, or export the table as text"
        )
    return _raw(answer, numbers)


def why_not_a_workbook(content: bytes) -> str | None:
    """Why a workbook cannot be opened, for an error; None where it can.

    Args:
        content: The bytes of the file.
    """
    if _unpacked(content) > MOST_UNPACKED:
        return _DENIED
    if not sys.executable:  # Python inside another program
        return None
    answer, _ = _ask(content, _WORKBOOK, "")
    if "damaged" in answer:
        return str(answer["damaged"])
    cells, filled = answer["cells"], answer["filled"]
    if cells > _MOST_CELLS:
        return f"its sheets hold {cells} cells"
    if cells > _MANY_CELLS and filled < _FILLED * cells:
        return f"of {cells} cells only {filled} are filled: something stands far from the table"
    return None


def _ask(content: bytes, kind: str, table: str) -> tuple[dict[str, Any], bytes]:
    request = json.dumps({"kind": kind, "table": table}).encode() + b"\n"
    if not sys.executable:  # Python inside another program
        return _split(b"".join(_answer(content, kind, table)))
    command = [sys.executable, "-P", str(Path(__file__).resolve()), str(MEMORY)]
    try:
        ended = subprocess.run(  # noqa: S603 - this file
            command,
            input=request + content,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            # Without memory, Rust can wait for ever to say where it failed.
            env={**os.environ, "RUST_BACKTRACE": "0"},
        )
    except subprocess.TimeoutExpired:
        return {"damaged": _DENIED}, b""
    if ended.returncode:  # it was killed, or ended itself
        return {"damaged": _DENIED}, b""
    return _split(ended.stdout)


def _split(output: bytes) -> tuple[dict[str, Any], bytes]:
    line, _, numbers = output.partition(b"\n")
    try:
        answer = dict(json.loads(line))
    except ValueError:
        return {"damaged": _DENIED}, b""
    if "rows" in answer and len(numbers) != 8 * answer["rows"] * len(answer["names"]):
        return {"damaged": _DENIED}, b""
    return answer, numbers


def _raw(answer: dict[str, Any], numbers: bytes) -> RawTable:
    import pandas as pd

    rows, names = int(answer["rows"]), [str(name) for name in answer["names"]]
    columns = np.frombuffer(numbers, np.float64).reshape(len(names), rows)
    frame = pd.DataFrame(columns.T)
    return RawTable(
        frame,
        np.arange(1, rows + 1, dtype=np.int64),
        names,
        [str(unit) for unit in answer["units"]],
        ".",
        lambda row: " ".join(str(cell) for cell in frame.iloc[row]),
        [Finding.from_plain(tree) for tree in answer["findings"]],
    )


def _unpacked(content: bytes) -> int:
    """Bytes that an archive says are in it; it may lie, and need not be one."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return sum(member.file_size for member in archive.infolist())
    except Exception:  # noqa: BLE001 - damaged headers raise many kinds; the engine will judge
        return 0


# -- in the other process --


def _answer(content: bytes, kind: str, table: str) -> Iterator[bytes]:
    """The answer, in pieces: a line of JSON, then the numbers column by column."""
    columns: list[bytes] = []
    try:
        answer = _size(content) if kind == _WORKBOOK else _table(content, kind, table, columns)
    except UnreadableError as problem:
        answer = {"unreadable": str(problem)}
    except KeyboardInterrupt:
        raise
    except BaseException as problem:  # noqa: BLE001 - libraries fail in any way, Rust in its own
        answer = {"damaged": " ".join(str(problem).split()) or type(problem).__name__}
    yield json.dumps(answer).encode() + b"\n"
    yield from columns


def _table(content: bytes, kind: str, table: str, columns: list[bytes]) -> dict[str, Any]:
    name = _FINDERS.get(kind, kind)
    find = getattr(import_module(f"slicken.logs.readers.{name}"), f"find_{name}")
    contents: Contents = find(content)
    choice = choose(contents, table)
    columns += [_numbers(array.read(), array.rows) for array in choice.arrays]
    return {
        "rows": choice.arrays[0].rows,
        "names": [array.name for array in choice.arrays],
        "units": [array.unit for array in choice.arrays],
        "findings": [finding.to_plain() for finding in _findings(kind, contents, choice)],
    }


def _numbers(values: Any, rows: int) -> bytes:  # noqa: ANN401 - whatever a library makes
    numbers = np.asarray(values)
    if numbers.shape != (rows,):
        raise ValueError(f"an array of {rows} numbers turned out to have shape {numbers.shape}")
    with np.errstate(all="ignore"):  # a signalling NaN, a long double beyond float64
        return np.ascontiguousarray(numbers, np.float64).tobytes()


def _findings(kind: str, contents: Contents, choice: Choice) -> list[Finding]:
    findings = [Finding(Statement("findings.array_format", table=choice.name[:60], file=kind))]
    findings += [Finding(statement) for statement in contents.statements]
    if choice.others:
        first = choice.others[0][:200]  # whole, as it is to be typed
        others = Statement("findings.other_tables", tables=some(choice.others), first=first)
        findings.append(Finding(others))
    findings += left_out_findings(contents.left_out)
    return findings + [Finding(array.note) for array in choice.arrays if array.note is not None]


def _size(content: bytes) -> dict[str, Any]:
    """How many cells the sheets of a workbook have, and how many of them are filled."""
    import python_calamine

    cells = filled = 0
    book = python_calamine.load_workbook(io.BytesIO(content))
    for name in book.sheet_names:
        sheet = book.get_sheet_by_name(name)
        cells += sheet.total_height * sheet.total_width
        if cells <= _MOST_CELLS:
            rows = sheet.to_python(skip_empty_area=False)
            filled += sum(len(row) - row.count("") for row in rows)
    return {"cells": cells, "filled": filled}


def _limit(memory: int) -> None:
    """Hold this process to this many bytes, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(what)
        if hard == resource.RLIM_INFINITY or hard > most:
            try:
                resource.setrlimit(what, (most, hard))
            except (OSError, ValueError):  # macOS does not know such a limit
                continue


def _serve() -> None:
    # What a library prints must not get between the numbers.
    out, sys.stdout = sys.stdout.buffer, sys.stderr
    warnings.simplefilter("ignore")
    request = json.loads(sys.stdin.buffer.readline())
    for piece in _answer(sys.stdin.buffer.read(), request["kind"], request["table"]):
        out.write(piece)
    out.flush()


if __name__ == "__main__":
    _limit(int(sys.argv[1]))
    _serve()
