"""Retraining: what is lost without each driver, and what a random split would have hidden.

Both are trained on request, because they take as long as the study itself:

- **ablation**: each driver removed in turn, and the networks trained anew (Hooker et al. 2019,
  arXiv 1806.10758): what is lost then, no other driver can give.
- **leak**: the same windows, divided at random. Neighbouring windows share nearly all their
  samples, so such a split tests on what it trained on; how much better it looks is the leak
  (Kapoor & Narayanan 2023, arXiv 2207.07048).
"""

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from slicken.errors import PlanError
from slicken.evidence.controls import plan_of_controls, train_control
from slicken.learning.scaling import learn_scaling
from slicken.learning.splits import PARTS
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.evidence.steps import At
    from slicken.study.prepared import Prepared


def without_driver(prepared: "Prepared", driver: str) -> "Prepared":
    """The same study, which does not see one driver."""
    kept = [name != driver for name in prepared.record.channels]
    record = replace(
        prepared.record,
        channels=tuple(name for name in prepared.record.channels if name != driver),
        drivers=prepared.record.drivers[:, kept],
    )
    return replace(prepared, record=record, scaling=learn_scaling(record, prepared.split))


def with_leak(prepared: "Prepared", seed: int) -> "Prepared":
    """The same targets, dealt at random to parts of the same sizes."""
    ends = prepared.split.ends
    dealt = np.random.default_rng(seed).permutation(np.concatenate([ends[part] for part in PARTS]))
    pieces = np.split(dealt, np.cumsum([ends[part].size for part in PARTS])[:-1])
    mixed = {part: np.sort(piece) for part, piece in zip(PARTS, pieces, strict=True)}
    return replace(prepared, split=replace(prepared.split, ends=mixed))


def measure_ablation(at: "At") -> xr.Dataset:
    """Train the networks of one length without each driver in turn.

    Returns:
        ``best_loss`` over ``(channel, run)``: lowest validation loss without the driver;
        ``whole`` over ``run``: with all of them.

    Raises:
        PlanError: if there is one driver only.
    """
    plan, prepared = plan_of_controls(at.trained.plan), at.trained.prepared
    drivers = prepared.record.channels
    if len(drivers) < 2:
        raise PlanError("the study has one driver only; without it there is nothing to train on")
    rows = []
    for name in drivers:
        at.tell(Statement("progress.without", driver=name), math.nan)
        of, checkpoint = without_driver(prepared, name), at.checkpoint(f"without-{name}")
        rows.append(train_control(plan, of, at.seconds, checkpoint).best_loss)
    whole = at.trained.history(at.seconds)["best_loss"].to_numpy()[: plan.runs]
    return xr.Dataset(
        {"best_loss": (("channel", "run"), np.stack(rows)), "whole": ("run", whole)},
        coords={"channel": np.array(drivers, dtype=object), "run": np.arange(plan.runs)},
        attrs={"window": at.seconds},
    )


def measure_leak(at: "At") -> xr.Dataset:
    """Train the networks of one length on a random split of the same windows.

    Returns:
        Over ``run``, mean square errors of standardised friction: ``validation`` and ``test`` with
        the random split, ``honest_validation`` and ``honest_test`` with the study's own.
    """
    plan, prepared = plan_of_controls(at.trained.plan), at.trained.prepared
    of = with_leak(prepared, plan.seed)
    control = train_control(plan, of, at.seconds, at.checkpoint("leak"))
    ends = of.split.ends["test"]
    errors = (control.ensemble.predict(of.drivers, ends) - of.friction[ends]) ** 2
    result = at.fold.result(at.seconds)
    chosen = result.predictions["part"].to_numpy().astype(str) == "test"
    test = result.predictions.isel(target=chosen)
    gaps = (test["predicted"] - test["measured"]) / prepared.scaling.friction_spread
    honest = (gaps**2).mean("target").to_numpy()[: plan.runs]
    return xr.Dataset(
        {
            "validation": ("run", control.best_loss),
            "test": ("run", errors.mean(axis=1, dtype=np.float64)),
            "honest_validation": ("run", result.history["best_loss"].to_numpy()[: plan.runs]),
            "honest_test": ("run", honest),
        },
        coords={"run": np.arange(plan.runs)},
        attrs={"window": at.seconds},
    )
