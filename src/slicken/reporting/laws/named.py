"""Named: an event in a few words, and the law that speaks for all of them."""

from typing import TYPE_CHECKING

import numpy as np

from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.laws.results import Event, Laws
    from slicken.physics.spring_slider import Evolution

LAWS: tuple["Evolution", ...] = ("ageing", "slip")
MICROMETRES, MEGAPASCALS = 1e6, 1e-6


def named(event: "Event") -> Statement:
    """An event in a few words, such as a step from 3 to 10 um/s."""
    before, after = MICROMETRES * event.before, MICROMETRES * event.after
    if event.kind == "hold":
        if np.isclose(event.before, event.after, rtol=0.05):
            return Statement("laws.hold", seconds=event.held, velocity=after)
        return Statement("laws.hold_then", seconds=event.held, before=before, after=after)
    if event.kind == "stress_step":
        ends = MEGAPASCALS * event.normal_stress, MEGAPASCALS * event.normal_stress_after
        return Statement("laws.stress_step", before=ends[0], after=ends[1])
    return Statement("laws.step", before=before, after=after)


def short(event: "Event") -> Statement:
    """The same without the velocity of a hold."""
    if event.kind == "hold":
        return Statement("laws.hold_alone", seconds=event.held)
    return named(event)


def leading_law(laws: "Laws") -> "Evolution | None":
    """The law of the verdict or, where both are possible, the likelier one; None without fits."""
    for law in LAWS:
        if laws.verdict == law:
            return law
    pairs = [(one.best("ageing"), one.best("slip")) for one in laws.events]
    both = [(ageing, slip) for ageing, slip in pairs if ageing is not None and slip is not None]
    if both:
        gain = sum(ageing.log_likelihood - slip.log_likelihood for ageing, slip in both)
        return "ageing" if gain >= 0 else "slip"
    return next((fit.law for pair in pairs for fit in pair if fit is not None), None)
