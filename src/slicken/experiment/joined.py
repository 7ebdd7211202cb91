"""Parts: files of a run that a channel map joins to others, and are no logs of their own."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from slicken.errors import ChannelError
from slicken.experiment.corrections.kinds import Join

if TYPE_CHECKING:
    from slicken.experiment.channel_map import ChannelMap


def parts_of(path: Path, channel_map: "ChannelMap") -> list[Path]:
    r"""The files that a map joins to a log, in order; whether they are there or not.

    >>> from slicken.experiment import ChannelMap
    >>> text = '[channels]\n[[correction]]\nkind = "join"\nfiles = ["{name}-2.csv"]'
    >>> [part.name for part in parts_of(Path("run.csv"), ChannelMap.from_toml(text))]
    ['run-2.csv']
    """
    joins = [each for each in channel_map.correction if isinstance(each, Join)]
    return [path.parent / name for join in joins for name in join.names(path.stem)]


def wholes_of(maps: Mapping[Path, "ChannelMap | None"]) -> dict[Path, Path]:
    """Those of some files that are parts of others among them: each to the log that it is part of.

    A file that is itself a part joins nothing: it is not read by itself.

    Args:
        maps: Each file with its channel map; None where it has none.

    Raises:
        ChannelError: If a file is part of two logs: one record in two experiments would be a leak.
    """
    known = {path.resolve(): path for path in maps}
    joined = {
        path: [part.resolve() for part in parts_of(path, one) if part.resolve() in known]
        for path, one in maps.items()
        if one is not None
    }
    parts = {part for path, each in joined.items() for part in each if part != path.resolve()}
    wholes: dict[Path, Path] = {}
    for path, each in joined.items():
        if path.resolve() in parts:
            continue
        for part in each:
            other = wholes.setdefault(known[part], path)
            if other is not path:
                raise ChannelError(
                    f"{known[part]}: the channel map joins it to {other.name} and to {path.name}; "
                    "one record in two experiments would be a leak: join it by its name, as in "
                    'files = ["{name}-2.csv"], or give these logs another map'
                )
    return wholes
