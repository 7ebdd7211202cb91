"""Noise: how residuals of neighbouring points resemble one another, estimated with the law.

Friction is the law plus three independent parts: white noise of the instrument, noise that is
correlated over time, and undulation of the surface, which is correlated over slip and may change
its sign within a wavelength. What a law cannot follow looks like the correlated parts, so misfit
widens intervals too. Their sizes and scales are found by restricted maximum likelihood
(Patterson & Thompson 1971, 10.1093/biomet/58.3.545) with weak priors.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

if TYPE_CHECKING:
    from slicken.laws.points import Points

Floats = NDArray[np.float64]
NAMES = ("white", "correlated", "scale", "undulation", "wavelength", "misfit")
"""Standard deviation of one sample; standard deviation and time constant (s) of noise correlated
over time; standard deviation and wavelength (m) of the undulation; and standard deviation, just
after a change, of what the law cannot follow there, where that is asked about."""
LARGEST = 2.0
"""Size of correlated noise in units of all that a law leaves, of which few are larger."""
PERSISTENCE = 2.0
"""Wavelengths over which an undulation keeps its phase."""


class Prior(NamedTuple):
    """Weak knowledge of the noise.

    Args:
        centres: Of the logarithms of ``NAMES``, shape ``(H,)``, without or with that of misfit.
        spreads: Of normal distributions about them, ``(H,)``; for sizes of correlated noise,
            infinite: any size down to zero is as probable, and few are above ``largest``.
        largest: Scale of a half-normal distribution of those sizes.
    """

    centres: Floats
    spreads: Floats
    largest: float

    def loss(self, logs: Floats) -> tuple[float, Floats]:
        """Negative logarithm of the density of the logarithms, and its gradient."""
        away = (logs - self.centres) / self.spreads
        sizes = np.isinf(self.spreads)
        share = np.where(sizes, np.exp(logs) / self.largest, 0.0) ** 2
        value = 0.5 * (away @ away + share.sum()) - logs[sizes].sum()
        return float(value), away / self.spreads + share - sizes


def prior_of(points: "Points", amplitude: float, *, misfit: bool = False) -> Prior:
    """Centres and spreads for an event.

    Args:
        points: Its points.
        amplitude: Of what is left when the law is taken off, at a first look.
        misfit: Whether misfit is asked about, too.
    """
    seconds, length = np.ptp(points.time), np.ptp(points.displacement)
    step, size = np.median(np.diff(points.time)), amplitude / 2
    centres = [points.white, size, np.sqrt(step * seconds / 5), size, length / 6, size]
    spreads = [0.5, np.inf, 1.5, np.inf, 0.6, np.inf]
    kept = len(centres) if misfit else len(centres) - 1
    return Prior(np.log(centres[:kept]), np.array(spreads[:kept]), LARGEST * amplitude)


class Noise:
    """Covariance of the points of an event, for any noise.

    Args:
        points: Points.
        misfit: Covariance of misfit of unit variance, ``(N, N)``; None where there is none.
    """

    def __init__(self, points: "Points", misfit: Floats | None = None) -> None:
        self.points, self.misfit = points, misfit
        self._apart = np.abs(np.subtract.outer(points.time, points.time))
        moved = np.abs(np.subtract.outer(points.displacement, points.displacement))
        self._turned = 2 * np.pi * moved

    def covariance(self, logs: Floats) -> tuple[Floats, list[Floats]]:
        """Covariance, and its derivatives by the logarithms, each ``(N, N)``."""
        white, correlated, scale, undulation, wavelength = np.exp(logs[:5])
        apart, phase = self._apart / scale, self._turned / wavelength
        exponential = correlated**2 * np.exp(-apart)
        envelope = undulation**2 * np.exp(-phase / (2 * np.pi * PERSISTENCE))
        wave = envelope * np.cos(phase)
        diagonal = np.diag(white**2 / self.points.samples)
        by_wavelength = phase * (envelope * np.sin(phase) + wave / (2 * np.pi * PERSISTENCE))
        total = diagonal + exponential + wave
        slopes = [2 * diagonal, 2 * exponential, exponential * apart, 2 * wave, by_wavelength]
        if self.misfit is not None:
            part = np.exp(2 * logs[5]) * self.misfit
            total, slopes = total + part, [*slopes, 2 * part]
        return total, slopes


class Restricted(NamedTuple):
    """Restricted likelihood, linear in the parameters of the law.

    Args:
        points: "Points".
        residuals: Friction less the law, ``(N,)``.
        jacobian: Derivatives of the law by its parameters, ``(N, P)``.
        prior: Prior of the noise.
        weights: Precision of what is known of the parameters beforehand, ``(P,)``.
    """

    noise: Noise
    residuals: Floats
    jacobian: Floats
    prior: Prior
    weights: Floats

    def loss(self, logs: Floats) -> tuple[float, Floats]:
        """Negative logarithm of likelihood times prior, and its gradient."""
        total, slopes = self.noise.covariance(logs)
        factor = cho_factor(total, lower=True, check_finite=False)
        inverse = cho_solve(factor, np.eye(total.shape[0]), check_finite=False)
        half = inverse @ self.jacobian
        information = self.jacobian.T @ half + np.diag(self.weights)
        small = cho_factor(information, lower=True, check_finite=False)
        projector = inverse - half @ cho_solve(small, half.T, check_finite=False)
        weighed = projector @ self.residuals
        logdet = 2 * np.log(np.diag(factor[0])).sum() + 2 * np.log(np.diag(small[0])).sum()
        known, pulls = self.prior.loss(logs)
        value = 0.5 * (logdet + self.residuals @ weighed) + known
        by = [0.5 * (np.sum(projector * s) - weighed @ s @ weighed) for s in slopes]
        return float(value), np.array(by) + pulls


def estimate(restricted: Restricted, start: Floats) -> Floats:
    """Logarithms of the noise at the largest restricted likelihood times prior."""
    reach = np.where(np.isinf(restricted.prior.spreads), 7.0, 4 * restricted.prior.spreads)
    bounds = list(
        zip(restricted.prior.centres - reach, restricted.prior.centres + reach, strict=True)
    )
    found = minimize(restricted.loss, start, jac=True, method="L-BFGS-B", bounds=bounds,
                     options={"maxiter": 50, "ftol": 1e-7})  # fmt: skip
    return found.x


def log_likelihood(restricted: Restricted, logs: Floats) -> float:
    """Logarithm of the likelihood of the residuals, times the prior of their noise."""
    factor = cho_factor(restricted.noise.covariance(logs)[0], lower=True, check_finite=False)
    weighed = cho_solve(factor, restricted.residuals, check_finite=False)
    logdet = 2 * np.log(np.diag(factor[0])).sum()
    return float(-0.5 * (logdet + restricted.residuals @ weighed)) - restricted.prior.loss(logs)[0]
