"""Usable: whether a friction law can be fitted to an event, or why not, with the number."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.channels import FRICTION
from slicken.laws.load import load_of
from slicken.laws.response import STICK_SLIPS, TRENDLESS, Response, response_of, stick_slips
from slicken.laws.stress_steps import CHANGE
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.experiment.samples import Samples
    from slicken.laws.results import Event

Floats = NDArray[np.float64]

FEWEST = 20
"""Samples that are needed before a change, and after it."""
SLIPS = 3.0
"""Slip before and after a step, in Dc, below which there is no steady state."""
REMAINING = 0.10
"""Share of the response to a step that may still be to come when the next begins."""
SCALES = 5.0
"""Least slip after a step, in e-folds of the response, where that is all the slip there is."""
LONGEST = 0.1
"""Dc above which the unit of displacement is taken for wrong, m."""
_GAP = 0.1
_TURNED, _SMALL = 1e-6, 2e-6
_UM = 1e6


@dataclass(frozen=True, eq=False)
class _Record:
    """Friction and displacement of the samples of an event that have both."""

    event: "Event"
    time: Floats
    friction: Floats
    position: Floats

    @property
    def end(self) -> float:
        """When the last change of the event is over, s."""
        event = self.event
        return event.start if np.isnan(event.resumed) else event.resumed

    @property
    def before(self) -> NDArray[np.bool_]:
        return self.time < self.event.start

    @property
    def after(self) -> NDArray[np.bool_]:
        return self.time >= self.end


def judged(event: "Event", samples: "Samples", stiffness: float | None = None) -> "Event":
    """An event with its problem, or with none if a law can be fitted to it.

    What can be told before a fit is told here; :func:`judged_by_fit` tells the rest.

    Args:
        event: Event.
        samples: Its record.
        stiffness: Friction per metre of displacement, 1/m, where it is known.
    """
    load = load_of(samples)
    span = slice(*np.searchsorted(samples.time, [event.first, event.last]))
    friction, position = samples.channels[FRICTION.name][span], load.position[span]
    known = np.isfinite(friction) & np.isfinite(position)
    record = _Record(event, samples.time[span][known], friction[known], position[known])
    problem = next((each for check in _CHECKS for each in check(record)), None)
    if problem is None and event.kind != "stress_step":
        response = response_of(record.time, record.friction, event, stiffness)
        problem = next(_incomplete(record, response), None)
    return replace(event, problem=problem)


def judged_by_fit(
    event: "Event", a: float, b: float, dc: float, stiffness: float | None = None
) -> "Event":
    """An event with the problem that only a fit could show, if it has none yet.

    Args:
        event: Event.
        a: Direct effect.
        b: Evolution effect, of all states together.
        dc: Critical slip distance, m.
        stiffness: Friction per metre, 1/m; None where velocity was imposed on the fault.
    """
    if event.problem is not None:
        return event
    end = event.start if np.isnan(event.resumed) else event.resumed
    before, after = event.before * (event.start - event.first), event.after * (event.last - end)
    problem = None if stiffness is None else below_critical(a, b, dc, stiffness)
    if dc > LONGEST:
        problem = Statement("laws.problem_unit", dc=(dc, "m"), limit=(LONGEST, "m"))
    if problem is None and event.kind != "stress_step":
        # Until the spring is loaded to the new velocity, the fault lags behind.
        loaded = 0.0 if stiffness is None else a * _log_ratio(event) / stiffness
        if after - max(loaded, 0.0) < SLIPS * dc:
            problem = _slips("laws.problem_short", after - max(loaded, 0.0), dc)
        elif _is_preceded(event) and before - abs(loaded) < SLIPS * dc:
            problem = _slips("laws.problem_short_before", before - abs(loaded), dc)
    return replace(event, problem=problem)


def below_critical(a: float, b: float, dc: float, stiffness: float) -> Statement | None:
    """A statement if sliding is unstable: stiffness is below ``(b - a)/Dc``.

    Ruina (1983), 10.1029/JB088iB12p10359.

    Args:
        a: Direct effect.
        b: Evolution effect.
        dc: Critical slip distance, m.
        stiffness: Friction per metre, 1/m.

    >>> below_critical(0.01, 0.012, 1e-5, 1e3) is None, below_critical(0.01, 0.012, 1e-5, 100).key
    (True, 'laws.problem_stiffness')
    """
    critical = (b - a) / dc
    if not stiffness < critical:
        return None
    return Statement(
        "laws.problem_stiffness",
        stiffness=(stiffness / _UM, "1/µm"),
        critical=(critical / _UM, "1/µm"),
    )


def _log_ratio(event: "Event") -> float:
    return float(np.log(event.after / event.before)) if event.kind == "step" else 0.0


def _is_preceded(event: "Event") -> bool:
    """Whether the load changed before, rather than the record began: then it may be steady."""
    return event.slip > 1.05 * event.before * (event.start - event.first) + _SMALL


def _slips(key: str, slip: float, dc: float) -> Statement:
    return Statement(key, slip=(slip * _UM, "µm"), times=slip / dc, limit=SLIPS)


def _ends(record: _Record) -> Iterator[Statement]:
    if record.event.kind == "hold" and np.isnan(record.event.resumed):
        yield Statement("laws.problem_no_reslide")
        return
    for key, where in (("laws.problem_start", record.before), ("laws.problem_end", record.after)):
        if where.sum() < FEWEST:
            yield Statement(key, samples=int(where.sum()), limit=FEWEST)


def _flat(record: _Record) -> Iterator[Statement]:
    low, high = float(record.friction.min()), float(record.friction.max())
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        yield Statement("laws.problem_flat", friction=low)


def _gaps(record: _Record) -> Iterator[Statement]:
    """Holes where friction changes most: in the first tenth after a change."""
    for instant in {record.event.start, record.end}:
        place = int(np.clip(np.searchsorted(record.time, instant), 1, record.time.size - 1))
        hole = float(record.time[place] - record.time[place - 1])
        if hole > _GAP * (record.event.last - record.end):
            yield Statement("laws.problem_gap", gap=(hole, "s"), time=instant)


def _turned_back(record: _Record) -> Iterator[Statement]:
    if record.event.kind != "hold":
        return
    held = record.position[~record.before & ~record.after]
    turned = float(np.max(held[:1]) - np.min(held)) if held.size > 1 else 0.0
    moved = record.event.before * record.event.held
    noise = float(np.median(np.abs(np.diff(held)))) if held.size > 1 else 0.0
    if turned > max(_TURNED, 10 * noise, 0.02 * moved):
        yield Statement("laws.problem_reversal", back=(turned * _UM, "µm"))


def _stress_changed(record: _Record) -> Iterator[Statement]:
    event = record.event
    change = event.normal_stress_after / event.normal_stress - 1
    if event.kind != "stress_step" and abs(change) >= CHANGE:
        yield Statement("laws.problem_stress", change=change, limit=CHANGE)


_CHECKS: tuple[Callable[[_Record], Iterator[Statement]], ...] = (
    _ends,
    _flat,
    _gaps,
    _turned_back,
    _stress_changed,
)


def _incomplete(record: _Record, response: Response) -> Iterator[Statement]:
    """Stick-slip, and friction that was not steady before or is not steady after."""
    for where in (record.after, record.before):
        found = stick_slips(record.time[where], record.friction[where])
        if found.number >= STICK_SLIPS:
            yield Statement("laws.problem_stick_slip", drops=found.number, size=found.size)
    if _is_preceded(record.event) and response.unsteady > REMAINING:
        slip = (response.slip_before * _UM, "µm")
        yield Statement(
            "laws.problem_unsteady", slip=slip, share=response.unsteady, limit=REMAINING
        )
    if response.remaining > REMAINING:
        slip = (response.slip_after * _UM, "µm")
        yield Statement(
            "laws.problem_evolving", slip=slip, share=response.remaining, limit=REMAINING
        )
    if response.slip_after < min(TRENDLESS, SCALES * response.scale):
        yield Statement(
            "laws.problem_scale",
            slip=(response.slip_after * _UM, "µm"),
            scale=(response.scale * _UM, "µm"),
            times=response.slip_after / response.scale,
            limit=SCALES,
        )
