"""Pooling: one value from several estimates, each with its own variance, or a line through them.

Estimates scatter by their own errors and by what differs from one to the next (random effects).
Variances of estimates are taken as known; the scatter beyond them is such that the generalised sum
of squares is what it is expected to be (Paule & Mandel 1982, 10.6028/jres.087.022). Intervals are
those of Hartung & Knapp (2001, 10.1002/sim.1009; for lines Knapp & Hartung 2003,
10.1002/sim.1482): Student's t with a variance from the residuals themselves, which cover with few
estimates too; but never narrower than errors alone make them, where residuals happen to be small
(Jackson, Law, Ruecker & Schwarzer 2017, 10.1002/sim.7411).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

Floats = NDArray[np.float64]


class Line(NamedTuple):
    """Coefficients of a regression of estimates.

    Args:
        values: Coefficients, shape ``(P,)``.
        errors: Standard errors from the residuals, ``(P,)``.
        least: Standard errors from those of the estimates and their scatter, ``(P,)``.
        formal: Standard errors if estimates scattered by their own errors alone, ``(P,)``.
        freedom: Degrees of freedom of Student's t.
        scatter: Standard deviation beyond the errors of estimates.
        p_same: Probability of such residuals if there were no such scatter (Cochran's Q).
    """

    values: Floats
    errors: Floats
    least: Floats
    formal: Floats
    freedom: int
    scatter: float
    p_same: float

    def interval(self, which: int) -> tuple[float, float]:
        """The 95 % interval of a coefficient."""
        by_t = float(stats.t.ppf(0.975, self.freedom) * self.errors[which])
        reach = max(by_t, float(stats.norm.ppf(0.975) * self.least[which]))
        return float(self.values[which]) - reach, float(self.values[which]) + reach

    def p(self, which: int) -> float:
        """Probability of such a coefficient if it were zero."""
        size = abs(float(self.values[which]))
        by_t = stats.t.sf(size / self.errors[which], self.freedom) if self.errors[which] > 0 else 0
        return float(2 * max(by_t, stats.norm.sf(size / self.least[which])))


def fit_line(estimates: Floats, variances: Floats, columns: Floats) -> Line:
    """Regress estimates, of which each has an error of its own and a random effect.

    Args:
        estimates: Shape ``(N,)``, more than there are columns.
        variances: Of the errors of estimates, positive, ``(N,)``.
        columns: What the estimates depend on, ``(N, P)``; ones alone for a common value.

    Example:
        With equal variances the interval of the mean is that of the sample:

        >>> found = fit_line(np.array([1.0, 2.0, 3.0]), np.full(3, 0.1), np.ones((3, 1)))
        >>> round(float(found.values[0]), 6), round(found.scatter**2, 6)
        (2.0, 0.9)
        >>> [round(end, 3) for end in found.interval(0)]
        [-0.484, 4.484]
    """
    freedom = estimates.size - columns.shape[1]

    def excess(scatter: float) -> float:
        weights = 1 / (variances + scatter)
        return float(weights @ _residuals(estimates, weights, columns) ** 2) - freedom

    squares = excess(0.0) + freedom
    scatter = 0.0
    if squares > freedom:
        widest = float(np.ptp(estimates)) ** 2 + float(variances.max())
        scatter = float(optimize.brentq(excess, 0.0, freedom * widest, xtol=1e-12 * widest))
    weights = 1 / (variances + scatter)
    values = _coefficients(estimates, weights, columns)
    left = float(weights @ (estimates - columns @ values) ** 2) / freedom
    known = np.linalg.inv(columns.T @ (weights[:, None] * columns))
    alone = np.linalg.inv(columns.T @ (columns / variances[:, None]))
    return Line(
        values=values,
        errors=np.sqrt(left * np.diag(known)),
        least=np.sqrt(np.diag(known)),
        formal=np.sqrt(np.diag(alone)),
        freedom=freedom,
        scatter=float(np.sqrt(scatter)),
        p_same=float(stats.chi2.sf(squares, freedom)),
    )


def _coefficients(estimates: Floats, weights: Floats, columns: Floats) -> Floats:
    roots = np.sqrt(weights)
    return np.asarray(np.linalg.lstsq(roots[:, None] * columns, roots * estimates, rcond=None)[0])


def _residuals(estimates: Floats, weights: Floats, columns: Floats) -> Floats:
    return estimates - columns @ _coefficients(estimates, weights, columns)
