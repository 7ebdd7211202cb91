"""Time of day: a column of clock readings as seconds since its first."""

import re
from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

_DAY = 86_400.0
_CLOCK = re.compile(
    r"(?:(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})|[\d/.-]{6,10})?[ T]*"
    r"(?P<hour>\d{1,3}):(?P<minute>\d{2}):(?P<second>\d{2}(?:[.,]\d{1,9})?)"
    r" ?(?P<half>[AaPp]\.?[Mm]\.?)?(?P<zone>Z|[+-]\d{2}:?\d{2})?\Z",
    re.ASCII,
)
_HOUR = 3600.0
_MINUTES = re.compile(r"(?P<minute>\d{1,4}):(?P<second>\d{2}(?:[.,]\d{1,9})?)\Z", re.ASCII)


def is_clock(cell: object) -> bool:
    """Whether a cell holds a time of day with seconds, with or without a date.

    >>> is_clock("18:16:29"), is_clock("2019-04-09T18:16:29.5"), is_clock("18:16")
    (True, True, False)
    """
    return _CLOCK.match(str(cell).strip()) is not None


def seconds_of(cells: Sequence[object]) -> NDArray[np.float64] | None:
    """Seconds since the first reading, shape ``(S,)``; None unless nearly all cells are clocks.

    A reading that falls back by more than half a day has passed midnight; dates are used where
    the year comes first, as others are ambiguous. Offsets from UTC are used where all readings have
    one: at the end of summer time the clock is set back, and time is not.

    >>> seconds_of(["23:59:59", "00:00:00,5", ""]).tolist()
    [0.0, 1.5, nan]
    >>> seconds_of(["02:59:59+02:00", "02:00:00+01:00"]).tolist()
    [0.0, 1.0]
    """
    first = next((cell for cell in cells if _given(cell)), None)
    if first is None or not is_clock(first):
        return None
    seconds = np.array([_seconds(str(cell).strip()) for cell in cells], np.float64)
    known = np.flatnonzero(np.isfinite(seconds))
    if known.size < 0.9 * sum(_given(cell) for cell in cells):
        return None
    if _zone(str(first).strip()) is not None:
        zones = [_zone(str(cells[int(place)]).strip()) for place in known]
        if None not in zones:
            seconds[known] -= np.array(zones, np.float64)
    midnights = np.cumsum(np.diff(seconds[known]) < -_DAY / 2)
    seconds[known[1:]] += _DAY * midnights
    return seconds - seconds[known[0]]


def minutes_of(cells: Sequence[object]) -> NDArray[np.float64] | None:
    """Seconds since the first reading of minutes and seconds; None unless nearly all cells are.

    A reading of 60 seconds is the next minute. Where minutes stay below 60, one that falls back by
    more than half an hour has passed the hour.

    >>> minutes_of(["59:58", "59:60", "00:02.5", ""]).tolist()
    [0.0, 2.0, 4.5, nan]
    """
    found = [_MINUTES.match(str(cell).strip()) for cell in cells]
    seconds = np.array(
        [
            np.nan
            if one is None
            else 60 * int(one["minute"]) + float(one["second"].replace(",", "."))
            for one in found
        ],
        np.float64,
    )
    known = np.flatnonzero(np.isfinite(seconds))
    if not known.size or known.size < 0.9 * sum(_given(cell) for cell in cells):
        return None
    if seconds[known].max() <= _HOUR:
        seconds[known[1:]] += _HOUR * np.cumsum(np.diff(seconds[known]) < -_HOUR / 2)
    return seconds - seconds[known[0]]


def _zone(cell: str) -> float | None:
    """Seconds by which a reading is ahead of UTC; None where it does not say."""
    match = _CLOCK.match(cell)
    zone = None if match is None else match["zone"]
    if zone is None or zone == "Z":
        return None if zone is None else 0.0
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    return (-1 if zone[0] == "-" else 1) * (_HOUR * hours + 60 * minutes)


def _given(cell: object) -> bool:
    return cell is not None and cell == cell and bool(str(cell).strip())


def _seconds(cell: str) -> float:
    match = _CLOCK.match(cell)
    if match is None:
        return float("nan")
    hour = int(match["hour"])
    if match["half"]:
        hour = hour % 12 + (12 if match["half"][0] in "pP" else 0)
    seconds = 3600 * hour + 60 * int(match["minute"]) + float(match["second"].replace(",", "."))
    if match["year"]:
        try:
            days = date(int(match["year"]), int(match["month"]), int(match["day"])).toordinal()
        except ValueError:  # the thirteenth month, or a year 0
            return float("nan")
        seconds += _DAY * days
    return seconds
