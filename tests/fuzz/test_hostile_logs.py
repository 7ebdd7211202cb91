"""Hostile logs: small files that would take all memory, all time, or command the reader."""

import io
import os
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from subprocess import run

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import seeds  # before binary_logs: it knows where that is
from nptdms import ChannelObject

from binary_logs import look_file, mat_file, netcdf_file, tdms_file
from found import found_in
from slicken.errors import ChannelError, LogError, SlickenError
from slicken.experiment import ChannelMap, describe, read_experiment, read_log
from slicken.logs.readers import sandbox
from slicken.reporting.channel_map import channel_map_toml
from slicken.reporting.findings import say_finding
from slicken.reporting.wording import words
from slicken.study.plan import Plan

MEMORY = 5 * 2**30
WORKBOOK_MEMORY = 2**28
ARRAYS_MEMORY = 2**30
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


def endless_dataset(folder: Path) -> Path:
    """A terabyte of numbers that nobody has written."""
    with h5py.File(folder / "log.h5", "w") as file:
        for name in ("t", "mu"):
            file.create_dataset(name, (10**12,), "f8", chunks=(1_000,))
    return folder / "log.h5"


def packed_zeros(folder: Path) -> Path:
    """A few MB that become six GB."""
    path = folder / "log.nc"
    with h5py.File(path, "w") as file:
        file.attrs["_NCProperties"] = "version=2"
        for name in ("t", "mu"):
            file.create_dataset(name, (400_000_000,), "f8", chunks=(100_000,), compression="gzip")
    return path


def one_huge_chunk(folder: Path) -> Path:
    """Few numbers, in a chunk that would fill memory."""
    with h5py.File(folder / "log.h5", "w") as file:
        for name in ("t", "mu"):
            held = file.create_dataset(
                name, (50,), "f8", chunks=(500_000_000,), maxshape=(None,), compression="gzip"
            )
            held.id.write_direct_chunk((0,), b"not packed at all")
    return folder / "log.h5"


def groups_without_end(folder: Path) -> Path:
    """Groups by the ten thousand."""
    with h5py.File(folder / "log.h5", "w", libver="latest") as file:
        for n in range(25_000):
            file.create_group(f"g{n}")
    return folder / "log.h5"


def a_long_element_of_matlab(folder: Path) -> Path:
    """A variable that says it is four GB."""
    path = mat_file(folder / "log.mat", {"t": np.arange(9.0), "mu": np.arange(9.0)})
    content = path.read_bytes()
    size = (72).to_bytes(4, "little")
    path.write_bytes(content.replace(size, (2**32 - 8).to_bytes(4, "little")))
    return path


def packed_zeros_of_matlab(folder: Path) -> Path:
    """A variable that unpacks to more than a GB, and says so."""
    rows = 2**27 + 2**24
    head = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"

    def element(kind: int, size: int) -> bytes:
        return np.array([kind, size], "<u4").tobytes()

    flags = element(6, 8) + np.array([6, 0], "<u4").tobytes()
    shape = element(5, 8) + np.array([rows, 1], "<i4").tobytes()
    name = element(1, 1) + b"t".ljust(8, b"\0")
    body = flags + shape + name + element(9, 8 * rows)
    packer = zlib.compressobj(1)
    packed = packer.compress(element(14, len(body) + 8 * rows) + body)
    zeros = bytes(2**24)
    packed += b"".join(packer.compress(zeros) for _ in range(8 * rows // 2**24)) + packer.flush()
    path = folder / "log.mat"
    path.write_bytes(head + element(15, len(packed)) + packed)
    return path


def endless_channel(folder: Path) -> Path:
    """Channels that say they hold 2 ** 60 numbers."""
    channels = [ChannelObject("rig", name, np.arange(77.0)) for name in ("t", "mu")]
    path = tdms_file(folder / "log.tdms", {"rig": channels})
    count = (77).to_bytes(8, "little")
    path.write_bytes(path.read_bytes().replace(count, (2**60).to_bytes(8, "little")))
    return path


def endless_look(folder: Path) -> Path:
    """A header that promises 2 ** 31 - 1 rows."""
    content = look_file([("Time", "sec", np.arange(77.0)), ("mu", ".", np.arange(77.0))])
    path = folder / "p001"
    count = (77).to_bytes(4, "big")
    path.write_bytes(content.replace(count, (2**31 - 1).to_bytes(4, "big")))
    return path


def endless_classic_netcdf(folder: Path) -> Path:
    """A dimension of two thousand million."""
    table = {name: np.arange(77.0) for name in ("t", "mu")}
    path = netcdf_file(folder / "log.nc", table, dict.fromkeys(table, "1"), engine="scipy")
    count = (77).to_bytes(4, "big")
    path.write_bytes(path.read_bytes().replace(count, (2**31 - 1).to_bytes(4, "big")))
    return path


OF_ARRAYS = (
    endless_dataset,
    packed_zeros,
    one_huge_chunk,
    groups_without_end,
    a_long_element_of_matlab,
    packed_zeros_of_matlab,
    endless_channel,
    endless_look,
    endless_classic_netcdf,
)
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
from slicken.logs.readers import sandbox
sandbox.MEMORY = int(sys.argv[2])
try:
    read_log(sys.argv[1])
except LogError as problem:
    print(problem)
"""


@pytest.mark.parametrize("bomb", REFUSED + OF_ARRAYS, ids=lambda bomb: bomb.__name__)
def test_a_bomb_is_refused_within_bounds_of_time_and_memory(
    tmp_path: Path, bomb: Callable[[Path], Path]
) -> None:
    path = bomb(tmp_path)
    said = read_bounded(path, ARRAYS_MEMORY if bomb in OF_ARRAYS else WORKBOOK_MEMORY)
    assert said.startswith(str(path)), said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("seed", seeds.all_arrays(), ids=lambda seed: seed.name)
def test_a_good_file_is_read_within_the_same_bounds(tmp_path: Path, seed: seeds.Seed) -> None:
    path = tmp_path / f"log{seed.suffix}"
    path.write_bytes(seed.content)
    assert read_bounded(path, ARRAYS_MEMORY) == ""


def read_bounded(path: Path, memory: int) -> str:
    """What a process bounded in memory has to say of a file; nothing where it can be read."""
    ended = run(  # noqa: S603 - our own command
        [sys.executable, "-c", READ, str(path), str(memory)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    return ended.stdout


def test_an_archive_that_says_how_large_it_is_is_not_even_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "MOST_UNPACKED", 100)
    monkeypatch.setattr(sandbox.subprocess, "run", None)
    with pytest.raises(LogError, match="more memory or time than any log"):
        read_log(workbook(tmp_path / "log.xlsx", {}))


def test_a_workbook_that_takes_for_ever_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 1e-3)
    with pytest.raises(LogError, match="more memory or time than any log"):
        read_log(workbook(tmp_path / "log.xlsx", {}))


def test_lists_in_a_parquet_file_are_left_out_unread(tmp_path: Path) -> None:
    log = read_log(lists_of_one_value(tmp_path))
    assert log.columns == ("t", "mu")
    assert found_in(log, "left_out") == {"columns": ("list",), "why": "nested"}


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
    assert max(len(say_finding(finding, words("en"))) for finding in log.findings) < 500
    describe(log)


def test_html_and_commands_to_a_terminal_are_text(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    names = ("Time (s)", "mu", "<script>alert(1)</script>", "\x1b[2Jcleared", "turned\u202egnp")
    rows = "".join(f"{n},{0.5 + n / 100},1,2,{n}\n" for n in range(9))
    path.write_text(",".join(names) + "\n" + rows)
    inspection = describe(read_log(path))
    held = [column.name for column in inspection.columns]
    assert held[2:] == ["<script>alert(1)</script>", "[2Jcleared", "turned gnp"]
    assert ChannelMap.from_toml(channel_map_toml(inspection, words("en"))) == inspection.channel_map


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


def beside(folder: Path) -> Path:
    """Somebody else's numbers, in a file beside the log."""
    with h5py.File(folder / "secret.h5", "w") as file:
        file["t"], file["mu"] = np.arange(9.0), np.arange(9.0)
    (folder / "secret.bin").write_bytes(np.arange(9.0).tobytes())
    return folder / "secret.h5"


@pytest.mark.parametrize("name", ["log.h5", "log.nc"])
@pytest.mark.parametrize("way", ["link", "virtual", "external"])
def test_numbers_in_another_file_are_not_fetched(tmp_path: Path, name: str, way: str) -> None:
    secret, path = beside(tmp_path), tmp_path / name
    with h5py.File(path, "w") as file:
        for column in ("t", "mu"):
            if way == "link":
                file[column] = h5py.ExternalLink(str(secret), column)
            elif way == "virtual":
                layout = h5py.VirtualLayout((9,), "f8")
                layout[:] = h5py.VirtualSource(str(secret), column, (9,))
                file.create_virtual_dataset(column, layout)
            else:
                held = [(str(tmp_path / "secret.bin"), 0, 72)]
                file.create_dataset(column, (9,), "f8", external=held)
    with pytest.raises(LogError, match=r"not followed|leads to other files"):
        read_log(path)


def test_a_group_that_holds_itself_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "log.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("rig")
        group["again"], group["t"], group["mu"] = group, np.arange(9.0), np.arange(9.0)
        group["loop"] = h5py.SoftLink("/rig/loop")
    log = read_log(path)
    assert log.columns == ("mu", "t")
    assert found_in(log, "left_out") == {"columns": ("loop",), "why": "link"}


def test_a_reader_that_takes_for_ever_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = mat_file(tmp_path / "log.mat", {"t": np.arange(9.0), "mu": np.arange(9.0)})
    monkeypatch.setattr(sandbox, "SECONDS", 1e-3)
    with pytest.raises(LogError, match="more memory or time than any log"):
        read_log(path)
