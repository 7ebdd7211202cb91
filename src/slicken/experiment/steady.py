"""Steady sliding: the longest stretch at about one velocity under a held load."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.channels import FRICTION, NORMAL_FORCE, NORMAL_STRESS, SLIP_VELOCITY
from slicken.experiment.motion import ALMOST_NONE
from slicken.experiment.quality.issues import correction_toml
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.experiment.experiment import Experiment

VELOCITY, LOAD = 0.1, 0.1
"""How far velocity may be from its median, and load from the level of its stage."""
_UP, _DOWN = 0.9, 0.5
_INTERRUPTED = 10.0
_ENOUGH = 0.3


@dataclass(frozen=True)
class SteadySliding:
    """A proposed interval.

    Args:
        start: Start in s on the experiment's clock.
        end: End in s.
        why: Conditions that hold in it.
    """

    start: float
    end: float
    why: Statement

    @property
    def correction(self) -> str:
        """The ``[[correction]]`` that crops a log to it."""
        return correction_toml("crop", start=self.start, end=self.end)


def find_steady_sliding(experiment: "Experiment") -> SteadySliding | None:
    """The longest stretch of steady sliding; None where there is none, or velocity is not known.

    The velocity, smoothed over five samples, is within 10 % of its median; the load is within
    10 % of the level of its stage; friction that begins or ends below half its median has come up
    to 90 % of it. Interruptions of at most 10 s, such as a step of the load, are no end. Where the
    velocity changes by design, so that less than a third of the record is at about one, all
    sliding counts.
    """
    velocity = experiment.channels.get(SLIP_VELOCITY.name)
    if velocity is None:
        return None
    with np.errstate(all="ignore"):
        held = _load_held(experiment) & _friction_up(experiment) & ~experiment.gap
        speed = _smooth(np.abs(np.nan_to_num(velocity)))
        moving = speed > ALMOST_NONE * float(np.quantile(speed, 0.99))
        if not moving.any():
            return None
        usual = float(np.median(speed[moving]))
        steady = np.abs(speed - usual) <= VELOCITY * usual
        start, stop = _longest(held & steady, experiment.dt)
        changing = stop - start < _ENOUGH * len(experiment)
        if changing:
            start, stop = _longest(held & moving, experiment.dt)
    if stop - start < 2:
        return None
    return SteadySliding(
        float(f"{experiment.time[start]:.10g}"),
        float(f"{experiment.time[stop - 1]:.10g}"),
        _why(None if changing else usual, is_held=experiment.stage is not None),
    )


def _why(velocity: float | None, *, is_held: bool) -> Statement:
    if velocity is None:
        if is_held:
            return Statement("steady.moving_under_load", load=LOAD)
        return Statement("steady.moving")
    what = {"share": VELOCITY, "velocity": (SLIP_VELOCITY.name, velocity)}
    if is_held:
        return Statement("steady.at_velocity_under_load", **what, load=LOAD)
    return Statement("steady.at_velocity", **what)


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.ndimage import median_filter

    return np.asarray(median_filter(values, 5, mode="nearest"), np.float64)


def _load_held(experiment: "Experiment") -> NDArray[np.bool_]:
    held = np.ones(len(experiment), np.bool_)
    load = next(
        (
            experiment.channels[c.name]
            for c in (NORMAL_STRESS, NORMAL_FORCE)
            if c.name in experiment.channels
        ),
        None,
    )
    if load is None or experiment.stage is None:
        return held
    edges = np.concatenate([[0], np.flatnonzero(np.diff(experiment.stage)) + 1, [load.size]])
    for start, stop in pairwise(edges):
        known = load[start:stop][np.isfinite(load[start:stop])]
        if known.size:
            level = float(np.median(known))
            held[start:stop] = np.abs(load[start:stop] - level) <= LOAD * abs(level)
    return held


def _friction_up(experiment: "Experiment") -> NDArray[np.bool_]:
    """Where friction has come up and is not yet let down; all along where it is so from the start.

    A fault may weaken for good reason: only an end at less than half the median is no sliding.
    """
    friction = experiment.channels[FRICTION.name]
    known = np.flatnonzero(np.isfinite(friction))
    usual = float(np.median(friction[known]))
    reached = known[friction[known] >= _UP * usual]
    up = np.ones(friction.size, np.bool_)
    if reached.size and friction[known[0]] < _DOWN * usual:
        up[: reached[0]] = False
    if reached.size and friction[known[-1]] < _DOWN * usual:
        up[reached[-1] + 1 :] = False
    return up


def _longest(good: NDArray[np.bool_], dt: float) -> tuple[int, int]:
    """The longest stretch of true samples, short interruptions allowed."""
    places = np.flatnonzero(good)
    if places.size == 0:
        return 0, 0
    cuts = np.flatnonzero(np.diff(places) > max(_INTERRUPTED / dt, 1.0) + 1)
    starts = places[np.concatenate([[0], cuts + 1])]
    stops = places[np.concatenate([cuts, [places.size - 1]])] + 1
    best = int(np.argmax(stops - starts))
    return int(starts[best]), int(stops[best])
