"""Ranking: what the methods of importance say about the drivers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from slicken.evidence.attribution import METHODS
from slicken.evidence.drivers import kendalls_w, ranks_of, shares_of
from slicken.evidence.importance import ranking
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence

Ranked = list[tuple[str, float]]


def ranked_by_method(evidence: "Evidence") -> dict[str, Ranked]:
    """Drivers with their mean share by each method, largest first."""
    table = evidence.importance.attribution
    return {method: ranking(shares_of(table, method)) for method in METHODS if method in table}


def ranking_of(evidence: "Evidence") -> Iterator[Statement]:
    """Rankings by the published measure and by error reduction, and where methods disagree."""
    ranked = ranked_by_method(evidence)
    if not ranked["loss_gradient"] or not ranked["friction_gradient"]:
        yield Statement("answer.ranking_constant")
        return
    if not evidence.skill.proven:
        yield Statement("answer.ranking_no_skill")
        return
    judge = "shapley_loss" if ranked.get("shapley_loss") else "permutation"
    for method in ("loss_gradient", "friction_gradient", judge):
        if ranked[method]:
            yield _ranking(method, ranked[method])
    ranks = ranks_of(shares_of(evidence.importance.attribution, judge))
    agreement = kendalls_w(ranks.transpose("run", "channel").to_numpy())
    if ranked[judge] and np.isfinite(agreement):
        yield Statement("answer.ranking_agreement", method=judge, w=agreement)
    firsts: dict[str, list[str]] = {}
    for method, pairs in ranked.items():
        if pairs:
            firsts.setdefault(pairs[0][0], []).append(method)
    if len(firsts) > 1:
        said = tuple(
            Statement("answer.first_by", driver=driver, methods=tuple(methods))
            for driver, methods in firsts.items()
        )
        yield Statement("answer.ranking_differs", firsts=said)


def _ranking(method: str, ranked: Ranked) -> Statement:
    shares = tuple(
        Statement("answer.ranked", driver=driver, share=share) for driver, share in ranked
    )
    return Statement("answer.ranking_by", method=method, ranked=shares)
