"""Drawing: all figures of a study, in the order in which a paper would show them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from slicken.evidence.importance import KINDS
from slicken.evidence.study import Study
from slicken.figures import (
    experiments_figure,
    importance_by_lag_figure,
    importance_over_time_figure,
    learning_curves_figure,
    prediction_figure,
    ranked_importance_figure,
    save,
    stage_importance_figure,
    trace_figure,
    window_figure,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MEASURES = {"loss": "|∂loss/∂x|", "friction": "|∂µ/∂x|"}
MOST_ROWS = 4
"""Window lengths in the figure of predicted against measured friction, as in the published one."""
MOST_EXPERIMENTS = 7
"""Experiments in a figure over time, a panel each."""


@dataclass(frozen=True)
class Drawn:
    """A figure on disk.

    Args:
        name: of its files, without ending.
        title: a few words.
        caption: what it shows, for a reader who has not read the rest.
        files: PNG and PDF.
    """

    name: str
    title: str
    caption: str
    files: tuple[Path, ...]

    @property
    def png(self) -> Path:
        """The picture for a page."""
        return next(file for file in self.files if file.suffix == ".png")


def draw_study(study: Study) -> list[Drawn]:
    """Draw every figure into ``figures/`` of the study's folder, as PNG and PDF."""
    return [
        Drawn(name, title, caption, tuple(save(figure, study.path / "figures", name)))
        for name, title, caption, figure in _figures(study)
    ]


def _figures(study: Study) -> Iterator[tuple[str, str, str, "Figure"]]:
    contest, best = study.contest, study.contest.best
    skilled = study.evidence.has_skill
    note = "" if skilled else " Without proven skill on the test part no length is best."
    warning = "" if skilled else " Without proven skill on the test part this says nothing."
    yield (
        "windows",
        "Validation loss against window length",
        "Lowest validation loss (mean square error of standardised friction) of each run. Box: "
        "quartiles and median; whiskers: 1.5 interquartile ranges; diamonds: means." + note,
        window_figure(
            contest.losses,
            best=best if skilled else None,
            tied=contest.tied if skilled else (),
            floor=study.noise_floor,
            planted=study.truth.get("memory_s") or None,
            linear=study.scores["ridge_loss"],
        ),
    )
    chosen = chosen_windows(study.windows, best)
    yield (
        "predictions",
        "Predicted against measured friction",
        "Mean over runs at every target time, with one standard deviation over runs, on the "
        "validation and the test part. The test part chose nothing.",
        prediction_figure(
            {s: (study.predictions(s, "validation"), study.predictions(s, "test")) for s in chosen}
        ),
    )
    yield (
        "traces",
        f"Friction over time, test part, window of {best:g} s",
        "Measured and predicted friction; band: spread over runs; shading: stages of normal stress."
        + _first_of(study.predictions(best, "test")["experiment"].to_numpy().tolist()),
        trace_figure(study.predictions(best, "test")),
    )
    yield from _importance_figures(study, best, warning)
    yield (
        "learning",
        "Learning curves",
        "Training and validation loss of every run and epoch; marks: best epochs.",
        learning_curves_figure({s: study.history(s) for s in chosen}),
    )
    yield (
        "experiments",
        "The experiments",
        "Friction and, where it is known, normal stress of each experiment as prepared.",
        experiments_figure(study.experiments),
    )


def _importance_figures(
    study: Study, best: float, note: str
) -> Iterator[tuple[str, str, str, "Figure"]]:
    importance = study.importance
    share = (
        f"Absolute gradients on the {study.plan.importance_on} part with the window of {best:g} s, "
        "as shares that sum to one: of the loss (the published measure, which counts nothing "
        "where the fit is good) and of friction itself."
    )
    yield (
        "importance_stages",
        "Importance by run and stage",
        f"{share} A point is a run.{note}",
        stage_importance_figure(
            {MEASURES[kind]: importance.by_stage(best, kind) for kind in KINDS}
        ),
    )
    yield (
        "importance_ranked",
        "Mean importance and rank",
        f"{share} A point is a run; drivers in the order of their mean.{note}",
        ranked_importance_figure({MEASURES[kind]: importance.by_run(best, kind) for kind in KINDS}),
    )
    times = {MEASURES[kind]: importance.over_time(best, kind) for kind in KINDS}
    names = next(iter(times.values()))["experiment"].to_numpy().tolist()
    yield (
        "importance_time",
        "Importance over time",
        f"{share} At each target time, mean over runs.{_first_of(names)}{note}",
        importance_over_time_figure(times),
    )
    if bool(next(iter(times.values()))["slip"].notnull().any()):
        yield (
            "importance_slip",
            "Importance over slip",
            f"{share} Against slip, mean over runs.{_first_of(names)}{note}",
            importance_over_time_figure(times, against="slip"),
        )
    yield (
        "importance_lags",
        "Importance over lags",
        "Share of each driver at each lag before the target time. A gradient reads what the "
        f"network uses, its start included, not what the fault needs.{note}",
        importance_by_lag_figure(
            {MEASURES[kind]: importance.by_lag(best, kind) for kind in KINDS},
            planted=study.truth.get("memory_s") or None,
        ),
    )


def chosen_windows(windows: tuple[float, ...], best: float) -> list[float]:
    """Four lengths at most: the shortest, the longest, the best, and one in the middle."""
    if len(windows) <= MOST_ROWS:
        return list(windows)
    wanted = {windows[0], windows[-1], best}
    for seconds in sorted(windows, key=lambda s: abs(s - (windows[0] + windows[-1]) / 2)):
        if len(wanted) < MOST_ROWS:
            wanted.add(seconds)
    return sorted(wanted)


def _first_of(names: list[str]) -> str:
    held = list(dict.fromkeys(names))
    if len(held) <= MOST_EXPERIMENTS:
        return ""
    return f" The first {MOST_EXPERIMENTS} of {len(held)} experiments."
