"""Drawing: all figures of a study, in the order in which a paper would show them."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from slicken.evidence.attribution import METHODS
from slicken.evidence.drivers import shares_of
from slicken.evidence.evidence import Evidence
from slicken.evidence.importance import KINDS, by_stage, over_time, smoothed
from slicken.evidence.intervals import LEVEL
from slicken.evidence.reasons import slip_in
from slicken.reporting.figures import (
    comparison_figure,
    experiments_figure,
    importance_by_lag_figure,
    importance_over_time_figure,
    learning_curves_figure,
    memory_figure,
    methods_figure,
    picture_of,
    prediction_figure,
    ranked_importance_figure,
    reword,
    saliency_figure,
    save,
    skill_figure,
    stage_importance_figure,
    trace_figure,
    window_figure,
)
from slicken.reporting.figures.pictures import Picture
from slicken.reporting.figures.style import WIDTHS_MM, Width, laid_out
from slicken.reporting.interactive import (
    View,
    comparison_views,
    course_views,
    lag_views,
    trace_views,
)
from slicken.reporting.phrasebook import LANGUAGES, Language, japanese
from slicken.statements import Statement
from slicken.study.progress import OnProgress, Progress, ignore

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

MEASURES = {"loss": "|∂loss/∂x|", "friction": "|∂µ/∂x|"}
METHOD_TITLES = {
    "loss_gradient": "|∂loss/∂x|, as published",
    "friction_gradient": "|∂µ/∂x|",
    "integrated_gradients": "Integrated gradients",
    "shapley_friction": "Shapley values of µ",
    "shapley_loss": "Shapley values of error",
    "permutation": "Permutation",
}
"""Readings of importance, above the panels of a figure."""
METHOD_WORDS_OF_MEMORY = {
    "networks": "the networks",
    "linear": "linear models",
    "trees": "boosted trees",
    "boxcar": "a linear model of the present and a plain mean of the past",
    "exponential": "a linear model of the present and a past that fades exponentially",
}
"""What tells how much history friction needs."""
MOST_ROWS = 4
"""Window lengths in the figure of predicted against measured friction, as in the published one."""


Described = tuple[str, str, str, "Draw"]
"""Name, title and caption of a figure, and what draws it."""

ALTERNATIVES = {
    "windows": "A box for each window length: lowest validation loss of its runs.",
    "comparison": "Two panels over window length: probability of being best, and excess loss.",
    "memory": "Three panels: seconds that networks use, their loss when history is hidden, and the "
    "loss of models that were trained on less history.",
    "skill": "Points with intervals: skill against each baseline, by part, experiment and stage.",
    "predictions": "Clouds of points about the line of equality, for validation and test.",
    "traces": "Measured and predicted friction against time, a panel for each test experiment.",
    "methods": "Shares of the drivers, a panel for each method, with a point for each run.",
    "saliency": "Two maps: drivers against seconds before the target.",
    "importance_ranked": "Mean share of each driver in order, with a point for each run.",
    "importance_stages": "Share of each driver in every stage, with a point for each run.",
    "importance_time": "Share of each driver against time, a line for each.",
    "importance_slip": "Share of each driver against slip, a line for each.",
    "importance_lags": "Share of each driver against seconds before the target, a line for each.",
    "learning": "Training and validation loss against epoch, a panel for each window length.",
    "experiments": "Friction and normal stress against time, a panel for each experiment.",
}
"""What is seen, for who cannot see it; the numbers are in the tables of the page."""


@dataclass(frozen=True)
class Drawn:
    """A figure on disk.

    Args:
        name: of its files, without ending.
        title: a few words.
        caption: what it shows, for a reader who has not read the rest.
        files: PDF, PNG and SVG for one column of a page and for two.
        pictures: for a page, in each language.
        alternative: what is seen, for who cannot see it.
        views: the same to look into; empty where nothing is gained by it.
    """

    name: str
    title: str
    caption: str
    files: tuple[Path, ...] = ()
    pictures: Mapping[Language, Picture] = field(default_factory=dict)
    alternative: str = ""
    views: tuple[View, ...] = ()


class Draw(Protocol):
    """What draws a figure for one column of a page, or for two."""

    def __call__(self, *, width: Width) -> "Figure":
        """The figure; another one each time."""
        ...


def draw_study(
    evidence: Evidence, language: Language = "en", on_progress: OnProgress = ignore
) -> list[Drawn]:
    """Draw every figure as PDF, PNG and SVG, for one column of a journal's page and for two.

    Args:
        evidence: Evidence of the study; its folder gets ``figures/single`` and
            ``figures/double``.
        language: of the words in the files; pictures for a page are drawn in every language.
        on_progress: Called before each figure.
    """
    views = views_of(evidence)
    drawn = []
    described = list(_figures(evidence))
    for number, (name, title, caption, draw) in enumerate(described):
        doing = Statement("progress.figure", title=title)
        on_progress(Progress("figures", doing, number, len(described)))
        files: list[Path] = []
        pictures: dict[Language, Picture] = {}
        for width in WIDTHS_MM:
            figure = draw(width=width)
            for spoken in LANGUAGES:
                if spoken == "ja":
                    reword(figure, japanese().say)
                with laid_out(figure):
                    if spoken == language:
                        files += save(figure, evidence.trained.path / "figures" / width, name)
                    if width == "double":
                        pictures[spoken] = picture_of(figure)
        drawn.append(
            Drawn(
                name, title, caption, tuple(files), pictures, ALTERNATIVES[name],
                views.get(name, ()),
            )
        )  # fmt: skip
    on_progress(Progress("figures", done=len(described), total=len(described)))
    return drawn


def views_of(evidence: Evidence) -> dict[str, tuple[View, ...]]:
    """Figures that a reader may look into, by name."""
    study, comparison = evidence.trained, evidence.comparison
    best, skilled = comparison.best, evidence.skill.proven
    planted = study.truth.get("memory_s") or None
    test = study.predictions(best, "test")
    half_width = evidence.skill.calibration.width(test["predicted"].std("run").to_numpy())
    courses = _courses(evidence, best)
    return {
        "comparison": comparison_views(
            comparison,
            linear=evidence.scores.table["validation_loss"].sel(model="ridge"),
            best=best if skilled else None,
            tied=comparison.tied if skilled else (),
            planted=planted,
        ),
        "traces": trace_views(test, half_width, f"{100 * LEVEL:.0f} % interval"),
        "importance_time": course_views(courses),
        "importance_slip": course_views(courses, against="slip"),
        "importance_lags": lag_views(_by_lag(evidence, best), planted),
    }


def _courses(evidence: Evidence, best: float) -> "dict[str, xr.DataArray]":
    """Shares over time by each measure that has them."""
    readings = evidence.importance.attribution
    return {MEASURES[kind]: evidence.importance.over_time(best, kind) for kind in KINDS} | {
        METHOD_TITLES[name]: over_time(smoothed(readings, name), name)
        for name in ("shapley_friction",)
        if name in readings
    }


def _by_lag(evidence: Evidence, best: float) -> "dict[str, xr.DataArray]":
    return {MEASURES[kind]: evidence.importance.by_lag(best, kind) for kind in KINDS}


def _figures(evidence: Evidence) -> Iterator[Described]:
    study, best = evidence.trained, evidence.comparison.best
    skilled = evidence.skill.proven
    warning = "" if skilled else " Without proven skill on the test part this says nothing."
    yield from _window_figures(evidence, best)
    yield _memory(evidence, best, warning)
    yield from _prediction_figures(evidence, best)
    yield from _method_figures(evidence, best, warning)
    yield from _importance_figures(evidence, best, warning)
    chosen = chosen_windows(study.windows, best)
    yield (
        "learning",
        "Learning curves",
        "Training and validation loss of every run and epoch; marks: best epochs.",
        partial(learning_curves_figure, {s: study.history(s) for s in chosen}),
    )
    yield (
        "experiments",
        "The experiments",
        "Friction and, where it is known, normal stress of each experiment as prepared.",
        partial(experiments_figure, study.experiments),
    )


def _window_figures(evidence: Evidence, best: float) -> Iterator[Described]:
    study, comparison, skilled = evidence.trained, evidence.comparison, evidence.skill.proven
    note = "" if skilled else " Without proven skill on the test part no length is best."
    yield (
        "windows",
        "Validation loss against window length",
        "Lowest validation loss (mean square error of standardised friction) of each run. Box: "
        "quartiles and median; whiskers: 1.5 interquartile ranges; diamonds: means. Linear model: "
        "a ridge regression on the same windows." + note,
        partial(
            window_figure,
            comparison.losses,
            best=best if skilled else None,
            tied=comparison.tied if skilled else (),
            floor=study.noise_floor,
            planted=study.truth.get("memory_s") or None,
            linear=evidence.scores.table["validation_loss"].sel(model="ridge"),
        ),
    )
    slip = slip_in(study.prepared, best) / best
    yield (
        "comparison",
        "The contest of window lengths",
        "Probability of being best: how often each length has the lowest mean validation loss when "
        "runs and independent stretches of validation time are drawn again. Excess: its mean loss "
        "over the lowest, less one, with a 95 % interval over the same draws. The draws are from "
        "the validation experiments that there are: how another experiment would decide, they "
        "cannot say." + note,
        partial(comparison_figure, comparison.to_dataset(), slip if math.isfinite(slip) else None),
    )


def _memory(evidence: Evidence, best: float, warning: str) -> Described:
    study, memory = evidence.trained, evidence.memory.conclusion
    rests = "Nothing tells what friction needs."
    if memory is not None:
        rests = f"The verdict rests on {METHOD_WORDS_OF_MEMORY[memory.method]}; " + (
            "shaded is what it calls needed."
            if memory.is_needed
            else f"{memory.enough:g} s of history do as well as more."
        )
    return (
        "memory",
        "Memory: what networks use, and what friction needs",
        "(a) Most recent seconds that hold 50, 90 and 99 % of |∂µ/∂x|; a point is a run. It tells "
        "what networks do: trained on a fault without memory, they spread over their window all "
        f"the same. (b) Loss of the networks of {best:g} s on the {study.plan.importance_on} part "
        "when older history is replaced by its average over training windows; this too tells what "
        "they do. (c) Loss of models that were trained on so much history and no more, over the "
        "lowest of their family; band: 95 % interval of the difference; hollow: clearly too short. "
        f"Only this tells what friction needs. {rests}{warning}",
        partial(
            memory_figure,
            evidence.memory.spans,
            evidence.memory.truncation["truncated_loss"],
            evidence.memory.required,
            needed=(memory.low, memory.high) if memory and memory.is_needed else None,
            planted=study.truth.get("memory_s") or None,
            best=best,
        ),
    )


def _prediction_figures(evidence: Evidence, best: float) -> Iterator[Described]:
    study = evidence.trained
    yield (
        "skill",
        f"Skill, window of {best:g} s",
        "1 less the ratio of the squared errors of the networks (mean over runs) and of a baseline "
        "on the same targets. Bars: 95 % intervals over independent stretches of time; none where "
        "there are too few. A stage is short, so a single point says little. No network sees "
        "friction one sample before: it shows how slowly friction changes, not what can be known.",
        partial(skill_figure, evidence.skill.table),
    )
    chosen = chosen_windows(study.windows, best)
    yield (
        "predictions",
        "Predicted against measured friction",
        "Mean over runs at every target time, with one standard deviation over runs, on the "
        "validation and the test part. The test part chose nothing.",
        partial(
            prediction_figure,
            {s: (study.predictions(s, "validation"), study.predictions(s, "test")) for s in chosen},
        ),
    )
    test = study.predictions(best, "test")
    half_width = evidence.skill.calibration.width(test["predicted"].std("run").to_numpy())
    yield (
        "traces",
        f"Friction over time, test part, window of {best:g} s",
        "Measured and predicted friction. Bands: an interval that held so much of the validation "
        "part, and the spread over runs. It holds as much of a log that is like the validation "
        "part; no interval knows a fault that it has not seen. Shading: stages of normal stress.",
        partial(
            trace_figure, test, half_width=half_width, interval=f"{100 * LEVEL:.0f} % interval"
        ),
    )


def _method_figures(evidence: Evidence, best: float, warning: str) -> Iterator[Described]:
    study, importance = evidence.trained, evidence.importance
    table, probes = importance.attribution, importance.controls.get("probes")
    shares = {METHOD_TITLES[m]: shares_of(table, m) for m in METHODS if m in table}
    zeros, said = {}, "No controls were trained, so shares have no zero level."
    if probes is not None:
        zeros = {METHOD_TITLES[m]: shares_of(probes, m) for m in METHODS if m in probes}
        said = (
            "Grey: up to the zero level, the largest share of channels that know nothing of "
            "friction (noise, shuffled copies of the drivers) in an ensemble that sees them too, "
            "in what the drivers earn there."
        )
        if set(zeros) < set(shares):
            said += " With these there are too many channels for exact Shapley values."
    yield (
        "methods",
        "Importance by every method",
        f"Shares of the drivers at {best:g} s on the {study.plan.importance_on} part; a small "
        "point is a run, the large one their mean. Gradients, and Shapley values of µ, tell what "
        "moves the networks; Shapley values of the error, and permutation, what takes away their "
        "error, which can be less than nothing; a run in which all drivers together take none away "
        f"has no shares. No method knows causes. {said}{warning}",
        partial(methods_figure, shares, zeros),
    )
    yield (
        "saliency",
        "Drivers and lags",
        "Mean over runs; a column is a stretch of time before the target, and columns widen with "
        "lag. (a) How much the map of gradients changes when a stretch is hidden, times the same "
        "for a driver; by this product no driver can have lags of its own. (b) Size of each "
        "sample's part in the way of the prediction from a window of another time to this one. "
        f"Both tell what networks use, not what friction needs.{warning}",
        partial(saliency_figure, table["rescaled_saliency"], table["integrated_by_lag"]),
    )


def _importance_figures(evidence: Evidence, best: float, note: str) -> Iterator[Described]:
    study, importance = evidence.trained, evidence.importance
    readings = importance.attribution
    shapley = [name for name in ("shapley_friction",) if name in readings]
    beside = (
        " And the same of exact Shapley values of predicted friction, at fewer target "
        "times; over time, as means of 15 neighbours."
        if shapley
        else ""
    )
    share = (
        f"Absolute gradients on the {study.plan.importance_on} part with the window of {best:g} s, "
        "as shares that sum to one: of the loss (the published measure, which counts nothing "
        "where the fit is good) and of friction itself."
    )
    yield (
        "importance_ranked",
        "Mean importance and rank",
        f"{share} A point is a run; drivers in the order of their mean.{note}",
        partial(
            ranked_importance_figure,
            {MEASURES[kind]: importance.by_run(best, kind) for kind in KINDS},
        ),
    )
    yield (
        "importance_stages",
        "Importance by run and stage",
        f"{share}{beside} A point is a run.{note}",
        partial(
            stage_importance_figure,
            {MEASURES[kind]: importance.by_stage(best, kind) for kind in KINDS}
            | {METHOD_TITLES[name]: by_stage(readings, name) for name in shapley},
        ),
    )
    times = _courses(evidence, best)
    yield (
        "importance_time",
        "Importance over time",
        f"{share}{beside} At each target time, mean over runs.{note}",
        partial(importance_over_time_figure, times),
    )
    if bool(next(iter(times.values()))["slip"].notnull().any()):
        yield (
            "importance_slip",
            "Importance over slip",
            f"{share} Against slip, mean over runs.{note}",
            partial(importance_over_time_figure, times, against="slip"),
        )
    yield (
        "importance_lags",
        "Importance over lags",
        "Share of each driver at each lag before the target time. A gradient reads what the "
        f"network uses, its start included, not what the fault needs.{note}",
        partial(
            importance_by_lag_figure,
            _by_lag(evidence, best),
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
