"""Inspection: what is in a log, before anything is done with it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from slicken.errors import SlickenError
from slicken.experiment.by_stage import ByStage, by_stage
from slicken.experiment.clock import crop
from slicken.experiment.columns import read_channels
from slicken.experiment.guess import guess_channels
from slicken.experiment.preparation import apply_corrections, prepare
from slicken.experiment.quality.checks import MEASURED
from slicken.experiment.quality.clock_faults import find_clock_faults
from slicken.experiment.steady import SteadySliding, find_steady_sliding
from slicken.logs.names import unit_of

if TYPE_CHECKING:
    from slicken.experiment.channel_map import ChannelMap
    from slicken.experiment.experiment import Experiment
    from slicken.logs.finding import Finding
    from slicken.logs.log import Log


@dataclass(frozen=True)
class ColumnSummary:
    """One column of a log.

    Args:
        name: Its name.
        unit: Its unit as the channel map or the log says; blank where neither does.
        channel: The channel that it became; blank where none.
        minimum: Smallest number, in the log's own unit, as are the next two.
        median: Median.
        maximum: Largest number.
        missing: Samples without a number.
    """

    name: str
    unit: str
    channel: str
    minimum: float
    median: float
    maximum: float
    missing: int


@dataclass(frozen=True)
class Inspection:
    """What is in a log.

    Args:
        name: The log's name.
        source: Its file name.
        samples: Number of rows with numbers.
        log: The log after the map's corrections.
        columns: One summary a column, in file order.
        missing: Measured drivers that no column became.
        findings: Findings of the reader, the guess and the preparation.
        channel_map: The map used, given or guessed.
        experiment: The prepared experiment; None where none can be prepared.
        problem: Why none can be prepared; blank where one can.
        steady: A proposed interval of steady sliding; None where there is none.
        by_stage: Mean friction of each stage of velocity and load; None where there is only one.
    """

    name: str
    source: str
    samples: int
    log: "Log"
    columns: tuple[ColumnSummary, ...]
    missing: tuple[str, ...]
    findings: tuple["Finding", ...]
    channel_map: "ChannelMap"
    experiment: "Experiment | None"
    problem: str = ""
    steady: SteadySliding | None = None
    by_stage: ByStage | None = None


def describe(
    log: "Log", channel_map: "ChannelMap | None" = None, *, folder: Path | None = None
) -> Inspection:
    """What is in a log: its columns, the channels they become, and everything worth knowing.

    Args:
        log: The log.
        channel_map: Channel map; guessed where None.
        folder: Folder of files that a correction joins.
    """
    notes: tuple[Finding, ...] = ()
    if channel_map is None:
        channel_map, notes = guess_channels(log)
    experiment, problem = None, ""
    corrected = log
    findings = (*log.findings, *notes)
    try:
        corrected = apply_corrections(log, channel_map, folder).log
        experiment = prepare(log, channel_map, notes=notes, folder=folder)
        findings = experiment.findings
    except SlickenError as error:
        problem = str(error)
        findings += _clock_faults(corrected, channel_map)
    held = channel_map.channels if experiment is None else experiment.channels
    return Inspection(
        name=log.name,
        source=log.source,
        samples=len(log),
        log=corrected,
        columns=tuple(_summary(corrected, name, channel_map) for name in corrected.columns),
        missing=tuple(c.name for c in MEASURED if c.name not in held),
        findings=findings,
        channel_map=channel_map,
        experiment=experiment,
        problem=problem,
        steady=_steady(experiment),
        by_stage=None if experiment is None else by_stage(experiment),
    )


def _clock_faults(log: "Log", channel_map: "ChannelMap") -> tuple["Finding", ...]:
    """Why time does not rise, where that may be why there is no experiment."""
    try:
        draft = read_channels(log, channel_map)
        draft = crop(draft, channel_map.preparation.start, channel_map.preparation.end)
    except SlickenError:
        return ()
    return tuple(find_clock_faults(draft))


def _steady(experiment: "Experiment | None") -> SteadySliding | None:
    # Where the clock was set back, instants of the experiment are none of the log's.
    if experiment is None or any(f.kind == "clock_rebased" for f in experiment.findings):
        return None
    return find_steady_sliding(experiment)


def _summary(log: "Log", name: str, channel_map: "ChannelMap") -> ColumnSummary:
    values = log.values[name]
    known = values[np.isfinite(values)]
    used = {column.column: (channel, column) for channel, column in channel_map.channels.items()}
    channel, column = used.get(name, ("", None))
    unit = column.unit if column is not None and column.unit is not None else unit_of(log, name)
    return ColumnSummary(
        name=name,
        unit=unit,
        channel=channel,
        minimum=float(known.min()) if known.size else np.nan,
        median=float(np.median(known)) if known.size else np.nan,
        maximum=float(known.max()) if known.size else np.nan,
        missing=int(values.size - known.size),
    )
