"""``slicken inspect``: what is in a log: columns, channels, findings, a picture, a channel map."""

from functools import partial
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slicken.cli.terminal import complain, say
from slicken.errors import LogError
from slicken.study.files import write_text

if TYPE_CHECKING:
    from slicken.experiment import Experiment, Inspection
    from slicken.experiment.by_stage import ByStage

_MOST_LINES = 40
_MOST_STAGES = 10


def run(
    logs: Annotated[list[Path], typer.Argument(metavar="LOG...", help="Logs to inspect.")],
    channels: Annotated[Path | None, typer.Option(metavar="MAP.toml", help="Channel map.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Folder for pictures and channel maps."),
    ] = None,
    table: Annotated[
        str | None, typer.Option(metavar="NAME", help="Sheet, group or struct to read.")
    ] = None,
) -> None:
    """Show what is in a log: columns, units, channels, findings, and what is missing."""
    from slicken.experiment import ChannelMap, describe, read_log
    from slicken.experiment.joined import wholes_of

    channel_map = ChannelMap.load(channels) if channels else None
    wholes = wholes_of(dict.fromkeys(logs, channel_map))
    unread, prepared, shown = 0, [], 0
    for path in logs:
        if path in wholes:
            say(f"{path.name}: part of {wholes[path].name}, as the channel map says")
            say()
            continue
        try:
            log = read_log(path, table=table or (channel_map.table_of(path) if channel_map else ""))
        except LogError as error:
            # The others can be looked at all the same.
            complain(str(error))
            unread += 1
            continue
        inspection = describe(log, channel_map, folder=path.parent)
        _show(inspection)
        if out is not None:
            _write(inspection, out, _name(path, logs))
        say()
        shown += 1
        if inspection.experiment is not None:
            prepared.append(inspection.experiment)
    _show_levels(prepared)
    if shown and out is None:
        say("--out FOLDER writes a picture and a channel map to start from")
    if unread:
        raise typer.Exit(2)


def _show(inspection: "Inspection") -> None:
    from slicken.reporting.findings import say_finding
    from slicken.reporting.wording import words

    english = words("en")
    say(f"{inspection.source}: {inspection.samples} samples")
    names = max(len("column"), *(len(column.name) for column in inspection.columns))
    units = max(len("unit"), *(len(column.unit) for column in inspection.columns))
    say(
        f"  {'column':{names}}  {'unit':>{units}}  {'min':>10} {'median':>10} {'max':>10}"
        "  absent  channel"
    )
    for c in inspection.columns:
        numbers = " ".join(f"{value:10.4g}" for value in (c.minimum, c.median, c.maximum))
        row = f"  {c.name:{names}}  {c.unit:>{units}}  {numbers}  {c.missing:6d}  {c.channel}"
        say(row.rstrip())
    for finding in inspection.findings:
        say(f"  {say_finding(finding, english)}")
    if inspection.missing:
        say(f"  missing: {', '.join(inspection.missing)}")
    if inspection.problem:
        say(f"  no experiment can be prepared: {inspection.problem}")
        _show_remedies(inspection)
    elif inspection.experiment is not None:
        experiment = inspection.experiment
        stages = "unknown" if experiment.stage is None else str(int(experiment.stage.max()) + 1)
        proposed = sum(bool(finding.correction) for finding in inspection.findings)
        if proposed:
            say(f"  corrections proposed: {proposed}, as comments in the map that --out writes")
        if inspection.steady is not None:
            say(f"  steady sliding: {english(inspection.steady.why)}; to keep only this, in a map:")
            for line in inspection.steady.correction.splitlines():
                say(f"    {line}")
        say(
            f"  prepared: {len(experiment)} samples, step {experiment.dt:g} s, stages: {stages}, "
            f"channels: {', '.join(experiment.channels)}"
        )
        if inspection.by_stage is not None:
            _show_stages(inspection.by_stage)


def _show_stages(stages: "ByStage") -> None:
    """Means of the first stages; ± is one standard error."""
    say(
        f"  {'stage':>5} {'from (s)':>10} {'to (s)':>10} {'V (µm/s)':>10} {'friction':>9} "
        f"{'spread':>8}  dµ/d ln V"
    )
    for row in stages.rows()[:_MOST_STAGES]:
        velocity = "" if isnan(row["velocity_um_s"]) else f"{row['velocity_um_s']:.4g}"
        slope = (
            ""
            if isnan(row["dmu_dlnV"])
            else f"{row['dmu_dlnV']:.4f} ± {row['dmu_dlnV_standard_error']:.4f}"
        )
        line = (
            f"  {row['stage']:5.0f} {row['start_s']:10.6g} {row['end_s']:10.6g} {velocity:>10} "
            f"{row['friction']:9.4f} {row['spread']:8.4f}  {slope}"
        )
        say(line.rstrip())
    if len(stages) > _MOST_STAGES:
        say(f"  and {len(stages) - _MOST_STAGES} more, which --out writes as a table")


def _show_levels(experiments: "list[Experiment]") -> None:
    """A proposal for the plan, where experiments differ in level."""
    from slicken.experiment.levels import levels_of
    from slicken.reporting.wording import words

    levels = levels_of(experiments)
    if levels is not None and levels.dominate:
        say(words("en")("next.relative", between=levels.between, within=levels.within))


def _show_remedies(inspection: "Inspection") -> None:
    """The corrections that would make an experiment of it; findings do not show theirs."""
    from slicken.reporting.channel_map import correction_lines
    from slicken.reporting.wording import words

    proposed = [finding for finding in inspection.findings if finding.correction]
    lines = [line for finding in proposed for line in correction_lines(finding, words("en"))]
    if lines:
        say("  possible corrections, in a map:")
    for line in lines[:_MOST_LINES]:
        say(f"    {line}")


def _name(path: Path, logs: list[Path]) -> str:
    """What files about a log are called; its folder tells two logs of one name apart."""
    alone = sum(other.stem == path.stem for other in logs) == 1
    return path.stem if alone else f"{path.absolute().parent.name}-{path.name}"


def _write(inspection: "Inspection", folder: Path, name: str) -> None:
    from slicken.reporting.channel_map import channel_map_toml
    from slicken.reporting.figures import experiment_figure, log_figure, save
    from slicken.reporting.wording import words

    log = inspection.log
    times = [c.name for c in inspection.columns if c.channel == "time"]
    draw = partial(
        log_figure,
        {column: log.column(column) for column in log.columns if column not in times},
        words("en"),
        time=log.column(times[0]) if times else None,
        title=inspection.source,
        recognised={c.name: c.channel for c in inspection.columns if c.channel},
        findings=inspection.findings,
    )
    written = save(draw, folder, f"{name}-log")
    if inspection.experiment is not None:
        steady = inspection.steady
        draw = partial(
            experiment_figure,
            inspection.experiment,
            words("en"),
            findings=inspection.findings,
            steady=None if steady is None else (steady.start, steady.end),
        )
        written += save(draw, folder, name)
    if inspection.by_stage is not None:
        table = folder / f"{name}-stages.csv"
        write_text(table, inspection.by_stage.csv())
        written.append(table)
    for path in written:
        say(f"  wrote {path}")
    channel_map = folder / f"{name}.toml"
    if channel_map.exists():
        # It may have been completed by hand.
        say(f"  kept {channel_map}, which was there before")
    else:
        write_text(channel_map, channel_map_toml(inspection, words("en")))
        say(f"  wrote {channel_map}")
