"""Overlaps: pieces of one record are recognised by their rows, and other records are not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from slicken.errors import PlanError
from slicken.experiment import ChannelMap, Experiment
from slicken.experiment.reading import read_logs
from slicken.experiment.samples import read_samples

Floats = NDArray[np.float64]
RECORD = np.arange(0, 600, 0.1)


def noisy(time: Floats, seed: int = 0) -> Floats:
    """Friction that wanders, at the instants of a record of 0.1 s steps."""
    random = np.random.default_rng(seed)
    whole = 0.6 + np.cumsum(random.normal(0, 3e-4, RECORD.size)) + random.normal(0, 2e-3, 6000)
    return whole[np.round(time * 10).astype(int)]


def smooth(time: Floats) -> Floats:
    return 0.6 + 0.02 * np.exp(-time / 150) + 0.004 * np.sin(time / 40)


def write(
    folder: Path, name: str, time: Floats, friction: Floats, *, stamps: int = 3, digits: int = 6
) -> None:
    rows = [
        f"{t:.{stamps}f},{5 + 0.1 * np.sin(t / 9):.6f},{f:.{digits}f}"
        for t, f in zip(time, friction, strict=True)
    ]
    (folder / f"{name}.csv").write_text("\n".join(["Time (s),Slip velocity (mm/s),mu", *rows]))


def read(folder: Path, **preparation: float) -> list[Experiment]:
    return read_logs(["one.csv", "two.csv"], preparation=preparation, beside=folder)


@pytest.mark.parametrize("make", [noisy, smooth])
def test_a_piece_that_goes_on_is_to_be_joined(
    tmp_path: Path, make: Callable[[Floats], Floats]
) -> None:
    one, two = RECORD[RECORD < 400], RECORD[RECORD > 350]
    write(tmp_path, "one", one, make(one))
    write(tmp_path, "two", two, make(two))
    with pytest.raises(
        PlanError, match=r"two.csv: repeats the end of one.csv, from 350.1 s on; .*"
    ):
        read(tmp_path)
    # The same where the logs are named the other way round, and at their own sampling.
    with pytest.raises(PlanError, match=r"two.csv: repeats the end of one.csv.*kind = \"join\""):
        read_samples(["two.csv", "one.csv"], beside=tmp_path)


@pytest.mark.parametrize("make", [noisy, smooth])
@pytest.mark.parametrize("step", [0.25, 0.3, 1.0])
def test_a_coarser_grid_does_not_hide_a_piece(
    tmp_path: Path, make: Callable[[Floats], Floats], step: float
) -> None:
    one, two = RECORD[RECORD < 400], RECORD[RECORD > 350]
    write(tmp_path, "one", one, make(one))
    write(tmp_path, "two", two, make(two))
    with pytest.raises(PlanError, match="repeats the end"):
        read(tmp_path, step=step)


@pytest.mark.parametrize("offset", [0.03, -0.07])
@pytest.mark.parametrize("make", [noisy, smooth])
def test_a_clock_that_is_off_by_less_than_a_step_does_not_hide_a_piece(
    tmp_path: Path, make: Callable[[Floats], Floats], offset: float
) -> None:
    one, two = RECORD[RECORD < 400], RECORD[RECORD > 350]
    write(tmp_path, "one", one, make(one))
    write(tmp_path, "two", two + offset, make(two))
    off = rf"from 350.1 s on; .*its clock is \{offset:+.3g} s off"
    with pytest.raises(PlanError, match=off):
        read(tmp_path)


def test_every_tenth_row_of_a_record_is_the_record(tmp_path: Path) -> None:
    one, two = RECORD[RECORD < 400], RECORD[RECORD > 300][::10]
    write(tmp_path, "one", one, noisy(one))
    write(tmp_path, "two", two, noisy(two))
    with pytest.raises(PlanError, match=r"repeats the end of one.csv, from 300.1 s on"):
        read(tmp_path)


def test_rows_lost_and_digits_lost_do_not_hide_a_piece(tmp_path: Path) -> None:
    one, two = RECORD[RECORD < 400], RECORD[RECORD > 300]
    one = one[np.random.default_rng(1).random(one.size) > 0.1]
    write(tmp_path, "one", one, noisy(one))
    write(tmp_path, "two", two, noisy(two), stamps=1, digits=4)
    with pytest.raises(PlanError, match="repeats the end"):
        read(tmp_path)


@pytest.mark.parametrize(("start", "end"), [(100, 300), (0, 300), (100, 600), (0, 600)])
def test_a_piece_inside_another_is_to_be_left_out(tmp_path: Path, start: int, end: int) -> None:
    two = RECORD[(start <= RECORD) & (end > RECORD)]
    write(tmp_path, "one", RECORD, noisy(RECORD))
    write(tmp_path, "two", two, noisy(two), digits=5)  # else they might be the same bytes
    last = end - 0.1
    inside = rf"two.csv: repeats one.csv from {start:g} to {last:g} s; .*: leave it out"
    for names in (["one.csv", "two.csv"], ["two.csv", "one.csv"]):
        named = inside if (start, end) != (0, 600) else "repeats .* from 0 to 599.9 s"
        with pytest.raises(PlanError, match=named):
            read_logs(names, beside=tmp_path)


def test_alike_is_not_the_same(tmp_path: Path) -> None:
    """Two runs of one protocol: smooth, and apart by a thousandth of their course."""
    write(tmp_path, "one", RECORD, smooth(RECORD))
    write(tmp_path, "two", RECORD[500:], smooth(RECORD[500:]) + 2e-5)
    assert len(read(tmp_path)) == 2
    write(tmp_path, "two", RECORD[500:], smooth(RECORD[500:] + 0.5))
    assert len(read(tmp_path)) == 2


def test_two_runs_printed_so_coarsely_that_many_rows_agree_are_two(tmp_path: Path) -> None:
    flat = 0.6 + 0.0004 * np.random.default_rng(2).standard_normal(RECORD.size)
    other = 0.6 + 0.0004 * np.random.default_rng(3).standard_normal(RECORD.size)
    write(tmp_path, "one", RECORD, flat, digits=3)
    write(tmp_path, "two", RECORD[500:], other[500:], digits=3)
    assert len(read(tmp_path)) == 2
    ramp = 0.6 + 1e-5 * RECORD
    write(tmp_path, "one", RECORD, ramp, digits=3)
    write(tmp_path, "two", RECORD[500:], ramp[500:], digits=3)
    assert len(read(tmp_path)) == 2


def test_pieces_that_the_preparation_cuts_apart_share_nothing(tmp_path: Path) -> None:
    one, two = RECORD[RECORD < 400], RECORD[RECORD > 350]
    write(tmp_path, "one", one, noisy(one))
    write(tmp_path, "two", two, noisy(two))
    parts = [
        ChannelMap.model_validate(
            {
                "channels": {
                    "time": {"column": "Time (s)"},
                    "slip_velocity": {"column": "Slip velocity (mm/s)"},
                    "friction": {"column": "mu"},
                },
                "preparation": cut,
            }
        )
        for cut in ({"end": 380.0}, {"start": 380.05})
    ]
    maps = dict(zip(("one*", "two*"), parts, strict=True))
    assert len(read_logs(["one.csv", "two.csv"], maps, beside=tmp_path)) == 2


def test_a_clock_since_1970_does_not_hide_a_piece(tmp_path: Path) -> None:
    begun = 1.6e9
    fine = RECORD[RECORD < 400] / 1e4, RECORD[RECORD > 350] / 1e4  # 10 us: the clock is rebased
    for name, time in zip(("one", "two"), fine, strict=True):
        rows = [
            f"{begun + t:.6f},5.0,{f:.6f}" for t, f in zip(time, noisy(time * 1e4), strict=True)
        ]
        text = "\n".join(["Time (s),Slip velocity (mm/s),mu", *rows])
        (tmp_path / f"{name}.csv").write_text(text)
    with pytest.raises(PlanError, match=r"repeats the end of one.csv"):
        read(tmp_path)
