"""Shared parameters: what the events of a record, or of all records, have in common."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slicken.laws.pooling import Line, fit_line
from slicken.laws.results import POSITIVE, Estimate, EventFit, Fit, Shared, Trend

if TYPE_CHECKING:
    from slicken.physics.spring_slider import Evolution

Floats = NDArray[np.float64]
POOLED = ("a", "b", "a_minus_b", "dc", "b2", "dc2", "stiffness")
OF_STATES = ("b", "dc", "b2", "dc2")
"""What means the same only among fits with as many states."""
LOGARITHMS = tuple(name for name in POSITIVE if name != "a")
SEVERAL = 3
"""Records from which they, and not events, are what scatters; and units that a trend needs."""
Driver = Literal["velocity", "slip", "normal_stress"]
LEAST: dict[Driver, float] = {"velocity": np.log(2.0), "slip": 0.0, "normal_stress": 0.05}
"""Range from which a trend is fitted: of ln V, of slip, and of normal stress over its mean."""


class _Unit(NamedTuple):
    """An estimate to be pooled, of an event or of a record.

    Args:
        value: Estimate, or its logarithm.
        variance: Of its error.
        formal: Standard deviation if residuals were white.
        drivers: ln V, slip (m) and normal stress (Pa).
        events: Number of events.
        own: Estimate of the event, where the unit is one.
    """

    value: float
    variance: float
    formal: float
    drivers: tuple[float, float, float]
    events: int
    own: Estimate | None = None


def shared_parameters(fits: Sequence[EventFit]) -> tuple[Shared, ...]:
    """Pool the estimates of events; Dc and stiffness as logarithms.

    In each record events scatter by their own errors and from one to the next. With three records
    or more, all of them are pooled with a record as the unit, since a new record is what one would
    measure next; with two, with the events of both, for which two records say too little of how
    records differ. The b and Dc of fits with one state and with two are not the same thing: those
    of the number of states that most events chose are pooled.

    Args:
        fits: Events with their fits, of any records.

    Returns:
        For each law, those of each record, and last of all records where there are several, with a
        blank name; nothing for a parameter that was given.
    """
    laws = dict.fromkeys(fit.law for each in fits for fit in each.fits)
    records = tuple(dict.fromkeys(each.record for each in fits))
    found = []
    for law in laws:
        chosen = [(each, best) for each in fits if (best := each.best(law)) is not None]
        states = Counter(fit.states for _, fit in chosen)
        usual = max(states, key=lambda count: (states[count], -count))
        for name in POOLED:
            every = {
                record: _units_of(
                    [(each, fit) for each, fit in chosen if each.record == record], name, usual
                )
                for record in records
            }
            parts = {record: units for record, units in every.items() if units}
            pooling = _Pooling(law, name)
            found += [pooling.shared(record, units) for record, units in parts.items()]
            if len(parts) > 1:
                found.append(pooling.shared("", _over_records(list(parts.values()))))
    return tuple(found)


@dataclass(frozen=True)
class _Pooling:
    law: "Evolution"
    parameter: str

    def shared(self, record: str, units: Sequence[_Unit]) -> Shared:
        """What units share; of a single one, its own estimate."""
        events = sum(unit.events for unit in units)
        if len(units) == 1 and (own := units[0].own) is not None:
            return Shared(record, self.law, self.parameter, events, own, np.nan, np.nan)
        line = _line(units)
        formal = float(1 / np.sqrt(sum(unit.formal**-2.0 for unit in units)))
        return Shared(
            record=record,
            law=self.law,
            parameter=self.parameter,
            events=events,
            estimate=self._estimate(float(line.values[0]), *line.interval(0), formal),
            scatter=line.scatter,
            p_same=line.p_same,
            trends=_trends(units),
        )

    def _estimate(self, value: float, low: float, high: float, formal: float) -> Estimate:
        if self.parameter not in LOGARITHMS:
            return Estimate(value, low, high, formal)
        with np.errstate(over="ignore"):
            value, low, high = (float(np.exp(one)) for one in (value, low, high))
        return Estimate(value, low, high, formal * value)


def _units_of(chosen: Sequence[tuple[EventFit, Fit]], name: str, states: int) -> list[_Unit]:
    """One unit for each event whose fit estimates a parameter, with a finite variance."""
    units = []
    for each, fit in chosen:
        if name in OF_STATES and fit.states != states:
            continue
        variance = variance_of(fit, name)
        if not (variance > 0 and np.isfinite(variance)):
            continue
        one = fit.estimates[name]
        logarithm = name in LOGARITHMS
        event = each.event
        units.append(
            _Unit(
                value=float(np.log(one.value)) if logarithm else one.value,
                variance=variance,
                formal=one.formal / one.value if logarithm else one.formal,
                drivers=(float(np.log(event.after)), event.slip, event.normal_stress),
                events=1,
                own=one,
            )
        )
    return units


def variance_of(fit: Fit, name: str) -> float:
    """Variance of an estimate, of its logarithm for Dc and stiffness; NaN where it was given."""
    if name in fit.names:
        place = fit.names.index(name)
        return float(fit.covariance[place, place])
    if name != "a_minus_b" or "a" not in fit.names:
        return float("nan")
    signs = {"a": 1.0, "b": -1.0, "b2": -1.0}
    way = np.array([signs.get(each, 0.0) for each in fit.names])
    return float(way @ fit.covariance @ way)


def _over_records(parts: Sequence[Sequence[_Unit]]) -> list[_Unit]:
    """Records as units, or the events of two records."""
    if len(parts) < SEVERAL:
        return [unit for units in parts for unit in units]
    return [_as_one(units) for units in parts]


def _as_one(units: Sequence[_Unit]) -> _Unit:
    if len(units) == 1:
        return units[0]
    line = _line(units)
    drivers = np.mean([unit.drivers for unit in units], axis=0)
    return _Unit(
        value=float(line.values[0]),
        variance=float(max(line.errors[0], line.least[0]) ** 2),
        formal=float(1 / np.sqrt(sum(unit.formal**-2.0 for unit in units))),
        drivers=(float(drivers[0]), float(drivers[1]), float(drivers[2])),
        events=sum(unit.events for unit in units),
    )


def _line(units: Sequence[_Unit], driver: Floats | None = None) -> Line:
    values, variances = np.array([unit[:2] for unit in units]).T
    columns = np.ones((len(units), 1))
    if driver is not None:
        columns = np.column_stack([columns, driver])
    return fit_line(values, variances, columns)


def _trends(units: Sequence[_Unit]) -> tuple[Trend, ...]:
    """Lines over each driver that varies, tested with Student's t."""
    found = []
    for place, (per, least) in enumerate(LEAST.items()):
        driver = np.array([unit.drivers[place] for unit in units])
        usual = float(np.abs(driver).mean()) if per == "normal_stress" else 1.0
        if len(units) < SEVERAL or not np.ptp(driver) > least * usual:
            continue
        spread = float(driver.std())
        line = _line(units, (driver - driver.mean()) / spread)
        low, high = (end / spread for end in line.interval(1))
        slope = Estimate(float(line.values[1]) / spread, low, high, float(line.formal[1]) / spread)
        found.append(Trend(per, slope, line.p(1)))
    return tuple(found)
