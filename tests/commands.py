"""Commands as a user gives them, in this process; and what a folder holds."""

import contextlib
import io
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import pytest

# The package's ``main`` is the function in it, so the module is asked for by name.
door = import_module("slicken.cli.main")

DOTS_PER_INCH = 40
"""Of figures that nobody looks at."""

SMALL = """
name = "tiny"
logs = ["logs/*.csv"]
preset = "quick"
histories = "separate"
linear_part = false
windows = [10, 20]
runs = 2
epochs = 2
stride = 20
[split]
folds = 1
[network]
conv_layers = 2
filters = 4
units = 4
gru_layers = 1
[optimiser]
learning_rate = 0.003
"""
"""A plan that trains in a breath."""


class Answer(NamedTuple):
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str


class Terminal(io.StringIO):
    """A place to write that somebody watches."""

    def isatty(self) -> bool:
        return True


def give(*words: object, where: Path, watched: bool = False) -> Answer:
    """Give a command in a folder.

    Args:
        words: after ``slicken``.
        where: the folder to be in.
        watched: whether the output is a terminal.
    """
    out, err, code = Terminal() if watched else io.StringIO(), io.StringIO(), 0
    with (
        contextlib.chdir(where),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(sys, "argv", ["slicken", *map(str, words)]),
        mock.patch.object(door, "leave_at_once", sys.exit),
        mock.patch.dict(os.environ, {"TERM": "xterm", "COLUMNS": "100"}),
        mock.patch("slicken.reporting.figures.output.DOTS_PER_INCH", DOTS_PER_INCH),
    ):
        try:
            door.main()
        except SystemExit as ended:
            assert ended.code is None or isinstance(ended.code, int)
            code = ended.code or 0
    return Answer(code, out.getvalue(), err.getvalue())


def refused(answer: Answer) -> str:
    """The one line of an answer that is a refusal."""
    assert answer.code == 2, answer
    lines = answer.err.splitlines()
    assert len(lines) == 1, answer.err
    assert lines[0].startswith("slicken: ")
    assert "Traceback" not in answer.out
    return lines[0]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, hidden ones too."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def alone(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    """See no logs but those of the test: neither ``SLICKEN_DATA`` nor fetched ones."""
    monkeypatch.delenv("SLICKEN_DATA", raising=False)
    monkeypatch.setattr("slicken.logs.named.cache_folder", lambda: cache)
    monkeypatch.setattr("slicken.datasets.cache_folder", lambda: cache)
