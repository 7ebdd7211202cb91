"""Misfit: whether residuals just after a change have structure that noise elsewhere has not.

A law that is wrong leaves something at the changes of the load and nothing far from them. So a
further part of the covariance is tested, which begins at a change and is gone some Dc later;
the likelihood that it gains tells how probable it is without one (a variance at its limit of zero:
half a chi-square, Self & Liang 1987, 10.1080/01621459.1987.10478472).
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from slicken.laws.forward import UM
from slicken.laws.noise import Noise, estimate, prior_of
from slicken.laws.solve import PLACE

if TYPE_CHECKING:
    from slicken.laws.solve import Solution, Task

Floats = NDArray[np.float64]
LASTS = 3.0
"""Length of misfit after a change, in units of Dc + a/k."""
FINEST = 0.1
"""Distance from a change within which misfit is alike, in the same units."""
SMOOTH = 0.7
"""E-foldings of distance over which misfit is alike."""


def misfit_of(task: "Task", solution: "Solution") -> float:
    """Probability of structure as large as this after changes, if the law were exact."""
    restricted, logs = solution.restricted, solution.logs
    points = restricted.noise.points
    kernel = _kernel(task, solution)
    prior = prior_of(points, 2 * float(np.exp(restricted.prior.centres[1])), misfit=True)
    asked = restricted._replace(noise=Noise(points, restricted.noise.slip, kernel), prior=prior)
    # What misfit adds to the likelihood, beside the noise that was fitted without it.
    without = restricted.loss(logs)[0]
    started = np.append(logs, np.log(points.white))
    found = estimate(asked, started)
    with_it = asked.loss(found)[0] - prior.loss(found)[0] + restricted.prior.loss(found[:-1])[0]
    return float(0.5 * chi2.sf(2 * max(without - with_it, 0.0), 1))


def _kernel(task: "Task", solution: "Solution") -> Floats:
    values = dict(zip(PLACE, solution.parameters.tolist(), strict=True))
    length = np.exp(values["log_dc"])
    if not task.is_imposed:
        length += np.exp(values["log_a"] - values["log_stiffness"])
    points, event = task.points, task.event
    changes = [0.0, event.held] if event.kind == "hold" else [0.0]
    kernel = np.zeros((points.time.size, points.time.size))
    for change in changes:
        since = event.after * (points.time - change) / UM / length
        after = since > 0
        if event.kind == "hold" and change == 0.0:
            # Nothing is displaced in a hold: its clock is that of sliding as fast as before.
            after &= points.time < event.held
        place = np.log(FINEST + np.maximum(since, 0.0))
        alike = np.exp(-0.5 * (np.subtract.outer(place, place) / SMOOTH) ** 2)
        fades = np.where(after, np.exp(-np.maximum(since, 0.0) / LASTS), 0.0)
        kernel += alike * np.outer(fades, fades)
    return kernel
