"""Preparation: from a log and a channel map to an experiment, with every step of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from slicken.channels import (
    AXIAL_DISPLACEMENT,
    AXIAL_RATE,
    CHANNELS,
    FRICTION,
    NORMAL_FORCE,
    NORMAL_STRESS,
    SLIP,
    SLIP_VELOCITY,
    TEMPERATURE,
    TEMPERATURE_RATE,
    TIME,
    Channel,
)
from slicken.errors import ExperimentError
from slicken.experiment.channel_map import ChannelMap, Preparation
from slicken.experiment.clock import crop, run_forward
from slicken.experiment.columns import read_channels
from slicken.experiment.corrections import Corrected, correct
from slicken.experiment.experiment import Experiment, Provenance
from slicken.experiment.grid import resample
from slicken.experiment.guess import guess_channels
from slicken.experiment.motion import ALMOST_NONE, moving_span, slip_from_velocity
from slicken.experiment.overlaps import Rows, rows_of
from slicken.experiment.quality.checks import check_channels, check_resolution
from slicken.experiment.quality.faults import find_faults
from slicken.experiment.rates import FEWEST, causal_rate
from slicken.experiment.stages import find_stages
from slicken.experiment.velocity import with_velocity
from slicken.logs.finding import Finding
from slicken.logs.readers import read_log
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.experiment.draft import Draft
    from slicken.logs.log import Log

_RATES = ((TEMPERATURE, TEMPERATURE_RATE), (AXIAL_DISPLACEMENT, AXIAL_RATE))

_LEVELS = 12


def read_experiment(
    path: str | Path,
    channels: ChannelMap | str | Path | Mapping[str, Any] | None = None,
    *,
    preparation: Mapping[str, Any] = MappingProxyType({}),
) -> Experiment:
    """Read a rig's log and prepare it.

    Args:
        path: The log, in any of the formats of :func:`~slicken.experiment.read_log`.
        channels: Channel map, its TOML file, or channels and their columns. Without one, they are
            guessed from the names and units of the columns where they leave no doubt, and each
            guess is a finding.
        preparation: Settings of the preparation in place of the map's, by name.

    Raises:
        LogError: If the file cannot be read as a table of numbers.
        ChannelError: If the map, a column or a unit does not fit.
        ExperimentError: If no experiment can be made of what is in it.
    """
    return read_with_rows(path, channels, preparation=preparation)[0]


def read_with_rows(
    path: str | Path,
    channels: ChannelMap | str | Path | Mapping[str, Any] | None = None,
    *,
    preparation: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[Experiment, Rows]:
    """:func:`read_experiment`, and the rows that the experiment is made of, before the grid."""
    if channels is None:
        log = read_log(path)
        channels, notes = guess_channels(log)
        return _prepare(log, channels.prepared_by(preparation), notes, None)
    channels = ChannelMap.of(channels).prepared_by(preparation)
    log = read_log(path, table=channels.table_of(path))
    return _prepare(log, channels, (), Path(path).parent)


def prepare(
    log: "Log",
    channel_map: ChannelMap,
    *,
    notes: Sequence[Finding] = (),
    folder: Path | None = None,
) -> Experiment:
    """Prepare an experiment from a log: corrections, units, time, grid, rates, slip and stages.

    In this order: the map's corrections; columns to SI; ``start`` and ``end``; time checked; a
    uniform grid; slip velocity, where the log has none; causal rates; stretches with almost no slip
    at either end left out; slip; stages.
    The clock of the experiment is the log's own, as corrected; axial displacement and slip count
    from its first sample.

    Args:
        log: The log.
        channel_map: Channel map.
        notes: Findings to put before those made here, such as guesses.
        folder: Folder of files that a correction joins.

    Raises:
        ChannelError: If a column, a unit or a correction does not fit.
        LogError: If a file to join cannot be read.
        ExperimentError: If time does not run forward, a channel has no number, friction never
            changes, or nothing is left.
    """
    return _prepare(log, channel_map, notes, folder)[0]


def _prepare(
    log: "Log", channel_map: ChannelMap, notes: Sequence[Finding], folder: Path | None
) -> tuple[Experiment, Rows]:
    settings = channel_map.preparation
    columns = {name: column.column for name, column in channel_map.channels.items()}
    sampled = as_sampled(log, channel_map, notes=notes, folder=folder)
    draft = sampled.note(find_faults(sampled, columns))
    draft = resample(draft, settings.step, settings.max_gap)
    draft = with_velocity(draft, settings.velocity_span)
    draft = _with_rates(draft, settings.rate_span)
    draft = _trimmed(draft, settings)
    draft = _counted_from_the_start(draft)
    draft = _with_stages(draft, settings.stage_change)
    _check_friction(draft)
    draft = draft.note(check_channels(draft.time, draft.channels))
    experiment = Experiment(
        name=log.name,
        time=draft.time,
        channels=draft.channels,
        stage=draft.stage,
        gap=draft.gap,
        provenance=Provenance(log.source, log.sha256, draft.steps),
        findings=draft.findings,
    )
    begun = _clock_begins(draft)
    start, end = draft.time[0] - draft.dt + begun, draft.time[-1] + begun
    return experiment, rows_of(sampled, float(start), float(end))


def _clock_begins(draft: "Draft") -> float:
    """Time of the log's clock, s, at which that of the experiment begins."""
    begun = [step.values["begun"] for step in draft.steps if step.key == "steps.clock_rebased"]
    return float(begun[0]) if begun else 0.0


def as_sampled(
    log: "Log",
    channel_map: ChannelMap,
    *,
    notes: Sequence[Finding] = (),
    folder: Path | None = None,
) -> "Draft":
    """The first half of :func:`prepare`: all that leaves the samples where they are.

    Corrections, columns to SI, ``start`` and ``end``, and time checked; arguments and errors are
    those of :func:`prepare`.
    """
    settings = channel_map.preparation
    corrected = apply_corrections(log, channel_map, folder)
    draft = read_channels(corrected.log, channel_map)
    draft = replace(
        draft,
        steps=(*corrected.steps, *draft.steps),
        findings=(*log.findings, *notes, *corrected.findings, *draft.findings),
        closed=corrected.closed,
    )
    draft = crop(draft, settings.start, settings.end)
    _check_numbers(draft)
    draft = draft.note(check_resolution(draft.channels))
    return run_forward(draft, max(settings.max_gap, 1.5 * max(_usual_step(draft), 0.0)))


def apply_corrections(log: "Log", channel_map: ChannelMap, folder: Path | None = None) -> Corrected:
    """The log after the map's corrections; see :func:`slicken.experiment.corrections.correct`."""
    time = channel_map.channels.get(TIME.name)
    return correct(
        log,
        channel_map.correction,
        time_column=None if time is None else time.column,
        time_unit=None if time is None else time.unit,
        folder=folder,
    )


def _check_numbers(draft: "Draft") -> None:
    for name, values in draft.channels.items():
        if not np.isfinite(values).any():
            raise ExperimentError(
                f"{draft.source}: {CHANNELS[name].in_text()} has no number in {values.size} "
                "samples; leave it out of the channel map, or name another column"
            )


def _usual_step(draft: "Draft") -> float:
    return float(np.median(np.diff(draft.time)))


def _with_rates(draft: "Draft", span: float) -> "Draft":
    rates = {
        rate.name: causal_rate(draft.channels[channel.name], draft.dt, span)
        for channel, rate in _RATES
        if channel.name in draft.channels
    }
    if not rates:
        return draft
    step = Statement("steps.rates", rates=tuple(rates), span=span, samples=FEWEST)
    return draft.put(rates).record(step)


def _trimmed(draft: "Draft", settings: Preparation) -> "Draft":
    """Without start-up, unloading, and gaps at either end."""
    velocity = draft.channels.get(SLIP_VELOCITY.name)
    if velocity is not None and settings.stationary == "trim":
        start, stop = _but_for_gaps(velocity, *moving_span(velocity))
        if start == stop:
            raise ExperimentError(
                f"{draft.source}: the slip velocity is never above zero for long; name another "
                'column, or set stationary = "keep" under [preparation] of a channel map'
            )
        slow = Statement("steps.trimmed_slow", **_outside(draft, start, stop), share=ALMOST_NONE)
        draft = _between(draft, start, stop, slow)
    usable = np.flatnonzero(~draft.gap)
    if usable.size < 2:
        raise ExperimentError(
            f"{draft.source}: fewer than two samples in which every channel has a number; "
            "leave the emptiest channel out of the channel map, or raise max_gap"
        )
    start, stop = int(usable[0]), int(usable[-1]) + 1
    empty = Statement("steps.trimmed_empty", **_outside(draft, start, stop))
    return _between(draft, start, stop, empty)


def _but_for_gaps(velocity: NDArray[np.float64], start: int, stop: int) -> tuple[int, int]:
    """The span, with samples at the ends of which no velocity is known: those are no slow slip."""
    known = np.flatnonzero(np.isfinite(velocity))
    if start == stop or not known.size:
        return start, stop
    return (0 if known[0] >= start else start), (velocity.size if known[-1] < stop else stop)


def _outside(draft: "Draft", start: int, stop: int) -> dict[str, Any]:
    """Values of a statement about what lies outside two samples."""
    time, count, ends = draft.time, int(draft.time.size), []
    if start:
        ends.append(Statement("steps.first", samples=start, time=float(time[start - 1])))
    if stop < count:
        ends.append(Statement("steps.last", samples=count - stop, time=float(time[stop])))
    return {"ends": tuple(ends), "samples": count}


def _between(draft: "Draft", start: int, stop: int, step: Statement) -> "Draft":
    if (start, stop) == (0, draft.time.size):
        return draft
    kept = np.zeros(draft.time.size, np.bool_)
    kept[start:stop] = True
    finding = Finding(Statement("findings.trimmed", what=step))
    return draft.keep(kept).record(step).note([finding])


def _counted_from_the_start(draft: "Draft") -> "Draft":
    for name in (AXIAL_DISPLACEMENT.name, SLIP.name):
        values = draft.channels.get(name)
        if values is not None:
            step = Statement("steps.counts_from_zero", channel=name)
            draft = draft.put({name: values - values[0]}).record(step)
    velocity = draft.channels.get(SLIP_VELOCITY.name)
    if SLIP.name in draft.channels or velocity is None:
        return draft
    slip = slip_from_velocity(velocity, draft.time)
    return draft.put({SLIP.name: slip}).record(Statement("steps.slip_integrated"))


def _with_stages(draft: "Draft", change: float) -> "Draft":
    for channel in (NORMAL_STRESS, NORMAL_FORCE):
        load = draft.channels.get(channel.name)
        if load is not None:
            stage = find_stages(load, change)
            return replace(draft, stage=stage).record(_found(channel, load, stage, change))
    return draft.record(Statement("steps.no_stages"))


def _found(
    channel: Channel, load: NDArray[np.float64], stage: NDArray[np.int64], change: float
) -> Statement:
    count, factor = int(stage[-1]) + 1, channel.shown_per_unit
    shown = range(min(count, _LEVELS))
    levels: list[float | Statement] = [
        float(np.nanmedian(load[stage == number]) * factor) for number in shown
    ]
    if count > _LEVELS:
        levels.append(Statement("places.more", n=count - _LEVELS))
    what = {"count": count, "channel": channel.name, "change": change}
    return Statement("steps.stages", **what, levels=tuple(levels), unit=channel.shown_unit)


def _check_friction(draft: "Draft") -> None:
    friction = draft.channels[FRICTION.name][~draft.gap]
    low, high = float(friction.min()), float(friction.max())
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        raise ExperimentError(
            f"{draft.source}: friction never changes (always {low:g}), so there is nothing to "
            "explain; name another column under [channels.friction]"
        )
