"""The answer of friction laws: which law, with which parameters, and what else was found."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from slicken.laws.results import (
    Estimate,
    Event,
    Fit,
    Healing,
    History,
    Laws,
    Thermal,
    Verdict,
    undetermined,
)
from slicken.reporting.answer_memory import Finding
from slicken.reporting.laws.caveats import caveats_of
from slicken.reporting.laws.named import LAWS, is_used, leading_law, named, score
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.physics.spring_slider import Evolution

VERDICTS: tuple[Verdict, ...] = ("ageing", "slip", "not_distinguishable", "neither")
MOST_NAMES = 3
"""Records that are named in the title."""
ALIKE = 1.05
"""Ratio of mean square residuals up to which one law describes whole records as well as another."""
VALUES = ("a", "b", "dc", "b2", "dc2")
"""Parameters beside the headline, which has a - b."""


@dataclass(frozen=True)
class Row:
    """An event with one of its fits.

    Args:
        number: Number of the event, from 1.
        record: Name of its record.
        event: The event.
        verdict: Which law; None where none was fitted.
        fit: Fit of one law.
    """

    number: int
    record: str
    event: Event
    verdict: Verdict | None
    fit: Fit


@dataclass(frozen=True)
class LawsAnswer:
    """What friction laws show.

    Args:
        name: Names of the records.
        law: Law whose numbers stand in headlines: the verdict's, or the likelier one; None where
            none was fitted.
        found: Answers by the key of their question, in their order.
        rows: Usable events with the laws that are not ruled out, the best number of states each.
        unusable: Events that cannot be used, each with its reason.
        caveats: What a reader must know before relying on it.
    """

    name: str
    law: "Evolution | None"
    found: Mapping[str, Finding]
    rows: tuple[Row, ...]
    unusable: tuple[Statement, ...]
    caveats: tuple[Statement, ...]

    def findings(self) -> Mapping[str, Finding]:
        """The questions in their order, by the key of their title."""
        return self.found


def answer_of(laws: Laws) -> LawsAnswer:
    """The answer of friction laws.

    Args:
        laws: Friction laws.
    """
    law = leading_law(laws)
    found = {"law": _which(laws)} if laws.events or not laws.thermal else {}
    if law is not None:
        shown = (law,) if laws.verdict == law else sorted(LAWS, key=lambda each: each != law)
        found["parameters"] = _parameters(laws, law, shown)
        found["stiffness"] = _stiffness(laws, law)
    if laws.healing:
        found["healing"] = _healing(laws.healing)
    if laws.histories:
        found["history"] = _histories(laws.histories, law)
    if laws.thermal:
        found["thermal"] = _thermal(laws.thermal)
    return LawsAnswer(
        name=", ".join(
            [*laws.records[:MOST_NAMES], *(["…"] if len(laws.records) > MOST_NAMES else [])]
        ),
        law=law,
        found=found,
        rows=tuple(_rows(laws)),
        unusable=tuple(
            Statement("laws.not_used", number=n, event=named(one.event), why=one.event.problem)
            for n, one in enumerate(laws.events, 1)
            if one.event.problem is not None
        ),
        caveats=tuple(caveats_of(laws, law)),
    )


def over_events(laws: Laws, law: "Evolution") -> dict[str, tuple[int, Estimate]]:
    """Parameters under a law: over all records, or of the one record, or of the one event.

    Returns:
        Name to number of events and estimate; empty where no event has the law.
    """
    every = [one for one in laws.shared if one.law == law]
    records = {one.record for one in every}
    of = "" if "" in records else next(iter(records)) if len(records) == 1 else None
    found = {one.parameter: (one.events, one.estimate) for one in every if one.record == of}
    if found:
        return found
    fits = [fit for one in laws.events if is_used(one) and (fit := one.best(law))]
    if not fits:
        return {}
    best = max(fits, key=lambda fit: fit.r2)
    return {name: (1, one) for name, one in best.estimates.items()}


def why_nothing(laws: Laws) -> Statement | None:
    """Why nothing was fitted; None where something was."""
    whole: list[History | Thermal] = [*laws.histories, *laws.thermal]
    if any(is_used(one) for one in laws.events) or any(one.problem is None for one in whole):
        return None
    problems = [one.event.problem for one in laws.events] + [one.problem for one in whole]
    known = [one for one in (*problems, *laws.problems) if one is not None]
    if not laws.events and not laws.thermal:
        return Statement("laws.no_event_found")
    return known[0] if known else Statement("laws.no_event_found")


def value_of(name: str, one: Estimate, a: float) -> Statement:
    """A parameter with its interval, or that it is not determined."""
    key = "laws.value_undetermined" if undetermined(name, one, a) else "laws.value"
    return Statement(key, name=name, value=(name, one[:3]))


def _which(laws: Laws) -> Finding:
    fitted = [one for one in laws.events if is_used(one)]
    verdicts = Counter(one.verdict for one in fitted)
    tried = {fit.law for one in fitted for fit in one.fits}
    counts = tuple(
        Statement("laws.verdict_count", verdict=name, count=verdicts[name])
        for name in VERDICTS
        if verdicts[name] and len(tried) > 1
    )
    said = {"fitted": len(fitted), "events": len(laws.events)}
    beside = Statement("laws.counted", verdicts=counts, **said)
    if not laws.events:
        beside = Statement("laws.no_events")
    elif len(laws.events) == len(fitted) == 1:
        beside = Statement("laws.of_one", event=named(fitted[0].event))
    elif not counts:
        beside = Statement("laws.none_fitted", **said)
    if len(tried) == 1:
        key = "laws.only_misfit" if laws.verdict == "neither" else "laws.only"
        return Finding(Statement(key, law=next(iter(tried))), (beside,))
    headline = Statement(f"laws.verdict_{laws.verdict or 'none'}")
    more = Statement(f"laws.verdict_{laws.verdict}_more") if laws.verdict else None
    return Finding(headline, (beside,), (more,) if more else ())


def _parameters(laws: Laws, law: "Evolution", shown: Sequence["Evolution"]) -> Finding:
    beside = []
    for each in shown:
        found = over_events(laws, each)
        if found:
            a = found["a"][1].value
            values = tuple(value_of(n, found[n][1], a) for n in VALUES if n in found)
            if each != law and "a_minus_b" in found:
                values = (*values, value_of("a_minus_b", found["a_minus_b"][1], a))
            beside.append(Statement("laws.values", law=each, events=found["a"][0], values=values))
    found = over_events(laws, law)
    events, rate = found["a_minus_b"]
    scatter = next((s for s in laws.shared if s.law == law and s.parameter == "a"), None)
    more = [Statement("laws.over_events" if events > 1 and scatter else "laws.of_best_event")]
    return Finding(_rate_dependence(rate), tuple(beside), tuple(more))


def _rate_dependence(rate: Estimate) -> Statement:
    """Velocity weakening or strengthening, where the interval of a - b says so."""
    key = "weakening" if rate.high < 0 else "strengthening" if rate.low > 0 else "neutral"
    return Statement(f"laws.{key}", value=("a_minus_b", rate[:3]))


def _stiffness(laws: Laws, law: "Evolution") -> Finding:
    fits = [fit for one in laws.events if is_used(one) and (fit := one.best(law))]
    known = [fit.estimates["stiffness"] for fit in fits if "stiffness" in fit.estimates]
    if not any(np.isfinite(one.value) for one in known):
        return Finding(Statement("laws.stiffness_none"))
    if not any("stiffness" in fit.names for fit in fits):
        return Finding(Statement("laws.stiffness_given", value=("stiffness", known[0][:3])))
    found = over_events(laws, law)
    events, one = found["stiffness"] if "stiffness" in found else (1, known[0])
    value = ("stiffness", one[:3])
    if undetermined("stiffness", one):
        headline = Statement("laws.stiffness_undetermined", value=value)
        return Finding(headline, (Statement("laws.stiffness_advice"),))
    beside = Statement("laws.fitted_with", law=law, events=events)
    return Finding(Statement("laws.stiffness_value", value=value), (beside,))


def _healing(healing: Sequence[Healing]) -> Finding:
    """The rate of the record with most holds, and those of the others."""
    first, *others = sorted(healing, key=lambda one: -one.holds.size)
    more = [
        Statement(
            "laws.healing_other", record=one.record, rate=("healing", one.rate[:3]),
            count=one.holds.size,
        )
        for one in others
    ]  # fmt: skip
    ends = (float(first.holds.min()), float(first.holds.max())) if first.holds.size else (0.0, 0.0)
    holds = Statement("laws.healing_holds", count=first.holds.size, ends=ends, record=first.record)
    if not np.isfinite(first.rate.value):
        return Finding(Statement("laws.healing_none"), (holds,), tuple(more))
    predicted = tuple(
        Statement("laws.healing_law", law=law, rate=rate)
        for law, rate in first.predicted_rate.items()
        if np.isfinite(rate)
    )
    beside = [holds]
    if predicted:
        beside.append(Statement("laws.healing_predicted", laws=predicted))
    headline = Statement("laws.healing_rate", rate=("healing", first.rate[:3]))
    return Finding(headline, tuple(beside), tuple(more))


def _histories(histories: Sequence[History], law: "Evolution | None") -> Finding:
    """The law with the smallest residual over whole records, or that of events, and the others."""
    known = [one for one in histories if one.problem is None]
    least = ALIKE * min((one.rmse for one in known), default=0.0) ** 2
    known.sort(key=lambda one: (one.rmse**2 > least or one.law != law, one.rmse))
    why = tuple(one.problem for one in histories if one.problem is not None)
    if not known:
        return Finding(Statement("laws.cannot_tell"), why[:1], why[1:])
    first, *others = known
    dc, a = first.estimates["dc"], first.estimates["a"].value
    headline = Statement("laws.history_law", law=first.law, value=value_of("dc", dc, a))
    beside = Statement(
        "laws.history_values",
        values=tuple(value_of(n, first.estimates[n], a) for n in ("a", "b", "a_minus_b")),
        r2=first.r2,
        unit=first.unit,
        units=first.units,
    )
    ratios = [
        Statement("laws.history_other", law=one.law, ratio=(one.rmse / first.rmse) ** 2)
        for one in others
    ]
    return Finding(headline, (beside, *ratios), why)


def _thermal(thermal: Sequence[Thermal]) -> Finding:
    known = [one for one in thermal if one.problem is None]
    why = tuple(one.problem for one in thermal if one.problem is not None)
    if not known:
        return Finding(Statement("laws.cannot_tell"), why[:1], why[1:])
    first, *others = sorted(known, key=lambda one: one.rmse)
    more = [
        Statement("laws.thermal_other", form=one.form, of=_thermal_values(one)) for one in others
    ]
    headline = Statement("laws.thermal_law", form=first.form)
    return Finding(headline, (_thermal_values(first), *more), why)


def _thermal_values(one: Thermal) -> Statement:
    values = tuple(value_of(name, x, 0.0) for name, x in one.estimates.items())
    return Statement("laws.thermal_values", values=values, r2=one.r2)


def _rows(laws: Laws) -> Iterator[Row]:
    """Each used event with the laws that its verdict leaves.

    That of the verdict over all events comes first or, where there is none, the likelier one.
    """
    for number, one in enumerate(laws.events, 1):
        if not is_used(one):
            continue
        left = [law for law in LAWS if one.verdict == law] or LAWS
        fits = [fit for law in left if (fit := one.best(law)) is not None]
        for fit in sorted(fits, key=lambda fit: (fit.law != laws.verdict, -score(fit))):
            yield Row(number, one.record, one.event, one.verdict, fit)
