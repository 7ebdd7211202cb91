"""Stages: steps of normal stress, planted and found again."""

import numpy as np
import pytest

from slicken.experiment.stages import find_stages


def staircase(random: np.random.Generator, stages: int) -> tuple[np.ndarray, np.ndarray]:
    """A staircase like the paper's: 0.3 to 5.8 MPa, neighbours at least 10 % apart."""
    levels = [random.uniform(0.3e6, 5.8e6)]
    while len(levels) < stages:
        level = random.uniform(0.3e6, 5.8e6)
        if abs(level - levels[-1]) > 0.1 * max(level, levels[-1]):
            levels.append(level)
    lengths = random.integers(40, 400, size=stages)
    return np.repeat(levels, lengths), np.repeat(np.arange(stages), lengths)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_a_noisy_staircase_is_found_to_a_sample_or_two(seed: int, noise: float) -> None:
    random = np.random.default_rng(seed)
    load, planted = staircase(random, 8)
    found = find_stages(load + noise * load.mean() * random.normal(size=load.size) / 5, 0.05)
    assert found.max() == 7
    edges = np.flatnonzero(np.diff(found)) - np.flatnonzero(np.diff(planted))
    assert np.abs(edges).max() <= 2


@pytest.mark.parametrize("noise", [0.001, 0.01, 0.05])
def test_noise_alone_makes_no_stage(noise: float) -> None:
    load = 1e6 * (1 + noise * np.random.default_rng(0).normal(size=5000))
    assert find_stages(load, 0.05).max() == 0


def test_a_ramp_belongs_to_the_stage_that_it_leads_to() -> None:
    load = np.concatenate([np.full(300, 75.0), np.linspace(75, 100, 60), np.full(300, 100.0)])
    found = find_stages(load, 0.05)
    assert found.max() == 1
    assert 300 <= int(np.argmax(found)) <= 325


def test_a_slow_drift_is_no_stage() -> None:
    assert find_stages(np.linspace(1.0, 1.2, 3000), 0.05).max() == 0


def test_a_spike_is_no_stage() -> None:
    load = np.full(300, 2.0)
    load[100:108] = 3.0
    load[200] = 50.0
    assert find_stages(load, 0.05).max() == 0


def test_a_brief_stage_of_its_own_level_is_a_stage() -> None:
    found = find_stages(np.repeat([1.0, 2.0, 3.0], [100, 20, 100]), 0.05)
    np.testing.assert_array_equal(found, np.repeat([0, 1, 2], [100, 20, 100]))


def test_gaps_hold_the_stage_before_them() -> None:
    load = np.repeat([1.0, 2.0], 100)
    load[90:110] = np.nan
    assert find_stages(load, 0.05).max() == 1


def test_a_load_that_is_never_known_or_zero_is_one_stage() -> None:
    assert find_stages(np.full(50, np.nan), 0.05).max() == 0
    assert find_stages(np.zeros(50), 0.05).max() == 0


def test_numbers_never_fall_and_leave_none_out() -> None:
    random = np.random.default_rng(5)
    for _ in range(50):
        found = find_stages(random.normal(size=400).cumsum(), 0.05)
        assert found[0] == 0
        assert set(np.diff(found)) <= {0, 1}
