"""Experiment: one run of the rig, prepared on a uniform time grid, in SI units."""

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from slicken.channels import CHANNELS, FRICTION, SLIP, TIME
from slicken.errors import ExperimentError
from slicken.logs.finding import Finding
from slicken.statements import Statement

if TYPE_CHECKING:  # they take half a second to import and most callers never need them
    from pathlib import Path

    import pandas as pd
    import xarray as xr

    from slicken.experiment.channel_map import ChannelMap, Preparation


@dataclass(frozen=True)
class Provenance:
    """Where an experiment came from and what was done to it, in order.

    Args:
        source: File name, or the scenario of a simulated experiment.
        sha256: Checksum of the file; empty for a simulated experiment.
        steps: Each thing done, in order.
        truth: The planted truth of a simulated experiment; empty for a real one.
    """

    source: str
    sha256: str = ""
    steps: tuple[Statement, ...] = ()
    truth: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, repr=False)
class Experiment:
    """One run of the rig, prepared; what exists is valid.

    Args:
        name: Name in figures and tables.
        time: Seconds, shape ``(T,)``, uniform and increasing.
        channels: Name to float64 array of shape ``(T,)``, in the unit of
            :data:`slicken.channels.CHANNELS`; finite wherever ``gap`` is false; holds
            ``friction``. Axial displacement is positive in shortening.
        stage: Shape ``(T,)``, integers counting intervals of constant normal stress from 0;
            None where neither normal stress nor normal force is known.
        gap: Shape ``(T,)``, true where the log has no usable sample.
        provenance: Source and history.
        findings: Findings about the log and its preparation.

    Raises:
        ExperimentError: If shapes, units or values break this contract.
    """

    name: str
    time: NDArray[np.float64]
    channels: Mapping[str, NDArray[np.float64]]
    stage: NDArray[np.int64] | None
    gap: NDArray[np.bool_]
    provenance: Provenance
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        time = _frozen(self.time, np.float64)
        channels = {name: _frozen(values, np.float64) for name, values in self.channels.items()}
        object.__setattr__(self, "time", time)
        object.__setattr__(self, "channels", MappingProxyType(channels))
        object.__setattr__(self, "gap", _frozen(self.gap, np.bool_))
        if self.stage is not None:
            object.__setattr__(self, "stage", _frozen(self.stage, np.int64))
        self._check()

    def _check(self) -> None:
        samples = self.time.shape
        if len(samples) != 1 or samples[0] < 2:
            raise ExperimentError(f"{self.name}: an experiment needs at least two samples")
        steps = np.diff(self.time)
        if not np.all(np.isfinite(self.time)) or steps[0] <= 0:
            raise ExperimentError(f"{self.name}: time must be finite and increase")
        if not np.allclose(steps, steps[0], rtol=1e-6, atol=1e-9):
            raise ExperimentError(f"{self.name}: the time step is not uniform; resample the log")
        if FRICTION.name not in self.channels:
            raise ExperimentError(f"{self.name}: no friction; it is what a study explains")
        for name, values in self.channels.items():
            if name not in CHANNELS or name == TIME.name:
                raise ExperimentError(
                    f"{self.name}: unknown channel {name!r}; known are {', '.join(CHANNELS)}"
                )
            if values.shape != samples:
                raise ExperimentError(
                    f"{self.name}: {name} has shape {values.shape}, time has {samples}"
                )
            if not np.all(np.isfinite(values[~self.gap])):
                raise ExperimentError(f"{self.name}: {name} is not finite outside the gaps")
        for name, mask in (("gap", self.gap), ("stage", self.stage)):
            if mask is not None and mask.shape != samples:
                raise ExperimentError(f"{self.name}: {name} does not have the shape of time")

    def __len__(self) -> int:
        """Number of samples, T."""
        return int(self.time.size)

    @property
    def dt(self) -> float:
        """Time step in seconds."""
        return float(self.time[1] - self.time[0])

    @property
    def duration(self) -> float:
        """Seconds from the first to the last sample."""
        return float(self.time[-1] - self.time[0])

    @property
    def friction(self) -> NDArray[np.float64]:
        """The target, shape ``(T,)``."""
        return self.channels[FRICTION.name]

    @property
    def slip(self) -> NDArray[np.float64] | None:
        """Slip in metres since the start, shape ``(T,)``; None where velocity is not known."""
        return self.channels.get(SLIP.name)

    def __repr__(self) -> str:
        stages = "unknown" if self.stage is None else int(self.stage.max()) + 1
        return (
            f"<Experiment {self.name!r}: {len(self)} samples, step {self.dt:g} s, "
            f"duration {self.duration:g} s; {', '.join(self.channels)}; "
            f"stages: {stages}, findings: {len(self.findings)}>"
        )

    def _repr_html_(self) -> str:
        """A table of the channels, for notebooks."""
        rows = "".join(
            "<tr><td>{}</td><td>{}</td>{}</tr>".format(
                channel.title,
                channel.shown_unit,
                "".join(
                    f"<td>{channel.shown_per_unit * value:.4g}</td>"
                    for value in np.nanquantile(values, [0.0, 0.5, 1.0])
                ),
            )
            for channel, values in ((CHANNELS[name], self.channels[name]) for name in self.channels)
        )
        heads = "".join(f"<th>{head}</th>" for head in ("", "unit", "min", "median", "max"))
        caption = html.escape(repr(self).strip("<>"))
        return f"<table><caption>{caption}</caption><tr>{heads}</tr>{rows}</table>"

    @classmethod
    def from_arrays(
        cls,
        *,
        name: str = "experiment",
        preparation: "Preparation | None" = None,
        **channels: ArrayLike,
    ) -> "Experiment":
        """Prepare an experiment from arrays in SI units, as any log is prepared.

        Rates and slip are computed, samples are put on a uniform grid where they are not on one,
        and stages are found.

        Args:
            name: Name in figures and tables.
            preparation: Settings of the preparation; the defaults where None.
            channels: Arrays of one length by the name of their channel. Needed are ``time`` in s
                and ``friction``, or shear and normal stress in Pa, or both forces in N. Others are
                ``slip_velocity`` in m/s, ``axial_displacement`` in m (positive in shortening),
                ``temperature`` in degC and ``slip`` in m.

        Raises:
            ExperimentError: If a name is unknown, an array has no numbers or another length, or
                no experiment can be made of them.
            ChannelError: If time or friction is missing.

        Example:
            >>> time = np.arange(100.0)
            >>> one = Experiment.from_arrays(time=time, friction=0.6 + 1e-4 * time)
            >>> len(one), one.dt
            (100, 1.0)
        """
        from slicken.experiment.frames import from_arrays

        return from_arrays(name=name, preparation=preparation, **channels)

    @classmethod
    def from_dataframe(
        cls,
        frame: "pd.DataFrame",
        channels: "ChannelMap | str | Path | Mapping[str, Any] | None" = None,
        *,
        name: str = "experiment",
    ) -> "Experiment":
        """Prepare an experiment from a data frame, as a log with its columns is prepared.

        Args:
            frame: Columns of numbers, one row a sample; an index with a name is a column too.
                Units may stand in the names, such as ``Load (kN)``, or in ``frame.attrs["units"]``.
            channels: Channel map, its TOML file, or channels and their columns, such as
                ``{"time": "t (s)", "friction": "mu"}``. Guessed from names and units where None.
            name: Name in figures and tables.

        Raises:
            ExperimentError: If it is no data frame, or no experiment can be made of it.
            ChannelError: If a column or a unit does not fit.

        Example:
            >>> import pandas as pd
            >>> frame = pd.DataFrame({"t (s)": np.arange(50.0), "mu": np.linspace(0.6, 0.7, 50)})
            >>> len(Experiment.from_dataframe(frame, {"time": "t (s)", "friction": "mu"}))
            50
        """
        from slicken.experiment.frames import from_dataframe

        return from_dataframe(frame, channels, name=name)

    def to_dataframe(self) -> "pd.DataFrame":
        """The channels in SI over ``time`` in s, with columns ``gap`` and ``stage``.

        Units are in ``frame.attrs["units"]``.
        """
        from slicken.experiment.frames import to_dataframe

        return to_dataframe(self)

    def to_dataset(self) -> "xr.Dataset":
        """The experiment as a Dataset over ``time``, with units; netCDF can hold it."""
        import xarray as xr

        variables = {
            name: (
                "time",
                values,
                {"units": CHANNELS[name].unit, "long_name": CHANNELS[name].title},
            )
            for name, values in self.channels.items()
        }
        dataset = xr.Dataset(variables, coords={"time": ("time", self.time, {"units": "s"})})
        dataset["gap"] = ("time", self.gap.astype(np.int8))
        if self.stage is not None:
            dataset["stage"] = ("time", self.stage)
        dataset.attrs = {
            "name": self.name,
            "source": self.provenance.source,
            "sha256": self.provenance.sha256,
            "steps": _text([step.to_plain() for step in self.provenance.steps]),
            "truth": _text(dict(self.provenance.truth)),
            "findings": _text([finding.to_plain() for finding in self.findings]),
        }
        return dataset

    @classmethod
    def from_dataset(cls, dataset: "xr.Dataset") -> "Experiment":
        """The experiment that :meth:`to_dataset` wrote."""
        attrs = dataset.attrs
        names = [str(name) for name in dataset.data_vars if name not in ("gap", "stage")]
        return cls(
            name=str(attrs["name"]),
            time=dataset["time"].to_numpy(),
            channels={name: dataset[name].to_numpy() for name in names},
            stage=dataset["stage"].to_numpy() if "stage" in dataset else None,
            gap=dataset["gap"].to_numpy().astype(np.bool_),
            provenance=Provenance(
                source=str(attrs["source"]),
                sha256=str(attrs["sha256"]),
                steps=tuple(map(Statement.from_plain, json.loads(attrs["steps"]))),
                truth=json.loads(attrs["truth"]),
            ),
            findings=tuple(map(Finding.from_plain, json.loads(attrs["findings"]))),
        )


def _text(tree: object) -> str:
    return json.dumps(tree, ensure_ascii=False)


def _frozen(values: NDArray[Any], dtype: type[Any]) -> NDArray[Any]:
    """A private read-only copy, so that an experiment cannot be changed from outside."""
    copy = np.array(values, dtype=dtype)
    copy.flags.writeable = False
    return copy
