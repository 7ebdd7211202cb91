"""``summary.json``: its keys are those of the docs, and any JSON reader can read it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from slicken.evidence.scores import MODELS
from slicken.pipeline import explain, open_study
from slicken.reporting.answer import answer
from slicken.reporting.wording import words
from slicken.statements import Statement

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


@pytest.mark.parametrize(
    "name", ["windows", "skill_table", "required_history", "kernels", "drivers"]
)
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
        seconds = [entry["gradient_span_s"][share] for share in ("50", "90", "99")]
        assert 0 < seconds[0] <= seconds[1] <= seconds[2] <= entry["window_s"]
        assert set(entry["excess"]) == set(entry["effect"]) == {"value", "low", "high"}
    means = {entry["window_s"]: entry["mean"] for entry in summary["windows"]}
    best = min(means, key=lambda length: means[length])
    assert summary["lowest_mean_window_s"] == best
    for entry in summary["windows"]:
        assert entry["excess"]["value"] == pytest.approx(entry["mean"] / means[best] - 1, abs=1e-6)


def test_every_answer_of_the_study_is_there(bench: Path, summary: dict[str, Any]) -> None:
    evidence = explain(open_study(bench / "tiny"))
    channels = list(evidence.trained.prepared.record.channels)
    assert [each["channel"] for each in summary["drivers"]] == channels
    for each, driver in zip(summary["drivers"], evidence.drivers, strict=True):
        assert each["verdict"] == driver.verdict
        assert [stated(one) for one in each["reasons"]] == list(driver.reasons)
        assert each["rank"]["value"] == driver.rank.value
    for each, required in zip(summary["required_history"], evidence.memory.required, strict=True):
        assert each["family"] == required.family
        assert each["history_s"] == required.history.tolist()
        assert each["clearly_worse"] == required.clearly_worse.tolist()
    for each, kernel in zip(summary["kernels"], evidence.memory.kernels, strict=True):
        assert each["shape"] == kernel.shape
        assert each["memory_s"]["value"] == kernel.memory
    assert (summary["memory"] is None) == (evidence.memory.conclusion is None)
    assert summary["coverage"] == {"level": 0.9, "test": evidence.skill.coverage}


def stated(tree: dict[str, Any]) -> Statement:
    """The statement of a tree, whose English text must be that of the catalogue."""
    values = {name: value for name, value in tree.items() if name != "text"}
    return Statement.from_plain(values)


def test_the_answer_is_statements_with_their_english(bench: Path, summary: dict[str, Any]) -> None:
    sections = answer(explain(open_study(bench / "tiny"))).sections()
    assert list(summary["answer"]) == list(sections)
    for name, statements in sections.items():
        found = summary["answer"][name]
        assert [one["statement"] for one in found] == [one.key for one in statements]
        assert [one["text"] for one in found] == words("en").lines(statements)


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
    assert summary["skill_proven"] is False
    assert summary["best_window_s"] is None
    assert summary["answer"]["windows"][0]["statement"] in (
        "answer.windows_no_skill", "answer.windows_few_blocks",
    )  # fmt: skip
    assert summary["answer"]["memory"][0]["statement"].startswith("answer.memory_unknown")
    assert {each["verdict"] for each in summary["drivers"]} == {"unknown"}
