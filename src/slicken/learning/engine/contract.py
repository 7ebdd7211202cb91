"""What every engine does, and in which shapes."""

from typing import TYPE_CHECKING, Protocol

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

if TYPE_CHECKING:
    from slicken.learning.network import Network


class Windows(eqx.Module):
    """Windows of a record: where they end, not copies of them.

    Attributes:
        drivers: Record, shape ``(T, C)``.
        ends: Last sample of each window, by run, shape ``(R, B)``.
        length: Number of samples in a window, L.
        histories: Number of samples in each window that count, its last ones, shape ``(R, B)``:
            L at most, and as many as one step needs at least. None where all count. A window gives
            what one of as many samples that ends with it gives: older samples, even those before
            the record, have no influence and no gradient.
    """

    drivers: Float[Array, "t c"]
    ends: Int[Array, "r b"]
    length: int = eqx.field(static=True)
    histories: Int[Array, "r b"] | None = None

    def copied(self) -> Float[Array, "r b l c"]:
        """The windows themselves, zero before their histories."""
        lags = jnp.arange(1 - self.length, 1)
        windows = self.drivers[self.ends[..., None] + lags]
        if self.histories is None:
            return windows
        return jnp.where((lags > -self.histories[..., None])[..., None], windows, 0)

    def starts(self) -> Int[Array, "r b"] | None:
        """Sample of each window with which its history starts; None where all do with the first."""
        return None if self.histories is None else self.length - self.histories


class Engine(Protocol):
    """Three functions of an ensemble; pure, traceable by JAX, float32 or float64.

    ``networks`` is a :class:`~slicken.learning.network.Network` whose arrays have a leading axis
    R. Run r sees its own windows only, and its numbers do not depend on which other runs are in the
    ensemble. Windows may have histories of any lengths, in any order; an engine that does less for
    shorter ones does least where each run's windows are sorted, the longest first. Each engine must
    agree with the reference (``tests/learning/test_engine.py`` puts all through the same facts).
    """

    name: str
    fewest_runs: int
    """Runs in a call, at least, for the bits of a run not to depend on their number."""

    def with_threads(self, threads: int) -> "Engine":
        """The same engine, of which one call keeps this many cores busy if it can use them."""
        ...

    def predict(self, networks: "Network", windows: Windows) -> Float[Array, "r b"]:
        """Standardised friction at the last instant of each window."""
        ...

    def loss_and_gradients(
        self,
        networks: "Network",
        windows: Windows,
        targets: Float[Array, "r b"],
        weights: Float[Array, "r b"],
    ) -> tuple[Float[Array, " r"], "Network"]:
        """Weighted mean square error of each run, and its gradient in all weights."""
        ...

    def predict_with_gradients(
        self, networks: "Network", windows: Windows
    ) -> tuple[Float[Array, "r b"], Float[Array, "r b l c"]]:
        """Standardised friction, and its gradient in each window, zero before its history."""
        ...
