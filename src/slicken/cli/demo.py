"""``slicken demo``: simulated experiments with a planted memory, and a small study of them."""

from pathlib import Path
from typing import Annotated

import typer

SCENARIO = "temperature-history"
EXPERIMENTS = 12
WINDOWS = (10, 25, 50, 75, 100, 150, 200, 300)


def run(
    out: Annotated[Path, typer.Option(help="Study folder.")] = Path("demo"),
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
) -> None:
    """Simulate a rig, run a small study on it, and compare what it finds with what was planted."""
    from slicken.cli.study import do_study
    from slicken.cli.terminal import say
    from slicken.physics.scenarios import simulate
    from slicken.study.plan import Plan

    experiments = simulate(SCENARIO, experiments=EXPERIMENTS, seed=seed)
    say(f"planted: {experiments[0].provenance.truth['words']}")
    do_study(experiments, Plan(name="demo", preset="quick", windows=WINDOWS, seed=seed), out)
