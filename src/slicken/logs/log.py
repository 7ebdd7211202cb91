"""Log: the numbers of a file as a rig wrote it, column by column, before any meaning is given."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.errors import ChannelError, LogError
from slicken.logs.listing import listed

if TYPE_CHECKING:
    import pandas as pd

    from slicken.logs.finding import Finding
    from slicken.logs.left_out import LeftOut


@dataclass(frozen=True, repr=False)
class Log:
    """A table of numbers read from a file; S samples.

    Args:
        name: The file's stem; what the experiment will be called.
        source: The file's name.
        sha256: Checksum of the file's bytes.
        values: Column name to float64 array of shape ``(S,)``, in file order; NaN where the
            file holds no number.
        rows: 1-based line of the file that holds each sample, shape ``(S,)``.
        units: Column name to the unit that a units row gives it.
        left_out: Column name to the reason why it is not in ``values``.
        findings: What the reader saw and did.
        table: The table that was asked for in a file of several; blank where none was.

    Raises:
        LogError: If there is no column, or columns differ in length.
    """

    name: str
    source: str
    sha256: str
    values: Mapping[str, NDArray[np.float64]]
    rows: NDArray[np.int64]
    units: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, "LeftOut"] = field(default_factory=dict)
    findings: tuple["Finding", ...] = ()
    table: str = ""

    def __post_init__(self) -> None:
        values = {name: np.array(column, np.float64) for name, column in self.values.items()}
        rows = np.array(self.rows, np.int64)
        for array in (*values.values(), rows):
            array.flags.writeable = False
        object.__setattr__(self, "values", MappingProxyType(values))
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "units", MappingProxyType(dict(self.units)))
        object.__setattr__(self, "left_out", MappingProxyType(dict(self.left_out)))
        if not values:
            raise LogError(f"{self.source}: no column of numbers")
        for name, column in values.items():
            if column.shape != rows.shape:
                raise LogError(
                    f"{self.source}: column {name!r} has shape {column.shape}, "
                    f"but there are {rows.size} rows"
                )

    def __len__(self) -> int:
        """Number of samples, S."""
        return int(self.rows.size)

    def __repr__(self) -> str:
        return (
            f"<Log {self.name!r}: {len(self)} samples; {listed(self.columns)}; "
            f"findings: {len(self.findings)}>"
        )

    def to_dataframe(self) -> "pd.DataFrame":
        """The columns as the rig wrote them, over the ``row`` of the file.

        Units are in ``frame.attrs["units"]``.
        """
        import pandas as pd

        frame = pd.DataFrame(dict(self.values), index=pd.Index(self.rows, name="row"))
        frame.attrs["units"] = dict(self.units)
        return frame

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in file order."""
        return tuple(self.values)

    def column(self, name: str) -> NDArray[np.float64]:
        """The numbers of one column, shape ``(S,)``.

        Raises:
            ChannelError: If there is no such column; lists those that there are.
        """
        if name in self.values:
            return self.values[name]
        if name in self.left_out:
            raise ChannelError(
                f"{self.source}: column {name!r} is not read: {self.left_out[name].value}; "
                f"columns with numbers are {listed(self.columns)}"
            )
        close = difflib.get_close_matches(name, self.columns, n=3, cutoff=0.5)
        others = [column for column in self.columns if column not in close]
        raise ChannelError(
            f"{self.source}: no column {name!r}; columns are {listed([*close, *others])}"
        )
