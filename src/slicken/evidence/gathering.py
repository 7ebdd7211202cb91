"""Gathering: all the evidence of a trained study, kept beside it."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, cached_property, partial
from typing import Protocol

import jax
import numpy as np
import xarray as xr
from scipy import stats

from slicken.errors import PlanError
from slicken.evidence.attribution import METHODS, attribute
from slicken.evidence.baselines import (
    Ridge,
    Trees,
    constants,
    fit_ridge,
    fit_trees,
    last_known,
)
from slicken.evidence.confounding import lag_model_of_study, measure_confounding
from slicken.evidence.controls import (
    train_control,
    untrained,
    with_leak,
    with_probes,
    with_shuffled_friction,
    without_driver,
)
from slicken.evidence.drivers import DriverVerdict, judge_drivers, shares_of
from slicken.evidence.importance import measure_importance
from slicken.evidence.intervals import Calibration, calibrate
from slicken.evidence.lag_model import LagModel, edges_to
from slicken.evidence.memory import (
    KERNELS,
    KernelFit,
    Memory,
    RequiredHistory,
    conclude,
    fit_kernels,
    kernel_from_dataset,
    kernel_to_dataset,
    required_by_lag_model,
    required_from_dataset,
    required_to_dataset,
    select_drivers,
    truncate,
)
from slicken.evidence.resampling import independent_blocks
from slicken.evidence.scores import ALPHA, Score, Skill, permutation_p, score, skill
from slicken.evidence.window_comparison import WindowComparison
from slicken.learning.engine import choose_engine
from slicken.learning.ensemble import Ensemble
from slicken.learning.splits import Part
from slicken.learning.training import EpochLosses
from slicken.study.checkpoint import EVERY, Checkpoint
from slicken.study.folder import StudyFolder, WindowResult
from slicken.study.plan import CONTROL_RUNS, Plan
from slicken.study.prepared import Prepared

MODELS = ("network", "ridge", "trees", "mean", "median", "last")
"""What is scored: the mean over runs of the ensemble, and the baselines."""
FITS = 1.05
"""Loss of the lag model over that of the networks, on the same targets, up to which it fits."""
SHARED = 0.1
"""Share of the error that the study's networks take away, from which networks that were trained on
shuffled friction take away too much to pass over."""
ALIKE = 0.85
"""Rank correlation from which two rankings are much the same."""
WITH_PROBES, ON_SHUFFLED = "training with probes", "training on shuffled friction"
"""The long steps."""
SCORED: tuple[Part, ...] = ("validation", "test")


@dataclass(frozen=True)
class Evidence:
    """What a study shows.

    Args:
        comparison: of window lengths, on the validation part.
        scores: on the test part, over ``(window, model)``: rmse (friction), r2, correlation,
            range_ratio, ``validation_loss``; over ``(window, run)``: ``rmse_by_run``.
        baselines: friction predicted at the best length, ``predicted`` over ``(model, target)``
            and ``measured``, on the validation and the test part.
        skills: of the ensemble of the best length against constants, on the test part: the
            training mean and median, and the test part's own mean. The last one nobody could
            have known beforehand, but networks that only get the level right, by luck or because
            friction settles, beat the first two and know nothing about what moves friction.
        permutation_p: how often the friction of other experiments fits the predictions as well; see
            :func:`~slicken.evidence.scores.permutation_p`.
        skill_table: skill against every model, ``skill`` with ``low`` and ``high`` over ``(row,
            model)``; a row is a part, or a stage of the test part.
        calibration: of intervals, on the validation part.
        coverage: of 90 % intervals on the test part.
        required: how much history friction needs, as each family of models tells it.
        kernels: memory kernels that were tried, where a linear model may speak.
        selected: the drivers that the lag model's needs, and the memory kernels, are about.
        gradients: of the best length; see :func:`~slicken.evidence.importance.measure_importance`.
        truncation: loss of the best length's ensemble with older history hidden.
        attribution: all readings of importance at the best length.
        controls: the same readings with ``probes``, ``untrained``, and with ``shuffled`` friction;
            empty where the plan wants none.
        roles: separability, and what speaks against causes.
        without: losses of networks that were trained without each driver; None if never asked for.
        leak: losses with a random split; None if never asked for.
        longest: the longest window of the plan, s.
        friction_spread: what friction was divided by to be standardised.
        seed: of resampling.
    """

    comparison: WindowComparison
    scores: xr.Dataset
    baselines: xr.Dataset
    skills: tuple[Skill, ...]
    permutation_p: float | None
    skill_table: xr.Dataset
    calibration: Calibration
    coverage: float
    required: tuple[RequiredHistory, ...]
    kernels: tuple[KernelFit, ...]
    selected: tuple[str, ...]
    gradients: xr.Dataset
    truncation: xr.Dataset
    attribution: xr.Dataset
    controls: Mapping[str, xr.Dataset]
    roles: xr.Dataset
    without: xr.Dataset | None
    leak: xr.Dataset | None
    longest: float
    friction_spread: float
    seed: int

    @property
    def may_be_chance(self) -> bool:
        """Whether other experiments' friction fits the predictions too often as well."""
        return self.permutation_p is not None and self.permutation_p > ALPHA

    @property
    def has_skill(self) -> bool:
        """Whether the best length beats every constant, with an interval, and not by luck."""
        return all(skill.proven for skill in self.skills) and not self.may_be_chance

    @property
    def lag_model_fits(self) -> bool:
        """Whether the lag model predicts the validation part about as well as the networks.

        Only then may it speak for the fault: of a model that misses what the networks see, nothing
        follows about what friction needs.
        """
        theirs = self.roles["validation_error"].to_numpy()
        known = np.isfinite(theirs)
        if not known.any():
            return False
        part = self.baselines["part"].to_numpy().astype(str) == "validation"
        measured = self.baselines["measured"].to_numpy()[part]
        predicted = self.baselines["predicted"].sel(model="network").to_numpy()[part]
        # The same targets for both: noise differs from target to target by more than models do.
        ours = ((predicted - measured) / self.friction_spread)[known] ** 2
        return float(theirs[known].mean()) <= FITS * float(ours.mean())

    @cached_property
    def memory(self) -> Memory | None:
        """What the verdict on memory rests on; None where nothing can tell."""
        if not self.has_skill:
            return None
        return conclude(
            self.required, self.kernels, self.selected, lag_model_fits=self.lag_model_fits
        )

    @cached_property
    def drivers(self) -> tuple[DriverVerdict, ...]:
        """One verdict for each driver."""
        table = self.attribution
        method = "shapley_loss" if "shapley_loss" in table else "permutation"
        whole = table[method].sum("channel").mean("run").to_numpy()
        return judge_drivers(
            table,
            self.controls.get("probes"),
            self.roles,
            independent_blocks(table, whole, self.longest),
            has_skill=self.has_skill,
            lag_model_fits=self.lag_model_fits,
            seed=self.seed,
        )

    def control_findings(self) -> list[str]:
        """What the controls say against the importance, or for it, in sentences."""
        found = []
        if not self.controls:
            return ["No controls were trained (controls = false in the plan): shares have no zero."]
        ours = shares_of(self.attribution, "friction_gradient").mean("run")
        before = shares_of(self.controls["untrained"], "friction_gradient").mean("run")
        alike = float(stats.spearmanr(ours, before).statistic) if ours.size > 2 else 0.0
        if alike > ALIKE:
            found.append(
                "Networks before training rank the drivers much as trained ones do by "
                f"|dfriction/dx| (Spearman {alike:.2f}): that ranking comes in part from the "
                "drivers' own variability."
            )
        taken = self.controls["shuffled"]["permutation"].mean("target").sum("channel")
        error = float(taken.std(ddof=1) / np.sqrt(taken.size)) if taken.size > 1 else np.inf
        whole = float(self.attribution["permutation"].mean("target").sum("channel").mean())
        if float(taken.mean()) > max(2 * error, SHARED * whole):
            much = float(taken.mean()) / whole
            found.append(
                f"Networks trained on shuffled friction take away {much:.0%} of what the study's "
                "own do: drivers and friction share levels from experiment to experiment, which "
                "shuffling within experiments leaves."
            )
        return found


class Reporter(Protocol):
    """Who wants to know what is being gathered."""

    def __call__(self, step: str, done: int, total: int, left: float = math.nan) -> None:
        """A step begins, or goes on; this many of all are done.

        Args:
            step: what is being gathered.
            done: steps before it.
            total: of all steps.
            left: seconds for all that is left, as the trainings say; NaN where they say nothing.
        """


def nobody(step: str, done: int, total: int, left: float = math.nan) -> None:
    """Want to know nothing."""
    del step, done, total, left


def gather_evidence(
    folder: StudyFolder, prepared: Prepared, reporter: Reporter = nobody
) -> Evidence:
    """Score, compare and explain every window length that is trained.

    What was gathered before lies in ``evidence/`` and is read, not computed again.

    Args:
        folder: with at least one window length.
        prepared: the same experiments and plan.
        reporter: told before each step, and after each epoch of a training.
    """
    results = [folder.read_window(seconds) for seconds in folder.finished()]
    steps = len(results) + (6 if folder.plan.controls else 3)
    done = 0

    def now(step: str, left: float | None = None) -> None:
        """A step begins; or, where there is a time left, the same one goes on."""
        nonlocal done
        if left is None:
            reporter(step, done, steps)
            done += 1
        else:
            reporter(step, done - 1, steps, left)

    comparison = _comparison(folder, prepared, results)
    rows = []
    for result in results:
        now(f"scores at {result.seconds:g} s")
        rows.append(_scores(folder, prepared, result))
        importance(folder, prepared, result)
    scores = xr.concat(rows, "window")
    best = next(r for r in results if r.seconds == comparison.best)
    baselines = _baselines(folder, prepared, best)
    now("memory")
    required, kernels, few = _required(folder, prepared, comparison)
    truncation = _truncation(folder, prepared, best)
    now("roles of drivers")
    roles = _roles(folder, prepared)
    now(f"importance at {best.seconds:g} s")
    attribution = _attribution(folder, prepared, best)
    controls = _controls(folder, prepared, best, now) if folder.plan.controls else {}
    reporter("", steps, steps)
    folder.write_evidence("scores", scores)
    folder.write_evidence("comparison", comparison.to_dataset())
    skill_table = _skill_table(folder, best, baselines)
    folder.write_evidence("skill", skill_table)
    calibration = calibrate(predictions(best, "validation"))
    return Evidence(
        comparison=comparison,
        scores=scores,
        baselines=baselines,
        skills=_skills(folder, prepared, best),
        permutation_p=_permutation_p(folder, prepared, best),
        skill_table=skill_table,
        calibration=calibration,
        coverage=calibration.coverage(predictions(best, "test")),
        required=required,
        kernels=kernels,
        selected=few,
        gradients=importance(folder, prepared, best).isel(
            run=best.history["finite"].to_numpy().astype(np.bool_)
        ),
        truncation=truncation,
        attribution=attribution,
        controls=controls,
        roles=roles,
        without=folder.read_evidence(f"without_{_place(folder, best)}"),
        leak=folder.read_evidence(f"leak_{_place(folder, best)}"),
        longest=folder.plan.windows[-1],
        friction_spread=prepared.scaling.friction_spread,
        seed=folder.plan.seed,
    )


def importance(folder: StudyFolder, prepared: Prepared, result: WindowResult) -> xr.Dataset:
    """Gradients of one window length, from the folder or computed and kept there.

    As :func:`measure_importance` gives them, with ``finite`` over ``run``: whether it ended well.
    """

    def compute() -> xr.Dataset:
        gradients = measure_importance(
            prepared, _ensemble(folder, prepared, result), folder.plan.importance_on
        )
        return gradients.assign_coords(finite=result.history["finite"])

    return _kept(folder, f"importance_{_place(folder, result)}", compute)


def predictions(result: WindowResult, part: str) -> xr.Dataset:
    """Predictions of the runs that ended well on one part, with window_s and part as attributes."""
    here = result.predictions["part"].to_numpy().astype(str) == part
    finite = result.history["finite"].to_numpy()
    chosen = result.predictions.isel(target=here, run=finite)
    return chosen.assign_attrs(window_s=result.seconds, part=part)


def _kept(
    folder: StudyFolder,
    name: str,
    compute: Callable[[], xr.Dataset],
    trained: Sequence[Checkpoint] = (),
) -> xr.Dataset:
    """A piece of evidence from the folder, or computed and kept there.

    What was computed is read back: arrays that lie in memory in another order are summed in
    another, and the first look at a study is to give the bits of every later one.
    """
    kept = folder.read_evidence(name)
    if kept is None:
        folder.write_evidence(name, compute())
        kept = folder.read_evidence(name)
        assert kept is not None  # noqa: S101 (it was just written)
        for checkpoint in trained:
            checkpoint.remove()
    return kept


def _place(folder: StudyFolder, result: WindowResult) -> str:
    return folder.window_path(result.seconds).name


def _ensemble(
    folder: StudyFolder, prepared: Prepared, result: WindowResult, *, finite: bool = False
) -> Ensemble:
    networks = result.networks
    if finite:
        kept = result.history["finite"].to_numpy().astype(np.bool_)
        networks = jax.tree.map(lambda leaf: np.asarray(leaf)[kept], networks)
    length = prepared.record.samples_in(result.seconds)
    return Ensemble(networks, length, choose_engine(folder.plan.engine))


def _comparison(
    folder: StudyFolder, prepared: Prepared, results: list[WindowResult]
) -> WindowComparison:
    losses = [r.history["best_loss"].where(r.history["finite"]) for r in results]
    windows = xr.Variable("window", [r.seconds for r in results], {"units": "s"})
    errors = []
    for result in results:
        here = result.predictions["part"].to_numpy().astype(str) == "validation"
        part = result.predictions.isel(target=here)
        gaps = (part["predicted"] - part["measured"]) / prepared.scaling.friction_spread
        errors.append((gaps**2).where(result.history["finite"]).transpose("run", "target"))
    together = xr.concat(errors, windows)
    # What decides is a difference between lengths, so blocks are as long as that remembers.
    means = together.mean("run", skipna=True)
    spread = (means - means.mean("window")).isel(
        window=int(np.nanargmin(means.mean("target").data))
    )
    targets = prepared.targets("validation")
    return WindowComparison(
        losses=xr.concat(losses, windows).rename("best_validation_loss"),
        errors=together,
        blocks=independent_blocks(targets, spread.to_numpy(), folder.plan.windows[-1]),
        seed=folder.plan.seed,
    )


def _scores(folder: StudyFolder, prepared: Prepared, result: WindowResult) -> xr.Dataset:
    table = _baselines(folder, prepared, result)
    test = table["part"].to_numpy().astype(str) == "test"
    measured = table["measured"].to_numpy()
    rows, losses = [], []
    for model in MODELS:
        predicted = table["predicted"].sel(model=model).to_numpy()
        rows.append(asdict(score(measured[test], predicted[test])))
        gaps = (predicted[~test] - measured[~test]) / prepared.scaling.friction_spread
        losses.append(float(np.mean(gaps**2)))
    of_runs = predictions(result, "test")
    by_run = np.full(result.history.sizes["run"], np.nan)
    errors = (of_runs["predicted"] - of_runs["measured"]).transpose("run", "target").to_numpy()
    by_run[result.history["finite"].to_numpy()] = np.sqrt(np.mean(errors**2, axis=1))
    return xr.Dataset(
        {
            **{name: ("model", [row[name] for row in rows]) for name in Score.__annotations__},
            "validation_loss": ("model", losses),
            "rmse_by_run": ("run", by_run),
        },
        coords={
            "model": np.array(MODELS, dtype=object),
            "run": result.history["run"],
            "window": result.seconds,
        },
    )


def _baselines(folder: StudyFolder, prepared: Prepared, result: WindowResult) -> xr.Dataset:
    """Predictions of all models at one length, on the validation and the test part."""

    def compute() -> xr.Dataset:
        length = prepared.record.samples_in(result.seconds)
        fitted: dict[str, Ridge | Trees] = {
            "ridge": fit_ridge(prepared, length),
            "trees": fit_trees(prepared, length, folder.plan.seed),
        }
        always = constants(prepared)
        parts = []
        for part in SCORED:
            of_part = predictions(result, part)
            size = of_part.sizes["target"]
            runs = of_part["predicted"].transpose("run", "target").to_numpy()
            columns = {
                "network": runs.mean(axis=0) if runs.size else np.full(size, np.nan),
                **{name: model.predict(prepared, part) for name, model in fitted.items()},
                **{name: np.full(size, guess) for name, guess in always.items()},
                "last": last_known(prepared, part),
            }
            table = prepared.targets(part)
            table["predicted"] = ("model", "target"), np.stack([columns[m] for m in MODELS])
            names = np.full(size, part, dtype=object)
            parts.append(table.assign_coords(part=("target", names)))
        together = xr.concat(parts, "target")
        return together.assign_coords(model=np.array(MODELS, dtype=object))

    return _kept(folder, f"baselines_{_place(folder, result)}", compute)


def _skills(folder: StudyFolder, prepared: Prepared, best: WindowResult) -> tuple[Skill, ...]:
    test = predictions(best, "test")
    measured = test["measured"].to_numpy()
    errors = (test["predicted"].to_numpy().mean(axis=0) - measured) ** 2
    guesses = {f"training {name}": guess for name, guess in constants(prepared).items()}
    guesses["test mean"] = float(measured.mean())
    found = []
    for name, guess in guesses.items():
        of_guess = (guess - measured) ** 2
        blocks = independent_blocks(test, of_guess - errors, folder.plan.windows[-1])
        found.append(skill(errors, of_guess, blocks, against=name, seed=folder.plan.seed))
    return tuple(found)


def _permutation_p(folder: StudyFolder, prepared: Prepared, best: WindowResult) -> float | None:
    if prepared.split.by != "experiment":
        return None
    friction = predictions(best, "test")["predicted"].transpose("run", "target").to_numpy()
    return permutation_p(
        friction.mean(axis=0), prepared.split.ends["test"], prepared.record, folder.plan.seed
    )


def _skill_table(folder: StudyFolder, best: WindowResult, table: xr.Dataset) -> xr.Dataset:
    """Skill of the ensemble against each model, by part, and by stage of the test part."""
    part = table["part"].to_numpy().astype(str)
    names, stages = table["experiment"].to_numpy().astype(str), table["stage"].to_numpy()
    rows = [(name, "", -1, part == name) for name in SCORED]
    test = part == "test"
    for name in dict.fromkeys(names[test].tolist()):
        of_name = test & (names == name)
        rows += [
            ("test", name, int(number), of_name & (stages == number))
            for number in np.unique(stages[of_name])
        ]
    others = [model for model in MODELS if model != "network"]
    found = np.full((3, len(rows), len(others)), np.nan)
    for i, (_, _, _, here) in enumerate(rows):
        chosen = table.isel(target=here)
        measured = chosen["measured"].to_numpy()
        ours = (chosen["predicted"].sel(model="network").to_numpy() - measured) ** 2
        for j, model in enumerate(others):
            theirs = (chosen["predicted"].sel(model=model).to_numpy() - measured) ** 2
            blocks = independent_blocks(chosen, theirs - ours, folder.plan.windows[-1])
            one = skill(ours, theirs, blocks, against=model, seed=folder.plan.seed)
            found[:, i, j] = one.value, one.low, one.high
    return xr.Dataset(
        dict(zip(("skill", "low", "high"), ((("row", "model"), f) for f in found), strict=True)),
        coords={
            "model": np.array(others, dtype=object),
            "part": ("row", np.array([row[0] for row in rows], dtype=object)),
            "experiment": ("row", np.array([row[1] for row in rows], dtype=object)),
            "stage": ("row", [row[2] for row in rows]),
        },
        attrs={"window": best.seconds},
    )


def _required(
    folder: StudyFolder, prepared: Prepared, comparison: WindowComparison
) -> tuple[tuple[RequiredHistory, ...], tuple[KernelFit, ...], tuple[str, ...]]:
    """Required history by family, memory kernels, and the drivers that these are about."""
    model = _roles(folder, prepared).attrs["model"]
    longest = prepared.record.samples_in(folder.plan.windows[-1])

    @cache
    def lag_model() -> LagModel:
        return lag_model_of_study(prepared, longest)

    def compute() -> xr.Dataset:
        drivers = prepared.record.channels
        few = select_drivers(lag_model(), drivers) if model == "linear" else drivers
        found = required_to_dataset(required_by_lag_model(lag_model(), few, model))
        return found.assign_attrs(drivers=" ".join(few))

    kept = _kept(folder, "required", compute)
    few = tuple(kept.attrs["drivers"].split())

    @cache
    def fitted() -> dict[str, xr.Dataset]:
        return {one.shape: kernel_to_dataset(one) for one in fit_kernels(lag_model(), few)}

    def of_shape(shape: str) -> xr.Dataset:
        return _kept(folder, f"fading_{shape}", lambda: fitted()[shape])

    shapes = KERNELS if model == "linear" else ()
    kernels = [kernel_from_dataset(of_shape(shape)) for shape in shapes]
    of_networks = comparison.required()
    of_lag_model = required_from_dataset(kept)
    required = (of_lag_model,) if of_networks is None else (of_networks, of_lag_model)
    return required, tuple(kernels), few


def _roles(folder: StudyFolder, prepared: Prepared) -> xr.Dataset:
    longest = prepared.record.samples_in(folder.plan.windows[-1])

    def compute() -> xr.Dataset:
        validation = prepared.split.ends["validation"]
        return measure_confounding(
            lag_model_of_study(prepared, longest), prepared.record.channels, validation
        )

    return _kept(folder, "roles", compute)


def _edges(prepared: Prepared, result: WindowResult) -> tuple[int, ...]:
    return edges_to(prepared.record.samples_in(result.seconds))


def _truncation(folder: StudyFolder, prepared: Prepared, best: WindowResult) -> xr.Dataset:
    def compute() -> xr.Dataset:
        ensemble = _ensemble(folder, prepared, best, finite=True)
        return truncate(prepared, ensemble, folder.plan.importance_on, _edges(prepared, best))

    return _kept(folder, f"truncation_{_place(folder, best)}", compute)


def _attribution(folder: StudyFolder, prepared: Prepared, best: WindowResult) -> xr.Dataset:
    def compute() -> xr.Dataset:
        finite = best.history["finite"].to_numpy().astype(np.bool_)
        return attribute(
            prepared,
            _ensemble(folder, prepared, best, finite=True),
            folder.plan.importance_on,
            importance(folder, prepared, best).isel(run=finite),
            edges=_edges(prepared, best),
            seed=folder.plan.seed,
        )

    return _kept(folder, f"attribution_{_place(folder, best)}", compute)


def _controls(
    folder: StudyFolder, prepared: Prepared, best: WindowResult, now: Callable[..., None]
) -> dict[str, xr.Dataset]:
    """Readings of ensembles that have nothing to find; see :mod:`slicken.evidence.controls`."""
    plan, engine, seconds = (
        _plan_of_controls(folder),
        choose_engine(folder.plan.engine),
        best.seconds,
    )
    longest = prepared.record.samples_in(plan.windows[-1])
    part = plan.importance_on
    trained = {name: _checkpoint(folder, name, seconds) for name in ("probes", "shuffled")}

    def read(of: Prepared, ensemble: Ensemble) -> xr.Dataset:
        gradients = measure_importance(of, ensemble, part)
        edges = _edges(of, best)
        found = attribute(of, ensemble, part, gradients, edges=edges, seed=plan.seed)
        return found[[name for name in METHODS if name in found]]

    def train(of: Prepared, name: str, words: str, others: int) -> Ensemble:
        told = _time_left(plan.epochs, others, partial(now, words))
        return train_control(plan, of, engine, seconds, trained[name], told).ensemble

    def probes() -> xr.Dataset:
        of = with_probes(prepared, longest, plan.seed)
        return read(of, train(of, "probes", WITH_PROBES, 1))

    def shuffled() -> xr.Dataset:
        of = with_shuffled_friction(prepared, longest, plan.seed)
        # Trained on shuffled friction, asked about the true one.
        ensemble = train(of, "shuffled", ON_SHUFFLED, 0)
        return read(replace(prepared, scaling=of.scaling), ensemble)

    def before() -> xr.Dataset:
        return read(prepared, untrained(plan, prepared, engine, seconds))

    found = {}
    for name, words, compute in (
        ("probes", WITH_PROBES, probes),
        ("shuffled", ON_SHUFFLED, shuffled),
        ("untrained", "importance before training", before),
    ):
        now(words)
        checkpoints = [trained[name]] if name in trained else []
        found[name] = _kept(folder, f"{name}_{_place(folder, best)}", compute, checkpoints)
    return found


def _time_left(
    epochs: int, others: int, say: Callable[[float], None]
) -> Callable[[int, EpochLosses], None]:
    """Who says after each epoch of a training how long it and others like it will take.

    Args:
        epochs: of each training.
        others: trainings that follow.
        say: told the seconds.
    """
    began: list[tuple[int, float]] = []

    def told(number: int, losses: EpochLosses) -> None:
        del losses
        began.append((number, time.monotonic()))
        (first, start), (_, end) = began[0], began[-1]
        if number > first:  # the first epoch is compiled as well
            each = (end - start) / (number - first)
            say(each * (epochs - number + epochs * others))

    return told


def _checkpoint(folder: StudyFolder, control: str, seconds: float) -> Checkpoint:
    """Where a control is kept while it is trained."""
    name = f"{folder.window_path(seconds).name}-{control}.safetensors"
    what = (folder.identity, control, seconds)
    return Checkpoint(folder.place("checkpoints", name), what, EVERY)


def _plan_of_controls(folder: StudyFolder) -> Plan:
    return folder.plan.model_copy(update={"runs": min(folder.plan.runs, CONTROL_RUNS)})


def retrain_without(
    folder: StudyFolder, prepared: Prepared, seconds: float, reporter: Reporter = nobody
) -> xr.Dataset:
    """Train the networks of one length without each driver in turn, and keep what is lost.

    Args:
        folder: of a study in which that length is finished.
        prepared: the same experiments and plan.
        seconds: the window length.
        reporter: told before each training.

    Returns:
        ``best_loss`` over ``(channel, run)``: lowest validation loss without the driver;
        ``whole`` over ``run``: with all of them.
    """
    plan, engine = _plan_of_controls(folder), choose_engine(folder.plan.engine)
    drivers = prepared.record.channels
    if len(drivers) < 2:
        raise PlanError("the study has one driver only; without it there is nothing to train on")

    trained = {name: _checkpoint(folder, f"without-{name}", seconds) for name in drivers}

    def compute() -> xr.Dataset:
        rows = []
        for number, name in enumerate(drivers):
            reporter(f"training without {name.replace('_', ' ')}", number, len(drivers))
            of = without_driver(prepared, name)
            rows.append(train_control(plan, of, engine, seconds, trained[name]).best_loss)
        reporter("", len(drivers), len(drivers))
        whole = folder.read_window(seconds).history["best_loss"].to_numpy()[: plan.runs]
        return xr.Dataset(
            {"best_loss": (("channel", "run"), np.stack(rows)), "whole": ("run", whole)},
            coords={"channel": np.array(drivers, dtype=object), "run": np.arange(plan.runs)},
            attrs={"window": seconds},
        )

    place = folder.window_path(seconds).name
    return _kept(folder, f"without_{place}", compute, list(trained.values()))


def measure_leak(folder: StudyFolder, prepared: Prepared, seconds: float) -> xr.Dataset:
    """Train the networks of one length on a random split of the same windows.

    Args:
        folder: of a study in which that length is finished.
        prepared: the same experiments and plan.
        seconds: the window length.

    Returns:
        Over ``run``, mean square errors of standardised friction: ``validation`` and ``test`` with
        the random split, ``honest_validation`` and ``honest_test`` with the study's own.
    """
    plan, engine = _plan_of_controls(folder), choose_engine(folder.plan.engine)
    trained = _checkpoint(folder, "leak", seconds)

    def compute() -> xr.Dataset:
        of = with_leak(prepared, plan.seed)
        control = train_control(plan, of, engine, seconds, trained)
        ends = of.split.ends["test"]
        errors = (control.ensemble.predict(of.drivers, ends) - of.friction[ends]) ** 2
        result = folder.read_window(seconds)
        chosen = result.predictions["part"].to_numpy().astype(str) == "test"
        test = result.predictions.isel(target=chosen)
        gaps = (test["predicted"] - test["measured"]) / prepared.scaling.friction_spread
        honest = (gaps**2).mean("target").to_numpy()[: plan.runs]
        return xr.Dataset(
            {
                "validation": ("run", control.best_loss),
                "test": ("run", errors.mean(axis=1, dtype=np.float64)),
                "honest_validation": ("run", result.history["best_loss"].to_numpy()[: plan.runs]),
                "honest_test": ("run", honest),
            },
            coords={"run": np.arange(plan.runs)},
            attrs={"window": seconds},
        )

    return _kept(folder, f"leak_{folder.window_path(seconds).name}", compute, [trained])
