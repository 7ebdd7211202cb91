"""Gathering: all the evidence of a trained study, kept beside it."""

from dataclasses import asdict, dataclass
from typing import Protocol

import numpy as np
import xarray as xr

from slicken.evidence.baselines import constants, fit_ridge
from slicken.evidence.contest import Contest
from slicken.evidence.importance import measure_importance
from slicken.evidence.scores import Score, Skill, blocks_of, score, skill
from slicken.learning.engine import choose_engine
from slicken.learning.ensemble import Ensemble
from slicken.study.folder import StudyFolder, WindowResult
from slicken.study.prepared import Prepared

MODELS = ("network", "ridge", "mean", "median")
"""What is scored on the test part: the mean over runs of the ensemble, and the baselines."""


@dataclass(frozen=True)
class Evidence:
    """What a study shows.

    Args:
        contest: of window lengths, on the validation part.
        scores: on the test part, over ``(window, model)``: rmse (friction), r2, correlation,
            range_ratio; over ``(window, run)``: ``rmse_by_run``; over ``window``: ``ridge_loss``,
            the ridge regression's mean square error of standardised friction on validation.
        skills: of the ensemble of the best length against constants, on the test part: the
            training mean and median, and the test part's own mean. The last one nobody could
            have known beforehand, but networks that only get the level right, by luck or because
            friction settles, beat the first two and know nothing about what moves friction.
    """

    contest: Contest
    scores: xr.Dataset
    skills: tuple[Skill, ...]

    @property
    def has_skill(self) -> bool:
        """Whether the best length beats every constant, with an interval."""
        return all(skill.proven for skill in self.skills)


class Reporter(Protocol):
    """Who wants to know what is being gathered."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """A step begins; so many of all are done."""


def nobody(step: str, done: int, total: int) -> None:
    """Want to know nothing."""
    del step, done, total


def gather_evidence(
    folder: StudyFolder, prepared: Prepared, reporter: Reporter = nobody
) -> Evidence:
    """Score, compare and explain every window length that is trained.

    The importance of a length that was gathered before is left as it is; scores are quick and
    computed anew.

    Args:
        folder: with at least one window length.
        prepared: the same experiments and plan.
        reporter: told before each step.
    """
    results = [folder.read_window(seconds) for seconds in folder.finished()]
    contest = Contest(_losses(results))
    steps = len(results)
    rows = []
    for number, result in enumerate(results):
        reporter(f"{result.seconds:g} s", number, steps)
        rows.append(_scores(prepared, result))
        importance(folder, prepared, result)
    reporter("", steps, steps)
    scores = xr.concat(rows, "window")
    skills = _skills(folder, prepared, next(r for r in results if r.seconds == contest.best))
    folder.write_evidence("scores", scores)
    folder.write_evidence("contest", contest.losses.to_dataset(name="best_validation_loss"))
    return Evidence(contest, scores, skills)


def importance(folder: StudyFolder, prepared: Prepared, result: WindowResult) -> xr.Dataset:
    """Gradients of one window length, from the folder or computed and kept there.

    As :func:`measure_importance` gives them, with ``finite`` over ``run``: whether it ended well.
    """
    name = f"importance_{folder.window_path(result.seconds).name}"
    kept = folder.read_evidence(name)
    if kept is not None:
        return kept
    plan = folder.plan
    ensemble = Ensemble(
        result.networks, prepared.record.samples_in(result.seconds), choose_engine(plan.engine)
    )
    gradients = measure_importance(prepared, ensemble, plan.importance_on)
    gradients = gradients.assign_coords(finite=result.history["finite"])
    folder.write_evidence(name, gradients)
    return gradients


def predictions(result: WindowResult, part: str) -> xr.Dataset:
    """Predictions of the runs that ended well on one part, with window_s and part as attributes."""
    here = result.predictions["part"].to_numpy().astype(str) == part
    finite = result.history["finite"].to_numpy()
    chosen = result.predictions.isel(target=here, run=finite)
    return chosen.assign_attrs(window_s=result.seconds, part=part)


def _losses(results: list[WindowResult]) -> xr.DataArray:
    each = [r.history["best_loss"].where(r.history["finite"]) for r in results]
    windows = xr.Variable("window", [r.seconds for r in results], {"units": "s"})
    return xr.concat(each, windows).rename("best_validation_loss")


def _scores(prepared: Prepared, result: WindowResult) -> xr.Dataset:
    test = predictions(result, "test")
    measured, predicted = test["measured"].to_numpy(), test["predicted"].to_numpy()
    ridge = fit_ridge(prepared, prepared.record.samples_in(result.seconds))
    nothing = np.full(measured.size, np.nan)
    of_model = {
        "network": predicted.mean(axis=0) if predicted.size else nothing,
        "ridge": ridge.predict(prepared, "test"),
        **{name: np.full(measured.size, c) for name, c in constants(prepared).items()},
    }
    table = [asdict(score(measured, of_model[name])) for name in MODELS]
    by_run = np.full(result.history.sizes["run"], np.nan)
    by_run[result.history["finite"].to_numpy()] = np.sqrt(
        np.mean((predicted - measured) ** 2, axis=1)
    )
    return xr.Dataset(
        {
            **{name: ("model", [row[name] for row in table]) for name in Score.__annotations__},
            "rmse_by_run": ("run", by_run),
            "ridge_loss": ridge.validation_loss,
            "ridge_penalty": ridge.penalty,
        },
        coords={
            "model": np.array(MODELS, dtype=object),
            "run": result.history["run"],
            "window": result.seconds,
        },
    )


def _skills(folder: StudyFolder, prepared: Prepared, best: WindowResult) -> tuple[Skill, ...]:
    test = predictions(best, "test")
    measured = test["measured"].to_numpy()
    errors = (test["predicted"].to_numpy().mean(axis=0) - measured) ** 2
    blocks = blocks_of(test, folder.plan.windows[-1])
    guesses = {f"training {name}": guess for name, guess in constants(prepared).items()}
    guesses["test mean"] = float(measured.mean())
    return tuple(
        skill(errors, (guess - measured) ** 2, blocks, against=name, seed=folder.plan.seed)
        for name, guess in guesses.items()
    )
