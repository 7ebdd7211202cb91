"""Parquet: the numeric columns of a Parquet file."""

import io
from pathlib import Path
from typing import Any

import numpy as np

from slicken.errors import LogError, how_to_install
from slicken.logs.finding import Finding
from slicken.logs.left_out import LeftOut, left_out_findings
from slicken.logs.readers.raw import RawTable
from slicken.statements import Statement

_MOST_CELLS = 100_000_000
_MOST_BYTES = 2_000_000_000
_ADVICE = "expected a Parquet file; write it again, or export the table as text"


def read_parquet(path: Path, content: bytes) -> RawTable:
    """The columns of a Parquet file; the row of a sample counts from 1.

    Raises:
        LogError: If it is no Parquet file, is damaged, or holds more than memory can; or pyarrow is
            missing.
    """
    if advice := how_to_install("pyarrow", "parquet"):
        raise LogError(f"{path}: a Parquet file needs {advice}, or export the table as text")
    import pyarrow.parquet  # type: ignore[import-untyped]  # it has no types

    try:
        file = pyarrow.parquet.ParquetFile(io.BytesIO(content))
        too_large = _too_large(file.metadata)
        if not too_large:
            table, nested = _read(content, file.schema_arrow)
            frame = table.to_pandas()
    except Exception as problem:  # a damaged file may raise anything in Arrow
        reason = " ".join(str(problem).split())[:120]
        raise LogError(f"{path}: damaged or not Parquet ({reason}); {_ADVICE}") from problem
    if too_large:
        raise LogError(f"{path}: {too_large}, too many to read; split the file")
    if frame.index.name is not None:  # a table written with its time as the index
        frame = frame.reset_index()
    names = [str(name) for name in frame.columns]
    findings = [Finding(Statement("findings.parquet_format"))]
    findings += left_out_findings(dict.fromkeys(nested, LeftOut.NESTED))
    rows = np.arange(1, len(frame) + 1, dtype=np.int64)
    return RawTable(
        frame,
        rows,
        names,
        [""] * len(names),
        ".",
        lambda row: " ".join(str(cell) for cell in frame.iloc[row]),
        findings,
    )


def _too_large(shape: Any) -> str:  # noqa: ANN401 - Arrow has no types
    """How much a file says it holds, in words, if that is more than is read; else blank."""
    cells = shape.num_rows * shape.num_columns
    if cells > _MOST_CELLS:
        return f"{cells} cells"
    size = sum(shape.row_group(group).total_byte_size for group in range(shape.num_row_groups))
    return f"{size} bytes" if size > _MOST_BYTES else ""


def _read(content: bytes, schema: Any) -> tuple[Any, list[str]]:  # noqa: ANN401 - no types
    """The columns that hold one thing a row, and the names of the others."""
    import pyarrow.parquet
    from pyarrow import types as kinds

    nested = [column.name for column in schema if kinds.is_nested(column.type)]
    # A text that is held once and named by a million rows stays held once.
    texts = [
        column.name
        for column in schema
        if kinds.is_string(column.type) or kinds.is_binary(column.type)
    ]
    file = pyarrow.parquet.ParquetFile(io.BytesIO(content), read_dictionary=texts)
    flat = [name for name in dict.fromkeys(schema.names) if name not in nested]
    return file.read(columns=flat if nested else None, use_threads=False), nested
