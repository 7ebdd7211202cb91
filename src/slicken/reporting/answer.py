"""Answer: what a study shows, as statements and numbers, in the order in which a reader asks."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from slicken.evidence.intervals import LEVEL
from slicken.evidence.reasons import FEW_EXPERIMENTS, reasons_for_no_skill
from slicken.evidence.resampling import FEWEST_BLOCKS, Interval
from slicken.reporting.advice import next_steps
from slicken.reporting.answer_memory import Finding, memory_found
from slicken.reporting.caveats import caveats_of, truth_of
from slicken.reporting.laws_beside import better_than_networks, fitted, said_of_laws
from slicken.reporting.ranking import ranking_of
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.evidence.drivers import Verdict
    from slicken.evidence.evidence import Evidence
    from slicken.evidence.window_comparison import WindowComparison
    from slicken.lengths import StudyClock
    from slicken.study.plan import Plan

NOTHING = Interval(float("nan"), float("nan"), float("nan"))
TEST = "test_mean"
"""The constant that is hardest to beat: the mean of the test part itself."""
MODELS = ("network", "ridge", "trees", "mean")
"""Models of the first screen: the networks, what sees the same windows, and a constant; before the
constant stands the friction law with the lowest validation loss."""


@dataclass(frozen=True)
class DriverAnswer:
    """What one driver contributes.

    Args:
        channel: Name of the driver.
        verdict: Conclusion.
        share: Share of the error reduction by all drivers; NaN without proven skill.
        gradient: Share of ``|dLoss/dx|``, the published measure; NaN without proven skill.
        reasons: Statements behind the verdict.
    """

    channel: str
    verdict: "Verdict"
    share: Interval
    gradient: float
    reasons: tuple[Statement, ...]

    def statements(self) -> tuple[Statement, ...]:
        """Verdict and share, and the reasons where there is a verdict."""
        name, verdict = self.channel, self.verdict
        if not np.isfinite(self.share.value):
            return (Statement("answer.driver_verdict", driver=name, verdict=verdict),)
        return (
            Statement("answer.driver_share", driver=name, verdict=verdict, share=tuple(self.share)),
            Statement("answer.driver_reasons", driver=name, reasons=self.reasons),
        )


@dataclass(frozen=True)
class ModelAnswer:
    """How well one model predicts the test part.

    Args:
        model: Name of the model.
        rmse: Root mean square error in friction.
        skill: Skill of the networks over it; NaN for the networks themselves.
    """

    model: str
    rmse: float
    skill: Interval


@dataclass(frozen=True)
class Answer:
    """What a study shows.

    Args:
        name: Name of the study.
        clock: Clock of the study, in whose unit its lengths are.
        form: Form of what is predicted, and of what it is predicted from, where it is not the plain
            channel; said before all else.
        skill: Whether these data can tell.
        memory: How much history friction requires.
        windows: How the window lengths compare.
        drivers: One for each driver, largest share first.
        models: The networks beside simpler models.
        ranking: What the methods of importance say about the drivers.
        truth: Planted truth beside what was found; empty for real logs.
        caveats: What a reader must know before relying on it.
        next_steps: What to try next.
        unfinished: Window lengths that are not trained yet.
    """

    name: str
    clock: "StudyClock"
    form: tuple[Statement, ...]
    skill: Finding
    memory: Finding
    windows: Finding
    drivers: tuple[DriverAnswer, ...]
    models: tuple[ModelAnswer, ...]
    ranking: tuple[Statement, ...]
    truth: tuple[Statement, ...]
    caveats: tuple[Statement, ...]
    next_steps: tuple[Statement, ...]
    unfinished: tuple[float, ...]

    def findings(self) -> dict[str, Finding]:
        """The three questions in their order, by the key of their title."""
        return {"skill": self.skill, "memory": self.memory, "windows": self.windows}

    def sections(self) -> dict[str, tuple[Statement, ...]]:
        """All that is said, in the order in which a reader asks, by the key of each title."""
        return {
            **{name: finding.statements() for name, finding in self.findings().items()},
            "drivers": tuple(each for driver in self.drivers for each in driver.statements()),
            "ranking": self.ranking,
            "truth": self.truth,
            "caveats": self.caveats,
            "next_steps": self.next_steps,
        }


def answer(evidence: "Evidence") -> Answer:
    """The answer of a study.

    Args:
        evidence: All evidence of the study.
    """
    trained = evidence.trained
    planned = trained.plan.windows
    return Answer(
        name=trained.plan.name,
        clock=trained.plan.clock,
        form=tuple(form_of(trained.plan)),
        skill=_skill(evidence),
        memory=memory_found(evidence),
        windows=_windows(evidence),
        drivers=_drivers(evidence),
        models=_models(evidence),
        ranking=tuple(ranking_of(evidence)),
        truth=tuple(truth_of(evidence)),
        caveats=tuple(caveats_of(evidence)),
        next_steps=tuple(next_steps(evidence)),
        unfinished=tuple(s for s in planned if s not in trained.windows),
    )


def form_of(plan: "Plan") -> Iterator[Statement]:
    """Form of the target and of drivers, where it is not the plain channel."""
    if plan.target == "relative":
        yield Statement("answer.relative", span=plan.level_span)
    if plan.as_change:
        yield Statement("answer.as_change", drivers=plan.as_change)


def _skill(evidence: "Evidence") -> Finding:
    skill, prepared = evidence.skill, evidence.trained.prepared
    found = _intervals(evidence)
    test, tested = found[TEST], _tested(evidence)
    few = tuple(_few_experiments(evidence))
    more = [
        Statement("answer.skill_meaning"),
        Statement("answer.skill_training", mean=found["mean"], median=found["median"]),
    ]
    if skill.course is not None:
        over = skill.course.over
        more.append(Statement("answer.course_skill", skill=(over.value, over.low, over.high)))
    if skill.permutation_p is not None:
        more.append(Statement("answer.permutation", p=skill.permutation_p))
    more += said_of_laws(evidence.laws)
    if np.isfinite(skill.coverage):
        key = "answer.coverage_folds" if evidence.trained.has_folds else "answer.coverage"
        more.append(Statement(key, level=LEVEL, covered=skill.coverage))
    by_law = tuple(better_than_networks(evidence.laws))
    if skill.proven:
        headline, beside = _shown(evidence, test)
        return Finding(headline, (*by_law, *beside, tested, *few), tuple(more))
    reasons = reasons_for_no_skill(prepared, skill.against)
    if reasons:
        more.insert(0, Statement("answer.reasons", reasons=reasons))
    headline, why = _not_shown(evidence, test)
    return Finding(headline, (*by_law, why, tested, *few), tuple(more))


def _shown(
    evidence: "Evidence", test: tuple[float, ...]
) -> tuple[Statement, tuple[Statement, ...]]:
    """Skill, or that of a common course with the drivers that share it."""
    skill = evidence.skill
    if skill.grade == "shown" or skill.course is None:
        return Statement("answer.skill_yes", skill=test), ()
    names, beside = skill.course.drivers, [Statement("answer.course")]
    if names:
        beside.append(Statement("answer.course_drivers", drivers=names, count=len(names)))
    return Statement("answer.skill_course", skill=test), tuple(beside)


def _not_shown(evidence: "Evidence", test: tuple[float, ...]) -> tuple[Statement, Statement]:
    """No skill, or a record that was predicted well without an interval, and why."""
    skill = evidence.skill
    if skill.grade == "seen_once" and skill.seen is not None:
        seen, blocks = skill.seen, min(one.blocks for one in skill.against)
        return (
            Statement("answer.skill_seen", r2=seen.r2, correlation=seen.correlation),
            Statement("answer.seen", count=seen.experiments, blocks=blocks, needed=FEWEST_BLOCKS),
        )
    return _no_skill(evidence, test), _why_no_skill(evidence)


def _intervals(evidence: "Evidence") -> dict[str, tuple[float, float, float]]:
    """Skill against each constant, with an interval where all of them have the blocks for one."""
    against = evidence.skill.against
    known = min(one.blocks for one in against) >= FEWEST_BLOCKS
    nan = float("nan")
    return {
        one.against: (one.value, one.low, one.high) if known else (one.value, nan, nan)
        for one in against
    }


def _tested(evidence: "Evidence") -> Statement:
    """How many held-out experiments there are, and what intervals are over."""
    split, against = evidence.trained.prepared.split, evidence.skill.against
    tested = np.unique(evidence.trained.prepared.record.experiment[split.ends["test"]]).size
    whole = split.by == "experiment"
    if all(one.unit == "experiment" for one in against):
        return Statement(
            "answer.tested_each" if whole else "answer.tested_parts_each", count=int(tested)
        )
    blocks = min(one.blocks for one in against)
    key = "answer.tested_experiments" if whole else "answer.tested_parts"
    return Statement(key, count=int(tested), blocks=blocks)


def _few_experiments(evidence: "Evidence") -> Iterator[Statement]:
    """What so few experiments can show, where each was held out."""
    trained = evidence.trained
    count = len(trained.experiments)
    if trained.has_folds and trained.prepared.split.by == "experiment" and count <= FEW_EXPERIMENTS:
        yield Statement("answer.few_experiments", count=count)


def _no_skill(evidence: "Evidence", test: tuple[float, ...]) -> Statement:
    if any(one.value <= 0 for one in evidence.skill.against):
        return Statement("answer.skill_no", skill=test)
    return Statement("answer.skill_not_shown", skill=test)


def _why_no_skill(evidence: "Evidence") -> Statement:
    against = evidence.skill.against
    not_beaten = {one.against for one in against if one.value <= 0}
    if not_beaten - {TEST}:
        return Statement("answer.why_constant")
    if not_beaten:
        return Statement("answer.why_level")
    if min(one.blocks for one in against) < FEWEST_BLOCKS:
        return Statement("answer.why_blocks", needed=FEWEST_BLOCKS)
    if all(one.proven for one in against):
        return Statement("answer.why_chance")
    return Statement("answer.why_interval")


def _windows(evidence: "Evidence") -> Finding:
    comparison, meaning = evidence.comparison, Statement("answer.windows_meaning")
    if comparison.windows.size == 1:
        return Finding(Statement("answer.windows_one", window=comparison.best))
    headline, *lowest = _compared(evidence)
    beside = [*lowest]
    if not evidence.trained.has_folds:  # with folds it is fitted at the chosen length alone
        beside.append(Statement("answer.windows_linear", window=lowest_linear(evidence)))
    more = [*_slip(evidence), *_required_by_lag_model(evidence), meaning]
    if comparison.can_tell:
        more.insert(0, _sample(comparison))
    if not lowest or _seems_to_contradict(evidence):  # must not be taken for the memory
        beside.insert(0, more.pop())
    return Finding(headline, tuple(beside), tuple(more))


def _seems_to_contradict(evidence: "Evidence") -> bool:
    """Whether a length is not distinguishable that is shorter than the memory."""
    memory, comparison = evidence.memory.conclusion, evidence.comparison
    return memory is not None and memory.is_needed and min(comparison.tied) <= memory.low


def _sample(comparison: "WindowComparison") -> Statement:
    """What the comparison resamples."""
    runs, count = int(comparison.paired.size), comparison.independent
    if comparison.blocks.unit == "experiment":
        return Statement("answer.windows_sample_experiments", runs=runs, count=count)
    return Statement("answer.windows_sample", runs=runs, blocks=count)


def _compared(evidence: "Evidence") -> Iterator[Statement]:
    """The outcome of the comparison and, unless it is that, where the mean loss is lowest."""
    comparison, best = evidence.comparison, evidence.comparison.best
    lowest = Statement("answer.windows_no_skill_lowest", window=best)
    if comparison.paired.size < 2:
        yield Statement("answer.windows_few_runs", runs=int(comparison.paired.size))
        yield lowest
    elif not comparison.can_tell:
        yield Statement("answer.windows_few_blocks", blocks=comparison.independent)
        yield lowest
    elif not evidence.skill.proven:
        yield Statement("answer.windows_no_skill")
        yield lowest
    else:
        p = float(comparison.probability_best.sel(window=best))
        if len(comparison.tied) == 1:
            yield Statement("answer.windows_lowest", window=best, p=p)
            return
        lengths = _lengths(comparison.tied, comparison.windows.tolist())
        yield (
            Statement("answer.windows_all_tied", lengths=lengths)
            if comparison.flat
            else Statement("answer.windows_tied", lengths=lengths)
        )
        yield Statement("answer.windows_tied_lowest", window=best, p=p)


def _slip(evidence: "Evidence") -> Iterator[Statement]:
    """The slip within the window of the lowest mean loss, where slip is known."""
    best = evidence.comparison.best
    slip = evidence.trained.prepared.slip_in(best)
    if np.isfinite(slip):
        yield Statement("answer.windows_slip", window=best, slip=slip)


def lowest_linear(evidence: "Evidence") -> float:
    """The window length at which the linear model has its lowest validation loss, s."""
    losses = evidence.scores.table["validation_loss"].sel(model="ridge").fillna(np.inf)
    return float(losses["window"].to_numpy()[int(np.argmin(losses.to_numpy()))])


def _required_by_lag_model(evidence: "Evidence") -> Iterator[Statement]:
    """History that the lag model requires, where it predicts as well as the networks."""
    if not evidence.memory.lag_model_fits or evidence.skill.grade != "shown":
        return
    for one in evidence.memory.required:
        if one.family == "networks":
            continue
        if one.range is None:
            yield Statement("answer.windows_lag_model_none", enough=one.shortest)
        elif one.limit:
            yield Statement("answer.windows_lag_model_beyond", low=one.more_than)
        else:
            low, high = one.range
            yield Statement("answer.windows_lag_model", low=low, high=high)


def _lengths(some: tuple[float, ...], every: list[float]) -> Statement:
    """Lengths as a range where they stand side by side, else one by one."""
    places = [every.index(seconds) for seconds in some]
    if len(places) > 2 and places[-1] - places[0] == len(places) - 1:
        return Statement("answer.lengths_range", ends=(some[0], some[-1]))
    return Statement("answer.lengths_list", lengths=some)


def _drivers(evidence: "Evidence") -> tuple[DriverAnswer, ...]:
    shares = evidence.importance.by_run(evidence.comparison.best).mean("run", skipna=True)
    found = [
        DriverAnswer(
            one.channel,
            one.verdict,
            one.share if evidence.skill.proven else NOTHING,
            float(shares.sel(channel=one.channel)) if evidence.skill.proven else float("nan"),
            one.reasons,
        )
        for one in evidence.drivers
    ]
    return tuple(sorted(found, key=lambda one: -np.nan_to_num(one.share.value)))


def _models(evidence: "Evidence") -> tuple[ModelAnswer, ...]:
    scores = evidence.scores.at(evidence.comparison.best)
    laws = [law.model for law in fitted(evidence.laws)[:1]]
    found = []
    for model in (*MODELS[:-1], *laws, *MODELS[-1:]):
        over = NOTHING if model == "network" else evidence.skill.over(model)
        found.append(ModelAnswer(model, float(scores["rmse"].sel(model=model)), over))
    return tuple(found)
