"""Layout of friction laws: the tables of their page, cell by cell as statements."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from slicken.reporting.laws.answer import Row, value_of
from slicken.reporting.laws.named import LAWS, named, short
from slicken.reporting.layout import PageTable, Rows, cell
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.laws.results import Fit, History, Laws, Shared, Thermal

FORMS = {"a": "milli", "b": "milli", "a_minus_b": "milli", "dc": "estimate", "stiffness": "milli"}
"""Parameters of the tables, and the form of their cells."""
SECOND = {"b2": "milli", "dc2": "estimate"}
WIDTH = 3.92
"""Standard deviations in a 95 % interval."""
NOTHING = float("nan")


def event_tables(laws: "Laws", rows: Sequence[Row]) -> list[PageTable]:
    """Events with the laws that are not ruled out; their errors and quality; what was not used."""
    tables = []
    if rows:
        tables += [_events(rows), _errors(rows), _quality(rows)]
    unused = _unused(laws)
    return [*tables, unused] if unused.rows else tables


def over_event_tables(laws: "Laws") -> list[PageTable]:
    """What is said over events and of whole records; a table only where there is something."""
    tables = [_shared(laws.shared), _healing(laws), _histories(laws.histories)]
    return [table for table in (*tables, _thermal(laws.thermal)) if table.rows or table.groups]


def _by_event(rows: Sequence[Row]) -> Iterator[tuple[Statement, list[Row]]]:
    """The rows of each event, under its number and load."""
    for number in dict.fromkeys(row.number for row in rows):
        of_event = [row for row in rows if row.number == number]
        head = Statement("laws.numbered", number=number, event=short(of_event[0].event))
        yield head, of_event


def _law(fit: "Fit") -> Statement:
    if fit.states == 1:
        return cell("law", fit.law)
    return Statement("cells.law_states", law=fit.law, states=fit.states)


def _events(rows: Sequence[Row]) -> PageTable:
    second = SECOND if any(row.fit.states == 2 for row in rows) else {}
    groups = tuple(
        (
            head,
            [
                (
                    _law(row.fit),
                    *(_estimate(row.fit, name, form) for name, form in FORMS.items()),
                    cell("skill", row.fit.correlation),
                    *(_estimate(row.fit, name, form) for name, form in second.items()),
                )
                for row in some
            ],
        )
        for head, some in _by_event(rows)
    )
    names = (*FORMS, "correlation", *second)
    heads = ("law_event", "law", *(f"law_{name}" for name in names))
    return PageTable("law_events", heads, groups=groups, csv="laws")


def _estimate(fit: "Fit", name: str, form: str) -> Statement:
    """A parameter with its interval, that it is not determined, or a dash where it is not there."""
    one = fit.estimates.get(name)
    if one is None or not np.isfinite(one.value):
        return cell("skill", NOTHING)
    if fit.undetermined(name):
        return Statement("laws.not_determined")
    return cell(form, (name, tuple(one[:3])))


def _errors(rows: Sequence[Row]) -> PageTable:
    """Formal standard deviations beside those that the intervals imply."""
    groups = tuple(
        (
            head,
            [(_law(row.fit), *(_pair(row.fit, name) for name in FORMS)) for row in some],
        )
        for head, some in _by_event(rows)
    )
    heads = ("law_event", "law", *(f"law_{name}" for name in FORMS))
    return PageTable("law_errors", heads, groups=groups, csv="laws")


def _pair(fit: "Fit", name: str) -> Statement:
    one = fit.estimates.get(name)
    form = "milli_pair" if FORMS[name] == "milli" else "estimate_pair"
    if one is None or not np.isfinite(one.value) or fit.undetermined(name):
        return cell("skill", NOTHING)
    formal, implied = one.formal, (one.high - one.low) / WIDTH
    return Statement(f"cells.{form}", formal=(name, formal), implied=(name, implied))


def _quality(rows: Sequence[Row]) -> PageTable:
    groups = tuple(
        (
            head,
            [
                (
                    _law(row.fit),
                    cell("skill", row.fit.r2),
                    cell("thousandths", row.fit.rmse),
                    cell("p", row.fit.misfit),
                    cell("likelihood", row.fit.log_likelihood),
                    *(
                        cell("thousandths", row.fit.noise.get(name, NOTHING))
                        for name in ("white", "correlated", "undulation")
                    ),
                )
                for row in some
            ],
        )
        for head, some in _by_event(rows)
    )
    heads = (
        "law_event", "law", "r2", "law_rmse", "law_misfit", "law_likelihood", "law_white",
        "law_correlated", "law_undulation",
    )  # fmt: skip
    return PageTable("law_quality", heads, groups=groups, csv="laws")


def _unused(laws: "Laws") -> PageTable:
    rows: Rows = [
        (
            Statement("laws.numbered", number=number, event=named(one.event)),
            cell("text", one.record),
            cell("instant", one.event.start),
            cell("reasons", (one.event.problem,)),
        )
        for number, one in enumerate(laws.events, 1)
        if one.event.problem is not None
    ]
    heads = ("law_event", "law_record", "law_start", "reasons")
    return PageTable("law_unused", heads, rows, in_words=True, csv="laws")


def _shared(shared: Sequence["Shared"]) -> PageTable:
    pers = [per for per in ("velocity", "slip", "normal_stress") if _has(shared, per)]
    groups = []
    for record in dict.fromkeys(one.record for one in shared):
        for law in LAWS:
            some = [one for one in shared if one.record == record and one.law == law]
            if some:
                key = "cells.law_of_record" if record else "cells.law_of_all"
                head = Statement(key, law=law, record=record)
                groups.append((head, [_shared_row(one, pers) for one in some]))
    heads = (
        "law", "law_parameter", "law_count", "law_value", "law_p_same",
        *(f"law_p_{per}" for per in pers),
    )  # fmt: skip
    return PageTable("law_shared", heads, groups=tuple(groups), csv="shared")


def _has(shared: Sequence["Shared"], per: str) -> bool:
    return any(trend.per == per for one in shared for trend in one.trends)


def _shared_row(one: "Shared", pers: Sequence[str]) -> tuple[Statement, ...]:
    p = {trend.per: trend.p for trend in one.trends}
    return (
        cell("parameter", one.parameter),
        cell("whole", one.events),
        cell("with_unit", (one.parameter, tuple(one.estimate[:3]))),
        cell("p", one.p_same),
        *(cell("p", p.get(per, NOTHING)) for per in pers),  # type: ignore[call-overload]
    )


def _healing(laws: "Laws") -> PageTable:
    groups = []
    for one in laws.healing:
        rows: Rows = []
        for place in np.argsort(one.holds, kind="stable"):
            predicted = [one.predicted.get(law, np.full(one.holds.size, NOTHING)) for law in LAWS]
            rows.append(
                (
                    cell("seconds", float(one.holds[place])),
                    cell("milli", ("healing", tuple(one.healed[place]))),
                    cell("milli", ("healing", tuple(one.relaxed[place]))),
                    *(cell("thousandths", float(values[place])) for values in predicted),
                )
            )
        groups.append((cell("text", one.record), rows))
    heads = (
        "law_record", "law_hold", "law_healed", "law_relaxed", "law_healed_ageing",
        "law_healed_slip",
    )  # fmt: skip
    return PageTable("law_healing", heads, groups=tuple(groups), csv="healing")


def _histories(histories: Sequence["History"]) -> PageTable:
    rows: Rows = []
    names = ("a", "b", "a_minus_b", "dc")
    for one in histories:
        if one.problem is not None:
            nothing = [cell("skill", NOTHING)] * (len(names) + 1)
            rows.append((cell("law", one.law), *nothing, cell("reasons", (one.problem,))))
            continue
        rows.append(
            (
                cell("law", one.law),
                *(cell(FORMS[n], (n, tuple(one.estimates[n][:3]))) for n in names),
                cell("skill", one.r2),
                Statement("cells.jackknife", units=one.units, unit=one.unit),
            )
        )
    heads = ("law", *(f"law_{name}" for name in names), "r2", "law_jackknife")
    return PageTable("law_histories", heads, rows, csv="histories")


def _thermal(thermal: Sequence["Thermal"]) -> PageTable:
    rows: Rows = []
    for one in thermal:
        form = Statement("cells.thermal", form=one.form, shape=one.shape or "none")
        if one.problem is not None:
            rows.append((form, cell("reasons", (one.problem,)), cell("skill", NOTHING)))
            continue
        values = tuple(value_of(name, x, 0.0) for name, x in one.estimates.items())
        rows.append((form, Statement("cells.values", x=values), cell("skill", one.r2)))
    heads = ("law_form", "law_value", "r2")
    return PageTable("law_thermal", heads, rows, in_words=True, csv="thermal")
