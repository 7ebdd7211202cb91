"""Progress: what a study at work leaves for ``slicken watch``, which never stops the study."""

import itertools
import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import builders
import slicken
from slicken.cli.watch import lines_of
from slicken.evidence import steps
from slicken.learning.devices import cores
from slicken.learning.training import EpochLosses
from slicken.study import progress
from slicken.study.executors import LocalWorkers
from slicken.study.folder import StudyFolder
from slicken.study.progress import Progress, recorded, status_of
from slicken.study.training import train_study


@pytest.fixture(autouse=True)
def _written_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)


class Reader:
    """Reads the file after each epoch, beside what is reported."""

    def __init__(self, out: Path, stop_at: tuple[float, int] | None = None) -> None:
        self.file, self.stop_at = out / progress.NAME, stop_at
        self.seen: list[dict[str, Any]] = []
        self.events: list[Progress] = []

    def __call__(self, event: Progress) -> None:
        if event.losses is None:
            return
        self.events.append(event)
        self.seen.append(json.loads(self.file.read_text(encoding="utf-8")))
        if (event.window, event.epoch) == self.stop_at:
            raise KeyboardInterrupt


def row(seen: dict[str, Any], window: float) -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in seen["windows"] if row["window"] == window)
    return found


def test_after_each_epoch_the_file_holds_the_last_and_the_lowest_loss_of_every_run(
    tmp_path: Path,
) -> None:
    reader = Reader(tmp_path)
    train_study(builders.make_experiments(), builders.make_plan(), tmp_path, on_progress=reader)
    assert len(reader.seen) == 2 * 3
    for window in (5.0, 10.0):
        lowest = np.full(3, np.inf)
        for event, seen in zip(reader.events, reader.seen, strict=True):
            if event.window != window:
                continue
            assert event.losses is not None
            lowest = np.minimum(lowest, event.losses.validation)
            assert row(seen, window)["epochs"] == [event.epoch] * 3
            np.testing.assert_allclose(row(seen, window)["last"], event.losses.validation)
            np.testing.assert_allclose(row(seen, window)["best"], lowest)
            assert seen["left"] > 0
            assert (seen["done"], seen["total"]) == (event.done, 2 * 3 * 3)
    assert not (tmp_path / progress.NAME).exists()


@pytest.mark.skipif(cores() < 2, reason="two workers need two cores")
def test_workers_leave_the_progress_of_all_their_groups_of_runs(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    plan = builders.make_plan(epochs=4, runs=4)
    given = builders.make_experiments(), plan, tmp_path
    train_study(*given, on_progress=reader, executor=LocalWorkers(2))
    assert len({event.runs for event in reader.events}) > 1
    for window in (5.0, 10.0):
        done = [row(seen, window)["epochs"] for seen in reader.seen]
        assert max(done) == [4, 4, 4, 4]
        assert any(len(set(epochs)) > 1 for epochs in done)
    assert not (tmp_path / progress.NAME).exists()


def test_a_study_that_is_resumed_knows_how_far_it_was(tmp_path: Path) -> None:
    given = builders.make_experiments(), builders.make_plan(), tmp_path
    with pytest.raises(KeyboardInterrupt):
        train_study(*given, on_progress=Reader(tmp_path, stop_at=(5.0, 2)))
    status = status_of(StudyFolder.open(tmp_path))
    assert [(r.state, r.done) for r in status.windows] == [("begun", 6), ("waiting", 0)]
    assert not status.worked_on
    assert status.progress is None
    again = Reader(tmp_path, stop_at=(5.0, 3))
    with pytest.raises(KeyboardInterrupt):
        train_study(*given, on_progress=again)
    assert row(again.seen[-1], 5.0)["epochs"] == [3, 3, 3]
    train_study(*given)
    assert status_of(StudyFolder.open(tmp_path)).trained


def test_the_progress_of_another_study_is_not_believed(tmp_path: Path) -> None:
    given = builders.make_experiments(), builders.make_plan(), tmp_path
    with pytest.raises(KeyboardInterrupt):
        train_study(*given, on_progress=Reader(tmp_path, stop_at=(5.0, 2)))
    file = tmp_path / progress.NAME
    kept = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(kept | {"study": "another"}), encoding="utf-8")
    assert progress.read_progress(StudyFolder.open(tmp_path)) is None
    row(kept, 5.0)["epochs"] = [10**30] * 3
    file.write_text(json.dumps(kept), encoding="utf-8")
    assert progress.read_progress(StudyFolder.open(tmp_path)) is None
    row(kept, 5.0)["epochs"] = [1] * 4
    file.write_text(json.dumps(kept), encoding="utf-8")
    assert progress.read_progress(StudyFolder.open(tmp_path)) is None
    train_study(*given)


def test_a_progress_that_cannot_be_written_does_not_stop_a_study(
    trained: StudyFolder, tmp_path: Path
) -> None:
    out, elsewhere = tmp_path / "study", tmp_path / "elsewhere"
    with pytest.raises(KeyboardInterrupt):
        train_study(
            *(builders.make_experiments(), builders.make_plan(), out),
            on_progress=Reader(out, stop_at=(5.0, 1)),
        )
    (out / progress.NAME).unlink()
    (out / progress.NAME).symlink_to(elsewhere)  # a link that leads out is not followed
    study = train_study(builders.make_experiments(), builders.make_plan(), out)
    assert not elsewhere.exists()
    for window in study.finished():
        place = trained.window_path(window).name
        for file in (study.path / "windows" / place).iterdir():
            assert file.read_bytes() == (trained.path / "windows" / place / file.name).read_bytes()


def test_losses_that_are_not_finite_are_left_out(tmp_path: Path) -> None:
    given = builders.make_experiments(), builders.make_plan(), tmp_path
    with pytest.raises(KeyboardInterrupt):
        train_study(*given, on_progress=Reader(tmp_path, stop_at=(5.0, 1)))
    losses = np.array([np.nan, 1e9, np.inf], dtype=np.float32)
    with recorded(StudyFolder.open(tmp_path)) as record:
        record(
            Progress(
                "training", window=5.0, runs=(0, 1, 2), epoch=2, losses=EpochLosses(losses, losses)
            )
        )
    seen = json.loads((tmp_path / progress.NAME).read_text(encoding="utf-8"))
    assert row(seen, 5.0)["last"] == [None, 1e9, None]
    assert all(best < 1e9 for best in row(seen, 5.0)["best"])
    assert seen["left"] is None


def test_the_steps_of_the_evidence_and_the_time_left_are_seen_from_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An epoch of a control takes ten seconds by this clock; both have four."""
    clock = itertools.count(0.0, 10.0)
    monkeypatch.setattr(steps, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    train_study(builders.make_experiments(), builders.make_plan(epochs=4, controls=True), tmp_path)
    folder = StudyFolder.open(tmp_path)
    lefts: dict[str, list[float]] = {}

    def compare(event: Progress) -> None:
        seen = status_of(folder).progress
        if event.done == event.total:
            return
        assert seen is not None
        assert (seen.stage, seen.doing) == ("evidence", event.doing)
        assert (seen.done, seen.total) == (event.done, event.total)
        (sentence,) = lines_of(status_of(folder), tmp_path)
        assert f"evidence, {event.done} of {event.total}: " in sentence
        assert ("left" in sentence) == math.isfinite(event.left)
        if math.isfinite(event.left):
            assert seen.left == pytest.approx(event.left, abs=1.0)
            assert event.doing is not None
            lefts.setdefault(event.doing.key, []).append(event.left)

    evidence = slicken.explain(slicken.open_study(tmp_path), on_progress=compare)
    assert evidence.importance.controls
    assert lefts == {
        "progress.with_noise": [60.0, 50.0, 40.0],
        "progress.on_shuffled": [20.0, 10.0, 0.0],
    }
    assert not (tmp_path / progress.NAME).exists()


def test_evidence_of_a_study_half_trained_leaves_how_far_it_is(tmp_path: Path) -> None:
    given = builders.make_experiments(), builders.make_plan(controls=False), tmp_path
    with pytest.raises(KeyboardInterrupt):
        train_study(*given, on_progress=Reader(tmp_path, stop_at=(10.0, 2)))
    before = (tmp_path / progress.NAME).read_bytes()
    assert slicken.explain(slicken.open_study(tmp_path)).comparison
    assert (tmp_path / progress.NAME).read_bytes() == before
