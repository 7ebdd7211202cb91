"""Checksums: which bytes the files of a folder are to have, in ``SHA256SUMS``.

The file is as ``sha256sum`` writes it, so anybody can check a study that was copied:
``sha256sum --check SHA256SUMS``.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from slicken.study.files import written_aside

NAME = "SHA256SUMS"
_PIECE = 1 << 20

State = Literal["whole", "unknown", "altered"]


def checksum(content: bytes | memoryview) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def state_of(file: Path) -> State:
    """Whether a file has the bytes that its folder lists; ``unknown`` where it lists none."""
    expected = read_sums(file.parent).get(file.name)
    if expected is None:
        return "unknown"
    return "whole" if _of_file(file) == expected else "altered"


def read_sums(folder: Path) -> dict[str, str]:
    """Checksums by file name; none where there is no list, or one that cannot be read."""
    try:
        lines = (folder / NAME).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.split("  ", 1) for line in lines if "  " in line)
    return {name: digest for digest, name in pairs}


def write_sums(folder: Path, sums: Mapping[str, str]) -> None:
    """Write the list of a folder anew.

    Raises:
        FolderError: if it cannot be written.
    """
    with written_aside(folder / NAME) as aside:
        aside.write_text(lines_of(sums), encoding="utf-8")


def lines_of(sums: Mapping[str, str]) -> str:
    """The list as text."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))


def _of_file(file: Path) -> str:
    digest = hashlib.sha256()
    try:
        with file.open("rb") as opened:
            while piece := opened.read(_PIECE):
                digest.update(piece)
    except OSError:
        return ""
    return digest.hexdigest()
