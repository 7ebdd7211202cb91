"""Sampling: the step of a log whose rows are partly lost, uneven, or change their rate."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from found import found_in, of_kind
from slicken.experiment import Experiment
from slicken.experiment.reading import prepare
from slicken.experiment.sampling import neat_step, read_clock

SLIDING = 5.0  # um/s


def prepared(path: Path, time: NDArray[np.float64], digits: int = 4) -> Experiment:
    friction = 0.6 + 0.01 * np.sin(time / 7)
    rows = [
        f"{t:.{digits}f}\t{x:.4f}\t{f:.5f}"
        for t, x, f in zip(time, SLIDING * time, friction, strict=True)
    ]
    path.write_text("\n".join(["Time(s)\tDispl(microns)\tFriction", *rows]))
    return prepare(path)


def with_rows_lost(time: NDArray[np.float64], share: float, seed: int) -> NDArray[np.float64]:
    return time[np.random.default_rng(seed).random(time.size) > share]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("share", [0.02, 0.15, 0.25])
@pytest.mark.parametrize("jitter", [0.0, 0.003])
def test_a_logger_that_loses_rows_keeps_its_step(
    tmp_path: Path, share: float, seed: int, jitter: float
) -> None:
    time = with_rows_lost(0.1 * np.arange(6000), share, seed)
    time = time + jitter * np.random.default_rng(seed + 10).standard_normal(time.size)
    found = prepared(tmp_path / "log.txt", time)
    assert found.dt == pytest.approx(0.1)
    assert not of_kind(found, "rate_changes")
    whole = found.time > 1
    np.testing.assert_allclose(
        found.channels["slip_velocity"][whole] * 1e6, SLIDING, rtol=0.05 if jitter else 1e-2
    )


def test_rounded_stamps_of_a_step_that_is_not_round_stay_on_one_grid() -> None:
    time = with_rows_lost(0.13333333 * np.arange(20_000), 0.15, 4)
    clock = read_clock(np.round(time, 3))
    assert clock.regular
    assert clock.step == pytest.approx(0.13333333, rel=1e-6)


def test_a_long_hole_does_not_take_a_log_off_its_grid() -> None:
    time = np.round(0.13333333 * np.delete(np.arange(20_000), np.s_[4000:14_000]), 4)
    assert read_clock(time).regular


def test_a_sampling_that_changes_is_said_wherever_the_change_lies(tmp_path: Path) -> None:
    slow, fast = np.arange(0, 900, 1.0), np.arange(900, 1100, 0.1)
    late = prepared(tmp_path / "late.txt", np.concatenate([slow, fast]))
    assert found_in(late, "rate_changes") == {"finest": 0.1, "coarsest": 1.0, "grid": 1.0}
    early = prepared(tmp_path / "early.txt", np.concatenate([fast - 900, slow + 200]))
    assert found_in(early, "rate_changes") == {"finest": 0.1, "coarsest": 1.0, "grid": 1.0}
    # Fast for a tenth of the time: fewer rows than the slow part has.
    brief = np.concatenate([np.arange(0, 900, 1.0), np.arange(900, 930, 0.1)])
    found = prepared(tmp_path / "brief.txt", brief)
    assert found_in(found, "rate_changes") == {"finest": 0.1, "coarsest": 1.0, "grid": 1.0}
    # Slow for a sixth of the time: the grid is the fast one, and it is said.
    mostly = np.concatenate([np.arange(0, 100, 1.0), np.arange(100, 600, 0.1)])
    found = prepared(tmp_path / "mostly.txt", mostly)
    assert found_in(found, "rate_changes") == {"finest": 0.1, "coarsest": 1.0, "grid": 0.1}


def test_a_sampling_that_changes_and_loses_rows_is_still_said(tmp_path: Path) -> None:
    time = np.concatenate([np.arange(0, 500, 1.0), np.arange(500, 1000, 0.1)])
    found = prepared(tmp_path / "log.txt", with_rows_lost(time, 0.15, 5))
    assert found_in(found, "rate_changes") == {"finest": 0.1, "coarsest": 1.0, "grid": 1.0}


def test_sampling_that_only_wavers_does_not_change() -> None:
    uneven = np.cumsum(0.136 + 0.01 * np.random.default_rng(6).random(3000))
    assert neat_step(uneven, 3.0) == 0.2
    clock = read_clock(uneven)
    assert not clock.regular
    assert clock.step == pytest.approx(0.141, abs=0.001)
