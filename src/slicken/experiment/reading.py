"""Reading: one log, or the logs that names and patterns stand for, read and prepared."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from slicken.errors import ChannelError, ExperimentError, LogError, PlanError, shown
from slicken.experiment.channel_map import ChannelMap
from slicken.experiment.guess import guess_channels
from slicken.experiment.joined import wholes_of
from slicken.experiment.overlaps import Rows, check_overlaps
from slicken.experiment.preparation import prepare as prepare_log
from slicken.experiment.preparation import read_experiment, read_with_rows
from slicken.logs.finding import Finding
from slicken.logs.listing import listed
from slicken.logs.log import Log
from slicken.logs.named import check_names, find_logs
from slicken.logs.readers import read_log
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.experiment.experiment import Experiment
    from slicken.experiment.samples import Samples

_Run = TypeVar("_Run", "Experiment", "Samples")
OneMap = ChannelMap | str | Path
Maps = OneMap | Mapping[str, OneMap]


def read(path: str | Path, *, table: str | None = None) -> Log:
    """Read a rig's log as it was written.

    Args:
        path: Log, in any format that slicken reads.
        table: Sheet, group or struct of a file that holds several; the largest where None.

    Raises:
        LogError: If there is no such file, or no table of numbers in it.
    """
    if not isinstance(path, str | Path):
        raise LogError(f"{shown(path)} is no file; pass the name of a log")
    return read_log(path, table=table or "")


def prepare(
    log: Log | str | Path, channels: OneMap | Mapping[str, Any] | None = None
) -> "Experiment":
    """Prepare an experiment: channels in SI units, a uniform time grid, rates and stages.

    Args:
        log: Log, or its file.
        channels: Channel map, its TOML file, or channels and their columns. Where None, channels
            are recognised by the names and units of the columns where they leave no doubt, and
            each guess is a finding.

    Raises:
        LogError: If a file cannot be read as a table of numbers.
        ChannelError: If the map, a column or a unit does not fit.
        ExperimentError: If no experiment can be made of what is in it.
    """
    if isinstance(log, str | Path):
        return read_experiment(log, channels)
    if not isinstance(log, Log):
        raise ExperimentError(
            f"{shown(log)} is no log; pass what slicken.read returns, or the name of a file; a "
            "data frame goes into Experiment.from_dataframe"
        )
    if channels is not None:
        return prepare_log(log, ChannelMap.of(channels))
    guessed, notes = guess_channels(log)
    return prepare_log(log, guessed, notes=notes)


def read_logs(
    names: str | Path | Sequence[str | Path],
    channels: Maps | None = None,
    *,
    preparation: Mapping[str, Any] = MappingProxyType({}),
    beside: str | Path = ".",
) -> list["Experiment"]:
    """Read and prepare logs.

    Args:
        names: Files, or patterns such as ``runs/*.tsv``.
        channels: Channel map for all of them, or its TOML file; or such a map for each log, by a
            pattern of its file name: ``{"old-*": "old.toml", "*": "new.toml"}``, of which the
            first that fits holds. Channels are guessed where there is none.
        preparation: Settings of the preparation in place of the maps', by name.
        beside: Folder of relative names.

    Raises:
        SlickenError: If a file is not there, is there twice, or cannot be prepared.
    """
    reader = partial(read_with_rows, preparation=preparation)
    return read_each(names, channels, reader, beside=beside)


def read_each(
    names: str | Path | Sequence[str | Path],
    channels: Maps | None,
    reader: Callable[[Path, ChannelMap | None], tuple[_Run, Rows]],
    *,
    beside: str | Path = ".",
) -> list[_Run]:
    """Read the logs that names and patterns stand for, each by ``reader``.

    Args:
        names: Files, or patterns.
        channels: Channel maps, as in :func:`read_logs`.
        reader: Function from a file and its channel map, None where it has none, to a run and
            the rows that it is made of.
        beside: Folder of relative names.

    Raises:
        SlickenError: If a file is not there, is there twice, or cannot be read.
    """
    beside = Path(beside)
    names = [names] if isinstance(names, str | Path) else list(names)
    if not names:
        raise PlanError(
            'no logs are named; add logs = ["run1.csv", ...] to the plan, or give files'
        )
    paths = [path for name in names for path in find_logs(str(name), beside)]
    check_names(paths)
    maps = _map_of_each(paths, channels, beside)
    wholes = wholes_of(maps)
    paths = [path for path in paths if path not in wholes]
    read = [reader(path, maps[path]) for path in paths]
    runs = [_with_parts(path, run, wholes) for path, (run, _) in zip(paths, read, strict=True)]
    _check_copies(paths, runs)
    check_overlaps(paths, [rows for _, rows in read])
    return runs


def _map_of_each(
    paths: Sequence[Path], channels: Maps | None, beside: Path
) -> dict[Path, ChannelMap | None]:
    if not channels:
        return dict.fromkeys(paths)
    if not isinstance(channels, Mapping):
        return dict.fromkeys(paths, _load(channels, beside))
    maps = {pattern: _load(one, beside) for pattern, one in channels.items()}
    return {path: maps[_fitting(path, maps)] for path in paths}


def _fitting(path: Path, patterns: Mapping[str, object]) -> str:
    for pattern in patterns:
        if fnmatch(path.name, pattern) or fnmatch(path.stem, pattern):
            return pattern
    raise ChannelError(
        f"{path}: no channel map is meant for it; patterns are {listed(patterns)}; add one that "
        'fits its name, such as "*" for all others'
    )


def _load(one: OneMap, beside: Path) -> ChannelMap:
    if isinstance(one, ChannelMap):
        return one
    here = Path(one)
    return ChannelMap.load(beside / here if (beside / here).exists() or not here.exists() else here)


def _with_parts(path: Path, run: _Run, wholes: Mapping[Path, Path]) -> _Run:
    """The run, with a finding about its parts that were named too."""
    parts = tuple(part.name for part, whole in wholes.items() if whole == path)
    if not parts:
        return run
    joined = Finding(Statement("findings.joined_parts", parts=parts, count=len(parts)))
    return replace(run, findings=(*run.findings, joined))


def _check_copies(paths: Sequence[Path], runs: Sequence[_Run]) -> None:
    seen: dict[str, Path] = {}
    for path, run in zip(paths, runs, strict=True):
        other = seen.setdefault(run.provenance.sha256, path)
        if other is not path:
            raise PlanError(
                f"{path}: the same bytes as {other}; one record in two parts would be a leak: "
                "leave one out"
            )
