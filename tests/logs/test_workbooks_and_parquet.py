"""Excel and Parquet, written here and read back."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xlsxwriter

from found import found_in
from slicken.errors import LogError
from slicken.experiment import read_log

Table = Mapping[str, np.ndarray]


def workbook(path: Path, sheets: Mapping[str, list[list[object]]]) -> Path:
    book = xlsxwriter.Workbook(str(path))
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for index, row in enumerate(rows):
            sheet.write_row(index, 0, row)
    book.close()
    return path


def rows_of(table: Table) -> list[list[object]]:
    return [list(table), *(list(map(float, row)) for row in zip(*table.values(), strict=True))]


def test_the_largest_table_of_a_workbook_is_read(tmp_path: Path, table: Table) -> None:
    preamble: list[list[object]] = [["Rotary shear", "run 12"], ["Radius", 20.0, "mm"], []]
    path = workbook(
        tmp_path / "log.xlsx",
        {"Notes": [["a", 1.0], ["b", 2.0]], "Data": preamble + rows_of(table)},
    )
    log = read_log(path)
    assert log.columns == tuple(table)
    for name, values in table.items():
        # A workbook keeps 16 digits, not the 17 that name a double.
        np.testing.assert_allclose(log.values[name], values, rtol=1e-15)
    assert log.rows[0] == 5
    assert found_in(log, "workbook_format") == {"sheet": "Data"}
    assert found_in(log, "preamble") == {"lines": 2, "names_row": 4}


def test_a_workbook_may_have_a_units_row_text_cells_and_empty_rows(tmp_path: Path) -> None:
    rows: list[list[object]] = [["t", "mu"], ["s", "-"], [0, 0.5], [], [1, "0.6"], [2, "OVER"]]
    log = read_log(workbook(tmp_path / "log.xlsx", {"Data": [*rows, [3, 0.7], ["End of test"]]}))
    assert log.units["t"] == "s"
    np.testing.assert_array_equal(log.values["mu"], [0.5, 0.6, np.nan, 0.7])
    np.testing.assert_array_equal(log.rows, [3, 5, 6, 7])
    assert found_in(log, "text_line") == {"text": "End of test"}


def test_a_workbook_without_numbers_says_what_is_expected(tmp_path: Path) -> None:
    path = workbook(tmp_path / "log.xlsx", {"Data": [["a", "b"], ["c", "d"]]})
    with pytest.raises(LogError, match="one column a channel"):
        read_log(path)


def test_a_damaged_workbook_says_to_save_it_again(tmp_path: Path, table: Table) -> None:
    path = workbook(tmp_path / "log.xlsx", {"Data": rows_of(table)})
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(LogError, match="save it again"):
        read_log(path)


def test_parquet_reads_back_to_the_bit(tmp_path: Path, table: Table) -> None:
    frame = pd.DataFrame({**table, "note": ["fast"] * 40, "count": np.arange(40)})
    frame.to_parquet(tmp_path / "log.parquet")
    log = read_log(tmp_path / "log.parquet")
    assert log.columns == (*table, "count")
    for name, values in table.items():
        np.testing.assert_array_equal(log.values[name], values)
    assert log.rows[0] == 1
    assert found_in(log, "left_out") == {"columns": ("note",), "why": "text"}


def test_a_parquet_index_with_a_name_is_a_column(tmp_path: Path) -> None:
    frame = pd.DataFrame({"mu": [0.5, 0.6]}, index=pd.Index([0.0, 1.0], name="time_s"))
    frame.to_parquet(tmp_path / "log.parquet")
    assert read_log(tmp_path / "log.parquet").columns == ("time_s", "mu")


@pytest.mark.parametrize("keep", [10, 300])
def test_a_damaged_parquet_file_says_to_write_it_again(
    tmp_path: Path, table: Table, keep: int
) -> None:
    path = tmp_path / "log.parquet"
    pd.DataFrame(table).to_parquet(path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(LogError, match="write it again"):
        read_log(path)


def test_stamps_in_workbooks_and_parquet_become_seconds(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"when": pd.date_range("2024-05-01 23:59:58", periods=5, freq="1s"), "mu": np.arange(5.0)}
    )
    frame.to_parquet(tmp_path / "log.parquet")
    frame.to_excel(tmp_path / "log.xlsx", index=False)
    for name in ("log.parquet", "log.xlsx"):
        np.testing.assert_array_equal(read_log(tmp_path / name).values["when"], np.arange(5))


def test_a_whole_number_beyond_float64_in_a_workbook_is_a_missing_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = workbook(tmp_path / "log.xlsx", {"Data": [["t", "mu"], *([n, 0.5] for n in range(5))]})
    held = pd.DataFrame([["t", "mu"], [0, 0.5], [1, 10**400], [2, 0.6]], dtype=object)
    monkeypatch.setattr(pd, "read_excel", lambda *_, **__: {"Data": held})
    log = read_log(path)
    np.testing.assert_array_equal(log.values["mu"], [0.5, np.nan, 0.6])


@pytest.mark.parametrize(("ending", "group"), [("xlsx", "excel"), ("parquet", "parquet")])
def test_without_its_library_a_format_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, group: str
) -> None:
    path = tmp_path / f"log.{ending}"
    frame = pd.DataFrame({"t": [0.0, 1.0], "mu": [0.5, 0.6]})
    frame.to_excel(path) if ending == "xlsx" else frame.to_parquet(path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(LogError, match=rf"pip install 'slicken\[{group}\]', or export .* text"):
        read_log(path)


@pytest.mark.parametrize(
    ("cells", "values", "assumed"),
    [
        (["2,003", "1,984", "4,02"], [2.003, 1.984, 4.02], False),
        (["0,654", "0,643", "0,7"], [0.654, 0.643, 0.7], False),
        (["2,003", "1,984", "4,021"], [2.003, 1.984, 4.021], True),
        (["2,003", "1,984.5", "4,021"], [2003, 1984.5, 4021], False),
        (["2,003", "1,234,567", "4,021"], [2003, 1234567, 4021], False),
        (["2.003", "1.984", "4.021"], [2.003, 1.984, 4.021], False),
    ],
)
def test_text_cells_have_the_decimal_sign_that_they_show(
    tmp_path: Path, cells: list[str], values: list[float], assumed: bool
) -> None:
    rows: list[list[object]] = [[float(n), cell] for n, cell in enumerate(cells * 5)]
    log = read_log(workbook(tmp_path / "log.xlsx", {"Data": [["t (s)", "V"], *rows]}))
    assert log.column("V").tolist() == values * 5
    assert ("assumed_comma" in {finding.kind for finding in log.findings}) is assumed
