"""Numbers of the laboratory: what friction does on the networks, beside the same read off the data.

Intervals come from the folds: each was trained without some of the experiments, so leaving out one
fold in turn is a jackknife over experiments (Efron & Stein 1981, 10.1214/aos/1176345462). With a
single fold there are only runs, which differ in their random numbers and not in their data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from slicken.channels import AXIAL_DISPLACEMENT, FRICTION, SLIP_VELOCITY
from slicken.errors import LabError, SlickenError, shown
from slicken.evidence.lab import OTHERS, LabRun, Others, impose
from slicken.evidence.lab_courses import KINDS, Kind, Training, possible
from slicken.evidence.resampling import Interval
from slicken.evidence.tabular import Tabular, within
from slicken.experiment.experiment import Provenance
from slicken.experiment.samples import Samples
from slicken.laws.events import find_events
from slicken.laws.healing import healing_rate, measure_healing
from slicken.laws.predicted import terms
from slicken.laws.results import Estimate, undetermined
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.evidence.laws_beside import LawBeside
    from slicken.evidence.skill import Grade
    from slicken.physics.spring_slider import Evolution

Floats = NDArray[np.float64]
EVOLUTION: Mapping[str, "Evolution"] = {"ageing_law": "ageing", "slip_law": "slip"}
TOLD = ("shown", "seen_once")
"""Grades of skill with which networks answer to their drivers."""
DISTANCES = 5.0
"""Critical slip distances that a window must hold for its friction to be steady."""
FEWEST_HOLDS = 3
"""Holds from which a rate of healing is read off."""
TRIED = np.geomspace(1e-7, 1e-1, 241)
"""Critical slip distances that are tried, m."""
FEWEST_UNITS = 3
"""Folds, experiments or stretches from which there is an interval."""


@dataclass(frozen=True)
class LabNumber:
    """One number, of the networks and of the data.

    Args:
        kind: Experiment that it is read off.
        name: ``a_minus_b``, ``a``, ``b``, ``dc`` (m), ``healing`` (per decade of hold time),
            ``per_kelvin`` (1/K) or ``per_metre`` (1/m).
        networks: Of the networks, with its 95 % interval; NaN where there is a problem.
        data: The same read off the data, with its 95 % interval; NaN where it cannot be.
        source: Where the data's number is from: ``ageing_law``, ``slip_law``, ``thermal_law``,
            ``healing`` or ``regression``; blank where there is none.
        problem: Why the networks tell no number; None where they do.
    """

    kind: Kind
    name: str
    networks: Interval
    data: Interval
    source: str
    problem: Statement | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Lab(Tabular):
    """Experiments on the networks of a study.

    Args:
        name: Name of the study.
        window: Window length, s.
        others: Whether the other drivers were ``held``, or were ``following``.
        folds: Number of folds; with one, intervals are over runs.
        runs: Experiments.
        numbers: What they tell.
        law: Friction law by which a, b and Dc of the networks were read off; blank for none.
        slowest: Velocity below which a window holds less than five Dc, m/s; 0 without a law.
        grade: Grade of the skill of the networks; see :attr:`.SkillEvidence.grade`.
    """

    name: str
    window: float
    others: Others
    folds: int
    runs: tuple[LabRun, ...]
    numbers: tuple[LabNumber, ...]
    law: str
    slowest: float
    grade: "Grade"

    def to_dataframe(self) -> pd.DataFrame:
        """One row for each number, with the ends of its intervals, in SI."""
        rows = [
            {
                "experiment": one.kind,
                "parameter": one.name,
                **dict(
                    zip(("networks", "networks_low", "networks_high"), one.networks, strict=True)
                ),
                **dict(zip(("data", "data_low", "data_high"), one.data, strict=True)),
                "data_from": one.source,
            }
            for one in self.numbers
        ]
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        lines = [
            f"  {one.name}: networks {within(one.networks, '.4g')}, data {within(one.data, '.4g')}"
            for one in self.numbers
        ]
        head = f"Lab of {self.name}: window of {self.window:g} s, other drivers {self.others}"
        return "\n".join([head, *lines])


def run_lab(
    evidence: "Evidence",
    kinds: Sequence[Kind] | None = None,
    *,
    levels: Mapping[Kind, Sequence[float]] | None = None,
    others: Others = "held",
    window: float | None = None,
) -> Lab:
    """Run experiments that nobody ran, on the trained networks.

    Args:
        evidence: Evidence of a study.
        kinds: ``velocity_steps``, ``holds``, ``temperature``, ``displacement``; all that the
            study can tell of where None.
        levels: Experiment to its levels, in the unit of the channel, or durations of holds in s;
            chosen from the training part where an experiment is not named.
        others: Whether other drivers are ``held`` at their medians of the training part, or are
            ``following`` the one that is moved, as they did there.
        window: Window length, s; the best where None.

    Raises:
        LabError: If the networks have no skill, or an experiment, a level or a window makes no
            sense.
    """
    trained, levels = evidence.trained, dict(levels or {})
    for kind in (*(kinds or ()), *levels):
        if kind not in KINDS:
            raise LabError(f"{shown(kind)}: experiments are {', '.join(KINDS)}")
    if others not in OTHERS:
        raise LabError(f"others: {shown(others)}; other drivers are held, or following")
    grade = evidence.skill.grade
    if grade not in TOLD:
        why = "no skill" if grade == "none" else "no more than a course common to all experiments"
        raise LabError(
            f"{trained.plan.name}: its networks show {why} on what they never saw, so experiments "
            "on them would tell nothing of the fault"
        )
    seconds = evidence.comparison.best if window is None else window
    if seconds not in trained.windows:
        held = ", ".join(f"{each:g}" for each in trained.windows)
        raise LabError(f"{trained.plan.name}: no window of {seconds:g} s; it has {held}")
    law = _determined(_best_law(evidence))
    slowest = 0.0 if law is None else DISTANCES * law.parameters["dc"].value / seconds
    chosen = tuple(kinds) if kinds else possible(trained)
    if not chosen:
        raise LabError(f"{trained.plan.name}: no driver varies that an experiment could move")
    runs = impose(trained, seconds, chosen, levels, others, slowest)
    return Lab(
        name=trained.plan.name,
        window=seconds,
        others=others,
        folds=len(trained.folds),
        runs=runs,
        numbers=tuple(number for run in runs for number in _numbers(run, evidence, law, slowest)),
        law="" if law is None else law.model,
        slowest=slowest,
        grade=grade,
    )


def _best_law(evidence: "Evidence") -> "LawBeside | None":
    """The rate-and-state law that predicts best on the validation part."""
    fitted = (one for one in evidence.laws if one.model in EVOLUTION and one.problem is None)
    return next(fitted, None)


def _determined(law: "LawBeside | None") -> "LawBeside | None":
    """The law if its Dc is determined: only then steady friction and Dc can be asked for."""
    if law is None or undetermined("dc", Estimate(*law.parameters["dc"], formal=np.nan)):
        return None
    return law


def _numbers(
    run: LabRun, evidence: "Evidence", law: "LawBeside | None", slowest: float
) -> list[LabNumber]:
    if run.kind == "velocity_steps":
        return _of_steps(run, law, slowest, _best_law(evidence))
    if run.kind == "holds":
        return [_of_holds(run, evidence)]
    name = "per_kelvin" if run.kind == "temperature" else "per_metre"
    data, source = _of_data(evidence, name)
    friction, inside = run.steady
    found = _slopes(friction[:, inside], np.array(run.course.levels)[inside])
    return [_number(run, name, found, data, source)]


def _of_steps(
    run: LabRun, law: "LawBeside | None", slowest: float, of_data: "LawBeside | None"
) -> list[LabNumber]:
    friction, inside = run.steady
    levels = np.array(run.course.levels)
    usable = inside & (levels >= slowest)
    steady = _slopes(friction[:, usable], np.log(levels[usable]))
    fitted = {} if law is None else _fitted(run, EVOLUTION[law.model])
    found = {"a_minus_b": steady}
    if steady is not None and fitted:
        a = fitted["a"]
        found |= {"a": a, "b": a - steady, "dc": fitted["dc"]}
    numbers = []
    for name in ("a_minus_b", "a", "b", "dc"):
        data = Interval(*[np.nan] * 3) if of_data is None else of_data.parameters[name]
        source = "" if of_data is None else of_data.model
        numbers.append(_number(run, name, found.get(name), data, source))
    return numbers if law is not None else numbers[:1]


def _fitted(run: LabRun, law: "Evolution") -> dict[str, Floats]:
    """Direct effect and critical slip distance of each run, by least squares with one level."""
    if not run.inside.all():
        return {}
    velocity = run.course.values[run.ends]
    channels = {FRICTION.name: run.friction[0], SLIP_VELOCITY.name: velocity}
    columns = terms(Samples("laboratory", run.seconds, channels, Provenance("")), law, TRIED)
    columns = columns - columns[0]
    friction = (run.friction - run.friction[:, :1]).T
    losses, effects = [], []
    for place in range(TRIED.size):
        rows = np.column_stack([np.ones(len(columns)), columns[:, 0], columns[:, 1 + place]])
        found = np.linalg.lstsq(rows, friction, rcond=None)[0]
        losses.append(((friction - rows @ found) ** 2).sum(axis=0))
        effects.append(found[1])
    best, every = np.argmin(losses, axis=0), np.arange(friction.shape[1])
    return {"a": np.array(effects)[best, every], "dc": TRIED[best]}


def _of_holds(run: LabRun, evidence: "Evidence") -> LabNumber:
    """Peak above steady friction after each hold, per decade of hold time."""
    changes = [*run.course.changes, run.course.values.size]
    held, healed = [], []
    steady = run.steady[0]
    for number, (start, resumed, end) in enumerate(
        zip(changes[0::2], changes[1::2], changes[2::2], strict=False)
    ):
        here = (run.ends >= resumed) & (run.ends < end)
        if run.inside[here].all():
            held.append((resumed - start) * run.step)
            healed.append(run.friction[:, here].max(axis=1) - steady[:, 2 * number])
    found = None
    if len(set(held)) >= FEWEST_HOLDS:
        found = _slopes(np.array(healed).T, np.log10(held))
    return _number(run, "healing", found, *_of_data(evidence, "healing"))


def _slopes(friction: Floats, over: Floats) -> Floats | None:
    """Slope of each run, shape ``(R,)``; None where there is nothing to read it off."""
    apart = over - over.mean() if over.size else over
    if over.size < 2 or not np.ptp(over) > 0:
        return None
    slopes: Floats = friction @ apart / (apart @ apart)
    return slopes


def _number(run: LabRun, name: str, found: Floats | None, data: Interval, source: str) -> LabNumber:
    if found is None:
        few = Statement("lab.few_holds" if run.kind == "holds" else "lab.no_steady")
        problem = Statement("lab.out_of_range", drivers=run.left) if run.left else few
        return LabNumber(run.kind, name, Interval(*[np.nan] * 3), data, source, problem)
    logarithmic = name == "dc"
    interval = over_folds(np.log(found) if logarithmic else found, run.fold)
    if logarithmic:
        interval = Interval(*np.exp(interval).tolist())
    return LabNumber(run.kind, name, interval, data, source)


def over_folds(values: Floats, fold: NDArray[np.int64]) -> Interval:
    """The mean over folds, with the interval that a jackknife over them gives.

    Args:
        values: Of each run, shape ``(R,)``.
        fold: Fold of each run, ``(R,)``; of a single fold, each run is left out in turn.

    Example:
        >>> over_folds(np.array([1.0, 2.0, 3.0]), np.arange(3))  # doctest: +ELLIPSIS
        Interval(value=2.0, low=-2.968..., high=6.968...)
    """
    each = np.unique(fold)
    means = np.array([values[fold == one].mean() for one in each])
    count = means.size
    if count > 1:  # each fold stands for a fit without its experiments
        variance = (count - 1) / count * ((means - means.mean()) ** 2).sum()
    else:
        count = values.size
        variance = values.var(ddof=1) / count if count > 1 else np.nan
    if count < FEWEST_UNITS:
        variance = np.nan
    half = float(stats.t.ppf(0.975, max(count - 1, 1)) * np.sqrt(variance))
    middle = float(means.mean())
    return Interval(middle, middle - half, middle + half)


def _of_data(evidence: "Evidence", name: str) -> tuple[Interval, str]:
    """A number read off the data, and how; NaN where it cannot be."""
    if name == "per_kelvin":
        for law in evidence.laws:
            if law.model == "thermal_law" and name in law.parameters:
                return law.parameters[name], law.model
    if name == "healing":
        found = _healing(evidence)
        if found is not None:
            return found, "healing"
    if name == "per_metre":
        return _regression(evidence), "regression"
    return Interval(np.nan, np.nan, np.nan), ""


def _healing(evidence: "Evidence") -> Interval | None:
    """Healing of all holds of the experiments, per decade of hold time."""
    holds, healed, variances = [], [], []
    for experiment in evidence.trained.experiments:
        samples = Samples.of(experiment)
        try:
            found = measure_healing(samples, find_events(samples), ())
        except SlickenError:
            continue
        if found is not None:
            holds.append(found.holds)
            healed.append(found.healed[:, 0])
            variances.append(((found.healed[:, 2] - found.healed[:, 1]) / 4) ** 2)
    if not holds:
        return None
    rate = healing_rate(*(np.concatenate(each) for each in (holds, healed, variances)))
    return Interval(*rate[:3]) if np.isfinite(rate.value) else None


def _regression(evidence: "Evidence") -> Interval:
    """Coefficient of displacement in a linear regression on all drivers of the same instant."""
    training = Training.of(evidence.trained)
    record = training.record
    rows = np.flatnonzero(training.rows)
    columns, friction = record.drivers[rows], record.friction[rows]
    columns = (columns - columns.mean(axis=0)) / np.where(
        np.ptp(columns, axis=0) > 0, columns.std(axis=0), 1.0
    )
    place = record.channels.index(AXIAL_DISPLACEMENT.name)
    of = record.experiment[rows]
    if np.unique(of).size < FEWEST_UNITS:
        of = rows * FEWEST_UNITS // len(record)
    design = np.column_stack([np.ones(rows.size), columns])

    def effect(kept: NDArray[np.bool_]) -> float:
        found = np.linalg.lstsq(design[kept], friction[kept], rcond=None)[0]
        return float(found[1 + place])

    whole = effect(np.ones(rows.size, np.bool_))
    without = np.array([effect(of != one) for one in np.unique(of)])
    spread = float(record.drivers[rows, place].std())
    half = _half(without)
    return Interval(*(each / spread for each in (whole, whole - half, whole + half)))


def _half(without: Floats) -> float:
    """Half the 95 % interval from estimates without each unit in turn."""
    count = without.size
    variance = (count - 1) / count * ((without - without.mean()) ** 2).sum()
    return float(stats.t.ppf(0.975, count - 1) * np.sqrt(variance))
