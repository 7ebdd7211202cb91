"""Fit: an event by the laws of rate and state, with intervals, and which law the event tells."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slicken.channels import LOAD_POINT, LOAD_POINT_VELOCITY
from slicken.laws.forward import UM
from slicken.laws.intervals import Posterior, posterior_of
from slicken.laws.misfit import misfit_of
from slicken.laws.noise import NAMES, log_likelihood
from slicken.laws.points import Points, points_of
from slicken.laws.results import MISFITS, Estimate, EventFit, Fit, Verdict
from slicken.laws.solve import PLACE, Solution, Task, solve, starts, with_second_state
from slicken.threads import one_thread

if TYPE_CHECKING:
    from slicken.experiment.samples import Samples
    from slicken.laws.results import Event
    from slicken.physics.spring_slider import Evolution

Floats = NDArray[np.float64]
SECOND_STATE = 8.0
"""Logarithm of likelihood that a second state must gain to be taken; and it must be determined."""
SUSPECT = 0.1
"""Probability of the residuals of one state below which a second one is tried."""
TOLD = 4.0
"""Logarithm of likelihood by which one law must be ahead to be told from the other."""
TWO_STATES = 1.2
"""Factor of intervals of two states. The law is far from linear in the parameters of two, and the
normal distributions that stand for them have too light tails: of 181 tuning cases the planted
values lay within 1.2 times the interval in 95 % (a, b, a - b and Dc: 1.1 to 1.3)."""
FARTHEST = 50.0
"""Logarithm of a ratio that stands for infinity."""


def fit_event(
    samples: "Samples",
    event: "Event",
    *,
    laws: Sequence["Evolution"] = ("ageing", "slip"),
    states: Sequence[int] = (1, 2),
    stiffness: float | None = None,
) -> EventFit:
    """Fit laws to one event of a record.

    Args:
        samples: Record.
        event: Event; one with a problem is not fitted.
        laws: Evolution laws.
        states: Numbers of states; of two, the better is chosen for each law.
        stiffness: 1/m; fitted where None.

    Raises:
        LawError: If too few samples lie on one side of the change.
    """
    nothing = np.empty(0)
    if event.problem is not None or event.kind == "stress_step":
        return EventFit(
            samples.name, event, nothing, nothing, nothing, nothing.astype(np.int64), (), None
        )
    points = points_of(samples, event)
    given = None if stiffness is None else stiffness * UM
    if LOAD_POINT.name not in samples.channels and LOAD_POINT_VELOCITY.name not in samples.channels:
        given = np.inf
    asked = _Asked(points, event, states, given)
    with one_thread():
        found = [one for law in laws if (one := asked.of_law(law)) is not None]
        fits = [fit for one in found for fit in one.listed(states)]
        if 2 in states and verdict_of(fits) in ("ageing", "slip"):
            # What one state tells, two of the other law may explain as well.
            found = [one.with_two() for one in found]
            fits = [fit for one in found for fit in one.listed(states)]
    return EventFit(
        record=samples.name,
        event=event,
        time=points.time + event.start,
        displacement=points.displacement + event.slip,
        friction=points.friction,
        samples=points.samples,
        fits=tuple(fits),
        verdict=verdict_of(fits),
    )


def verdict_of(fits: Sequence[Fit]) -> Verdict | None:
    """Which law the fits of an event tell; the first fit of each law is the one that was chosen."""
    chosen = {fit.law: fit for fit in reversed(fits)}
    if not chosen:
        return None
    if all(fit.misfit < MISFITS for fit in chosen.values()):
        return "neither"
    if len(chosen) < 2:
        return "not_distinguishable"
    ahead = likeliest(fits, "ageing") - likeliest(fits, "slip")
    if abs(ahead) < TOLD:
        return "not_distinguishable"
    return "ageing" if ahead > 0 else "slip"


def likeliest(fits: Sequence[Fit], law: "Evolution") -> float:
    """The best score of a law, with any number of states that was tried."""
    return max(score(fit) for fit in fits if fit.law == law)


def score(fit: Fit) -> float:
    """Logarithm of likelihood, less what two more parameters are free to gain (Akaike 1974)."""
    return fit.log_likelihood - 2.0 * (fit.states - 1)


class _Asked(NamedTuple):
    """What is asked of an event: its points, the numbers of states, the stiffness (1/um)."""

    points: Points
    event: "Event"
    states: Sequence[int]
    stiffness: float | None

    def of_law(self, law: "Evolution") -> "_OfLaw | None":
        """One law with one state, and with two where those were asked for and are needed."""
        task = Task(self.points, self.event, law, 1, self.stiffness)
        single = solve(task, begin) if (begin := starts(task)) else None
        if single is None:
            return None
        one = _fit(task, single)
        found = _OfLaw(task, single.parameters, one, None)
        needed = 2 in self.states and (1 not in self.states or one.misfit < SUSPECT)
        return found.with_two() if needed else found


class _OfLaw(NamedTuple):
    """Fits of one law: with one state, and with two where those were tried."""

    task: Task
    single: Floats
    one: Fit
    two: Fit | None

    def with_two(self) -> "_OfLaw":
        """With a fit of two states, too, if there is a stable one."""
        if self.two is not None:
            return self
        task = self.task._replace(states=2)
        double = solve(task, with_second_state(self.single))
        return self if double is None else self._replace(two=_fit(task, double))

    def listed(self, states: Sequence[int]) -> list[Fit]:
        """Fits with the numbers of states that were asked for, the chosen one first."""
        if self.two is None or 1 not in states:
            return [fit for fit in (self.one, self.two) if fit is not None and fit.states in states]
        better = self.two.log_likelihood > self.one.log_likelihood + SECOND_STATE
        known = not any(self.two.undetermined(name) for name in ("a", "b", "dc", "b2", "dc2"))
        return [self.two, self.one] if better and known else [self.one, self.two]


def _fit(task: Task, solution: Solution) -> Fit:
    points, residuals = task.points, solution.restricted.residuals
    likelihood = log_likelihood(solution.restricted, solution.logs)
    likelihood -= 0.5 * float(solution.restricted.weights @ solution.pulls**2)
    posterior = posterior_of(solution)
    share = points.samples / points.samples.sum()
    rmse = float(np.sqrt(share @ residuals**2 + points.white**2))
    directions = _directions(task, solution)
    covariance = posterior.covariance * (TWO_STATES**2 if task.states == 2 else 1.0)
    a, b = directions["a"], directions["b"]
    correlation = a @ covariance @ b / np.sqrt((a @ covariance @ a) * (b @ covariance @ b))
    line = np.polynomial.Polynomial.fit(points.displacement, points.friction, 1, w=np.sqrt(share))
    about = points.friction - line(points.displacement)
    names = ["a", "b", "dc", *(["b2", "dc2"] if task.states == 2 else [])]
    names += ["stiffness"] * ("stiffness" in directions)
    turned = np.array([directions[name] for name in names])
    return Fit(
        law=task.law,
        states=task.states,
        estimates=_estimates(task, solution, posterior, directions, rmse),
        names=tuple(names),
        covariance=turned @ covariance @ turned.T,
        correlation=float(correlation),
        log_likelihood=likelihood,
        misfit=misfit_of(task, solution),
        r2=float(1 - (share @ residuals**2) / (share @ about**2)),
        rmse=rmse,
        modelled=solution.modelled,
        noise=dict(zip(NAMES, np.exp(solution.logs).tolist(), strict=True)),
    )


def _directions(task: Task, solution: Solution) -> dict[str, Floats]:
    """Each estimate as a linear combination of the free parameters; ratios as logarithms."""
    unit = dict(zip(solution.free, np.eye(solution.free.size), strict=True))
    a = np.exp(solution.parameters[PLACE["log_a"]])
    of = {
        "a": a * unit[PLACE["log_a"]],
        "b": unit[PLACE["b"]],
        "a_minus_b": a * unit[PLACE["log_a"]] - unit[PLACE["b"]],
        "dc": unit[PLACE["log_dc"]],
    }
    if task.states == 2:
        of["b2"], of["dc2"] = unit[PLACE["b2"]], unit[PLACE["log_dc2"]]
        of["a_minus_b"] = of["a_minus_b"] - of["b2"]
    if PLACE["log_stiffness"] in unit:
        of["stiffness"] = unit[PLACE["log_stiffness"]]
    return of | {name: unit[PLACE[name]] for name in ("mu0", "trend", "start")}


def _estimates(
    task: Task,
    solution: Solution,
    posterior: Posterior,
    directions: dict[str, Floats],
    rmse: float,
) -> dict[str, Estimate]:
    """All estimates in SI."""
    values = dict(zip(PLACE, solution.parameters.tolist(), strict=True))
    a = float(np.exp(values["log_a"]))
    all_b = values["b"] + (values["b2"] if task.states == 2 else 0.0)
    shown = {
        "b": values["b"],
        "a_minus_b": a - all_b,
        "b2": values["b2"],
        "mu0": values["mu0"],
        "trend": values["trend"] / UM,
        "start": values["start"] + task.event.start,
    }
    jacobian = solution.restricted.jacobian
    known = jacobian.T @ (task.points.samples[:, None] * jacobian) / rmse**2
    white = np.linalg.pinv(known + np.diag(solution.restricted.weights))
    found, wider = {}, TWO_STATES if task.states == 2 else 1.0
    for name, direction in directions.items():
        low, high = (wider * end for end in posterior.interval(direction))
        formal = float(np.sqrt(direction @ white @ direction))
        if name == "a":  # its interval is that of its logarithm
            ends = a * np.exp(np.clip([low / a, high / a], -FARTHEST, FARTHEST))
            found[name] = Estimate(a, float(ends[0]), float(ends[1]), formal)
        elif name in shown:
            scale = 1 / UM if name == "trend" else 1.0
            value = shown[name]
            found[name] = Estimate(value, value + scale * low, value + scale * high, scale * formal)
        else:
            unit = 1 / UM if name == "stiffness" else UM
            value = unit * float(np.exp(values[f"log_{name}"]))
            ends = value * np.exp(np.clip([low, high], -FARTHEST, FARTHEST))
            found[name] = Estimate(value, float(ends[0]), float(ends[1]), value * formal)
    if task.stiffness is not None:
        k = task.stiffness / UM
        found["stiffness"] = Estimate(k, k, k, 0.0)
    return found
