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
    from slicken.cli.terminal import Watcher, say, show_study
    from slicken.evidence.study import Study
    from slicken.reporting.phrasebook import language_named
    from slicken.study.folder import StudyFolder

    language = language_named(lang)
    watcher = Watcher()
    opened = Study(StudyFolder.open(study), watcher)
    with watcher.watching():
        if retrain:
            opened.retrain_without()
        if leak:
            opened.measure_leak()
        # Asked for here, so that the page is drawn after the bar has ended.
        opened.evidence  # noqa: B018
    say("drawing ...")
    with watcher.watching():
        page = report_study(opened, language, reporter=watcher)
    show_study(opened, page)
