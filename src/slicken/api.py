"""The package as Python sees it: everything that the command line does."""

from collections.abc import Sequence
from pathlib import Path

from slicken.evidence.gathering import Reporter, nobody
from slicken.evidence.study import Study
from slicken.experiment import Experiment
from slicken.reporting.page import write_report
from slicken.reporting.phrasebook import Language
from slicken.reporting.summary import write_summary
from slicken.study.checkpoint import EVERY
from slicken.study.lock import study_lock
from slicken.study.observer import Observer
from slicken.study.plan import Plan
from slicken.study.progress import StepRecorder
from slicken.study.runner import train_study
from slicken.study.workers import Workers


def run_study(
    experiments: Sequence[Experiment],
    plan: Plan,
    out: str | Path,
    *,
    observer: Observer | None = None,
    reporter: Reporter = nobody,
    every: float = EVERY,
    workers: Workers | None = None,
) -> Study:
    """Do a whole study, or go on with an unfinished one: train, gather evidence, summarise.

    Args:
        experiments: prepared logs, all with one time step.
        plan: what to do.
        out: the study folder.
        observer: told how training goes.
        reporter: told how the gathering of evidence goes.
        every: seconds from one checkpoint of the training to the next.
        workers: who trains, such as ``LocalWorkers(4)``; this process where None.

    Returns:
        The study; ``summary.json`` is in its folder. For figures and a page, see
        :func:`report_study`.

    Raises:
        SlickenError: says what is wrong and what to try; what was finished stays.
    """
    folder = train_study(experiments, plan, out, observer, every=every, workers=workers)
    study = Study(folder, reporter)
    with study_lock(study.path):
        write_summary(study)
    return study


def report_study(study: Study, language: Language = "en", *, reporter: Reporter = nobody) -> Path:
    """Write figures, ``summary.json`` and ``report.html`` into the folder of a study.

    Args:
        study: with at least one window length finished.
        language: in which the page opens, ``en`` or ``ja``; it holds both. Words in the files of
            the figures are in it.
        reporter: told how the drawing goes.

    Returns:
        The page.
    """
    with study_lock(study.path):
        write_summary(study)
        return write_report(study, language, StepRecorder(reporter, study.folder))
