"""The page of the truth bench: it is that of the records beside it, and shows every failure."""

import json
from pathlib import Path
from typing import Any

import pytest

from slicken.truth.targets import TARGETS, count
from truth_page import to_page

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def studies() -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = json.loads((DOCS / "truth.json").read_text("utf-8"))["studies"]
    return kept


def line_of(page: str, words: str) -> str:
    (line,) = [line for line in page.splitlines() if line.startswith(f"| {words} |")]
    return line


def test_the_page_is_that_of_the_records_beside_it(studies: list[dict[str, Any]]) -> None:
    assert to_page("judged", studies) == (DOCS / "truth.md").read_text("utf-8")


def test_every_target_is_said_to_be_met_or_not(studies: list[dict[str, Any]]) -> None:
    page, counted = to_page("judged", studies), count(studies)
    for target in TARGETS:
        met = "yes" if counted[target.key]["holds"] else "**no**"
        assert line_of(page, target.words).endswith(f"| {met} |")


def test_a_failure_is_shown(studies: list[dict[str, Any]]) -> None:
    words = "`nothing` is given a cause or a memory"
    assert line_of(to_page("judged", studies), words).endswith("| yes |")
    wrong = next(study for study in studies if study["scenario"] == "nothing")
    assert line_of(to_page("judged", [*studies, wrong | {"has_skill": True}]), words).endswith(
        "1 of 7 (0.14) | **no** |"
    )


def test_a_bench_that_was_cut_short_says_so(studies: list[dict[str, Any]]) -> None:
    assert "cut short" not in to_page("judged", studies)
    assert "The bench was cut short: there are 30 cases." in to_page("judged", studies[:3])
