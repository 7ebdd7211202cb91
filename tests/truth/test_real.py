"""Studies of real records: every model on the same targets, by hand; none is repeated."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import commands
from slicken import explain, open_study
from slicken.evidence.scores import MODELS
from slicken.study.plan import Plan
from slicken.truth.real import Record, run_plan, run_real, write_records


@pytest.fixture(scope="module")
def studied(bench: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Record]:
    place = tmp_path_factory.mktemp("real") / "place"
    shutil.copytree(bench, place)
    plan = Plan.load(place / "plan.toml", name="tiny", known="The level of each log.")
    return place, run_plan(plan, place, place / "tiny")


def test_every_model_is_scored_on_what_was_held_out(studied: tuple[Path, Record]) -> None:
    place, record = studied
    table = explain(open_study(place / "tiny")).scores.baselines
    test = table.isel(target=table["part"].to_numpy().astype(str) == "test")
    measured = test["measured"].to_numpy()
    names = test["experiment"].to_numpy()
    means = np.array([measured[names == name].mean() for name in names])
    assert tuple(record["models"]) == MODELS
    for model, found in record["models"].items():
        guess = test["predicted"].sel(model=model).to_numpy()
        if not np.isfinite(guess).all():
            assert found["skill"] == [None] * 3
            continue
        errors = np.mean((guess - measured) ** 2)
        assert found["rmse"] == pytest.approx(np.sqrt(errors), abs=1e-5)
        skill = 1 - errors / np.mean((means - measured) ** 2)
        assert found["skill"][0] == pytest.approx(skill, abs=1e-3)
        low, high = found["skill"][1:]
        assert low is None or low <= found["skill"][0] <= high


def test_a_record_says_what_was_known_and_what_was_concluded(studied: tuple[Path, Record]) -> None:
    _, record = studied
    assert record["known"] == "The level of each log."
    assert record["experiments"] == 4
    assert set(record["answers"]) == {"skill", "memory", "windows"}
    assert set(record["verdicts"]) == set(record["drivers"])
    json.dumps(record, allow_nan=False)


def test_what_was_known_decides_no_number(studied: tuple[Path, Record]) -> None:
    place, _ = studied
    plan = Plan.load(place / "plan.toml")
    assert plan.decisive() == Plan.load(place / "plan.toml", known="Everything.").decisive()


def test_a_study_that_lies_there_is_not_repeated(studied: tuple[Path, Record]) -> None:
    place, record = studied
    told: list[str] = []
    (again,) = run_real([place / "plan.toml"], place, told.append)
    assert again["models"] == record["models"]
    assert len(told) == 1
    assert len(again["plan_sha256"]) == 64


def test_records_take_the_place_of_those_of_their_name(tmp_path: Path) -> None:
    file = tmp_path / "real.json"
    write_records(file, [{"name": "one", "r": 1}, {"name": "two", "r": 2}])
    write_records(file, [{"name": "one", "r": 3}])
    kept = json.loads(file.read_text("utf-8"))["studies"]
    assert kept == [{"name": "one", "r": 3}, {"name": "two", "r": 2}]


def test_a_plan_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    answer = commands.give("truth", "--real", "none.toml", where=tmp_path)
    assert answer.code == 2
    assert "none.toml" in answer.err
