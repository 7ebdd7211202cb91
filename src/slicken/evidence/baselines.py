"""Baselines: what anybody could predict, on the same targets as the networks.

Constants (the training mean and median), a ridge regression on all lags of a window, boosted trees
on means over bins of lags, friction laws, and the last known friction, which sees what no network
may see.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from slicken.evidence.scores import LAW_MODELS, MODELS
from slicken.learning.bins import bin_means, edges_to
from slicken.learning.ridge import solve_ridge
from slicken.learning.splits import SCORED, Part
from slicken.learning.trees import boosted_trees, threads_for

if TYPE_CHECKING:
    from slicken.study.prepared import Prepared
    from slicken.study.trained import Fold, Trained

PENALTIES = 10.0 ** np.arange(-1, 7)
"""Ridge penalties to choose from, on the validation part."""
MOST_TREES = 150
_MOST_VALUES = 4_000_000  # in a chunk of windows: 32 MB


def constants(prepared: "Prepared") -> dict[str, float]:
    """Friction that knows nothing: the mean and the median of the training targets."""
    friction = prepared.record.friction[prepared.split.ends["training"]]
    return {"mean": float(friction.mean()), "median": float(np.median(friction))}


@dataclass(frozen=True)
class Ridge:
    """A linear model of standardised friction from all drivers at all lags of a window.

    Args:
        weights: shape ``(L, C)``.
        offset: standardised friction of a window of zeros.
        penalty: on the squared weights; chosen on the validation part.
        validation_loss: mean square error of standardised friction.
    """

    weights: NDArray[np.float64]
    offset: float
    penalty: float
    validation_loss: float

    def predict(self, prepared: "Prepared", part: Part) -> NDArray[np.float64]:
        """Friction at the target times of a part, shape ``(N,)``."""
        standardised = _apply(prepared, part, self.weights.ravel(), self.offset)
        return prepared.scaling.to_friction(standardised)


def fit_ridge(prepared: "Prepared", length: int) -> Ridge:
    """Fit a ridge regression; its windows pass through in chunks, so memory does not grow.

    Args:
        prepared: Record and its parts.
        length: Samples in a window, L.
    """
    channels = prepared.drivers.shape[1]
    size = length * channels
    gram, moment = np.zeros((size, size)), np.zeros(size)
    ends = prepared.split.ends["training"]
    total, target_mean = np.zeros(size), float(prepared.friction[ends].mean(dtype=float))
    for here in _chunks(ends, size):
        windows = _windows(prepared.drivers, here, length)
        gram += windows.T @ windows
        moment += windows.T @ (prepared.friction[here] - target_mean)
        total += windows.sum(axis=0)
    centre = total / ends.size
    gram -= ends.size * np.outer(centre, centre)
    measured = prepared.friction[prepared.split.ends["validation"]]
    best: Ridge | None = None
    for penalty in PENALTIES:
        weights = solve_ridge(gram, moment, np.full(size, penalty))
        offset = target_mean - float(centre @ weights)
        errors = _apply(prepared, "validation", weights, offset) - measured
        loss = float(np.mean(errors**2))
        if best is None or loss < best.validation_loss:
            best = Ridge(weights.reshape(length, channels), offset, float(penalty), loss)
    assert best is not None  # noqa: S101 (there are penalties)
    return best


@dataclass(frozen=True)
class Trees:
    """Boosted trees of standardised friction from means of the drivers over bins of lags.

    scikit-learn's histogram gradient boosting; as many trees as the validation part likes best.

    Args:
        stages: predictions of the chosen number of trees, as a function of the features.
        edges: of the bins, in samples.
        trees: how many.
        validation_loss: mean square error of standardised friction.
    """

    stages: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    edges: tuple[int, ...]
    trees: int
    validation_loss: float

    def predict(self, prepared: "Prepared", part: Part) -> NDArray[np.float64]:
        """Friction at the target times of a part, shape ``(N,)``."""
        found = self.stages(_binned(prepared, part, self.edges))
        return prepared.scaling.to_friction(found)


def fit_trees(prepared: "Prepared", length: int, seed: int) -> Trees:
    """Fit boosted trees on the training part.

    Args:
        prepared: Record and its parts.
        length: Samples in a window, L.
        seed: Random seed of the binning of large training parts.
    """
    edges = edges_to(length)
    model = boosted_trees(MOST_TREES, seed)
    training = prepared.friction[_ends(prepared, "training")]
    measured = prepared.friction[_ends(prepared, "validation")]
    features = _binned(prepared, "validation", edges)
    with threads_for(training.size):
        model.fit(_binned(prepared, "training", edges), training)
        losses = [float(np.mean((p - measured) ** 2)) for p in model.staged_predict(features)]
    best = int(np.argmin(losses))

    def stages(features: NDArray[np.float64]) -> NDArray[np.float64]:
        with threads_for(len(features)):
            return np.asarray(next(islice(model.staged_predict(features), best, None)))

    return Trees(stages, edges, best + 1, losses[best])


def last_known(prepared: "Prepared", part: Part) -> NDArray[np.float64]:
    """Friction one sample before each target time: what a network must not see, shape ``(N,)``."""
    return prepared.record.friction[_ends(prepared, part) - 1]


def predict_all(trained: "Fold", seconds: float, laws: xr.Dataset) -> xr.Dataset:
    """Friction predicted by the networks, the laws and the baselines at one window length.

    Args:
        trained: Fold.
        seconds: Window length.
        laws: Predictions of friction laws; see :mod:`slicken.evidence.law_models`.

    Returns:
        On the validation and the test part, ``measured`` over ``target`` and ``predicted`` over
        ``(model, target)``, with ``part`` over ``target``.
    """
    prepared = trained.prepared
    length = prepared.record.samples_in(seconds)
    fitted: dict[str, Ridge | Trees] = {
        "ridge": fit_ridge(prepared, length),
        "trees": fit_trees(prepared, length, trained.plan.seed),
    }
    always = constants(prepared)
    parts, first = [], 0
    for part in SCORED:
        of_part = trained.predictions(seconds, part)
        size = of_part.sizes["target"]
        runs = of_part["predicted"].transpose("run", "target").to_numpy()
        columns = {
            "network": runs.mean(axis=0) if runs.size else np.full(size, np.nan),
            **{name: model.predict(prepared, part) for name, model in fitted.items()},
            **{name: np.full(size, guess) for name, guess in always.items()},
            "last": last_known(prepared, part),
            **{
                name: laws["predicted"].sel(model=name).to_numpy()[first : first + size]
                for name in LAW_MODELS
            },
        }
        first += size
        table = prepared.targets(part)
        table["predicted"] = ("model", "target"), np.stack([columns[m] for m in MODELS])
        names = np.full(size, part, dtype=object)
        parts.append(table.assign_coords(part=("target", names)))
    together = xr.concat(parts, "target")
    return together.assign_coords(model=np.array(MODELS, dtype=object))


def networks_alone(trained: "Trained", seconds: float) -> xr.Dataset:
    """As :func:`predict_all`, with NaN for every model but the networks."""
    parts = []
    for part in SCORED:
        table = trained.predictions(seconds, part)
        runs = table["predicted"].transpose("run", "target").to_numpy()
        predicted = np.full((len(MODELS), table.sizes["target"]), np.nan)
        if runs.size:
            predicted[MODELS.index("network")] = runs.mean(axis=0)
        measured = table[["measured"]].assign(predicted=(("model", "target"), predicted))
        parts.append(measured)
    together = xr.concat(parts, "target")
    return together.assign_coords(model=np.array(MODELS, dtype=object))


def _ends(prepared: "Prepared", part: Part) -> NDArray[np.int64]:
    return prepared.split.ends[part]


def _binned(prepared: "Prepared", part: Part, edges: tuple[int, ...]) -> NDArray[np.float64]:
    ends = _ends(prepared, part)
    return bin_means(prepared.drivers, ends, edges).reshape(ends.size, -1)


def _apply(
    prepared: "Prepared", part: Part, weights: NDArray[np.float64], offset: float
) -> NDArray[np.float64]:
    length = weights.size // prepared.drivers.shape[1]
    chunks = _chunks(prepared.split.ends[part], weights.size)
    products = [_windows(prepared.drivers, here, length) @ weights for here in chunks]
    return np.concatenate(products) + offset


def _windows(
    drivers: NDArray[np.float32], ends: NDArray[np.int64], length: int
) -> NDArray[np.float64]:
    """Windows as rows, shape ``(N, L * C)``."""
    views = sliding_window_view(drivers, length, axis=0)[ends - length + 1]
    return np.swapaxes(views, 1, 2).reshape(ends.size, -1).astype(np.float64)


def _chunks(ends: NDArray[np.int64], size: int) -> list[NDArray[np.int64]]:
    width = max(1, _MOST_VALUES // size)
    return [ends[first : first + width] for first in range(0, ends.size, width)]
