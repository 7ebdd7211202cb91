"""Findings and steps: all that the experiments' room can say of a log is said in Japanese too.

What it can say is collected from its source. Each piece of it must stand in one of the sentences
of ``findings.txt``, and each sentence must have a translation: a new finding fails here until then.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import slicken.experiment
from slicken.reporting.phrasebook import japanese

ROOM = Path(str(slicken.experiment.__file__)).parent
# What these say is an error, a map, or a name that is read; none of it is put on a page.
SILENT_FILES = {
    "channelmap.py", "experiment.py", "fetching.py", "inspection.py", "log.py", "names.py",
    "steady.py", "units.py", "readers/door.py", "readers/numbers.py", "readers/probe.py",
}  # fmt: skip
SILENT_FUNCTIONS = {
    "_not_forward",  # errors
    "_clock_range",
    "_why_none",
    "_damaged",
    "_too_large",
    "_tables",  # the name of a table
    "_either",
}
SILENT_PIECES = {
    "it needs more memory or time than any log, or is damaged",
    "expected a Parquet file; write it again, or export the table as text",
    "no table of numbers found; expected rows of numbers separated by commas, tabs, semicolons or "
    "spaces; try exporting the log again as text",
    "objects of MATLAB",  # a mark, until it is known which
    "no row has a time",
    "the log's clock runs from ",
    "runs backward; mend that first",
    "stands still in all rows",
    "fewer than two",
    "more than ",
    "or one run, its clock begun anew",  # a comment in a map
    "or two runs, of which to keep one",
    "row ",
    "column ",  # a column without a name
    "it is empty",
    "it holds text, not numbers",
    "text, although its name ends in ",
}

# Findings, then steps, with names from logs in capitals.
SENTENCES = (Path(__file__).parent / "findings.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("text", SENTENCES)
def test_a_finding_or_step_is_said_in_japanese_with_its_numbers(text: str) -> None:
    said = japanese().say(text)
    assert said is not None
    typed = r"'[^']*'|writet\w+|datetime|timetable|table|pip install|slicken\S*|Parquet|mat-io"
    assert not re.search(r"[a-z]{3,} [a-z]{2,}", re.sub(typed, "", said)), said
    assert ", as '" not in said
    number = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?"
    assert set(re.findall(number, text)) - {"80"} <= set(re.findall(number, said))


def pieces(path: Path) -> Iterator[tuple[str, str]]:
    """Function and words of each text in a file, less names, docstrings and errors."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    passed_over: set[int] = set()
    inside: dict[int, str] = {}
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else None
        is_error = isinstance(called, ast.Name) and called.id.endswith("Error")
        if isinstance(node, ast.Raise) or is_error:
            passed_over |= {id(each) for each in ast.walk(node)}
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            passed_over.add(id(node.value))
        if isinstance(node, ast.FunctionDef):
            inside.update({id(each): node.name for each in ast.walk(node)})
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}|[A-Za-z]{3,} | [a-z]{3,}", node.value)
            if words and id(node) not in passed_over:
                yield inside.get(id(node), ""), node.value


def test_every_text_of_the_room_stands_in_a_sentence_that_is_translated() -> None:
    said = "\n".join(SENTENCES)
    missing = [
        f"{path.relative_to(ROOM)}: {function}: {text!r}"
        for path in sorted(ROOM.rglob("*.py"))
        if path.relative_to(ROOM).as_posix() not in SILENT_FILES
        for function, text in pieces(path)
        if function not in SILENT_FUNCTIONS
        and text not in SILENT_PIECES
        and text not in said
        and text.strip() not in said
    ]
    assert missing == []


def test_every_kind_of_finding_has_a_word() -> None:
    kinds = set[str]()
    for path in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = {"Finding": 0, "sighting": 1, "_at": 3}.get(node.func.id)
                if place is not None and len(node.args) > place:
                    kind = node.args[place]
                    kinds |= {str(kind.value)} if isinstance(kind, ast.Constant) else set()
    assert len(kinds) > 30
    assert {kind for kind in kinds if japanese().say(kind) is None} == set()
