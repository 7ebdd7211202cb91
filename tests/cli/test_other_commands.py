"""The other commands: inspect, simulate, demo, fetch, and the help."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import slicken
from commands import contents, give
from slicken.cli import demo, study
from slicken.experiment import Experiment, read_experiment
from slicken.study.plan import Plan


def test_without_a_command_there_is_help(tmp_path: Path) -> None:
    answer = give(where=tmp_path)
    assert (answer.code, answer.err) == (0, "")
    names = (
        "demo", "inspect", "study", "watch", "report", "law", "predict", "simulate", "fetch",
        "doctor",
    )  # fmt: skip
    for name in names:
        assert re.search(rf"^  {name} +[A-Z].*[^.]$", answer.out, re.MULTILINE), name


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    assert give("--version", where=tmp_path).out == f"slicken {slicken.__version__}\n"


@pytest.mark.parametrize(
    "name", ["demo", "inspect", "study", "report", "law", "predict", "simulate", "fetch"]
)
def test_every_option_is_explained(tmp_path: Path, name: str) -> None:
    answer = give(name, "--help", where=tmp_path)
    assert answer.code == 0
    options = re.findall(r"^  (--\S+(?: \S+)*)  +(\S.*)?$", answer.out, re.MULTILINE)
    assert options
    assert not re.search("--.*<path>", answer.out), "places have names"


def test_inspect_shows_columns_channels_findings_and_what_is_missing(bench: Path) -> None:
    answer = give("inspect", "logs/temperature-history-01.csv", where=bench)
    assert answer.code == 0
    assert answer.out.startswith("temperature-history-01.csv: 701 samples\n")
    assert re.search(r"temperature_degC +degC +[\d.]+ +[\d.]+ +[\d.]+ +0  temperature", answer.out)
    assert "guess: friction coefficient is 'friction'" in answer.out
    assert re.search(r"prepared: 699 samples, step 1 s, stages: \d", answer.out)
    assert "--out FOLDER writes a picture and a channel map" in answer.out


def test_inspect_draws_and_writes_a_channel_map_that_reads_the_log(
    bench: Path, tmp_path: Path
) -> None:
    log = bench / "logs" / "temperature-history-01.csv"
    answer = give("inspect", log, "--out", "look", where=tmp_path)
    assert answer.code == 0, answer
    assert sorted(contents(tmp_path / "look")) == [
        "temperature-history-01-log.pdf",
        "temperature-history-01-log.png",
        "temperature-history-01-log.svg",
        "temperature-history-01-stages.csv",
        "temperature-history-01.pdf",
        "temperature-history-01.png",
        "temperature-history-01.svg",
        "temperature-history-01.toml",
    ]
    mapped = read_experiment(log, tmp_path / "look" / "temperature-history-01.toml")
    guessed = read_experiment(log)
    assert mapped.channels.keys() == guessed.channels.keys()
    assert np.array_equal(mapped.friction, guessed.friction)


def test_inspect_lists_stages_of_velocity_with_their_slope(tmp_path: Path) -> None:
    velocity = np.repeat([1.0, 10.0] * 6, 100)
    friction = 0.6 + 0.01 * np.log(velocity) + 1e-4 * np.sin(np.arange(1200.0) * 2)
    rows = zip(np.arange(1200.0), velocity, friction, strict=True)
    lines = "\n".join(f"{t},{v},{mu:.6f}" for t, v, mu in rows)
    (tmp_path / "log.csv").write_text(f"time (s),slip velocity (um/s),friction\n{lines}\n")
    answer = give("inspect", "log.csv", "--out", "look", where=tmp_path)
    assert re.search(r"^ +1 +100 +199 +10 +0\.6230 +0\.0001  0\.0100 ± 0\.0000$", answer.out, re.M)
    assert "  and 2 more, which --out writes as a table\n" in answer.out
    table = (tmp_path / "look" / "log-stages.csv").read_text().splitlines()
    assert len(table) == 13


def test_inspect_keeps_a_channel_map_that_was_completed_by_hand(
    bench: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "temperature-history-01.toml"
    mine.write_text("# mine", encoding="utf-8")
    log = bench / "logs" / "temperature-history-01.csv"
    answer = give("inspect", log, "--out", ".", where=tmp_path)
    assert f"kept {mine.name}, which was there before" in answer.out
    assert mine.read_text(encoding="utf-8") == "# mine"


def test_inspect_tells_two_logs_of_one_name_apart(bench: Path, tmp_path: Path) -> None:
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        shutil.copy(bench / "logs" / "temperature-history-01.csv", tmp_path / place / "run.csv")
    answer = give("inspect", "a/run.csv", "b/run.csv", "--out", "look", where=tmp_path)
    assert answer.code == 0
    names = set(contents(tmp_path / "look"))
    assert {"a-run.csv.toml", "b-run.csv.toml", "a-run.csv-log.png"} <= names


def test_inspect_says_why_no_experiment_can_be_prepared(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("time_s,humidity\n0,1\n1,2\n2,4\n", encoding="utf-8")
    answer = give("inspect", "log.csv", where=tmp_path)
    assert answer.code == 0
    assert "missing: slip_velocity, axial_displacement, temperature" in answer.out
    assert re.search("no experiment can be prepared: log.csv: no friction; say which", answer.out)


def test_inspect_reads_the_table_that_is_named_and_keeps_it_in_the_map(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "log.h5", "w") as file:
        for group, rows in (("slow", 50), ("fast", 500)):
            file[f"{group}/time_s"] = np.arange(float(rows))
            file[f"{group}/slip_velocity_mm_s"] = 4 + np.sin(np.arange(rows) / 9)
            file[f"{group}/mu"] = 0.6 + np.cos(np.arange(rows)) / 100
    answer = give("inspect", "log.h5", where=tmp_path)
    assert answer.out.startswith("log.h5: 500 samples\n")
    assert "not read: tables '/slow'" in answer.out
    answer = give("inspect", "log.h5", "--table", "/slow", "--out", "look", where=tmp_path)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("log.h5: 50 samples\n")
    again = give("inspect", "log.h5", "--channels", "look/log.toml", where=tmp_path)
    assert again.out.startswith("log.h5: 50 samples\n")
    assert read_experiment(tmp_path / "log.h5", tmp_path / "look" / "log.toml").dt == 1


def test_inspect_says_what_would_mend_a_time_that_turns_back(tmp_path: Path) -> None:
    rows = [f"{n - 50 * (n >= 60)},{0.6 + 0.01 * (n % 5)}" for n in range(100)]
    (tmp_path / "log.csv").write_text("\n".join(["time_s,mu", *rows]))
    answer = give("inspect", "log.csv", "--out", "look", where=tmp_path)
    assert answer.code == 0
    assert "clock set back: time falls from 59 to 10 s" in answer.out
    said = answer.out.split("possible corrections, in a map:\n")[1].splitlines()
    assert [line.strip() for line in said[:4]] == [
        "[[correction]]", 'kind = "run-on"', "row = 62", "pause = 1.0",
    ]  # fmt: skip
    text = (tmp_path / "look" / "log.toml").read_text(encoding="utf-8")
    with_it = text.replace("#[[", "[[").replace("#kind", "kind").replace("#row", "row")
    (tmp_path / "map.toml").write_text(with_it.replace("#pause", "pause"), encoding="utf-8")
    again = give("inspect", "log.csv", "--channels", "map.toml", where=tmp_path)
    assert "prepared: 100 samples" in again.out


def test_inspect_reads_files_of_two_formats_and_a_part_only_with_its_log(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "log.h5", "w") as file:
        for group, rows in (("slow", 50), ("fast", 500)):
            file[f"{group}/time_s"] = np.arange(float(rows))
            file[f"{group}/mu"] = 0.6 + np.cos(np.arange(rows)) / 100
    rows = [f"{n},{0.6 + 0.01 * (n % 5)}" for n in range(80)]
    (tmp_path / "run.csv").write_text("\n".join(["time_s,mu", *rows[:40]]))
    (tmp_path / "run-2.csv").write_text("\n".join(["time_s,mu", *rows[40:]]))
    (tmp_path / "map.toml").write_text(
        'table = {h5 = "/slow"}\n'
        'channels = {time = {column = "time_s"}, friction = {column = "mu"}}\n'
    )
    joining = (tmp_path / "map.toml").read_text() + (
        '[[correction]]\nkind = "join"\nfiles = ["{name}-2.csv"]\n'
    )
    (tmp_path / "joining.toml").write_text(joining)
    answer = give("inspect", "log.h5", "run.csv", "--channels", "map.toml", where=tmp_path)
    assert answer.code == 0
    assert "log.h5: 50 samples\n" in answer.out
    assert "run.csv: 40 samples\n" in answer.out
    parts = ("run-2.csv", "run.csv")
    answer = give("inspect", *parts, "--channels", "joining.toml", where=tmp_path)
    assert answer.code == 0
    assert answer.out.startswith("run-2.csv: part of run.csv, as the channel map says\n")
    assert "prepared: 80 samples" in answer.out


def test_a_simulation_writes_logs_and_the_truth_and_says_what_comes_next(
    bench: Path, tmp_path: Path
) -> None:
    said = (bench / "simulate.txt").read_text(encoding="utf-8")
    assert re.search("planted: .*temperature over the last 100 s", said)
    assert "next: slicken study logs/*.csv --preset quick" in said
    truth = json.loads((bench / "logs" / "truth.json").read_text(encoding="utf-8"))
    assert [log.stem for log in sorted((bench / "logs").glob("*.csv"))] == sorted(truth)
    assert {each["memory_s"] for each in truth.values()} == {100.0}
    answer = give(
        *("simulate", "temperature-history", "--experiments", 1, "--duration", 700),
        *("--out", "a place"),
        where=tmp_path,
    )
    assert "next: slicken study 'a place'/*.csv" in answer.out
    one = "temperature-history-01.csv"
    assert (tmp_path / "a place" / one).read_bytes() == (bench / "logs" / one).read_bytes()


def test_the_demo_prints_what_was_planted_beside_what_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Plan] = []
    do_study = study.do_study

    def smaller(experiments: list[Experiment], plan: Plan, out: Path, **how: Any) -> None:  # noqa: ANN401 (passed on)
        given.append(plan)
        small = Plan(
            name="demo", preset="quick", windows=[10], runs=2, epochs=1, stride=20, seed=plan.seed,
            network={"filters": 4, "units": 4, "gru_layers": 1}, split={"folds": 1},
            histories="separate", linear_part=False,
        )  # fmt: skip
        do_study(experiments, small, out, **how)

    monkeypatch.setattr(demo, "EXPERIMENTS", 3)
    monkeypatch.setattr(demo, "DURATION", 600.0)
    monkeypatch.setattr(study, "do_study", smaller)
    monkeypatch.setattr(
        "slicken.pipeline.write_report", lambda evidence, *_: evidence.trained.path / "report.html"
    )
    answer = give("demo", "--out", "here", "--seed", 1, where=tmp_path)
    assert answer.code == 0, answer
    assert [plan.windows for plan in given] == [tuple(map(float, demo.WINDOWS))]
    before, _, after = answer.out.partition("Forecast: ")
    assert re.search("planted: .*mean thermocouple temperature over the last 200 s", before)
    # Three experiments are too few for skill, and without it nothing is said to be found.
    assert re.search(r"Memory +Cannot tell \(true value: 200 s\)", after)
    assert not re.search(r"Can these data tell\? +Yes", after)
    summary = json.loads((tmp_path / "here" / "summary.json").read_text(encoding="utf-8"))
    assert summary["truth"]["memory_s"] == 200.0
    assert summary["plan"]["seed"] == 1


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    from slicken.datasets import TE67

    folder = tmp_path / "data" / TE67.folder
    folder.mkdir(parents=True)
    for file in TE67.files:
        (folder / file).write_bytes(b"as it is")
    monkeypatch.setenv("SLICKEN_DATA", str(tmp_path / "data"))
    yield folder


def test_fetch_says_where_the_logs_are_and_whose(held: Path, tmp_path: Path) -> None:
    answer = give("fetch", "te67", where=tmp_path)
    assert answer.code == 0
    assert "MIT licence" in answer.out
    assert answer.out.endswith(f"12 files in {held}\n")
