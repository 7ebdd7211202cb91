"""Lock: one process at a time works on a study folder, whichever host it runs on."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import SoftFileLease, Timeout

from slicken.errors import FolderError
from slicken.statements import Statement

NAME = ".lock"
LEASE = 20.0
"""Seconds for which a lock that is not refreshed counts as alive, where its process is on another
host; the owner refreshes it three times in that time. A process on this host is looked up."""


@contextmanager
def study_lock(folder: Path, note: Callable[[Statement], None] = lambda _: None) -> Iterator[None]:
    """Work on a folder, which no other process does meanwhile.

    A process may take its own lock again. The lock of a dead process is taken over. A folder that
    can be read but not written needs no lock.

    Args:
        folder: Folder of the study; made if it is not there.
        note: Called where it takes a while to see whether a process on another host lives.

    Raises:
        FolderError: If another process works on it; the message says which.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(f"{folder}: {error.strerror}; choose another --out") from None
    lease = _lease_on(folder)
    if not os.access(folder, os.W_OK):
        yield
        return
    _take(lease, folder, note)
    try:
        yield
    finally:
        lease.release()


def check_lock(folder: Path) -> None:
    """Make sure that no other process has taken over while this one slept.

    Raises:
        FolderError: If one has.
    """
    if _lease_on(folder).compromise is not None:
        raise FolderError(
            f"{folder}: another process has taken this study over, for this one gave no sign of "
            f"life for {LEASE:g} s; nothing more is written from here"
        )


@dataclass(frozen=True)
class Holder:
    """The process that has taken a folder to work on, and has not given it back.

    Args:
        pid: Its number; None where the lock does not say.
        host: Host on which it runs; empty where the lock does not say.
        silent: Seconds since its last sign of life, on the clock of this host.
    """

    pid: int | None
    host: str
    silent: float

    @property
    def gone(self) -> bool:
        """Whether it is known to have ended."""
        return self.host == socket.gethostname() and not _runs_here(self.pid)

    @property
    def lives(self) -> bool:
        """Whether it has given a sign of life."""
        return not self.gone and self.silent <= LEASE

    def __str__(self) -> str:
        return f"process {self.pid or '?'} on {self.host or '?'}"


def holder_of(folder: Path) -> Holder | None:
    """The process that has taken a folder; None where none has. Nothing is taken.

    Args:
        folder: Folder of a study.
    """
    try:
        silent = max(0.0, time.time() - (folder / NAME).stat().st_mtime)
    except OSError:
        return None
    owner = _lease_on(folder).owner
    return Holder(owner.pid, owner.hostname, silent) if owner else Holder(None, "", silent)


def _runs_here(pid: int | None) -> bool:
    """Whether a process of this number runs on this host; yes where that is not known."""
    if pid is None or os.name == "nt":  # os.kill would end it there
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it belongs to somebody else
        return True
    return True


def _take(lease: SoftFileLease, folder: Path, note: Callable[[Statement], None]) -> None:
    if _acquired(lease, 0):
        return
    holder = holder_of(folder)
    if holder is None or holder.host != socket.gethostname():
        note(
            Statement(
                "progress.lock_watched",
                folder=str(folder),
                pid=str((holder and holder.pid) or "?"),
                host=(holder and holder.host) or "?",
                seconds=1.5 * LEASE,
            )
        )
        if _acquired(lease, 1.5 * LEASE):
            note(Statement("progress.lock_taken_over", folder=str(folder)))
            return
        holder = holder_of(folder)
    raise FolderError(
        f"{folder}: {holder or 'another process'} works on this study; wait until it has ended, or "
        f"stop it, and give the command again; 'slicken watch {folder}' shows how far it is"
    )


def _acquired(lease: SoftFileLease, timeout: float) -> bool:
    try:
        lease.acquire(timeout=timeout)
    except Timeout:
        return False
    return True


def _lease_on(folder: Path) -> SoftFileLease:
    """The lease of this process on a folder, the same one as long as it is held."""
    return SoftFileLease(folder.resolve() / NAME, lease_duration=LEASE, is_singleton=True)
