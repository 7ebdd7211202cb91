"""Windows: the recent past of every instant, as indices into the record."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.channels import NORMAL_STRESS
from slicken.errors import ExperimentError, PlanError
from slicken.lengths import UNITS, StudyClock

if TYPE_CHECKING:
    from slicken.experiment import Experiment

NO_STAGE = -1
NEAR, EXACT = 0.04, 1e-6
"""Share by which a length in seconds may differ from a whole number of steps, and by which it may
and is still said to be one."""


@dataclass(frozen=True)
class Record:
    """All experiments of a study end to end; windows are indices into it, never copies.

    Args:
        experiments: Names of the experiments, in order.
        channels: Names of the drivers, in order.
        dt: Step common to all experiments, in s, or in µm of slip where slip is the clock.
        drivers: Drivers in the units of the channels, shape ``(T, C)``.
        friction: Friction, or friction less its level, shape ``(T,)``.
        experiment: Number of each sample's experiment, shape ``(T,)``.
        time: Time on each experiment's own clock, in s, shape ``(T,)``.
        stage: Stage of each sample, shape ``(T,)``; ``NO_STAGE`` where unknown.
        slip: Slip, in m, shape ``(T,)``; NaN where unknown.
        normal_stress: Normal stress, in Pa, shape ``(T,)``; NaN where unknown, or only as force.
        gap: Samples that no window may touch, shape ``(T,)``.
        level: Level that was taken off friction, shape ``(T,)``; see :mod:`slicken.learning.level`.
        is_target: Samples that may be targets, shape ``(T,)``.
        clock: ``time``, or ``slip`` where a row is a step of slip; see
            :mod:`slicken.learning.slip_rows`.
    """

    experiments: tuple[str, ...]
    channels: tuple[str, ...]
    dt: float
    drivers: NDArray[np.float64]
    friction: NDArray[np.float64]
    experiment: NDArray[np.int64]
    time: NDArray[np.float64]
    stage: NDArray[np.int64]
    slip: NDArray[np.float64]
    normal_stress: NDArray[np.float64]
    gap: NDArray[np.bool_]
    level: NDArray[np.float64]
    is_target: NDArray[np.bool_]
    clock: StudyClock = "time"

    def __len__(self) -> int:
        """Number of samples of all experiments together, T."""
        return int(self.time.size)

    @property
    def unit(self) -> str:
        """Unit of lengths."""
        return UNITS[self.clock]

    def spelled(self, samples: int) -> str:
        """The length of this many samples in words, such as ``400 s``."""
        return f"{samples * self.dt:g} {self.unit}"

    def samples_in(self, seconds: float) -> int:
        """The number of samples L nearest to a window, or a stride, of these seconds (µm of slip).

        Raises:
            PlanError: if no number of steps comes within :data:`NEAR` of it; over slip, if they
                are not a whole number of steps.
        """
        samples = round(seconds / self.dt)
        near = NEAR if self.clock == "time" else EXACT
        if samples < 1 or abs(samples * self.dt - seconds) > near * seconds:
            other = "" if self.clock == "slip" else ", or set another step in the channel map"
            raise PlanError(
                f"{seconds:g} {self.unit} is not a whole number of {self.clock} steps of "
                f"{self.dt:g} {self.unit}; choose a multiple of {self.dt:g} {self.unit}{other}"
            )
        return samples

    def levels(self) -> dict[str, float]:
        """The level that was taken off the friction of each experiment; zero where none was."""
        first = np.searchsorted(self.experiment, np.arange(len(self.experiments)))
        return dict(zip(self.experiments, self.level[first].tolist(), strict=True))

    def is_exact(self, seconds: float) -> bool:
        """Whether a length is a whole number of steps."""
        return abs(self.samples_in(seconds) * self.dt - seconds) <= EXACT * seconds


def join(experiments: Sequence["Experiment"], drivers: Sequence[str]) -> Record:
    """Lay experiments end to end.

    Args:
        experiments: Experiments with one time step.
        drivers: Names of the drivers; each experiment has them all.

    Returns:
        The record.

    Raises:
        ExperimentError: if there is no experiment, if two have one name, if their time steps
            differ, or if one lacks a driver.
    """
    if not experiments:
        raise ExperimentError("no experiment was given; a study needs at least one log")
    names = [experiment.name for experiment in experiments]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ExperimentError(
            f"two experiments are named {repeated[0]!r}; rename one file, or leave one out"
        )
    steps = {experiment.name: experiment.dt for experiment in experiments}
    if max(steps.values()) - min(steps.values()) > 1e-6 * min(steps.values()):
        listed = ", ".join(f"{name} {dt:g} s" for name, dt in steps.items())
        raise ExperimentError(
            f"the time steps differ ({listed}); set one step for all in the channel map: "
            "[preparation] step = ..."
        )
    for experiment in experiments:
        missing = [name for name in drivers if name not in experiment.channels]
        if missing:
            raise ExperimentError(
                f"{experiment.name}: no {' or '.join(missing)}, which other logs have; "
                "name the drivers that all have in the plan (drivers = [...]), or leave the log out"
            )
    each = [_samples(experiment, drivers) for experiment in experiments]
    together = {key: np.concatenate([samples[key] for samples in each]) for key in each[0]}
    lengths = [len(experiment) for experiment in experiments]
    return Record(
        experiments=tuple(names),
        channels=tuple(drivers),
        dt=experiments[0].dt,
        experiment=np.repeat(np.arange(len(experiments)), lengths),
        clock="time",
        **together,
    )


def _samples(experiment: "Experiment", drivers: Sequence[str]) -> dict[str, NDArray[np.generic]]:
    unknown = np.full(len(experiment), np.nan)
    channels = experiment.channels
    stage = experiment.stage
    return {
        "drivers": np.stack([channels[name] for name in drivers], axis=1),
        "friction": experiment.friction,
        "time": experiment.time,
        "stage": np.full(len(experiment), NO_STAGE) if stage is None else stage,
        "slip": unknown if experiment.slip is None else experiment.slip,
        "normal_stress": channels.get(NORMAL_STRESS.name, unknown),
        "gap": experiment.gap,
        "level": np.zeros(len(experiment)),
        "is_target": np.ones(len(experiment), np.bool_),
    }


def reach(record: Record, part: NDArray[np.signedinteger] | None = None) -> NDArray[np.int64]:
    """How many samples a window that ends at each instant can hold at most.

    A window crosses neither an experiment's end nor a gap; where ``part`` is given, it does not
    cross from one part into another either, and touches no sample without a part (negative).

    Args:
        record: Record of T samples.
        part: Part of each sample, shape ``(T,)``.

    Returns:
        Shape ``(T,)``; 0 inside a gap.
    """
    usable = ~record.gap
    breaks = np.zeros(len(record), dtype=np.bool_)
    breaks[0] = True
    breaks[1:] = record.experiment[1:] != record.experiment[:-1]
    breaks[1:] |= ~usable[:-1]
    if part is not None:
        usable = usable & (part >= 0)
        breaks[1:] |= part[1:] != part[:-1]
    index = np.arange(len(record))
    begins = np.maximum.accumulate(np.where(breaks, index, 0))
    return np.where(usable, index - begins + 1, 0)


def once_a_sample(record: Record, ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Target times without those that have the friction of the next: one sample is one target.

    Rows of a slip grid that is finer than the log end at the same sample, the last of them at what
    the fault has slipped by then; rows of time never do.

    Args:
        record: Record of T samples.
        ends: Target times as indices into it, ascending, shape ``(N,)``.
    """
    same = (np.diff(record.time[ends]) == 0) & (np.diff(record.experiment[ends]) == 0)
    return ends[~np.append(same, np.zeros(min(ends.size, 1), dtype=np.bool_))]


def position(record: Record) -> NDArray[np.int64]:
    """The number of each sample within its own experiment, from 0, shape ``(T,)``."""
    first = np.searchsorted(record.experiment, np.arange(len(record.experiments)))
    return np.arange(len(record)) - first[record.experiment]
