"""Issues: a place in a channel, with the correction that would mend it."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.logs.finding import Finding

if TYPE_CHECKING:
    from slicken.experiment.draft import Draft
    from slicken.statements import Statement

Floats = NDArray[np.float64]

MOST = 1000
"""Places that are looked at closely; a record may have millions."""
MOST_PROPOSED = 5
"""Corrections for places of one kind in one channel."""


def correction_toml(kind: str, **fields: str | float) -> str:
    """A ``[[correction]]`` to put into a channel map.

    >>> print(correction_toml("crop", start=5.0))
    [[correction]]
    kind = "crop"
    start = 5.0
    """
    import tomli_w

    return f"[[correction]]\n{tomli_w.dumps({'kind': kind, **fields})}".strip()


def known(draft: "Draft", name: str) -> tuple[NDArray[np.int64], Floats]:
    """Places of a channel that have a number, and the numbers."""
    places = np.flatnonzero(np.isfinite(draft.channels[name]))
    return places, draft.channels[name][places]


def resolution(values: Floats) -> float:
    """The least difference between two neighbours that differ."""
    steps = np.abs(np.diff(values))
    steps = steps[steps > 1e-12 * np.max(np.abs(values))]
    return float(np.min(steps)) if steps.size else 0.0


def largest(sizes: Floats, least: float) -> NDArray[np.int64]:
    """Places of what exceeds ``least``, in order; of very many, the largest."""
    places = np.flatnonzero(sizes > least)
    return np.sort(places[np.argsort(-sizes[places], kind="stable")[:MOST]])


def issue_at(
    draft: "Draft", statement: "Statement", place: int, name: str, correction: str = ""
) -> Finding:
    """A finding about one sample of a channel."""
    return Finding(
        statement,
        row=int(draft.rows[place]),
        time=float(draft.time[place]),
        value=float(draft.channels[name][place]),
        correction=correction,
    )


def rounded(seconds: float) -> float:
    """Seconds with the digits that a correction needs."""
    return float(f"{seconds:.10g}")
