"""The contest of window lengths, on losses made by hand."""

import warnings

import numpy as np
import pytest
import xarray as xr

from slicken.errors import TrainingError
from slicken.evidence.contest import Contest

NAN = float("nan")


def contest(**windows: list[float]) -> Contest:
    """Losses by window, given as w50=[...]."""
    values = np.array(list(windows.values()))
    return Contest(
        xr.DataArray(
            values,
            dims=("window", "run"),
            coords={
                "window": [float(name[1:]) for name in windows],
                "run": np.arange(values.shape[1]),
            },
        )
    )


def test_the_lowest_mean_is_best_and_clear_differences_do_not_tie() -> None:
    found = contest(w50=[3, 3.1, 2.9], w100=[1, 1.1, 0.9], w200=[2, 2.1, 1.9])
    assert found.best == 100
    assert found.tied == (100.0,)
    assert found.shortest == 100
    assert not found.flat
    assert "100 s is best" in found.words()
    np.testing.assert_allclose(found.means, [3, 1, 2])


def test_the_single_best_run_may_be_elsewhere() -> None:
    found = contest(w50=[0.1, 4, 4], w100=[1, 1, 1])
    assert (found.best, found.lowest_minimum) == (100.0, 50.0)


def test_runs_are_paired() -> None:
    """Runs differ much, but each is a little better at 100 s: paired, that is no tie; unpaired it
    would be one."""
    found = contest(w50=[1.1, 2.1, 3.1, 4.1], w100=[1.0, 2.0, 3.0, 4.0])
    assert found.tied == (100.0,)


def test_a_length_within_one_standard_error_ties() -> None:
    """By hand: differences 0.3, -0.1, 0.1 have mean 0.1 and standard error 0.2/sqrt(3) = 0.115;
    0.4, 0.0, 0.2 have mean 0.2 and the same error."""
    found = contest(w50=[1.3, 0.9, 1.1], w100=[1.0, 1.0, 1.0], w200=[1.4, 1.0, 1.2])
    assert found.best == 100
    assert found.tied == (50.0, 100.0)
    assert found.shortest == 50
    assert not found.flat
    assert "50, 100 s tie" in found.words()
    assert "50 s is the shortest of them" in found.words()


def test_where_all_lengths_tie_the_curve_is_flat() -> None:
    found = contest(w50=[1.0, 2.0, 1.5], w100=[2.0, 1.0, 1.45])
    assert found.flat
    assert "all lengths tie" in found.words()
    assert "50 s does as well" in found.words()


def test_identical_losses_tie() -> None:
    found = contest(w50=[1.0, 1.0], w100=[1.0, 1.0])
    assert found.flat
    assert "lowest at 50 s, the shortest of them" in found.words()


def test_runs_without_a_number_are_left_out_by_name() -> None:
    found = contest(w50=[1.0, NAN, 1.2], w100=[2.0, 2.1, NAN], w200=[3.0, 3.0, 3.0])
    assert found.best == 50
    assert found.left_out() == {50.0: [1], 100.0: [2]}
    np.testing.assert_allclose(found.means, [1.1, 2.05, 3])


def test_a_length_without_any_number_neither_wins_nor_ties_nor_warns() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = contest(w50=[NAN, NAN, NAN], w100=[1.0, 1.1, 0.9])
        assert found.best == 100
        assert found.lowest_minimum == 100
        assert found.tied == (100.0,)
        assert not found.flat
        assert found.left_out() == {50.0: [0, 1, 2]}
        assert "100 s" in found.words()


def test_one_run_cannot_tell() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = contest(w50=[1.0], w100=[2.0])
        assert found.best == 50
        assert found.tied == (50.0,)
        assert "one run cannot tell" in found.words()


def test_lengths_that_share_fewer_than_two_runs_with_the_best_are_named() -> None:
    """Only run 0 ended well at both; one difference has no spread, so nothing is known."""
    found = contest(w50=[1.0, 1.1, 1.2], w100=[1.3, NAN, NAN])
    assert found.best == 50
    assert "100 s shares too few runs with it to compare" in found.words()


def test_one_window_is_no_contest() -> None:
    found = contest(w50=[1.0, 2.0])
    assert found.best == 50
    assert not found.flat
    assert "only 50 s was tried" in found.words()


def test_no_finite_loss_at_all_says_what_to_change() -> None:
    with pytest.raises(TrainingError, match="lower the learning rate"):
        contest(w50=[NAN, NAN], w100=[NAN, NAN])
