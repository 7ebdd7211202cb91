"""Stages: steps of normal stress, planted and found again."""

from itertools import combinations, pairwise

import numpy as np
import pytest

import stages  # of the benchmarks
from slicken.experiment.change_points import change_points, penalty_of
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


def wandering(random: np.random.Generator, size: int, correlation: float) -> np.ndarray:
    """Noise of unit variance whose neighbours are correlated."""
    white = random.normal(size=size)
    noise = np.zeros(size)
    for place in range(1, size):
        noise[place] = correlation * noise[place - 1] + white[place]
    return noise * np.sqrt(1 - correlation**2)


@pytest.mark.parametrize(("noise", "correlation"), [(0.05, 0.0), (0.1, 0.0), (0.03, 0.9)])
def test_steps_are_found_in_a_load_that_is_noisy(noise: float, correlation: float) -> None:
    planted_edges, found_edges, false = 0, 0, 0
    for seed in range(10):
        random = np.random.default_rng(seed)
        levels = [1.0]
        while len(levels) < 8:
            level = random.uniform(0.3, 5.8)
            if abs(level - levels[-1]) > 0.15 * max(level, levels[-1]):
                levels.append(level)
        load = np.repeat(levels, random.integers(100, 800, size=8))
        planted = np.flatnonzero(np.diff(load))
        load += noise * load.mean() * wandering(random, load.size, correlation)
        edges = np.flatnonzero(np.diff(find_stages(load, 0.05)))
        hits = sum(bool(np.any(np.abs(edges - edge) <= 5)) for edge in planted)
        planted_edges, found_edges = planted_edges + planted.size, found_edges + hits
        false += edges.size - hits
    assert found_edges >= 0.97 * planted_edges
    assert false <= 1


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.1])
@pytest.mark.parametrize("end", [1.2, 2.0, 5.0])
def test_a_ramp_all_along_or_a_drift_is_one_stage(noise: float, end: float) -> None:
    random = np.random.default_rng(1)
    load = np.linspace(1.0, end, 3000) + noise * random.normal(size=3000)
    assert find_stages(load, 0.05).max() == 0


def test_a_load_that_wanders_has_no_stages() -> None:
    for seed in range(10):
        random = np.random.default_rng(seed)
        load = 3 + 0.1 * wandering(random, 4000, 0.9)
        assert find_stages(load, 0.05).max() == 0


@pytest.mark.parametrize(("deviation", "correlation"), stages.NOISES)
def test_a_load_that_drifts_is_not_cut_up(deviation: float, correlation: float) -> None:
    seeds = range(3000, 3012)
    few = [stages.cut_up(seeds, drift, deviation, correlation) for drift in (0.0, 0.02, 0.04)]
    assert sum(few) == 0
    assert stages.cut_up(seeds, 0.08, deviation, correlation) <= 2


@pytest.mark.parametrize(
    ("step", "deviation", "correlation", "least"),
    [(0.1, 0.0, 0.0, 1.0), (0.1, 0.02, 0.0, 1.0), (0.1, 0.05, 0.0, 0.95), (0.1, 0.1, 0.0, 0.75),
     (0.15, 0.1, 0.0, 0.9), (0.2, 0.03, 0.9, 0.95), (0.3, 0.05, 0.9, 0.95)],
)  # fmt: skip
def test_a_step_in_a_drift_is_found_within_ten_samples(
    step: float, deviation: float, correlation: float, least: float
) -> None:
    hits, planted, _ = stages.found(range(3000, 3012), step, 0.04, deviation, correlation)
    assert hits >= least * planted


def test_change_points_match_a_search_of_every_partition() -> None:
    random = np.random.default_rng(3)
    for _ in range(5):
        blocks = np.repeat(random.uniform(0, 3, 3), [8, 10, 9]) + random.normal(size=27)
        penalty = penalty_of(np.repeat(blocks, 5))

        def cost(edges: tuple[int, ...], blocks: np.ndarray = blocks) -> float:
            parts = [blocks[a:b] for a, b in pairwise((0, *edges, 27))]
            return sum(float(np.sum((part - part.mean()) ** 2)) for part in parts)

        every = [
            edges
            for count in range(4)
            for edges in combinations(range(6, 22), count)
            if all(b - a >= 6 for a, b in pairwise((0, *edges, 27)))
        ]
        best = min(every, key=lambda edges: cost(edges) + penalty * len(edges))
        found = change_points(np.repeat(blocks, 5))
        assert found == [5 * edge for edge in best]


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
