"""Reasons: why a study may have no skill, as far as the data show it."""

import numpy as np

from slicken.channels import CHANNELS
from slicken.evidence.resampling import FEWEST_BLOCKS
from slicken.evidence.scores import Skill
from slicken.study.prepared import Prepared

FEW_EXPERIMENTS = 5
OUTSIDE = 0.1
"""Share of the test part from which a driver outside its training range is a reason."""
HARDLY_VARIES = 0.2
"""Spread of friction in the test part, in that of the training part, below which little is left."""
TOGETHER = 0.95
"""Correlation from which two drivers say much the same."""
OUTLYING = 3.0
"""Standard deviations of training experiments from which a test experiment is unlike them."""


def reasons_for_no_skill(prepared: Prepared, skills: tuple[Skill, ...]) -> tuple[str, ...]:
    """What may be behind it, in half sentences; empty where nothing is seen.

    Args:
        prepared: the record and its parts.
        skills: against constants, on the test part.
    """
    record, ends = prepared.record, prepared.split.ends
    found = []
    count = len(record.experiments)
    if count < FEW_EXPERIMENTS:
        are = f"are only {count} experiments" if count > 1 else "is only one experiment"
        found.append(f"there {are}")
    blocks = min(one.blocks for one in skills)
    if blocks < FEWEST_BLOCKS:
        plural = "es" if blocks != 1 else ""
        found.append(
            f"errors are alike over so long that the test part holds {blocks} independent "
            f"stretch{plural} of time, where {FEWEST_BLOCKS} are the fewest"
        )
    training = record.drivers[prepared.split.samples("training") & ~record.gap]
    test = record.drivers[ends["test"]]
    beyond = (test < training.min(axis=0)) | (test > training.max(axis=0))
    for name, share in zip(record.channels, beyond.mean(axis=0), strict=True):
        if share >= OUTSIDE:
            found.append(
                f"{_title(name)} lies outside its training range in {share:.0%} of the test part"
            )
    friction = record.friction[ends["test"]]
    spread = float(friction.std()) / prepared.scaling.friction_spread
    if spread < HARDLY_VARIES:
        found.append(
            f"friction hardly varies in the test part ({spread:.0%} of its spread in training)"
        )
    found += _outlying(prepared)
    return tuple(found)


def _outlying(prepared: Prepared) -> list[str]:
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
    return [
        f"the mean friction of {name} ({mean:.3f}) is unlike that of the training experiments "
        f"({taught.min():.3f} to {taught.max():.3f})"
        for name, mean in means["test"].items()
        if abs(mean - taught.mean()) > OUTLYING * taught.std(ddof=1)
    ]


def collinear(prepared: Prepared) -> list[tuple[str, str, float]]:
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


def slip_in(prepared: Prepared, seconds: float) -> float:
    """Median slip within windows of this many seconds, m; NaN where slip is not known."""
    ends = np.concatenate(list(prepared.split.ends.values()))
    back = prepared.record.samples_in(seconds) - 1
    slip = prepared.record.slip
    return float(np.median(slip[ends] - slip[ends - back]))


def _title(name: str) -> str:
    return CHANNELS[name].title.lower() if name in CHANNELS else name.replace("_", " ")
