"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer


def _language(name: str) -> str:
    """A language of the reports, before anything is done; another one is refused."""
    from slicken.reporting.wording import language_named

    return language_named(name)


Study = Annotated[Path, typer.Argument(metavar="STUDY", help="Study folder.")]
Language = Annotated[
    str,
    typer.Option(
        "--lang",
        metavar="LANGUAGE",
        callback=_language,
        help="Language of report and figures: en or ja.",
    ),
]
Verbose = Annotated[
    bool, typer.Option("--verbose", help="All statements, not only the answer in one screen.")
]
