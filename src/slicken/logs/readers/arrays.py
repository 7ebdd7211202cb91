"""Arrays: which of the many arrays in a file make up its table."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from slicken.logs.left_out import LeftOut
from slicken.logs.listing import listed

if TYPE_CHECKING:
    from slicken.statements import Statement

MOST_CELLS = 100_000_000
"""Numbers in a table; each takes eight bytes, several times over."""
MOST_COLUMNS = 5_000
MOST_ARRAYS = 20_000
_SHOWN = 60
_CLOCK_UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}


class UnreadableError(Exception):
    """A file is whole, but has no table that is read; the words say why and what to try."""


@dataclass(frozen=True)
class Array:
    """One column of a table, not read yet.

    Args:
        place: What holds it, such as a group; arrays of one place and length are one table.
        name: What the column will be called.
        rows: Its length, S.
        read: Function that returns its numbers, of any numeric type, shape ``(S,)``.
        unit: Unit as in the file; blank where there is none.
        note: What the reader did to it; None where nothing.
    """

    place: str
    name: str
    rows: int
    read: Callable[[], NDArray[Any]]
    unit: str = ""
    note: "Statement | None" = None


@dataclass
class Contents:
    """What a reader saw in a file.

    Args:
        arrays: Arrays in file order.
        texts: Place and name of a short text to its words; a unit may be among them.
        left_out: What is no column of numbers, to the reason.
        statements: What the reader did to the whole file.
    """

    arrays: list[Array] = field(default_factory=list)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    statements: list["Statement"] = field(default_factory=list)

    def add(self, array: Array) -> None:
        """Take an array in; a single number is a setting, not a column.

        Raises:
            UnreadableError: If there are more than a log could have.
        """
        if array.rows > 1:
            self.arrays.append(array)
        if len(self.arrays) > MOST_ARRAYS:
            raise UnreadableError(
                f"more than {MOST_ARRAYS} arrays; is there one array a channel, one number a "
                "sample?"
            )

    def add_matrix(
        self,
        place: str,
        name: str,
        shape: Sequence[int],
        read: Callable[[], NDArray[Any]],
        *,
        names: Sequence[str] = (),
        units: Sequence[str] = (),
        across: bool = False,
    ) -> None:
        """Take in an array of one or two dimensions; the longer one runs over the samples.

        Args:
            place: What holds it.
            name: Of the array; columns of several are numbered from 1.
            shape: Its lengths.
            read: Gives it.
            names: Of the columns, where the file has them.
            units: Of the columns, where the file has them.
            across: Whether the second dimension runs over the samples where both are alike.
        """
        sizes = [size for size in shape if size != 1]
        if not sizes or 0 in sizes:
            return
        if len(sizes) > 2:
            self.left_out[name] = LeftOut.DIMENSIONS
            return
        width, rows = (1, sizes[0]) if len(sizes) == 1 else (min(sizes), max(sizes))
        if width > MOST_COLUMNS:
            self.left_out[name] = LeftOut.TOO_WIDE
            return
        turned = len(sizes) == 2 and (sizes[1] > sizes[0] or (across and sizes[0] == sizes[1]))
        whole = cache(lambda: _columns(read(), rows, width, turned=turned))
        labels = names if len(names) == width else [f"{name} {n + 1}" for n in range(width)]
        labels = [name] if width == 1 else labels
        units = units if len(units) == width else [""] * width
        for n in range(width):
            self.add(Array(place, labels[n], rows, _column(whole, n), units[n]))


@dataclass(frozen=True)
class Choice:
    """The arrays of one length in one place, and what else there is.

    Args:
        name: What the table is called.
        arrays: Its columns.
        others: Names of the other tables, with their rows.
    """

    name: str
    arrays: tuple[Array, ...]
    others: tuple[str, ...]


def choose(contents: Contents, wanted: str = "") -> Choice:
    """The table that was asked for, else the one with most rows.

    A single array is taken for a table only where there is none of two columns or more.

    Raises:
        UnreadableError: If there is no array of numbers, no table of that name, or it is too large.
    """
    tables = _tables(contents.arrays)
    if not tables:
        raise UnreadableError(
            "no arrays of numbers in it; expected one array a channel, one number a sample"
            + _why_none(contents)
        )
    names = {name: f"{name[:_SHOWN]!r}" for name in tables}
    if wanted and wanted not in tables:
        raise UnreadableError(f"no table {wanted[:_SHOWN]!r} in it; there is {listed(tables)}")
    best = wanted or max(
        tables, key=lambda name: (len(tables[name]) > 1, tables[name][0].rows, len(tables[name]))
    )
    chosen = tables[best]
    if len(chosen) > MOST_COLUMNS or len(chosen) * chosen[0].rows > MOST_CELLS:
        raise UnreadableError(
            f"the table {names[best]} has {chosen[0].rows} rows and {len(chosen)} columns, too "
            f"many to read (more than {MOST_CELLS} numbers); reduce the log to fewer samples a "
            "second, or name another table"
        )
    others = tuple(name for name in tables if name != best)
    return Choice(best, tuple(_with_units(chosen, contents.texts)), others)


def seconds_since_first(values: NDArray[Any], unit: str) -> NDArray[np.float64]:
    """Counts of a unit, or stamps, as seconds since the first that is known, shape ``(S,)``.

    >>> seconds_since_first(np.array([5_000, 5_500]), "ms").tolist()
    [0.0, 0.5]
    """
    factor = _CLOCK_UNITS[unit]
    if values.dtype.kind in "mM":
        gone = np.isnat(values)
        # Numbers since 1970 would lose what lies between the samples.
        first = values[~gone][0] if not gone.all() else values[0]
        steps = (values - first).astype("timedelta64[ns]").astype(np.int64)
        return np.where(gone, np.nan, steps / 1e9)  # divided, 0.25 s is that to the bit
    known = np.isfinite(values) if values.dtype.kind == "f" else np.ones(values.shape, np.bool_)
    first = values[known][0] if known.any() else 0
    return np.asarray(values - first, np.float64) * factor


def _columns(values: NDArray[Any], rows: int, width: int, *, turned: bool) -> NDArray[Any]:
    """A matrix with samples along the second dimension, shape ``(width, S)``."""
    table = np.asarray(values).reshape((width, rows) if turned or width == 1 else (rows, width))
    return table if turned or width == 1 else table.T


def _column(whole: Callable[[], NDArray[Any]], number: int) -> Callable[[], NDArray[Any]]:
    return lambda: whole()[number]


def _tables(arrays: Sequence[Array]) -> dict[str, list[Array]]:
    """Arrays of one place and length; the length is in the name where a place has several."""
    places: dict[str, dict[int, list[Array]]] = {}
    for array in arrays:
        places.setdefault(array.place, {}).setdefault(array.rows, []).append(array)
    tables = {}
    for place, lengths in places.items():
        for rows, members in lengths.items():
            tables[place if len(lengths) == 1 else f"{place}, {rows} rows"] = members
    return tables


def _with_units(arrays: Sequence[Array], texts: dict[tuple[str, str], str]) -> Iterator[Array]:
    """Units may stand beside an array, as ``units.load`` or ``load_unit``."""
    for array in arrays:
        beside = [
            *((f"{array.place}{dot}{word}", array.name) for dot in "./" for word in _UNIT_WORDS),
            *((word, array.name) for word in _UNIT_WORDS),
            *((array.place, f"{array.name}_{word}") for word in _UNIT_WORDS),
        ]
        unit = array.unit or next((texts[key] for key in beside if key in texts), "")
        yield replace(array, unit=unit)


_UNIT_WORDS = ("units", "unit")


def _why_none(contents: Contents) -> str:
    if not contents.left_out:
        return ""
    name, why = next(iter(contents.left_out.items()))
    return f"; {name[:_SHOWN]!r} is not read: {why.value}"
