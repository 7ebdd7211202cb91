"""``slicken report``: evidence, figures and page again, from the folder alone."""

from pathlib import Path
from typing import Annotated

import typer


def run(study: Annotated[Path, typer.Argument(help="A study folder.")]) -> None:
    """Draw the figures and write the page of a study again."""
    from slicken.api import report_study
    from slicken.cli.terminal import Watcher, show_study
    from slicken.evidence.study import Study
    from slicken.study.folder import StudyFolder

    watcher = Watcher()
    with watcher.watching():
        opened = Study(StudyFolder.open(study), watcher)
        page = report_study(opened)
    show_study(opened, page)
