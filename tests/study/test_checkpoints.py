"""Checkpoints: a training goes on from where it was, to the bit, and trusts no damaged file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import builders
from slicken.study.checkpoint import Checkpoint
from slicken.study.folder import StudyFolder
from slicken.study.plan import Plan
from slicken.study.prepared import Prepared
from slicken.study.progress import OnProgress, Progress
from slicken.study.task import Task, begun_windows, tasks_of
from slicken.study.training import create_or_resume, train_study


def window_files(folder: StudyFolder) -> dict[str, bytes]:
    place = folder.path / "windows"
    return {str(f.relative_to(place)): f.read_bytes() for f in place.rglob("*") if f.is_file()}


class Plug:
    """Pulled after an epoch of a window length; writes down what is reported."""

    def __init__(self, after: tuple[float, int] | None = None, folder: Path | None = None) -> None:
        self.after, self.folder = after, folder
        self.epochs: list[tuple[float, int]] = []
        self.begun: list[tuple[float, int, int]] = []
        self.sizes: list[int] = []
        self.unused: list[str] = []
        self.held: list[dict[float, int]] = []

    def __call__(self, progress: Progress) -> None:
        if progress.note is not None and progress.note.key == "progress.checkpoint_unused":
            self.unused.append(progress.note.values["problem"])
        if progress.note is not None and progress.note.key == "progress.resumed":
            self.begun.append((progress.window, len(progress.runs), progress.epoch))
        if progress.losses is None:
            return
        assert progress.losses.validation.shape == (len(progress.runs),)
        assert np.isfinite(progress.left)
        if self.folder is not None:
            self.held.append(begun_windows(StudyFolder.open(self.folder)))
        self.epochs.append((progress.window, progress.epoch))
        self.sizes.append(progress.losses.validation.size)
        if (progress.window, progress.epoch) == self.after:
            raise KeyboardInterrupt


def train(out: Path, on_progress: OnProgress, every: float = 0.0) -> StudyFolder:
    return train_study(
        builders.make_experiments(),
        builders.make_plan(),
        out,
        on_progress=on_progress,
        checkpoint_every=every,
    )


@pytest.fixture(autouse=True)
def _checkpoints_may_take_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Epochs of milliseconds would not be worth a checkpoint."""
    monkeypatch.setattr("slicken.study.checkpoint.DEAREST", 1e6)


@pytest.mark.parametrize("after", [(5.0, 1), (5.0, 2), (10.0, 1), (10.0, 2)])
def test_a_training_that_was_cut_is_resumed_after_its_last_epoch_to_the_same_bytes(
    trained: StudyFolder, tmp_path: Path, after: tuple[float, int]
) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, Plug(after))
    window, epoch = after
    assert [f.name for f in (tmp_path / "checkpoints").iterdir()] == [
        f"{window:04.0f}s-runs-0-2.safetensors"
    ]
    plug = Plug()
    resumed = train(tmp_path, plug)
    assert plug.begun == [(window, 3, epoch)]
    assert plug.epochs[0] == (window, epoch + 1)
    assert window_files(resumed) == window_files(trained)
    assert not list((tmp_path / "checkpoints").iterdir())


def test_every_epoch_but_the_last_is_kept(tmp_path: Path) -> None:
    plug = Plug(folder=tmp_path)
    train(tmp_path, plug)
    assert plug.held == [{5.0: 1}, {5.0: 2}, {5.0: 2}, {10.0: 1}, {10.0: 2}, {10.0: 2}]


def test_no_checkpoint_is_written_before_its_time(tmp_path: Path) -> None:
    plug = Plug(folder=tmp_path)
    train(tmp_path, plug, every=3600.0)
    assert not any(plug.held)
    assert not (tmp_path / "checkpoints").exists()


def test_checkpoints_that_take_long_come_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After one that took a second the next is due after a hundred, at one percent."""
    clock = [0.0]
    monkeypatch.setattr("slicken.study.checkpoint.DEAREST", 0.01)
    monkeypatch.setattr("slicken.study.checkpoint.time.monotonic", lambda: clock[0])
    written: list[float] = []

    def write(self: Checkpoint, *_: object) -> None:
        del self
        written.append(clock[0])
        clock[0] += 1.0

    monkeypatch.setattr(Checkpoint, "write", write)
    checkpoint = Checkpoint(tmp_path / "one", ("a",), every=10.0)
    for second in range(400):
        clock[0] = max(clock[0], float(second))
        checkpoint.keep(None, [], [])  # type: ignore[arg-type] (written by the stand-in)
    assert written == [10.0, 111.0, 212.0, 313.0]


@pytest.mark.parametrize("damage", ["cut", "empty", "one bit", "other study", "rubbish"])
def test_a_damaged_checkpoint_is_named_and_its_training_begins_anew(
    trained: StudyFolder, tmp_path: Path, damage: str
) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "study", Plug((5.0, 2)))
    (file,) = (tmp_path / "study" / "checkpoints").iterdir()
    whole = file.read_bytes()
    flipped = bytearray(whole)
    flipped[-5] ^= 1
    if damage == "other study":
        plan = builders.make_plan(seed=1)
        with pytest.raises(KeyboardInterrupt):
            train_study(
                *(builders.make_experiments(), plan, tmp_path / "other"),
                on_progress=Plug((5.0, 2)),
                checkpoint_every=0.0,
            )
        flipped = bytearray((tmp_path / "other" / "checkpoints" / file.name).read_bytes())
    file.write_bytes(
        {
            "cut": whole[: len(whole) // 2],
            "empty": b"",
            "rubbish": b"\xff" * 1000,
        }.get(damage, bytes(flipped))
    )
    plug = Plug()
    resumed = train(tmp_path / "study", plug)
    assert len(plug.unused) == 1
    assert file.name in plug.unused[0]
    assert not plug.begun
    assert window_files(resumed) == window_files(trained)


def begin_groups(out: Path, groups: Sequence[Task], plan: Plan, prepared: Prepared) -> None:
    """Leave checkpoints of groups of runs behind, as workers of a cluster do."""
    from slicken.learning.engine import choose_engine
    from slicken.study.task import make_trainer

    folder = create_or_resume(out, plan, builders.make_experiments())
    for group in groups:
        trainer = make_trainer(plan, prepared, choose_engine(), group.seconds, group.numbers)
        states, losses = trainer.start(), []
        for number in range(1, group.first + 2):  # groups are not equally far
            states, of_epoch = trainer.epoch(states, number)
            losses.append(of_epoch)
        group.checkpoint(folder, 0.0).write(trainer, states, losses)


def test_groups_of_runs_from_a_cluster_are_resumed_here_to_the_same_bytes(
    trained: StudyFolder, tmp_path: Path
) -> None:
    groups = [Task(0, 5.0, 0, 1), Task(0, 5.0, 2, 1), Task(0, 10.0, 1, 2)]
    begin_groups(tmp_path, groups, builders.make_plan(), builders.make_prepared())
    expected = sorted([*groups, Task(0, 5.0, 1, 1), Task(0, 10.0, 0, 1)])
    assert tasks_of(StudyFolder.open(tmp_path), most=3) == expected
    plug = Plug()
    resumed = train(tmp_path, plug)
    assert sorted(plug.begun) == [(5.0, 1, 1), (5.0, 1, 3), (10.0, 2, 2)]
    assert set(plug.sizes) == {1, 2}
    assert window_files(resumed) == window_files(trained)
    assert not list((tmp_path / "checkpoints").iterdir())


def test_new_groups_are_as_large_as_may_be_and_even(tmp_path: Path) -> None:
    plan = builders.make_plan(runs=7, windows=[5])
    folder = create_or_resume(tmp_path, plan, builders.make_experiments())
    assert [task.runs for task in tasks_of(folder, most=3)] == [3, 2, 2]
    assert tasks_of(folder, most=7) == [Task(0, 5.0, 0, 7)]


def test_checkpoints_of_runs_that_the_plan_does_not_have_are_passed_over(tmp_path: Path) -> None:
    plan = builders.make_plan(windows=[5])
    folder = create_or_resume(tmp_path, plan, builders.make_experiments())
    (tmp_path / "checkpoints").mkdir()
    for runs in ("2-5", "3-1", "0-1", "1-2", "x-2"):
        (tmp_path / "checkpoints" / f"0005s-runs-{runs}.safetensors").touch()
    assert tasks_of(folder, most=3) == [Task(0, 5.0, 0, 2), Task(0, 5.0, 2, 1)]
