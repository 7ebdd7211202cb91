"""TDMS: the channels of a LabVIEW file, scaled as its properties say."""

import io
import math
from typing import Any

import numpy as np

from slicken.errors import how_to_install
from slicken.logs.left_out import LeftOut
from slicken.logs.names import read_name, split_name
from slicken.logs.readers.arrays import Array, Contents, UnreadableError, seconds_since_first
from slicken.statements import Statement

_LONGEST_TEXT = 200


def find_tdms(content: bytes) -> Contents:
    """The channels of a TDMS file; none is read yet.

    Channels of one group and length are one table. Where none of them is a time, and all have the
    same ``wf_increment``, a time is made of it.

    Raises:
        UnreadableError: If npTDMS is not installed, or it holds more than any log.
    """
    if advice := how_to_install("nptdms", "tdms"):
        raise UnreadableError(f"it needs {advice}, or export the table as text")
    import nptdms

    # Never closed: channels are read from it later.
    file = nptdms.TdmsFile.open(io.BytesIO(content))
    contents = Contents()
    if file.file_status.incomplete_final_segment:
        contents.statements.append(Statement("findings.incomplete_segment"))
    for group in file.groups():
        lengths: dict[int, list[Any]] = {}
        for channel in group.channels():
            if _take(group.name, channel, contents):
                lengths.setdefault(len(channel), []).append(channel)
        for rows, channels in lengths.items():
            _add_time(group.name, rows, channels, contents)
    return contents


def _take(place: str, channel: Any, contents: Contents) -> bool:  # noqa: ANN401 - npTDMS
    """Whether a channel is a column of numbers."""
    rows, name, kind = len(channel), channel.name, channel.dtype.kind
    if rows == 0:
        return False
    if kind == "M":
        note = Statement("findings.dates", column=name[:100])

        def seconds() -> Any:  # noqa: ANN401 - numbers
            return seconds_since_first(np.asarray(channel[:]), "s")

        contents.add(Array(place, name, rows, seconds, "s", note))
        return True
    if kind not in "iufb":
        contents.left_out[name] = LeftOut.COMPLEX if kind == "c" else LeftOut.TEXT
        return False
    unit = str(channel.properties.get("unit_string", ""))[:_LONGEST_TEXT]
    contents.add(Array(place, name, rows, lambda: channel[:], unit))
    return True


def _add_time(place: str, rows: int, channels: list[Any], contents: Contents) -> None:
    """A time column of the increment between samples, where there is no other time."""
    if any(_is_time(channel) for channel in channels):
        return
    timings = {
        tuple(_number(channel, key) for key in ("wf_start_offset", "wf_increment"))
        for channel in channels
    }
    start, step = timings.pop()
    if timings:
        contents.statements.append(Statement("findings.increments_differ", group=place[:60]))
    elif math.isfinite(start) and math.isfinite(step) and step > 0:
        note = Statement("findings.time_from_increment", samples=rows, step=step, start=start)
        contents.add(Array(place, "Time", rows, lambda: start + step * np.arange(rows), "s", note))


def _is_time(channel: Any) -> bool:  # noqa: ANN401 - npTDMS has no types
    name, unit = split_name(channel.name)
    reading = read_name(name, str(channel.properties.get("unit_string", "")) or unit)
    return channel.dtype.kind == "M" or (reading is not None and reading.channel.name == "time")


def _number(channel: Any, key: str) -> float:  # noqa: ANN401 - npTDMS has no types
    try:
        return float(channel.properties.get(key, 0.0))
    except (TypeError, ValueError):
        return 0.0
