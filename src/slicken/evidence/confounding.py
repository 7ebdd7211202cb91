"""Confounding: what counts against a driver as a cause, and which drivers are not separable.

Prediction cannot show a cause. But it can count against one, in two ways that a log can test:

- **Lead test**: what friction does now shows in the *future* of its effects: a sensor warms seconds
  after frictional work made the heat. If the future of a driver improves the prediction of friction
  now, the driver follows friction, or what moves friction.
- **Proxy for normal stress**: normal stress is kept from the networks because friction is shear
  over normal stress. If its history predicts friction that no driver predicts, drivers may only
  have been proxies for the stress.

A driver that passes both tests may still be no cause; one that fails is not called a cause.
Separability is tested in the same way: a driver that can be left out without loss cannot be
separated from those that replace it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from slicken.channels import NORMAL_STRESS
from slicken.evidence.lag_model import THINNED, LagModel, Model, build_lag_model
from slicken.evidence.resampling import Interval

if TYPE_CHECKING:
    from slicken.study.prepared import Prepared

LOG_STRESS = "log_normal_stress"
WORTH_MORE = 0.02
"""Share of friction's variance that a family of models must explain more than a simpler one, to be
asked in its place."""


@dataclass(frozen=True, eq=False)
class Confounding:
    """What counts against a driver as a cause, and whether it is separable from others.

    Args:
        table: See :func:`measure_confounding`.
    """

    table: xr.Dataset

    @classmethod
    def compute(cls, lag_model: LagModel, prepared: "Prepared") -> "Confounding":
        """Ask the lag model of a study.

        Args:
            lag_model: See :func:`lag_model_of_study`.
            prepared: Record and its parts.
        """
        validation = prepared.split.ends["validation"]
        return cls(measure_confounding(lag_model, prepared.record.channels, validation))

    @property
    def model(self) -> Model:
        """The family of models that was asked: ``linear``, ``curved`` or ``trees``."""
        found: Model = self.table.attrs["model"]
        return found

    def to_dataset(self) -> xr.Dataset:
        """Dataset for a file."""
        return self.table

    @classmethod
    def from_dataset(cls, table: xr.Dataset) -> "Confounding":
        """The result that :meth:`to_dataset` saved."""
        return cls(table)


def measure_confounding(
    lag_model: LagModel, drivers: tuple[str, ...], validation: NDArray[np.int64]
) -> xr.Dataset:
    """Both tests, and separability, with one family of models.

    Args:
        lag_model: with the history of normal stress and of its logarithm where it is known. Without
            bins of the future, as in experiments that are little longer than the past, the lead
            test is NaN.
        drivers: those that the networks see.
        validation: target times of the validation part, ``(V,)``.

    Returns:
        Over ``channel``: ``lead_gain``, how much smaller the squared error gets with the
        driver's future; ``left_out``, how much it grows without the driver; ``left_out_known``,
        the same with normal stress known; over ``(channel, other)``: ``left_out_both``. Each with
        ``_low`` and ``_high``, in shares of the variance of friction. ``stress_gain``:
        how much smaller the error gets with normal stress. ``explained``: share of the variance;
        ``loss``: mean square error, by models that never saw the experiment; over ``target``
        ``validation_error``: squared errors at the validation targets, NaN where the lag model has
        none. Attribute ``model``: ``linear``, ``curved``, or ``trees`` (which are not asked about
        pairs).
    """
    model = better_model(lag_model, drivers)
    lag_model = lag_model.asked(model, validation)
    base = lag_model.errors(lag_model.columns(drivers), model)
    variance = float(lag_model.friction.var())

    def difference(worse: np.ndarray, better: np.ndarray) -> Interval:
        return Interval(*(float(x) / variance for x in lag_model.difference(worse, better)))

    def without(*names: str) -> tuple[str, ...]:
        return tuple(name for name in drivers if name not in names)

    def errors(names: tuple[str, ...], also: tuple[str, ...] = ()) -> np.ndarray:
        columns = lag_model.columns((*names, *also))
        if not columns.any():
            return (lag_model.friction - lag_model.friction.mean()) ** 2
        return lag_model.errors(columns, model)

    ahead = [
        lag_model.errors(lag_model.columns(drivers) | lag_model.columns([name], future=True), model)
        for name in drivers
        if lag_model.future
    ]
    nothing = Interval(*[float("nan")] * 3)
    found = {
        "lead_gain": [difference(base, each) for each in ahead] or [nothing] * len(drivers),
        "left_out": [difference(errors(without(name)), base) for name in drivers],
    }
    stress = tuple(n for n in (NORMAL_STRESS.name, LOG_STRESS) if n in lag_model.channels)
    table = xr.Dataset(coords={"channel": np.array(drivers, dtype=object)})
    if stress:
        known = errors(drivers, stress)
        single = difference(base, known)
        found["left_out_known"] = [difference(errors(without(n), stress), known) for n in drivers]
        for end, value in zip(("", "_low", "_high"), single, strict=True):
            table[f"stress_gain{end}"] = value
    for name, intervals in found.items():
        for end, values in zip(("", "_low", "_high"), zip(*intervals, strict=True), strict=True):
            table[name + end] = "channel", np.array(values)
    both = np.full((len(drivers), len(drivers)), np.nan)
    for i, one in enumerate(drivers):
        for j, other in enumerate(drivers[:i]):
            if model != "trees":  # they would take minutes
                both[i, j] = both[j, i] = difference(errors(without(one, other)), base).low
    table["left_out_both_low"] = (("channel", "other"), both)
    table["explained"] = 1 - float(base.mean()) / variance
    table["loss"] = float(base.mean())
    found_at = dict(zip(lag_model.ends.tolist(), base.tolist(), strict=True))
    at_targets = [found_at.get(end, np.nan) for end in validation.tolist()]
    table["validation_error"] = "target", np.array(at_targets)
    return table.assign_attrs(model=model)


def better_model(lag_model: LagModel, drivers: tuple[str, ...]) -> Model:
    """Linear, unless curved answers explain clearly and much more; trees, if they do so again."""
    thin = lag_model.decimated(min(THINNED.values()))
    much = WORTH_MORE * float(thin.friction.var())
    chosen: Model = "linear"
    errors = thin.errors(thin.columns(drivers), chosen)
    for model in THINNED:
        tried = thin.errors(thin.columns(drivers), model)
        gap = thin.difference(errors, tried)
        if gap.low > 0 and gap.value > much:
            chosen, errors = model, tried
    return chosen


def lag_model_of_study(prepared: "Prepared", length: int) -> LagModel:
    """The lag model of a study, with the histories of normal stress where it is known."""
    stress = prepared.record.normal_stress
    usable = ~prepared.record.gap
    if not np.isfinite(stress[usable]).all() or not (stress[usable] > 0).all():
        return build_lag_model(prepared, length)
    positive = np.where(usable, stress, 1.0)
    others = ((NORMAL_STRESS.name, stress), (LOG_STRESS, np.log(positive)))
    return build_lag_model(prepared, length, others)
