"""Numbers as labs write them: decimal point or comma, thousands, Fortran exponents, missing."""

import re
from enum import Enum

_EXPONENT = r"(?:[eEdD][+-]?\d{1,4})?"
_PLAIN = {
    ".": re.compile(rf"[+-]?(?:\d+\.?\d*|\.\d+){_EXPONENT}\Z", re.ASCII),
    ",": re.compile(rf"[+-]?(?:\d+,?\d*|,\d+){_EXPONENT}\Z", re.ASCII),
}
# A group never starts with 0: "0,143" is a decimal comma, not a hundred and forty-three.
_GROUPED = {
    ".": re.compile(r"[+-]?[1-9]\d{0,2}(?:([, '\u00a0\u202f])\d{3})(?:\1\d{3})*(?:\.\d*)?\Z"),
    ",": re.compile(r"[+-]?[1-9]\d{0,2}(?:([. '\u00a0\u202f])\d{3})(?:\1\d{3})*(?:,\d*)?\Z"),
}
_MISSING = re.compile(
    r"(?:[-_*#.?]+|[+-]?nan|[+-]?inf(?:inity)?|#?n/?a!?|null|none|[+-]?1[.,]#\w+|#\w+[!?])?\Z", re.I
)
_LONGEST = 100
"""Characters of a number; matching a longer one would take the square of its length."""
_DASHES = str.maketrans({"\u2212": "-", "\u2013": "-", "\u00a0": " "})


class Cell(Enum):
    """What a cell holds."""

    MISSING = "missing"
    NUMBER = "number"
    GROUPED = "number with thousand separators"
    TEXT = "text"


def kind(cell: str, decimal: str) -> Cell:
    """What a stripped cell holds, if ``decimal`` is the decimal sign.

    >>> kind("0,143", ",").value, kind("0,143", ".").value, kind("1,143.5", ".").value
    ('number', 'text', 'number with thousand separators')
    """
    if len(cell) > _LONGEST:
        return Cell.TEXT
    if _PLAIN[decimal].match(cell):
        return Cell.NUMBER
    if _MISSING.match(cell):
        return Cell.MISSING
    cell = cell.translate(_DASHES)
    if _PLAIN[decimal].match(cell):
        return Cell.NUMBER
    return Cell.GROUPED if _GROUPED[decimal].match(cell) else Cell.TEXT


def number(cell: str, decimal: str) -> float | None:
    """The number in a cell; NaN where it is missing, None where there is text.

    >>> number("3600,", ","), number("1.5D-03", "."), number("1 234,5", ","), number("OVER", ".")
    (3600.0, 0.0015, 1234.5, None)
    """
    cell = cell.strip()
    what = kind(cell, decimal)
    if what is Cell.TEXT:
        return None
    if what is Cell.MISSING:
        return float("nan")
    cell = cell.translate(_DASHES)
    if what is Cell.GROUPED:
        cell = re.sub(r"[ '\u00a0\u202f]" + ("|," if decimal == "." else r"|\."), "", cell)
    return float(cell.replace(",", ".").replace("D", "e").replace("d", "e"))
