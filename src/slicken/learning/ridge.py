"""Ridge regression from sums of products, through which any number of rows pass once.

Sums by group of rows are what leaving whole groups out needs: a regression that never saw a group
is that of the sum of the others.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from scipy.linalg import lapack

PENALTIES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
"""Penalties on weights of standardised features, for each row; cross-validation chooses."""
FEW = 13
"""Features up to which a product with a copy is as fast."""
_CACHED = 64_000  # numbers that stay in a processor's cache


def solve_ridge(
    gram: NDArray[np.float64], moment: NDArray[np.float64], penalty: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weights of least squares with a penalty on their squares, shape ``(P,)``.

    Args:
        gram: Sums of products of the features, ``(P, P)``.
        moment: Sums of products of the features and the target, ``(P,)``.
        penalty: Penalty on the square of each weight, ``(P,)``.

    Raises:
        LinAlgError: if features determine one another, and nothing keeps their weights small.

    Example:
        >>> solve_ridge(np.eye(2), np.array([2.0, 3.0]), np.array([1.0, 0.0])).round(9).tolist()
        [1.0, 3.0]
    """
    # The same routine as scipy.linalg.solve calls, without its checks, which take ten times as long
    # where a regression is small; there are tens of thousands of them.
    _, weights, info = lapack.dposv(gram + np.diag(penalty), moment)
    if info != 0:
        raise linalg.LinAlgError("the features of a regression determine one another")
    found: NDArray[np.float64] = weights
    return found


@dataclass(frozen=True, eq=False)
class GroupedRows:
    """Features of many rows with their sums of products by group.

    Args:
        features: Shape ``(N, P)``; the last one is 1.
        target: Shape ``(N,)``.
        rows: Places of the rows of each group, G of them.
        grams: Sums of products of the features, ``(G, P, P)``.
        moments: Sums of products of the features and the target, ``(G, P)``.
    """

    features: NDArray[np.float64]
    target: NDArray[np.float64]
    rows: tuple[NDArray[np.int64], ...]
    grams: NDArray[np.float64]
    moments: NDArray[np.float64]

    @classmethod
    def of(
        cls, features: NDArray[np.float64], target: NDArray[np.float64], group: NDArray[np.int64]
    ) -> "GroupedRows":
        """Features without the last one, ``(N, P - 1)``, and the group of each row, ``(N,)``."""
        whole = np.concatenate([features, np.ones((target.size, 1))], axis=1)
        rows = tuple(np.flatnonzero(group == g) for g in range(int(group.max()) + 1))
        pieces = [whole[here] for here in rows]
        return cls(
            features=whole,
            target=target,
            rows=rows,
            grams=np.stack([_gram(piece) for piece in pieces]),
            moments=np.stack([p.T @ target[here] for p, here in zip(pieces, rows, strict=True)]),
        )

    @cached_property
    def counts(self) -> NDArray[np.float64]:
        """Number of rows of each group, ``(G,)``."""
        return np.array([here.size for here in self.rows], dtype=np.float64)

    def of_features(self, chosen: NDArray[np.bool_]) -> "GroupedRows":
        """The same rows with some of the features, and the last one.

        Args:
            chosen: Whether each but the last is kept, ``(P - 1,)``.
        """
        kept = np.flatnonzero(np.append(chosen, True))
        return replace(
            self,
            features=self.features[:, kept],
            grams=self.grams[:, kept[:, None], kept],
            moments=self.moments[:, kept],
        )

    def blind_errors(self, near: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Squared errors of every row by regressions that never saw its group, ``(N,)``.

        The penalty is the one of :data:`PENALTIES` with the lowest mean over all rows.

        Args:
            near: Row g names the groups that must not teach when g judges, ``(G, G)``.
        """
        found = np.empty((len(PENALTIES), self.target.size))
        free = np.append(np.ones(self.features.shape[1] - 1), 0.0)
        grams, moments = sums_without(self.grams, near), sums_without(self.moments, near)
        for judge, here in enumerate(self.rows):
            if near[judge].all():  # nothing may teach, and nothing is known but the mean
                found[:, here] = self.target[here] ** 2
                continue
            count = self.counts[~near[judge]].sum()
            features, target = self.features[here], self.target[here]
            for row, penalty in zip(found, PENALTIES, strict=True):
                weights = solve_ridge(grams[judge], moments[judge], penalty * (free * count))
                row[here] = (features @ weights - target) ** 2
        return found[int(np.argmin(found.mean(axis=1)))]

    def sums_of_squares(self) -> NDArray[np.float64]:
        """What least squares leaves, without each group in turn, and last with all, ``(G + 1,)``.

        Weights have the smallest of :data:`PENALTIES`.
        """
        return self.without_each()[1]

    def without_each(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Least squares without each group in turn, and last with all.

        Returns:
            Weights, shape ``(G + 1, P)``, with the smallest of :data:`PENALTIES`, and the sums of
            squares that they leave, ``(G + 1,)``.
        """
        squares = np.array([float(np.sum(self.target[here] ** 2)) for here in self.rows])
        groups, size = self.grams.shape[:2]
        without = np.append(np.eye(groups, dtype=np.bool_), [[False] * groups], axis=0)
        grams, moments = sums_without(self.grams, without), sums_without(self.moments, without)
        found, left = [], []
        for gram, moment, left_out in zip(grams, moments, without, strict=True):
            penalty = PENALTIES[0] * self.counts[~left_out].sum()
            weights = solve_ridge(gram, moment, np.full(size, penalty))
            found.append(weights)
            left.append(squares[~left_out].sum() - 2 * moment @ weights + weights @ gram @ weights)
        return np.array(found), np.array(left)


def _gram(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums of products of the features, ``(P, P)``.

    BLAS multiplies a matrix with itself by a routine of its own, which saves half of the work where
    there are many features. Its last bits are others, so which one it is must not change.
    """
    return rows.T @ (rows if rows.shape[1] > FEW else rows.copy())


def sums_without(each: NDArray[np.float64], without: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Sums over groups, some of which are left out, in the order of the groups; ``(J, ...)``.

    Args:
        each: What is summed, ``(G, ...)``.
        without: Whether a sum leaves out a group, ``(J, G)``.

    Example:
        >>> sums_without(np.array([1.0, 2.0, 4.0]), np.eye(3, dtype=bool)).tolist()
        [6.0, 5.0, 3.0]
    """
    flat = each.reshape(len(each), -1)
    found = np.zeros((len(without), flat.shape[1]))
    width = max(1, _CACHED // len(without))
    for first in range(0, flat.shape[1], width):
        block = found[:, first : first + width]
        for group, left_out in zip(flat[:, first : first + width], without.T, strict=True):
            start = 0
            for end in [*np.flatnonzero(left_out).tolist(), len(without)]:
                block[start:end] += group
                start = end + 1
    return found.reshape(len(without), *each.shape[1:])
