"""Cluster plans: what is refused, and the job that each batch system would be given."""

import re
from pathlib import Path
from typing import Any

import pytest

from slicken.errors import PlanError, WorkersError
from slicken.study.cluster_plan import ClusterPlan
from slicken.study.jobs import job_script

EXAMPLE = Path(__file__).parents[2] / "examples" / "cluster" / "slurm.toml"
NEEDED: dict[str, Any] = {
    "kind": "slurm", "jobs": 4, "cores": 8, "memory": "16 GB", "walltime": "8:00:00",
}  # fmt: skip


def plan(**changes: object) -> ClusterPlan:
    return ClusterPlan(**{**NEEDED, **changes})


# -- what is refused --


@pytest.mark.parametrize("field", NEEDED)
def test_what_has_no_default_must_be_given(field: str) -> None:
    with pytest.raises(PlanError, match=f"^{field}: this field must be given"):
        ClusterPlan(**{name: value for name, value in NEEDED.items() if name != field})


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"kind": "sge"}, "kind: .*'slurm', 'pbs' or 'lsf'"),
        ({"partition": "x"}, "partition: there is no such field; there are kind, jobs, .*queue"),
        ({"job": 3}, "did you mean 'jobs'"),
        ({"jobs": 0}, "jobs: .*greater than or equal to 1"),
        ({"cores": 2.5}, "cores: .*valid integer"),
        ({"memory": "16"}, "memory: expected an amount such as '16 GB', but got '16'"),
        ({"memory": "0 GB"}, "memory: expected an amount"),
        ({"memory": 16}, "memory: expected text in quotes"),
        ({"walltime": "8 hours"}, "walltime: expected hours:minutes:seconds such as '8:00:00'"),
        ({"walltime": "08:00"}, "walltime: expected hours:minutes:seconds"),
        ({"walltime": "0:09:59"}, "walltime: 0:09:59 is too short.* at least 0:10:00"),
        ({"processes": 9}, "processes: 9 workers cannot share 8 cores"),
        ({"gpus": 1, "processes": 2}, "processes: 2 workers, but 1 GPUs"),
        ({"setup": "module load python"}, "setup: expected a list"),
    ],
    ids=str,
)
def test_an_impossible_cluster_names_the_field(changes: dict[str, Any], advice: str) -> None:
    with pytest.raises(PlanError, match=advice) as refused:
        plan(**changes)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_wrong_is_named(tmp_path: Path) -> None:
    file = tmp_path / "slurm.toml"
    file.write_text('kind = "slurm"\njobs = 1\n', encoding="utf-8")
    with pytest.raises(PlanError, match=r"slurm\.toml: cores: this field must be given"):
        ClusterPlan.load(file)


def test_the_example_can_be_read() -> None:
    example = ClusterPlan.load(EXAMPLE)
    assert example.kind == "slurm"
    assert "#SBATCH" in job_script(example)


# -- the job --


def test_slurm_is_asked_for_what_the_plan_says() -> None:
    script = job_script(
        plan(
            queue="normal",
            account="geo",
            setup=["module load gcc", "module load python"],
            directives=["--qos=low"],
            interface="ib0",
            scratch="/scratch/me",
        )
    )
    for line in (
        "#SBATCH -J slicken",
        "#SBATCH -p normal",
        "#SBATCH -A geo",
        "#SBATCH -n 1",
        "#SBATCH --cpus-per-task=8",
        "#SBATCH --mem=16384M",
        "#SBATCH -t 08:00:00",
        "#SBATCH --qos=low",
    ):
        assert line in script.splitlines()
    assert "gres" not in script
    assert words(script, "--interface") == "ib0"
    assert words(script, "--local-directory") == "/scratch/me"


def test_pbs_is_asked_for_what_the_plan_says() -> None:
    script = job_script(plan(kind="pbs", queue="normal", account="geo", walltime="1-12:00:00"))
    for line in (
        "#PBS -N slicken",
        "#PBS -q normal",
        "#PBS -A geo",
        "#PBS -l select=1:ncpus=8:mem=16384mb",
        "#PBS -l walltime=36:00:00",
    ):
        assert line in script.splitlines()


def test_lsf_is_asked_for_what_the_plan_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dask_jobqueue.lsf.lsf_detect_units", lambda: "kb")
    script = job_script(plan(kind="lsf", queue="normal", account="geo"))
    for line in (
        "#BSUB -J slicken",
        "#BSUB -q normal",
        '#BSUB -P "geo"',
        "#BSUB -n 8",
        '#BSUB -R "span[hosts=1]"',
        "#BSUB -W 08:00",
    ):
        assert line in script.splitlines()
    asked = re.search(r"#BSUB -M (\d+)", script)
    assert asked is not None
    assert int(asked[1]) == pytest.approx(16 * 2**20, rel=0.03), "kB, of 1000 or of 1024 bytes"


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("slurm", "#SBATCH --gres=gpu:2"),
        ("pbs", "#PBS -l select=1:ncpus=8:ngpus=2:mem=16384mb"),
        ("lsf", '#BSUB -gpu "num=2"'),
    ],
)
def test_gpus_are_asked_for_and_have_a_worker_each(kind: str, line: str) -> None:
    script = job_script(plan(kind=kind, gpus=2))
    assert line in script.splitlines()
    assert words(script, "--nworkers") == "2"
    assert "JAX_PLATFORMS" not in script


@pytest.mark.parametrize("kind", ["slurm", "pbs", "lsf"])
def test_a_worker_of_a_job_has_its_share_and_does_one_task(kind: str) -> None:
    script = job_script(plan(kind=kind, processes=2, setup=["module load python"]))
    *_, setup, share, platform, command = script.strip().splitlines()
    assert setup == "module load python"
    assert share == "export SLICKEN_SHARE=8/2"
    assert platform == "export JAX_PLATFORMS=cpu", "a node may have GPUs that are not ours"
    assert re.match(r"\S*python\S* -m distributed\.cli\.dask_worker tcp://", command)
    assert words(script, "--nthreads") == "1"
    assert words(script, "--nworkers") == "2"
    assert float(words(script, "--memory-limit").removesuffix("B")) == 0
    assert words(script, "--preload") == "slicken.study.worker_resources"
    assert "--no-dashboard" in command


@pytest.mark.parametrize("walltime", ["0:10:00", "1:00:00", "8:00:00", "7-00:00:00"])
def test_a_worker_ends_in_order_before_its_job_is_ended(walltime: str) -> None:
    cluster = plan(walltime=walltime)
    script = job_script(cluster)
    lifetime, stagger = (
        int(words(script, option).removesuffix("s"))
        for option in ("--lifetime", "--lifetime-stagger")
    )
    assert lifetime - stagger >= cluster.seconds / 2
    assert lifetime + stagger <= cluster.seconds - 180
    assert stagger > 0


def test_directives_that_a_cluster_forbids_can_be_skipped() -> None:
    assert "--mem" not in job_script(plan(skip=["--mem="])).split("export")[0]


def test_without_a_batch_system_the_error_says_where_to_go(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from slicken.study.jobs import jobs_of

    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WorkersError, match=r"no sbatch here.* on a login node"), jobs_of(plan()):
        pass


def words(script: str, option: str) -> str:
    """What stands after an option of the command that starts the workers."""
    command = script.strip().splitlines()[-1].split()
    return command[command.index(option) + 1]


def test_ctrl_c_stays_what_it_is_where_jobs_are_made() -> None:
    """Importing dask-jobqueue alone makes Ctrl-C end the process without a word."""
    import subprocess
    import sys

    code = (
        "import signal; from slicken.study.cluster_plan import ClusterPlan; "
        "from slicken.study.jobs import job_script; "
        "plan = dict(kind='slurm', jobs=1, cores=1, memory='1 GB', walltime='1:00:00'); "
        "job_script(ClusterPlan(**plan)); "
        "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    )
    done = subprocess.run(  # noqa: S603 (our own interpreter)
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"
