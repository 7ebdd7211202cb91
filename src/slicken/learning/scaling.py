"""Scaling: drivers and friction in standard deviations of the training part.

Friction answers the logarithm of slip velocity (Dieterich 1979; Ruina 1983). A velocity that spans
decades, as in velocity steps and holds, is therefore taken on a logarithmic scale before it is
standardised: on a linear one, everything but the fastest slip would be zero.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.channels import FRICTION, SLIP_VELOCITY
from slicken.errors import ExperimentError

if TYPE_CHECKING:
    from slicken.learning.record import Record
    from slicken.learning.splits import Split

MOSTLY_NOISE = 0.5
"""A driver is called noise where so much of its variance comes and goes within one sample."""

DECADES = 1.5
"""Velocity is taken as a logarithm if nine tenths of its values span this many powers of ten."""

REACH = 1e15
"""Standard deviations from the mean of the training part, beyond which no sample is believed."""
_LARGEST, _NOTHING = 1e100, 1e-100
"""What float64 can square, with room to add; a driver that stays below the second is zero."""


@dataclass(frozen=True)
class Scaling:
    """Means and standard deviations learned on the training part only.

    Args:
        channels: Names of the drivers.
        slowest: Threshold v0 of a driver that is taken as ``asinh(value / v0)``, a logarithm that
            accepts zero and both signs; 0 for all other drivers, shape ``(C,)``.
        mean: Means of the drivers after that, shape ``(C,)``.
        spread: Standard deviations, shape ``(C,)``; 1 for a driver that never changes.
        friction_mean: Mean friction of the training targets.
        friction_spread: Standard deviation of the same.
        noise_share: Share of each driver's variance that changes from one sample to the next (half
            the mean square of its differences, over its variance; 1 for white noise, and for a
            driver that never changes), shape ``(C,)``.
    """

    channels: tuple[str, ...]
    slowest: NDArray[np.float64]
    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    friction_mean: float
    friction_spread: float
    noise_share: NDArray[np.float64]

    def drivers(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Standardised drivers, shape ``(T, C)``."""
        transformed = _transform(values, self.slowest)
        scaled: NDArray[np.float32] = ((transformed - self.mean) / self.spread).astype(np.float32)
        return scaled

    @property
    def logarithmic(self) -> tuple[str, ...]:
        """Drivers that are taken on a logarithmic scale."""
        pairs = zip(self.channels, self.slowest, strict=True)
        return tuple(name for name, slowest in pairs if slowest > 0)

    def friction(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Standardised friction, shape ``(T,)``."""
        scaled = (values - self.friction_mean) / self.friction_spread
        return scaled.astype(np.float32)

    def to_friction(self, standardised: NDArray[np.floating]) -> NDArray[np.float64]:
        """Friction from what a network predicts, any shape."""
        return standardised.astype(np.float64) * self.friction_spread + self.friction_mean

    def mostly_noise(self) -> tuple[str, ...]:
        """Drivers that were held constant: standardised, they are noise of unit variance."""
        noisy = self.noise_share >= MOSTLY_NOISE
        return tuple(name for name, is_noise in zip(self.channels, noisy, strict=True) if is_noise)


def learn_scaling(record: "Record", split: "Split") -> Scaling:
    """Learn the scaling from the samples and the targets of the training part.

    Raises:
        ExperimentError: if friction does not change over the training targets, or a number is one
            that no rig measures.
    """
    _must_be_numbers(record)
    samples = split.samples("training") & ~record.gap
    slowest = np.array(
        [
            _slowest(record.drivers[samples, place]) if name == SLIP_VELOCITY.name else 0.0
            for place, name in enumerate(record.channels)
        ]
    )
    transformed = _transform(_outside_gaps(record), slowest)
    drivers = transformed[samples]
    targets = record.friction[split.ends["training"]]
    if np.ptp(targets) <= 1e-12 * max(1.0, float(np.abs(targets).max())):
        raise ExperimentError(
            f"friction never changes in the training part (it is {targets[0]:g} throughout); "
            "there is nothing to learn: check the friction column of the channel map"
        )
    spread = drivers.std(axis=0)
    largest = np.abs(drivers).max(axis=0)
    never_changes = (np.ptp(drivers, axis=0) <= 1e-12 * largest) | (largest < _NOTHING)
    spread = np.where(never_changes, 1.0, spread)
    neighbours = samples[1:] & samples[:-1] & (record.experiment[1:] == record.experiment[:-1])
    steps = np.diff(transformed, axis=0)[neighbours]
    noise_share = np.where(never_changes, 1.0, np.mean(steps**2, axis=0) / (2 * spread**2))
    scaling = Scaling(
        channels=record.channels,
        slowest=slowest,
        mean=drivers.mean(axis=0),
        spread=spread,
        friction_mean=float(targets.mean()),
        friction_spread=float(targets.std()),
        noise_share=noise_share,
    )
    must_be_within_reach(record, scaling)
    return scaling


def must_be_within_reach(record: "Record", scaling: Scaling) -> None:
    """Check that a record, of the study or a new one, can be standardised at all.

    Raises:
        ExperimentError: if a sample lies further than :data:`REACH` from the training part.
    """
    _must_be_numbers(record)
    transformed = _transform(_outside_gaps(record), scaling.slowest)
    words = f"more than {REACH:g} standard deviations from the training part"
    _refuse(record, np.abs(transformed - scaling.mean) > REACH * scaling.spread, words)
    away = np.where(record.gap, 0.0, np.abs(record.friction - scaling.friction_mean))
    _refuse(record, away > REACH * scaling.friction_spread, words)


def _must_be_numbers(record: "Record") -> None:
    words = "a number that no rig measures"
    _refuse(record, np.abs(_outside_gaps(record)) > _LARGEST, words)
    _refuse(record, np.abs(np.where(record.gap, 0.0, record.friction)) > _LARGEST, words)


def _outside_gaps(record: "Record") -> NDArray[np.float64]:
    """Drivers, 0 inside gaps, where there may be anything, shape ``(T, C)``."""
    return np.where(record.gap[:, None], 0.0, record.drivers)


def _refuse(record: "Record", absurd: NDArray[np.bool_], why: str) -> None:
    """Refuse a record with absurd drivers, shape ``(T, C)``, or friction, shape ``(T,)``."""
    if not absurd.any():
        return
    where = tuple(int(place[0]) for place in np.nonzero(absurd))
    values = record.friction if absurd.ndim == 1 else record.drivers
    name = FRICTION.name if absurd.ndim == 1 else record.channels[where[1]]
    raise ExperimentError(
        f"{record.experiments[record.experiment[where[0]]]}: {name.replace('_', ' ')} is "
        f"{values[where]:g} at {record.time[where[0]]:g} s, {why}; check its unit and column, or "
        "leave the log out"
    )


def _slowest(velocity: NDArray[np.float64]) -> float:
    """The slowest slip that counts, where velocity spans decades; else 0."""
    moving = np.abs(velocity[np.abs(velocity) > _NOTHING])
    if not moving.size:
        return 0.0
    slowest, low, high = np.percentile(moving, [1, 5, 95])
    return float(slowest) if high > low * 10**DECADES else 0.0


def _transform(values: NDArray[np.float64], slowest: NDArray[np.float64]) -> NDArray[np.float64]:
    logarithms = np.arcsinh(values / np.where(slowest > 0, slowest, 1.0))
    return np.where(slowest > 0, logarithms, values)
