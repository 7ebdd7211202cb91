"""Noise of drivers: what their sensors add, and their present values with it averaged away.

Friction that follows the present temperature seems to need a past where the thermocouple is noisy:
a mean over some seconds is closer to the true temperature than the last reading. That past is no
memory. So the best linear estimate of each noisy driver's true present value, from its own past
alone (a Wiener filter), is made known to every model that is asked how much history friction needs;
history counts as needed for what it adds to that.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from slicken.evidence.curved import curved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slicken.evidence.lag_model import LagModel, Model
    from slicken.study.prepared import Prepared

NOISY = 3e-4
"""Share of a driver's variance from which its noise counts: what averaging less than that gains is
negligible; see :data:`~slicken.evidence.required.NEGLIGIBLE`."""
ALL_NOISE = 0.9
"""Share from which a driver is noise and nothing else."""
ORDER = 3
"""Of the differences from which noise is read: they cancel what changes like a parabola within four
samples, and grow white noise by the root of 20."""
_GROWTH = np.sqrt(20.0)
_MEDIAN_OF_NORMAL = 0.6745
RIDGE = 1e-9
"""Penalty of the filter, in shares of the total variance of its inputs."""


@dataclass(frozen=True, eq=False)
class DriverNoise:
    """White noise in each driver.

    Args:
        channels: Names of the drivers.
        level: Standard deviation of the noise, in the unit of each channel, shape ``(C,)``.
        share: Its variance over that of the driver, as the networks see it, shape ``(C,)``.
    """

    channels: tuple[str, ...]
    level: NDArray[np.float64]
    share: NDArray[np.float64]

    @classmethod
    def compute(cls, prepared: "Prepared") -> "DriverNoise":
        """Read the noise from the drivers' differences from sample to sample.

        It is the median of absolute third differences, which a step, a spike or a hold does not
        move. What is correlated from sample to sample, as in a rate over several seconds, is not
        seen in full.

        Args:
            prepared: Record and its parts.
        """
        record = prepared.record
        together = sliding_window_view(np.where(record.gap, -1, record.experiment), ORDER + 1)
        whole = (together == together[:, :1]).all(axis=1) & (together[:, 0] >= 0)
        seen = prepared.drivers[~record.gap].std(axis=0, dtype=np.float64)
        of_network = _noise(prepared.drivers.astype(np.float64), whole)
        share = np.divide(of_network, seen, out=np.zeros_like(seen), where=seen > 0) ** 2
        return cls(record.channels, _noise(record.drivers, whole), share)

    @property
    def noisy(self) -> tuple[str, ...]:
        """Drivers whose noise counts, but that are not noise alone."""
        counts = (self.share >= NOISY) & (self.share < ALL_NOISE)
        return tuple(name for name, one in zip(self.channels, counts, strict=True) if one)

    def to_dataset(self) -> xr.Dataset:
        """Dataset for a file."""
        names = np.array(self.channels, dtype=object)
        columns = {"level": ("channel", self.level), "share": ("channel", self.share)}
        return xr.Dataset(columns, coords={"channel": names})

    @classmethod
    def from_dataset(cls, table: xr.Dataset) -> "DriverNoise":
        """The result that :meth:`to_dataset` saved."""
        names = tuple(str(name) for name in table["channel"].to_numpy())
        return cls(names, table["level"].to_numpy(), table["share"].to_numpy())


def _noise(values: NDArray[np.float64], whole: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Standard deviation of white noise in each column, shape ``(C,)``.

    Args:
        values: Channels, shape ``(T, C)``.
        whole: Whether ORDER + 1 samples from each on belong together, shape ``(T - ORDER,)``.
    """
    steps = np.abs(np.diff(values, ORDER, axis=0)[whole])
    if not len(steps):
        return np.zeros(values.shape[1])
    found: NDArray[np.float64] = np.median(steps, axis=0) / (_MEDIAN_OF_NORMAL * _GROWTH)
    return found


def knowing_the_present(
    lag_model: "LagModel", noise: DriverNoise, channels: "Sequence[str]", model: "Model"
) -> "LagModel":
    """The lag model, with the best estimates of noisy drivers' present values always known.

    Args:
        lag_model: Bins of the past.
        noise: Noise of the drivers.
        channels: Drivers whose history is cut.
        model: Family of models; unless it is ``linear``, the estimates have curves, too.
    """
    known = averaged(lag_model, noise, channels)
    if not known.size:
        return lag_model
    always = known if model == "linear" else curved(known).reshape(len(known), -1)
    return replace(lag_model, always=always)


def averaged(
    lag_model: "LagModel", noise: DriverNoise, channels: "Sequence[str]"
) -> NDArray[np.float64]:
    """Best linear estimates of noisy drivers' true present values, shape ``(N, P)``.

    The weights of a driver's bins of lags solve the normal equations of its true present value:
    white noise is in the present reading only, so the covariance of the true value with the past is
    that of the reading, and with the present reading it is less by the variance of the noise.

    Args:
        lag_model: Bins of the past, which the estimates combine.
        noise: Noise of the drivers.
        channels: Drivers whose history is cut; those that are not noisy have no column.
    """
    share = dict(zip(noise.channels, noise.share, strict=True))
    columns = []
    for name in channels:
        if name not in noise.noisy:
            continue
        past = lag_model.bins[:, lag_model.channels.index(name), lag_model.future :]
        centred = past - past.mean(axis=0)
        gram = centred.T @ centred / len(centred)
        of_truth = gram[:, 0].copy()
        of_truth[0] = max(of_truth[0] - share[name], 0.0)
        penalty = RIDGE * np.trace(gram) * np.eye(len(gram))
        columns.append(centred @ np.linalg.solve(gram + penalty, of_truth))
    return np.stack(columns, axis=1) if columns else np.empty((lag_model.friction.size, 0))
