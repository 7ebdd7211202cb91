"""Numbers of the laboratory: what friction does on the networks, beside the same read off the data.

Intervals come from the folds: each was trained without some of the experiments, so leaving out one
fold in turn is a jackknife over experiments (Efron & Stein 1981, 10.1214/aos/1176345462). With a
single fold there are only runs, which differ in their random numbers and not in their data.

Networks also smooth, all of them alike. So the slope that is left in the residuals of what was held
out, over the same driver, counts as a second error of a slope: the rectifier of prediction-powered
inference (Angelopoulos et al. 2023, 10.1126/science.adi6000), which here widens and does not shift.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from slicken.channels import FRICTION, SLIP_VELOCITY
from slicken.errors import LabError, shown
from slicken.evidence.lab import OTHERS, LabRun, Others, impose
from slicken.evidence.lab_courses import KINDS, Kind, Training, possible
from slicken.evidence.lab_data import FEWEST_UNITS, read_off_the_data
from slicken.evidence.resampling import Interval
from slicken.evidence.tabular import Tabular, within
from slicken.experiment.experiment import Provenance
from slicken.experiment.samples import Samples
from slicken.laws.predicted import terms
from slicken.laws.results import Estimate, undetermined
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.evidence.laws_beside import LawBeside
    from slicken.evidence.skill import Grade
    from slicken.physics.spring_slider import Evolution
    from slicken.study.trained import Trained

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
        return _of_steps(run, law, slowest, evidence)
    if run.kind == "holds":
        return [_of_holds(run, evidence)]
    name = "per_kelvin" if run.kind == "temperature" else "per_metre"
    data, source = read_off_the_data(evidence, name)
    friction, inside = run.steady
    found = _slopes(friction[:, inside], np.array(run.course.levels)[inside])
    missed = _missed(evidence.trained, run)
    return [_number(run, name, found, data, source, missed)]


def _of_steps(
    run: LabRun, law: "LawBeside | None", slowest: float, evidence: "Evidence"
) -> list[LabNumber]:
    of_data, missed = _best_law(evidence), _missed(evidence.trained, run, slowest)
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
        biased = missed if name == "a_minus_b" else 0.0
        numbers.append(_number(run, name, found.get(name), data, source, biased))
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
    return _number(run, "healing", found, *read_off_the_data(evidence, "healing"))


def _slopes(friction: Floats, over: Floats) -> Floats | None:
    """Slope of each run, shape ``(R,)``; None where there is nothing to read it off."""
    apart = over - over.mean() if over.size else over
    if over.size < 2 or not np.ptp(over) > 0:
        return None
    slopes: Floats = friction @ apart / (apart @ apart)
    return slopes


def _missed(trained: "Trained", run: LabRun, slowest: float = 0.0) -> float:
    """Slope of the held-out residuals over the moved driver; over ln V where slip is steady."""
    training = Training.of(trained)
    drivers = training.record.drivers[:, training.record.channels.index(run.channel)]
    steady = np.ones(len(training.record), np.bool_)
    if run.channel == SLIP_VELOCITY.name:
        steady = training.steady(run.channel, run.samples) & (drivers > slowest)
        drivers = np.log(np.where(drivers > 0, drivers, 1.0))
    over, residuals = [], []
    for fold in trained.folds:
        ends = fold.prepared.split.ends["test"]
        table = fold.predictions(run.window, "test")
        left = (table["measured"] - table["predicted"].mean("run")).to_numpy()
        over.append(drivers[ends][steady[ends]])
        residuals.append(left[steady[ends]])
    slopes = _slopes(np.concatenate(residuals)[None], np.concatenate(over))
    return 0.0 if slopes is None else float(slopes[0])


def _number(
    run: LabRun, name: str, found: Floats | None, data: Interval, source: str, missed: float = 0.0
) -> LabNumber:
    if found is None:
        few = Statement("lab.few_holds" if run.kind == "holds" else "lab.no_steady")
        problem = Statement("lab.out_of_range", drivers=run.left) if run.left else few
        return LabNumber(run.kind, name, Interval(*[np.nan] * 3), data, source, problem)
    logarithmic = name == "dc"
    interval = over_folds(np.log(found) if logarithmic else found, run.fold, missed)
    if logarithmic:
        interval = Interval(*np.exp(interval).tolist())
    return LabNumber(run.kind, name, interval, data, source)


def over_folds(values: Floats, fold: NDArray[np.int64], missed: float = 0.0) -> Interval:
    """The mean over folds, with the interval that a jackknife over them gives.

    Args:
        values: Of each run, shape ``(R,)``.
        fold: Fold of each run, ``(R,)``; of a single fold, each run is left out in turn.
        missed: Error that all of them share, as large as a standard error of its own.

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
    half = float(stats.t.ppf(0.975, max(count - 1, 1)) * np.sqrt(variance + missed**2))
    middle = float(means.mean())
    return Interval(middle, middle - half, middle + half)
