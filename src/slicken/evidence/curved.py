"""Curved answers: smooth functions of a value, as features of a regression that stays linear.

A distributed lag model of curved answers crosses a basis of values with one of lags (Gasparrini,
Armstrong & Kenward 2010, 10.1002/sim.3940). The lag model has the bins of lags; here is the basis
of values: splines, whose pieces meet at quantiles.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline

DEGREE, PIECES = 2, 3
"""Degree of the polynomials, and how many of them a curve has by default."""
BENDS = PIECES + DEGREE - 1
"""Number of features of a value, B, for that default."""
_NEGLIGIBLE = 1e-8
"""Variance of a combination of splines below which it is no feature."""


@dataclass(frozen=True, eq=False)
class Curves:
    """Splines of one quantity: first its value, then what bends it; constant beyond its ends.

    Over the values that it was made from the features have no mean, a variance of one, and no
    correlation with one another, so that a ridge penalty weighs the value itself as in a linear
    model. Where the values are too few for all features, the last ones are zero.

    Args:
        ends: Lowest and highest value.
        spline: From values to features, ``(..., B)``; None for a constant.
        features: Number of features, B.
    """

    ends: tuple[float, float]
    spline: BSpline | None
    features: int

    @classmethod
    def through(cls, values: NDArray[np.float64], pieces: int = PIECES) -> "Curves":
        """Curves of a quantity.

        Args:
            values: All values of the quantity, shape ``(N,)``; the pieces meet at their quantiles.
            pieces: Number of polynomials; there is one feature more.

        Example:
            >>> values = np.linspace(0.0, 1.0, 101)
            >>> features = Curves.through(values)(values)
            >>> bool(np.allclose(features.T @ features / 101, np.eye(4)))
            True
        """
        features = pieces + DEGREE - 1
        knots = np.unique(np.quantile(values, np.linspace(0, 1, pieces + 1)))
        ends = float(knots[0]), float(knots[-1])
        if knots.size == 1:
            return cls(ends, None, features)
        knots = np.concatenate([knots[:1]] * DEGREE + [knots] + [knots[-1:]] * DEGREE)
        raw = BSpline.design_matrix(values, knots, DEGREE).toarray()
        centre = raw.mean(axis=0)
        raw -= centre
        straight = (values - values.mean()) / values.std()
        alike, along = raw.T @ raw / values.size, straight @ raw / values.size
        line = np.linalg.lstsq(alike, along)[0]  # every straight line is a sum of splines
        bent = np.eye(line.size) - np.outer(line, along)
        sizes, turns = np.linalg.eigh(bent.T @ alike @ bent)
        kept = np.flatnonzero(sizes > _NEGLIGIBLE)[::-1]
        weights = np.zeros((line.size, features))
        weights[:, 0] = line
        weights[:, 1 : kept.size + 1] = bent @ turns[:, kept] / np.sqrt(sizes[kept])
        # Splines sum to one, so that what is taken from all their weights is taken from the sum.
        return cls(ends, BSpline(knots, weights - centre @ weights, DEGREE), features)

    def __call__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Features of values, shape ``(*values.shape, B)``."""
        if self.spline is None:
            return np.zeros((*values.shape, self.features))
        return np.asarray(self.spline(np.clip(values, *self.ends)), dtype=np.float64)


def curved(values: NDArray[np.float64], pieces: int = PIECES) -> NDArray[np.float64]:
    """Features of each of several quantities, shape ``(N, C, ..., B)``.

    Args:
        values: Quantities, shape ``(N, C, ...)``; the curves of each go through all its values.
        pieces: Number of polynomials of a curve; there is one feature more.
    """
    each = [values[:, place] for place in range(values.shape[1])]
    return np.stack([Curves.through(one.ravel(), pieces)(one) for one in each], axis=1)
