"""The comparison with rivals: counts and tables from made-up answers, and the page of the results.

The rivals themselves have environments of their own and are not needed here.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from rivals.compare import as_record, may_be_false, of_slicken, summary, to_tables, with_tables

RIVALS = Path(__file__).parents[2] / "benchmarks" / "rivals"
WARMED = ["temperature_rate", "axial_displacement", "axial_rate"]


def case(scenario: str, memory: float | None) -> dict[str, Any]:
    planted = {"scenario": scenario, "memory": memory, "unit": "s" if memory else "", "seed": 1}
    return planted | {"causes": ["temperature"], "carriers": WARMED}


def answer(*called: str, memory: list[float | None] | None = None) -> dict[str, Any]:
    said = {"rival": "dlnm", "called": list(called), "ranking": list(called), "notes": {}}
    return said | {"memory_s": memory, "seconds": 3.0}


HISTORY = case("temperature-history", 100.0)
NOTHING = case("nothing", None) | {"causes": [], "carriers": []}
TREND = case("shared-trend", None) | {"causes": [], "carriers": ["temperature", *WARMED]}
STATE = case("rate-and-state", 1e-4) | {"unit": "m", "causes": ["slip_velocity"]}
UNKNOWN = dict.fromkeys(["slip_velocity", "temperature", *WARMED], "unknown")


def test_a_carrier_of_the_cause_is_no_false_driver_and_an_innocent_one_is() -> None:
    (row,) = summary([as_record(HISTORY, answer("axial_rate", "slip_velocity"))])
    assert row["false_drivers"] == (1, 1)
    assert row["carriers_called"] == (1, 3)
    assert row["cause_called"] == (0, 1)
    assert row["cause_first"] == (0, 1)


@pytest.mark.parametrize("planted", [NOTHING, TREND])
def test_where_no_driver_is_a_cause_every_one_is_false(planted: dict[str, Any]) -> None:
    record = as_record(planted, answer("temperature", memory=[10.0, 20.0]))
    assert len(may_be_false(record)) == 5
    (row,) = summary([record])
    assert row["false_drivers"] == (1, 5)
    assert row["cause_first"] == (0, 0)
    assert row["memory_of_none"] == (1, 1)


@pytest.mark.parametrize(
    ("memory", "inside", "width"),
    [
        ([80.0, 120.0], 1, 1.5),
        ([101.0, 202.0], 0, 2.0),
        ([50.0, None], 1, float("inf")),
        (None, 0, None),
    ],
)
def test_a_memory_is_inside_or_not_and_has_a_width(
    memory: list[float | None] | None, inside: int, width: float | None
) -> None:
    (row,) = summary([as_record(HISTORY, answer("temperature", memory=memory))])
    assert row["memory_within"] == (inside, 1)
    assert row["median_width"] == width


def test_seconds_are_no_memory_in_slip() -> None:
    record = as_record(STATE, answer("slip_velocity", memory=[5.0, 20.0]))
    (row,) = summary([record])
    assert row["memory_within"] == (0, 1)
    assert "| 5 to 20 s | no |" in to_tables([record])


def test_slicken_stands_beside_its_rivals_and_above_them(tmp_path: Path) -> None:
    study = STATE | {
        "has_skill": True,
        "verdicts": UNKNOWN | {"slip_velocity": "supported"},
        "first": {"shapley_loss": "slip_velocity"},
        "required_s": None,
        "required_m": [80e-6, 130e-6],
        "seconds": {"training": 40.0, "evidence": 20.5},
    }
    (tmp_path / "a.json").write_text(json.dumps(study), encoding="utf-8")
    record = as_record(STATE, answer("slip_velocity", "axial_rate"))
    tables = to_tables([record, *of_slicken(tmp_path)])
    *_, ours, theirs = tables.splitlines()
    assert ours == (
        "| `rate-and-state` 100 µm, seed 1 | slicken | slip velocity | slip velocity "
        "| 80 to 130 µm | yes | 60 |"
    )
    assert theirs == "|  | DLNM | slip velocity, axial rate | slip velocity | none | no | 3 |"


def test_what_is_false_is_bold() -> None:
    table = to_tables([as_record(HISTORY, answer("temperature", "slip_velocity"))])
    assert "| **slip velocity**, temperature | temperature |" in table


def test_without_skill_slicken_tells_no_memory(tmp_path: Path) -> None:
    study = NOTHING | {
        "has_skill": False,
        "verdicts": UNKNOWN,
        "first": {"shapley_loss": None},
        "required_s": [10.0, 20.0],
        "seconds": {"training": 1.0},
    }
    (tmp_path / "a.json").write_text(json.dumps(study), encoding="utf-8")
    (row,) = summary([*of_slicken(tmp_path)])
    assert row["memory_of_none"] == (0, 1)


def test_the_page_holds_the_tables_of_the_results_beside_it() -> None:
    page = (RIVALS / "README.md").read_text(encoding="utf-8")
    records = json.loads((RIVALS / "results.json").read_text(encoding="utf-8"))["records"]
    assert with_tables(page, records) == page


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="needs the lines"):
        with_tables("nothing here", [])
