"""Trees: scikit-learn's boosted trees, as every part of the evidence grows them."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingRegressor


def boosted_trees(rounds: int, seed: int) -> "HistGradientBoostingRegressor":
    """Untaught trees.

    Args:
        rounds: of boosting, a tree each.
        seed: of the binning of large training parts.
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
