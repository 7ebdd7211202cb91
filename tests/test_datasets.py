"""Fetching: public logs, here from a server on loopback that serves made-up files."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest

from slicken import datasets
from slicken.datasets import (
    DATASETS,
    KODIAK,
    TE67,
    VELOCITY_STEPS,
    Dataset,
    fetch,
    given_folder,
)
from slicken.errors import FetchError

MADE_UP = {name: f"made up for {name}\n".encode() * 50 for name in ("a+b_1.tsv", "plain.tsv")}


class Server(ThreadingHTTPServer):
    """Serves ``files`` below ``/logs/``, and remembers what it was asked for."""

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = files
        self.asked: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/logs"


class Handler(BaseHTTPRequestHandler):
    """Answers GET."""

    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        content = self.server.files.get(unquote(self.path).removeprefix("/logs/"))
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    served = Server(dict(MADE_UP))
    thread = threading.Thread(target=served.serve_forever, args=(0.01,))
    thread.start()
    yield served
    served.shutdown()
    served.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own, no given folder, and no waiting between tries."""
    monkeypatch.delenv("SLICKEN_DATA", raising=False)
    monkeypatch.setattr(datasets, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr("pooch.core.time.sleep", lambda _: None)
    return tmp_path / "cache"


@pytest.fixture
def dataset(server: Server, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    made_up = Dataset(
        name="made-up",
        folder="made_up",
        base=server.address,
        source="nobody",
        files={name: hashlib.sha256(content).hexdigest() for name, content in MADE_UP.items()},
    )
    monkeypatch.setitem(DATASETS, "made-up", made_up)
    return made_up


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.usefixtures("dataset")
def test_files_are_fetched_into_the_cache_and_are_what_was_published(cache: Path) -> None:
    told: list[tuple[str, int, int]] = []
    paths = fetch("made-up", reporter=lambda *step: told.append(step))
    assert [path.name for path in paths] == sorted(MADE_UP)
    assert all(path.parent == cache / "made_up" for path in paths)
    assert all(path.read_bytes() == MADE_UP[path.name] for path in paths)
    assert told == [(name, number, 2) for number, name in enumerate(MADE_UP)]


@pytest.mark.usefixtures("dataset")
def test_a_plus_in_a_name_is_quoted(server: Server) -> None:
    fetch("made-up")
    assert server.asked == ["/logs/a%2Bb_1.tsv", "/logs/plain.tsv"]


def test_all_real_names_are_asked_for_as_they_must_be(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bare + means a space to some servers."""
    server.files = {name: name.encode() for name in TE67.files}
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in server.files.items()}
    monkeypatch.setitem(DATASETS, "te67", replace(TE67, files=sums))
    assert [path.name for path in fetch("te67", base=server.address)] == sorted(TE67.files)
    assert "/logs/PPS%2B15PTFE_60N_200RPM_30MINS_1.tsv" in server.asked
    assert not [path for path in server.asked if "+" in path or " " in path]


def test_the_real_address_names_a_commit() -> None:
    assert TE67.base.startswith("https://raw.githubusercontent.com/")
    assert "15201cc1a04af20ec6e1dd1f7fa4ea07a016446b" in TE67.base
    assert len(TE67.files) == 12
    assert all(len(checksum) == 64 for checksum in TE67.files.values())


def test_the_raw_kodiak_file_has_a_pinned_address_and_a_checksum() -> None:
    assert KODIAK.base == (
        "https://raw.githubusercontent.com/LeemanGeophysicalLLC/pylook/"
        "0510ef43e3a4f9f35e22f5a8b109663b4da2db7a/staticdata/"
    )
    assert set(KODIAK.files) == {"p655intact100l"}
    assert KODIAK.folder == "kodiak_p655"


def test_the_raw_kodiak_file_is_fetched_by_its_name(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files = {"p655intact100l": b"counts"}
    sums = {"p655intact100l": hashlib.sha256(b"counts").hexdigest()}
    monkeypatch.setitem(DATASETS, "kodiak", replace(KODIAK, files=sums))
    assert fetch("kodiak", base=server.address) == [cache / "kodiak_p655" / "p655intact100l"]
    assert server.asked == ["/logs/p655intact100l"]


def test_files_of_two_commits_are_fetched_from_both(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = VELOCITY_STEPS.places
    assert {place.split("/")[0][:12] for place in places.values()} == {
        "33d44bcd130f", "1015c78e9143"
    }  # fmt: skip
    assert set(places) == set(VELOCITY_STEPS.files)
    server.files = {place: place.encode() for place in places.values()}
    sums = {file: hashlib.sha256(place.encode()).hexdigest() for file, place in places.items()}
    ours = replace(VELOCITY_STEPS, base=server.address, files=sums)
    monkeypatch.setitem(DATASETS, "velocity-steps", ours)
    found = fetch("velocity-steps")
    assert found == [cache / "velocity_steps" / file for file in sorted(sums)]
    assert [path.read_text() for path in found] == [places[path.name] for path in found]


def test_a_mirror_holds_files_of_two_commits_by_their_names(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files = {file: file.encode() for file in VELOCITY_STEPS.files}
    sums = {file: hashlib.sha256(file.encode()).hexdigest() for file in server.files}
    monkeypatch.setitem(DATASETS, "velocity-steps", replace(VELOCITY_STEPS, files=sums))
    found = fetch("velocity-steps", base=server.address)
    assert kept(cache) == sorted(path.name for path in found) == sorted(sums)


def test_a_second_fetch_needs_no_server(server: Server, dataset: Dataset) -> None:
    first = fetch(dataset.name)
    server.asked.clear()
    assert fetch(dataset.name, base="http://127.0.0.1:9/nobody") == first
    assert server.asked == []


@pytest.mark.usefixtures("dataset")
def test_a_file_that_was_damaged_in_the_cache_is_fetched_again(server: Server) -> None:
    path = fetch("made-up")[0]
    path.write_bytes(b"damaged")
    server.asked.clear()
    assert fetch("made-up")[0].read_bytes() == MADE_UP[path.name]
    assert len(server.asked) == 1


@pytest.mark.usefixtures("dataset")
def test_what_is_not_what_was_published_is_refused_and_not_kept(
    server: Server, cache: Path
) -> None:
    server.files["plain.tsv"] = b"something else"
    with pytest.raises(FetchError, match=r"plain.tsv: .*SHA-256 differs.*another address"):
        fetch("made-up")
    assert kept(cache) == ["a+b_1.tsv"]


@pytest.mark.usefixtures("dataset")
def test_a_file_that_is_not_on_the_server_is_named(server: Server, cache: Path) -> None:
    del server.files["plain.tsv"]
    with pytest.raises(FetchError, match=r"plain.tsv: cannot be fetched from .*HTTPError"):
        fetch("made-up")
    assert kept(cache) == ["a+b_1.tsv"]


@pytest.mark.usefixtures("dataset")
def test_a_server_that_is_down_is_an_error_with_advice(cache: Path) -> None:
    with pytest.raises(FetchError, match=r"check the network, name a mirror.* SLICKEN_DATA to"):
        fetch("made-up", base="http://127.0.0.1:9/logs")
    assert kept(cache) == []


@pytest.mark.usefixtures("dataset")
@pytest.mark.parametrize("base", ["mirror.lab", "gopher://lab/logs"])
def test_an_address_that_is_none_is_refused(base: str) -> None:
    with pytest.raises(FetchError, match=r"not an address to fetch from; .*https://"):
        fetch("made-up", base=base)


@pytest.mark.usefixtures("dataset")
def test_a_mirror_with_a_slash_at_its_end_is_the_same(server: Server) -> None:
    fetch("made-up", base=server.address + "/")
    assert server.asked == ["/logs/a%2Bb_1.tsv", "/logs/plain.tsv"]


@pytest.mark.usefixtures("dataset")
def test_a_cache_that_cannot_be_written_is_said(cache: Path) -> None:
    cache.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(FetchError, match=r"cannot be written .*free some space, or set SLICKEN"):
        fetch("made-up")


def test_an_unknown_name_lists_those_that_exist() -> None:
    with pytest.raises(
        FetchError, match="no dataset is named 'moon'; there is te67, kodiak, velocity-steps"
    ):
        fetch("moon")


def give_folder(place: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = place / "data" / "made_up"
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    monkeypatch.setenv("SLICKEN_DATA", str(place / "data"))
    return folder


@pytest.mark.usefixtures("dataset")
def test_a_given_folder_is_used_as_it_is(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if its files are not those that were published, and with more beside them."""
    mine = {**dict.fromkeys(MADE_UP, b"mine"), "notes.txt": b"mine too"}
    folder = give_folder(tmp_path, mine, monkeypatch)
    assert fetch("made-up") == [folder / name for name in sorted(MADE_UP)]
    assert server.asked == []


@pytest.mark.usefixtures("dataset")
def test_a_given_folder_that_lacks_half_of_the_files_is_said_to(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_folder(tmp_path, {"plain.tsv": b"mine"}, monkeypatch)
    with pytest.raises(FetchError, match=r"1 of 2 files .*not there \(a\+b_1.tsv\).* complete it"):
        fetch("made-up")
    assert server.asked == []


@pytest.mark.usefixtures("dataset")
def test_a_given_folder_of_other_logs_leaves_the_cache_to_be_used(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("SLICKEN_DATA", str(tmp_path / "data"))
    assert fetch("made-up")[0].parent == cache / "made_up"


def test_a_given_folder_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLICKEN_DATA", "/nowhere/at/all")
    with pytest.raises(FetchError, match="/nowhere/at/all: no such folder; SLICKEN_DATA names it"):
        given_folder()
    monkeypatch.setenv("SLICKEN_DATA", "")
    assert given_folder() is None
