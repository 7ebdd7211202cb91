"""Wander: the correlated noise beside a fitted law, estimated point by point.

A law may run beside the data because undulation of the surface, or a drift, is the likelier reason
for the difference. What of the residuals is such noise, and what is white, has a best linear
prediction once the sizes and scales of both are known (Robinson 1991, 10.1214/ss/1177011926).
"""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from slicken.laws.noise import NAMES, Noise
from slicken.laws.points import Points

if TYPE_CHECKING:
    from slicken.laws.results import EventFit, Fit

CORRELATED = NAMES[:5]
SMALLEST = 1e-12
"""Size that stands for none."""


@lru_cache(maxsize=64)
def wander_of(one: "EventFit", fit: "Fit") -> NDArray[np.float64]:
    """The noise correlated over time and over slip that a fit implies.

    Args:
        one: Event.
        fit: One of its fits.

    Returns:
        Friction, shape ``(N,)``; zero where the fit knows no such noise.
    """
    residuals = one.friction - fit.modelled
    sizes = [fit.noise.get(name, np.nan) for name in CORRELATED]
    if not np.isfinite(sizes).all():
        return np.zeros_like(residuals)
    noise = Noise(_points(one, fit), _slip(one, fit))
    total, slopes = noise.covariance(np.log(np.maximum(sizes, SMALLEST)))
    weighed = cho_solve(cho_factor(total, lower=True), residuals)
    return np.asarray(residuals - slopes[0] / 2 * weighed)  # the first slope is 2 white^2 / n


def _points(one: "EventFit", fit: "Fit") -> Points:
    return Points(
        time=one.time,
        displacement=one.displacement,
        friction=one.friction,
        samples=one.samples,
        spread=np.zeros_like(one.time),
        white=fit.noise["white"],
    )


def _slip(one: "EventFit", fit: "Fit") -> NDArray[np.float64]:
    """Slip of the fault: the load point's displacement less what the spring has taken."""
    stiffness = fit.estimates.get("stiffness")
    if stiffness is None or not np.isfinite(stiffness.value):
        return one.displacement
    return one.displacement - fit.modelled / stiffness.value
