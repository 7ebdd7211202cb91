"""Evidence of a trained study: gathered, kept, read again; and a study whose runs diverged."""

import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import builders
from slicken.evidence import gathering
from slicken.evidence.baselines import constants, fit_ridge, fit_trees, last_known
from slicken.evidence.gathering import gather_evidence, importance, predictions
from slicken.evidence.importance import by_run
from slicken.evidence.scores import score
from slicken.evidence.study import Study
from slicken.study.folder import StudyFolder, WindowResult


@pytest.fixture
def copied(trained: StudyFolder, tmp_path: Path) -> StudyFolder:
    shutil.copytree(trained.path, tmp_path / "study")
    return StudyFolder.open(tmp_path / "study")


def with_bad_runs(result: WindowResult, *runs: int) -> WindowResult:
    """As if these runs had diverged."""
    history = result.history.load().copy(deep=True)
    history["finite"][list(runs)] = False
    return WindowResult(result.seconds, history, result.networks, result.predictions)


def test_evidence_is_what_the_parts_say(copied: StudyFolder) -> None:
    prepared = builders.make_prepared()
    steps: list[tuple[str, int, int]] = []

    def begun(step: str, done: int, total: int, left: float = math.nan) -> None:
        if math.isnan(left):
            steps.append((step, done, total))

    evidence = gather_evidence(copied, prepared, begun)
    assert [done for _, done, _ in steps] == list(range(len(steps)))
    assert steps[0][0] == "scores at 5 s"
    assert {total for _, _, total in steps} == {len(steps) - 1}
    for seconds in (5.0, 10.0):
        result = copied.read_window(seconds)
        losses = evidence.comparison.losses.sel(window=seconds)
        np.testing.assert_array_equal(losses, result.history["best_loss"])
        of_errors = evidence.comparison.errors.sel(window=seconds).mean("target")
        np.testing.assert_allclose(of_errors, losses, rtol=1e-4)
        test = predictions(result, "test")
        measured = test["measured"].to_numpy()
        at = evidence.scores.sel(window=seconds)
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
    xr.testing.assert_identical(copied.read_evidence("scores"), evidence.scores)


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
    copied: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Study(copied)
    lines = first.verdict.lines()
    for name in ("attribute", "ask_ladder", "train_control", "fade", "fit_trees"):
        monkeypatch.setattr(gathering, name, None)
    assert Study(StudyFolder.open(copied.path)).verdict.lines() == lines


def test_controls_are_read_like_the_study_itself(copied: StudyFolder) -> None:
    evidence = Study(copied).evidence
    assert set(evidence.controls) == {"probes", "shuffled", "untrained"}
    channels = evidence.controls["probes"]["channel"].to_numpy().tolist()
    assert channels == [
        "slip_velocity", "temperature", "noise_probe", "shuffled_slip_velocity",
        "shuffled_temperature",
    ]  # fmt: skip
    for control in evidence.controls.values():
        assert control["permutation"].sizes["run"] == 3
    with_temperature = evidence.attribution["permutation"].sel(channel="temperature")
    assert with_temperature.sizes == {"run": 3, "target": evidence.attribution.sizes["target"]}


def test_what_is_asked_for_is_trained_kept_and_said(copied: StudyFolder) -> None:
    study = Study(copied)
    without, leak = study.retrain_without(), study.measure_leak()
    assert without["best_loss"].sizes == {"channel": 2, "run": 3}
    best = study.comparison.best
    np.testing.assert_array_equal(without["whole"], study.history(best)["best_loss"])
    honest = study.comparison.errors.sel(window=best).mean("target")
    np.testing.assert_allclose(leak["honest_validation"], honest, rtol=1e-4)
    again = Study(StudyFolder.open(copied.path))
    assert any(line.startswith("Leak:") for line in again.verdict.caveats)
    assert any(line.startswith("Trained anew without") for line in again.verdict.caveats)


def test_importance_is_the_same_when_it_is_new_and_when_it_comes_from_the_folder(
    copied: StudyFolder,
) -> None:
    prepared, result = builders.make_prepared(), copied.read_window(5.0)
    new = importance(copied, prepared, result)
    kept = importance(copied, prepared, result)
    assert new["finite"].to_numpy().tolist() == kept["finite"].to_numpy().tolist() == [True] * 3
    xr.testing.assert_allclose(new, kept)
    np.testing.assert_allclose(by_run(new, "loss").sum("channel"), 1, rtol=1e-6)


def test_importance_may_be_the_first_thing_that_is_asked_of_a_study(copied: StudyFolder) -> None:
    study = Study(copied)
    assert study.importance.shares.sizes == {"window": 2, "run": 3, "channel": 2}


def test_a_run_that_diverged_is_left_out_of_everything_by_name(copied: StudyFolder) -> None:
    copied.write_window(with_bad_runs(copied.read_window(5.0), 1))
    study = Study(StudyFolder.open(copied.path))
    assert study.comparison.left_out() == {5.0: [1]}
    at = study.scores.sel(window=5.0)
    assert np.isnan(at["rmse_by_run"]).to_numpy().tolist() == [False, True, False]
    assert study.predictions(5.0)["run"].to_numpy().tolist() == [0, 2]
    assert study.importance.by_run(5.0)["run"].to_numpy().tolist() == [0, 2]
    shares = study.importance.shares
    assert np.isnan(shares.sel(window=5.0, run=1)).all()
    assert np.isfinite(shares.sel(window=10.0)).all()
    assert any("Left out at 5 s" in words and "run 1" in words for words in study.verdict.caveats)


def test_a_length_of_which_every_run_diverged_leaves_the_others_standing(
    copied: StudyFolder,
) -> None:
    copied.write_window(with_bad_runs(copied.read_window(5.0), 0, 1, 2))
    study = Study(StudyFolder.open(copied.path))
    assert study.comparison.best == 10
    assert np.isnan(float(study.scores["rmse"].sel(window=5.0, model="network")))
    assert np.isfinite(float(study.scores["rmse"].sel(window=5.0, model="ridge")))
    assert study.verdict.lines()
    assert study.importance.by_run(5.0).sizes["run"] == 0


def test_half_a_study_has_evidence_of_what_is_there(copied: StudyFolder) -> None:
    shutil.rmtree(copied.window_path(10.0))
    study = Study(StudyFolder.open(copied.path))
    assert study.windows == (5.0,)
    assert "only 5 s was tried" in study.comparison.words()
    assert study.scores["window"].to_numpy().tolist() == [5.0]


def test_predictions_are_of_one_part_and_of_runs_that_ended_well(copied: StudyFolder) -> None:
    result = with_bad_runs(copied.read_window(10.0), 2)
    prepared = builders.make_prepared()
    for part in ("validation", "test"):
        found = predictions(result, part)
        assert found["run"].to_numpy().tolist() == [0, 1]
        assert found.sizes["target"] == prepared.split.ends[part].size
        assert found.attrs["part"] == part
        assert found.attrs["window_s"] == 10.0
