"""Sampling: the step at which a log was sampled, whether it lost rows, and whether it changed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

JITTER = 0.02
"""Distance from the grid over its step, at most, at which a sample lies on it."""
COARSER = 1.5
"""A step over another from which it is coarser."""
_NEARLY_ALL = 0.95
_MUCH = 0.25
_NEIGHBOURS = 15
"""Steps whose median is the step of the sampling there: single lost rows do not touch it."""
_FEW_LOST = 8
_WAVERS = 1.2


@dataclass(frozen=True)
class Clock:
    """How a log is sampled.

    Args:
        step: Its usual step in seconds.
        regular: Whether all samples lie on one uniform grid, some perhaps missing.
        uneven: Number of steps that differ from the usual one.
    """

    step: float
    regular: bool
    uneven: int


@dataclass(frozen=True)
class Steps:
    """The steps at which a log was sampled, without gaps and without single rows that it lost.

    Args:
        lasts: Seconds of each step, shape ``(S - 1,)`` or fewer.
        local: Step of the sampling around it, s, of the same shape.
    """

    lasts: Floats
    local: Floats

    def often_longer_than(self, step: float) -> bool:
        """Whether much of the record was sampled more coarsely than this step, s."""
        coarse = self.local > COARSER * step
        return bool(self.lasts[coarse].sum() > _MUCH * self.lasts.sum())

    @property
    def finest(self) -> float:
        """Step in s of the finest sampling of more than a few rows."""
        return float(f"{np.quantile(self.local, 1 - _NEARLY_ALL):.6g}")

    @property
    def coarsest(self) -> float:
        """Step in s, to which, or to a finer one, nearly all of the record was sampled."""
        order = np.argsort(self.local, kind="stable")
        passed = np.cumsum(self.lasts[order])
        place = np.searchsorted(passed, _NEARLY_ALL * passed[-1])
        return float(f"{self.local[order][place]:.6g}")

    @property
    def change(self) -> bool:
        """Whether parts of the record were sampled more coarsely than others."""
        return self.coarsest > COARSER * self.finest


def steps_of(time: Floats, max_gap: float) -> Steps:
    """The steps of a log.

    Args:
        time: Increasing times, s, shape ``(S,)``.
        max_gap: Longest hole in s that is a step of the sampling.

    >>> steps_of(np.array([0.0, 1.0, 2.0, 4.0, 5.0, 6.0]), 3.0).coarsest
    1.0
    """
    from scipy.ndimage import median_filter

    steps = np.diff(time)
    lasts = steps[steps <= max(max_gap, COARSER * float(np.median(steps)))]
    return Steps(lasts, median_filter(lasts, min(_NEIGHBOURS, lasts.size), mode="nearest"))


def read_clock(time: Floats) -> Clock:
    """The usual step of increasing times, shape ``(S,)``, and whether they keep to it.

    >>> read_clock(np.array([0.0, 1.0, 2.0, 5.0])).regular
    True
    """
    steps = np.diff(time)
    usual = float(np.median(steps))
    # The median of rounded stamps (0.333, 0.333, 0.334) drifts from the true step, and a long hole
    # would be counted wrongly by it: count the short steps first.
    counted = np.round(steps / usual)
    near = (counted >= 1) & (counted <= _FEW_LOST)
    step = float(steps[near].sum() / counted[near].sum())
    counts = np.concatenate([[0.0], np.cumsum(np.round(steps / step))])
    step = float((time[-1] - time[0]) / max(counts[-1], 1.0))
    counts = np.round((time - time[0]) / step)
    offsets = np.abs(time - time[0] - counts * step)
    regular = bool(offsets.max() <= JITTER * step) and bool(np.all(np.diff(counts) >= 1))
    uneven = int(np.sum(np.abs(steps - usual) > JITTER * usual))
    if not regular:
        return Clock(float(f"{usual:.6g}"), regular, uneven)
    rounded = float(f"{step:.6g}")
    drift = abs(rounded - step) * float(counts[-1])
    return Clock(rounded if drift < JITTER * step else step, regular, uneven)


def neat_step(time: Floats, max_gap: float) -> float:
    """A round step for uneven times: 1, 2 or 5 times a power of ten.

    It is no finer than the steps in which nearly all of the record was sampled, so that a log whose
    sampling changes is not filled with samples that look ahead to the next measured one. Single
    rows that are lost do not make it coarser.

    Args:
        time: Increasing times, s, shape ``(S,)``.
        max_gap: Longest hole in s that is a step of the sampling.

    >>> neat_step(np.array([0.0, 0.13, 0.27, 0.41, 0.54]), 3.0)
    0.2
    """
    usual = float(np.median(np.diff(time)))
    lasts = steps_of(time, max_gap).coarsest
    if lasts <= _WAVERS * usual:
        lasts = usual
    power = 10.0 ** np.floor(np.log10(lasts))
    return float(
        next(f"{n * power:.6g}" for n in (1, 2, 5, 10) if n * power >= lasts * (1 - JITTER))
    )
