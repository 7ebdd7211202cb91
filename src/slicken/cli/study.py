"""``slicken study``: the whole protocol, from logs or a plan to figures; resumes a folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from slicken.cli.terminal import Watcher
    from slicken.experiment import Experiment
    from slicken.reporting.phrasebook import Language
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
    checkpoint: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="From one checkpoint to the next; 30 if none."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", help="Train in so many processes on this machine.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Train where this Dask scheduler says.")
    ] = None,
    cluster: Annotated[
        Path | None, typer.Option(metavar="CLUSTER.toml", help="Train in jobs of a cluster.")
    ] = None,
    show_job: Annotated[
        bool, typer.Option("--show-job", help="Print the job script of --cluster, and stop.")
    ] = False,
    lang: Annotated[
        str,
        typer.Option("--lang", metavar="LANGUAGE", help="Of the page and the figures: en or ja."),
    ] = "en",
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
    from slicken.experiment.reading import read_logs
    from slicken.reporting.phrasebook import language_named

    language = language_named(lang)
    how = _how(checkpoint, workers, scheduler, cluster)
    if show_job:
        _show_job(how)
        return
    do_study(
        read_logs(plan.logs, plan.channels, beside=beside),
        plan,
        out or Path(f"{plan.name}-study"),
        how,
        language,
    )


def do_study(
    experiments: "list[Experiment]",
    plan: "Plan",
    out: Path,
    how: dict[str, Any] | None = None,
    language: "Language" = "en",
) -> None:
    """Run a study, say how it goes, and write its figures and its page.

    Args:
        experiments: of the study.
        plan: of the study.
        out: the study folder.
        how: Arguments of :func:`slicken.train` that decide no number.
        language: in which the page opens.
    """
    from slicken.cli.terminal import Stopped, Watcher

    watcher = Watcher()
    try:
        _do_study(experiments, plan, out, watcher, how or {}, language)
    except KeyboardInterrupt:
        kept = watcher.what_is_kept(out)
        nothing = "no window length was finished yet; begin again with"
        raise Stopped(f"{kept}; go on with" if kept else nothing) from None


def _do_study(
    experiments: "list[Experiment]",
    plan: "Plan",
    out: Path,
    watcher: "Watcher",
    how: dict[str, Any],
    language: "Language",
) -> None:
    from slicken.cli.terminal import say, show_engine, show_findings, show_study
    from slicken.pipeline import explain, report, train

    say(f"{plan.name}: {len(experiments)} experiments -> {out}")
    if "executor" not in how:
        show_engine(plan.engine)
    show_findings(experiments)
    with watcher.watching():
        trained = train(experiments, plan, out, on_progress=watcher, **how)
        evidence = explain(trained, on_progress=watcher)
    say("drawing ...")
    with watcher.watching():
        page = report(evidence, language=language, on_progress=watcher)
    show_study(evidence, page)


def _how(
    checkpoint: float | None, workers: int | None, scheduler: str | None, cluster: Path | None
) -> dict[str, Any]:
    """What decides no number: who trains, and how often it is kept."""
    from slicken.errors import PlanError

    how: dict[str, Any] = {}
    if checkpoint is not None:
        if not checkpoint >= 0:
            raise PlanError(f"--checkpoint {checkpoint:g}: give seconds, such as 30")
        how["checkpoint_every"] = checkpoint
    if sum(given is not None for given in (workers, scheduler, cluster)) > 1:
        raise PlanError("--workers, --scheduler and --cluster exclude each other; give one")
    if workers is not None:
        from slicken.study.workers import LocalWorkers

        how["executor"] = LocalWorkers(workers)
    elif scheduler is not None:
        from slicken.study.workers import Scheduler

        how["executor"] = Scheduler(scheduler)
    elif cluster is not None:
        from slicken.study.cluster_plan import ClusterPlan

        how["executor"] = ClusterPlan.load(cluster)
    return how


def _show_job(how: dict[str, Any]) -> None:
    from slicken.errors import PlanError
    from slicken.study.cluster_plan import ClusterPlan
    from slicken.study.jobs import job_script

    workers = how.get("executor")
    if not isinstance(workers, ClusterPlan):
        raise PlanError("--show-job: needs --cluster CLUSTER.toml, whose job it shows")
    from slicken.cli.terminal import say

    say(job_script(workers).rstrip())


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
