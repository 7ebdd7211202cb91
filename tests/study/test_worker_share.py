"""Shares: cores are shared evenly, and every GPU belongs to exactly one worker."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from slicken.errors import PlanError, WorkersError
from slicken.learning.devices import cores
from slicken.study.executors import LocalWorkers
from slicken.study.worker_share import gpus_here, share_of

NVIDIA_SMI = """#!/bin/sh
echo "GPU 0: NVIDIA A100-SXM4-80GB (UUID: GPU-aaaa)"
echo "GPU 1: NVIDIA A100-SXM4-80GB (UUID: GPU-bbbb)"
"""


@pytest.mark.parametrize("cores", [1, 7, 8, 64])
@pytest.mark.parametrize("workers", [1, 2, 3, 8])
@pytest.mark.parametrize("name", ["{}", "job-7-{}"])
def test_workers_of_one_machine_share_its_cores_evenly(name: str, workers: int, cores: int) -> None:
    shares = [share_of(name.format(n), f"{cores}/{workers}", []) for n in range(workers)]
    numbers = [int(share["SLICKEN_CORES"]) for share in shares]
    assert sum(numbers) == max(cores, workers), "a worker has one core at least"
    assert max(numbers) - min(numbers) <= 1
    assert [share["PJRT_NPROC"] for share in shares] == [str(number) for number in numbers]


@pytest.mark.parametrize("gpus", [2, 3, 8])
@pytest.mark.parametrize("workers", [1, 2])
def test_every_gpu_belongs_to_one_worker(workers: int, gpus: int) -> None:
    names = [str(gpu) for gpu in range(gpus)]
    shares = [share_of(worker, f"8/{workers}", names) for worker in range(workers)]
    given = [gpu for share in shares for gpu in share["CUDA_VISIBLE_DEVICES"].split(",")]
    assert sorted(given) == names


def test_the_only_worker_of_a_job_has_all_of_it() -> None:
    assert share_of("slicken-5", "4/1", ["2"], 64) == {
        "SLICKEN_CORES": "4",
        "PJRT_NPROC": "4",
        "CUDA_VISIBLE_DEVICES": "2",
    }


def test_a_job_that_has_fewer_cores_than_it_asked_for_uses_those() -> None:
    assert share_of(1, "8/2", [], 2)["SLICKEN_CORES"] == "1"


# -- the number of cores --


@pytest.mark.parametrize(("allowed", "seen"), [("1", 1), ("100000", cores()), ("", cores())])
def test_a_variable_lowers_the_number_of_cores(
    allowed: str, seen: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLICKEN_CORES", allowed)
    assert cores() == seen


@pytest.mark.parametrize("allowed", ["0", "-1", "two", "1.5"])
def test_a_variable_that_is_no_number_of_cores_is_refused(
    allowed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLICKEN_CORES", allowed)
    with pytest.raises(PlanError, match="SLICKEN_CORES: expected a number of cores such as 4"):
        cores()


# -- GPUs: there is none here, so nvidia-smi and JAX's part for GPUs are stand-ins --


@pytest.fixture
def two_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nvidia-smi").write_text(NVIDIA_SMI, encoding="utf-8")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("JAX_PLATFORMS", raising=False)
    plugin = SimpleNamespace(name="xla_cuda12")
    monkeypatch.setattr(
        "slicken.study.worker_share.entry_points", lambda group: [plugin] * bool(group)
    )


@pytest.mark.usefixtures("two_gpus")
def test_each_worker_has_its_own_gpu() -> None:
    assert gpus_here() == ("0", "1")
    shares = [share_of(worker, "8/2", gpus_here()) for worker in range(2)]
    assert [share["CUDA_VISIBLE_DEVICES"] for share in shares] == ["0", "1"]


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize(
    ("visible", "gpus"),
    [("3,GPU-bbbb", ("3", "GPU-bbbb")), ("", ()), ("-1", ()), ("1,-1,0", ("1",))],
)
def test_gpus_that_are_hidden_from_the_user_are_hidden_from_workers(
    visible: str, gpus: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpus_here() == gpus


@pytest.mark.usefixtures("two_gpus")
def test_gpus_that_jax_would_not_use_count_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    assert gpus_here() == ()
    monkeypatch.setenv("JAX_PLATFORMS", "cuda,cpu")
    assert gpus_here() == ("0", "1")
    monkeypatch.setattr("slicken.study.worker_share.entry_points", lambda group: [] * bool(group))
    assert gpus_here() == ()


@pytest.mark.usefixtures("two_gpus")
def test_more_workers_than_gpus_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slicken.study.executors.cores", lambda: 8)
    assert LocalWorkers(2).count == 2
    with pytest.raises(WorkersError, match=r"3 workers, but 2 GPUs here.* --workers 2, or set JAX"):
        LocalWorkers(3)
