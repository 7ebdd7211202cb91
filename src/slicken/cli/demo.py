"""``slicken demo``: simulated experiments with a planted memory, and a small study of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from slicken.study.plan import Plan

SCENARIO = "temperature-history"
EXPERIMENTS = 12
DURATION = 3600.0
WINDOWS = (10, 25, 50, 75, 100, 150, 200, 300)


def run(
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Study folder.")] = Path("demo"),
    seed: Annotated[int, typer.Option(metavar="N", help="Random seed.")] = 0,
    lang: Annotated[
        str,
        typer.Option(
            "--lang", metavar="LANGUAGE", help="Language of report and figures: en or ja."
        ),
    ] = "en",
) -> None:
    """Simulate a rig, run a small study on it, and compare what it finds with what was planted."""
    from slicken.cli.study import do_study
    from slicken.cli.terminal import say
    from slicken.physics.scenarios import simulate
    from slicken.reporting.phrasebook import language_named
    from slicken.reporting.wording import words
    from slicken.statements import Statement

    language = language_named(lang)

    say(f"simulating {EXPERIMENTS} experiments of {DURATION:g} s ...")
    experiments = simulate(SCENARIO, experiments=EXPERIMENTS, duration=DURATION, seed=seed)
    planted = words("en")(Statement.from_plain(experiments[0].provenance.truth["statement"]))
    say(f"planted: {planted}")
    do_study(experiments, _plan(seed), out, language=language)


def _plan(seed: int) -> "Plan":
    from slicken.study.plan import Plan

    return Plan(name="demo", preset="quick", windows=WINDOWS, seed=seed)
