"""Apart: formats that libraries in C read are read in a process of their own.

A file made to harm its reader asks for any amount of memory, or ends the process that reads it.
So it is read in another process, which may use so much memory and time and no more; what comes
back is a line of JSON and plain numbers. Nothing is pickled on the way.

This file is also what that process runs.
"""

import json
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

if __name__ == "__main__":  # started by its path, where slicken may not be installed
    sys.path.append(str(Path(__file__).resolve().parents[3]))

from slicken.errors import LogError
from slicken.logs.finding import Finding
from slicken.logs.log import listed
from slicken.logs.readers import probe
from slicken.logs.readers.arrays import (
    Choice,
    Holding,
    UnreadableError,
    choose,
    passed_over,
)
from slicken.logs.readers.raw import RawTable

_DENIED = "it needs more memory or time than any log, or is damaged"


def read_apart(path: Path, content: bytes, kind: str, table: str = "") -> RawTable:
    """The table in a file of one of the formats of :data:`FORMATS`.

    Args:
        path: the file, for messages.
        content: its bytes.
        kind: the format.
        table: which table of several; the one with most rows where it is blank.

    Raises:
        LogError: if the file is damaged, would take more memory than any log, or holds no table.
    """
    words = FORMATS[kind][0]
    answer, numbers = _answer(content, kind, table)
    if "unreadable" in answer:
        raise LogError(f"{path}: {words}: {answer['unreadable']}")
    if "damaged" in answer:
        raise LogError(
            f"{path}: damaged, not {words}, or too large ({answer['damaged'][:120]}); write it "
            "again, or export the table as text"
        )
    return _raw(answer, numbers)


def _answer(content: bytes, kind: str, table: str) -> tuple[dict[str, Any], bytes]:
    asked = json.dumps({"kind": kind, "table": table}).encode() + b"\n"
    if not sys.executable:  # Python inside another program
        return _split(b"".join(_told(content, kind, table)))
    command = [sys.executable, "-P", str(Path(__file__).resolve()), str(probe.MEMORY)]
    try:
        ended = subprocess.run(  # noqa: S603 - this file
            command, input=asked + content, capture_output=True, timeout=probe.SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return {"damaged": _DENIED}, b""
    if ended.returncode:  # it was killed, or ended itself
        return {"damaged": _DENIED}, b""
    return _split(ended.stdout)


def _split(said: bytes) -> tuple[dict[str, Any], bytes]:
    line, _, numbers = said.partition(b"\n")
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
        [Finding(kind, words) for kind, words in answer["findings"]],
    )


def _told(content: bytes, kind: str, table: str) -> Iterator[bytes]:
    """The answer, in pieces: a line of JSON, then the numbers column by column."""
    try:
        holding = FORMATS[kind][1](content)
        choice = choose(holding, table)
        columns = [_numbers(array.read(), array.rows) for array in choice.arrays]
    except UnreadableError as problem:
        yield json.dumps({"unreadable": str(problem)}).encode() + b"\n"
        return
    except Exception as problem:  # noqa: BLE001 - a damaged file makes a library fail in any way
        words = " ".join(str(problem).split()) or type(problem).__name__
        yield json.dumps({"damaged": words}).encode() + b"\n"
        return
    answer = {
        "rows": choice.arrays[0].rows,
        "names": [array.name for array in choice.arrays],
        "units": [array.unit for array in choice.arrays],
        "findings": _findings(FORMATS[kind][0], holding, choice),
    }
    yield json.dumps(answer).encode() + b"\n"
    yield from columns


def _numbers(values: Any, rows: int) -> bytes:  # noqa: ANN401 - whatever a library makes
    numbers = np.asarray(values)
    if numbers.shape != (rows,):
        raise ValueError(f"an array of {rows} numbers turned out to have shape {numbers.shape}")
    with np.errstate(all="ignore"):  # a signalling NaN, a long double beyond float64
        return np.ascontiguousarray(numbers, np.float64).tobytes()


def _findings(words: str, holding: Holding, choice: Choice) -> list[tuple[str, str]]:
    findings = [("format", f"table {choice.name[:60]!r} of {words}"), *holding.findings]
    if choice.others:
        findings.append(("tables", passed_over("tables", choice.others)))
    for reason in dict.fromkeys(holding.left_out.values()):
        names = [name for name, why in holding.left_out.items() if why == reason]
        findings.append(("no column", f"{listed(names)} left out: {reason}"))
    findings += [("clock", array.note) for array in choice.arrays if array.note]
    return findings


def _matlab(content: bytes) -> Holding:
    from slicken.logs.readers.matlab import find_matlab

    return find_matlab(content)


def _hdf5(content: bytes) -> Holding:
    from slicken.logs.readers.hdf5 import find_hdf5

    return find_hdf5(content)


def _netcdf(content: bytes) -> Holding:
    from slicken.logs.readers.netcdf import find_netcdf

    return find_netcdf(content)


def _tdms(content: bytes) -> Holding:
    from slicken.logs.readers.tdms import find_tdms

    return find_tdms(content)


FORMATS: dict[str, tuple[str, Callable[[bytes], Holding]]] = {
    "matlab": ("a MATLAB file", _matlab),
    "matlab73": ("a MATLAB file, version 7.3", _hdf5),
    "hdf5": ("an HDF5 file", _hdf5),
    "netcdf": ("a netCDF file", _netcdf),
    "tdms": ("a LabVIEW TDMS file", _tdms),
}
"""Name of a format to its words, and what finds the arrays in a file of it."""


def _serve() -> None:
    # What a library prints must not get between the numbers.
    out, sys.stdout = sys.stdout.buffer, sys.stderr
    warnings.simplefilter("ignore")
    asked = json.loads(sys.stdin.buffer.readline())
    for piece in _told(sys.stdin.buffer.read(), asked["kind"], asked["table"]):
        out.write(piece)
    out.flush()


if __name__ == "__main__":
    probe.limit(int(sys.argv[1]))
    _serve()
