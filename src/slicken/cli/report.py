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
    from slicken.cli.terminal import Watcher, say, show_study
    from slicken.pipeline import explain, open_study
    from slicken.pipeline import report as write_report
    from slicken.reporting.phrasebook import language_named

    language = language_named(lang)
    watcher = Watcher()
    trained = open_study(study)
    with watcher.watching():
        evidence = explain(trained, ablation=retrain, leak=leak, on_progress=watcher)
    say("drawing ...")
    with watcher.watching():
        page = write_report(evidence, language=language, on_progress=watcher)
    show_study(evidence, page)
