"""Executors: the same bytes whoever trains, and whatever becomes of workers."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

import builders
from slicken.errors import WorkersError
from slicken.learning.devices import cores
from slicken.study.executors import Cluster, InProcess, LocalWorkers, Scheduler
from slicken.study.folder import StudyFolder
from slicken.study.plan import Plan
from slicken.study.progress import Progress
from slicken.study.training import train_study

pytestmark = pytest.mark.skipif(cores() < 2, reason="two workers need two cores")

LONG = builders.make_plan(epochs=40, runs=4, windows=[5, 10, 20])
"""Long enough to be disturbed."""


def window_files(folder: StudyFolder) -> dict[str, bytes]:
    place = folder.path / "windows"
    return {str(f.relative_to(place)): f.read_bytes() for f in place.rglob("*") if f.is_file()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    out = tmp_path_factory.mktemp("undisturbed") / "study"
    return train_study(builders.make_experiments(), LONG, out)


def worker_processes() -> list[psutil.Process]:
    """Of all workers that this process has started."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if "spawn_main" in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


class Murderer:
    """Kills a worker now and then while it works."""

    def __init__(self, kills: int) -> None:
        self.to_kill, self.epochs = kills, 0
        self.killed: list[int] = []
        self.notes: set[str] = set()
        self._dice = random.Random(0)  # noqa: S311 (no secret)

    def __call__(self, progress: Progress) -> None:
        if progress.note is not None:
            self.notes.add(progress.note.key)
        if progress.losses is None:
            return
        self.epochs += 1
        if self.epochs % 12 == 0 and len(self.killed) < self.to_kill:
            victims = worker_processes()
            if victims:
                victim = self._dice.choice(victims)
                victim.send_signal(signal.SIGKILL)
                self.killed.append(victim.pid)


def test_workers_that_are_killed_cost_nothing_but_time_and_change_no_byte(
    undisturbed: StudyFolder, tmp_path: Path
) -> None:
    murderer = Murderer(kills=5)
    study = train_study(
        *(builders.make_experiments(), LONG, tmp_path),
        on_progress=murderer,
        executor=LocalWorkers(2),
        checkpoint_every=0.0,
    )
    assert len(murderer.killed) == 5
    assert window_files(study) == window_files(undisturbed)
    problems = "checkpoint_unused", "no_worker", "no_checkpoints", "other_engine"
    assert murderer.notes.isdisjoint({f"progress.{name}" for name in problems})
    # Every epoch of every task is reported once, but for those between checkpoint and death.
    assert murderer.epochs <= 40 * len({(w, g) for w in LONG.windows for g in range(4)})
    assert not worker_processes()
    assert not list((tmp_path / "checkpoints").iterdir())


WITH_WORKERS = """
import sys
sys.path.insert(0, sys.argv[1])
import builders
from slicken.study.executors import LocalWorkers
from slicken.study.training import train_study

def loud(progress):
    if progress.losses is not None:
        print(progress.window, progress.epoch, flush=True)

if __name__ == "__main__":
    train_study(
        builders.make_experiments(),
        builders.make_plan(epochs=40, runs=4, windows=[5, 10, 20]),
        sys.argv[2],
        on_progress=loud,
        executor=LocalWorkers(2),
        checkpoint_every=0.0,
    )
"""


def test_a_study_that_was_begun_with_workers_and_killed_is_ended_by_one_process(
    undisturbed: StudyFolder, tmp_path: Path
) -> None:
    script = tmp_path / "with_workers.py"
    script.write_text(WITH_WORKERS, encoding="utf-8")
    out = tmp_path / "study"
    tests = str(Path(__file__).parents[1])
    process = subprocess.Popen(  # noqa: S603 (our own interpreter)
        [sys.executable, str(script), tests, str(out)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for _ in range(25):
        assert process.stdout.readline()
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    process.stdout.close()
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not alive, "workers outlive the process that started them"
    assert list((out / "checkpoints").iterdir())
    study = train_study(builders.make_experiments(), LONG, out)
    assert window_files(study) == window_files(undisturbed)


def test_a_scheduler_that_is_not_there_is_an_error_and_the_study_stays(
    undisturbed: StudyFolder, tmp_path: Path
) -> None:
    began = time.monotonic()
    with pytest.raises(WorkersError, match="no scheduler of Dask answers"):
        train_study(
            builders.make_experiments(),
            LONG,
            tmp_path,
            executor=Scheduler("tcp://127.0.0.1:9"),
        )
    assert time.monotonic() - began < 60
    study = train_study(builders.make_experiments(), LONG, tmp_path)
    assert window_files(study) == window_files(undisturbed)


def test_there_are_two_tasks_for_every_worker_where_there_are_runs_enough() -> None:
    plan = Plan(windows="50:500:50", runs=20, histories="separate")
    assert LocalWorkers(2).runs_together(plan) == 5
    assert Cluster("slurm", jobs=50).runs_together(plan) == 2
    assert Cluster("slurm", jobs=50).runs_together(Plan(windows=[50], runs=3)) == 1
    assert Scheduler("tcp://node1:8786").runs_together(plan) == 5
    assert InProcess().runs_together(plan) == 20
    # One training in each of six folds: 120 runs for 24 tasks.
    folds = Plan(windows="50:500:50", runs=20).as_run(6, 100)
    assert Cluster("slurm", jobs=12).runs_together(folds) == 5
    assert Cluster("slurm", jobs=30).runs_together(folds) == 2
