"""Study: a trained study and all that it shows, from its folder alone."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import xarray as xr

from slicken.errors import FolderError, PlanError
from slicken.evidence import importance as explained
from slicken.evidence.drivers import DriverVerdict
from slicken.evidence.gathering import (
    Evidence,
    Reporter,
    gather_evidence,
    importance,
    measure_leak,
    nobody,
    predictions,
    retrain_without,
)
from slicken.evidence.importance import Kind
from slicken.evidence.memory import Memory
from slicken.evidence.prediction import Prediction, predict_experiment
from slicken.evidence.scores import Skill
from slicken.evidence.window_comparison import WindowComparison
from slicken.experiment import Experiment
from slicken.learning.splits import Part
from slicken.reporting.verdict import Verdict, judge
from slicken.study.folder import StudyFolder
from slicken.study.lock import study_lock
from slicken.study.plan import Plan
from slicken.study.prepared import Prepared, prepare_study
from slicken.study.progress import StepRecorder


class Importance:
    """Shares of the drivers in the gradients of a study; see :mod:`slicken.evidence.importance`."""

    def __init__(self, study: "Study") -> None:
        self._study = study

    @property
    def shares(self) -> xr.DataArray:
        """Of ``|dLoss/dx|``, dims ``(window, run, channel)``; they sum to one over ``channel``."""
        return self._by_window("loss")

    @property
    def friction_shares(self) -> xr.DataArray:
        """Of ``|dfriction/dx|``, dims ``(window, run, channel)``."""
        return self._by_window("friction")

    def by_run(self, window: float, kind: Kind = "loss") -> xr.DataArray:
        """Dims ``(run, channel)``, of one window length in s."""
        return explained.by_run(self._gradients(window), kind)

    def by_stage(self, window: float, kind: Kind = "loss") -> xr.DataArray:
        """Dims ``(stage, run, channel)``."""
        return explained.by_stage(self._gradients(window), kind)

    def over_time(self, window: float, kind: Kind = "loss") -> xr.DataArray:
        """Dims ``(target, channel)``, mean over runs."""
        return explained.over_time(self._gradients(window), kind)

    def by_lag(self, window: float, kind: Kind = "loss") -> xr.DataArray:
        """Dims ``(lag, channel)``, mean over runs; all sum to one."""
        return explained.by_lag(self._gradients(window), kind)

    def _gradients(self, window: float) -> xr.Dataset:
        gradients = self._study.gradients(window)
        return gradients.isel(run=gradients["finite"].to_numpy().astype(bool))

    def _by_window(self, kind: Kind) -> xr.DataArray:
        windows = xr.Variable("window", list(self._study.windows), {"units": "s"})
        return xr.concat([self.by_run(s, kind) for s in self._study.windows], windows, join="outer")


class Study:
    """A study that is trained, and what it shows.

    Args:
        folder: with at least one window length in it.
        reporter: told of each step while evidence is gathered.
    """

    def __init__(self, folder: StudyFolder, reporter: Reporter = nobody) -> None:
        if not folder.finished():
            raise FolderError(
                f"{folder.path}: no window length is finished yet; give the command of the study "
                "again, it goes on from where it was"
            )
        self.folder = folder
        self._reporter = reporter

    @classmethod
    def open(cls, path: str | Path) -> "Study":
        """The study in a folder.

        Raises:
            FolderError: if there is none, or it is damaged.
        """
        return cls(StudyFolder.open(path))

    @property
    def path(self) -> Path:
        """Its folder."""
        return self.folder.path

    @property
    def plan(self) -> Plan:
        """The plan as run."""
        return self.folder.plan

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """The experiments as studied."""
        return self.folder.experiments

    @property
    def windows(self) -> tuple[float, ...]:
        """Window lengths that are finished, in s."""
        return self.folder.finished()

    @cached_property
    def prepared(self) -> Prepared:
        """The record, its parts and its scaling."""
        return prepare_study(self.experiments, self.plan)

    @cached_property
    def evidence(self) -> Evidence:
        """Window comparison, scores and skills; gathered when first asked for."""
        with study_lock(self.path):
            try:
                reporter = StepRecorder(self._reporter, self.folder)
                return gather_evidence(self.folder, self.prepared, reporter)
            except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
                if not self.folder.of_others:
                    raise
                # Whoever made the folder may have put anything into it.
                raise FolderError(
                    f"{self.path / 'evidence'}: is not as slicken writes it "
                    f"({type(error).__name__}: {error}); remove it, and it is computed anew"
                ) from error

    @property
    def comparison(self) -> WindowComparison:
        """Window lengths compared on the validation part."""
        return self.evidence.comparison

    @property
    def scores(self) -> xr.Dataset:
        """Scores on the test part, over ``(window, model)``; see :class:`Evidence`."""
        return self.evidence.scores

    @property
    def skills(self) -> tuple[Skill, ...]:
        """Of the best length against knowing nothing, on the test part."""
        return self.evidence.skills

    @property
    def importance(self) -> Importance:
        """How much each driver counts."""
        return Importance(self)

    @property
    def truth(self) -> Mapping[str, Any]:
        """What was planted, where all experiments are simulated with one truth; else empty."""
        truths = [experiment.provenance.truth for experiment in self.experiments]
        same = all(truth.get("statement") == truths[0].get("statement") for truth in truths)
        return truths[0] if same else {}

    @property
    def noise_floor(self) -> float | None:
        """The loss of a perfect network, where the sensor noise was planted; else None."""
        noise = self.truth.get("friction_noise_std")
        if noise is None:
            return None
        return float((noise / self.prepared.scaling.friction_spread) ** 2)

    @property
    def drivers(self) -> tuple[DriverVerdict, ...]:
        """One verdict for each driver, in the order of the record."""
        return self.evidence.drivers

    @property
    def memory(self) -> Memory | None:
        """How much history friction needs; None where nothing can tell."""
        return self.evidence.memory

    @cached_property
    def verdict(self) -> Verdict:
        """What may be concluded, in words."""
        return judge(self.evidence, self.prepared, self.truth)

    def retrain_without(self) -> xr.Dataset:
        """Train without each driver in turn, at the best length; see :func:`retrain_without`."""
        best = self.comparison.best
        with study_lock(self.path):
            found = retrain_without(self.folder, self.prepared, best, self._reporter)
        self._forget()
        return found

    def measure_leak(self) -> xr.Dataset:
        """Train on a random split, at the best length; see :func:`measure_leak`."""
        best = self.comparison.best
        with study_lock(self.path):
            found = measure_leak(self.folder, self.prepared, best)
        self._forget()
        return found

    def _forget(self) -> None:
        """Have the evidence read again, which now holds more."""
        for name in ("evidence", "verdict"):
            self.__dict__.pop(name, None)

    def history(self, window: float) -> xr.Dataset:
        """Losses of every run and epoch at one length; see :class:`WindowResult`."""
        return self.folder.read_window(window).history

    def predictions(self, window: float, part: Part = "test") -> xr.Dataset:
        """Predicted and measured friction of one part; only runs that ended well."""
        return predictions(self.folder.read_window(window), part)

    def gradients(self, window: float) -> xr.Dataset:
        """Absolute gradients at one length; see :func:`measure_importance`."""
        return importance(self.folder, self.prepared, self.folder.read_window(window))

    def predict(self, experiment: Experiment, window: float | None = None) -> Prediction:
        """Friction of a new experiment, by the ensemble of a length (the best where None).

        Raises:
            PlanError: if that length was not part of the study.
            ExperimentError: if the experiment does not fit the study.
        """
        seconds = self.comparison.best if window is None else window
        if seconds not in self.windows:
            held = ", ".join(f"{s:g}" for s in self.windows)
            raise PlanError(f"the study has no window of {seconds:g} s; it has {held}")
        return predict_experiment(self.folder, self.prepared, experiment, seconds)
