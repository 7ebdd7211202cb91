"""Workers: what each may use, what becomes of one that dies, and how they are refused."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from slicken.errors import TrainingError, WorkersError
from slicken.learning.devices import cores
from slicken.study.executors import LocalWorkers, Scheduler
from slicken.study.remote import (
    SETTINGS,
    check_worker,
    dask_ready,
    listening,
    results_of,
    send,
    versions,
)

if TYPE_CHECKING:
    from distributed import Client

two_cores = pytest.mark.skipif(cores() < 2, reason="two workers need two cores")


# -- tasks: what follows is done in the workers --


def may_use() -> int:
    """How many cores slicken sees in a worker."""
    return cores()


def die_the_first_time(traces: Path) -> int:
    """End the worker as a machine does that loses its power, but only once."""
    first = not any(traces.iterdir())
    (traces / str(os.getpid())).touch()
    if first:
        os._exit(9)
    return os.getpid()


def die(_: int) -> None:
    os._exit(9)


def half(number: int) -> float:
    if number == 5:
        raise TrainingError("five is odd; give an even number")
    return number / 2


def send_thrice(number: int) -> None:
    for epoch in range(3):
        send("progress", {"number": number, "epoch": epoch, "loss": 0.5})


# -- local workers --


@pytest.fixture(scope="module")
def client() -> "Iterator[Client]":
    before = set(os.environ)
    with LocalWorkers(2).client() as client:
        yield client
    assert set(os.environ) == before, "what Dask sets for workers stays with them"


@two_cores
def test_local_workers_share_the_cores(client: "Client") -> None:
    assert sum(client.run(may_use).values()) == cores()


@two_cores
def test_what_tasks_send_is_received_in_order(client: "Client") -> None:
    received: list[dict[str, Any]] = []
    with listening(client, "progress", received.append):
        client.gather(client.map(send_thrice, range(4), pure=False))
        until(lambda: len(received) == 12)
    for number in range(4):
        assert [each["epoch"] for each in received if each["number"] == number] == [0, 1, 2]
    assert received[0]["loss"] == 0.5


@two_cores
def test_the_task_of_a_worker_that_died_is_done_again(client: "Client", tmp_path: Path) -> None:
    before = set(client.run(os.getpid).values())
    survivor = client.submit(die_the_first_time, tmp_path).result(timeout=30)
    assert (tmp_path / str(survivor)).exists()
    assert len(list(tmp_path.iterdir())) == 2
    client.wait_for_workers(2, timeout=30)
    until(lambda: len(client.run(os.getpid)) == 2)
    after = set(client.run(os.getpid).values())
    assert len(after - before) == 1, "the dead worker is replaced"
    test_local_workers_share_the_cores(client)


@two_cores
def test_every_result_comes_with_what_it_is_of(client: "Client") -> None:
    assert dict(results_of(client, half, [2, 4, 6])) == {2: 1.0, 4: 2.0, 6: 3.0}
    # A result that is kept would be computed again if its worker were lost.
    until(lambda: not client.futures)


@two_cores
def test_what_a_task_raises_is_raised_here(client: "Client") -> None:
    with pytest.raises(TrainingError, match="five is odd"):
        dict(results_of(client, half, [4, 5]))


@two_cores
def test_a_scheduler_that_runs_is_used_and_left_alone(client: "Client") -> None:
    address = client.scheduler.address
    with Scheduler(address).client() as other:
        assert dict(results_of(other, half, [8])) == {8: 4.0}
    assert dict(results_of(client, half, [2])) == {2: 1.0}


@two_cores
def test_workers_with_other_versions_are_refused_with_both_named(client: "Client") -> None:
    found = versions()
    client.submit(check_worker, found).result()
    both = rf"jax is 0\.0\.1 .* but {found['jax']} on the worker tcp://.*: install the same"
    with pytest.raises(WorkersError, match=both):
        client.submit(check_worker, {**found, "jax": "0.0.1"}).result()


def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


# -- refusals --


def test_a_task_that_kills_every_worker_ends_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SETTINGS, "distributed.scheduler.allowed-failures", 0)
    advised = pytest.raises(WorkersError, match=r"1 workers ended.* more memory")
    with advised, LocalWorkers(1).client() as client:
        list(results_of(client, die, [1]))


def test_a_worker_that_does_several_tasks_at_once_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worker = SimpleNamespace(address="tcp://node:1", state=SimpleNamespace(nthreads=4))
    monkeypatch.setattr("distributed.get_worker", lambda: worker)
    with pytest.raises(WorkersError, match=r"4 tasks at once.* --nthreads 1"):
        check_worker(versions())


def test_workers_without_slicken_are_refused() -> None:
    with (
        pytest.raises(WorkersError, match=r"install slicken .* where they run"),
        dask_ready(),
    ):
        raise ModuleNotFoundError("No module named 'slicken'")


def test_more_workers_than_cores_are_refused() -> None:
    with pytest.raises(WorkersError, match=f"give --workers 1 to {cores()}"):
        LocalWorkers(cores() + 1)
    with pytest.raises(WorkersError, match="give --workers 1 to"):
        LocalWorkers(0)


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:1", "tcp://no-such-host.invalid:8786", "here"]
)
def test_a_scheduler_that_does_not_answer_is_an_error_within_seconds(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slicken.study.executors.PATIENCE", 1)
    began = time.monotonic()
    none_answers = pytest.raises(WorkersError, match="no scheduler of Dask answers")
    with none_answers, Scheduler(address).client():
        pass
    assert time.monotonic() - began < 10


def test_without_dask_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slicken.study.remote.find_spec", lambda _: None)
    advised = pytest.raises(WorkersError, match=r"pip install 'slicken\[cluster\]'")
    with advised, Scheduler("tcp://127.0.0.1:1").client():
        pass


@pytest.mark.parametrize(
    ("imports", "spared"),
    [
        (
            "slicken, slicken.study.training, slicken.study.executors",
            {"dask", "distributed"},
        ),
        ("slicken.study.worker_share", {"jax", "numpy", "pandas", "dask"}),
    ],
    ids=["one machine needs no Dask", "a worker is bound before anything heavy starts"],
)
def test_nothing_is_imported_too_early(imports: str, spared: set[str]) -> None:
    ask = f"import sys, {imports}\nprint(sorted({spared} & set(sys.modules)))"
    ended = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-W", "error", "-c", ask], capture_output=True, text=True, check=True
    )
    assert (ended.stdout, ended.stderr) == ("[]\n", "")
