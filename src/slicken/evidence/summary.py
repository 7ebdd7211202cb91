"""Summary: a study for programs, as plain numbers and words; its keys are in the docs."""

import json
import math
from typing import Any

import numpy as np
import xarray as xr

from slicken.evidence.importance import KINDS
from slicken.evidence.study import Study
from slicken.evidence.verdict import ranking
from slicken.study.files import write_text


def summarise(study: Study) -> dict[str, Any]:
    """Everything in ``summary.json``; numbers that are not finite are None.

    Args:
        study: with at least one window length finished.
    """
    contest, verdict, split = study.contest, study.verdict, study.prepared.split
    summary = {
        "name": study.plan.name,
        "versions": study.folder.versions,
        "plan": study.plan.model_dump(mode="json"),
        "drivers": list(study.prepared.record.channels),
        "missing_drivers": list(study.prepared.missing),
        "experiments": [
            {
                "name": experiment.name,
                "source": experiment.provenance.source,
                "sha256": experiment.provenance.sha256,
                "samples": len(experiment),
                "step_s": experiment.dt,
                "findings": [str(finding) for finding in experiment.findings],
            }
            for experiment in study.experiments
        ],
        "split": {
            "words": split.words,
            "targets": {part: int(ends.size) for part, ends in split.ends.items()},
        },
        "windows": [_window(study, seconds) for seconds in study.windows],
        "unfinished_windows_s": [s for s in study.plan.windows if s not in study.windows],
        "best_window_s": contest.best if study.evidence.has_skill else None,
        "lowest_mean_window_s": contest.best,
        "lowest_minimum_window_s": contest.lowest_minimum,
        "tied_windows_s": list(contest.tied),
        "shortest_tied_window_s": contest.shortest,
        "has_skill": study.evidence.has_skill,
        "skill": [
            {
                "against": skill.against,
                "value": skill.value,
                "low": skill.low,
                "high": skill.high,
                "blocks": skill.blocks,
            }
            for skill in study.skills
        ],
        "importance": _importance(study, contest.best),
        "noise_floor": study.noise_floor,
        "truth": dict(study.truth) or None,
        "verdict": {
            "memory": verdict.memory,
            "skill": verdict.skill,
            "importance": verdict.importance,
            "truth": list(verdict.truth),
            "caveats": list(verdict.caveats),
        },
    }
    plain: dict[str, Any] = _plain(summary)
    return plain


def write_summary(study: Study) -> None:
    """Write ``summary.json`` into the folder of a study."""
    text = json.dumps(summarise(study), indent=2, ensure_ascii=False, allow_nan=False)
    write_text(study.path / "summary.json", text + "\n")


def _window(study: Study, seconds: float) -> dict[str, Any]:
    losses = study.contest.losses.sel(window=seconds).to_numpy()
    kept = losses[np.isfinite(losses)]
    low, median, high = np.percentile(kept, [25, 50, 75]) if kept.size else [np.nan] * 3
    scores = study.scores.sel(window=seconds)
    return {
        "window_s": seconds,
        "best_validation_loss": losses.tolist(),
        "left_out_runs": study.contest.left_out().get(seconds, []),
        "mean": kept.mean() if kept.size else None,
        "median": median,
        "quartiles": [low, high],
        "minimum": kept.min() if kept.size else None,
        "best_epochs": study.history(seconds)["best_epoch"].to_numpy().tolist(),
        "test": {
            model: {
                measure: float(scores[measure].sel(model=model))
                for measure in ("rmse", "r2", "correlation", "range_ratio")
            }
            for model in scores["model"].to_numpy().tolist()
        },
        "test_rmse_of_runs": scores["rmse_by_run"].to_numpy().tolist(),
        "ridge_validation_loss": float(scores["ridge_loss"]),
        "importance": _importance(study, seconds),
    }


def _importance(study: Study, seconds: float) -> dict[str, Any]:
    shares = {kind: study.importance.by_run(seconds, kind) for kind in KINDS}
    return {
        "window_s": seconds,
        "part": study.plan.importance_on,
        **{f"{kind}_gradient": _shares(values) for kind, values in shares.items()},
    }


def _shares(values: xr.DataArray) -> dict[str, Any]:
    ranked = ranking(values)
    return {
        "ranking": [name for name, _ in ranked],
        "mean": dict(ranked) if ranked else None,
        "runs": {
            str(run): dict(zip(values["channel"].to_numpy().tolist(), row.tolist(), strict=True))
            for run, row in zip(values["run"].to_numpy(), values.to_numpy(), strict=True)
        },
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 (any tree of dicts and lists)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
