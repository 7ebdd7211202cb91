"""``summary.json``: its keys are those of the docs, and any JSON reader can read it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "summary.md"


def refuse(token: str) -> None:
    raise AssertionError(f"{token} is not JSON")


@pytest.fixture(scope="module")
def summary(bench: Path) -> dict[str, Any]:
    text = (bench / "tiny" / "summary.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return found


def described(heading: str) -> list[set[str]]:
    """The keys in backticks in the first column of each table below a heading."""
    section = re.split(r"\n## ", REFERENCE.read_text(encoding="utf-8").split(heading, 1)[1])[0]
    tables = re.split(r"\| key \|.*\n", section)[1:]
    return [set(re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)) for table in tables]


def test_the_keys_at_the_top_are_those_of_the_docs(summary: dict[str, Any]) -> None:
    (keys,) = described("## Top level")
    assert set(summary) == keys


def test_the_keys_of_a_window_are_those_of_the_docs(summary: dict[str, Any]) -> None:
    (keys,) = described("## Each entry of `windows`")
    assert len(summary["windows"]) == 2
    for entry in summary["windows"]:
        assert set(entry) == keys


def test_the_keys_of_importance_are_those_of_the_docs(summary: dict[str, Any]) -> None:
    outer, inner = described("## `importance`")
    for importance in (summary["importance"], *(w["importance"] for w in summary["windows"])):
        assert set(importance) == outer
        for kind in ("loss_gradient", "friction_gradient"):
            assert set(importance[kind]) == inner
            assert sum(importance[kind]["mean"].values()) == pytest.approx(1)


def test_the_numbers_of_a_window_belong_together(summary: dict[str, Any]) -> None:
    runs = summary["plan"]["runs"]
    for entry in summary["windows"]:
        losses = entry["best_validation_loss"]
        assert len(losses) == len(entry["test_rmse_of_runs"]) == len(entry["best_epochs"]) == runs
        assert entry["minimum"] == min(losses)
        assert entry["mean"] == pytest.approx(sum(losses) / runs)
        assert set(entry["test"]) == {"network", "ridge", "mean", "median"}
    means = {entry["window_s"]: entry["mean"] for entry in summary["windows"]}
    assert summary["lowest_mean_window_s"] == min(means, key=lambda length: means[length])


def test_without_proven_skill_there_is_no_best_window(summary: dict[str, Any]) -> None:
    assert summary["has_skill"] is False
    assert summary["best_window_s"] is None
    assert "cannot tell" in summary["verdict"]["memory"]
