"""netCDF: variables and groups, with their units, scales and missing values."""

import io
from typing import Any

import numpy as np

from slicken.logs.left_out import LeftOut
from slicken.logs.readers.arrays import (
    Array,
    Contents,
    UnreadableError,
    seconds_since_first,
)
from slicken.logs.readers.hdf5 import walk
from slicken.statements import Statement

_SECONDS = {
    **dict.fromkeys(("nanosecond", "nanoseconds", "ns"), 1e-9),
    **dict.fromkeys(("microsecond", "microseconds", "us"), 1e-6),
    **dict.fromkeys(("millisecond", "milliseconds", "msec", "ms"), 1e-3),
    **dict.fromkeys(("second", "seconds", "sec", "secs", "s"), 1.0),
    **dict.fromkeys(("minute", "minutes", "min", "mins"), 60.0),
    **dict.fromkeys(("hour", "hours", "hr", "hrs", "h"), 3600.0),
    **dict.fromkeys(("day", "days", "d"), 86400.0),
}


def find_netcdf(content: bytes) -> Contents:
    """The variables of a netCDF file, classic or netCDF-4; none is read yet.

    Variables over one dimension in one group are one table. Scale, offset and fill value are
    applied; a time that counts from a date is read as seconds since its first sample.

    Raises:
        UnreadableError: If numbers are kept in other files, or it holds more than any log.
    """
    if not content.startswith(b"CDF"):
        return _find_netcdf4(content)
    contents = Contents()
    _take_group(content, "/", "scipy", contents)
    return contents


def _find_netcdf4(content: bytes) -> Contents:
    import h5py

    # xarray would follow a link to another file, so every link is looked at first.
    before, places = Contents(), list[str]()
    with h5py.File(io.BytesIO(content), "r") as file:
        places = list(dict.fromkeys(place for place, _, _ in walk(file, before)))
    if before.left_out:
        raise UnreadableError("it leads to other files or places; write one file that holds all")
    contents = Contents()
    for place in places:
        _take_group(content, place, "h5netcdf", contents)
    return contents


def _take_group(content: bytes, place: str, engine: Any, contents: Contents) -> None:  # noqa: ANN401
    import xarray as xr

    # Never closed: arrays are read from it later.
    opened = xr.open_dataset(
        io.BytesIO(content),
        engine=engine,
        decode_times=False,
        decode_timedelta=False,
        decode_coords=False,
        cache=False,
        create_default_indexes=False,
        backend_kwargs={} if engine == "scipy" else {"group": place, "phony_dims": "sort"},
    )
    for name, variable in opened.variables.items():
        _take(place, str(name), variable, contents)


def _take(place: str, name: str, variable: Any, contents: Contents) -> None:  # noqa: ANN401 - xarray
    unit = str(variable.attrs.get("units", ""))[:200]
    if variable.dtype.kind not in "iufb":
        if variable.ndim:
            contents.left_out[name] = LeftOut.TEXT
        return
    counted, _, origin = unit.partition(" since ")
    factor = _SECONDS.get(counted.strip().lower())
    if origin and factor and variable.ndim == 1:
        note = Statement("findings.counted_time", column=name[:100], unit=unit[:100])

        def seconds() -> Any:  # noqa: ANN401 - numbers
            return factor * seconds_since_first(np.asarray(variable.values), "s")

        contents.add(Array(place, name, variable.shape[0], seconds, "s", note))
        return
    units = [unit] * max(1, min(variable.shape, default=1)) if variable.ndim < 3 else []
    width = 1 if variable.ndim < 2 else min(variable.shape)
    contents.add_matrix(
        place, name, variable.shape, lambda: variable.values, units=units[: max(width, 1)]
    )
