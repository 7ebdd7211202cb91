"""``slicken watch``: how far a study is that runs elsewhere, from its folder alone."""

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from slicken.study.status import Onlooker, Standing

EVERY = 1.0
"""Seconds from one look to the next."""
LOOKS = 3
"""Without anybody at work, before the view ends: between two steps a study is free for a moment."""
WIDTH = 100
"""Columns of the table where there is no terminal."""


def run(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="A study folder.")],
) -> None:
    """Show how far a study is that runs elsewhere; Ctrl-C ends the view, not the study."""
    from slicken.study.folder import StudyFolder
    from slicken.study.status import Onlooker

    onlooker = Onlooker(StudyFolder.open(study))
    if not sys.stdout.isatty():
        _print(onlooker.look(), study)
        return
    with suppress(KeyboardInterrupt):
        _follow(onlooker, study)


def _print(standing: "Standing", study: Path) -> None:
    from rich.console import Console

    from slicken.cli.terminal import say

    console = Console(file=sys.stdout, width=WIDTH, color_system=None, highlight=False)
    console.print(_table(standing, bars=False))
    for line in lines_of(standing, study):
        say(line)


def _follow(onlooker: "Onlooker", study: Path) -> None:
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(file=sys.stdout, highlight=False), auto_refresh=False) as live:
        standing = onlooker.look()
        live.update(_view(standing, study), refresh=True)
        idle = 0 if standing.worked_on else LOOKS
        while idle < LOOKS:
            time.sleep(EVERY)
            standing = onlooker.look()
            live.update(_view(standing, study), refresh=True)
            idle = 0 if standing.worked_on else idle + 1


def _view(standing: "Standing", study: Path) -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    # The sentences first: a table may be longer than the terminal.
    return Group(*(Text(line) for line in lines_of(standing, study)), _table(standing, bars=True))


def _table(standing: "Standing", *, bars: bool) -> "Table":
    from rich import box
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD if bars else None, show_edge=False, pad_edge=False)
    for heading in ("window", "runs", "epochs of all runs", "loss now", "lowest loss"):
        table.add_column(heading, justify="right")
    table.add_column("state")
    if bars:
        table.add_column("", width=20)
    for row in standing.rows:
        table.add_row(
            f"{row.window:g} s",
            str(row.runs),
            f"{row.done} of {row.to_do}",
            _loss(row.last),
            _loss(row.best),
            row.state + (f", {row.diverged} left out" if row.diverged else ""),
            *([ProgressBar(total=row.to_do, completed=row.done, width=20)] if bars else []),
        )
    return table


def _loss(loss: float) -> str:
    return f"{loss:.5g}" if loss == loss else "-"


def lines_of(standing: "Standing", study: Path) -> list[str]:
    """What is going on, and what the user can do, in sentences.

    Args:
        standing: of the study.
        study: its folder, as the user named it.
    """
    from slicken.cli.terminal import in_words

    still = f"nothing has changed for {in_words(standing.unchanged)}"
    if standing.worked_on:
        left = f", {in_words(standing.left)} left" if standing.left == standing.left else ""
        if standing.step is not None:
            at = f"step {standing.step.done + 1} of {standing.step.total}: {standing.step.words}"
            return [f"{standing.holder} is at {at}{left}; {still}"]
        if standing.trained:
            return [f"{standing.holder} gathers evidence, or draws; {still}"]
        if left:
            return [f"{standing.holder} trains{left}; {still}"]
        return [f"{standing.holder} measures how long it will take; {still}"]
    ended = _ended(standing)
    if not standing.trained:
        return [f"{ended}; {still}", "give the command of the study again: it goes on from here"]
    if not standing.summarised:
        return [f"{ended}; {still}", f"all is trained; for the evidence: slicken report {study}"]
    page = study / "report.html"
    return [
        "this study is finished",
        f"page: {page}" if page.is_file() else "it has no page yet",
        f"figures and page again: slicken report {study}",
    ]


def _ended(standing: "Standing") -> str:
    """What is known of a process that does not work on a study."""
    from slicken.cli.terminal import in_words

    holder = standing.holder
    if holder is None:
        return "no process works on this study"
    if holder.gone:
        return f"{holder} has ended without giving the study back"
    return f"{holder} has given no sign of life for {in_words(holder.silent)}"
