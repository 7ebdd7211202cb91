"""The package as Python sees it: everything that the command line does."""

from collections.abc import Sequence
from pathlib import Path

from slicken.evidence.gathering import reporter_of
from slicken.evidence.study import Study
from slicken.experiment import Experiment
from slicken.reporting.page import write_report
from slicken.reporting.phrasebook import Language
from slicken.reporting.summary import write_summary
from slicken.study.checkpoint import EVERY
from slicken.study.executors import Executor
from slicken.study.lock import study_lock
from slicken.study.plan import Plan
from slicken.study.progress import OnProgress, ignore, recorded
from slicken.study.training import train_study


def run_study(
    experiments: Sequence[Experiment],
    plan: Plan,
    out: str | Path,
    *,
    on_progress: OnProgress = ignore,
    executor: Executor | None = None,
    checkpoint_every: float = EVERY,
) -> Study:
    """Do a whole study, or resume an unfinished one: train, gather evidence, summarise.

    Args:
        experiments: Prepared logs, all with one time step.
        plan: Plan of the study.
        out: Study folder; an unfinished one is resumed.
        on_progress: Called with every event.
        executor: Who trains, such as ``LocalWorkers(4)``; this process where None.
        checkpoint_every: Seconds from one checkpoint of the training to the next.

    Returns:
        The study; ``summary.json`` is in its folder. For figures and a page, see
        :func:`report_study`.

    Raises:
        SlickenError: With what is wrong and what to try; what was finished stays.
    """
    folder = train_study(
        experiments,
        plan,
        out,
        on_progress=on_progress,
        executor=executor,
        checkpoint_every=checkpoint_every,
    )
    study = Study(folder, on_progress)
    with study_lock(study.path):
        write_summary(study)
    return study


def report_study(
    study: Study, language: Language = "en", *, on_progress: OnProgress = ignore
) -> Path:
    """Write figures, ``summary.json`` and ``report.html`` into the folder of a study.

    Args:
        study: Study with at least one window length finished.
        language: Language in which the page opens, ``en`` or ``ja``; it holds both. Words in the
            files of the figures are in it.
        on_progress: Called with every event.

    Returns:
        The page.
    """
    with study_lock(study.path), recorded(study.folder, on_progress) as recorder:
        write_summary(study)
        return write_report(study, language, reporter_of(recorder, "figures"))
