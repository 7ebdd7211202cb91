"""The suite itself: what is called slow is there."""

import ast
from pathlib import Path

import pytest

from slow import LONGEST, SLOW

HERE = Path(__file__).parent


@pytest.mark.parametrize("file", SLOW)
def test_what_is_called_slow_is_there(file: str) -> None:
    tree = ast.parse((HERE / file).read_text(encoding="utf-8"))
    names = [item.name for item in tree.body if isinstance(item, ast.FunctionDef)]
    for beginning in SLOW[file]:
        assert any(name.startswith(beginning) for name in names), beginning


def test_files_that_come_first_are_there() -> None:
    assert set(LONGEST) <= {path.name for path in HERE.rglob("test_*.py")}
