"""``slicken law``: friction laws of velocity steps and holds, from a log."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slicken.cli.options import Language
from slicken.cli.terminal import complain, say, show_findings
from slicken.errors import LawError, shown

if TYPE_CHECKING:
    from slicken.cli.progress_bar import ProgressBar
    from slicken.physics.spring_slider import Evolution

LAWS: tuple["Evolution", ...] = ("ageing", "slip")
THERMAL, STATES = "thermal", ("1", "2")


def run(
    logs: Annotated[
        list[str],
        typer.Argument(
            metavar="LOG...", help="Logs with friction, and the load point or slip velocity."
        ),
    ],
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Folder for tables, page and figures.")
    ],
    channels: Annotated[
        Path | None,
        typer.Option(
            metavar="MAP.toml", help="Channel map: column, unit and sign of each channel."
        ),
    ] = None,
    law: Annotated[
        str, typer.Option(metavar="NAMES", help="Laws to fit: ageing, slip, thermal.")
    ] = "ageing,slip",
    states: Annotated[
        str, typer.Option(metavar="NUMBERS", help="Numbers of states to try: 1, 2 or 1,2.")
    ] = "1,2",
    stiffness: Annotated[
        str | None,
        typer.Option(
            metavar="VALUE",
            help="Stiffness with its unit, such as 0.0065/um or 0.1 MPa/um; fitted by default.",
        ),
    ] = None,
    steps: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="Table of events in place of those found; start from events.csv.",
        ),
    ] = None,
    history: Annotated[
        bool,
        typer.Option("--history", help="Law of whole records, with the velocity imposed, too."),
    ] = False,
    lang: Language = "en",
    figures: Annotated[
        bool,
        typer.Option(
            "--figures", help="Figures for one and two columns of a journal: PDF, PNG and SVG."
        ),
    ] = False,
) -> None:
    """Fit friction laws to velocity steps and holds: a, b, Dc and stiffness, with intervals."""
    laws, thermal = laws_named(law)
    numbers = states_named(states)
    from slicken import fit_laws, write_laws
    from slicken.cli.law_screen import show_laws
    from slicken.cli.progress_bar import ProgressBar
    from slicken.experiment.samples import read_samples
    from slicken.reporting.laws.answer import why_nothing
    from slicken.reporting.wording import language_named, words
    from slicken.study.files import check_folder

    language = language_named(lang)
    check_folder(out)
    records = read_samples(logs, channels)
    say(f"{len(records)} {'record' if len(records) == 1 else 'records'} -> {out}")
    show_findings(records)
    with ProgressBar() as bar:
        found = fit_laws(
            records,
            laws=laws,
            states=numbers,
            stiffness=stiffness,
            steps=steps,
            history=history or None,
            thermal=thermal,
            on_event=partial(_show, bar),
        )
    written = write_laws(found, records, out, language=language, figures=figures)
    show_laws(found, written)
    why = why_nothing(found)
    if why is not None:
        key = "laws.nothing_fitted" if laws else "laws.nothing_thermal"
        said = words("en")(key, why=why, folder=str(out))
        complain(said)
        raise typer.Exit(2)


def _show(bar: "ProgressBar", record: str, number: int, total: int) -> None:
    """Move the bar to an event."""
    from slicken.statements import Statement
    from slicken.study.progress import Progress

    doing = Statement("progress.law_event", record=record, number=number, total=total)
    bar(Progress("laws", doing, number - 1, total))


def laws_named(text: str) -> tuple[tuple["Evolution", ...], bool]:
    """Laws that an option names, and whether the thermal law is one of them.

    Raises:
        LawError: If there is no such law.

    Example:
        >>> laws_named("slip,thermal")
        (('slip',), True)
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in (*LAWS, THERMAL):
            raise LawError(f"--law {shown(name)}: there is ageing, slip and thermal; give some")
    if not names:
        raise LawError("--law: names no law; give some of ageing, slip and thermal")
    return tuple(name for name in LAWS if name in names), THERMAL in names


def states_named(text: str) -> tuple[int, ...]:
    """Numbers of states that an option names.

    Raises:
        LawError: If one is neither 1 nor 2.

    Example:
        >>> states_named("1,2")
        (1, 2)
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names or any(name not in STATES for name in names):
        raise LawError(f"--states {shown(text)}: a law has one or two states; give 1, 2 or 1,2")
    return tuple(sorted({int(name) for name in names}))
