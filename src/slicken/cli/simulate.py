"""``slicken simulate``: logs of a simulated rig, with a planted truth."""

from pathlib import Path
from typing import Annotated

import typer


def run(
    scenario: Annotated[
        str, typer.Argument(help="What friction depends on, such as temperature-history.")
    ],
    out: Annotated[Path | None, typer.Option(help="Folder for the logs.")] = None,
    experiments: Annotated[int, typer.Option(help="How many.")] = 12,
    duration: Annotated[float, typer.Option(help="Seconds of each.")] = 3600.0,
    memory: Annotated[
        float | None, typer.Option(help="Planted memory: seconds, or metres of slip.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
) -> None:
    """Write logs as a rig would, from a fault whose memory and causes are known."""
    from slicken.cli.terminal import say
    from slicken.physics.scenarios import simulate_logs, write_log

    logs = simulate_logs(
        scenario, experiments=experiments, duration=duration, memory=memory, seed=seed
    )
    folder = out or Path(scenario)
    for log in logs:
        write_log(log, folder / f"{log.name}.csv")
    say(f"planted: {logs[0].truth['words']}")
    say(f"{len(logs)} logs in {folder}; next: slicken study {folder}/*.csv --preset quick")
