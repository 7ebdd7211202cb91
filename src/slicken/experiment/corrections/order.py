"""Order: corrections applied to a log one after another, each with a statement of what it did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from slicken.errors import ChannelError, SlickenError
from slicken.experiment.corrections import kinds
from slicken.experiment.corrections.clocks import choose_rows, rise, run_on
from slicken.experiment.corrections.formulas import (
    TURNS,
    difference_rate,
    equivalent_slip,
    running_mean,
    shear_stress,
)
from slicken.experiment.corrections.joins import join_files
from slicken.experiment.corrections.worktable import Worktable
from slicken.logs.finding import Finding
from slicken.logs.names import unit_of
from slicken.logs.units import ratio
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.logs.log import Log

Floats = NDArray[np.float64]

_TORQUES = {"Nm": "N*m", "N m": "N*m", "N.m": "N*m", "kNm": "kN*m", "mNm": "mN*m"}


@dataclass(frozen=True)
class Corrected:
    """A log after its corrections.

    Args:
        log: Its columns as corrected; the source and checksum are those of the file.
        steps: What was done, in order.
        closed: Intervals left out, first and last instant in seconds on the corrected clock.
        findings: What the owner should know of the corrections.
    """

    log: "Log"
    steps: tuple[Statement, ...] = ()
    closed: tuple[tuple[float, float], ...] = ()
    findings: tuple[Finding, ...] = ()


def correct(
    log: "Log",
    corrections: Sequence[kinds.Correction],
    *,
    time_column: str | None = None,
    time_unit: str | None = None,
    folder: Path | None = None,
) -> Corrected:
    """Apply corrections to a log, in order.

    The same log and the same corrections give the same bits.

    Args:
        log: The log as the rig wrote it.
        corrections: What to do, in order.
        time_column: The column that is the time; not needed by corrections that name no instant.
        time_unit: Its unit; the log's own by default.
        folder: Folder of files to join.

    Raises:
        ChannelError: If a column, a unit or an instant does not fit; says which correction.
        LogError: If a file to join cannot be read.
    """
    table = Worktable(log, time_column, time_unit)
    steps = []
    for number, correction in enumerate(corrections, start=1):
        try:
            if isinstance(correction, kinds.Join):
                done = join_files(table, correction, folder)
            else:
                done = _VERBS[type(correction)](table, correction)
        except SlickenError as problem:
            text = str(problem).removeprefix(f"{log.source}: ")
            kind = type(problem)
            raise kind(
                f"{log.source}: correction {number} ({correction.kind}): {text}"
            ) from problem
        steps.append(Statement("steps.correction", number=number, what=done))
    return Corrected(table.log, tuple(steps), tuple(table.closed), tuple(table.findings))


def _zero(table: Worktable, zero: kinds.Zero) -> Statement:
    values = table.log.column(zero.column)
    time = table.time()
    if zero.at is not None:
        place = _nearest(values, time, zero.at)
        level = float(values[place])
    else:
        start, end = zero.interval
        inside = (time >= start) & (time <= end) & np.isfinite(values)
        if not inside.any():
            raise ChannelError(
                f"{zero.column!r} has no number from {start:g} to {end:g} s; " + _clock(time)
            )
        level = float(np.mean(values[inside]))
    table.put(zero.column, values - level)
    what = {"column": zero.column, "level": (level, _unit(table, zero.column))}
    if zero.at is not None:
        return Statement("steps.zeroed_at", **what, time=zero.at)
    return Statement("steps.zeroed_over", **what, start=zero.start, end=zero.end)


def _offset(table: Worktable, offset: kinds.Offset) -> Statement:
    values, time = np.array(table.log.column(offset.column)), table.time()
    start, end = offset.interval
    known = np.isfinite(values)
    before = np.flatnonzero(known & (time < start))[-offset.samples :]
    after = np.flatnonzero(known & (time >= end))[: offset.samples]
    if not (before.size and after.size):
        raise ChannelError(
            f"{offset.column!r} has no number on one side of {start:g} to {end:g} s; {_clock(time)}"
        )
    held = float(np.median(values[before]))
    jump = float(np.median(values[after])) - held if offset.by is None else offset.by
    values[time >= end] -= jump
    inside = (time >= start) & (time < end)
    values[inside] = held if offset.between == "hold" else np.nan
    table.put(offset.column, values)
    what: dict[str, Any] = {"column": offset.column, "size": (jump, _unit(table, offset.column))}
    if offset.at is not None:
        return Statement("steps.jump_at", **what, time=start)
    what |= {"start": start, "end": end}
    if not inside.any():
        return Statement("steps.jump_over", **what)
    if offset.between == "hold":
        return Statement("steps.jump_held", **what)
    return Statement("steps.jump_gap", **what)


def _calibrate(table: Worktable, calibrate: kinds.Calibrate) -> Statement:
    values = calibrate.factor * table.log.column(calibrate.column) + calibrate.offset
    into = calibrate.into or calibrate.column
    table.put(into, values, calibrate.unit)
    factor = {"factor": calibrate.factor, "unit": calibrate.unit}
    if calibrate.offset:
        offset = calibrate.offset
        done = Statement(
            "steps.calibrated_offset", column=calibrate.column, **factor, offset=offset
        )
    else:
        done = Statement("steps.calibrated", column=calibrate.column, **factor)
    return _into(calibrate.column, into, done)


def _elastic(table: Worktable, elastic: kinds.Elastic) -> Statement:
    displacement, load = table.log.column(elastic.column), table.log.column(elastic.load)
    length, force = _known(table, elastic.column), _known(table, elastic.load)
    # In units of the two columns: load per displacement.
    stiffness = elastic.stiffness * ratio(elastic.unit, f"{force}/{length}")
    into = elastic.into or elastic.column
    table.put(into, displacement - load / stiffness, length)
    done = Statement(
        "steps.elastic",
        column=elastic.column,
        load=elastic.load,
        stiffness=elastic.stiffness,
        unit=elastic.unit,
    )
    return _into(elastic.column, into, done)


def _torque(table: Worktable, torque: kinds.Torque) -> Statement:
    unit = torque.unit or _known(table, torque.column)
    newton_metres = table.log.column(torque.column) * ratio(_TORQUES.get(unit, unit), "N*m")
    outer, inner = 1e-3 * torque.outer_radius_mm, 1e-3 * torque.inner_radius_mm
    into = torque.into or torque.column
    table.put(into, 1e-6 * shear_stress(newton_metres, outer, inner), "MPa")
    done = Statement("steps.torque", column=torque.column, unit=unit, face=_face(torque))
    return _into(torque.column, into, done)


def _rotation(table: Worktable, rotation: kinds.Rotation) -> Statement:
    turns = TURNS[rotation.unit] * table.log.column(rotation.column)
    outer, inner = 1e-3 * rotation.outer_radius_mm, 1e-3 * rotation.inner_radius_mm
    is_angle = rotation.unit in ("rev", "rad", "deg")
    into = rotation.into or rotation.column
    table.put(into, equivalent_slip(turns, outer, inner), "m" if is_angle else "m/s")
    what = {"column": rotation.column, "unit": rotation.unit, "face": _face(rotation)}
    done = (
        Statement("steps.rotation_slip", **what)
        if is_angle
        else Statement("steps.rotation_velocity", **what)
    )
    return _into(rotation.column, into, done)


def _mean(table: Worktable, mean: kinds.Mean) -> Statement:
    values, time = table.log.column(mean.column), table.time(rising=True)
    into, centred = mean.into or mean.column, mean.where == "centred"
    averaged = running_mean(values, time, mean.over, centred=centred)
    table.put(into, averaged, unit_of(table.log, mean.column))
    what = {"column": mean.column, "over": mean.over}
    if not centred:
        return _into(mean.column, into, Statement("steps.mean_past", **what))
    done = Statement("steps.mean_centred", **what, ahead=mean.over / 2)
    table.findings.append(Finding(Statement("findings.looks_ahead", what=done)))
    return _into(mean.column, into, done)


def _rate(table: Worktable, rate: kinds.Rate) -> Statement:
    values, time = table.log.column(rate.column), table.time(rising=True)
    unit = _known(table, rate.column)
    changes = difference_rate(values, time, rate.over, centred=rate.where == "centred")
    table.put(rate.into, changes, f"{unit}/s")
    what = {"column": rate.column, "over": rate.over}
    if rate.where != "centred":
        return _into(rate.column, rate.into, Statement("steps.rate_past", **what))
    done = Statement("steps.rate_centred", **what, ahead=rate.over / 2)
    table.findings.append(Finding(Statement("findings.looks_ahead", what=done)))
    return _into(rate.column, rate.into, done)


def _running_sum(table: Worktable, running: kinds.RunningSum) -> Statement:
    values = table.log.column(running.column)
    missing = np.flatnonzero(~np.isfinite(values))
    if missing.size:
        raise ChannelError(
            f"row {table.log.rows[missing[0]]}: {running.column!r} has no number, so its sum is "
            "not known from there"
        )
    into = running.into or running.column
    table.put(into, np.cumsum(values), unit_of(table.log, running.column))
    return _into(running.column, into, Statement("steps.running_sum", column=running.column))


def _crop(table: Worktable, crop: kinds.Crop) -> Statement:
    time = table.time()
    inside = np.isfinite(time)
    ends = []
    if crop.start is not None:
        inside &= time >= crop.start
        ends.append(Statement("steps.before", time=crop.start))
    if crop.end is not None:
        inside &= time <= crop.end
        ends.append(Statement("steps.after", time=crop.end))
    if inside.sum() < 2:
        lowest, highest = crop.start, crop.end
        raise ChannelError(
            f"fewer than two samples are left from start = {lowest} to end = {highest} s; "
            + _clock(time)
        )
    table.keep(inside)
    count = int((~inside).sum())
    return Statement("steps.cropped", ends=tuple(ends), count=count, samples=int(inside.size))


def _exclude(table: Worktable, exclude: kinds.Exclude) -> Statement:
    time = table.time()
    inside = (time >= exclude.start) & (time <= exclude.end)
    what = {"start": exclude.start, "end": exclude.end, "samples": int(inside.sum())}
    if exclude.column is not None:
        values = np.where(inside, np.nan, table.log.column(exclude.column))
        table.put(exclude.column, values)
        return Statement("steps.excluded_column", column=exclude.column, **what)
    if time.size - inside.sum() < 2:
        raise ChannelError(
            f"fewer than two samples are left without {exclude.start:g} to {exclude.end:g} s; "
            + _clock(time)
        )
    table.keep(~inside)
    table.closed.append((exclude.start, exclude.end))
    return Statement("steps.excluded", **what)


_VERBS: dict[type, Callable[[Worktable, Any], Statement]] = {
    kinds.Zero: _zero,
    kinds.Offset: _offset,
    kinds.Calibrate: _calibrate,
    kinds.Elastic: _elastic,
    kinds.Torque: _torque,
    kinds.Rotation: _rotation,
    kinds.Mean: _mean,
    kinds.Rate: _rate,
    kinds.RunningSum: _running_sum,
    kinds.Crop: _crop,
    kinds.Exclude: _exclude,
    kinds.RepeatedTime: rise,
    kinds.RunOn: run_on,
    kinds.Rows: choose_rows,
}


def _nearest(values: Floats, time: Floats, instant: float) -> int:
    usable = np.flatnonzero(np.isfinite(values) & np.isfinite(time))
    if not usable.size or not np.nanmin(time) <= instant <= np.nanmax(time):
        raise ChannelError(f"there is no number at {instant:g} s; {_clock(time)}")
    return int(usable[np.argmin(np.abs(time[usable] - instant))])


def _clock(time: Floats) -> str:
    known = time[np.isfinite(time)]
    if not known.size:
        return "no row has a time"
    return f"the log's clock runs from {known.min():g} to {known.max():g} s"


def _known(table: Worktable, column: str) -> str:
    table.log.column(column)
    unit = unit_of(table.log, column)
    if not unit:
        raise ChannelError(
            f"no unit is given for {column!r}; set one with a correction of the kind "
            '"calibrate" before this one'
        )
    return unit


def _unit(table: Worktable, column: str) -> str:
    unit = unit_of(table.log, column)
    return "" if unit == "1" else unit


def _into(column: str, into: str, done: Statement) -> Statement:
    return done if into == column else Statement("steps.into", what=done, column=into)


def _face(cylinder: kinds.Torque | kinds.Rotation) -> Statement:
    outer, inner = cylinder.outer_radius_mm, cylinder.inner_radius_mm
    if inner == 0:
        return Statement("steps.solid_cylinder", outer=outer)
    return Statement("steps.hollow_cylinder", inner=inner, outer=outer)
