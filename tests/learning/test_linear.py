"""Linear parts: against regressions written out, and what they leave to networks."""

from dataclasses import replace

import jax
import numpy as np
import pytest

import builders
from slicken.errors import PlanError
from slicken.learning.engine import choose_engine
from slicken.learning.ensemble import Ensemble
from slicken.learning.linear import (
    LinearPart,
    fit_linear_parts,
    history_grid,
    worthwhile_linear_parts,
)

HISTORIES = (1, 2, 4, 8)
SAMPLES = 400


@pytest.fixture(scope="module")
def drivers() -> np.ndarray:
    random = np.random.default_rng(1)
    smooth = [builders.smooth(random, SAMPLES, span=6) for _ in range(2)]
    return np.column_stack(smooth).astype(np.float32)


@pytest.fixture(scope="module")
def ends() -> np.ndarray:
    return np.arange(20, SAMPLES, 3)


def test_a_grid_holds_all_that_is_judged_and_is_even_in_between() -> None:
    judged = [10, 50, 300]
    grid = history_grid(2, judged)
    assert set(judged) <= set(grid)
    assert grid == tuple(sorted(set(grid)))
    assert (grid[0], grid[-1]) == (2, 300)
    ratios = np.array(grid[1:]) / np.array(grid[:-1])
    assert ratios.max() <= 1.51
    assert history_grid(1, [1]) == (1,)


def test_each_history_has_the_ridge_regression_of_its_own_bins(
    drivers: np.ndarray, ends: np.ndarray
) -> None:
    """Normal equations, with every mean taken in a loop."""
    friction = (0.5 * drivers[:, 0] + 0.1 * drivers[:, 1] ** 2).astype(np.float32)
    penalty = 1e-2
    parts = fit_linear_parts(drivers, friction, training=ends, histories=HISTORIES, penalty=penalty)
    table = parts.table(drivers, ends)
    edges = (0, *HISTORIES)
    for place, history in enumerate(HISTORIES):
        rows = [
            [
                drivers[end + 1 - edges[k + 1] : end + 1 - edges[k], c].mean(dtype=float)
                for k in range(place + 1)
                for c in range(2)
            ]
            for end in ends
        ]
        features = np.array(rows)
        centred = features - features.mean(axis=0)
        target = friction[ends].astype(float)
        gram = centred.T @ centred + penalty * ends.size * np.eye(features.shape[1])
        weights = np.linalg.solve(gram, centred.T @ (target - target.mean()))
        expected = centred @ weights + target.mean()
        np.testing.assert_allclose(table[place], expected, atol=2e-6)
        found = parts.at(history).predict(drivers, ends)
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_history_that_was_not_fitted_is_refused(drivers: np.ndarray, ends: np.ndarray) -> None:
    parts = fit_linear_parts(
        drivers, drivers[:, 0], training=ends, histories=HISTORIES, penalty=1e-3
    )
    with pytest.raises(PlanError, match="history of 3 samples"):
        parts.at(3)


def laws(drivers: np.ndarray) -> dict[str, np.ndarray]:
    """Standardised friction: of the last 4 samples in a straight line, in a wave, and noise."""
    mean = np.convolve(drivers[:, 0], np.full(4, 0.25))[: len(drivers)]
    noise = np.random.default_rng(2).normal(size=len(drivers))
    found = {"line": mean + 0.1 * noise, "wave": np.sin(3 * mean), "noise": noise}
    return {name: ((v - v.mean()) / v.std()).astype(np.float32) for name, v in found.items()}


@pytest.mark.parametrize(("law", "used"), [("line", True), ("wave", False), ("noise", False)])
def test_a_linear_part_is_used_on_a_linear_law_only(law: str, used: bool) -> None:
    random = np.random.default_rng(4)
    drivers = np.column_stack([builders.smooth(random, 2400, span=6) for _ in range(2)])
    drivers = drivers.astype(np.float32)
    targets = np.arange(20, 2400, 2)
    found = worthwhile_linear_parts(
        drivers,
        laws(drivers)[law],
        training=targets[:800],
        validation=targets[800:],
        experiment=np.arange(2400) // 400,
        histories=HISTORIES,
    )
    assert (found is not None) == used


def test_an_ensemble_adds_its_linear_part_to_predictions_and_gradients(
    drivers: np.ndarray, ends: np.ndarray
) -> None:
    networks = builders.on_host(builders.start_networks(drivers=2, spread=0.1))
    bare = Ensemble(networks, 8, choose_engine())
    random = np.random.default_rng(3)
    linear = LinearPart(random.normal(size=(8, 2)).astype(np.float32), 0.25)
    whole = replace(bare, linear=linear)
    windows = drivers[ends[:, None] + np.arange(-7, 1)]
    of_linear = np.array([np.sum(w * linear.weights) + 0.25 for w in windows])
    expected = bare.predict(drivers, ends) + of_linear
    np.testing.assert_allclose(whole.predict(drivers, ends), expected, atol=1e-5)
    np.testing.assert_allclose(whole.predict_windows(windows), expected, atol=1e-5)
    gradients = bare.window_gradients(windows) + linear.weights
    np.testing.assert_allclose(whole.window_gradients(windows), gradients, atol=1e-5)
    friction = random.normal(size=SAMPLES).astype(np.float32)
    found = whole.sensitivity(drivers, friction, ends)
    np.testing.assert_allclose(found.friction, expected, atol=1e-5)
    size = np.abs(gradients)
    np.testing.assert_allclose(found.by_target, size.mean(axis=2), atol=1e-5)
    error = 2 * np.abs(expected - friction[ends])
    by_loss = np.einsum("rnlc,rn->rlc", size, error) / ends.size
    np.testing.assert_allclose(found.loss_by_lag, by_loss, rtol=1e-4, atol=1e-5)


def test_one_program_predicts_at_every_length(drivers: np.ndarray, ends: np.ndarray) -> None:
    networks = jax.device_get(builders.start_networks(drivers=2, spread=0.1))
    for length in (3, 8):
        alone = Ensemble(networks, length, choose_engine())
        with_room = replace(alone, room=16)
        np.testing.assert_allclose(
            with_room.predict(drivers, ends), alone.predict(drivers, ends), atol=1e-6
        )
