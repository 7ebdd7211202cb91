"""``slicken watch``: what is seen of a study that runs, stopped, or has ended."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands import SMALL, contents, give, refused
from slicken.study.lock import LEASE, NAME, study_lock
from slicken.study.progress import NAME as PROGRESS

SLICKEN = str(Path(sys.executable).parent / "slicken")


@pytest.fixture
def tiny(bench: Path, tmp_path: Path) -> Path:
    """A copy of the bench, to be changed."""
    return shutil.copytree(bench, tmp_path / "bench")


@pytest.fixture
def running(bench: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A study of two long window lengths in ``new/``, in training."""
    plan = SMALL.replace("logs/*.csv", str(bench / "logs" / "*.csv"))
    (tmp_path / "plan.toml").write_text(plan.replace("epochs = 2", "epochs = 20000"), "utf-8")
    with subprocess.Popen(  # noqa: S603 - our own command
        [SLICKEN, "study", "plan.toml", "--out", "new", "--checkpoint", "0"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as command:
        began = time.monotonic()
        while not epochs_done(tmp_path):
            assert time.monotonic() < began + 120
            time.sleep(0.1)
        yield command
        command.kill()


def epochs_done(place: Path) -> int:
    try:
        text = (place / "new" / PROGRESS).read_text(encoding="utf-8")
    except FileNotFoundError:
        return 0
    found = re.search(r'"epochs":\s*\[\s*(\d+)', text)
    return int(found[1]) if found else 0


def test_a_finished_study_is_said_to_be_finished_and_how_to_report_it(bench: Path) -> None:
    answer = give("watch", "tiny", where=bench)
    assert answer.code == 0, answer
    lines = answer.out.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["10", "20"]
    assert all(re.search(r"4 of 4 .*\d +finished", line) for line in lines[1:3])
    assert lines[3:] == [
        "this study is finished",
        "page: tiny/report.html",
        "figures and page again: slicken report tiny",
    ]


def test_losses_of_a_finished_length_are_those_that_the_study_said(bench: Path) -> None:
    said = (bench / "study.txt").read_text(encoding="utf-8")
    shown = give("watch", "tiny", where=bench).out
    for window, loss in re.findall(r"(\d+) s  mean loss ([\d.]+),", said):
        assert re.search(rf"^ *{window} s .* {re.escape(loss)}  finished", shown, re.MULTILINE)


def test_nothing_of_a_study_changes_when_somebody_looks(tiny: Path) -> None:
    before = contents(tiny / "tiny")
    give("watch", "tiny", where=tiny)
    assert contents(tiny / "tiny") == before
    assert PROGRESS not in before, "it is gone when all is trained"


def test_on_a_terminal_a_finished_study_is_drawn_once_with_bars(bench: Path) -> None:
    answer = give("watch", "tiny", where=bench, watched=True)
    assert answer.code == 0, answer
    assert "━" in answer.out
    assert "this study is finished" in answer.out


def test_a_study_in_training_is_seen_from_outside_and_so_is_its_end(
    running: subprocess.Popen[str], tmp_path: Path
) -> None:
    first = give("watch", "new", where=tmp_path)
    assert first.code == 0, first
    assert re.search(r"10 s +2 +[1-9]\d* of 40000 +[\d.]+ +[\d.]+ +training", first.out)
    assert re.search(r"20 s +2 +0 of 40000 +- +- +waiting", first.out)
    at = rf"process {running.pid} on \S+: training, \d+ of 80000: 10 s, epoch \d+, loss [\d.]+; \d"
    assert re.search(at, first.out)
    assert " left; nothing has changed for " in first.out
    running.kill()
    running.wait()
    killed = give("watch", "new", where=tmp_path)
    assert f"process {running.pid} on" in killed.out
    assert "has ended without releasing the study" in killed.out
    assert "give the command of the study again: it is resumed" in killed.out
    assert re.search(r"of 40000 .* begun\b", killed.out)


def test_a_view_follows_a_study_until_its_process_has_ended(
    running: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []

    def between(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 2:
            running.send_signal(signal.SIGINT)
            running.wait()

    monkeypatch.setattr("slicken.cli.watch.time.sleep", between)
    answer = give("watch", "new", where=tmp_path, watched=True)
    assert answer.code == 0, answer
    assert set(looks) == {1.0}
    assert ": training, " in answer.out
    assert "no process works on this study; nothing has changed for" in answer.out


def test_ctrl_c_ends_the_view_and_not_in_an_error(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(seconds: float) -> None:
        del seconds
        raise KeyboardInterrupt

    monkeypatch.setattr("slicken.cli.watch.time.sleep", interrupted)
    with study_lock(tiny / "tiny"):
        answer = give("watch", "tiny", where=tiny, watched=True)
    assert (answer.code, answer.err) == (0, "")
    assert f"process {os.getpid()} on" in answer.out
    assert ": at work; nothing has changed" in answer.out


def test_a_process_elsewhere_that_is_silent_is_not_said_to_live(tiny: Path) -> None:
    lock = tiny / "tiny" / NAME
    fields = {"pid": 1, "host": "elsewhere", "mode": "lease", "token": "0a", "duration": LEASE}
    lines = ["filelock/2", *(f"{name}={value}" for name, value in fields.items())]
    lock.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert "process 1 on elsewhere: at work" in give("watch", "tiny", where=tiny).out
    long_ago = time.time() - 10 * LEASE
    os.utime(lock, (long_ago, long_ago))
    assert "this study is finished" in give("watch", "tiny", where=tiny).out
    shutil.rmtree(tiny / "tiny" / "windows" / "0020s")
    answer = give("watch", "tiny", where=tiny)
    assert "process 1 on elsewhere has given no sign of life for 3 min " in answer.out
    assert re.search(r"20 s +2 +0 of 4 +- +- +waiting", answer.out)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"windows": []}', "\xff" * 9])
def test_a_progress_that_cannot_be_read_is_as_none(tiny: Path, content: str) -> None:
    shutil.rmtree(tiny / "tiny" / "windows" / "0020s")
    (tiny / "tiny" / PROGRESS).write_text(content, encoding="latin-1")
    answer = give("watch", "tiny", where=tiny)
    assert answer.code == 0, answer
    assert re.search(r"20 s +2 +0 of 4 +- +- +waiting", answer.out)


def test_a_progress_that_is_left_over_goes_when_the_study_is_resumed(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "slicken.pipeline.write_report", lambda evidence, *_: evidence.trained.path / "report.html"
    )
    (tiny / "tiny" / PROGRESS).write_text("{", encoding="utf-8")
    assert give("study", "plan.toml", "--out", "tiny", where=tiny).code == 0
    assert not (tiny / "tiny" / PROGRESS).exists()


def test_what_is_no_study_is_refused_in_a_line(tmp_path: Path) -> None:
    assert "no study here" in refused(give("watch", "nothing", where=tmp_path))
