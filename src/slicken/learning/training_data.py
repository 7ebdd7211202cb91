"""Training data: what every run sees, as arrays on a device."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import NDArray

if TYPE_CHECKING:
    from slicken.learning.linear import LinearParts

GOLDEN = 2_654_435_769
"""2^32 over the golden ratio."""


class Targets(NamedTuple):
    """Target times of one part.

    Args:
        ends: Target times as indices into the record, shape ``(N,)``.
        linear: Standardised friction by the linear part of each history, shape ``(H, N)``; None
            where there is none.
        history: Place of each target's history in the grid, shape ``(N,)``; training draws others.
    """

    ends: Int[Array, " n"]
    linear: Float[Array, "h n"] | None
    history: Int[Array, " n"]


class TrainingData(NamedTuple):
    """What every run sees; on the device once.

    Args:
        drivers: Standardised record, shape ``(T, C)``.
        friction: Standardised friction, shape ``(T,)``.
        histories: Histories in samples, ascending, shape ``(H,)``; the last is the window's length.
        training: Targets to learn from.
        validation: Targets that choose the epoch.
    """

    drivers: Float[Array, "t c"]
    friction: Float[Array, " t"]
    histories: Int[Array, " h"]
    training: Targets
    validation: Targets


def training_data(
    drivers: NDArray[np.float32],
    friction: NDArray[np.float32],
    *,
    training: NDArray[np.int64],
    validation: NDArray[np.int64],
    histories: Sequence[int],
    linear: "LinearParts | None" = None,
) -> TrainingData:
    """Put the standardised record and its target times into JAX arrays.

    Args:
        drivers: Standardised record, shape ``(T, C)``.
        friction: Standardised friction, shape ``(T,)``.
        training: Target times to learn from, as indices into the record, shape ``(N,)``.
        validation: Target times that choose the epoch.
        histories: Histories in samples, ascending; the last is the window's length.
        linear: Linear parts of these histories, of which the networks learn the rest.
    """

    def part(ends: NDArray[np.int64], history: NDArray[np.int64]) -> Targets:
        return Targets(
            jnp.asarray(ends, dtype=jnp.int32),
            None if linear is None else jnp.asarray(linear.table(drivers, ends)),
            jnp.asarray(history, dtype=jnp.int32),
        )

    # Each validation target has one history, the same in every epoch; like ones side by side.
    turn = (np.arange(validation.size, dtype=np.uint64) * GOLDEN) % 2**32
    place = (turn * len(histories) >> 32).astype(np.int64)
    order = np.argsort(-place, kind="stable")
    return TrainingData(
        jnp.asarray(drivers),
        jnp.asarray(friction),
        jnp.asarray(histories, dtype=jnp.int32),
        part(training, np.zeros(training.size, np.int64)),
        part(validation[order], place[order]),
    )
