"""Fading: what is left of a past that fades by time or by slip, at every sample of a record.

A memory has a clock: what happened fades as seconds pass, or as metres slip. Here a clock is how
far it goes from each sample to the next, and the rest is the same for both. A driver keeps its
value until the next sample, as the commands of a rig do. Each recursion is a linear one,
``y[i] = keep[i] y[i-1] + push[i]``, in which ``keep`` is zero where a stretch begins: nothing
crosses a gap or an experiment's end.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.channels import SLIP_VELOCITY
from slicken.learning.slip_rows import slip_steps, stretch_begins

if TYPE_CHECKING:
    from slicken.learning.record import Record

FAINT = 1e-18
"""A share of the past below which nothing more of it is summed."""


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
        keep = np.exp(-self.steps / length)
        push = -np.expm1(-self.steps / length)[:, None] * _before(values)
        push[self.begins] = values[self.begins]
        return linear_recursion(np.where(self.begins, 0.0, keep), push)

    def boxcar(self, values: NDArray[np.float64], length: float) -> NDArray[np.float64]:
        """Mean of the values over the last stretch of this length, shape ``(T, P)``.

        Where less than that has passed since the beginning of the stretch, over what has; at the
        beginning, the present value.

        Args:
            values: Shape ``(T, P)``; each holds until the next sample.
            length: In the unit of the clock.
        """
        steps = np.where(self.begins, 0.0, self.steps)[:, None]
        total = np.cumsum(steps * _before(values), axis=0)
        first = np.maximum(self.passed - length, self.passed[self.start])
        width = (self.passed - first)[:, None]
        known = np.flatnonzero(np.append(True, np.diff(self.passed) > 0))
        earlier = np.stack(
            [np.interp(first, self.passed[known], column[known]) for column in total.T], axis=1
        )
        return np.divide(total - earlier, width, out=values.copy(), where=width > 0)

    def log_age(self, length: float, dt: float) -> NDArray[np.float64]:
        """Logarithm of the age of contacts by the ageing law, theta in s, shape ``(T,)``.

        ``d theta/dt = 1 - V theta/D``: Dieterich (1979), J. Geophys. Res. 84, 2161; Ruina (1983),
        10.1029/JB088iB12p10359. While a slip ``s`` goes at one velocity during ``dt``, exactly
        ``theta <- theta exp(-s/D) + dt (1 - exp(-s/D)) D/s``; in a hold theta grows by ``dt``.
        A stretch begins with the age that its first slip makes, as if it had long been so fast.

        Args:
            length: Critical slip distance D, m; the clock is slip.
            dt: Time step, s.
        """
        part = self.steps / length
        grown = dt * np.divide(-np.expm1(-part), part, out=np.ones_like(part), where=part > 0)
        following = np.append(self.steps[1:], self.steps[-1])[self.begins]
        slowest = self.steps[self.steps > 0].min(initial=np.inf)
        grown[self.begins] = length * dt / np.maximum(following, min(slowest, length))
        keep = np.where(self.begins, 0.0, np.exp(-part))
        return np.log(linear_recursion(keep, grown[:, None])[:, 0])


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
    steps = _before(np.where(record.gap, 0.0, velocity)) * record.dt
    return Passing(np.where(begins, 0.0, steps), begins)


def linear_recursion(keep: NDArray[np.float64], push: NDArray[np.float64]) -> NDArray[np.float64]:
    """``y[i] = keep[i] y[i-1] + push[i]`` for all samples at once, from ``y[-1] = 0``.

    Steps are joined two by two, and the pairs again (Hillis & Steele 1986, 10.1145/7902.7903):
    some sixteen passes for a whole record, fewer where the past fades soon.

    Args:
        keep: Shape ``(T,)``, from 0 to 1.
        push: Shape ``(T, P)``.

    Example:
        >>> linear_recursion(np.full(4, 0.5), np.ones((4, 1)))[:, 0].tolist()
        [1.0, 1.5, 1.75, 1.875]
    """
    kept, found = keep.copy(), push.T.copy()  # samples side by side: four times as fast
    shift = 1
    while shift < kept.size and kept[shift:].max() > FAINT:
        found[:, shift:] += kept[shift:] * found[:, :-shift]
        kept[shift:] *= kept[:-shift]
        kept[:shift] = 0.0
        shift *= 2
    return found.T


def _before(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([values[:1], values[:-1]])
