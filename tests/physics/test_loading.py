from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from slicken.errors import PlanError
from slicken.physics.loading import (
    Loading,
    ramped,
    rotary_shear,
    servo,
    stage_stress,
    stage_velocity,
    velocity_stepping,
)


def stages(command: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Lengths and values of the intervals in which a command stands still."""
    starts = np.flatnonzero(np.diff(command, prepend=np.nan) != 0)
    return np.diff(np.append(starts, command.size)), command[starts]


def test_stages_stay_within_the_published_ranges() -> None:
    lengths, levels = stages(stage_stress(200_000, np.random.default_rng(0), dt=1.0))
    assert lengths[:-1].min() >= 100
    assert lengths.max() <= 800
    assert levels.min() >= 0.3e6
    assert levels.max() <= 5.8e6
    assert np.abs(np.diff(levels)).min() >= 0.3e6
    assert levels.min() < 0.5e6
    assert levels.max() > 5.6e6


def test_stage_lengths_are_seconds_whatever_the_sampling() -> None:
    lengths, _ = stages(stage_stress(50_000, np.random.default_rng(0), dt=0.1))
    assert lengths[:-1].min() >= 1000


def test_velocity_steps_include_holds() -> None:
    _, levels = stages(stage_velocity(50_000, np.random.default_rng(0), dt=1.0))
    held = levels == 1e-8
    assert 0.15 < held.mean() < 0.35
    assert levels[~held].min() >= 1e-6
    assert levels[~held].max() <= 1e-3


def test_a_servo_ramps_and_never_answers_before_the_command() -> None:
    command = np.array([1.0] * 10 + [6.0] * 10)
    followed = ramped(command, dt=1.0, seconds=5.0)
    np.testing.assert_allclose(followed, [1.0] * 10 + [2.0, 3.0, 4.0, 5.0] + [6.0] * 6)


def test_servo_noise_is_in_proportion_to_the_command() -> None:
    rng = np.random.default_rng(0)
    followed = servo(np.repeat([1.0, 100.0], 20_000), rng, relative=0.01)
    assert followed[:20_000].std() == pytest.approx(0.01, rel=0.05)
    assert followed[20_000:].std() == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize("drive", [rotary_shear, velocity_stepping])
def test_a_longer_loading_begins_with_the_shorter_one(
    drive: Callable[[float, np.random.Generator], Loading],
) -> None:
    short = drive(500.0, np.random.default_rng(3))
    long = drive(900.0, np.random.default_rng(3))
    assert len(short) == 501
    np.testing.assert_array_equal(long.normal_stress[:501], short.normal_stress)
    np.testing.assert_array_equal(long.velocity[:501], short.velocity)


def test_rotary_shear_slips_at_4_mm_per_s_with_servo_noise() -> None:
    loading = rotary_shear(3600.0, np.random.default_rng(0))
    assert loading.velocity.mean() == pytest.approx(4e-3, rel=1e-3)
    assert loading.velocity.std() / 4e-3 == pytest.approx(0.007, rel=0.1)


def test_impossible_loadings_are_refused() -> None:
    with pytest.raises(PlanError, match="one shape"):
        Loading(dt=1.0, normal_stress=np.ones(3), velocity=np.ones(2))
    with pytest.raises(PlanError, match="positive normal stress"):
        Loading(dt=1.0, normal_stress=np.zeros(2), velocity=np.ones(2))
    with pytest.raises(PlanError, match="must be positive"):
        Loading(dt=0.0, normal_stress=np.ones(2), velocity=np.ones(2))
