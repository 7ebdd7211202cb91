"""Pages of experiments on networks and of forms: what missed stands beside what was met."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab_page import forms_page, lab_page
from slicken.truth.forms import TRUTHS, count_forms
from slicken.truth.lab_bench import count_lab

DOCS = Path(__file__).parents[2] / "docs"


def case(scenario: str, seed: int, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 (any field)
    number = {"networks": [-0.0045, -0.0052, -0.0038], "data": [-0.005, -0.0051, -0.0049]}
    return {
        "name": f"{scenario}-seed{seed}", "scenario": scenario, "memory": 1e-4, "seed": seed,
        "planted": {"a_minus_b": -0.005}, "refused": None,
        "numbers": {"a_minus_b": number | {"data_from": "ageing_law"}},
        **changes,
    }  # fmt: skip


def kept(cases: list[dict[str, Any]]) -> dict[str, Any]:
    return {"command": "slicken truth --lab", "targets": count_lab(cases), "cases": cases}


def test_what_is_held_missed_and_refused_is_counted_and_shown() -> None:
    missed = {"a_minus_b": {"networks": [-0.004, -0.0045, -0.0035], "data": [None] * 3,
                            "data_from": ""}}  # fmt: skip
    cases = [case("rate-and-state", n) for n in range(8)]
    cases += [case("rate-and-state", 8 + n, numbers=missed) for n in range(2)]
    cases.append(case("nothing", 0, planted={}, numbers={}, refused="no skill"))
    page = lab_page(kept(cases))
    lines = page.splitlines()
    (target,) = [one for one in lines if one.startswith("| the interval of the networks")]
    assert target.endswith("| at least 90 % | 8 of 10 | **no** |")
    (refused,) = [one for one in lines if one.startswith("| friction without causes")]
    assert refused.endswith("| 1 of 1 | yes |")
    told = [one for one in lines if "| a - b |" in one]
    assert sum("| yes |" in one for one in told) == 8
    assert "-0.0050 | -0.0040 (-0.0045 to -0.0035) | **no** | - | - |" in told[-1]
    assert sum("not told" in one for one in lines) == 10  # Dc is not in these records
    assert "| nothing-seed0 | refused |" in page


def study(truth: str, seed: int, *, form: bool, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 (any field)
    one = next(each for each in TRUTHS if each.name == truth)
    good = one.right == form
    return {
        "truth": truth, "seed": seed, "form": form, "right": good,
        "grade": "shown" if good else "none", "rmse": 0.001 if good else 0.01, "r2": 0.9,
        "skill": [0.9, 0.8, 0.95], "verdicts": {one.cause: "supported" if good else "unknown"},
        "seconds": 1, **changes,
    }  # fmt: skip


def test_forms_that_find_the_cause_are_told_from_those_that_hide_it() -> None:
    records = [study(one.name, 1, form=form) for one in TRUTHS for form in (True, False)]
    counted = count_forms(records)
    assert all(one["holds"] and one["of"] == 1 for one in counted.values())
    # A wrong form that finds the cause as well counts as a miss.
    records[1] |= {"grade": "shown", "rmse": 0.001, "verdicts": {TRUTHS[0].cause: "supported"}}
    counted = count_forms(records)
    assert not counted["specimen-level_wrong"]["holds"]
    page = forms_page({"command": "slicken truth --forms", "targets": counted, "studies": records})
    assert "| `relative` | right | shown | 0.90 (0.80 to 0.95) | 0.0010 | supported | yes |" in page
    assert "| all | 0 of 1 | **no** |" in page


@pytest.mark.parametrize("name", ["lab", "forms"])
def test_the_page_is_that_of_the_records_beside_it(name: str) -> None:
    tree = json.loads((DOCS / f"{name}.json").read_text("utf-8"))
    page = lab_page(tree) if name == "lab" else forms_page(tree)
    assert page == (DOCS / f"{name}.md").read_text("utf-8")
