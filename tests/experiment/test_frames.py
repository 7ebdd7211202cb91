"""Frames: experiments from arrays and data frames are those of the same log, and come back."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import builders
from slicken.errors import ChannelError, ExperimentError
from slicken.experiment import ChannelMap, Experiment, read_experiment, read_log

TIME = np.arange(80.0)
TABLE = {
    "Time (s)": TIME,
    "Slip velocity (mm/s)": 4 + 0.5 * np.sin(TIME / 7),
    "Wear (um)": TIME / 3,
    "Temperature (degC)": 20 + np.sqrt(TIME),
    "Normal stress (MPa)": np.repeat([1.0, 2.0], 40),
    "mu": 0.6 + 0.1 * np.cos(TIME / 5),
}
COLUMNS = {
    "time": "Time (s)",
    "slip_velocity": "Slip velocity (mm/s)",
    "axial_displacement": {"column": "Wear (um)", "sign": 1},
    "temperature": "Temperature (degC)",
    "normal_stress": "Normal stress (MPa)",
    "friction": "mu",
}


def check_same(one: Experiment, other: Experiment) -> None:
    assert set(one.channels) == set(other.channels)
    np.testing.assert_array_equal(one.time, other.time)
    np.testing.assert_array_equal(one.stage, other.stage)
    for name, values in one.channels.items():
        np.testing.assert_allclose(values, other.channels[name], rtol=1e-14, err_msg=name)


@pytest.fixture
def from_file(tmp_path: Path) -> Experiment:
    pd.DataFrame(TABLE).to_csv(tmp_path / "run.csv", index=False, float_format="%.17g")
    return read_experiment(tmp_path / "run.csv", ChannelMap.of(COLUMNS))


def test_a_data_frame_gives_the_experiment_of_its_file(from_file: Experiment) -> None:
    frame = pd.DataFrame(TABLE)
    check_same(Experiment.from_dataframe(frame, COLUMNS, name="run"), from_file)
    check_same(Experiment.from_dataframe(frame), from_file)  # as its names say


def test_an_index_of_times_is_the_time(from_file: Experiment) -> None:
    stamps = pd.Timestamp("2026-11-02 08:00") + pd.to_timedelta(TIME, unit="s")
    frame = pd.DataFrame(TABLE, index=stamps).drop(columns="Time (s)")
    check_same(Experiment.from_dataframe(frame), from_file)


def test_arrays_in_si_give_the_experiment_of_their_file(from_file: Experiment) -> None:
    one = Experiment.from_arrays(
        time=TIME,
        slip_velocity=1e-3 * TABLE["Slip velocity (mm/s)"],
        axial_displacement=1e-6 * TABLE["Wear (um)"],
        temperature=TABLE["Temperature (degC)"].tolist(),
        normal_stress=1e6 * TABLE["Normal stress (MPa)"],
        friction=TABLE["mu"],
    )
    check_same(one, from_file)
    assert len(one.provenance.sha256) == 64


def test_friction_is_computed_from_arrays_of_stress() -> None:
    normal = np.linspace(1e6, 2e6, 50)
    one = Experiment.from_arrays(
        time=np.arange(50.0), shear_stress=normal * np.linspace(0.6, 0.7, 50), normal_stress=normal
    )
    np.testing.assert_allclose(one.friction, np.linspace(0.6, 0.7, 50))


def test_an_experiment_comes_back_from_its_data_frame() -> None:
    one = builders.make_experiment("run", 100, stages=[60, 40])
    frame = one.to_dataframe()
    np.testing.assert_array_equal(frame["friction"], one.friction)
    np.testing.assert_array_equal(frame["stage"], one.stage)
    again = Experiment.from_dataframe(frame)
    place = np.isin(one.time, again.time)
    np.testing.assert_array_equal(again.friction, one.friction[place])
    np.testing.assert_array_equal(again.stage, one.stage[place])


def test_a_log_is_a_data_frame_over_its_rows(tmp_path: Path) -> None:
    (tmp_path / "run.csv").write_text("made by hand\nt,mu\ns,-\n0,0.5\n1,0.6\n")
    frame = read_log(tmp_path / "run.csv").to_dataframe()
    assert frame.index.tolist() == [4, 5]
    assert frame["mu"].tolist() == [0.5, 0.6]
    assert frame.attrs["units"]["t"] == "s"


@pytest.mark.parametrize(
    ("arrays", "advice"),
    [
        ({"friction": TIME}, r"no time; pass seconds, as in Experiment.from_arrays\(time="),
        ({"time": TIME, "velocity": TIME}, "'velocity' is no channel; is 'slip_velocity' meant"),
        ({"time": TIME, "friction": TIME[1:]}, "friction has 79 samples, time has 80"),
        ({"time": TIME, "friction": "mu"}, "friction is 'mu'; pass an array of numbers"),
        ({"time": TIME, "friction": np.ones((80, 2))}, r"shape \(80, 2\); pass one number a"),
    ],
)
def test_arrays_that_do_not_fit_say_what_to_pass(arrays: dict[str, object], advice: str) -> None:
    with pytest.raises(ExperimentError, match=advice):
        Experiment.from_arrays(**arrays)


def test_what_is_no_data_frame_and_no_map_says_what_to_pass() -> None:
    with pytest.raises(ExperimentError, match=r"expected a pandas DataFrame.*from_arrays"):
        Experiment.from_dataframe(TABLE)  # type: ignore[arg-type]
    with pytest.raises(ExperimentError, match="no column of numbers"):
        Experiment.from_dataframe(pd.DataFrame({"note": ["slow", "fast"]}))
    with pytest.raises(ChannelError, match=r"is no channel map; pass a ChannelMap.*\"time\""):
        ChannelMap.of(["time"])  # type: ignore[arg-type]
    with pytest.raises(ChannelError, match="speed"):
        ChannelMap.of({"speed": "v"})


def test_an_experiment_and_a_log_print_in_a_line() -> None:
    one = builders.make_experiment("<b>run</b>", 100, stages=[60, 40])
    assert repr(one) == (
        "<Experiment '<b>run</b>': 100 samples, step 1 s, duration 99 s; slip_velocity, "
        "temperature, friction, normal_stress; stages: 2, findings: 0>"
    )
    shown = one._repr_html_()
    assert "<b>" not in shown
    assert "<td>Normal stress</td><td>MPa</td><td>1</td><td>1</td><td>2</td>" in shown
