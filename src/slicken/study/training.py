"""Training: every window length of a plan, in a folder, from wherever it was left.

Before work begins, the folder holds the study that is asked for, and nothing damaged: a damaged
part is removed and computed again; a damaged plan is an error.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slicken.errors import FolderError, PlanError, TrainingError
from slicken.learning.engine import choose_engine, describe_engine
from slicken.statements import Statement
from slicken.study.checkpoint import EVERY
from slicken.study.executors import Executor, InProcess
from slicken.study.files import MANIFEST, remove, state_of
from slicken.study.folder import StudyFolder
from slicken.study.ledger import Ledger
from slicken.study.lock import NAME as LOCK
from slicken.study.lock import study_lock
from slicken.study.prepared import Prepared, fingerprints_of, pooled, prepare_study, spelled_out
from slicken.study.progress import OnProgress, Progress, ignore, recorded
from slicken.study.task import Job, Task, forget, join, tasks_of

if TYPE_CHECKING:
    from slicken.experiment import Experiment
    from slicken.study.folder import WindowResult
    from slicken.study.plan import Plan

_FOLDERS = (".", "windows", "evidence", "checkpoints", "figures")


def train_study(
    experiments: Sequence["Experiment"],
    plan: "Plan",
    out: str | Path,
    *,
    on_progress: OnProgress = ignore,
    executor: Executor | None = None,
    checkpoint_every: float = EVERY,
) -> StudyFolder:
    """Train every window length that the folder does not hold yet.

    Args:
        experiments: Prepared logs, all with the same time step.
        plan: Plan of the study.
        out: Study folder; an unfinished one is resumed.
        on_progress: Called with every event.
        executor: Who trains; this process where None.
        checkpoint_every: Seconds from one checkpoint to the next.

    Returns:
        The folder, with every window length in it.

    Raises:
        SlickenError: If the experiments do not fit the plan, the folder belongs to another study
            or cannot be written, another process works on it, or no run at all had finite losses.
    """
    if not checkpoint_every >= 0:
        raise PlanError(f"seconds between checkpoints: {checkpoint_every:g}; give some such as 30")
    choose_engine(plan.engine)  # an engine that is not there is said before anything is written
    plan = spelled_out(experiments, plan)
    prepared = prepare_study(experiments, plan)
    plan = plan.as_run(len(prepared), prepared[0].split.ends["training"].size)
    with claimed(Path(out), plan, experiments, on_progress) as folder:
        with recorded(folder, on_progress) as recorder:
            for note in describe(plan, pooled(prepared), folder.finished()):
                recorder(Progress("measuring", note=note))
            job = Job(plan, prepared, folder.identity, folder.path.resolve(), checkpoint_every)
            _train(folder, job, executor or InProcess(), recorder)
        _check_some_run_is_finite(folder)
    return folder


@contextmanager
def claimed(
    out: Path, plan: "Plan", experiments: Sequence["Experiment"], on_progress: OnProgress = ignore
) -> Iterator[StudyFolder]:
    """The folder of a study, begun or resumed, which no other process works on meanwhile.

    Args:
        out: Study folder.
        plan: Plan of the study.
        experiments: Experiments of the study.
        on_progress: Called with what was found damaged, and what else is not as it was.

    Raises:
        FolderError: If it is not free, or not of this study.
    """

    def note(statement: Statement) -> None:
        on_progress(Progress("measuring", note=statement))

    if out.exists() and not out.is_dir():
        raise FolderError(f"{out}: this is not a study folder; choose another --out")
    with study_lock(out, note):
        folder = create_or_resume(out, plan, experiments)
        while folder.repaired:
            note(folder.repaired.pop(0))
        before, now = folder.versions.get("engine", ""), describe_engine(plan.engine)
        if before != now:
            note(Statement("progress.engine_changed", before=before, now=now))
        yield folder


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
        free = _is_free(folder)
    except OSError as error:
        raise FolderError(f"{path}: {error.strerror}; choose another --out") from None
    if not free:
        raise FolderError(f"{path}: this is not a study folder and not empty; choose another --out")
    folder.create(plan, experiments)
    return folder


def _repair(folder: StudyFolder, experiments: Sequence["Experiment"]) -> None:
    for name in _FOLDERS:  # left by processes that were killed as they wrote
        for pattern in (f"{name}/.*.partial", f"folds/*/{name}/.*.partial"):
            for left in folder.path.glob(pattern):
                remove(left)
    if state_of(folder.experiments_file) != "whole":
        folder.write_experiments(experiments)
        folder.repaired.append(
            Statement("progress.experiments_again", file=str(folder.experiments_file))
        )
    for fold, seconds in product(folder.folds, folder.plan.windows):
        damage = fold.damage_of(seconds) if fold.window_path(seconds).is_dir() else ""
        if damage:
            remove(fold.window_path(seconds))
            folder.repaired.append(
                Statement("progress.window_again", problem=damage, seconds=seconds)
            )


def _check_same(folder: StudyFolder, plan: "Plan", experiments: Sequence["Experiment"]) -> None:
    here, asked = _by_field(folder.plan.decisive()), _by_field(plan.decisive())
    for field in {**here, **asked}:
        if here.get(field) != asked.get(field):
            kept, wanted = _short(here.get(field)), _short(asked.get(field))
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


def _is_free(folder: StudyFolder) -> bool:
    """Whether nothing is here, or what a process left that was killed as it began a study."""
    if not folder.path.exists():
        return True
    if not folder.path.is_dir():
        return False
    held = {path.name for path in folder.path.iterdir() if not path.name.endswith(".partial")}
    held -= {LOCK, MANIFEST}
    listed = state_of(folder.experiments_file) != "unknown"  # somebody else's file is not
    return not held or (listed and held == {folder.experiments_file.name})


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


def describe(plan: "Plan", prepared: Prepared, finished: Sequence[float]) -> Iterator[Statement]:
    """What a study is about, and what of it is done already.

    Args:
        plan: Plan of the study.
        prepared: Its experiments, prepared.
        finished: Window lengths that are trained, s.
    """
    yield Statement("progress.drivers", drivers=prepared.record.channels)
    if prepared.missing:
        yield Statement("progress.missing", drivers=prepared.missing)
    if plan.allow_stress_inputs:
        yield Statement("progress.stress_inputs")
    for name in prepared.scaling.mostly_noise():
        yield Statement("progress.constant", driver=name)
    yield Statement("progress.split", words=prepared.split.words)
    ends = prepared.split.ends
    if plan.folds == 1:
        yield Statement("progress.targets", **{part: int(ends[part].size) for part in ends})
    else:
        yield Statement("progress.targets_of_folds", count=int(ends["test"].size))
    if plan.clock == "slip":
        yield Statement("progress.slip_grid", step=prepared.record.dt)
    key = "progress.protocol_random" if plan.histories == "random" else "progress.protocol"
    yield Statement(key, windows=plan.windows, runs=plan.runs, epochs=plan.epochs)
    if len(finished) == len(plan.windows):
        yield Statement("progress.all_finished")
    elif finished:
        yield Statement("progress.some_finished", windows=tuple(finished))


def _train(folder: StudyFolder, job: Job, executor: Executor, on_progress: OnProgress) -> None:
    tasks = tasks_of(folder, executor.runs_together(job.plan))
    if not tasks:
        return
    ledger = Ledger(tasks, job.plan, on_progress)
    left = Counter((task.fold, task.seconds) for task in tasks)
    groups: dict[tuple[int, float], dict[Task, list[WindowResult]]] = {}
    for task, parts in executor.train(tasks, job, ledger):
        training = task.fold, task.seconds
        group = groups.setdefault(training, {})
        group[task] = parts
        if len(group) == left[training]:
            del groups[training]
            results = [
                join(of_length)
                for of_length in zip(*(group[one] for one in sorted(group)), strict=True)
            ]
            for result in results:
                folder.folds[task.fold].write_window(result)
            forget(folder, *training)
            ledger.finished(task, results)


def _check_some_run_is_finite(folder: StudyFolder) -> None:
    histories = (fold.read_history(s) for fold in folder.folds for s in fold.finished())
    if not any(history["finite"].any() for history in histories):
        raise TrainingError(
            f"{folder.path}: every run of every window length ended with a loss that is not "
            "finite; lower optimiser.learning_rate, or set optimiser.clip, and choose another --out"
        )
