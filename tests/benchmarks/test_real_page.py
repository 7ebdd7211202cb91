"""The page of real records: it is that of the records beside it, and shows every miss."""

import json
from pathlib import Path
from typing import Any

from real_page import to_page
from slicken.evidence.scores import MODELS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

MODEL = {"rmse": 0.01, "r2": 0.5, "skill": [0.5, 0.25, 0.75], "over": [0.1, -0.2, 0.3]}
MADE_UP: dict[str, Any] = {
    "name": "gouge", "known": "Its levels.", "logs": ["a.csv"], "experiments": 1, "samples": 900,
    "step": 1.0, "unit": "s", "drivers": ["slip_velocity"], "split": "by time", "folds": 1,
    "targets": 90, "grade": "none", "permutation_p": None, "coverage": 0.9, "best": 10.0,
    "models": dict.fromkeys(MODELS, MODEL), "verdicts": {"slip_velocity": "supported"},
    "answers": {"skill": ["No: skill 0.5."]}, "laws": ["The ageing law is no better."],
    "caveats": ["One experiment."], "seconds": 60,
    "plan": "examples/gouge/plan.toml", "plan_sha256": 64 * "a",
}  # fmt: skip


def line_of(page: str, words: str) -> str:
    return next(line for line in page.splitlines() if line.startswith(f"| {words} |"))


def test_the_page_is_that_of_the_records_beside_it() -> None:
    studies = json.loads((DOCS / "real.json").read_text("utf-8"))["studies"]
    assert to_page(studies) == (DOCS / "real.md").read_text("utf-8")


def test_a_model_without_a_fit_or_an_interval_is_shown() -> None:
    models = MADE_UP["models"] | {
        "ridge": MODEL | {"skill": [None, None, None]},
        "trees": MODEL | {"skill": [-3.0, None, None]},
    }
    page = to_page([MADE_UP | {"models": models}])
    assert line_of(page, "networks") == "| networks | 0.50 (0.25 to 0.75) |"
    assert line_of(page, "linear model") == "| linear model | - |"
    assert line_of(page, "boosted trees") == "| boosted trees | -3.00 |"


def test_what_was_known_and_what_was_said_stand_on_the_page() -> None:
    page = to_page([MADE_UP])
    for words in (
        "Its levels.",
        "No: skill 0.5.",
        "The ageing law is no",
        "One experiment.",
        "SHA-256 `aaaaaaaaaaaa`",
    ):
        assert words in page


def test_every_plan_among_the_records_is_an_example_as_it_was_scored() -> None:
    import hashlib

    for study in json.loads((DOCS / "real.json").read_text("utf-8"))["studies"]:
        plan = (ROOT / study["plan"]).read_bytes()
        assert hashlib.sha256(plan).hexdigest() == study["plan_sha256"], study["name"]
