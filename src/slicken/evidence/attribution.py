"""Attribution: what each driver does for a prediction, and for how good it is.

Six readings of one ensemble on the same windows. A driver that is absent is replaced by its windows
of other times, all absent ones by the same time: such windows have happened, which windows of zeros
have not.

- ``loss_gradient``, ``friction_gradient``: mean ``|dLoss/dx|`` (the published measure), and mean
  ``|dfriction/dx|``.
- ``integrated_gradients``: mean size of a driver's part in the way from a window of another time to
  this one (Sundararajan, Taly & Yan 2017, arXiv 1703.01365). The parts sum to the difference of the
  two predictions (completeness), but for the error of the quadrature, which is reported.
- ``shapley_friction``: mean size of a driver's exact Shapley value (Shapley 1953; Lundberg & Lee
  2017, arXiv 1705.07874): its mean part in the prediction over all orders in which drivers appear.
- ``shapley_loss``: the same for the squared error (as in Covert, Lundberg & Lee 2020, arXiv
  2004.00668): the error reduction by the driver. It can be negative.
- ``permutation``: how much the squared error grows when this driver alone is replaced; its windows
  are exchanged as whole blocks of time, so that each stays a possible one.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from slicken.learning.bins import edges_to

if TYPE_CHECKING:
    from slicken.learning.splits import Part
    from slicken.study.prepared import Prepared
    from slicken.study.trained import Fold

NOISE = "noise_probe"
SHUFFLED = "shuffled_"
"""Before the name of a driver: its copy with shuffled blocks."""
METHODS = (
    "loss_gradient",
    "friction_gradient",
    "integrated_gradients",
    "shapley_friction",
    "shapley_loss",
    "permutation",
)
"""Readings of importance, in the order of tables and figures."""
MOST_DRIVERS = 8
"""With more, there are too many coalitions for exact Shapley values."""
COALITION_WINDOWS = 8192
"""Windows that pass through the ensemble for all coalitions, about."""
FEWEST_WINDOWS, MOST_WINDOWS = 32, 256
PATH_STEPS = 12
"""Gauss-Legendre points on the way of integrated gradients."""
PATH_WINDOWS = 96
MASKED_WINDOWS = 32
"""Windows whose saliency is rescaled."""

Windows = NDArray[np.float32]
Floats = NDArray[np.floating]
Predict = Callable[[Windows], Floats]
"""Friction of windows, ``(N, L, C)`` to ``(R, N)``; or its gradients, to ``(R, N, L, C)``."""


class Networks(Protocol):
    """R models of windows, such as :class:`~slicken.learning.ensemble.Ensemble`."""

    @property
    def runs(self) -> int:
        """Number of models, R."""

    @property
    def length(self) -> int:
        """Samples in a window, L."""

    def predict_windows(self, windows: Windows, /) -> Floats:
        """Standardised friction of windows ``(N, L, C)``, shape ``(R, N)``."""

    def window_gradients(self, windows: Windows, /) -> Floats:
        """Gradient of friction in every sample of the windows, shape ``(R, N, L, C)``."""


def choose_targets(ends: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Numbers of this many targets at most, evenly over all of them."""
    count = min(ends.size, most)
    return np.unique(np.linspace(0, ends.size - 1, count).round().astype(np.int64))


def cut_windows(drivers: Windows, ends: NDArray[np.int64], length: int) -> Windows:
    """Windows as copies, shape ``(N, L, C)``."""
    return drivers[ends[:, None] + np.arange(1 - length, 1)[None, :]]


def other_times(prepared: "Prepared", count: int, seed: int) -> NDArray[np.int64]:
    """Training targets at random, one for each window: what an absent driver is replaced by."""
    ends = prepared.split.ends["training"]
    return np.random.default_rng(seed).choice(ends, count, replace=ends.size < count)


def coalitions(drivers: int) -> NDArray[np.bool_]:
    """Every set of drivers, as rows; the first is empty, the last holds all."""
    numbers = np.arange(2**drivers)
    return (numbers[:, None] >> np.arange(drivers)[None, :] & 1).astype(np.bool_)


def shapley(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Exact Shapley values of a game.

    Args:
        values: of every coalition in the order of :func:`coalitions`, shape ``(2**C, ...)``.

    Returns:
        Shape ``(C, ...)``; they sum to the value of all drivers less that of none.

    Example:
        Two players who are worth 1 and 2 alone, and 5 together, share the surplus:

        >>> shapley(np.array([0.0, 1.0, 2.0, 5.0])).tolist()
        [2.0, 3.0]
    """
    drivers = int(values.shape[0]).bit_length() - 1
    sizes = coalitions(drivers).sum(axis=1)
    fair = [
        math.factorial(s) * math.factorial(drivers - s - 1) / math.factorial(drivers)
        for s in range(drivers)
    ]
    numbers = np.arange(2**drivers)
    found = []
    for driver in range(drivers):
        without = numbers[numbers >> driver & 1 == 0]
        gains = values[without | 1 << driver].astype(np.float64) - values[without]
        found.append(np.tensordot(np.array(fair)[sizes[without]], gains, axes=1))
    return np.stack(found)


def predict_coalitions(predict: Predict, windows: Windows, others: Windows) -> Floats:
    """Predictions with every set of drivers present, shape ``(2**C, R, N)``.

    Args:
        predict: Friction of windows.
        windows: shape ``(N, L, C)``.
        others: of other times, in place of absent drivers, ``(N, L, C)``.
    """
    sets = coalitions(windows.shape[2])
    mixed = np.where(sets[:, None, None, :], windows[None], others[None])
    found = predict(mixed.reshape(-1, *windows.shape[1:]))
    return np.moveaxis(found.reshape(found.shape[0], len(sets), -1), 0, 1)


def integrate_gradients(
    gradients: Predict, windows: Windows, others: Windows, steps: int = PATH_STEPS
) -> NDArray[np.float64]:
    """Each sample's part in the way from another window to this one, shape ``(R, N, L, C)``.

    Args:
        gradients: Gradients of friction in windows, shape ``(R, N, L, C)``.
        windows: where the way ends, shape ``(N, L, C)``.
        others: where it begins, ``(N, L, C)``.
        steps: points of the quadrature.
    """
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    total = np.zeros((1, *windows.shape))
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        here = (others + node * (windows - others)).astype(np.float32)
        total = total + weight * gradients(here)
    return total * (windows - others)[None]


def rescaled_saliency(
    gradients: Predict, windows: Windows, edges: Sequence[int]
) -> NDArray[np.float64]:
    """Saliency over drivers and bins of lags, rescaled in time; shape ``(R, K, C)``, sums to one.

    Gradients of recurrent networks mix up when and what (Ismail et al. 2020, arXiv 2010.13924).
    Their remedy: hide an interval of time from the networks, and measure by how much the whole map
    of gradients changes; likewise a driver; an interval and a driver count by the product.

    Args:
        gradients: Gradients of friction in windows, shape ``(R, N, L, C)``.
        windows: shape ``(N, L, C)``; standardised, so that what is hidden becomes zero.
        edges: of the bins of lags, from 0 to L, K + 1 of them.
    """
    length, channels = windows.shape[1:]
    hidden = [windows]
    for first, last in pairwise(edges):
        without = windows.copy()
        without[:, length - last : length - first] = 0
        hidden.append(without)
    for channel in range(channels):
        without = windows.copy()
        without[..., channel] = 0
        hidden.append(without)
    maps = [np.abs(gradients(each)) for each in hidden]
    change = np.stack([np.abs(each - maps[0]).sum(axis=(2, 3)).mean(axis=1) for each in maps[1:]])
    in_time, in_driver = change[: len(edges) - 1], change[len(edges) - 1 :]
    product = np.einsum("kr,cr->rkc", in_time, in_driver)
    total = product.sum(axis=(1, 2), keepdims=True)
    return np.divide(product, total, out=np.full_like(product, np.nan), where=total > 0)


def attribute(
    prepared: "Prepared",
    ensemble: Networks,
    part: "Part",
    gradients: xr.Dataset,
    *,
    edges: Sequence[int],
    seed: int,
    folds: int = 1,
) -> xr.Dataset:
    """All readings of one ensemble on windows of one part.

    Args:
        prepared: Record and its parts.
        ensemble: Trained runs of one window length.
        part: Part of the targets, ``validation`` or ``test``.
        gradients: of the same ensemble and part; see :func:`measure_importance`.
        edges: of bins of lags in samples, for what is given by bin.
        seed: Random seed of the other times.
        folds: Number of folds of the study, which share the windows among them.

    Returns:
        Each of :data:`METHODS` over ``(run, target, channel)``, with where and when each target
        is; ``squared_error`` over ``(run, target)``; over ``(run, bin, channel)``
        ``rescaled_saliency``, with ``bin_start`` and ``bin_end`` in s;
        ``integrated_by_lag`` over ``(run, lag, channel)``; ``completeness_gap`` over ``run``: what
        the parts of integrated gradients leave unexplained, as a share. Shapley values are
        left out where there are too many drivers.
    """
    length, channels = ensemble.length, len(prepared.record.channels)
    ends = prepared.split.ends[part]
    exact = channels <= MOST_DRIVERS
    fair = COALITION_WINDOWS // (2**channels if exact else channels + 1)
    wanted = max(FEWEST_WINDOWS, min(MOST_WINDOWS, fair))
    chosen = choose_targets(ends, -(-wanted // folds))
    windows = cut_windows(prepared.drivers, ends[chosen], length)
    others = cut_windows(prepared.drivers, other_times(prepared, chosen.size, seed), length)
    measured = prepared.friction[ends[chosen]]
    found = gradients[["loss", "friction"]].isel(target=chosen)
    found = found.rename(loss="loss_gradient", friction="friction_gradient")
    dims = ("run", "target", "channel")
    if exact:
        table = predict_coalitions(ensemble.predict_windows, windows, others)
        errors = (table - measured) ** 2
        found["shapley_friction"] = dims, np.abs(np.moveaxis(shapley(table), 0, -1))
        found["shapley_loss"] = dims, np.moveaxis(shapley(-errors), 0, -1)
        whole = errors[-1]
        alone = [errors[-1 - (1 << driver)] for driver in range(channels)]
    else:
        mixed = [windows, *(_without(windows, others, driver) for driver in range(channels))]
        each = ensemble.predict_windows(np.concatenate(mixed))
        errors = (each.reshape(each.shape[0], channels + 1, -1) - measured) ** 2
        whole, alone = errors[:, 0], [errors[:, 1 + driver] for driver in range(channels)]
    found["permutation"] = dims, np.stack([each - whole for each in alone], axis=-1)
    found["squared_error"] = dims[:2], whole
    few = choose_targets(ends[chosen], -(-PATH_WINDOWS // folds))
    path = integrate_gradients(ensemble.window_gradients, windows[few], others[few])
    parts = np.full((ensemble.runs, chosen.size, channels), np.nan)
    parts[:, few] = np.abs(path.sum(axis=2))
    found["integrated_gradients"] = dims, parts
    found["integrated_by_lag"] = ("run", "lag", "channel"), np.abs(path).mean(axis=1)
    ways = ensemble.predict_windows(np.concatenate([windows[few], others[few]]))
    way = ways[:, : few.size] - ways[:, few.size :]
    went = np.abs(way).mean(axis=1)  # nowhere, where no driver ever changes
    gap = np.abs(path.sum(axis=(2, 3)) - way).mean(axis=1) / np.where(went > 0, went, np.nan)
    found["completeness_gap"] = "run", gap
    masked = windows[choose_targets(ends[chosen], -(-MASKED_WINDOWS // folds))]
    found["rescaled_saliency"] = (
        ("run", "bin", "channel"),
        rescaled_saliency(ensemble.window_gradients, masked, edges),
    )
    dt = prepared.record.dt
    return found.assign_coords(
        lag=np.arange(length)[::-1] * dt,
        bin_start=("bin", np.array(edges[:-1]) * dt),
        bin_end=("bin", np.array(edges[1:]) * dt),
    ).assign_attrs(window=length * dt, part=part)


def attribution_at(trained: "Fold", seconds: float, gradients: xr.Dataset) -> xr.Dataset:
    """All readings of the runs of one length that ended well; see :func:`attribute`.

    Args:
        trained: Fold of a study.
        seconds: Window length.
        gradients: Absolute gradients of the same runs.
    """
    ensemble = trained.ensemble(seconds)
    part, seed = trained.plan.importance_on, trained.plan.seed
    edges = edges_to(ensemble.length)
    folds = trained.plan.folds
    return attribute(
        trained.prepared, ensemble, part, gradients, edges=edges, seed=seed, folds=folds
    )


def _without(windows: Windows, others: Windows, driver: int) -> Windows:
    mixed = windows.copy()
    mixed[..., driver] = others[..., driver]
    return mixed
