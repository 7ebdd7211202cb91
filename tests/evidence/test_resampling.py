"""Blocks of target times, how long errors remember, and intervals against plain loops."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from slicken.evidence.resampling import (
    ENOUGH_EXPERIMENTS,
    FEWEST_BLOCKS,
    Blocks,
    blocks_of,
    correlation_time,
    expanded_percentiles,
    independent_blocks,
    mean_interval,
    resampled_counts,
    sums_by_block,
)


def targets_at(**clocks: list[float]) -> xr.Dataset:
    names = [name for name, times in clocks.items() for _ in times]
    return xr.Dataset(
        coords={
            "time": ("target", [t for times in clocks.values() for t in times]),
            "experiment": ("target", np.array(names, dtype=object)),
        }
    )


def test_blocks_are_stretches_of_one_experiment() -> None:
    """By hand: b's 25 s hold two stretches of 12.5 s, a's 9 s hold none of 10 s and stay whole."""
    targets = targets_at(b=[0.0, 5.0, 12.4, 12.5, 25.0], a=[0.0, 9.0])
    blocks = blocks_of(targets, 10.0)
    assert [blocks.tolist().index(block) for block in blocks] == [0, 0, 0, 3, 3, 5, 5]


def test_a_few_targets_more_than_a_block_are_no_second_block() -> None:
    """Two experiments of 510 s are two blocks of 500 s, not four of which two last 10 s."""
    clock = np.arange(0.0, 510.0, 5.0).tolist()
    assert len(set(blocks_of(targets_at(a=clock, b=clock), 500.0).tolist())) == 2


@given(
    st.lists(
        st.tuples(st.floats(-1e4, 1e4), st.sets(st.integers(0, 99), min_size=1, max_size=30)),
        min_size=1, max_size=4,
    ),
    st.integers(1, 20),
)  # fmt: skip
def test_blocks_never_mix_experiments_and_do_not_ask_when_a_clock_began(
    runs: list[tuple[float, set[int]]], seconds: int
) -> None:
    """On clocks that start anywhere, before zero too."""
    clocks = {f"run{i}": sorted(start + t for t in times) for i, (start, times) in enumerate(runs)}
    targets = targets_at(**clocks)
    blocks = blocks_of(targets, float(seconds))
    names, times = targets["experiment"].to_numpy(), targets["time"].to_numpy()
    for block in np.unique(blocks):
        here = blocks == block
        assert len(set(names[here])) == 1
        assert np.ptp(times[here]) <= 2 * seconds
    for name, clock in clocks.items():
        ours = blocks[names == name]
        assert (np.diff(ours) >= 0).all()
        assert len(set(ours.tolist())) <= max(1, (clock[-1] - clock[0]) * (1 + 1e-9) / seconds)


def wandering(memory: float, seed: int, count: int = 4, samples: int = 3000) -> tuple:
    """First-order autoregressive values of several experiments, and their targets, one a second."""
    random = np.random.default_rng(seed)
    kept = np.exp(-1 / memory) if memory else 0.0
    rows = []
    for _ in range(count):
        shocks = random.normal(size=samples)
        row = [shocks[0]]
        for shock in shocks[1:]:
            row.append(kept * row[-1] + np.sqrt(1 - kept**2) * shock)
        rows.append(row)
    clock = np.arange(samples, dtype=float).tolist()
    return np.concatenate(rows), targets_at(**{f"run{i}": clock for i in range(count)})


@pytest.mark.parametrize("memory", [0.0, 5.0, 50.0])
def test_how_long_values_remember_is_that_of_the_process(memory: float) -> None:
    """An AR(1) has the integrated time (1 + a)/(1 - a), close to twice its memory."""
    values, targets = wandering(memory, 3)
    kept = np.exp(-1 / memory) if memory else 0.0
    expected = (1 + kept) / (1 - kept)
    assert correlation_time(targets, values) == pytest.approx(expected, rel=0.35)


def test_what_never_forgets_within_the_experiments_is_one_block_each() -> None:
    targets = targets_at(**{f"run{i}": np.arange(600.0).tolist() for i in range(3)})
    values = np.repeat([0.0, 1.0, 5.0], 600)
    assert len(set(independent_blocks(targets, values, 50.0).of.tolist())) == 3


def test_values_that_forget_at_once_have_blocks_as_long_as_the_windows() -> None:
    values, targets = wandering(0.0, 1)
    blocks = independent_blocks(targets, values, 100.0)
    assert blocks.unit == "time"
    np.testing.assert_array_equal(blocks.of, blocks_of(targets, 100.0))


def test_experiments_are_the_blocks_where_there_are_enough() -> None:
    values, targets = wandering(0.0, 1, count=ENOUGH_EXPERIMENTS, samples=300)
    blocks = independent_blocks(targets, values, 10.0)
    assert blocks.unit == "experiment"
    assert blocks.count == ENOUGH_EXPERIMENTS
    assert blocks.of.tolist() == np.repeat(np.arange(ENOUGH_EXPERIMENTS), 300).tolist()
    few = independent_blocks(*wandering(0.0, 1, count=ENOUGH_EXPERIMENTS - 1)[::-1], 10.0)
    assert few.unit == "time"


@pytest.mark.parametrize(("count", "low"), [(6, 0.2432), (8, 0.5738), (12, 1.0757)])
def test_expanded_percentiles_are_those_of_hesterberg(count: int, low: float) -> None:
    """By hand: Phi(-sqrt(n/(n-1)) t), with t of a table: 2.571, 2.365 and 2.201."""
    assert expanded_percentiles(count) == pytest.approx((low, 100 - low), abs=2e-3)


@pytest.mark.parametrize("count", [6, 8, 12])
def test_intervals_over_experiments_cover_a_planted_mean(count: int) -> None:
    """Errors differ from experiment to experiment, and within each hardly at all."""
    random = np.random.default_rng(count)
    blocks = Blocks(np.repeat(np.arange(count), 3), "experiment")
    narrow = Blocks(blocks.of)
    values = np.repeat(random.normal(0.3, 1.0, (400, count)), 3, axis=1)
    inside, within = (
        np.mean([low <= 0.3 <= high for _, low, high in (mean_interval(v, b, 0) for v in values)])
        for b in (blocks, narrow)
    )
    assert inside >= 0.92
    assert within < inside


def test_sums_and_counts_are_those_of_each_block() -> None:
    sums, count = sums_by_block(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([7, 3, 7]))
    assert sums.tolist() == [[2.0, 4.0], [5.0, 10.0]]
    assert count.tolist() == [1.0, 2.0]


def test_a_mean_has_the_interval_of_a_plain_loop_over_blocks_and_runs() -> None:
    random = np.random.default_rng(2)
    values, blocks = random.normal(size=(3, 40)), np.repeat(np.arange(8), 5)
    found = mean_interval(values, Blocks(blocks), seed=5)
    of_blocks, of_runs = resampled_counts(8, 5), resampled_counts(3, 6)
    means = [
        np.average(values, weights=np.outer(runs, np.repeat(each, 5)))
        for runs, each in zip(of_runs, of_blocks, strict=True)
    ]
    assert found.value == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(means, [2.5, 97.5])))


def test_too_few_blocks_have_no_interval() -> None:
    found = mean_interval(np.ones(30), Blocks(np.repeat(np.arange(FEWEST_BLOCKS - 1), 10)), seed=0)
    assert np.isnan([found.low, found.high]).all()
    assert not found.above_null
