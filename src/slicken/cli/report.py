"""``slicken report``: evidence, figures and page again, from the folder alone."""

from typing import Annotated

import typer

from slicken.cli.options import Language, Study, Verbose


def run(
    study: Study,
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Networks without each driver in turn, too.")
    ] = False,
    leak: Annotated[
        bool, typer.Option("--leak", help="Networks on a random split, too, to see what it hides.")
    ] = False,
    figures: Annotated[
        bool,
        typer.Option(
            "--figures", help="Figures for one and two columns of a journal: PDF, PNG and SVG."
        ),
    ] = False,
    lang: Language = "en",
    verbose: Verbose = False,
) -> None:
    """Figures and page of a study again."""
    from slicken.cli.progress_bar import ProgressBar
    from slicken.cli.screen import show_answer
    from slicken.pipeline import explain, open_study
    from slicken.pipeline import report as write_report
    from slicken.reporting.wording import language_named

    trained = open_study(study)
    with ProgressBar(trained.plan.clock) as bar:
        evidence = explain(trained, ablation=retrain, leak=leak, on_progress=bar)
        language = language_named(lang)
        page = write_report(evidence, language=language, figures=figures, on_progress=bar)
    show_answer(evidence, page, verbose=verbose)
