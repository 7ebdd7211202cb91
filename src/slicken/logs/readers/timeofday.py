"""Time of day: a column of clock readings as seconds since its first."""

import re
from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

_DAY = 86_400.0
_CLOCK = re.compile(
    r"(?:(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})|[\d/.-]{6,10})?[ T]*"
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2}):(?P<second>\d{2}(?:[.,]\d{1,9})?)"
    r" ?(?P<half>[AaPp]\.?[Mm]\.?)?(?:Z|[+-]\d{2}:?\d{2})?\Z",
    re.ASCII,
)


def is_clock(cell: object) -> bool:
    """Whether a cell holds a time of day with seconds, with or without a date.

    >>> is_clock("18:16:29"), is_clock("2019-04-09T18:16:29.5"), is_clock("18:16")
    (True, True, False)
    """
    return _CLOCK.match(str(cell).strip()) is not None


def seconds_of(cells: Sequence[object]) -> NDArray[np.float64] | None:
    """Seconds since the first reading, shape ``(S,)``; None unless nearly all cells are clocks.

    A reading that falls back by more than half a day has passed midnight; dates are used where
    the year comes first, as others are ambiguous.

    >>> seconds_of(["23:59:59", "00:00:00,5", ""]).tolist()
    [0.0, 1.5, nan]
    """
    first = next((cell for cell in cells if _given(cell)), None)
    if first is None or not is_clock(first):
        return None
    seconds = np.array([_seconds(str(cell).strip()) for cell in cells], np.float64)
    known = np.flatnonzero(np.isfinite(seconds))
    if known.size < 0.9 * sum(_given(cell) for cell in cells):
        return None
    midnights = np.cumsum(np.diff(seconds[known]) < -_DAY / 2)
    seconds[known[1:]] += _DAY * midnights
    return seconds - seconds[known[0]]


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
