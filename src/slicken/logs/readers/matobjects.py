"""MATLAB objects: tables, timetables, datetimes and durations in a ``.mat`` file, by mat-io."""

import importlib.util
import io
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from slicken.logs.left_out import LeftOut
from slicken.logs.readers.arrays import MOST_ARRAYS, Array, Contents, seconds_since_first
from slicken.statements import Statement

_DEEPEST = 16
_HDF5 = b"\x89HDF\r\n\x1a\n"


def take_objects(content: bytes, contents: Contents) -> None:
    """Add what MATLAB keeps as objects; plain arrays are passed over, as they have been read.

    A table is a table, with its variables as columns; a datetime is seconds since its first, a
    duration seconds. Without mat-io the reason why they are left out says how to get it.
    """
    contents.left_out.pop("objects", None)
    if importlib.util.find_spec("matio") is None:
        contents.left_out["objects"] = LeftOut.NEEDS_MATIO
        return
    try:
        if _leads_out(content):
            contents.left_out["objects"] = LeftOut.OTHER_FILES
            return
        variables = _variables(content)
    except Exception:  # noqa: BLE001 - what else is in the file can be read all the same
        contents.left_out["objects"] = LeftOut.UNREADABLE_OBJECTS
        return
    for name, value in variables.items():
        if not name.startswith("__"):
            _take("workspace", str(name), value, contents, 0)


def _variables(content: bytes) -> dict[str, Any]:
    with warnings.catch_warnings():
        # It says what of MATLAB numpy has no word for; times are all that is taken from it.
        warnings.simplefilter("ignore")
        return _loaded(content)


def _loaded(content: bytes) -> dict[str, Any]:
    import matio

    with tempfile.TemporaryDirectory() as folder:  # mat-io reads files by name alone
        path = Path(folder) / "log.mat"
        path.write_bytes(content)
        return dict(matio.load_from_mat(str(path), add_table_attrs=True))


def _leads_out(content: bytes) -> bool:
    """Whether an HDF5 file names other files: mat-io would open them."""
    if _HDF5 not in content[:4096]:
        return False
    import h5py

    with h5py.File(io.BytesIO(content), "r") as file:
        waiting, seen = [file["/"]], set[Any]()
        while waiting:
            group = waiting.pop()
            for name in group:
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    return True
                item = group[name]
                if isinstance(item, h5py.Dataset) and (item.is_virtual or item.external):
                    return True
                address = h5py.h5o.get_info(item.id).addr
                if isinstance(item, h5py.Group) and address not in seen:
                    waiting.append(item)
                seen.add(address)
                if len(seen) > 100 * MOST_ARRAYS:
                    return True
    return False


def _take(place: str, name: str, value: Any, contents: Contents, depth: int) -> None:  # noqa: ANN401 - mat-io
    inside = name if place == "workspace" else f"{place}.{name}"
    if isinstance(value, pd.DataFrame):
        _take_table(inside, value, contents)
    elif not isinstance(value, np.ndarray):
        if not isinstance(value, (str, bytes, int, float)) and _is_opaque(value):
            contents.left_out[name] = LeftOut.OPAQUE
    elif value.dtype.kind in "mM" and max(value.shape, default=0) == value.size:
        contents.add(_clock(place, name, value.reshape(-1)))
    elif value.dtype.names and value.dtype.names[0] != "months":  # a calendar duration has these
        if value.size == 1 and depth < _DEEPEST:
            for field in value.dtype.names:
                _take(inside, field, value.reshape(-1)[0][field], contents, depth + 1)
    elif value.dtype.kind == "O" and value.size == 1 and depth < _DEEPEST:
        _take(place, name, value.reshape(-1)[0], contents, depth + 1)


def _is_opaque(value: object) -> bool:
    return type(value).__module__.startswith("matio") and "Opaque" in type(value).__name__


def _take_table(place: str, table: pd.DataFrame, contents: Contents) -> None:
    """Its columns, after the times of its rows where it has such."""
    units = table.attrs.get("VariableUnits") or table.attrs.get("varUnits") or []
    units = units if len(units) == table.shape[1] else [""] * table.shape[1]
    index = table.index.to_numpy()
    if index.dtype.kind in "mM":
        contents.add(_clock(place, str(table.index.name or "Time"), index))
    for number, name in enumerate(map(str, table.columns)):
        column = table.iloc[:, number]
        values = column.to_numpy() if isinstance(column.dtype, np.dtype) else np.empty(0, object)
        if values.dtype.kind in "mM":
            contents.add(_clock(place, name, values))
        elif values.dtype.kind in "iufb":
            read = _column(values)
            contents.add(Array(place, name, values.size, read, str(units[number])))
        else:
            contents.left_out[name] = LeftOut.TEXT


def _column(values: NDArray[Any]) -> Any:  # noqa: ANN401 - what Array reads
    return lambda: values


def _clock(place: str, name: str, values: NDArray[Any]) -> Array:
    if values.dtype.kind == "M":
        note = Statement("findings.dates", column=name[:100])
        return Array(place, name, values.size, lambda: seconds_since_first(values, "s"), "s", note)
    note = Statement("findings.durations", column=name[:100])
    return Array(place, name, values.size, lambda: _seconds(values), "s", note)


def _seconds(durations: NDArray[Any]) -> NDArray[np.float64]:
    gone = np.isnat(durations)
    fine = durations.astype("timedelta64[ns]").astype(np.int64)
    return np.where(gone, np.nan, fine / 1e9)
