"""Caveats of friction laws: what a reader must know before relying on their numbers."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from slicken.laws.results import MISFITS
from slicken.reporting.laws.named import is_used
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.laws.results import Fit, Laws
    from slicken.physics.spring_slider import Evolution

UNLIKELY = 0.05
"""Probability below which a difference is said not to be chance."""
LITTLE = 0.5
"""Share of the variance below which a law explains little."""
LONG = 1e-3
"""Dc above which the unit of displacement may be wrong, m."""
CORRELATED = 0.95
NAMED = ("a", "b", "a_minus_b", "dc", "stiffness")


def caveats_of(laws: "Laws", law: "Evolution | None") -> Iterator[Statement]:
    """Caveats of events, fits and what is said over events.

    Args:
        laws: Friction laws.
        law: Law whose numbers stand in headlines; None where none was fitted.
    """
    yield from laws.problems
    unused = sum(one.event.problem is not None for one in laws.events)
    if unused:
        yield Statement("law_caveats.unused", count=unused, of=len(laws.events))
    stress = sum(one.event.kind == "stress_step" for one in laws.events if not one.event.problem)
    if stress:
        yield Statement("law_caveats.stress_steps", count=stress)
    if law is not None:
        every = ((n, one.best(law)) for n, one in enumerate(laws.events, 1) if is_used(one))
        yield from _of_fits([(n, fit) for n, fit in every if fit is not None], law)
        yield from _over_events(laws, law)


def _of_fits(fits: "Sequence[tuple[int, Fit]]", law: "Evolution") -> Iterator[Statement]:
    if len(fits) == 1:
        yield Statement("law_caveats.one_event")
    for key, holds in CONDITIONS.items():
        events = tuple(number for number, fit in fits if holds(fit))
        if events:
            yield Statement(f"law_caveats.{key}", law=law, events=events, count=len(events))
    for name in NAMED:
        events = tuple(number for number, fit in fits if _is_wide(fit, name))
        if events:
            yield Statement("law_caveats.wide", name=name, events=events, count=len(events))
    if fits and not any("stiffness" in fit.names for _, fit in fits):
        yield Statement("law_caveats.stiffness_given")


def _is_wide(fit: "Fit", name: str) -> bool:
    return name in fit.estimates and fit.undetermined(name)


CONDITIONS: "dict[str, Callable[[Fit], bool]]" = {
    "misfit": lambda fit: fit.misfit < MISFITS,
    "little": lambda fit: fit.r2 < LITTLE,
    "long": lambda fit: fit.estimates["dc"].value > LONG,
    "correlated": lambda fit: fit.correlation > CORRELATED,
}
"""What is said of the events in which it holds, by its key."""


def _over_events(laws: "Laws", law: "Evolution") -> Iterator[Statement]:
    """Parameters that differ between events, or depend on velocity, slip or normal stress."""
    shared = [one for one in laws.shared if one.law == law]
    shared = [one for one in shared if not one.record] or shared
    differing = tuple(
        Statement("law_caveats.chance", name=one.parameter, p=one.p_same, record=one.record)
        for one in shared
        if one.p_same < UNLIKELY
    )
    if differing:
        yield Statement("law_caveats.differs", parameters=differing)
    for one in shared:
        for trend in one.trends:
            if trend.p < UNLIKELY:
                yield Statement(
                    "law_caveats.trend", name=one.parameter, per=trend.per, p=trend.p,
                    record=one.record,
                )  # fmt: skip
