"""Results: what fitting friction laws found, event by event and over all of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from slicken.physics.spring_slider import Evolution
    from slicken.statements import Statement

Floats = NDArray[np.float64]
EventKind = Literal["step", "hold", "stress_step"]
Verdict = Literal["ageing", "slip", "not_distinguishable", "neither"]
PARAMETERS = (
    "a", "b", "a_minus_b", "dc", "b2", "dc2", "stiffness", "mu0", "trend", "start",
)  # fmt: skip
"""Everything that a fit estimates, in SI: Dc in m, stiffness and trend in 1/m, start in s.

``b`` belongs to ``dc``, the shorter of two distances; ``a_minus_b`` is a less the sum of all b.
"""
POSITIVE = ("a", "dc", "dc2", "stiffness")
MISFITS = 1e-3
"""Probability of its residuals below which a law does not fit."""
WIDEST = 10.0
"""Ratio of the ends of an interval from which a positive parameter is not determined."""


class Estimate(NamedTuple):
    """A parameter with its 95 % interval.

    Args:
        value: Best estimate.
        low: Lower end.
        high: Upper end.
        formal: Standard deviation if residuals were white and the law exact, as fitting programs
            print it; 0 where the parameter was given.
    """

    value: float
    low: float
    high: float
    formal: float


def undetermined(name: str, one: Estimate, a: float = 0.0) -> bool:
    """Whether the interval of a parameter is too wide for its value to be printed.

    Args:
        name: Parameter.
        one: Its estimate.
        a: The direct effect beside it, against which b and a - b are small or not.
    """
    if name in POSITIVE:
        return not (one.low > 0 and one.high < WIDEST * one.low)
    if name in ("b", "b2", "a_minus_b"):
        return not one.high - one.low < WIDEST * max(abs(one.value), a)
    return not np.isfinite(one.high - one.low)


@dataclass(frozen=True)
class Event:
    """A change of the load: a velocity step, a hold with its reslide, or a step of normal stress.

    Args:
        kind: ``step`` (of velocity), ``hold`` or ``stress_step``.
        start: When the load changes, s; in a hold, when it stops.
        uncertainty: Of ``start``, half a width, s.
        resumed: When a hold ends, s; NaN for steps.
        first: Start of the stretch of the record that belongs to the event, s.
        last: End of that stretch, s: the next event, or the end of the record.
        slip: Load-point displacement, or slip, since the start of the record, m.
        before: Velocity before, m/s.
        after: Velocity after a step or after the reslide, m/s.
        normal_stress: Before, Pa; NaN where it is not known.
        normal_stress_after: Pa.
        problem: Why the event cannot be used, with the number that says so; None where it can.
    """

    kind: EventKind
    start: float
    uncertainty: float
    resumed: float
    first: float
    last: float
    slip: float
    before: float
    after: float
    normal_stress: float = np.nan
    normal_stress_after: float = np.nan
    problem: "Statement | None" = None

    @property
    def held(self) -> float:
        """Duration of a hold, s; NaN for steps."""
        return self.resumed - self.start


@dataclass(frozen=True, eq=False)
class Fit:
    """One law fitted to one event.

    Args:
        law: Evolution law.
        states: Number of states, 1 or 2.
        estimates: Parameter to estimate, in the order of :data:`PARAMETERS`; those of a second
            state only where there is one.
        names: Parameters of ``covariance``: those fitted, Dc and stiffness as logarithms.
        covariance: Of ``names``, shape ``(P, P)``.
        correlation: Of a and b.
        log_likelihood: Of the event under the law and its noise, with their priors.
        misfit: Probability of residuals after the change as large as these, if the law were exact
            and noise were as elsewhere in the event.
        r2: Share of the variance of friction, less its trend, that the law explains.
        rmse: Root mean square residual of samples.
        modelled: Friction by the law at the points of the event, shape ``(N,)``.
        noise: Noise of friction, name to value: standard deviations of the ``white``, the
            ``correlated`` and the ``undulation`` part, and the ``scale`` (s) and ``wavelength`` (m)
            of the latter two.
    """

    law: "Evolution"
    states: int
    estimates: Mapping[str, Estimate]
    names: tuple[str, ...]
    covariance: Floats
    correlation: float
    log_likelihood: float
    misfit: float
    r2: float
    rmse: float
    modelled: Floats
    noise: Mapping[str, float]

    def undetermined(self, name: str) -> bool:
        """Whether the interval of a parameter is too wide for its value to be printed."""
        return undetermined(name, self.estimates[name], self.estimates["a"].value)


@dataclass(frozen=True, eq=False)
class EventFit:
    """One event with the laws fitted to it.

    Args:
        record: Name of the record.
        event: Event.
        time: Instants of the points that were fitted, means of samples far from the change, s,
            shape ``(N,)``; empty where the event cannot be used.
        displacement: Of the load point, or slip, since the start of the record, m, ``(N,)``.
        friction: ``(N,)``.
        samples: Number of samples in each point, ``(N,)``.
        fits: One for each law and number of states that was tried; the best of each law first.
        verdict: Which law; None where none was fitted.
    """

    record: str
    event: Event
    time: Floats
    displacement: Floats
    friction: Floats
    samples: NDArray[np.int64]
    fits: tuple[Fit, ...]
    verdict: Verdict | None

    def best(self, law: "Evolution") -> Fit | None:
        """The fit of a law with the number of states that was chosen; None where there is none."""
        return next((fit for fit in self.fits if fit.law == law), None)


class Trend(NamedTuple):
    """How a parameter changes from event to event.

    Args:
        per: ``velocity`` (an e-fold), ``slip`` (a metre) or ``normal_stress`` (a pascal).
        slope: With its 95 % interval.
        p: Probability of such a slope if there were none.
    """

    per: Literal["velocity", "slip", "normal_stress"]
    slope: Estimate
    p: float


@dataclass(frozen=True)
class Shared:
    """One parameter over all usable events of a record, or of all records.

    Args:
        record: Name of the record; blank for all records.
        law: Evolution law.
        parameter: Name; ``dc`` and ``stiffness`` were pooled as logarithms.
        events: Number of events.
        estimate: Shared value; its interval holds the scatter from event to event.
        scatter: Standard deviation from event to event that intervals do not explain; of the
            logarithm for ``dc`` and ``stiffness``.
        p_same: Probability of such differences if all events had one value.
        trends: Dependence on velocity, slip and normal stress, where they vary.
    """

    record: str
    law: "Evolution"
    parameter: str
    events: int
    estimate: Estimate
    scatter: float
    p_same: float
    trends: tuple[Trend, ...] = ()


@dataclass(frozen=True, eq=False)
class Healing:
    """Frictional healing over the holds of a record.

    Args:
        record: Name of the record.
        holds: Duration of each hold, s, shape ``(H,)``.
        healed: Peak friction above steady friction after each hold, value and 95 % interval,
            ``(H, 3)``.
        relaxed: Fall of friction during each hold, likewise, ``(H, 3)``.
        rate: Healing per decade of hold time; NaN where fewer than three durations differ.
        predicted: Law to the healing that its fitted parameters predict for each hold, ``(H,)``.
        predicted_rate: Law to its rate per decade.
    """

    record: str
    holds: Floats
    healed: Floats
    relaxed: Floats
    rate: Estimate
    predicted: Mapping[str, Floats]
    predicted_rate: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class History:
    """A law fitted to whole records, in which the velocity varies in any way.

    Args:
        law: Evolution law.
        estimates: a, b, a_minus_b and dc; intervals by the jackknife.
        unit: What the jackknife leaves out: ``record``, ``event`` or ``stretch``.
        units: Number of them.
        rmse: Root mean square residual.
        r2: Share of the variance of friction, less trend and level of each record, explained.
        distances: Dc that were tried, m, shape ``(K,)``.
        losses: Mean square residual with each, residuals whitened, ``(K,)``.
        records: Names of the records.
        time: Record to instants, s, ``(N,)``.
        friction: Record to friction, ``(N,)``.
        modelled: Record to friction by the law, ``(N,)``.
        problem: Why no number is given; None where they are.
    """

    law: "Evolution"
    estimates: Mapping[str, Estimate]
    unit: Literal["record", "event", "stretch"]
    units: int
    rmse: float
    r2: float
    distances: Floats
    losses: Floats
    records: tuple[str, ...]
    time: Mapping[str, Floats]
    friction: Mapping[str, Floats]
    modelled: Mapping[str, Floats]
    problem: "Statement | None" = None


@dataclass(frozen=True, eq=False)
class Thermal:
    """A thermal law fitted to whole records.

    Args:
        form: ``kernel``: friction linear in temperature averaged over the past; ``arrhenius``:
            steady friction linear in ln V and in 1/T.
        shape: ``boxcar`` or ``exponential``; blank for ``arrhenius``.
        estimates: ``memory`` (s) and ``per_kelvin`` (1/K) of a kernel; ``a_minus_b`` and
            ``activation`` (``(a Qa - b Qb)/R``, K) of ``arrhenius``.
        unit: What the jackknife leaves out.
        units: Number of them.
        rmse: Root mean square residual.
        r2: Share of the variance of friction, less the level of each record, explained.
        problem: Why no number is given, such as a temperature that varies by 2 K; None where they
            are.
    """

    form: Literal["kernel", "arrhenius"]
    shape: str
    estimates: Mapping[str, Estimate]
    unit: Literal["record", "event", "stretch"]
    units: int
    rmse: float
    r2: float
    problem: "Statement | None" = None


@dataclass(frozen=True, eq=False)
class Laws:
    """Friction laws of all records.

    Args:
        records: Names of the records.
        events: Every event that was found, in order.
        shared: Parameters over events.
        healing: Of records with holds.
        histories: Laws of whole records; empty where none was asked for or possible.
        thermal: Thermal laws; empty where none was asked for.
        verdict: Which law, over all events; None where none was fitted.
        problems: What could not be done, and why.
    """

    records: tuple[str, ...]
    events: tuple[EventFit, ...]
    shared: tuple[Shared, ...]
    healing: tuple[Healing, ...]
    histories: tuple[History, ...]
    thermal: tuple[Thermal, ...]
    verdict: Verdict | None
    problems: tuple["Statement", ...] = ()
