"""By experiment: colours, units and thinned points of figures that lay experiments together."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from slicken.channels import SLIP, SLIP_VELOCITY, Channel
from slicken.experiment.motion import ALMOST_NONE
from slicken.reporting.figures.style import BLUE, GREEN, INK, VERMILLION

if TYPE_CHECKING:
    from slicken.experiment.experiment import Experiment
    from slicken.reporting.figures.marks import Floats
    from slicken.reporting.wording import Wording

MOST_EXPERIMENTS = 12
"""Experiments that are told apart by colour and marker."""
COLOURS = (
    BLUE, VERMILLION, GREEN, "#CC79A7", "#E69F00", "#56B4E9",
    INK, "#882255", "#999933", "#332288", "#44AA99", "#888888",
)  # fmt: skip
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "*")
VARIES = 1.25
"""Greatest over least velocity of an experiment, spikes aside, from which it varies."""
_UNITS = {
    SLIP.name: ((1.0, "m"), (1e3, "mm"), (1e6, "µm")),
    SLIP_VELOCITY.name: ((1.0, "m/s"), (1e3, "mm/s"), (1e6, "µm/s")),
}
_BLOCKS = 200
_WIDE = 5.0


class Scale(NamedTuple):
    """The unit in which a quantity is short to write.

    Args:
        factor: What SI numbers are multiplied by.
        label: Label of an axis.
    """

    factor: float
    label: str


def scale_of(channel: Channel, values: "Floats", say: "Wording") -> Scale:
    """The unit of slip or slip velocity in which its greatest value is above one half."""
    finite = np.abs(values[np.isfinite(values)])
    greatest = float(finite.max()) if finite.size else 0.0
    units = _UNITS[channel.name]
    factor, unit = next((each for each in units if greatest * each[0] >= 0.5), units[-1])
    return Scale(factor, f"{channel.title_in(say.language)} ({unit})")


def moving(velocity: "Floats") -> "Floats":
    """The speed, and NaN where the fault almost stands: a logarithmic axis has no place for it."""
    speed = np.abs(velocity)
    going = speed[np.isfinite(speed) & (speed > 0)]
    if not going.size:
        return np.full(speed.shape, np.nan)
    going = going[going > ALMOST_NONE * np.quantile(going, 0.99)]
    return np.where(speed > ALMOST_NONE * np.median(going), speed, np.nan)


def varies(velocity: "Floats") -> bool:
    """Whether a slip velocity is more than one velocity and its noise."""
    low, high = _range(velocity)
    return high > VARIES * low


def spans_decades(velocity: "Floats") -> bool:
    """Whether a linear axis would flatten the slower part of a velocity, standstill aside."""
    low, high = _range(velocity)
    return high > _WIDE * low


def _range(velocity: "Floats") -> tuple[float, float]:
    """Least and greatest velocity of the moving fault, m/s, spikes aside; NaN where it is none."""
    (middles,) = medians((moving(velocity),))
    known = middles[np.isfinite(middles)]
    if known.size < 2:
        return np.nan, np.nan
    low, high = np.quantile(known, [0.02, 0.98])
    return float(low), float(high)


def medians(
    columns: "Sequence[Floats]", slip: "Floats | None" = None, blocks: int = _BLOCKS
) -> "list[Floats]":
    """Medians over stretches of samples, of each column; NaN where none is finite.

    Args:
        columns: Each of shape ``(T,)``, uniform in time.
        slip: Slip of each sample; then no stretch is long in time or in slip.
        blocks: Number of stretches, at most.

    >>> medians((np.arange(6.0),), blocks=2)[0].tolist()
    [1.0, 4.0]
    """
    samples = columns[0].size
    progress = np.arange(samples) / samples
    if slip is not None and np.nanmax(slip) > np.nanmin(slip):
        far = np.maximum.accumulate(np.nan_to_num(slip - np.nanmin(slip)))
        progress = (progress + far / far[-1] * (1 - 1 / samples)) / 2
    edges = np.searchsorted(progress, np.arange(blocks) / blocks)
    edges = np.unique([*edges.tolist(), samples])
    return [
        np.array([_median(values[first:stop]) for first, stop in pairwise(edges.tolist())])
        for values in columns
    ]


def _median(values: "Floats") -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else np.nan


def measured(experiment: "Experiment", channel: Channel) -> "Floats | None":
    """A channel with NaN in gaps; None where it is not known."""
    values = experiment.channels.get(channel.name)
    return None if values is None else np.where(experiment.gap, np.nan, values)
