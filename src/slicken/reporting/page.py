"""The page: a study's answer, figures and everything needed to repeat it, in one HTML file."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from slicken.reporting.answer import answer
from slicken.reporting.drawing import Drawn, draw_study
from slicken.reporting.layout import (
    answer_tables,
    data_table,
    hashes_table,
    trust_tables,
)
from slicken.reporting.methods import ASSUMPTIONS, methods_paragraph, split_of, trained_as
from slicken.reporting.plan_shown import without_folders
from slicken.reporting.shell import figure_of, render_page
from slicken.reporting.tables import tables_of, write_tables
from slicken.study.files import write_text
from slicken.study.progress import OnProgress, ignore

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.reporting.wording import Language

SECTIONS = ("answer", "data", "trust", "figures", "logs", "repeat")
"""Sections in their order, by their place in the page and the key of their title."""
FIRST_FIGURES = ("memory_answer", "memory")
"""Names of the figure of the first screen, the best first."""


def write_report(
    evidence: "Evidence", language: "Language" = "en", on_progress: OnProgress = ignore
) -> Path:
    """Draw all figures, write the tables as CSV, and write ``report.html``.

    Args:
        evidence: All evidence of the study.
        language: Language in which the page opens; it holds both, and a switch.
        on_progress: Function called before each figure.

    Returns:
        The page.
    """
    folder = evidence.trained.path
    tables = tables_of(evidence)
    write_tables(tables, folder, evidence.trained.plan.unit)
    page = folder / "report.html"
    drawn = draw_study(evidence, language, on_progress)
    write_text(page, render(evidence, drawn, language, tables))
    return page


def render(
    evidence: "Evidence",
    drawn: list[Drawn],
    language: "Language" = "en",
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> str:
    """The page as text; whatever came from a log is shown as text, never as markup.

    Args:
        evidence: All evidence of the study.
        drawn: Figures of the study.
        language: Language in which the page opens.
        tables: Tables of the study; built anew where None.
    """
    frames = tables_of(evidence) if tables is None else tables
    answered, trained = answer(evidence), evidence.trained
    first = next((one for name in FIRST_FIGURES for one in drawn if one.name == name), None)
    return render_page(
        "report.html.j2",
        trained.plan.name,
        language,
        drawn,
        {name: f"page.{name}" for name in SECTIONS},
        version=str(trained.folder.versions.get("slicken", "")),
        clock=trained.plan.clock,
        csv_folder="tables/",
        answer=answered,
        cards=answer_tables(answered),
        first=first and figure_of(first),
        figures=[figure_of(each) for each in drawn if each is not first],
        proven=evidence.skill.proven,
        trained=trained,
        data=data_table(frames["experiments"]),
        split=split_of(trained),
        trained_as=trained_as(trained),
        plan=without_folders(trained.plan),
        assumptions=ASSUMPTIONS if trained.plan.preset == "paper" else (),
        trust=[each for each in trust_tables(evidence, answered, frames) if each],
        methods=methods_paragraph(evidence),
        hashes=hashes_table(frames["experiments"]),
        tables=tuple(frames),
    )
