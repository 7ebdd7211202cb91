"""Solve: one event by a law of rate and state, with a spring in the loop.

Trend with slip, level and the instants of the changes are fitted together with the law, and the
noise with all of them: friction weighs as much as its noise lets it (generalised least squares),
and the noise is what the law leaves (restricted maximum likelihood), in turn until both agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import least_squares

from slicken.laws.forward import FEW, LAYOUT, STIFF, UM, Forward, Method, forward_of
from slicken.laws.noise import Noise, Restricted, estimate, prior_of
from slicken.laws.points import thinned

if TYPE_CHECKING:
    from slicken.laws.points import Points
    from slicken.laws.results import Event
    from slicken.physics.spring_slider import Evolution

Floats = NDArray[np.float64]
ROUNDS = 4
SETTLED = 1e-3
"""Change of all parameters (logarithms, friction, s) below which noise and law agree."""
A_RANGE, K_RANGE = (1e-5, 0.3), (1e-6, 10.0)
"""Of a, and of the stiffness, 1/um."""
KNOWN = {
    "log_a": (np.log(0.01), 1.5),
    "b": (0.0, 0.03),
    "b2": (0.0, 0.03),
    "log_stiffness": (np.log(2e-3), 2.5),
}
"""Centres and standard deviations of what is known of any rock and machine."""
D_RANGE = (1e-5, 100.0)
"""Of Dc, in shares of the slip after the change."""
BEST_STARTS = 3
PLACE = {name: place for place, name in enumerate(LAYOUT)}


@dataclass(frozen=True, eq=False)
class Solution:
    """A law fitted to an event, with its noise.

    Args:
        free: Places of the parameters that were fitted, ``(P,)``.
        parameters: All, in the order of ``LAYOUT``, ``(10,)``.
        modelled: Friction, ``(N,)``.
        restricted: Likelihood of noise, with residuals and derivatives by the free parameters.
        logs: Logarithms of the noise.
        pulls: Distance of free parameters from the centres of their priors, ``(P,)``.
    """

    free: NDArray[np.int64]
    parameters: Floats
    modelled: Floats
    restricted: Restricted
    logs: Floats
    pulls: Floats


class Task(NamedTuple):
    """What to fit.

    Args:
        points: Points.
        event: Event.
        law: Evolution law.
        states: 1 or 2.
        stiffness: 1/um; infinite where the velocity is that of the fault; None where it is to be
            fitted.
    """

    points: "Points"
    event: "Event"
    law: "Evolution"
    states: int
    stiffness: float | None

    @property
    def free(self) -> NDArray[np.int64]:
        """Places of the parameters to fit."""
        names = ["log_a", "b", "log_dc", "trend", "mu0", "start"]
        names += ["b2", "log_dc2"] * (self.states == 2)
        names += ["log_stiffness"] * (self.stiffness is None)
        names += ["resumed"] * (self.event.kind == "hold")
        return np.array(sorted(PLACE[name] for name in names))

    @property
    def is_imposed(self) -> bool:
        """Whether the velocity is that of the fault."""
        return self.stiffness == np.inf

    @property
    def slipped(self) -> float:
        """Displacement after the change, um."""
        return float(self.points.displacement[-1]) / UM


def starts(task: Task) -> list[Floats]:
    """The best few of a lattice of shapes, least squares by a, trend and level.

    Friction after a change is a times a shape that k/a, b/a and Dc make.
    """
    far = task.slipped
    throughs = [far] if task.is_imposed else far * np.geomspace(1e-3, 0.1, 5)
    shapes = [
        (through, ratio, distance)
        for through in throughs
        for ratio in (-0.5, 0.2, 0.5, 0.7, 0.85, 1.0, 1.2, 1.5)
        for distance in far * np.geomspace(2e-3, 0.25, 8)
        if task.is_imposed or (ratio - 1) * through < 0.8 * distance  # else it sticks and slips
    ]
    tried = np.tile(_plain(task), (len(shapes), 1))
    lengths, ratios, distances = np.array(shapes).T
    tried[:, PLACE["log_a"]] = 0.0  # friction in units of a
    tried[:, PLACE["log_stiffness"]] = -np.log(lengths)
    tried[:, PLACE["b"]], tried[:, PLACE["log_dc"]] = ratios, np.log(distances)
    points, found = thinned(task.points, FEW), []
    forward = forward_of(points, task.event, task.law, "imposed" if task.is_imposed else "explicit")
    weight = np.sqrt(1 / (1 / points.samples + 0.1))
    base = np.column_stack([np.ones_like(points.time), points.displacement / UM])
    for one, shape in zip(tried, forward.changes(tried), strict=True):
        if not np.isfinite(shape).all():
            continue
        design = np.column_stack([shape, base])
        solved = np.linalg.lstsq(design * weight[:, None], points.friction * weight, rcond=None)[0]
        left = (points.friction - design @ solved) * weight
        a = solved[0]
        if A_RANGE[0] < a < A_RANGE[1]:
            start = one.copy()
            start[PLACE["log_a"]] = np.log(a)
            start[PLACE["b"]] *= a
            start[PLACE["log_stiffness"]] += np.log(a)
            start[PLACE["mu0"]], start[PLACE["trend"]] = solved[1:]
            if task.stiffness is not None and not task.is_imposed:
                start[PLACE["log_stiffness"]] = np.log(task.stiffness)
            found.append((float(left @ left), start))
    found.sort(key=lambda each: each[0])
    return [start for _, start in found[:: max(1, min(4, len(found) // 8))][:BEST_STARTS]]


def with_second_state(single: Floats) -> list[Floats]:
    """Starts of two states: the one state with a slower and with a faster one."""
    found = []
    for factor, share in ((8.0, 0.3), (8.0, -0.3), (30.0, 0.5), (0.15, 0.4)):
        start = single.copy()
        lengths = np.exp(single[PLACE["log_dc"]]) * np.array([1.0, factor])
        parts = single[PLACE["b"]] * np.array([1 - share, share])
        order = np.argsort(lengths)
        start[[PLACE["log_dc"], PLACE["log_dc2"]]] = np.log(lengths[order])
        start[[PLACE["b"], PLACE["b2"]]] = parts[order]
        found.append(start)
    return found


def _plain(task: Task) -> Floats:
    plain = np.zeros(len(LAYOUT))
    plain[PLACE["log_a"]], plain[PLACE["log_stiffness"]] = np.log(0.01), np.log(1e-3)
    plain[PLACE["log_dc2"]] = np.log(task.slipped / 3)
    return plain


def solve(task: Task, begin: Sequence[Floats]) -> Solution | None:
    """Fit from several starts; None where none leads to a stable fault.

    Args:
        task: What to fit.
        begin: Starts, each of all parameters.
    """
    points, forward = task.points, forward_at(task, begin[0])
    tried = [(each, forward.jacobian(each)[0]) for each in begin]
    stable = [(each, friction) for each, friction in tried if np.isfinite(friction).all()]
    if not stable:
        return None
    start, friction = stable[0]
    logs = prior_of(points, float(np.std(points.friction - friction))).centres
    whitener = _whitener(_noise(task, start, friction), logs)
    found = [s for each, _ in stable if (s := _descend(task, forward, each, whitener)) is not None]
    if not found:
        return None
    parameters = min(found, key=lambda each: each[0])[1]
    prior = None
    for _ in range(ROUNDS):
        friction, slopes = forward.jacobian(parameters)
        residuals = points.friction - friction
        prior = prior or prior_of(points, float(np.std(residuals)))
        noise = _noise(task, parameters, friction)
        restricted = Restricted(
            noise, residuals, slopes[:, task.free], prior, _priors(task)[0][task.free]
        )
        logs = estimate(restricted, logs)
        moved = _descend(task, forward, parameters, _whitener(noise, logs))
        if moved is None:
            return None
        step = np.abs(moved[1] - parameters)[task.free]
        parameters = moved[1]
        if step.max() < SETTLED:
            break
    return _solution(task, forward, parameters, restricted, logs)


def _solution(
    task: Task, forward: Forward, parameters: Floats, restricted: Restricted, logs: Floats
) -> Solution:
    friction, slopes = forward.jacobian(parameters)
    residuals = task.points.friction - friction
    centres = _priors(task)[1]
    if task.states == 2 and parameters[PLACE["log_dc"]] > parameters[PLACE["log_dc2"]]:
        swapped = np.arange(len(LAYOUT))
        pairs = [PLACE[name] for name in ("b", "b2", "log_dc", "log_dc2")]
        swapped[pairs] = np.array(pairs)[[1, 0, 3, 2]]
        parameters, slopes = parameters[swapped], slopes[:, swapped]
    return Solution(
        free=task.free,
        parameters=parameters,
        modelled=friction,
        restricted=restricted._replace(residuals=residuals, jacobian=slopes[:, task.free]),
        logs=logs,
        pulls=(parameters - centres)[task.free],
    )


def _noise(task: Task, parameters: Floats, friction: Floats) -> Noise:
    """The noise, over slip: what the load point moved, less what the spring took."""
    slip = task.points.displacement
    if not task.is_imposed:
        slip = slip - UM * (friction - friction[0]) / np.exp(parameters[PLACE["log_stiffness"]])
    return Noise(task.points, slip)


def _whitener(noise: Noise, logs: Floats) -> Floats:
    return cholesky(noise.covariance(logs)[0], lower=True)


def forward_at(task: Task, start: Floats) -> Forward:
    """The forward problem, with the solver that suits a start."""
    if task.is_imposed:
        return forward_of(task.points, task.event, task.law, "imposed")
    lengths = np.exp(start[PLACE["log_stiffness"]] - start[PLACE["log_a"]]) * task.slipped
    method: Method = "implicit" if lengths > STIFF else "explicit"
    return forward_of(task.points, task.event, task.law, method)


def _priors(task: Task) -> tuple[Floats, Floats]:
    """Precisions and centres of what is known of all parameters beforehand, each ``(10,)``.

    Instants are known as well as they were found. The others are known within factors that no rock
    is outside of, so that a fit which the data do not decide stays where numbers are finite, and
    says by its intervals that it knows nothing.
    """
    instant = max(task.event.uncertainty, 1e-9)
    known = {"start": (0.0, instant), "resumed": (0.0, instant)} | KNOWN
    distance = (np.log(task.slipped / 15), 2.0)
    known |= {"log_dc": distance, "log_dc2": distance}
    weights, centres = np.zeros(len(LAYOUT)), np.zeros(len(LAYOUT))
    for name, (centre, spread) in known.items():
        weights[PLACE[name]], centres[PLACE[name]] = spread**-2.0, centre
    return weights, centres


def _descend(
    task: Task, forward: Forward, start: Floats, factor: Floats
) -> tuple[float, Floats] | None:
    """Least squares with one noise: half the sum of squares, and all parameters."""
    free, points = task.free, task.points
    weights, centres = _priors(task)
    pulled = np.sqrt(weights[free])
    low, high = _bounds(task)
    known: dict[bytes, tuple[Floats, Floats]] = {}

    def both(x: Floats) -> tuple[Floats, Floats]:
        key = x.tobytes()
        if key not in known:
            known.clear()
            full = start.copy()
            full[free] = x
            friction, slopes = forward.jacobian(full)
            if not np.isfinite(friction).all() or not np.isfinite(slopes).all():
                friction, slopes = np.full_like(friction, 1e3), np.zeros_like(slopes)
            left = np.column_stack([points.friction - friction, -slopes[:, free]])
            left = solve_triangular(factor, left, lower=True)
            known[key] = (
                np.concatenate([left[:, 0], pulled * (x - centres[free])]),
                np.concatenate([left[:, 1:], np.diag(pulled)]),
            )
        return known[key]

    x0 = np.clip(start[free], low[free] + 1e-9, high[free] - 1e-9)

    def rows(x: Floats) -> Floats:
        return both(x)[0]

    def slopes_of(x: Floats) -> Floats:
        return both(x)[1]

    found = least_squares(
        rows, x0, jac=slopes_of, bounds=(low[free], high[free]),
        x_scale="jac", max_nfev=60, ftol=1e-7, xtol=1e-6, gtol=1e-10,
    )  # fmt: skip
    if found.cost > 1e4 * points.time.size:
        return None
    full = start.copy()
    full[free] = found.x
    return float(found.cost), full


def _bounds(task: Task) -> tuple[Floats, Floats]:
    far = task.slipped
    low, high = np.full(len(LAYOUT), -np.inf), np.full(len(LAYOUT), np.inf)
    for name in ("log_dc", "log_dc2"):
        low[PLACE[name]], high[PLACE[name]] = np.log(far * D_RANGE[0]), np.log(far * D_RANGE[1])
    for name in ("b", "b2"):
        low[PLACE[name]], high[PLACE[name]] = -A_RANGE[1], A_RANGE[1]
    low[PLACE["log_a"]], high[PLACE["log_a"]] = np.log(A_RANGE)
    low[PLACE["log_stiffness"]], high[PLACE["log_stiffness"]] = np.log(K_RANGE)
    return low, high
