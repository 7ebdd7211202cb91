"""Memory kernels: friction from the present and one weighted past, boxcar or exponential.

Where friction is not linear in its drivers it is a sum of smooth functions of the present and of
the weighted past of each, and of products of two of these.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

from slicken.evidence.curved import curved
from slicken.evidence.resampling import FEWEST_BLOCKS, Interval
from slicken.evidence.tabular import within
from slicken.threads import one_thread

if TYPE_CHECKING:
    from slicken.evidence.lag_model import LagModel, Model

FINER = 1.08
"""Ratio of one memory that is tried to the one before."""
KERNEL_FITS = 5e-5
"""Excess over the free lag model below which a memory kernel fits, however sure the excess is."""
MISFIT = 0.02
"""Excess that must be excluded: what cannot tell a kernel from a worse model shows no fit."""
PIECES = 8
"""Polynomials of a curve of the present, or of a weighted past.

With four, the curve of a planted sigmoid was too stiff: on two tuning seeds of four the memory came
out 2 % too short, and its interval excluded the planted one. With eight or sixteen it did not."""
HALF = 0.5
"""Samples that an interval has at each end beyond the jackknife's: time is known to a sample."""
Kernel = Literal["boxcar", "exponential"]
KERNELS: tuple[Kernel, ...] = ("boxcar", "exponential")
_INTERVALS = ("excess", "gain", "behind")


@dataclass(frozen=True, eq=False, repr=False)
class KernelFit:
    """One memory kernel, tried with every memory: friction from the present and one faded past.

    A model of two numbers a driver, its present value and its past with one weighting, says much
    more sharply how long the past is than one that is free in each bin of lags, where it fits at
    all. The memory is fitted by least squares; its interval comes from leaving out one group
    after another (the jackknife; Tukey 1958), so it asks nothing of how errors within a group hang
    together.

    Args:
        shape: ``boxcar``: all instants of the last this many seconds count alike; ``exponential``:
            they fade with this many seconds as e-folding time.
        seconds: memories that were tried, ascending, shape ``(K,)``.
        loss: mean square error of standardised friction with each, ``(K,)``.
        memory: the best, s.
        low: lower end of its 99 % interval, half a sample wider at each end, s; NaN with too few
            groups.
        high: upper end, s.
        excess: the loss less that of the free lag model, both judged on groups that taught neither,
            in shares of the variance that the lag model explains, with its interval.
        gain: the loss of the present alone less that with the past, likewise.
        behind: the loss less that of a boxcar mean, likewise; zero for that itself.
        unit: Unit of memories, as it is printed.
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
    unit: str = "s"

    def __repr__(self) -> str:
        memory = within((self.memory, self.low, self.high), ".0f")
        fits = "fits" if self.fits else "does not fit"
        return f"KernelFit: {self.shape}, memory {memory} {self.unit}; {fits}"

    @property
    def fits(self) -> bool:
        """Whether it is shown to predict about as well as the free lag model."""
        clearly_worse = self.excess.low > 0 and not self.excess.value < KERNEL_FITS
        return self.excess.high < MISFIT and not clearly_worse

    @property
    def is_shown(self) -> bool:
        """Whether there is a memory at all: the past adds to the present, and it has a length."""
        return self.gain.low > 0 and self.low > self.seconds[0]

    @property
    def is_limited(self) -> bool:
        """Whether the memory, or its interval, touches the longest that was tried.

        Then it is no interval: the memory is more than :attr:`more_than`, and how much more only a
        longer history can tell.
        """
        return touches_longest(self.seconds, self.memory, self.high)

    @property
    def more_than(self) -> float:
        """What the memory exceeds where it :attr:`is_limited`, s: always less than the longest."""
        return exceeded(self.seconds, self.memory, self.low)

    def to_dataset(self) -> xr.Dataset:
        """Dataset for a file."""
        single = {name: getattr(self, name) for name in ("memory", "low", "high")}
        intervals = {name: ("end", list(getattr(self, name))) for name in _INTERVALS}
        seconds = xr.Variable("seconds", self.seconds, {"units": self.unit})
        return xr.Dataset(
            {"loss": ("seconds", self.loss), **single, **intervals},
            coords={"seconds": seconds, "end": np.array(["value", "low", "high"], dtype=object)},
            attrs={"shape": self.shape},
        )

    @classmethod
    def from_dataset(cls, table: xr.Dataset) -> "KernelFit":
        """The result that :meth:`to_dataset` saved."""
        excess, gain, behind = (
            Interval(*(float(x) for x in table[name].to_numpy())) for name in _INTERVALS
        )
        return cls(
            shape=table.attrs["shape"],
            seconds=table["seconds"].to_numpy(),
            loss=table["loss"].to_numpy(),
            memory=float(table["memory"]),
            low=float(table["low"]),
            high=float(table["high"]),
            excess=excess,
            gain=gain,
            behind=behind,
            unit=str(table["seconds"].attrs.get("units", "s")),
        )


def touches_longest(lengths: NDArray[np.float64], best: float, high: float) -> bool:
    """Whether the best length or the end of its interval lies within the last step of the search.

    Args:
        lengths: that were tried, ascending, shape ``(K,)``.
        best: of them.
        high: upper end of its interval; NaN for none.

    Example:
        >>> touches_longest(np.array([10.0, 20.0, 40.0]), 15.0, 25.0)
        True
    """
    return bool(np.fmax(best, high) > lengths[-2])


def exceeded(lengths: NDArray[np.float64], best: float, low: float) -> float:
    """What a length that touches the longest exceeds: the low end of its interval, or the best.

    Args:
        lengths: that were tried, ascending, shape ``(K,)``.
        best: of them.
        low: lower end of its interval; NaN for none.

    Example:
        >>> exceeded(np.array([10.0, 20.0, 40.0]), 40.0, 40.0)
        20.0
    """
    return float(min(np.fmin(best, low), lengths[-2]))


def fit_kernels(
    lag_model: "LagModel", channels: Sequence[str], model: "Model" = "linear"
) -> tuple[KernelFit, ...]:
    """Try every memory of every memory kernel.

    Args:
        lag_model: All targets that may judge.
        channels: the drivers whose pasts are weighted, all alike.
        model: Family of the free lag model; unless it is ``linear``, answers are curved.

    Returns:
        One for each of :data:`KERNELS`, in their order.
    """
    lag_model = lag_model.asked(model)
    free = lag_model.errors(lag_model.columns(channels), model)
    explained = float(lag_model.friction.var() - free.mean())
    places = [lag_model.channels.index(name) for name in channels]
    bend = _as_it_is if model == "linear" else bent
    with one_thread():
        tried = {shape: _try(lag_model, places, shape, bend) for shape in KERNELS}
    present = lag_model.judge(answers(bend(lag_model.bins[:, places, lag_model.future])))

    def share(worse: NDArray[np.float64], better: NDArray[np.float64]) -> Interval:
        return Interval(*(float(x) / explained for x in lag_model.difference(worse, better)))

    return tuple(
        KernelFit(
            shape=shape,
            seconds=one.memories * lag_model.dt,
            loss=one.sums[:, -1] / lag_model.friction.size,
            memory=float(np.exp(one.place[0])) * lag_model.dt,
            low=float(np.maximum(np.exp(one.place[1]) - HALF, 0.0)) * lag_model.dt,
            high=(float(np.exp(one.place[2])) + HALF) * lag_model.dt,
            excess=share(one.errors, free),
            gain=share(present, one.errors),
            behind=share(one.errors, tried["boxcar"].errors),
            unit=lag_model.unit,
        )
        for shape, one in tried.items()
    )


class _Tried(NamedTuple):
    memories: NDArray[np.float64]
    sums: NDArray[np.float64]
    place: tuple[float, float, float]
    errors: NDArray[np.float64]


def _as_it_is(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[:, :, None]


def bent(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Curves of each of several quantities, ``(N, V)``, with many pieces, ``(N, V, B)``."""
    return curved(values, PIECES)


def answers(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Features of a regression, ``(N, P)``: curves ``(N, V, B)``; if bent, products of two, too."""
    flat = curves.reshape(len(curves), -1)
    if curves.shape[2] == 1:
        return flat
    straight, (one, other) = curves[:, :, 0], np.triu_indices(curves.shape[1], 1)
    return np.concatenate([flat, straight[:, one] * straight[:, other]], axis=1)


def _try(
    lag_model: "LagModel",
    places: list[int],
    shape: Kernel,
    bend: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> _Tried:
    """Sums of squares with each memory, the best one's logarithm, and its errors, judged blind."""
    edges = np.array(lag_model.edges[lag_model.future :], dtype=np.float64)
    longest = edges[-1] if shape == "boxcar" else edges[-1] / 2
    count = max(3, round(np.log(longest) / np.log(FINER)) + 1)
    memories = np.geomspace(1.0, longest, count)
    past = lag_model.bins[:, places, lag_model.future :]
    present = bend(past[:, :, 0])

    def features(memory: float) -> NDArray[np.float64]:
        if shape == "boxcar":
            weighted = lag_model.recent_mean(places, memory)
        else:
            weights = np.exp(-edges[:-1] / memory) - np.exp(-edges[1:] / memory)
            weighted = past @ (weights / weights.sum())
        return answers(np.concatenate([present, bend(weighted)], axis=1))

    sums = np.stack([lag_model.sums_of_squares(features(memory)) for memory in memories])
    place = jackknife_minimum(np.log(memories), sums)
    return _Tried(memories, sums, place, lag_model.judge(features(float(np.exp(place[0])))))


def jackknife_minimum(
    places: NDArray[np.float64], sums: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Where a curve is lowest, with its 99 % interval over what the curve is a sum of.

    Args:
        places: evenly spaced, shape ``(K,)``.
        sums: the curve without each group in turn, and last with all, shape ``(K, G + 1)``.

    Returns:
        The place, and the ends of its interval: NaN with too few groups. A minimum between
        places is that of a parabola.
    """
    return jackknife(lowest_places(places, sums))


def jackknife(found: NDArray[np.float64]) -> tuple[float, float, float]:
    """A number with its 99 % interval, from the number without each group (Tukey 1958).

    99 and not 95, because a spread over some ten groups is itself known to a quarter only.

    Args:
        found: without each group in turn, and last with all, shape ``(G + 1,)``.
    """
    without, best = found[:-1], float(found[-1])
    groups = without.size
    if groups < FEWEST_BLOCKS:
        return best, float("nan"), float("nan")
    variance = (groups - 1) / groups * float(np.sum((without - without.mean()) ** 2))
    reach = float(stats.t.ppf(0.995, groups - 1)) * np.sqrt(variance)
    return best, best - reach, best + reach


def lowest_places(places: NDArray[np.float64], curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where each of several curves is lowest, shape ``(J,)``.

    Args:
        places: evenly spaced, shape ``(K,)``.
        curves: shape ``(K, J)``.
    """
    return np.array([_lowest(places, curve) for curve in curves.T])


def _lowest(places: NDArray[np.float64], curve: NDArray[np.float64]) -> float:
    k = int(np.argmin(curve))
    if k in (0, places.size - 1):
        return float(places[k])
    left, here, right = curve[k - 1 : k + 2]
    bend = left - 2 * here + right
    shift = 0.5 * (left - right) / bend if bend > 0 else 0.0
    return float(places[k] + shift * (places[1] - places[0]))
