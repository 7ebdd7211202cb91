"""Running a study: interrupted and resumed, twice, on other cores; and runs that diverge."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import builders
from slicken.errors import SlickenError, TrainingError
from slicken.learning.engine import ENGINES, choose_engine
from slicken.study.folder import StudyFolder
from slicken.study.plan import Plan
from slicken.study.progress import Progress
from slicken.study.task import make_trainer
from slicken.study.training import train_study


def window_files(folder: StudyFolder) -> dict[str, bytes]:
    place = folder.path / "windows"
    return {str(f.relative_to(place)): f.read_bytes() for f in place.rglob("*") if f.is_file()}


class Diary:
    """Writes down all progress, and can pull the plug."""

    def __init__(self, stop_after: float | None = None) -> None:
        self.stop_after = stop_after
        self.done: Sequence[float] = ()
        self.all_done = False
        self.epochs: list[tuple[float, int]] = []
        self.left: list[float] = []
        self.forecasts: list[float] = []
        self.diverged: dict[float, list[int]] = {}

    def __call__(self, progress: Progress) -> None:
        if progress.note is not None:
            self.note(progress.note.key, progress.note.values)
        if progress.losses is not None:
            assert progress.runs == (0, 1, 2)
            assert progress.losses.training.shape == progress.losses.validation.shape == (3,)
            self.epochs.append((progress.window, progress.epoch))
            self.left.append(progress.left)

    def note(self, key: str, values: Mapping[str, Any]) -> None:
        if key == "progress.some_finished":
            self.done = values["windows"]
        elif key == "progress.all_finished":
            self.all_done = True
        elif key == "progress.forecast":
            self.forecasts.append(values["seconds"])
        elif key == "progress.diverged":
            self.diverged[values["of"].values["seconds"]] = list(values["runs"])
        elif key == "progress.training_done" and values["of"].values["seconds"] == self.stop_after:
            raise KeyboardInterrupt


def test_interrupted_and_resumed_equals_undisturbed_to_the_byte(
    trained: StudyFolder, tmp_path: Path
) -> None:
    given = builders.make_experiments(), builders.make_plan(), tmp_path / "study"
    with pytest.raises(KeyboardInterrupt):
        train_study(*given, on_progress=Diary(stop_after=5.0))
    assert StudyFolder.open(given[2]).finished() == (5.0,)
    diary = Diary()
    resumed = train_study(*given, on_progress=diary)
    assert diary.done == (5.0,)
    assert diary.epochs == [(10.0, 1), (10.0, 2), (10.0, 3)]
    assert window_files(resumed) == window_files(trained)
    assert len(diary.forecasts) == 1
    assert diary.forecasts[0] > 0
    assert diary.left[-1] < diary.left[0]
    # Once more: there is nothing left to do, and nothing to forecast.
    again = Diary()
    train_study(*given, on_progress=again)
    assert again.all_done
    assert not again.epochs
    assert not again.forecasts


OTHERWISE = """
import os, sys
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
sys.path.insert(0, sys.argv[1])
import builders
from slicken.study.training import train_study
train_study(builders.make_experiments(), builders.make_plan(), sys.argv[2])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a choice of cores")
def test_the_same_plan_on_one_core_in_another_process_gives_the_same_bytes(
    trained: StudyFolder, tmp_path: Path
) -> None:
    """On one core there is one share of three runs; on two, two of which one has a copy."""
    tests = str(Path(__file__).parents[1])
    out = tmp_path / "study"
    subprocess.run([sys.executable, "-c", OTHERWISE, tests, str(out)], check=True)  # noqa: S603 (our own interpreter)
    assert window_files(StudyFolder.open(out)) == window_files(trained)


def test_history_and_predictions_tell_the_same_story(trained: StudyFolder) -> None:
    """The mean square of what was predicted on validation is the best loss, in other units."""
    prepared = builders.make_prepared()
    for seconds in trained.finished():
        result = trained.read_window(seconds)
        history = result.history
        validation = history["validation_loss"].to_numpy()
        np.testing.assert_array_equal(history["best_loss"], validation.min(axis=1))
        np.testing.assert_array_equal(history["best_epoch"], validation.argmin(axis=1) + 1)
        assert history["finite"].all()
        here = result.predictions.isel(target=result.predictions["part"] == "validation")
        errors = (here["predicted"] - here["measured"]) / prepared.scaling.friction_spread
        np.testing.assert_allclose((errors**2).mean("target"), history["best_loss"], rtol=1e-4)
        for part in ("validation", "test"):
            ends = prepared.split.ends[part]
            of_part = result.predictions.isel(target=result.predictions["part"] == part)
            np.testing.assert_array_equal(of_part["measured"], prepared.record.friction[ends])
            np.testing.assert_array_equal(of_part["time"], prepared.record.time[ends])
            names = np.array(prepared.record.experiments)[prepared.record.experiment[ends]]
            assert of_part["experiment"].to_numpy().tolist() == names.tolist()


def starts(plan: Plan) -> np.ndarray:
    """What tells the three runs of the plan apart: their first dense weights."""
    trainer = make_trainer(plan, builders.make_prepared(), choose_engine(), 5.0)
    dense = np.concatenate([state.networks.dense for state in trainer.start()])[:3]
    return dense.mean(axis=1)


def test_a_run_that_diverges_is_named_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = builders.make_plan(
        engine="brittle", windows=[5], optimiser={"learning_rate": 1e-5, "batch": 16}
    )
    means = starts(plan)
    worst = int(means.argmax())
    above = float(np.mean(np.sort(means)[1:]))
    monkeypatch.setitem(ENGINES, "brittle", lambda: builders.Brittle(above))
    diary = Diary()
    folder = train_study(builders.make_experiments(), plan, tmp_path / "out", on_progress=diary)
    history = folder.read_window(5.0).history
    expected = np.arange(3) != worst
    np.testing.assert_array_equal(history["finite"], expected)
    assert diary.diverged == {5.0: [worst]}
    assert np.isfinite(history["best_loss"].to_numpy()[expected]).all()
    assert history["best_loss"].to_numpy()[worst] == np.inf
    assert history["best_epoch"].to_numpy()[worst] == 0
    predictions = folder.read_window(5.0).predictions
    assert np.isfinite(predictions["predicted"].to_numpy()[expected]).all()


def test_a_study_of_which_no_run_ends_well_says_what_to_change(tmp_path: Path) -> None:
    plan = builders.make_plan(
        windows=[5], runs=1, optimiser={"learning_rate": 1e29, "clip": "none", "batch": 16}
    )
    for _ in range(2):  # and again when the finished folder is found
        with pytest.raises(TrainingError, match=r"lower optimiser\.learning_rate, or set"):
            train_study(builders.make_experiments(), plan, tmp_path / "out")


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"windows": [5.5]}, "choose a multiple of 1 s"),
        ({"stride": 0.5}, "choose a multiple of 1 s"),
        ({"windows": [1, 10]}, "1 s is 1 samples, fewer than the 2 that the convolutions need"),
        ({"windows": [500]}, "run0: .*shorten the window or leave the log out"),
        ({"drivers": ["axial_rate"]}, "run0: no axial_rate.*drivers = "),
        ({"split": {"validation": ["nobody"]}}, "no experiment is named 'nobody'"),
        ({"engine": "warp"}, "no engine is named 'warp'"),
    ],
)
def test_an_impossible_study_leaves_no_folder(
    changes: dict[str, Any], advice: str, tmp_path: Path
) -> None:
    with pytest.raises(SlickenError, match=advice):
        train_study(builders.make_experiments(), builders.make_plan(**changes), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_every_engine_has_a_name_that_a_plan_can_ask_for() -> None:
    for name in ENGINES:
        assert choose_engine(Plan(engine=name).engine).name == name
