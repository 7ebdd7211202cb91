"""Evidence of a trained study: gathered, kept, read again; and a study whose runs diverged."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import builders
from slicken.evidence.baselines import constants, fit_ridge
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
    evidence = gather_evidence(copied, prepared, lambda *step: steps.append(step))
    assert steps == [("5 s", 0, 2), ("10 s", 1, 2), ("", 2, 2)]
    for seconds in (5.0, 10.0):
        result = copied.read_window(seconds)
        losses = evidence.contest.losses.sel(window=seconds)
        np.testing.assert_array_equal(losses, result.history["best_loss"])
        test = predictions(result, "test")
        measured = test["measured"].to_numpy()
        at = evidence.scores.sel(window=seconds)
        ridge = fit_ridge(prepared, int(seconds))
        of_model = {
            "network": test["predicted"].to_numpy().mean(axis=0),
            "ridge": ridge.predict(prepared, "test"),
            **{name: np.full(measured.size, c) for name, c in constants(prepared).items()},
        }
        for name, predicted in of_model.items():
            expected = score(measured, predicted)
            found = at.sel(model=name)
            for measure in ("rmse", "r2", "correlation", "range_ratio"):
                np.testing.assert_allclose(found[measure], getattr(expected, measure))
        errors = test["predicted"].to_numpy() - measured
        np.testing.assert_allclose(at["rmse_by_run"], np.sqrt((errors**2).mean(axis=1)))
        assert float(at["ridge_loss"]) == ridge.validation_loss
    xr.testing.assert_identical(copied.read_evidence("scores"), evidence.scores)


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
    assert study.contest.left_out() == {5.0: [1]}
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
    assert study.contest.best == 10
    assert np.isnan(float(study.scores["rmse"].sel(window=5.0, model="network")))
    assert np.isfinite(float(study.scores["rmse"].sel(window=5.0, model="ridge")))
    assert study.verdict.lines()
    assert study.importance.by_run(5.0).sizes["run"] == 0


def test_half_a_study_has_evidence_of_what_is_there(copied: StudyFolder) -> None:
    shutil.rmtree(copied.window_path(10.0))
    study = Study(StudyFolder.open(copied.path))
    assert study.windows == (5.0,)
    assert "only 5 s was tried" in study.contest.words()
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
