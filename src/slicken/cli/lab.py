"""``slicken lab``: experiments that nobody ran, on the networks of a study."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slicken.channels import AXIAL_DISPLACEMENT, SLIP_VELOCITY, TEMPERATURE, TIME
from slicken.cli.options import Language, Study
from slicken.cli.terminal import complain, say, say_wrapped
from slicken.errors import LabError, shown

if TYPE_CHECKING:
    from slicken.channels import Channel
    from slicken.evidence.lab_courses import Kind

AUTO = "auto"
LEVELS: "dict[Kind, Channel]" = {
    "velocity_steps": SLIP_VELOCITY,
    "holds": TIME,
    "temperature": TEMPERATURE,
    "displacement": AXIAL_DISPLACEMENT,
}
"""Experiments, and what their levels are measured in."""
_LIST = re.compile(r"\s*((?:[-+.\deE]+[\s,]*)+)\s*(\D.*)?\Z")


def run(
    study: Study,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Folder for tables and figures; by default STUDY/lab."),
    ] = None,
    velocity: Annotated[
        str | None,
        typer.Option(metavar="LEVELS", help='Velocity steps, such as "1,10,100 um/s", or auto.'),
    ] = None,
    holds: Annotated[
        str | None,
        typer.Option(metavar="DURATIONS", help='Holds, such as "10,30,100 s", or auto.'),
    ] = None,
    temperature: Annotated[
        str | None,
        typer.Option(metavar="LEVELS", help='Temperatures, such as "30,60,30 degC", or auto.'),
    ] = None,
    displacement: Annotated[
        str | None,
        typer.Option(metavar="LEVELS", help='Axial displacements, such as "0,50 um", or auto.'),
    ] = None,
    following: Annotated[
        bool,
        typer.Option(
            "--following",
            help="Other drivers follow the one that is moved, as they did in the training part.",
        ),
    ] = False,
    window: Annotated[
        float | None,
        typer.Option(metavar="LENGTH", help="Window length, in s; by default the best."),
    ] = None,
    lang: Language = "en",
) -> None:
    """Run experiments that nobody ran, on the networks of a study."""
    asked: dict[Kind, str | None] = {
        "velocity_steps": velocity,
        "holds": holds,
        "temperature": temperature,
        "displacement": displacement,
    }
    levels = {kind: levels_named(kind, text) for kind, text in asked.items() if text is not None}
    from slicken.evidence.lab_numbers import run_lab
    from slicken.pipeline import explain, open_study
    from slicken.reporting.lab import caveats, heads, row, write_lab
    from slicken.reporting.wording import language_named, words
    from slicken.study.files import check_folder

    folder = study / "lab" if out is None else out
    check_folder(folder)
    evidence = explain(open_study(study))
    lab = run_lab(
        evidence,
        tuple(levels) or None,
        levels={kind: each for kind, each in levels.items() if each},
        others="following" if following else "held",
        window=window,
    )
    english = words("en")
    for line in heads(lab):
        say_wrapped(english(line))
    head = tuple(english(f"lab.{name}") for name in ("parameter", "networks", "data"))
    rows = [head, *(tuple(english(cell) for cell in row(one)) for one in lab.numbers)]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for each in rows:
        cells = (f"{cell:{width}}" for cell, width in zip(each, widths, strict=True))
        say(f"  {'  '.join(cells).rstrip()}")
    for line in caveats(lab):
        say_wrapped(english(line))
    for path in write_lab(lab, folder, language=language_named(lang)):
        if path.suffix in (".csv", ".json", ".png"):
            say(f"wrote {path}")
    if all(one.problem is not None for one in lab.numbers):
        complain(english("lab.nothing_told", name=lab.name))
        raise typer.Exit(2)


def levels_named(kind: "Kind", text: str) -> tuple[float, ...]:
    """Levels that an option names, in the unit of their channel; none where they are ``auto``.

    Raises:
        LabError: If they are no numbers.
        ChannelError: If their unit measures something else.

    Example:
        >>> levels_named("velocity_steps", "1, 10 mm/s")
        (0.001, 0.01)
    """
    import numpy as np

    from slicken.logs.units import to_si

    if text.strip() == AUTO:
        return ()
    found, channel = _LIST.match(text), LEVELS[kind]
    option = f"--{kind.partition('_')[0]}"
    try:
        numbers = (
            [float(each) for each in re.split(r"[\s,]+", found[1].strip(" ,"))] if found else []
        )
    except ValueError:
        numbers = []
    if not numbers or not np.isfinite(numbers).all():
        raise LabError(
            f"{option} {shown(text)}: give numbers and a unit, such as "
            f'"1,2 {channel.shown_unit}", or auto'
        )
    si = to_si(np.array(numbers), (found[2] or "").strip() if found else "", channel)
    return tuple(float(each) for each in si)
