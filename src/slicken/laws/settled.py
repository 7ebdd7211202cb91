"""Settled: the stretch of an event without the response to the event before."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from slicken.laws.fit import score

if TYPE_CHECKING:
    from slicken.laws.results import Event, EventFit

FADED = 8.0
"""Distances over which a response fades, until less than a thousandth of it is left."""
KEPT = 0.3
"""Share of the stretch before a change that is kept whatever came before."""


def settled(event: "Event", before: "EventFit | None") -> "Event":
    """The event, from where the response to the one before has faded.

    A fit takes sliding for steady until the change. A response fades over Dc of slip, and the
    spring follows over a/k, so both are taken from the fit of the event before.

    Args:
        event: Event.
        before: Fits of the event before it in the same record; None for the first.
    """
    if before is None or not before.fits or not before.event.after > 0:
        return event
    found = max(before.fits, key=score).estimates
    distance = max(found[name].value for name in ("dc", "dc2") if name in found)
    if "stiffness" in found:
        distance += found["a"].value / found["stiffness"].value
    resumed = before.event.resumed
    began = before.event.start if np.isnan(resumed) else resumed
    faded = began + FADED * distance / before.event.after
    latest = event.start - KEPT * (event.start - event.first)
    return replace(event, first=max(event.first, min(faded, latest)))
