"""Lengths: how far back a past reaches, in the unit of the clock that a study goes by.

A length is a number of seconds, or of micrometres of slip: the units in which laboratories write
windows and critical slip distances. What a study computes with lengths is the same by either
clock; only the name of the unit differs, and it stands here alone.
"""

from collections.abc import Mapping
from typing import Literal

StudyClock = Literal["time", "slip"]
UNITS: Mapping[StudyClock, str] = {"time": "s", "slip": "µm"}
"""Unit of lengths by each clock, as it is printed."""
MICROMETRES = 1e6
"""Micrometres in a metre."""
_SLIP = {"um": 1.0, "µm": 1.0, "μm": 1.0, "mm": 1e3, "m": 1e6}


def plain(unit: str) -> str:
    """A unit as it stands in names of files, folders and columns.

    Example:
        >>> plain("µm")
        'um'
    """
    return unit.replace("µ", "u")


def read_length(text: str, clock: StudyClock = "time") -> float:
    """A length as a user writes it: a number, with ``um``, ``mm`` or ``m`` where it is slip.

    Raises:
        ValueError: If it is no number, or its unit is not one of the clock's.

    Example:
        >>> read_length("2mm", "slip")
        2000.0
    """
    text = text.strip()
    if clock == "slip":
        for unit, micrometres in _SLIP.items():
            if text.endswith(unit):
                return round(float(text.removesuffix(unit)) * micrometres, 9)
    return float(text)
