"""Hostile logs: small files that would take all memory, all time, or command the reader."""

import io
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import run

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from slicken.errors import ChannelError, LogError, SlickenError
from slicken.experiment import ChannelMap, describe, read_experiment, read_log
from slicken.experiment.readers import probe
from slicken.study.plan import Plan

MEMORY = 5 * 2**30
WORKBOOK_MEMORY = 2**28
SECONDS = 60

SHEET = "xl/worksheets/sheet1.xml"


def workbook(path: Path, change: dict[str, bytes]) -> Path:
    """A workbook with one number and, in place of some of its members, others."""
    held = io.BytesIO()
    with pd.ExcelWriter(held, engine="xlsxwriter") as book:
        pd.DataFrame({"t": [0.0, 1.0], "mu": [0.5, 0.6]}).to_excel(book, index=False)
    with zipfile.ZipFile(held) as whole, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name in whole.namelist():
            made.writestr(name, change.get(name, whole.read(name)))
    return path


def sheet(rows: bytes) -> dict[str, bytes]:
    space = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return {SHEET: b"<worksheet " + space + b"><sheetData>" + rows + b"</sheetData></worksheet>"}


def zip_bomb(folder: Path) -> Path:
    """Half a MB that becomes 500, and says 10, as whoever wrote it is free to."""
    cell = b'<row r="1"><c r="A1" t="inlineStr"><is><t>' + b"0" * 500_000_000
    path = workbook(folder / "log.xlsx", sheet(cell))
    size = len(sheet(cell)[SHEET]).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(size, (10).to_bytes(4, "little")))
    return path


def far_cell(folder: Path) -> Path:
    """Two numbers, at the opposite ends of a sheet."""
    rows = (
        b'<row r="1"><c r="A1"><v>1</v></c></row>'
        b'<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    )
    return workbook(folder / "log.xlsx", sheet(rows))


def empty_rows(folder: Path) -> Path:
    """A table, and a number in the last row of the sheet."""
    cells = [b'<c r="%c%d"><v>1</v></c>' % (letter, 1) for letter in b"ABCDEFG"]
    rows = b'<row r="1">' + b"".join(cells) + b"</row>"
    last = b'<row r="1048576"><c r="A1048576"><v>2</v></c></row>'
    return workbook(folder / "log.xlsx", sheet(rows + last))


def one_text_everywhere(folder: Path) -> Path:
    """A long text, held once, that a hundred thousand cells show."""
    rows = b"".join(
        b'<row r="%d"><c r="A%d"><v>1</v></c><c r="B%d" t="s"><v>0</v></c></row>' % (n, n, n)
        for n in range(1, 100_001)
    )
    space = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    strings = b"<sst " + space + b"><si><t>" + b"x" * 1_000_000 + b"</t></si></sst>"
    return workbook(folder / "log.xlsx", sheet(rows) | {"xl/sharedStrings.xml": strings})


def repeated_cells(folder: Path) -> Path:
    """An OpenDocument sheet may say of a cell how often it is repeated."""
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"'
        for short in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0"?><office:document-content {spaces}><office:body><office:spreadsheet>'
        '<table:table table:name="a"><table:table-row table:number-rows-repeated="1048576">'
        '<table:table-cell table:number-columns-repeated="16384" office:value-type="float" '
        'office:value="1"><text:p>1</text:p></table:table-cell></table:table-row></table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    path = folder / "log.ods"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        made.writestr("content.xml", content)
    return path


def nested_elements(folder: Path) -> Path:
    """Elements within elements, a million deep."""
    return workbook(folder / "log.xlsx", sheet(b"<a>" * 1_000_000))


def billions_of_rows(folder: Path) -> Path:
    """A Parquet file that says so: one value, repeated."""
    rows = 60_000_000
    zero = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int8)), pa.array([0.0]))
    pq.write_table(pa.table({"t": zero, "mu": zero}), folder / "log.parquet")
    return folder / "log.parquet"


def lists_of_one_value(folder: Path) -> Path:
    """Lists of numbers, which could be of any length."""
    rows = pa.array([[0.0] * 10] * 50)
    table = pa.table({"t": np.arange(50.0), "mu": np.full(50, 0.6), "list": rows})
    pq.write_table(table, folder / "log.parquet", compression="zstd")
    return folder / "log.parquet"


def one_long_row(folder: Path) -> Path:
    """A million rows of two cells, and one of thousands."""
    path = folder / "log.csv"
    path.write_bytes(b"1,2\n" * 1_000_000 + b"1," * 4_000 + b"\n")
    return path


def a_line_without_end(folder: Path) -> Path:
    """Commas, and no line end."""
    path = folder / "log.csv"
    path.write_bytes(b"1," * 20_000_000)
    return path


def many_columns(folder: Path) -> Path:
    """A million columns."""
    path = folder / "log.csv"
    line = b",".join(b"%d" % n for n in range(1_000_000))
    path.write_bytes(b"\n".join([line] * 5))
    return path


def many_lines(folder: Path) -> Path:
    """A line end for every number."""
    path = folder / "log.csv"
    path.write_bytes(b"12\n" * 20_000_000)
    return path


REFUSED = (
    zip_bomb,
    far_cell,
    empty_rows,
    one_text_everywhere,
    repeated_cells,
    nested_elements,
    billions_of_rows,
    one_long_row,
    a_line_without_end,
    many_columns,
    many_lines,
)

# In a process of its own, because what fails here takes the process with it.
READ = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
from slicken.errors import LogError
from slicken.experiment import read_log
from slicken.experiment.readers import probe
probe.MEMORY = {WORKBOOK_MEMORY}
try:
    read_log(sys.argv[1])
except LogError as problem:
    print(problem)
"""


@pytest.mark.parametrize("bomb", REFUSED, ids=lambda bomb: bomb.__name__)
def test_a_bomb_is_refused_within_bounds_of_time_and_memory(
    tmp_path: Path, bomb: Callable[[Path], Path]
) -> None:
    path = bomb(tmp_path)
    ended = run(  # noqa: S603 - our own command
        [sys.executable, "-c", READ, str(path)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert ended.stdout.startswith(str(path)), ended.stderr[-2000:]
    assert len(ended.stdout.splitlines()) == 1


def test_an_archive_that_says_how_large_it_is_is_not_even_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "MOST_UNPACKED", 100)
    monkeypatch.setattr(probe.subprocess, "run", None)
    with pytest.raises(LogError, match="more memory or time than any log"):
        read_log(workbook(tmp_path / "log.xlsx", {}))


def test_a_workbook_that_takes_for_ever_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "SECONDS", 1e-3)
    with pytest.raises(LogError, match="more memory or time than any log"):
        read_log(workbook(tmp_path / "log.xlsx", {}))


def test_lists_in_a_parquet_file_are_left_out_unread(tmp_path: Path) -> None:
    log = read_log(lists_of_one_value(tmp_path))
    assert log.columns == ("t", "mu")
    assert any("'list' left out" in str(finding) for finding in log.findings)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "log.csv"
    os.mkfifo(pipe)
    for read in (read_log, ChannelMap.load, Plan.load):
        with pytest.raises(SlickenError, match=r"log\.csv: .*expected|save the log in a file"):
            read(pipe)


def test_a_unit_is_not_computed(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("Time (9^9^9m),v (m/9**9**9**9),mu\n0,1,2\n1,2,3\n2,3,4\n")
    with pytest.raises(ChannelError, match="no column is known to be the time"):
        read_experiment(path)


@pytest.mark.parametrize("letter", "1.-(_ x")
def test_a_cell_or_a_name_as_long_as_a_book_is_read_at_once(tmp_path: Path, letter: str) -> None:
    path = tmp_path / "log.csv"
    book = letter * 300_000
    path.write_text(f"Time (s),mu,{book}x\n0,0.5,1\n1,0.6,2\n2,{book}x,3\n3,0.4,3\n")
    log = read_log(path)
    assert len(log) == 4
    assert max(map(len, log.columns)) <= 100
    assert max(len(str(finding)) for finding in log.findings) < 500
    describe(log)


def test_html_and_commands_to_a_terminal_are_text(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    names = ("Time (s)", "mu", "<script>alert(1)</script>", "\x1b[2Jcleared", "turned\u202egnp")
    rows = "".join(f"{n},{0.5 + n / 100},1,2,{n}\n" for n in range(9))
    path.write_text(",".join(names) + "\n" + rows)
    inspection = describe(read_log(path))
    held = [column.name for column in inspection.columns]
    assert held[2:] == ["<script>alert(1)</script>", "[2Jcleared", "turned gnp"]
    assert ChannelMap.from_toml(inspection.to_toml()) == inspection.channel_map


def test_an_error_is_one_short_line_whatever_the_names_in_it() -> None:
    problem = LogError("a\x1b[2J\nb" + "c" * 10_000 + "; try again")
    assert str(problem).startswith(r"a\x1b[2J\nb")
    assert str(problem).endswith("; try again")
    assert len(str(problem)) < 2_000


def test_thousands_of_columns_are_not_all_listed(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    names = ",".join(f"sensor number {n} of the rig" for n in range(3_000))
    path.write_text(names + "\n" + f"{'1,' * 2_999}1\n" * 3)
    with pytest.raises(ChannelError, match=r"'sensor number 0 of the rig'.* and 29\d\d more$"):
        read_experiment(path)
