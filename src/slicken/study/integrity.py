"""Integrity: a folder holds the study that is asked for, and nothing damaged, before work begins.

A damaged part is removed and computed again; a damaged plan is an error.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slicken.errors import FolderError, SlickenError
from slicken.statements import Statement
from slicken.study import checksums
from slicken.study.files import remove
from slicken.study.folder import StudyFolder
from slicken.study.lock import NAME as LOCK
from slicken.study.prepared import fingerprint, fingerprints_of

if TYPE_CHECKING:
    from slicken.experiment import Experiment
    from slicken.study.plan import Plan

_FOLDERS = (".", "windows", "evidence", "checkpoints", "figures")


def create_or_resume(path: Path, plan: "Plan", experiments: Sequence["Experiment"]) -> StudyFolder:
    """Begin a study in a folder, or resume the same one; damaged parts are removed.

    Args:
        path: Folder of the study.
        plan: Plan of the study.
        experiments: Experiments of the study.

    Returns:
        The folder; what was damaged is in its ``repaired``.

    Raises:
        FolderError: If the folder holds another study or something else, its plan is damaged, or
            it cannot be written.
    """
    folder = StudyFolder(path)
    try:
        if folder.plan_file.exists():
            folder = StudyFolder.open(path)
            _check_same(folder, plan, experiments)
            _repair(folder, experiments)
            return folder
        free = not path.exists() or _holds_only_a_start_of(folder, experiments)
    except OSError as error:
        raise FolderError(f"{path}: {error.strerror}; choose another --out") from None
    if not free:
        raise FolderError(f"{path}: this is not a study folder and not empty; choose another --out")
    folder.create(plan, experiments)
    return folder


def _repair(folder: StudyFolder, experiments: Sequence["Experiment"]) -> None:
    for name in _FOLDERS:  # left by processes that were killed as they wrote
        for left in folder.place(name).glob(".*.partial"):
            remove(left)
    if checksums.state_of(folder.experiments_file) != "whole":
        folder.write_experiments(experiments)
        folder.repaired.append(
            Statement("progress.experiments_again", file=str(folder.experiments_file))
        )
    for seconds in folder.plan.windows:
        damage = folder.damage_of(seconds) if folder.window_path(seconds).is_dir() else ""
        if damage:
            remove(folder.window_path(seconds))
            folder.repaired.append(
                Statement("progress.window_again", problem=damage, seconds=seconds)
            )


def _check_same(folder: StudyFolder, plan: "Plan", experiments: Sequence["Experiment"]) -> None:
    here, asked = _by_field(folder.plan.decisive()), _by_field(plan.decisive())
    for field, value in asked.items():
        if here.get(field) != value:
            kept, wanted = _short(here.get(field)), _short(value)
            raise FolderError(
                f"{folder.path}: belongs to another plan ({field} is {kept} there and "
                f"{wanted} here); choose another --out, or ask for the same plan"
            )
    there, given = folder.fingerprints, fingerprints_of(experiments)
    if there != given:
        changed = sorted(n for n in {*there, *given} if there.get(n) != given.get(n))
        raise FolderError(
            f"{folder.path}: belongs to other logs ({', '.join(changed[:3])} differ); "
            "choose another --out"
        )
    if list(there) != list(given):
        raise FolderError(
            f"{folder.path}: has the same logs in another order, which decides the split; give "
            f"them as {', '.join(there)}, or choose another --out"
        )


def _holds_only_a_start_of(folder: StudyFolder, experiments: Sequence["Experiment"]) -> bool:
    """Whether nothing is here but what a process left that was killed as it began this study."""
    if not folder.path.is_dir():
        return False
    held = {path.name for path in folder.path.iterdir() if not path.name.endswith(".partial")}
    held -= {LOCK}
    if not held:
        return True
    if folder.experiments_file.name not in held or held - {"experiments.nc", checksums.NAME}:
        return False
    try:
        kept = folder.read_experiments(len(experiments))
    except SlickenError:
        return False
    return [fingerprint(e) for e in kept] == [fingerprint(e) for e in experiments]


def _by_field(values: Mapping[str, Any], table: str = "") -> dict[str, Any]:
    """Tables opened, so that a difference has a name such as ``network.units``."""
    fields: dict[str, Any] = {}
    for name, value in values.items():
        inner = _by_field(value, f"{name}.") if isinstance(value, Mapping) else {name: value}
        fields.update({f"{table}{field}": found for field, found in inner.items()})
    return fields


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
