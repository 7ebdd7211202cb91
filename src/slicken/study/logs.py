"""Logs: the files that a plan names, wherever they are."""

from pathlib import Path

from slicken.errors import PlanError
from slicken.experiment import Experiment, read_experiment
from slicken.experiment.fetching import DATA_VARIABLE, cache_folder, given_folder
from slicken.study.plan import Plan


def read_logs(plan: Plan, beside: Path) -> list[Experiment]:
    """Read and prepare every log that a plan names.

    Args:
        plan: its ``logs`` are files or patterns such as ``runs/*.tsv``.
        beside: the folder of the plan; relative names are looked for there, then in the folder
            that ``SLICKEN_DATA`` names, then among fetched logs.

    Raises:
        SlickenError: if a file is not there or cannot be prepared.
    """
    if not plan.logs:
        raise PlanError('the plan names no logs; add logs = ["run1.csv", ...] or give files')
    channels = _channel_map(plan, beside)
    paths = [path for name in plan.logs for path in find_logs(name, beside)]
    return [read_experiment(path, channels) for path in dict.fromkeys(paths)]


def find_logs(name: str, beside: Path) -> list[Path]:
    """The files that a name or a pattern stands for, in order.

    Raises:
        PlanError: if there is none; says where was looked.
    """
    if Path(name).is_absolute():
        places = [Path(Path(name).anchor)]
        name = str(Path(name).relative_to(places[0]))
    else:
        given = given_folder()
        places = [beside, *([given] if given else []), cache_folder()]
    for place in places:
        if (place / name).is_file():
            return [place / name]
        found = sorted(path for path in _matches(place, name) if path.is_file())
        if found:
            return found
    looked = ", ".join(str(place) for place in places)
    raise PlanError(
        f"{name}: no such file in {looked}; fetch public logs with 'slicken fetch', or set "
        f"{DATA_VARIABLE} to the folder that holds them"
    )


def _matches(place: Path, pattern: str) -> list[Path]:
    try:
        return list(place.glob(pattern)) if any(c in pattern for c in "*?[") else []
    except ValueError as error:
        raise PlanError(
            f"{pattern}: not a file pattern ({error}); use * such as runs/*.tsv"
        ) from None


def _channel_map(plan: Plan, beside: Path) -> Path | None:
    if not plan.channels:
        return None
    return next((p for p in (beside / plan.channels,) if p.is_file()), Path(plan.channels))
