"""Order: corrections applied to a log one after another, each in words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from slicken.experiment.corrections.worktable import Worktable
from slicken.logs.finding import Finding
from slicken.logs.log import Log
from slicken.logs.names import unit_of
from slicken.logs.units import ratio

Floats = NDArray[np.float64]

_TORQUES = {"Nm": "N*m", "N m": "N*m", "N.m": "N*m", "kNm": "kN*m", "mNm": "mN*m"}


@dataclass(frozen=True)
class Corrected:
    """A log after its corrections.

    Args:
        log: its columns as corrected; the source and checksum are those of the file.
        steps: what was done, in order, in words.
        closed: intervals left out, first and last instant in seconds on the corrected clock.
        findings: what the owner should know of the corrections.
    """

    log: Log
    steps: tuple[str, ...] = ()
    closed: tuple[tuple[float, float], ...] = ()
    findings: tuple[Finding, ...] = ()


def correct(
    log: Log,
    corrections: Sequence[kinds.Correction],
    *,
    time_column: str | None = None,
    time_unit: str | None = None,
    folder: Path | None = None,
) -> Corrected:
    """Apply corrections to a log, in order.

    The same log and the same corrections give the same bits.

    Args:
        log: as the rig wrote it.
        corrections: what to do, in order.
        time_column: the column that is the time; not needed by corrections that name no instant.
        time_unit: its unit; the log's own by default.
        folder: where files to join are.

    Raises:
        ChannelError: if a column, a unit or an instant does not fit; says which correction.
        LogError: if a file to join cannot be read.
    """
    table = Worktable(log, time_column, time_unit)
    steps = []
    for number, correction in enumerate(corrections, start=1):
        try:
            if isinstance(correction, kinds.Join):
                words = _join(table, correction, folder)
            else:
                words = _VERBS[type(correction)](table, correction)
        except SlickenError as problem:
            text = str(problem).removeprefix(f"{log.source}: ")
            kind = type(problem)
            raise kind(
                f"{log.source}: correction {number} ({correction.kind}): {text}"
            ) from problem
        steps.append(f"correction {number}: {words}")
    return Corrected(table.log, tuple(steps), tuple(table.closed), tuple(table.findings))


def _zero(table: Worktable, zero: kinds.Zero) -> str:
    values = table.log.column(zero.column)
    time = table.time()
    if zero.at is not None:
        place = _nearest(values, time, zero.at)
        level, words = float(values[place]), f"at {zero.at:g} s"
    else:
        start, end = zero.interval
        inside = (time >= start) & (time <= end) & np.isfinite(values)
        if not inside.any():
            raise ChannelError(
                f"{zero.column!r} has no number from {start:g} to {end:g} s; " + _clock(time)
            )
        level = float(np.mean(values[inside]))
        words = f"over the mean from {start:g} to {end:g} s"
    table.put(zero.column, values - level)
    return f"{zero.column!r} zeroed {words}: {level:.6g}{_unit(table, zero.column)} subtracted"


def _offset(table: Worktable, offset: kinds.Offset) -> str:
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
    where = f"at {start:g} s" if offset.at is not None else f"from {start:g} to {end:g} s"
    between = {"hold": "held in between", "gap": "a gap in between"}[offset.between]
    more = f"; {between}" if inside.any() else ""
    unit = _unit(table, offset.column)
    return f"jump of {jump:.6g}{unit} {where} taken out of {offset.column!r}{more}"


def _calibrate(table: Worktable, calibrate: kinds.Calibrate) -> str:
    values = calibrate.factor * table.log.column(calibrate.column) + calibrate.offset
    into = calibrate.into or calibrate.column
    table.put(into, values, calibrate.unit)
    plus = f" and added {calibrate.offset:.10g}" if calibrate.offset else ""
    return (
        f"{calibrate.column!r} times {calibrate.factor:.10g}{plus}, in {calibrate.unit}"
        f"{_into(calibrate.column, into)}"
    )


def _elastic(table: Worktable, elastic: kinds.Elastic) -> str:
    displacement, load = table.log.column(elastic.column), table.log.column(elastic.load)
    length, force = _known(table, elastic.column), _known(table, elastic.load)
    # In units of the two columns: load per displacement.
    stiffness = elastic.stiffness * ratio(elastic.unit, f"{force}/{length}")
    into = elastic.into or elastic.column
    table.put(into, displacement - load / stiffness, length)
    return (
        f"elastic deformation taken out of {elastic.column!r}: minus {elastic.load!r} over "
        f"{elastic.stiffness:g} {elastic.unit}{_into(elastic.column, into)}"
    )


def _torque(table: Worktable, torque: kinds.Torque) -> str:
    unit = torque.unit or _known(table, torque.column)
    newton_metres = table.log.column(torque.column) * ratio(_TORQUES.get(unit, unit), "N*m")
    outer, inner = 1e-3 * torque.outer_radius_mm, 1e-3 * torque.inner_radius_mm
    into = torque.into or torque.column
    table.put(into, 1e-6 * shear_stress(newton_metres, outer, inner), "MPa")
    return (
        f"shear stress in MPa from the torque {torque.column!r} in {unit} on {_face(torque)}: "
        f"3 T / (2 pi (ro^3 - ri^3)){_into(torque.column, into)}"
    )


def _rotation(table: Worktable, rotation: kinds.Rotation) -> str:
    turns = TURNS[rotation.unit] * table.log.column(rotation.column)
    outer, inner = 1e-3 * rotation.outer_radius_mm, 1e-3 * rotation.inner_radius_mm
    is_angle = rotation.unit in ("rev", "rad", "deg")
    into = rotation.into or rotation.column
    table.put(into, equivalent_slip(turns, outer, inner), "m" if is_angle else "m/s")
    what = "slip in m" if is_angle else "slip velocity in m/s"
    return (
        f"equivalent {what} from {rotation.column!r} in {rotation.unit} of {_face(rotation)}: "
        f"4 pi R (ro^2 + ro ri + ri^2) / (3 (ro + ri)){_into(rotation.column, into)}"
    )


def _mean(table: Worktable, mean: kinds.Mean) -> str:
    values, time = table.log.column(mean.column), table.time(rising=True)
    into, centred = mean.into or mean.column, mean.where == "centred"
    averaged = running_mean(values, time, mean.over, centred=centred)
    table.put(into, averaged, unit_of(table.log, mean.column))
    words = f"running mean of {mean.column!r} over {mean.over:g} s, {_looks(mean)}"
    _warn(table, mean, words)
    return words + _into(mean.column, into)


def _rate(table: Worktable, rate: kinds.Rate) -> str:
    values, time = table.log.column(rate.column), table.time(rising=True)
    unit = _known(table, rate.column)
    changes = difference_rate(values, time, rate.over, centred=rate.where == "centred")
    table.put(rate.into, changes, f"{unit}/s")
    words = f"rate of {rate.column!r}: difference over {rate.over:g} s, {_looks(rate)}"
    _warn(table, rate, words)
    return words + _into(rate.column, rate.into)


def _running_sum(table: Worktable, running: kinds.RunningSum) -> str:
    values = table.log.column(running.column)
    missing = np.flatnonzero(~np.isfinite(values))
    if missing.size:
        raise ChannelError(
            f"row {table.log.rows[missing[0]]}: {running.column!r} has no number, so its sum is "
            "not known from there"
        )
    into = running.into or running.column
    table.put(into, np.cumsum(values), unit_of(table.log, running.column))
    return f"running sum of {running.column!r}{_into(running.column, into)}"


def _crop(table: Worktable, crop: kinds.Crop) -> str:
    time = table.time()
    inside = np.isfinite(time)
    words = []
    if crop.start is not None:
        inside &= time >= crop.start
        words.append(f"before {crop.start:g} s")
    if crop.end is not None:
        inside &= time <= crop.end
        words.append(f"after {crop.end:g} s")
    if inside.sum() < 2:
        raise ChannelError(
            f"fewer than two samples are left without what came {' and '.join(words)}; "
            + _clock(time)
        )
    table.keep(inside)
    return f"left out what came {' and '.join(words)}: {(~inside).sum()} of {inside.size} samples"


def _exclude(table: Worktable, exclude: kinds.Exclude) -> str:
    time = table.time()
    inside = (time >= exclude.start) & (time <= exclude.end)
    where = f"from {exclude.start:g} to {exclude.end:g} s ({inside.sum()} samples)"
    if exclude.column is not None:
        values = np.where(inside, np.nan, table.log.column(exclude.column))
        table.put(exclude.column, values)
        return f"{exclude.column!r} {where} left out"
    if time.size - inside.sum() < 2:
        raise ChannelError(f"fewer than two samples are left without {where}")
    table.keep(~inside)
    table.closed.append((exclude.start, exclude.end))
    return f"left out what came {where}: a gap"


def _join(table: Worktable, join: kinds.Join, folder: Path | None) -> str:
    from slicken.logs.readers import read_log

    if folder is None:
        raise ChannelError("files can be joined only to a log that is read from a folder")
    others = []
    for name in join.names(table.log.name):
        same = Path(name).suffix.lower() == Path(table.log.source).suffix.lower()
        other = read_log(folder / name, table=table.log.table if same else "")
        if join.pause is not None:
            other = _shifted(table, other, join.pause)
        table.append(other)
        others.append((repr(name), str(len(other)), other.sha256))
    shift = "" if join.pause is None else f", each {join.pause:g} s after the last sample"
    table.findings.append(
        Finding("joined", f"{len(others)} more files{shift}; rows are counted on through the files")
    )
    names, sizes, sums = (", ".join(each) for each in zip(*others, strict=True))
    return f"joined {names} ({sizes} samples, SHA-256 {sums}){shift}"


def _shifted(table: Worktable, other: Log, pause: float) -> Log:
    column = table.time_column or ""
    table.time()  # raises where no column is the time
    times = other.column(column)
    last = float(table.log.column(column)[-1])
    moved = times - times[0] + last + pause * table.per_second()
    return Log(
        other.name,
        other.source,
        other.sha256,
        {**other.values, column: moved},
        other.rows,
        other.units,
    )


_VERBS: dict[type, Callable[[Worktable, Any], str]] = {
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
            f"the unit of {column!r} stands nowhere; give it one with a correction of the kind "
            '"calibrate" before this one'
        )
    return unit


def _unit(table: Worktable, column: str) -> str:
    unit = unit_of(table.log, column)
    return f" {unit}" if unit and unit != "1" else ""


def _into(column: str, into: str) -> str:
    return "" if into == column else f", as {into!r}"


def _face(cylinder: kinds.Torque | kinds.Rotation) -> str:
    outer, inner = cylinder.outer_radius_mm, cylinder.inner_radius_mm
    if inner == 0:
        return f"a solid cylinder of radius {outer:g} mm"
    return f"a hollow cylinder of radii {inner:g} and {outer:g} mm"


def _looks(correction: kinds.Mean | kinds.Rate) -> str:
    if correction.where == "past":
        return "which looks at the past only"
    return f"centred, which looks ahead by {correction.over / 2:g} s"


def _warn(table: Worktable, correction: kinds.Mean | kinds.Rate, words: str) -> None:
    if correction.where == "centred":
        table.findings.append(Finding("looks ahead", f"{words}: it knows what comes"))
