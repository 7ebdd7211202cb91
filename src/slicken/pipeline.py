"""Pipeline: from a rig's log to a report, in five verbs.

``read`` a log, ``prepare`` an experiment, ``train`` networks on several, ``explain`` what they
show, ``report`` it. Each is a function from one typed thing to the next.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from slicken.errors import ExperimentError, FolderError, PlanError, shown
from slicken.evidence.evidence import Evidence, gather
from slicken.experiment import Experiment
from slicken.experiment.reading import prepare, read
from slicken.reporting.drawing import write_figures
from slicken.reporting.page import write_report
from slicken.reporting.summary import write_summary
from slicken.reporting.wording import Language, language_named
from slicken.study.checkpoint import EVERY
from slicken.study.folder import StudyFolder
from slicken.study.lock import study_lock
from slicken.study.plan import Plan
from slicken.study.progress import OnProgress, ignore, recorded
from slicken.study.trained import Trained
from slicken.study.training import train_study

if TYPE_CHECKING:
    from slicken.study.executors import Executor

__all__ = ["explain", "open_study", "prepare", "read", "report", "train"]


def train(
    experiments: Sequence[Experiment],
    plan: Plan,
    out: str | Path,
    *,
    on_progress: OnProgress = ignore,
    executor: "Executor | None" = None,
    checkpoint_every: float = EVERY,
) -> Trained:
    """Train networks for every window length of a plan, or resume an unfinished study.

    Args:
        experiments: Prepared logs, all with one time step.
        plan: Plan of the study.
        out: Study folder.
        on_progress: Called with every event.
        executor: Who trains, such as ``LocalWorkers(4)``; this process where None.
        checkpoint_every: Seconds from one checkpoint to the next.

    Raises:
        SlickenError: says what is wrong and what to try; what was finished stays.
    """
    _must_be_experiments(experiments)
    if not isinstance(plan, Plan):
        raise PlanError(
            f"train: expected a plan, but got {shown(plan)}; give slicken.Plan(...), or "
            "slicken.Plan.load(path)"
        )
    folder = train_study(
        experiments,
        plan,
        out,
        on_progress=on_progress,
        executor=executor,
        checkpoint_every=checkpoint_every,
    )
    return Trained.of(folder)


def open_study(path: str | Path) -> Trained:
    """The trained study in a folder.

    Args:
        path: Study folder.

    Raises:
        FolderError: if there is none, no window length is finished, or it is damaged.
    """
    if not isinstance(path, str | Path):
        raise FolderError(f"open_study: expected the path of a study, but got {shown(path)}")
    return Trained.of(StudyFolder.open(path))


def explain(
    trained: Trained,
    *,
    ablation: bool = False,
    leak: bool = False,
    on_progress: OnProgress = ignore,
) -> Evidence:
    """Score, compare and explain the networks of a study; results are kept in its folder.

    Two control ensembles are trained at the best window length, unless the plan has ``controls =
    false``; they take about as long as that length did.

    Args:
        trained: Study.
        ablation: Whether networks are also trained without each driver in turn.
        leak: Whether networks are also trained on a random split, to see what it hides.
        on_progress: Called before each step, and as a long one goes on.

    Raises:
        FolderError: if the folder is in use, cannot be written, or was altered.
    """
    if not isinstance(trained, Trained):
        raise FolderError(
            f"explain: expected a trained study, but got {shown(trained)}; give what slicken.train "
            "returns, or slicken.open_study(path)"
        )
    had_evidence = (trained.path / "evidence").exists()
    with study_lock(trained.path), recorded(trained.folder, on_progress) as recorder:
        try:
            return gather(trained, recorder, ablation=ablation, leak=leak)
        except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
            if not had_evidence:
                raise
            # Whoever made the folder may have put anything into it.
            raise FolderError(
                f"{trained.path / 'evidence'}: is not as slicken writes it "
                f"({type(error).__name__}: {error}); remove it, and it is computed anew"
            ) from error


def report(
    evidence: Evidence,
    *,
    language: Language = "en",
    figures: bool = False,
    on_progress: OnProgress = ignore,
) -> Path:
    """Write figures, ``summary.json`` and ``report.html`` into the study folder.

    Args:
        evidence: Evidence of the study.
        language: Language in which the page opens, ``en`` or ``ja``; it holds both. Words in the
            files of the figures are in it.
        figures: Whether every figure is also written for one and two columns of a journal, as PDF,
            PNG and SVG.
        on_progress: Called before each figure.

    Returns:
        The page.
    """
    if not isinstance(evidence, Evidence):
        raise FolderError(
            f"report: expected evidence, but got {shown(evidence)}; give what slicken.explain "
            "returns, such as slicken.explain(slicken.open_study(path))"
        )
    trained, language = evidence.trained, language_named(language)
    with study_lock(trained.path), recorded(trained.folder, on_progress) as recorder:
        write_summary(evidence)
        page = write_report(evidence, language, recorder)
        if figures:
            write_figures(evidence, language, recorder)
    return page


def _must_be_experiments(given: Sequence[Experiment]) -> None:
    if isinstance(given, Experiment):
        raise ExperimentError("train: expected a list of experiments; give [experiment, ...]")
    advice = "give a list such as [slicken.prepare(path) for path in paths]"
    if isinstance(given, str | Path) or not isinstance(given, Iterable):
        raise ExperimentError(f"train: expected experiments, but got {shown(given)}; {advice}")
    if not list(given):
        raise ExperimentError(f"train: got no experiments; {advice}")
    others = [one for one in given if not isinstance(one, Experiment)]
    if others:
        raise ExperimentError(f"train: {shown(others[0])} is no experiment; {advice}")
