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
import tomli_w
import xarray as xr
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from slicken.errors import FolderError, PlanError, SlickenError
from slicken.experiment import Experiment
from slicken.learning.engine import describe_engine
from slicken.learning.network import Network, start_network
from slicken.study.files import write_text, written_aside
from slicken.study.plan import Plan
from slicken.study.prepared import fingerprint

_PACKAGES = ("jax", "jaxlib", "equinox", "optax", "numpy", "scipy", "scikit-learn", "xarray")


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
    """One study in one folder; see ``docs/reference/folder.md``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def claim(cls, path: Path, plan: Plan, experiments: Sequence[Experiment]) -> "StudyFolder":
        """Begin a study here, or go on with the same one.

        Raises:
            FolderError: if the folder holds another study or something else, or cannot be written.
        """
        folder = cls(path)
        try:
            if folder._plan_file.exists():
                folder._must_be(plan, experiments)
                if not folder._experiments_file.is_file():
                    folder._write_experiments(experiments)
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
            FolderError: if there is none.
        """
        folder = cls(Path(path))
        if not folder._plan_file.is_file():
            raise FolderError(
                f"{path}: no study here (no plan.toml); name a folder that "
                "'slicken study --out' or 'slicken demo --out' has written"
            )
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
        return tuple(
            self._experiment(number) for number in range(len(self._header.get("experiment", [])))
        )

    @property
    def versions(self) -> dict[str, str]:
        """Of slicken and what it stands on, when the study began."""
        return dict(self._header.get("versions", {}))

    def finished(self) -> tuple[float, ...]:
        """Window lengths that are trained, in seconds."""
        return tuple(s for s in self.plan.windows if self.window_path(s).is_dir())

    def window_path(self, seconds: float) -> Path:
        """Where a window length is kept, such as ``windows/0400s``."""
        number = f"{seconds:04.0f}" if seconds == round(seconds) else f"{seconds:09.4f}"
        return self.path / "windows" / f"{number}s"

    def write_window(self, result: WindowResult) -> None:
        """Keep a window length: all its files, or none.

        Raises:
            FolderError: if they cannot be written.
        """
        with written_aside(self.window_path(result.seconds)) as aside:
            aside.mkdir(parents=True, exist_ok=True)
            (aside / "history.nc").write_bytes(_netcdf(result.history))
            (aside / "predictions.nc").write_bytes(_netcdf(result.predictions))
            (aside / "weights.safetensors").write_bytes(save(_flat(result.networks)))

    def read_window(self, seconds: float) -> WindowResult:
        """What :meth:`write_window` kept.

        Raises:
            FolderError: if it is not there, or damaged.
        """
        place = self.window_path(seconds)
        if not place.is_dir():
            held = ", ".join(f"{s:g}" for s in self.finished()) or "none yet"
            raise FolderError(f"{self.path}: no window of {seconds:g} s; finished are {held}")
        return WindowResult(
            seconds=seconds,
            history=_read_netcdf(place / "history.nc"),
            networks=self._read_networks(place / "weights.safetensors"),
            predictions=_read_netcdf(place / "predictions.nc"),
        )

    def write_evidence(self, name: str, dataset: xr.Dataset) -> None:
        """Keep a piece of evidence as ``evidence/NAME.nc``."""
        with written_aside(self.path / "evidence" / f"{name}.nc") as aside:
            aside.write_bytes(_netcdf(dataset))

    def read_evidence(self, name: str) -> xr.Dataset | None:
        """A piece of evidence, or None where it has not been gathered."""
        file = self.path / "evidence" / f"{name}.nc"
        return _read_netcdf(file) if file.is_file() else None

    def _experiment(self, number: int) -> Experiment:
        return Experiment.from_dataset(_read_netcdf(self._experiments_file, f"{number:04d}"))

    @property
    def _experiments_file(self) -> Path:
        return self.path / "experiments.nc"

    @property
    def _plan_file(self) -> Path:
        return self.path / "plan.toml"

    @cached_property
    def _header(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self._plan_file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise FolderError(f"{self._plan_file}: cannot be read ({error})") from None

    def _begin(self, plan: Plan, experiments: Sequence[Experiment]) -> None:
        self._write_experiments(experiments)
        header = {
            "plan": plan.model_dump(mode="json"),
            "versions": _versions(plan),
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
        # Last, because a folder with a plan is a study.
        write_text(self._plan_file, tomli_w.dumps(header))

    def _write_experiments(self, experiments: Sequence[Experiment]) -> None:
        with written_aside(self._experiments_file) as aside:
            groups = {f"{n:04d}": e.to_dataset() for n, e in enumerate(experiments)}
            aside.write_bytes(_netcdf(groups))

    def _must_be(self, plan: Plan, experiments: Sequence[Experiment]) -> None:
        here, asked = _by_field(self.plan.decisive()), _by_field(plan.decisive())
        for field, value in asked.items():
            if here.get(field) != value:
                kept, wanted = _short(here.get(field)), _short(value)
                raise FolderError(
                    f"{self.path}: belongs to another plan ({field} is {kept} there and "
                    f"{wanted} here); choose another --out, or ask for the same plan"
                )
        try:
            there = {e["name"]: e["fingerprint"] for e in self._header["experiment"]}
        except (KeyError, TypeError):
            raise FolderError(
                f"{self._plan_file}: does not list its experiments; the folder is damaged, choose "
                "another --out"
            ) from None
        given = {e.name: fingerprint(e) for e in experiments}
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
        held = [path for path in self.path.iterdir() if not path.name.endswith(".partial")]
        if [path.name for path in held] != ["experiments.nc"]:
            return not held
        try:
            kept = [self._experiment(number) for number in range(len(experiments))]
        except (SlickenError, KeyError):
            return False
        return [fingerprint(e) for e in kept] == [fingerprint(e) for e in experiments]

    def _read_networks(self, file: Path) -> Network:
        try:
            arrays = load_file(file)
        except (OSError, SafetensorError) as error:
            raise FolderError(f"{file}: cannot be read ({error}); {_recompute(file)}") from None
        first = "convolutions.0.kernel" if self.plan.network.conv_layers else "recurrent.0.kernel"
        drivers = arrays[first].shape[-2] if first in arrays and arrays[first].ndim > 2 else 1
        shapes = jax.eval_shape(
            lambda: start_network(self.plan.network, drivers, 2, jax.random.key(0))
        )
        named = _flat(shapes)
        for name in sorted({*named, *arrays}):
            fits = name in named and name in arrays
            if not fits or arrays[name].shape[1:] != named[name].shape:
                raise FolderError(f"{file}: {name} does not fit the plan; {_recompute(file)}")
        structure = jax.tree.structure(shapes)
        filled: Network = jax.tree.unflatten(structure, [arrays[name] for name in named])
        return filled


def _flat(networks: Any) -> dict[str, Any]:  # noqa: ANN401 (arrays or their shapes)
    """Leaves by name, such as ``recurrent.0.bias``, in the order of the tree."""
    paths, _ = jax.tree_util.tree_flatten_with_path(networks)
    return {jax.tree_util.keystr(path, simple=True, separator="."): leaf for path, leaf in paths}


def _versions(plan: Plan) -> dict[str, str]:
    return {
        "engine": describe_engine(plan.engine),
        "slicken": version("slicken"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        **{name: version(name) for name in _PACKAGES},
    }


def _netcdf(dataset: xr.Dataset | Mapping[str, xr.Dataset]) -> memoryview:
    """A netCDF file, in memory: HDF5 cannot be trusted with a full disk (it crashes)."""
    if isinstance(dataset, xr.Dataset):
        return dataset.to_netcdf(engine="h5netcdf", encoding=_packing(dataset))
    tree = xr.DataTree.from_dict({f"/{group}": held for group, held in dataset.items()})
    packing = {f"/{group}": _packing(held) for group, held in dataset.items()}
    return tree.to_netcdf(engine="h5netcdf", encoding=packing)


def _packing(dataset: xr.Dataset) -> dict[str, dict[str, Any]]:
    return {
        str(name): {"zlib": True, "complevel": 4}
        for name, variable in dataset.variables.items()
        if variable.dtype.kind in "fi" and variable.ndim
    }


def _read_netcdf(file: Path, group: str | None = None) -> xr.Dataset:
    try:
        return xr.load_dataset(file, group=group, engine="h5netcdf")
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FolderError(f"{file}: cannot be read ({first}); {_recompute(file)}") from None


def _recompute(file: Path) -> str:
    # A window length is one thing; of everything else one file can be made again.
    damaged = file.parent if file.parent.parent.name == "windows" else file
    return f"remove {damaged} and give the same command again to compute it anew"


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
