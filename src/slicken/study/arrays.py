"""Arrays on disk: trees of arrays by name in safetensors files, datasets in netCDF files.

Both are made in memory and read within bounds: a file may be of any origin.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import jax
import numpy as np
import xarray as xr
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from slicken.errors import FolderError
from slicken.learning.linear import LinearPart

Tree = TypeVar("Tree")  # the short form needs Python 3.12

_CHECKSUM = "sha256"
_WEIGHTS, _OFFSET = "linear.weights", "linear.offset"
MOST_BYTES = 4 << 30
"""Bytes that a file may unpack to."""
MOST_PACKED = 1100
"""Bytes that a byte of a file can hold: deflate packs 1032 at most into one."""

Dims = Mapping[str, tuple[str, ...]]


def named(tree: Any) -> dict[str, Any]:  # noqa: ANN401 (arrays or their shapes)
    """Leaves by name, such as ``recurrent.0.bias``, in the order of the tree."""
    paths, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {jax.tree_util.keystr(path, simple=True, separator="."): leaf for path, leaf in paths}


def to_bytes(tree: Any, words: Mapping[str, str] | None = None) -> bytes:  # noqa: ANN401 (any arrays)
    """A safetensors file of the leaves of a tree, which carries its own checksum.

    Args:
        tree: of NumPy arrays.
        words: kept beside them.
    """
    arrays = {name: np.ascontiguousarray(leaf) for name, leaf in named(tree).items()}
    words = dict(words or {})
    return save(arrays, {**words, _CHECKSUM: _checksum(arrays, words)})


def read_arrays(file: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """What :func:`to_bytes` made: arrays by name, and words.

    Raises:
        ValueError: if the file cannot be read, or its checksum is another; the message says so.
    """
    try:
        # Read whole: a file that is mapped and then cut short by somebody kills the process.
        with safe_open(file, framework="numpy") as opened:
            words = dict(opened.metadata() or {})
            arrays = {name: np.array(opened.get_tensor(name)) for name in opened.keys()}  # noqa: SIM118 (no mapping)
    except (OSError, SafetensorError, TypeError, ValueError, MemoryError) as error:
        raise ValueError(f"cannot be read ({error})") from None
    expected = words.pop(_CHECKSUM, "")
    if expected != _checksum(arrays, words):
        raise ValueError("is not what was written: its checksum is another")
    return arrays, words


def read_words(file: Path) -> dict[str, str]:
    """The words of a file alone; its arrays are not read and not checked.

    Raises:
        ValueError: If the file cannot be read.
    """
    try:
        with safe_open(file, framework="numpy") as opened:
            return dict(opened.metadata() or {})
    except (OSError, SafetensorError, TypeError, MemoryError) as error:
        raise ValueError(f"cannot be read ({error})") from None


def filled(like: Tree, arrays: Mapping[str, np.ndarray]) -> Tree:
    """A tree with arrays in the places of their names.

    Args:
        like: of the same structure; leaves say the shape and kind of one run.
        arrays: by name, with a leading axis of runs.

    Raises:
        ValueError: if a name is missing or too many, an array has another shape, or not the same
            number of runs as the others; the message names it.
    """
    places = named(like)
    runs = {values.shape[:1] for values in arrays.values()}
    for name in sorted({*places, *arrays}):
        if name not in places or name not in arrays:
            raise ValueError(f"{name} does not fit the plan")
        place, values = places[name], arrays[name]
        alike = values.shape[1:] == place.shape and values.dtype == place.dtype
        if not alike or len(runs) > 1 or () in runs:
            raise ValueError(f"{name} does not fit the plan")
    tree: Tree = jax.tree.unflatten(jax.tree.structure(like), [arrays[name] for name in places])
    return tree


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


def _checksum(arrays: Mapping[str, np.ndarray], words: Mapping[str, str]) -> str:
    digest = hashlib.sha256(repr(sorted(words.items())).encode())
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype.str} {arrays[name].shape}".encode())
        digest.update(arrays[name].data if arrays[name].size else b"")
    return digest.hexdigest()


def _packing(dataset: xr.Dataset) -> dict[str, dict[str, Any]]:
    return {
        str(name): {"zlib": True, "complevel": 4}
        for name, variable in dataset.variables.items()
        if variable.dtype.kind in "fi" and variable.ndim
    }


def linear_arrays(linear: LinearPart | None) -> dict[str, np.ndarray]:
    """A linear part as arrays by name; none where there is none."""
    if linear is None:
        return {}
    return {_WEIGHTS: linear.weights, _OFFSET: np.array(linear.offset)}


def read_linear(arrays: dict[str, np.ndarray]) -> LinearPart | None:
    """The linear part, taken out of the arrays of a file; None where there is none.

    Raises:
        ValueError: if it is no linear part.
    """
    weights, offset = arrays.pop(_WEIGHTS, None), arrays.pop(_OFFSET, None)
    if weights is None or offset is None:
        return None
    if weights.ndim != 2 or offset.size != 1 or not np.isfinite(weights).all():
        raise ValueError("its linear part does not fit the plan")
    return LinearPart(weights, float(offset.item()))
