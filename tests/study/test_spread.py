"""A study spread over workers: the same bytes, whatever becomes of the workers."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

import builders
from slicken.errors import WorkersError
from slicken.learning.devices import cores
from slicken.learning.training import EpochLosses
from slicken.study.cluster_plan import ClusterPlan
from slicken.study.distributed import runs_together
from slicken.study.folder import StudyFolder
from slicken.study.observer import Silent
from slicken.study.plan import Plan
from slicken.study.runner import train_study
from slicken.study.workers import LocalWorkers, Scheduler

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


class Murderer(Silent):
    """Kills a worker now and then while it works."""

    def __init__(self, kills: int) -> None:
        self.to_kill, self.epochs = kills, 0
        self.killed: list[int] = []
        self.resumed_at: list[int] = []
        self.notes: list[str] = []
        self._dice = random.Random(0)  # noqa: S311 (no secret)

    def note(self, line: str) -> None:
        self.notes.append(line)

    def resumed(self, window: float, runs: int, epoch: int) -> None:
        del window, runs
        self.resumed_at.append(epoch)

    def epoch(
        self, window: float, runs: Sequence[int], epoch: int, losses: EpochLosses, left: float
    ) -> None:
        del window, runs, epoch, losses, left
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
    observer = Murderer(kills=5)
    study = train_study(
        builders.make_experiments(), LONG, tmp_path, observer, every=0.0, workers=LocalWorkers(2)
    )
    assert len(observer.killed) == 5
    assert window_files(study) == window_files(undisturbed)
    assert not observer.notes
    # Every epoch of every task is told of once, but for those between checkpoint and death.
    assert observer.epochs <= 40 * len({(w, g) for w in LONG.windows for g in range(4)})
    assert not worker_processes()
    assert not list((tmp_path / "checkpoints").iterdir())


WITH_WORKERS = """
import sys
sys.path.insert(0, sys.argv[1])
import builders
from slicken.study.observer import Silent
from slicken.study.runner import train_study
from slicken.study.workers import LocalWorkers

class Loud(Silent):
    def epoch(self, window, runs, epoch, losses, left):
        print(window, epoch, flush=True)

if __name__ == "__main__":
    plan = builders.make_plan(epochs=40, runs=4, windows=[5, 10, 20])
    train_study(
        builders.make_experiments(), plan, sys.argv[2], Loud(), every=0.0, workers=LocalWorkers(2)
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
            workers=Scheduler("tcp://127.0.0.1:9"),
        )
    assert time.monotonic() - began < 60
    study = train_study(builders.make_experiments(), LONG, tmp_path)
    assert window_files(study) == window_files(undisturbed)


def test_there_are_two_tasks_for_every_worker_where_there_are_runs_enough() -> None:
    plan = Plan(windows="50:500:50", runs=20)
    assert runs_together(plan, LocalWorkers(2)) == 5
    jobs = ClusterPlan(kind="slurm", jobs=50, cores=8, memory="8 GB", walltime="1:00:00")
    assert runs_together(plan, jobs) == 2
    assert runs_together(Plan(windows=[50], runs=3), jobs) == 1
    assert runs_together(plan, Scheduler("tcp://node1:8786")) == 5
