"""The tables: every number of the page and every prediction, as data frames and as CSV."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from slicken.evidence.evidence import Evidence
from slicken.pipeline import explain, open_study
from slicken.reporting.layout import EXPERIMENTS, KERNELS, MODELS, REQUIRED, WINDOWS
from slicken.reporting.tables import TABLES, tables_of, write_tables


@pytest.fixture(scope="module")
def evidence(bench: Path) -> Evidence:
    return explain(open_study(bench / "tiny"))


@pytest.fixture(scope="module")
def tables(evidence: Evidence) -> dict[str, pd.DataFrame]:
    return tables_of(evidence)


def test_what_is_read_back_is_what_was_written(
    tables: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    files = write_tables(tables, tmp_path)
    assert [path.stem for path in files] == list(TABLES)
    for path in files:
        read, table = pd.read_csv(path, keep_default_na=True), tables[path.stem]
        assert list(read.columns) == list(table.columns)
        assert len(read) == len(table)
        for name in table.select_dtypes("number"):
            written = table[name].to_numpy()
            np.testing.assert_array_equal(read[name].astype(written.dtype), written, err_msg=name)


def test_the_study_has_its_tables_in_its_folder(bench: Path) -> None:
    assert {path.stem for path in (bench / "tiny" / "tables").iterdir()} == set(TABLES)


def test_predictions_have_the_errors_of_the_scores(
    evidence: Evidence, tables: dict[str, pd.DataFrame]
) -> None:
    best = evidence.comparison.best
    test = tables["predictions"].query("part == 'test'")
    rmse = np.sqrt(np.mean((test["friction"] - test["measured_friction"]) ** 2))
    expected = float(evidence.scores.at(best)["rmse"].sel(model="network"))
    assert rmse == pytest.approx(expected, rel=1e-6)
    inside = test["measured_friction"].between(test["friction_low"], test["friction_high"])
    assert inside.mean() == pytest.approx(evidence.skill.coverage)
    times = evidence.trained.prepared.targets("test")["time"].to_numpy()
    np.testing.assert_array_equal(test["time_s"], times)


def test_shares_of_a_run_sum_to_one(tables: dict[str, pd.DataFrame]) -> None:
    sums = tables["importance"].groupby(["window_s", "method", "run"])["share"].sum()
    np.testing.assert_allclose(sums, 1, rtol=1e-5)
    drivers = tables["drivers"]
    assert drivers["loss_gradient_share"].sum() == pytest.approx(1, rel=1e-5)


def test_a_window_has_the_statistics_of_its_runs(
    evidence: Evidence, tables: dict[str, pd.DataFrame]
) -> None:
    for row in tables["windows"].to_dict("records"):
        losses = evidence.comparison.losses.sel(window=row["window_s"]).to_numpy()
        assert row["mean_loss"] == pytest.approx(losses.mean())
        assert row["lowest_loss"] == losses.min()
        assert row["runs"] == losses.size


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("experiments", EXPERIMENTS), ("windows", WINDOWS), ("models", MODELS),
        ("required_history", REQUIRED), ("kernels", KERNELS),
    ],
)  # fmt: skip
def test_the_page_shows_columns_that_exist(
    tables: dict[str, pd.DataFrame], name: str, columns: dict[str, tuple[str, tuple[str, ...]]]
) -> None:
    shown = {field for _, fields in columns.values() for field in fields}
    if len(tables[name]):
        assert shown <= set(tables[name].columns)
