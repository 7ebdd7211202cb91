"""Progress: what a study at work leaves for an onlooker, which never stands in its way."""

import itertools
import json
import math
from collections.abc import Sequence
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
from slicken.reporting.wording import words
from slicken.study import progress
from slicken.study.folder import StudyFolder
from slicken.study.observer import Silent
from slicken.study.runner import train_study
from slicken.study.status import Onlooker
from slicken.study.workers import LocalWorkers


@pytest.fixture(autouse=True)
def _written_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)


class Reader(Silent):
    """Reads the file after each epoch, beside what it was told."""

    def __init__(self, out: Path, stop_at: tuple[float, int] | None = None) -> None:
        self.file, self.stop_at = out / progress.NAME, stop_at
        self.seen: list[dict[str, Any]] = []
        self.losses: list[tuple[float, int, Sequence[int], np.ndarray]] = []

    def epoch(
        self, window: float, runs: Sequence[int], epoch: int, losses: EpochLosses, left: float
    ) -> None:
        del left
        self.losses.append((window, epoch, runs, losses.validation))
        self.seen.append(json.loads(self.file.read_text(encoding="utf-8")))
        if (window, epoch) == self.stop_at:
            raise KeyboardInterrupt


def row(seen: dict[str, Any], window: float) -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in seen["windows"] if row["window"] == window)
    return found


def test_after_each_epoch_the_file_holds_the_last_and_the_lowest_loss_of_every_run(
    tmp_path: Path,
) -> None:
    reader = Reader(tmp_path)
    train_study(builders.make_experiments(), builders.make_plan(), tmp_path, reader)
    assert len(reader.seen) == 2 * 3
    for window in (5.0, 10.0):
        told = [entry for entry in reader.losses if entry[0] == window]
        lowest = np.full(3, np.inf)
        for (_, epoch, _, losses), seen in zip(
            told,
            [s for s, e in zip(reader.seen, reader.losses, strict=True) if e[0] == window],
            strict=True,
        ):
            lowest = np.minimum(lowest, losses)
            assert row(seen, window)["epochs"] == [epoch] * 3
            np.testing.assert_allclose(row(seen, window)["last"], losses)
            np.testing.assert_allclose(row(seen, window)["best"], lowest)
            assert seen["left"] > 0
    assert not (tmp_path / progress.NAME).exists()


@pytest.mark.skipif(cores() < 2, reason="two workers need two cores")
def test_workers_leave_the_progress_of_all_their_groups_of_runs(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    plan = builders.make_plan(epochs=4, runs=4)
    workers = LocalWorkers(2)
    train_study(builders.make_experiments(), plan, tmp_path, reader, workers=workers)
    assert len({tuple(runs) for _, _, runs, _ in reader.losses}) > 1
    for window in (5.0, 10.0):
        done = [row(seen, window)["epochs"] for seen in reader.seen]
        assert max(done) == [4, 4, 4, 4]
        assert any(len(set(epochs)) > 1 for epochs in done)
    assert not (tmp_path / progress.NAME).exists()


def test_a_study_that_is_gone_on_with_knows_how_far_it_was(tmp_path: Path) -> None:
    given = builders.make_experiments(), builders.make_plan(), tmp_path
    with pytest.raises(KeyboardInterrupt):
        train_study(*given, Reader(tmp_path, stop_at=(5.0, 2)))
    standing = Onlooker(StudyFolder.open(tmp_path)).look()
    assert [(r.state, r.done) for r in standing.rows] == [("begun", 6), ("waiting", 0)]
    assert not standing.worked_on
    assert math.isnan(standing.left)
    again = Reader(tmp_path, stop_at=(5.0, 3))
    with pytest.raises(KeyboardInterrupt):
        train_study(*given, again)
    assert row(again.seen[-1], 5.0)["epochs"] == [3, 3, 3]
    train_study(*given)
    assert Onlooker(StudyFolder.open(tmp_path)).look().trained


def test_the_progress_of_another_study_is_not_believed(tmp_path: Path) -> None:
    given = builders.make_experiments(), builders.make_plan(), tmp_path
    with pytest.raises(KeyboardInterrupt):
        train_study(*given, Reader(tmp_path, stop_at=(5.0, 2)))
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
            builders.make_experiments(), builders.make_plan(), out, Reader(out, stop_at=(5.0, 1))
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
    train_study(builders.make_experiments(), builders.make_plan(), tmp_path)
    folder = StudyFolder.open(tmp_path)
    recorder = progress.Recorder(Silent(), folder)
    losses = np.array([np.nan, 1.0, np.inf], dtype=np.float32)
    recorder.epoch(5.0, range(3), 1, EpochLosses(losses, losses), math.nan)
    seen = json.loads((tmp_path / progress.NAME).read_text(encoding="utf-8"))
    assert row(seen, 5.0)["last"] == [None, 1.0, None]
    assert seen["left"] is None


def test_the_steps_of_the_evidence_and_the_time_left_are_seen_from_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An epoch of a control takes ten seconds by this clock; both have four."""
    clock = itertools.count(0.0, 10.0)
    monkeypatch.setattr(steps, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    train_study(builders.make_experiments(), builders.make_plan(epochs=4, controls=True), tmp_path)
    onlooker = Onlooker(StudyFolder.open(tmp_path))
    lefts: dict[str, list[float]] = {}

    def compare(event: progress.Progress) -> None:
        done, total, left = event.done, event.total, event.left
        standing = onlooker.look()
        if done == total:
            assert standing.step is None
            return
        assert event.doing is not None
        step = words("en")(event.doing)
        assert standing.step == progress.StepProgress(words=step, done=done, total=total)
        (sentence,) = lines_of(standing, tmp_path)
        assert f"is at step {done + 1} of {total}: {step}" in sentence
        assert ("left" in sentence) == math.isfinite(left)
        if math.isfinite(left):
            assert standing.left == pytest.approx(left, abs=1.0)
            lefts.setdefault(step, []).append(left)

    evidence = slicken.explain(slicken.open_study(tmp_path), on_progress=compare)
    assert evidence.importance.controls
    assert lefts == {
        "training with noise features": [60.0, 50.0, 40.0],
        "training on shuffled friction": [20.0, 10.0, 0.0],
    }
    assert not (tmp_path / progress.NAME).exists()


def test_evidence_of_a_study_half_trained_leaves_how_far_it_is(tmp_path: Path) -> None:
    given = builders.make_experiments(), builders.make_plan(controls=False), tmp_path
    with pytest.raises(KeyboardInterrupt):
        train_study(*given, Reader(tmp_path, stop_at=(10.0, 2)))
    before = (tmp_path / progress.NAME).read_bytes()
    assert slicken.explain(slicken.open_study(tmp_path)).comparison
    assert (tmp_path / progress.NAME).read_bytes() == before
