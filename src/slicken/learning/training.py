"""Training: an ensemble, one epoch one compiled program.

All windows of an ensemble have one length, or each batch of a run has a history of its own, drawn
from a grid: then the same weights serve every history, and what two histories differ by carries
no spread over trainings.
"""

import math
import time
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray
from numpy.typing import NDArray

from slicken.learning.devices import at_once, compiled, cores, share_out
from slicken.learning.engine import Engine, Windows
from slicken.learning.ensemble import Ensemble
from slicken.learning.network import Network, start_network
from slicken.learning.training_data import GOLDEN, TrainingData

if TYPE_CHECKING:
    from slicken.learning.linear import LinearParts
    from slicken.learning.settings import Architecture, Optimiser

Tree = TypeVar("Tree")  # the short form needs Python 3.12

# What a run's seed is folded with: its first weights, its batches, its histories.
_START, _ORDER, _HISTORY = 0, 1, 2


def update_rule(optimiser: "Optimiser", steps: int) -> optax.GradientTransformation:
    """The update rule of one run.

    Args:
        optimiser: Settings.
        steps: Number of batches of the whole training.
    """
    rate: Any = optimiser.learning_rate
    if optimiser.decay == "cosine":
        rate = optax.cosine_decay_schedule(optimiser.learning_rate, max(steps, 1))
    adam = optax.adam(rate, eps=optimiser.epsilon)
    if optimiser.clip is None:
        return adam
    return optax.chain(optax.clip_by_global_norm(optimiser.clip), adam)


class TrainingState(NamedTuple):
    """An ensemble in training; every array has a leading axis R."""

    networks: Network
    optimiser: Any
    best: Network
    best_loss: Float[Array, " r"]
    best_epoch: Int[Array, " r"]


class EpochLosses(NamedTuple):
    """Mean square error of standardised friction of each run, shape ``(R,)``."""

    training: Any
    validation: Any


class _Share(NamedTuple):
    """What one core or GPU does: its runs (copies at the end, maybe)."""

    device: jax.Device
    runs: list[int]
    seeds: PRNGKeyArray
    data: TrainingData


class Trainer:
    """Trains R runs together.

    The runs are dealt into shares, one a core or a GPU; an epoch of a share is one compiled
    program. A run depends on its own seed and on the data only: neither on the other runs nor on
    where it is computed.

    Args:
        engine: Engine that computes.
        architecture: Layers and sizes of the network.
        optimiser: Settings of the optimiser.
        seeds: One key a run.
        epochs: Number of epochs, for the decay of the learning rate.
        data: Training and validation data.
        linear: Linear parts behind ``data``, of which the networks learn the rest; None for none.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        architecture: "Architecture",
        optimiser: "Optimiser",
        seeds: list[PRNGKeyArray],
        epochs: int,
        data: TrainingData,
        linear: "LinearParts | None" = None,
    ) -> None:
        self.length = int(data.histories[-1])
        self.runs = len(seeds)
        self.batches = math.ceil(data.training.ends.size / optimiser.batch)
        self.validation_batches = math.ceil(data.validation.ends.size / optimiser.batch)
        self._linear = linear
        self._many = data.histories.size > 1
        self.batch = optimiser.batch
        self._architecture = architecture
        self._rule = update_rule(optimiser, epochs * self.batches)
        placed = {device: jax.device_put(data, device) for device in jax.devices()}
        self._shares = [
            _Share(
                device,
                runs,
                jax.device_put(jnp.stack([seeds[run] for run in runs]), device),
                placed[device],
            )
            for device, runs in share_out(self.runs, fewest=engine.fewest_runs)
        ]
        self._whole = engine
        self._engine = engine.with_threads(max(1, cores() // len(self._shares)))
        self._what = self._engine, architecture, optimiser, epochs, self.length
        self._programs: dict[jax.Device, Any] = {}

    @property
    def serves_many(self) -> bool:
        """Whether windows have random histories."""
        return self._many

    def start(self) -> list[TrainingState]:
        """Untrained networks, share by share."""
        return [self._start_share(share) for share in self._shares]

    def resume(self, state: TrainingState) -> list[TrainingState]:
        """Networks in training as :meth:`to_host` gave them, share by share."""

        def of_share(share: _Share) -> TrainingState:
            chosen = np.array(share.runs)
            return jax.device_put(jax.tree.map(lambda leaf: leaf[chosen], state), share.device)

        return [of_share(share) for share in self._shares]

    def to_host(self, states: list[TrainingState]) -> TrainingState:
        """The state of all runs as NumPy arrays, however they were shared out."""
        return self._together([jax.device_get(state) for state in states])

    def one_run(self) -> TrainingState:
        """Shapes and kinds of the state of one run."""
        whole = jax.eval_shape(lambda: self._start_share(self._shares[0]))
        return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), whole)

    def epoch(
        self, states: list[TrainingState], number: int
    ) -> tuple[list[TrainingState], EpochLosses]:
        """Train every run over the training part once, then score it on the validation part.

        Args:
            states: States of the runs; consumed, use the ones returned.
            number: Number of this epoch, from 1; decides the order of the batches.
        """
        ended = self._advance(states, number, self.batches, self.validation_batches)
        losses = [jax.device_get(loss) for _, loss in ended]
        both = (np.concatenate(loss)[: self.runs] for loss in zip(*losses, strict=True))
        return [state for state, _ in ended], EpochLosses(*both)

    def probe(self, batches: int) -> float:
        """Seconds that this many batches of an epoch take, all runs together; compiles if need be.

        What they learn is thrown away.
        """
        states = jax.block_until_ready(self.start())
        began = time.perf_counter()
        self._advance(states, 1, min(batches, self.batches), 0)
        return time.perf_counter() - began

    def best_networks(self, states: list[TrainingState]) -> Network:
        """The weights of each run's best epoch, on the host."""
        return self._together([jax.device_get(state.best) for state in states])

    def ensemble(self, networks: Network, history: int | None = None) -> Ensemble:
        """The networks as a model of windows.

        Args:
            networks: Weights, as :meth:`best_networks` gives them.
            history: Samples in a window; the longest where None.
        """
        length = history or self.length
        linear = None if self._linear is None else self._linear.at(length)
        return Ensemble(networks, length, self._whole, linear, self.length if self._many else None)

    def best_epochs(self, states: list[TrainingState]) -> NDArray[np.int64]:
        """The epoch of each run with the lowest validation loss; 0 where no loss was finite."""
        epochs = [jax.device_get(state.best_epoch) for state in states]
        return np.concatenate(epochs)[: self.runs].astype(np.int64)

    def _together(self, shares: list[Tree]) -> Tree:
        """Arrays of all shares one behind the other, without the copies at the end."""
        whole: Tree = jax.tree.map(lambda *leaves: np.concatenate(leaves)[: self.runs], *shares)
        return whole

    def _advance(
        self, states: list[TrainingState], number: int, batches: int, validation_batches: int
    ) -> list[tuple[TrainingState, EpochLosses]]:
        counts = np.array([number, batches, validation_batches], dtype=np.int32)

        def of_share(pair: tuple[_Share, TrainingState]) -> tuple[TrainingState, EpochLosses]:
            share, state = pair
            given = jax.device_put(counts, share.device)
            ended = self._programs[share.device](state, share.seeds, share.data, given)
            return jax.block_until_ready(ended)

        pairs = list(zip(self._shares, states, strict=True))
        self._compile(pairs[0], counts)
        return at_once(of_share, pairs)

    def _compile(self, pair: tuple[_Share, TrainingState], counts: NDArray[np.int32]) -> None:
        """Compile the epoch once a device, before threads could do it once each."""
        state = pair[1]
        for share in self._shares:
            if share.device not in self._programs:
                program = jax.jit(self._train_and_validate, donate_argnums=0)
                given = jax.device_put((state, share.seeds, share.data, counts), share.device)
                self._programs[share.device] = compiled(self._what, program, *given)

    def _start_share(self, share: _Share) -> TrainingState:
        drivers = share.data.drivers.shape[1]
        networks = _start_networks(self._architecture, drivers, self.length, share.seeds)
        runs = len(share.runs)
        return jax.device_put(
            TrainingState(
                networks=networks,
                optimiser=jax.vmap(self._rule.init)(_widen(networks)),
                # A copy: the program writes over what it is given, each array once.
                best=jax.tree.map(jnp.copy, networks),
                best_loss=jnp.full(runs, jnp.inf, dtype=jnp.float32),
                best_epoch=jnp.zeros(runs, dtype=jnp.int32),
            ),
            share.device,
        )

    def _train_and_validate(
        self,
        state: TrainingState,
        seeds: PRNGKeyArray,
        data: TrainingData,
        counts: Int[Array, "3"],
    ) -> tuple[TrainingState, EpochLosses]:
        number, batches, validation_batches = counts
        count = data.training.ends.size
        order = self._order(seeds, number, count)

        def one_batch(i: Array, carried: tuple[Network, Any, Array]) -> tuple[Network, Any, Array]:
            networks, optimiser, total = carried
            place = i * self.batch + jnp.arange(self.batch)
            chosen = jax.lax.dynamic_slice_in_dim(order, i * self.batch, self.batch, 1)
            weights = jnp.broadcast_to(place < count, chosen.shape).astype(jnp.float32)
            history = self._draw(seeds, (number - 1) * self.batches + i, data.histories.size)
            windows, targets = self._windows(data, chosen, history)
            losses, gradients = self._engine.loss_and_gradients(networks, windows, targets, weights)
            wide = _widen(networks)
            updates, optimiser = jax.vmap(self._rule.update)(_widen(gradients), optimiser, wide)
            return (
                _narrow(optax.apply_updates(wide, updates)),
                optimiser,
                total + losses * weights.sum(1),
            )

        total = jnp.zeros(seeds.shape[0])
        networks, optimiser, total = jax.lax.fori_loop(
            0, batches, one_batch, (state.networks, state.optimiser, total)
        )
        validation = self._validate(networks, data, validation_batches)
        better = validation < state.best_loss  # false for a loss that is not a number

        def keep(new: Array, old: Array) -> Array:
            return jnp.where(better.reshape(-1, *[1] * (new.ndim - 1)), new, old)

        state = TrainingState(
            networks=networks,
            optimiser=optimiser,
            best=jax.tree.map(keep, networks, state.best),
            best_loss=jnp.where(better, validation, state.best_loss),
            best_epoch=jnp.where(better, number, state.best_epoch),
        )
        return state, EpochLosses(total / count, validation)

    def _order(self, seeds: PRNGKeyArray, number: Array, windows: int) -> Int[Array, "r n"]:
        """The order of the training windows of each run; filled up to whole batches."""
        spare = self.batches * self.batch - windows

        def of_run(seed: PRNGKeyArray) -> Array:
            key = jax.random.fold_in(jax.random.fold_in(seed, _ORDER), number)
            return jnp.pad(jax.random.permutation(key, windows), (0, spare))

        return jax.lax.map(of_run, seeds)

    def _draw(self, seeds: PRNGKeyArray, step: Array, histories: int) -> Int[Array, "r b"]:
        """Places in the grid of the histories of one batch of each run.

        Steps of the golden ratio from a random start (a Weyl sequence): any few batches that follow
        one another see the whole grid evenly.
        """
        if not self._many:
            return jnp.zeros((seeds.shape[0], self.batch), dtype=jnp.int32)

        def of_run(seed: PRNGKeyArray) -> Array:
            return jax.random.bits(jax.random.fold_in(seed, _HISTORY), (), jnp.uint32)

        turn = jax.lax.map(of_run, seeds) + step.astype(jnp.uint32) * jnp.uint32(GOLDEN)
        place = ((turn >> 16) * jnp.uint32(histories) >> 16).astype(jnp.int32)
        return jnp.broadcast_to(place[:, None], (seeds.shape[0], self.batch))

    def _windows(
        self, data: TrainingData, chosen: Array, history: Array
    ) -> tuple[Windows, Float[Array, "r b"]]:
        """Windows of some training targets, ``(R, B)``, and what the networks are to say."""
        part = data.training
        ends = part.ends[chosen]
        histories = data.histories[history] if self._many else None
        windows = Windows(data.drivers, ends, self.length, histories)
        targets = data.friction[ends]
        return windows, targets if part.linear is None else targets - part.linear[history, chosen]

    def _validate(
        self, networks: Network, data: TrainingData, batches: Array
    ) -> Float[Array, " r"]:
        part, runs = data.validation, networks.offset.shape[0]
        count = part.ends.size
        # Padded and sliced, not picked: the last bits of a loss would depend on the number of runs.
        places, ends, histories = (
            jnp.pad(each, (0, -count % self.batch), mode="edge")
            for each in (jnp.arange(count), part.ends, part.history)
        )

        def one_batch(i: Array, total: Array) -> Array:
            place, here, history = (
                jax.lax.dynamic_slice_in_dim(each, i * self.batch, self.batch)
                for each in (places, ends, histories)
            )
            past = jnp.broadcast_to(data.histories[history], (runs, self.batch))
            windows = Windows(
                data.drivers,
                jnp.broadcast_to(here, (runs, self.batch)),
                self.length,
                past if self._many else None,
            )
            friction = self._engine.predict(networks, windows)
            targets = data.friction[here]
            if part.linear is not None:
                targets = targets - part.linear[history, place]
            counts = i * self.batch + jnp.arange(self.batch) < count
            return total + jnp.sum(jnp.where(counts, (friction - targets) ** 2, 0), 1)

        return jax.lax.fori_loop(0, batches, one_batch, jnp.zeros(runs)) / count


_WIDTH = 64


def _widen(networks: Network) -> Network:
    """The offset of each run as a row, with zeros behind it, for the time of an update.

    XLA makes special code for an array of a few numbers, of two for instance; then the last bits of
    a run's offset would depend on how many runs there are.
    """
    rows = jnp.pad(networks.offset[:, None], ((0, 0), (0, _WIDTH - 1)))
    return eqx.tree_at(lambda all_runs: all_runs.offset, networks, rows)


def _narrow(networks: Network) -> Network:
    """Undo :func:`_widen`."""
    return eqx.tree_at(lambda all_runs: all_runs.offset, networks, networks.offset[:, 0])


@partial(jax.jit, static_argnums=(0, 1))
def _start_networks(
    architecture: "Architecture", drivers: int, length: Int[Array, ""], seeds: PRNGKeyArray
) -> Network:
    """Untrained networks, made one by one: none must depend on how many there are."""

    def of_run(seed: PRNGKeyArray) -> Network:
        return start_network(architecture, drivers, length, jax.random.fold_in(seed, _START))

    return jax.lax.map(of_run, seeds)


def run_seeds(seed: int, runs: int) -> list[PRNGKeyArray]:
    """One key a run: run r is the same whatever the number of runs and the window length."""
    return [jax.random.fold_in(jax.random.key(seed), run) for run in range(runs)]
