"""The page of the law bench, from made-up records: it shows what missed beside what was met."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from laws_page import to_page
from slicken.truth.law_cases import law_cases
from slicken.truth.law_forward import information_bound

TRUTH = {"a": 0.01, "b": 0.009, "a_minus_b": 0.001, "dc": 1e-5}


def record(name: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 (any field)
    ends = {key: [v, 0.9 * v, 1.1 * v, 0.05 * v] for key, v in TRUTH.items()}
    fit = {"states": 1, "estimates": ends, "undetermined": []}
    return {
        "name": name, "kind": "published", "law": "slip", "seed": [401, 0, 1, 1],
        "labels": {"law": "slip", "noise": "white"}, "truth": TRUTH, "refused": False,
        "problem": None, "verdict": "slip", "seconds": 1.0,
        "fits": {"slip": fit}, "planted": fit,
        **changes,
    }  # fmt: skip


def line_of(page: str, begins: str) -> str:
    (line,) = [line for line in page.splitlines() if line.startswith(begins)]
    return line


KEPT = Path(__file__).parents[2] / "docs" / "laws.json"


@pytest.mark.skipif(not KEPT.is_file(), reason="the law bench has not been run")
def test_the_page_is_that_of_the_records_beside_it() -> None:
    kept = json.loads(KEPT.read_text("utf-8"))
    real = KEPT.with_name("laws_real.json")
    files = json.loads(real.read_text("utf-8")) if real.is_file() else []
    page = to_page(kept["group"], kept["cases"], files)
    assert page == KEPT.with_suffix(".md").read_text("utf-8")


@pytest.fixture(scope="module")
def page() -> str:
    records = [record(f"step-{n}") for n in range(37)]
    for one in records[:3]:
        one["fits"]["slip"]["estimates"]["dc"] = [1e-5, 2e-5, None, None]
    records.append(record("mistaken", verdict="ageing"))
    records.append(record("short", kind="too_short", refused=True, problem="laws.problem_short"))
    records.append(record("slipped", kind="stick_slip", labels={"kind": "stick_slip"}))
    records.append(record("lost", refused=True, fits={}, verdict=None))
    return to_page("judged", records)


def test_targets_are_said_to_be_met_or_not(page: str) -> None:
    assert line_of(page, "| the forward model agrees").endswith("| all | 7 of 7 (1.000) | yes |")
    assert line_of(page, "| 95 % intervals of ln Dc").endswith("35 of 38 (0.921) | yes |")
    assert line_of(page, "| 95 % intervals of a cover").endswith("38 of 38 (1.000) | **no** |")
    assert line_of(page, "| the verdict is neither").endswith("1 of 38 (0.026) | **no** |")
    assert line_of(page, "| a step that cannot be used").endswith("1 of 2 (0.500) | **no** |")
    assert line_of(page, "| standard deviations over draws").endswith("0 of 0 (-) | - |")


def test_classes_verdicts_and_refusals_are_counted(page: str) -> None:
    assert line_of(page, "| noise white").endswith("| 38 | 1.000 | 1.000 | 1.000 | 0.921 |")
    assert line_of(page, "| slip | 37 |") == "| slip | 37 | 0 | 1 |"
    assert "- `mistaken` (slip): ageing" in page
    assert line_of(page, "| usable |") == "| usable | 39 | 1 | `not found` 1 |"
    assert line_of(page, "| too little").endswith("| 1 | 1 | `laws.problem_short` 1 |")
    assert line_of(page, "| stick-slip").endswith("| 1 | 0 | - |")


def test_cases_that_were_not_run_are_counted(page: str) -> None:
    every = len(list(law_cases("judged")))
    assert f"Of the {every} cases there are now, {every} were not run." in page
    assert "Not run: the public files were not there." in page


def test_the_spread_over_draws_stands_beside_the_bound() -> None:
    bound = information_bound(free=("mu0", "trend"))
    rng = np.random.default_rng(1)
    draws = []
    for number in range(500):
        shifts = {name: 2 * sd * rng.standard_normal() for name, sd in bound.items()}
        ends = {
            name: [TRUTH[name] + shift, TRUTH[name] + shift - 4 * bound[name],
                   TRUTH[name] + shift + 4 * bound[name], bound[name]]
            for name, shift in shifts.items()
        }  # fmt: skip
        fits = {"ageing": {"states": 1, "estimates": ends, "undetermined": []}}
        drawn = {"law": "ageing", "fits": fits, "planted": fits["ageing"]}
        draws.append(record(f"draw-{number}", kind="information", **drawn))
    cells = line_of(to_page("tuning", draws), "| Dc |").split(" | ")
    assert float(cells[3]) == pytest.approx(2.0, abs=0.2)
    assert float(cells[4].rstrip(" |")) == pytest.approx(0.95, abs=0.03)


def test_public_records_are_shown_in_the_units_of_the_field() -> None:
    fit = {
        "estimates": {
            "a": [0.0089, 0.008, 0.01, 0.0002], "b": [0.0093, 0.008, 0.0105, 0.0002],
            "a_minus_b": [-0.0004, -0.0006, -0.0002, 1e-5], "dc": [7e-6, 5e-6, 9e-6, 1e-7],
            "stiffness": [7100.0, 7100.0, 7100.0, 0.0],
        },
        "undetermined": ["b"],
    }  # fmt: skip
    event = {
        "record": "basalt", "start": 11665.2, "kind": "step", "before": 3e-6, "after": 1e-5,
        "verdict": "not_distinguishable", "problem": None, "first": "ageing",
    }  # fmt: skip
    refused = event | {"problem": "laws.problem_short", "fits": {}, "start": 11700.0}
    page = to_page("judged", [], [event | {"fits": {"ageing": fit, "slip": fit}}, refused])
    first = line_of(page, "| basalt | 11665 | step | 3 to 10 | ageing |")
    assert "| 0.0089 (0.008 to 0.01) | not determined | -0.0004 (-0.0006 to -0.0002) |" in first
    assert first.endswith("| 7 (5 to 9) | 0.0071 | not_distinguishable |")
    assert "refused: `laws.problem_short`" in line_of(page, "| basalt | 11700 |")
