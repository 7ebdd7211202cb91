"""The package as Python sees it: everything that the command line does."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import slicken
from commands import contents
from slicken.statements import Statement
from slicken.study.progress import Progress


@pytest.fixture(scope="module")
def evidence(bench: Path) -> slicken.Evidence:
    return slicken.explain(slicken.open_study(bench / "tiny"))


@pytest.fixture(scope="module")
def trained(evidence: slicken.Evidence) -> slicken.Trained:
    return evidence.trained


@pytest.fixture(scope="module")
def logs(bench: Path) -> list[Path]:
    return sorted((bench / "logs").glob("*.csv"))


def test_a_log_is_described(logs: list[Path]) -> None:
    inspection = slicken.describe(slicken.read(logs[0]))
    assert inspection.experiment is not None
    assert inspection.missing == ()
    assert [column.channel for column in inspection.columns][:2] == ["time", "slip_velocity"]
    assert slicken.ChannelMap.from_toml(inspection.channel_map.to_toml()) == inspection.channel_map


def test_a_log_is_read_with_and_without_a_channel_map(logs: list[Path], tmp_path: Path) -> None:
    guessed = slicken.prepare(logs[0])
    channel_map = slicken.describe(slicken.read(logs[0])).channel_map
    (tmp_path / "map.toml").write_text(channel_map.to_toml(), encoding="utf-8")
    for given in (channel_map, tmp_path / "map.toml", str(tmp_path / "map.toml")):
        mapped = slicken.prepare(logs[0], channels=given)
        assert np.array_equal(mapped.friction, guessed.friction)


def test_simulated_experiments_are_those_that_were_written_as_logs(
    logs: list[Path], tmp_path: Path
) -> None:
    (experiment,) = slicken.simulate("temperature-history", experiments=1, duration=700.0)
    assert experiment.provenance.truth["memory_s"] == 100.0
    read = slicken.prepare(logs[0])
    assert np.allclose(read.friction, experiment.friction, rtol=1e-7)
    (log,) = slicken.simulate_logs("temperature-history", experiments=1, duration=700.0)
    slicken.write_log(log, tmp_path / "log.csv")
    assert (tmp_path / "log.csv").read_bytes() == logs[0].read_bytes()


def test_a_plan_names_its_logs(bench: Path, logs: list[Path]) -> None:
    plan = slicken.Plan.load(bench / "plan.toml", runs=5)
    assert plan.runs == 5
    experiments = slicken.read_logs(plan.logs, plan.channels, beside=bench)
    assert [each.name for each in experiments] == [log.stem for log in logs]


def test_a_study_is_run_from_python_and_is_that_of_the_command_line(
    bench: Path, logs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Finished window lengths are not trained again, so this is quick. What is drawn is looked at
    elsewhere."""
    plan = slicken.Plan(
        preset="quick", windows=[10, 20], runs=2, epochs=2, stride=20, histories="separate",
        linear_part=False, split={"folds": 1},
        network={"filters": 4, "units": 4, "gru_layers": 1, "conv_layers": 2},
        optimiser={"learning_rate": 0.003},
    )  # fmt: skip
    out = shutil.copytree(bench / "tiny", tmp_path / "tiny")
    (out / "summary.json").unlink()
    events: list[Progress] = []
    trained = slicken.train([slicken.prepare(log) for log in logs], plan, out)
    evidence = slicken.explain(trained, on_progress=events.append)
    assert [event.done for event in events] == list(range(10))
    assert events[0].doing == Statement("progress.scores", seconds=10.0)
    assert trained.windows == (10.0, 20.0)
    monkeypatch.setattr("slicken.reporting.page.draw_study", lambda *_: [])
    assert slicken.report(evidence) == out / "report.html"
    names = ("windows/0010s/weights.safetensors", "summary.json")
    same, new = contents(bench / "tiny"), contents(out)
    assert [new[name] for name in names] == [same[name] for name in names]


def test_the_comparison_has_a_best_length_with_its_rivals(evidence: slicken.Evidence) -> None:
    comparison = evidence.comparison
    assert comparison.best in evidence.trained.windows == (10.0, 20.0)
    assert comparison.best in comparison.tied
    assert comparison.losses.dims == ("window", "run")
    means = comparison.means
    assert float(means.sel(window=comparison.best)) == float(means.min())


def test_shares_have_window_run_and_channel(evidence: slicken.Evidence) -> None:
    importance = evidence.importance
    for shares in (importance.shares("loss"), importance.shares("friction")):
        assert isinstance(shares, xr.DataArray)
        assert shares.dims == ("window", "run", "channel")
        assert shares.sizes == {"window": 2, "run": 2, "channel": 5}
        assert np.allclose(shares.sum("channel"), 1)
    first = importance.shares().sel(window=10, channel="temperature")
    assert first.dims == ("run",)
    assert importance.by_stage(20.0).dims == ("stage", "run", "channel")
    assert importance.over_time(20.0).dims == ("target", "channel")
    assert importance.by_lag(20.0).dims == ("lag", "channel")


def test_predictions_histories_and_scores_are_labelled(evidence: slicken.Evidence) -> None:
    trained = evidence.trained
    for part in ("validation", "test"):
        predictions = trained.predictions(10.0, part)
        assert predictions["predicted"].dims == ("run", "target")
        assert set(predictions.coords) >= {"time", "experiment", "stage", "slip", "normal_stress"}
    history = trained.history(20.0)
    assert history["validation_loss"].sizes == {"run": 2, "epoch": 2}
    assert np.array_equal(history["best_loss"], history["validation_loss"].min("epoch"))
    rmse = evidence.scores.table["rmse"]
    assert rmse.dims == ("window", "model")
    assert set(rmse["model"].to_numpy()) >= {"network", "ridge", "mean", "median"}
    assert [skill.against for skill in evidence.skill.against] == ["mean", "median", "test_mean"]


def test_a_new_experiment_is_predicted_with_an_interval(
    evidence: slicken.Evidence, logs: list[Path], tmp_path: Path
) -> None:
    experiment = slicken.prepare(logs[1])
    prediction = evidence.predict(experiment, 20.0)
    assert isinstance(prediction, slicken.Prediction)
    low, high = prediction.interval(0.8)
    assert prediction.runs.shape == (2, len(experiment) - 19)
    assert np.all(low < prediction.friction)
    assert np.all(prediction.friction < high)
    wide = np.subtract(*prediction.interval(0.95)[::-1])
    assert np.all(wide >= high - low)
    assert prediction.to_dataset(0.8)["friction"].dims == ("time",)
    table, *_ = slicken.write_prediction(prediction, tmp_path / "new.csv", 0.8)
    assert len(table.read_text(encoding="utf-8").splitlines()) == len(experiment) - 18


def test_results_are_files_that_others_open(bench: Path) -> None:
    with xr.open_dataset(
        bench / "tiny" / "evidence" / "comparison.nc", engine="h5netcdf"
    ) as comparison:
        assert comparison["best_validation_loss"].dims == ("window", "run")
    summary = json.loads((bench / "tiny" / "summary.json").read_text(encoding="utf-8"))
    assert summary["name"] == "tiny"


def test_public_logs_are_fetched_from_python() -> None:
    with pytest.raises(slicken.SlickenError, match="there is te67"):
        slicken.fetch("moon")


def test_what_a_user_can_mend_is_one_kind_of_error(tmp_path: Path) -> None:
    with pytest.raises(slicken.SlickenError, match="check the name"):
        slicken.read(tmp_path / "nowhere.csv")
    with pytest.raises(slicken.SlickenError, match="name a folder that 'slicken study --out'"):
        slicken.open_study(tmp_path)
    with pytest.raises(slicken.SlickenError, match="did you mean 'windows'"):
        slicken.Plan(window=[10])


def test_every_name_on_offer_is_there() -> None:
    assert all(getattr(slicken, name) is not None for name in slicken.__all__)
    assert sorted(slicken.__all__) == slicken.__all__


def test_each_result_shows_its_numbers_in_a_few_lines(evidence: slicken.Evidence) -> None:
    results = [
        evidence, evidence.comparison, evidence.scores, evidence.skill, evidence.memory,
        evidence.importance,
    ]  # fmt: skip
    for result in results:
        assert len(repr(result).splitlines()) <= 3, result
        assert max(map(len, repr(result).splitlines())) < 200, result
        table = result.to_dataframe()
        assert len(table)
        html = result._repr_html_()
        assert "<table" in html
        assert len(html) < 10_000
    assert "10, 20 s" in repr(evidence.trained)
    assert evidence.to_dataframe().index.tolist() == [one.channel for one in evidence.drivers]
    means = evidence.comparison.to_dataframe()["mean_loss"]
    assert means.idxmin() == evidence.comparison.best
    assert evidence.scores.to_dataframe().loc[(10.0, "ridge"), "rmse"] == pytest.approx(
        float(evidence.scores.at(10.0)["rmse"].sel(model="ridge"))
    )


def test_what_is_given_wrongly_is_answered_by_what_to_give(
    evidence: slicken.Evidence, logs: list[Path], tmp_path: Path
) -> None:
    plan, experiment = slicken.Plan(), evidence.trained.experiments[0]
    wrong: list[tuple[Callable[[], Any], str]] = [
        (lambda: slicken.read(logs), "pass the name of a log"),
        (lambda: slicken.prepare(logs), "is no log; pass what"),
        (lambda: slicken.prepare(experiment), "is no log; pass what"),
        (lambda: slicken.train([], plan, tmp_path / "out"), "got no experiments"),
        (lambda: slicken.train(experiment, plan, tmp_path / "out"), r"give \[experiment"),
        (lambda: slicken.train(logs, plan, tmp_path / "out"), r"slicken.prepare\(path\)"),
        (lambda: slicken.train(str(logs[0]), plan, tmp_path / "out"), r"slicken.prepare\(path\)"),
        (lambda: slicken.train(plan, [experiment], tmp_path / "out"), "train: .*experiment"),
        (lambda: slicken.train([experiment], {"runs": 2}, tmp_path / "out"), r"slicken.Plan\("),
        (lambda: slicken.train([experiment], "plan.toml", tmp_path / "out"), "Plan.load"),
        (lambda: slicken.open_study(evidence.trained), "path of a study"),
        (lambda: slicken.explain(evidence.trained.path), r"slicken.open_study\(path\)"),
        (lambda: slicken.explain(evidence), "trained study"),
        (lambda: slicken.report(evidence.trained), "slicken.explain"),
        (lambda: slicken.report(evidence.trained.path), "slicken.explain"),
        (lambda: slicken.report(evidence, language="fr"), "en and ja"),
        (lambda: evidence.predict(logs[0]), r"slicken.prepare\(path\)"),
    ]
    for call, advice in wrong:
        with pytest.raises(slicken.SlickenError, match=advice):
            call()
    assert not (tmp_path / "out").exists()


def test_each_log_may_have_a_map_of_its_own(logs: list[Path], tmp_path: Path) -> None:
    guessed = slicken.describe(slicken.read(logs[0])).channel_map
    for name, step in (("one", 1.0), ("two", 2.0)):
        preparation = guessed.preparation.model_copy(update={"step": step})
        channel_map = guessed.model_copy(update={"preparation": preparation})
        (tmp_path / f"{name}.toml").write_text(channel_map.to_toml(), encoding="utf-8")
    maps = {logs[0].name: "one.toml", "*.csv": "two.toml"}
    plan = slicken.Plan(logs=[str(log) for log in logs[:2]], channels=maps)
    read = slicken.read_logs(plan.logs, plan.channels, beside=tmp_path)
    assert [one.dt for one in read] == [1.0, 2.0]
