"""``slicken study``: the whole protocol, from logs or a plan to figures; resumes a folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from slicken.cli.terminal import Watcher
    from slicken.experiment import Experiment
    from slicken.study.plan import Plan


def run(
    sources: Annotated[
        list[str], typer.Argument(metavar="PLAN.toml | LOG...", help="A plan, or logs.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Study folder; an unfinished one is gone on with."),
    ] = None,
    channels: Annotated[
        Path | None,
        typer.Option(metavar="MAP.toml", help="Channel map: which column is what, in which unit."),
    ] = None,
    windows: Annotated[
        str | None,
        typer.Option(metavar="SECONDS", help="Lengths, such as 50:500:50 or 50,100,400."),
    ] = None,
    runs: Annotated[
        int | None, typer.Option(metavar="N", help="Trainings of each window length.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(metavar="N", help="Epochs of each training.")
    ] = None,
    stride: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="From one target time to the next.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(metavar="NAME", help="paper, recommended or quick.")
    ] = None,
    split: Annotated[
        str | None, typer.Option(metavar="BY", help="auto, experiment, time or stage.")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Of everything random.")] = None,
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
    from slicken.cli.terminal import Stopped, Watcher

    watcher = Watcher()
    try:
        _do_study(experiments, plan, out, watcher)
    except KeyboardInterrupt:
        kept = watcher.what_is_kept(out)
        nothing = "no window length was finished yet; begin again with"
        raise Stopped(f"{kept}; go on with" if kept else nothing) from None


def _do_study(experiments: "list[Experiment]", plan: "Plan", out: Path, watcher: "Watcher") -> None:
    from slicken.api import report_study, run_study
    from slicken.cli.terminal import say, show_engine, show_findings, show_study

    say(f"{plan.name}: {len(experiments)} experiments -> {out}")
    show_engine(plan.engine)
    show_findings(experiments)
    with watcher.watching():
        study = run_study(experiments, plan, out, observer=watcher, reporter=watcher)
    say("drawing ...")
    show_study(study, report_study(study))


def _plan(sources: list[str], changes: dict[str, Any]) -> "tuple[Plan, Path]":
    from slicken.errors import PlanError
    from slicken.study.plan import Plan

    plans = [source for source in sources if source.endswith(".toml")]
    if not plans:
        logs = tuple(str(Path(source).absolute()) for source in sources)
        return Plan(name=Path(logs[0]).stem, logs=logs, **changes), Path.cwd()
    if len(sources) > 1:
        raise PlanError(f"{plans[0]} is a plan and names its own logs; give it alone, or only logs")
    return Plan.load(plans[0], **changes), Path(plans[0]).parent
