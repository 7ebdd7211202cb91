"""Study folder: where a study's files lie, and how each is written and read."""

import platform
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
import tomli_w
import xarray as xr

from slicken.errors import FolderError, PlanError
from slicken.experiment import Experiment
from slicken.learning.engine import describe_engine
from slicken.learning.network import Network, start_network
from slicken.lengths import file_name
from slicken.statements import Statement
from slicken.study.arrays import (
    Dims,
    filled,
    linear_arrays,
    named,
    read_arrays,
    read_linear,
    read_netcdf,
    to_bytes,
    to_netcdf,
)
from slicken.study.files import MANIFEST, lists, manifest, state_of, write_listed, written_aside
from slicken.study.lock import check_lock
from slicken.study.plan import Plan
from slicken.study.prepared import fingerprint, identity_of

if TYPE_CHECKING:
    from slicken.learning.linear import LinearPart

FORMAT = 4
"""Format of the folder, one higher with every change that older versions cannot read."""
_PACKAGES = ("jax", "jaxlib", "equinox", "optax", "numpy", "scipy", "scikit-learn", "xarray")
_OF_WINDOW = ("history.nc", "predictions.nc", "weights.safetensors")
_OF_HISTORY: Dims = {
    "training_loss": ("run", "epoch"),
    "validation_loss": ("run", "epoch"),
    "best_loss": ("run",),
    "best_epoch": ("run",),
    "finite": ("run",),
}
_OF_PREDICTIONS: Dims = {
    "measured": ("target",),
    "part": ("target",),
    "predicted": ("run", "target"),
}
_ALTERED = "is not what was written (altered, or cut short)"
_AGAIN = "give the command of the study again, it computes it anew"


@dataclass(frozen=True)
class WindowResult:
    """What training at one window length gives.

    Args:
        seconds: Window length, s.
        history: ``training_loss`` and ``validation_loss`` over ``(run, epoch)``; over ``run``
            ``best_loss``, ``best_epoch`` and ``finite``.
        networks: Weights of each run's best epoch, arrays with a leading axis R.
        predictions: ``measured`` and ``part`` over ``target``, ``predicted`` over
            ``(run, target)``: friction.
        linear: Linear part, to which the networks add; None where there is none.
    """

    seconds: float
    history: xr.Dataset
    networks: Network
    predictions: xr.Dataset
    linear: "LinearPart | None" = None


class StudyFolder:
    """One study in one folder; see ``docs/reference/folder.md``.

    Only the process that holds the lock writes; see :func:`~slicken.study.lock.study_lock`. A
    study is begun or resumed by :func:`~slicken.study.training.create_or_resume`.

    Attributes:
        path: The folder.
        repaired: What was found damaged, and is computed again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.repaired: list[Statement] = []
        self._whole: set[float] = set()
        self._inside: tuple[str, ...] = ()

    @classmethod
    def open(cls, path: str | Path) -> "StudyFolder":
        """The study in a folder.

        Raises:
            FolderError: If there is none, it has another format, or its plan is damaged.
        """
        folder = cls(Path(path))
        if not folder.plan_file.is_file():
            raise FolderError(
                f"{path}: no study here (no plan.toml); name a folder that "
                "'slicken study --out' or 'slicken demo --out' has written"
            )
        state = state_of(folder.plan_file)
        if state != "altered":
            folder._check_format()  # first, because the oldest format had no checksums
        if state != "whole":
            raise FolderError(
                f"{folder.plan_file}: {_ALTERED}; restore it and {MANIFEST} from a copy, or "
                "choose another --out"
            )
        return folder

    def create(self, plan: Plan, experiments: Sequence[Experiment]) -> None:
        """Begin a study here.

        Raises:
            FolderError: If the files cannot be written.
        """
        header = tomli_w.dumps(
            {
                "format": FORMAT,
                "plan": plan.model_dump(mode="json"),
                "versions": _versions(plan),
                "experiment": [_described(experiment) for experiment in experiments],
            }
        )
        self.write_experiments(experiments)
        # Last, because a folder with a plan is a study.
        write_listed(self.plan_file, header.encode())

    def write_experiments(self, experiments: Sequence[Experiment]) -> None:
        """Keep the experiments as studied."""
        check_lock(self.path)
        datasets = {f"{n:04d}": e.to_dataset() for n, e in enumerate(experiments)}
        write_listed(self.experiments_file, to_netcdf(datasets))

    @property
    def plan_file(self) -> Path:
        """The plan, with the versions and the experiments that the study began with."""
        return self.place("plan.toml")

    @property
    def experiments_file(self) -> Path:
        """The experiments as studied."""
        return self.place("experiments.nc")

    @cached_property
    def plan(self) -> Plan:
        """The plan as run."""
        try:
            return Plan(**self._header["plan"])
        except (KeyError, TypeError):
            raise FolderError(f"{self.plan_file}: holds no plan; the folder is damaged") from None
        except PlanError as error:
            raise FolderError(f"{self.plan_file}: {error}") from None

    @cached_property
    def experiments(self) -> tuple[Experiment, ...]:
        """The experiments as studied."""
        if state_of(self.experiments_file) != "whole":
            raise FolderError(f"{self.experiments_file}: {_ALTERED}; {_AGAIN}")
        return tuple(self._experiment(number) for number in range(len(self.fingerprints)))

    @property
    def versions(self) -> dict[str, str]:
        """Versions of slicken and what it stands on, when the study began."""
        return dict(self._header.get("versions", {}))

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """The fingerprint of each experiment by its name, in order."""
        try:
            return {str(e["name"]): str(e["fingerprint"]) for e in self._header["experiment"]}
        except (KeyError, TypeError):
            raise FolderError(
                f"{self.plan_file}: does not list its experiments; the folder is damaged, choose "
                "another --out"
            ) from None

    @cached_property
    def identity(self) -> str:
        """A checksum of all that decides a number here; every window length carries it."""
        return identity_of(self.plan, self.fingerprints)

    @cached_property
    def folds(self) -> tuple["StudyFolder", ...]:
        """Where the files of each fold lie: in ``folds/1``, ``folds/2``, or all of them here."""
        if self.plan.folds == 1 or self._inside:
            return (self,)
        return tuple(self._fold(number) for number in range(1, self.plan.folds + 1))

    def _fold(self, number: int) -> "StudyFolder":
        fold = StudyFolder(self.path)
        fold.repaired = self.repaired
        fold._inside = ("folds", f"{number}")
        # What is read once for the study is read once for its folds.
        fold.__dict__ |= {name: getattr(self, name) for name in ("plan", "identity", "_header")}
        return fold

    def finished(self) -> tuple[float, ...]:
        """Window lengths that are trained in every fold, s.

        Raises:
            FolderError: If one of them is damaged.
        """
        return tuple(
            s for s in self.plan.windows if all(fold._is_finished(s) for fold in self.folds)
        )

    def place(self, *names: str) -> Path:
        """A path in the folder.

        Raises:
            FolderError: If a link leads it out of the folder; such links are not followed.
        """
        path = self.path.joinpath(*names)
        if not path.resolve().is_relative_to(self.path.resolve()):
            raise FolderError(
                f"{path}: leads out of the study folder, and is not followed; remove the link"
            )
        return path

    def window_path(self, seconds: float) -> Path:
        """Where a window length is kept, such as ``windows/0400s`` or ``windows/0400um``."""
        return self.place(*self._inside, "windows", file_name(seconds, self.plan.unit))

    def checkpoint_path(self, name: str) -> Path:
        """Where the training of a name is kept while it goes on."""
        return self.place(*self._inside, "checkpoints", f"{name}.safetensors")

    def write_window(self, result: WindowResult) -> None:
        """Keep a window length: all its files, or none.

        Raises:
            FolderError: If they cannot be written.
        """
        check_lock(self.path)
        history = result.history.assign_attrs(study=self.identity)
        contents: dict[str, bytes | memoryview] = {
            "history.nc": to_netcdf(history),
            "predictions.nc": to_netcdf(result.predictions),
            "weights.safetensors": to_bytes(named(result.networks) | linear_arrays(result.linear)),
        }
        with written_aside(self.window_path(result.seconds)) as aside:
            aside.mkdir(parents=True, exist_ok=True)
            for name, content in contents.items():
                (aside / name).write_bytes(content)
            (aside / MANIFEST).write_text(manifest(contents), encoding="utf-8")

    def read_window(self, seconds: float) -> WindowResult:
        """What :meth:`write_window` kept.

        Raises:
            FolderError: If it is not there, or damaged.
        """
        history = self.read_history(seconds)
        place = self.window_path(seconds)
        networks, linear = self._read_networks(place / "weights.safetensors")
        predictions = read_netcdf(place / "predictions.nc", having=_OF_PREDICTIONS)
        runs = history.sizes["run"], predictions.sizes["run"], networks.offset.shape[0]
        if {*runs} != {self.plan.runs} or history.sizes["epoch"] != self.plan.epochs:
            raise FolderError(f"{place}: its runs or epochs are not those of the plan; {_AGAIN}")
        return WindowResult(seconds, history, networks, predictions, linear)

    def read_history(self, seconds: float) -> xr.Dataset:
        """The losses of a window length alone, as :class:`WindowResult` has them.

        Raises:
            FolderError: If it is not there, or damaged.
        """
        if not self._is_finished(seconds):
            held = ", ".join(f"{s:g}" for s in self.finished()) or "none yet"
            raise FolderError(
                f"{self.path}: no window of {seconds:g} {self.plan.unit}; finished are {held}"
            )
        return read_netcdf(self.window_path(seconds) / "history.nc", having=_OF_HISTORY)

    def damage_of(self, seconds: float) -> str:
        """What is wrong with the files of a window length; empty where nothing is."""
        place = self.window_path(seconds)
        for name in _OF_WINDOW:
            file = self.place(*self._inside, "windows", place.name, name)
            if not file.is_file():
                return f"{file}: is not there"
            if state_of(file) != "whole":
                return f"{file}: {_ALTERED}"
        try:
            owner = read_netcdf(place / "history.nc").attrs.get("study")
        except FolderError as error:
            return str(error)
        return "" if owner == self.identity else f"{place}: is of another study"

    def write_evidence(self, name: str, dataset: xr.Dataset) -> None:
        """Keep a piece of evidence as ``evidence/NAME.nc``."""
        file = self.place(*self._inside, "evidence", f"{name}.nc")
        content = to_netcdf(dataset)
        if state_of(file) != "whole" or not lists(file, content):
            check_lock(self.path)
            write_listed(file, content)

    def read_evidence(self, name: str) -> xr.Dataset | None:
        """A piece of evidence; None where it has not been computed, or was altered since."""
        file = self.place(*self._inside, "evidence", f"{name}.nc")
        if not file.is_file():
            return None
        state = state_of(file)
        if state == "altered":
            self.repaired.append(Statement("progress.evidence_again", file=f"evidence/{file.name}"))
        return read_netcdf(file) if state == "whole" else None

    def _is_finished(self, seconds: float) -> bool:
        if seconds in self._whole:
            return True
        if not self.window_path(seconds).is_dir():
            return False
        damage = self.damage_of(seconds)
        if damage:
            raise FolderError(f"{damage}; {_AGAIN}")
        self._whole.add(seconds)
        return True

    def _experiment(self, number: int) -> Experiment:
        dataset = read_netcdf(self.experiments_file, f"{number:04d}")
        try:
            return Experiment.from_dataset(dataset)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            raise FolderError(
                f"{self.experiments_file}: experiment {number} is not as slicken writes them; "
                f"{_AGAIN}"
            ) from None

    @cached_property
    def _header(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self.plan_file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
            raise FolderError(f"{self.plan_file}: cannot be read ({error})") from None

    def _check_format(self) -> None:
        here = self._header.get("format")
        if here == FORMAT:
            return
        if "plan" not in self._header:
            raise FolderError(f"{self.plan_file}: holds no plan; choose another --out")
        if isinstance(here, int) and here > FORMAT:
            raise FolderError(
                f"{self.path}: written by a newer slicken (format {here}, this one reads "
                f"{FORMAT}); upgrade slicken"
            )
        by = self.versions.get("slicken", "of an older version")
        raise FolderError(
            f"{self.path}: written by slicken {by} in an older format ({here or 1}; this one reads "
            f"{FORMAT}); train anew in another --out"
        )

    def _read_networks(self, file: Path) -> tuple[Network, "LinearPart | None"]:
        try:
            arrays, _ = read_arrays(file)
            linear = read_linear(arrays)
            network = self.plan.network
            first = "convolutions.0.kernel" if network.conv_layers else "recurrent.0.kernel"
            held = arrays.get(first, np.zeros((1, 1)))
            drivers = held.shape[-2] if held.ndim > 2 else 1
            shapes = jax.eval_shape(lambda: start_network(network, drivers, 2, jax.random.key(0)))
            networks: Network = filled(shapes, arrays)
        except ValueError as error:
            raise FolderError(f"{file}: {error}; {_AGAIN}") from None
        if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(networks)):
            raise FolderError(f"{file}: holds weights that are not finite; {_AGAIN}")
        return networks, linear


def _described(experiment: Experiment) -> Mapping[str, str]:
    return {
        "name": experiment.name,
        "source": experiment.provenance.source,
        "sha256": experiment.provenance.sha256,
        "fingerprint": fingerprint(experiment),
    }


def _versions(plan: Plan) -> dict[str, str]:
    return {
        "engine": describe_engine(plan.engine),
        "slicken": version("slicken"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        **{name: version(name) for name in _PACKAGES},
    }
