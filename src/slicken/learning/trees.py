"""Trees: scikit-learn's boosted trees, as every part of the evidence grows them."""

import os
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingRegressor

SMALL = 20_000
"""Rows below which threads cost more than they save."""


def boosted_trees(rounds: int, seed: int) -> "HistGradientBoostingRegressor":
    """Trees before they are fitted.

    Args:
        rounds: Rounds of boosting, a tree each.
        seed: Seed of the binning of large training parts.
    """
    # Threads of OpenMP that wait spin on their cores unless told otherwise before it is loaded:
    # where another process wants them too, that made this three times slower for both.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Here, because scikit-learn takes a second to import, and few commands need it.
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        max_iter=rounds,
        learning_rate=0.1,
        max_leaf_nodes=15,
        min_samples_leaf=20,
        early_stopping=False,
        random_state=seed,
    )


def threads_for(rows: int) -> AbstractContextManager[object]:
    """As many threads as trees of this many rows are worth; the trees are the same with any.

    Args:
        rows: Rows that are fitted or predicted, by trees that were made before.
    """
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1 if rows < SMALL else None, user_api="openmp")
