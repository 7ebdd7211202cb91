"""Thermal laws: friction that follows past temperature, or velocity and temperature together.

Two forms. In the first, friction is linear in a mean of temperature over the past, in which all
instants of some seconds count alike (boxcar) or older ones count less (exponential); only the
length of the memory is searched for. In the second, steady friction is linear in ln V and in 1/T,
as thermally activated slip has it: ``mu = mu0 + (a - b) ln(V/V0) + (a Qa - b Qb)/R (1/T - 1/T0)``
(Chester 1994, 10.1029/93JB03115). Records have a level each.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slicken.channels import FRICTION, TEMPERATURE
from slicken.laws.imposed import faded
from slicken.laws.jackknife import (
    Unit,
    between,
    estimate,
    minimum,
    of_logarithm,
    units_of,
    without_each,
)
from slicken.laws.motion import Motion, means, motion_of
from slicken.laws.results import Estimate, Thermal
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.experiment.samples import Samples

Floats = NDArray[np.float64]
Shape = Literal["boxcar", "exponential"]
SHAPES: tuple[Shape, ...] = ("boxcar", "exponential")
LEAST_KELVIN = 5.0
"""Range of temperature, K, that a thermal law needs. Thermocouples are noisy by 0.05 to 1 K, and
rock loses some 5e-4 of friction per K (Noda, Kanagawa et al. 2011): over 5 K that is 0.0025, as
much as friction itself is noisy. Below, what is fitted is whatever else drifts."""
LEAST_RATIO = 2.0
"""Ratio of fast to slow slip that is needed to tell a - b."""
MOST, FEWEST = 10_000, 50
"""Points of a record, at most and at least."""
FINER, FINE = 1.12, 15
"""Ratio of one memory that is tried to the one before, and number of those near the best."""
STEADY_SLIP, NEAR = 200e-6, 0.1
"""Sliding is steady where ln V differs by no more than so much from its mean over this slip, m,
so that no state with a critical slip distance up to that is on its way."""
ZERO_CELSIUS = 273.15


class _Course(NamedTuple):
    """Friction, and what it may depend on, of one record, at evenly spaced points.

    Args:
        name: Name of the record.
        time: s, shape ``(N,)``.
        friction: ``(N,)``.
        drivers: Temperature (degC) over time; or ln V and 1/T (1/K) of steady sliding, ``(N, P)``.
    """

    name: str
    time: Floats
    friction: Floats
    drivers: Floats


class _Search(NamedTuple):
    """Fits with each of several memories; J is the number of units and one.

    Args:
        losses: Sums of squares without each unit in turn, and last with all, shape ``(K, J)``.
        effects: ``(K, J, P)``.
        inverse: Inverse of the normal equations with all units, ``(K, P, P)``.
        total: Sum of squares about the levels of records.
        points: Number of points.
    """

    losses: Floats
    effects: Floats
    inverse: Floats
    total: float
    points: int


def fit_thermal(records: Sequence["Samples"]) -> tuple[Thermal, ...]:
    """Fit every thermal law to whole records.

    Intervals come from a jackknife over records; over stretches of them where there are few.

    Args:
        records: Runs of the rig; those without temperature are left out.

    Returns:
        Both memory kernels and the Arrhenius form; with a problem in place of numbers where
        temperature is not logged or hardly varies, or velocity does.
    """
    warm = [one for one in records if np.isfinite(_temperature(one)).sum() >= FEWEST]
    if not warm:
        return _none(Statement("thermal.no_temperature"))
    ranged = max(_range(_temperature(one)) for one in warm)
    if ranged < LEAST_KELVIN:
        return _none(Statement("thermal.constant", kelvin=ranged, least=LEAST_KELVIN))
    courses = [course for one in warm if (course := _over_time(one)) is not None]
    if not courses:
        return _none(Statement("thermal.no_temperature"))
    return (*(_kernel(courses, shape) for shape in SHAPES), _arrhenius(warm))


def _kernel(courses: Sequence[_Course], shape: Shape) -> Thermal:
    step = min(float(course.time[1] - course.time[0]) for course in courses)
    longest = max(float(np.ptp(course.time)) for course in courses) / 4
    count = max(4, round(np.log(longest / step) / np.log(FINER)) + 1)
    unit, units = units_of([course.time for course in courses], [()] * len(courses))

    def tried(memories: Floats) -> _Search:
        return _searched(
            courses,
            units,
            lambda course: np.stack([_past(course, shape, one) for one in memories]),
        )

    memories = np.geomspace(step, longest, count)
    coarse = tried(memories)
    places = minimum(np.log(memories), coarse.losses)
    apart = np.log(memories[1] / memories[0])
    near = np.linspace(places.place.min() - apart, places.place.max() + apart, FINE)
    fine = tried(np.exp(near))
    found = minimum(near, fine.losses)
    formal = _formal(near, fine, int(found.lowest[-1]))
    one = of_logarithm(found.place, formal["memory"], places.at_end)
    half = 0.5 * step  # time is known to a sample
    estimates = {
        "memory": one._replace(low=max(one.low - half, 0.0), high=one.high + half),
        "per_kelvin": estimate(between(near, fine.effects[:, :, 0], found), formal["effect"]),
    }
    left = float(fine.losses[:, -1].min())
    return _thermal("kernel", shape, estimates, (unit, fine), left)


def _arrhenius(records: Sequence["Samples"]) -> Thermal:
    courses = [course for one in records if (course := _steady(one)) is not None]
    if not courses:
        return _without("arrhenius", "", Statement("thermal.no_velocity"))
    ratio = max(np.exp(_range(course.drivers[:, 0])) for course in courses)
    if ratio < LEAST_RATIO:
        problem = Statement("thermal.one_velocity", ratio=ratio, least=LEAST_RATIO)
        return _without("arrhenius", "", problem)
    kelvin = max(_range(1 / course.drivers[:, 1]) for course in courses)
    if kelvin < LEAST_KELVIN:
        problem = Statement("thermal.constant", kelvin=kelvin, least=LEAST_KELVIN)
        return _without("arrhenius", "", problem)
    unit, units = units_of([course.time for course in courses], [()] * len(courses))
    search = _searched(courses, units, lambda course: course.drivers[None])
    left = float(search.losses[0, -1])
    formal = np.sqrt(left / (search.points - 3) * np.diag(search.inverse[0]))
    estimates = {
        name: estimate(search.effects[0, :, place], float(formal[place]))
        for place, name in enumerate(("a_minus_b", "activation"))
    }
    return _thermal("arrhenius", "", estimates, (unit, search), left)


def _thermal(
    form: Literal["kernel", "arrhenius"],
    shape: str,
    estimates: Mapping[str, Estimate],
    fitted: tuple[Unit, _Search],
    left: float,
) -> Thermal:
    unit, search = fitted
    return Thermal(
        form=form,
        shape=shape,
        estimates=estimates,
        unit=unit,
        units=search.losses.shape[1] - 1,
        rmse=float(np.sqrt(left / search.points)),
        r2=1 - left / search.total,
    )


def _searched(
    courses: Sequence[_Course],
    units: Sequence[NDArray[np.int64]],
    columns: Callable[[_Course], Floats],
) -> _Search:
    """Regressions on columns, of which there may be several sets, and a level of each record.

    Args:
        courses: Records.
        units: Of the points of each record.
        columns: From a record to ``(K, N, P)``.
    """
    count = max(int(each.max()) for each in units) + 1
    reduced: list[Floats] = []
    for course, each in zip(courses, units, strict=True):
        goal, drivers = course.friction - course.friction[0], columns(course)
        shape = (*drivers.shape[:2], 1)
        rows = np.concatenate(
            [np.ones(shape), drivers, np.broadcast_to(goal[:, None], shape)], axis=2
        )
        rows[:, :, 1:-1] -= rows[:, :, 1:-1].mean(axis=1, keepdims=True)
        sums = np.zeros((count, drivers.shape[0], rows.shape[2], rows.shape[2]))
        for unit in np.unique(each):
            piece = rows[:, each == unit]
            sums[unit] = piece.transpose(0, 2, 1) @ piece
        left = without_each(sums)
        size = np.where(left[..., :1, :1] > 0, left[..., :1, :1], np.inf)
        reduced.append(left[..., 1:, 1:] - left[..., 1:, :1] * left[..., :1, 1:] / size)
    together = np.sum(reduced, axis=0)
    inverse = np.linalg.pinv(together[..., :-1, :-1], rcond=1e-12, hermitian=True)
    push = together[..., :-1, -1]
    effects = np.einsum("jkpq,jkq->jkp", inverse, push)
    losses = together[..., -1, -1] - np.einsum("jkp,jkp->jk", effects, push)
    return _Search(
        losses=losses.T,
        effects=effects.transpose(1, 0, 2),
        inverse=inverse[-1],
        total=float(together[-1, 0, -1, -1]),
        points=sum(course.time.size for course in courses),
    )


def _formal(places: Floats, search: _Search, lowest: int) -> dict[str, float]:
    """Standard deviations for white residuals: of ln memory, from the curvature, and the effect."""
    loss = search.losses[:, -1]
    k, step = int(np.clip(lowest, 1, places.size - 2)), places[1] - places[0]
    variance = float(loss[k]) / max(search.points - 3, 1)
    bend = float(loss[k - 1] - 2 * loss[k] + loss[k + 1]) / step**2
    memory = 2 * variance / bend if bend > 0 else np.inf
    slope = float(search.effects[k + 1, -1, 0] - search.effects[k - 1, -1, 0]) / (2 * step)
    moved = slope**2 * memory if np.isfinite(memory) else 0.0
    effect = variance * float(search.inverse[k, 0, 0]) + moved
    return {"memory": float(np.sqrt(memory)), "effect": float(np.sqrt(effect))}


def _past(course: _Course, shape: Shape, memory: float) -> Floats:
    step = float(course.time[1] - course.time[0])
    return past_temperature(course.drivers[:, 0], step, shape, memory)[:, None]


def past_temperature(temperature: Floats, step: float, shape: Shape, memory: float) -> Floats:
    """Mean of the temperature of the past; before the record it was as at its start.

    A mean over a point counts for the time since the point before, and for friction over it.

    Args:
        temperature: Evenly spaced, shape ``(N,)``.
        step: Time between points, s.
        shape: ``boxcar``, in which all instants count alike, or ``exponential``.
        memory: Length, or e-folding time, s.

    Returns:
        Shape ``(N,)``.
    """
    if shape == "exponential":
        values = np.append(temperature, temperature[-1:])[:, None]
        steps, begins = np.full(len(values), step), np.arange(len(values)) == 0
        return faded(values, steps, begins, memory)[1:, 0]  # each holds for the step before it
    total = np.append(0.0, np.cumsum(temperature - temperature[0])) * step
    ends = step * np.arange(temperature.size + 1)
    back = np.interp(ends[1:] - memory, ends, total, left=0.0)
    mean: Floats = temperature[0] + (total[1:] - back) / memory
    return mean


def _over_time(record: "Samples") -> _Course | None:
    """Means of friction and temperature over evenly spaced points; None where too few are left."""
    usable = np.isfinite(_temperature(record)) & np.isfinite(record.channels[FRICTION.name])
    time = record.time[usable]
    if time.size < FEWEST:
        return None
    step = max(float(np.median(np.diff(time))), float(np.ptp(time)) / MOST)
    edges = time[0] - step / 2 + step * np.arange(int(np.ptp(time) / step) + 2)
    friction, temperature = (
        means(time, values[usable], edges)
        for values in (record.channels[FRICTION.name], _temperature(record))
    )
    return _Course(record.name, 0.5 * (edges[1:] + edges[:-1]), friction, temperature[:, None])


def _steady(record: "Samples") -> _Course | None:
    """Friction, ln V and 1/T of steady sliding; None where there is too little of it."""
    motion = motion_of(record)
    if motion is None or motion.targets.sum() < FEWEST:
        return None
    keep = motion.targets & _is_steady(motion)
    if keep.sum() < FEWEST:
        return None
    measured = _temperature(record)
    usable = np.isfinite(measured)
    kelvin = np.interp(motion.time, record.time[usable], measured[usable]) + ZERO_CELSIUS
    drivers = np.column_stack([motion.log_velocity, 1 / kelvin])
    return _Course(record.name, motion.time[keep], motion.friction[keep], drivers[keep])


def _is_steady(motion: Motion) -> NDArray[np.bool_]:
    past = motion.pasts(motion.log_velocity, np.array([STEADY_SLIP]))[:, 0]
    apart: NDArray[np.bool_] = np.abs(motion.log_velocity - past) < NEAR
    return apart


def _temperature(record: "Samples") -> Floats:
    return record.channels.get(TEMPERATURE.name, np.full(len(record), np.nan))


def _range(values: Floats) -> float:
    """From the 1st to the 99th percentile of what is known."""
    low, high = np.nanquantile(values, [0.01, 0.99])
    return float(high - low)


def _none(problem: Statement) -> tuple[Thermal, ...]:
    kernels = tuple(_without("kernel", shape, problem) for shape in SHAPES)
    return (*kernels, _without("arrhenius", "", problem))


def _without(form: Literal["kernel", "arrhenius"], shape: str, problem: Statement) -> Thermal:
    return Thermal(form, shape, {}, "record", 0, np.nan, np.nan, problem)
