"""Levels: how far experiments differ in friction, beside how far friction moves within them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from slicken.channels import FRICTION

if TYPE_CHECKING:
    from slicken.experiment.experiment import Experiment

FEWEST = 3
"""Experiments from which levels are compared."""


class Levels(NamedTuple):
    """Standard deviations of friction.

    Args:
        between: Of the means of the experiments.
        within: Within an experiment, median over experiments.
    """

    between: float
    within: float

    @property
    def dominate(self) -> bool:
        """Whether levels differ by more than friction moves within experiments."""
        return self.between > self.within


def levels_of(experiments: Sequence["Experiment"]) -> Levels | None:
    """The levels of experiments; None where there are fewer than :data:`FEWEST`.

    Args:
        experiments: Experiments.
    """
    if len(experiments) < FEWEST:
        return None
    each = [one.channels[FRICTION.name][~one.gap] for one in experiments]
    between = float(np.std([one.mean() for one in each], ddof=1))
    return Levels(between, float(np.median([one.std() for one in each])))
