"""Formats: which reader a file needs, by its first bytes; its name only words the error."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from slicken.errors import LogError
from slicken.logs.finding import Finding
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.logs.log import Log
    from slicken.logs.readers.raw import RawTable

LARGEST = 300_000_000
"""Bytes of the largest file that is read: some four million rows; it takes about 3 GB of memory."""

_ZIP, _OLE, _PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PAR1"
_FOREIGN = {
    b"\x1f\x8b": "a gzip archive; unpack it first",
    b"BZh": "a bzip2 archive; unpack it first",
    b"\xfd7zXZ": "an xz archive; unpack it first",
    b"7z\xbc\xaf": "a 7-zip archive; unpack it first",
    b"%PDF": "a PDF; export the numbers as text, Excel or Parquet",
    b"\x89PNG": "a picture; export the numbers as text, Excel or Parquet",
}
_HDF5, _HDF5_PLACES = b"\x89HDF\r\n\x1a\n", (0, 512, 1024, 2048)
_NETCDF = {".nc", ".nc4", ".cdf", ".netcdf"}
_WORKBOOKS = {".xls", ".xlsx", ".xlsm", ".xlsb", ".ods"}


def read_log(path: str | Path, *, table: str = "") -> "Log":
    """Read the table of numbers in a file.

    Text of any dialect (see :mod:`slicken.logs.readers.text`), Excel and OpenDocument
    workbooks, Parquet, MATLAB, HDF5, netCDF, LabVIEW TDMS and the look binary. The content
    decides, not the extension: instruments like to write text and call it ``.xls``.

    Args:
        path: The file.
        table: Which sheet, group or struct to read in a file of several; by default the one with
            most numbers in a workbook, and with most rows elsewhere.

    Returns:
        The log, with findings that say what the reader did.

    Raises:
        LogError: If there is no such file, or no table of numbers in it.
    """
    path = Path(path)
    content = _bytes(path)
    from slicken.logs.readers.table import assemble

    log = assemble(path, hashlib.sha256(content).hexdigest(), _raw(path, content, table))
    return replace(log, table=table)


def _bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise LogError(f"{path}: a folder, not a log; name the files in it")
        if not path.is_file() and path.exists():
            # A pipe would be waited for, a device read for ever.
            raise LogError(f"{path}: a pipe or a device, not a file; save the log in a file")
        size = path.stat().st_size
        if size > LARGEST:
            raise LogError(
                f"{path}: {size / 1e6:.0f} MB, more than the {LARGEST / 1e6:.0f} MB that are "
                "read; cut the log, or reduce it to fewer samples a second"
            )
        content = path.read_bytes()
    except FileNotFoundError as problem:
        raise LogError(f"{path}: no such file; check the name and the folder") from problem
    except PermissionError as problem:
        raise LogError(f"{path}: no permission to read it; check who owns the file") from problem
    except (OSError, ValueError) as problem:
        # ValueError: a name with a NUL in it.
        raise LogError(f"{path!s:.300}: cannot be read ({problem}); try a copy of it") from problem
    if not content.strip(b"\x00 \t\r\n"):
        raise LogError(f"{path}: the file is empty; was the log still being written?")
    return content


def _raw(path: Path, content: bytes, table: str) -> "RawTable":
    # Each reader brings pandas or an engine with it, so only the one that is needed is imported.
    suffix = path.suffix.lower()
    if content.startswith((_ZIP, _OLE)):
        from slicken.logs.readers.excel import read_excel

        return read_excel(path, content, table)
    kind = _kind(content, suffix)
    if kind:
        from slicken.logs.readers.sandbox import read_sandboxed

        return read_sandboxed(path, content, kind, table)
    if table:
        raise LogError(
            f"{path}: such a file is one table, so none can be named; leave out the table "
            f"{table[:60]!r}, or say for which files it is meant, as in table = {{h5 = "
            f"{table[:60]!r}}}"
        )
    return _only_table(path, content, suffix)


def _kind(content: bytes, suffix: str) -> str:
    """The format of a file that may hold several tables; blank where it is none."""
    if content.startswith(b"TDSm"):
        return "tdms"
    if content.startswith((b"CDF\x01", b"CDF\x02", b"CDF\x05")):
        return "netcdf"
    for place in _HDF5_PLACES:
        if content[place : place + len(_HDF5)] == _HDF5:
            if content.startswith(b"MATLAB"):
                return "matlab73"
            written_so = suffix in _NETCDF or b"_NCProperties" in content
            return "netcdf" if written_so else "hdf5"
    # Version 4 has no name in its header, but zeros that a text would not have.
    if content.startswith(b"MATLAB") or (suffix == ".mat" and b"\x00" in content[:128]):
        return "matlab"
    return ""


def _only_table(path: Path, content: bytes, suffix: str) -> "RawTable":
    if content.startswith(_PARQUET) or suffix in {".parquet", ".pq"}:
        from slicken.logs.readers.parquet import read_parquet

        return read_parquet(path, content)
    for start, advice in _FOREIGN.items():
        if content.startswith(start):
            raise LogError(f"{path}: this is {advice}")
    from slicken.logs.readers.look import is_look, read_look

    if is_look(content):
        return read_look(path, content)
    from slicken.logs.readers.text import read_text

    raw = read_text(path, content)
    if suffix in _WORKBOOKS:
        raw.findings.insert(0, Finding(Statement("findings.text_in_workbook", suffix=suffix)))
    return raw
