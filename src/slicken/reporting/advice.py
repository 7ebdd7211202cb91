"""Advice: what to try next, where the study knows."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from slicken.evidence.permutation import FEWEST_ASSIGNMENTS
from slicken.evidence.reasons import accumulated, reasons_for_no_skill
from slicken.evidence.resampling import FEWEST_BLOCKS
from slicken.experiment.levels import levels_of
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence

NEAR = 0.9
"""Share of the longest window from which a memory counts as cut off by it."""
MOST_EXPERIMENTS = 1000


def next_steps(evidence: "Evidence") -> Iterator[Statement]:
    """What to try next, the most useful first."""
    if evidence.skill.grade == "common_course" and evidence.skill.course is not None:
        shared = evidence.skill.course.drivers
        holding = Statement("next.other_course_holding", drivers=shared)
        yield holding if shared else Statement("next.other_course")
    yield from _relative(evidence)
    yield from _as_change(evidence)
    yield from _more_data(evidence)
    yield from _coverage(evidence)
    yield from _windows(evidence)
    plan = evidence.trained.plan
    if evidence.comparison.paired.size < 2:
        yield Statement("next.more_runs", runs=max(4, plan.runs))
    if not plan.controls:
        yield Statement("next.controls")
    if plan.preset == "quick" and evidence.skill.proven:
        yield Statement("next.preset")


def _relative(evidence: "Evidence") -> Iterator[Statement]:
    """Friction less its level, where levels are most of what differs."""
    levels = levels_of(evidence.trained.experiments)
    if evidence.trained.plan.target == "absolute" and levels is not None and levels.dominate:
        yield Statement("next.relative", between=levels.between, within=levels.within)


def _as_change(evidence: "Evidence") -> Iterator[Statement]:
    """Channels that only accumulate as their changes, where they leave their training range."""
    trained = evidence.trained
    for name, share in accumulated([fold.prepared for fold in trained.folds]).items():
        if name not in trained.plan.as_change:
            yield Statement("next.as_change", driver=name, share=share)


def _more_data(evidence: "Evidence") -> Iterator[Statement]:
    """More experiments or more test data, where there are too few blocks or permutations."""
    prepared, split = evidence.trained.prepared, evidence.trained.plan.split
    have = len(prepared.record.experiments)
    blocks = min(one.blocks for one in evidence.skill.against)
    if evidence.trained.has_folds:
        if blocks < FEWEST_BLOCKS:
            yield _more_blocks(blocks)
        return
    if prepared.split.by != "experiment":
        if have < 3:
            needed = fewest_experiments(split.test_share)
            yield Statement("next.permutation", needed=needed, have=have)
        elif blocks < FEWEST_BLOCKS:
            yield _more_blocks(blocks)
        return
    if blocks < FEWEST_BLOCKS:
        tested = np.unique(prepared.record.experiment[prepared.split.ends["test"]]).size
        count = math.ceil(FEWEST_BLOCKS * int(tested) / max(blocks, 1))
        needed = max(have + 1, math.ceil(count / split.test_share))
        yield Statement(
            "next.more_experiments", needed=needed, have=have, count=count, blocks=FEWEST_BLOCKS
        )
    elif evidence.skill.permutation_p is None:
        needed = max(have + 1, fewest_experiments(split.test_share))
        yield Statement("next.permutation", needed=needed, have=have)


def _more_blocks(blocks: int) -> Statement:
    times = FEWEST_BLOCKS / max(blocks, 1)
    return Statement("next.blocks", have=blocks, needed=FEWEST_BLOCKS, times=times)


def fewest_experiments(test_share: float) -> int:
    """The fewest experiments with enough permutations for the permutation test.

    Args:
        test_share: Share of the experiments in the test part.

    Example:
        >>> fewest_experiments(0.2)
        8
    """
    return next(
        count
        for count in range(3, MOST_EXPERIMENTS)
        if math.perm(count, max(1, round(test_share * count))) >= FEWEST_ASSIGNMENTS
    )


def _coverage(evidence: "Evidence") -> Iterator[Statement]:
    """Drivers outside their training range, where the networks have no proven skill."""
    if evidence.skill.proven:
        return
    reasons = reasons_for_no_skill(evidence.trained.prepared, evidence.skill.against)
    outside = tuple(
        Statement("next.outside", **one.values) for one in reasons if one.key == "no_skill.outside"
    )
    if outside:
        yield Statement("next.training_range", drivers=outside)


def _windows(evidence: "Evidence") -> Iterator[Statement]:
    """Longer windows where the longest is the limit, or several where there was one."""
    windows = tuple(evidence.trained.plan.windows)
    if len(windows) == 1:
        yield Statement("next.more_windows", windows=_listed((windows[0] / 2, *windows)))
        return
    if evidence.skill.grade != "shown" or not _is_limited(evidence):
        return
    longest = windows[-1]
    room = min(_longest_stretch(evidence, place) for place in range(_count(evidence)))
    if 2 * longest <= room:
        longer = (*windows[-2:], 1.5 * longest, 2 * longest)
        yield Statement("next.longer_windows", windows=_listed(longer))
    else:
        key = "next.longer_slips" if evidence.trained.plan.clock == "slip" else "next.longer_logs"
        yield Statement(key, length=4 * longest)


def _is_limited(evidence: "Evidence") -> bool:
    """Whether the memory, or the lowest loss, lies at the longest window."""
    memory, longest = evidence.memory.conclusion, evidence.trained.plan.windows[-1]
    clock = evidence.memory.clock
    if evidence.memory.forgets_by_slip:
        return clock.fit is not None and clock.fit.is_limited
    if memory is not None:
        return memory.limit != "training" and memory.high >= NEAR * longest
    comparison = evidence.comparison
    return comparison.best == longest and comparison.can_tell and not comparison.flat


def _count(evidence: "Evidence") -> int:
    return len(evidence.trained.prepared.record.experiments)


def _longest_stretch(evidence: "Evidence", place: int) -> float:
    """The longest stretch of an experiment without a gap, s."""
    record = evidence.trained.prepared.record
    gap = record.gap[record.experiment == place]
    edges = np.flatnonzero(np.diff(np.r_[True, gap, True].astype(np.int8)))
    return float(np.diff(edges)[::2].max(initial=0)) * record.dt


def _listed(lengths: tuple[float, ...]) -> str:
    """Window lengths as ``--windows`` takes them."""
    return ",".join(f"{seconds:g}" for seconds in lengths)
