"""Scores by hand, skill against a plain loop, and blocks of target times."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import builders
import naive
from slicken.evidence import scores
from slicken.evidence.scores import FEWEST_BLOCKS, blocks_of, score, skill

MEASURED = np.array([0.5, 0.6, 0.7, 0.6, 0.5, 0.4])


def test_a_perfect_prediction_has_perfect_scores() -> None:
    perfect = score(MEASURED, MEASURED)
    assert perfect.rmse == 0
    assert perfect.r2 == 1
    assert perfect.correlation == pytest.approx(1)
    assert perfect.range_ratio == 1


def test_the_mean_has_no_skill_no_trend_and_no_range() -> None:
    mean = score(MEASURED, np.full(6, MEASURED.mean()))
    assert mean.r2 == pytest.approx(0)
    assert mean.rmse == pytest.approx(MEASURED.std())
    assert np.isnan(mean.correlation)
    assert mean.range_ratio == 0


def test_an_offset_keeps_the_trend_and_the_range_and_costs_its_square() -> None:
    shifted = score(MEASURED, MEASURED + 0.2)
    assert shifted.rmse == pytest.approx(0.2)
    assert shifted.r2 == pytest.approx(1 - 0.04 / MEASURED.var())
    assert shifted.correlation == pytest.approx(1)
    assert shifted.range_ratio == pytest.approx(1)


def test_the_opposite_has_the_opposite_trend() -> None:
    flipped = score(MEASURED, 1.1 - MEASURED)
    assert flipped.correlation == pytest.approx(-1)
    assert flipped.range_ratio == pytest.approx(1)
    assert flipped.r2 < 0


def test_a_test_part_of_constant_friction_has_no_scores_but_an_error() -> None:
    constant = score(np.full(5, 0.6), np.linspace(0.5, 0.7, 5))
    assert constant.rmse > 0
    assert np.isnan([constant.r2, constant.correlation, constant.range_ratio]).all()


def test_no_prediction_has_no_scores_and_no_warnings() -> None:
    nothing = score(MEASURED, np.full(6, np.nan))
    assert np.isnan([nothing.rmse, nothing.r2, nothing.correlation, nothing.range_ratio]).all()


def test_the_interval_of_skill_is_that_of_a_plain_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores, "RESAMPLES", 50)
    random = np.random.default_rng(0)
    errors, baseline = random.gamma(1, 1, 60), random.gamma(1, 2, 60)
    blocks = np.repeat([7, 3, 3, 11, 5, 2], 10)
    found = skill(errors, baseline, blocks, against="mean", seed=4)
    low, high = naive.block_bootstrap(errors, baseline, blocks, seed=4, resamples=50)
    assert found.blocks == 5
    assert found.value == pytest.approx(1 - errors.sum() / baseline.sum())
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.low <= found.value <= found.high


def test_too_few_blocks_prove_nothing_however_good_the_prediction() -> None:
    few = np.repeat(np.arange(FEWEST_BLOCKS - 1), 50)
    found = skill(np.full(few.size, 1e-9), np.ones(few.size), few, against="mean", seed=0)
    assert found.value == pytest.approx(1)
    assert np.isnan([found.low, found.high]).all()
    assert not found.proven
    enough = np.repeat(np.arange(FEWEST_BLOCKS), 50)
    assert skill(
        np.full(enough.size, 1e-9), np.ones(enough.size), enough, against="mean", seed=0
    ).proven


def test_one_lucky_block_proves_nothing() -> None:
    """Much better in one block, slightly worse in nine: the sum is better, the interval is not."""
    blocks = np.repeat(np.arange(10), 20)
    baseline = np.where(blocks == 0, 10.0, 1.0)
    errors = np.where(blocks == 0, 1.0, 1.2)
    found = skill(errors, baseline, blocks, against="mean", seed=0)
    assert found.value > 0.3
    assert not found.proven


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


def test_boxes_of_losses_are_those_of_the_naive_twin() -> None:
    """numpy's percentiles, which summary and figures use, are the twin's quartiles."""
    values = builders.smooth(np.random.default_rng(1), 21)
    box = naive.box(values)
    quartiles = np.percentile(values, [25, 50, 75])
    assert [box["low"], box["median"], box["high"]] == pytest.approx(quartiles.tolist())
