"""Study folders made by somebody who means harm: an error in a line, nothing run, nothing read."""

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from safetensors.numpy import load_file, save_file

import slicken
from slicken.errors import SlickenError
from slicken.study.files import write_listed
from slicken.study.folder import StudyFolder


@pytest.fixture
def hostile(trained: StudyFolder, tmp_path: Path) -> Path:
    """A copy of the trained study, whose owner may write checksums as well as anybody."""
    return shutil.copytree(trained.path, tmp_path / "study")


@pytest.fixture(scope="module")
def gathered(trained: StudyFolder, tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    """A study with all its evidence."""
    folder = shutil.copytree(trained.path, tmp_path_factory.mktemp("gathered") / "study")
    slicken.explain(slicken.open_study(folder))
    return StudyFolder.open(folder)


def vouch(file: Path) -> None:
    """Make the checksum right."""
    write_listed(file, file.read_bytes())


def refused(folder: Path) -> str:
    """What is said of a folder that everything is asked of."""
    with pytest.raises(SlickenError) as caught:
        slicken.explain(slicken.open_study(folder))
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 1000
    return message


def safetensors(header: bytes, body: bytes = b"", claims: int | None = None) -> bytes:
    return struct.pack("<Q", len(header) if claims is None else claims) + header + body


def entry(shape: list[int], offsets: list[int], kind: str = "F32") -> bytes:
    return json.dumps({"dense": {"dtype": kind, "shape": shape, "data_offsets": offsets}}).encode()


@pytest.mark.parametrize(
    "content",
    [
        safetensors(b"{}", claims=2**62),
        safetensors(b"{" * 100_000),
        safetensors(b" " * 200_000_000, claims=200_000_000),
        safetensors(entry([2**40], [0, 2**42])),
        safetensors(entry([2], [0, 8]), b"\0" * 4),
        safetensors(entry([2], [4, 12]), b"\0" * 12),
        safetensors(entry([1], [0, 4], "PICKLE"), b"\0" * 4),
        safetensors(entry([-1], [0, 4]), b"\0" * 4),
        b"\x80\x04\x95" + b"\0" * 100,  # how a pickle begins
        b"PK\x03\x04" + b"\0" * 100,
        b"",
    ],
    ids=[
        "endless header", "deep header", "huge header", "huge array", "short", "gap",
        "unknown kind", "negative", "pickle", "zip", "empty",
    ],
)  # fmt: skip
def test_weights_that_are_none_are_refused(hostile: Path, content: bytes) -> None:
    file = hostile / "windows" / "0010s" / "weights.safetensors"
    file.write_bytes(content)
    vouch(file)
    assert "weights.safetensors: cannot be read" in refused(hostile)


def test_weights_without_the_checksum_that_they_carry_are_refused(hostile: Path) -> None:
    file = hostile / "windows" / "0010s" / "weights.safetensors"
    save_file({name: values + 1 for name, values in load_file(file).items()}, file)
    vouch(file)
    assert "its checksum is another" in refused(hostile)


def _claims_much(file: Path) -> None:
    with h5py.File(file, "a") as opened:
        opened.create_dataset("bomb", (10**7, 10**6), "f8", chunks=(1000, 1000))


def _lacks(file: Path) -> None:
    with h5py.File(file, "a") as opened:
        del opened["best_loss" if "best_loss" in opened else "predicted"]


def _words_for_numbers(file: Path) -> None:
    name = "best_loss" if file.name == "history.nc" else "measured"
    dataset = xr.load_dataset(file, engine="h5netcdf")
    dataset[name] = dataset[name].astype(str).astype(object)
    dataset.to_netcdf(file, engine="h5netcdf")


def _one_run(file: Path) -> None:
    dataset = xr.load_dataset(file, engine="h5netcdf").isel(run=[0])
    dataset.to_netcdf(file, engine="h5netcdf")


def _a_link(file: Path) -> None:
    target = file.with_name("elsewhere")
    with h5py.File(file, "w") as opened:
        opened["best_loss"] = h5py.ExternalLink(str(target), "/x")


def _rubbish(file: Path) -> None:
    file.write_bytes(b"\x89HDF\r\n\x1a\n" + b"\xff" * 5000)


@pytest.mark.parametrize("name", ["history.nc", "predictions.nc"])
@pytest.mark.parametrize(
    "spoil", [_claims_much, _lacks, _words_for_numbers, _one_run, _a_link, _rubbish]
)
def test_tables_that_are_not_of_the_plan_are_refused(
    hostile: Path, name: str, spoil: Callable[[Path], None]
) -> None:
    file = hostile / "windows" / "0010s" / name
    spoil(file)
    vouch(file)
    assert "0010s" in refused(hostile)


@pytest.mark.parametrize("name", ["required", "roles", "comparison", "scores", "attribution_0010s"])
@pytest.mark.parametrize("content", [xr.Dataset(), xr.Dataset({"x": ("n", [1.0])}, {"n": ["<b>"]})])
def test_evidence_that_is_none_is_refused_or_computed_anew(
    gathered: StudyFolder, tmp_path: Path, name: str, content: xr.Dataset
) -> None:
    folder = shutil.copytree(gathered.path, tmp_path / "study")
    StudyFolder.open(folder).write_evidence(name, content)
    try:
        slicken.explain(slicken.open_study(folder))
    except SlickenError as error:
        assert "is not as slicken writes it" in str(error)


def test_experiments_of_somebody_who_means_harm_are_refused(hostile: Path) -> None:
    file = hostile / "experiments.nc"
    whole = file.read_bytes()

    def time_backward(opened: h5py.File) -> None:
        opened["0000/time"][...] = opened["0000/time"][...][::-1]

    def time_nan(opened: h5py.File) -> None:
        opened["0001/time"][3] = np.nan

    def deep_json(opened: h5py.File) -> None:
        opened["0000"].attrs["truth"] = "[" * 50_000

    def no_json(opened: h5py.File) -> None:
        opened["0000"].attrs["findings"] = "__import__('os').system('true')"

    def no_name(opened: h5py.File) -> None:
        del opened["0000"].attrs["name"]

    def no_channel(opened: h5py.File) -> None:
        del opened["0002/friction"]

    for spoil in (time_backward, time_nan, deep_json, no_json, no_name, no_channel):
        file.write_bytes(whole)
        with h5py.File(file, "a") as opened:
            spoil(opened)
        vouch(file)
        message = refused(hostile)
        assert message, spoil.__name__


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("runs = 3", "runs = 1000000000"),
        ("epochs = 3", "epochs = -1"),
        ("units = 4", "units = 1000000000"),
        ("kernel = 2", "kernel = 1e300"),
        ("stride = 2.0", "stride = nan"),
        ('engine = "auto"', 'engine = "../../library.so"'),
        ("format = 4", "format = 4\nx = " + "[" * 50_000),
    ],
)
def test_a_plan_of_somebody_who_means_harm_is_refused(hostile: Path, old: str, new: str) -> None:
    file = hostile / "plan.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    vouch(file)
    assert refused(hostile)


def test_a_study_does_not_write_through_a_link(hostile: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (hostile / "evidence").symlink_to(outside)
    assert "leads out of the study folder" in refused(hostile)
    assert not list(outside.iterdir())
