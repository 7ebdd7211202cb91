"""``slicken simulate`` for friction laws: logs that are read back as they were made."""

import json
from pathlib import Path

import numpy as np
import pytest

import slicken
from commands import give
from slicken.experiment.reading import read_logs
from slicken.physics.shear_test import Readings


def columns(log: Path) -> dict[str, np.ndarray]:
    table = np.genfromtxt(log, delimiter=",", names=True)
    return {name: table[name] for name in table.dtype.names or ()}


def test_velocity_steps_are_those_that_python_makes_from_the_same_numbers(tmp_path: Path) -> None:
    answer = give(
        *("simulate", "velocity-steps", "--out", "my logs", "--experiments", 2, "--seed", 3),
        *("--velocities", "3,10", "--slip", 60, "--law", "slip", "--b", "0.01,-0.002"),
        *("--dc", "10,50", "--rate", "10,50", "--undulation", 0.0005, "--trend", 1e-5),
        where=tmp_path,
    )
    assert (answer.code, answer.err) == (0, "")
    assert "slip law, a = 0.01, b = 0.01 and -0.002, Dc = 10 µm and 50 µm" in answer.out
    assert "next: slicken law 'my logs'/*.csv --out 'my logs-laws'" in answer.out
    tests = slicken.simulate_shear(
        "velocity-steps", experiments=2, seed=3, velocities=(3e-6, 10e-6), slip=60e-6, law="slip",
        b=(0.01, -0.002), dc=(10e-6, 50e-6),
        readings=Readings((10.0, 50.0), undulation=5e-4, trend=10.0),
    )  # fmt: skip
    truth = json.loads((tmp_path / "my logs" / "truth.json").read_text(encoding="utf-8"))
    assert list(truth) == ["velocity-steps-01", "velocity-steps-02"]
    for test in tests:
        assert truth[test.name]["dc_m"] == pytest.approx(test.truth["dc_m"])
        written = columns(tmp_path / "my logs" / f"{test.name}.csv")
        assert list(written) == list(test.table())
        for name, values in test.table().items():
            np.testing.assert_allclose(written[name], values, rtol=1e-8, atol=1e-8)


def test_holds_are_listed_with_the_truth_and_the_log_can_be_read(tmp_path: Path) -> None:
    answer = give(
        *("simulate", "slide-hold-slide", "--holds", "10,30", "--rate", 10, "--slip", 100),
        where=tmp_path,
    )
    assert (answer.code, answer.err) == (0, "")
    truth = json.loads((tmp_path / "slide-hold-slide/truth.json").read_text(encoding="utf-8"))
    changes = truth["slide-hold-slide-01"]["changes"]
    assert [one["start_s"] for one in changes] == pytest.approx([10.0, 20.0, 30.0, 60.0])
    assert [one["after_m_s"] for one in changes] == pytest.approx([0.0, 1e-5, 0.0, 1e-5])
    (log,) = tmp_path.glob("slide-hold-slide/*.csv")
    assert read_logs([log])


def test_imposed_velocity_is_logged_as_slip(tmp_path: Path) -> None:
    answer = give(
        *("simulate", "velocity-steps", "--stiffness", "inf", "--rate", 5, "--slip", 50),
        where=tmp_path,
    )
    assert (answer.code, answer.err) == (0, "")
    (log,) = tmp_path.glob("velocity-steps/*.csv")
    assert "slip_um" in columns(log)
