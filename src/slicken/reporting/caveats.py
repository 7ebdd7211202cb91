"""Caveats: what a reader must know before relying on a study, and planted truth beside it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.channels import LEAKS_TARGET
from slicken.evidence.drivers import RATE_OF
from slicken.evidence.reasons import collinear
from slicken.reporting.ranking import ranked_by_method
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.evidence.memory import Memory


FAR_BEHIND = 1.25
"""Error of the networks over that of the linear model, from which they were trained too little."""


def caveats_of(evidence: "Evidence") -> Iterator[Statement]:
    """Caveats of the drivers, the models and the data."""
    prepared = evidence.trained.prepared
    names = prepared.record.channels
    stresses = tuple(channel.name for channel in LEAKS_TARGET if channel.name in names)
    if stresses:
        yield Statement("caveats.stress", drivers=stresses, count=len(stresses))
    if evidence.skill.proven:
        yield from _as_good(evidence)
        missed = evidence.skill.missed
        if missed is not None:
            share = tuple(missed.share)
            yield Statement(
                "caveats.misses_steps", driver=missed.driver, count=missed.steps, share=share
            )
        if any(one.verdict == "supported" for one in evidence.drivers):
            yield Statement("caveats.supported")
        yield from evidence.control_findings()
    yield from _asked_for(evidence)
    for seconds, runs in evidence.comparison.left_out().items():
        yield Statement("caveats.left_out", window=seconds, runs=tuple(runs), runs_count=len(runs))
    for name in prepared.scaling.mostly_noise():
        yield Statement("caveats.noise", driver=name)
    for name in prepared.scaling.logarithmic:
        yield Statement("caveats.logarithmic", driver=name)
    for rate, of in RATE_OF.items():
        if rate in names and of in names:
            yield Statement("caveats.rate", driver=of)
    for one, other, alike in collinear(prepared):
        yield Statement("caveats.collinear", one=one, other=other, correlation=alike)
    if prepared.missing:
        yield Statement("caveats.missing", drivers=prepared.missing)
    yield from _nearest_lengths(evidence)


def _nearest_lengths(evidence: "Evidence") -> Iterator[Statement]:
    """Window lengths that are no whole number of time steps."""
    record = evidence.trained.prepared.record
    lengths = tuple(s for s in evidence.trained.windows if not record.is_exact(s))
    if lengths:
        nearest = tuple(record.samples_in(s) * record.dt for s in lengths)
        yield Statement("caveats.nearest", step=record.dt, lengths=lengths, nearest=nearest)


def _as_good(evidence: "Evidence") -> Iterator[Statement]:
    """Simpler models that predict as well on the same windows."""
    rmse = evidence.scores.at(evidence.comparison.best)["rmse"]
    ours = float(rmse.sel(model="network"))
    models = tuple(name for name in ("ridge", "trees") if float(rmse.sel(model=name)) <= ours)
    linear = float(rmse.sel(model="ridge"))
    if ours > FAR_BEHIND * linear:
        yield Statement("answer.far_behind", ratio=ours / linear)
    elif models:
        yield Statement("answer.as_good", models=models)


def _asked_for(evidence: "Evidence") -> Iterator[Statement]:
    """What was trained on request."""
    ablation = evidence.importance.ablation
    if ablation is not None:
        gaps = (ablation["best_loss"] - ablation["whole"]).transpose("channel", "run")
        changes = []
        for name, of_runs in zip(gaps["channel"].to_numpy(), gaps.to_numpy(), strict=True):
            error = of_runs.std(ddof=1) / np.sqrt(of_runs.size) if of_runs.size > 1 else np.nan
            changes.append(
                Statement(
                    "caveats.ablation_change",
                    driver=str(name),
                    change=float(of_runs.mean()),
                    error=float(error),
                )
            )
        whole = float(ablation["whole"].mean())
        yield Statement("caveats.ablation", whole=whole, changes=tuple(changes))
    if evidence.leak is not None:
        mean = evidence.leak.mean("run")
        names = ("validation", "honest_validation", "test", "honest_test")
        yield Statement("caveats.leak", **{name: float(mean[name]) for name in names})


def truth_of(evidence: "Evidence") -> Iterator[Statement]:
    """Planted truth beside what was found; nothing for real logs."""
    truth = evidence.trained.truth
    if not truth:
        return
    planted = Statement.from_plain(truth["statement"])
    yield Statement("truth_found.planted", truth=planted)
    found = evidence.memory.conclusion
    if truth.get("memory_m") and evidence.memory.forgets_by_slip:
        yield from _slip_beside(evidence, float(truth["memory_m"]))
    elif truth.get("memory_s") and evidence.memory.forgets_by_slip:
        yield Statement("truth_found.not_recovered", true=float(truth["memory_s"]))
    elif (true := evidence.trained.true_memory) and found is not None:
        yield from _memory_beside(found, float(true), evidence.comparison.windows)
    if evidence.skill.proven:
        yield from _causes_beside(evidence, tuple(truth.get("causes") or ()))


def _memory_beside(found: "Memory", true: float, tried: NDArray[np.float64]) -> Iterator[Statement]:
    if not found.is_needed:
        yield Statement("truth_found.not_recovered", true=true)
    elif found.low <= true <= found.high:
        yield Statement("truth_found.inside", true=true)
    else:
        yield Statement("truth_found.outside", true=true)
    if not tried.min() < true < tried.max():
        yield Statement("truth_found.not_bracketed", true=true)


def _slip_beside(evidence: "Evidence", true: float) -> Iterator[Statement]:
    fit = evidence.memory.clock.fit
    if fit is not None:
        inside = fit.low <= true <= fit.high
        key = "truth_found.inside_slip" if inside else "truth_found.outside_slip"
        yield Statement(key, true=1e6 * true)


def _causes_beside(evidence: "Evidence", causes: tuple[str, ...]) -> Iterator[Statement]:
    if causes:
        firsts = {m: pairs[0][0] for m, pairs in ranked_by_method(evidence).items() if pairs}
        right = tuple(method for method, first in firsts.items() if first in causes)
        wrong = tuple(method for method in firsts if method not in right)
        if right:
            yield Statement("truth_found.first", drivers=causes, methods=right)
        if wrong:
            yield Statement("truth_found.not_first", drivers=causes, methods=wrong)
        return
    called = tuple(one.channel for one in evidence.drivers if one.verdict == "supported")
    if called:
        yield Statement("truth_found.some_supported", drivers=called, count=len(called))
    else:
        yield Statement("truth_found.none_supported")
