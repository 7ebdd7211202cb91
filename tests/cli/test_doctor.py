"""Doctor: what runs here and why, in words, and what to do where something is broken."""

import re
from pathlib import Path

import pytest

from commands import Answer, give, refused
from slicken.cli import doctor
from slicken.cli.doctor import compared, instruction_sets, memory
from slicken.cli.terminal import show_engine
from slicken.errors import PlanError
from slicken.learning.engine import ENGINES, engine_library
from slicken.learning.engine import library as room
from slicken.learning.engine.library import Library

WITHOUT = Library(None, None, "not built: no C++ compiler was found")


@pytest.fixture
def one_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small case, smaller."""
    monkeypatch.setattr(doctor, "TURNS", 1)
    monkeypatch.setattr(doctor, "LENGTH", 4)
    for name in ("SLICKEN_ENGINE", "SLICKEN_ENGINE_LIBRARY"):
        monkeypatch.delenv(name, raising=False)


def lines(answer: Answer) -> dict[str, str]:
    """What stands behind each word at the start of a line."""
    return {line[:11].strip(): line[11:] for line in answer.out.splitlines()}


def no_library(monkeypatch: pytest.MonkeyPatch, library: Library = WITHOUT) -> None:
    for place in ("library", "select"):
        monkeypatch.setattr(f"slicken.learning.engine.{place}.engine_library", lambda: library)
    monkeypatch.setattr("slicken.learning.engine.engine_library", lambda: library)


@pytest.mark.usefixtures("one_turn")
def test_doctor_says_what_runs_here_and_why(tmp_path: Path) -> None:
    answer = give("doctor", where=tmp_path)
    assert (answer.code, answer.err) == (0, "")
    told = lines(answer)
    assert re.fullmatch(r"slicken \S+, Python 3\.\S+, JAX \S+", told["versions"])
    assert re.match("(native|layered): ", told["engine"])
    assert re.match(r"\d+( of \d+)? \(CPU cores", told["threads"])
    assert re.match(r"not built: |built: \w+ in use", told["native"])
    assert {"processor", "devices", "memory", "speed"} <= told.keys()
    built = engine_library().handle is not None
    assert built or "to do" in told
    speed = answer.out.split("measuring ...\n")[1].splitlines()[0].strip()
    assert re.match(r"\w+ (is the only engine|\d+\.\d times as fast as \w+, measured)", speed)


@pytest.mark.usefixtures("one_turn")
def test_without_a_library_doctor_says_why_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_library(monkeypatch)
    answer = give("doctor", where=tmp_path)
    assert (answer.code, answer.err) == (0, "")
    told = lines(answer)
    assert told["engine"] == "layered: the native engine is not built: no C++ compiler was found"
    assert told["native"] == "not built: no C++ compiler was found"
    assert "install a C++ compiler" in told["to do"]


@pytest.mark.usefixtures("one_turn")
def test_a_library_that_cannot_be_loaded_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = tmp_path / room.NAME
    damaged.write_bytes(b"no library")
    monkeypatch.setenv(room.VARIABLE, str(damaged))
    answer = give("doctor", where=tmp_path)
    line = refused(answer)
    assert "built, but cannot be loaded" in line
    assert "make install" in line
    assert f"{room.VARIABLE}={damaged}" in answer.out


@pytest.mark.usefixtures("one_turn")
def test_a_library_that_loads_but_does_not_run_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine_library().handle is None:
        pytest.skip("the native engine is not built")

    def refuse() -> None:
        raise PlanError("JAX does not know this interface")

    monkeypatch.setitem(ENGINES, "native", refuse)
    assert "does not run: JAX does not know" in refused(give("doctor", where=tmp_path))


def test_speeds_are_told_as_ratios_to_the_fastest() -> None:
    words = compared({"layered": 0.9, "native": 0.1, "other": 0.2})
    assert words.startswith("native 2.0 times as fast as other, 9.0 times as fast as layered, ")
    assert compared({"layered": 1.0}) == "layered is the only engine to measure here"


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("fpu sse2", ["baseline"]),
        ("sse2 avx2 fma bmi2 avx512f", ["avx2", "baseline"]),
        (
            "avx2 fma bmi2 avx512f avx512bw avx512cd avx512dq avx512vl",
            ["avx512", "avx2", "baseline"],
        ),
    ],
)
def test_what_a_processor_offers_is_read_from_linux(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: str, expected: list[str]
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor : 0\nflags\t\t: {flags}\n", encoding="utf-8")
    assert instruction_sets(cpuinfo) == expected
    assert instruction_sets(tmp_path / "none") == []
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert instruction_sets(cpuinfo) == ["neon"]


def test_memory_is_read_from_linux(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text(
        "MemTotal:       16000000 kB\nMemAvailable:    4000000 kB\nHugePages_Total:       0\n",
        encoding="utf-8",
    )
    assert memory(meminfo) == "4.1 GB free of 16.4 GB"
    assert memory(tmp_path / "none") == "unknown"


def test_the_slower_engine_is_told_in_one_line_unless_a_plan_asks_for_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SLICKEN_ENGINE", raising=False)
    no_library(monkeypatch)
    show_engine("layered")
    assert capsys.readouterr().out == ""
    show_engine("auto")
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("engine: layered; the native engine is not built: no C++ compiler was")
    assert line.endswith("see slicken doctor")
