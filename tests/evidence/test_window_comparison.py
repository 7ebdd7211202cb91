"""The window comparison, on errors made by hand."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from slicken.errors import TrainingError
from slicken.evidence.resampling import FEWEST_BLOCKS, RESAMPLES, Blocks, resampled_counts
from slicken.evidence.window_comparison import WindowComparison

NAN = float("nan")
BLOCKS, EACH = 8, 5


def comparison(
    *, wobble: float = 0.0, blocks: int = BLOCKS, **windows: list[float]
) -> WindowComparison:
    """Losses by window, given as w50=[...]; errors are alike in all targets but for a wobble of
    whole blocks, which differs from length to length."""
    losses = np.array(list(windows.values()))
    random = np.random.default_rng(0)
    of_block = np.repeat(np.arange(blocks), EACH)
    swing = random.normal(size=(len(windows), blocks))
    swing -= swing.mean(axis=1, keepdims=True)
    errors = losses[..., None] + wobble * swing[:, None, of_block]
    coords = {
        "window": [float(name[1:]) for name in windows],
        "run": np.arange(losses.shape[1]),
    }
    return WindowComparison(
        xr.DataArray(losses, dims=("window", "run"), coords=coords),
        xr.DataArray(errors, dims=("window", "run", "target"), coords=coords),
        Blocks(of_block),
    )


def test_the_lowest_mean_is_best_and_clear_differences_do_not_tie() -> None:
    found = comparison(w50=[3, 3.1, 2.9], w100=[1, 1.1, 0.9], w200=[2, 2.1, 1.9])
    assert found.best == 100
    assert found.tied == found.within_one_error == (100.0,)
    assert found.shortest == 100
    assert not found.flat
    assert found.paired.size == 3
    assert found.independent == 8
    np.testing.assert_allclose(found.means, [3, 1, 2])
    np.testing.assert_allclose(found.probability_best, [0, 1, 0])
    np.testing.assert_allclose(found.table["excess"], [2, 0, 1])


def test_the_single_best_run_may_be_elsewhere() -> None:
    found = comparison(w50=[0.1, 4, 4], w100=[1, 1, 1])
    assert (found.best, found.lowest_minimum) == (100.0, 50.0)


def test_runs_are_paired() -> None:
    """Runs differ much, but each is a little better at 100 s: paired, that is no tie; unpaired it
    would be one."""
    found = comparison(w50=[1.1, 2.1, 3.1, 4.1], w100=[1.0, 2.0, 3.0, 4.0])
    assert found.tied == (100.0,)


def test_blocks_of_time_make_a_tie_that_runs_alone_would_not() -> None:
    """Each run is worse at 50 s by the same 0.1, but lengths differ by 1 from block to block."""
    runs = {"w50": [1.1, 2.1, 3.1, 4.1], "w100": [1.0, 2.0, 3.0, 4.0]}
    found = comparison(wobble=1.0, **runs)
    assert found.tied == (50.0, 100.0)
    assert found.flat
    assert 0.5 < float(found.probability_best.sel(window=100)) < 1


def test_resampling_is_that_of_a_plain_loop() -> None:
    found = comparison(wobble=0.5, w50=[1.3, 0.9, 1.1], w100=[1.0, 1.0, 1.0], w200=[1.4, 1.0, 1.2])
    errors = found.errors.to_numpy()
    of_runs, of_blocks = resampled_counts(3, 1), resampled_counts(BLOCKS, 0)
    winners = np.zeros(3)
    for runs, blocks in zip(of_runs, of_blocks, strict=True):
        weights = runs[:, None] * np.repeat(blocks, EACH)[None]
        winners[np.argmin([np.sum(weights * each) for each in errors])] += 1
    np.testing.assert_allclose(found.probability_best, winners / RESAMPLES)
    assert found.probability_best.sum() == pytest.approx(1)


def test_the_effect_is_cohens_d_of_paired_runs() -> None:
    """By hand: differences 0.3, -0.1, 0.1 have mean 0.1 and standard deviation 0.2."""
    found = comparison(w50=[1.3, 0.9, 1.1], w100=[1.0, 1.0, 1.0]).table
    assert float(found["effect"].sel(window=50)) == pytest.approx(0.5)
    assert float(found["effect"].sel(window=100)) == 0


def test_some_lengths_are_not_distinguishable_and_one_is_worse() -> None:
    same = [1.0, 2.0, 3.0]
    found = comparison(wobble=0.3, w50=[9, 9, 9.1], w100=same, w200=same, w300=same)
    assert found.tied == (100.0, 200.0, 300.0)
    assert not found.flat


def test_one_window_length_is_no_contest() -> None:
    found = comparison(w100=[1.0, 1.1])
    assert not found.flat
    assert not found.can_tell
    assert found.required() is None


def test_one_run_or_few_blocks_cannot_tell_but_order() -> None:
    found = comparison(w50=[2.0], w100=[1.0])
    assert found.best == 100
    assert not found.can_tell
    assert found.tied == (50.0, 100.0)
    assert found.probability_best.isnull().all()
    few = comparison(blocks=FEWEST_BLOCKS - 1, w50=[2.0, 2.1], w100=[1.0, 1.1])
    assert few.independent == 3
    assert not few.can_tell


def test_runs_that_are_not_finite_are_left_out_and_said_without_warnings() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = comparison(w50=[3.0, NAN, 2.9, 3.1], w100=[1.0, 1.1, 0.9, 1.0])
        assert found.left_out() == {50.0: [1]}
        assert found.paired.tolist() == [0, 2, 3]
        np.testing.assert_allclose(found.means, [3, 1])


def test_runs_that_all_but_diverged_are_compared_beyond_float32() -> None:
    found = comparison(w50=[3e33, 2e34, 1e33], w100=[1e33, 1e34, 2e33])
    narrow = replace(found, losses=found.losses.astype(np.float32))
    effects = [each.table["effect"].to_numpy() for each in (found, narrow)]
    assert np.isfinite(effects[0]).all()
    np.testing.assert_allclose(*effects, rtol=1e-5)


def test_a_length_without_any_finite_run_loses() -> None:
    found = comparison(w50=[NAN, NAN], w100=[1.0, 1.1])
    assert found.best == 100
    assert found.tied == (100.0,)
    assert found.required() is None


def test_no_finite_run_at_all_is_an_error() -> None:
    with pytest.raises(TrainingError, match="lower the learning rate"):
        comparison(w50=[NAN], w100=[NAN])


def test_needs_lie_between_the_last_length_that_is_too_short_and_the_best() -> None:
    found = comparison(w50=[3, 3.1, 2.9], w100=[1.0, 1.1, 0.9], w200=[0.8, 0.9, 0.7]).required()
    assert found is not None
    assert found.range == (100.0, np.inf)
    flat = comparison(wobble=0.5, w50=[1.0, 1.1, 0.9], w100=[1.0, 1.1, 0.95]).required()
    assert flat is not None
    assert flat.range is None
    assert flat.shortest == 50
