"""Files that are whole or not there, and the checksums that a folder lists of them.

A file is written aside, synced and renamed. The list, ``SHA256SUMS``, is as ``sha256sum`` writes
it, so anybody can check a study that was copied: ``sha256sum --check SHA256SUMS``.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from slicken.errors import FolderError

MANIFEST = "SHA256SUMS"

State = Literal["whole", "unknown", "altered"]
Content = bytes | memoryview


@contextmanager
def written_aside(path: Path, *, synced: bool = True) -> Iterator[Path]:
    """A place to write a file (or a folder) that takes the name ``path`` when all went well.

    Args:
        path: Name; a file takes it over from another, a folder must be the first to have it.
        synced: Whether it must outlive a loss of power.

    Raises:
        FolderError: if it cannot be written; what was at ``path`` stays.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # In a container, the next process has the number of the one that was killed.
        remove(aside)
        yield aside
        if synced:
            _sync(aside)
        aside.replace(path)
        if synced:
            _sync_name(path.parent)
    except OSError as error:
        raise FolderError(
            f"{path}: cannot be written ({error.strerror or error}); free some space or choose "
            "another folder; what is finished stays, and the same command resumes there"
        ) from error
    finally:
        remove(aside)


def check_folder(folder: Path) -> None:
    """Make sure that files can be written into a folder, before long work; nothing is left there.

    Args:
        folder: Folder, which need not be there.

    Raises:
        FolderError: If it cannot be written.
    """
    try:
        nearest = next(each for each in (folder, *folder.absolute().parents) if each.exists())
        with TemporaryDirectory(dir=nearest, prefix=".slicken-"):
            pass
    except OSError as error:
        raise FolderError(
            f"{folder}: cannot be written ({error.strerror or error}); choose another folder"
        ) from error


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    with written_aside(path) as aside:
        aside.write_text(text, encoding="utf-8")


def remove(path: Path) -> None:
    """Remove a file, a link or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):  # an error that brought us here says more
            path.unlink(missing_ok=True)


def write_listed(path: Path, content: Content) -> None:
    """Write a file whose checksum its folder lists.

    Raises:
        FolderError: If it cannot be written.
    """
    # The list first: a process that is killed between the two leaves no file that is not listed.
    write_text(path.parent / MANIFEST, manifest({**listed(path.parent), path.name: content}))
    with written_aside(path) as aside:
        aside.write_bytes(content)


def state_of(file: Path) -> State:
    """Whether a file has the bytes that its folder lists; ``unknown`` where it lists none."""
    expected = listed(file.parent).get(file.name)
    if expected is None:
        return "unknown"
    try:
        with file.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return "altered"
    return "whole" if found == expected else "altered"


def lists(file: Path, content: Content) -> bool:
    """Whether the checksum that the folder of a file lists is that of a content."""
    return listed(file.parent).get(file.name) == hashlib.sha256(content).hexdigest()


def listed(folder: Path) -> dict[str, str]:
    """Checksums by file name; none where there is no list, or one that cannot be read."""
    try:
        lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.split("  ", 1) for line in lines if "  " in line)
    return {name: digest for digest, name in pairs}


def manifest(files: Mapping[str, Content | str]) -> str:
    """The list of some files, by name: of a content, or of a checksum that is known."""
    sums = {
        name: known if isinstance(known, str) else hashlib.sha256(known).hexdigest()
        for name, known in files.items()
    }
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))


def _sync_name(folder: Path) -> None:
    """Make sure that the new name is on the disk; not every file system knows how."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _sync(path: Path) -> None:
    """Make sure that contents are on the disk before the name is."""
    for file in [path] if path.is_file() else sorted(path.rglob("*")):
        if file.is_file():
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
