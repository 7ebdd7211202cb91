"""Named: an event in a few words, and the law that speaks for all of them."""

from typing import TYPE_CHECKING

import numpy as np

from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.laws.results import Event, EventFit, Fit, Laws
    from slicken.physics.spring_slider import Evolution

LAWS: tuple["Evolution", ...] = ("ageing", "slip")
MICROMETRES, MEGAPASCALS = 1e6, 1e-6
DIGITS = 3
"""Digits of velocities and durations in words."""


def named(event: "Event") -> Statement:
    """An event in a few words, such as a step from 3 to 10 um/s."""
    before, after = (rounded(MICROMETRES * velocity) for velocity in (event.before, event.after))
    if event.kind == "hold":
        if np.isclose(event.before, event.after, rtol=0.05):
            return Statement("laws.hold", seconds=rounded(event.held), velocity=after)
        return Statement("laws.hold_then", seconds=rounded(event.held), before=before, after=after)
    if event.kind == "stress_step":
        stress = event.normal_stress, event.normal_stress_after
        before, after = (rounded(MEGAPASCALS * one) for one in stress)
        return Statement("laws.stress_step", before=before, after=after)
    return Statement("laws.step", before=before, after=after)


def rounded(value: float) -> float:
    """Three digits of a number.

    >>> rounded(3.0021), rounded(1234.5)
    (3.0, 1230.0)
    """
    return float(f"{value:.{DIGITS}g}")


def short(event: "Event") -> Statement:
    """The same without the velocity of a hold."""
    if event.kind == "hold":
        return Statement("laws.hold_alone", seconds=rounded(event.held))
    return named(event)


def is_used(one: "EventFit") -> bool:
    """Whether an event has fits, and nothing that speaks against using them."""
    return one.event.problem is None and bool(one.fits)


def score(fit: "Fit") -> float:
    """Logarithm of likelihood, less the number of parameters that a second state adds."""
    return fit.log_likelihood - 2.0 * (fit.states - 1)


def leading_law(laws: "Laws") -> "Evolution | None":
    """The law of the verdict or, where both are possible, the likelier one; None without fits."""
    for law in LAWS:
        if laws.verdict == law:
            return law
    pairs = [(one.best("ageing"), one.best("slip")) for one in laws.events if is_used(one)]
    both = [(ageing, slip) for ageing, slip in pairs if ageing is not None and slip is not None]
    if both:
        gain = sum(score(ageing) - score(slip) for ageing, slip in both)
        return "ageing" if gain >= 0 else "slip"
    return next((fit.law for pair in pairs for fit in pair if fit is not None), None)
