"""The README in Japanese: its commands, links and programs are those of the other one."""

import ast
import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BOTH = [(ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ja.md")]


def fenced(page: str, language: str) -> list[str]:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", page)


def prose(page: str) -> str:
    return re.sub(r"(?ms)^```.*?^```$", "", page)


def typed(page: str) -> list[list[str]]:
    lines = "".join(fenced(page, "sh")).splitlines()
    return [shlex.split(line, comments=True) for line in lines]


def headings(page: str) -> list[str]:
    return re.findall(r"(?m)^(#+) ", prose(page))


def links(page: str) -> list[str]:
    found = re.findall(r"\]\(([^)]+)\)", prose(page))
    return sorted(link for link in found if not link.startswith("README"))


def programs(page: str) -> list[str]:
    return [ast.dump(ast.parse(text)) for text in fenced(page, "python")]


@pytest.mark.parametrize("what", [typed, headings, links, programs])
def test_both_languages_have_the_same(what: object) -> None:
    assert callable(what)
    english, japanese = (what(page) for page in BOTH)
    assert english == japanese
    assert english


def test_each_leads_to_the_other_at_its_top() -> None:
    for page, other in zip(BOTH, ("README.ja.md", "README.md"), strict=True):
        assert f"]({other})" in "\n".join(page.splitlines()[:4])
