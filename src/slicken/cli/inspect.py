"""``slicken inspect``: what is in a log: columns, channels, findings, a picture, a channel map."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from slicken.experiment import Inspection, Log


def run(
    logs: Annotated[list[Path], typer.Argument(help="Logs to look at.")],
    channels: Annotated[Path | None, typer.Option(help="Channel map.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for a picture and a channel map of each log.")
    ] = None,
) -> None:
    """Say what is in a log: columns, units, what each became, what is wrong, what is missing."""
    from slicken.cli.terminal import say
    from slicken.experiment import ChannelMap, describe, read_log

    channel_map = ChannelMap.load(channels) if channels else None
    for path in logs:
        log = read_log(path)
        inspection = describe(log, channel_map)
        _show(inspection)
        if out is not None:
            _write(log, inspection, out)
        say()
    if out is None:
        say("--out FOLDER writes a picture and a channel map to start from")


def _show(inspection: "Inspection") -> None:
    from slicken.cli.terminal import say

    say(f"{inspection.source}: {inspection.samples} samples")
    width = max(len(column.name) for column in inspection.columns)
    say(
        f"  {'column':{width}}  {'unit':>6}  {'min':>10} {'median':>10} {'max':>10}  absent  channel"
    )
    for c in inspection.columns:
        numbers = " ".join(f"{value:10.4g}" for value in (c.minimum, c.median, c.maximum))
        say(f"  {c.name:{width}}  {c.unit:>6}  {numbers}  {c.missing:6d}  {c.channel}")
    for finding in inspection.findings:
        say(f"  {finding}")
    if inspection.missing:
        say(f"  missing: {', '.join(inspection.missing)}")
    if inspection.problem:
        say(f"  no experiment can be prepared: {inspection.problem}")
    elif inspection.experiment is not None:
        experiment = inspection.experiment
        stages = "unknown" if experiment.stage is None else str(int(experiment.stage.max()) + 1)
        say(
            f"  prepared: {len(experiment)} samples, step {experiment.dt:g} s, stages: {stages}, "
            f"channels: {', '.join(experiment.channels)}"
        )


def _write(log: "Log", inspection: "Inspection", folder: Path) -> None:
    from slicken.cli.terminal import say
    from slicken.figures import experiment_figure, log_figure, save
    from slicken.study.files import write_text

    times = [c.name for c in inspection.columns if c.channel == "time"]
    figure = log_figure(
        {name: log.column(name) for name in log.columns if name not in times},
        log.column(times[0]) if times else None,
        title=inspection.source,
        recognised={c.name: c.channel for c in inspection.columns if c.channel},
        findings=inspection.findings,
    )
    written = save(figure, folder, f"{inspection.name}-log")
    if inspection.experiment is not None:
        written += save(experiment_figure(inspection.experiment), folder, inspection.name)
    write_text(folder / f"{inspection.name}.toml", inspection.to_toml())
    for path in (*written, folder / f"{inspection.name}.toml"):
        say(f"  wrote {path}")
