"""Law models: friction laws, fitted to the training part, on the same targets as the networks.

Rate-and-state friction has the slip velocity imposed, and a state that remembers all of the slip
before; a thermal law follows a mean of past temperature. Each knows the drivers that the networks
know, and one level, that of the training targets.

Parameters and their intervals take the level and the trend of every stretch as free, as they must
where friction drifts. Then slow differences between stretches say nothing of a - b, and a law may
predict less well than it can. So a regression with a single level is tried too, and what predicts
better on the validation part is kept.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from slicken.channels import FRICTION, NORMAL_STRESS, SLIP, SLIP_VELOCITY, TEMPERATURE
from slicken.experiment.experiment import Provenance
from slicken.experiment.samples import Samples
from slicken.laws.histories import fit_history
from slicken.laws.predicted import by_temperature, terms, without_friction
from slicken.laws.thermal import fit_thermal
from slicken.learning.splits import SCORED, Part
from slicken.statements import Statement
from slicken.threads import one_thread

if TYPE_CHECKING:
    from slicken.laws.results import Estimate
    from slicken.learning.record import Record
    from slicken.study.prepared import Prepared

Floats = NDArray[np.float64]
PARAMETERS = ("a", "b", "a_minus_b", "dc", "memory", "per_kelvin")
"""Parameters of the laws: those of rate-and-state friction, then those of the thermal law."""
THINNED = 3
"""Of the distances that were tried for the parameters, every third is tried for the prediction."""
EVOLUTION = {"ageing_law": "ageing", "slip_law": "slip"}


@dataclass(frozen=True, eq=False)
class LawModel:
    """One law, fitted to the training part of a fold.

    Args:
        name: Name among the models.
        estimates: Parameters with their intervals; empty where none could be fitted.
        shape: Kernel of the thermal law; blank for others.
        friction: Predicted at every sample of the record, shape ``(T,)``; NaN where it cannot be.
        problem: Why nothing was fitted; None where it was.
    """

    name: str
    estimates: Mapping[str, "Estimate"]
    shape: str
    friction: Floats
    problem: Statement | None = None


def fit_law_models(prepared: "Prepared") -> tuple[LawModel, ...]:
    """Fit every law of :data:`~slicken.evidence.scores.LAW_MODELS` to the training part.

    Args:
        prepared: Record, its parts and its scaling, of one fold.
    """
    record = prepared.record
    rows = [_rows(record, number) for number in range(len(record.experiments))]
    runs = [_run(record, here) for here in rows]
    hidden = ~prepared.split.samples("training") | record.gap
    taught = [without_friction(run, hidden[here]) for run, here in zip(runs, rows, strict=True)]

    def everywhere(predict: Callable[[Samples], Floats]) -> Floats:
        pieces = []
        for number, run in enumerate(runs):
            here, found = record.time[record.experiment == number], predict(run)
            columns = found.reshape(len(run), -1).T
            pieces.append(np.stack([np.interp(here, run.time, one) for one in columns], axis=1))
        return _as_the_target(record, np.concatenate(pieces))

    with one_thread():
        return (
            *(_rate_and_state(name, prepared, taught, everywhere) for name in EVOLUTION),
            _thermal(prepared, taught, everywhere),
        )


Everywhere = Callable[[Callable[[Samples], Floats]], Floats]
"""From columns of one run to columns at every sample of the record, shape ``(T, P)``."""


def _rows(record: "Record", number: int) -> NDArray[np.int64]:
    """Samples of an experiment whose times increase: rows of a slip grid may share one."""
    here = np.flatnonzero(record.experiment == number)
    return here[np.diff(record.time[here], prepend=-np.inf) > 0]


def _run(record: "Record", here: NDArray[np.int64]) -> Samples:
    """An experiment of a record, with the drivers that laws know."""
    known = {SLIP_VELOCITY.name, TEMPERATURE.name}
    each = {n: record.drivers[:, i] for i, n in enumerate(record.channels) if n in known}
    each |= {FRICTION.name: record.friction, NORMAL_STRESS.name: record.normal_stress}
    if SLIP_VELOCITY.name in each:
        each[SLIP.name] = record.slip
    gap = record.gap[here]
    channels = {n: np.where(gap, np.nan, v[here]) for n, v in each.items()}
    channels = {n: v for n, v in channels.items() if n == FRICTION.name or np.isfinite(v).any()}
    name = record.experiments[record.experiment[here[0]]]
    return Samples(name, record.time[here], channels, Provenance(name))


def _rate_and_state(
    name: str, prepared: "Prepared", taught: Sequence[Samples], everywhere: Everywhere
) -> LawModel:
    if SLIP_VELOCITY.name not in prepared.record.channels:
        return _without(name, prepared, Statement("histories.no_slip"))
    law: Any = EVOLUTION[name]
    history = fit_history(taught, {}, law)
    if history.problem is not None:
        return _without(name, prepared, history.problem)
    values = {key: each.value for key, each in history.estimates.items()}
    tried = np.unique(np.append(history.distances[::THINNED], values["dc"]))
    columns = everywhere(lambda run: terms(run, law, tried))
    chosen = 1 + int(np.searchsorted(tried, values["dc"]))
    robust = values["a"] * columns[:, 0] + values["b"] * columns[:, chosen]
    free = min(
        (_least_squares(prepared, columns[:, [0, k]]) for k in range(1, columns.shape[1])),
        key=lambda friction: _loss(prepared, friction, "training"),
    )
    friction = min(
        (_levelled(prepared, robust), free), key=lambda one: _loss(prepared, one, "validation")
    )
    return _everywhere(LawModel(name, history.estimates, "", friction), prepared)


def _thermal(prepared: "Prepared", taught: Sequence[Samples], everywhere: Everywhere) -> LawModel:
    name = "thermal_law"
    if TEMPERATURE.name not in prepared.record.channels:
        return _without(name, prepared, Statement("thermal.no_temperature"))
    stretches = [stretch for run in taught for stretch in _stretches(run)]
    kernels = [one for one in fit_thermal(stretches) if one.form == "kernel"]
    best = min(kernels, key=lambda one: np.inf if one.problem is not None else one.rmse)
    if best.problem is not None:
        return _without(name, prepared, best.problem)
    shape: Any = best.shape
    values = {key: each.value for key, each in best.estimates.items()}
    friction = everywhere(lambda run: by_temperature(run, shape, values))[:, 0]
    found = LawModel(name, best.estimates, best.shape, _levelled(prepared, friction))
    return _everywhere(found, prepared)


def _stretches(run: Samples) -> Iterator[Samples]:
    """The pieces of a run in which friction is known; a mean of the past must not cross a hole."""
    known = np.concatenate([[False], np.isfinite(run.channels[FRICTION.name]), [False]])
    edges = np.flatnonzero(np.diff(known))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - start > 1:
            here = slice(start, stop)
            channels = {name: values[here] for name, values in run.channels.items()}
            yield Samples(f"{run.name} {start}", run.time[here], channels, run.provenance)


def _as_the_target(record: "Record", columns: Floats) -> Floats:
    """Columns, less their own means over first stretches where the target is."""
    if record.is_target.all():
        return columns
    columns = columns.copy()
    for number in range(len(record.experiments)):
        here = record.experiment == number
        first = here & ~record.is_target & ~record.gap
        columns[here] -= np.nanmean(columns[first], axis=0)
    return columns


def _levelled(prepared: "Prepared", friction: Floats) -> Floats:
    """The law with the level of the training targets."""
    ends = prepared.split.ends["training"]
    return friction + float(np.nanmean(prepared.record.friction[ends] - friction[ends]))


def _least_squares(prepared: "Prepared", columns: Floats) -> Floats:
    """Friction by a regression on columns and one level, fitted to the training targets."""
    ends = prepared.split.ends["training"]
    rows, friction = columns[ends], prepared.record.friction[ends]
    known = np.isfinite(rows).all(axis=1)
    centre, level = rows[known].mean(axis=0), float(friction[known].mean())
    effects = np.linalg.lstsq(rows[known] - centre, friction[known] - level, rcond=None)[0]
    found: Floats = level + (columns - centre) @ effects
    return found


def _loss(prepared: "Prepared", friction: Floats, part: Part) -> float:
    ends = prepared.split.ends[part]
    return float(np.nanmean((prepared.record.friction[ends] - friction[ends]) ** 2))


def _everywhere(model: LawModel, prepared: "Prepared") -> LawModel:
    """The law; without numbers where it cannot be computed at every target, as the others can."""
    ends = np.concatenate([prepared.split.ends[part] for part in SCORED])
    if np.isfinite(model.friction[ends]).all():
        return model
    return _without(model.name, prepared, Statement("laws_beside.not_everywhere"))


def _without(name: str, prepared: "Prepared", problem: Statement) -> LawModel:
    return LawModel(name, {}, "", np.full(len(prepared.record), np.nan), problem)


NUMBERS = ("value", "low", "high")


def to_dataset(models: Sequence[LawModel], prepared: "Prepared") -> xr.Dataset:
    """Predictions at the scored targets, parameters with their intervals, and problems."""
    ends = np.concatenate([prepared.split.ends[part] for part in SCORED])
    parameters = np.full((len(models), len(PARAMETERS), len(NUMBERS)), np.nan)
    for i, one in enumerate(models):
        for name, each in one.estimates.items():
            parameters[i, PARAMETERS.index(name)] = each.value, each.low, each.high
    return xr.Dataset(
        {
            "predicted": (("model", "target"), np.stack([one.friction[ends] for one in models])),
            "parameter": (("model", "name", "number"), parameters),
        },
        coords={
            "model": np.array([one.name for one in models], dtype=object),
            "name": np.array(PARAMETERS, dtype=object),
            "number": np.array(NUMBERS, dtype=object),
        },
        attrs={
            one.name: json.dumps(None if one.problem is None else one.problem.to_plain())
            for one in models
        },
    )
