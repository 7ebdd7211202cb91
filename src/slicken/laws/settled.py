"""Settled: the stretch of an event without the response to the event before."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from slicken.laws.fit import score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slicken.laws.results import Event, EventFit

FADED = 8.0
"""Distances over which a response fades, until less than a thousandth of it is left."""
KEPT = 0.3
"""Share of the stretch before a change that is kept whatever came before."""


def settled(event: "Event", earlier: "Sequence[EventFit]") -> "Event":
    """The event, from where the response to the one before has faded.

    A fit takes sliding for steady until the change. A response fades over Dc of slip, and the
    spring follows over a/k; both are taken from the last event that was fitted.

    Args:
        event: Event.
        earlier: Events before it in the same record, with their fits, in order.
    """
    fitted = [one for one in earlier if one.fits]
    if not fitted or not earlier[-1].event.after > 0:
        return event
    found = max(fitted[-1].fits, key=score).estimates
    distance = max(found[name].value for name in ("dc", "dc2") if name in found)
    if "stiffness" in found:
        distance += found["a"].value / found["stiffness"].value
    before = earlier[-1].event
    began = before.start if np.isnan(before.resumed) else before.resumed
    faded = began + FADED * distance / before.after
    latest = event.start - KEPT * (event.start - event.first)
    return replace(event, first=max(event.first, min(faded, latest)))
