"""Verdict: the evidence in words, which say no more than it bears."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from slicken.channels import (
    AXIAL_DISPLACEMENT,
    AXIAL_RATE,
    CHANNELS,
    GIVES_FRICTION_AWAY,
    TEMPERATURE,
    TEMPERATURE_RATE,
)
from slicken.evidence.gathering import Evidence
from slicken.evidence.scores import FEWEST_BLOCKS, Skill
from slicken.study.prepared import Prepared

_INSEPARABLE = ((TEMPERATURE, TEMPERATURE_RATE), (AXIAL_DISPLACEMENT, AXIAL_RATE))


@dataclass(frozen=True)
class Verdict:
    """What may be concluded, in sentences.

    Args:
        memory: on the window length.
        skill: on how far the network beats knowing nothing, on the test part.
        importance: on the ranking of the drivers.
        caveats: what a reader must know before believing any of it.
        truth: for simulated faults, what was planted beside what was found; empty for real ones.
    """

    memory: str
    skill: str
    importance: str
    caveats: tuple[str, ...]
    truth: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """All sentences, in the order in which a reader wants them."""
        return [self.memory, self.skill, self.importance, *self.truth, *self.caveats]


def judge(
    evidence: Evidence,
    prepared: Prepared,
    shares_by_run: Mapping[str, xr.DataArray],
    truth: Mapping[str, Any],
) -> Verdict:
    """Put the evidence into words.

    Args:
        evidence: all of it.
        prepared: the experiments and their parts.
        shares_by_run: for ``loss`` and ``friction``, dims ``(run, channel)``, at the best length.
        truth: what was planted; empty for real logs.
    """
    contest = evidence.contest
    if evidence.has_skill:
        memory = f"Window length: {contest.words()}."
    else:
        memory = (
            f"Window length: these data cannot tell. {_why_no_skill(evidence.skills)}, so the "
            f"contest on the validation part decides nothing ({contest.words()})."
        )
    return Verdict(
        memory=memory,
        skill=_skill_words(evidence, contest.best),
        importance=_importance_words(shares_by_run, has_skill=evidence.has_skill),
        caveats=tuple(_caveats(evidence, prepared)),
        truth=tuple(_truth_words(evidence, shares_by_run, truth)) if truth else (),
    )


def ranking(shares: xr.DataArray) -> list[tuple[str, float]]:
    """Drivers with their mean share over runs, largest first; empty where nothing has one."""
    means = shares.mean("run", skipna=True)
    if not np.isfinite(means).all():
        return []
    pairs = zip(means["channel"].to_numpy().tolist(), means.to_numpy().tolist(), strict=True)
    return sorted(pairs, key=lambda pair: -pair[1])


def _skill_words(evidence: Evidence, best: float) -> str:
    at_best = evidence.scores.sel(window=best)
    models = at_best["model"].to_numpy().tolist()
    rmse = {name: float(at_best["rmse"].sel(model=name)) for name in models}
    network = at_best.sel(model="network")
    words = (
        f"Test part at {best:g} s: RMSE {rmse['network']:.4f} in friction, R2 "
        f"{float(network['r2']):.2f}, correlation {float(network['correlation']):.2f}; RMSE of a "
        f"ridge regression {rmse['ridge']:.4f}, of the training mean {rmse['mean']:.4f}, of the "
        f"training median {rmse['median']:.4f}. Skill against a constant (1 is perfect, 0 no "
        f"better), {_skills_listed(evidence.skills)}."
    )
    if rmse["ridge"] <= rmse["network"]:
        words += " A linear model on the same windows does as well or better."
    return words


def _why_no_skill(skills: Sequence[Skill]) -> str:
    *training, test = skills
    if any(skill.value <= 0 for skill in training):
        return "On the test part the networks do not beat a constant"
    if test.value <= 0:
        return (
            "On the test part the networks get the level of friction but not its changes: a "
            "constant at the right level does better"
        )
    return "The networks are not proven to beat a constant on the test part"


def _skills_listed(skills: Sequence[Skill]) -> str:
    blocks = skills[0].blocks
    if blocks < FEWEST_BLOCKS:
        listed = ", ".join(f"{skill.against} {skill.value:.2f}" for skill in skills)
        plural = "s" if blocks != 1 else ""
        return (
            f"without an interval because the test part holds only {blocks} independent "
            f"block{plural}: {listed}"
        )
    listed = ", ".join(
        f"{skill.against} {skill.value:.2f} ({skill.low:.2f} to {skill.high:.2f})"
        for skill in skills
    )
    return f"with its 95 % interval over {blocks} blocks of time: {listed}"


def _importance_words(shares_by_run: Mapping[str, xr.DataArray], *, has_skill: bool) -> str:
    ranked = {kind: ranking(shares) for kind, shares in shares_by_run.items()}
    if not ranked["loss"] or not ranked["friction"]:
        return (
            "Importance: none. The networks are constant, no driver moves them, and there are no "
            "shares to speak of."
        )
    words = (
        f"Importance by |dLoss/dx|: {_listed(ranked['loss'])}; "
        f"by |dfriction/dx|: {_listed(ranked['friction'])}."
    )
    if not has_skill:
        return f"{words} Without proven skill on the test part this ranking tells nothing."
    if ranked["loss"][0][0] != ranked["friction"][0][0]:
        words += " The two measures disagree on the first."
    return words


def _listed(ranked: Sequence[tuple[str, float]]) -> str:
    return ", ".join(f"{_title(name)} {share:.2f}" for name, share in ranked)


def _title(name: str) -> str:
    return CHANNELS[name].title.lower()


def _caveats(evidence: Evidence, prepared: Prepared) -> list[str]:
    caveats = []
    stresses = [c.name for c in GIVES_FRICTION_AWAY if c.name in prepared.record.channels]
    if stresses:
        named = " and ".join(_title(name) for name in stresses)
        caveats.append(
            f"WARNING: {named} is among the drivers, because the plan says so. Friction is shear "
            "over normal stress: the network may divide instead of learn."
        )
    if evidence.contest.losses.sizes["window"] > 1:
        caveats.append(
            "Ties are judged over runs only; with other experiments for validation, another length "
            "may win."
        )
    for seconds, runs in evidence.contest.left_out().items():
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
    for one, other in _INSEPARABLE:
        if {one.name, other.name} <= set(prepared.record.channels):
            caveats.append(
                f"{one.title} and its rate determine one another; gradients cannot tell them apart."
            )
    if prepared.missing:
        missing = ", ".join(_title(name) for name in prepared.missing)
        caveats.append(f"The logs have no {missing}: the study ran on the drivers that exist.")
    return caveats


def _truth_words(
    evidence: Evidence, shares_by_run: Mapping[str, xr.DataArray], truth: Mapping[str, Any]
) -> list[str]:
    words = [f"Planted: {truth['words']}"]
    memory, contest = truth.get("memory_s"), evidence.contest
    if memory:
        low, high = min(contest.tied), max(contest.tied)
        tried = contest.losses["window"].to_numpy()
        inside = low <= memory <= high
        near = f"{low:g} s" if low == high else f"{low:g} to {high:g} s"
        words.append(
            f"Found: lowest mean at {contest.best:g} s, within one standard error {near}; the "
            f"planted memory of {memory:g} s lies {'inside' if inside else 'outside'} that range."
        )
        if not tried.min() < memory < tried.max():
            words.append("The planted memory is not bracketed by the lengths that were tried.")
    for kind, shares in shares_by_run.items():
        ranked = ranking(shares)
        if ranked and truth.get("causes"):
            first = ranked[0][0]
            causes = " and ".join(_title(name) for name in truth["causes"])
            agrees = "as planted" if first in truth["causes"] else f"but {causes} was planted"
            measure = "dLoss/dx" if kind == "loss" else "dfriction/dx"
            words.append(f"First by |{measure}|: {_title(first)}, {agrees}.")
    return words
