"""Left out: why something in a file is no column of a log."""

from collections.abc import Mapping
from enum import Enum

from slicken.logs.finding import Finding
from slicken.logs.listing import some
from slicken.statements import Statement

_TYPED = "writetable(T, 'log.csv'), for a timetable writetimetable(T, 'log.csv')"
"""What makes a text of a table of MATLAB."""


class LeftOut(Enum):
    """Why something is no column; the value is what an error says."""

    EMPTY = "no numbers"
    TEXT = "text, not numbers"
    NOT_NUMBERS = "not numbers"
    TEXT_OR_OBJECTS = "text or objects, not numbers"
    NESTED = "lists or structures, not numbers"
    COMPLEX = "complex numbers"
    COMPLEX_RECORDS = "complex numbers, or records in several dimensions"
    CELL_ARRAY = "a cell array"
    SPARSE = "a sparse matrix"
    STRUCTS = "an array of structs, or structs nested too deeply"
    DIMENSIONS = "more than two dimensions"
    TOO_WIDE = "too many columns"
    LINK = "a link to another place, which is not followed"
    OTHER_FILES = "links to other files, which are not followed"
    OPAQUE = (
        "a MATLAB object other than table, timetable, datetime or duration; save its numbers as "
        f"vectors, or a table of them as text: {_TYPED}"
    )
    NEEDS_MATIO = (
        "tables and other objects of MATLAB need mat-io: pip install 'slicken[matlab]', or in "
        f"MATLAB {_TYPED}"
    )
    UNREADABLE_OBJECTS = f"mat-io cannot read them; in MATLAB, {_TYPED}"
    MATLAB_OBJECTS = "objects of MATLAB"


def left_out_findings(left_out: Mapping[str, LeftOut]) -> list[Finding]:
    """A finding for each reason, with the names of what is left out for it."""
    return [
        Finding(
            Statement(
                "findings.left_out",
                columns=some(name for name, why in left_out.items() if why is reason),
                why=reason.name.lower(),
            )
        )
        for reason in dict.fromkeys(left_out.values())
    ]
