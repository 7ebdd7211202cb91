"""The native engine: the whole network, forward and back, in one call of compiled C++.

A task is one network over some windows, one window a vector lane, all its states in one thread's
own memory (``native/`` has the code and says why each part is as it is). Overlapping windows share
what depends on the instant only, so the record goes in, not windows. A task begins with the longest
history among its windows, and those that begin later wait at zero: windows sorted by history, the
longest first, cost least.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from slicken.errors import PlanError
from slicken.learning.devices import cores
from slicken.learning.engine.contract import Windows
from slicken.learning.engine.library import REMEDY, engine_library

if TYPE_CHECKING:
    from slicken.learning.network import Network

_TARGET = "slicken_compute"


class _Work(IntEnum):
    """What a call computes; the numbers are those of ``native/tile.h``."""

    PREDICT = 0
    TRAIN = 1
    PULL_WEIGHTS = 2
    PULL_WINDOWS = 3


@cache
def _register() -> None:
    """Make the library known to JAX, once."""
    if jax.default_backend() != "cpu":
        raise PlanError(
            f"the native engine computes on CPUs, and JAX uses a {jax.default_backend().upper()} "
            "here; take engine layered, or set JAX_PLATFORMS=cpu"
        )
    library = engine_library()
    if library.handle is None:
        raise PlanError(f"the native engine is {library.problem}; {REMEDY}")
    compute = jax.ffi.pycapsule(library.handle.slicken_compute)
    jax.ffi.register_ffi_target(_TARGET, compute, platform="cpu")


def multiply_adds() -> int:
    """Multiply-adds that the library has done in this process, without those spent on padding."""
    handle = engine_library().handle
    if handle is None:
        return 0
    handle.slicken_multiply_adds.restype = ctypes.c_uint64
    return int(handle.slicken_multiply_adds())


@dataclass(frozen=True)
class NativeEngine:
    """Compiled C++ on the CPU.

    Args:
        threads: Number of threads of one call; None for one a core. Results do not depend on it.

    Raises:
        PlanError: if the library was not built or does not load.
    """

    threads: int | None = None

    name = "native"
    fewest_runs = 1

    def __post_init__(self) -> None:
        _register()

    def with_threads(self, threads: int) -> "NativeEngine":
        """The same engine, of which one call keeps this many cores busy if it can use them."""
        return replace(self, threads=threads)

    def predict(self, networks: "Network", windows: Windows) -> Float[Array, "r b"]:
        """Standardised friction at the last instant of each window; differentiable."""
        return _friction(self, networks, windows)

    def loss_and_gradients(
        self,
        networks: "Network",
        windows: Windows,
        targets: Float[Array, "r b"],
        weights: Float[Array, "r b"],
    ) -> tuple[Float[Array, " r"], "Network"]:
        """Weighted mean square error of each run, and its gradient in all weights."""
        leaves, form = jax.tree.flatten(networks)
        runs = jax.ShapeDtypeStruct(targets.shape[:1], targets.dtype)
        losses, *gradients = self._call(
            _Work.TRAIN, [runs, *leaves], networks, windows, targets, weights
        )
        return losses, jax.tree.unflatten(form, gradients)

    def predict_with_gradients(
        self, networks: "Network", windows: Windows
    ) -> tuple[Float[Array, "r b"], Float[Array, "r b l c"]]:
        """Standardised friction, and its gradient in each window, zero before its history."""
        return self._pull_windows(
            networks, windows, jnp.ones_like(networks.dense, shape=windows.ends.shape)
        )

    def _pull_windows(
        self, networks: "Network", windows: Windows, pull: Array
    ) -> tuple[Array, Array]:
        of_windows = (*windows.ends.shape, windows.length, windows.drivers.shape[1])
        like = [pull, jax.ShapeDtypeStruct(of_windows, pull.dtype)]
        friction, gradients = self._call(_Work.PULL_WINDOWS, like, networks, windows, pull)
        return friction, gradients

    def _call(
        self, work: _Work, like: list[Any], networks: "Network", windows: Windows, *others: Array
    ) -> Sequence[Array]:
        histories = () if windows.histories is None else (windows.histories.astype(jnp.int32),)
        call = jax.ffi.ffi_call(
            _TARGET, [jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in like]
        )
        found: Sequence[Array] = call(
            windows.drivers,
            windows.ends.astype(jnp.int32),
            *histories,
            *others,
            *jax.tree.leaves(networks),
            work=np.int64(work),
            length=np.int64(windows.length),
            conv_layers=np.int64(len(networks.convolutions)),
            relu=np.int64(networks.activation == "relu"),
            threads=np.int64(self.threads or cores()),
            histories=np.int64(len(histories)),
        )
        return found


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _friction(engine: NativeEngine, networks: "Network", windows: Windows) -> Array:
    like = [jax.ShapeDtypeStruct(windows.ends.shape, windows.drivers.dtype)]
    return engine._call(_Work.PREDICT, like, networks, windows)[0]


def _keep(
    engine: NativeEngine, networks: "Network", windows: Windows
) -> tuple[Array, tuple["Network", Windows]]:
    return _friction(engine, networks, windows), (networks, windows)


def _pull(
    engine: NativeEngine, kept: tuple["Network", Windows], pull: Array
) -> tuple["Network", Windows]:
    """Forward once more, and back: handing all states through JAX would be slower.

    The compiler drops the half whose result is not used.
    """
    networks, windows = kept
    leaves, form = jax.tree.flatten(networks)
    gradients = engine._call(_Work.PULL_WEIGHTS, leaves, networks, windows, pull)
    by_window = engine._pull_windows(networks, windows, pull)[1]
    samples = windows.ends[..., None] + jnp.arange(1 - windows.length, 1)
    of_record = jnp.zeros_like(windows.drivers).at[samples].add(by_window)
    nothing: Any = np.zeros(windows.ends.shape, jax.dtypes.float0)  # JAX's word for an integer's
    of_windows = Windows(
        of_record, nothing, windows.length, None if windows.histories is None else nothing
    )
    return jax.tree.unflatten(form, gradients), of_windows


_friction.defvjp(_keep, _pull)
