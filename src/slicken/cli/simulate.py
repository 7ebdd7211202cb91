"""``slicken simulate``: logs of a simulated rig, with a planted truth."""

from pathlib import Path
from typing import Annotated

import typer

from slicken.cli.terminal import say
from slicken.statements import Statement
from slicken.study.files import write_text


def run(
    scenario: Annotated[
        str,
        typer.Argument(metavar="SCENARIO", help="Planted truth, such as temperature-history."),
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder of the logs; SCENARIO by default.")
    ] = None,
    experiments: Annotated[int, typer.Option(metavar="N", help="Number of experiments.")] = 12,
    duration: Annotated[
        float, typer.Option(metavar="SECONDS", help="Duration of each experiment, in s.")
    ] = 3600.0,
    memory: Annotated[
        float | None,
        typer.Option(metavar="LENGTH", help="Planted memory, in s or in m of slip."),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Random seed.")] = 0,
) -> None:
    """Write logs of a simulated rig, whose memory and causes are known."""
    import json
    import shlex

    from slicken.physics.scenarios import simulate_logs, write_log
    from slicken.reporting.wording import words

    logs = simulate_logs(
        scenario, experiments=experiments, duration=duration, memory=memory, seed=seed
    )
    folder = out or Path(scenario)
    # First, for it makes the folder; logs alone do not say what was planted.
    truth = {log.name: dict(log.truth) for log in logs}
    write_text(folder / "truth.json", json.dumps(truth, indent=2, ensure_ascii=False) + "\n")
    for log in logs:
        write_log(log, folder / f"{log.name}.csv")
    planted = words("en")(Statement.from_plain(logs[0].truth["statement"]))
    say(f"planted: {planted}")
    say(f"{len(logs)} logs in {folder}, and what was planted in {folder / 'truth.json'}")
    say(f"next: slicken study {shlex.quote(str(folder))}/*.csv --preset quick")
