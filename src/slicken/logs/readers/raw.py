"""A raw table: cells as a file holds them, before it is settled which of them are numbers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from slicken.logs.finding import Finding


@dataclass
class RawTable:
    """Cells, what the columns are called, and where the rows stand in the file.

    Args:
        frame: Cells, columns numbered from 0; each column numbers or text.
        rows: 1-based line of the file for each row of ``frame``.
        names: Name of each column; empty where it has none.
        units: Unit of each column from a units row; empty where there is none.
        decimal: The decimal sign of numbers that are still text, ``.`` or ``,``.
        line: The text of a row of ``frame``, to show it to the user.
        findings: What the reader saw and did.
    """

    frame: "pd.DataFrame"
    rows: NDArray[np.int64]
    names: list[str]
    units: list[str]
    decimal: str
    line: Callable[[int], str]
    findings: list["Finding"] = field(default_factory=list)
