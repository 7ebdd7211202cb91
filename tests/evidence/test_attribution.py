"""Attribution: closed forms for linear models, plain loops for any, completeness for networks."""

from itertools import permutations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import builders
from slicken.evidence import attribution
from slicken.evidence.attribution import (
    METHODS,
    attribute,
    coalitions,
    cut_windows,
    integrate_gradients,
    predict_coalitions,
    rescaled_saliency,
    shapley,
)
from slicken.evidence.drivers import shares_of
from slicken.evidence.importance import measure_importance
from slicken.learning.engine import choose_engine
from slicken.learning.ensemble import Ensemble
from slicken.study.prepared import Prepared

LENGTH = 6


class Linear:
    """An ensemble that is a weighted sum of its window: every reading has a closed form."""

    def __init__(self, weights: NDArray[np.float64]) -> None:
        self.weights = weights  # (R, L, C)
        self.runs, self.length = weights.shape[:2]

    def predict_windows(self, windows: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.einsum("rlc,nlc->rn", self.weights, windows)

    def window_gradients(self, windows: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.repeat(self.weights[:, None], len(windows), axis=1)


@pytest.fixture
def linear() -> Linear:
    return Linear(np.random.default_rng(0).normal(size=(2, LENGTH, 3)))


def some_windows(seed: int, count: int = 4, drivers: int = 3) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(count, LENGTH, drivers)).astype(np.float32)


def slow_shapley(worth: dict[frozenset[int], float], players: int) -> list[float]:
    """The mean gain of each player over every order of arrival."""
    gains = np.zeros(players)
    orders = list(permutations(range(players)))
    for order in orders:
        there: frozenset[int] = frozenset()
        for player in order:
            gains[player] += worth[there | {player}] - worth[there]
            there |= {player}
    return (gains / len(orders)).tolist()


@given(st.integers(1, 5), st.integers(0, 2**31))
@settings(max_examples=25, deadline=None)
def test_shapley_values_are_the_mean_over_all_orders(players: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=2**players)
    sets = [frozenset(np.flatnonzero(row).tolist()) for row in coalitions(players)]
    expected = slow_shapley(dict(zip(sets, values, strict=True)), players)
    found = shapley(values)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    np.testing.assert_allclose(found.sum(), values[-1] - values[0], atol=1e-12)


def test_in_a_linear_model_a_driver_is_worth_its_own_terms(linear: Linear) -> None:
    windows, others = some_windows(1), some_windows(2)
    table = predict_coalitions(linear.predict_windows, windows, others)
    terms = np.einsum("rlc,nlc->crn", linear.weights, windows - others)
    np.testing.assert_allclose(shapley(table), terms, atol=1e-5)
    path = integrate_gradients(linear.window_gradients, windows, others)
    np.testing.assert_allclose(np.moveaxis(path.sum(axis=2), -1, 0), terms, atol=1e-5)


def test_the_first_coalition_is_empty_and_the_last_is_whole(linear: Linear) -> None:
    windows, others = some_windows(1), some_windows(2)
    table = predict_coalitions(linear.predict_windows, windows, others)
    np.testing.assert_allclose(table[0], linear.predict_windows(others), atol=1e-5)
    np.testing.assert_allclose(table[-1], linear.predict_windows(windows), atol=1e-5)


def test_a_linear_model_has_nothing_to_rescale(linear: Linear) -> None:
    """Its gradient is the same whatever is hidden, so there is no map."""
    edges = 0, 2, LENGTH
    assert np.isnan(rescaled_saliency(linear.window_gradients, some_windows(1), edges)).all()


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    experiments = builders.make_experiments(5, 80, stages=[40, 40])
    return builders.make_prepared(experiments, windows=[LENGTH], stride=4)


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    networks = builders.start_networks(builders.TINY, length=LENGTH, runs=3, spread=0.3)
    return Ensemble(builders.on_host(networks), LENGTH, choose_engine())


def test_copies_go_through_an_ensemble_as_windows_of_the_record_do(
    prepared: Prepared, ensemble: Ensemble
) -> None:
    ends = prepared.split.ends["test"]
    windows = cut_windows(prepared.drivers, ends, LENGTH)
    np.testing.assert_allclose(
        ensemble.predict_windows(windows), ensemble.predict(prepared.drivers, ends), atol=1e-6
    )
    gradients = ensemble.window_gradients(windows)
    found = ensemble.sensitivity(prepared.drivers, prepared.friction, ends)
    np.testing.assert_allclose(np.abs(gradients).mean(axis=2), found.by_target, atol=1e-6)


def test_gradients_of_copies_are_central_differences(
    prepared: Prepared, ensemble: Ensemble
) -> None:
    windows = cut_windows(prepared.drivers, prepared.split.ends["test"][:3], LENGTH)
    gradients = ensemble.window_gradients(windows)
    for lag, channel in ((0, 1), (LENGTH - 1, 0), (3, 1)):
        up, down = windows.copy(), windows.copy()
        up[:, lag, channel] += 1e-2
        down[:, lag, channel] -= 1e-2
        slope = (ensemble.predict_windows(up) - ensemble.predict_windows(down)) / 2e-2
        np.testing.assert_allclose(gradients[:, :, lag, channel], slope, atol=2e-4)


@pytest.fixture(scope="module")
def table(prepared: Prepared, ensemble: Ensemble) -> xr.Dataset:
    gradients = measure_importance(prepared, ensemble, "test")
    return attribute(prepared, ensemble, "test", gradients, edges=(0, 2, LENGTH), seed=3)


def test_every_reading_is_there_for_every_run_window_and_driver(table: xr.Dataset) -> None:
    for method in METHODS:
        assert table[method].dims == ("run", "target", "channel")
        shares = shares_of(table, method)
        total = shares.sum("channel", skipna=False).to_numpy()
        np.testing.assert_allclose(total[np.isfinite(total)], 1, rtol=1e-5)


def test_what_drivers_take_from_the_error_is_the_error_of_other_times_less_that_of_these(
    prepared: Prepared,
    ensemble: Ensemble,
    table: xr.Dataset,
) -> None:
    """Efficiency: Shapley values sum to the whole."""
    ends = prepared.split.ends["test"]
    others = attribution.other_times(prepared, ends.size, 3)
    measured = prepared.friction[ends]
    wrong = (ensemble.predict(prepared.drivers, others) - measured) ** 2
    right = (ensemble.predict(prepared.drivers, ends) - measured) ** 2
    np.testing.assert_allclose(table["shapley_loss"].sum("channel"), wrong - right, atol=1e-5)
    np.testing.assert_allclose(table["squared_error"], right, atol=1e-5)


def test_the_way_of_integrated_gradients_is_complete(table: xr.Dataset) -> None:
    assert (table["completeness_gap"] < 1e-3).all()


def test_rescaled_saliency_is_a_map_of_shares(table: xr.Dataset) -> None:
    np.testing.assert_allclose(table["rescaled_saliency"].sum(["bin", "channel"]), 1, rtol=1e-6)
    assert table["bin_end"].to_numpy().tolist() == [2.0, 6.0]


def test_many_drivers_have_no_shapley_values_but_all_the_rest(
    prepared: Prepared,
    ensemble: Ensemble,
    table: xr.Dataset,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attribution, "MOST_DRIVERS", 1)
    gradients = measure_importance(prepared, ensemble, "test")
    few = attribute(prepared, ensemble, "test", gradients, edges=(0, 2, LENGTH), seed=3)
    assert "shapley_loss" not in few
    np.testing.assert_allclose(few["permutation"], table["permutation"], atol=1e-6)
