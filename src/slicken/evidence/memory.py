"""Memory: how many seconds of the past the networks use, and how many friction needs.

These are two questions. What a network *uses* is read from it: its gradient over lags, and its loss
when older history is hidden from it. A network of 100 s that was trained on a fault without memory
uses 90 s all the same, since nothing told it not to. What the fault *needs* can only be told by
models that were trained on less: the window comparison, and the lag model of
:mod:`slicken.evidence.lag_model` cut at ever longer lags. The verdict rests on needs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

from slicken.evidence.attribution import choose_targets, cut_windows
from slicken.evidence.lag_model import TREE_TARGETS, LagModel, Model
from slicken.evidence.resampling import FEWEST_BLOCKS, Interval
from slicken.learning.ensemble import Ensemble
from slicken.learning.splits import Part
from slicken.study.prepared import Prepared

MASSES = (0.5, 0.9, 0.99)
"""Shares of the gradient that are read off."""
TRUNCATED_WINDOWS = 256
NEGLIGIBLE = 3e-4
"""An increase of the squared error by this share of the variance explained is no need, however well
it is shown: sensors are noisy, and a few samples more average noise away."""
FINER = 1.08
"""Ratio of one memory that is tried to the one before."""
Kernel = Literal["mean", "exponential"]
KERNELS: tuple[Kernel, ...] = ("mean", "exponential")


def gradient_span(by_lag: xr.DataArray, masses: Sequence[float] = MASSES) -> xr.DataArray:
    """Seconds of the most recent history that hold a share of the gradient.

    Args:
        by_lag: mean absolute gradients, dims ``(run, lag, channel)``, lag in s.
        masses: shares.

    Returns:
        Dims ``(run, mass)``, s; NaN for a run without a gradient.
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
        attrs={"units": "s"},
    )


def truncate(
    prepared: Prepared, ensemble: Ensemble, part: Part, edges: Sequence[int]
) -> xr.Dataset:
    """The loss with history older than a lag replaced by its average over other windows.

    Args:
        prepared: the record and its parts.
        ensemble: trained runs of one window length.
        part: whose windows.
        edges: lags in samples at which to cut, ascending, the last is L.

    Returns:
        ``truncated_loss`` over ``(run, history)``: mean square error of standardised friction
        with this many seconds of history left.
    """
    length = ensemble.length
    ends = prepared.split.ends[part]
    ends = ends[choose_targets(ends, TRUNCATED_WINDOWS)]
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
            "history": ("history", np.array(kept) * prepared.record.dt, {"units": "s"}),
        },
        attrs={"window": length * prepared.record.dt, "part": part},
    )


@dataclass(frozen=True, eq=False)
class RequiredHistory:
    """How much history friction needs, as one family of models tells it.

    Args:
        family: ``networks``, or the lag model's ``linear`` or ``trees``.
        history: s of history that were tried, ascending, shape ``(K,)``.
        loss: mean square error of standardised friction with each, ``(K,)``.
        low: lower end of the 95 % interval of the loss less the lowest, ``(K,)``.
        high: upper end, ``(K,)``.
        clearly_worse: whether a history is too short, ``(K,)``.
    """

    family: str
    history: NDArray[np.float64]
    loss: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    clearly_worse: NDArray[np.bool_]

    @property
    def best(self) -> float:
        """The history with the lowest loss, s."""
        return float(self.history[int(np.argmin(self.loss))])

    @property
    def shortest(self) -> float:
        """The shortest history that no longer one clearly beats, s."""
        return float(self.history[~self.clearly_worse & (self.history > self.more_than)][0])

    @property
    def more_than(self) -> float:
        """The longest history, below the best, that is clearly too short, s; 0 where none is."""
        too_short = self.clearly_worse & (self.history < self.best)
        return float(self.history[too_short].max()) if too_short.any() else 0.0

    @property
    def range(self) -> tuple[float, float] | None:
        """From which to which history, s; None where the shortest that was tried is enough."""
        return (self.more_than, max(self.best, self.shortest)) if self.more_than else None


def required_by_lag_model(
    lag_model: LagModel, channels: Sequence[str], model: Model = "linear", also: Sequence[str] = ()
) -> RequiredHistory:
    """Cut the lag model at its edges, refit, and compare.

    Args:
        lag_model: all targets that may judge.
        channels: the drivers whose history is cut.
        model: which family; trees are asked at every fourth edge only, as they take long.
        also: channels whose present bin is always there.
    """
    lag_model = lag_model.decimated(TREE_TARGETS) if model == "trees" else lag_model
    present = lag_model.columns(also, steps=1)
    stride = 1 if model == "linear" else 4
    steps = list(range(lag_model.steps, 0, -stride))[::-1]
    errors = np.stack(
        [
            lag_model.errors(lag_model.columns(channels, steps=step) | present, model)
            for step in steps
        ]
    )
    loss = errors.mean(axis=1)
    best = int(np.argmin(loss))
    gaps = [lag_model.difference(row, errors[best]) for row in errors]
    explained = max(float(lag_model.friction.var()) - float(loss[best]), 0.0)
    low = np.array([gap.low for gap in gaps])
    value = np.array([gap.value for gap in gaps])
    return RequiredHistory(
        family=model,
        history=np.array([lag_model.past_edge(step) for step in steps]),
        loss=loss,
        low=low,
        high=np.array([gap.high for gap in gaps]),
        clearly_worse=(low > 0) & (value > NEGLIGIBLE * explained),
    )


@dataclass(frozen=True, eq=False)
class KernelFit:
    """One memory kernel, tried with every memory: friction from the present and one faded past.

    A model of two numbers a driver, its present value and its past with one weighting, says much
    more sharply how long the past is than one that is free in each bin of lags, where it fits at
    all. The memory is fitted by least squares; its interval comes from leaving out one group
    after another (the jackknife; Tukey 1958), so it asks nothing of how errors within a group hang
    together.

    Args:
        shape: ``mean``: all instants of the last this many seconds count alike; ``exponential``:
            they fade with this many seconds as e-folding time.
        seconds: memories that were tried, ascending, shape ``(K,)``.
        loss: mean square error of standardised friction with each, ``(K,)``.
        memory: the best, s.
        low: lower end of its 99 % interval, s; NaN with too few groups.
        high: upper end, s.
        excess: the loss less that of the free lag model, both judged on groups that taught neither,
            in shares of the variance that the lag model explains, with its interval.
        gain: the loss of the present alone less that with the past, likewise.
        behind: the loss less that of a boxcar mean, likewise; zero for that itself.
    """

    shape: Kernel
    seconds: NDArray[np.float64]
    loss: NDArray[np.float64]
    memory: float
    low: float
    high: float
    excess: Interval
    gain: Interval
    behind: Interval

    @property
    def fits(self) -> bool:
        """Whether it predicts as well as the free lag model."""
        return not self.excess.low > 0 or self.excess.value < KERNEL_FITS

    @property
    def is_shown(self) -> bool:
        """Whether there is a memory at all: the past adds to the present, and it has a length."""
        return self.gain.low > 0 and self.low > self.seconds[0]


KERNEL_FITS = 0.002
"""Excess over the free lag model below which a memory kernel fits, however sure the excess is."""


def fit_kernels(lag_model: LagModel, channels: Sequence[str]) -> tuple[KernelFit, ...]:
    """Try every memory of every memory kernel.

    Args:
        lag_model: all targets that may judge.
        channels: the drivers whose pasts are weighted, all alike.

    Returns:
        One for each of :data:`KERNELS`, in their order.
    """
    free = lag_model.errors(lag_model.columns(channels))
    explained = float(lag_model.friction.var() - free.mean())
    tried = {shape: _try(lag_model, channels, shape) for shape in KERNELS}
    places = [lag_model.channels.index(name) for name in channels]
    present = lag_model.judge(lag_model.bins[:, places, lag_model.future])

    def share(worse: NDArray[np.float64], better: NDArray[np.float64]) -> Interval:
        return Interval(*(float(x) / explained for x in lag_model.difference(worse, better)))

    return tuple(
        KernelFit(
            shape=shape,
            seconds=one.memories * lag_model.dt,
            loss=one.sums[:, -1] / lag_model.friction.size,
            memory=float(np.exp(one.place[0])) * lag_model.dt,
            low=float(np.exp(one.place[1])) * lag_model.dt,
            high=float(np.exp(one.place[2])) * lag_model.dt,
            excess=share(one.errors, free),
            gain=share(present, one.errors),
            behind=share(one.errors, tried["mean"].errors),
        )
        for shape, one in tried.items()
    )


class _Tried(NamedTuple):
    memories: NDArray[np.float64]
    sums: NDArray[np.float64]
    place: tuple[float, float, float]
    errors: NDArray[np.float64]


def _try(lag_model: LagModel, channels: Sequence[str], shape: Kernel) -> _Tried:
    """Sums of squares with each memory, the best one's logarithm, and its errors, judged blind."""
    edges = np.array(lag_model.edges[lag_model.future :], dtype=np.float64)
    longest = edges[-1] if shape == "mean" else edges[-1] / 2
    count = max(3, round(np.log(longest) / np.log(FINER)) + 1)
    memories = np.geomspace(1.0, longest, count)
    places = [lag_model.channels.index(name) for name in channels]
    past = lag_model.bins[:, places, lag_model.future :]
    present = past[:, :, 0]

    def features(memory: float) -> NDArray[np.float64]:
        if shape == "mean":
            return np.concatenate([present, lag_model.recent_mean(places, memory)], axis=1)
        weights = np.exp(-edges[:-1] / memory) - np.exp(-edges[1:] / memory)
        return np.concatenate([present, past @ (weights / weights.sum())], axis=1)

    sums = np.stack([lag_model.sums_of_squares(features(memory)) for memory in memories])
    place = jackknife_minimum(np.log(memories), sums)
    return _Tried(memories, sums, place, lag_model.judge(features(float(np.exp(place[0])))))


def select_drivers(lag_model: LagModel, channels: Sequence[str]) -> tuple[str, ...]:
    """Drivers chosen one by one, the best first, until no other clearly adds to them.

    The fewer there are, the sharper their memory can be told: pasts that only stand in for one
    another blur it.
    """
    chosen: tuple[str, ...] = ()
    errors = (lag_model.friction - lag_model.friction.mean()) ** 2
    variance = float(errors.mean())
    while len(chosen) < len(channels):
        tried = {
            name: lag_model.errors(lag_model.columns((*chosen, name)))
            for name in channels
            if name not in chosen
        }
        best = min(tried, key=lambda name: float(tried[name].mean()))
        gain = lag_model.difference(errors, tried[best])
        if chosen and not (gain.low > 0 and gain.value > ADDS * variance):
            break
        chosen, errors = (*chosen, best), tried[best]
    return chosen


ADDS = 0.002
"""Share of the variance of friction that a driver must add to be among the fewest."""


def jackknife_minimum(
    places: NDArray[np.float64], sums: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Where a curve is lowest, with its 99 % interval over what the curve is a sum of.

    99 and not 95, because a spread over some ten groups is itself known to a quarter only.

    Args:
        places: evenly spaced, shape ``(K,)``.
        sums: the curve without each group in turn, and last with all, shape ``(K, G + 1)``.

    Returns:
        The place, and the ends of its interval: NaN with too few groups. A minimum between
        places is that of a parabola.
    """
    lowest = np.array([_lowest(places, curve) for curve in sums.T])
    without, best = lowest[:-1], float(lowest[-1])
    groups = without.size
    if groups < FEWEST_BLOCKS:
        return best, float("nan"), float("nan")
    variance = (groups - 1) / groups * float(np.sum((without - without.mean()) ** 2))
    reach = float(stats.t.ppf(0.995, groups - 1)) * np.sqrt(variance)
    return best, best - reach, best + reach


def _lowest(places: NDArray[np.float64], curve: NDArray[np.float64]) -> float:
    k = int(np.argmin(curve))
    if k in (0, places.size - 1):
        return float(places[k])
    left, here, right = curve[k - 1 : k + 2]
    bend = left - 2 * here + right
    shift = 0.5 * (left - right) / bend if bend > 0 else 0.0
    return float(places[k] + shift * (places[1] - places[0]))


@dataclass(frozen=True)
class Memory:
    """How much history friction needs.

    Args:
        low: s; zero where no memory is needed.
        high: s; likewise.
        method: ``networks``, ``linear``, ``trees``, or the memory kernel: ``mean``,
            ``exponential``.
        drivers: whose history; empty for all.
        enough: the shortest history that does as well as more, s.
    """

    low: float
    high: float
    method: str
    drivers: tuple[str, ...]
    enough: float

    @property
    def is_needed(self) -> bool:
        """Whether any is."""
        return self.high > 0


def conclude(
    required: Sequence[RequiredHistory],
    kernels: Sequence[KernelFit],
    drivers: tuple[str, ...],
    *,
    lag_model_fits: bool,
) -> Memory | None:
    """Which of the answers holds: the sharpest of models that predict as well as the networks.

    Args:
        required: of the networks, where they can tell, and of the lag model.
        kernels: memory kernels.
        drivers: those that the lag model's needs and the memory kernels are about.
        lag_model_fits: whether the lag model predicts as well as the networks.
    """
    by_family = {one.family: one for one in required}
    networks = by_family.pop("networks", None)
    lag_model = next(iter(by_family.values()), None)
    if not lag_model_fits or lag_model is None:
        return None if networks is None else _of_required(networks, ())
    fitting = [one for one in kernels if one.fits and one.is_shown]
    if lag_model.range is not None and fitting:
        # A memory is told as the length of a boxcar mean, unless another way is clearly better.
        best = min(fitting, key=lambda one: (one.behind.high >= 0, KERNELS.index(one.shape)))
        return Memory(best.low, best.high, best.shape, drivers, lag_model.shortest)
    return _of_required(lag_model, drivers)


def _of_required(required: RequiredHistory, drivers: tuple[str, ...]) -> Memory:
    low, high = required.range or (0.0, 0.0)
    return Memory(low, high, required.family, drivers, required.shortest)


def required_to_dataset(required: RequiredHistory) -> xr.Dataset:
    """For a file."""
    columns = {name: ("history", getattr(required, name)) for name in _OF_REQUIRED}
    history = xr.Variable("history", required.history, {"units": "s"})
    return xr.Dataset(columns, coords={"history": history}, attrs={"family": required.family})


def required_from_dataset(table: xr.Dataset) -> RequiredHistory:
    """What :func:`required_to_dataset` made."""
    columns = {name: table[name].to_numpy() for name in _OF_REQUIRED}
    columns["clearly_worse"] = columns["clearly_worse"].astype(np.bool_)
    return RequiredHistory(table.attrs["family"], table["history"].to_numpy(), **columns)


def kernel_to_dataset(kernels: KernelFit) -> xr.Dataset:
    """For a file."""
    single = {name: getattr(kernels, name) for name in ("memory", "low", "high")}
    intervals = {name: ("end", list(getattr(kernels, name))) for name in _INTERVALS}
    seconds = xr.Variable("seconds", kernels.seconds, {"units": "s"})
    return xr.Dataset(
        {"loss": ("seconds", kernels.loss), **single, **intervals},
        coords={"seconds": seconds, "end": np.array(["value", "low", "high"], dtype=object)},
        attrs={"shape": kernels.shape},
    )


def kernel_from_dataset(table: xr.Dataset) -> KernelFit:
    """What :func:`kernel_to_dataset` made."""
    excess, gain, behind = (
        Interval(*(float(x) for x in table[name].to_numpy())) for name in _INTERVALS
    )
    return KernelFit(
        shape=table.attrs["shape"],
        seconds=table["seconds"].to_numpy(),
        loss=table["loss"].to_numpy(),
        memory=float(table["memory"]),
        low=float(table["low"]),
        high=float(table["high"]),
        excess=excess,
        gain=gain,
        behind=behind,
    )


_INTERVALS = ("excess", "gain", "behind")
_OF_REQUIRED = ("loss", "low", "high", "clearly_worse")
