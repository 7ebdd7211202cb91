"""Linear part: what a linear model of each history predicts, which networks need not learn.

For each history of a grid a ridge regression of friction on means of the drivers over bins of lags,
in closed form. The bins end at the histories of the grid, so each history sees the first bins of
the next, and one pass over the training part serves all. Networks are trained on what is left: on a
linear fault they have nothing to add, and do no harm. On a curved one a linear model misleads them,
so it is used only where boosted trees do not predict clearly better.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from slicken.errors import PlanError
from slicken.learning.bins import bin_means
from slicken.learning.ridge import GroupedRows, solve_ridge, sums_without
from slicken.learning.trees import boosted_trees, threads_for

PENALTIES = 10.0 ** np.arange(-4, 1)
"""Penalties on squared weights of standardised means, for each target, to choose from."""
FINER = 2 ** (1 / 3)
"""Ratio of one history of a grid to the one before, about."""
TREES, MOST_TARGETS = 40, 2000
"""Boosted trees that a linear model is compared with, and targets that they see at most."""
GROUPS, JUDGED = 4, 4
"""Groups of experiments that judge one another, and histories at which they do."""
CLEARLY = 0.02
"""Share of friction's variance by which trees must be better."""
MOST = 0.5
"""Share of friction's variance that a linear part may leave."""
TINY = 1e-9
"""Added to every penalty, so that no regression is singular."""
_MOST_VALUES = 4_000_000  # in a chunk of windows: 16 MB


def history_grid(shortest: int, judged: Sequence[int]) -> tuple[int, ...]:
    """Histories evenly spaced in their logarithm, among them all that are judged.

    Args:
        shortest: Samples of the shortest history.
        judged: Samples of the histories to compare, ascending; the last is the longest.

    Example:
        >>> history_grid(1, [10, 40])
        (1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40)
    """
    longest = judged[-1]
    count = max(2, round(np.log(longest / shortest) / np.log(FINER)) + 1)
    spaced = np.geomspace(shortest, longest, count).round().astype(int).tolist()
    far = [s for s in spaced if all(abs(np.log(s / j)) > np.log(FINER) / 3 for j in judged)]
    return tuple(sorted({*far, *judged}))


@dataclass(frozen=True, eq=False)
class LinearPart:
    """A linear model of one history, for windows of that many samples.

    Args:
        weights: Weight of each sample of standardised drivers, the last is the present, ``(L, C)``.
        offset: Standardised friction where all drivers are at their means.
    """

    weights: NDArray[np.float32]
    offset: float

    def predict(self, drivers: NDArray[np.float32], ends: NDArray[np.int64]) -> NDArray[np.float32]:
        """Standardised friction at target times, shape ``(N,)``.

        Args:
            drivers: Standardised record, shape ``(T, C)``.
            ends: Target times as indices into the record, shape ``(N,)``.
        """
        length = len(self.weights)
        views = sliding_window_view(drivers, length, axis=0)
        width = max(1, _MOST_VALUES // self.weights.size)
        found = [
            np.einsum("ncl,lc->n", views[here - length + 1], self.weights, dtype=np.float64)
            for here in np.split(ends, np.arange(width, ends.size, width))
        ]
        return (np.concatenate(found) + self.offset).astype(np.float32)


@dataclass(frozen=True, eq=False)
class LinearParts:
    """Linear models of every history of a grid.

    Args:
        histories: Histories in samples, ascending, H of them.
        weights: Weights of each history's bins, ``(K, C)`` with K = 1 for the first, and so on.
        offsets: Offset of each.
    """

    histories: tuple[int, ...]
    weights: tuple[NDArray[np.float64], ...]
    offsets: tuple[float, ...]

    def at(self, history: int) -> LinearPart:
        """The linear model of one history of the grid.

        Args:
            history: Samples.

        Raises:
            PlanError: if it is not in the grid.
        """
        if history not in self.histories:
            raise PlanError(f"no linear part was fitted for a history of {history} samples")
        place = self.histories.index(history)
        widths = np.diff((0, *self.histories[: place + 1]))
        by_lag = np.repeat(self.weights[place] / widths[:, None], widths, axis=0)
        return LinearPart(by_lag[::-1].astype(np.float32), self.offsets[place])

    def table(self, drivers: NDArray[np.float32], ends: NDArray[np.int64]) -> NDArray[np.float32]:
        """Standardised friction by the linear model of each history, shape ``(H, N)``.

        Args:
            drivers: Standardised record, shape ``(T, C)``.
            ends: Target times as indices into the record, shape ``(N,)``.
        """
        features = _features(drivers, ends, self.histories)
        rows = [
            features[:, : weights.size] @ weights.ravel() + offset
            for weights, offset in zip(self.weights, self.offsets, strict=True)
        ]
        return np.stack(rows).astype(np.float32)


def worthwhile_linear_parts(
    drivers: NDArray[np.float32],
    friction: NDArray[np.float32],
    *,
    training: NDArray[np.int64],
    validation: NDArray[np.int64],
    experiment: NDArray[np.int64],
    histories: Sequence[int],
    with_trees: bool = True,
) -> LinearParts | None:
    """Linear parts, or None where they explain little, or boosted trees predict clearly better.

    Both are judged on the training and validation targets of experiments that they did not see.

    Args:
        drivers: Standardised record, shape ``(T, C)``.
        friction: Standardised friction, shape ``(T,)``.
        training: Target times that the linear parts learn from.
        validation: Target times that help to choose.
        experiment: Number of each sample's experiment, shape ``(T,)``.
        histories: Histories in samples, ascending; trees see the longest.
        with_trees: Whether trees are asked.
    """
    known = np.union1d(training, validation)
    group = _groups(experiment[known])
    features, target = _features(drivers, known, histories), friction[known].astype(np.float64)
    sums = GroupedRows.of(features, target, group)
    places = np.unique(np.linspace(0, len(histories) - 1, JUDGED).round().astype(int))
    sizes = (drivers.shape[1] * (places + 1)).tolist()
    losses = np.array([[_blind_loss(sums, size, p) for size in sizes] for p in PENALTIES])
    best = int(np.argmin(losses.mean(axis=1)))
    ours, variance = losses[best, -1], target.var()
    if ours > MOST * variance:
        return None
    if with_trees and ours > _trees_loss(features, target, group) + CLEARLY * variance:
        return None
    return fit_linear_parts(
        drivers, friction, training=training, histories=histories, penalty=float(PENALTIES[best])
    )


def fit_linear_parts(
    drivers: NDArray[np.float32],
    friction: NDArray[np.float32],
    *,
    training: NDArray[np.int64],
    histories: Sequence[int],
    penalty: float,
) -> LinearParts:
    """Fit a ridge regression for every history.

    Args:
        drivers: Standardised record, shape ``(T, C)``.
        friction: Standardised friction, shape ``(T,)``.
        training: Target times that the regressions learn from.
        histories: Histories in samples, ascending.
        penalty: Penalty on squared weights, for each target.
    """
    channels = drivers.shape[1]
    features, target = _features(drivers, training, histories), friction[training].astype(float)
    centre, level = features.mean(axis=0), float(target.mean())
    features = features - centre
    gram, moment = features.T @ features, features.T @ (target - level)
    sizes = [channels * (place + 1) for place in range(len(histories))]
    weights = [
        solve_ridge(gram[:s, :s], moment[:s], np.full(s, penalty * training.size)) for s in sizes
    ]
    return LinearParts(
        histories=tuple(histories),
        weights=tuple(each.reshape(-1, channels) for each in weights),
        offsets=tuple(level - float(centre[: each.size] @ each) for each in weights),
    )


def _groups(experiment: NDArray[np.int64]) -> NDArray[np.int64]:
    """Groups that judge one another: experiments, or stretches of time where they are few."""
    names, group = np.unique(experiment, return_inverse=True)
    if names.size >= GROUPS:
        return (group * GROUPS // names.size).astype(np.int64)
    return np.arange(experiment.size) * GROUPS // experiment.size


def _blind_loss(sums: GroupedRows, size: int, penalty: float) -> float:
    """Mean square error of regressions on the first features, each blind to one group."""
    chosen = np.arange(sums.features.shape[1] - 1) < size
    rows, near = sums.of_features(chosen), np.eye(len(sums.rows), dtype=np.bool_)
    free = np.append(np.ones(size), 0.0)
    grams, moments = sums_without(rows.grams, near), sums_without(rows.moments, near)
    total = 0.0
    for judge, here in enumerate(rows.rows):
        count = rows.counts[~near[judge]].sum()
        weights = solve_ridge(grams[judge], moments[judge], penalty * free * count + TINY)
        total += float(np.sum((rows.features[here] @ weights - rows.target[here]) ** 2))
    return total / rows.target.size


def _trees_loss(
    features: NDArray[np.float64], target: NDArray[np.float64], group: NDArray[np.int64]
) -> float:
    """Mean square error of boosted trees, each blind to one group."""
    thin = slice(None, None, max(1, -(-target.size // MOST_TARGETS)))
    features, target, group = features[thin], target[thin], group[thin]
    total = 0.0
    for judge in np.unique(group):
        here, model = group == judge, boosted_trees(TREES, seed=0)
        with threads_for(target.size):
            model.fit(features[~here], target[~here])
            total += float(np.sum((model.predict(features[here]) - target[here]) ** 2))
    return total / target.size


def _features(
    drivers: NDArray[np.float32], ends: NDArray[np.int64], histories: Sequence[int]
) -> NDArray[np.float64]:
    """Means over bins that end at the histories, bin after bin, shape ``(N, K * C)``."""
    means = bin_means(drivers, ends, (0, *histories))
    return np.swapaxes(means, 1, 2).reshape(ends.size, -1)
