"""Report: everything that is written about friction laws, into one folder."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from slicken.laws.event_table import events_table
from slicken.laws.saved import save_laws
from slicken.reporting.drawing import draw_sheets, write_sheets
from slicken.reporting.laws.page import render, sheets_of
from slicken.reporting.laws.summary import write_summary
from slicken.reporting.laws.tables import tables_of, write_tables
from slicken.reporting.wording import Language, language_named, words
from slicken.study.files import write_text, written_aside

if TYPE_CHECKING:
    from slicken.experiment.samples import Samples
    from slicken.laws.results import Laws

NAME = "laws"
"""Name of the files, without ending."""


def write_laws(
    laws: "Laws",
    records: "Sequence[Samples]",
    out: str | Path,
    *,
    language: Language = "en",
    figures: bool = False,
) -> list[Path]:
    """Write friction laws as tables, JSON, netCDF, figures and a page.

    Args:
        laws: Friction laws.
        records: Records that they are of.
        out: Folder, made if it is not there; files of an earlier call are replaced.
        language: Language in which the page opens, ``en`` or ``ja``; it holds both. Words in the
            files of the figures are in it.
        figures: Whether every figure is also written for one and two columns of a journal, as PDF,
            PNG and SVG.

    Returns:
        The tables, ``laws.json``, ``laws.nc``, then the page.

    Raises:
        SlickenError: If the folder cannot be written, or there is no such language.
    """
    language = language_named(language)
    folder = Path(out)
    tables = tables_of(laws)
    written = [*write_tables(tables, folder), *_write_events(laws, folder)]
    written.append(write_summary(laws, records, folder))
    with written_aside(folder / f"{NAME}.nc", synced=False) as aside:
        save_laws(laws, aside)
    drawn = draw_sheets(sheets_of(laws), folder, language)
    page = folder / f"{NAME}.html"
    write_text(page, render(laws, records, drawn, tuple(tables), language))
    if figures:
        write_sheets(sheets_of(laws), folder, language)
    return [*written, folder / f"{NAME}.nc", page]


def _write_events(laws: "Laws", folder: Path) -> Iterator[Path]:
    """Events of each record as a table that a user can correct."""
    say = words("en")
    for name in laws.records:
        events = [one.event for one in laws.events if one.record == name]
        plain = re.sub(r"[^\w.+-]", "_", name)
        path = folder / ("events.csv" if len(laws.records) == 1 else f"events-{plain}.csv")
        problems = ["" if one.problem is None else say(one.problem) for one in events]
        write_text(path, events_table(events, problems))
        yield path
