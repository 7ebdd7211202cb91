"""Bad input to ``slicken law``: one line that says what and where; code 2; nothing is lost."""

import re
from pathlib import Path

import numpy as np
import pytest

import slicken.laws.laws
from commands import alone, contents, give, refused
from slicken.laws.results import Event, EventFit

STEP = 60.0
TIME = np.arange(0, 120, 0.05)
RANDOM = np.random.default_rng(3)
FRICTION = 0.6 + 1e-4 * RANDOM.normal(size=TIME.size) + 0.002 * (TIME > STEP)
LOAD = np.where(STEP > TIME, 3 * TIME, 3 * STEP + 10 * (TIME - STEP))
AFTER = int(np.searchsorted(TIME, STEP))
NAMES = ("time_s", "friction", "load_point_um")


def write(file: Path, *columns: np.ndarray, names: tuple[str, ...] = NAMES) -> Path:
    np.savetxt(
        file, np.column_stack(columns), delimiter=",", header=",".join(names), comments="",
        fmt="%.9g",
    )  # fmt: skip
    return file


def without(values: np.ndarray, rows: slice) -> np.ndarray:
    spoiled = values.copy()
    spoiled[rows] = np.nan
    return spoiled


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a good log, a table of events, and a folder with something in it."""
    alone(monkeypatch, tmp_path / "cache")
    write(tmp_path / "good.csv", TIME, FRICTION, LOAD)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("years of work", encoding="utf-8")
    return tmp_path


def asked(here: Path, *words: str) -> str:
    """Give a command that must be refused, and check that it changed nothing."""
    before = contents(here)
    line = refused(give("law", *words, where=here))
    assert contents(here) == before
    return line


REFUSED = {
    "no load point and no slip": (
        (TIME, FRICTION), NAMES[:2], "no velocity; map a column to load_point"
    ),
    "a load point that never moves": (
        (TIME, FRICTION, 0 * LOAD + 3), NAMES, "never moves.*name another column"
    ),
    "a velocity that is always zero": (
        (TIME, FRICTION, 0 * LOAD), ("time_s", "friction", "slip_velocity_um_s"), "never moves"
    ),
    "no friction": ((TIME, LOAD), ("time_s", "load_point_um"), "no friction; say which column"),
    "friction without a number": ((TIME, without(FRICTION, slice(None)), LOAD), NAMES,
                                  "no friction; say which column"),
    "displacement without a number": ((TIME, FRICTION, without(LOAD, slice(None))), NAMES,
                                      "no velocity; map a column"),
    "friction with the wrong sign": ((TIME, -FRICTION, LOAD), NAMES,
                                     "friction is negative.*sign = -1"),
}  # fmt: skip


@pytest.mark.parametrize(("columns", "names", "said"), REFUSED.values(), ids=REFUSED)
def test_a_log_without_what_a_law_needs_is_refused(
    here: Path, columns: tuple[np.ndarray, ...], names: tuple[str, ...], said: str
) -> None:
    write(here / "bad.csv", *columns, names=names)
    line = asked(here, "bad.csv", "--out", "new")
    assert re.search(said, line), line


SEARCHED = {
    "no event": ((TIME, FRICTION, 3 * TIME), "no velocity step, hold or step of normal stress"),
    "friction without variation": ((TIME, 0 * FRICTION + 0.6, LOAD), r"never changes \(always"),
    "an event at the end": (
        tuple(one[: AFTER + 9] for one in (TIME, FRICTION, LOAD)), "samples? after it; at least 20"
    ),
    "no friction after the event": (
        (TIME, without(FRICTION, slice(AFTER, None)), LOAD), "0 samples after it; at least 20"
    ),
    "three samples": (tuple(one[:3] for one in (TIME, FRICTION, LOAD)), "no velocity step, hold"),
}  # fmt: skip


@pytest.mark.parametrize(("columns", "said"), SEARCHED.values(), ids=SEARCHED)
def test_where_no_event_can_be_fitted_a_line_says_why_and_events_are_kept(
    here: Path, columns: tuple[np.ndarray, ...], said: str
) -> None:
    write(here / "bad.csv", *columns)
    line = refused(give("law", "bad.csv", "--out", "out", where=here))
    assert re.search(said, line), line
    assert (here / "out" / "events.csv").is_file()
    assert (here / "out" / "thesis.tex").read_text(encoding="utf-8") == "years of work"


def test_a_wrong_unit_that_no_fault_follows_is_said_with_the_velocity(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(here / "bad.csv", TIME, FRICTION, LOAD, names=("time_s", "friction", "load_point_m"))

    def nothing(_: object, event: Event, **__: object) -> EventFit:
        empty = np.empty(0)
        return EventFit("bad", event, empty, empty, empty, empty.astype(int), (), None)

    monkeypatch.setattr(slicken.laws.laws, "fit_event", nothing)
    line = refused(give("law", "bad.csv", "--out", "new", where=here))
    assert re.search(r"no .*stable fault at 1e\+07 µm/s: .*wrong unit of displacement", line), line


OPTIONS = {
    ("--stiffness", "0/um"): "must be above zero",
    ("--stiffness=-1/um",): "must be above zero",
    ("--stiffness", "0"): "give a number with its unit",
    ("--stiffness", "5 bananas"): "'bananas' is neither friction nor stress per length",
    ("--stiffness", "inf"): "give a number with its unit",
    ("--stiffness", "1e400/um"): "must be above zero|number",
    ("--stiffness", "0.1 MPa/um"): "no normal stress to divide it by",
    ("--law", "aging"): "ageing, slip and thermal",
    ("--states", "x"): "give 1, 2 or 1,2",
    ("--steps", "none.csv"): "none.csv: cannot be read as a table of events: No such file",
    ("--steps", "out"): "cannot be read as a table of events: Is a directory$",
    ("--channels", "none.toml"): "none.toml",
}  # fmt: skip


@pytest.mark.parametrize(("words", "said"), OPTIONS.items(), ids=map(" ".join, OPTIONS))
def test_an_option_that_makes_no_sense_is_refused(
    here: Path, words: tuple[str, ...], said: str
) -> None:
    line = asked(here, "good.csv", "--out", "new", *words)
    assert re.search(said, line), line


TABLES = {
    "": "no column 'start_s'",
    "start_s\n": "no event in it",
    "a,b\n1,2\n": "unknown column 'a'",
    "kind,start_s\nstep,500\n": "row 2: start_s 500 is not inside good",
    "kind,start_s\nstep,soon\n": "row 2: start_s: 'soon' is no number",
    "kind,start_s\nstep,nan\n": "row 2: start_s: 'nan' is not finite",
    "kind,start_s\nslip,60\n": "row 2: .*'slip'",
}


@pytest.mark.parametrize(("text", "said"), TABLES.items(), ids=TABLES.values())
def test_a_table_of_events_that_does_not_fit_is_refused(here: Path, text: str, said: str) -> None:
    (here / "steps.csv").write_text(text, encoding="utf-8")
    line = asked(here, "good.csv", "--out", "new", "--steps", "steps.csv")
    assert re.search(said, line), line


@pytest.mark.parametrize("out", ["good.csv", "good.csv/new", "/proc/new"])
def test_a_folder_that_cannot_be_written_is_said_before_anything_is_fitted(
    here: Path, out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(slicken.laws.laws, "fit_event", never)
    line = asked(here, "good.csv", "--out", out)
    assert re.search(f"{out}: cannot be written .*choose another folder$", line), line
