"""Evidence: all that a trained study shows, and the steps that lead to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import xarray as xr

from slicken.errors import ExperimentError, shown
from slicken.evidence.attribution import attribution_at
from slicken.evidence.baselines import networks_alone, predict_all
from slicken.evidence.clock import Clock
from slicken.evidence.confounding import Confounding, lag_model_of_study
from slicken.evidence.controls import pool_controls, read_probes, read_shuffled, read_untrained
from slicken.evidence.drivers import DriverVerdict, judge_drivers
from slicken.evidence.fold_steps import FoldSteps
from slicken.evidence.importance import Importance, finite_runs, gradients_at
from slicken.evidence.kernels import KERNELS, Kernel, KernelFit, fit_kernels
from slicken.evidence.law_models import fit_law_models, to_dataset
from slicken.evidence.laws_beside import LawBeside, laws_beside
from slicken.evidence.memory import (
    MemoryEvidence,
    kernels_as_good,
    predicts_as_well,
    truncation_at,
    validation_losses,
)
from slicken.evidence.noise import DriverNoise, knowing_the_present
from slicken.evidence.prediction import Prediction, predict_experiment
from slicken.evidence.reasons import control_findings
from slicken.evidence.required import RequiredHistory, select_drivers
from slicken.evidence.resampling import independent_blocks
from slicken.evidence.retraining import measure_ablation, measure_leak
from slicken.evidence.scores import Scores
from slicken.evidence.skill import SkillEvidence
from slicken.evidence.steps import At, Count, Step, Steps, as_it_is, of_window
from slicken.evidence.tabular import Tabular
from slicken.evidence.trends import measure_trends
from slicken.evidence.window_comparison import WindowComparison
from slicken.experiment import Experiment
from slicken.statements import Statement
from slicken.study.plan import CONTROL_FOLDS
from slicken.study.pooling import pool_targets
from slicken.study.progress import OnProgress, ignore

if TYPE_CHECKING:
    import pandas as pd

    from slicken.evidence.lag_model import LagModel, Model
    from slicken.study.trained import Trained


def _lag_model(at: At) -> "LagModel":
    prepared = at.trained.prepared
    return lag_model_of_study(prepared, prepared.record.samples_in(at.trained.plan.windows[-1]))


def _clock(at: At, lag_model: "LagModel", confounding: Confounding) -> Clock:
    prepared, model = at.trained.prepared, confounding.model
    # Of all drivers, which trees may keep, no clock can be told.
    chooses: Model = "linear" if model == "linear" else "curved"
    selected = select_drivers(lag_model, prepared.record.channels, chooses)
    return Clock.compute(lag_model, prepared, selected, model)


def _confounding(at: At, lag_model: "LagModel") -> Confounding:
    prepared = at.trained.prepared
    asked = Confounding.compute(lag_model, prepared).table
    return Confounding(asked.merge(measure_trends(lag_model, prepared)))


def _kernel_fits(
    _: At,
    lag_model: "LagModel",
    required: RequiredHistory,
    confounding: Confounding,
    noise: DriverNoise,
) -> dict[Kernel, KernelFit]:
    model = confounding.model
    knowing = knowing_the_present(lag_model, noise, required.drivers, model)
    fits = fit_kernels(knowing, required.drivers, model)
    return {fit.shape: fit for fit in fits}


def _kernel(shape: Kernel) -> Step[KernelFit]:
    return Step(
        f"kernel_{shape}",
        lambda _, fits: fits[shape],
        KernelFit.to_dataset,
        KernelFit.from_dataset,
        needs=(KERNEL_FITS,),
    )


LAWS = Step(
    "law_models",
    lambda at: to_dataset(fit_law_models(at.fold.prepared), at.fold.prepared),
    as_it_is,
    as_it_is,
)
BASELINES = of_window(
    "models",
    lambda at, laws: predict_all(at.fold, at.seconds, laws),
    needs=(LAWS,),
    doing=lambda seconds: Statement("progress.scores", seconds=seconds),
)
GRADIENTS = of_window("importance", lambda at: gradients_at(at.fold, at.seconds))
SPAN_TARGETS = 256
"""Targets of a study at which gradients are taken at lengths that no fold's figures show."""
SPANS = of_window(
    "spans", lambda at: gradients_at(at.fold, at.seconds, -(-SPAN_TARGETS // at.trained.plan.folds))
)
TRUNCATION = of_window("truncation", lambda at: truncation_at(at.fold, at.seconds))
ATTRIBUTION = of_window(
    "attribution",
    lambda at, gradients: attribution_at(at.fold, at.seconds, finite_runs(gradients)),
    needs=(GRADIENTS,),
    doing=lambda seconds: Statement("progress.importance", seconds=seconds),
)
PROBES = of_window("probes", read_probes, doing=lambda _: Statement("progress.with_noise"))
SHUFFLED = of_window("shuffled", read_shuffled, doing=lambda _: Statement("progress.on_shuffled"))
UNTRAINED = of_window("untrained", read_untrained, doing=lambda _: Statement("progress.untrained"))
ABLATION = of_window("ablation", measure_ablation, doing=lambda _: Statement("progress.ablation"))
LEAK = of_window("leak", measure_leak, doing=lambda _: Statement("progress.leak"))
LAG_MODEL = Step("lag_model", _lag_model)
CONFOUNDING = Step(
    "confounding",
    _confounding,
    Confounding.to_dataset,
    Confounding.from_dataset,
    needs=(LAG_MODEL,),
    doing=lambda _: Statement("progress.confounding"),
)
NOISE = Step(
    "noise",
    lambda at: DriverNoise.compute(at.trained.prepared),
    DriverNoise.to_dataset,
    DriverNoise.from_dataset,
)
REQUIRED = Step(
    "required",
    lambda at, lag_model, confounding, noise: RequiredHistory.compute(
        lag_model, at.trained.prepared.record.channels, confounding.model, noise
    ),
    RequiredHistory.to_dataset,
    RequiredHistory.from_dataset,
    needs=(LAG_MODEL, CONFOUNDING, NOISE),
    doing=lambda _: Statement("progress.memory"),
)
CLOCK = Step(
    "clock",
    _clock,
    Clock.to_dataset,
    Clock.from_dataset,
    needs=(LAG_MODEL, CONFOUNDING),
    doing=lambda _: Statement("progress.clock"),
)
KERNEL_FITS = Step("kernels", _kernel_fits, needs=(LAG_MODEL, REQUIRED, CONFOUNDING, NOISE))
BOXCAR, EXPONENTIAL = map(_kernel, KERNELS)
CONTROLS = {PROBES: CONTROL_FOLDS, SHUFFLED: CONTROL_FOLDS, UNTRAINED: 1}
"""Controls, and in how many folds at most; before training, networks of all folds are the same."""


@dataclass(frozen=True, eq=False, repr=False)
class Evidence(Tabular):
    """What a study shows.

    Args:
        trained: Study.
        comparison: Window lengths compared on the validation part.
        scores: Agreement of every model with the measured friction on the test part.
        skill: Whether the networks of the best length predict the test part at all.
        laws: Friction laws beside the networks, the best on the validation part first.
        memory: History that friction needs, and history that the networks use.
        importance: Readings of importance and their controls.
        confounding: What speaks against a driver as a cause, and which cannot be told apart.
        drivers: Verdict on each driver, in the order of the record.
        leak: Losses with a random split; None where it was not asked for.
    """

    trained: "Trained"
    comparison: WindowComparison
    scores: Scores
    skill: SkillEvidence
    laws: tuple[LawBeside, ...]
    memory: MemoryEvidence
    importance: Importance
    confounding: Confounding
    drivers: tuple[DriverVerdict, ...]
    leak: xr.Dataset | None

    def to_dataframe(self) -> "pd.DataFrame":
        """One row for each driver: its verdict, its share and its rank with their intervals."""
        import pandas as pd

        rows = [
            {
                "driver": one.channel,
                "verdict": one.verdict,
                **dict(zip(("share", "share_low", "share_high"), one.share, strict=True)),
                **dict(zip(("rank", "rank_low", "rank_high"), one.rank, strict=True)),
            }
            for one in self.drivers
        ]
        return pd.DataFrame(rows).set_index("driver")

    def __repr__(self) -> str:
        parts = (self.skill, self.memory, self.comparison)
        first = [repr(part).splitlines()[0].partition(": ")[2] for part in parts]
        skill, memory, comparison = first
        level = ", friction less its level" if self.trained.plan.target == "relative" else ""
        drivers = ", ".join(f"{one.channel} {one.verdict}" for one in self.drivers)
        return (
            f"Evidence of {self.trained.plan.name}{level}: skill {skill}; memory {memory}\n"
            f"  {comparison}\n"
            f"  drivers: {drivers}"
        )

    def control_findings(self) -> tuple[Statement, ...]:
        """What the controls say against the importance of the drivers."""
        return control_findings(self.importance.attribution, self.importance.controls)

    def predict(self, experiment: Experiment, window: float | None = None) -> Prediction:
        """Friction of a new experiment, with intervals.

        Args:
            experiment: Experiment with the drivers and the time step of the study.
            window: Window length, s; the best where None.

        Raises:
            PlanError: if that length was not part of the study.
            ExperimentError: if the experiment does not fit the study.
        """
        if not isinstance(experiment, Experiment):
            raise ExperimentError(
                f"predict: expected an experiment, but got {shown(experiment)}; prepare a log with "
                "slicken.prepare(path)"
            )
        seconds = self.comparison.best if window is None else window
        return predict_experiment(self.trained, experiment, seconds)


def gather(
    trained: "Trained",
    on_progress: OnProgress = ignore,
    *,
    ablation: bool = False,
    leak: bool = False,
) -> Evidence:
    """Score, compare and explain every window length that is trained.

    Args:
        trained: Study, whose lock the caller holds.
        on_progress: Called before each step, and after each epoch of a training.
        ablation: Whether networks are also trained without each driver.
        leak: Whether networks are also trained on a random split.
    """
    controls = CONTROLS if trained.plan.controls else {}
    count = Count(on_progress, _announced(trained, controls, ablation + leak))
    steps, folder = Steps(trained, count), trained.folder
    folds = FoldSteps.of(trained.folds, count)
    comparison = WindowComparison.compute(trained)
    best = comparison.best
    baselines = _baselines(trained, folds, best)
    gradients = {s: _gradients(trained, folds, s, best) for s in trained.windows}
    scores = Scores.compute(trained, baselines, best)
    skill = SkillEvidence.compute(trained, best, baselines[best])
    confounding, truncation = steps(CONFOUNDING), folds.pooled(TRUNCATION, best)
    spread = trained.prepared.scaling.friction_spread
    losses = validation_losses(confounding, baselines[best], spread)
    memory = _memory(steps, comparison, confounding, gradients, truncation, losses, skill)
    importance = Importance(
        gradients=gradients,
        attribution=folds.pooled(ATTRIBUTION, best),
        controls={
            step.name: folds.pooled(step, best, first=most, pool=pool_controls)
            for step, most in controls.items()
        },
        ablation=folds.on_request(ABLATION, best, asked=ablation),
    )
    leaked = folds.on_request(LEAK, best, asked=leak)
    count.finish()
    folder.write_evidence("comparison", comparison.to_dataset())
    folder.write_evidence("scores", scores.table)
    folder.write_evidence("skill", skill.table)
    return Evidence(
        trained=trained,
        comparison=comparison,
        scores=scores,
        skill=skill,
        laws=laws_beside([fold(LAWS) for fold in folds.each], skill, scores, best),
        memory=memory,
        importance=importance,
        confounding=confounding,
        drivers=_drivers(trained, importance, confounding, skill, fits=memory.lag_model_fits),
        leak=leaked,
    )


def _announced(trained: "Trained", controls: Mapping[Step[xr.Dataset], int], asked: int) -> int:
    """Number of steps that a user sees."""
    folds = len(trained.folds)
    of_fold = (1 if trained.has_folds else len(trained.windows)) + 1 + asked
    return 3 + folds * of_fold + sum(min(most, folds) for most in controls.values())


def _gradients(trained: "Trained", folds: FoldSteps, seconds: float, best: float) -> xr.Dataset:
    """Gradients of the runs that ended well; with folds, at all targets of the best length only.

    Where the same networks serve all lengths, the others show how far back gradients reach.
    """
    step = SPANS if trained.has_folds and seconds != best else GRADIENTS
    return folds.pooled(step, seconds, pool=lambda each: pool_targets([*map(finite_runs, each)]))


def _baselines(trained: "Trained", folds: FoldSteps, best: float) -> dict[float, xr.Dataset]:
    """Predictions of all models by window length; at the best, those of the chosen lengths.

    With folds the simpler models are fitted at the lengths that the folds chose, and no others.
    """
    if not trained.has_folds:
        return {s: folds.pooled(BASELINES, s) for s in trained.windows}
    return {s: networks_alone(trained, s) for s in trained.windows} | {
        best: folds.at_chosen(BASELINES)
    }


def _memory(
    steps: Steps,
    comparison: WindowComparison,
    confounding: Confounding,
    gradients: dict[float, xr.Dataset],
    truncation: xr.Dataset,
    losses: tuple[float, float],
    skill: SkillEvidence,
) -> MemoryEvidence:
    of_networks, of_lag_model = comparison.required(), steps(REQUIRED)
    kernels, fits = (steps(BOXCAR), steps(EXPONENTIAL)), predicts_as_well(*losses)
    return MemoryEvidence.compute(
        required=(of_lag_model,) if of_networks is None else (of_networks, of_lag_model),
        kernels=kernels,
        heard=kernels if fits else kernels_as_good(kernels, confounding, losses),
        clock=steps(CLOCK),
        noise=steps(NOISE),
        network_loss=float(comparison.means.min()),
        lag_model_loss=float(confounding.table["loss"]),
        gradients=gradients,
        truncation=truncation,
        lag_model_fits=fits,
        has_skill=skill.grade == "shown",
    )


def _drivers(
    trained: "Trained",
    importance: Importance,
    confounding: Confounding,
    skill: SkillEvidence,
    *,
    fits: bool,
) -> tuple[DriverVerdict, ...]:
    table = importance.attribution
    method = "shapley_loss" if "shapley_loss" in table else "permutation"
    whole = table[method].sum("channel").mean("run").to_numpy()
    return judge_drivers(
        table,
        importance.controls.get("probes"),
        confounding.table,
        independent_blocks(table, whole, trained.plan.windows[-1]),
        has_skill=skill.proven,
        lag_model_fits=fits,
        seed=trained.plan.seed,
        common_course=skill.grade == "common_course",
    )
