"""Frames: experiments and logs from arrays and data frames, and back."""

import difflib
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from slicken.channels import CHANNELS, TIME
from slicken.errors import ExperimentError, shown
from slicken.experiment.channel_map import MAPPABLE, ChannelMap, Column, Preparation
from slicken.experiment.guess import guess_channels
from slicken.experiment.preparation import prepare
from slicken.logs.left_out import LeftOut
from slicken.logs.log import Log

if TYPE_CHECKING:
    import pandas as pd

    from slicken.experiment.experiment import Experiment

Floats = NDArray[np.float64]
_CALL = "Experiment.from_arrays(time=..., friction=..., slip_velocity=...)"


def from_arrays(
    *, name: str, preparation: Preparation | None = None, **channels: ArrayLike
) -> "Experiment":
    """See :meth:`slicken.experiment.Experiment.from_arrays`."""
    known = [each for each in MAPPABLE if each in channels]
    for each in channels:
        if each not in MAPPABLE:
            close = difflib.get_close_matches(each, MAPPABLE, n=1)
            hint = f"; is {close[0]!r} meant?" if close else ""
            raise ExperimentError(
                f"{name}: {each!r} is no channel{hint} Channels are {', '.join(MAPPABLE)}; rates "
                "are computed"
            )
    if TIME.name not in known:
        raise ExperimentError(f"{name}: no time; pass seconds, as in {_CALL}")
    columns = {each: _column(name, each, channels[each]) for each in known}
    samples = columns[TIME.name].size
    for each, values in columns.items():
        if values.size != samples:
            raise ExperimentError(
                f"{name}: {each} has {values.size} samples, time has {samples}; pass arrays of one "
                "length"
            )
    units = {each: CHANNELS[each].unit for each in known}
    log = Log(name, name, _checksum(columns), columns, np.arange(1, samples + 1), units)
    given = {each: Column(column=each, unit=CHANNELS[each].unit) for each in known}
    return prepare(log, ChannelMap(channels=given, preparation=preparation or Preparation()))


def from_dataframe(
    frame: "pd.DataFrame",
    channels: ChannelMap | str | Path | Mapping[str, Any] | None,
    *,
    name: str,
) -> "Experiment":
    """See :meth:`slicken.experiment.Experiment.from_dataframe`."""
    log = log_of(frame, name)
    if channels is not None:
        return prepare(log, ChannelMap.of(channels))
    guessed, notes = guess_channels(log)
    return prepare(log, guessed, notes=notes)


def log_of(frame: "pd.DataFrame", name: str) -> Log:
    """A data frame as a log; its index is a column where it has a name or holds times.

    Args:
        frame: Columns of numbers or of times, one row a sample. Units may stand in the names, or
            in ``frame.attrs["units"]``.
        name: Name of the log.

    Raises:
        ExperimentError: If it is no data frame, or has no column of numbers.
    """
    if not hasattr(frame, "columns") or not hasattr(frame, "index"):
        raise ExperimentError(
            f"{name}: expected a pandas DataFrame, not {shown(frame)}; arrays go into {_CALL}"
        )
    if frame.index.name is not None or frame.index.dtype.kind in "mM":
        frame = frame.rename_axis(str(frame.index.name or TIME.name)).reset_index()
    columns, left_out = {}, {}
    units = {str(column): str(unit) for column, unit in frame.attrs.get("units", {}).items()}
    for number, title in enumerate(map(str, frame.columns)):
        values = frame.iloc[:, number].to_numpy()
        if values.dtype.kind in "mM":
            columns[title], units[title] = _seconds(values), "s"
        elif values.dtype.kind in "iufb":
            columns[title] = values.astype(np.float64)
        else:
            left_out[title] = LeftOut.TEXT_OR_OBJECTS
    if not columns:
        raise ExperimentError(
            f"{name}: no column of numbers in the data frame; expected one column a channel, one "
            "row a sample"
        )
    rows = np.arange(1, len(frame) + 1)
    return Log(name, name, _checksum(columns), columns, rows, units, left_out)


def to_dataframe(experiment: "Experiment") -> "pd.DataFrame":
    """See :meth:`slicken.experiment.Experiment.to_dataframe`."""
    import pandas as pd

    index = pd.Index(experiment.time, name=TIME.name)
    frame = pd.DataFrame(dict(experiment.channels), index=index)
    frame["gap"] = experiment.gap
    if experiment.stage is not None:
        frame["stage"] = experiment.stage
    frame.attrs["units"] = {name: CHANNELS[name].unit for name in (TIME.name, *experiment.channels)}
    return frame


def _column(name: str, channel: str, values: ArrayLike) -> Floats:
    try:
        column = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise ExperimentError(
            f"{name}: {channel} is {shown(values)}; pass an array of numbers in "
            f"{CHANNELS[channel].unit}"
        ) from None
    if column.ndim != 1:
        raise ExperimentError(
            f"{name}: {channel} has shape {column.shape}; pass one number a sample"
        )
    return column


def _seconds(values: NDArray[Any]) -> Floats:
    """Times or durations as seconds; times count from the first that is known."""
    missing = np.isnat(values)
    if values.dtype.kind == "M":
        values = values - (values[~missing][0] if not missing.all() else values[0])
    fine = values.astype("timedelta64[ns]").astype(np.int64)
    return np.where(missing, np.nan, fine / 1e9)


def _checksum(columns: Mapping[str, Floats]) -> str:
    digest = hashlib.sha256()
    for name, values in columns.items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()
