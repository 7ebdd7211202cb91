"""Courses: what the moved driver of a laboratory experiment does.

Levels are chosen where networks were trained; an experiment outside of that is for extrapolation.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from slicken.channels import AXIAL_DISPLACEMENT, SLIP_VELOCITY, TEMPERATURE, TEMPERATURE_RATE
from slicken.errors import LabError
from slicken.experiment.channel_map import Preparation
from slicken.learning.record import reach

if TYPE_CHECKING:
    from slicken.learning.record import Record
    from slicken.study.trained import Trained

Floats = NDArray[np.float64]
Kind = Literal["velocity_steps", "holds", "temperature", "displacement"]
KINDS: dict[Kind, str] = {
    "velocity_steps": SLIP_VELOCITY.name,
    "holds": SLIP_VELOCITY.name,
    "temperature": TEMPERATURE.name,
    "displacement": AXIAL_DISPLACEMENT.name,
}
"""Experiments, and the driver that each moves."""

IN_RANGE = (0.001, 0.999)
"""Quantiles of the training part between which a driver is in range."""
USUAL, STEADY_USUAL = (0.05, 0.95), (0.01, 0.99)
"""Quantiles between which levels are chosen, and those of velocity in steady windows: an experiment
has one long level and short ones beside it."""
VARIES = 1.5
"""Ratio of the usual velocities from which steps are made."""
MOST_LEVELS, MIDDLE = 4, 3
"""Levels of velocity, at most, and of other drivers."""
STEADY = 0.2
"""Standard deviation of ln V in a window that is steady, at most: a step by a factor of ten that
lasts for a hundredth of the window is more."""
SLOW = 0.1
"""Share of the usual velocity below which a fault holds."""
LASTS = 2
"""Windows that a level lasts."""
HOLDS = (0.0625, 0.125, 0.25, 0.5)
"""Durations of holds, in windows: what lies before the window, no network knows."""


class Course(NamedTuple):
    """What the moved driver does.

    Args:
        values: At every sample, shape ``(T,)``, the first window before the first target included.
        changes: Samples at which it begins to change.
        levels: Its levels, in order.
    """

    values: Floats
    changes: tuple[int, ...]
    levels: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Training:
    """What the networks were trained on: the record, and which of it each fold saw.

    Args:
        record: Record of the study.
        rows: Samples of the training parts of all folds, shape ``(T,)``.
        low: Lower end of the range that every fold saw, of each driver, shape ``(C,)``.
        high: Upper end, ``(C,)``.
        rate_span: Seconds over which rates are fitted.
        as_change: Drivers that are seen as changes.
    """

    record: "Record"
    rows: NDArray[np.bool_]
    low: Floats
    high: Floats
    rate_span: float
    as_change: tuple[str, ...]

    @classmethod
    def of(cls, trained: "Trained") -> "Training":
        """The training parts of a study; the range is what all folds have in common.

        Raises:
            LabError: If windows are slip: histories are imposed in time.
        """
        record = trained.prepared.record
        if record.clock == "slip":
            raise LabError(
                f"{trained.plan.name}: its windows are slip, and a laboratory imposes histories in "
                "time; use a study with windows in seconds"
            )
        parts = [fold.prepared.split.samples("training") & ~record.gap for fold in trained.folds]
        ends = np.array([np.quantile(record.drivers[part], IN_RANGE, axis=0) for part in parts])
        given = trained.plan.preparation.get("rate_span", Preparation().rate_span)
        rows = np.logical_or.reduce(parts)
        low, high = ends[:, 0].max(axis=0), ends[:, 1].min(axis=0)
        return cls(record, rows, low, high, float(given), trained.plan.as_change)

    def in_range(self, name: str) -> NDArray[np.bool_]:
        """Where a driver is in range, of the samples of the training parts."""
        place, values = self.record.channels.index(name), self.of_driver(name)
        found: NDArray[np.bool_] = (values >= self.low[place]) & (values <= self.high[place])
        return found

    def steady(self, name: str, length: int) -> NDArray[np.bool_]:
        """Where a driver was the same over a whole window, shape ``(T,)``."""
        values = self.record.drivers[:, self.record.channels.index(name)]
        known = np.where(values > 0, values, np.min(values[values > 0], initial=1.0))
        logarithm = np.log(known) - np.log(known).mean()
        origin = length - 1 - length // 2  # so that a window ends at its instant
        mean, square = (
            ndimage.uniform_filter1d(each, length, origin=origin)
            for each in (logarithm, logarithm**2)
        )
        found: NDArray[np.bool_] = square - mean**2 < STEADY**2
        return found & (values > 0) & (reach(self.record) >= length)

    def of_driver(self, name: str) -> Floats:
        """A driver over the training parts."""
        values: Floats = self.record.drivers[self.rows, self.record.channels.index(name)]
        return values


def possible(trained: "Trained") -> tuple[Kind, ...]:
    """The experiments whose driver is one of the study and varies in its training part."""
    training, found = Training.of(trained), []
    for kind in KINDS:
        try:
            course_of(training, kind, training.record.samples_in(trained.plan.windows[0]), {}, 0.0)
        except LabError:
            continue
        found.append(kind)
    return tuple(found)


def course_of(
    training: Training,
    kind: Kind,
    length: int,
    levels: Mapping[Kind, Sequence[float]],
    slowest: float,
) -> Course:
    """The course of an experiment.

    Args:
        training: What the networks were trained on.
        kind: Experiment.
        length: Window length, in samples.
        levels: Levels, or durations of holds, of experiments for which they are given.
        slowest: Velocity, m/s, below which a window holds too little slip.

    Raises:
        LabError: If the driver is not one of the study, or does not vary, or levels make no sense.
    """
    name, record = KINDS[kind], training.record
    words = name.replace("_", " ")
    if name not in record.channels:
        raise LabError(f"{words} is no driver of this study; drivers are {_named(record)}")
    if name in training.as_change:
        raise LabError(
            f"{words}: this study sees it as changes, so its networks know nothing of its level"
        )
    values = training.of_driver(name)
    given = tuple(levels.get(kind, ()))
    if kind == "holds":
        lowest = max(0.0, float(training.low[record.channels.index(name)]))
        return _holds(values, given, length, record.dt, lowest)
    if not given:
        usual = training.in_range(name)
        if kind == "velocity_steps":
            usual &= training.steady(name, length)[training.rows]
            enough = values[usual & (values > slowest)]
            # Where windows are too short for two steady levels, there is an answer all the same.
            usual &= (values > slowest) | (not _spans_steps(enough))
        given = _levels(values[usual], kind, words)
    if len(given) < 2:
        raise LabError(f"{words}: one level is no step; give two or more")
    if kind == "velocity_steps":
        if min(given) <= 0:
            raise LabError("slip velocity: steps are between velocities above 0; holds are others")
        return _steps(given, [LASTS * length] * len(given), length)
    return _ramps(training, kind, given, length)


def _spans_steps(velocities: Floats) -> bool:
    low, high = np.quantile(velocities, STEADY_USUAL) if velocities.size else (0.0, 0.0)
    return bool(high > VARIES * low)


def _levels(values: Floats, kind: Kind, words: str) -> tuple[float, ...]:
    """Usual levels, up and down again."""
    between = STEADY_USUAL if kind == "velocity_steps" else USUAL
    low, high = np.quantile(values, between) if values.size else (0.0, 0.0)
    if kind == "velocity_steps":
        if not _spans_steps(values):
            raise LabError(
                f"{words} hardly varies between windows of steady slip in the training part; "
                "levels, if given, are tried all the same"
            )
        up = np.geomspace(low, high, int(np.clip(round(np.log10(high / low)) + 1, 2, MOST_LEVELS)))
    else:
        if not high > low:
            raise LabError(f"{words} never varies in the training part; no step lies within it")
        up = np.linspace(low, high, MIDDLE)
    return (*(float(level) for level in up), float(low))


def _steps(levels: Sequence[float], lasts: Sequence[int], length: int) -> Course:
    """Sudden steps, after a window at the first level."""
    counts = [length - 1 + lasts[0], *lasts[1:]]
    return Course(
        np.repeat(np.array(levels, np.float64), counts),
        tuple(np.cumsum(counts)[:-1].tolist()),
        tuple(float(level) for level in levels),
    )


def _holds(
    values: Floats, given: tuple[float, ...], length: int, step: float, lowest: float
) -> Course:
    """Holds with two windows of sliding, at the median velocity, before, between and after.

    The fault slips in them as slowly as it ever did; where it never held, it stands still, outside
    the range.
    """
    moving = values[values > 0]
    if not moving.size:
        raise LabError("holds: the fault never slips in the training part")
    speed = float(np.median(moving))
    is_slow = lowest < SLOW * speed
    if not (given or is_slow):
        raise LabError(
            "holds: the fault never holds in the training part; durations, if given, "
            "are tried all the same"
        )
    held = [round(each / step) for each in given] or [
        max(round(share * length), 1) for share in HOLDS
    ]
    if min(held) < 1:
        raise LabError(f"holds: the shortest hold is one time step, {step:g} s")
    lowest, levels, lasts = lowest if is_slow else 0.0, [], []
    for each in dict.fromkeys(held):
        levels += [speed, lowest]
        lasts += [LASTS * length, each]
    return _steps([*levels, speed], [*lasts, LASTS * length], length)


def _ramps(training: Training, kind: Kind, levels: Sequence[float], length: int) -> Course:
    """Levels of temperature, one after another no faster than it usually changes; or displacement.

    Temperature cannot jump, and its rate is an input. Displacement is one of another specimen.
    """
    record = training.record
    if kind == "displacement" or TEMPERATURE_RATE.name not in record.channels:
        return _steps(levels, [LASTS * length] * len(levels), length)
    rates = np.abs(np.quantile(training.of_driver(TEMPERATURE_RATE.name), USUAL))
    rate = float(rates.min() if rates.min() > 0 else rates.max())
    pieces, changes = [np.full(length - 1 + LASTS * length, levels[0])], []
    for before, after in itertools.pairwise(levels):
        ramp = max(1, int(np.ceil(abs(after - before) / (rate * record.dt))))
        changes.append(sum(piece.size for piece in pieces))
        pieces.append(np.linspace(before, after, ramp + 1)[1:])
        pieces.append(np.full(LASTS * length, after))
    return Course(np.concatenate(pieces), tuple(changes), tuple(float(one) for one in levels))


def _named(record: "Record") -> str:
    return ", ".join(name.replace("_", " ") for name in record.channels)
