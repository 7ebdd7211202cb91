"""Laws beside: in statements, what the networks know that a friction law does not."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from slicken.laws.results import Estimate, undetermined
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.evidence.laws_beside import LawBeside
    from slicken.evidence.resampling import Interval

THERMAL = "thermal_law"


def fitted(laws: "Sequence[LawBeside]") -> list["LawBeside"]:
    """The laws that could be fitted, the lowest validation loss first."""
    return [law for law in laws if law.problem is None]


def better_than_networks(laws: "Sequence[LawBeside]") -> Iterator[Statement]:
    """What the first screen must say: a law that beats the networks."""
    for law in fitted(laws)[:1]:
        if law.verdict == "law":
            yield compared(law)


def said_of_laws(laws: "Sequence[LawBeside]") -> Iterator[Statement]:
    """Every law beside the networks, with its parameters; or why there is none."""
    shown = fitted(laws)
    for law in shown:
        if law.verdict != "law" or law is not shown[0]:  # that is said on the first screen
            yield compared(law)
        key = "thermal_parameters" if law.model == THERMAL else "parameters"
        values = tuple(_value(name, number) for name, number in law.parameters.items())
        yield Statement(f"laws_beside.{key}", law=law.model, values=values)
    missing = {one.problem: None for one in laws if one.problem is not None}
    if missing and not shown:
        yield Statement("laws_beside.none", reasons=tuple(missing))


def _value(name: str, number: "Interval") -> Statement:
    """A parameter with its interval; not determined where that is too wide for a number."""
    if not np.isfinite(number).all():
        return Statement("laws_beside.undetermined", name=name)
    wide = undetermined(name, Estimate(*number, formal=np.nan))
    key = "laws.value_undetermined" if wide else "laws.value"
    return Statement(key, name=name, value=(name, tuple(number)))


def compared(law: "LawBeside") -> Statement:
    """Which of the two predicts better, by how much of the squared error."""
    over = tuple(law.over)
    if not np.isfinite(law.over.low):
        return Statement("laws_beside.no_interval", law=law.model, over=over)
    if law.verdict == "law":
        excess = (-over[0], -over[2], -over[1])
        return Statement("laws_beside.law", law=law.model, excess=excess)
    return Statement(f"laws_beside.{law.verdict}", law=law.model, over=over)
