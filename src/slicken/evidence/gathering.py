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

WITH_PROBES, ON_SHUFFLED = "training with probes", "training on shuffled friction"
"""The long steps."""




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


@@@def _place(folder: StudyFolder, result: WindowResult) -> str:
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
