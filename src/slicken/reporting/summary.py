"""Summary: a study for programs, as plain numbers and statements; its keys are in the docs."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from slicken.evidence.attribution import METHODS
from slicken.evidence.drivers import kendalls_w, ranks_of, shares_of
from slicken.evidence.importance import KINDS, ranking
from slicken.evidence.intervals import LEVEL
from slicken.evidence.memory import MASSES
from slicken.reporting.answer import answer, form_of
from slicken.reporting.findings import say_finding
from slicken.reporting.methods import split_of, targets_of
from slicken.reporting.plan_shown import without_folders
from slicken.reporting.tables import in_unit
from slicken.reporting.wording import words
from slicken.study.files import write_text

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.evidence.missed_steps import MissedSteps
    from slicken.evidence.skill import CommonCourse, Skill
    from slicken.experiment import Experiment
    from slicken.lengths import StudyClock
    from slicken.statements import Statement


def summarise(evidence: "Evidence") -> dict[str, Any]:
    """Everything in ``summary.json``; numbers that are not finite are None.

    Args:
        evidence: All evidence of the study.
    """
    about, found = _about(evidence), {"answer": _answer(evidence)}
    answers = _in_unit(_answers(evidence), evidence.trained.plan.unit)
    plain: dict[str, Any] = _plain(about | answers | found)
    return plain


def write_summary(evidence: "Evidence") -> None:
    """Write ``summary.json`` into the folder of a study."""
    text = json.dumps(summarise(evidence), indent=2, ensure_ascii=False, allow_nan=False)
    write_text(evidence.trained.path / "summary.json", text + "\n")


def _about(evidence: "Evidence") -> dict[str, Any]:
    """What was studied, and how."""
    trained = evidence.trained
    return {
        "name": trained.plan.name,
        "versions": trained.folder.versions,
        "form": [_stated(each, trained.plan.clock) for each in form_of(trained.plan)],
        "plan": without_folders(trained.plan).model_dump(mode="json"),
        "missing_drivers": list(trained.prepared.missing),
        "experiments": [_experiment(experiment) for experiment in trained.experiments],
        "split": {
            "by": trained.prepared.split.by,
            **_stated(split_of(trained), trained.plan.clock),
            "targets": targets_of(trained),
        },
        in_unit("unfinished_windows_s", trained.plan.unit): [
            length for length in trained.plan.windows if length not in trained.windows
        ],
        "noise_floor": trained.noise_floor,
        "truth": dict(trained.truth) or None,
    }


def _experiment(experiment: "Experiment") -> dict[str, Any]:
    return {
        "name": experiment.name,
        "source": experiment.provenance.source,
        "sha256": experiment.provenance.sha256,
        "samples": len(experiment),
        "step_s": experiment.dt,
        "findings": [
            {**finding.to_plain(), "text": say_finding(finding, words("en"))}
            for finding in experiment.findings
        ],
    }


def _answers(evidence: "Evidence") -> dict[str, Any]:
    """What was found."""
    comparison, skill, memory = evidence.comparison, evidence.skill, evidence.memory
    best, table = comparison.best, evidence.importance.attribution
    return {
        "windows": [_window(evidence, seconds) for seconds in evidence.trained.windows],
        "best_window_s": best if skill.proven else None,
        "lowest_mean_window_s": best,
        "lowest_minimum_window_s": comparison.lowest_minimum,
        "not_distinguishable_windows_s": list(comparison.tied),
        "shortest_not_distinguishable_window_s": min(comparison.tied),
        "shortest_within_one_error_s": comparison.shortest,
        "slip_m": evidence.trained.prepared.slip_in(best),
        "skill_proven": skill.proven,
        "skill_grade": skill.grade,
        "common_course": _course(skill.course),
        "missed_steps": _missed(skill.missed),
        "seen": None if skill.seen is None else asdict(skill.seen),
        "skill": _skill(evidence),
        "skill_table": _skill_table(skill.table),
        "laws": _laws(evidence),
        "permutation_p": skill.permutation_p,
        "coverage": {"level": LEVEL, "test": skill.coverage},
        "required_history": _required_history(evidence),
        "kernels": _kernels(evidence),
        "memory": None if memory.conclusion is None else asdict(memory.conclusion),
        "drivers": _drivers(evidence),
        "methods": {
            method: _method(shares_of(table, method)) for method in METHODS if method in table
        },
        "importance": _importance(evidence, best),
    }


def _laws(evidence: "Evidence") -> list[dict[str, Any]]:
    """Friction laws beside the networks, in SI units."""
    return [
        {
            "law": law.model,
            "verdict": law.verdict,
            "networks_over_it": law.over._asdict(),
            "validation_loss": law.validation_loss,
            "parameters": {name: each._asdict() for name, each in law.parameters.items()},
            "problem": None if law.problem is None else _stated(law.problem, "time"),
        }
        for law in evidence.laws
    ]


def _skill(evidence: "Evidence") -> list[dict[str, Any]]:
    return [_against(one) for one in evidence.skill.against]


def _against(one: "Skill") -> dict[str, Any]:
    return {
        "against": one.against,
        **_interval((one.value, one.low, one.high)),
        "blocks": one.blocks,
        "unit": one.unit,
    }


def _missed(missed: "MissedSteps | None") -> dict[str, Any] | None:
    if missed is None:
        return None
    return {"driver": missed.driver, "steps": missed.steps, "share": _interval(missed.share)}


def _course(course: "CommonCourse | None") -> dict[str, Any] | None:
    if course is None:
        return None
    return {
        "skill": _against(course.skill),
        "networks_over_it": _against(course.over),
        "drivers": list(course.drivers),
    }


def _drivers(evidence: "Evidence") -> list[dict[str, Any]]:
    return [
        {
            "channel": driver.channel,
            "verdict": driver.verdict,
            "reasons": _all_stated(driver.reasons, evidence.trained.plan.clock),
            "share": _interval(driver.share),
            "rank": _interval(driver.rank),
        }
        for driver in evidence.drivers
    ]


def _required_history(evidence: "Evidence") -> list[dict[str, Any]]:
    return [
        {
            "family": required.family,
            "history_s": required.history.tolist(),
            "loss": required.loss.tolist(),
            "low": required.low.tolist(),
            "high": required.high.tolist(),
            "clearly_worse": required.clearly_worse.tolist(),
            "range_s": required.range,
            "limit": required.limit,
        }
        for required in evidence.memory.required
    ]


def _kernels(evidence: "Evidence") -> list[dict[str, Any]]:
    return [
        {
            "shape": one.shape,
            "drivers": list(evidence.memory.selected),
            "memory_s": _interval((one.memory, one.low, one.high)),
            "excess": _interval(one.excess),
            "gain": _interval(one.gain),
            "excess_over_boxcar": _interval(one.behind),
            "fits": one.fits,
            "is_shown": one.is_shown,
        }
        for one in evidence.memory.kernels
    ]


def _answer(evidence: "Evidence") -> dict[str, Any]:
    """The answer as statements with their English text."""
    sections, clock = answer(evidence).sections(), evidence.trained.plan.clock
    return {name: _all_stated(statements, clock) for name, statements in sections.items()}


def _stated(statement: "Statement", clock: "StudyClock") -> dict[str, Any]:
    """A statement as a tree, with its English text."""
    return {**statement.to_plain(), "text": words("en", clock)(statement)}


def _all_stated(statements: Iterable["Statement"], clock: "StudyClock") -> list[dict[str, Any]]:
    return [_stated(statement, clock) for statement in statements]


def _window(evidence: "Evidence", seconds: float) -> dict[str, Any]:
    comparison, trained = evidence.comparison, evidence.trained
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
        "best_epochs": trained.history(seconds)["best_epoch"].to_numpy().tolist(),
        "probability_best": float(comparison.probability_best.sel(window=seconds)),
        **{
            name: _interval([compared[f"{name}{end}"] for end in ("", "_low", "_high")])
            for name in ("excess", "effect")
        },
        "gradient_span_s": {f"{100 * mass:g}": float(used.sel(mass=mass)) for mass in MASSES},
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
    known = shares.dropna("run")
    return {
        **_ranked(shares),
        "kendalls_w": kendalls_w(ranks_of(known.transpose("run", "channel")).to_numpy()),
    }


def _importance(evidence: "Evidence", seconds: float) -> dict[str, Any]:
    shares = {kind: evidence.importance.by_run(seconds, kind) for kind in KINDS}
    return {
        "window_s": seconds,
        "part": evidence.trained.plan.importance_on,
        **{f"{kind}_gradient": _shares(values) for kind, values in shares.items()},
    }


def _shares(values: xr.DataArray) -> dict[str, Any]:
    return {
        **_ranked(values),
        "runs": {
            str(run): dict(zip(values["channel"].to_numpy().tolist(), row.tolist(), strict=True))
            for run, row in zip(values["run"].to_numpy(), values.to_numpy(), strict=True)
        },
    }


def _ranked(shares: xr.DataArray) -> dict[str, Any]:
    ranked = ranking(shares)
    return {
        "ranking": [name for name, _ in ranked],
        "mean": dict(ranked) if ranked else None,
    }


def _interval(numbers: Sequence[float]) -> dict[str, float]:
    """A number with the ends of its 95 % interval."""
    value, low, high = numbers
    return {"value": value, "low": low, "high": high}


def _in_unit(tree: Any, unit: str) -> Any:  # noqa: ANN401 (any tree of dicts and lists)
    """Names of lengths in the unit of the study."""
    if isinstance(tree, dict):
        return {in_unit(str(key), unit): _in_unit(item, unit) for key, item in tree.items()}
    return [_in_unit(item, unit) for item in tree] if isinstance(tree, list | tuple) else tree


def _plain(value: Any) -> Any:  # noqa: ANN401 (any tree of dicts and lists)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
