"""Study folder: a study on disk; each file whole or not there, and enough to go on from."""

import platform
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import numpy as np
import tomli_w
import xarray as xr

from slicken.errors import FolderError, PlanError, SlickenError
from slicken.experiment import Experiment
from slicken.learning.engine import describe_engine
from slicken.learning.network import Network, start_network
from slicken.study import checksums
from slicken.study.arrays import filled, read_arrays, to_bytes
from slicken.study.files import remove, write_text, written_aside
from slicken.study.lock import NAME as LOCK
from slicken.study.lock import check_lock
from slicken.study.netcdf import Dims, read_netcdf, to_netcdf
from slicken.study.plan import Plan
from slicken.study.prepared import fingerprint, fingerprints_of, identity_of

FORMAT = 2
"""Of the folder; 1 had no number, no checksums, and networks that saw velocity otherwise."""
_PACKAGES = ("jax", "jaxlib", "equinox", "optax", "numpy", "scipy", "scikit-learn", "xarray")
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
_AGAIN = "give the command of the study again, it computes it anew"


@dataclass(frozen=True)
class WindowResult:
    """What training at one window length gives.

    Args:
        seconds: the window length.
        history: ``training_loss`` and ``validation_loss`` over ``(run, epoch)``; over ``run``
            ``best_loss``, ``best_epoch`` and ``finite``.
        networks: weights of each run's best epoch, arrays with a leading axis R.
        predictions: over ``target`` ``measured`` and ``part``, over ``(run, target)``
            ``predicted``: friction.
    """

    seconds: float
    history: xr.Dataset
    networks: Network
    predictions: xr.Dataset


class StudyFolder:
    """One study in one folder; see ``docs/reference/folder.md``.

    Whoever writes holds the lock; see :func:`~slicken.study.lock.study_lock`.

    Attributes:
        path: of the folder.
        mended: what was found altered, and removed to be computed again, in sentences.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.repaired: list[str] = []
        self.of_others = False
        """Whether evidence was read that this object did not write."""
        self._written: set[str] = set()
        self._whole: set[float] = set()

    @classmethod
    def claim(cls, path: Path, plan: Plan, experiments: Sequence[Experiment]) -> "StudyFolder":
        """Begin a study here, or go on with the same one; what is damaged is removed.

        Raises:
            FolderError: if the folder holds another study or something else, or cannot be written.
        """
        folder = cls(path)
        try:
            if folder._plan_file.exists():
                folder._repair(plan, experiments)
                return folder
            free = not path.exists() or folder._holds_only_a_start_of(experiments)
        except OSError as error:
            raise FolderError(f"{path}: {error.strerror}; choose another --out") from None
        if not free:
            raise FolderError(
                f"{path}: this is not a study folder and not empty; choose another --out"
            )
        folder._begin(plan, experiments)
        return folder

    @classmethod
    def open(cls, path: str | Path) -> "StudyFolder":
        """A study that exists.

        Raises:
            FolderError: if there is none, or it is not of this version, or its plan was altered.
        """
        folder = cls(Path(path))
        if not folder._plan_file.is_file():
            raise FolderError(
                f"{path}: no study here (no plan.toml); name a folder that "
                "'slicken study --out' or 'slicken demo --out' has written"
            )
        if checksums.state_of(folder._plan_file) != "whole":
            if folder._is_older():
                folder._must_be_readable()
            raise FolderError(
                f"{folder._plan_file}: is not what was written (altered, or cut short); {_AGAIN}"
            )
        folder._must_be_readable()
        return folder

    @cached_property
    def plan(self) -> Plan:
        """The plan as run."""
        try:
            return Plan(**self._header["plan"])
        except (KeyError, TypeError):
            raise FolderError(f"{self._plan_file}: holds no plan; the folder is damaged") from None
        except PlanError as error:
            raise FolderError(f"{self._plan_file}: {error}") from None

    @cached_property
    def experiments(self) -> tuple[Experiment, ...]:
        """The experiments as studied."""
        if checksums.state_of(self._experiments_file) != "whole":
            raise FolderError(
                f"{self._experiments_file}: is not what was written (altered, or cut short); "
                f"{_AGAIN}"
            )
        return tuple(self._experiment(number) for number in range(len(self._fingerprints)))

    @property
    def versions(self) -> dict[str, str]:
        """Of slicken and what it stands on, when the study began."""
        return dict(self._header.get("versions", {}))

    @cached_property
    def identity(self) -> str:
        """A checksum of all that decides a number here; every window length carries it."""
        return identity_of(self.plan, self._fingerprints)

    def finished(self) -> tuple[float, ...]:
        """Window lengths that are trained, in seconds.

        Raises:
            FolderError: if one of them is damaged.
        """
        return tuple(s for s in self.plan.windows if self._is_finished(s))

    def place(self, *names: str) -> Path:
        """A path in the folder.

        Raises:
            FolderError: if a link leads it out of the folder; such links are not followed.
        """
        path = self.path.joinpath(*names)
        if not path.resolve().is_relative_to(self.path.resolve()):
            raise FolderError(
                f"{path}: leads out of the study folder, and is not followed; remove the link"
            )
        return path

    def window_path(self, seconds: float) -> Path:
        """Where a window length is kept, such as ``windows/0400s``."""
        number = f"{seconds:04.0f}" if seconds == round(seconds) else f"{seconds:09.4f}"
        return self.place("windows", f"{number}s")

    def write_window(self, result: WindowResult) -> None:
        """Keep a window length: all its files, or none.

        Raises:
            FolderError: if they cannot be written.
        """
        check_lock(self.path)
        history = result.history.assign_attrs(study=self.identity)
        contents: dict[str, bytes | memoryview] = {
            "history.nc": to_netcdf(history),
            "predictions.nc": to_netcdf(result.predictions),
            "weights.safetensors": to_bytes(result.networks),
        }
        sums = {name: checksums.checksum(content) for name, content in contents.items()}
        with written_aside(self.window_path(result.seconds)) as aside:
            aside.mkdir(parents=True, exist_ok=True)
            for name, content in contents.items():
                (aside / name).write_bytes(content)
            (aside / checksums.NAME).write_text(checksums.lines_of(sums), encoding="utf-8")

    def read_window(self, seconds: float) -> WindowResult:
        """What :meth:`write_window` kept.

        Raises:
            FolderError: if it is not there, or damaged.
        """
        self._must_be_finished(seconds)
        place = self.window_path(seconds)
        history = self.read_history(seconds)
        networks = self._read_networks(place / "weights.safetensors")
        predictions = read_netcdf(place / "predictions.nc", having=_OF_PREDICTIONS)
        runs = history.sizes["run"], predictions.sizes["run"], networks.offset.shape[0]
        if {*runs} != {self.plan.runs} or history.sizes["epoch"] != self.plan.epochs:
            raise FolderError(f"{place}: its runs or epochs are not those of the plan; {_AGAIN}")
        return WindowResult(seconds, history, networks, predictions)

    def read_history(self, seconds: float) -> xr.Dataset:
        """The losses of a window length alone, as :class:`WindowResult` has them.

        Raises:
            FolderError: if it is not there, or damaged.
        """
        self._must_be_finished(seconds)
        return read_netcdf(self.window_path(seconds) / "history.nc", having=_OF_HISTORY)

    def write_evidence(self, name: str, dataset: xr.Dataset) -> None:
        """Keep a piece of evidence as ``evidence/NAME.nc``."""
        file = self.place("evidence", f"{name}.nc")
        content = to_netcdf(dataset)
        sums, ours = checksums.read_sums(file.parent), checksums.checksum(content)
        if sums.get(file.name) == ours and checksums.state_of(file) == "whole":
            return
        check_lock(self.path)
        if file.name in sums:  # so that whoever is killed here leaves a file nobody vouches for
            checksums.write_sums(file.parent, {k: v for k, v in sums.items() if k != file.name})
        with written_aside(file) as aside:
            aside.write_bytes(content)
        checksums.write_sums(file.parent, {**sums, file.name: ours})
        self._written.add(name)

    def read_evidence(self, name: str) -> xr.Dataset | None:
        """A piece of evidence, or None where it has not been gathered, or was altered since."""
        file = self.place("evidence", f"{name}.nc")
        if not file.is_file():
            return None
        state = checksums.state_of(file)
        if state == "altered":
            self.repaired.append(
                f"evidence/{file.name}: is not what was written; it is computed again"
            )
        if state != "whole":
            return None
        self.of_others |= name not in self._written
        return read_netcdf(file)

    def _must_be_finished(self, seconds: float) -> None:
        if not self._is_finished(seconds):
            held = ", ".join(f"{s:g}" for s in self.finished()) or "none yet"
            raise FolderError(f"{self.path}: no window of {seconds:g} s; finished are {held}")

    def _is_finished(self, seconds: float) -> bool:
        place = self.window_path(seconds)
        if seconds in self._whole:
            return True
        if not place.is_dir():
            return False
        damage = self._damage_of(place)
        if damage:
            raise FolderError(f"{damage}; {_AGAIN}")
        self._whole.add(seconds)
        return True

    def _damage_of(self, place: Path) -> str:
        """What is wrong with the files of a window length; empty where nothing is."""
        for name in ("history.nc", "predictions.nc", "weights.safetensors"):
            file = self.place("windows", place.name, name)
            if not file.is_file():
                return f"{file}: is not there"
            if checksums.state_of(file) != "whole":
                return f"{file}: is not what was written (altered, or cut short)"
        try:
            owner = read_netcdf(place / "history.nc").attrs.get("study")
        except FolderError as error:
            return str(error)
        return "" if owner == self.identity else f"{place}: is of another study"

    def _experiment(self, number: int) -> Experiment:
        dataset = read_netcdf(self._experiments_file, f"{number:04d}")
        try:
            return Experiment.from_dataset(dataset)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            raise FolderError(
                f"{self._experiments_file}: experiment {number} is not as slicken writes them; "
                f"{_AGAIN}"
            ) from None

    @property
    def _experiments_file(self) -> Path:
        return self.place("experiments.nc")

    @property
    def _plan_file(self) -> Path:
        return self.place("plan.toml")

    @cached_property
    def _header(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self._plan_file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
            raise FolderError(f"{self._plan_file}: cannot be read ({error})") from None

    @cached_property
    def _fingerprints(self) -> dict[str, str]:
        """Of the experiments, by name, in order."""
        try:
            return {str(e["name"]): str(e["fingerprint"]) for e in self._header["experiment"]}
        except (KeyError, TypeError):
            raise FolderError(
                f"{self._plan_file}: does not list its experiments; the folder is damaged, choose "
                "another --out"
            ) from None

    def _must_be_readable(self) -> None:
        """Make sure that this version reads such folders.

        Raises:
            FolderError: if it does not.
        """
        here = self._header.get("format")
        if here == FORMAT:
            return
        if isinstance(here, int) and here > FORMAT:
            raise FolderError(
                f"{self.path}: written by a newer slicken (format {here}, this one reads "
                f"{FORMAT}); upgrade slicken"
            )
        if not self._is_older():
            raise FolderError(f"{self._plan_file}: holds no plan; choose another --out")
        by = self.versions.get("slicken", "of an older version")
        raise FolderError(
            f"{self.path}: written by slicken {by} before its files had checksums; such folders "
            "are no longer read: train anew in another --out"
        )

    def _is_older(self) -> bool:
        """Whether this is a study of a version that wrote no checksums."""
        try:
            return "plan" in self._header and "format" not in self._header
        except FolderError:
            return False

    def _begin(
        self,
        plan: Plan,
        experiments: Sequence[Experiment],
        versions: Mapping[str, str] | None = None,
    ) -> None:
        check_lock(self.path)
        content = to_netcdf({f"{n:04d}": e.to_dataset() for n, e in enumerate(experiments)})
        header = tomli_w.dumps(
            {
                "format": FORMAT,
                "plan": plan.model_dump(mode="json"),
                "versions": versions or _versions(plan),
                "experiment": [
                    {
                        "name": experiment.name,
                        "source": experiment.provenance.source,
                        "sha256": experiment.provenance.sha256,
                        "fingerprint": fingerprint(experiment),
                    }
                    for experiment in experiments
                ],
            }
        )
        with written_aside(self._experiments_file) as aside:
            aside.write_bytes(content)
        sums = {
            self._experiments_file.name: checksums.checksum(content),
            self._plan_file.name: checksums.checksum(header.encode()),
        }
        checksums.write_sums(self.path, sums)
        # Last, because a folder with a plan is a study.
        write_text(self._plan_file, header)

    def _repair(self, plan: Plan, experiments: Sequence[Experiment]) -> None:
        """Make sure that this is the study that is asked for, and remove what is damaged."""
        state = checksums.state_of(self._plan_file)
        if state == "altered":
            self._mend_plan(plan, experiments)
        else:
            self._must_be_readable()
            self._must_be(plan, experiments)
            if state == "unknown" or checksums.state_of(self._experiments_file) != "whole":
                name = checksums.NAME if state == "unknown" else self._experiments_file.name
                self._rewrite(self.plan, experiments, name, self.versions)
        self._sweep()
        for seconds in self.plan.windows:
            place = self.window_path(seconds)
            damage = self._damage_of(place) if place.is_dir() else ""
            if damage:
                remove(place)
                self.repaired.append(f"{damage}; the window of {seconds:g} s is trained again")

    def _mend_plan(self, plan: Plan, experiments: Sequence[Experiment]) -> None:
        """Write the plan anew, where all that was trained here shows that it is the same."""
        identity = identity_of(plan, fingerprints_of(experiments))
        for place in sorted(self.place("windows").glob("[0-9]*s")):
            try:
                owner = read_netcdf(place / "history.nc").attrs.get("study")
            except FolderError:
                continue  # damaged too, and trained again
            if owner != identity:
                raise FolderError(
                    f"{self._plan_file}: was altered, and the windows here are of another plan or "
                    "other logs than those that are asked for; choose another --out"
                )
        self._rewrite(plan, experiments, self._plan_file.name)
        remove(self.place("evidence"))

    def _rewrite(
        self,
        plan: Plan,
        experiments: Sequence[Experiment],
        name: str,
        versions: Mapping[str, str] | None = None,
    ) -> None:
        self.repaired.append(f"{self.path / name}: is not what was written; it is written again")
        self._begin(plan, experiments, versions)
        for cached in ("plan", "_header", "_fingerprints", "identity", "experiments"):
            self.__dict__.pop(cached, None)

    def _sweep(self) -> None:
        """Remove what processes left that were killed as they wrote."""
        for folder in (".", "windows", "evidence", "checkpoints", "figures"):
            for left in self.place(folder).glob(".*.partial"):
                remove(left)

    def _must_be(self, plan: Plan, experiments: Sequence[Experiment]) -> None:
        here, asked = _by_field(self.plan.decisive()), _by_field(plan.decisive())
        for field, value in asked.items():
            if here.get(field) != value:
                kept, wanted = _short(here.get(field)), _short(value)
                raise FolderError(
                    f"{self.path}: belongs to another plan ({field} is {kept} there and "
                    f"{wanted} here); choose another --out, or ask for the same plan"
                )
        there, given = self._fingerprints, fingerprints_of(experiments)
        if there != given:
            changed = sorted(n for n in {*there, *given} if there.get(n) != given.get(n))
            raise FolderError(
                f"{self.path}: belongs to other logs ({', '.join(changed[:3])} differ); "
                "choose another --out"
            )
        if list(there) != list(given):
            raise FolderError(
                f"{self.path}: has the same logs in another order, which decides the split; give "
                f"them as {', '.join(there)}, or choose another --out"
            )

    def _holds_only_a_start_of(self, experiments: Sequence[Experiment]) -> bool:
        """Whether nothing is here but what a process left that was killed as it began this."""
        if not self.path.is_dir():
            return False
        held = {path.name for path in self.path.iterdir() if not path.name.endswith(".partial")}
        held -= {LOCK}
        if not held:
            return True
        if self._experiments_file.name not in held or held - {"experiments.nc", checksums.NAME}:
            return False
        try:
            kept = [self._experiment(number) for number in range(len(experiments))]
        except SlickenError:
            return False
        return [fingerprint(e) for e in kept] == [fingerprint(e) for e in experiments]

    def _read_networks(self, file: Path) -> Network:
        try:
            arrays, _ = read_arrays(file)
            first = (
                "convolutions.0.kernel" if self.plan.network.conv_layers else "recurrent.0.kernel"
            )
            held = arrays.get(first, np.zeros((1, 1)))
            shapes = jax.eval_shape(
                lambda: start_network(
                    self.plan.network, held.shape[-2] if held.ndim > 2 else 1, 2, jax.random.key(0)
                )
            )
            networks: Network = filled(shapes, arrays)
        except ValueError as error:
            raise FolderError(f"{file}: {error}; {_AGAIN}") from None
        if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(networks)):
            raise FolderError(f"{file}: holds weights that are not finite; {_AGAIN}")
        return networks


def _versions(plan: Plan) -> dict[str, str]:
    return {
        "engine": describe_engine(plan.engine),
        "slicken": version("slicken"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        **{name: version(name) for name in _PACKAGES},
    }


def _by_field(values: Mapping[str, Any], table: str = "") -> dict[str, Any]:
    """Tables opened, so that a difference has a name such as ``network.units``."""
    fields: dict[str, Any] = {}
    for name, value in values.items():
        inner = _by_field(value, f"{name}.") if isinstance(value, Mapping) else {name: value}
        fields.update({f"{table}{field}": found for field, found in inner.items()})
    return fields


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
