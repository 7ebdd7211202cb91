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
PERSISTENCE = 2.0
"""Wavelengths over which an undulation keeps its phase."""


class Prior(NamedTuple):
    """Weak knowledge of the noise: normal distributions of the logarithms of ``NAMES``.

    Args:
        centres: Shape ``(H,)``, without or with that of misfit.
        spreads: ``(H,)``.
    """

    centres: Floats
    spreads: Floats


def prior_of(points: "Points", amplitude: float) -> Prior:
    """Centres and spreads for an event.

    Args:
        points: Its points.
        amplitude: Of what is left when the law is taken off, at a first look.
    """
    seconds, length = np.ptp(points.time), np.ptp(points.displacement)
    step = np.median(np.diff(points.time))
    centres = np.log(
        [points.white, amplitude / 2, np.sqrt(step * seconds / 5), amplitude / 2, length / 6]
    )
    return Prior(centres, np.array([0.5, 1.5, 1.5, 1.5, 0.8]))


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
        away = (logs - self.prior.centres) / self.prior.spreads
        value = 0.5 * (logdet + self.residuals @ weighed + away @ away)
        by = [0.5 * (np.sum(projector * s) - weighed @ s @ weighed) for s in slopes]
        return float(value), np.array(by) + away / self.prior.spreads


def estimate(restricted: Restricted, start: Floats) -> Floats:
    """Logarithms of the noise at the largest restricted likelihood times prior."""
    bounds = [
        (c - 4 * s, c + 4 * s)
        for c, s in zip(restricted.prior.centres, restricted.prior.spreads, strict=True)
    ]
    found = minimize(restricted.loss, start, jac=True, method="L-BFGS-B", bounds=bounds,
                     options={"maxiter": 50, "ftol": 1e-7})  # fmt: skip
    return found.x


def log_likelihood(restricted: Restricted, logs: Floats) -> float:
    """Logarithm of the likelihood of the residuals, times the prior of their noise."""
    factor = cho_factor(restricted.noise.covariance(logs)[0], lower=True, check_finite=False)
    weighed = cho_solve(factor, restricted.residuals, check_finite=False)
    away = (logs - restricted.prior.centres) / restricted.prior.spreads
    logdet = 2 * np.log(np.diag(factor[0])).sum()
    return float(-0.5 * (logdet + restricted.residuals @ weighed + away @ away))
