"""Seeds: logs to spoil, of every format that the readers know; real ones where they are given."""

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from nptdms import ChannelObject

# Cases are run by a process of their own too, which knows only this folder.
sys.path.append(str(Path(__file__).parents[1]))
from binary_logs import (
    hdf5_file,
    linear,
    look_file,
    mat73_file,
    mat_file,
    mat_objects,
    netcdf_file,
    pandas_fixed,
    tdms_file,
)

EXAMPLES = Path(__file__).parents[2] / "examples"
_ROWS = 200
_REAL = {
    "te67_pps_ptfe/*.tsv": ".tsv",
    "kodiak_p655/*.csv": ".csv",
    "pcs_tribometer_demo/demo_*.txt": ".txt",
}
_BINARY = (".xlsx", ".parquet", ".mat", ".h5", ".nc", ".tdms", ".look")
_NAMES = (
    "time_s",
    "slip_velocity_mm_s",
    "axial_displacement_um",
    "temperature_degC",
    "normal_stress_MPa",
    "shear_stress_MPa",
    "mu",
)
_MAPS = {"te67_pps_ptfe": "te67", "kodiak_p655": "kodiak"}


@dataclass(frozen=True)
class Seed:
    """A good log.

    Args:
        name: what a failure calls it.
        suffix: of its file name.
        content: its bytes.
        channels: the channel map that belongs to it, if one does.
    """

    name: str
    suffix: str
    content: bytes
    channels: Path | None = None

    @property
    def is_text(self) -> bool:
        """Whether it is lines."""
        return self.suffix not in _BINARY


def all_seeds() -> list[Seed]:
    """Logs written here, and the beginnings of those in the folder that SLICKEN_DATA names."""
    return [*_texts(), *_binaries(), *_arrays(), *_real()]


def all_arrays() -> list[Seed]:
    """Logs in formats that hold many arrays."""
    return list(_arrays())


def table(rows: int = 60) -> pd.DataFrame:
    """A run of a rig with everything in it: a hole, two loads, a clock that starts late."""
    random = np.random.default_rng(3)
    time = np.arange(float(rows))
    frame = pd.DataFrame(
        {
            "Time (s)": 100 + time,
            "Slip velocity (mm/s)": 4 + np.sin(time / 9),
            "Axial displacement (um)": time * 2,
            "Temperature (degC)": 20 + np.sqrt(time),
            "Normal stress (MPa)": np.where(time < rows / 2, 1.0, 2.0),
            "Shear stress (MPa)": np.where(time < rows / 2, 0.6, 1.2),
            "Friction": 0.6 + 0.01 * random.normal(size=rows),
        }
    ).round(6)
    frame.iloc[20:22, 3] = np.nan
    return frame


def _texts() -> Iterator[Seed]:
    frame = table()
    plain = frame.to_csv(index=False)
    yield Seed("commas", ".csv", plain.encode())
    semicolons = frame.to_csv(index=False, sep=";", decimal=",")
    yield Seed("decimal commas", ".csv", semicolons.encode("latin-1"))
    spaces = frame.dropna().rename(columns=lambda name: name.replace(" ", "_"))
    yield Seed("spaces", ".dat", spaces.to_string(index=False).encode())
    units = "t\tv\tT\tmu\ns\tmm/s\tdegC\t-\n"
    body = frame.iloc[:, [0, 1, 3, 6]].to_csv(index=False, header=False, sep="\t")
    yield Seed("units row", ".txt", f"# rig 7\nRun\t12\n\n{units}{body}End of test\n".encode())
    clock = frame.assign(**{"Time (s)": [f"23:59:{n % 60:02d}" for n in range(len(frame))]})
    clock = clock.rename(columns={"Time (s)": "Time"})
    yield Seed("clock", ".csv", clock.iloc[:40].to_csv(index=False).encode())
    japanese = "時間(s),すべり速度(mm/s),軸変位(μm),温度(℃),摩擦係数\n"
    rows = frame.iloc[:, [0, 1, 2, 3, 6]].to_csv(index=False, header=False)
    yield Seed("Japanese", ".csv", (japanese + rows).encode("cp932"))
    yield Seed("UTF-16", ".xls", b"\xff\xfe" + plain.replace(",", "\t").encode("utf-16-le"))
    yield Seed("no header", ".txt", frame.to_csv(index=False, header=False, sep="|").encode())
    forces = frame.rename(
        columns={"Normal stress (MPa)": "Load (N)", "Shear stress (MPa)": "Friction force (N)"}
    ).drop(columns="Friction")
    yield Seed("forces", ".csv", forces.to_csv(index=False).encode())


def _binaries() -> Iterator[Seed]:
    for index in (False, True):
        frame = table(30)
        frame = frame.set_index("Time (s)") if index else frame
        held = io.BytesIO()
        frame.to_parquet(held)
        yield Seed(f"Parquet{' with an index' * index}", ".parquet", held.getvalue())
    held = io.BytesIO()
    with pd.ExcelWriter(held, engine="xlsxwriter") as book:
        table(20).to_excel(book, sheet_name="Data", index=False, startrow=2)
        pd.DataFrame({"notes": ["one", "two"]}).to_excel(book, sheet_name="Notes", index=False)
    yield Seed("workbook", ".xlsx", held.getvalue())


def _arrays() -> Iterator[Seed]:
    """One file of each format that holds many arrays, in a layout that its library writes."""
    units = dict(zip(_NAMES, ("s", "mm/s", "um", "degC", "MPa", "MPa", "1"), strict=True))
    columns = {name: table(30).iloc[:, n].to_numpy() for n, name in enumerate(_NAMES)}
    _, velocity, _, heat, stress, _, friction = _NAMES
    timing = {"wf_increment": 1.0, "wf_start_offset": 100.0}
    load = {**timing, **linear(0.01, 0), "unit_string": "MPa"}
    channels = [
        ChannelObject("rig", stress, (100 * columns[stress]).astype(np.int16), load),
        *(ChannelObject("rig", name, columns[name], timing) for name in (velocity, heat, friction)),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        run = {"run": {**columns, "units": units}}
        yield Seed("MATLAB", ".mat", mat_file(path, run, appendmat=False).read_bytes())
        packed = mat_file(path, columns, appendmat=False, do_compression=True)
        yield Seed("packed MATLAB", ".mat", packed.read_bytes())
        yield Seed("MATLAB 7.3", ".mat", mat73_file(path, "run", columns, units).read_bytes())
        frame = pd.DataFrame({name: columns[name] for name in (velocity, heat, friction)})
        for version, index in (("v7", None), ("v7.3", pd.to_timedelta(np.arange(30), "s"))):
            held = frame if index is None else frame.set_index(index)
            objects = mat_objects(path, {"T": held}, version).read_bytes()
            yield Seed(f"table of MATLAB {version}", ".mat", objects)
        yield Seed("HDF5", ".h5", hdf5_file(path, "rig/fast", columns, units).read_bytes())
        yield Seed("HDF5 of pandas", ".h5", pandas_fixed(path, "run1", columns).read_bytes())
        for engine in ("scipy", "h5netcdf"):
            written = netcdf_file(path, columns, units, engine=engine).read_bytes()
            yield Seed(f"netCDF by {engine}", ".nc", written)
        yield Seed("TDMS", ".tdms", tdms_file(path, {"rig": channels}).read_bytes())
    codes = np.repeat([1000.0, 100.0], 15)
    look = [("Time", "sec", codes), *((n[:13], units[n], columns[n]) for n in (velocity, friction))]
    yield Seed("look", ".look", look_file(look))


def _real() -> Iterator[Seed]:
    folder = os.environ.get("SLICKEN_DATA")
    if not folder or not Path(folder).is_dir():
        return
    for pattern, suffix in _REAL.items():
        for path in sorted(Path(folder).glob(pattern)):
            lines = path.read_bytes().splitlines(keepends=True)
            # Both ends: that is where readers decide.
            content = b"".join(lines[:_ROWS] + lines[-5:])
            name = _MAPS.get(path.parent.name)
            channels = EXAMPLES / name / "channels.toml" if name else None
            yield Seed(path.name, suffix, content, channels)
