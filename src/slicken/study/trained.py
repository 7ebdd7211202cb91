"""Trained: a study whose networks are trained, as its folder holds it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from slicken.errors import FolderError
from slicken.learning.engine import choose_engine
from slicken.learning.ensemble import Ensemble
from slicken.lengths import MICROMETRES
from slicken.study.pooling import pool_targets
from slicken.study.prepared import Prepared, pooled, prepare_study

if TYPE_CHECKING:
    from slicken.experiment import Experiment
    from slicken.learning.splits import Part
    from slicken.study.folder import StudyFolder, WindowResult
    from slicken.study.plan import Plan


@dataclass(frozen=True, eq=False)
class Fold:
    """One division of the experiments, and the networks that were trained with it.

    Args:
        folder: Where its files lie.
        plan: Plan as run.
        prepared: Record, its parts and its scaling.
        windows: Finished window lengths, s, ascending.
    """

    folder: "StudyFolder"
    plan: "Plan"
    prepared: Prepared
    windows: tuple[float, ...]
    _read: dict[float, "WindowResult"] = field(default_factory=dict)

    def result(self, seconds: float) -> "WindowResult":
        """Losses, networks and predictions of one window length; read from disk once.

        Raises:
            FolderError: if that length is not finished, or damaged.
        """
        if seconds not in self._read:
            self._read[seconds] = self.folder.read_window(seconds)
        return self._read[seconds]

    def history(self, seconds: float) -> xr.Dataset:
        """Losses of every run and epoch at one length; see :class:`WindowResult`."""
        return self.result(seconds).history

    @property
    def chosen(self) -> float:
        """The window length with the lowest mean loss on the validation part, s."""
        return min(self.windows, key=self._mean_loss)

    def predictions(self, seconds: float, part: "Part" = "test") -> xr.Dataset:
        """Predicted and measured friction on one part, of the runs that ended well.

        Args:
            seconds: Window length.
            part: Part of the targets.

        Returns:
            ``measured`` over ``target`` and ``predicted`` over ``(run, target)``, with the window
            length and the part as attributes ``window_s`` and ``part``.
        """
        result = self.result(seconds)
        here = result.predictions["part"].to_numpy().astype(str) == part
        finite = result.history["finite"].to_numpy()
        chosen = result.predictions.isel(target=here, run=finite)
        return chosen.assign_attrs(window_s=seconds, part=part)

    def ensemble(self, seconds: float, *, finite: bool = True) -> Ensemble:
        """The networks of one window length.

        Args:
            seconds: Window length.
            finite: Whether runs that did not end well are left out.
        """
        result, length = self.result(seconds), self.prepared.record.samples_in(seconds)
        engine = choose_engine(self.plan.engine)
        ensemble = Ensemble(result.networks, length, engine, result.linear)
        kept = result.history["finite"].to_numpy().astype(np.bool_)
        return ensemble.of_runs(kept) if finite else ensemble

    def _mean_loss(self, seconds: float) -> float:
        history = self.history(seconds)
        loss = float(history["best_loss"].where(history["finite"]).mean())
        return loss if np.isfinite(loss) else np.inf


@dataclass(frozen=True, eq=False, repr=False)
class Trained:
    """A study with at least one window length trained.

    Args:
        folder: Study folder.
        plan: Plan as run.
        experiments: Experiments as studied.
        folds: Divisions of the experiments; one where the plan has a single split.
        prepared: Record, and the targets of all folds together.
        windows: Finished window lengths, s, ascending.
        truth: Planted truth, where all experiments are simulated with the same one; else empty.
        noise_floor: Loss of a perfect network, where the sensor noise was planted; else None.
    """

    folder: "StudyFolder"
    plan: "Plan"
    experiments: tuple["Experiment", ...]
    folds: tuple[Fold, ...]
    prepared: Prepared
    windows: tuple[float, ...]
    truth: Mapping[str, Any]
    noise_floor: float | None

    @classmethod
    def of(cls, folder: "StudyFolder") -> "Trained":
        """What a folder holds.

        Raises:
            FolderError: if no window length is finished, or one is damaged.
        """
        experiments, plan = folder.experiments, folder.plan
        each = prepare_study(experiments, plan)
        windows = folder.finished()
        if not windows:
            raise FolderError(
                f"{folder.path}: no window length is finished yet; give the command of the study "
                "again, which resumes it"
            )
        prepared, truth = pooled(each), _truth_of(experiments)
        noise = truth.get("friction_noise_std")
        floor = None if noise is None else float((noise / prepared.scaling.friction_spread) ** 2)
        folds = tuple(
            Fold(place, plan, one, windows) for place, one in zip(folder.folds, each, strict=True)
        )
        return cls(folder, plan, experiments, folds, prepared, windows, truth, floor)

    @property
    def path(self) -> Path:
        """The study folder."""
        return self.folder.path

    @property
    def true_memory(self) -> float | None:
        """Planted memory by the clock of the study, as a length; None where there is none."""
        if self.plan.clock == "slip":
            return float(self.truth.get("memory_m") or 0.0) * MICROMETRES or None
        return self.truth.get("memory_s") or None

    @property
    def has_folds(self) -> bool:
        """Whether every experiment, stretch of time or stage is held out once."""
        return len(self.folds) > 1

    def history(self, seconds: float) -> xr.Dataset:
        """Losses of every run and epoch at one length, fold after fold."""
        each = [fold.history(seconds) for fold in self.folds]
        if len(each) == 1:
            return each[0]
        together = xr.concat(each, "run")
        return together.assign_coords(run=np.arange(together.sizes["run"]))

    def predictions(self, seconds: float | None, part: "Part" = "test") -> xr.Dataset:
        """Predicted and measured friction on one part, of the runs that ended well in every fold.

        Args:
            seconds: Window length; None for the one that each fold chose.
            part: Part of the targets.

        Returns:
            ``measured`` over ``target`` and ``predicted`` over ``(run, target)``, with the part as
            attribute ``part``.
        """
        return pool_targets(
            [f.predictions(f.chosen if seconds is None else seconds, part) for f in self.folds]
        )

    def __repr__(self) -> str:
        lengths = ", ".join(f"{seconds:g}" for seconds in self.windows)
        folds = f", {len(self.folds)} folds" if len(self.folds) > 1 else ""
        return (
            f"Trained: {self.plan.name} in {self.path}, {len(self.experiments)} experiments"
            f"{folds}, windows of {lengths} {self.plan.unit}, {self.plan.runs} runs each"
        )


def _truth_of(experiments: tuple["Experiment", ...]) -> Mapping[str, Any]:
    truths = [experiment.provenance.truth for experiment in experiments]
    same = all(truth.get("statement") == truths[0].get("statement") for truth in truths)
    return truths[0] if same else {}
