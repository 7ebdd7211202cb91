"""Clusters: jobs submitted, replaced when they end, and cancelled, by a stand-in for Slurm.

The stand-in runs a job script as it is, so that what workers do in a job is what they do here.
"""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from slicken.errors import WorkersError
from slicken.learning.devices import cores
from slicken.study.cluster import class_of
from slicken.study.executors import Cluster

if TYPE_CHECKING:
    from distributed import Client

SBATCH = """#!/bin/sh
cd "$(dirname "$0")"
cp "$1" job-$$.sh
setsid bash job-$$.sh >>job.log 2>&1 &
echo $! >>submitted
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/sh
cd "$(dirname "$0")"
echo $1 >>cancelled
kill -- -$1
"""
REFUSES = """#!/bin/sh
echo "sbatch: error: invalid account geo" >&2
exit 1
"""

WORKERS = min(2, cores())

pytestmark = pytest.mark.skipif(shutil.which("setsid") is None, reason="setsid is not there")


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a stand-in for Slurm, which is first on the path."""
    for name, text in (("sbatch", SBATCH), ("scancel", SCANCEL)):
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))  # workers import this file
    monkeypatch.setattr("slicken.study.cluster.LOOK_EVERY", 0.3)
    return tmp_path


@pytest.fixture(autouse=True)
def _configured() -> Iterator[None]:
    """One job, on as many cores as there are, for two workers where they can be."""
    import dask

    class_of("slurm")  # dask-jobqueue brings its defaults when it is imported
    section = {
        "cores": WORKERS,
        "processes": WORKERS,
        "memory": "1 GB",
        "walltime": "0:10:00",
        "job-script-prologue": ["export JAX_PLATFORMS=cpu"],
        "scheduler_options": {"host": "127.0.0.1"},
    }
    with dask.config.set({"jobqueue.slurm-small": section}):
        yield


def may_use() -> tuple[int, str]:
    """In a worker: how many cores slicken sees, and what JAX may compute on."""
    return cores(), os.environ["JAX_PLATFORMS"]


def test_a_job_that_ended_is_submitted_again_and_the_last_one_cancelled(slurm: Path) -> None:
    with Cluster("slurm-small").client() as client:
        until(lambda: len(workers_of(client)) == WORKERS, slurm)
        assert list(client.run(may_use).values()) == [(1, "cpu")] * WORKERS

        before = workers_of(client)
        os.killpg(int(lines(slurm / "submitted")[0]), signal.SIGKILL)
        until(lambda: len(workers_of(client) - before) == WORKERS, slurm)
        assert client.submit(sum, (1, 2)).result(timeout=20) == 3
    assert len(lines(slurm / "submitted")) == 2
    assert lines(slurm / "cancelled")[-1] == lines(slurm / "submitted")[-1]
    until(lambda: not alive(int(lines(slurm / "submitted")[-1])), slurm)


def test_what_the_batch_system_refuses_is_said_in_its_words(slurm: Path) -> None:
    (slurm / "sbatch").write_text(REFUSES, encoding="utf-8")
    refused = pytest.raises(
        WorkersError, match=r"job is refused: .*invalid account geo; mend jobqueue"
    )
    with refused as error, Cluster("slurm-small").client():
        pass
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("slurm-small", "there is no sbatch here.* login node"),
        ("slurm-big", "no section jobqueue.slurm-big; there are .*slurm, slurm-small"),
        ("grid", "no section jobqueue.grid"),
    ],
)
def test_a_cluster_that_is_not_there_is_refused(
    name: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(WorkersError, match=advice), Cluster(name).client():
        pass


@pytest.mark.usefixtures("slurm")
def test_a_section_without_cores_is_refused_with_what_it_lacks() -> None:
    """The section that dask-jobqueue brings names no cores."""
    with (
        pytest.raises(
            WorkersError, match=r"says no cores of a job; write it below jobqueue\.slurm"
        ),
        Cluster("slurm").client(),
    ):
        pass


def workers_of(client: "Client") -> set[str]:
    return set(client.scheduler_info(n_workers=-1)["workers"])


def lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").split()


def alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def until(true: Callable[[], bool], slurm: Path, seconds: float = 40.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        log = slurm / "job.log"
        assert time.monotonic() < end, log.read_text(encoding="utf-8") if log.exists() else "no job"
        time.sleep(0.05)
