"""Examples: the plans for real logs, from the command line, with everything made small."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from commands import contents, give
from slicken.datasets import KODIAK, TE67, VELOCITY_STEPS
from slicken.experiment.samples import read_samples
from slicken.study.plan import Plan

EXAMPLES = Path(__file__).parents[2] / "examples"
FIVE = ["slip_velocity", "axial_displacement", "temperature", "temperature_rate", "axial_rate"]
SMALLER = ("--windows", "10,20", "--runs", 2, "--epochs", 1, "--stride", 100)


@pytest.fixture
def plan(tmp_path: Path, real_logs: Path, request: pytest.FixtureRequest) -> Path:
    """A copy of an example whose network is small, beside its channel map."""
    assert real_logs.is_dir()
    folder = shutil.copytree(EXAMPLES / request.param, tmp_path / request.param)
    text = (folder / "plan.toml").read_text(encoding="utf-8")
    assert "[network]" not in text
    small = "\n[network]\nfilters = 4\nunits = 4\ngru_layers = 1\n"
    (folder / "plan.toml").write_text(text + small, encoding="utf-8")
    return folder / "plan.toml"


def studied(plan: Path) -> tuple[str, dict[str, object]]:
    answer = give("study", plan, *SMALLER, "--out", "out", where=plan.parent)
    assert answer.code == 0, answer
    assert (plan.parent / "out" / "report.html").is_file()
    summary = json.loads((plan.parent / "out" / "summary.json").read_text(encoding="utf-8"))
    folds, best = summary["plan"]["split"]["folds"], summary["lowest_mean_window_s"]
    for entry in summary["windows"]:
        assert entry["left_out_runs"] == []
        # With folds simpler models are fitted at the chosen lengths alone.
        fitted = folds == 1 or entry["window_s"] == best
        for model in ("network", "ridge", "mean", "median") if fitted else ("network",):
            assert entry["test"][model]["rmse"] > 0
    return answer.out, summary


@pytest.mark.parametrize("plan", ["te67"], indirect=True)
def test_the_tribometer_runs_are_studied_with_all_five_drivers(plan: Path) -> None:
    said, summary = studied(plan)
    assert [one["channel"] for one in summary["drivers"]] == FIVE
    assert summary["missing_drivers"] == []
    assert len(summary["experiments"]) == 12
    assert {each["sha256"] for each in summary["experiments"]} == set(TE67.files.values())
    assert "Split into 6 folds: each of 12 experiments is the test once" in said
    assert re.search("format: .*decimal comma.* +.12 logs", said)
    assert re.search("repeated column: 'Friction Force'.*12 logs", said)
    assert re.search("text line: 'Test completed at.*12 logs", said)
    assert re.search("trimmed: .*almost no slip.*12 logs", said)
    with xr.open_dataset(
        plan.parent / "out/folds/1/windows/0010s/predictions.nc", engine="h5netcdf"
    ) as predictions:
        # Newtons are no pascals: a figure would say 0.00 MPa.
        assert bool(predictions["normal_stress"].isnull().all())
        assert bool((predictions["stage"] == 0).all())
    assert re.search("steady driver: slip velocity hardly changes.*12 logs", said)


@pytest.mark.parametrize("plan", ["kodiak"], indirect=True)
def test_the_natural_rock_is_studied_on_the_drivers_that_exist(plan: Path) -> None:
    said, summary = studied(plan)
    channels = [one["channel"] for one in summary["drivers"]]
    assert channels == ["slip_velocity", "axial_displacement", "axial_rate"]
    assert summary["missing_drivers"] == ["temperature", "temperature_rate"]
    assert "Not in these logs: temperature and temperature rate; the study does without." in said
    assert "Split by time: of each experiment the first 60 %" in said
    caveats = [one["statement"] for one in summary["answer"]["caveats"]]
    assert "caveats.missing" in caveats


@pytest.mark.parametrize("name", ["te67", "kodiak"])
def test_an_example_is_a_plan_that_says_how_long_it_takes(name: str) -> None:
    plan = Plan.load(EXAMPLES / name / "plan.toml")
    text = (EXAMPLES / name / "plan.toml").read_text(encoding="utf-8")
    assert plan.name == name
    assert f"slicken study examples/{name}/plan.toml --out {name}" in text
    assert re.search("minutes on two cores", text)


LOGS = ("te67_pps_ptfe/*.tsv", "kodiak_p655/*.csv", "pcs_tribometer_demo/*.txt")


def test_every_real_log_can_be_inspected(real_logs: Path) -> None:
    logs = [
        log for pattern in LOGS for log in sorted(real_logs.glob(pattern)) if log.stem.islower()
        or log.suffix == ".tsv"
    ]  # fmt: skip
    assert len(logs) == 16
    answer = give("inspect", *logs, where=real_logs)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.count("  prepared: ") == 16
    assert "no experiment can be prepared" not in answer.out


def test_what_is_beside_the_real_logs_is_said_to_be_no_log(real_logs: Path) -> None:
    answer = give("inspect", "te67_pps_ptfe/SOURCE.txt", where=real_logs)
    assert answer.code == 2
    assert re.search("SOURCE.txt: no table of numbers found", answer.err)


def test_raw_counts_are_a_log_of_which_no_experiment_can_be_prepared_yet(real_logs: Path) -> None:
    answer = give("inspect", "kodiak_p655/p655intact100l", where=real_logs)
    assert (answer.code, answer.err) == (0, "")
    assert "86814 samples" in answer.out
    assert "no experiment can be prepared: p655intact100l: no friction" in answer.out


def test_checksums_in_the_project_are_those_of_the_real_files(real_logs: Path) -> None:
    for dataset in (TE67, KODIAK, VELOCITY_STEPS):
        held = contents(real_logs / dataset.folder)
        found = {name: hashlib.sha256(held[name]).hexdigest() for name in dataset.files}
        assert found == dict(dataset.files)


def test_three_pieces_of_sepiolite_are_one_record(real_logs: Path) -> None:
    folder = real_logs / "velocity_steps"
    (record,) = read_samples(
        folder / "velstep1_TR2_exp013_sepiolite.txt", EXAMPLES / "sepiolite/channels.toml"
    )
    rows: set[str] = set()
    for piece in (1, 2, 3):
        text = (folder / f"velstep{piece}_TR2_exp013_sepiolite.txt").read_text(encoding="utf-8")
        rows |= set(text.splitlines()[1:])
    table = np.array(sorted([float(cell) for cell in row.split("\t")] for row in rows))
    np.testing.assert_array_equal(record.time, table[:, 0])
    np.testing.assert_allclose(record.channels["load_point"], 1e-6 * table[:, 1], rtol=1e-12)
    np.testing.assert_array_equal(record.channels["friction"], table[:, 2])
    repeated = [f.statement for f in record.findings if f.statement.key == "findings.overlapped"]
    assert [one.values["count"] for one in repeated] == [1754, 23886]


def test_basalt_and_kodiak_have_what_a_friction_law_needs(real_logs: Path) -> None:
    (basalt,) = read_samples(
        real_logs / "velocity_steps/velstep4_BRAVA_expb819_basalt.txt",
        EXAMPLES / "basalt/channels.toml",
    )
    (kodiak,) = read_samples(real_logs / "kodiak_p655/p655intact100l", EXAMPLES / "kodiak/raw.toml")
    for record, samples in ((basalt, 5849), (kodiak, 75041)):
        assert len(record) == samples
        assert {"load_point", "friction", "normal_stress"} <= set(record.channels)
    # The machine's stiffness in shear is what lies between the load point and slip.
    load_point, slip, shear = (
        kodiak.channels[name] for name in ("load_point", "slip", "shear_stress")
    )
    np.testing.assert_allclose(load_point - slip, shear / 0.1e12, rtol=1e-9)


@pytest.mark.parametrize("name", ["sepiolite", "basalt", "kodiak"])
def test_an_example_of_laws_says_what_to_type(name: str) -> None:
    file = EXAMPLES / name / ("raw.toml" if name == "kodiak" else "channels.toml")
    text = file.read_text(encoding="utf-8")
    assert f"--channels examples/{name}/{file.name}" in text
    assert f"--out {name}-laws" in text
