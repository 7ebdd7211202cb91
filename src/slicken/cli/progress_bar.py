"""Progress bar: progress of a long job on a terminal, in plain lines where there is none."""

import sys
import time
from typing import TYPE_CHECKING, Any

from slicken.cli.terminal import in_words, say
from slicken.reporting.wording import words

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from slicken.lengths import StudyClock
    from slicken.statements import Statement
    from slicken.study.progress import Progress

QUIET_SECONDS = 20.0
"""Where there is no terminal, seconds from one line of progress to the next, at least."""


class ProgressBar:
    """Shows progress as it is reported; to be used in a ``with`` statement.

    Args:
        clock: Clock of the study, in whose unit its lengths are.
    """

    def __init__(self, clock: "StudyClock" = "time") -> None:
        self._clock: StudyClock = clock
        self._bar: Bar | None = None
        self._task: Any = None
        self._stage = ""
        self._last_line = 0.0

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def __call__(self, progress: "Progress") -> None:
        """Print a note as a line; move the bar of the stage, which begins with its first step."""
        if progress.stage != self._stage:
            self._end()
            self._stage = progress.stage
        if progress.note is not None:
            self._print(said(progress.note, self._clock))
        elif not progress.total:
            self._print(f"{_step(progress, self._clock)} ...")
        elif progress.done == progress.total:
            self._end()
        else:
            self._move(progress)

    def _move(self, progress: "Progress") -> None:
        if not sys.stdout.isatty():
            if time.monotonic() - self._last_line > QUIET_SECONDS:
                self._last_line = time.monotonic()
                say(f"  {line_of(progress, self._clock)}")
            return
        if self._bar is None:
            self._begin(progress)
        assert self._bar is not None  # noqa: S101 (it was just begun)
        self._bar.update(
            self._task,
            completed=progress.done,
            total=progress.total,
            step=_step(progress, self._clock),
            left=_left(progress),
        )

    def _begin(self, progress: "Progress") -> None:
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),
            TextColumn("{task.percentage:3.0f} %  {task.fields[step]}  {task.fields[left]}"),
            transient=True,
        )
        self._task = self._bar.add_task(
            words("en")(f"stages.{progress.stage}"), total=progress.total, step="", left=""
        )
        self._bar.start()

    def _end(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _print(self, line: str) -> None:
        if self._bar is not None:
            self._bar.console.print(line, highlight=False, markup=False)
        else:
            say(line)


def line_of(progress: "Progress", clock: "StudyClock" = "time") -> str:
    """One line on how far a job is: its stage, the step, and the time left.

    Args:
        progress: Progress of the job.
        clock: Clock of the study, in whose unit its lengths are.
    """
    counted = f", {progress.done} of {progress.total}" if progress.total else ""
    pieces = [f"{words('en')(f'stages.{progress.stage}')}{counted}", _step(progress, clock)]
    return "; ".join(piece for piece in (": ".join(filter(None, pieces)), _left(progress)) if piece)


def said(statement: "Statement", clock: "StudyClock" = "time") -> str:
    """A statement in the words of the terminal; nothing where another version has written it.

    Args:
        statement: What is said.
        clock: Clock of the study, in whose unit its lengths are.
    """
    try:
        return words("en", clock)(statement)
    except (KeyError, ValueError, TypeError, AttributeError, IndexError):
        return ""


def _step(progress: "Progress", clock: "StudyClock") -> str:
    return said(progress.doing, clock) if progress.doing is not None else ""


def _left(progress: "Progress") -> str:
    return f"{in_words(progress.left)} left" if progress.left == progress.left else ""
