"""``slicken study``: the whole protocol, from logs or a plan to figures; resumes a folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from slicken.experiment import Experiment
    from slicken.study.plan import Plan


def run(
    sources: Annotated[
        list[str], typer.Argument(metavar="PLAN.toml | LOG...", help="A plan, or logs.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Study folder; an unfinished one is gone on with.")
    ] = None,
    channels: Annotated[
        Path | None, typer.Option(help="Channel map: which column is what, in which unit.")
    ] = None,
    windows: Annotated[
        str | None, typer.Option(help="Lengths in s, such as 50:500:50 or 50,100,400.")
    ] = None,
    runs: Annotated[int | None, typer.Option(help="Trainings of each window length.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs of each training.")] = None,
    stride: Annotated[
        float | None, typer.Option(help="Seconds from one target time to the next.")
    ] = None,
    preset: Annotated[str | None, typer.Option(help="paper, recommended or quick.")] = None,
    split: Annotated[str | None, typer.Option(help="auto, experiment, time or stage.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of everything random.")] = None,
) -> None:
    """Do the whole protocol: window length, friction predicted, importance of every driver."""
    changes = {
        "channels": str(channels.resolve()) if channels else None,
        "windows": windows,
        "runs": runs,
        "epochs": epochs,
        "stride": stride,
        "preset": preset,
        "split": {"by": split} if split else None,
        "seed": seed,
    }
    plan, beside = _plan(sources, {k: v for k, v in changes.items() if v is not None})
    from slicken.study.logs import read_logs

    do_study(read_logs(plan, beside), plan, out or Path(f"{plan.name}-study"))


def do_study(experiments: "list[Experiment]", plan: "Plan", out: Path) -> None:
    """Run a study, say how it goes, and write its figures and its page."""
    from slicken.api import report_study, run_study
    from slicken.cli.terminal import Watcher, say, show_findings, show_study

    say(f"{plan.name}: {len(experiments)} experiments -> {out}")
    show_findings(experiments)
    watcher = Watcher()
    with watcher.watching():
        study = run_study(experiments, plan, out, observer=watcher, reporter=watcher)
    say("drawing ...")
    show_study(study, report_study(study))


def _plan(sources: list[str], changes: dict[str, Any]) -> "tuple[Plan, Path]":
    from slicken.errors import PlanError
    from slicken.study.plan import Plan

    plans = [source for source in sources if source.endswith(".toml")]
    if not plans:
        logs = tuple(str(Path(source).resolve()) for source in sources)
        return Plan(name=Path(logs[0]).stem, logs=logs, **changes), Path.cwd()
    if len(sources) > 1:
        raise PlanError(f"{plans[0]} is a plan and names its own logs; give it alone, or only logs")
    return Plan.load(plans[0], **changes), Path(plans[0]).parent
