"""Prepared: what every window length of a study sees; indices and one record, never windows."""

import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from slicken.channels import DRIVERS
from slicken.errors import PlanError
from slicken.learning.changes import as_changes
from slicken.learning.level import relative
from slicken.learning.record import Record, join, position
from slicken.learning.scaling import Scaling, learn_scaling
from slicken.learning.slip_rows import over_slip
from slicken.learning.splits import (
    FEWEST_FOLDS,
    MOST_LEFT_OUT,
    USUAL_FOLDS,
    Part,
    Split,
    divide,
    divide_into_folds,
    pool,
)
from slicken.study.events import events_of
from slicken.study.slip_plan import slip_step, with_windows

if TYPE_CHECKING:
    from slicken.experiment import Experiment
    from slicken.study.plan import Plan

WINDOWS_A_STRETCH = 3
"""Longest windows in a stretch of time that is held out, at least, where ``auto`` makes folds."""


@dataclass(frozen=True)
class Prepared:
    """A record with its parts and its scaling.

    Args:
        record: all experiments end to end.
        split: target times of each part.
        scaling: learned on the training part.
        missing: drivers of the published study that these logs do not have.
    """

    record: Record
    split: Split
    scaling: Scaling
    missing: tuple[str, ...]

    @cached_property
    def drivers(self) -> NDArray[np.float32]:
        """Standardised drivers, shape ``(T, C)``; 0, the mean, inside gaps, which are not used."""
        gap = self.record.gap[:, None]
        inside = np.where(gap, 0.0, self.record.drivers)
        return np.where(gap, np.float32(0), self.scaling.drivers(inside))

    @cached_property
    def friction(self) -> NDArray[np.float32]:
        """Standardised friction, shape ``(T,)``; 0 inside gaps."""
        mean = self.scaling.friction_mean
        return self.scaling.friction(np.where(self.record.gap, mean, self.record.friction))

    def targets(self, part: Part) -> xr.Dataset:
        """Measured friction at the target times of a part, and where and when each is.

        Returns:
            ``measured`` over ``target``, with coordinates time (s), experiment, stage, slip (m)
            and normal_stress (Pa); on a slip grid also passed (µm of slip).
        """
        record, ends = self.record, self.split.ends[part]
        names = np.array(record.experiments)
        table = xr.Dataset(
            {"measured": ("target", record.friction[ends])},
            coords={
                "time": ("target", record.time[ends], {"units": "s"}),
                "experiment": ("target", names[record.experiment[ends]].astype(object)),
                "stage": ("target", record.stage[ends]),
                "slip": ("target", record.slip[ends], {"units": "m"}),
                "normal_stress": ("target", record.normal_stress[ends], {"units": "Pa"}),
            },
        )
        if record.clock == "time":
            return table
        passed = position(record)[ends] * record.dt
        return table.assign_coords(passed=("target", passed, {"units": record.unit}))

    def slip_in(self, seconds: float) -> float:
        """Median slip within windows of this many seconds, m; NaN where slip is not known.

        NaN on a slip grid, too, where windows are slip themselves.
        """
        if self.record.clock == "slip":
            return float("nan")
        ends = np.concatenate(list(self.split.ends.values()))
        back = self.record.samples_in(seconds) - 1
        return float(np.median(self.record.slip[ends] - self.record.slip[ends - back]))


def prepare_study(experiments: Sequence["Experiment"], plan: "Plan") -> tuple[Prepared, ...]:
    """Choose the drivers, lay out the record, divide it, and learn the scaling of each fold.

    Returns:
        The folds; one where the plan has a single split.

    Raises:
        SlickenError: if the experiments do not fit the plan; the message says what to change.
    """
    drivers, missing = choose_drivers(experiments, plan)
    record = join(experiments, drivers)
    if plan.target == "relative":
        record = relative(record, plan.level_span)
    if plan.clock == "slip":
        plan = with_windows(plan, record)
        record = over_slip(record, slip_step(plan, record))
    record = as_changes(record, changed(plan, record.channels))
    longest = record.samples_in(plan.windows[-1])
    for seconds in plan.windows:
        if record.samples_in(seconds) < plan.network.shortest_window:
            raise PlanError(
                f"windows: {seconds:g} {record.unit} is {record.samples_in(seconds)} samples, "
                f"fewer than the {plan.network.shortest_window} that the convolutions need; choose "
                "longer ones"
            )
    _check_different(plan.windows, record)
    splits = _divide(experiments, record, plan, longest)
    return tuple(Prepared(record, split, learn_scaling(record, split), missing) for split in splits)


def _check_different(windows: Sequence[float], record: Record) -> None:
    """Two lengths that are the same number of samples would be one length, compared with itself."""
    for one, other in itertools.pairwise(windows):
        if record.samples_in(one) == record.samples_in(other):
            raise PlanError(
                f"windows: {one:g} and {other:g} {record.unit} are both {record.samples_in(one)} "
                f"samples of {record.dt:g} {record.unit}; leave one of them out"
            )


def changed(plan: "Plan", drivers: Sequence[str]) -> tuple[str, ...]:
    """The drivers that are seen as changes.

    Raises:
        PlanError: if one of them is no driver.
    """
    for name in plan.as_change:
        if name not in drivers:
            raise PlanError(
                f"as_change: {name} is no driver of this study; drivers are {', '.join(drivers)}"
            )
    return plan.as_change


def spelled_out(experiments: Sequence["Experiment"], plan: "Plan") -> "Plan":
    """The plan with the windows that its experiments decide; see :mod:`slicken.study.slip_plan`."""
    if plan.windows:
        return plan
    return with_windows(plan, join(experiments, choose_drivers(experiments, plan)[0]))


def pooled(folds: Sequence[Prepared]) -> Prepared:
    """All folds together, scaled on all of them; one is returned as it is."""
    if len(folds) == 1:
        return folds[0]
    record, split = folds[0].record, pool([fold.split for fold in folds])
    return Prepared(record, split, learn_scaling(record, split), folds[0].missing)


def _divide(
    experiments: Sequence["Experiment"], record: Record, plan: "Plan", longest: int
) -> tuple[Split, ...]:
    asked, stride = plan.split, record.samples_in(plan.stride)
    folds = _folds(record, plan, longest)
    events = events_of(experiments, record, longest) if asked.by == "event" else None
    if folds > 1:
        return divide_into_folds(
            record,
            by=asked.by,
            longest=longest,
            stride=stride,
            folds=folds,
            events=events,
            seed=plan.seed,
        )
    one = divide(
        record,
        by=asked.by,
        longest=longest,
        stride=stride,
        fractions=(asked.validation_share, asked.test_share),
        named=(asked.validation, asked.test),
        events=events,
        seed=plan.seed,
    )
    return (one,)


def _folds(record: Record, plan: "Plan", longest: int) -> int:
    """Number of folds; 1 is a single split."""
    asked, count = plan.split, len(record.experiments)
    if asked.folds != "auto":
        return asked.folds
    if asked.validation or asked.test:  # whoever names the parts has divided the experiments
        return 1
    if asked.by == "experiment" or (asked.by == "auto" and count >= FEWEST_FOLDS):
        if count < FEWEST_FOLDS:
            return 1
        return count if count <= MOST_LEFT_OUT else USUAL_FOLDS
    if asked.by != "auto":  # by time or by stage, as asked for
        return 1
    shortest = int(np.bincount(record.experiment).min())
    most = shortest // (WINDOWS_A_STRETCH * longest)
    return min(most, USUAL_FOLDS) if most >= FEWEST_FOLDS else 1


def choose_drivers(
    experiments: Sequence["Experiment"], plan: "Plan"
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The channels that the network sees, and those of the published five that no log has."""
    if plan.drivers:
        return plan.drivers, ()
    names = [channel.name for channel in DRIVERS]
    held = [name for name in names if any(name in e.channels for e in experiments)]
    if not held:
        raise PlanError(
            f"the logs have none of the drivers {', '.join(names)}; name the columns in a channel "
            "map, or other channels in the plan (drivers = [...])"
        )
    return tuple(held), tuple(name for name in names if name not in held)


def fingerprint(experiment: "Experiment") -> str:
    """A checksum of what an experiment holds, however it came to hold it."""
    clock = float(experiment.time[0]), experiment.dt, len(experiment)
    digest = hashlib.sha256(repr((experiment.name, *clock)).encode())
    for name in sorted(experiment.channels):
        digest.update(name.encode())
        digest.update(experiment.channels[name].tobytes())
    digest.update(experiment.gap.tobytes())
    digest.update(b"" if experiment.stage is None else experiment.stage.tobytes())
    return digest.hexdigest()


def fingerprints_of(experiments: Sequence["Experiment"]) -> dict[str, str]:
    """The checksum of each experiment by its name, in order."""
    return {experiment.name: fingerprint(experiment) for experiment in experiments}


def identity_of(plan: "Plan", fingerprints: Mapping[str, str]) -> str:
    """A checksum of all that decides the numbers of a study.

    Args:
        plan: of the study.
        fingerprints: of its experiments, by name, in order.
    """
    decisive = json.dumps([plan.decisive(), list(fingerprints.items())], sort_keys=True)
    return hashlib.sha256(decisive.encode()).hexdigest()
