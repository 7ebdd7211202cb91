"""Probe: a workbook opened in a process of its own, where it can do no harm.

Workbooks come as small files that need any amount of memory: archives of zeros, or one cell in the
last row and column of a sheet. The engine that reads them ends the whole process when memory does.
So it reads them first in another process, which may use this much and no more.

This file is also what that process runs; it imports nothing of slicken, to start at once.
"""

import os
import subprocess
import sys
from pathlib import Path

MEMORY = 3 * 2**30
"""Bytes that the other process may use, where the system can hold it to that."""
SECONDS = 60.0
MOST_UNPACKED = 2_000_000_000
MOST_CELLS = 20_000_000
_MANY_CELLS, _FILLED = 1_000_000, 0.02
_DENIED = "it needs more memory or time than any log"


def why_not(content: bytes) -> str | None:
    """Why a workbook cannot be opened, in words; None where it can.

    Args:
        content: the bytes of the file.
    """
    if _unpacked(content) > MOST_UNPACKED:
        return _DENIED
    if not sys.executable:  # Python inside another program
        return None
    # Without memory, Rust can wait for ever to tell where it failed.
    quiet = {**os.environ, "RUST_BACKTRACE": "0"}
    command = [sys.executable, "-P", str(Path(__file__).resolve()), str(MEMORY)]
    try:
        ended = subprocess.run(  # noqa: S603 - this file
            command, input=content, capture_output=True, timeout=SECONDS, check=False, env=quiet
        )
    except subprocess.TimeoutExpired:
        return _DENIED
    words = ended.stdout.decode(errors="replace").split("\n", 1)
    if ended.returncode or words[0] not in ("cells", "problem"):
        return _DENIED  # it was killed, or ended itself
    if words[0] == "problem":
        return words[1]
    cells, filled = (int(count) for count in words[1].split())
    if cells > MOST_CELLS:
        return f"its sheets hold {cells} cells"
    if cells > _MANY_CELLS and filled < _FILLED * cells:
        return f"of {cells} cells only {filled} are filled: something stands far from the table"
    return None


def _unpacked(content: bytes) -> int:
    """Bytes that an archive says are in it; it may lie, and need not be one."""
    import io
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return sum(member.file_size for member in archive.infolist())
    except Exception:  # noqa: BLE001 - damaged headers raise many kinds; the engine will judge
        return 0


def _open() -> None:
    import io

    import python_calamine

    content = io.BytesIO(sys.stdin.buffer.read())
    cells = filled = 0
    try:
        book = python_calamine.load_workbook(content)
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            cells += sheet.total_height * sheet.total_width
            if cells <= MOST_CELLS:
                rows = sheet.to_python(skip_empty_area=False)
                filled += sum(len(row) - row.count("") for row in rows)
    except BaseException as problem:  # noqa: BLE001 - a panic in the engine is of its own kind
        words = " ".join(str(problem).split()) or type(problem).__name__
        print(f"problem\n{words}", end="")
    else:
        print(f"cells\n{cells} {filled}", end="")


def limit(memory: int) -> None:
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


if __name__ == "__main__":
    limit(int(sys.argv[1]))
    _open()
