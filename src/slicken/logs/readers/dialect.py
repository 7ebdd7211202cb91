"""Dialect: how a text separates its cells and writes its decimals, found from a sample of lines."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from slicken.logs.readers.numbers import Cell, kind

SPACES = " "
"""Stands for any run of spaces and tabs."""

_DELIMITERS = {"\t": "tabs", ";": "semicolons", ",": "commas", "|": "bars", SPACES: "spaces"}
_SAMPLE = 300
_CELLS = 200
_CHARACTERS = 100 * _CELLS
_COMMENT = ("#", "%", "//")


@dataclass(frozen=True)
class Dialect:
    """How a table is written.

    Args:
        delimiter: What separates cells; :data:`SPACES` for any run of spaces.
        decimal: ``.`` or ``,``.
        numbers: Number of cells of a usual row that are numbers.
        texts: Number of those that are text, such as a clock.
    """

    delimiter: str
    decimal: str
    numbers: int
    texts: int

    @property
    def delimiter_name(self) -> str:
        """Name of what separates cells, such as ``tabs``."""
        return _DELIMITERS[self.delimiter]

    @property
    def decimal_name(self) -> str:
        """Name of the decimal sign, ``point`` or ``comma``."""
        return "comma" if self.decimal == "," else "point"

    def counts(self, line: str) -> tuple[int, int]:
        """How many cells of a line are numbers, and how many are text."""
        return _counts(split(line, self.delimiter), self.decimal)[:2]

    def is_row(self, line: str) -> bool:
        """Whether a line looks like a usual row of the table."""
        numbers, texts = self.counts(line)
        if texts > self.texts:  # a remark beside a whole row, but not "Radius 20 mm"
            return numbers >= max(self.numbers, 2)
        return 2 * numbers >= max(self.numbers, 1)


def is_comment(line: str) -> bool:
    """Whether a line is marked as a comment."""
    return line.lstrip().startswith(_COMMENT)


def split(line: str, delimiter: str) -> list[str]:
    """The cells of a line, without the blanks around them."""
    if '"' in line and line.count('"') % 2 == 0:
        try:
            cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
        except csv.Error:  # a cell beyond csv's own limit of 128 KiB
            cells = line.split(delimiter)
        if delimiter == SPACES:
            cells = [cell for cell in cells if cell]
    elif delimiter == SPACES:
        cells = line.split()
    else:
        cells = line.split(delimiter)
    return [cell.strip() for cell in cells]


def find_dialect(lines: Sequence[str]) -> Dialect | None:
    """The dialect in which the lines hold the most numbers; None where they hold none.

    In a log of whole numbers a decimal comma looks like a separator of thousands: numbers with
    such a separator count for a little less, so that the decimal comma wins.
    """
    sample = _sample(lines)
    best, best_score = None, 0.0
    for delimiter in _DELIMITERS:
        if delimiter != SPACES and not any(delimiter in line for line in sample):
            continue
        table = [split(line, delimiter)[:_CELLS] for line in sample]
        for decimal in ".,":
            score, numbers, texts = _score(table, decimal)
            if score > best_score * (1 + 1e-9):
                best, best_score = Dialect(delimiter, decimal, numbers, texts), score
    return best


def _sample(lines: Sequence[str]) -> list[str]:
    """Lines from the whole file: a preamble may be longer than any fixed number of lines."""
    usable = [line for line in lines if line and not line.isspace() and not is_comment(line)]
    step = max(1, len(usable) // _SAMPLE)
    # A whole step could fall in with a pattern of the file; an odd offset costs nothing.
    return [line[:_CHARACTERS] for line in usable[step // 2 :: step]]


def _score(table: Iterable[list[str]], decimal: str) -> tuple[float, int, int]:
    """How many numbers a dialect sees, less half of the texts, and what a usual row holds."""
    score, shapes = 0.0, Counter[tuple[int, int]]()
    for cells in table:
        numbers, texts, grouped = _counts(cells, decimal)
        worth = max(0.0, numbers - 0.1 * grouped - 0.5 * texts)
        score += worth
        if worth:
            shapes[numbers, texts] += 1
    if not shapes:
        return 0.0, 0, 0
    usual = max(shapes, key=lambda shape: (shape[0] - 0.5 * shape[1]) * shapes[shape])
    return score, *usual


def _counts(cells: Iterable[str], decimal: str) -> tuple[int, int, int]:
    numbers = texts = grouped = 0
    for cell in cells:
        if not cell:
            continue
        what = kind(cell, decimal)
        numbers += what in (Cell.NUMBER, Cell.GROUPED)
        grouped += what is Cell.GROUPED
        texts += what is Cell.TEXT
    return numbers, texts, grouped
