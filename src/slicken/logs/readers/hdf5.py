"""HDF5: arrays, tables and groups, those of pandas, PyTables and MATLAB 7.3 among them."""

import io
import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from slicken.logs.left_out import LeftOut
from slicken.logs.readers.arrays import (
    MOST_ARRAYS,
    MOST_CELLS,
    MOST_COLUMNS,
    Array,
    Contents,
    UnreadableError,
    seconds_since_first,
)
from slicken.statements import Statement

_DEEPEST = 16
_LONGEST_TEXT = 1_000
_NUMBERS = "iufb"
_UNITS = ("units", "unit", "Units", "Unit", "unit_string")
_COLUMNS = ("columns", "column_names", "names", "labels", "channels")
_PICKLES = ("N.", "(l", "(d", "\x80")  # PyTables writes None and lists so
_STAMPS = re.compile(r"datetime64(?:\[(ns|us|ms|s)\])?")


def find_hdf5(content: bytes) -> Contents:
    """The arrays in an HDF5 file; none is read yet.

    Links, virtual datasets and datasets whose numbers lie in other files are not followed, and
    objects and pickles are not opened.

    Raises:
        UnreadableError: If it holds more than any log.
    """
    import h5py

    # Never closed: arrays are read from it later.
    file = h5py.File(io.BytesIO(content), "r")
    contents = Contents()
    matlab = content.startswith(b"MATLAB")
    for place, name, dataset in walk(file, contents):
        if isinstance(dataset, h5py.Group):
            _take_frame(dataset, place, contents)
        else:
            _take(dataset, _spelled(place, matlab=matlab), name, contents, matlab=matlab)
    if "objects" in contents.left_out:  # pandas is needed for these alone
        from slicken.logs.readers.matobjects import take_objects

        take_objects(content, contents)
    return contents


def walk(file: Any, contents: Contents) -> Iterator[tuple[str, str, Any]]:  # noqa: ANN401 - h5py
    """Place, name and object of every dataset, and of every group that pandas wrote, once each.

    What leads out of the file is named in ``contents.left_out``.
    """
    count, seen = itertools.count(), set[Any]()
    waiting: list[tuple[Any, str, int]] = [(file, "/", 0)]
    while waiting:
        group, place, depth = waiting.pop(0)
        if len(group) > MOST_ARRAYS:
            raise UnreadableError(f"{len(group)} things in one group, more than any log has")
        for name in group:
            if next(count) > MOST_ARRAYS:
                raise UnreadableError(f"more than {MOST_ARRAYS} things in it; is this a log?")
            item = _item(group, name, contents, seen)
            if item is None:
                continue
            if _is_group(item) and not _is_frame(item):
                if depth < _DEEPEST and not name.startswith("#"):  # "#refs#" of MATLAB
                    waiting.append((item, f"{place.rstrip('/')}/{name}", depth + 1))
            else:
                yield place, name, item


def _item(group: Any, name: str, contents: Contents, seen: set[Any]) -> Any:  # noqa: ANN401 - h5py
    import h5py

    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        contents.left_out[name] = LeftOut.LINK
        return None
    item = group[name]
    address = h5py.h5o.get_info(item.id).addr
    if address in seen:
        return None
    seen.add(address)
    if isinstance(item, h5py.Dataset):
        # The numbers would come from whatever file it names.
        if item.is_virtual or item.external:
            contents.left_out[name] = LeftOut.LINK
            return None
        return item
    return item if isinstance(item, h5py.Group) else None


def _is_group(item: Any) -> bool:  # noqa: ANN401 - h5py has no types
    return not hasattr(item, "dtype")


def _is_frame(group: Any) -> bool:  # noqa: ANN401 - h5py has no types
    return _attribute(group, "pandas_type").startswith("frame")


def _spelled(place: str, *, matlab: bool) -> str:
    if not matlab:
        return place
    return place.strip("/").replace("/", ".") or "workspace"


# -- datasets --


def _take(
    dataset: Any,  # noqa: ANN401 - h5py has no types
    place: str,
    name: str,
    contents: Contents,
    *,
    matlab: bool = False,
) -> None:
    kind = _attribute(dataset, "MATLAB_class") if matlab else ""
    if _attribute(dataset, "MATLAB_empty") or dataset.shape is None:
        return
    if kind == "char":
        if dataset.size <= _LONGEST_TEXT and dataset.dtype.kind == "u":
            contents.texts[place, name] = "".join(map(chr, np.ravel(dataset[()])))
        return
    if "MATLAB_object_decode" in dataset.attrs:
        contents.left_out["objects"] = LeftOut.MATLAB_OBJECTS
        return
    if kind in ("cell", "function_handle"):
        contents.left_out[name] = LeftOut.CELL_ARRAY
        return
    if dataset.dtype.names:
        _take_compound(dataset, place, name, contents)
    elif dataset.dtype.kind in _NUMBERS:
        units = _units(dataset)
        contents.add_matrix(
            place,
            name,
            dataset.shape,
            lambda: dataset[()],
            names=_texts_of(dataset, _COLUMNS),
            units=units,
            across=matlab,
        )
    elif dataset.shape == ():
        _take_text(dataset, place, name, contents)
    else:
        contents.left_out[name] = _why_not(dataset.dtype)


def _why_not(dtype: np.dtype[Any]) -> LeftOut:
    if dtype.kind == "c":
        return LeftOut.COMPLEX
    if dtype.kind == "O":
        return LeftOut.TEXT_OR_OBJECTS
    return LeftOut.TEXT if dtype.kind in "SU" else LeftOut.NOT_NUMBERS


def _take_text(dataset: Any, place: str, name: str, contents: Contents) -> None:  # noqa: ANN401
    import h5py

    if h5py.check_string_dtype(dataset.dtype) and dataset.dtype.itemsize <= _LONGEST_TEXT:
        contents.texts[place, name] = _plain(dataset[()])


def _take_compound(
    dataset: Any,  # noqa: ANN401 - h5py has no types
    place: str,
    name: str,
    contents: Contents,
) -> None:
    """A table of records: each field is a column, or several where it is an array."""
    dtype = dataset.dtype
    if len(dataset.shape) != 1 or dtype.names == ("real", "imag"):
        contents.left_out[name] = LeftOut.COMPLEX_RECORDS
        return
    inside = f"{place.rstrip('/')}/{name}" if name else place
    units = _texts_of(dataset, _UNITS)
    for number, column in enumerate(dtype.names):
        inner = dtype[column]
        base, width = (inner.base, inner.shape) if inner.subdtype else (inner, ())
        kind = _attribute(dataset, f"{column}_kind")
        rows, read = dataset.shape[0], _field(dataset, column)
        if base.kind not in _NUMBERS or len(width) > 1 or (width and width[0] > MOST_COLUMNS):
            contents.left_out[column] = _why_not(base)
        elif _stamps(kind) and not width:
            contents.add(_clock(inside, column, rows, read, _stamps(kind)))
        elif width:
            _take_fields(dataset, inside, column, int(width[0]), contents)
        elif not (kind == "integer" and column == "index" and _is_a_count(rows, read)):
            unit = units[number] if len(units) == len(dtype.names) else ""
            contents.add(Array(inside, column, rows, read, unit))


def _take_fields(
    dataset: Any,  # noqa: ANN401 - h5py has no types
    place: str,
    column: str,
    width: int,
    contents: Contents,
) -> None:
    """Several columns in one field; their names are in a list that pandas pickled, as text."""
    pickled = _attribute(dataset, f"{column}_kind", pickled=True)
    # The words are taken from between the signs of the pickle; it is never loaded.
    names = re.findall(r"(?m)^a?V(.*)$", pickled)
    if len(names) != width:
        names = [f"{column} {n + 1}" if width > 1 else column for n in range(width)]
    for n, name in enumerate(names):
        read = _field(dataset, column, n)
        contents.add(Array(place, name, dataset.shape[0], read))


def _field(dataset: Any, column: str, number: int | None = None) -> Any:  # noqa: ANN401 - h5py
    fields = dataset.fields(column)
    return lambda: fields[()] if number is None else fields[()][:, number]


def _clock(place: str, name: str, rows: int, read: Any, unit: str) -> Array:  # noqa: ANN401
    note = Statement("findings.dates", column=name[:100])
    return Array(place, name, rows, lambda: seconds_since_first(read(), unit), "s", note)


# -- frames of pandas --


def _take_frame(group: Any, place: str, contents: Contents) -> None:  # noqa: ANN401 - h5py
    """A DataFrame in either of the two ways in which pandas writes it."""
    inside = group.name if group.name else place
    table = _member(group, "table")
    if table is not None and table.dtype.names:
        _take_compound(table, inside, "", contents)
        return
    index = _member(group, "axis1")
    if index is not None and index.dtype.kind in _NUMBERS and index.ndim == 1:
        name = _attribute(index, "name") or "index"
        unit = _stamps(_attribute(index, "kind"))
        rows = index.shape[0]
        if unit:
            contents.add(_clock(inside, name, rows, lambda: index[()], unit))
        elif index.dtype.kind == "f" or not _is_a_count(rows, lambda: index[()]):
            contents.add(Array(inside, name, rows, lambda: index[()]))
    for number in range(len(group)):
        values = _member(group, f"block{number}_values")
        items = _member(group, f"block{number}_items")
        if values is None or items is None:
            continue
        names = [_plain(item) for item in items[: _LONGEST_TEXT * 10]]
        if values.dtype.kind not in _NUMBERS or values.ndim != 2:
            contents.left_out.update(dict.fromkeys(names, _why_not(values.dtype)))
            continue
        rows, width = values.shape
        if len(names) != width:
            names = [f"block{number} {n + 1}" for n in range(width)]
        for n, name in enumerate(names):
            contents.add(Array(inside, name, rows, _block_column(values, n)))


def _block_column(values: Any, number: int) -> Any:  # noqa: ANN401 - h5py has no types
    return lambda: values[:, number]


def _member(group: Any, name: str) -> Any:  # noqa: ANN401 - h5py has no types
    return _item(group, name, Contents(), set()) if name in group else None


def _is_a_count(rows: int, read: Callable[[], Any]) -> bool:
    """Whether an index only counts the rows."""
    return rows <= MOST_CELLS and bool(np.array_equal(read(), np.arange(rows)))


def _stamps(kind: str) -> str:
    """The unit of stamps, by the kind that pandas writes beside an index; blank if none."""
    match = _STAMPS.fullmatch(kind)
    return (match[1] or "ns") if match else ""


# -- attributes --


def _units(dataset: Any) -> list[str]:  # noqa: ANN401 - h5py has no types
    return _texts_of(dataset, _UNITS)


def _texts_of(item: Any, names: tuple[str, ...]) -> list[str]:  # noqa: ANN401 - h5py
    for name in names:
        if name in item.attrs:
            value = _read_attribute(item, name)
            if value is None:
                return []
            return [_plain(text) for text in np.ravel(np.asarray(value, object))[:_LONGEST_TEXT]]
    return []


def _attribute(item: Any, name: str, *, pickled: bool = False) -> str:  # noqa: ANN401 - h5py
    """A text; blank where there is none, or a pickle where none is asked for."""
    if name not in item.attrs:
        return ""
    value = _read_attribute(item, name)
    text = "" if value is None else _plain(value)
    return text if pickled or not text.startswith(_PICKLES) else ""


def _read_attribute(item: Any, name: str) -> Any:  # noqa: ANN401 - h5py has no types
    import h5py

    held = item.attrs.get_id(name)
    if held.dtype.itemsize * int(np.prod(held.shape or (1,))) > 100 * _LONGEST_TEXT:
        return None
    if held.dtype.kind == "O" and not h5py.check_string_dtype(held.dtype):
        return None  # a reference to something else in the file
    return item.attrs[name]


def _plain(value: Any) -> str:  # noqa: ANN401 - whatever an attribute holds
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0]
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return str(value)[: 100 * _LONGEST_TEXT]
