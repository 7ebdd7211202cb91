"""Skill: how far the networks beat what knows nothing of friction, and whether by chance."""

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from slicken.evidence.baselines import constants
from slicken.evidence.course import expected_friction, sharing_a_course
from slicken.evidence.intervals import Calibration, calibration_of, coverage_of
from slicken.evidence.missed_steps import MissedSteps, missed_steps
from slicken.evidence.permutation import permutation_p
from slicken.evidence.resampling import (
    FEWEST_BLOCKS,
    Blocks,
    Interval,
    Unit,
    independent_blocks,
    resampled_counts,
    sums_by_block,
)
from slicken.evidence.scores import MODELS, score
from slicken.evidence.tabular import Tabular, within
from slicken.learning.splits import SCORED

if TYPE_CHECKING:
    import pandas as pd

    from slicken.study.trained import Trained

ALPHA = 0.02
"""Share of assignments from which a fit may be chance."""
WELL, CLOSELY, FEWEST_TARGETS = 0.5, 0.9, 20
"""R2 against its own mean, correlation, and number of targets, from which a record that is too
short for an interval counts as predicted well."""
MORE_THAN_DRIFT = 0.5
"""Correlation about straight lines from which it was more than a drift."""

Grade = Literal["shown", "common_course", "seen_once", "none"]


@dataclass(frozen=True)
class Skill:
    """How much smaller the squared error is than a baseline's, with an interval.

    Args:
        against: Name of the baseline.
        value: 1 less the ratio of the squared errors; 1 is perfect, 0 no better.
        low: Lower end of its 95 % interval over blocks; NaN with too few blocks.
        high: Upper end.
        blocks: Number of independent blocks in the test part.
        unit: What a block is.
    """

    against: str
    value: float
    low: float
    high: float
    blocks: int
    unit: Unit = "time"

    @property
    def proven(self) -> bool:
        """Whether the interval lies above zero."""
        return self.low > 0


@dataclass(frozen=True)
class CommonCourse:
    """What the mean course of the training experiments predicts; it knows elapsed time alone.

    Args:
        skill: Skill of the course against the mean of the test part.
        over: Skill of the networks over the course.
        drivers: Drivers that share a course, each over experiments.
    """

    skill: Skill
    over: Skill
    drivers: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """A held-out record that was predicted well, but is too short for an interval.

    Args:
        r2: R2 against its own mean.
        correlation: Correlation of predicted and measured friction.
        experiments: Number of experiments that it comes from.
        targets: Number of targets.
    """

    r2: float
    correlation: float
    experiments: int
    targets: int


@dataclass(frozen=True, eq=False, repr=False)
class SkillEvidence(Tabular):
    """Whether the ensemble of the best length predicts the test part at all.

    Args:
        against: Skill against constants on the test part: the training mean and median, and the
            mean of the test part of each fold. Nothing can know the last beforehand, but networks
            that only get the level right, by chance or because friction settles, beat the first
            two and know nothing about what moves friction.
        permutation_p: Share of assignments of experiments that fit the predictions as well; see
            :func:`~slicken.evidence.permutation.permutation_p`.
        table: Skill against every model, ``skill`` with ``low`` and ``high`` over ``(row,
            model)``; a row is a part, or a stage of the test part. Attribute ``grade``.
        calibration: Widths of intervals, learned on the validation part.
        coverage: Share of the test part within 90 % intervals.
        course: What the common course predicts; None where no whole experiment was held out.
        seen: What was predicted well without an interval; None where nothing was.
        missed: Steps of a driver at which the predictions stay flat; None where they follow.
    """

    against: tuple[Skill, ...]
    permutation_p: float | None
    table: xr.Dataset
    calibration: Calibration
    coverage: float
    course: CommonCourse | None = None
    seen: Seen | None = None
    missed: MissedSteps | None = None

    @classmethod
    def compute(cls, trained: "Trained", best: float, baselines: xr.Dataset) -> "SkillEvidence":
        """The skill of the ensemble of the best length.

        Args:
            trained: Study.
            best: Window length.
            baselines: Predictions of all models at that length; see
                :func:`~slicken.evidence.baselines.predict_all`.
        """
        test = trained.predictions(None, "test")
        calibration = calibration_of(trained)
        found = cls(
            against=_against_constants(trained, test),
            permutation_p=_permutation_p(trained, test),
            table=_table(trained, best, baselines),
            calibration=calibration,
            coverage=coverage_of(trained, calibration),
            course=_common_course(trained, test),
            seen=seen_well(test),
            missed=missed_steps(trained.prepared, _ensemble(test), trained.plan.seed),
        )
        return replace(found, table=found.table.assign_attrs(grade=found.grade))

    def to_dataframe(self) -> "pd.DataFrame":
        """Skill against each constant, with its interval and the number of blocks."""
        import pandas as pd

        return pd.DataFrame([asdict(one) for one in self.against]).set_index("against")

    def __repr__(self) -> str:
        each = ", ".join(
            f"{one.against} {within((one.value, one.low, one.high))}" for one in self.against
        )
        chance = (
            "" if self.permutation_p is None else f", permutation test p = {self.permutation_p:.2g}"
        )
        return f"SkillEvidence: {self.grade.replace('_', ' ')}{chance}\n  skill against {each}"

    def over(self, model: str) -> Interval:
        """Skill of the networks over another model on the whole test part, with its interval."""
        part, of = self.table["part"].to_numpy(), self.table["experiment"].to_numpy()
        row = int(np.flatnonzero((part == "test") & (of == ""))[0])
        one = self.table.isel(row=row).sel(model=model)
        return Interval(*(float(one[name]) for name in ("skill", "low", "high")))

    @property
    def may_be_chance(self) -> bool:
        """Whether other experiments' friction fits the predictions too often as well."""
        return self.permutation_p is not None and self.permutation_p > ALPHA

    @property
    def grade(self) -> Grade:
        """How far skill is shown.

        - ``shown``: every constant is beaten, with an interval and not by chance, and so is the
          common course where that knows anything of friction.
        - ``common_course``: every constant is beaten, but a course common to all experiments
          predicts about as well. Then the friction of other experiments fits the predictions, too,
          so a large p value of the permutation test is no sign of chance.
        - ``seen_once``: too few blocks for an interval, but what was held out is predicted well.
        - ``none``: all else.
        """
        if all(one.proven for one in self.against):
            course = self.course
            if course is not None and course.skill.value > 0 and not course.over.proven:
                return "common_course" if not self.may_be_chance or course.skill.proven else "none"
            return "none" if self.may_be_chance else "shown"
        few = min(one.blocks for one in self.against) < FEWEST_BLOCKS
        better = all(one.value > 0 for one in self.against)
        return "seen_once" if few and better and self.seen and not self.may_be_chance else "none"

    @property
    def proven(self) -> bool:
        """Whether anything may be concluded from what the networks learned.

        So it is where only a common course is shown: it is no accident, it holds for another
        experiment of the same kind, and drivers can be asked whether they share it. But elapsed
        time predicts as well and has neither a memory nor a cause: what takes more than that, a
        required history or a supported driver, asks for :attr:`grade` ``shown``.
        """
        return self.grade in ("shown", "common_course")


def skill(
    errors: NDArray[np.float64],
    baseline: NDArray[np.float64],
    blocks: Blocks,
    *,
    against: str,
    seed: int,
) -> Skill:
    """Compare squared errors with a baseline's, resampling whole blocks of targets.

    Args:
        errors: squared, shape ``(N,)``.
        baseline: squared, shape ``(N,)``.
        blocks: See :func:`~slicken.evidence.resampling.independent_blocks`.
        against: Name of the baseline.
        seed: Random seed of the resampling.
    """
    (ours, theirs), count = sums_by_block(np.stack([errors, baseline]), blocks.of)
    value = _skill(float(ours.sum()), float(theirs.sum()))
    low = high = float("nan")
    if count.size >= FEWEST_BLOCKS:
        picks = resampled_counts(count.size, seed)
        resampled = [_skill(*pair) for pair in zip(picks @ ours, picks @ theirs, strict=True)]
        # A baseline without an error, as where friction stands still, leaves nothing to mix.
        way: Literal["linear", "nearest"] = "linear" if np.isfinite(resampled).all() else "nearest"
        low, high = (float(q) for q in np.percentile(resampled, blocks.percentiles, method=way))
    return Skill(against, value, low, high, int(count.size), blocks.unit)


def _skill(ours: float, theirs: float) -> float:
    return 1 - ours / theirs if theirs > 0 else float("-inf")


def _against_constants(trained: "Trained", test: xr.Dataset) -> tuple[Skill, ...]:
    measured = test["measured"].to_numpy()
    errors = (test["predicted"].to_numpy().mean(axis=0) - measured) ** 2
    found = []
    for name, guess in _guesses(trained, measured).items():
        of_guess = (guess - measured) ** 2
        blocks = independent_blocks(test, of_guess - errors, trained.plan.windows[-1])
        found.append(skill(errors, of_guess, blocks, against=name, seed=trained.plan.seed))
    return tuple(found)


def _guesses(
    trained: "Trained", measured: NDArray[np.float64]
) -> dict[str, NDArray[np.float64] | float]:
    """Constants at the test targets: of each fold's training part, and the mean of the test."""
    each = [constants(fold.prepared) for fold in trained.folds]
    sizes = [fold.prepared.split.ends["test"].size for fold in trained.folds]
    guesses: dict[str, NDArray[np.float64] | float] = {
        name: np.repeat([of_fold[name] for of_fold in each], sizes) for name in each[0]
    }
    if not trained.has_folds:
        return guesses | {"test_mean": float(measured.mean())}
    ends = np.cumsum(sizes)[:-1]
    means = [float(of_fold.mean()) for of_fold in np.split(measured, ends)]
    return guesses | {"test_mean": np.repeat(means, sizes)}


def _ensemble(test: xr.Dataset) -> NDArray[np.float64]:
    """Mean prediction over runs, shape ``(N,)``."""
    return np.asarray(test["predicted"].transpose("run", "target").to_numpy().mean(axis=0))


def _permutation_p(trained: "Trained", test: xr.Dataset) -> float | None:
    prepared = trained.prepared
    if prepared.split.by != "experiment":
        return None
    return permutation_p(
        _ensemble(test), prepared.split.ends["test"], prepared.record, trained.plan.seed
    )


def _common_course(trained: "Trained", test: xr.Dataset) -> CommonCourse | None:
    if trained.prepared.split.by != "experiment":
        return None
    measured = test["measured"].to_numpy()
    course = np.concatenate([expected_friction(fold.prepared) for fold in trained.folds])
    ours, by_course, by_mean = (
        (guess - measured) ** 2
        for guess in (
            _ensemble(test),
            course,
            _guesses(trained, measured)["test_mean"],
        )
    )
    longest, seed = trained.plan.windows[-1], trained.plan.seed

    def compared(errors: NDArray[np.float64], with_: NDArray[np.float64], against: str) -> Skill:
        blocks = independent_blocks(test, with_ - errors, longest)
        return skill(errors, with_, blocks, against=against, seed=seed)

    return CommonCourse(
        skill=compared(by_course, by_mean, "test_mean"),
        over=compared(ours, by_course, "course"),
        drivers=sharing_a_course(trained.prepared.record),
    )


def seen_well(test: xr.Dataset) -> Seen | None:
    """What was predicted well, whether or not there is an interval; None where it was not.

    Two drifts go along half of the time, so departures from straight lines must, too.

    Args:
        test: ``measured`` over ``target`` and ``predicted`` over ``(run, target)``, with
            coordinates time and experiment.
    """
    names = test["experiment"].to_numpy().astype(str)
    time, measured = test["time"].to_numpy(), test["measured"].to_numpy()
    predicted = _ensemble(test)
    pair = np.stack([measured, predicted], axis=1)
    bent = np.zeros_like(pair)
    for name in np.unique(names):
        here = names == name
        line = np.stack([np.ones(here.sum()), time[here] - time[here].mean()], axis=1)
        bent[here] = pair[here] - line @ np.linalg.lstsq(line, pair[here], rcond=None)[0]
        pair[here] -= measured[here].mean()
    whole, about = (score(*columns.T) for columns in (pair, bent))
    well = whole.r2 > WELL and whole.correlation > CLOSELY and about.correlation > MORE_THAN_DRIFT
    if measured.size < FEWEST_TARGETS or not well:
        return None
    return Seen(whole.r2, whole.correlation, int(np.unique(names).size), int(measured.size))


def _table(trained: "Trained", best: float, baselines: xr.Dataset) -> xr.Dataset:
    """Skill of the ensemble against each model, by part, and by stage of the test part."""
    rows = _rows(baselines)
    others = [model for model in MODELS if model != "network"]
    found = np.full((3, len(rows), len(others)), np.nan)
    for i, (*_, here) in enumerate(rows):
        chosen = baselines.isel(target=here)
        measured = chosen["measured"].to_numpy()
        ours = (chosen["predicted"].sel(model="network").to_numpy() - measured) ** 2
        for j, model in enumerate(others):
            theirs = (chosen["predicted"].sel(model=model).to_numpy() - measured) ** 2
            if not np.isfinite(theirs).all():  # a law that could not be fitted
                continue
            blocks = independent_blocks(chosen, theirs - ours, trained.plan.windows[-1])
            one = skill(ours, theirs, blocks, against=model, seed=trained.plan.seed)
            found[:, i, j] = one.value, one.low, one.high
    return xr.Dataset(
        dict(zip(("skill", "low", "high"), ((("row", "model"), f) for f in found), strict=True)),
        coords={
            "model": np.array(others, dtype=object),
            "part": ("row", np.array([row[0] for row in rows], dtype=object)),
            "experiment": ("row", np.array([row[1] for row in rows], dtype=object)),
            "stage": ("row", [row[2] for row in rows]),
        },
        attrs={"window": best},
    )


def _rows(baselines: xr.Dataset) -> list[tuple[str, str, int, NDArray[np.bool_]]]:
    """Part, experiment, stage and targets of each row of the table."""
    part = baselines["part"].to_numpy().astype(str)
    names, stages = baselines["experiment"].to_numpy().astype(str), baselines["stage"].to_numpy()
    rows: list[tuple[str, str, int, NDArray[np.bool_]]] = [
        (name, "", -1, part == name) for name in SCORED
    ]
    test = part == "test"
    for name in dict.fromkeys(names[test].tolist()):
        of_name = test & (names == name)
        rows += [
            ("test", name, int(number), of_name & (stages == number))
            for number in np.unique(stages[of_name])
        ]
    return rows
