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
NAMES = ("white", "correlated", "scale", "undulation", "wavelength")
"""Standard deviation of one sample; standard deviation and time constant (s) of noise correlated
over time; standard deviation and wavelength (m) of the undulation. In a test of misfit, a further
number is the standard deviation just after a change of what the law cannot follow there."""
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
        slip: Of the fault, m, ``(N,)``: an undulation is one of the surface, and the fault lags
            behind the load point while the spring is loaded.
        misfit: Covariance of misfit of unit variance, ``(N, N)``; None where there is none.
    """

    def __init__(self, points: "Points", slip: Floats, misfit: Floats | None = None) -> None:
        self.points, self.slip, self.misfit = points, slip, misfit
        self._apart = np.abs(np.subtract.outer(points.time, points.time))
        difference = 2 * np.pi * np.subtract.outer(slip, slip)
        self._turned, self._sign = np.abs(difference), np.sign(difference)

    def covariance(self, logs: Floats) -> tuple[Floats, list[Floats]]:
        """Covariance, and its derivatives by the logarithms, each ``(N, N)``.

        The first derivative, which is diagonal, is left as its diagonal, ``(N,)``.
        """
        white, correlated, scale, undulation, wavelength = np.exp(logs[:5])
        apart, phase = self._apart / -scale, self._turned / wavelength
        exponential = np.exp(apart)
        exponential *= correlated**2
        # Cosines of differences from those of the points: N of them, not N squared.
        angle = 2 * np.pi * self.slip / wavelength
        cos, sin = np.cos(angle), np.sin(angle)
        fading = undulation**2 * np.exp(phase / (-2 * np.pi * PERSISTENCE))
        wave = fading * (np.outer(cos, cos) + np.outer(sin, sin))
        turned = fading * self._sign * (np.outer(sin, cos) - np.outer(cos, sin))
        by_wavelength = phase * (turned + wave / (2 * np.pi * PERSISTENCE))
        diagonal = white**2 / self.points.samples
        total = exponential + wave
        total.flat[:: total.shape[0] + 1] += diagonal
        slopes = [2 * diagonal, 2 * exponential, exponential * -apart, 2 * wave, by_wavelength]
        if self.misfit is not None:
            part = np.exp(2 * logs[5]) * self.misfit
            total, slopes = total + part, [*slopes, 2 * part]
        return total, slopes


class Restricted(NamedTuple):
    """Restricted likelihood, linear in the parameters of the law.

    Args:
        noise: Covariance of the points.
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
        projector, logdet, slopes = self._projected(logs)
        weighed = projector @ self.residuals
        known, pulls = self.prior.loss(logs)
        value = 0.5 * (logdet + self.residuals @ weighed) + known
        by = [0.5 * (np.diag(projector) @ slopes[0] - weighed**2 @ slopes[0])]
        by += [0.5 * (np.vdot(projector, s) - weighed @ s @ weighed) for s in slopes[1:]]
        return float(value), np.array(by) + pulls

    def information(self, logs: Floats) -> Floats:
        """Expected curvature of the loss, ``(H, H)``: half the trace of ``P dK P dK``."""
        projector, _, slopes = self._projected(logs)
        turned = [projector * slopes[0], *(projector @ s for s in slopes[1:])]
        found = np.array([[0.5 * np.vdot(one.T, other) for one in turned] for other in turned])
        sizes = np.isinf(self.prior.spreads)
        known = np.where(sizes, 2 * (np.exp(logs) / self.prior.largest) ** 2, 0.0)
        return found + np.diag(known + self.prior.spreads**-2.0)

    def normal(self, logs: Floats, pulls: Floats) -> tuple[float, Floats, Floats]:
        """Loss, and mean (as a distance) and covariance of the parameters, with one noise."""
        factor = cho_factor(self.noise.covariance(logs)[0], lower=True, check_finite=False)
        half = cho_solve(factor, self.jacobian, check_finite=False)
        inverse = np.linalg.inv(self.jacobian.T @ half + np.diag(self.weights))
        pull = half.T @ self.residuals
        mean = inverse @ (pull - self.weights * pulls)
        left = self.residuals @ cho_solve(factor, self.residuals, check_finite=False)
        logdet = 2 * np.log(np.diag(factor[0])).sum() - np.linalg.slogdet(inverse)[1]
        value = 0.5 * (logdet + left - pull @ inverse @ pull) + self.prior.loss(logs)[0]
        return float(value), np.asarray(mean), np.asarray(inverse)

    def _projected(self, logs: Floats) -> tuple[Floats, float, list[Floats]]:
        """The matrix P of restricted likelihood, the logarithm of its determinants, and dK."""
        total, slopes = self.noise.covariance(logs)
        factor = cho_factor(total, lower=True, check_finite=False)
        inverse = cho_solve(factor, np.eye(total.shape[0]), check_finite=False)
        half = inverse @ self.jacobian
        information = self.jacobian.T @ half + np.diag(self.weights)
        small = cho_factor(information, lower=True, check_finite=False)
        projector = inverse - half @ cho_solve(small, half.T, check_finite=False)
        logdet = 2 * np.log(np.diag(factor[0])).sum() + 2 * np.log(np.diag(small[0])).sum()
        return projector, float(logdet), slopes


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
