"""``slicken study``: the whole protocol, from logs or a plan to figures; resumes a folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slicken.cli.options import Language, Verbose
from slicken.cli.terminal import Stopped, listed_lengths, say, show_engine, show_findings
from slicken.errors import PlanError, SlickenError

if TYPE_CHECKING:
    from slicken.experiment import Experiment
    from slicken.study.executors import Executor
    from slicken.study.plan import Plan


def run(
    sources: Annotated[
        list[str], typer.Argument(metavar="PLAN.toml | LOG...", help="A plan, or logs.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Study folder; an unfinished one is resumed."),
    ] = None,
    channels: Annotated[
        Path | None,
        typer.Option(
            metavar="MAP.toml", help="Channel map: column, unit and sign of each channel."
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name of the study, on its page and in its files."),
    ] = None,
    windows: Annotated[
        str | None,
        typer.Option(
            metavar="LENGTHS",
            help="Window lengths, in s: 50:500:50 or 50,100,400; over slip, in µm or 50um:2mm.",
        ),
    ] = None,
    clock: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Clock of the windows: time, or slip for windows of equal slip."
        ),
    ] = None,
    runs: Annotated[
        int | None, typer.Option(metavar="N", help="Number of runs of each window length.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(metavar="N", help="Number of epochs of each run.")
    ] = None,
    stride: Annotated[
        float | None,
        typer.Option(metavar="LENGTH", help="Spacing of target times, in s, or in µm of slip."),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Preset for the other settings: paper, recommended or quick."
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="BY", help="Unit of the split: auto, experiment, time, stage or event."
        ),
    ] = None,
    folds: Annotated[
        str | None,
        typer.Option(metavar="N", help="Number of folds, or auto; 1 for a single split."),
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Random seed.")] = None,
    checkpoint: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Time between checkpoints, in s; 30 by default."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Number of local worker processes, or of jobs of --cluster."
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Address of a Dask scheduler to train on."),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Section of dask-jobqueue's configuration, such as slurm."
        ),
    ] = None,
    lang: Language = "en",
    verbose: Verbose = False,
) -> None:
    """Window length, predicted friction and importance of every driver, from logs to a report."""
    changes = {
        "name": name,
        "channels": str(channels.resolve()) if channels else None,
        "windows": windows,
        "clock": clock,
        "runs": runs,
        "epochs": epochs,
        "stride": stride,
        "preset": preset,
        "split": {k: v for k, v in (("by", split), ("folds", folds)) if v} or None,
        "seed": seed,
    }
    from slicken.experiment.reading import read_logs

    plan, beside = _plan(sources, {k: v for k, v in changes.items() if v is not None})
    executor = executor_named(workers, scheduler, cluster)
    do_study(
        read_logs(plan.logs, plan.channels, preparation=plan.preparation, beside=beside),
        plan,
        out or Path(f"{plan.name}-study"),
        executor=executor,
        checkpoint_every=checkpoint,
        lang=lang,
        verbose=verbose,
    )


def do_study(
    experiments: "list[Experiment]",
    plan: "Plan",
    out: Path,
    *,
    executor: "Executor | None" = None,
    checkpoint_every: float | None = None,
    lang: str = "en",
    verbose: bool = False,
) -> None:
    """Run a study with its progress on the terminal, and write its figures and its page.

    Args:
        experiments: Experiments of the study.
        plan: Plan of the study.
        out: Study folder.
        executor: Who trains; this process where None.
        checkpoint_every: Seconds from one checkpoint to the next; the default where None.
        lang: Language in which the page opens.
        verbose: Whether all statements are printed at the end.
    """
    from slicken.cli.progress_bar import ProgressBar
    from slicken.cli.screen import show_answer
    from slicken.pipeline import explain, report, train
    from slicken.reporting.wording import language_named

    language = language_named(lang)
    say(f"{plan.name}: {len(experiments)} experiments -> {out}")
    if executor is None:
        show_engine(plan.engine)
    show_findings(experiments)
    every = {} if checkpoint_every is None else {"checkpoint_every": checkpoint_every}
    try:
        with ProgressBar(plan.clock) as bar:
            trained = train(experiments, plan, out, on_progress=bar, executor=executor, **every)
            evidence = explain(trained, on_progress=bar)
            page = report(evidence, language=language, on_progress=bar)
    except KeyboardInterrupt:
        kept = what_is_kept(out)
        nothing = "no window length was finished yet; begin again with"
        raise Stopped(f"{kept}; resume with" if kept else nothing) from None
    show_answer(evidence, page, verbose=verbose)


def what_is_kept(out: Path) -> str:
    """What of a study lies in its folder, for a user who has stopped it; empty for nothing."""
    from slicken.study.folder import StudyFolder
    from slicken.study.task import begun_windows

    try:
        folder = StudyFolder.open(out)
        finished, begun = folder.finished(), begun_windows(folder)
        unit = folder.plan.unit
    except SlickenError:
        return ""
    up_to = ", ".join(f"{seconds:g} {unit} up to epoch {epoch}" for seconds, epoch in begun.items())
    if finished:
        lengths = f"windows of {listed_lengths(finished, unit)} are finished and kept in {out}"
        return f"{lengths}, {up_to}" if up_to else lengths
    return f"no window length was finished yet; kept in {out} is {up_to}" if up_to else ""


def executor_named(
    workers: int | None, scheduler: str | None, cluster: str | None
) -> "Executor | None":
    """The executor that the options ask for; None for this process.

    Raises:
        SlickenError: If the options exclude each other, or there are too many workers.
    """
    if scheduler is not None and (workers is not None or cluster is not None):
        raise PlanError("--scheduler excludes --workers and --cluster; give one")
    if workers is None and scheduler is None and cluster is None:
        return None
    from slicken.study.executors import Cluster, LocalWorkers, Scheduler

    if scheduler is not None:
        return Scheduler(scheduler)
    if cluster is not None:
        return Cluster(cluster, 1 if workers is None else workers)
    return LocalWorkers(workers or 0)


def _plan(sources: list[str], changes: dict[str, Any]) -> "tuple[Plan, Path]":
    from slicken.study.plan import Plan

    plans = [source for source in sources if source.endswith(".toml")]
    if not plans:
        logs = tuple(str(Path(source).absolute()) for source in sources)
        return Plan(**{"name": Path(logs[0]).stem, "logs": logs, **changes}), Path.cwd()
    if len(sources) > 1:
        raise PlanError(f"{plans[0]} is a plan and names its own logs; give it alone, or only logs")
    return Plan.load(plans[0], **changes), Path(plans[0]).parent
