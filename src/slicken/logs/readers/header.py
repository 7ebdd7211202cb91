"""Header: the names above a table, and the units row that may stand below them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from slicken.logs.finding import Finding
from slicken.logs.readers.dialect import SPACES, Dialect, is_comment, split
from slicken.logs.readers.numbers import Cell, kind
from slicken.statements import Statement


@dataclass(frozen=True)
class Header:
    """What stands above a table.

    Args:
        names: Column names; empty where the table has no header.
        units: Units from a units row; empty where there is none.
        first: Index of the header's first line; of the table where there is no header.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    first: int


def find_header(
    above: Sequence[tuple[int, Sequence[str]]], width: int, is_unit: Callable[[str], bool]
) -> Header | None:
    """The header among the lines above a table.

    Args:
        above: Index and cells of the non-blank lines above the table, the nearest first; at
            most two are looked at.
        width: Number of cells of a usual row.
        is_unit: Whether a text is a unit.
    """
    if not above or not _could_name(above[0][1], width):
        return None
    index, cells = above[0]
    named = len(above) > 1 and _could_name(above[1][1], width)
    if named and _filled(cells) <= _filled(above[1][1]) and _is_units_row(cells, is_unit):
        index, names = above[1]
        return Header(_clean(names), tuple(_bare(cell) for cell in cells), index)
    return Header(_clean(cells), (), index)


def header_findings(header: Header, preamble: int, first: int) -> list[Finding]:
    """What was made of the lines above a table.

    Args:
        header: The names and units found there.
        preamble: Number of lines above the header that are skipped.
        first: Index of the table's first row, which is the line of a row of units.
    """
    findings = []
    if preamble and header.names:
        skipped = Statement("findings.preamble", lines=preamble, names_row=header.first + 1)
        findings.append(Finding(skipped))
    elif preamble:
        findings.append(Finding(Statement("findings.preamble_unnamed", lines=preamble)))
    if not header.names:
        findings.append(Finding(Statement("findings.no_names")))
    if header.units:
        findings.append(Finding(Statement("findings.units_row"), row=first))
    return findings


def header_cells(line: str, dialect: Dialect, width: int) -> list[str]:
    """The cells of a line that may be a header, which is often written unlike the rows below."""
    if is_comment(line):
        line = re.sub(r"^\s*(?:#+|%+|//)", "", line)
    cells = split(line, dialect.delimiter)
    if dialect.delimiter != SPACES or len(cells) == width:
        return cells
    for other in (re.split(r"\t+|\s{2,}", line.strip()), _joined_units(cells)):
        if len(other) == width:
            return other
    for delimiter in ",;\t|":
        other = split(line, delimiter)
        if len(other) == width:
            return other
    return cells if len(cells) == width else []


def _joined_units(cells: Sequence[str]) -> list[str]:
    """``Time (s)`` split at its space is one name."""
    joined: list[list[str]] = []
    for cell in cells:
        if joined and cell.startswith(("(", "[")):
            joined[-1].append(cell)
        else:
            joined.append([cell])
    return [" ".join(parts) for parts in joined]


def _could_name(cells: Sequence[str], width: int) -> bool:
    filled = [cell for cell in cells if cell]
    texts = sum(kind(cell, ".") is not Cell.NUMBER for cell in filled)
    return 2 * len(filled) > width and 2 * texts >= len(filled)


def _filled(cells: Sequence[str]) -> int:
    return sum(bool(cell) for cell in cells)


def _is_units_row(cells: Sequence[str], is_unit: Callable[[str], bool]) -> bool:
    filled = [cell for cell in cells if cell]
    return all(is_unit(_bare(cell)) for cell in filled)


def _bare(cell: str) -> str:
    return cell.strip().strip("()[]{}<>").strip()


def _clean(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(" ".join(cell.strip().strip('"').split()) for cell in cells)
