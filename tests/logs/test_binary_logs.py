"""MATLAB, HDF5, netCDF, TDMS and look, each written by its own library and read back."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import h5py
import nptdms
import numpy as np
import pandas as pd
import pytest
import scipy.io
from nptdms import ChannelObject, TdmsWriter

from binary_logs import (
    hdf5_file,
    linear,
    look_file,
    mat73_file,
    mat_file,
    mat_objects,
    netcdf_file,
    pandas_fixed,
    pandas_table,
    tdms_file,
)
from found import found_in, of_kind
from slicken.errors import LogError
from slicken.experiment import ChannelMap, Log, describe, read_experiment, read_log
from slicken.reporting.channel_map import channel_map_toml
from slicken.reporting.wording import words

Table = Mapping[str, np.ndarray]
UNITS = {"Time": "s", "v": "mm/s", "T": "degC", "mu": "1"}
SHORT = {"a": np.arange(7.0), "b": np.arange(7.0) ** 2}


@pytest.fixture
def run() -> dict[str, np.ndarray]:
    """Numbers that a rounding would spoil."""
    random = np.random.default_rng(11)
    time = np.arange(60) / 3
    return {
        "Time": time,
        "v": 4 + random.normal(size=60),
        "T": 20 + time / 7,
        "mu": 0.6 + 1e-5 * random.normal(size=60),
    }


def check_left_out(log: Log, name: str, why: str) -> None:
    reasons = {
        f.statement.values["why"]: f.statement.values["columns"] for f in of_kind(log, "left_out")
    }
    assert name in reasons[why]


def check_same(log: Log, table: Table) -> None:
    assert set(log.columns) == set(table)
    for name, values in table.items():
        np.testing.assert_array_equal(log.values[name], values)
    np.testing.assert_array_equal(log.rows, np.arange(len(log)) + 1)


# -- MATLAB --


@pytest.mark.parametrize("options", [{}, {"do_compression": True}, {"format": "4"}], ids=str)
def test_vectors_in_a_workspace_are_read_to_the_bit(
    tmp_path: Path, run: Table, options: dict[str, object]
) -> None:
    path = mat_file(tmp_path / "log.mat", {**run, "fs": 100.0}, **options)
    log = read_log(path)
    check_same(log, run)
    assert found_in(log, "array_format") == {"table": "workspace", "file": "matlab"}


def test_a_struct_of_matlab_is_a_table_with_the_units_in_it(tmp_path: Path, run: Table) -> None:
    path = mat_file(tmp_path / "log.mat", {"run": {**run, "units": UNITS}, **SHORT})
    log = read_log(path)
    check_same(log, run)
    assert log.units == UNITS
    assert found_in(log, "other_tables") == {"tables": ("workspace",), "first": "workspace"}
    check_same(read_log(path, table="workspace"), SHORT)


def test_a_matrix_of_matlab_is_one_column_a_channel(tmp_path: Path) -> None:
    matrix = np.random.default_rng(1).normal(size=(50, 3))
    log = read_log(mat_file(tmp_path / "log.mat", {"M": matrix}))
    check_same(log, {f"M {n + 1}": matrix[:, n] for n in range(3)})


def test_cells_and_functions_of_matlab_are_left_out_and_said(tmp_path: Path, run: Table) -> None:
    cells = np.array(["a", 1.0, None], object)
    cells[2] = np.arange(3)
    log = read_log(mat_file(tmp_path / "log.mat", {**run, "notes": cells, "z": run["v"] * 1j}))
    check_same(log, run)
    check_left_out(log, "notes", "cell_array")
    check_left_out(log, "z", "complex")


def test_matlab_73_is_read_to_the_bit_with_its_units(tmp_path: Path, run: Table) -> None:
    log = read_log(mat73_file(tmp_path / "log.mat", "run", run, UNITS))
    check_same(log, run)
    assert log.units == UNITS
    assert found_in(log, "array_format") == {"table": "run", "file": "matlab73"}


def test_both_ways_of_saving_matlab_give_the_same_log(tmp_path: Path, run: Table) -> None:
    old = read_log(mat_file(tmp_path / "old.mat", {"run": {**run, "units": UNITS}}))
    new = read_log(mat73_file(tmp_path / "new.mat", "run", run, UNITS))
    assert set(old.columns) == set(new.columns)
    assert old.units == new.units


@pytest.mark.parametrize("version", ["v7", "v7.3"])
def test_a_table_of_matlab_is_a_table(tmp_path: Path, run: Table, version: str) -> None:
    frame = pd.DataFrame({**run, "note": ["slow"] * 60})
    path = mat_objects(tmp_path / "log.mat", {"T": frame, "gain": np.array([[2.0]])}, version)
    log = read_log(path)
    check_same(log, run)
    assert found_in(log, "array_format")["table"] == "T"
    check_left_out(log, "note", "text")


@pytest.mark.parametrize("version", ["v7", "v7.3"])
def test_a_timetable_of_matlab_has_the_times_of_its_rows(
    tmp_path: Path, run: Table, version: str
) -> None:
    steps = (np.arange(60) * 250).astype("timedelta64[ms]")
    columns = {name: run[name] for name in ("v", "mu")}
    stamps = pd.DatetimeIndex(np.datetime64("2026-11-02T08:00:00.5", "ms") + steps, name="When")
    spans = pd.TimedeltaIndex(steps + np.timedelta64(3, "s"), name="Since")
    for index, name, first in ((stamps, "When", 0.0), (spans, "Since", 3.0)):
        frame = pd.DataFrame(columns, index=index)
        log = read_log(mat_objects(tmp_path / "log.mat", {"TT": frame}, version))
        check_same(log, {name: first + np.arange(60) / 4, **columns})
        assert log.units == {name: "s"}
        kind = "dates" if first == 0 else "durations"
        assert found_in(log, kind) == {"column": name}


@pytest.mark.parametrize("version", ["v7", "v7.3"])
def test_datetimes_of_matlab_stand_beside_the_vectors(
    tmp_path: Path, run: Table, version: str
) -> None:
    stamps = np.datetime64("2026-11-02T08:00:00", "ms") + np.arange(60) * np.timedelta64(20, "ms")
    stamps[7] = np.datetime64("NaT")
    vectors = {name: run[name].reshape(-1, 1) for name in ("v", "mu")}
    log = read_log(
        mat_objects(tmp_path / "log.mat", {"t": stamps.reshape(-1, 1), **vectors}, version)
    )
    expected = np.where(np.arange(60) == 7, np.nan, np.arange(60) / 50)
    np.testing.assert_allclose(log.values["t"], expected, rtol=1e-15)
    np.testing.assert_array_equal(log.values["mu"], run["mu"])


def test_units_of_a_table_and_a_table_in_a_struct_are_taken() -> None:
    from slicken.logs.readers.arrays import Contents
    from slicken.logs.readers.matobjects import _take

    frame = pd.DataFrame({"load": [1.0, 2.0], "h": [3.0, 4.0]})
    frame.attrs["VariableUnits"] = ["kN", ""]
    struct = np.empty((1, 1), [("log", object)])
    struct[0, 0]["log"] = frame
    contents = Contents()
    _take("workspace", "run", struct, contents, 0)
    assert [(a.place, a.name, a.unit) for a in contents.arrays] == [
        ("run.log", "load", "kN"),
        ("run.log", "h", ""),
    ]


@pytest.mark.parametrize("version", ["v7", "v7.3"])
def test_without_mat_io_a_table_says_what_to_install_or_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    from slicken.logs.readers import sandbox

    path = mat_objects(tmp_path / "log.mat", {"T": pd.DataFrame(SHORT)}, version)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(sandbox.sys, "executable", "")  # so that it is read in this process
    with pytest.raises(LogError, match=r"slicken\[matlab\]'.*writetable\(T, 'log.csv'\)"):
        read_log(path)


def test_a_table_of_matlab_that_leads_to_another_file_is_not_followed(tmp_path: Path) -> None:
    path = mat_objects(tmp_path / "log.mat", {"T": pd.DataFrame(SHORT)}, "v7.3")
    with h5py.File(path, "r+") as file:
        file["#refs#/away"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/x")
    with pytest.raises(LogError, match="links to other files, which are not followed"):
        read_log(path)


def test_datenums_become_seconds_whatever_the_format(tmp_path: Path, run: Table) -> None:
    # MATLAB's manual: datenum(2000, 1, 1) is 730486.
    days = 730486.5 + run["Time"] / 86400
    table = {"t": days, "v": run["v"], "mu": run["mu"]}
    frame = pd.DataFrame(table).rename(columns={"t": "Date (days)"})
    frame.to_csv(tmp_path / "log.csv", index=False)
    for log, name in (
        (read_log(mat_file(tmp_path / "log.mat", table)), "t"),
        (read_log(tmp_path / "log.csv"), "Date (days)"),
    ):
        # A datenum has some ten microseconds of resolution.
        np.testing.assert_allclose(log.values[name], run["Time"], atol=2e-5)
        assert log.units[name] == "s"
        assert found_in(log, "datenums") == {"column": name, "begun": "2000-01-01 12:00:00"}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("load", 738000.5 + np.arange(9) / 86400),  # says nothing of time
        ("Time (ms)", 738000.5 + np.arange(9) / 86400),
        ("t", 738000 + np.arange(9.0)),  # a counter
        ("t", 638000.5 + np.arange(9) / 86400),  # 1746
    ],
)
def test_what_is_no_datenum_is_left_as_it_is(tmp_path: Path, name: str, values: np.ndarray) -> None:
    pd.DataFrame({name: values, "mu": np.arange(9.0)}).to_csv(tmp_path / "log.csv", index=False)
    np.testing.assert_array_equal(read_log(tmp_path / "log.csv").values[name], values)


# -- HDF5 --


def test_datasets_of_one_group_are_a_table_with_units(tmp_path: Path, run: Table) -> None:
    log = read_log(hdf5_file(tmp_path / "log.h5", "rig/fast", run, UNITS))
    check_same(log, run)
    assert log.units == UNITS
    assert found_in(log, "array_format") == {"table": "/rig/fast", "file": "hdf5"}


def test_the_longest_table_is_chosen_and_the_others_can_be_named(
    tmp_path: Path, run: Table
) -> None:
    path = hdf5_file(tmp_path / "log.h5", "fast", run, UNITS)
    with h5py.File(path, "a") as file:
        file["fast/pulse"] = np.arange(900.0)
        for name, values in SHORT.items():
            file[f"slow/{name}"] = values
    log = read_log(path)
    check_same(log, run)
    others = found_in(log, "other_tables")
    assert set(others["tables"]) == {"/fast, 900 rows", "/slow", "/settings"}
    assert others["first"] in others["tables"]
    check_same(read_log(path, table="/slow"), SHORT)
    with pytest.raises(LogError, match=r"no table 'quick' in it; there is '/fast, 60 rows'"):
        read_log(path, table="quick")


def test_a_channel_map_names_the_table(tmp_path: Path, run: Table) -> None:
    path = hdf5_file(tmp_path / "log.h5", "fast", {n: v[:9] for n, v in run.items()}, UNITS)
    with h5py.File(path, "a") as file:
        for name, values in run.items():
            file[f"slow/{name}"] = np.tile(values, 3)
    inspection = describe(read_log(path, table="/fast"))
    assert inspection.channel_map.table == "/fast"
    channels = ChannelMap.from_toml(channel_map_toml(inspection, words("en")))
    assert channels == inspection.channel_map
    experiment = read_experiment(path, channels)
    # Two samples go before rates are known.
    np.testing.assert_array_equal(experiment.friction, run["mu"][2:9])


@pytest.mark.parametrize("across", [False, True])
def test_a_matrix_in_hdf5_has_columns_that_its_attribute_names(
    tmp_path: Path, run: Table, across: bool
) -> None:
    with h5py.File(tmp_path / "log.h5", "w") as file:
        matrix = np.column_stack(list(run.values()))
        held = file.create_dataset("data", data=matrix.T if across else matrix)
        held.attrs["columns"] = list(run)
        held.attrs["units"] = [UNITS[name] for name in run]
    log = read_log(tmp_path / "log.h5")
    check_same(log, run)
    assert log.units == UNITS


def test_a_table_of_records_is_read_field_by_field(tmp_path: Path, run: Table) -> None:
    records = np.zeros(60, [*((name, "<f8") for name in run), ("note", "S4"), ("xyz", "<f4", (2,))])
    for name, values in run.items():
        records[name] = values
    records["xyz"][:, 1] = 5
    with h5py.File(tmp_path / "log.h5", "w") as file:
        file["rig/readout"] = records
    log = read_log(tmp_path / "log.h5")
    check_same(log, {**run, "xyz 1": np.zeros(60), "xyz 2": np.full(60, 5.0)})
    assert found_in(log, "array_format")["table"] == "/rig/readout"
    check_left_out(log, "note", "text")


def test_a_frame_that_pandas_wrote_is_read_without_its_pickles(tmp_path: Path, run: Table) -> None:
    log = read_log(pandas_fixed(tmp_path / "log.h5", "rig/run1", run))
    check_same(log, run)
    check_left_out(log, "note", "text_or_objects")
    assert not Path("pwned").exists()


def test_stamps_of_pandas_become_seconds(tmp_path: Path, run: Table) -> None:
    stamps = np.datetime64("2024-05-01T23:59:58") + np.arange(60) * np.timedelta64(500, "ms")
    log = read_log(pandas_fixed(tmp_path / "log.h5", "run1", run, stamps))
    np.testing.assert_array_equal(log.values["when"], np.arange(60) / 2)
    assert log.units["when"] == "s"
    assert found_in(log, "dates") == {"column": "when"}


def test_names_in_a_pickled_list_are_read_as_text(tmp_path: Path, run: Table) -> None:
    columns = {name: run[name] for name in ("v", "mu")}
    log = read_log(pandas_table(tmp_path / "log.h5", "run1", run["Time"], columns))
    check_same(log, {"index": run["Time"], **columns})


# -- netCDF --


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("log.nc", {"engine": "h5netcdf"}),
        ("log.h5", {"engine": "h5netcdf"}),
        ("log.nc", {"engine": "scipy"}),
        ("log.nc", {"engine": "scipy", "format": "NETCDF3_CLASSIC"}),
    ],
)
def test_netcdf_is_read_to_the_bit_whatever_its_version(
    tmp_path: Path, run: Table, name: str, options: dict[str, str]
) -> None:
    log = read_log(netcdf_file(tmp_path / name, run, UNITS, **options))
    check_same(log, run)
    assert log.units == UNITS
    assert found_in(log, "array_format") == {"table": "/", "file": "netcdf"}


def test_scale_fill_and_a_clock_of_netcdf_are_undone(tmp_path: Path, run: Table) -> None:
    counts = np.arange(60) - 20.0
    counts[3] = np.nan
    path = netcdf_file(
        tmp_path / "log.nc",
        {"time": run["Time"], "T": 0.5 * counts + 20, "mu": run["mu"]},
        {"time": "minutes since 2024-05-01 12:00:00", "T": "degC", "mu": "1"},
        engine="h5netcdf",
        encoding={
            "T": {"dtype": "i2", "scale_factor": 0.5, "add_offset": 20.0, "_FillValue": -9999}
        },
    )
    log = read_log(path)
    np.testing.assert_array_equal(log.values["T"], 0.5 * counts + 20)
    np.testing.assert_array_equal(log.values["time"], 60 * run["Time"])
    assert log.units["time"] == "s"
    unit = "minutes since 2024-05-01 12:00:00"
    assert found_in(log, "counted_time") == {"column": "time", "unit": unit}


# -- TDMS --


def test_tdms_is_scaled_and_has_a_time_made_of_its_increment(tmp_path: Path) -> None:
    counts = np.arange(-30, 30, dtype=np.int16)
    timing = {"wf_increment": 0.01, "wf_start_offset": 0.5}
    load = {**timing, **linear(0.25, -3.0), "unit_string": "kN"}
    other = ChannelObject("notes", "code", np.arange(5.0))
    channels = [
        ChannelObject("rig", "Load", counts, load),
        ChannelObject("rig", "mu", counts / 7, timing),
        ChannelObject("rig", "label", ["x"] * 60, {}),
    ]
    log = read_log(tdms_file(tmp_path / "log.tdms", {"rig": channels, "notes": [other]}))
    check_same(
        log, {"Load": 0.25 * counts - 3, "mu": counts / 7, "Time": 0.5 + 0.01 * np.arange(60)}
    )
    assert log.units == {"Load": "kN", "Time": "s"}
    made = {"samples": 60, "step": 0.01, "start": 0.5}
    assert found_in(log, "time_from_increment") == made
    check_left_out(log, "label", "text")
    assert found_in(log, "other_tables")["tables"] == ("notes",)


def test_tdms_keeps_the_time_that_it_has(tmp_path: Path) -> None:
    stamps = np.datetime64("2024-05-01T12:00:00", "us") + np.arange(9) * np.timedelta64(250, "ms")
    timing = {"wf_increment": 0.01}
    channels = [
        ChannelObject("rig", "Stamp", stamps),
        ChannelObject("rig", "mu", np.arange(9.0), timing),
    ]
    log = read_log(tdms_file(tmp_path / "log.tdms", {"rig": channels}))
    check_same(log, {"Stamp": np.arange(9) / 4, "mu": np.arange(9.0)})


def test_segments_of_tdms_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "log.tdms"
    with TdmsWriter(path) as file:
        for start in (0.0, 5.0):
            held = np.arange(start, start + 5)
            file.write_segment(
                [ChannelObject("rig", "t", held), ChannelObject("rig", "mu", held**2)]
            )
    check_same(read_log(path), {"t": np.arange(10.0), "mu": np.arange(10.0) ** 2})


def test_tdms_without_its_library_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from slicken.logs.readers import sandbox

    path = tdms_file(tmp_path / "log.tdms", {"rig": [ChannelObject("rig", "mu", np.arange(9.0))]})
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(sandbox.sys, "executable", "")  # so that it is read in this process
    with pytest.raises(LogError, match=r"pip install 'slicken\[tdms\]'"):
        read_log(path)


# -- look --


def test_a_look_file_has_its_sample_periods_summed_up(tmp_path: Path) -> None:
    codes = np.repeat([10_000, 100, 10], [3, 4, 3])
    load = np.arange(10.0) - 300
    path = tmp_path / "p001"
    path.write_bytes(look_file([("Time", "sec", codes), ("Vert_Load", "bits", load)]))
    log = read_log(path)
    # By hand: three samples of 1 s, four of 0.01 s, three of 0.001 s.
    time = [1, 2, 3, 3.01, 3.02, 3.03, 3.04, 3.041, 3.042, 3.043]
    np.testing.assert_allclose(log.values["Time"], time, rtol=1e-15)
    np.testing.assert_array_equal(log.values["Vert_Load"], load)
    assert log.units == {"Time": "s", "Vert_Load": "bits"}
    periods = {"column": "Time", "periods": (0.001, 0.01, 1.0)}
    assert found_in(log, "sample_periods") == periods


@pytest.mark.parametrize("order", [">f4", "<f4", ">f8", "<f8"])
def test_a_look_file_of_any_machine_with_a_time_that_runs_is_left_as_it_is(
    tmp_path: Path, order: str
) -> None:
    time = np.arange(50.0)
    path = tmp_path / "p001"
    path.write_bytes(look_file([("Time", "sec", time), ("mu", ".", time / 64)], order))
    check_same(read_log(path), {"Time": time, "mu": time / 64})


def test_a_look_file_that_is_cut_off_says_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "p001"
    path.write_bytes(look_file([("Time", "sec", np.arange(50)), ("mu", ".", np.arange(50))])[:-9])
    with pytest.raises(LogError, match=r"promises 50 rows of 2 columns, 400 bytes, but 391"):
        read_log(path)


def test_a_period_that_is_none_is_named_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "p001"
    codes = np.array([10.0, 10.0, -1.0, 10.0])
    path.write_bytes(look_file([("Time", "sec", codes), ("mu", ".", np.arange(4))]))
    with pytest.raises(LogError, match=r"row 3: -1 in 'Time' is no sample period"):
        read_log(path)


# -- files that the programs themselves wrote, which the libraries bring with them --


def brought(library: ModuleType, name: str) -> Path:
    path = Path(str(library.__file__)).parent / name
    if not path.exists():
        pytest.skip(f"{library.__name__} is installed without its tests")
    return path


@pytest.mark.parametrize(
    "name",
    [
        "testdouble_4.2c_SOL2.mat",
        "testdouble_6.5.1_GLNX86.mat",
        "testdouble_7.4_GLNX86.mat",
        "testhdf5_7.4_GLNX86.mat",
    ],
)
def test_a_vector_that_matlab_saved_is_read_whatever_its_version(name: str) -> None:
    log = read_log(brought(scipy.io, f"matlab/tests/data/{name}"))
    assert log.columns == ("testdouble",)
    # As their name in MATLAB's test says: 0:pi/4:2*pi.
    np.testing.assert_allclose(log.values["testdouble"], np.arange(9) * np.pi / 4, rtol=1e-15)


def test_an_object_that_matlab_saved_is_left_out_with_advice() -> None:
    with pytest.raises(LogError, match=r"other than table, timetable.*writetable"):
        read_log(brought(scipy.io, "matlab/tests/data/parabola.mat"))


@pytest.mark.parametrize("name", ["corrupted_zlib_data", "malformed1", "broken_utf8"])
def test_a_damaged_file_of_matlab_is_an_error_in_words(name: str) -> None:
    with pytest.raises(LogError, match=r"write it again|no arrays of numbers"):
        read_log(brought(scipy.io, f"matlab/tests/data/{name}.mat"))


def test_a_file_of_labview_with_raw_counts_of_a_card_is_scaled() -> None:
    log = read_log(brought(nptdms, "test/data/raw1.tdms"))
    assert len(log) == 2000
    assert log.units["First  Channel"] == "Volts"
    # The first numbers, as npTDMS's own test has them.
    first = [-0.18402661, 0.14801477, -0.24506363, -0.29725028, -0.20020142]
    np.testing.assert_allclose(log.values["First  Channel"][:5], first, atol=1e-8)
    np.testing.assert_allclose(log.values["Time"][:3], [0, 2e-5, 4e-5], rtol=1e-12)


def test_a_file_of_labview_with_three_groups_is_read_by_name() -> None:
    path = brought(nptdms, "test/data/Digital_Input.tdms")
    log = read_log(path)
    assert len(log) == 20_000
    name = "07/09/2012 06:58:23 PM - Digital Input - Decimated Data_Level1"
    assert name in found_in(log, "other_tables")["tables"]
    decimated = read_log(path, table=name).values["Dev1_port3_line7 - line 0"]
    np.testing.assert_array_equal(decimated[:10], [0, 1] * 5)


def test_a_masked_value_of_a_classic_netcdf_is_missing() -> None:
    log = read_log(brought(scipy.io, "tests/data/example_3_maskedvals.nc"))
    np.testing.assert_array_equal(log.values["var2_noFillval"], [1, 2, 3])
    np.testing.assert_array_equal(log.values["var4_missingValue"], [1, np.nan, 3])


# -- what is the same for all --


def test_a_sheet_can_be_named(tmp_path: Path, run: Table) -> None:
    with pd.ExcelWriter(tmp_path / "log.xlsx") as book:
        pd.DataFrame(run).to_excel(book, sheet_name="Raw", index=False)
        pd.DataFrame(SHORT).to_excel(book, sheet_name="Reduced", index=False)
    log = read_log(tmp_path / "log.xlsx")
    assert found_in(log, "other_sheets") == {"sheets": ("Reduced",), "first": "Reduced"}
    reduced = read_log(tmp_path / "log.xlsx", table="Reduced")
    assert reduced.columns == tuple(SHORT)
    np.testing.assert_array_equal(reduced.values["b"], SHORT["b"])
    with pytest.raises(LogError, match=r"no sheet 'Notes' in it; there is 'Raw', 'Reduced'"):
        read_log(tmp_path / "log.xlsx", table="Notes")


def test_a_table_named_where_there_is_only_one_is_an_error_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("t,mu\n0,1\n1,2\n", encoding="utf-8")
    with pytest.raises(LogError, match=r"none can be named; leave out the table 'Data'"):
        read_log(path, table="Data")
