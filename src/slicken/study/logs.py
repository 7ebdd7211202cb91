"""Logs: the files that a plan names, wherever they are."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from slicken.datasets import DATA_VARIABLE, cache_folder, given_folder
from slicken.errors import PlanError
from slicken.experiment import ChannelMap, Experiment, read_experiment
from slicken.experiment.joined import wholes_of
from slicken.logs.finding import Finding
from slicken.statements import Statement
from slicken.study.plan import Plan


def read_logs(plan: Plan, beside: str | Path = ".") -> list[Experiment]:
    """Read and prepare every log that a plan names.

    Args:
        plan: its ``logs`` are files or patterns such as ``runs/*.tsv``.
        beside: the folder of the plan; relative names are looked for there, then in the folder
            that ``SLICKEN_DATA`` names, then among fetched logs.

    Raises:
        SlickenError: if a file is not there, is there twice, or cannot be prepared.
    """
    beside = Path(beside)
    if not plan.logs:
        raise PlanError('the plan names no logs; add logs = ["run1.csv", ...] or give files')
    channels = _channel_map(plan, beside)
    paths = [path for name in plan.logs for path in find_logs(name, beside)]
    _no_two_alike(paths)
    wholes = wholes_of(paths, channels)
    paths = [path for path in paths if path not in wholes]
    experiments = [_with_parts(path, read_experiment(path, channels), wholes) for path in paths]
    _no_copies(paths, experiments)
    return experiments


def _with_parts(path: Path, experiment: Experiment, wholes: Mapping[Path, Path]) -> Experiment:
    """The experiment, which says of its parts that they were named too."""
    parts = [part.name for part, whole in wholes.items() if whole == path]
    if not parts:
        return experiment
    joined = Statement("findings.joined_parts", parts=tuple(parts), count=len(parts))
    return replace(experiment, findings=(*experiment.findings, Finding(joined)))


def find_logs(name: str, beside: Path) -> list[Path]:
    """The files that a name or a pattern stands for, in order.

    Raises:
        PlanError: if there is none; says where was looked.
    """
    places, rest = _places(name, beside)
    for place in places:
        here = place / rest
        if here.is_file():
            return [here]
        if here.is_dir():
            raise PlanError(f"{here}: a folder, not a log; name the files in it: {name}/*")
        found = sorted(path for path in _matches(place, rest) if path.is_file())
        if found:
            return found
    kind = "file that fits the pattern" if _is_pattern(name) else "such file"
    if Path(name).is_absolute():
        raise PlanError(f"{name}: no {kind}; check the name and the folder")
    looked = ", ".join(str(place.absolute()) for place in places)
    raise PlanError(
        f"{name}: no {kind} in {looked}; fetch public logs with 'slicken fetch', or set "
        f"{DATA_VARIABLE} to the folder that holds them"
    )


def _places(name: str, beside: Path) -> tuple[list[Path], str]:
    """Folders to look in, and what to look for there."""
    path = Path(name)
    if path.is_absolute():
        return [Path(path.anchor)], str(path.relative_to(path.anchor))
    given = given_folder()
    return [beside, *([given] if given else []), cache_folder()], name


def _is_pattern(name: str) -> bool:
    return any(character in name for character in "*?[")


def _matches(place: Path, pattern: str) -> Iterable[Path]:
    try:
        return list(place.glob(pattern)) if _is_pattern(pattern) else []
    except ValueError as error:
        raise PlanError(
            f"{pattern}: not a file pattern ({error}); use * such as runs/*.tsv"
        ) from None


def _no_two_alike(paths: list[Path]) -> None:
    """Every file once, and every name once: figures and tables know experiments by name."""
    by_file: set[Path] = set()
    by_name: dict[str, Path] = {}
    for path in paths:
        if path.resolve() in by_file:
            raise PlanError(f"{path}: named twice; name each log once, and check the patterns")
        other = by_name.setdefault(path.stem, path)
        if other is not path:
            raise PlanError(
                f"{other} and {path}: two experiments would be named {path.stem!r}; rename one file"
            )
        by_file.add(path.resolve())


def _no_copies(paths: list[Path], experiments: list[Experiment]) -> None:
    seen: dict[str, Path] = {}
    for path, experiment in zip(paths, experiments, strict=True):
        other = seen.setdefault(experiment.provenance.sha256, path)
        if other is not path:
            raise PlanError(
                f"{path}: the same bytes as {other}; one record in two parts would be a leak: "
                "leave one out"
            )


def _channel_map(plan: Plan, beside: Path) -> ChannelMap | None:
    if not plan.channels:
        return None
    here = Path(plan.channels)
    return ChannelMap.load(beside / here if (beside / here).exists() or not here.exists() else here)
