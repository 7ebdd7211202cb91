"""The lock of a study folder: one process at a time, whichever host it runs on."""

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import builders
from slicken.errors import FolderError
from slicken.statements import Statement
from slicken.study import lock
from slicken.study.lock import check_lock, study_lock
from slicken.study.training import train_study

HOLD = """
import sys, time
from pathlib import Path
from slicken.study import lock
lock.LEASE = float(sys.argv[2])
with lock.study_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(folder: Path, lease: float = lock.LEASE) -> "subprocess.Popen[str]":
    process = subprocess.Popen(  # noqa: S603 (our own interpreter)
        [sys.executable, "-c", HOLD, str(folder), str(lease)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: "subprocess.Popen[str]", number: int = signal.SIGKILL) -> None:
    process.send_signal(number)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def moved_to_another_host(folder: Path) -> None:
    """Make the lock look as if a process on another host had taken it."""
    file = folder / lock.NAME
    text = file.read_text(encoding="utf-8")
    # In place, as the heart of its owner beats on this very file.
    file.write_text(text.replace(f"host={socket.gethostname()}", "host=elsewhere"), "utf-8")


def test_a_second_process_leaves_with_the_number_of_the_first(tmp_path: Path) -> None:
    process = holder(tmp_path)
    try:
        with (
            pytest.raises(
                FolderError,
                match=rf"process {process.pid} on {socket.gethostname()} works on this study; wait",
            ),
            study_lock(tmp_path),
        ):
            pass
        before = (tmp_path / lock.NAME).read_bytes()
        with pytest.raises(FolderError, match="works on this study"):
            train_study(builders.make_experiments(), builders.make_plan(), tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == [lock.NAME]
        assert (tmp_path / lock.NAME).read_bytes() == before
    finally:
        end(process)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_lock_of_a_dead_process_is_taken_over_at_once(tmp_path: Path, number: int) -> None:
    end(holder(tmp_path), number)
    assert (tmp_path / lock.NAME).exists()
    began = time.monotonic()
    with study_lock(tmp_path):
        assert f"pid={os.getpid()}\n" in (tmp_path / lock.NAME).read_text(encoding="utf-8")
    assert time.monotonic() - began < lock.LEASE / 2
    assert not (tmp_path / lock.NAME).exists()


def test_the_lock_of_a_dead_process_on_another_host_is_taken_over_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "LEASE", 1.0)
    end(holder(tmp_path, 1.0))
    moved_to_another_host(tmp_path)
    notes: list[Statement] = []
    with study_lock(tmp_path, notes.append):
        assert f"pid={os.getpid()}\n" in (tmp_path / lock.NAME).read_text(encoding="utf-8")
    assert [note.key for note in notes] == ["progress.lock_watched", "progress.lock_taken_over"]
    assert notes[0].values["host"] == "elsewhere"
    assert notes[0].values["seconds"] == 1.5


def test_a_living_process_on_another_host_keeps_its_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "LEASE", 1.0)
    process = holder(tmp_path, 1.0)
    moved_to_another_host(tmp_path)
    try:
        with (
            pytest.raises(FolderError, match="on elsewhere works on this study"),
            study_lock(tmp_path),
        ):
            pass
    finally:
        end(process)


def test_who_was_asleep_while_another_took_over_writes_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "LEASE", 0.3)
    with study_lock(tmp_path):
        check_lock(tmp_path)
        (tmp_path / lock.NAME).unlink()
        (tmp_path / lock.NAME).write_text("somebody else", encoding="utf-8")
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            time.sleep(0.05)
            try:
                check_lock(tmp_path)
            except FolderError as error:
                assert "another process has taken this study over" in str(error)
                break
        else:
            pytest.fail("the loss of the lock was not seen")


def test_a_process_may_take_its_own_lock_twice(tmp_path: Path) -> None:
    with study_lock(tmp_path):
        with study_lock(tmp_path):
            pass
        assert (tmp_path / lock.NAME).exists()
    assert not (tmp_path / lock.NAME).exists()


def _count(folder: str, turns: int) -> None:
    """Add to a number in a file, which goes wrong where two do it at a time."""
    file = Path(folder) / "number"
    while turns:
        try:
            with study_lock(Path(folder)):
                number = int(file.read_text(encoding="utf-8"))
                time.sleep(0.002)
                file.write_text(str(number + 1), encoding="utf-8")
                turns -= 1
        except FolderError:
            time.sleep(0.001)


def test_of_many_processes_one_works_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "number").write_text("0", encoding="utf-8")
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_count, args=(str(tmp_path), 20)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert (tmp_path / "number").read_text(encoding="utf-8") == "60"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_can_only_be_read_needs_no_lock(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with study_lock(tmp_path):
        assert not (tmp_path / lock.NAME).exists()
    tmp_path.chmod(0o700)
