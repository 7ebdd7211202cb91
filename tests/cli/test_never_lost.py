"""Studies from the command line that are stopped, crowded or spoiled, and lose nothing."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands import SMALL, contents, give, refused
from slicken.learning.devices import cores
from slicken.study.lock import study_lock

SLICKEN = str(Path(sys.executable).parent / "slicken")


@pytest.fixture
def tiny(bench: Path, tmp_path: Path) -> Path:
    """A copy of the bench, to be changed."""
    return shutil.copytree(bench, tmp_path / "bench")


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes most of the time of a tiny study, and other tests look at it."""
    monkeypatch.setattr(
        "slicken.pipeline.write_report", lambda evidence, *_: evidence.trained.path / "report.html"
    )


def long_plan(bench: Path, place: Path) -> None:
    plan = SMALL.replace("logs/*.csv", str(bench / "logs" / "*.csv"))
    (place / "plan.toml").write_text(plan.replace("epochs = 2", "epochs = 20000"), "utf-8")


def test_ctrl_c_says_up_to_which_epoch_all_is_kept_and_the_same_command_resumes_there(
    bench: Path, tmp_path: Path
) -> None:
    long_plan(bench, tmp_path)
    for expected in ("", "Resumed: 10 s, 2 runs, after "):
        with subprocess.Popen(  # noqa: S603 - our own command
            [SLICKEN, "study", "plan.toml", "--out", "new", "--checkpoint", "0"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as command:
            assert command.stdout is not None
            out = ""
            for line in command.stdout:
                out += line
                if line.startswith("Forecast: "):
                    break
            began = time.monotonic()
            while not list(tmp_path.glob("new/checkpoints/[0-9]*")):
                assert time.monotonic() < began + 60
                time.sleep(0.05)
            time.sleep(0.3)
            command.send_signal(signal.SIGINT)
            asked = time.monotonic()
            rest, err = command.communicate(timeout=60)
            assert time.monotonic() - asked < 20
        assert command.returncode == 130, err
        assert expected in out + rest
        assert len(err.splitlines()) == 1
        assert "stopped; no window length was finished yet; kept in new is 10 s up to epoch " in err
        assert "; resume with: slicken study plan.toml --out new --checkpoint 0" in err
    assert not list(tmp_path.glob("new/**/*.partial"))
    assert not (tmp_path / "new" / ".lock").exists()


LIMITED = """
import resource, signal, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)), resource.RLIM_INFINITY))
from slicken.cli import main
main()
"""


@pytest.mark.parametrize("room", [2_000, 12_000])
def test_without_space_there_is_one_line_and_with_space_again_the_same_bytes(
    bench: Path, tiny: Path, room: int
) -> None:
    """A file that may not grow is refused as on a full disk, by the system itself."""
    whole = contents(bench / "tiny" / "windows")
    shutil.rmtree(tiny / "tiny")
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", LIMITED, str(room), "study", "plan.toml", "--out", "tiny"],
        cwd=tiny,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "cannot be written" in done.stderr
    assert "the same command resumes there" in done.stderr
    assert give("study", "plan.toml", "--out", "tiny", where=tiny).code == 0
    assert contents(tiny / "tiny" / "windows") == whole


def test_a_second_command_on_a_folder_leaves_with_the_number_of_the_first(tiny: Path) -> None:
    script = "import sys, time; from pathlib import Path; from slicken.study.lock import study_lock"
    script += "\nwith study_lock(Path('tiny')): print('held', flush=True); time.sleep(60)"
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", script], cwd=tiny, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        before = contents(tiny / "tiny")
        for words in (("study", "plan.toml", "--out", "tiny"), ("report", "tiny")):
            line = refused(give(*words, where=tiny))
            assert f"process {holder.pid} on" in line
            assert "works on this study; wait until it has ended, or stop it" in line
        assert contents(tiny / "tiny") == before
        holder.kill()
    assert give("report", "tiny", where=tiny).code == 0


def spoil(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))


def test_what_was_altered_is_named_by_a_report_and_trained_again_by_the_study(
    bench: Path, tiny: Path
) -> None:
    place = tiny / "tiny" / "windows" / "0020s"
    spoil(place / "weights.safetensors")
    line = refused(give("report", "tiny", where=tiny))
    assert "weights.safetensors: is not what was written" in line
    assert "give the command of the study again, it computes it anew" in line
    answer = give("study", "plan.toml", "--out", "tiny", where=tiny)
    assert answer.code == 0
    assert "Note: " in answer.out
    assert "weights.safetensors: is not what was written" in answer.out
    assert "the window length of 20 s is trained again" in answer.out
    assert contents(place) == contents(bench / "tiny" / "windows" / "0020s")


def test_altered_evidence_is_named_and_computed_again_by_a_report(bench: Path, tiny: Path) -> None:
    spoil(tiny / "tiny" / "evidence" / "confounding.nc")
    answer = give("report", "tiny", where=tiny)
    assert answer.code == 0
    again = "Note: evidence/confounding.nc is not what was written; it is computed again."
    assert again in answer.out
    name = "evidence/confounding.nc"
    assert contents(tiny / "tiny")[name] == contents(bench / "tiny")[name]
    assert contents(tiny / "tiny")["summary.json"] == contents(bench / "tiny")["summary.json"]


@pytest.mark.skipif(cores() < 2, reason="two workers need two cores")
def test_two_workers_give_the_bytes_of_one_process(bench: Path, tiny: Path) -> None:
    shutil.rmtree(tiny / "tiny")
    answer = give("study", "plan.toml", "--out", "tiny", "--workers", 2, where=tiny)
    assert answer.code == 0, answer
    assert answer.out.count("mean loss") == 2
    found, expected = contents(tiny / "tiny"), contents(bench / "tiny")
    for name in expected:
        if name.startswith(("windows/", "evidence/")) or name == "summary.json":
            assert found[name] == expected[name], name


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        (("--workers", 10_000), "give --workers 1 to"),
        (("--workers", 0), "give --workers 1 to"),
        (("--scheduler", "tcp://127.0.0.1:9"), "no scheduler of Dask answers"),
        (("--cluster", "nowhere"), "no section jobqueue.nowhere"),
        (("--workers", 1, "--scheduler", "tcp://a:1"), "excludes --workers and --cluster"),
        (("--checkpoint", -1), "give some such as 30"),
    ],
)
def test_what_cannot_be_done_with_workers_is_refused_in_a_line(
    tiny: Path, options: tuple[object, ...], advice: str
) -> None:
    shutil.rmtree(tiny / "tiny")
    assert advice in refused(give("study", "plan.toml", "--out", "tiny", *options, where=tiny))


@pytest.fixture
def _held(tiny: Path) -> Iterator[None]:
    with study_lock(tiny / "tiny"):
        yield


@pytest.mark.usefixtures("_held")
def test_the_lock_belongs_to_the_process_not_to_the_call(tiny: Path) -> None:
    assert give("report", "tiny", where=tiny).code == 0
    assert (tiny / "tiny" / ".lock").exists()
    assert f"pid={os.getpid()}" in (tiny / "tiny" / ".lock").read_text(encoding="utf-8")
