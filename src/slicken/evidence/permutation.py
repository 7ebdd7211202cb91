"""Permutation test: whether predictions fit their own experiments better than other ones."""

import math
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from slicken.learning.record import Record, position

ENOUGH = 0.8
"""Share of the targets that an experiment must reach to be exchanged for another."""
FEWEST_ASSIGNMENTS, MOST_ASSIGNMENTS = 50, 5000


def permutation_p(
    predicted: NDArray[np.float64],
    ends: NDArray[np.int64],
    record: Record,
    seed: int,
) -> float | None:
    """How often the friction of other experiments fits the predictions as well as their own.

    Friction that drifts slowly may agree with a prediction over a whole experiment by chance. No
    block within two or three experiments can show that; other experiments can. Each test
    experiment's predictions are compared with the friction of every experiment at the same time
    since its start. If friction follows nothing, its own experiment is no better than any other.

    Args:
        predicted: Friction at the test targets, shape ``(N,)``.
        ends: Test targets as indices into the record, shape ``(N,)``.
        record: Record of all experiments.
        seed: Random seed of the assignments that are drawn where there are too many.

    Returns:
        The share of assignments of experiments to test experiments that fit at least as well as
        the true one, which is one of them; None where there are too few assignments.
    """
    place = position(record)
    first = np.searchsorted(record.experiment, np.arange(len(record.experiments)))
    sizes = np.bincount(record.experiment)
    tested = np.unique(record.experiment[ends])
    errors = np.full((tested.size, sizes.size), np.inf)
    for row, own in enumerate(tested):
        here = record.experiment[ends] == own
        for other in range(sizes.size):
            there = place[ends[here]] < sizes[other]
            places = first[other] + place[ends[here]][there]
            usable = ~record.gap[places]
            if usable.sum() >= ENOUGH * here.sum():
                gaps = predicted[here][there][usable] - record.friction[places[usable]]
                errors[row, other] = np.mean(gaps**2)
    candidates = np.flatnonzero(np.isfinite(errors).all(axis=0))
    if math.perm(candidates.size, tested.size) < FEWEST_ASSIGNMENTS:
        return None
    ours = float(errors[np.arange(tested.size), tested].sum())
    if math.perm(candidates.size, tested.size) <= MOST_ASSIGNMENTS:
        rows = np.array(list(permutations(candidates.tolist(), tested.size)))
    else:
        rng = np.random.default_rng(seed)
        drawn = [rng.permutation(candidates)[: tested.size] for _ in range(MOST_ASSIGNMENTS - 1)]
        rows = np.stack([tested, *drawn])
    fits = errors[np.arange(tested.size), rows].sum(axis=1)
    return float(np.mean(fits <= ours * (1 + 1e-12)))
