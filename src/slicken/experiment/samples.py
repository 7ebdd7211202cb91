"""Samples: one run of the rig at the instants at which it was logged, in SI units."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.channels import CHANNELS, FRICTION, TIME
from slicken.errors import ExperimentError

if TYPE_CHECKING:
    from slicken.experiment.experiment import Provenance
    from slicken.logs.finding import Finding


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
    time: NDArray[np.float64]
    channels: Mapping[str, NDArray[np.float64]]
    provenance: "Provenance"
    findings: tuple["Finding", ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "channels", MappingProxyType(dict(self.channels)))
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
