"""Memory: how many seconds of the past the networks use, and how many friction needs.

These are two questions. What a network *uses* is read from it: its gradient over lags, and its loss
when older history is hidden from it. A network of 100 s that was trained on a fault without memory
uses 90 s all the same, since nothing in its training spoke against that. What the fault *needs* can
only be shown by models that were trained on less: the window comparison, and the lag model of
:mod:`slicken.evidence.lag_model` cut at ever longer lags. The verdict rests on needs.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from slicken.evidence.attribution import choose_targets, cut_windows
from slicken.evidence.kernels import KERNELS, KernelFit
from slicken.evidence.required import Limit, between
from slicken.evidence.tabular import Tabular
from slicken.learning.bins import edges_to
from slicken.lengths import plain

if TYPE_CHECKING:
    import pandas as pd

    from slicken.evidence.clock import Clock
    from slicken.evidence.confounding import Confounding
    from slicken.evidence.noise import DriverNoise
    from slicken.evidence.required import RequiredHistory
    from slicken.learning.ensemble import Ensemble
    from slicken.learning.splits import Part
    from slicken.study.prepared import Prepared
    from slicken.study.trained import Fold

MASSES = (0.5, 0.9, 0.99)
"""Shares of the gradient that are read off."""
TRUNCATED_WINDOWS = 256
FITS = 1.05
"""Loss of the lag model over that of the networks, on the same targets, up to which it fits."""


def gradient_span(by_lag: xr.DataArray, masses: Sequence[float] = MASSES) -> xr.DataArray:
    """Seconds of the most recent history that hold a share of the gradient.

    Args:
        by_lag: mean absolute gradients, dims ``(run, lag, channel)``, lag in s.
        masses: shares.

    Returns:
        Dims ``(run, mass)``, in the unit of the lags; NaN for a run without a gradient.
    """
    summed = by_lag.sum("channel").sortby("lag").transpose("run", "lag")
    lag = summed["lag"].to_numpy()
    step = float(lag[1] - lag[0]) if lag.size > 1 else 1.0
    total = summed.to_numpy().cumsum(axis=1, dtype=np.float64)
    whole = total[:, -1:]
    share = np.divide(total, whole, out=np.full_like(total, np.nan), where=whole > 0)
    rows = []
    for mass in masses:
        first = np.argmax(share >= mass - 1e-12, axis=1)
        rows.append(np.where(np.isfinite(share[:, -1]), lag[first] + step, np.nan))
    return xr.DataArray(
        np.stack(rows, axis=1),
        dims=("run", "mass"),
        coords={"run": by_lag["run"], "mass": list(masses)},
    )


def truncate(
    prepared: "Prepared", ensemble: "Ensemble", part: "Part", edges: Sequence[int], folds: int = 1
) -> xr.Dataset:
    """The loss with history older than a lag replaced by its average over other windows.

    Args:
        prepared: Record and its parts.
        ensemble: Trained runs of one window length.
        part: whose windows.
        edges: lags in samples at which to cut, ascending, the last is L.
        folds: Number of folds of the study, which share the windows among them.

    Returns:
        ``truncated_loss`` over ``(run, history)``: mean square error of standardised friction
        with this many seconds of history left.
    """
    length = ensemble.length
    ends = prepared.split.ends[part]
    ends = ends[choose_targets(ends, -(-TRUNCATED_WINDOWS // folds))]
    windows = cut_windows(prepared.drivers, ends, length)
    training = prepared.split.ends["training"]
    training = training[choose_targets(training, TRUNCATED_WINDOWS)]
    usual = cut_windows(prepared.drivers, training, length).mean(axis=0)
    kept = [edge for edge in edges if edge > 0]
    losses = []
    for edge in kept:
        cut = windows.copy()
        cut[:, : length - edge] = usual[: length - edge]
        losses.append(cut)
    found = ensemble.predict_windows(np.concatenate(losses))
    errors = (found.reshape(found.shape[0], len(kept), -1) - prepared.friction[ends]) ** 2
    return xr.Dataset(
        {"truncated_loss": (("run", "history"), errors.mean(axis=2, dtype=np.float64))},
        coords={
            "run": np.arange(ensemble.runs),
            "history": (
                "history",
                np.array(kept) * prepared.record.dt,
                {"units": prepared.record.unit},
            ),
        },
        attrs={"window": length * prepared.record.dt, "part": part},
    )


def truncation_at(trained: "Fold", seconds: float) -> xr.Dataset:
    """The loss of the runs of one length that ended well; see :func:`truncate`."""
    ensemble = trained.ensemble(seconds)
    edges = edges_to(ensemble.length)
    plan = trained.plan
    return truncate(trained.prepared, ensemble, plan.importance_on, edges, plan.folds)


@dataclass(frozen=True)
class Memory:
    """How much history friction needs.

    Args:
        low: s; zero where no memory is needed.
        high: s; likewise; infinite where no upper end is known.
        method: ``networks``, ``linear``, ``curved``, ``trees``, or the memory kernel: ``boxcar``,
            ``exponential``.
        drivers: whose history; empty for all.
        enough: the shortest history that does as well as more, s.
        limit: Why no upper end is known; see
            :attr:`~slicken.evidence.required.RequiredHistory.limit`.
    """

    low: float
    high: float
    method: str
    drivers: tuple[str, ...]
    enough: float
    limit: Limit = ""

    @property
    def is_needed(self) -> bool:
        """Whether any is."""
        return self.high > 0


@dataclass(frozen=True, eq=False, repr=False)
class MemoryEvidence(Tabular):
    """Evidence for a memory of friction.

    Args:
        required: History that each family of models requires.
        kernels: Memory kernels.
        clock: By which clock friction forgets.
        noise: Noise of the drivers, which the lag model and the kernels average away beforehand.
        forgets_by_slip: Whether it is slip, and a past weighted by slip predicts about as well as
            the networks.
        selected: Drivers by forward selection, whose history the lag model and the kernels use.
        lag_model_fits: Whether the lag model predicts the validation part about as well as the
            networks.
        spans: Seconds of the most recent history that hold 50, 90 and 99 % of the gradient of
            friction, dims ``(run, mass)``, by window length; of the runs that ended well.
        truncation: ``truncated_loss`` of the best length over ``(run, history)``: loss with older
            history hidden.
        conclusion: Memory that the verdict rests on; None where nothing can tell.
    """

    required: tuple["RequiredHistory", ...]
    kernels: tuple[KernelFit, ...]
    clock: "Clock"
    noise: "DriverNoise"
    forgets_by_slip: bool
    selected: tuple[str, ...]
    lag_model_fits: bool
    spans: Mapping[float, xr.DataArray]
    truncation: xr.Dataset
    conclusion: Memory | None

    def to_dataframe(self) -> "pd.DataFrame":
        """Loss with each history that was tried, by family of models."""
        import pandas as pd

        name = f"history_{plain(self.unit)}"
        rows = [
            {
                "family": one.family,
                name: history,
                "loss": loss,
                "excess_low": low,
                "excess_high": high,
                "clearly_worse": bool(worse),
            }
            for one in self.required
            for history, loss, low, high, worse in zip(
                one.history, one.loss, one.low, one.high, one.clearly_worse, strict=True
            )
        ]
        return pd.DataFrame(rows).set_index(["family", name])

    @property
    def unit(self) -> str:
        """Unit of histories and memories."""
        return self.required[-1].unit

    def __repr__(self) -> str:
        found = self.conclusion
        if found is None:
            said = "unknown"
        elif not found.is_needed:
            said = f"none; {found.enough:g} {self.unit} of history are enough ({found.method})"
        else:
            whose = f" of {' and '.join(found.drivers)}" if found.drivers else ""
            ends = (
                f"more than {found.low:.0f}"
                if found.limit
                else f"{found.low:.0f} to {found.high:.0f}"
            )
            said = f"{ends} {self.unit}{whose} ({found.method})"
        ranges = ", ".join(
            f"{one.family} {'none' if one.range is None else between(*one.range, one.unit)}"
            for one in self.required
        )
        return f"MemoryEvidence: {said}\n  required history: {ranges}"

    @classmethod
    def compute(
        cls,
        required: tuple["RequiredHistory", ...],
        kernels: tuple[KernelFit, ...],
        heard: tuple[KernelFit, ...],
        gradients: Mapping[float, xr.Dataset],
        truncation: xr.Dataset,
        *,
        clock: "Clock",
        noise: "DriverNoise",
        network_loss: float,
        lag_model_loss: float,
        lag_model_fits: bool,
        has_skill: bool,
    ) -> "MemoryEvidence":
        """Bring together the evidence for a memory, and conclude.

        Args:
            required: Of the networks, where they can tell, and of the lag model, which is last.
            kernels: Memory kernels.
            heard: Those that predict as well as the networks.
            gradients: Absolute gradients by window length, of the runs that ended well.
            truncation: See :func:`truncate`.
            clock: By which clock friction forgets.
            noise: Noise of the drivers.
            network_loss: Lowest mean loss of the networks, of standardised friction.
            lag_model_loss: Loss of the lag model, judged on experiments that it did not see.
            lag_model_fits: Whether it predicts as well as the networks.
            has_skill: Whether there is anything to conclude from.
        """
        selected = required[-1].drivers
        found = conclude(required, heard, selected, lag_model_fits=lag_model_fits)
        return cls(
            required=required,
            kernels=kernels,
            clock=clock,
            noise=noise,
            forgets_by_slip=has_skill
            and clock.verdict == "slip"
            and _loss_of(clock, lag_model_loss) <= FITS * network_loss,
            selected=selected,
            lag_model_fits=lag_model_fits,
            spans={
                s: gradient_span(each["friction_by_lag"]).assign_attrs(units=required[-1].unit)
                for s, each in gradients.items()
            },
            truncation=truncation,
            conclusion=found if has_skill else None,
        )


def _loss_of(clock: "Clock", lag_model_loss: float) -> float:
    """Loss of the best weighting by slip; standardised friction has a variance of one."""
    best = clock.best("slip")
    return math.inf if best is None else lag_model_loss + best.excess.value


def validation_losses(
    confounding: "Confounding", baselines: xr.Dataset, spread: float
) -> tuple[float, float]:
    """Loss of the lag model and of the networks on the same validation targets.

    Args:
        confounding: With the errors of the lag model.
        baselines: Friction predicted by the networks at the best length.
        spread: What friction was divided by to be standardised.

    Returns:
        Mean square errors of standardised friction; NaN where no target is known to both.
    """
    theirs = confounding.table["validation_error"].to_numpy()
    known = np.isfinite(theirs)
    if not known.any():
        return math.nan, math.nan
    part = baselines["part"].to_numpy().astype(str) == "validation"
    measured = baselines["measured"].to_numpy()[part]
    predicted = baselines["predicted"].sel(model="network").to_numpy()[part]
    # The same targets for both: noise differs from target to target by more than models do.
    ours = ((predicted - measured) / spread)[known] ** 2
    return float(theirs[known].mean()), float(ours.mean())


def predicts_as_well(loss: float, of_networks: float) -> bool:
    """Whether a model predicts well enough for a conclusion on memory to rest on it.

    From a model that misses what the networks see, nothing follows about what friction needs.
    """
    return loss <= FITS * of_networks


def kernels_as_good(
    kernels: Sequence[KernelFit], confounding: "Confounding", losses: tuple[float, float]
) -> tuple[KernelFit, ...]:
    """The kernels that predict as well as the networks; one can where the free lag model cannot.

    Args:
        kernels: Memory kernels.
        confounding: With what the free lag model explains.
        losses: See :func:`validation_losses`.
    """
    share = float(confounding.table["explained"])
    explained = float(confounding.table["loss"]) * share / (1 - share)
    lag_model, networks = losses
    return tuple(
        one
        for one in kernels
        if predicts_as_well(lag_model + one.excess.value * explained, networks)
    )


def conclude(
    required: Sequence["RequiredHistory"],
    kernels: Sequence[KernelFit],
    drivers: tuple[str, ...],
    *,
    lag_model_fits: bool,
) -> Memory | None:
    """Which of the answers holds: the sharpest of models that predict as well as the networks.

    Args:
        required: Required history of the networks, where known, and of the lag model.
        kernels: Memory kernels that predict as well as the networks.
        drivers: Drivers whose history the lag model and the memory kernels use.
        lag_model_fits: Whether the lag model predicts as well as the networks.
    """
    by_family = {one.family: one for one in required}
    networks = by_family.pop("networks", None)
    lag_model = next(iter(by_family.values()), None)
    if lag_model is not None and lag_model.range is not None:
        fitting = [one for one in kernels if one.fits and one.is_shown and _reaches(one, lag_model)]
        if fitting:
            return _of_kernel(fitting, lag_model, drivers)
    if lag_model_fits and lag_model is not None:
        return _of_required(lag_model, drivers)
    return None if networks is None else _of_required(networks, ())


def _of_kernel(
    fitting: Sequence[KernelFit], lag_model: "RequiredHistory", drivers: tuple[str, ...]
) -> Memory:
    """A memory is given as the length of a boxcar mean, unless another kernel is clearly better."""
    best = min(fitting, key=lambda one: (one.behind.high >= 0, KERNELS.index(one.shape)))
    if best.high < best.seconds[-1]:
        return Memory(best.low, best.high, best.shape, drivers, lag_model.shortest)
    low = min(best.low, lag_model.more_than)
    return Memory(low, math.inf, best.shape, drivers, lag_model.shortest, "longest")


def _reaches(kernel: KernelFit, lag_model: "RequiredHistory") -> bool:
    """Whether a boxcar goes as far as the history required; an exponential has no end."""
    return kernel.shape != "boxcar" or kernel.high > lag_model.more_than


def _of_required(required: "RequiredHistory", drivers: tuple[str, ...]) -> Memory:
    low, high = required.range or (0.0, 0.0)
    limit = required.limit if required.range else ""
    return Memory(low, high, required.family, drivers, required.shortest, limit)
