"""What every engine does, and in which shapes."""

from typing import Protocol

from jaxtyping import Array, Float

from slicken.learning.network import Network


class Engine(Protocol):
    """Three functions of an ensemble; pure, traceable by JAX, float32 or float64.

    ``networks`` is a :class:`~slicken.learning.network.Network` whose arrays have a leading axis
    R. Run r sees windows ``[r]`` only, and its numbers do not depend on which other runs are in the
    ensemble. Each engine must agree with the reference (``tests/learning/test_engine.py`` puts all
    through the same facts).
    """

    name: str
    fills_device: bool
    """Whether one call keeps all cores busy; else the runs are shared out, a core a device."""

    def predict(self, networks: Network, windows: Float[Array, "r b l c"]) -> Float[Array, "r b"]:
        """Standardised friction at the last instant of each window."""
        ...

    def loss_and_gradients(
        self,
        networks: Network,
        windows: Float[Array, "r b l c"],
        targets: Float[Array, "r b"],
        weights: Float[Array, "r b"],
    ) -> tuple[Float[Array, " r"], Network]:
        """Weighted mean square error of each run, and its gradient in all weights."""
        ...

    def predict_with_gradients(
        self, networks: Network, windows: Float[Array, "r b l c"]
    ) -> tuple[Float[Array, "r b"], Float[Array, "r b l c"]]:
        """Standardised friction, and its gradient with respect to each window."""
        ...
