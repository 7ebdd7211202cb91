"""Studies of several folds and of random histories: the same whatever stops them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import builders
import slicken
from slicken.evidence.intervals import calibrate, calibration_of, coverage_of
from slicken.learning.training_data import GOLDEN
from slicken.study.executors import InProcess
from slicken.study.folder import StudyFolder
from slicken.study.pooling import pool_targets
from slicken.study.progress import Progress
from slicken.study.task import tasks_of
from slicken.study.trained import Trained
from slicken.study.training import train_study

EXPERIMENTS = builders.make_experiments(4)


def plan(**changes: Any) -> slicken.Plan:  # noqa: ANN401 (any field)
    values: dict[str, Any] = {
        "split": {"folds": 4},
        "histories": "random",
        "linear_part": True,
        "windows": [5, 10, 20],
        "runs": 2,
    }
    return builders.make_plan(**(values | changes))


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted((folder / "folds").rglob("*"))
        if file.is_file()
    }


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = train_study(EXPERIMENTS, plan(), tmp_path_factory.mktemp("folds") / "study")
    return Trained.of(folder)


def stop(after: int) -> Callable[[Progress], None]:
    """Stop when so many epochs of all folds were done."""
    done = []

    def on_progress(progress: Progress) -> None:
        if progress.losses is not None:
            done.append(progress.epoch)
        if len(done) == after:
            raise KeyboardInterrupt

    return on_progress


@pytest.mark.parametrize("after", [2, 5])
def test_a_study_that_was_stopped_ends_as_if_it_had_not_been(
    trained: Trained, tmp_path: Path, after: int
) -> None:
    given = EXPERIMENTS, plan(), tmp_path / "again"
    with pytest.raises(KeyboardInterrupt):
        train_study(*given, on_progress=stop(after), checkpoint_every=0)
    folder = StudyFolder.open(tmp_path / "again")
    assert folder.finished() == ()
    assert len(tasks_of(folder, InProcess().runs_together(folder.plan))) == 4 - after // 3
    train_study(*given)
    assert files(tmp_path / "again") == files(trained.path)


def test_a_fold_is_the_study_of_its_split(trained: Trained, tmp_path: Path) -> None:
    """The same experiments held out by name, in a study of one split."""
    fold = trained.folds[1]
    names = {
        part: [
            trained.prepared.record.experiments[n]
            for n in np.unique(fold.prepared.record.experiment[fold.prepared.split.ends[part]])
        ]
        for part in ("validation", "test")
    }
    alone = Trained.of(
        train_study(EXPERIMENTS, plan(split={"folds": 1, **names}), tmp_path / "alone")
    )
    for seconds in trained.windows:
        for part in ("validation", "test"):
            xr.testing.assert_identical(
                fold.predictions(seconds, part), alone.predictions(seconds, part)
            )


def test_every_target_is_predicted_once_by_networks_that_never_saw_its_experiment(
    trained: Trained,
) -> None:
    predicted = trained.predictions(10.0, "test")
    ends = trained.prepared.split.ends["test"]
    assert np.unique(ends).size == ends.size == predicted.sizes["target"]
    np.testing.assert_array_equal(predicted["measured"], trained.prepared.record.friction[ends])
    for fold in trained.folds:
        taught = fold.prepared.split.ends["training"]
        tested = fold.prepared.split.ends["test"]
        experiment = fold.prepared.record.experiment
        assert not set(experiment[taught]) & set(experiment[tested])


def test_one_network_serves_all_lengths(trained: Trained) -> None:
    for fold in trained.folds:
        first, *others = (fold.result(seconds) for seconds in trained.windows)
        for other in others:
            np.testing.assert_array_equal(other.networks.dense, first.networks.dense)
        gaps = first.predictions["predicted"] - others[-1].predictions["predicted"]
        assert float(np.abs(gaps).max()) > 0


def test_histories_follow_one_another_evenly() -> None:
    """The three-distance theorem: steps of the golden ratio leave no gap above 2/n nor so."""
    count = 55
    places = np.sort((np.arange(count, dtype=np.uint64) * GOLDEN % 2**32) / 2**32)
    gaps = np.diff(np.append(places, places[0] + 1))
    assert gaps.max() < 2 / count


def test_each_fold_is_calibrated_by_what_the_others_held_out(trained: Trained) -> None:
    inside = []
    for fold in trained.folds:
        others = [
            other.predictions(other.chosen, "test") for other in trained.folds if other is not fold
        ]
        calibration = calibrate(xr.concat(others, "target"))
        own = fold.predictions(fold.chosen, "test")
        mean, spread = own["predicted"].mean("run"), own["predicted"].std("run")
        width = calibration.width(spread.to_numpy())
        inside.append(np.abs(own["measured"] - mean).to_numpy() <= width)
    found = coverage_of(trained, calibration_of(trained))
    assert found == pytest.approx(np.concatenate(inside).mean())


def test_tables_of_folds_are_one_behind_the_other_and_the_rest_is_a_mean() -> None:
    def table(values: list[float], other: float, runs: list[int]) -> xr.Dataset:
        return xr.Dataset(
            {"each": (("run", "target"), np.tile(values, (len(runs), 1))), "other": other},
            coords={"run": runs},
        )

    found = pool_targets([table([1, 2], 3.0, [0, 1]), table([5], 4.0, [1, 2])])
    assert found["run"].to_numpy().tolist() == [1]
    assert found["each"].to_numpy().tolist() == [[1, 2, 5]]
    assert float(found["other"]) == 3.5


def test_a_new_log_is_predicted_by_the_networks_of_all_folds(trained: Trained) -> None:
    from slicken.evidence.prediction import predict_experiment

    new = builders.make_experiment("new", seed=9)
    found = predict_experiment(trained, new, 10.0)
    assert found.runs.shape[0] == 4 * 2


def test_steps_make_epochs_and_epochs_that_are_given_stay() -> None:
    assert plan(steps=100).as_run(4, 33).epochs == 34  # three batches of 16
    assert slicken.Plan(preset="quick", epochs=3).steps == 0
    assert slicken.Plan(preset="quick").as_run(6, 1000).epochs == 47
    assert slicken.Plan(preset="paper").as_run(1, 10).epochs == 100
