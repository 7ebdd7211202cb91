"""Datenum: days since the year 0, as MATLAB counts dates, become seconds."""

from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from slicken.channels import TIME
from slicken.logs.names import read_name, split_name

_FIRST, _LAST = 7e5, 8e5
_DAY = 86_400.0
_LONGEST_STEP = 1 / 24
_DAYS = {"", "d", "day", "days"}
_DATES = ("date", "日時", "日付")
_YEAR_1 = 366  # datenum counts from a year 0, Python's ordinals from 1 January of the year 1


def from_datenum(
    name: str, unit: str, values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], str] | None:
    """Seconds since the first, shape ``(S,)``, and its date in words; None where it is no datenum.

    It is one where the name says time or date, in no unit or in days, every number is a date from
    1916 to 2190, and one sample follows another within the hour: a counter goes by whole numbers.

    >>> seconds, begun = from_datenum("t", "", 730486.5 + np.array([0, 1, 2]) / 86400)
    >>> seconds.round(4).tolist(), begun
    ([0.0, 1.0, 2.0], '2000-01-01 12:00:00')
    """
    known = values[np.isfinite(values)]
    if known.size < 2 or not ((known > _FIRST) & (known < _LAST)).all():
        return None
    if not _says_when(name, unit) or np.median(np.abs(np.diff(known))) > _LONGEST_STEP:
        return None
    day, part = divmod(float(known[0]), 1.0)
    begun = datetime.fromordinal(int(day) - _YEAR_1) + timedelta(seconds=round(_DAY * part))
    return _DAY * (values - known[0]), str(begun)


def _says_when(name: str, unit: str) -> bool:
    title, in_name = split_name(name)
    if (unit or in_name).lower() not in _DAYS:
        return False
    reading = read_name(title)
    return any(word in name.lower() for word in _DATES) or (
        reading is not None and reading.channel is TIME
    )
