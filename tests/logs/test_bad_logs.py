"""Files that are no logs: one line that says what, where and what to try; never another error."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slicken.errors import LogError, SlickenError
from slicken.experiment import read_experiment, read_log
from slicken.logs.readers import formats


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"nowhere\.csv: no such file; check the name"):
        read_log(tmp_path / "nowhere.csv")


def test_a_folder_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="name the files in it"):
        read_log(tmp_path)


def test_a_name_that_no_file_can_have_is_an_error_in_words() -> None:
    with pytest.raises(LogError, match="cannot be read"):
        read_log("a\x00b")
    with pytest.raises(LogError, match="cannot be read"):
        read_log("a" * 5000)


def test_a_file_without_permission_says_whose_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.csv"
    path.write_text("t,mu\n0,1\n1,2\n")

    def refuse(_: Path) -> bytes:  # the tests may run as root, whom no mode stops
        raise PermissionError

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(LogError, match="who owns the file"):
        read_log(path)


def test_a_file_too_large_for_memory_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.csv"
    path.write_text("t,mu\n0,1\n1,2\n")
    monkeypatch.setattr(formats, "LARGEST", 5)
    with pytest.raises(LogError, match="fewer samples a second"):
        read_log(path)


@pytest.mark.parametrize("content", [b"", b"\n\n  \r\n", b"\x00" * 100])
def test_an_empty_file_is_said_to_be_empty(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    with pytest.raises(LogError, match="still being written"):
        read_log(path)


def test_binary_rubbish_is_said_to_be_binary(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(np.random.default_rng(1).bytes(4000))
    with pytest.raises(LogError, match="export it from the rig"):
        read_log(path)


def test_an_archive_is_to_be_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "log.csv.gz"
    path.write_bytes(gzip.compress(b"t,mu\n0,1\n1,2\n"))
    with pytest.raises(LogError, match="unpack it first"):
        read_log(path)


def test_an_excel_name_on_rubbish_says_so(tmp_path: Path) -> None:
    path = tmp_path / "log.xlsx"
    path.write_bytes(b"PK\x03\x04" + bytes(range(256)) * 10)
    with pytest.raises(LogError, match="not an Excel workbook"):
        read_log(path)


@pytest.mark.parametrize("text", ["hello world\nno numbers here\n", "a,b\nx,y\nz,w\n"])
def test_words_alone_are_no_table(tmp_path: Path, text: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text(text)
    with pytest.raises(LogError, match="rows of numbers"):
        read_log(path)


def test_one_row_is_no_log(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("t,mu\n0,1\n")
    with pytest.raises(LogError, match="at least two rows"):
        read_log(path)


def test_a_row_as_wide_as_a_table_is_long_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("1,2\n" * 3 + "1," * 6000 + "\n")
    with pytest.raises(LogError, match="one row a sample"):
        read_log(path)


def test_an_error_is_one_line(tmp_path: Path) -> None:
    for name, content in [("a.xlsx", b"PK\x03\x04rubbish"), ("b.parquet", b"PAR1rubbish")]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(LogError) as caught:
            read_log(tmp_path / name)
        assert "\n" not in str(caught.value)


def reads_or_says_why(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        read_experiment(path)
    except SlickenError as problem:
        assert "\n" not in str(problem)  # any other kind escapes and fails


FUZZ = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@FUZZ
@given(
    content=st.binary(max_size=600),
    start=st.sampled_from([b"", b"PK\x03\x04", b"PAR1", b"\xff\xfe"]),
)
def test_no_bytes_raise_anything_but_an_error_in_words(
    tmp_path: Path, content: bytes, start: bytes
) -> None:
    reads_or_says_why(tmp_path / "log.csv", start + content)


@FUZZ
@given(text=st.text(alphabet="0123456789.,;\t \n\r-+eE#%\"'()abµ度:/NaN", max_size=400))
def test_no_text_raises_anything_but_an_error_in_words(tmp_path: Path, text: str) -> None:
    reads_or_says_why(tmp_path / "log.csv", text.encode())


def small_log() -> bytes:
    lines = ["Rig 3", "Time (s),Slip velocity (mm/s),Temperature (C),Axial displacement (um),mu"]
    lines += [
        f"{n},{4 + n % 3},{20 + n / 7:.3f},{n * 2},{0.6 + 0.01 * (n % 5):.2f}" for n in range(60)
    ]
    return "\n".join(lines).encode()


def mutated(content: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    for place, length, new in changes:
        start = int(place * len(content))
        content = content[:start] + new + content[start + length :]
    return content


CHANGES = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.integers(0, 40),
        st.one_of(
            st.binary(max_size=8), st.sampled_from([b"\n", b",", b"1e400", b"-", b'"', b"nan"])
        ),
    ),
    min_size=1,
    max_size=6,
)


@FUZZ
@given(changes=CHANGES)
def test_no_damage_to_a_text_log_raises_anything_else(
    tmp_path: Path, changes: list[tuple[float, int, bytes]]
) -> None:
    reads_or_says_why(tmp_path / "log.csv", mutated(small_log(), changes))


@pytest.mark.parametrize("name", ["te67", "kodiak", "pcs"])
def test_no_damage_to_a_real_log_raises_anything_else(
    tmp_path: Path, real_logs: Path, name: str
) -> None:
    path = {
        "te67": "te67_pps_ptfe/PPS_60N_1.tsv",
        "kodiak": "kodiak_p655/p655_reduced_1hz.csv",
        "pcs": "pcs_tribometer_demo/demo_5.txt",
    }[name]
    content = (real_logs / path).read_bytes()
    content = content[:20_000] + content[-500:]  # both ends, where the reader decides

    @FUZZ
    @given(changes=CHANGES)
    def damage(changes: list[tuple[float, int, bytes]]) -> None:
        reads_or_says_why(tmp_path / "log.tsv", mutated(content, changes))

    damage()


@FUZZ
@given(changes=CHANGES)
def test_no_damage_to_a_workbook_or_parquet_file_raises_anything_else(
    tmp_path: Path, changes: list[tuple[float, int, bytes]]
) -> None:
    frame = pd.DataFrame({"time_s": np.arange(20.0), "mu": np.linspace(0.5, 0.6, 20)})
    for name, write in (("log.xlsx", "to_excel"), ("log.parquet", "to_parquet")):
        path = tmp_path / name
        if not (tmp_path / f"whole-{name}").exists():
            getattr(frame, write)(tmp_path / f"whole-{name}")
        reads_or_says_why(path, mutated((tmp_path / f"whole-{name}").read_bytes(), changes))
