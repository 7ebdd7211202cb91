"""Evidence of a trained study: computed, kept, read again; and a study whose runs diverged."""

import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import builders
import slicken
from slicken.evidence import evidence as steps_of_evidence
from slicken.evidence.baselines import constants, fit_ridge, fit_trees, last_known
from slicken.evidence.importance import by_run
from slicken.evidence.scores import score
from slicken.reporting.summary import summarise
from slicken.statements import Statement
from slicken.study.folder import StudyFolder, WindowResult
from slicken.study.lock import study_lock
from slicken.study.progress import Progress
from slicken.study.trained import Trained

EVENTS: list[Progress] = []
"""What was reported as the study was explained."""


@pytest.fixture(scope="module")
def explained(trained: StudyFolder, tmp_path_factory: pytest.TempPathFactory) -> slicken.Evidence:
    """Copy its folder before changing anything."""
    path = tmp_path_factory.mktemp("explained") / "study"
    shutil.copytree(trained.path, path)
    return slicken.explain(slicken.open_study(path), on_progress=EVENTS.append)


@pytest.fixture
def copied(explained: slicken.Evidence, tmp_path: Path) -> Trained:
    """A copy with its evidence: controls take long to train."""
    shutil.copytree(explained.trained.path, tmp_path / "again")
    return slicken.open_study(tmp_path / "again")


def with_bad_runs(trained: Trained, seconds: float, *runs: int) -> Trained:
    """The study as if these runs had diverged."""
    result = trained.folds[0].result(seconds)
    history = result.history.load().copy(deep=True)
    history["finite"][list(runs)] = False
    changed = WindowResult(result.seconds, history, result.networks, result.predictions)
    shutil.rmtree(trained.folder.window_path(seconds))
    with study_lock(trained.path):
        trained.folder.write_window(changed)
    for file in (trained.path / "evidence").glob(
        f"*_{trained.folder.window_path(seconds).name}.nc"
    ):
        file.unlink()
    return slicken.open_study(trained.path)


def test_evidence_is_what_the_parts_say(explained: slicken.Evidence) -> None:
    prepared, trained, evidence = builders.make_prepared(), explained.trained, explained
    steps = [event for event in EVENTS if math.isnan(event.left)]
    assert [event.done for event in steps] == list(range(len(steps)))
    assert steps[0].doing == Statement("progress.scores", seconds=5.0)
    assert {event.total for event in steps} == {len(steps) - 1}
    for seconds in (5.0, 10.0):
        losses = evidence.comparison.losses.sel(window=seconds)
        np.testing.assert_array_equal(losses, trained.history(seconds)["best_loss"])
        of_errors = evidence.comparison.errors.sel(window=seconds).mean("target")
        np.testing.assert_allclose(of_errors, losses, rtol=1e-4)
        test = trained.predictions(seconds, "test")
        measured = test["measured"].to_numpy()
        at = evidence.scores.at(seconds)
        ridge, trees = fit_ridge(prepared, int(seconds)), fit_trees(prepared, int(seconds), 0)
        of_model = {
            "network": test["predicted"].to_numpy().mean(axis=0),
            "ridge": ridge.predict(prepared, "test"),
            "trees": trees.predict(prepared, "test"),
            "last": last_known(prepared, "test"),
            **{name: np.full(measured.size, c) for name, c in constants(prepared).items()},
        }
        for name, predicted in of_model.items():
            expected = score(measured, predicted)
            found = at.sel(model=name)
            for measure in ("rmse", "r2", "correlation", "range_ratio"):
                np.testing.assert_allclose(found[measure], getattr(expected, measure))
        errors = test["predicted"].to_numpy() - measured
        np.testing.assert_allclose(at["rmse_by_run"], np.sqrt((errors**2).mean(axis=1)))
        losses_of = at["validation_loss"]
        np.testing.assert_allclose(losses_of.sel(model="ridge"), ridge.validation_loss, rtol=1e-5)
        np.testing.assert_allclose(losses_of.sel(model="trees"), trees.validation_loss, rtol=1e-5)
    xr.testing.assert_identical(trained.folder.read_evidence("scores"), evidence.scores.table)


def test_trees_see_bins_of_the_past_and_as_many_trees_as_validation_likes() -> None:
    prepared = builders.make_prepared()
    trees = fit_trees(prepared, 10, seed=0)
    assert trees.edges == (0, 1, 2, 3, 4, 6, 8, 10)
    ends = prepared.split.ends["validation"]
    errors = (
        prepared.scaling.friction(trees.predict(prepared, "validation")) - prepared.friction[ends]
    )
    assert np.mean(errors**2) == pytest.approx(trees.validation_loss, rel=1e-5)
    assert trees.validation_loss < 0.5


def test_the_last_friction_is_that_of_one_sample_before() -> None:
    prepared = builders.make_prepared()
    ends = prepared.split.ends["test"]
    np.testing.assert_array_equal(last_known(prepared, "test"), prepared.record.friction[ends - 1])


def test_evidence_comes_from_the_folder_the_second_time(
    explained: slicken.Evidence, copied: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And has the same bits."""
    for name in ("predict_all", "gradients_at", "attribution_at", "fit_kernels", "truncation_at"):
        monkeypatch.setattr(steps_of_evidence, name, None)
    monkeypatch.setattr("slicken.evidence.controls.train_control", None)
    assert summarise(slicken.explain(copied)) == summarise(explained)


def test_the_files_of_a_window_length_are_read_once(
    copied: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a process that trains, explains, summarises and predicts."""
    for file in (copied.path / "evidence").glob("[bit]*.nc"):
        file.unlink()
    read: list[float] = []
    whole = StudyFolder.read_window

    def counted(folder: StudyFolder, seconds: float) -> WindowResult:
        read.append(seconds)
        return whole(folder, seconds)

    monkeypatch.setattr(StudyFolder, "read_window", counted)
    trained = slicken.train(builders.make_experiments(), builders.make_plan(), copied.path)
    evidence = slicken.explain(trained)
    summarise(evidence)
    evidence.predict(trained.experiments[0])
    assert sorted(read) == [5.0, 10.0]


def test_controls_are_read_like_the_study_itself(explained: slicken.Evidence) -> None:
    importance = explained.importance
    assert set(importance.controls) == {"probes", "shuffled", "untrained"}
    channels = importance.controls["probes"]["channel"].to_numpy().tolist()
    assert channels == [
        "slip_velocity", "temperature", "noise_probe", "shuffled_slip_velocity",
        "shuffled_temperature",
    ]  # fmt: skip
    for control in importance.controls.values():
        assert control["permutation"].sizes["run"] == 3
    with_temperature = importance.attribution["permutation"].sel(channel="temperature")
    assert with_temperature.sizes == {"run": 3, "target": importance.attribution.sizes["target"]}


def test_what_is_asked_for_is_trained_and_kept(
    explained: slicken.Evidence, copied: Trained
) -> None:
    assert explained.importance.ablation is None
    assert explained.leak is None
    found = slicken.explain(copied, ablation=True, leak=True)
    ablation, leak = found.importance.ablation, found.leak
    assert ablation is not None
    assert leak is not None
    assert ablation["best_loss"].sizes == {"channel": 2, "run": 3}
    best = found.comparison.best
    np.testing.assert_array_equal(ablation["whole"], copied.history(best)["best_loss"])
    honest = found.comparison.errors.sel(window=best).mean("target")
    np.testing.assert_allclose(leak["honest_validation"], honest, rtol=1e-4)
    assert not list((copied.path / "checkpoints").glob("*"))
    again = slicken.explain(slicken.open_study(copied.path))
    xr.testing.assert_identical(again.importance.ablation, ablation)
    xr.testing.assert_identical(again.leak, leak)


def test_gradients_give_shares_that_sum_to_one(explained: slicken.Evidence) -> None:
    gradients = explained.importance.gradients[5.0]
    assert gradients["finite"].to_numpy().tolist() == [True] * 3
    np.testing.assert_allclose(by_run(gradients, "loss").sum("channel"), 1, rtol=1e-6)
    assert explained.importance.shares().sizes == {"window": 2, "run": 3, "channel": 2}


def test_a_run_that_diverged_is_left_out_of_everything_by_name(copied: Trained) -> None:
    trained = with_bad_runs(copied, 5.0, 1)
    found = slicken.explain(trained)
    assert found.comparison.left_out() == {5.0: [1]}
    assert np.isnan(found.scores.at(5.0)["rmse_by_run"]).to_numpy().tolist() == [False, True, False]
    assert trained.predictions(5.0)["run"].to_numpy().tolist() == [0, 2]
    assert found.importance.by_run(5.0)["run"].to_numpy().tolist() == [0, 2]
    shares = found.importance.shares()
    assert np.isnan(shares.sel(window=5.0, run=1)).all()
    assert np.isfinite(shares.sel(window=10.0)).all()


def test_a_length_of_which_every_run_diverged_leaves_the_others_standing(
    copied: Trained,
) -> None:
    found = slicken.explain(with_bad_runs(copied, 5.0, 0, 1, 2))
    assert found.comparison.best == 10
    rmse = found.scores.at(5.0)["rmse"]
    assert np.isnan(float(rmse.sel(model="network")))
    assert np.isfinite(float(rmse.sel(model="ridge")))
    assert found.importance.by_run(5.0).sizes["run"] == 0
    assert summarise(found)["best_window_s"] in (None, 10.0)


def test_half_a_study_has_evidence_of_what_is_there(copied: Trained) -> None:
    shutil.rmtree(copied.folder.window_path(10.0))
    trained = slicken.open_study(copied.path)
    assert trained.windows == (5.0,)
    found = slicken.explain(trained)
    assert not found.comparison.can_tell
    assert found.scores.table["window"].to_numpy().tolist() == [5.0]


def test_predictions_are_of_one_part_and_of_runs_that_ended_well(copied: Trained) -> None:
    trained = with_bad_runs(copied, 10.0, 2)
    for part in ("validation", "test"):
        found = trained.predictions(10.0, part)
        assert found["run"].to_numpy().tolist() == [0, 1]
        assert found.sizes["target"] == trained.prepared.split.ends[part].size
        assert found.attrs["part"] == part
        assert found.attrs["window_s"] == 10.0
