"""Summary: a study for programs, as plain numbers and words; its keys are in the docs."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import xarray as xr

from slicken.evidence.attribution import METHODS
from slicken.evidence.drivers import kendalls_w, ranks_of, shares_of
from slicken.evidence.evidence import Evidence
from slicken.evidence.importance import KINDS, ranking
from slicken.evidence.intervals import LEVEL
from slicken.evidence.memory import MASSES
from slicken.evidence.reasons import slip_in
from slicken.reporting.findings import say_finding
from slicken.reporting.verdict import judge
from slicken.reporting.wording import words
from slicken.study.files import write_text
from slicken.study.trained import Trained


def summarise(evidence: Evidence) -> dict[str, Any]:
    """Everything in ``summary.json``; numbers that are not finite are None.

    Args:
        evidence: Evidence of the study.
    """
    summary = _about(evidence.trained) | _answers(evidence) | {"verdict": _verdict(evidence)}
    plain: dict[str, Any] = _plain(summary)
    return plain


def write_summary(evidence: Evidence) -> None:
    """Write ``summary.json`` into the folder of a study."""
    text = json.dumps(summarise(evidence), indent=2, ensure_ascii=False, allow_nan=False)
    write_text(evidence.trained.path / "summary.json", text + "\n")


def _about(study: Trained) -> dict[str, Any]:
    """What was studied, and how."""
    split = study.prepared.split
    return {
        "name": study.plan.name,
        "versions": study.folder.versions,
        "plan": study.plan.model_dump(mode="json"),
        "missing_drivers": list(study.prepared.missing),
        "experiments": [
            {
                "name": experiment.name,
                "source": experiment.provenance.source,
                "sha256": experiment.provenance.sha256,
                "samples": len(experiment),
                "step_s": experiment.dt,
                "findings": [say_finding(f, words("en")) for f in experiment.findings],
            }
            for experiment in study.experiments
        ],
        "split": {
            "words": split.words,
            "targets": {part: int(ends.size) for part, ends in split.ends.items()},
        },
        "unfinished_windows_s": [s for s in study.plan.windows if s not in study.windows],
        "noise_floor": study.noise_floor,
        "truth": dict(study.truth) or None,
    }


def _answers(evidence: Evidence) -> dict[str, Any]:
    """What was found."""
    study, comparison = evidence.trained, evidence.comparison
    skilled, memory = evidence.skill, evidence.memory
    return {
        "windows": [_window(evidence, seconds) for seconds in study.windows],
        "best_window_s": comparison.best if skilled.proven else None,
        "lowest_mean_window_s": comparison.best,
        "lowest_minimum_window_s": comparison.lowest_minimum,
        "tied_windows_s": list(comparison.tied),
        "shortest_tied_window_s": min(comparison.tied),
        "shortest_within_one_error_s": comparison.shortest,
        "slip_m": slip_in(study.prepared, comparison.best),
        "has_skill": skilled.proven,
        "skill": [
            {
                "against": skill.against,
                **_interval((skill.value, skill.low, skill.high)),
                "blocks": skill.blocks,
            }
            for skill in skilled.against
        ],
        "skill_table": _skill_table(skilled.table),
        "coverage": {"level": LEVEL, "test": skilled.coverage},
        "required": [
            {
                "family": required.family,
                "history_s": required.history.tolist(),
                "loss": required.loss.tolist(),
                "low": required.low.tolist(),
                "high": required.high.tolist(),
                "clearly_worse": required.clearly_worse.tolist(),
                "range_s": required.range,
            }
            for required in memory.required
        ],
        "kernels": [
            {
                "shape": one.shape,
                "drivers": list(memory.selected),
                "memory_s": _interval((one.memory, one.low, one.high)),
                "excess": _interval(one.excess),
                "gain": _interval(one.gain),
                "behind": _interval(one.behind),
                "fits": one.fits,
                "is_shown": one.is_shown,
            }
            for one in memory.kernels
        ],
        "memory": None if memory.conclusion is None else asdict(memory.conclusion),
        "permutation_p": skilled.permutation_p,
        "drivers": [
            {
                "channel": driver.channel,
                "status": driver.verdict,
                "reason": "; ".join(words("en").lines(driver.reasons)),
                "share": _interval(driver.share),
                "rank": _interval(driver.rank),
            }
            for driver in evidence.drivers
        ],
        "methods": {
            method: _method(shares_of(evidence.importance.attribution, method))
            for method in METHODS
            if method in evidence.importance.attribution
        },
        "importance": _importance(evidence, comparison.best),
    }


def _verdict(evidence: Evidence) -> dict[str, Any]:
    verdict = judge(evidence)
    return {
        "window": verdict.window,
        "memory": verdict.memory,
        "skill": verdict.skill,
        "importance": verdict.importance,
        "drivers": list(verdict.drivers),
        "truth": list(verdict.truth),
        "caveats": list(verdict.caveats),
    }


def _window(evidence: Evidence, seconds: float) -> dict[str, Any]:
    comparison = evidence.comparison
    losses = comparison.losses.sel(window=seconds).to_numpy()
    kept = losses[np.isfinite(losses)]
    low, median, high = np.percentile(kept, [25, 50, 75]) if kept.size else [np.nan] * 3
    scores = evidence.scores.at(seconds)
    models = scores["model"].to_numpy().tolist()
    compared = {
        name: float(values.sel(window=seconds)) for name, values in comparison.table.items()
    }
    used = evidence.memory.spans[seconds].mean("run", skipna=True)
    return {
        "window_s": seconds,
        "best_validation_loss": losses.tolist(),
        "left_out_runs": comparison.left_out().get(seconds, []),
        "mean": kept.mean() if kept.size else None,
        "median": median,
        "quartiles": [low, high],
        "minimum": kept.min() if kept.size else None,
        "best_epochs": evidence.trained.history(seconds)["best_epoch"].to_numpy().tolist(),
        "probability_best": float(comparison.probability_best.sel(window=seconds)),
        **{
            name: _interval([compared[f"{name}{end}"] for end in ("", "_low", "_high")])
            for name in ("excess", "effect")
        },
        "uses_s": {f"{100 * mass:g}": float(used.sel(mass=mass)) for mass in MASSES},
        "validation_loss": {
            model: float(scores["validation_loss"].sel(model=model)) for model in models
        },
        "test": {
            model: {
                measure: float(scores[measure].sel(model=model))
                for measure in ("rmse", "r2", "correlation", "range_ratio")
            }
            for model in models
        },
        "test_rmse_of_runs": scores["rmse_by_run"].to_numpy().tolist(),
        "importance": _importance(evidence, seconds),
    }


def _skill_table(table: xr.Dataset) -> list[dict[str, Any]]:
    models = table["model"].to_numpy().tolist()
    return [
        {
            "part": str(row["part"].item()),
            "experiment": str(row["experiment"].item()) or None,
            "stage": int(row["stage"]) if str(row["experiment"].item()) else None,
            "against": {
                model: _interval(
                    [float(row[name].sel(model=model)) for name in ("skill", "low", "high")]
                )
                for model in models
            },
        }
        for row in (table.isel(row=place) for place in range(table.sizes["row"]))
    ]


def _method(shares: xr.DataArray) -> dict[str, Any]:
    ranked = ranking(shares)
    known = shares.dropna("run")
    return {
        "ranking": [name for name, _ in ranked],
        "mean": dict(ranked) if ranked else None,
        "kendalls_w": kendalls_w(ranks_of(known.transpose("run", "channel")).to_numpy()),
    }


def _importance(evidence: Evidence, seconds: float) -> dict[str, Any]:
    shares = {kind: evidence.importance.by_run(seconds, kind) for kind in KINDS}
    return {
        "window_s": seconds,
        "part": evidence.trained.plan.importance_on,
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


def _interval(numbers: Sequence[float]) -> dict[str, float]:
    """A number with the ends of its 95 % interval."""
    value, low, high = numbers
    return {"value": value, "low": low, "high": high}


def _plain(value: Any) -> Any:  # noqa: ANN401 (any tree of dicts and lists)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
