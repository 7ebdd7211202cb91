"""Missing: numbers that loggers and spreadsheets write where there is none."""

import numpy as np
from numpy.typing import NDArray

CODES = (-9999.0, 9999.0, -999.0, -99999.0, 99999.0, -9999.99, -999.25, -999.99, 1e30, -1e30)
"""Numbers that stand for a missing one, in the order in which they are looked for."""
FAR = 10.0
"""Distance of a code from the samples beside it, over the largest step that is usual there."""
USUAL = 0.999
"""Quantile of the steps from sample to sample up to which they are usual."""
FEWEST = 3
"""Samples of another value that a column has, at least."""


def find_code(values: NDArray[np.float64]) -> float | None:
    """The number that stands for a missing one in a column; None where there is none.

    A sensor may well read 9999. So it is a code only where it is reached at one leap from samples
    that otherwise move by far less from one to the next.

    Args:
        values: Samples, shape ``(S,)``; NaN where one is missing already.

    Example:
        >>> find_code(np.array([0.61, 0.62, -9999.0, -9999.0, 0.61, 0.62]))
        -9999.0
        >>> find_code(np.array([9990.0, 9993.0, 9996.0, 9999.0, 10002.0])) is None
        True
    """
    known = values[np.isfinite(values)]
    for code in CODES:
        coded = known == code
        others = known[~coded]
        if not coded.any() or others.size < FEWEST:
            continue
        # A code between samples of its own size would be reached in usual steps.
        places = np.flatnonzero(~coded)
        steps = np.abs(np.diff(others))[np.diff(places) == 1]
        usual = float(np.quantile(steps, USUAL) if steps.size else np.ptp(others))
        usual = usual or float(np.abs(others).max())  # of a constant channel, its own size
        beside = np.flatnonzero(coded[1:] != coded[:-1])
        leaps = np.abs(known[beside + 1] - known[beside])
        nearest = float(np.min(np.abs(others - code)))
        if leaps.size and min(float(leaps.min()), nearest) > FAR * max(usual, 1e-12 * abs(code)):
            return code
    return None
