"""Ensemble: the trained runs of one window length, and what they say about windows."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int
from numpy.typing import NDArray

from slicken.learning.devices import at_once, compiled, cores, share_out
from slicken.learning.engine import Engine, Windows

if TYPE_CHECKING:
    from slicken.learning.linear import LinearPart
    from slicken.learning.network import Network

BATCH = 32
"""Windows that go through an ensemble at a time; the memory it needs grows with it."""


class Sensitivity(NamedTuple):
    """Gradients of an ensemble's standardised friction with respect to its windows, in sums.

    With ``g`` the gradient of one window, (L, C), and ``e`` its error (predicted less measured):

    Args:
        friction: Predicted friction, standardised, shape ``(R, N)``.
        by_target: Mean over lags of ``|g|``, shape ``(R, N, C)``.
        by_lag: Mean over windows of ``|g|``, shape ``(R, L, C)``; the last is the present.
        loss_by_lag: Mean over windows of ``2 |e| |g|``, shape ``(R, L, C)``.
    """

    friction: NDArray[np.float32]
    by_target: NDArray[np.float32]
    by_lag: NDArray[np.float32]
    loss_by_lag: NDArray[np.float32]


@dataclass(frozen=True)
class Ensemble:
    """R networks of one window length.

    Args:
        networks: Networks, as arrays with a leading axis R.
        length: Number of samples in a window, L.
        engine: Engine that computes.
        linear: Linear model of the same windows, to which the networks add; None for none.
        room: Number of samples before each target time, at least L, for which one program is
            compiled whatever the length; None for a program of its own.
    """

    networks: "Network"
    length: int
    engine: Engine
    linear: "LinearPart | None" = None
    room: int | None = None

    @property
    def runs(self) -> int:
        """How many networks, R."""
        return int(self.networks.offset.shape[0])

    def of_runs(self, kept: NDArray[np.bool_]) -> "Ensemble":
        """Some of the runs.

        Args:
            kept: Whether each run is kept, shape ``(R,)``.
        """
        networks = jax.tree.map(lambda leaf: np.asarray(leaf)[kept], self.networks)
        return replace(self, networks=networks)

    def predict(self, drivers: NDArray[np.float32], ends: NDArray[np.int64]) -> NDArray[np.float32]:
        """Standardised friction of each run at each target time.

        Args:
            drivers: Standardised record, shape ``(T, C)``.
            ends: Target times as indices into the record, shape ``(N,)``.

        Returns:
            Shape ``(R, N)``.
        """
        if not ends.size:
            return np.zeros((self.runs, 0), dtype=np.float32)
        batches = _in_batches(ends)
        room = self.room or self.length

        def sweep(
            engine: Engine, networks: "Network", drivers: Array, length: Array, batches: Array
        ) -> Array:
            def one_batch(here: Int[Array, " b"]) -> Array:
                each = jnp.broadcast_to(here, (networks.offset.shape[0], *here.shape))
                histories = None if self.room is None else jnp.full(each.shape, length)
                return engine.predict(networks, Windows(drivers, each, room, histories))

            return jax.lax.map(one_batch, batches)

        length = np.array(self.length, dtype=np.int32)
        friction = self._on_all_devices(sweep, drivers, length, batches, reach=room)
        found = np.concatenate([_by_run(part, ends.size) for part in friction])[: self.runs]
        return found if self.linear is None else found + self.linear.predict(drivers, ends)

    def sensitivity(
        self,
        drivers: NDArray[np.float32],
        friction: NDArray[np.float32],
        ends: NDArray[np.int64],
    ) -> Sensitivity:
        """How predicted friction changes with every driver at every lag.

        Args:
            drivers: Standardised record, shape ``(T, C)``.
            friction: Standardised friction, shape ``(T,)``.
            ends: Target times as indices into the record, at least one, shape ``(N,)``.
        """
        batches = _in_batches(ends)
        counts = (np.arange(batches.size) < ends.size).astype(np.float32).reshape(batches.shape)
        measured = friction[batches]
        if self.linear is not None:
            of_linear = self.linear.predict(drivers, batches.ravel().astype(np.int64))
            measured = measured - of_linear.reshape(batches.shape)

        def sweep(
            engine: Engine, networks: "Network", drivers: Array, slopes: Array, *batches: Array
        ) -> Any:  # noqa: ANN401
            def one_batch(sums: Any, batch: tuple[Array, ...]) -> tuple[Any, Any]:  # noqa: ANN401
                here, target, count = batch
                predicted, gradients = engine.predict_with_gradients(
                    networks, self._windows(networks, drivers, here)
                )
                size = jnp.abs(gradients + slopes)
                error = 2 * jnp.abs(predicted - target) * count
                sums = (
                    sums[0] + jnp.einsum("rblc,b->rlc", size, count),
                    sums[1] + jnp.einsum("rblc,rb->rlc", size, error),
                )
                return sums, (predicted, size.mean(axis=2))

            runs, channels = networks.offset.shape[0], drivers.shape[1]
            zeros = jnp.zeros((runs, self.length, channels))
            return jax.lax.scan(one_batch, (zeros, zeros), batches)

        parts = self._on_all_devices(
            sweep, drivers, self._slopes(drivers.shape[1]), batches, measured, counts
        )

        def together(pick: Callable[[Any], NDArray[np.float32]]) -> NDArray[np.float32]:
            return np.concatenate([pick(part) for part in parts])[: self.runs]

        found = together(lambda part: _by_run(part[1][0], ends.size))
        return Sensitivity(
            friction=found if self.linear is None else found + self.linear.predict(drivers, ends),
            by_target=together(lambda part: _by_run(part[1][1], ends.size)),
            by_lag=together(lambda part: part[0][0] / ends.size),
            loss_by_lag=together(lambda part: part[0][1] / ends.size),
        )

    def predict_windows(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Standardised friction of windows that are in no record.

        Args:
            windows: Windows, shape ``(N, L, C)``.

        Returns:
            Shape ``(R, N)``.
        """
        return self.predict(*_end_to_end(windows))

    def window_gradients(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Gradient of standardised friction in every sample of windows that are in no record.

        Args:
            windows: Windows, at least one, shape ``(N, L, C)``.

        Returns:
            Shape ``(R, N, L, C)``: as large as this many copies of the windows.
        """
        record, ends = _end_to_end(windows)
        batches = _in_batches(ends)

        def sweep(engine: Engine, networks: "Network", drivers: Array, batches: Array) -> Array:
            def one_batch(here: Int[Array, " b"]) -> Array:
                of_windows = self._windows(networks, drivers, here)
                return engine.predict_with_gradients(networks, of_windows)[1]

            return jax.lax.map(one_batch, batches)

        parts = self._on_all_devices(sweep, record, batches)
        found = np.concatenate([_by_run(part, ends.size) for part in parts])[: self.runs]
        return found if self.linear is None else found + self.linear.weights

    def _slopes(self, channels: int) -> NDArray[np.float32]:
        """Gradient of the linear part in each sample of a window, shape ``(L, C)``."""
        if self.linear is None:
            return np.zeros((self.length, channels), np.float32)
        return self.linear.weights

    def _windows(self, networks: "Network", drivers: Array, ends: Int[Array, " b"]) -> Windows:
        """The same ones for every run."""
        each = jnp.broadcast_to(ends, (networks.offset.shape[0], *ends.shape))
        return Windows(drivers, each, self.length)

    def _on_all_devices(
        self, sweep: Callable[..., Any], *arrays: NDArray[Any], reach: int | None = None
    ) -> list[Any]:
        shares = share_out(self.runs, fewest=self.engine.fewest_runs)
        engine = self.engine.with_threads(max(1, cores() // len(shares)))

        def given(device: jax.Device, runs: list[int]) -> tuple[Any, ...]:
            networks = jax.tree.map(lambda leaf: np.asarray(leaf)[np.array(runs)], self.networks)
            return jax.device_put((networks, *arrays), device)

        # A sweep is a function within a method, and knows nothing of it but how far it reaches.
        what = sweep.__qualname__, engine, reach or self.length, self.room is None
        programs = {
            device: compiled(what, jax.jit(partial(sweep, engine)), *given(device, runs))
            for device, runs in dict(shares).items()
        }

        def of_share(share: tuple[jax.Device, list[int]]) -> Any:  # noqa: ANN401 (any pytree)
            return jax.device_get(programs[share[0]](*given(*share)))

        return at_once(of_share, shares)


def _end_to_end(
    windows: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """A record of windows laid end to end, and where each of them ends."""
    count, length, channels = windows.shape
    record = np.ascontiguousarray(windows, dtype=np.float32).reshape(-1, channels)
    return record, np.arange(1, count + 1) * length - 1


def _in_batches(ends: NDArray[np.int64]) -> NDArray[np.int32]:
    """Target times in whole batches, the last filled up with copies, shape ``(batches, B)``."""
    batches = math.ceil(ends.size / BATCH)
    filled = np.pad(ends, (0, batches * BATCH - ends.size), mode="edge")
    return filled.reshape(batches, BATCH).astype(np.int32)


def _by_run(values: NDArray[np.float32], windows: int) -> NDArray[np.float32]:
    """From (batches, R, B, ...) to (R, N, ...)."""
    runs_first = np.moveaxis(np.asarray(values), 1, 0)
    return runs_first.reshape(runs_first.shape[0], -1, *runs_first.shape[3:])[:, :windows]
