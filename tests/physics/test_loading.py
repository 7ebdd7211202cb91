from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from slicken.errors import PlanError
from slicken.physics.loading import (
    WARMS,
    Loading,
    ramped,
    rotary_shear,
    servo,
    stage_stress,
    stage_velocity,
    two_velocities,
    velocity_stages,
    velocity_stepping,
    warming_room,
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


@pytest.mark.parametrize(
    "drive", [rotary_shear, velocity_stepping, velocity_stages, two_velocities, warming_room]
)
def test_a_longer_loading_begins_with_the_shorter_one(
    drive: Callable[[float, np.random.Generator], Loading],
) -> None:
    short = drive(500.0, np.random.default_rng(3))
    long = drive(900.0, np.random.default_rng(3))
    assert len(short) == 501
    np.testing.assert_array_equal(long.normal_stress[:501], short.normal_stress)
    np.testing.assert_array_equal(long.velocity[:501], short.velocity)
    if long.room is not None and short.room is not None:
        np.testing.assert_array_equal(long.room[:501], short.room)


def test_rotary_shear_slips_at_4_mm_per_s_with_servo_noise() -> None:
    loading = rotary_shear(3600.0, np.random.default_rng(0))
    assert loading.velocity.mean() == pytest.approx(4e-3, rel=1e-3)
    assert loading.velocity.std() / 4e-3 == pytest.approx(0.007, rel=0.1)


def test_velocity_stages_fill_a_factor_of_eight_whatever_the_stress() -> None:
    loading = velocity_stages(200_000.0, np.random.default_rng(0))
    levels = loading.velocity
    assert 0.97 * 0.5e-3 < levels.min() < 0.55e-3
    assert 3.7e-3 < levels.max() < 1.04 * 4e-3
    assert abs(np.corrcoef(np.log(levels), loading.normal_stress)[0, 1]) < 0.1


def test_two_velocities_take_turns() -> None:
    firsts = set()
    for seed in range(8):
        velocity = two_velocities(3600.0, np.random.default_rng(seed)).velocity
        is_fast = velocity > 2e-3
        np.testing.assert_allclose(velocity, np.where(is_fast, 4e-3, 0.5e-3), rtol=0.03)
        lengths, _ = stages(is_fast.astype(np.float64))
        assert lengths[:-1].min() >= 100
        assert lengths.max() <= 800
        firsts.add(bool(is_fast[0]))
    assert firsts == {False, True}


def test_a_room_warms_at_a_rate_of_its_own_in_each_experiment() -> None:
    rates = []
    for seed in range(50):
        room = warming_room(1800.0, np.random.default_rng(seed)).room
        assert room is not None
        np.testing.assert_allclose(room, np.arange(1801) * room[1], rtol=1e-12)
        rates.append(3600.0 * float(room[1]))
    assert WARMS[0] <= min(rates) < 5.0
    assert 11.0 < max(rates) <= WARMS[1]


def test_a_room_of_another_length_is_refused() -> None:
    with pytest.raises(PlanError, match="room"):
        Loading(dt=1.0, normal_stress=np.ones(3), velocity=np.ones(3), room=np.ones(2))


def test_impossible_loadings_are_refused() -> None:
    with pytest.raises(PlanError, match="one shape"):
        Loading(dt=1.0, normal_stress=np.ones(3), velocity=np.ones(2))
    with pytest.raises(PlanError, match="positive normal stress"):
        Loading(dt=1.0, normal_stress=np.zeros(2), velocity=np.ones(2))
    with pytest.raises(PlanError, match="must be positive"):
        Loading(dt=0.0, normal_stress=np.ones(2), velocity=np.ones(2))
