"""Skill: how far the networks beat what knows nothing of friction, and whether by chance."""

import math
from dataclasses import asdict, dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from slicken.evidence.baselines import constants
from slicken.evidence.intervals import Calibration, calibration_of, coverage_of
from slicken.evidence.resampling import (
    FEWEST_BLOCKS,
    Blocks,
    Unit,
    independent_blocks,
    resampled_counts,
    sums_by_block,
)
from slicken.evidence.scores import MODELS
from slicken.evidence.tabular import Tabular, within
from slicken.learning.record import Record, position
from slicken.learning.splits import SCORED

if TYPE_CHECKING:
    import pandas as pd

    from slicken.study.trained import Trained

ENOUGH = 0.8
"""Share of the targets that an experiment must reach to be exchanged for another."""
FEWEST_ASSIGNMENTS, MOST_ASSIGNMENTS = 50, 5000
ALPHA = 0.02
"""Share of assignments from which a fit may be chance."""


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


@dataclass(frozen=True, eq=False, repr=False)
class SkillEvidence(Tabular):
    """Whether the ensemble of the best length predicts the test part at all.

    Args:
        against: Skill against constants on the test part: the training mean and median, and the
            mean of the test part of each fold. Nothing can know the last beforehand, but networks
            that only get the level right, by chance or because friction settles, beat the first
            two and know nothing about what moves friction.
        permutation_p: Share of assignments of experiments that fit the predictions as well; see
            :func:`permutation_p`.
        table: Skill against every model, ``skill`` with ``low`` and ``high`` over ``(row,
            model)``; a row is a part, or a stage of the test part.
        calibration: Widths of intervals, learned on the validation part.
        coverage: Share of the test part within 90 % intervals.
    """

    against: tuple[Skill, ...]
    permutation_p: float | None
    table: xr.Dataset
    calibration: Calibration
    coverage: float

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
        return cls(
            against=_against_constants(trained, test),
            permutation_p=_permutation_p(trained, test),
            table=_table(trained, best, baselines),
            calibration=calibration,
            coverage=coverage_of(trained, calibration),
        )

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
        return (
            f"SkillEvidence: {'proven' if self.proven else 'not proven'}{chance}\n"
            f"  skill against {each}"
        )

    @property
    def may_be_chance(self) -> bool:
        """Whether other experiments' friction fits the predictions too often as well."""
        return self.permutation_p is not None and self.permutation_p > ALPHA

    @property
    def proven(self) -> bool:
        """Whether the best length beats every constant, with an interval, and not by chance."""
        return all(skill.proven for skill in self.against) and not self.may_be_chance


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


def permutation_p(
    predicted: NDArray[np.float64],
    ends: NDArray[np.int64],
    record: Record,
    seed: int,
) -> float | None:
    """How often the friction of other experiments fits the predictions as well as their own.

    Frictions that wander slowly may go along with a prediction for a whole experiment, by accident.
    No block within two or three experiments can tell; other experiments can. Each test
    experiment's predictions are compared with the friction of every experiment at the same time
    since its start. If friction follows nothing, its own experiment is no better than any other.

    Args:
        predicted: friction at the test targets, shape ``(N,)``.
        ends: the targets as indices into the record, ``(N,)``.
        record: all experiments.
        seed: Random seed of the assignments that are drawn where there are too many.

    Returns:
        The share of assignments of experiments to test experiments that fit at least as well as
        the true one, which is one of them; None where there are too few to tell.
    """
    place = position(record)
    first = np.searchsorted(record.experiment, np.arange(len(record.experiments)))
    sizes = np.bincount(record.experiment)
    tested = np.unique(record.experiment[ends])
    errors = np.full((tested.size, sizes.size), np.inf)
    for row, own in enumerate(tested):
        here = record.experiment[ends] == own
        for other in range(sizes.size):
            there = place[ends[here]] < sizes[other]
            places = first[other] + place[ends[here]][there]
            usable = ~record.gap[places]
            if usable.sum() >= ENOUGH * here.sum():
                gaps = predicted[here][there][usable] - record.friction[places[usable]]
                errors[row, other] = np.mean(gaps**2)
    candidates = np.flatnonzero(np.isfinite(errors).all(axis=0))
    if math.perm(candidates.size, tested.size) < FEWEST_ASSIGNMENTS:
        return None
    ours = float(errors[np.arange(tested.size), tested].sum())
    if math.perm(candidates.size, tested.size) <= MOST_ASSIGNMENTS:
        rows = np.array(list(permutations(candidates.tolist(), tested.size)))
    else:
        rng = np.random.default_rng(seed)
        drawn = [rng.permutation(candidates)[: tested.size] for _ in range(MOST_ASSIGNMENTS - 1)]
        rows = np.stack([tested, *drawn])
    fits = errors[np.arange(tested.size), rows].sum(axis=1)
    return float(np.mean(fits <= ours * (1 + 1e-12)))


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


def _permutation_p(trained: "Trained", test: xr.Dataset) -> float | None:
    prepared = trained.prepared
    if prepared.split.by != "experiment":
        return None
    friction = test["predicted"].transpose("run", "target").to_numpy().mean(axis=0)
    return permutation_p(friction, prepared.split.ends["test"], prepared.record, trained.plan.seed)


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
