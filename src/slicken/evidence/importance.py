"""Importance: how much each driver moves the loss, and the friction, of a trained ensemble."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import xarray as xr
from scipy.ndimage import uniform_filter1d

from slicken.evidence.attribution import choose_targets
from slicken.evidence.tabular import Tabular

if TYPE_CHECKING:
    import pandas as pd

    from slicken.learning.ensemble import Ensemble
    from slicken.learning.splits import Part
    from slicken.study.prepared import Prepared
    from slicken.study.trained import Fold

Kind = Literal["loss", "friction"]
KINDS: tuple[Kind, ...] = ("loss", "friction")


def measure_importance(
    prepared: "Prepared", ensemble: "Ensemble", part: "Part", most: int | None = None
) -> xr.Dataset:
    """Absolute gradients on the windows of a part, averaged over lags or over windows.

    With a squared loss ``|dLoss/dx| = 2 |predicted - measured| |dfriction/dx|``: what the network
    fits well counts for nothing in the published measure. So both are here. Friction and drivers
    are standardised, so all are numbers without a unit.

    Args:
        prepared: Record and its parts.
        ensemble: Trained runs of one window length.
        part: Part of the targets, ``validation`` or ``test``.
        most: Number of targets, evenly over the part, at most; all where None.

    Returns:
        ``loss`` and ``friction`` over ``(run, target, channel)``: mean over lags of ``|dLoss/dx|``
        and ``|dfriction/dx|``; ``loss_by_lag`` and ``friction_by_lag`` over
        ``(run, lag, channel)``: means over windows, lag in s before the target time.
    """
    ends = prepared.split.ends[part]
    chosen = np.arange(ends.size) if most is None else choose_targets(ends, most)
    ends = ends[chosen]
    found = ensemble.sensitivity(prepared.drivers, prepared.friction, ends)
    errors = np.abs(found.friction - prepared.friction[ends])[..., None]
    over_targets, over_lags = ("run", "target", "channel"), ("run", "lag", "channel")
    gradients = xr.Dataset(
        {
            "loss": (over_targets, 2 * errors * found.by_target),
            "friction": (over_targets, found.by_target),
            "loss_by_lag": (over_lags, found.loss_by_lag),
            "friction_by_lag": (over_lags, found.by_lag),
        },
        coords={
            "run": np.arange(ensemble.runs),
            "channel": np.array(prepared.record.channels, dtype=object),
            "lag": np.arange(ensemble.length)[::-1] * prepared.record.dt,
        },
        attrs={"window": ensemble.length * prepared.record.dt, "part": part},
    )
    return gradients.assign_coords(prepared.targets(part).isel(target=chosen).coords)


def gradients_at(trained: "Fold", seconds: float, most: int | None = None) -> xr.Dataset:
    """Absolute gradients of all runs of one length; see :func:`measure_importance`.

    Args:
        trained: Fold of a study.
        seconds: Window length.
        most: Number of targets at most; all where None.

    Returns:
        As there, with ``finite`` over ``run``: whether a run ended well.
    """
    ensemble = trained.ensemble(seconds, finite=False)
    found = measure_importance(trained.prepared, ensemble, trained.plan.importance_on, most)
    return found.assign_coords(finite=trained.history(seconds)["finite"])


def finite_runs(gradients: xr.Dataset) -> xr.Dataset:
    """The gradients of the runs that ended well."""
    return gradients.isel(run=gradients["finite"].to_numpy().astype(np.bool_))


def ranking(shares: xr.DataArray) -> list[tuple[str, float]]:
    """Drivers with their mean share over runs, largest first; empty where nothing has one."""
    means = shares.mean("run", skipna=True)
    if not np.isfinite(means).all():
        return []
    pairs = zip(means["channel"].to_numpy().tolist(), means.to_numpy().tolist(), strict=True)
    return sorted(pairs, key=lambda pair: -pair[1])


def shares(gradients: xr.DataArray) -> xr.DataArray:
    """Shares of the channels, which sum to one; NaN where nothing has a gradient.

    Args:
        gradients: absolute, with a dimension ``channel``.
    """
    total = gradients.sum("channel")
    return (gradients / total.where(total > 0)).where(np.isfinite(total))


def by_run(gradients: xr.Dataset, kind: Kind) -> xr.DataArray:
    """Shares of each run over all windows, dims ``(run, channel)``."""
    return shares(gradients[kind].mean("target"))


def by_stage(gradients: xr.Dataset, kind: str) -> xr.DataArray:
    """Shares of each run in each stage of each experiment, dims ``(stage, run, channel)``.

    Coordinates over ``stage`` name the ``experiment``, the ``stage_number`` (-1 where stages are
    not known) and the mean ``normal_stress``.
    """
    values = gradients[kind]
    names, numbers = values["experiment"].to_numpy(), values["stage"].to_numpy()
    pairs = list(dict.fromkeys(zip(names.tolist(), numbers.tolist(), strict=True)))
    chosen = [(names == name) & (numbers == number) for name, number in pairs]
    stress = values["normal_stress"].to_numpy()
    rows = [shares(values[:, here].mean("target")) for here in chosen]
    return (
        xr.concat(rows, "stage", coords="minimal", compat="override")
        .assign_coords(
            experiment=("stage", [name for name, _ in pairs]),
            stage_number=("stage", [number for _, number in pairs]),
            normal_stress=("stage", [float(np.mean(stress[here])) for here in chosen]),
        )
        .transpose("stage", "run", "channel")
    )


def over_time(gradients: xr.Dataset, kind: str) -> xr.DataArray:
    """Shares at each target time, mean over runs, dims ``(target, channel)``."""
    return shares(gradients[kind]).mean("run", skipna=True)


def smoothed(readings: xr.Dataset, name: str, neighbours: int = 15) -> xr.Dataset:
    """One reading as its mean over neighbouring targets of the same experiment.

    A Shapley value compares a window with a single one of another time, and changes with that
    from target to target.
    """
    values = readings[name].transpose("run", "target", "channel").to_numpy()
    names = readings["experiment"].to_numpy().astype(str)
    found = np.empty_like(values)
    for experiment in np.unique(names):
        here = names == experiment
        found[:, here] = uniform_filter1d(values[:, here], neighbours, axis=1, mode="nearest")
    return readings[[name]].assign({name: (("run", "target", "channel"), found)})


def by_lag(gradients: xr.Dataset, kind: Kind) -> xr.DataArray:
    """Shares of each driver at each lag, mean over runs, dims ``(lag, channel)``; all sum to 1."""
    values = gradients[f"{kind}_by_lag"]
    total = values.sum(["lag", "channel"])
    return (values / total.where(total > 0)).mean("run", skipna=True)


@dataclass(frozen=True, eq=False, repr=False)
class Importance(Tabular):
    """How much each driver moves the networks, and how much of their error it accounts for.

    Args:
        gradients: Absolute gradients by window length, of the runs that ended well; see
            :func:`measure_importance`.
        attribution: Every reading of importance at the best length; see
            :func:`~slicken.evidence.attribution.attribute`.
        controls: The same readings of control ensembles: with noise features (``probes``), trained
            on ``shuffled`` friction, and ``untrained``; empty where the plan wants none.
        ablation: Losses of networks trained without each driver, ``best_loss`` over ``(channel,
            run)`` and ``whole`` over ``run``; None where it was not asked for.
    """

    gradients: Mapping[float, xr.Dataset]
    attribution: xr.Dataset
    controls: Mapping[str, xr.Dataset]
    ablation: xr.Dataset | None

    def to_dataframe(self) -> "pd.DataFrame":
        """Mean share of each driver by every method, at the best length."""
        import pandas as pd

        found = {
            str(name): shares(self.attribution[name].mean("target", skipna=True)).mean("run")
            for name in self.attribution.data_vars
            if set(self.attribution[name].dims) == {"run", "target", "channel"}
        }
        drivers = pd.Index(self.attribution["channel"].to_numpy(), name="driver")
        return pd.DataFrame({name: each.to_numpy() for name, each in found.items()}, index=drivers)

    def __repr__(self) -> str:
        named = ", ".join(self.controls) or "none"
        table = self.to_dataframe()
        method = "shapley_loss" if "shapley_loss" in table else "permutation"
        ranked = table[method].sort_values(ascending=False)
        listed = ", ".join(f"{name} {share:.2f}" for name, share in ranked.items())
        return f"Importance: shares by {method}: {listed}\n  controls: {named}"

    def by_run(self, window: float, kind: Kind = "loss") -> xr.DataArray:
        """Shares of each run at one length, dims ``(run, channel)``."""
        return by_run(self.gradients[window], kind)

    def by_stage(self, window: float, kind: Kind = "loss") -> xr.DataArray:
        """Shares of each run in each stage, dims ``(stage, run, channel)``."""
        return by_stage(self.gradients[window], kind)

    def over_time(self, window: float, kind: Kind = "loss") -> xr.DataArray:
        """Shares at each target time, mean over runs, dims ``(target, channel)``."""
        return over_time(self.gradients[window], kind)

    def by_lag(self, window: float, kind: Kind = "loss") -> xr.DataArray:
        """Shares at each lag, mean over runs, dims ``(lag, channel)``; all sum to one."""
        return by_lag(self.gradients[window], kind)

    def shares(self, kind: Kind = "loss") -> xr.DataArray:
        """Shares of each run at every length, dims ``(window, run, channel)``.

        Args:
            kind: ``loss`` for ``|dLoss/dx|``, as published; ``friction`` for ``|dfriction/dx|``.
        """
        some = next(iter(self.gradients.values()))
        unit = some["passed"].attrs["units"] if "passed" in some.coords else "s"
        windows = xr.Variable("window", list(self.gradients), {"units": unit})
        each = [by_run(gradients, kind) for gradients in self.gradients.values()]
        return xr.concat(each, windows, join="outer")
