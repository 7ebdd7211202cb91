"""Predicted: friction for a new log as a table and a picture."""

from pathlib import Path

import numpy as np
import pytest

from slicken.errors import FolderError
from slicken.evidence.intervals import Calibration
from slicken.evidence.prediction import Prediction
from slicken.reporting.predicted import write_prediction


@pytest.fixture
def prediction() -> Prediction:
    random = np.random.default_rng(0)
    time = np.arange(100.0, 200.0)
    return Prediction(
        name="run<1>",
        seconds=50.0,
        time=time,
        runs=0.6 + 0.01 * random.normal(size=(3, time.size)),
        measured=0.6 + 0.02 * random.normal(size=time.size),
        calibration=Calibration(0.02, np.sort(np.abs(random.normal(size=40)))),
    )


def test_the_table_holds_the_prediction_and_its_interval(
    tmp_path: Path, prediction: Prediction
) -> None:
    table, *pictures = write_prediction(prediction, tmp_path / "new" / "friction.csv", 0.8)
    read = np.genfromtxt(table, delimiter=",", names=True)
    low, high = prediction.interval(0.8)
    for column, values in {
        "time_s": prediction.time,
        "friction": prediction.friction,
        "friction_low": low,
        "friction_high": high,
        "spread_over_runs": prediction.runs.std(axis=0),
        "measured_friction": prediction.measured,
    }.items():
        assert read[column] == pytest.approx(values, rel=1e-7), column
    assert sorted(path.name for path in pictures) == [
        f"friction-{width}.{ending}"
        for width in ("double", "single")
        for ending in ("pdf", "png", "svg")
    ]
    assert all(path.stat().st_size > 1000 for path in pictures)


def test_a_table_that_cannot_be_written_says_so_and_leaves_nothing(
    tmp_path: Path, prediction: Prediction
) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(FolderError, match=r"cannot be written .*choose another folder"):
        write_prediction(prediction, tmp_path / "file" / "x.csv", 0.9)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
