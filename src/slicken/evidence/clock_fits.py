"""Clock fits: friction from the present and one past, weighted by time or by slip.

Over slip, the exponential past of ln V is the slip law of rate-and-state friction, whose
``Theta = ln(V0 theta/D)`` relaxes to ``-ln(V/V0)`` with the e-folding slip D (Ruina 1983,
10.1029/JB088iB12p10359); the ageing law has a state of its own. For a given D friction is linear in
both, so that a and b are weights of a regression, and one search over D is all. Where the lag model
is not linear, curved answers are tried beside these, as for memory kernels.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slicken.channels import SLIP_VELOCITY
from slicken.evidence.kernels import (
    FINER,
    answers,
    bent,
    exceeded,
    jackknife,
    lowest_places,
    touches_longest,
)
from slicken.evidence.resampling import Interval
from slicken.evidence.tabular import within

if TYPE_CHECKING:
    from slicken.evidence.fading import Passing
    from slicken.evidence.lag_model import LagModel, Model
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
        logarithmic: Whether slip velocity is among the drivers, and as its logarithm.
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
        is_curved: Whether friction is a sum of curves of present and past, and of products.
    """

    clock: ClockName
    shape: ClockShape
    logarithmic: bool
    lengths: NDArray[np.float64]
    loss: NDArray[np.float64]
    length: float
    low: float
    high: float
    excess: Interval
    gain: Interval
    direct: Interval = NO_INTERVAL
    evolution: Interval = NO_INTERVAL
    is_curved: bool = False

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


class Scaled(NamedTuple):
    """Drivers on one scale of slip velocity, and what their present alone leaves.

    Args:
        values: Standardised drivers, shape ``(T, P)``.
        alone: Squared errors of their present alone, judged blind, ``(N,)``.
        spread: Standard deviation of ln V; None where velocity is linear, or not among them.
        is_curved: Whether answers to them are curved.
    """

    values: NDArray[np.float64]
    alone: NDArray[np.float64]
    spread: float | None
    is_curved: bool = False


@dataclass(frozen=True, eq=False)
class WeightedDrivers:
    """Selected drivers of a study, and how they are judged.

    Slip velocity is tried as it is and as its logarithm, by either clock and for the present alone:
    what one scale gains over the other is no memory, and speaks for no clock.

    Args:
        lag_model: All targets that may judge.
        velocity: Place of slip velocity among the drivers; None where it is not selected.
        scales: The drivers, with velocity as it is, and as its logarithm where it is selected; and
            with curved answers where the lag model is not linear.
        friction_spread: What friction was divided by.
        free: Squared errors of the free lag model, judged blind, ``(N,)``.
    """

    lag_model: "LagModel"
    velocity: int | None
    scales: tuple[Scaled, ...]
    friction_spread: float
    free: NDArray[np.float64]

    @classmethod
    def of(
        cls, lag_model: "LagModel", prepared: "Prepared", names: Sequence[str], model: "Model"
    ) -> "WeightedDrivers":
        """Drivers by name, of a study whose lag model this is, of this family."""
        values = lag_model.values[:, [lag_model.channels.index(name) for name in names]]
        ends, friction_spread = lag_model.ends, prepared.scaling.friction_spread
        free = lag_model.errors(lag_model.columns(names), model)
        scales = []
        if model != "linear":
            alone = lag_model.judge(answers(bent(values[ends])))
            scales.append(Scaled(values, alone, None, is_curved=True))
        if SLIP_VELOCITY.name not in names:
            scales.append(Scaled(values, lag_model.judge(values[ends]), None))
            return cls(lag_model, None, tuple(scales), friction_spread, free)
        velocity = list(names).index(SLIP_VELOCITY.name)
        place = prepared.record.channels.index(SLIP_VELOCITY.name)
        linear = np.where(prepared.record.gap, 0.0, prepared.record.drivers[:, place])
        logarithm = _logarithm(linear)
        for one in (linear, logarithm):
            spread = float(one[ends].std()) or 1.0
            scaled = values.copy()
            scaled[:, velocity] = (one - one[ends].mean()) / spread
            alone = lag_model.judge(scaled[ends])
            scales.append(Scaled(scaled, alone, spread if one is logarithm else None))
        return cls(lag_model, velocity, tuple(scales), friction_spread, free)

    def share(self, worse: NDArray[np.float64], better: NDArray[np.float64]) -> Interval:
        """By how much squared errors differ, in shares of the variance of friction."""
        variance = float(self.lag_model.friction.var()) or 1.0
        return Interval(*(float(x) / variance for x in self.lag_model.difference(worse, better)))


class _Law(NamedTuple):
    """Which features are those of a law of rate-and-state.

    Args:
        direct: Column of ln V.
        evolution: Column of the state, or of what it is the negative of.
        factor: Effects on friction are weights of the columns times this.
        sign: Of the column of the state.
    """

    direct: int
    evolution: int
    factor: float
    sign: float


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
) -> list[Tried]:
    """Every weighting by one clock, tried with every length that the targets can know."""
    lag_model = drivers.lag_model
    moved = passing.steps[lag_model.ends]
    shortest = float(np.quantile(moved[moved > 0], 0.05)) if (moved > 0).any() else 0.0
    longest = float(np.quantile(passing.within(lag_model.ends, lag_model.edges[-1]), 0.95))
    if not shortest > 0:
        return []
    found = []
    for scaled in drivers.scales:
        for shape in _shapes(clock, scaled):
            # A history holds two e-foldings of the longest exponential, as for memory kernels.
            end = longest if shape == "boxcar" else longest / 2
            ends = shortest, max(end, FINER**COARSE * shortest)
            features = _features(shape, passing, lag_model.ends, scaled, dt)
            law = _law(clock, shape, scaled, drivers)
            found.append(_try((clock, shape), ends, features, scaled, drivers, law))
    return found


def _shapes(clock: ClockName, scaled: Scaled) -> tuple[ClockShape, ...]:
    known_law = clock == "slip" and scaled.spread is not None
    return ("boxcar", "exponential", "ageing") if known_law else ("boxcar", "exponential")


def _features(
    shape: ClockShape, passing: "Passing", ends: NDArray[np.int64], scaled: Scaled, dt: float
) -> Callable[[float], NDArray[np.float64]]:
    """From a length to the present and the weighted past of all targets, shape ``(N, F)``."""
    present, spread = scaled.values[ends], scaled.spread or 1.0
    curves = bent(present) if scaled.is_curved else present[:, :, None]

    def of(length: float) -> NDArray[np.float64]:
        if shape == "ageing":
            age = passing.log_age(length, dt)[ends]
            return np.column_stack([present, (age - age.mean()) / spread])
        weigh = passing.boxcar if shape == "boxcar" else passing.exponential
        past = weigh(scaled.values, length)[ends]
        past_curves = bent(past) if scaled.is_curved else past[:, :, None]
        return answers(np.concatenate([curves, past_curves], axis=1))

    return of


def _law(
    clock: ClockName, shape: ClockShape, scaled: Scaled, drivers: WeightedDrivers
) -> _Law | None:
    """The slip law, whose state is the negative of the past of ln V, the ageing law, or none."""
    if clock == "time" or shape == "boxcar" or scaled.spread is None or drivers.velocity is None:
        return None
    count, factor = scaled.values.shape[1], drivers.friction_spread / scaled.spread
    if shape == "ageing":
        return _Law(drivers.velocity, count, factor, 1.0)
    return _Law(drivers.velocity, count + drivers.velocity, factor, -1.0)


def _try(
    which: tuple[ClockName, ClockShape],
    ends: tuple[float, float],
    features: Callable[[float], NDArray[np.float64]],
    scaled: Scaled,
    drivers: WeightedDrivers,
    law: _Law | None,
) -> Tried:
    lag_model = drivers.lag_model
    searched = _search(ends, lambda length: lag_model.without_each(features(length)))
    lowest = lowest_places(searched.places, searched.sums)
    length, low, high = (float(np.exp(place)) for place in jackknife(lowest))
    errors = lag_model.judge(features(length))
    direct, evolution = NO_INTERVAL, NO_INTERVAL
    if law is not None:
        direct = searched.effect(law.direct, law.factor)
        evolution = searched.effect(law.evolution, law.sign * law.factor)
    fit = ClockFit(
        clock=which[0],
        shape=which[1],
        logarithmic=scaled.spread is not None,
        lengths=searched.lengths,
        loss=searched.loss / lag_model.friction.size,
        length=length,
        low=low,
        high=high,
        excess=drivers.share(errors, drivers.free),
        gain=drivers.share(scaled.alone, errors),
        direct=direct,
        evolution=evolution,
        is_curved=scaled.is_curved,
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
    return [min(alike, key=_left) for alike in zip(*filter(None, each), strict=True)]


def _logarithm(velocity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of the speed; a fault at rest has the slowest that counts, shape ``(T,)``."""
    speed = np.abs(velocity)
    moving = speed[speed > 0]
    slowest = float(np.percentile(moving, 1)) if moving.size else 1.0
    return np.log(np.maximum(speed, slowest))
