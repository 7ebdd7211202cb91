"""Named logs: the files that names and patterns stand for, wherever they are."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from slicken.datasets import DATA_VARIABLE, cache_folder, given_folder
from slicken.errors import PlanError


def find_logs(name: str, beside: Path) -> list[Path]:
    """The files that a name or a pattern stands for, in order.

    Args:
        name: File or pattern, such as ``runs/*.tsv``.
        beside: Folder of relative names; then they are looked for in the folder that
            ``SLICKEN_DATA`` names, then among fetched logs.

    Raises:
        PlanError: If there is none; says where was looked.
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


def check_names(paths: Sequence[Path]) -> None:
    """Check that every file and every name is there once: tables know experiments by name.

    Raises:
        PlanError: If one is there twice.
    """
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
