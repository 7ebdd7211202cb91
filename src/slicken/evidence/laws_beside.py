"""Laws beside: what the networks know that a friction law does not, and the reverse."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import xarray as xr

from slicken.evidence.resampling import Interval
from slicken.evidence.scores import LAW_MODELS
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.evidence.scores import Scores
    from slicken.evidence.skill import SkillEvidence

LawVerdict = Literal["networks", "law", "neither", "not_fitted"]


@dataclass(frozen=True)
class LawBeside:
    """A friction law beside the networks, on the test part.

    Args:
        model: Name of the law among the models.
        parameters: Parameter to its value, median over folds, and the widest ends of its intervals.
        over: Skill of the networks over the law, with its interval.
        validation_loss: Mean square error of standardised friction on the validation part.
        problem: Why it could not be fitted; None where it was.
    """

    model: str
    parameters: Mapping[str, Interval]
    over: Interval
    validation_loss: float
    problem: Statement | None = None

    @property
    def verdict(self) -> LawVerdict:
        """Which predicts better, where the whole interval says so."""
        if self.problem is not None:
            return "not_fitted"
        if self.over.low > 0:
            return "networks"
        return "law" if self.over.high < 0 else "neither"


def laws_beside(
    tables: Sequence[xr.Dataset], skill: "SkillEvidence", scores: "Scores", best: float
) -> tuple[LawBeside, ...]:
    """Every law beside the networks, the one with the lowest validation loss first.

    Args:
        tables: Laws of each fold; see :func:`~slicken.evidence.law_models.to_dataset`.
        skill: Skill of the networks against all models.
        scores: Scores of all models.
        best: Window length of the networks.
    """
    losses = scores.at(best)["validation_loss"]
    found = []
    for model in LAW_MODELS:
        problem = next((p for p in (_problem(t, model) for t in tables) if p is not None), None)
        found.append(
            LawBeside(
                model=model,
                parameters={} if problem is not None else _parameters(tables, model),
                over=skill.over(model),
                validation_loss=float(losses.sel(model=model)),
                problem=problem,
            )
        )
    return tuple(sorted(found, key=lambda one: np.nan_to_num(one.validation_loss, nan=np.inf)))


def _problem(table: xr.Dataset, model: str) -> Statement | None:
    held = json.loads(table.attrs[model])
    return None if held is None else Statement.from_plain(held)


def _parameters(tables: Sequence[xr.Dataset], model: str) -> dict[str, Interval]:
    """Of all folds: the median, and the lowest and the highest end, which holds every fold's."""
    each = np.stack([table["parameter"].sel(model=model).to_numpy() for table in tables])
    found = {}
    for place, name in enumerate(tables[0]["name"].to_numpy().tolist()):
        value, low, high = each[:, place].T
        if np.isfinite(value).all():
            ends = float(np.min(low)), float(np.max(high))
            found[name] = Interval(float(np.median(value)), *ends)
    return found
