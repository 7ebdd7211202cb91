"""Baselines: constants, and a ridge regression against scikit-learn's on windows laid out."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge as Peer

import builders
import naive
from slicken.evidence import baselines
from slicken.evidence.baselines import PENALTIES, constants, fit_ridge
from slicken.study.prepared import Prepared

LENGTH = 7


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    experiments = builders.make_experiments(5, 90, gaps=[40])
    return builders.make_prepared(experiments, windows=[LENGTH, 10], stride=1)


def laid_out(prepared: Prepared, part: str) -> np.ndarray:
    ends = prepared.split.ends[part].tolist()
    return naive.windows(prepared.drivers, ends, LENGTH).reshape(len(ends), -1)


def test_constants_are_those_of_the_training_targets(prepared: Prepared) -> None:
    friction = prepared.record.friction[prepared.split.ends["training"]]
    assert constants(prepared) == {"mean": friction.mean(), "median": np.median(friction)}


@pytest.mark.parametrize("chunk", [4_000_000, 100])
def test_ridge_equals_scikit_learn_with_the_penalty_that_validation_chooses(
    prepared: Prepared, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All windows at once, and seven at a time."""
    monkeypatch.setattr(baselines, "_MOST_VALUES", chunk)
    ours = fit_ridge(prepared, LENGTH)
    ends = prepared.split.ends
    peers = {
        penalty: Peer(alpha=penalty).fit(
            laid_out(prepared, "training"), prepared.friction[ends["training"]].astype(float)
        )
        for penalty in PENALTIES
    }
    losses = {
        penalty: naive.mean_square_error(
            peer.predict(laid_out(prepared, "validation")), prepared.friction[ends["validation"]]
        )
        for penalty, peer in peers.items()
    }
    best = min(losses, key=losses.__getitem__)
    assert ours.penalty == best
    assert ours.validation_loss == pytest.approx(losses[best], rel=1e-6)
    np.testing.assert_allclose(ours.weights.ravel(), peers[best].coef_, rtol=1e-6, atol=1e-9)
    assert ours.offset == pytest.approx(float(peers[best].intercept_), abs=1e-9)
    np.testing.assert_allclose(
        ours.predict(prepared, "test"),
        prepared.scaling.to_friction(peers[best].predict(laid_out(prepared, "test"))),
        rtol=1e-7,
    )


def test_ridge_finds_a_planted_linear_law() -> None:
    random = np.random.default_rng(5)
    experiments = []
    for i in range(5):
        temperature = random.normal(size=200)
        friction = 0.6 + 0.1 * np.roll(temperature, 3)
        experiments.append(
            builders.make_experiment(f"run{i}", 200, temperature=temperature, friction=friction)
        )
    prepared = builders.make_prepared(experiments, windows=[LENGTH], stride=1)
    weights = fit_ridge(prepared, LENGTH).weights
    assert weights[-1 - 3, 1] == pytest.approx(1, abs=0.05)
    weights[-1 - 3, 1] = 0
    assert np.abs(weights).max() < 0.02


def test_a_driver_that_never_changes_does_not_break_the_regression() -> None:
    experiments = builders.make_experiments(5, 90, slip_velocity=np.full(90, 4e-3))
    ridge = fit_ridge(builders.make_prepared(experiments, windows=[LENGTH]), LENGTH)
    assert np.abs(ridge.weights[:, 0]).max() < 1e-9
