"""Screen: the answer of a study on one screen of a terminal."""

import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

    from slicken.evidence.evidence import Evidence
    from slicken.reporting.answer import Answer, DriverAnswer
    from slicken.reporting.answer_memory import Finding
    from slicken.reporting.wording.catalogue import Language, Wording

WIDTH, NARROWEST = 100, 60
"""Columns of the screen, at most and at least."""
MOST_DRIVERS = 5
LINES = {"skill": 3, "memory": 2, "windows": 2, "next_steps": 2}
"""Lines of each answer, at most; the page holds the rest."""
GOOD, BAD = "green", "yellow"
COLOURS = {
    "supported": GOOD, "informative": GOOD, "unknown": BAD, "methods_disagree": BAD,
    "not_separable": BAD,
}  # fmt: skip
"""Colours of verdicts; they only repeat what the words say."""


def show_answer(
    evidence: "Evidence", page: Path, *, verbose: bool = False, language: "Language" = "en"
) -> None:
    """Print the answer of a study on one screen.

    Args:
        evidence: All evidence of the study.
        page: The page of the study.
        verbose: Whether all statements follow.
        language: Language of the words.
    """
    from slicken.cli.progress_bar import said
    from slicken.reporting.answer import answer

    answered = answer(evidence)
    findings = sum(len(experiment.findings) for experiment in evidence.trained.experiments)
    console = console_for_answers()
    for repaired in evidence.trained.folder.repaired:
        console.print(said(repaired, answered.clock), markup=False, highlight=False)
    console.print(screen(answered, findings, console, language))
    console.print(f"page: {page}", markup=False, highlight=False, soft_wrap=True)
    if verbose:
        _show_all(answered, console, language)


def _show_all(answered: "Answer", console: "Console", language: "Language") -> None:
    """Print every statement below the question that it belongs to."""
    from rich.padding import Padding
    from rich.text import Text

    from slicken.reporting.wording import words

    say = words(language, answered.clock)
    for name, statements in answered.sections().items():
        if statements:
            console.print(Text(f"\n{say(f'answer.{name}')}", style="bold"))
        for line in say.lines(statements):
            console.print(Padding(Text(line), (0, 0, 0, 2)))


def console_for_answers() -> "Console":
    """A console of at most 100 columns; of exactly 100 where stdout is no terminal."""
    from rich.console import Console

    columns = shutil.get_terminal_size((WIDTH, 24)).columns if sys.stdout.isatty() else WIDTH
    return Console(width=max(NARROWEST, min(WIDTH, columns)))


def screen(
    answered: "Answer", findings: int, console: "Console", language: "Language" = "en"
) -> "RenderableType":
    """The answer as one panel of at most 24 lines at 100 columns.

    Args:
        answered: Answer of the study.
        findings: Number of findings in the logs.
        console: Console that it is laid out for.
        language: Language of the words.
    """
    from rich import box
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    from slicken.reporting.wording import words

    say = words(language, answered.clock)
    count = say("answer.caveat_count", caveats=len(answered.caveats), findings=findings)
    parts: list[RenderableType] = [questions(answered.findings(), "answer", LINES, console, say)]
    if answered.drivers:
        parts += [Text(), _drivers(answered, say)]
    parts += [Text(), _models(answered, say), Text(), _last(answered, console, say)]
    parts.append(Text(count, style="dim", no_wrap=True, overflow="ellipsis"))
    title = " · ".join([answered.name, *say.lines(answered.form)])
    name = Text(title, style="bold", no_wrap=True, overflow="ellipsis")
    return Panel(Group(*parts), title=name, title_align="left", box=box.ROUNDED)


def questions(
    found: "Mapping[str, Finding]",
    section: str,
    lines: Mapping[str, int],
    console: "Console",
    say: "Wording",
) -> "Table":
    """A row for each question: its answer, and what belongs beside it.

    Args:
        found: Answers by the name of their question.
        section: Section of the catalogue that holds the questions.
        lines: Lines of each answer, at most.
        console: Console that they are laid out for.
        say: Words.
    """
    table = grid(2)
    width = room(console, [say(f"{section}.{name}") for name in found])
    for name, finding in found.items():
        said = [(say(finding.headline), "bold"), *((say(each), "") for each in finding.beside)]
        table.add_row(say(f"{section}.{name}"), wrapped(console, width, said, lines[name]))
    return table


def room(console: "Console", labels: Iterable[str]) -> int:
    """Columns beside the widest label, within the border and its padding."""
    from rich.cells import cell_len

    return console.width - 4 - 2 - max(map(cell_len, labels))


def wrapped(console: "Console", width: int, said: list[tuple[str, str]], most: int) -> "Text":
    """Sentences one after another, on a given number of lines at most.

    Args:
        console: Console that they are laid out for.
        width: Columns.
        said: Each sentence with its style.
        most: Number of lines.
    """
    from rich.text import Text

    (first, style), *others = said
    whole = Text(first, style=style)
    for place, (text, style) in enumerate(others):
        whole.append(" · " if place == 0 and not first.endswith(".") else " ").append(text, style)
    lines = whole.wrap(console, width)
    for line in lines:
        line.rstrip()
    if len(lines) > most:
        lines[most - 1].truncate(width - 1)
        lines[most - 1].append("…")
    return Text("\n").join(lines[:most])


def _drivers(answered: "Answer", say: "Wording") -> "Table":
    """A row for each driver, the first five."""
    from rich.text import Text

    table = grid(4)
    heads = ("driver", "verdict", "share", "gradient_published")
    table.add_row(*(Text(say(f"answer.{head}"), style="bold") for head in heads))
    shown = answered.drivers
    if len(shown) > MOST_DRIVERS:
        shown = shown[: MOST_DRIVERS - 1]
    for driver in shown:
        table.add_row(*_driver(driver, say))
    if len(shown) < len(answered.drivers):
        rest = len(answered.drivers) - len(shown)
        table.add_row(say("answer.more_drivers", count=rest))
    return table


def _driver(driver: "DriverAnswer", say: "Wording") -> "tuple[str | Text, ...]":
    from rich.text import Text

    verdict = say("cells.verdict", x=driver.verdict)
    return (
        say("cells.driver", x=driver.channel),
        Text(verdict, style=COLOURS.get(driver.verdict, "")),
        say("cells.percent_within", x=tuple(driver.share)),
        say("cells.percent", x=driver.gradient),
    )


def _models(answered: "Answer", say: "Wording") -> "Table":
    """The networks beside simpler models, a column for each."""
    from rich.text import Text

    models = answered.models
    table = grid(len(models) + 1, numbers=True)
    table.add_row("", *(Text(say("cells.model", x=one.model), style="bold") for one in models))
    rmse = (say("cells.friction", x=one.rmse) for one in models)
    table.add_row(say("answer.rmse"), *rmse)
    skill = (say("cells.skill", x=one.skill.value) for one in models)
    table.add_row(say("answer.skill_over"), *skill)
    return table


def _last(answered: "Answer", console: "Console", say: "Wording") -> "Table":
    """What is not trained yet, or what to try next."""
    table = grid(2)
    said = [(say(each), "") for each in answered.next_steps]
    if answered.unfinished:
        said = [(say("answer.unfinished", lengths=answered.unfinished), "bold")]
    if said:
        width = room(console, [say("answer.next_steps")])
        text = wrapped(console, width, said, LINES["next_steps"])
        table.add_row(say("answer.next_steps"), text)
    return table


def grid(columns: int, *, numbers: bool = False, gap: int = 2) -> "Table":
    """A table without lines.

    Args:
        columns: Number of columns.
        numbers: Whether all but the first hold numbers.
        gap: Blanks between columns.
    """
    from rich.table import Table

    table = Table.grid(padding=(0, gap, 0, 0))
    for place in range(columns):
        right = numbers and place > 0
        table.add_column(no_wrap=True, overflow="ellipsis", justify="right" if right else "left")
    return table
