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

State = Literal["whole", "unknown", "altered"]


def checksum(content: bytes | memoryview) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def state_of(file: Path) -> State:
    """Whether a file has the bytes that its folder lists; ``unknown`` where it lists none."""
    expected = read_sums(file.parent).get(file.name)
    if expected is None:
        return "unknown"
    try:
        with file.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return "altered"
    return "whole" if found == expected else "altered"


def vouches(file: Path, content: bytes | memoryview) -> bool:
    """Whether the list of the folder has this content under the name of a file."""
    return read_sums(file.parent).get(file.name) == checksum(content)


def vouch(file: Path, content: bytes | memoryview) -> None:
    """Put the checksum of a file's content into the list of its folder.

    Raises:
        FolderError: If the list cannot be written.
    """
    _write_sums(file.parent, {**read_sums(file.parent), file.name: checksum(content)})


def forget(file: Path) -> None:
    """Take a file from the list of its folder, if it is there."""
    sums = read_sums(file.parent)
    if sums.pop(file.name, None) is not None:
        _write_sums(file.parent, sums)


def read_sums(folder: Path) -> dict[str, str]:
    """Checksums by file name; none where there is no list, or one that cannot be read."""
    try:
        lines = (folder / NAME).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.split("  ", 1) for line in lines if "  " in line)
    return {name: digest for digest, name in pairs}


def lines_of(sums: Mapping[str, str]) -> str:
    """The list as text."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))


def _write_sums(folder: Path, sums: Mapping[str, str]) -> None:
    with written_aside(folder / NAME) as aside:
        aside.write_text(lines_of(sums), encoding="utf-8")
