"""The page of the truth bench: it is that of the records beside it, and shows every failure."""

import json
from pathlib import Path
from typing import Any

import pytest

from slicken.truth.cases import cases
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
        one = counted[target.key]
        met = "yes" if one["holds"] else "**no**" if one["of"] else "-"
        assert line_of(page, target.words).endswith(f"| {met} |")


def test_a_failure_is_shown(studies: list[dict[str, Any]]) -> None:
    words = "`nothing` is given a cause or a memory"
    assert line_of(to_page("judged", studies), words).endswith("| yes |")
    wrong = next(study for study in studies if study["scenario"] == "nothing")
    assert line_of(to_page("judged", [*studies, wrong | {"has_skill": True}]), words).endswith(
        "1 of 7 (0.14) | **no** |"
    )


def test_cases_that_were_not_run_are_counted(studies: list[dict[str, Any]]) -> None:
    every = list(cases("judged"))
    ran = studies[0] | {"scenario": every[0].scenario, "memory": every[0].memory}
    page = to_page("judged", [ran | {"seed": every[0].seed}])
    assert f"Of the {len(every)} cases there are now, {len(every) - 1} were not run." in page
    all_ran = [
        ran | {"scenario": case.scenario, "memory": case.memory or 0.0, "seed": case.seed}
        for case in every
    ]
    assert "not run" not in to_page("judged", all_ran)


def test_a_memory_with_no_upper_end_or_in_slip_is_shown(studies: list[dict[str, Any]]) -> None:
    study = next(one for one in studies if one["scenario"] == "rate-and-state")
    found = {"required_s": [90.0, None], "required_m": [40e-6, 60e-6], "clock_told": "slip"}
    assert "| more than 90 s; 40 to 60 µm | yes | slip |" in to_page("judged", [study | found])
