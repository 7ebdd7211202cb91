"""Course: what all experiments have in common, as a mean against the time since their start.

Friction that runs in, or follows the same programme in every experiment, can be predicted from
elapsed time alone, without any driver. Networks that do no better may have learned no more.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.learning.record import position

if TYPE_CHECKING:
    from slicken.learning.record import Record
    from slicken.study.prepared import Prepared

BINS = 60
"""Bins of elapsed time, in the longest experiment."""
SHARES = 0.8
"""Share of a driver's variance that its own mean course explains, from which it shares a course."""


@dataclass(frozen=True, eq=False)
class Course:
    """Mean over experiments against the time since their start.

    Args:
        elapsed: Mean time of each bin, in s, shape ``(B,)``.
        mean: Mean over experiments, each counted alike, shape ``(B,)``.
    """

    elapsed: NDArray[np.float64]
    mean: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        values: NDArray[np.float64],
        elapsed: NDArray[np.float64],
        experiment: NDArray[np.int64],
    ) -> "Course":
        """The course of a quantity, as far as half of the experiments go.

        Args:
            values: Quantity, shape ``(N,)``.
            elapsed: Time since the start of the experiment, in s, shape ``(N,)``.
            experiment: Number of each sample's experiment, shape ``(N,)``.

        Example:
            >>> course = Course.of(np.array([1.0, 3.0]), np.array([0.0, 60.0]), np.array([0, 0]))
            >>> course.at(np.array([-5.0, 99.0])).tolist()
            [1.0, 3.0]
        """
        each, row = np.unique(experiment, return_inverse=True)
        width = float(elapsed.max()) / BINS or 1.0
        place = np.minimum((elapsed / width).astype(np.int64), BINS - 1)
        times = np.bincount(place, weights=elapsed, minlength=BINS)
        cell, shape = row * BINS + place, (each.size, BINS)
        count = np.bincount(cell, minlength=each.size * BINS).reshape(shape)
        total = np.bincount(cell, weights=values, minlength=each.size * BINS).reshape(shape)
        held = count > 0
        means = np.divide(total, count, out=np.zeros(shape), where=held)
        enough = 2 * held.sum(axis=0) >= each.size
        if not enough.any():
            enough = held.any(axis=0)
        whole = count.sum(axis=0)[enough]
        return cls(times[enough] / whole, means.sum(axis=0)[enough] / held.sum(axis=0)[enough])

    def at(self, elapsed: NDArray[np.float64]) -> NDArray[np.float64]:
        """The course between bins, and its ends beyond them, shape ``(N,)``.

        Args:
            elapsed: Time since the start, in s, shape ``(N,)``.
        """
        return np.asarray(np.interp(elapsed, self.elapsed, self.mean), dtype=np.float64)


def since_start(record: "Record") -> NDArray[np.float64]:
    """Time of each sample since the start of its experiment, in s, shape ``(T,)``."""
    return np.asarray(position(record) * record.dt, dtype=np.float64)


def expected_friction(prepared: "Prepared") -> NDArray[np.float64]:
    """Friction at the test targets by the common course of the training experiments, ``(N,)``."""
    record, elapsed = prepared.record, since_start(prepared.record)
    taught = prepared.split.samples("training") & ~record.gap
    course = Course.of(record.friction[taught], elapsed[taught], record.experiment[taught])
    return course.at(elapsed[prepared.split.ends["test"]])


def sharing_a_course(record: "Record") -> tuple[str, ...]:
    """Drivers whose mean course over the other experiments explains most of their variance.

    Args:
        record: Record of all experiments.
    """
    usable, elapsed = ~record.gap, since_start(record)
    found = []
    for name, values in zip(record.channels, record.drivers.T, strict=True):
        errors = np.zeros(values.size)
        for own in range(len(record.experiments)):
            here = usable & (record.experiment == own)
            others = usable & ~here
            if not others.any():
                return ()
            course = Course.of(values[others], elapsed[others], record.experiment[others])
            errors[here] = course.at(elapsed[here]) - values[here]
        if np.mean(errors[usable] ** 2) < (1 - SHARES) * np.var(values[usable]):
            found.append(name)
    return tuple(found)
