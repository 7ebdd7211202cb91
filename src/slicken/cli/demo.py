"""``slicken demo``: simulated experiments with a planted memory, and a small study of them."""

from pathlib import Path
from typing import Annotated

import typer

from slicken.cli.options import Language, Verbose
from slicken.cli.terminal import say
from slicken.statements import Statement

SCENARIO = "thermal-softening"
MEMORY = 200.0
"""Seconds. At 4 mm/s a thermocouple changes within minutes, as the stages of normal stress do: its
present reading holds 94 % of the variance of its mean over 100 s, and 81 % of that over 200 s. The
windows reach to twice that."""
EXPERIMENTS = 12
DURATION = 3600.0
WINDOWS = (10, 25, 50, 100, 200, 400)
FOLDS = 4


def run(
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Study folder.")] = Path("demo"),
    seed: Annotated[int, typer.Option(metavar="N", help="Random seed.")] = 0,
    lang: Language = "en",
    verbose: Verbose = False,
) -> None:
    """Simulate a rig, run a small study on it, and compare what it finds with what was planted."""
    from slicken.cli.study import do_study
    from slicken.physics.scenarios import simulate
    from slicken.reporting.wording import words
    from slicken.study.plan import Plan

    say(f"simulating {EXPERIMENTS} experiments of {DURATION:g} s ...")
    experiments = simulate(
        SCENARIO, experiments=EXPERIMENTS, duration=DURATION, memory=MEMORY, seed=seed
    )
    planted = words("en")(Statement.from_plain(experiments[0].provenance.truth["statement"]))
    say(f"planted: {planted}")
    plan = Plan(name="demo", preset="quick", windows=WINDOWS, seed=seed, split={"folds": FOLDS})
    do_study(experiments, plan, out, lang=lang, verbose=verbose)
