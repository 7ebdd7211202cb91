"""Reasons: why a study may have no skill, and what the controls say against its importance."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from scipy import stats

from slicken.evidence.drivers import shares_of
from slicken.evidence.resampling import FEWEST_BLOCKS
from slicken.learning.changes import ACCUMULATE
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.evidence.skill import Skill
    from slicken.study.prepared import Prepared

FEW_EXPERIMENTS = 5
OUTSIDE = 0.1
"""Share of the test part from which a driver outside its training range is a reason."""
HARDLY_VARIES = 0.2
"""Spread of friction in the test part, in that of the training part, below which little is left."""
TOGETHER = 0.95
"""Correlation from which two drivers carry much the same information."""
SHARED = 0.1
"""Share of the error reduction of the study from which networks that were trained on shuffled
friction reduce the error too much to pass over."""
ALIKE = 0.85
"""Rank correlation from which two rankings are much the same."""
OUTLYING = 3.0
"""Standard deviations of training experiments from which a test experiment is unlike them."""


def reasons_for_no_skill(
    prepared: "Prepared", skills: tuple["Skill", ...]
) -> tuple[Statement, ...]:
    """What may be behind it; empty where nothing is seen.

    Args:
        prepared: Record and its parts.
        skills: Skill against constants on the test part.
    """
    record, ends = prepared.record, prepared.split.ends
    found = []
    count = len(record.experiments)
    if count < FEW_EXPERIMENTS:
        found.append(Statement("no_skill.few_experiments", count=count))
    blocks = min(one.blocks for one in skills)
    if blocks < FEWEST_BLOCKS:
        found.append(Statement("no_skill.few_blocks", blocks=blocks, fewest=FEWEST_BLOCKS))
    found += [
        Statement("no_skill.outside", driver=name, share=share)
        for name, share in outside(prepared).items()
        if share >= OUTSIDE
    ]
    friction = record.friction[ends["test"]]
    spread = float(friction.std()) / prepared.scaling.friction_spread
    if spread < HARDLY_VARIES:
        found.append(Statement("no_skill.flat", share=spread))
    return (*found, *_outlying(prepared))


def outside(prepared: "Prepared") -> dict[str, float]:
    """Share of the test targets at which each driver is outside its range in the training part."""
    record = prepared.record
    training = record.drivers[prepared.split.samples("training") & ~record.gap]
    test = record.drivers[prepared.split.ends["test"]]
    beyond = (test < training.min(axis=0)) | (test > training.max(axis=0))
    return dict(zip(record.channels, beyond.mean(axis=0).tolist(), strict=True))


def accumulated(folds: Sequence["Prepared"]) -> dict[str, float]:
    """Channels that only accumulate and leave their training range, with their mean share."""
    shares = [outside(one) for one in folds]
    means = {n: float(np.mean([one[n] for one in shares])) for n in shares[0] if n in ACCUMULATE}
    return {name: share for name, share in means.items() if share >= OUTSIDE}


def _outlying(prepared: "Prepared") -> list[Statement]:
    record, ends = prepared.record, prepared.split.ends
    means = {}
    for part in ("training", "test"):
        here = ends[part]
        which = record.experiment[here]
        means[part] = {
            record.experiments[k]: float(record.friction[here[which == k]].mean())
            for k in np.unique(which)
        }
    taught = np.array(list(means["training"].values()))
    if taught.size < FEW_EXPERIMENTS - 2 or not taught.std(ddof=1) > 0:
        return []
    within = float(taught.min()), float(taught.max())
    return [
        Statement("no_skill.outlying", experiment=name, mean=mean, range=within)
        for name, mean in means["test"].items()
        if abs(mean - taught.mean()) > OUTLYING * taught.std(ddof=1)
    ]


def control_findings(
    attribution: xr.Dataset, controls: Mapping[str, xr.Dataset]
) -> tuple[Statement, ...]:
    """What the controls say against the importance of the drivers.

    Args:
        attribution: Readings of the ensemble of the study.
        controls: Readings of the control ensembles; empty where none were trained.
    """
    if not controls:
        return (Statement("controls.none"),)
    found = []
    ours = shares_of(attribution, "friction_gradient").mean("run")
    before = shares_of(controls["untrained"], "friction_gradient").mean("run")
    alike = float(stats.spearmanr(ours, before).statistic) if ours.size > 2 else 0.0
    if alike > ALIKE:
        found.append(Statement("controls.untrained", spearman=alike))
    gained = controls["shuffled"]["permutation"].mean("target").sum("channel")
    error = float(gained.std(ddof=1) / np.sqrt(gained.size)) if gained.size > 1 else np.inf
    whole = float(attribution["permutation"].mean("target").sum("channel").mean())
    if float(gained.mean()) > max(2 * error, SHARED * whole):
        found.append(Statement("controls.shuffled", share=float(gained.mean()) / whole))
    return tuple(found)


def collinear(prepared: "Prepared") -> list[tuple[str, str, float]]:
    """Pairs of drivers that go together in the training part, with their correlation."""
    values = prepared.drivers[prepared.split.samples("training") & ~prepared.record.gap]
    moving = np.flatnonzero(values.std(axis=0) > 0)
    alike = np.atleast_2d(np.corrcoef(values[:, moving], rowvar=False))
    names = [prepared.record.channels[place] for place in moving]
    return [
        (names[i], names[j], float(alike[i, j]))
        for i in range(len(names))
        for j in range(i + 1, len(names))
        if abs(alike[i, j]) >= TOGETHER
    ]
