"""Studies from the command line: begun, resumed, stopped, reported, predicted with."""

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from commands import SMALL, alone, contents, give, refused
from slicken.learning.engine import what_native_lacks

SLICKEN = str(Path(sys.executable).parent / "slicken")


@pytest.fixture
def tiny(bench: Path, tmp_path: Path) -> Path:
    """A copy of the bench, to be changed."""
    return shutil.copytree(bench, tmp_path / "bench")


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes most of the time of a tiny study, and other tests look at it."""
    monkeypatch.setattr(
        "slicken.pipeline.write_report", lambda evidence, *_: evidence.trained.path / "report.html"
    )


def look(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """See what a study would be given, instead of doing it."""
    seen: dict[str, Any] = {}

    def see(experiments: list[object], plan: object, out: Path, **how: object) -> None:
        seen.update(experiments=experiments, plan=plan, out=out, **how)

    monkeypatch.setattr("slicken.cli.study.do_study", see)
    return seen


def said(bench: Path) -> list[str]:
    return (bench / "study.txt").read_text(encoding="utf-8").splitlines()


def test_a_study_says_what_it_reads_and_what_it_guesses(bench: Path) -> None:
    lines = said(bench)
    assert lines[0] == "tiny: 4 experiments -> tiny"
    assert "  guess: temperature is 'temperature_degC' in degC  [4 logs]" in lines
    assert any(re.search(r"steady driver: .*; numbers of temp", s) for s in lines)
    assert "Window lengths: 10 and 20 s; 2 runs of 2 epochs each." in lines
    assert any(re.match("Split by experiment: 2 for training; validation", s) for s in lines)


def test_a_study_speaks_of_engines_only_where_the_native_one_is_missing(bench: Path) -> None:
    told = [line for line in said(bench) if line.startswith("engine: ")]
    assert len(told) == bool(what_native_lacks())


def test_the_forecast_is_said_before_the_long_work(bench: Path) -> None:
    lines = said(bench)
    forecast = next(i for i, line in enumerate(lines) if line.startswith("Forecast: "))
    trained = next(i for i, line in enumerate(lines) if "mean loss" in line)
    assert lines.index("measuring how long it will take ...") < forecast < trained


def test_a_study_nobody_watches_speaks_in_plain_lines(bench: Path) -> None:
    text = (bench / "study.txt").read_text(encoding="utf-8")
    assert "\x1b" not in text
    assert "\r" not in text


def test_a_study_ends_with_its_answer_and_where_it_lies(bench: Path) -> None:
    text = (bench / "study.txt").read_text(encoding="utf-8")
    *_, count, _, page = text.splitlines()
    assert "Can these data tell?" in text
    assert "Window lengths" in text
    assert "findings in the logs: see the page" in count
    assert page == "page: tiny/report.html"


def test_the_folder_holds_what_the_design_says(bench: Path) -> None:
    held = set(contents(bench / "tiny"))
    wanted = {"plan.toml", "experiments.nc", "report.html", "summary.json"}
    for length in ("0010s", "0020s"):
        for file in ("history.nc", "weights.safetensors", "predictions.nc"):
            wanted.add(f"windows/{length}/{file}")
    for figure in ("memory_answer", "windows", "predictions", "importance_ranked"):
        wanted.add(f"figures/{figure}.png")
    assert wanted <= held
    assert not [name for name in held if "partial" in name or name.endswith(".part")]


def test_a_finished_study_says_so_and_is_drawn_again(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []
    monkeypatch.setattr(
        "slicken.pipeline.write_report", lambda evidence, *_: drawn.append(evidence)
    )
    before = contents(tiny / "tiny" / "windows")
    answer = give("study", "plan.toml", "--out", "tiny", where=tiny)
    assert answer.code == 0
    assert "All window lengths are finished; nothing is left to train." in answer.out
    assert "measuring" not in answer.out
    assert contents(tiny / "tiny" / "windows") == before
    assert len(drawn) == 1


def test_a_report_opens_in_the_language_asked_for(tiny: Path) -> None:
    answer = give("report", "tiny", "--lang", "ja", where=tiny)
    assert answer.code == 0, answer
    page = (tiny / "tiny" / "report.html").read_text(encoding="utf-8")
    assert '<html lang="ja"' in page
    before = contents(tiny)
    told = refused(give("report", "tiny", "--lang", "fr", where=tiny))
    assert "written in en and ja; give one" in told
    assert contents(tiny) == before


def test_a_report_needs_the_folder_alone(bench: Path, tmp_path: Path) -> None:
    """Elsewhere, without the logs and the plan."""
    study = shutil.copytree(bench / "tiny", tmp_path / "moved")
    for name in ("figures", "evidence"):
        shutil.rmtree(study / name)
    (study / "summary.json").unlink()
    answer = give("report", "moved", where=tmp_path)
    assert answer.code == 0, answer
    assert "page: moved/report.html" in answer.out
    same, new = contents(bench / "tiny"), contents(study)
    assert sorted(new) == sorted(same)
    for file in (
        "figures/windows.png",
        "figures/importance_ranked.png",
        "report.html",
    ):
        assert new[file] == same[file], file
    one, other = (json.loads(files["summary.json"]) for files in (same, new))
    assert one == other


@pytest.mark.usefixtures("undrawn")
def test_an_unfinished_study_is_reported_as_unfinished(tiny: Path) -> None:
    shutil.rmtree(tiny / "tiny" / "windows" / "0020s")
    answer = give("report", "tiny", where=tiny)
    assert answer.code == 0
    assert "Not trained yet: 20 s" in answer.out
    summary = json.loads((tiny / "tiny" / "summary.json").read_text(encoding="utf-8"))
    assert summary["unfinished_windows_s"] == [20.0]
    assert [entry["window_s"] for entry in summary["windows"]] == [10.0]


@pytest.mark.usefixtures("undrawn")
def test_ctrl_c_says_what_is_kept_and_the_command_that_resumes(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(tiny / "tiny" / "windows" / "0020s")
    before = contents(tiny / "tiny")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as while_measuring:
        while_measuring.setattr("slicken.study.executors.measure", interrupt)
        answer = give("study", "plan.toml", "--out", "tiny", where=tiny)
    assert answer.code == 130
    assert answer.err == (
        "slicken: stopped; windows of 10 s are finished and kept in tiny; resume with: "
        "slicken study plan.toml --out tiny\n"
    )
    after = contents(tiny / "tiny")
    after.pop("progress.json")  # for who watches
    assert after == before


def test_ctrl_c_before_anything_is_finished_says_so(
    bench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("slicken.study.executors.measure", interrupt)
    answer = give("study", bench / "plan.toml", "--out", "a new one", where=tmp_path)
    assert answer.code == 130
    assert re.fullmatch(
        r"slicken: stopped; no window length was finished yet; begin again with: "
        r"slicken study \S+ --out 'a new one'\n",
        answer.err,
    )


def test_ctrl_c_elsewhere_gives_the_command_again(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("slicken.cli.inspect._show", interrupt)
    answer = give("inspect", "logs/temperature-history-01.csv", where=tiny)
    assert answer.code == 130
    assert answer.err.endswith("once more: slicken inspect logs/temperature-history-01.csv\n")


def test_a_true_ctrl_c_in_a_true_study_ends_with_130_and_one_line(
    bench: Path, tmp_path: Path
) -> None:
    """While a compiled program runs in its thread, at that."""
    plan = SMALL.replace("logs/*.csv", str(bench / "logs" / "*.csv"))
    plan = plan.replace("epochs = 2", "epochs = 20000")
    (tmp_path / "plan.toml").write_text(plan, encoding="utf-8")
    with subprocess.Popen(  # noqa: S603 - our own command
        [SLICKEN, "study", "plan.toml", "--out", "new"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stdout is not None
        for line in command.stdout:
            if line.startswith("Forecast: "):
                command.send_signal(signal.SIGINT)
        _, err = command.communicate(timeout=60)
    assert command.returncode == 130, err
    assert err.splitlines() == [
        "slicken: stopped; no window length was finished yet; begin again with: "
        "slicken study plan.toml --out new"
    ]
    kept = set(contents(tmp_path / "new")) - {"progress.json"}  # which is for who watches
    assert kept == {"SHA256SUMS", "experiments.nc", "plan.toml"}


@pytest.mark.usefixtures("undrawn")
def test_on_a_terminal_an_unfinished_study_shows_a_bar_and_the_time_left(
    bench: Path, tiny: Path
) -> None:
    """And what comes of going on is what would have come without a stop."""
    shutil.rmtree(tiny / "tiny" / "windows" / "0020s")
    shutil.rmtree(tiny / "tiny" / "evidence")
    kept = contents(tiny / "tiny" / "windows")
    answer = give("study", "plan.toml", "--out", "tiny", where=tiny, watched=True)
    assert answer.code == 0, answer
    assert "Finished before: 10 s; the others are resumed." in answer.out
    assert re.search(r"training .*━.* 20 s, epoch 1, loss [\d.]+ +\d+ s left", answer.out)
    assert re.search("evidence .*━", answer.out)
    screen = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", answer.out.rsplit("╭", 1)[1]).splitlines()
    assert max(len(line) for line in screen) <= 100
    now, before = (contents(folder / "tiny" / "windows") for folder in (tiny, bench))
    assert {name: now[name] for name in kept} == kept
    weights = "0020s/weights.safetensors"
    assert now[weights] == before[weights]


def test_logs_without_a_plan_take_options_and_a_name(
    bench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = look(monkeypatch)
    logs = sorted((bench / "logs").glob("*.csv"))
    decided = ("--windows", "10:30:10", "--runs", 3, "--epochs", 4, "--stride", 5, "--seed", 6)
    more = ("--split", "time", "--preset", "quick", "--lang", "ja")
    answer = give("study", *logs, *decided, *more, where=tmp_path)
    assert answer.code == 0, answer
    plan = seen["plan"]
    assert len(seen["experiments"]) == 4
    assert str(seen["out"]) == "temperature-history-01-study"
    assert seen["lang"] == "ja"
    assert (plan.name, plan.preset) == ("temperature-history-01", "quick")
    assert plan.windows == (10.0, 20.0, 30.0)
    assert (plan.runs, plan.epochs, plan.stride, plan.seed) == (3, 4, 5.0, 6)
    assert plan.split.by == "time"
    assert plan.network.units == 16, "the preset supplies the rest"


def test_a_study_has_the_name_that_is_given(bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = look(monkeypatch)
    words = ("study", "logs/temperature-history-01.csv", "--name", "gouge", "--preset", "quick")
    assert give(*words, where=bench).code == 0
    assert (seen["plan"].name, seen["out"]) == ("gouge", Path("gouge-study"))
    assert give("study", "plan.toml", "--name", "other", where=bench).code == 0
    assert seen["plan"].name == "other"


def test_a_page_that_is_mailed_names_no_folder_of_the_machine(tiny: Path) -> None:
    logs = [log.absolute() for log in sorted((tiny / "logs").glob("*.csv"))]
    few = ("--preset", "quick", "--windows", 10, "--runs", 1, "--epochs", 1, "--folds", 1)
    answer = give("study", *logs, *few, "--out", "mailed", where=tiny)
    assert answer.code == 0, answer
    folder = tiny / "mailed"
    for file in (folder / "report.html", folder / "summary.json"):
        text = file.read_text("utf-8")
        assert tiny.as_posix() not in text
        assert "temperature-history" in text


def test_options_override_the_plan_and_leave_the_rest(
    bench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = look(monkeypatch)
    text = SMALL.replace("[split]", "[split]\nby = 'experiment'\ntest_share = 0.3")
    (tmp_path / "plan.toml").write_text(text.replace("logs/", f"{bench}/logs/"), encoding="utf-8")
    answer = give("study", "plan.toml", "--runs", 7, "--split", "time", where=tmp_path)
    assert answer.code == 0, answer
    plan = seen["plan"]
    assert str(seen["out"]) == "tiny-study"
    assert (plan.runs, plan.epochs, plan.windows) == (7, 2, (10.0, 20.0))
    assert (plan.split.by, plan.split.test_share) == ("time", 0.3)
    assert plan.network.filters == 4


def test_a_channel_map_on_the_command_line_is_looked_for_where_the_user_is(
    bench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = look(monkeypatch)
    (tmp_path / "map.toml").write_text(
        '[channels.time]\ncolumn = "time_s"\n[channels.friction]\ncolumn = "friction"\n'
        '[channels.temperature]\ncolumn = "temperature_degC"\n',
        encoding="utf-8",
    )
    answer = give("study", bench / "plan.toml", "--channels", "map.toml", where=tmp_path)
    assert answer.code == 0, answer
    assert set(seen["experiments"][0].channels) == {"temperature", "temperature_rate", "friction"}


def test_a_plan_finds_its_logs_beside_it_then_in_the_given_folder_then_among_fetched_ones(
    bench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr("slicken.cli.study.do_study", lambda e, *_, **__: seen.append(len(e)))
    alone(monkeypatch, tmp_path / "cache")
    (tmp_path / "plan.toml").write_text(SMALL, encoding="utf-8")
    logs = sorted((bench / "logs").glob("*.csv"))

    def put(place: Path, count: int) -> None:
        (place / "logs").mkdir(parents=True)
        for log in logs[:count]:
            shutil.copy(log, place / "logs")

    put(tmp_path / "cache", 1)
    assert give("study", "plan.toml", where=tmp_path).code == 0
    put(tmp_path / "given", 2)
    monkeypatch.setenv("SLICKEN_DATA", str(tmp_path / "given"))
    assert give("study", "plan.toml", where=tmp_path).code == 0
    put(tmp_path, 3)
    assert give("study", "plan.toml", where=tmp_path).code == 0
    assert seen == [1, 2, 3]


def written(name: str) -> list[str]:
    """A prediction's files: the table, and a figure for one column of a page and for two."""
    figures = [f"{name}-{w}.{e}" for w in ("double", "single") for e in ("pdf", "png", "svg")]
    return [*figures, f"{name}.csv"]


def test_a_prediction_has_a_table_a_figure_and_its_coverage(bench: Path, tmp_path: Path) -> None:
    before = contents(bench)
    log = bench / "logs" / "temperature-history-02.csv"
    answer = give("predict", bench / "tiny", log, "--window", 20, "--level", 0.8, where=tmp_path)
    assert answer.code == 0, answer
    assert contents(bench) == before, "the study and the logs stay"
    name = "temperature-history-02-friction"
    assert sorted(contents(tmp_path)) == written(name)
    table = np.genfromtxt(tmp_path / f"{name}.csv", delimiter=",", names=True)
    assert table.dtype.names == (
        "time_s", "friction", "friction_low", "friction_high", "spread_over_runs",
        "measured_friction",
    )  # fmt: skip
    assert table["time_s"][0] == 21  # two samples have no rate, and 20 make a window
    inside = (table["friction_low"] <= table["measured_friction"]) & (
        table["measured_friction"] <= table["friction_high"]
    )
    assert (
        f"{100 * inside.mean():.0f} % of the measured friction lies within the 80 % interval"
        in (answer.out)
    )
    assert "680 instants with the window of 20 s, 2 runs" in answer.out
    assert "no proven skill on its own test part" in answer.out


def test_a_prediction_goes_into_a_folder_or_a_file(bench: Path, tmp_path: Path) -> None:
    log = bench / "logs" / "temperature-history-02.csv"
    for out in ("folder", "other/name.csv"):
        assert give("predict", bench / "tiny", log, "--out", out, where=tmp_path).code == 0
    assert sorted(contents(tmp_path)) == [
        *written("folder/temperature-history-02-friction"),
        *written("other/name"),
    ]


def test_weights_are_arrays_and_nothing_else(bench: Path) -> None:
    arrays = load_file(bench / "tiny" / "windows" / "0010s" / "weights.safetensors")
    assert all(isinstance(array, np.ndarray) and len(array) == 2 for array in arrays.values())


def test_a_second_study_of_the_same_plan_begins_in_its_own_folder_only(
    bench: Path, tmp_path: Path
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine", encoding="utf-8")
    line = refused(give("study", bench / "plan.toml", "--out", "full", where=tmp_path))
    assert re.search("not a study folder", line)
    assert contents(tmp_path) == {"full/notes.txt": b"mine"}
