"""PCMCI+ of tigramite, by linear partial correlation and by that of normal scores.

As its tutorials do it: experiments are data sets of one and the same process
(``analysis_mode="multiple"``), and what is known beforehand is told: that friction is what is to be
explained, and causes no driver. Drivers may cause one another at every lag and at once.
A driver is called a cause where a directed link leads from it to friction. It is ranked by the
largest of its partial correlations. Memory reaches back to the last lag that is linked, give or
take the step over which was averaged.

benchmarks/.venvs/tigramite/bin/python benchmarks/rivals/pcmci.py build/rivals
"""

from functools import partial

import numpy as np
from answers import LONGEST, Answer, Experiments, answer_all
from tigramite.data_processing import DataFrame
from tigramite.independence_tests.independence_tests_base import CondIndTest
from tigramite.independence_tests.parcorr import ParCorr
from tigramite.independence_tests.robust_parcorr import RobustParCorr
from tigramite.pcmci import PCMCI

ALPHA = 0.01
"""Level of every test: the default of tigramite."""


def ask(experiments: Experiments, test: type[CondIndTest]) -> Answer:
    """The links that lead to friction."""
    together = {
        number: np.column_stack([inputs, friction])
        for number, (inputs, friction) in enumerate(
            zip(experiments.inputs, experiments.friction, strict=True)
        )
    }
    frame = DataFrame(
        together, analysis_mode="multiple", var_names=[*experiments.drivers, "friction"]
    )
    network = PCMCI(frame, cond_ind_test=test(significance="analytic"), verbosity=0)
    target, longest = len(experiments.drivers), round(LONGEST / experiments.step)
    found = network.run_pcmciplus(
        link_assumptions=possible_links(target, longest),
        tau_min=0,
        tau_max=longest,
        pc_alpha=ALPHA,
    )
    # Source and lag of what leads to friction.
    links = found["graph"][:target, target]
    strength = np.where(links == "-->", np.abs(found["val_matrix"][:target, target]), 0.0)
    called = [name for name, row in zip(experiments.drivers, strength, strict=True) if row.any()]
    order = np.argsort(-strength.max(axis=1), kind="stable")
    ranking = [experiments.drivers[i] for i in order if strength[i].any()]
    memory = _reach(strength[order[0]], experiments.step) if ranking else None
    lags = {
        name: [int(lag * experiments.step) for lag in np.flatnonzero(row)]
        for name, row in zip(experiments.drivers, strength, strict=True)
        if row.any()
    }
    undecided = [
        name
        for name, row in zip(experiments.drivers, links, strict=True)
        if row[0] in ("o-o", "x-x")
    ]
    return Answer(called, ranking, memory, {"lags_s": lags, "direction_undecided": undecided})


def possible_links(target: int, longest: int) -> dict[int, dict[tuple[int, int], str]]:
    """All links but those from the target to another variable, in tigramite's notation.

    Args:
        target: Number of the variable that causes no other; those before it are the others.
        longest: Longest lag.
    """
    links: dict[int, dict[tuple[int, int], str]] = {}
    for effect in range(target + 1):
        causes = range(target + 1) if effect == target else range(target)
        links[effect] = {(cause, -lag): "-?>" for cause in causes for lag in range(1, longest + 1)}
        at_once = "-?>" if effect == target else "o?o"
        links[effect] |= {(cause, 0): at_once for cause in range(target) if cause != effect}
    return links


def _reach(strength: np.ndarray, step: float) -> tuple[float, float | None] | None:
    """Seconds to the last lag that is linked; None where it cannot be told from zero."""
    last = int(np.flatnonzero(strength)[-1])
    if last <= 1:
        return None
    return (last - 1) * step, None if last == strength.size - 1 else (last + 1) * step


if __name__ == "__main__":
    answer_all(
        {
            "pcmci-parcorr": partial(ask, test=ParCorr),
            "pcmci-robust-parcorr": partial(ask, test=RobustParCorr),
        }
    )
