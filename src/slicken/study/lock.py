"""Lock: one process at a time works on a study folder, whichever host it runs on."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakValueDictionary

from filelock import LeaseCompromise, SoftFileLease, Timeout

from slicken.errors import FolderError

NAME = ".lock"
LEASE = 20.0
"""Seconds for which a lock that is not refreshed counts as alive, where nothing else can tell.

Of a process on this host the number of the process tells, at once. Of one on another host only this
does, on the clock of who watches; the owner refreshes it three times in that time."""

_HELD: "WeakValueDictionary[str, SoftFileLease]" = WeakValueDictionary()


def nobody(line: str) -> None:
    """Want to know nothing."""
    del line


@contextmanager
def study_lock(folder: Path, tell: Callable[[str], None] = nobody) -> Iterator[None]:
    """Work on a folder, which no other process does meanwhile.

    A process that holds it already goes on. A lock whose process is dead is taken over. Where the
    folder can be read but not written there is nothing to guard.

    Args:
        folder: made if it is not there.
        tell: told a line where it takes a while to see whether a process on another host lives.

    Raises:
        FolderError: if another process works on it; the message says which.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(f"{folder}: {error.strerror}; choose another --out") from None
    lease = _lease_on(folder)
    if not os.access(folder, os.W_OK):
        yield
        return
    _take(lease, folder, tell)
    try:
        yield
    finally:
        lease.release()


def check_lock(folder: Path) -> None:
    """Make sure that nobody has taken over while this process slept.

    Raises:
        FolderError: if somebody has.
    """
    lease = _HELD.get(_key(folder))
    if lease is not None and lease.compromise is not None:
        raise FolderError(
            f"{folder}: another process has taken this study over, for this one gave no sign of "
            f"life for {LEASE:g} s; nothing more is written from here"
        )


@dataclass(frozen=True)
class Holder:
    """A process that has taken a folder to work on, and has not given it back.

    Args:
        pid: its number; empty where the lock does not say.
        host: where it runs.
        silent: seconds since its last sign of life, on the clock of who looks.
        gone: whether it is known to have ended.
    """

    pid: str
    host: str
    silent: float
    gone: bool

    @property
    def lives(self) -> bool:
        """Whether it has given a sign of life."""
        return not self.gone and self.silent <= LEASE

    def __str__(self) -> str:
        return f"process {self.pid or '?'} on {self.host or '?'}"


def holder_of(folder: Path) -> Holder | None:
    """Who has taken a folder; None where nobody has. Takes nothing.

    Args:
        folder: of a study.
    """
    file = folder / NAME
    try:
        silent = max(0.0, time.time() - file.stat().st_mtime)
    except OSError:
        return None
    record = _record(folder)
    pid, host = record.get("pid", ""), record.get("host", "")
    return Holder(pid, host, silent, gone=host == socket.gethostname() and not _runs_here(pid))


def _runs_here(pid: str) -> bool:
    """Whether a process of this number runs on this host; yes where nobody can tell."""
    if not pid.isdecimal() or os.name == "nt":  # os.kill would end it there
        return True
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it belongs to somebody else
        return True
    return True


def _take(lease: SoftFileLease, folder: Path, tell: Callable[[str], None]) -> None:
    try:
        lease.acquire(timeout=0)
        return
    except Timeout:
        owner, host = _owner(folder)
    if host != socket.gethostname():
        tell(f"{folder}: locked by {owner}; looking for {1.5 * LEASE:g} s whether it lives ...")
        try:
            lease.acquire(timeout=1.5 * LEASE)
            tell(f"{folder}: it does not; going on in its place")
            return
        except Timeout:
            owner, _ = _owner(folder)
    raise FolderError(
        f"{folder}: {owner} works on this study; wait until it has ended, or stop it, and give the "
        f"command again; 'slicken watch {folder}' shows how far it is"
    )


def _owner(folder: Path) -> tuple[str, str]:
    """Who holds the lock, in words, and on which host."""
    record = _record(folder)
    pid, host = record.get("pid", "?"), record.get("host", "?")
    return f"process {pid} on {host}", host


def _record(folder: Path) -> dict[str, str]:
    """What the lock says; nothing where it cannot be read."""
    try:
        text = (folder / NAME).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def _lease_on(folder: Path) -> SoftFileLease:
    key = _key(folder)
    lease = _HELD.get(key)
    if lease is None:
        lease = SoftFileLease(Path(key) / NAME, lease_duration=LEASE, on_compromise=_lost)
        _HELD[key] = lease
    return lease


def _lost(compromise: LeaseCompromise) -> None:
    """Nothing here, in another thread: :func:`check_lock` sees it."""
    del compromise


def _key(folder: Path) -> str:
    return str(folder.resolve())
