"""Friction laws in a file: what is read is what was written, and others can open it."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import made_up_laws as made_up
from slicken.errors import LawError
from slicken.laws.results import Laws
from slicken.laws.saved import from_tree, load_laws, save_laws, to_tree

CASES = {
    "all": made_up.laws(),
    "nothing": Laws((), (), (), (), (), (), None),
    "only an unusable event": made_up.laws(
        events=(made_up.unusable(0),), shared=(), healing=(), histories=(), thermal=(), verdict=None
    ),
    "a history that is none": made_up.laws(
        histories=(
            replace(
                made_up.history(), estimates={}, distances=np.array([]), losses=np.array([]),
                records=(), time={}, friction={}, modelled={},
            ),
        )
    ),
}  # fmt: skip


def same(one: object, other: object) -> bool:
    """Whether two results are equal, number for number and word for word."""
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and bool(np.array_equal(one, other, equal_nan=True))
    if is_dataclass(one):
        return type(one) is type(other) and all(
            same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one)
        )
    if isinstance(one, Mapping):
        assert isinstance(other, Mapping)
        return list(one) == list(other) and all(same(one[k], other[k]) for k in one)
    if isinstance(one, tuple):
        assert isinstance(other, tuple)
        return len(one) == len(other) and all(map(same, one, other))
    return one == other or (one != one and other != other)


@pytest.mark.parametrize("case", CASES)
def test_what_is_read_is_what_was_written(case: str, tmp_path: Path) -> None:
    laws = CASES[case]
    assert same(from_tree(to_tree(laws)), laws)
    save_laws(laws, tmp_path / "laws.nc")
    assert same(load_laws(tmp_path / "laws.nc"), laws)


def test_the_file_is_labelled_for_others(tmp_path: Path) -> None:
    save_laws(made_up.laws(), tmp_path / "laws.nc")
    with xr.open_dataset(tmp_path / "laws.nc", group="fits/1", engine="h5netcdf") as first:
        ageing = first["estimate"].isel(fit=0).sel(parameter="dc", number="value")
        assert float(ageing) == pytest.approx(7e-6)
        assert first["displacement"].attrs["units"] == "m"
    with xr.open_dataset(tmp_path / "laws.nc", group="events", engine="h5netcdf") as events:
        assert events["kind"].to_numpy().tolist()[:3] == ["step"] * 3


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "laws.nc").write_bytes(b"no")
    xr.Dataset().to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    for name in ("laws.nc", "other.nc", "nowhere.nc"):
        with pytest.raises(LawError, match="slicken law"):
            load_laws(tmp_path / name)
