"""Laboratory: experiments that nobody ran, on the trained networks.

A history of one driver is imposed: steps of velocity, holds, levels of temperature or of axial
displacement. The others are held at their medians of the training part, or follow the one that is
moved as they did there. An instant whose window leaves the range of the training part, of any fold,
is not told: networks extrapolate there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from slicken.channels import SLIP_VELOCITY, TEMPERATURE, TEMPERATURE_RATE
from slicken.evidence.lab_courses import KINDS, Course, Kind, Training, course_of
from slicken.experiment.rates import causal_rate

if TYPE_CHECKING:
    from slicken.learning.record import Record
    from slicken.study.trained import Fold, Trained

Floats = NDArray[np.float64]
Others = Literal["held", "following"]
OTHERS: tuple[Others, ...] = ("held", "following")

DENSE, GROWTH = 48, 1.06
"""Samples after a change that are all asked, and the ratio of one distance to the next later."""


@dataclass(frozen=True, eq=False)
class LabRun:
    """One experiment on the networks.

    Args:
        kind: Which experiment.
        window: Window length of the networks, s.
        samples: The same in samples.
        step: Time step of the record, s.
        course: What the moved driver does.
        ends: Samples at which friction was asked, shape ``(N,)``.
        seconds: Time since the first of them, s, shape ``(N,)``.
        drivers: All drivers in their own units, shape ``(T, C)``.
        left: Drivers that leave their training range.
        inside: Whether the window of each instant lies within the range, shape ``(N,)``.
        friction: Of each run, shape ``(R, N)``.
        fold: Fold of each run, shape ``(R,)``.
    """

    kind: Kind
    window: float
    samples: int
    step: float
    course: Course
    ends: NDArray[np.int64]
    seconds: Floats
    drivers: Floats
    left: tuple[str, ...]
    inside: NDArray[np.bool_]
    friction: Floats
    fold: NDArray[np.int64]

    @property
    def channel(self) -> str:
        """The driver that is moved."""
        return KINDS[self.kind]

    @cached_property
    def steady(self) -> tuple[Floats, NDArray[np.bool_]]:
        """Friction of each run once a window holds nothing but a level, and whether it is in range.

        Shapes ``(R, K)`` and ``(K,)``, with K the number of levels.
        """
        last = [*(change - 1 for change in self.course.changes), self.course.values.size - 1]
        places = np.searchsorted(self.ends, last)
        return self.friction[:, places], self.inside[places]


def impose(
    trained: "Trained",
    seconds: float,
    kinds: Sequence[Kind],
    levels: Mapping[Kind, Sequence[float]],
    others: Others = "held",
    slowest: float = 0.0,
) -> tuple[LabRun, ...]:
    """Impose histories on the networks of one window length.

    Args:
        trained: Study.
        seconds: Window length.
        kinds: Experiments.
        levels: Levels of the moved driver in its own unit, or durations of holds, s, of those
            experiments whose levels are given; the others' are chosen from the training part.
        others: Whether the other drivers are ``held`` at their medians, or are ``following``.
        slowest: Velocity, m/s, below which a window holds too little slip for steady friction.

    Raises:
        LabError: If a driver is not one of the study, or does not vary, or levels make no sense.
    """
    training = Training.of(trained)
    length = training.record.samples_in(seconds)
    return tuple(
        _run(
            trained,
            seconds,
            training,
            kind,
            course_of(training, kind, length, levels, slowest),
            others,
        )
        for kind in kinds
    )


def _run(
    trained: "Trained",
    seconds: float,
    training: Training,
    kind: Kind,
    course: Course,
    others: Others,
) -> LabRun:
    length = training.record.samples_in(seconds)
    record = _imposed(training, KINDS[kind], course, others)
    ends = _ends(course, length)
    outside = (record.drivers < training.low) | (record.drivers > training.high)
    counts = np.append(0, np.cumsum(outside.any(axis=1)))
    each = [_predict(fold, record, ends, seconds) for fold in trained.folds]
    return LabRun(
        kind=kind,
        window=seconds,
        samples=length,
        step=record.dt,
        course=course,
        ends=ends,
        seconds=record.time[ends] - record.time[ends[0]],
        drivers=record.drivers,
        left=tuple(n for n, out in zip(record.channels, outside.T, strict=True) if out.any()),
        inside=counts[ends + 1] == counts[ends - length + 1],
        friction=np.concatenate(each),
        fold=np.repeat(np.arange(len(each)), [len(one) for one in each]),
    )


def _imposed(training: Training, name: str, course: Course, others: Others) -> "Record":
    """A record in which one driver takes its course."""
    record, size = training.record, course.values.size
    held = np.median(record.drivers[training.rows], axis=0)
    drivers = np.tile(held, (size, 1))
    place = record.channels.index(name)
    if others == "following":
        drivers = _followed(training, name, course.values)
    drivers[:, place] = course.values
    for rate in _rates(record, name):
        known = causal_rate(course.values, record.dt, training.rate_span)
        drivers[:, record.channels.index(rate)] = np.nan_to_num(known, nan=0.0)
    nothing = np.full(size, np.nan)
    return replace(
        record,
        experiments=("laboratory",),
        drivers=drivers,
        friction=np.zeros(size),
        experiment=np.zeros(size, np.int64),
        time=record.dt * np.arange(size, dtype=np.float64),
        stage=np.zeros(size, np.int64),
        slip=nothing,
        normal_stress=nothing,
        gap=np.zeros(size, np.bool_),
        level=np.zeros(size),
        is_target=np.ones(size, np.bool_),
    )


def _followed(training: Training, name: str, values: Floats) -> Floats:
    """All drivers by straight lines on the moved one; velocity as its logarithm."""
    moved = training.of_driver(name)
    others = training.record.drivers[training.rows]
    if name == SLIP_VELOCITY.name:
        slowest = float(np.min(moved[moved > 0]))
        moved, values = (np.log(np.maximum(one, slowest)) for one in (moved, values))
    centre, spread = moved.mean(), moved.var()
    slopes = (moved - centre) @ (others - others.mean(axis=0)) / (moved.size * spread)
    return np.asarray(others.mean(axis=0) + np.outer(values - centre, slopes))


def _rates(record: "Record", name: str) -> tuple[str, ...]:
    """The inputs that follow from the course of the moved driver."""
    asked = name == TEMPERATURE.name and TEMPERATURE_RATE.name in record.channels
    return (TEMPERATURE_RATE.name,) if asked else ()


def _ends(course: Course, length: int) -> NDArray[np.int64]:
    """Instants that are asked: all just after a change, fewer later, each last one."""
    size = course.values.size
    begins = [length - 1, *course.changes]
    stops = [*course.changes, size]
    after = np.unique(
        np.append(
            np.arange(DENSE),
            DENSE * GROWTH ** np.arange(np.ceil(np.log(max(size / DENSE, 2)) / np.log(GROWTH))),
        ).astype(np.int64)
    )
    pieces = [
        np.append(begin + after[begin + after < stop], stop - 1)
        for begin, stop in zip(begins, stops, strict=True)
    ]
    return np.unique(np.concatenate(pieces))


def _predict(fold: "Fold", record: "Record", ends: NDArray[np.int64], seconds: float) -> Floats:
    """Friction by the runs of a fold that ended well, shape ``(R, N)``."""
    scaling = fold.prepared.scaling
    ensemble = fold.ensemble(seconds, finite=False)
    finite = fold.history(seconds)["finite"].to_numpy().astype(np.bool_)
    return scaling.to_friction(ensemble.predict(scaling.drivers(record.drivers), ends)[finite])
