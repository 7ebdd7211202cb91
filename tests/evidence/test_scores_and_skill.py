"""Scores by hand, and skill against a plain loop."""

import numpy as np
import pytest

import builders
import naive
from slicken.evidence.permutation import permutation_p
from slicken.evidence.resampling import FEWEST_BLOCKS, RESAMPLES, Blocks
from slicken.evidence.scores import score
from slicken.evidence.skill import skill
from slicken.learning.record import join

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


def test_the_interval_of_skill_is_that_of_a_plain_loop() -> None:
    random = np.random.default_rng(0)
    errors, baseline = random.gamma(1, 1, 60), random.gamma(1, 2, 60)
    blocks = np.repeat([7, 3, 3, 11, 5, 2], 10)
    found = skill(errors, baseline, Blocks(blocks), against="mean", seed=4)
    low, high = naive.block_bootstrap(errors, baseline, blocks, seed=4, resamples=RESAMPLES)
    assert found.blocks == 5
    assert found.value == pytest.approx(1 - errors.sum() / baseline.sum())
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.low <= found.value <= found.high


def test_too_few_blocks_prove_nothing_however_good_the_prediction() -> None:
    few = np.repeat(np.arange(FEWEST_BLOCKS - 1), 50)
    found = skill(np.full(few.size, 1e-9), np.ones(few.size), Blocks(few), against="mean", seed=0)
    assert found.value == pytest.approx(1)
    assert np.isnan([found.low, found.high]).all()
    assert not found.proven
    enough = np.repeat(np.arange(FEWEST_BLOCKS), 50)
    assert skill(
        np.full(enough.size, 1e-9), np.ones(enough.size), Blocks(enough), against="mean", seed=0
    ).proven


def test_one_lucky_block_proves_nothing() -> None:
    """Much better in one block, slightly worse in nine: the sum is better, the interval is not."""
    blocks = np.repeat(np.arange(10), 20)
    baseline = np.where(blocks == 0, 10.0, 1.0)
    errors = np.where(blocks == 0, 1.0, 1.2)
    found = skill(errors, baseline, Blocks(blocks), against="mean", seed=0)
    assert found.value > 0.3
    assert not found.proven


@pytest.mark.parametrize("count", [6, 8, 12])
def test_intervals_of_skill_over_experiments_cover_a_planted_skill(count: int) -> None:
    """Each experiment has a difficulty and a luck of its own; the ratio of all errors is 0.6."""
    random = np.random.default_rng(1)
    blocks = Blocks(np.arange(count), "experiment")
    baseline = np.exp(random.normal(0, 0.3, (1000, count)))
    errors = baseline * random.normal(0.6, 0.15, (1000, count))
    found = [
        skill(*pair, blocks, against="mean", seed=2) for pair in zip(errors, baseline, strict=True)
    ]
    assert np.mean([one.low <= 0.4 <= one.high for one in found]) >= 0.92
    assert found[0].unit == "experiment"


def lucky(follows: float, seed: int = 0) -> float | None:
    """Predictions of two of nine experiments that follow their own friction so much."""
    random = np.random.default_rng(seed)
    experiments = [
        builders.make_experiment(
            f"run{i}", 300, friction=0.6 + 0.05 * builders.smooth(random, 300, 120)
        )
        for i in range(9)
    ]
    record = join(experiments, builders.DRIVERS)
    ends = np.flatnonzero(np.isin(record.experiment, [2, 5]) & (np.arange(len(record)) % 7 == 0))
    other = 0.6 + 0.05 * builders.smooth(random, ends.size, 120)
    predicted = follows * record.friction[ends] + (1 - follows) * other
    return permutation_p(predicted, ends, record, seed=1)


def test_predictions_that_follow_their_own_experiments_are_no_luck() -> None:
    """The true one is one of 9 x 8 assignments."""
    assert lucky(0.9) == pytest.approx(1 / 72)


def test_predictions_that_follow_nothing_are_as_good_for_any_experiment() -> None:
    """Uniform: of 60 chances about 3 are below 0.05."""
    chances = np.array([lucky(0.0, seed) for seed in range(60)])
    assert 0.3 < chances.mean() < 0.7
    assert np.mean(chances <= 0.05) < 0.15


def test_luck_is_that_of_a_plain_loop_over_assignments() -> None:
    random = np.random.default_rng(3)
    record = builders.make_record(60, 60, 60, 60, 60, 60, 60, 60, 60)
    ends = np.flatnonzero(np.isin(record.experiment, [0, 4]))
    predicted = random.normal(0.6, 0.05, ends.size)
    friction = record.friction.reshape(9, 60)

    def misfit(one: int, two: int) -> float:
        return float(
            np.mean((predicted[:60] - friction[one]) ** 2)
            + np.mean((predicted[60:] - friction[two]) ** 2)
        )

    every = [misfit(i, j) for i in range(9) for j in range(9) if i != j]
    assert permutation_p(predicted, ends, record, 0) == pytest.approx(
        np.mean(np.array(every) <= misfit(0, 4) * (1 + 1e-12))
    )


def test_few_experiments_cannot_tell_luck() -> None:
    record = builders.make_record(60, 60, 60)
    ends = np.flatnonzero(record.experiment == 1)
    assert permutation_p(np.zeros(ends.size), ends, record, 0) is None


def test_boxes_of_losses_are_those_of_the_naive_twin() -> None:
    """numpy's percentiles, which summary and figures use, are the twin's quartiles."""
    values = builders.smooth(np.random.default_rng(1), 21)
    box = naive.box(values)
    quartiles = np.percentile(values, [25, 50, 75])
    assert [box["low"], box["median"], box["high"]] == pytest.approx(quartiles.tolist())
