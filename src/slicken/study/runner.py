"""Runner: trains every window length of a plan, in a folder, from wherever it was left."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import xarray as xr

from slicken.errors import TrainingError
from slicken.experiment import Experiment
from slicken.learning.engine import Engine, choose_engine
from slicken.learning.ensemble import Ensemble
from slicken.learning.splits import Part
from slicken.learning.training import EpochLosses, Trainer, run_seeds, training_data
from slicken.study.folder import StudyFolder, WindowResult
from slicken.study.forecast import Forecast, measure
from slicken.study.plan import Plan
from slicken.study.prepared import Prepared, prepare_study

SCORED: tuple[Part, ...] = ("validation", "test")


class Observer(Protocol):
    """Who wants to know how a study goes; see :class:`Silent` for one who does not."""

    def prepared(self, plan: Plan, prepared: Prepared, done: Sequence[float]) -> None:
        """Everything is ready; these window lengths were finished before."""

    def forecast(self, forecast: Forecast) -> None:
        """The time was measured; the long work begins."""

    def epoch(self, window: float, epoch: int, losses: EpochLosses, left: float) -> None:
        """An epoch of all runs of a window length ended; seconds left for everything."""

    def window(self, window: float, best: np.ndarray, diverged: Sequence[int]) -> None:
        """A window length is done and written; these runs had a loss that was not finite."""


class Silent:
    """An observer that says nothing."""

    def prepared(self, plan: Plan, prepared: Prepared, done: Sequence[float]) -> None:
        """Say nothing."""

    def forecast(self, forecast: Forecast) -> None:
        """Say nothing."""

    def epoch(self, window: float, epoch: int, losses: EpochLosses, left: float) -> None:
        """Say nothing."""

    def window(self, window: float, best: np.ndarray, diverged: Sequence[int]) -> None:
        """Say nothing."""


def train_study(
    experiments: Sequence[Experiment],
    plan: Plan,
    out: str | Path,
    observer: Observer | None = None,
) -> StudyFolder:
    """Train every window length that the folder does not hold yet.

    Args:
        experiments: prepared logs, all with the same time step.
        plan: what to do.
        out: the folder; one that holds this study unfinished is gone on with.
        observer: told how it goes.

    Returns:
        The folder, with every window length in it.

    Raises:
        SlickenError: if the experiments do not fit the plan, the folder belongs to another study
            or cannot be written, or no run at all had finite losses.
    """
    observer = observer or Silent()
    engine = choose_engine(plan.engine)
    prepared = prepare_study(experiments, plan)
    folder = StudyFolder.claim(Path(out), plan, experiments)
    done = folder.finished()
    observer.prepared(plan, prepared, done)
    trainers = {
        seconds: make_trainer(plan, prepared, engine, seconds)
        for seconds in plan.windows
        if seconds not in done
    }
    if trainers:
        targets = sum(prepared.split.ends[part].size for part in SCORED)
        forecast = measure(trainers, plan.epochs, targets)
        observer.forecast(forecast)
        for seconds in list(trainers):
            # Popped, so that its memory is free when the next one begins.
            result = _train(
                trainers.pop(seconds), plan, prepared, engine, seconds, forecast, observer
            )
            folder.write_window(result)
            finite = result.history["finite"].to_numpy()
            observer.window(
                seconds, result.history["best_loss"].to_numpy(), np.flatnonzero(~finite).tolist()
            )
    _some_run_ended_well(folder)
    return folder


def make_trainer(plan: Plan, prepared: Prepared, engine: Engine, seconds: float) -> Trainer:
    """What trains all runs of one window length."""
    ends = prepared.split.ends
    return Trainer(
        engine=engine,
        architecture=plan.network,
        optimiser=plan.optimiser,
        length=prepared.record.samples_in(seconds),
        seeds=run_seeds(plan.seed, plan.runs),
        epochs=plan.epochs,
        data=training_data(
            prepared.drivers, prepared.friction, ends["training"], ends["validation"]
        ),
    )


def _train(
    trainer: Trainer,
    plan: Plan,
    prepared: Prepared,
    engine: Engine,
    seconds: float,
    forecast: Forecast,
    observer: Observer,
) -> WindowResult:
    states, history = trainer.start(), []
    for number in range(1, plan.epochs + 1):
        began = time.perf_counter()
        states, losses = trainer.epoch(states, number)
        history.append(losses)
        forecast.epoch_took(seconds, time.perf_counter() - began)
        observer.epoch(seconds, number, losses, forecast.left)
    networks = trainer.best_networks(states)
    ensemble = Ensemble(networks, trainer.length, engine)
    return WindowResult(
        seconds=seconds,
        history=_history(seconds, history, trainer.best_epochs(states)),
        networks=networks,
        predictions=xr.concat(
            [_predictions(prepared, ensemble, part) for part in SCORED], "target"
        ).assign_attrs(window=seconds),
    )


def _history(seconds: float, losses: list[EpochLosses], best_epochs: np.ndarray) -> xr.Dataset:
    training = np.stack([loss.training for loss in losses], axis=1)
    validation = np.stack([loss.validation for loss in losses], axis=1)
    finite = np.isfinite(training).all(axis=1) & np.isfinite(validation).all(axis=1)
    seen = np.where(np.isfinite(validation), validation, np.inf)
    return xr.Dataset(
        {
            "training_loss": (("run", "epoch"), training),
            "validation_loss": (("run", "epoch"), validation),
            "best_loss": ("run", seen.min(axis=1)),
            "best_epoch": ("run", best_epochs),
            "finite": ("run", finite),
        },
        coords={
            "run": np.arange(training.shape[0]),
            "epoch": np.arange(1, training.shape[1] + 1),
        },
        attrs={"window": seconds, "units": "mean square error of standardised friction"},
    )


def _predictions(prepared: Prepared, ensemble: Ensemble, part: Part) -> xr.Dataset:
    ends = prepared.split.ends[part]
    standardised = ensemble.predict(prepared.drivers, ends)
    targets = prepared.targets(part)
    targets["predicted"] = (("run", "target"), prepared.scaling.to_friction(standardised))
    return targets.assign_coords(
        part=("target", np.full(ends.size, part, dtype=object)), run=np.arange(ensemble.runs)
    )


def _some_run_ended_well(folder: StudyFolder) -> None:
    ended = [folder.read_window(seconds).history["finite"].any() for seconds in folder.finished()]
    if not any(ended):
        raise TrainingError(
            f"{folder.path}: every run of every window length ended with a loss that is not "
            "finite; lower optimiser.learning_rate, or set optimiser.clip, and choose another --out"
        )
