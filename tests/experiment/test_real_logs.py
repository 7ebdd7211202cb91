"""Logs that real rigs wrote, from the folder that SLICKEN_DATA names."""

from pathlib import Path

import numpy as np
import pytest

from found import found_in, of_kind, only, step
from slicken.channels import DRIVERS
from slicken.experiment import describe, read_experiment, read_log

EXAMPLES = Path(__file__).parents[2] / "examples"
TE67 = {
    "PPS+15PTFE_60N_200RPM_30MINS_1": 3601,
    "PPS+30PTFE_100N_200RPM_30MINS_1": 3601,
    "PPS+30PTFE_100N_200RPM_30MINS_2": 3601,
    "PPS+30PTFE_60N_200RPM_30MINS_1": 3601,
    "PPS+30PTFE_60N_200RPM_30MINS_2": 3601,
    "PPS+45PTFE_100N_200RPM_30MINS_1": 3601,
    "PPS+45PTFE_100N_200RPM_30MINS_2": 3601,
    "PPS+45PTFE_60N_200RPM_30MINS_1": 3601,
    "PPS+45PTFE_60N_200RPM_30MINS_2": 3601,
    "PPS_100N_1": 1801,
    "PPS_60N_1": 1801,
    "PPS_60N_2": 1801,
}


@pytest.mark.parametrize(("name", "rows"), TE67.items())
def test_every_te67_log_is_read_whole(real_logs: Path, name: str, rows: int) -> None:
    path = real_logs / "te67_pps_ptfe" / f"{name}.tsv"
    log = read_log(path)
    assert len(log) == rows
    assert log.rows[0] == 17
    assert len(log.columns) == 16
    assert found_in(log, "text_format")["decimal"] == "comma"
    assert found_in(log, "preamble") == {"lines": 8, "names_row": 16}
    ended = only(log, "text_line")
    assert ended.row == rows + 17
    assert ended.statement.values["text"].startswith("Test completed at")
    assert found_in(log, "repeated_column") == {"column": "Friction Force"}
    # Read again by hand: the decimal comma is the only thing to undo.
    last = path.read_text().splitlines()[rows + 15].split("\t")
    assert log.values["Friction Coefficient"][-1] == float(last[15].replace(",", "."))
    assert log.values["Test Time"][-1] == float(last[4].replace(",", "."))


@pytest.mark.parametrize(("name", "rows"), TE67.items())
def test_every_te67_log_has_the_five_drivers_with_its_map(
    real_logs: Path, name: str, rows: int
) -> None:
    path = real_logs / "te67_pps_ptfe" / f"{name}.tsv"
    experiment = read_experiment(path, EXAMPLES / "te67" / "channels.toml")
    assert {driver.name for driver in DRIVERS} <= set(experiment.channels)
    assert rows - 10 < len(experiment) <= rows + 5
    assert experiment.dt == 1.0
    assert not experiment.gap.any()
    assert step(experiment, "trimmed_slow")["share"] == 0.01
    assert experiment.stage is not None
    assert experiment.stage.max() == 0
    assert experiment.channels["axial_displacement"].max() < 3e-3
    # 65 rpm at 22 mm, as the rig's own log says of its speed.
    assert np.median(experiment.channels["slip_velocity"]) == pytest.approx(0.15, abs=0.005)


def test_te67_without_a_map_asks_for_the_unit_of_the_displacement(real_logs: Path) -> None:
    experiment = read_experiment(real_logs / "te67_pps_ptfe" / "PPS_60N_1.tsv")
    assert "axial_displacement" not in experiment.channels
    asked = {"channel": "axial_displacement", "column": "Displacement"}
    assert asked in [f.statement.values for f in of_kind(experiment, "ambiguous_unit")]
    assumed = {"channel": "slip_velocity", "column": "Sliding Velocity", "unit": "m/s"}
    assert assumed in [f.statement.values for f in of_kind(experiment, "guess_assumed_unit")]


def test_kodiak_is_read_without_a_map(real_logs: Path) -> None:
    path = real_logs / "kodiak_p655" / "p655_reduced_1hz.csv"
    experiment = read_experiment(path)
    table = np.genfromtxt(path, delimiter=",", names=True)
    inside = np.isin(table["time_s"], experiment.time)
    np.testing.assert_array_equal(experiment.friction, table["mu"][inside])
    np.testing.assert_allclose(
        experiment.channels["slip_velocity"], 1e-6 * table["slip_velocity_um_s"][inside], rtol=1e-15
    )
    assert found_in(experiment, "missing_driver_and_rate") == {"channel": "temperature"}
    assert found_in(experiment, "guess_reversed")["column"] == "layer_thickness_um"
    assert step(experiment, "trimmed_slow")["ends"][0].values["samples"] == 5
    # Five samples at rest before sliding, and the slip backward at the end.
    assert experiment.time[0] == 5
    assert 3400 < experiment.time[-1] < 3436


def test_kodiak_has_two_stages_that_part_where_the_load_rises(real_logs: Path) -> None:
    path = real_logs / "kodiak_p655" / "p655_reduced_1hz.csv"
    experiment = read_experiment(path, EXAMPLES / "kodiak" / "channels.toml")
    assert experiment.stage is not None
    stress = experiment.channels["normal_stress"]
    levels = [np.median(stress[experiment.stage == number]) for number in range(2)]
    np.testing.assert_allclose(levels, [75e6, 100e6], rtol=0.01)
    assert experiment.stage.max() == 1
    edge = int(np.argmax(experiment.stage))
    assert stress[edge - 5] < 80e6 < stress[edge + 10]
    assert experiment.time[-1] == 3345


@pytest.mark.parametrize(("name", "rows"), [("demo_5", 1000), ("demo_7", 7500), ("demo_8", 7500)])
def test_pcs_logs_are_guessed_but_for_their_two_temperatures(
    real_logs: Path, name: str, rows: int
) -> None:
    inspection = describe(read_log(real_logs / "pcs_tribometer_demo" / f"{name}.txt"))
    channels = inspection.channel_map.channels
    assert inspection.samples == rows
    assert channels["slip_velocity"].column == "Sliding Speed (mm/s)"
    assert channels["axial_displacement"].column == "Wear (um)"
    assert inspection.missing == ("temperature",)
    columns = ("Pot RTD Temp (degC)", "Lube RTD Temp (degC)")
    assert found_in(inspection, "ambiguous")["columns"] == columns
    assert inspection.experiment is not None
    assert not inspection.experiment.gap.any()


def test_raw_kodiak_calibrated_by_hand_is_the_reduced_log(real_logs: Path) -> None:
    """The recipe p655_r, step by step, on what the reader of look files gives."""
    log = read_log(real_logs / "kodiak_p655" / "p655intact100l")
    assert log.columns == ("Time", "Vert_Disp", "Vert_Load", "Hor_Disp", "Hor_Load.")
    assert len(log) == 86_814
    assert found_in(log, "sample_periods")["periods"] == (0.001, 0.01, 0.1, 1.0)
    assert log.values["Time"][-1] == pytest.approx(4500, abs=1e-6)
    point = level(1459, 0.076472 * log.values["Vert_Disp"])
    for first, last in ((18_593, 19_058), (66_262, 67_830)):
        point = join(first, last, point)
    shear = level(1459, join(4_075, 4_089, 1.597778959e-3 * log.values["Vert_Load"]))
    normal = level(42, 3.31712805707e-3 * log.values["Hor_Load."])
    # The reduced log's clock added rounded periods one by one, which decides into which second
    # a sample on the edge of two falls.
    clock = np.cumsum(np.round(np.diff(log.values["Time"], prepend=0), 4))
    second = np.floor(clock - clock[1459]).astype(int)
    path = real_logs / "kodiak_p655" / "p655_reduced_1hz.csv"
    table = np.genfromtxt(path, delimiter=",", names=True)
    inside = (second >= 0) & (second < table.size)
    counts = np.bincount(second[inside])

    def means(values: np.ndarray) -> np.ndarray:
        return np.bincount(second[inside], values[inside]) / counts

    # Five decimals are what the reduced file has.
    np.testing.assert_allclose(means(point), table["load_point_um"], atol=6e-6, rtol=0)
    np.testing.assert_allclose(means(shear), table["shear_stress_mpa"], atol=6e-6, rtol=0)
    np.testing.assert_allclose(means(normal), table["normal_stress_mpa"], atol=6e-6, rtol=0)
    np.testing.assert_allclose(means(shear) / means(normal), table["mu"], atol=6e-6, rtol=0)


def level(row: int, values: np.ndarray) -> np.ndarray:
    """Zero at a row."""
    return values - values[row]


def join(first: int, last: int, values: np.ndarray) -> np.ndarray:
    """Hold the first value, and go on from it after the last: an offset between two rows undone."""
    joined = values.copy()
    joined[first : last + 1] = values[first]
    joined[last + 1 :] -= values[last] - values[first]
    return joined


@pytest.mark.parametrize("name", TE67)
def test_the_fault_of_a_te67_log_is_its_start_up(real_logs: Path, name: str) -> None:
    path = real_logs / "te67_pps_ptfe" / f"{name}.tsv"
    found = read_experiment(path, EXAMPLES / "te67" / "channels.toml").findings
    assert [finding.kind for finding in found if finding.correction] == ["start_up"]


def test_kodiak_begins_with_loading_and_ends_with_unloading(real_logs: Path) -> None:
    inspection = describe(read_log(real_logs / "kodiak_p655" / "p655_reduced_1hz.csv"))
    proposed = {f.kind: f.correction for f in inspection.findings if f.correction}
    assert list(proposed) == ["start_up", "unloading"]
    assert proposed["start_up"].endswith("start = 616.0")
    assert inspection.steady is not None
    # Until the load point is held and set back at 1713 s.
    assert 650 < inspection.steady.start < 800
    assert 1700 < inspection.steady.end < 1730
