"""Fading: what is left of a past that fades by time or by slip, at every sample of a record.

A memory has a clock: what happened fades as seconds pass, or as metres slip. Here a clock is how
far it goes from each sample to the next, and the rest is the same for both. A driver keeps its
value until the next sample, as the commands of a rig do. The recursions are those of
:mod:`slicken.laws.imposed`; nothing crosses a gap or an experiment's end.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.channels import SLIP_VELOCITY
from slicken.laws import imposed
from slicken.learning.slip_rows import slip_steps, stretch_begins

if TYPE_CHECKING:
    from slicken.learning.record import Record


@dataclass(frozen=True, eq=False)
class Passing:
    """How far a clock goes from each sample to the next.

    Args:
        steps: From the sample before, zero or more: s, or m of slip, shape ``(T,)``.
        begins: Whether a stretch without gaps begins at a sample, ``(T,)``.
    """

    steps: NDArray[np.float64]
    begins: NDArray[np.bool_]

    @cached_property
    def passed(self) -> NDArray[np.float64]:
        """How far the clock is, in all stretches one after another, ``(T,)``."""
        return np.cumsum(np.where(self.begins, 0.0, self.steps))

    @cached_property
    def start(self) -> NDArray[np.int64]:
        """The sample at which the stretch of each began, ``(T,)``."""
        index = np.arange(self.begins.size)
        return np.maximum.accumulate(np.where(self.begins, index, 0))

    def within(self, ends: NDArray[np.int64], samples: int) -> NDArray[np.float64]:
        """How far it went in the last this many samples before each target, shape ``(N,)``."""
        back = np.maximum(ends - samples, self.start[ends])
        return self.passed[ends] - self.passed[back]

    def exponential(self, values: NDArray[np.float64], length: float) -> NDArray[np.float64]:
        """Past values, each weighted by ``exp(-distance/length)``, shape ``(T, P)``.

        At the beginning of a stretch the past is taken to have been as the present is.

        Args:
            values: Shape ``(T, P)``; each holds until the next sample.
            length: In the unit of the clock.
        """
        return imposed.faded(values, self.steps, self.begins, length)

    def boxcar(self, values: NDArray[np.float64], length: float) -> NDArray[np.float64]:
        """Mean of the values over the last stretch of this length, shape ``(T, P)``.

        Where less than that has passed since the beginning of the stretch, over what has; at the
        beginning, the present value.

        Args:
            values: Shape ``(T, P)``; each holds until the next sample.
            length: In the unit of the clock.
        """
        steps = np.where(self.begins, 0.0, self.steps)[:, None]
        total = np.cumsum(steps * imposed.before(values), axis=0)
        first = np.maximum(self.passed - length, self.passed[self.start])
        width = (self.passed - first)[:, None]
        known = np.flatnonzero(np.append(True, np.diff(self.passed) > 0))
        earlier = np.stack(
            [np.interp(first, self.passed[known], column[known]) for column in total.T], axis=1
        )
        return np.divide(total - earlier, width, out=values.copy(), where=width > 0)

    def log_age(self, length: float, dt: float) -> NDArray[np.float64]:
        """Logarithm of the age of contacts by the ageing law, theta in s, shape ``(T,)``.

        See :func:`slicken.laws.imposed.log_age`.

        Args:
            length: Critical slip distance D, m; the clock is slip.
            dt: Time step, s.
        """
        return imposed.log_age(self.steps, dt, self.begins, length)


def time_passing(record: "Record") -> Passing:
    """The clock of a record in seconds."""
    return Passing(np.full(len(record), record.dt), stretch_begins(record))


def slip_passing(record: "Record") -> Passing | None:
    """The clock of a record in metres of slip; None where slip is not known, or there is none.

    See :func:`slicken.learning.slip_rows.slip_steps`.
    """
    steps = slip_steps(record)
    return Passing(steps, stretch_begins(record)) if steps is not None else None


def held_passing(record: "Record") -> Passing | None:
    """The clock in metres of slip, each velocity held until the next sample; None without velocity.

    Where slip was integrated from velocity, a step of velocity lies half a sample before or after
    where the rig made it, which matters if a sample slips as far as the memory reaches.
    """
    if SLIP_VELOCITY.name not in record.channels:
        return None
    velocity = np.abs(record.drivers[:, record.channels.index(SLIP_VELOCITY.name)])
    begins = stretch_begins(record)
    steps = imposed.before(np.where(record.gap, 0.0, velocity)) * record.dt
    return Passing(np.where(begins, 0.0, steps), begins)
