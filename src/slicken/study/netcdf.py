"""netCDF: datasets as bytes of a file, and back within bounds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from slicken.errors import FolderError

MOST_BYTES = 4 << 30
"""Bytes that a file may unpack to."""
MOST_PACKED = 1100
"""Bytes that a byte of a file can hold: deflate packs 1032 at most into one."""

Dims = Mapping[str, tuple[str, ...]]


def to_netcdf(dataset: xr.Dataset | Mapping[str, xr.Dataset]) -> memoryview:
    """A file, in memory: HDF5 cannot be trusted with a full disk (it crashes)."""
    if isinstance(dataset, xr.Dataset):
        return dataset.to_netcdf(engine="h5netcdf", encoding=_packing(dataset))
    tree = xr.DataTree.from_dict({f"/{group}": held for group, held in dataset.items()})
    packing = {f"/{group}": _packing(held) for group, held in dataset.items()}
    return tree.to_netcdf(engine="h5netcdf", encoding=packing)


def read_netcdf(file: Path, group: str | None = None, having: Dims | None = None) -> xr.Dataset:
    """What :func:`to_netcdf` made.

    Args:
        file: of any origin.
        group: in it.
        having: variables that must be there, and their dims; numbers, unless they are ``part``.

    Raises:
        FolderError: if it cannot be read, would unpack to more than such a file can hold, or has
            not what it must have.
    """
    try:
        with xr.open_dataset(file, group=group, engine="h5netcdf", decode_times=False) as opened:
            most = min(MOST_BYTES, MOST_PACKED * file.stat().st_size)
            if sum(variable.nbytes for variable in opened.variables.values()) > most:
                raise ValueError("it claims to hold more than such a file can")
            dataset = opened.load()
    except Exception as error:  # noqa: BLE001 (a file of a stranger can make a library fail in any way)
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FolderError(f"{file}: cannot be read ({first})") from None
    for name, dims in (having or {}).items():
        there = name in dataset and dataset[name].dims == dims
        if not there or (name != "part" and dataset[name].dtype.kind not in "fiub"):
            raise FolderError(f"{file}: has no {name} over ({', '.join(dims)})")
    return dataset


def _packing(dataset: xr.Dataset) -> dict[str, dict[str, Any]]:
    return {
        str(name): {"zlib": True, "complevel": 4}
        for name, variable in dataset.variables.items()
        if variable.dtype.kind in "fi" and variable.ndim
    }
