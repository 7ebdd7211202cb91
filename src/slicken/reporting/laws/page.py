"""Page of friction laws: the answer, figures, tables and methods, in one HTML file."""

from collections.abc import Iterator, Sequence
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

from slicken.reporting.figures import (
    laws_events,
    laws_healing,
    laws_history,
    laws_joint,
    laws_parameters,
)
from slicken.reporting.figures.contract import Sheet
from slicken.reporting.laws.answer import answer_of
from slicken.reporting.laws.layout import event_tables, over_event_tables
from slicken.reporting.laws.methods import methods_paragraph
from slicken.reporting.shell import figure_of, render_page

if TYPE_CHECKING:
    from slicken.experiment.samples import Samples
    from slicken.laws.results import Laws
    from slicken.reporting.drawing import Drawn
    from slicken.reporting.wording import Language

SECTIONS = {
    "answer": "page.answer", "events": "laws_page.events", "trust": "laws_page.trust",
    "figures": "page.figures", "logs": "page.logs", "repeat": "page.repeat",
}  # fmt: skip
"""Sections in their order, by their place in the page and the key of their title."""
VERSIONS = ("slicken", "jax", "diffrax", "scipy", "numpy")


def sheets_of(laws: "Laws") -> Iterator[Sheet]:
    """Every figure that has something to show, in the order in which a paper would show them.

    Args:
        laws: Friction laws.
    """
    pages = laws_events.pages(laws)
    for number, some in enumerate(pages, 1):
        name = laws_events.NAME if number == 1 else f"{laws_events.NAME}_{number}"
        ends = {"first": some[0][0], "last": some[-1][0], "count": len(some)}
        yield Sheet(name, partial(laws_events.draw, some), laws_events.NAME, ends)
    for figure in (laws_parameters, laws_joint, laws_healing, laws_history):
        data = figure.data(laws)
        if data is not None:
            yield Sheet(figure.NAME, partial(figure.draw, data))


def render(
    laws: "Laws",
    records: "Sequence[Samples]",
    drawn: "Sequence[Drawn]",
    tables: Sequence[str],
    language: "Language" = "en",
) -> str:
    """The page as text; whatever came from a log is shown as text, never as markup.

    Args:
        laws: Friction laws.
        records: Records that they are of.
        drawn: Figures.
        tables: Names of the tables beside the page.
        language: Language in which the page opens.
    """
    answered = answer_of(laws)
    return render_page(
        "laws.html.j2",
        answered.name,
        language,
        drawn,
        SECTIONS,
        version=version("slicken"),
        closing="laws_page.closing",
        files_note="laws_page.files",
        answer=answered,
        first=figure_of(drawn[0]) if drawn else None,
        figures=[figure_of(each) for each in drawn[1:]],
        events=event_tables(laws, answered.rows),
        over_events=over_event_tables(laws),
        records=records,
        methods=methods_paragraph(laws),
        tables=tables,
        versions={name: version(name) for name in VERSIONS},
    )
