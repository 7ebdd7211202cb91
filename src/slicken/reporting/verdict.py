"""Verdict: the evidence in words, which say no more than it bears."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from slicken.channels import CHANNELS, LEAKS_TARGET
from slicken.evidence.attribution import METHODS
from slicken.evidence.drivers import RATE_OF, DriverVerdict, kendalls_w, ranks_of, shares_of
from slicken.evidence.evidence import Evidence
from slicken.evidence.importance import ranking
from slicken.evidence.intervals import LEVEL
from slicken.evidence.reasons import collinear, reasons_for_no_skill, slip_in
from slicken.evidence.resampling import FEWEST_BLOCKS
from slicken.evidence.skill import Skill, SkillEvidence
from slicken.reporting.wording import words as wording
from slicken.statements import Statement
from slicken.study.prepared import Prepared

METHOD_WORDS: Mapping[str, str] = {
    "loss_gradient": "|dLoss/dx|",
    "friction_gradient": "|dfriction/dx|",
    "integrated_gradients": "integrated gradients",
    "shapley_friction": "Shapley values of friction",
    "shapley_loss": "Shapley values of the error",
    "permutation": "permutation",
}
"""What the readings of importance are called in sentences."""


VERDICTS: Mapping[str, str] = {
    "supported": "supported",
    "informative": "carries information",
    "not_separable": "not separable",
    "methods_disagree": "methods disagree",
    "negligible": "negligible",
    "no_better_than_noise": "no better than noise",
    "unknown": "cannot be told",
}
"""What a verdict on a driver is called."""
AGAINST: Mapping[str, str] = {
    "mean": "training mean",
    "median": "training median",
    "test_mean": "test mean",
}


@dataclass(frozen=True)
class Verdict:
    """What may be concluded, in sentences.

    Args:
        window: on the window length.
        memory: on what the networks use, and what friction needs.
        skill: on how far the network beats knowing nothing, on the test part.
        importance: on the ranking of the drivers.
        drivers: one for each driver.
        caveats: what a reader must know before believing any of it.
        truth: for simulated faults, what was planted beside what was found; empty for real ones.
    """

    window: str
    memory: str
    skill: str
    importance: str
    drivers: tuple[str, ...]
    caveats: tuple[str, ...]
    truth: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """All sentences, in the order in which a reader wants them."""
        first = [self.window, self.memory, self.skill, self.importance]
        return [*first, *self.drivers, *self.truth, *self.caveats]


def judge(evidence: Evidence) -> Verdict:
    """Put the evidence into words."""
    prepared, truth = evidence.trained.prepared, evidence.trained.truth
    return Verdict(
        window=_window_words(evidence, prepared),
        memory=_memory_words(evidence),
        skill=_skill_words(evidence),
        importance=_importance_words(evidence),
        drivers=tuple(driver_words(one) for one in evidence.drivers),
        caveats=tuple(_caveats(evidence, prepared)),
        truth=tuple(_truth_words(evidence, truth)) if truth else (),
    )


def driver_words(one: DriverVerdict) -> str:
    """The verdict on one driver, in a sentence."""
    name = _title(one.channel).capitalize()
    reason = "; ".join(wording("en").lines(one.reasons))
    if one.verdict == "unknown":
        return f"{name}: cannot be told, as {reason}."
    share, low, high = (f"{round(100 * x)}%" if np.isfinite(x) else "-" for x in one.share)
    return (
        f"{name}: {VERDICTS[one.verdict]}; {reason}. It takes away {share} ({low} to {high}) of "
        "the error that all drivers take away."
    )


def _window_words(evidence: Evidence, prepared: Prepared) -> str:
    comparison = evidence.comparison
    said = wording("en")(comparison.statement())
    if not evidence.skill.proven:
        reasons = wording("en").lines(reasons_for_no_skill(prepared, evidence.skill.against))
        seen = f" Seen: {'; '.join(reasons)}." if reasons else ""
        return (
            f"Window length: these data cannot tell. {_why_no_skill(evidence.skill)}, so the "
            f"contest on the validation part decides nothing ({said}).{seen}"
        )
    slip = slip_in(prepared, comparison.best)
    metres = (
        f" {comparison.best:g} s are {slip:.3g} m of slip (median)." if np.isfinite(slip) else ""
    )
    return f"Window length: {said}.{metres}"


def _memory_words(evidence: Evidence) -> str:
    best = evidence.comparison.best
    used = evidence.memory.spans[best].mean("run", skipna=True)
    half, most = float(used.sel(mass=0.5)), float(used.sel(mass=0.9))
    uses = (
        f"the networks of {best:g} s use {half:.0f} s for half of their gradient and {most:.0f} s "
        "for 90 % of it, which says what they do, not what friction needs"
        if np.isfinite(half)
        else "the networks are constant and use no history"
    )
    if not evidence.skill.proven:
        return f"Memory: these data cannot tell; {uses}."
    memory = evidence.memory.conclusion
    if memory is None:
        return f"Memory: what friction needs cannot be told from one length or few runs; {uses}."
    if not memory.is_needed:
        return (
            f"Memory: these data show none; {memory.enough:g} s of history do as well as more "
            f"({_METHOD_WORDS[memory.method]}); {uses}."
        )
    whose = f" of {' and '.join(map(_title, memory.drivers))}" if memory.drivers else ""
    needed = {
        "boxcar": f"a plain mean{whose} over {memory.low:.0f} to {memory.high:.0f} s, with its "
        "present value",
        "exponential": f"a past{whose} that fades with an e-folding time of {memory.low:.0f} to "
        f"{memory.high:.0f} s, with its present value",
    }.get(memory.method, f"more than {memory.low:g} s and at most {memory.high:g} s{whose}")
    return f"Memory: friction needs {needed} ({_METHOD_WORDS[memory.method]}); {uses}."


_METHOD_WORDS: Mapping[str, str] = {
    "networks": "networks trained on less",
    "linear": "linear models refitted on less, which predict as well as the networks",
    "trees": "boosted trees refitted on less, which predict as well as the networks",
    "boxcar": "a linear model that predicts as well as the networks; 99 % interval",
    "exponential": "a linear model that predicts as well as the networks; 99 % interval",
}


def _skill_words(evidence: Evidence) -> str:
    best = evidence.comparison.best
    at_best = evidence.scores.at(best)
    models = at_best["model"].to_numpy().tolist()
    rmse = {name: float(at_best["rmse"].sel(model=name)) for name in models}
    network = at_best.sel(model="network")
    words = (
        f"Test part at {best:g} s: RMSE {rmse['network']:.4f} in friction, R2 "
        f"{float(network['r2']):.2f}, correlation {float(network['correlation']):.2f}; RMSE of a "
        f"ridge regression {rmse['ridge']:.4f}, of boosted trees {rmse['trees']:.4f}, of the "
        f"training mean {rmse['mean']:.4f}, of the training median {rmse['median']:.4f}; of the "
        f"friction one sample earlier, which no network sees, {rmse['last']:.4f}. Skill against a "
        f"constant (1 is perfect, 0 no better), {_skills_listed(evidence.skill.against)}."
    )
    as_good = [
        name
        for key, name in (("ridge", "a linear model"), ("trees", "boosted trees"))
        if rmse[key] <= rmse["network"]
    ]
    if as_good:
        do = "do" if rmse["trees"] <= rmse["network"] else "does"
        named = " and ".join(as_good)
        words += f" On the same windows {named} {do} as well or better."
    if np.isfinite(evidence.skill.coverage):
        words += (
            f" Intervals of {LEVEL:.0%}, calibrated on the validation part, hold "
            f"{evidence.skill.coverage:.0%} of the test part."
        )
    return words


def _why_no_skill(evidence: SkillEvidence) -> str:
    *training, test = evidence.against
    if any(skill.value <= 0 for skill in training):
        return "On the test part the networks do not beat a constant"
    if test.value <= 0:
        return (
            "On the test part the networks get the level of friction but not its changes: a "
            "constant at the right level does better"
        )
    if all(skill.proven for skill in evidence.against):
        return (
            "The predictions of the test experiments fit the friction of other experiments nearly "
            f"as well ({evidence.permutation_p:.0%} of the ways to exchange them)"
        )
    return "The networks are not proven to beat a constant on the test part"


def _skills_listed(skills: tuple[Skill, ...]) -> str:
    blocks = min(skill.blocks for skill in skills)
    if blocks < FEWEST_BLOCKS:
        listed = ", ".join(f"{AGAINST[skill.against]} {skill.value:.2f}" for skill in skills)
        plural = "s" if blocks != 1 else ""
        return (
            f"without an interval because the test part holds only {blocks} independent "
            f"block{plural}: {listed}"
        )
    listed = ", ".join(
        f"{AGAINST[skill.against]} {skill.value:.2f} ({skill.low:.2f} to {skill.high:.2f})"
        for skill in skills
    )
    return f"with its 95 % interval over {blocks} blocks of time or more: {listed}"


def _importance_words(evidence: Evidence) -> str:
    table = evidence.importance.attribution
    ranked = {m: ranking(shares_of(table, m)) for m in METHODS if m in table}
    if not ranked["loss_gradient"] or not ranked["friction_gradient"]:
        return (
            "Importance: none. The networks are constant, no driver moves them, and there are no "
            "shares to speak of."
        )
    words = (
        f"Importance by |dLoss/dx|, as published: {_listed(ranked['loss_gradient'])}; "
        f"by |dfriction/dx|: {_listed(ranked['friction_gradient'])}."
    )
    if not evidence.skill.proven:
        return f"{words} Without proven skill on the test part this ranking tells nothing."
    judge_by = "shapley_loss" if ranked.get("shapley_loss") else "permutation"
    if ranked[judge_by]:
        agreement = kendalls_w(ranks_of(shares_of(table, judge_by)).to_numpy())
        words += f" By {METHOD_WORDS[judge_by]}: {_listed(ranked[judge_by])}" + (
            f" (Kendall's W of the runs {agreement:.2f})." if np.isfinite(agreement) else "."
        )
    firsts = {METHOD_WORDS[m]: pairs[0][0] for m, pairs in ranked.items() if pairs}
    if len(set(firsts.values())) > 1:
        by_driver: dict[str, list[str]] = {}
        for method, name in firsts.items():
            by_driver.setdefault(name, []).append(method)
        said = "; ".join(f"{_title(n)} by {', '.join(ms)}" for n, ms in by_driver.items())
        words += f" The methods disagree on the first: {said}."
    return words


def _listed(ranked: list[tuple[str, float]]) -> str:
    return ", ".join(f"{_title(name)} {share:.2f}" for name, share in ranked)


def _title(name: str) -> str:
    return CHANNELS[name].title.lower() if name in CHANNELS else name.replace("_", " ")


def _caveats(evidence: Evidence, prepared: Prepared) -> list[str]:
    caveats = []
    stresses = [c.name for c in LEAKS_TARGET if c.name in prepared.record.channels]
    if stresses:
        named = " and ".join(_title(name) for name in stresses)
        caveats.append(
            f"WARNING: {named} is among the drivers, because the plan says so. Friction is shear "
            "over normal stress: the network may divide instead of learn."
        )
    if evidence.skill.proven:
        caveats.append(
            "A driver that is supported tells of friction, and nothing here speaks against it as a "
            "cause; prediction cannot show more."
        )
        caveats += wording("en").lines(evidence.control_findings())
    caveats += _asked_for(evidence)
    for seconds, runs in evidence.comparison.left_out().items():
        listed = ", ".join(str(run) for run in runs)
        caveats.append(
            f"Left out at {seconds:g} s because a loss was not finite: run "
            f"{listed}; the statistics are those of the others."
        )
    caveats.extend(
        f"{_title(name).capitalize()} was held constant: once standardised it is mostly noise "
        "from one sample to the next, and earns a share all the same."
        for name in prepared.scaling.mostly_noise()
    )
    caveats.extend(
        f"{_title(name).capitalize()} spans decades and is taken on a logarithmic scale."
        for name in prepared.scaling.logarithmic
    )
    names = prepared.record.channels
    caveats.extend(
        f"{_title(of).capitalize()} and its rate determine one another; gradients cannot tell them "
        "apart."
        for rate, of in RATE_OF.items()
        if rate in names and of in names
    )
    caveats.extend(
        f"{_title(one).capitalize()} and {_title(other)} go together (correlation {alike:.2f}); "
        "shares between them are an accident of training."
        for one, other, alike in collinear(prepared)
    )
    if prepared.missing:
        missing = ", ".join(_title(name) for name in prepared.missing)
        caveats.append(f"The logs have no {missing}: the study ran on the drivers that exist.")
    return caveats


def _asked_for(evidence: Evidence) -> list[str]:
    """What was trained on request."""
    words = []
    ablation = evidence.importance.ablation
    if ablation is not None:
        gaps = ablation["best_loss"] - ablation["whole"]
        lost = []
        for name in gaps["channel"].to_numpy():
            of_runs = gaps.sel(channel=name).to_numpy()
            error = of_runs.std(ddof=1) / np.sqrt(of_runs.size) if of_runs.size > 1 else np.nan
            lost.append(f"{_title(str(name))} {of_runs.mean():+.3g} (standard error {error:.1g})")
        words.append(
            f"Trained anew without a driver, the lowest validation loss of "
            f"{float(ablation['whole'].mean()):.4g} changes: {', '.join(lost)}."
        )
    if evidence.leak is not None:
        mean = evidence.leak.mean("run")
        words.append(
            f"Leak: divided at random, the same windows would have shown a validation loss of "
            f"{float(mean['validation']):.4g} in place of {float(mean['honest_validation']):.4g}, "
            f"and a test loss of {float(mean['test']):.4g} in place of "
            f"{float(mean['honest_test']):.4g}."
        )
    return words


def _truth_words(evidence: Evidence, truth: Mapping[str, Any]) -> list[str]:
    planted = wording("en")(Statement.from_plain(truth["statement"]))
    words = [f"Planted: {planted}"]
    memory, found = truth.get("memory_s"), evidence.memory.conclusion
    if memory and found is not None:
        if not found.is_needed:
            words.append(f"Found: no memory; {memory:g} s were planted.")
        else:
            where = "within" if found.low <= memory <= found.high else "outside"
            words.append(
                f"Found: a need of {found.low:.0f} to {found.high:.0f} s; the planted {memory:g} s "
                f"lie {where} it."
            )
        tried = evidence.comparison.windows
        if not tried.min() < memory < tried.max():
            words.append("The planted memory is not bracketed by the lengths that were tried.")
    causes = truth.get("causes")
    if causes and evidence.skill.proven:
        planted = " and ".join(_title(name) for name in causes)
        right: list[str] = []
        wrong: list[str] = []
        for method in METHODS:
            ranked = (
                ranking(shares_of(evidence.importance.attribution, method))
                if (method in evidence.importance.attribution)
                else []
            )
            if ranked:
                (right if ranked[0][0] in causes else wrong).append(METHOD_WORDS[method])
        if right:
            words.append(f"First, as planted, is {planted} by {', '.join(right)}.")
        if wrong:
            words.append(f"Another driver than {planted} is first by {', '.join(wrong)}.")
    if evidence.skill.proven and not causes:
        called = [_title(d.channel) for d in evidence.drivers if d.verdict == "supported"]
        words.append(
            f"No driver is a cause here, but called supported is {' and '.join(called)}."
            if called
            else "No driver is a cause here, and none is called supported."
        )
    return words
