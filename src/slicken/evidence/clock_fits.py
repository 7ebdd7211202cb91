"""Clock fits: friction from the present and one past, weighted by time or by slip.

Over slip, the exponential past of ln V is the slip law of rate-and-state friction, whose
``Theta = ln(V0 theta/D)`` relaxes to ``-ln(V/V0)`` with the e-folding slip D (Ruina 1983,
10.1029/JB088iB12p10359); the ageing law has a state of its own. For a given D friction is linear in
both, so that a and b are weights of a regression, and one search over D is all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slicken.channels import SLIP_VELOCITY
from slicken.evidence.kernels import (
    FINER,
    exceeded,
    jackknife,
    lowest_places,
    touches_longest,
)
from slicken.evidence.resampling import Interval
from slicken.evidence.tabular import within

if TYPE_CHECKING:
    from slicken.evidence.fading import Passing
    from slicken.evidence.lag_model import LagModel
    from slicken.learning.record import Record
    from slicken.study.prepared import Prepared

COARSE = 4
"""Steps of the search that a first, coarse one takes at once."""
ClockName = Literal["time", "slip"]
ClockShape = Literal["boxcar", "exponential", "ageing"]
UNITS: dict[ClockName, str] = {"time": "s", "slip": "m"}
NO_INTERVAL = Interval(float("nan"), float("nan"), float("nan"))
_SHOWN = ((1e-3, 1e6, "µm"), (1.0, 1e3, "mm"), (np.inf, 1.0, "m"))


@dataclass(frozen=True, eq=False, repr=False)
class ClockFit:
    """One weighting of the past by one clock, tried with every length.

    Args:
        clock: ``time`` or ``slip``.
        shape: ``boxcar`` or ``exponential``, of all selected drivers alike; ``ageing``: the
            logarithm of the age of contacts by the ageing law, which knows slip velocity alone.
        lengths: That were tried, ascending, s or m, shape ``(K,)``.
        loss: Mean square error of standardised friction with each, ``(K,)``.
        length: The best: duration or slip of a boxcar, e-folding of an exponential, Dc.
        low: Lower end of its 99 % interval by the jackknife; NaN with too few groups.
        high: Upper end.
        excess: Loss less that of the free lag model, both judged on groups that taught neither, in
            shares of the variance of friction, with its 95 % interval over groups.
        gain: Loss of the present alone less that with the past, likewise.
        direct: The direct effect a of rate-and-state, ``d mu/d ln V`` at once, with its 99 %
            interval by the jackknife; NaN where the fit is no law of rate-and-state.
        evolution: The evolution effect b, likewise.
    """

    clock: ClockName
    shape: ClockShape
    lengths: NDArray[np.float64]
    loss: NDArray[np.float64]
    length: float
    low: float
    high: float
    excess: Interval
    gain: Interval
    direct: Interval = NO_INTERVAL
    evolution: Interval = NO_INTERVAL

    def __repr__(self) -> str:
        (length, low, high), unit = shown_lengths((self.length, self.low, self.high), self.clock)
        return (
            f"ClockFit: {self.shape} over {self.clock}, {within((length, low, high), 'g')} {unit}"
        )

    @property
    def is_shown(self) -> bool:
        """Whether there is a memory at all: the past adds to the present, and it has a length."""
        return self.gain.low > 0 and self.low > self.lengths[0]

    @property
    def is_limited(self) -> bool:
        """Whether the length, or its interval, touches the longest tried, and so is no interval."""
        return touches_longest(self.lengths, self.length, self.high)

    @property
    def more_than(self) -> float:
        """What the length exceeds where it :attr:`is_limited`: always less than the longest."""
        return exceeded(self.lengths, self.length, self.low)


def shown_lengths(lengths: tuple[float, ...], clock: ClockName) -> tuple[tuple[float, ...], str]:
    """Lengths to three digits, in the unit that one would say them in, and that unit.

    Example:
        >>> shown_lengths((81.23e-6, 121.9e-6), "slip")
        ((81.2, 122.0), 'µm')
        >>> shown_lengths((98.76, 1234.5), "time")
        ((98.8, 1230.0), 's')
    """
    factor, unit = 1.0, UNITS[clock]
    if clock == "slip":
        longest = np.nanmax(lengths)
        factor, unit = next((each[1], each[2]) for each in _SHOWN if longest < each[0])
    return tuple(float(f"{length * factor:.3g}") for length in lengths), unit


@dataclass(frozen=True, eq=False)
class WeightedDrivers:
    """Selected drivers of a study, and how they are judged.

    Args:
        lag_model: All targets that may judge.
        values: Standardised drivers, shape ``(T, P)``.
        velocity: Place of slip velocity among them; None where it is not selected.
        log_velocity: ln V, never slower than the slowest that counts, ``(T,)``; None likewise.
        per_log: What a standardised velocity is divided by to be in ln V; NaN where it is linear.
        spread: What friction was divided by.
        alone: Squared errors of the present alone, judged blind, ``(N,)``.
        free: Squared errors of the free lag model, likewise.
    """

    lag_model: "LagModel"
    values: NDArray[np.float64]
    velocity: int | None
    log_velocity: NDArray[np.float64] | None
    per_log: float
    spread: float
    alone: NDArray[np.float64]
    free: NDArray[np.float64]

    @classmethod
    def of(
        cls, lag_model: "LagModel", prepared: "Prepared", names: Sequence[str]
    ) -> "WeightedDrivers":
        """Drivers by name, of a study whose lag model this is."""
        places = [lag_model.channels.index(name) for name in names]
        values = lag_model.values[:, places]
        velocity = list(names).index(SLIP_VELOCITY.name) if SLIP_VELOCITY.name in names else None
        per_log, log_velocity = float("nan"), None
        if velocity is not None:
            place = prepared.record.channels.index(SLIP_VELOCITY.name)
            log_velocity = _log_velocity(prepared.record, place)
            if prepared.scaling.slowest[place] > 0:
                per_log = float(prepared.scaling.spread[place])
        return cls(
            lag_model=lag_model,
            values=values,
            velocity=velocity,
            log_velocity=log_velocity,
            per_log=per_log,
            spread=prepared.scaling.friction_spread,
            alone=lag_model.judge(values[lag_model.ends]),
            free=lag_model.errors(lag_model.columns(names)),
        )

    def share(self, worse: NDArray[np.float64], better: NDArray[np.float64]) -> Interval:
        """By how much squared errors differ, in shares of the variance of friction."""
        variance = float(self.lag_model.friction.var()) or 1.0
        return Interval(*(float(x) / variance for x in self.lag_model.difference(worse, better)))


class _Weighting(NamedTuple):
    """Features of a weighting of the past with a length, and which of them are a law's.

    Args:
        features: From a length to shape ``(N, F)``.
        direct: Column of ln V.
        evolution: Column of the state, or of what it is the negative of.
        factor: Effects of friction are weights of the columns times this; NaN for no law.
        sign: Of the column of the state.
    """

    features: Callable[[float], NDArray[np.float64]]
    direct: int = 0
    evolution: int = 0
    factor: float = float("nan")
    sign: float = 1.0


class Tried(NamedTuple):
    """A weighting with its best length, its errors, ``(N,)``, and what least squares leaves."""

    fit: ClockFit
    errors: NDArray[np.float64]
    left: float


def blind_loss(one: Tried) -> float:
    """Mean square error, judged by groups that taught nothing."""
    return float(one.errors.mean())


def _left(one: Tried) -> float:
    return one.left


def fits_by(
    clock: ClockName, passing: "Passing", drivers: WeightedDrivers, dt: float
) -> dict[ClockShape, Tried]:
    """Every weighting by one clock, tried with every length that the targets can know."""
    samples = drivers.lag_model.edges[-1]
    moved = passing.steps[drivers.lag_model.ends]
    shortest = float(np.quantile(moved[moved > 0], 0.05)) if (moved > 0).any() else 0.0
    longest = float(np.quantile(passing.within(drivers.lag_model.ends, samples), 0.95))
    if not shortest > 0:
        return {}
    shapes: list[ClockShape] = ["boxcar", "exponential"]
    if clock == "slip" and drivers.log_velocity is not None:
        shapes.append("ageing")
    found = {}
    for shape in shapes:
        # A history holds two e-foldings of the longest exponential, as where time is the clock.
        end = longest if shape == "boxcar" else longest / 2
        ends = shortest, max(end, FINER**COARSE * shortest)
        found[shape] = _try(clock, shape, ends, _weighting(shape, passing, drivers, dt), drivers)
    return found


def _weighting(
    shape: ClockShape, passing: "Passing", drivers: WeightedDrivers, dt: float
) -> _Weighting:
    ends, values = drivers.lag_model.ends, drivers.values
    present = values[ends]
    if shape == "ageing" and drivers.log_velocity is not None and drivers.velocity is not None:
        known = drivers.log_velocity[ends]
        spread = float(known.std()) or 1.0
        present = present.copy()
        present[:, drivers.velocity] = (known - known.mean()) / spread

        def aged(length: float) -> NDArray[np.float64]:
            age = passing.log_age(length, dt)[ends]
            return np.column_stack([present, (age - age.mean()) / spread])

        factor = drivers.spread / spread
        return _Weighting(aged, drivers.velocity, present.shape[1], factor)
    weigh = passing.boxcar if shape == "boxcar" else passing.exponential

    def faded(length: float) -> NDArray[np.float64]:
        return np.concatenate([present, weigh(values, length)[ends]], axis=1)

    if shape == "boxcar" or drivers.velocity is None:
        return _Weighting(faded)
    # Theta = ln(V0 theta/D) of the slip law is the negative of the exponential past of ln V/V0.
    evolution = drivers.velocity + present.shape[1]
    factor = drivers.spread / drivers.per_log
    return _Weighting(faded, drivers.velocity, evolution, factor, sign=-1.0)


def _try(
    clock: ClockName,
    shape: ClockShape,
    ends: tuple[float, float],
    weighting: _Weighting,
    drivers: WeightedDrivers,
) -> Tried:
    lag_model = drivers.lag_model
    searched = _search(ends, lambda length: lag_model.without_each(weighting.features(length)))
    lowest = lowest_places(searched.places, searched.sums)
    length, low, high = (float(np.exp(place)) for place in jackknife(lowest))
    errors = lag_model.judge(weighting.features(length))
    direct, evolution = NO_INTERVAL, NO_INTERVAL
    if clock == "slip" and np.isfinite(weighting.factor):
        direct = searched.effect(weighting.direct, weighting.factor)
        evolution = searched.effect(weighting.evolution, weighting.sign * weighting.factor)
    fit = ClockFit(
        clock=clock,
        shape=shape,
        lengths=searched.lengths,
        loss=searched.loss / lag_model.friction.size,
        length=length,
        low=low,
        high=high,
        excess=drivers.share(errors, drivers.free),
        gain=drivers.share(drivers.alone, errors),
        direct=direct,
        evolution=evolution,
    )
    return Tried(fit, errors, float(searched.sums[:, -1].min()))


class _Searched(NamedTuple):
    """Least squares with every length that was tried.

    Args:
        lengths: All, ascending, shape ``(K,)``.
        loss: Sums of squares with each, all groups, ``(K,)``.
        places: Logarithms of those about the lowest, evenly spaced, ``(F,)``.
        sums: Sums of squares with those, without each group in turn, and with all, ``(F, G + 1)``.
        weights: Weights with those, likewise, ``(F, G + 1, P)``.
    """

    lengths: NDArray[np.float64]
    loss: NDArray[np.float64]
    places: NDArray[np.float64]
    sums: NDArray[np.float64]
    weights: NDArray[np.float64]

    def effect(self, column: int, factor: float) -> Interval:
        """A weight times a factor, each at the lowest place, with its 99 % interval."""
        lowest = lowest_places(self.places, self.sums)
        at = [
            np.interp(place, self.places, curve)
            for place, curve in zip(lowest, self.weights[:, :, column].T, strict=True)
        ]
        return Interval(*jackknife(factor * np.array(at)))


def _search(
    ends: tuple[float, float],
    solve: Callable[[float], tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> _Searched:
    """Coarse steps from end to end, then fine ones wherever a group's lowest place may be."""
    first, last = np.log(ends)
    count = round((last - first) / (COARSE * np.log(FINER)))
    coarse = np.linspace(first, last, max(count, 1) + 1)
    rough = np.stack([solve(float(np.exp(place)))[1] for place in coarse])
    lowest = np.argmin(rough, axis=0)
    low, high = max(int(lowest.min()) - 1, 0), min(int(lowest.max()) + 1, coarse.size - 1)
    fine = np.linspace(coarse[low], coarse[high], COARSE * (high - low) + 1)
    each = [solve(float(np.exp(place))) for place in fine]
    weights, sums = (np.stack(arrays) for arrays in zip(*each, strict=True))
    places = np.concatenate([coarse[:low], fine, coarse[high + 1 :]])
    loss = np.concatenate([rough[:low, -1], sums[:, -1], rough[high + 1 :, -1]])
    return _Searched(np.exp(places), loss, fine, sums, weights)


def fits_over_slip(
    passings: Sequence["Passing"], drivers: WeightedDrivers, dt: float
) -> list[Tried]:
    """Every weighting over slip, each by the reckoning of slip that leaves less unexplained."""
    each = [fits_by("slip", passing, drivers, dt) for passing in passings]
    shapes = each[0] if each else {}
    return [min((one[shape] for one in each if shape in one), key=_left) for shape in shapes]


def _log_velocity(record: "Record", place: int) -> NDArray[np.float64]:
    """Logarithm of velocity; a fault at rest has the slowest velocity that counts."""
    velocity = np.where(record.gap, 0.0, np.abs(record.drivers[:, place]))
    moving = velocity[velocity > 0]
    slowest = float(np.percentile(moving, 1)) if moving.size else 1.0
    return np.log(np.maximum(velocity, slowest))
