"""Lengths: how far back a past reaches, in the unit of the clock that a study goes by.

A length is a number of seconds, or of micrometres of slip: the units in which laboratories write
windows and critical slip distances. What a study computes with lengths is the same by either
clock; only the name of the unit differs, and it stands here alone.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Literal

from slicken.errors import PlanError, shown

StudyClock = Literal["time", "slip"]
UNITS: Mapping[StudyClock, str] = {"time": "s", "slip": "µm"}
"""Unit of lengths by each clock, as it is printed."""
MICROMETRES = 1e6
"""Micrometres in a metre."""
MOST_WINDOWS = 200
LONGEST = 1e9
"""Length that windows and strides must stay below, s or µm."""
_SLIP = {"um": 1.0, "µm": 1.0, "μm": 1.0, "mm": 1e3, "m": 1e6}


def plain(unit: str) -> str:
    """A unit as it stands in names of files, folders and columns.

    Example:
        >>> plain("µm")
        'um'
    """
    return unit.replace("µ", "u")


def file_name(length: float, unit: str) -> str:
    """A length as the name of its folder, which sorts.

    Example:
        >>> file_name(400.0, "s"), file_name(12.5, "µm")
        ('0400s', '0012.5000um')
    """
    number = f"{length:04.0f}" if length == round(length) else f"{length:09.4f}"
    return number + plain(unit)


def read_windows(windows: object, clock: StudyClock = "time") -> tuple[float, ...]:
    """Window lengths in seconds, or µm of slip, ascending, each once.

    Args:
        windows: Numbers, or text such as ``50:500:50`` (first:last:step) or ``50,100,400``; of slip
            also ``50um:2mm``, which is 1, 2 and 5 times the powers of ten from first to last.
        clock: Clock of the study, which determines the unit.

    Raises:
        PlanError: If they cannot be read, none is positive, or there are too many.

    Example:
        >>> read_windows("50:200:50")
        (50.0, 100.0, 150.0, 200.0)
    """
    advice = "give seconds such as 50:500:50 or 50,100,400"
    if clock == "slip":
        advice = "give slip such as 50um:2mm or 50,100,400 (µm)"
    try:
        if isinstance(windows, str):
            seconds = [s for piece in windows.split(",") for s in _one_piece(piece, clock)]
        elif isinstance(windows, Iterable):
            seconds = [float(s) for s in windows]
        else:
            seconds = [float(windows)]  # type: ignore[arg-type]  # anything else is refused below
    except (TypeError, ValueError, OverflowError):
        raise PlanError(f"windows: {shown(windows)} cannot be read; {advice}") from None
    if not seconds or not all(0 < s < LONGEST for s in seconds):
        raise PlanError(f"windows: {shown(windows)} holds no positive length; {advice}")
    return tuple(sorted(set(seconds)))


def _one_piece(piece: str, clock: StudyClock) -> list[float]:
    if ":" not in piece:
        return [_read_length(piece, clock)]
    first, last, *step = (_read_length(part, clock) for part in piece.split(":"))
    if clock == "slip" and not step and 0 < first <= last < LONGEST:
        powers = range(math.floor(math.log10(first)), math.ceil(math.log10(last)))
        round_ones = [times * 10.0**power for power in powers for times in (1, 2, 5)]
        return [first, *(each for each in round_ones if first < each < last), last]
    width = step[0] if len(step) == 1 else 0.0
    if not (width > 0 and last >= first):
        raise ValueError(piece)
    count = int((last - first) / width + 1e-9) + 1
    if count > MOST_WINDOWS:
        raise PlanError(
            f"windows: {shown(piece)} asks for {count} lengths, more than {MOST_WINDOWS}"
        )
    return [first + i * width for i in range(count)]


def _read_length(text: str, clock: StudyClock = "time") -> float:
    """A length as a user writes it: a number, with ``um``, ``mm`` or ``m`` where it is slip.

    Raises:
        ValueError: If it is no number, or its unit is not one of the clock's.

    Example:
        >>> _read_length("2mm", "slip")
        2000.0
    """
    text = text.strip()
    if clock == "slip":
        for unit, micrometres in _SLIP.items():
            if text.endswith(unit):
                return round(float(text.removesuffix(unit)) * micrometres, 9)
    return float(text)
