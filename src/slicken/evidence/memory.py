"""Memory: how many seconds of the past the networks use, and how many friction needs.

These are two questions. What a network *uses* is read from it: its gradient over lags, and its loss
when older history is hidden from it. A network of 100 s that was trained on a fault without memory
uses 90 s all the same, since nothing told it not to. What the fault *needs* can only be told by
models that were trained on less: the contest of window lengths, and the ladder of
:mod:`slicken.evidence.lag_model` cut at ever longer lags. The verdict rests on needs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

from slicken.evidence.attribution import choose_targets, copies
from slicken.evidence.lag_model import TREE_TARGETS, Ladder, Model
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
Shape = Literal["mean", "exponential"]
SHAPES: tuple[Shape, ...] = ("mean", "exponential")


def lags_that_hold(by_lag: xr.DataArray, masses: Sequence[float] = MASSES) -> xr.DataArray:
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
        with so many seconds of history left.
    """
    length = ensemble.length
    ends = prepared.split.ends[part]
    ends = ends[choose_targets(ends, TRUNCATED_WINDOWS)]
    windows = copies(prepared.drivers, ends, length)
    training = prepared.split.ends["training"]
    training = training[choose_targets(training, TRUNCATED_WINDOWS)]
    usual = copies(prepared.drivers, training, length).mean(axis=0)
    kept = [edge for edge in edges if edge > 0]
    losses = []
    for edge in kept:
        cut = windows.copy()
        cut[:, : length - edge] = usual[: length - edge]
        losses.append(cut)
    found = ensemble.predict_copies(np.concatenate(losses))
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
class Needs:
    """How much history friction needs, as one family of models tells it.

    Args:
        family: ``networks``, or the ladder's ``linear`` or ``trees``.
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


def needs_of_ladder(
    ladder: Ladder, channels: Sequence[str], model: Model = "linear", also: Sequence[str] = ()
) -> Needs:
    """Cut the ladder at its edges, refit, and compare.

    Args:
        ladder: all targets that may judge.
        channels: the drivers whose history is cut.
        model: which family; trees are asked at every fourth edge only, as they take long.
        also: channels whose present bin is always there.
    """
    ladder = ladder.thinned(TREE_TARGETS) if model == "trees" else ladder
    present = ladder.columns(also, steps=1)
    stride = 1 if model == "linear" else 4
    steps = list(range(ladder.steps, 0, -stride))[::-1]
    errors = np.stack(
        [ladder.errors(ladder.columns(channels, steps=step) | present, model) for step in steps]
    )
    loss = errors.mean(axis=1)
    best = int(np.argmin(loss))
    gaps = [ladder.difference(row, errors[best]) for row in errors]
    explained = max(float(ladder.friction.var()) - float(loss[best]), 0.0)
    low = np.array([gap.low for gap in gaps])
    value = np.array([gap.value for gap in gaps])
    return Needs(
        family=model,
        history=np.array([ladder.past_edge(step) for step in steps]),
        loss=loss,
        low=low,
        high=np.array([gap.high for gap in gaps]),
        clearly_worse=(low > 0) & (value > NEGLIGIBLE * explained),
    )


@dataclass(frozen=True, eq=False)
class Fading:
    """One way to forget, tried with every memory: friction from the present and one faded past.

    A model of two numbers a driver, its present value and its past with one weighting, says much
    more sharply how long the past is than one that is free in each bin of lags, where it fits at
    all. The memory is fitted by least squares; its interval comes from leaving out one group
    after another (the jackknife; Tukey 1958), so it asks nothing of how errors within a group hang
    together.

    Args:
        shape: ``mean``: all instants of the last so many seconds count alike; ``exponential``:
            they fade with so many seconds as e-folding time.
        seconds: memories that were tried, ascending, shape ``(K,)``.
        loss: mean square error of standardised friction with each, ``(K,)``.
        memory: the best, s.
        low: lower end of its 99 % interval, s; NaN with too few groups.
        high: upper end, s.
        excess: the loss less that of the free ladder, both judged on groups that taught neither,
            in shares of the variance that the ladder explains, with its interval.
        gain: the loss of the present alone less that with the past, likewise.
        behind: the loss less that of a plain mean, likewise; zero for that itself.
    """

    shape: Shape
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
        """Whether it predicts as well as the free ladder."""
        return not self.excess.low > 0 or self.excess.value < FADING_FITS

    @property
    def is_shown(self) -> bool:
        """Whether there is a memory at all: the past adds to the present, and it has a length."""
        return self.gain.low > 0 and self.low > self.seconds[0]


FADING_FITS = 0.002
"""Excess over the free ladder below which a way to forget fits, however sure the excess is."""


def fade(ladder: Ladder, channels: Sequence[str]) -> tuple[Fading, ...]:
    """Try every memory of every way to forget.

    Args:
        ladder: all targets that may judge.
        channels: the drivers whose pasts are weighted, all alike.

    Returns:
        One for each of :data:`SHAPES`, in their order.
    """
    free = ladder.errors(ladder.columns(channels))
    explained = float(ladder.friction.var() - free.mean())
    tried = {shape: _try(ladder, channels, shape) for shape in SHAPES}
    places = [ladder.channels.index(name) for name in channels]
    present = ladder.judge(ladder.bins[:, places, ladder.future])

    def share(worse: NDArray[np.float64], better: NDArray[np.float64]) -> Interval:
        return Interval(*(float(x) / explained for x in ladder.difference(worse, better)))

    return tuple(
        Fading(
            shape=shape,
            seconds=one.memories * ladder.dt,
            loss=one.sums[:, -1] / ladder.friction.size,
            memory=float(np.exp(one.place[0])) * ladder.dt,
            low=float(np.exp(one.place[1])) * ladder.dt,
            high=float(np.exp(one.place[2])) * ladder.dt,
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


def _try(ladder: Ladder, channels: Sequence[str], shape: Shape) -> _Tried:
    """Sums of squares with each memory, the best one's logarithm, and its errors, judged blind."""
    edges = np.array(ladder.edges[ladder.future :], dtype=np.float64)
    longest = edges[-1] if shape == "mean" else edges[-1] / 2
    count = max(3, round(np.log(longest) / np.log(FINER)) + 1)
    memories = np.geomspace(1.0, longest, count)
    places = [ladder.channels.index(name) for name in channels]
    past = ladder.bins[:, places, ladder.future :]
    present = past[:, :, 0]

    def features(memory: float) -> NDArray[np.float64]:
        if shape == "mean":
            return np.concatenate([present, ladder.recent_mean(places, memory)], axis=1)
        weights = np.exp(-edges[:-1] / memory) - np.exp(-edges[1:] / memory)
        return np.concatenate([present, past @ (weights / weights.sum())], axis=1)

    sums = np.stack([ladder.sums_of_squares(features(memory)) for memory in memories])
    place = jackknife_minimum(np.log(memories), sums)
    return _Tried(memories, sums, place, ladder.judge(features(float(np.exp(place[0])))))


def fewest_drivers(ladder: Ladder, channels: Sequence[str]) -> tuple[str, ...]:
    """Drivers chosen one by one, the best first, until no other clearly adds to them.

    The fewer there are, the sharper their memory can be told: pasts that only stand in for one
    another blur it.
    """
    chosen: tuple[str, ...] = ()
    errors = (ladder.friction - ladder.friction.mean()) ** 2
    variance = float(errors.mean())
    while len(chosen) < len(channels):
        tried = {
            name: ladder.errors(ladder.columns((*chosen, name)))
            for name in channels
            if name not in chosen
        }
        best = min(tried, key=lambda name: float(tried[name].mean()))
        gain = ladder.difference(errors, tried[best])
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
        teller: ``networks``, ``linear``, ``trees``, or the way to forget: ``mean``,
            ``exponential``.
        drivers: whose history; empty for all.
        enough: the shortest history that does as well as more, s.
    """

    low: float
    high: float
    teller: str
    drivers: tuple[str, ...]
    enough: float

    @property
    def is_needed(self) -> bool:
        """Whether any is."""
        return self.high > 0


def conclude(
    needs: Sequence[Needs],
    fading: Sequence[Fading],
    drivers: tuple[str, ...],
    *,
    ladder_fits: bool,
) -> Memory | None:
    """Which of the answers holds: the sharpest of models that predict as well as the networks.

    Args:
        needs: of the networks, where they can tell, and of the ladder.
        fading: ways to forget.
        drivers: those that the ladder's needs and the ways to forget are about.
        ladder_fits: whether the ladder predicts as well as the networks.
    """
    by_family = {one.family: one for one in needs}
    networks = by_family.pop("networks", None)
    ladder = next(iter(by_family.values()), None)
    if not ladder_fits or ladder is None:
        return None if networks is None else _of_needs(networks, ())
    fitting = [one for one in fading if one.fits and one.is_shown]
    if ladder.range is not None and fitting:
        # A memory is told as the length of a plain mean, unless another way is clearly better.
        best = min(fitting, key=lambda one: (one.behind.high >= 0, SHAPES.index(one.shape)))
        return Memory(best.low, best.high, best.shape, drivers, ladder.shortest)
    return _of_needs(ladder, drivers)


def _of_needs(needs: Needs, drivers: tuple[str, ...]) -> Memory:
    low, high = needs.range or (0.0, 0.0)
    return Memory(low, high, needs.family, drivers, needs.shortest)


def needs_to_dataset(needs: Needs) -> xr.Dataset:
    """For a file."""
    columns = {name: ("history", getattr(needs, name)) for name in _OF_NEEDS}
    history = xr.Variable("history", needs.history, {"units": "s"})
    return xr.Dataset(columns, coords={"history": history}, attrs={"family": needs.family})


def needs_from_dataset(table: xr.Dataset) -> Needs:
    """What :func:`needs_to_dataset` made."""
    columns = {name: table[name].to_numpy() for name in _OF_NEEDS}
    columns["clearly_worse"] = columns["clearly_worse"].astype(np.bool_)
    return Needs(table.attrs["family"], table["history"].to_numpy(), **columns)


def fading_to_dataset(fading: Fading) -> xr.Dataset:
    """For a file."""
    single = {name: getattr(fading, name) for name in ("memory", "low", "high")}
    intervals = {name: ("end", list(getattr(fading, name))) for name in _INTERVALS}
    seconds = xr.Variable("seconds", fading.seconds, {"units": "s"})
    return xr.Dataset(
        {"loss": ("seconds", fading.loss), **single, **intervals},
        coords={"seconds": seconds, "end": np.array(["value", "low", "high"], dtype=object)},
        attrs={"shape": fading.shape},
    )


def fading_from_dataset(table: xr.Dataset) -> Fading:
    """What :func:`fading_to_dataset` made."""
    excess, gain, behind = (
        Interval(*(float(x) for x in table[name].to_numpy())) for name in _INTERVALS
    )
    return Fading(
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
_OF_NEEDS = ("loss", "low", "high", "clearly_worse")
