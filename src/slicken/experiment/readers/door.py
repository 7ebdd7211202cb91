"""The door: which reader a file needs, by its first bytes; its name only words the error."""

import hashlib
from pathlib import Path

from slicken.errors import LogError
from slicken.experiment.experiment import Finding
from slicken.experiment.log import Log
from slicken.experiment.readers.raw import RawTable

LARGEST = 300_000_000
"""Bytes of the largest file that is read: some four million rows; it takes about 3 GB of memory."""

_ZIP, _OLE, _PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PAR1"
_FOREIGN = {
    b"\x1f\x8b": "a gzip archive; unpack it first",
    b"BZh": "a bzip2 archive; unpack it first",
    b"\xfd7zXZ": "an xz archive; unpack it first",
    b"7z\xbc\xaf": "a 7-zip archive; unpack it first",
    b"\x89HDF": "an HDF5 or netCDF file; export its table as text, Excel or Parquet",
    b"CDF": "a netCDF file; export its table as text, Excel or Parquet",
    b"MATLAB": "a MATLAB file; export its table as text, Excel or Parquet",
    b"%PDF": "a PDF; export the numbers as text, Excel or Parquet",
    b"\x89PNG": "a picture; export the numbers as text, Excel or Parquet",
    b"TDSm": "a LabVIEW TDMS file; export its table as text, Excel or Parquet",
}
_WORKBOOKS = {".xls", ".xlsx", ".xlsm", ".xlsb", ".ods"}


def read_log(path: str | Path) -> Log:
    """Read the table of numbers in a file.

    Text of any dialect (see :mod:`slicken.experiment.readers.text`), Excel and OpenDocument
    workbooks, and Parquet. The content decides, not the extension: instruments like to write
    text and call it ``.xls``.

    Args:
        path: the file.

    Returns:
        The log, with findings that say what the reader did.

    Raises:
        LogError: if there is no such file, or no table of numbers in it.
    """
    path = Path(path)
    content = _bytes(path)
    from slicken.experiment.readers.table import assemble

    return assemble(path, hashlib.sha256(content).hexdigest(), _raw(path, content))


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


def _raw(path: Path, content: bytes) -> RawTable:
    # Each reader brings pandas or an engine with it, so only the one that is needed is imported.
    if content.startswith((_ZIP, _OLE)):
        from slicken.experiment.readers.excel import read_excel

        return read_excel(path, content)
    suffix = path.suffix.lower()
    if content.startswith(_PARQUET) or suffix in {".parquet", ".pq"}:
        from slicken.experiment.readers.parquet import read_parquet

        return read_parquet(path, content)
    for start, advice in _FOREIGN.items():
        if content.startswith(start):
            raise LogError(f"{path}: this is {advice}")
    from slicken.experiment.readers.text import read_text

    raw = read_text(path, content)
    if suffix in _WORKBOOKS:
        raw.findings.insert(0, Finding("format", f"text, although its name ends in {suffix}"))
    return raw
