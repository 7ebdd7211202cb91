"""Training: the same bits, every window once an epoch, the best epoch kept, Adam as published."""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import builders
import naive
from slicken.learning.engine import Engine, Windows, choose_engine
from slicken.learning.ensemble import Ensemble
from slicken.learning.network import Network
from slicken.learning.settings import Architecture, Optimiser
from slicken.learning.training import Trainer, run_seeds
from slicken.learning.training_data import training_data
from slicken.study.prepared import Prepared

LENGTH = 6
SMALL = Architecture(filters=2, kernel=2, conv_layers=1, units=3, gru_layers=1)


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return builders.make_prepared(builders.make_experiments(4, 60), windows=[LENGTH])


def trainer_of(
    prepared: Prepared,
    *,
    runs: int = 3,
    epochs: int = 2,
    engine: Engine | None = None,
    **optimiser: Any,  # noqa: ANN401 (settings)
) -> Trainer:
    ends = prepared.split.ends
    return Trainer(
        engine=engine or choose_engine(),
        architecture=SMALL,
        optimiser=Optimiser(**{"batch": 16, "learning_rate": 1e-2, **optimiser}),
        seeds=run_seeds(7, runs),
        epochs=epochs,
        data=training_data(
            prepared.drivers,
            prepared.friction,
            training=ends["training"],
            validation=ends["validation"],
            histories=(LENGTH,),
        ),
    )


def train(trainer: Trainer, epochs: int = 2) -> tuple[list[Any], np.ndarray, np.ndarray]:
    """States, and training and validation losses, (epochs, R)."""
    states, losses = trainer.start(), []
    for number in range(1, epochs + 1):
        states, loss = trainer.epoch(states, number)
        losses.append(loss)
    return states, *(np.array(each) for each in zip(*losses, strict=True))


def bits(networks: Network, run: int) -> list[bytes]:
    return [np.asarray(leaf)[run].tobytes() for leaf in jax.tree.leaves(networks)]


class Witness:
    """An engine that learns nothing and writes down what it was given."""

    name = "witness"
    fewest_runs = 2

    def __init__(self) -> None:
        self.seen: list[tuple[np.ndarray, np.ndarray]] = []

    def with_threads(self, threads: int) -> "Witness":
        del threads
        return self

    def predict(self, networks: Network, windows: Windows) -> jax.Array:
        return jnp.zeros(windows.ends.shape) + networks.offset[:, None]

    def loss_and_gradients(
        self, networks: Network, windows: Windows, targets: jax.Array, weights: jax.Array
    ) -> tuple[jax.Array, Network]:
        del windows
        jax.debug.callback(self.write_down, targets, weights)
        losses = (targets * weights).sum(1) / weights.sum(1)
        return losses, jax.tree.map(jnp.zeros_like, networks)

    def write_down(self, targets: jax.Array, weights: jax.Array) -> None:
        self.seen.append((np.array(targets), np.array(weights)))

    def predict_with_gradients(
        self, networks: Network, windows: Windows
    ) -> tuple[jax.Array, jax.Array]:
        raise NotImplementedError


def numbered(prepared: Prepared, engine: Witness, *, batch: int) -> Trainer:
    """Ten training windows whose targets are powers of two."""
    return Trainer(
        engine=engine,
        architecture=SMALL,
        optimiser=Optimiser(batch=batch),
        seeds=run_seeds(0, 2),
        epochs=3,
        data=training_data(
            prepared.drivers[:50],
            np.r_[np.zeros(20), 2.0 ** np.arange(10), np.full(20, 3)].astype(np.float32),
            training=np.arange(20, 30),
            validation=np.arange(30, 41),
            histories=(LENGTH,),
        ),
    )


@pytest.fixture
def witness() -> Iterator[Witness]:
    yield Witness()
    jax.effects_barrier()


@pytest.mark.parametrize("batch", [1, 4, 10, 32])
def test_every_training_window_comes_once_an_epoch_in_an_order_of_its_own(
    prepared: Prepared, witness: Witness, batch: int
) -> None:
    """Ten powers of two add up to 1023 only if each is there once."""
    trainer = numbered(prepared, witness, batch=batch)
    states, orders = trainer.start(), []
    for number in (1, 2, 3):
        states, losses = trainer.epoch(states, number)
        jax.effects_barrier()
        np.testing.assert_allclose(losses.training, 1023 / 10, rtol=1e-6)
        np.testing.assert_allclose(losses.validation, 9, rtol=1e-6)
        batches, witness.seen = witness.seen, []
        assert len(batches) == -(-10 // batch)
        for run in range(2):
            order = np.concatenate([t[run][w[run] > 0] for t, w in batches])
            assert sorted(order) == [2.0**k for k in range(10)]
            orders.append(tuple(order))
        counted = sum(float(w.sum()) for _, w in batches)
        assert counted == 2 * 10, "what fills up the last batch has no weight"
    if batch == 1:
        assert len(set(orders)) == 6, "each run and each epoch has its own order"


def test_the_same_training_twice_gives_the_same_bits(prepared: Prepared) -> None:
    (one, *losses), (other, *again) = (train(trainer_of(prepared)) for _ in range(2))
    jax.tree.map(np.testing.assert_array_equal, one, other)
    np.testing.assert_array_equal(losses, again)


def test_a_run_does_not_depend_on_how_many_runs_there_are(prepared: Prepared) -> None:
    """One to five runs are dealt into shares of two and three; no bit of a run changes."""
    trained = {}
    for runs in (1, 2, 3, 4, 5):
        trainer = trainer_of(prepared, runs=runs)
        states, *losses = train(trainer)
        trained[runs] = trainer.best_networks(states), np.array(losses)
    most, losses = trained[5]
    assert len({tuple(bits(most, run)) for run in range(5)}) == 5
    for runs, (networks, seen) in trained.items():
        assert seen.shape == (2, 2, runs)
        np.testing.assert_array_equal(seen, losses[..., :runs])
        for run in range(runs):
            assert bits(networks, run) == bits(most, run), f"run {run} of {runs}"


def test_the_weights_of_the_best_epoch_are_kept(prepared: Prepared) -> None:
    """A learning rate that makes validation go up and down; scored anew, the kept weights have
    the lowest loss that was seen."""
    trainer = trainer_of(prepared, epochs=6, learning_rate=0.2)
    states, _, validation = train(trainer, epochs=6)
    best = trainer.best_epochs(states)
    np.testing.assert_array_equal(best, validation.argmin(axis=0) + 1)
    assert (best < 6).any(), "else this test shows nothing"
    ends = prepared.split.ends["validation"]
    ensemble = Ensemble(trainer.best_networks(states), LENGTH, choose_engine())
    errors = ensemble.predict(prepared.drivers, ends) - prepared.friction[ends]
    np.testing.assert_allclose(np.mean(errors**2, axis=1), validation.min(axis=0), rtol=1e-5)


def test_a_run_that_diverges_leaves_the_others_alone(prepared: Prepared) -> None:
    """Three runs, of which one gets weights that are no numbers after the first epoch."""
    trainer = trainer_of(prepared)
    calm, *expected = train(trainer)
    states, first = trainer.epoch(trainer.start(), 1)
    share = next(i for i, s in enumerate(states) if s.networks.offset.shape[0] >= 2)
    broken = states[share].networks.offset.at[1].set(jnp.nan)
    states[share] = states[share]._replace(
        networks=builders.replaced(states[share].networks, offset=broken)
    )
    states, second = trainer.epoch(states, 2)
    assert np.isfinite(first.validation).all()
    assert np.isnan(second.validation).tolist() == [False, True, False]
    np.testing.assert_array_equal(second.validation[[0, 2]], expected[1][1][[0, 2]])
    assert trainer.best_epochs(states)[1] == 1, "the last good weights are kept"
    best, others = trainer.best_networks(states), trainer.best_networks(calm)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(best))
    assert bits(best, 0) == bits(others, 0)
    assert bits(best, 2) == bits(others, 2)


@pytest.mark.parametrize(("decay", "clip"), [("none", None), ("cosine", 0.3)])
def test_training_is_adam_as_published(prepared: Prepared, decay: str, clip: float | None) -> None:
    """Five epochs of one batch, against Adam in numpy on gradients by central differences."""
    steps, rate = 5, 1e-2
    ends = prepared.split.ends["training"][:6]
    batch = naive.windows(prepared.drivers, ends.tolist(), LENGTH)
    trainer = Trainer(
        engine=choose_engine(),
        architecture=SMALL,
        optimiser=Optimiser(learning_rate=rate, decay=decay, clip=clip, batch=8, epsilon=1e-7),
        seeds=run_seeds(7, 1),
        epochs=steps,
        data=training_data(
            prepared.drivers,
            prepared.friction,
            training=ends,
            validation=ends,
            histories=(LENGTH,),
        ),
    )
    start = naive.of_run(trainer.start()[0].networks, 0)
    states, *_ = train(trainer, epochs=steps)
    rates = [
        rate * (0.5 * (1 + np.cos(np.pi * k / steps)) if decay == "cosine" else 1)
        for k in range(steps)
    ]
    expected = naive.adam(
        lambda weights: naive.weight_gradients(
            weights, lambda w: naive.loss(w, batch, prepared.friction[ends])
        ),
        start,
        rates,
        epsilon=1e-7,
        clip=clip,
    )
    found = naive.of_run(states[0].networks, 0)
    for name, weights in expected.items():
        assert np.abs(weights - start[name]).max() > rate / 2, "every weight has moved"
        np.testing.assert_allclose(found[name], weights, atol=2e-5, err_msg=name)


def test_cosine_decay_ends_at_standing_still(prepared: Prepared) -> None:
    """The last epoch of the plan moves the weights less than the first; one beyond, not at all."""
    trainer = trainer_of(prepared, epochs=4, decay="cosine", batch=64)
    states, moved = trainer.start(), []
    for number in range(1, 6):
        before = np.array(states[0].networks.dense)
        states, _ = trainer.epoch(states, number)
        moved.append(float(np.abs(np.array(states[0].networks.dense) - before).max()))
    assert moved[3] < 0.3 * moved[0]
    assert moved[4] == 0


def test_a_probe_changes_nothing(prepared: Prepared) -> None:
    one, other = (trainer_of(prepared) for _ in range(2))
    one.probe(1)
    one.probe(3)
    (states, *losses), (expected, *again) = train(one), train(other)
    jax.tree.map(np.testing.assert_array_equal, states, expected)
    np.testing.assert_array_equal(losses, again)


def test_an_ensemble_predicts_and_explains_what_the_naive_network_does() -> None:
    """37 targets: one whole batch of 32 and one filled up with copies."""
    networks = builders.start_networks(SMALL, runs=3, spread=0.3)
    random = np.random.default_rng(0)
    drivers = random.normal(size=(60, 2)).astype(np.float32)
    friction = random.normal(size=60).astype(np.float32)
    ends = np.arange(10, 47)
    ensemble = Ensemble(networks, LENGTH, choose_engine())
    found = ensemble.sensitivity(drivers, friction, ends)
    batch = naive.windows(drivers, ends.tolist(), LENGTH)
    for run in range(3):
        weights = naive.of_run(networks, run)
        expected = [naive.friction(weights, window) for window in batch]
        np.testing.assert_allclose(ensemble.predict(drivers, ends)[run], expected, atol=1e-5)
        np.testing.assert_allclose(found.friction[run], expected, atol=1e-5)
        slopes = naive.importance(weights, batch, friction[ends])
        for name, values in {
            "by_target": slopes["friction"].mean(axis=1),
            "by_lag": slopes["friction"].mean(axis=0),
            "loss_by_lag": slopes["loss"].mean(axis=0),
        }.items():
            np.testing.assert_allclose(
                getattr(found, name)[run], values, atol=2e-5, rtol=1e-4, err_msg=name
            )


def test_an_ensemble_without_targets_predicts_nothing() -> None:
    networks = builders.start_networks(SMALL, runs=3)
    ensemble = Ensemble(networks, LENGTH, choose_engine())
    assert ensemble.predict(np.zeros((20, 2), np.float32), np.array([], int)).shape == (3, 0)
