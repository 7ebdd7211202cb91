"""``summary.json``: its keys are those of the docs, and any JSON reader can read it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import slicken
from slicken.evidence.scores import MODELS
from slicken.reporting.verdict import judge

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
    return [
        {
            key
            for cell in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
            for key in re.findall(r"`([^`]+)`", cell)
        }
        for table in tables
    ]


def test_the_keys_at_the_top_are_those_of_the_docs(summary: dict[str, Any]) -> None:
    (keys,) = described("## Top level")
    assert set(summary) == keys


@pytest.mark.parametrize("name", ["windows", "skill_table", "required", "kernels", "drivers"])
def test_the_keys_of_every_entry_are_those_of_the_docs(summary: dict[str, Any], name: str) -> None:
    (keys,) = described(f"## Each entry of `{name}`")
    assert summary[name]
    for entry in summary[name]:
        assert set(entry) == keys


def test_the_keys_of_methods_are_those_of_the_docs(summary: dict[str, Any]) -> None:
    (keys,) = described("## Each of `methods`")
    assert list(summary["methods"]) == [
        "loss_gradient", "friction_gradient", "integrated_gradients", "shapley_friction",
        "shapley_loss", "permutation",
    ]  # fmt: skip
    for method in summary["methods"].values():
        assert set(method) == keys
        if method["mean"] is not None:
            assert sum(method["mean"].values()) == pytest.approx(1)
            assert list(method["mean"]) == method["ranking"]


def test_the_keys_of_importance_are_those_of_the_docs(summary: dict[str, Any]) -> None:
    outer, inner = described("## `importance`")
    for importance in (summary["importance"], *(w["importance"] for w in summary["windows"])):
        assert set(importance) == outer
        for kind in ("loss_gradient", "friction_gradient"):
            assert set(importance[kind]) == inner
            assert sum(importance[kind]["mean"].values()) == pytest.approx(1)


def test_the_numbers_of_a_window_belong_together(summary: dict[str, Any]) -> None:
    runs = summary["plan"]["runs"]
    assert len(summary["windows"]) == 2
    for entry in summary["windows"]:
        losses = entry["best_validation_loss"]
        assert len(losses) == len(entry["test_rmse_of_runs"]) == len(entry["best_epochs"]) == runs
        assert entry["minimum"] == min(losses)
        assert entry["mean"] == pytest.approx(sum(losses) / runs)
        assert set(entry["test"]) == set(entry["validation_loss"]) == set(MODELS)
        seconds = [entry["uses_s"][share] for share in ("50", "90", "99")]
        assert 0 < seconds[0] <= seconds[1] <= seconds[2] <= entry["window_s"]
        assert set(entry["excess"]) == set(entry["effect"]) == {"value", "low", "high"}
    means = {entry["window_s"]: entry["mean"] for entry in summary["windows"]}
    best = min(means, key=lambda length: means[length])
    assert summary["lowest_mean_window_s"] == best
    for entry in summary["windows"]:
        assert entry["excess"]["value"] == pytest.approx(entry["mean"] / means[best] - 1, abs=1e-6)


def test_every_answer_of_the_study_is_there(bench: Path, summary: dict[str, Any]) -> None:
    study = slicken.explain(slicken.open_study(bench / "tiny"))
    verdict = judge(study)
    assert [each["channel"] for each in summary["drivers"]] == list(
        study.trained.prepared.record.channels
    )
    for each, driver in zip(summary["drivers"], study.drivers, strict=True):
        assert each["status"] == driver.verdict
        assert each["rank"]["value"] == driver.rank.value
    for key in ("window", "memory", "skill", "importance"):
        assert summary["verdict"][key] == getattr(verdict, key)
    for key in ("drivers", "truth", "caveats"):
        assert summary["verdict"][key] == list(getattr(verdict, key))
    for each, required in zip(summary["required"], study.memory.required, strict=True):
        assert each["family"] == required.family
        assert each["history_s"] == required.history.tolist()
        assert each["clearly_worse"] == required.clearly_worse.tolist()
    for each, way in zip(summary["kernels"], study.memory.kernels, strict=True):
        assert each["shape"] == way.shape
        assert each["memory_s"]["value"] == way.memory
    assert (summary["memory"] is None) == (study.memory.conclusion is None)
    assert summary["coverage"] == {"level": 0.9, "test": study.skill.coverage}


def test_whole_parts_and_stages_of_the_test_part_are_told_apart(summary: dict[str, Any]) -> None:
    rows = summary["skill_table"]
    assert [(row["part"], row["experiment"], row["stage"]) for row in rows[:2]] == [
        ("validation", None, None), ("test", None, None),
    ]  # fmt: skip
    assert {row["part"] for row in rows[2:]} == {"test"}
    assert all(row["experiment"] and row["stage"] is not None for row in rows[2:])
    for row in rows:
        assert set(row["against"]) == set(MODELS) - {"network"}


def test_without_proven_skill_there_is_no_best_window(summary: dict[str, Any]) -> None:
    assert summary["has_skill"] is False
    assert summary["best_window_s"] is None
    assert "cannot tell" in summary["verdict"]["window"]
    assert "cannot tell" in summary["verdict"]["memory"]
    assert {each["status"] for each in summary["drivers"]} == {"cannot be told"}
