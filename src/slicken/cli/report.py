"""``slicken report``: evidence, figures and page again, from the folder alone."""

from pathlib import Path
from typing import Annotated

import typer


def run(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="A study folder.")],
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Also train without each driver in turn.")
    ] = False,
    leak: Annotated[
        bool, typer.Option("--leak", help="Also train on a random split, to see what it hides.")
    ] = False,
    lang: Annotated[
        str,
        typer.Option("--lang", metavar="LANGUAGE", help="Of the page and the figures: en or ja."),
    ] = "en",
) -> None:
    """Draw the figures and write the page of a study again."""
    from slicken.api import report_study
    from slicken.cli.progress_bar import ProgressBar
    from slicken.cli.terminal import show_study
    from slicken.evidence.study import Study
    from slicken.reporting.phrasebook import language_named
    from slicken.study.folder import StudyFolder

    language = language_named(lang)
    with ProgressBar() as bar:
        opened = Study(StudyFolder.open(study), bar)
        if retrain:
            opened.retrain_without()
        if leak:
            opened.measure_leak()
        page = report_study(opened, language, on_progress=bar)
    show_study(opened, page)
