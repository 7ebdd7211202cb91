"""Numbers of the data: the same that experiments on the networks tell, read off the experiments."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from slicken.channels import AXIAL_DISPLACEMENT
from slicken.errors import SlickenError
from slicken.evidence.lab_courses import Training
from slicken.evidence.resampling import Interval
from slicken.experiment.samples import Samples
from slicken.laws.events import find_events
from slicken.laws.healing import healing_rate, measure_healing

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence

Floats = NDArray[np.float64]
FEWEST_UNITS = 3
"""Experiments, or stretches of them, from which there is an interval."""


def read_off_the_data(evidence: "Evidence", name: str) -> tuple[Interval, str]:
    """A number read off the data, and how; NaN where it cannot be."""
    if name == "per_kelvin":
        for law in evidence.laws:
            if law.model == "thermal_law" and name in law.parameters:
                return law.parameters[name], law.model
    if name == "healing":
        found = _healing(evidence)
        if found is not None:
            return found, "healing"
    if name == "per_metre":
        return _regression(evidence), "regression"
    return Interval(np.nan, np.nan, np.nan), ""


def _healing(evidence: "Evidence") -> Interval | None:
    """Healing of all holds of the experiments, per decade of hold time."""
    holds, healed, variances = [], [], []
    for experiment in evidence.trained.experiments:
        samples = Samples.of(experiment)
        try:
            found = measure_healing(samples, find_events(samples), ())
        except SlickenError:
            continue
        if found is not None:
            holds.append(found.holds)
            healed.append(found.healed[:, 0])
            variances.append(((found.healed[:, 2] - found.healed[:, 1]) / 4) ** 2)
    if not holds:
        return None
    rate = healing_rate(*(np.concatenate(each) for each in (holds, healed, variances)))
    return Interval(*rate[:3]) if np.isfinite(rate.value) else None


def _regression(evidence: "Evidence") -> Interval:
    """Coefficient of displacement in a linear regression on all drivers of the same instant."""
    training = Training.of(evidence.trained)
    record = training.record
    rows = np.flatnonzero(training.rows)
    columns, friction = record.drivers[rows], record.friction[rows]
    columns = (columns - columns.mean(axis=0)) / np.where(
        np.ptp(columns, axis=0) > 0, columns.std(axis=0), 1.0
    )
    place = record.channels.index(AXIAL_DISPLACEMENT.name)
    of = record.experiment[rows]
    if np.unique(of).size < FEWEST_UNITS:
        of = rows * FEWEST_UNITS // len(record)
    design = np.column_stack([np.ones(rows.size), columns])

    def effect(kept: NDArray[np.bool_]) -> float:
        found = np.linalg.lstsq(design[kept], friction[kept], rcond=None)[0]
        return float(found[1 + place])

    whole = effect(np.ones(rows.size, np.bool_))
    without = np.array([effect(of != one) for one in np.unique(of)])
    spread = float(record.drivers[rows, place].std())
    half = _half(without)
    return Interval(*(each / spread for each in (whole, whole - half, whole + half)))


def _half(without: Floats) -> float:
    """Half the 95 % interval from estimates without each unit in turn."""
    count = without.size
    variance = (count - 1) / count * ((without - without.mean()) ** 2).sum()
    return float(stats.t.ppf(0.975, count - 1) * np.sqrt(variance))
