"""Text logs of every dialect, written here and read back."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from found import found_in, of_kind, only
from slicken.errors import LogError
from slicken.experiment import guess_channels, read_log
from slicken.logs.log import Log

Table = Mapping[str, np.ndarray]


def written(table: Table, delimiter: str = ",", decimal: str = ".", end: str = "\n") -> str:
    rows = [[repr(float(x)) for x in row] for row in zip(*table.values(), strict=True)]
    lines = [delimiter.join(row).replace(".", decimal) for row in rows]
    return end.join([delimiter.join(table), *lines]) + end


def read(folder: Path, text: str | bytes, name: str = "log.txt") -> Log:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_log(path)


def assert_same(log: Log, table: Table) -> None:
    assert log.columns == tuple(table)
    for name, values in table.items():
        np.testing.assert_array_equal(log.values[name], values)


@pytest.mark.parametrize(
    ("delimiter", "decimal"),
    [("\t", "."), (";", "."), (",", "."), ("|", "."), ("\t", ","), (";", ","), ("|", ",")],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_dialect_reads_back_to_the_bit(
    tmp_path: Path, table: Table, delimiter: str, decimal: str, end: str
) -> None:
    log = read(tmp_path, written(table, delimiter, decimal, end))
    assert_same(log, table)
    assert found_in(log, "text_format")["decimal"] == {".": "point", ",": "comma"}[decimal]


@pytest.mark.parametrize("decimal", [".", ","])
def test_columns_set_apart_by_runs_of_spaces_are_found(
    tmp_path: Path, table: Table, decimal: str
) -> None:
    lines = written(table, "\t", decimal).replace("\t", "     ")
    log = read(tmp_path, "\n".join("   " + line for line in lines.splitlines()))
    assert_same(log, table)


def test_names_with_single_spaces_above_columns_of_spaces_keep_their_units(tmp_path: Path) -> None:
    log = read(tmp_path, "Time (s) Friction\n0 0.5\n1 0.6\n2 0.7\n")
    assert log.columns == ("Time (s)", "Friction")


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf8"),
        ("utf-8-sig", "utf8_bom"),
        ("utf-16", "utf16_le"),
        ("utf-16-le", "utf16_le"),
        ("utf-16-be", "utf16_be"),
        ("cp932", "cp932"),
    ],
)
def test_japanese_names_are_read_in_every_encoding(
    tmp_path: Path, encoding: str, found: str
) -> None:
    text = "実験 12\r\n時間(s),温度(℃),摩擦係数\r\n" + "0,20.5,0.6\r\n1,20.6,0.61\r\n" * 5
    log = read(tmp_path, text.encode(encoding))
    assert log.columns == ("時間(s)", "温度(℃)", "摩擦係数")
    assert found_in(log, "text_format")["encoding"] == found
    np.testing.assert_array_equal(log.values["温度(℃)"], [20.5, 20.6] * 5)


@pytest.mark.parametrize(
    "names", ["Température (°C)", "Größe", "Déplacement (µm)", "Übergang", "Vélocité été"]
)
def test_latin_1_is_not_taken_for_japanese(tmp_path: Path, names: str) -> None:
    log = read(tmp_path, f"Time;{names}\n0;1,5\n1;2,5\n".encode("latin-1"))
    assert log.columns == ("Time", names)
    assert found_in(log, "text_format")["encoding"] == "latin1"


@pytest.mark.parametrize("lines", [0, 1, 20, 5000])
def test_a_preamble_of_any_length_is_left_out_and_said(
    tmp_path: Path, table: Table, lines: int
) -> None:
    preamble = "".join(f"Radius {n}\tmm\n" for n in range(lines))
    log = read(tmp_path, preamble + written(table, "\t"))
    assert_same(log, table)
    assert log.rows[0] == lines + 2
    skipped = [finding.statement.values["lines"] for finding in of_kind(log, "preamble")]
    assert skipped == ([lines] if lines else [])


def test_without_a_header_columns_are_numbered(tmp_path: Path) -> None:
    log = read(tmp_path, "0,1.5\n1,2.5\n2,3.5\n")
    assert log.columns == ("column 1", "column 2")
    assert len(log) == 3
    assert of_kind(log, "no_names")


@pytest.mark.parametrize("row", ["s,mm/s,degC,-", "[s],[mm/s],[°C],[-]", "(s),(mm/s),(C),"])
def test_a_units_row_below_the_names_gives_units(tmp_path: Path, row: str) -> None:
    log = read(tmp_path, f"t,v,T,mu\n{row}\n0,4,20,0.6\n1,4,21,0.5\n")
    assert log.columns == ("t", "v", "T", "mu")
    assert (log.units["t"], log.units["v"]) == ("s", "mm/s")
    assert len(log) == 2


def test_short_names_without_a_units_row_are_names(tmp_path: Path) -> None:
    log = read(tmp_path, "s,N,V\n0,4,20\n1,4,21\n")
    assert log.columns == ("s", "N", "V")


def test_trailing_text_is_left_out_with_its_row(tmp_path: Path, table: Table) -> None:
    log = read(tmp_path, written(table) + "\nTest completed at 15:08:24, 2019\n")
    assert_same(log, table)
    assert only(log, "text_line").row == 43
    assert found_in(log, "text_line")["text"] == "Test completed at 15:08:24, 2019"


def test_a_second_table_in_the_file_goes_on_from_the_first(tmp_path: Path, table: Table) -> None:
    text = written(table)
    log = read(tmp_path, text + "Step 2\n" + text)
    assert len(log) == 80
    assert [finding.row for finding in of_kind(log, "text_line")] == [42, 43]


def test_rows_that_are_too_short_or_too_long_are_padded_or_cut(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n}.5,{n}\n" for n in range(3, 300))
    log = read(tmp_path, "a,b,c\n0,1,2\n1\n2,3,4,5\n" + rows)
    assert log.columns == ("a", "b", "c")
    assert np.isnan(log.values["b"][1])
    assert log.values["c"][2] == 4


def test_short_rows_between_spaces_are_left_out_and_said(tmp_path: Path) -> None:
    log = read(tmp_path, "a b c\n0 1 2\n1 2\n2 3 4\n3 4 5\n")
    np.testing.assert_array_equal(log.values["a"], [0, 2, 3])
    assert only(log, "ragged_rows").row == 3


@pytest.mark.parametrize("mark", ["#", "%", "//"])
def test_comment_lines_are_left_out_but_may_hold_the_names(tmp_path: Path, mark: str) -> None:
    log = read(tmp_path, f"{mark} made by hand\n{mark} t,mu\n0,1\n{mark} 7,8\n1,2\n")
    assert log.columns == ("t", "mu")
    np.testing.assert_array_equal(log.values["mu"], [1, 2])


def test_empty_cells_and_words_for_nothing_are_missing(tmp_path: Path) -> None:
    cells = ["", "NaN", "-", "---", "n/a", "#N/A", "1.#QNAN", "inf", "***"]
    rows = "".join(f"{n},{cell},0.5\n" for n, cell in enumerate(cells))
    log = read(tmp_path, "t,x,mu\n" + rows + "9,3,0.5\n10,4,0.5\n")
    np.testing.assert_array_equal(np.isnan(log.values["x"]), [True] * 9 + [False] * 2)
    assert len(log) == 11


def test_text_in_a_column_of_numbers_is_missing_and_said(tmp_path: Path) -> None:
    log = read(tmp_path, "t,x,mu\n0,1,2\n1,OVER,3\n2,5,4\n3,6,4\n")
    assert np.isnan(log.values["x"][1])
    assert only(log, "text_cells").row == 3
    assert found_in(log, "text_cells") == {"count": 1, "column": "x"}


def test_a_column_twice_with_the_same_numbers_is_kept_once(tmp_path: Path) -> None:
    log = read(tmp_path, "t,F,F\n0,1,1\n1,2,2\n")
    assert log.columns == ("t", "F")
    assert found_in(log, "repeated_column") == {"column": "F"}


def test_a_name_twice_with_other_numbers_is_numbered(tmp_path: Path) -> None:
    log = read(tmp_path, "t,F,F\n0,1,1\n1,2,3\n")
    assert log.columns == ("t", "F", "F (2)")
    assert found_in(log, "renamed_column") == {"column": "F", "name": "F (2)"}


def test_text_and_empty_columns_are_left_out_and_said(tmp_path: Path) -> None:
    log = read(tmp_path, "note,t,none,mu\nfast,0,,1\nslow,1,,2\n")
    assert log.columns == ("t", "mu")
    assert [dict(finding.statement.values) for finding in of_kind(log, "left_out")] == [
        {"columns": ("note",), "why": "text"},
        {"columns": ("none",), "why": "empty"},
    ]


def test_numbers_that_nothing_measures_are_missing_and_said(tmp_path: Path) -> None:
    log = read(tmp_path, "t,mu\n0,1\n1,1e308\n2,3\n")
    assert np.isnan(log.values["mu"][1])
    assert only(log, "absurd_numbers").row == 3


@pytest.mark.parametrize(
    "stamps",
    [
        ["23:59:58", "23:59:59", "0:00:00", "0:00:01"],
        ["11:59:58 PM", "11:59:59 PM", "12:00:00 AM", "12:00:01 AM"],
        [
            "2024-02-28 23:59:58.0",
            "2024-02-28 23:59:59",
            "2024-02-29 0:00:00",
            "2024-02-29 0:00:01",
        ],
        [
            "28/02/2024 23:59:58",
            "28/02/2024 23:59:59",
            "29/02/2024 00:00:00",
            "29/02/2024 00:00:01",
        ],
    ],
)
def test_a_clock_is_read_as_seconds_since_its_first(tmp_path: Path, stamps: list[str]) -> None:
    log = read(tmp_path, "Time;mu\n" + "".join(f"{stamp};{n}\n" for n, stamp in enumerate(stamps)))
    np.testing.assert_array_equal(log.values["Time"], [0, 1, 2, 3])
    assert log.units["Time"] == "s"
    assert found_in(log, "clock_times") == {"column": "Time", "begun": stamps[0]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("t\tx\n0.5\t1,234\n1.5\t2,345.5\n", [1234, 2345.5]),
        ("t\tx\n0,5\t1.234,5\n1,5\t2.345,0\n", [1234.5, 2345]),
        ("t;x\n0,5;1 234,5\n1,5;2 345,0\n", [1234.5, 2345]),
        ("t;x\n0;1,234\n1;2,345\n", [1.234, 2.345]),
    ],
)
def test_thousands_are_read_only_where_they_cannot_be_decimals(
    tmp_path: Path, text: str, expected: list[float]
) -> None:
    np.testing.assert_array_equal(read(tmp_path, text).values["x"], expected)


def test_fortran_exponents_and_long_dashes_are_numbers(tmp_path: Path) -> None:
    log = read(tmp_path, "t,x\n0,1.5D-03\n1,\u22122.5\n2,+3.E2\n")
    np.testing.assert_array_equal(log.values["x"], [1.5e-3, -2.5, 300])


def test_quoted_cells_may_hold_the_delimiter(tmp_path: Path) -> None:
    log = read(tmp_path, '"Time, elapsed","mu"\n"0","0.5"\n"1","1,234.5"\n')
    assert log.columns == ("Time, elapsed", "mu")
    np.testing.assert_array_equal(log.values["mu"], [0.5, 1234.5])


def test_a_lone_quote_swallows_nothing(tmp_path: Path) -> None:
    log = read(tmp_path, 't\tmu\tnote\n0\t1\t3/4" ball\n1\t2\t\n2\t3\t\n')
    np.testing.assert_array_equal(log.values["mu"], [1, 2, 3])


def test_text_called_xls_is_read_as_text_and_said(tmp_path: Path, table: Table) -> None:
    log = read(tmp_path, written(table, "\t"), "log.xls")
    assert_same(log, table)
    assert found_in(log, "text_in_workbook") == {"suffix": ".xls"}


def test_rows_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    log = read(tmp_path, "made by hand\n\nt,mu\n0,1\n\n# note\n1,2\n")
    np.testing.assert_array_equal(log.rows, [4, 7])


def test_a_hundred_thousand_rows_take_less_than_some_seconds(tmp_path: Path) -> None:
    import time

    numbers = np.random.default_rng(0).normal(size=(100_000, 6)).round(6)
    path = tmp_path / "long.csv"
    path.write_text(
        "a,b,c,d,e,f\n" + "\n".join(",".join(map(str, row)) for row in numbers.tolist())
    )
    begun = time.perf_counter()
    log = read_log(path)
    assert time.perf_counter() - begun < 8
    np.testing.assert_array_equal(log.values["f"], numbers[:, 5])


@pytest.mark.parametrize("code", ["-9999", "9999", "-999", "-9999.00", "1e30", "-999.25"])
def test_a_code_for_no_number_is_missing_and_said(tmp_path: Path, code: str) -> None:
    friction = [f"{0.6 + 0.01 * np.sin(n):.4f}" for n in range(60)]
    friction[20:23] = [code] * 3
    friction[50] = code
    rows = [f"{n},{cell}" for n, cell in enumerate(friction)]
    (tmp_path / "log.csv").write_text("\n".join(["time (s),mu", *rows]), encoding="utf-8")
    log = read_log(tmp_path / "log.csv")
    assert np.flatnonzero(np.isnan(log.column("mu"))).tolist() == [20, 21, 22, 50]
    found = only(log, "missing_code")
    assert found.row == 22
    assert found.statement.values == {"column": "mu", "code": float(code), "count": 4}


def test_a_sensor_that_reads_9999_on_its_way_reads_a_number(tmp_path: Path) -> None:
    rows = [f"{n},{9900 + 3 * n},{-999 if n % 2 else 999},{-9999}" for n in range(60)]
    text = "\n".join(["time (s),x (um),square,constant", *rows])
    (tmp_path / "log.csv").write_text(text, encoding="utf-8")
    log = read_log(tmp_path / "log.csv")
    assert 9999 in log.column("x (um)")
    assert all(np.isfinite(log.column(name)).all() for name in log.columns)


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("t (s),T (degC),mu\n" + "".join(f"{n},24,5,0,{600 + n}\n" for n in range(20)), 5),
        ("t (s);T (degC)\n" + "".join(f"{n};24;0.6\n" for n in range(20)), 3),
    ],
)
def test_rows_wider_than_their_names_are_refused(tmp_path: Path, text: str, cells: int) -> None:
    (tmp_path / "log.csv").write_text(text, encoding="utf-8")
    with pytest.raises(LogError, match=rf"rows of {cells} cells under \d names"):
        read_log(tmp_path / "log.csv")


def test_a_separator_at_the_end_of_rows_and_a_few_remarks_are_no_cells(tmp_path: Path) -> None:
    rows = [f"{n},24.{n},0.6,{'opened the valve' if n == 7 else ''}" for n in range(20)]
    (tmp_path / "log.csv").write_text("\n".join(["t (s),T (degC),mu", *rows]), encoding="utf-8")
    assert read_log(tmp_path / "log.csv").columns[:3] == ("t (s)", "T (degC)", "mu")


@pytest.mark.parametrize("end", ["39,0.5900,0", "39,0.59", "39"])
def test_a_last_line_that_was_cut_is_left_out_and_said(tmp_path: Path, end: str) -> None:
    rows = [f"{n},{0.5 + n / 500:.4f},{0.6 + n / 900:.4f}" for n in range(39)]
    text = "\n".join(["t (s),x (mm),mu", *rows, end])
    (tmp_path / "log.csv").write_text(text, encoding="utf-8")
    log = read_log(tmp_path / "log.csv")
    assert len(log) == 39
    assert only(log, "cut_line").row == 41


@pytest.mark.parametrize("end", ["39,0.5900,0.6433", "39,0.5900,0.6433\n", "39,0.5900,0\n"])
def test_a_last_line_that_is_whole_or_has_its_end_stays(tmp_path: Path, end: str) -> None:
    rows = [f"{n},{0.5 + n / 500:.4f},{0.6 + n / 900:.4f}" for n in range(39)]
    text = "\n".join(["t (s),x (mm),mu", *rows, end])
    (tmp_path / "log.csv").write_text(text, encoding="utf-8")
    log = read_log(tmp_path / "log.csv")
    assert len(log) == 40
    assert not of_kind(log, "cut_line")


def clocked(path: Path, stamps: list[str], name: str = "Time") -> Log:
    rows = [f"{stamp},{0.6 + n / 900:.4f}" for n, stamp in enumerate(stamps)]
    (path / "log.csv").write_text("\n".join([f"{name},mu", *rows]), encoding="utf-8")
    return read_log(path / "log.csv")


@pytest.mark.parametrize(
    ("before", "after"), [("+02:00", "+01:00"), ("+0530", "+0430"), ("-03:00", "-04:00")]
)
def test_offsets_from_utc_are_read(tmp_path: Path, before: str, after: str) -> None:
    """At the end of summer time clocks are set back by an hour, and time runs on."""
    stamps = [f"2026-10-25T02:59:{n:02d}{before}" for n in range(50, 60)]
    stamps += [f"2026-10-25T02:00:{n:02d}{after}" for n in range(10)]
    log = clocked(tmp_path, stamps)
    np.testing.assert_allclose(log.column("Time"), np.arange(20.0), atol=1e-4)


def test_offsets_that_only_some_readings_have_are_left_aside(tmp_path: Path) -> None:
    stamps = [f"2026-10-25T02:59:{n:02d}{'Z' if n % 2 else ''}" for n in range(20)]
    np.testing.assert_allclose(clocked(tmp_path, stamps).column("Time"), np.arange(20), atol=1e-4)


@pytest.mark.parametrize(
    ("stamps", "seconds"),
    [
        ([f"{n // 30:02d}:{2 * (n % 30):02d}" for n in range(60)], np.arange(0, 120, 2)),
        ([f"{59 if n < 2 else 0}:{(58 + n) % 60:02d}" for n in range(20)], np.arange(20)),
        (["00:58", "00:59", "00:60", *[f"01:{n:02d}" for n in range(1, 20)]], np.arange(22)),
        ([f"{n}:00.5" for n in range(90, 110)], 60 * np.arange(20)),
    ],
)
def test_minutes_and_seconds_are_a_clock(
    tmp_path: Path, stamps: list[str], seconds: NDArray[np.float64]
) -> None:
    log = clocked(tmp_path, stamps, "Time (mm:ss)")
    np.testing.assert_allclose(log.column("Time (mm:ss)"), seconds, atol=1e-9)
    assert only(log, "clock_minutes").statement.values == {"column": "Time (mm:ss)"}
    assert guess_channels(log)[0].channels["time"].column == "Time (mm:ss)"


def test_hours_and_minutes_by_name_are_not_read_as_minutes_and_seconds(tmp_path: Path) -> None:
    log = clocked(tmp_path, [f"10:{n:02d}" for n in range(20)], "Time (hh:mm)")
    assert "Time (hh:mm)" not in log.columns
    assert not of_kind(log, "clock_minutes")
