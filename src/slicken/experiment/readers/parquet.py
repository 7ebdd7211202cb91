"""Parquet: the numeric columns of a Parquet file."""

import io
from pathlib import Path

import numpy as np

from slicken.errors import LogError
from slicken.experiment.experiment import Finding
from slicken.experiment.readers.raw import RawTable

_MOST_CELLS = 200_000_000


def read_parquet(path: Path, content: bytes) -> RawTable:
    """The columns of a Parquet file; the row of a sample counts from 1.

    Raises:
        LogError: if it is no Parquet file, is damaged, or holds more than memory can.
    """
    import pandas as pd
    import pyarrow.parquet  # type: ignore[import-untyped]  # it has no types

    advice = "expected a Parquet file; write it again, or export the table as text"
    try:
        shape = pyarrow.parquet.ParquetFile(io.BytesIO(content)).metadata
        cells = shape.num_rows * shape.num_columns
        if cells <= _MOST_CELLS:
            frame = pd.read_parquet(io.BytesIO(content), engine="pyarrow")
    except Exception as problem:  # a damaged file may raise anything in Arrow
        reason = " ".join(str(problem).split())[:120]
        raise LogError(f"{path}: damaged or not Parquet ({reason}); {advice}") from problem
    if cells > _MOST_CELLS:
        raise LogError(f"{path}: {cells} cells, too many to read; split the file")
    if frame.index.name is not None:  # a table written with its time as the index
        frame = frame.reset_index()
    names = [str(name) for name in frame.columns]
    rows = np.arange(1, len(frame) + 1, dtype=np.int64)
    return RawTable(
        frame,
        rows,
        names,
        [""] * len(names),
        ".",
        lambda row: " ".join(str(cell) for cell in frame.iloc[row]),
        [Finding("format", "a Parquet table")],
    )
