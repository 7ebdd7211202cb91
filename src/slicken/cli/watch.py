"""``slicken watch``: how far a study is that runs elsewhere, from its folder alone."""

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from slicken.cli.options import Study
from slicken.cli.terminal import in_words, say
from slicken.lengths import UNITS

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from slicken.study.folder import StudyFolder
    from slicken.study.progress import StudyStatus

EVERY = 1.0
"""Seconds from one look to the next."""
LOOKS = 3
"""Number of looks without a process at work, before the view ends: between two steps of the work
the lock is free for a moment."""
WIDTH = 100
"""Columns of the table where there is no terminal."""


def run(study: Study) -> None:
    """Progress of a study that runs elsewhere; Ctrl-C ends the view, not the study."""
    from slicken.study.folder import StudyFolder
    from slicken.study.progress import status_of

    folder = StudyFolder.open(study)
    if not sys.stdout.isatty():
        _print(status_of(folder), study)
        return
    with suppress(KeyboardInterrupt):
        _follow(folder, study)


def _print(status: "StudyStatus", study: Path) -> None:
    from rich.console import Console

    console = Console(file=sys.stdout, width=WIDTH, color_system=None, highlight=False)
    console.print(_table(status, bars=False))
    for line in lines_of(status, study):
        say(line)


def _follow(folder: "StudyFolder", study: Path) -> None:
    from rich.console import Console
    from rich.live import Live

    from slicken.study.progress import status_of

    worked_on, idle = False, 0
    with Live(console=Console(file=sys.stdout, highlight=False), auto_refresh=False) as live:
        while True:
            status = status_of(folder)
            live.update(_view(status, study), refresh=True)
            worked_on |= status.worked_on
            idle = 0 if status.worked_on else idle + 1
            if not worked_on or idle == LOOKS:
                return
            time.sleep(EVERY)


def _view(status: "StudyStatus", study: Path) -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    # The sentences first: a table may be longer than the terminal.
    return Group(*(Text(line) for line in lines_of(status, study)), _table(status, bars=True))


def _table(status: "StudyStatus", *, bars: bool) -> "Table":
    from rich import box
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD if bars else None, show_edge=False, pad_edge=False)
    for heading in ("window", "runs", "epochs of all runs", "loss now", "lowest loss"):
        table.add_column(heading, justify="right")
    table.add_column("state")
    if bars:
        table.add_column("", width=20)
    for row in status.windows:
        table.add_row(
            f"{row.progress.window:g} {UNITS[status.clock]}",
            str(len(row.progress.epochs)),
            f"{row.done} of {row.total}",
            _loss(row.last),
            _loss(row.best),
            row.state + (f", {row.diverged} left out" if row.diverged else ""),
            *([ProgressBar(total=row.total, completed=row.done, width=20)] if bars else []),
        )
    return table


def _loss(loss: float) -> str:
    return f"{loss:.5g}" if loss == loss else "-"


def lines_of(status: "StudyStatus", study: Path) -> list[str]:
    """What is going on, and what the user can do, in sentences.

    Args:
        status: Status of the study.
        study: Its folder, as the user named it.
    """
    from slicken.cli.progress_bar import line_of

    still = f"nothing has changed for {in_words(status.unchanged)}"
    if status.worked_on:
        does = line_of(status.progress, status.clock) if status.progress else "at work"
        return [f"{status.holder}: {does}; {still}"]
    ended = _ended(status)
    if not status.trained:
        return [f"{ended}; {still}", "give the command of the study again: it is resumed"]
    if not status.summarised:
        return [f"{ended}; {still}", f"all is trained; for the evidence: slicken report {study}"]
    page = study / "report.html"
    return [
        "this study is finished",
        f"page: {page}" if page.is_file() else "it has no page yet",
        f"figures and page again: slicken report {study}",
    ]


def _ended(status: "StudyStatus") -> str:
    """What is known of a process that does not work on a study."""
    holder = status.holder
    if holder is None:
        return "no process works on this study"
    if holder.gone:
        return f"{holder} has ended without releasing the study"
    return f"{holder} has given no sign of life for {in_words(holder.silent)}"
