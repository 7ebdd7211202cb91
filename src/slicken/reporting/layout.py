"""Layout: the tables of the page, cell by cell as statements."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.reporting.answer import Answer

WINDOWLESS = ("mean", "median", "last")
"""Models whose scores do not depend on the window length, and stand in the page once."""
PROSE = ("text", "reasons", "parts", "values")
WORDS = (
    "driver", "verdict", "model", "family", "kernel", "law", "law_states", "parameter", "thermal",
)  # fmt: skip
"""Forms of cells that are words, and may break into lines or not; the others are numbers."""
Rows = list[tuple[Statement, ...]]


@dataclass(frozen=True)
class PageTable:
    """A table of the page.

    Args:
        name: Name of its title and note in the catalogue, and of its place in the page.
        heads: Keys of the column headings.
        rows: Rows of cells; the first cell of a row is its heading.
        in_words: Whether the cells are words, set to the left.
        groups: Rows under a heading of their own in a further first column; empty where there are
            none.
        csv: File of the same numbers in the folder of the page; empty where there is none.
    """

    name: str
    heads: tuple[str, ...]
    rows: Rows = field(default_factory=list)
    in_words: bool = False
    groups: tuple[tuple[Statement, Rows], ...] = ()
    csv: str = ""


Columns = Mapping[str, tuple[str, tuple[str, ...]]]
"""Heading of each column, the form of its cells, and the columns of the frame that it shows."""

EXPERIMENTS: Columns = {
    "experiment": ("text", ("experiment",)),
    "parts": ("parts", ("parts",)),
    "duration": ("seconds", ("duration_s",)),
    "step": ("seconds", ("step_s",)),
    "stages": ("text", ("stages",)),
    "friction": ("friction_range", ("friction_p5", "friction_p95")),
    "findings": ("text", ("findings",)),
}
WINDOWS: Columns = {
    "window": ("seconds", ("window_s",)),
    "mean_loss": ("loss", ("mean_loss",)),
    "median_loss": ("loss", ("median_loss",)),
    "quartiles": ("loss_range", ("quartile_low_loss", "quartile_high_loss")),
    "lowest_loss": ("loss", ("lowest_loss",)),
    "probability": ("skill", ("probability_lowest_mean",)),
    "excess": ("excess", ("excess", "excess_low", "excess_high")),
    "test_rmse": ("friction", ("test_rmse",)),
}
MODELS: Columns = {
    "model": ("model", ("model",)),
    "loss": ("loss", ("validation_loss",)),
    "rmse": ("friction", ("rmse",)),
    "r2": ("skill", ("r2",)),
    "correlation": ("skill", ("correlation",)),
    "range_ratio": ("skill", ("range_ratio",)),
}
REQUIRED: Columns = {
    "history": ("seconds", ("history_s",)),
    "loss": ("loss", ("loss",)),
    "loss_excess": ("loss_excess", ("loss_excess_low", "loss_excess_high")),
    "too_short": ("yes_no", ("clearly_worse",)),
}
KERNELS: Columns = {
    "kernel": ("kernel", ("shape",)),
    "memory": ("seconds_within", ("memory_s", "memory_low_s", "memory_high_s")),
    "excess": ("excess", ("excess", "excess_low", "excess_high")),
    "gain": ("excess", ("gain", "gain_low", "gain_high")),
    "fits": ("yes_no", ("fits",)),
}


def answer_tables(answered: "Answer") -> dict[str, PageTable]:
    """Drivers and models as the first screen shows them."""
    drivers: Rows = [
        (
            cell("driver", one.channel),
            cell("verdict", one.verdict),
            cell("percent_within", tuple(one.share)),
            cell("percent", one.gradient),
        )
        for one in answered.drivers
    ]
    models: Rows = [
        (
            cell("model", one.model),
            cell("friction", one.rmse),
            cell("skill_within", tuple(one.skill)),
        )
        for one in answered.models
    ]
    return {
        "drivers": PageTable("drivers", ("driver", "verdict", "share", "gradient"), drivers),
        "models": PageTable("models", ("model", "rmse", "skill_over"), models),
    }


def trust_tables(
    evidence: "Evidence", answered: "Answer", frames: Mapping[str, pd.DataFrame]
) -> list[PageTable]:
    """Tables behind the answer, in the order of its questions."""
    return [
        _drivers(answered, frames["drivers"]),
        _table("windows", WINDOWS, frames["windows"]),
        _models(evidence, frames["models"]),
        _required_history(frames["required_history"]),
        _table("kernels", KERNELS, frames["kernels"]),
    ]


def data_table(frame: pd.DataFrame) -> PageTable:
    """Experiments as prepared."""
    shown = frame.assign(
        parts=frame["parts"].str.split(),
        stages=frame["stages"].where(frame["stages"] >= 0, float("nan")).astype(float),
    )
    rows = _rows(shown, EXPERIMENTS)
    return PageTable("data", tuple(EXPERIMENTS), rows, in_words=True, csv="experiments")


def hashes_table(frame: pd.DataFrame) -> PageTable:
    """Logs with their checksums."""
    columns: Columns = {name: ("text", (name,)) for name in ("experiment", "source", "sha256")}
    return PageTable(
        "hashes", tuple(columns), _rows(frame, columns), in_words=True, csv="experiments"
    )


def kind_of(one: Statement) -> str:
    """How a cell is set: ``prose`` may break into lines, a ``word`` or a ``number`` does not."""
    form = one.key.partition(".")[2]
    return "prose" if form in PROSE else "word" if form in WORDS else "number"


def cell(form: str, value: object) -> Statement:
    """One cell: a value in a form of the catalogue's section ``cells``."""
    return Statement(f"cells.{form}", x=value)


def _drivers(answered: "Answer", frame: pd.DataFrame) -> PageTable:
    ranks = {
        row["driver"]: (row["rank"], row["rank_low"], row["rank_high"])
        for row in frame.to_dict("records")
    }
    rows: Rows = [
        (
            cell("driver", one.channel),
            cell("verdict", one.verdict),
            cell("percent_within", tuple(one.share)),
            cell("rank", ranks[one.channel]),
            cell("reasons", one.reasons),
        )
        for one in answered.drivers
    ]
    heads = ("driver", "verdict", "share", "rank", "reasons")
    return PageTable("drivers", heads, rows, in_words=True, csv="drivers")


def _models(evidence: "Evidence", frame: pd.DataFrame) -> PageTable:
    """Scores by window length; those that do not depend on it once."""
    blind = frame["model"].isin(WINDOWLESS)
    windows = evidence.trained.windows
    groups = [
        (cell("seconds", seconds), _rows(frame[~blind & (frame["window_s"] == seconds)], MODELS))
        for seconds in windows
    ]
    once = frame[blind & (frame["window_s"] == windows[0])]
    groups.append((Statement("cells.any"), _rows(once, MODELS)))
    return PageTable("models", ("window", *MODELS), groups=tuple(groups), csv="models")


def _required_history(frame: pd.DataFrame) -> PageTable:
    groups = tuple(
        (cell("family", family), _rows(rows, REQUIRED))
        for family, rows in frame.groupby("family", sort=False)
    )
    return PageTable(
        "required_history", ("family", *REQUIRED), groups=groups, csv="required_history"
    )


def _table(name: str, columns: Columns, frame: pd.DataFrame) -> PageTable:
    return PageTable(name, tuple(columns), _rows(frame, columns), csv=name)


def _rows(frame: pd.DataFrame, columns: Columns) -> Rows:
    return [_row(record, columns.values()) for record in frame.to_dict("records")]


def _row(
    record: Mapping[Hashable, object], columns: Iterable[tuple[str, Sequence[str]]]
) -> tuple[Statement, ...]:
    """The cells of one row; several columns of the frame make one cell of a tuple."""
    return tuple(
        cell(form, record[names[0]] if len(names) == 1 else tuple(record[n] for n in names))
        for form, names in columns
    )
