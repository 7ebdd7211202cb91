"""Methods of friction laws: a paragraph for a manuscript on what was fitted, and how."""

from collections.abc import Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING

from slicken.laws.results import MISFITS
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.laws.results import Laws


def methods_paragraph(laws: "Laws") -> tuple[Statement, ...]:
    """Statements of the paragraph, in their order.

    Args:
        laws: Friction laws.
    """
    return tuple(_statements(laws))


def _statements(laws: "Laws") -> Iterator[Statement]:
    from slicken.laws.fit import SECOND_STATE, TOLD  # JAX takes a second

    fits = [fit for one in laws.events for fit in one.fits]
    yield Statement("law_methods.version", version=version("slicken"))
    if laws.events:
        kinds = {one.event.kind for one in laws.events}
        yield Statement(
            "law_methods.events",
            count=len(laws.events),
            kinds=tuple(kind for kind in ("step", "hold", "stress_step") if kind in kinds),
        )
    if fits:
        fitted = tuple(dict.fromkeys(fit.law for fit in fits))
        yield Statement("law_methods.laws", laws=fitted)
        if any(fit.states == 2 for fit in fits):
            yield Statement("law_methods.states", gain=SECOND_STATE)
        free = any("stiffness" in fit.names for fit in fits)
        yield Statement(f"law_methods.stiffness_{'free' if free else 'given'}")
        for key in ("trend", "noise", "intervals", "undetermined"):
            yield Statement(f"law_methods.{key}")
        yield Statement("law_methods.verdict", told=TOLD, misfits=MISFITS)
    if laws.shared:
        yield Statement("law_methods.shared")
    if laws.healing:
        yield Statement("law_methods.healing")
    if laws.histories:
        yield Statement("law_methods.history")
    if laws.thermal:
        yield Statement("law_methods.thermal")
