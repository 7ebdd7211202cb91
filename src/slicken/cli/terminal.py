"""The terminal: lines that commands print, and one line for errors."""

import shutil
import sys
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slicken.experiment import Experiment
    from slicken.experiment.samples import Samples

MOST_FINDINGS = 25
"""Largest number of lines of findings."""


def say(line: str = "") -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def complain(line: str) -> None:
    """Print one line to the error stream."""
    sys.stderr.write(f"slicken: {' '.join(line.split())}\n")


class Stopped(Exception):  # noqa: N818 (somebody wanted it; nothing went wrong)
    """The user stopped a command: what is kept, and the words that lead to the next command.

    Args:
        words: Words that a colon and a command may follow.
        command: Command that resumes; the same one where None.
    """

    def __init__(self, words: str, command: str | None = None) -> None:
        super().__init__(words)
        self.command = command


def in_words(seconds: float) -> str:
    """A duration as people say it.

    Example:
        >>> in_words(75), in_words(7500), in_words(200000)
        ('1 min 15 s', '2 h 5 min', '2 d 7 h')
    """
    whole = max(0, round(seconds))
    for unit, size, smaller, part in (("d", 86400, "h", 3600), ("h", 3600, "min", 60)):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // part} {smaller}"
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{whole} s"


def listed_lengths(lengths: Iterable[float], unit: str) -> str:
    """Window lengths in one breath.

    Example:
        >>> listed_lengths([100.0, 50.0], "s")
        '50, 100 s'
    """
    return f"{', '.join(f'{length:g}' for length in sorted(lengths))} {unit}"


def show_findings(experiments: "Iterable[Experiment | Samples]") -> None:
    """Print what was found in logs and done to them; findings that differ in numbers only, once."""
    from slicken.reporting.findings import say_findings
    from slicken.reporting.wording import words

    lines = say_findings(experiments, words("en"))
    for line in lines[:MOST_FINDINGS]:
        say(f"  {line}")
    if len(lines) > MOST_FINDINGS:
        say(f"  ... and {len(lines) - MOST_FINDINGS} more; 'slicken inspect LOG' shows all")


def show_engine(asked: str) -> None:
    """Say in a line that a slower engine runs than this processor could; else nothing.

    Args:
        asked: Engine that the plan names.
    """
    from slicken.learning.engine import what_native_lacks

    lacking = what_native_lacks() if asked == "auto" else ""
    if lacking:
        say(f"engine: layered; {lacking}: two to four times slower; see slicken doctor")


def say_wrapped(line: str) -> None:
    """Print a long line, broken between words on a terminal."""
    if sys.stdout.isatty():
        width = min(100, shutil.get_terminal_size().columns)
        line = "\n".join(textwrap.wrap(line, width, subsequent_indent="  "))
    say(line)
