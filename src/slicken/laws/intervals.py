"""Intervals: of the parameters of a law, over the noise that the data allow.

The noise is not known but estimated from the same event, so an interval is a mixture: normal
distributions of the parameters, one for each noise, weighed by how probable that noise is. With the
most probable noise alone, intervals are too narrow where a correlated part is hard to see.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import qmc

if TYPE_CHECKING:
    from slicken.laws.solve import Solution

Floats = NDArray[np.float64]
NOISES = 16
"""Noises that are tried."""
WIDER = 1.3
"""Their spread in standard deviations of what is probable."""
FLATTEST = 0.25
"""Least curvature that is believed; noises farther off are no longer weighed."""
LEVEL = 0.95
_HALVINGS = 60


class Posterior(NamedTuple):
    """Distribution of the free parameters: a mixture of normal ones.

    Args:
        weights: Of the mixture, shape ``(M,)``.
        means: Distance from the fit, ``(M, P)``.
        covariances: ``(M, P, P)``.
    """

    weights: Floats
    means: Floats
    covariances: Floats

    @property
    def covariance(self) -> Floats:
        """Covariance about the fit, ``(P, P)``."""
        within = np.einsum("m,mij->ij", self.weights, self.covariances)
        return within + np.einsum("m,mi,mj->ij", self.weights, self.means, self.means)

    def interval(self, direction: Floats) -> tuple[float, float]:
        """Ends of the 95 % interval of a linear combination of parameters, as distances."""
        centres = self.means @ direction
        spreads = np.sqrt(np.einsum("i,mij,j->m", direction, self.covariances, direction))
        ends = []
        for share in ((1 - LEVEL) / 2, (1 + LEVEL) / 2):
            low, high = float((centres - 9 * spreads).min()), float((centres + 9 * spreads).max())
            for _ in range(_HALVINGS):
                middle = (low + high) / 2
                below = self.weights @ ndtr((middle - centres) / spreads)
                low, high = (middle, high) if below < share else (low, middle)
            ends.append((low + high) / 2)
        return ends[0], ends[1]


def posterior_of(solution: "Solution") -> Posterior:
    """The distribution of a solution's free parameters."""
    restricted, logs = solution.restricted, solution.logs
    values, vectors = np.linalg.eigh(restricted.information(logs))
    spread = vectors / np.sqrt(np.maximum(values, FLATTEST))
    normal = qmc.MultivariateNormalQMC(np.zeros(logs.size), rng=0).random(NOISES)
    normal = np.concatenate([np.zeros((1, logs.size)), WIDER * normal])
    each = [restricted.normal(draw, solution.pulls) for draw in logs + normal @ spread.T]
    losses, means, covariances = (np.array(one) for one in zip(*each, strict=True))
    log_weights = -losses + 0.5 * (normal**2).sum(1) / WIDER**2
    weights = np.exp(log_weights - log_weights.max())
    return Posterior(weights / weights.sum(), means, covariances)
