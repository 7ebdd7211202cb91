"""Binary logs: files of every format, written here with the library that owns the format."""

import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy.io
import xarray as xr
from nptdms import ChannelObject, GroupObject, TdmsWriter

Table = Mapping[str, np.ndarray]


def mat_file(path: Path, variables: Mapping[str, Any], **options: Any) -> Path:  # noqa: ANN401
    scipy.io.savemat(path, dict(variables), **options)
    return path


def mat73_file(path: Path, struct: str, table: Table, units: Mapping[str, str]) -> Path:
    """As MATLAB writes ``-v7.3``: HDF5 behind a header of 512 bytes, rows and columns turned."""
    with h5py.File(path, "w", userblock_size=512) as file:
        file.create_group(struct).attrs["MATLAB_class"] = np.bytes_("struct")
        for name, values in table.items():
            held = file.create_dataset(f"{struct}/{name}", data=values.reshape(1, -1))
            held.attrs["MATLAB_class"] = np.bytes_("double")
        for name, unit in units.items():
            letters = np.array([[ord(letter)] for letter in unit], np.uint16)
            held = file.create_dataset(f"{struct}/units/{name}", data=letters)
            held.attrs["MATLAB_class"] = np.bytes_("char")
        file.create_dataset("#refs#/a", data=np.arange(9_000.0))
    content = bytearray(path.read_bytes())
    words = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Mar  2 12:00:00 2026 HDF5"
    content[:128] = words.ljust(116) + bytes(8) + b"\x00\x02IM"
    path.write_bytes(content)
    return path


def mat_objects(path: Path, variables: Mapping[str, Any], version: str) -> Path:
    """Frames as tables, those indexed by times as timetables, stamps as datetimes."""
    with warnings.catch_warnings():
        # It sets an option that pandas 3 has no more use for, and says how it writes durations.
        warnings.simplefilter("ignore")
        import matio

        matio.save_to_mat(str(path), dict(variables), version=version)
    return path


def hdf5_file(path: Path, group: str, table: Table, units: Mapping[str, str]) -> Path:
    with h5py.File(path, "w") as file:
        for name, values in table.items():
            held = file.create_dataset(f"{group}/{name}", data=values, compression="gzip")
            held.attrs["units"] = units.get(name, "")
        file.create_dataset("settings/gain", data=2.0)
        file.create_dataset("settings/curve", data=np.arange(5.0))
    return path


def pandas_fixed(path: Path, key: str, table: Table, stamps: np.ndarray | None = None) -> Path:
    """As ``DataFrame.to_hdf`` writes a frame, names in bytes and None as a pickle."""
    rows = len(next(iter(table.values())))
    with h5py.File(path, "w") as file:
        group = file.create_group(key)
        group.attrs["pandas_type"] = np.bytes_("frame")
        index = np.arange(rows) if stamps is None else stamps.astype("datetime64[us]")
        held = group.create_dataset("axis1", data=index.astype(np.int64))
        held.attrs["kind"] = np.bytes_("integer" if stamps is None else "datetime64[us]")
        held.attrs["name"] = np.bytes_("N." if stamps is None else "when")
        group["axis0"] = group["block0_items"] = np.array(list(table), "S")
        group["block0_values"] = np.column_stack(list(table.values()))
        group["block1_items"] = np.array(["note"], "S")
        values = group.create_dataset("block1_values", (1,), h5py.vlen_dtype(np.uint8))
        values[0] = np.frombuffer(b"cos\nsystem\n(S'touch pwned'\ntR.", np.uint8)
    return path


def pandas_table(path: Path, key: str, index: np.ndarray, table: Table) -> Path:
    """As ``DataFrame.to_hdf(format="table")``: several columns in a field, their names pickled."""
    rows, width = len(index), len(table)
    records = np.empty(rows, [("index", "<f8"), ("values_block_0", "<f8", (width,))])
    records["index"], records["values_block_0"] = index, np.column_stack(list(table.values()))
    with h5py.File(path, "w") as file:
        group = file.create_group(key)
        group.attrs["pandas_type"] = np.bytes_("frame_table")
        held = group.create_dataset("table", data=records)
        held.attrs["index_kind"] = np.bytes_("float")
        names = "".join(f"{'a' * (n > 0)}V{name}\np{n + 1}\n" for n, name in enumerate(table))
        held.attrs["values_block_0_kind"] = np.bytes_(f"(lp0\n{names}a.")
    return path


def netcdf_file(path: Path, table: Table, units: Mapping[str, str], **options: Any) -> Path:  # noqa: ANN401
    variables = {name: ("time", values, {"units": units[name]}) for name, values in table.items()}
    xr.Dataset(variables).to_netcdf(path, **options)
    return path


def tdms_file(path: Path, groups: Mapping[str, Sequence[ChannelObject]]) -> Path:
    with TdmsWriter(path) as file:
        for name, channels in groups.items():
            file.write_segment([GroupObject(name), *channels])
    return path


def linear(slope: float, intercept: float) -> dict[str, object]:
    """Properties of a channel that LabVIEW keeps in counts, and scales on reading."""
    return {
        "NI_Scaling_Status": "unscaled",
        "NI_Number_Of_Scales": 1,
        "NI_Scale[0]_Scale_Type": "Linear",
        "NI_Scale[0]_Linear_Slope": slope,
        "NI_Scale[0]_Linear_Y_Intercept": intercept,
        "NI_Scale[0]_Linear_Input_Source": 0xFFFFFFFF,
    }


def look_file(columns: Sequence[tuple[str, str, np.ndarray]], order: str = ">f4") -> bytes:
    """As xlook writes: headers of fixed length, then one column after the other."""
    rows = len(columns[0][2])
    held = io.BytesIO()
    held.write(b"p001".ljust(20, b"\0") + np.array([rows, len(columns), 0, 0], ">i4").tobytes())
    for index in range(32):
        given = index < len(columns)
        name, unit = columns[index][:2] if given else ("no_val", "no_val")
        held.write(name.encode().ljust(13, b"\0") + unit.encode().ljust(13, b"\0"))
        held.write(bytes(54) + np.array([rows if given else 0], ">i4").tobytes())
    for _, _, values in columns:
        held.write(np.asarray(values).astype(order).tobytes())
    return held.getvalue()
