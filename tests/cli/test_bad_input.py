"""Bad input: one line that says what, where and what to try; code 2; nothing is lost."""

import errno
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import run

import numpy as np
import pytest

from commands import SMALL, alone, contents, give, refused

HEADER = (
    "time_s,slip_velocity_mm_s,axial_displacement_um,temperature_degC,normal_stress_MPa,friction"
)
TIME, TEMPERATURE, FRICTION = 0, 3, 5
MAP = """
[channels.time]
column = "time_s"
[channels.temperature]
column = "temperature_degC"
[channels.friction]
column = "friction"
"""


def table(samples: int = 200, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    time = np.arange(float(samples))
    return np.column_stack(
        [
            time,
            4 + 0.5 * np.sin(time / 9),
            time / 3,
            20 + np.sqrt(time),
            np.full(samples, 2.0),
            0.6 + 0.01 * random.normal(size=samples),
        ]
    )


def write(file: Path, values: np.ndarray) -> Path:
    file.parent.mkdir(exist_ok=True)
    np.savetxt(file, values, delimiter=",", header=HEADER, comments="", fmt="%.9g")
    return file


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with three good logs, and ``out/`` with something in it."""
    alone(monkeypatch, tmp_path / "cache")
    for number in range(3):
        write(tmp_path / "logs" / f"run{number}.csv", table(seed=number))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("years of work", encoding="utf-8")
    return tmp_path


def asked(here: Path, *words: str) -> str:
    """Give a command that must be refused, and check that it changed nothing."""
    before = contents(here)
    line = refused(give(*words, where=here))
    assert contents(here) == before
    return line


def spoiled(column: int, rows: slice, value: Callable[[np.ndarray], object]) -> np.ndarray:
    values = table()
    values[rows, column] = value(values[rows, column])
    return values


LOGS = {
    "time stands still": (
        spoiled(TIME, slice(100, 110), lambda _: 100.0),
        "bad.csv: row 103: time stands still at 100 s .*remove these rows",
    ),
    "time stands still throughout": (
        spoiled(TIME, slice(None), lambda _: 7.0),
        "bad.csv: .*time stands still at 7 s",
    ),
    "time runs backward": (
        spoiled(TIME, slice(100, None), lambda t: t - 50),
        "bad.csv: row 102: time runs backward, from 99 to 50 s.*each run in a file of its own",
    ),
    "time jumps": (
        spoiled(TIME, slice(100, None), lambda t: t + 1e6),
        r"bad.csv: row 102: time jumps by 1e\+06 s, from 99 to 1000100 s.*mend the row",
    ),
    "friction never changes": (
        spoiled(FRICTION, slice(None), lambda _: 0.6),
        "bad.csv: friction never changes .*name another column",
    ),
    "friction has no number": (
        spoiled(FRICTION, slice(None), lambda _: np.nan),
        "bad.csv: no friction; say which column holds it",
    ),
    "shorter than the longest window": (
        table(30),
        "bad: its longest stretch .* the longest window 50 s; shorten the window",
    ),
}


@pytest.mark.parametrize(("values", "advice"), LOGS.values(), ids=LOGS)
def test_a_bad_log_is_refused(here: Path, values: np.ndarray, advice: str) -> None:
    write(here / "bad.csv", values)
    line = asked(here, "study", "bad.csv", "--windows", "10,50", "--out", "new")
    assert matches(advice, line)


def matches(advice: str, line: str) -> bool:
    assert re.search(advice, line), line
    return True


FILES = {
    "missing": (None, "bad.csv: no such file; check the name and the folder"),
    "empty": (b"", "bad.csv: the file is empty; was the log still being written"),
    "binary rubbish": (
        np.random.default_rng(1).bytes(4000),
        "bad.csv: binary, not text; .*export it from the rig's own program",
    ),
    "no numeric column": (
        b"time,friction\nsoon,high\nlater,low\n",
        "bad.csv: no table of numbers found; expected rows of numbers",
    ),
    "a folder": ("folder", "bad.csv: a folder, not a log; name the files in it"),
}


@pytest.mark.parametrize(("content", "advice"), FILES.values(), ids=FILES)
@pytest.mark.parametrize("command", ["study", "inspect", "predict"])
def test_what_is_no_log_is_refused_by_every_command(
    here: Path, bench: Path, command: str, content: bytes | str | None, advice: str
) -> None:
    if isinstance(content, bytes):
        (here / "bad.csv").write_bytes(content)
    elif content is not None:
        (here / "bad.csv").mkdir()
    before = contents(bench)
    study = [str(bench / "tiny")] if command == "predict" else []
    assert matches(advice, asked(here, command, *study, "bad.csv", "--out", "new"))
    assert contents(bench) == before


MAPS = {
    "a column that is not there": (
        MAP.replace('"friction"', '"mu"'),
        "run0.csv: no column 'mu'; columns are 'time_s', .*'friction'",
    ),
    "an unknown unit": (
        MAP.replace('"time_s"', '"time_s"\nunit = "furlong"'),
        "run0.csv: column 'time_s' .*'furlong' does not measure time.*units that work: s, ms",
    ),
    "an unknown channel": (MAP.replace(".temperature", ".temprature"), "did you mean 'temp"),
    "an unknown key": (MAP.replace("column =", "colum =", 1), "did you mean 'column'"),
    "no friction": (MAP.split("[channels.friction]")[0], "no friction; say which column"),
    "not TOML": ("channels = = 3", "map.toml: not TOML"),
    "not there": (None, "map.toml: no such channel map; check the name"),
}


@pytest.mark.parametrize(("text", "advice"), MAPS.values(), ids=MAPS)
def test_a_channel_map_that_does_not_fit_is_refused(
    here: Path, text: str | None, advice: str
) -> None:
    if text is not None:
        (here / "map.toml").write_text(text, encoding="utf-8")
    words = ("logs/run0.csv", "--channels", "map.toml", "--out", "new")
    assert matches(advice, asked(here, "study", *words))


def test_a_channel_that_the_map_names_and_the_log_leaves_empty_is_refused(here: Path) -> None:
    write(here / "bad.csv", spoiled(TEMPERATURE, slice(None), lambda _: np.nan))
    (here / "map.toml").write_text(MAP, encoding="utf-8")
    line = asked(here, "study", "bad.csv", "--channels", "map.toml", "--out", "new")
    assert matches("'temperature_degC' is not read: no numbers; columns with numbers are", line)


PLANS = {
    "a wrong key": ("winows = [10]", "plan.toml: unknown key 'winows'; did you mean 'windows'"),
    "a wrong key in a table": ("[network]\nfilterz = 3", r"'network\.filterz'; .*'filters'"),
    "a wrong type": ('runs = "many"', "plan.toml: 'runs': .*integer.*, not 'many'"),
    "text for a list": ('logs = "a.csv"', r"'logs': expected a list, such as \[\"one.csv"),
    "text for a table": ('split = "time"', "'split': expected a table, its fields below"),
    "not TOML": ("runs = = 3", "plan.toml: this is not TOML"),
    "not UTF-8": (b'name = "\xe9"', "plan.toml: this is not TOML"),
    "missing": (None, "plan.toml: the plan cannot be read .*check the name"),
    "no logs": ("runs = 2", "no logs are named; .*add logs ="),
    "a pattern that matches nothing": (
        'logs = ["logs/*.tsv"]',
        r"logs/\*.tsv: no file that fits the pattern in .*slicken fetch",
    ),
    "an unknown engine": (
        'logs = ["logs/*.csv"]\nengine = "steam"\nwindows = [10]',
        "no engine is named 'steam'; there are auto",
    ),
    "stress as a driver": (
        'logs = ["logs/*.csv"]\ndrivers = ["normal_stress"]',
        "would give friction away.*leave it out",
    ),
    "a map that is not there": (
        'logs = ["logs/*.csv"]\nchannels = "nowhere.toml"',
        "nowhere.toml: no such channel map; check the name",
    ),
    "a log twice": (
        'logs = ["logs/*.csv", "logs/run0.csv"]',
        "run0.csv: named twice; name each log once, and check the patterns",
    ),
}


@pytest.mark.parametrize(("text", "advice"), PLANS.values(), ids=PLANS)
def test_a_plan_that_makes_no_sense_is_refused(
    here: Path, text: str | bytes | None, advice: str
) -> None:
    if text is not None:
        content = text if isinstance(text, bytes) else text.encode()
        (here / "plan.toml").write_bytes(content)
    assert matches(advice, asked(here, "study", "plan.toml", "--out", "new"))


OPTIONS = {
    "--windows abc": "windows: 'abc' cannot be read; give seconds such as 50:500:50",
    "--windows 10,5000": "longest window 5000 s; shorten the window or leave the log out",
    "--windows 10.5": "10.5 s is not a whole number of time steps of 1 s; choose a multiple",
    "--folds 2 --windows 10": "2 folds; each needs a test, .* give --folds 3 or more",
    "--folds 40 --windows 10 --split experiment": "40 folds, but only 1 experiment to hold out",
    "--folds some": "split.folds: 'some'; give a number of folds, auto, or 1",
    "--folds 0": "split.folds: 0; give a number of folds, auto, or 1",
    "--preset best": "'preset': .*'paper', 'recommended' or 'quick', not 'best'",
    "--clock metres": "'clock': .*'time' or 'slip', not 'metres'",
    "--clock slip --windows 5s": "windows: '5s' cannot be read; give slip such as 50um:2mm",
    "--split random": "'split.by': .*'experiment', 'time', 'stage' or 'event', not 'random'",
    "--runs 0": "'runs': .*greater than or equal to 1, not 0",
    "--runs few": "'--runs'.*integer.*see slicken study --help",
    "--epochs -1": "'epochs': .*greater than or equal to 1",
    "--stride 0": "'stride': .*greater than 0",
    "--seed -1": "'seed': .*greater than or equal to 0",
    "--depth 3": "no such option: --depth.*see slicken study --help",
}


@pytest.mark.parametrize(("option", "advice"), OPTIONS.items(), ids=OPTIONS)
def test_an_option_that_makes_no_sense_is_refused(here: Path, option: str, advice: str) -> None:
    words = ("study", "logs/run0.csv", *option.split(), "--out", "new")
    assert matches(advice, asked(here, *words))


def test_two_experiments_are_too_few_to_split_by_experiment(here: Path) -> None:
    words = ("logs/run0.csv", "logs/run1.csv", "--split", "experiment", "--windows", "10")
    line = asked(here, "study", *words, "--out", "new")
    assert matches("2 experiments cannot be split .*three or more; use --split time", line)


def test_the_same_log_twice_is_refused(here: Path) -> None:
    line = asked(here, "study", "logs/run0.csv", "./logs/run0.csv", "--out", "new")
    assert matches("run0.csv: named twice; name each log once", line)


def test_a_copy_of_a_log_is_refused_because_it_would_leak(here: Path) -> None:
    shutil.copy(here / "logs" / "run0.csv", here / "logs" / "copy.csv")
    line = asked(here, "study", "logs/run0.csv", "logs/copy.csv", "--out", "new")
    assert matches("copy.csv: the same bytes as .*run0.csv; .*leak: leave one out", line)


def test_two_logs_of_one_name_in_different_folders_are_refused(here: Path) -> None:
    write(here / "other" / "run0.csv", table(seed=9))
    line = asked(here, "study", "logs/run0.csv", "other/run0.csv", "--out", "new")
    assert matches("logs/run0.csv and .*other/run0.csv: .*named 'run0'; rename one file", line)


def test_a_plan_beside_logs_is_refused(here: Path) -> None:
    (here / "plan.toml").write_text(SMALL, encoding="utf-8")
    line = asked(here, "study", "plan.toml", "logs/run0.csv")
    assert matches("plan.toml is a plan and names its own logs; give it alone", line)


OUTS = {
    "a folder of something else": ("out", "out: this is not a study folder and not empty; choose"),
    "a file": ("out/thesis.tex", "thesis.tex: this is not a study folder.*choose another --out"),
    "below a file": (
        "out/thesis.tex/new",
        "thesis.tex/new: .*choose another --out",
    ),
}


@pytest.mark.parametrize(("out", "advice"), OUTS.values(), ids=OUTS)
def test_an_out_that_is_no_study_folder_is_refused(here: Path, out: str, advice: str) -> None:
    (here / "plan.toml").write_text(SMALL, encoding="utf-8")
    assert matches(advice, asked(here, "study", "plan.toml", "--out", out))


OTHERS = {
    "--epochs 3": "tiny: belongs to another plan .epochs is 2 there and 3 here.*another --out",
    "--seed 1": "tiny: belongs to another plan .seed is 0 there and 1 here",
    "--windows 10,30": "tiny: belongs to another plan .windows",
}


@pytest.mark.parametrize(("option", "advice"), OTHERS.items(), ids=OTHERS)
def test_a_folder_of_another_plan_is_refused(bench: Path, option: str, advice: str) -> None:
    words = ("study", "plan.toml", "--out", "tiny", *option.split())
    assert matches(advice, asked(bench, *words))


def test_a_folder_of_another_network_names_what_differs(bench: Path, tmp_path: Path) -> None:
    text = SMALL.replace("filters = 4", "filters = 16").replace("logs/", f"{bench}/logs/")
    (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
    line = asked(bench, "study", str(tmp_path / "plan.toml"), "--out", "tiny")
    assert matches(r"another plan \(network\.filters is 4 there and 16 here\)", line)


def test_a_folder_of_other_logs_is_refused(bench: Path, tmp_path: Path) -> None:
    for log in (bench / "logs").glob("*.csv"):
        shutil.copy(log, tmp_path / log.name)
    rows = (tmp_path / "temperature-history-02.csv").read_text().splitlines()[:-3]
    (tmp_path / "temperature-history-02.csv").write_text("\n".join(rows) + "\n")
    plan = SMALL.replace("logs/*.csv", "*.csv")
    (tmp_path / "plan.toml").write_text(plan, encoding="utf-8")
    line = asked(bench, "study", str(tmp_path / "plan.toml"), "--out", "tiny")
    assert matches(r"belongs to other logs \(temperature-history-02 differ\); choose", line)


@pytest.mark.parametrize("command", ["report", "predict"])
@pytest.mark.parametrize("folder", ["out", "out/thesis.tex", "nowhere"])
def test_what_is_no_study_is_neither_reported_nor_predicted_with(
    here: Path, command: str, folder: str
) -> None:
    log = ["logs/run0.csv"] if command == "predict" else []
    line = asked(here, command, folder, *log)
    assert matches("no study here .*name a folder that 'slicken study --out'", line)


@pytest.mark.parametrize("command", ["report", "predict"])
def test_a_study_without_a_finished_window_is_to_be_gone_on_with(
    bench: Path, here: Path, command: str
) -> None:
    shutil.copytree(bench / "tiny", here / "tiny")
    shutil.rmtree(here / "tiny" / "windows")
    log = ["logs/run0.csv"] if command == "predict" else []
    line = asked(here, command, "tiny", *log)
    assert matches("tiny: no window length is finished yet; give the command .* again", line)


ALTERED = "is not what was written .*give the command of the study again, it computes it anew"


@pytest.mark.parametrize(
    ("file", "advice"),
    [
        (
            "plan.toml",
            "plan.toml: is not what was written .*restore it .*from a copy, or choose another",
        ),
        ("experiments.nc", f"experiments.nc: {ALTERED}"),
        ("windows/0010s/history.nc", f"history.nc: {ALTERED}"),
        ("windows/0010s/weights.safetensors", f"weights.safetensors: {ALTERED}"),
    ],
)
def test_a_damaged_study_names_the_file(bench: Path, here: Path, file: str, advice: str) -> None:
    shutil.copytree(bench / "tiny", here / "tiny")
    shutil.rmtree(here / "tiny" / "evidence")
    (here / "tiny" / file).write_bytes(b"\x00rubbish")
    assert matches(advice, refused(give("report", "tiny", where=here)))


def without_temperature() -> str:
    return HEADER.replace("temperature_degC", "humidity")


PREDICTED = {
    "lacks a driver": (
        lambda file: file.write_text(file.read_text().replace(HEADER, without_temperature())),
        "new: no temperature and no temperature_rate, which the networks .* need; name the column",
    ),
    "has another time step": (
        lambda file: write(file, spoiled(TIME, slice(None), lambda t: 2 * t)),
        "new: its time step is 2 s, that of the study 1 s; set step = 1 in the channel map",
    ),
    "is too short": (
        lambda file: write(file, table(15)),
        "new: no stretch without a gap is as long as the window of 20 s; use a longer record",
    ),
}


@pytest.mark.parametrize(("spoil", "advice"), PREDICTED.values(), ids=PREDICTED)
def test_a_log_that_does_not_fit_a_study_is_not_predicted(
    bench: Path, here: Path, spoil: Callable[[Path], object], advice: str
) -> None:
    spoil(write(here / "new.csv", table()))
    study = str(bench / "tiny")
    assert matches(advice, asked(here, "predict", study, "new.csv", "--window", "20"))


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (("--window", "33"), "the study has no window of 33 s; it has 10, 20"),
        (("--level", "90"), "an interval of level 90 makes no sense; choose 0.9"),
        (("--out", "logs/run0.csv"), "run0.csv: this is the log itself; choose another --out"),
        (("--out", "out/thesis.tex/x.csv"), "x.csv: cannot be written .*another folder"),
    ],
    ids=["window", "level", "over the log", "below a file"],
)
def test_a_prediction_that_cannot_be_is_refused(
    bench: Path, here: Path, words: tuple[str, ...], advice: str
) -> None:
    study = str(bench / "tiny")
    assert matches(advice, asked(here, "predict", study, "logs/run0.csv", *words))


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("", "missing argument 'SCENARIO'; see slicken simulate --help"),
        ("weather", "unknown scenario 'weather'; choose one of temperature-history"),
        ("running-in --experiments 0", "simulate at least one"),
        ("running-in --duration 5", "shorter than the shortest stage of 100 s; lengthen"),
        ("temperature-history --memory -3", "a memory of -3 s makes no sense; 100 s is usual"),
        ("running-in --seed -1", "the seed is -1; choose"),
        ("nothing --experiments 1 --out out/thesis.tex", "cannot be written .*another folder"),
        ("nothing --dc 10", "nothing has no --dc; leave it out"),
        ("velocity-steps --holds 10,30", "velocity-steps has no --holds; leave it out"),
        ("slide-hold-slide --memory 100", "slide-hold-slide has no --memory; leave it out"),
        ("velocity-steps --velocities 1;10", "--velocities 1;10: not numbers; write them as"),
        ("velocity-steps --stiffness 0", "must be positive"),
        ("velocity-steps --stiffness 0.0001", "too soft: .*choose some times more"),
        ("velocity-steps --b 0.01,0.002", "each state needs one b and one Dc"),
        ("velocity-steps --rate 1e9", "lower the rate"),
        ("velocity-steps --slip nan", "choose more than 0"),
    ],
)
def test_a_simulation_that_cannot_be_is_refused(here: Path, words: str, advice: str) -> None:
    assert matches(advice, asked(here, "simulate", *words.split()))


def test_an_unknown_dataset_is_refused(here: Path) -> None:
    assert matches("no dataset is named 'moon'; there is te67", asked(here, "fetch", "moon"))


def test_an_unknown_command_is_refused(here: Path) -> None:
    assert matches("no such command 'studdy'.*see slicken --help", asked(here, "studdy"))


def test_a_missing_argument_is_named(here: Path) -> None:
    line = asked(here, "study")
    assert matches(r"missing argument 'PLAN.toml \| LOG...'; see slicken study --help", line)


def test_inspect_shows_the_good_logs_beside_the_bad_one(here: Path) -> None:
    answer = give("inspect", "logs/run0.csv", "nowhere.csv", "logs/run1.csv", where=here)
    assert matches("nowhere.csv: no such file", refused(answer))
    assert "run0.csv: 200 samples" in answer.out
    assert "run1.csv: 200 samples" in answer.out


def test_inspect_cannot_write_below_a_file(here: Path) -> None:
    line = asked(here, "inspect", "logs/run0.csv", "--out", "out/thesis.tex/x")
    assert matches("cannot be written .*another folder", line)


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_stops_a_study_before_the_long_work(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "plan.toml").write_text(SMALL, encoding="utf-8")
    monkeypatch.setattr("slicken.study.files.os.fsync", full)
    line = asked(here, "study", "plan.toml", "--out", "new")
    assert matches("cannot be written .No space left on device.; free some space", line)


def test_a_full_disk_leaves_a_finished_study_as_it_was(
    bench: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slicken.study.files.os.fsync", full)
    line = asked(bench, "report", "tiny")
    assert matches("tiny.*cannot be written .No space left on device", line)


def test_a_disk_that_fails_elsewhere_is_one_line_too(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slicken.cli.inspect._show", full)
    line = asked(here, "inspect", "logs/run0.csv")
    assert matches("output: No space left on device; check the disk.*slicken inspect logs", line)


def test_a_mistake_of_ours_is_a_traceback(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("slicken.cli.inspect._show", fail)
    with pytest.raises(ZeroDivisionError):
        give("inspect", "logs/run0.csv", where=here)


def test_a_true_command_ends_with_two_and_one_line(here: Path) -> None:
    ended = run(  # noqa: S603 - our own command
        [str(Path(sys.executable).parent / "slicken"), "study", "nowhere.csv"],
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert matches("^slicken: .*nowhere.csv: no such file; check[^\n]*\n$", ended.stderr)
