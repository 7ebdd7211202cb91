"""Findings: a line each in both languages, and the same finding after a trip through netCDF."""

from dataclasses import replace
from pathlib import Path

import pytest
import xarray as xr

import builders
from slicken.experiment import Experiment, Finding
from slicken.reporting.findings import say_finding
from slicken.reporting.wording import words
from slicken.statements import Statement

GAP = Statement("findings.gap", seconds=31.0, longest=3.0)


@pytest.mark.parametrize(
    ("places", "english", "japanese"),
    [
        ({}, "", ""),
        ({"row": 12}, " (row 12)", "（12 行目）"),
        ({"time": 0.5}, " (0.5 s)", "（0.5 s）"),
        ({"row": 12, "time": 0.5}, " (row 12, 0.5 s)", "（12 行目、0.5 s）"),
    ],
)
def test_a_finding_is_one_line_with_its_row_and_time(
    places: dict[str, float], english: str, japanese: str
) -> None:
    finding = Finding(GAP, **places)  # type: ignore[arg-type]
    assert say_finding(finding, words("en")) == words("en")(GAP) + english
    assert say_finding(finding, words("ja")) == words("ja")(GAP) + japanese


def test_findings_steps_and_truth_survive_netcdf(tmp_path: Path) -> None:
    trimmed = Statement("steps.first", samples=2, time=1.0)
    step = Statement("steps.trimmed_empty", ends=(trimmed,), samples=60)
    planted = Statement("truths.rate-and-state", memory=(100.0, "µm")).to_plain()
    plain = builders.make_experiment("run", 60, truth={"statement": planted, "memory_s": None})
    experiment = replace(
        plain,
        findings=(
            Finding(GAP, row=12, time=4.0, value=31.0, correction="a", alternative="b"),
            Finding(Statement("findings.trimmed", what=step)),
        ),
        provenance=replace(plain.provenance, steps=(step,)),
    )
    experiment.to_dataset().to_netcdf(tmp_path / "run.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "run.nc", engine="h5netcdf") as dataset:
        again = Experiment.from_dataset(dataset)
    assert again.findings == experiment.findings
    assert again.provenance == experiment.provenance


def test_a_finding_prints_its_kind_its_place_and_its_values() -> None:
    finding = Finding(GAP, row=12)
    assert repr(finding) == "Finding('gap', row=12, seconds=31.0, longest=3.0)"
