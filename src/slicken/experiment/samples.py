"""Samples: one run of the rig at the instants at which it was logged, in SI units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.channels import CHANNELS, FRICTION, TIME
from slicken.errors import ExperimentError

if TYPE_CHECKING:
    from slicken.experiment.channel_map import ChannelMap
    from slicken.experiment.experiment import Experiment, Provenance
    from slicken.experiment.overlaps import Rows
    from slicken.experiment.reading import Maps
    from slicken.logs.finding import Finding

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Samples:
    """One run of the rig, as it was sampled: no grid, no filter, no sample made up.

    Args:
        name: Name in figures and tables.
        time: Seconds, shape ``(T,)``, increasing, of any spacing.
        channels: Channel name to values of shape ``(T,)``, in the unit of
            :data:`slicken.channels.CHANNELS`; NaN where missing; holds ``friction``.
        provenance: Source and history.
        findings: Findings about the log.

    Raises:
        ExperimentError: If shapes, units or values break this contract.
    """

    name: str
    time: Floats
    channels: Mapping[str, Floats]
    provenance: "Provenance"
    findings: tuple["Finding", ...] = ()

    def __post_init__(self) -> None:
        channels = {name: _read_only(values) for name, values in self.channels.items()}
        object.__setattr__(self, "time", _read_only(self.time))
        object.__setattr__(self, "channels", MappingProxyType(channels))
        if self.time.ndim != 1 or self.time.size < 2 or not (np.diff(self.time) > 0).all():
            raise ExperimentError(f"{self.name}: time must increase, over at least two samples")
        if FRICTION.name not in self.channels:
            raise ExperimentError(f"{self.name}: no friction; a friction law is fitted to it")
        for name, values in self.channels.items():
            if name not in CHANNELS or name == TIME.name:
                raise ExperimentError(f"{self.name}: unknown channel {name!r}")
            if values.shape != self.time.shape:
                raise ExperimentError(
                    f"{self.name}: {name} has shape {values.shape}, time has {self.time.shape}"
                )

    def __len__(self) -> int:
        """Number of samples, T."""
        return int(self.time.size)

    def __repr__(self) -> str:
        return (
            f"<Samples {self.name!r}: {len(self)} from {self.time[0]:g} to {self.time[-1]:g} s; "
            f"{', '.join(self.channels)}; findings: {len(self.findings)}>"
        )

    @classmethod
    def of(cls, run: "Experiment | Samples") -> "Samples":
        """The samples of an experiment; NaN in its gaps.

        Args:
            run: Experiment, real or simulated; samples are returned as they are.

        Raises:
            ExperimentError: If time has no two samples.
        """
        if isinstance(run, Samples):
            return run
        channels = {
            name: np.where(run.gap, np.nan, values) if run.gap.any() else values
            for name, values in run.channels.items()
        }
        return cls(run.name, run.time, channels, run.provenance, run.findings)


def read_samples(
    names: str | Path | Sequence[str | Path],
    channels: "Maps | None" = None,
    *,
    beside: str | Path = ".",
) -> list[Samples]:
    """Read logs at their own sampling.

    What leaves the samples where they are is done as for a study: the map's corrections, units,
    ``start`` and ``end``, stresses from forces, friction from stresses. There is no grid, no rate,
    and nothing is trimmed.

    Args:
        names: Files, or patterns such as ``runs/*.txt``.
        channels: Channel map for all of them, or its TOML file; or such a map for each log, by a
            pattern of its file name. Channels are guessed where there is none, the load point's
            displacement and velocity among them.
        beside: Folder of relative names.

    Raises:
        SlickenError: If a file is not there, is there twice, or cannot be read.
    """
    from slicken.experiment.reading import read_each

    return read_each(names, channels, _read, beside=beside)


def _read(path: Path, channel_map: "ChannelMap | None") -> tuple[Samples, "Rows"]:
    from slicken.experiment.experiment import Provenance
    from slicken.experiment.guess import guess_channels
    from slicken.experiment.overlaps import rows_of
    from slicken.experiment.preparation import as_sampled
    from slicken.logs.readers import read_log

    if channel_map is None:
        log = read_log(path)
        channel_map, notes = guess_channels(log, load_point=True)
        draft = as_sampled(log, channel_map, notes=notes)
    else:
        log = read_log(path, table=channel_map.table_of(path))
        draft = as_sampled(log, channel_map, folder=path.parent)
    provenance = Provenance(log.source, log.sha256, draft.steps)
    samples = Samples(log.name, draft.time, draft.channels, provenance, draft.findings)
    return samples, rows_of(samples)


def _read_only(values: Floats) -> Floats:
    view = np.asarray(values, np.float64).view()
    view.flags.writeable = False
    return view
