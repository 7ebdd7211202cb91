"""Law screen: friction laws on one screen of a terminal."""

from collections.abc import Sequence
from math import isfinite, nan
from pathlib import Path
from typing import TYPE_CHECKING

from slicken.cli.screen import console_for_answers, grid, questions

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

    from slicken.laws.results import Event, Laws
    from slicken.reporting.laws.answer import LawsAnswer, Row
    from slicken.reporting.wording.catalogue import Language, Wording
    from slicken.statements import Statement

LINES = {"law": 2, "parameters": 4, "stiffness": 1, "healing": 2, "history": 2, "thermal": 2}
"""Lines of each answer, at most; the page holds the rest."""
MOST_NUMBERS = 6
"""Events that are named as not used, at most."""
MOST_LINES = 24
"""Lines of the screen, without the one for the page."""
COLUMNS = {"a": "milli", "b": "milli", "a_minus_b": "milli", "dc": "estimate", "stiffness": "milli"}
"""Parameters of the table, and the form of their cells."""
_BORDERS, _HEAD, _LAST = 2, 2, 2
"""Lines of the border; of the head of the table and the line before it; of what follows it."""


def show_laws(laws: "Laws", written: Sequence[Path], *, language: "Language" = "en") -> None:
    """Print friction laws on one screen, and where the rest is.

    Args:
        laws: Friction laws.
        written: Files that were written.
        language: Language of the words.
    """
    from slicken.reporting.laws.answer import answer_of

    console = console_for_answers()
    console.print(law_screen(answer_of(laws), console, language))
    page = next((file for file in written if file.suffix == ".html"), None)
    where = f"page: {page}" if page is not None else f"tables: {written[0].parent}"
    console.print(where, markup=False, highlight=False, soft_wrap=True)


def law_screen(
    answered: "LawsAnswer", console: "Console", language: "Language" = "en"
) -> "RenderableType":
    """The answer as one panel of at most 24 lines at 100 columns.

    Args:
        answered: Answer of friction laws.
        console: Console that it is laid out for.
        language: Language of the words.
    """
    from rich import box
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    from slicken.reporting.wording import words

    say = words(language)
    top = questions(answered.findings(), "laws", LINES, console, say)
    used = len(console.render_lines(top, console.options.update(width=console.width - 4)))
    last = [
        Text(line, style=style, no_wrap=True, overflow="ellipsis")
        for line, style in _last(answered, say)
    ]
    parts: list[RenderableType] = [top]
    if answered.rows:
        free = MOST_LINES - _BORDERS - _HEAD - used - len(last) - 1
        rows = _chosen(answered.rows, free)
        parts += [Text(), _table(rows, say)]
        if len(rows) < len(answered.rows):
            events = len({row.number for row in answered.rows})
            said = say("laws.more_rows", shown=len(rows), count=events)
            parts.append(Text(said, style="dim", no_wrap=True, overflow="ellipsis"))
    parts += [Text(), *last]
    name = Text(answered.name, style="bold", no_wrap=True, overflow="ellipsis")
    return Panel(Group(*parts), title=name, title_align="left", box=box.ROUNDED)


def _last(answered: "LawsAnswer", say: "Wording") -> list[tuple[str, str]]:
    """Events that were not used, and how many caveats there are."""
    lines = []
    if answered.unusable:
        values = [one.values for one in answered.unusable]
        numbers = [str(each["number"]) for each in values]
        said = say(
            "laws.unused_count",
            count=len(values),
            numbers=(*numbers[:MOST_NUMBERS], *(["…"] if len(numbers) > MOST_NUMBERS else [])),
            why=values[0]["why"],
        )
        lines.append((said, ""))
    if answered.caveats:
        lines.append((say("laws.caveat_count", caveats=len(answered.caveats)), "dim"))
    return lines


def _table(rows: "Sequence[Row]", say: "Wording") -> "Table":
    """Two lines for each event and law: values, and their intervals below."""
    from rich.text import Text

    table = grid(3 + len(COLUMNS), gap=1)
    heads = [say(f"laws.{name}") for name in ("event", "start_s", "load")]
    heads += [say(f"laws_columns.{name}") for name in COLUMNS]
    table.add_row(*(Text(head, style="bold") for head in heads))
    for row in rows:
        for line in _row(row, say):
            table.add_row(*line)
    return table


def _chosen(rows: "Sequence[Row]", free: int) -> "list[Row]":
    """Rows for which there is room: all, or the likelier law of each of the first events."""
    if 2 * len(rows) <= free:
        return list(rows)
    first = {row.number: row for row in reversed(rows)}
    return sorted(first.values(), key=lambda row: row.number)[: max(1, (free - 1) // 2)]


def _load(event: "Event") -> "Statement":
    """An event in few words; the unit of velocity stands at the head of the column."""
    from slicken.reporting.laws.named import rounded, short
    from slicken.statements import Statement

    if event.kind != "step":
        return short(event)
    before, after = (rounded(1e6 * velocity) for velocity in (event.before, event.after))
    return Statement("laws.step_bare", before=before, after=after)


def _row(row: "Row", say: "Wording") -> "tuple[list[str | Text], list[str | Text]]":
    from rich.text import Text

    from slicken.laws.results import Estimate

    nothing = Estimate(nan, nan, nan, nan)
    upper: list[str | Text] = [str(row.number), say("cells.instant", x=row.event.start)]
    lower: list[str | Text] = ["", ""]
    upper.append(say(_load(row.event)))
    states = say("laws.law_and_states", law=row.fit.law, states=row.fit.states)
    lower.append(states if row.fit.states > 1 else say("law_names." + row.fit.law))
    for name, form in COLUMNS.items():
        one = row.fit.estimates.get(name)
        if one is None or not isfinite(one.value):
            one = nothing
        known = one is nothing or not row.fit.undetermined(name)
        number = (name, tuple(one[:3]))
        upper.append(
            say(f"cells.{form}_value", x=number)
            if known
            else Text(say("laws.not_determined"), style="yellow")
        )
        lower.append(Text(say(f"cells.{form}_ends", x=number), style="dim"))
    return upper, lower
