"""Resampling: intervals from blocks of targets, which are nearly independent.

Neighbouring targets share almost all of their windows, and errors of neighbouring instants are
alike: they are no independent checks. What a reader asks is how another experiment would come out,
so a block is a whole experiment where there are enough of them. Where there are fewer it is a
stretch of time (Künsch 1989, 10.1214/aos/1176347265), longer than the windows and than the errors
remember; then an interval tells how errors vary in time, not from experiment to experiment.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

RESAMPLES = 2000
FEWEST_BLOCKS = 4
"""Below this many independent blocks, an interval over them says nothing."""
ENOUGH_EXPERIMENTS = 6
"""Experiments from which each is one block. With five, the percentiles that make up for so few
(0.1 and 99.9) would rest on two of the resamples."""
PERCENTILES = (2.5, 97.5)

Unit = Literal["experiment", "time"]


@dataclass(frozen=True, eq=False)
class Blocks:
    """Independent pieces of the targets.

    Args:
        of: Block of each target, shape ``(N,)``.
        unit: What a block is: a whole ``experiment``, or a stretch of ``time`` within one.
    """

    of: NDArray[np.int64]
    unit: Unit = "time"

    @cached_property
    def count(self) -> int:
        """Number of blocks."""
        return int(np.unique(self.of).size)

    @cached_property
    def percentiles(self) -> tuple[float, float]:
        """Percentiles of resampled means between which 95 % lie.

        The middle 95 % of resamples is too narrow over few experiments: it uses the normal
        distribution and the biased variance. The expanded percentiles use Student's t and the
        unbiased one (Hesterberg 2015, 10.1080/00031305.2015.1089789). Stretches of time are
        already longer than they need be, and keep the middle 95 %.
        """
        if self.unit == "time" or self.count < 2:
            return PERCENTILES
        return expanded_percentiles(self.count)


def expanded_percentiles(count: int) -> tuple[float, float]:
    """Percentiles of resampled means that hold 95 % for this many independent things.

    Args:
        count: Number of independent things, at least two.

    Example:
        >>> tuple(round(x, 2) for x in expanded_percentiles(6))
        (0.24, 99.76)
    """
    reach = np.sqrt(count / (count - 1)) * stats.t.ppf(0.975, count - 1)
    low = 100 * float(stats.norm.cdf(-reach))
    return low, 100 - low


class Interval(NamedTuple):
    """A number with the middle 95 % of what resampling makes of it.

    Args:
        value: from the data as they are.
        low: Lower end; NaN where there are too few blocks.
        high: Upper end.
    """

    value: float
    low: float
    high: float

    @property
    def above_null(self) -> bool:
        """Whether the interval lies above zero; False without an interval."""
        return self.low > 0


def blocks_of(targets: xr.Dataset, seconds: float) -> NDArray[np.int64]:
    """Number the blocks of target times, each a stretch of one experiment, shape ``(N,)``.

    An experiment's targets are cut into as many equal stretches of at least this many seconds as
    they hold; they are one block where they hold fewer.
    """
    time = _passed(targets)
    names = targets["experiment"].to_numpy().astype(str)
    blocks = np.zeros(time.size, dtype=np.int64)
    for name in np.unique(names):
        here = names == name
        since = time[here] - time[here].min()
        count = max(1, int(since.max() / seconds))
        stretch = np.floor(since * count / max(since.max(), seconds)).astype(np.int64)
        blocks[here] = blocks.max() + 1 + np.minimum(stretch, count - 1)
    return blocks


def independent_blocks(targets: xr.Dataset, values: NDArray[np.floating], seconds: float) -> Blocks:
    """Experiments; with few of them, stretches as long as windows and twice what values remember.

    Friction that wanders by itself over half an hour is wrong, or right, for half an hour: blocks
    of a few minutes would count one accident many times.

    Args:
        targets: Targets with coordinates time and experiment, sorted by time within an experiment.
        values: what is averaged, such as a difference of squared errors, shape ``(N,)``.
        seconds: the longest window.
    """
    names = targets["experiment"].to_numpy().astype(str)
    each, place = np.unique(names, return_inverse=True)
    if each.size >= ENOUGH_EXPERIMENTS:
        return Blocks(place.astype(np.int64), "experiment")
    return Blocks(blocks_of(targets, max(seconds, 2 * correlation_time(targets, values))))


def correlation_time(targets: xr.Dataset, values: NDArray[np.floating]) -> float:
    """Seconds over which values are alike: their integrated autocorrelation time.

    The autocorrelation, about the mean of all experiments, is summed up to the first lag at which
    it is not positive (Geyer 1992, 10.1214/ss/1177011137, sums pairs; single lags are more
    cautious here). A correlation that does not end within the experiments counts in full.

    Args:
        targets: Targets with coordinates time and experiment; times ascend within an experiment.
        values: shape ``(N,)``.
    """
    names = targets["experiment"].to_numpy().astype(str)
    time = _passed(targets)
    centred = np.asarray(values, dtype=np.float64) - np.mean(values)
    variance = float(np.mean(centred**2))
    if variance <= 0:
        return 0.0
    groups = [np.flatnonzero(names == name) for name in dict.fromkeys(names)]
    steps = np.concatenate([np.diff(time[here]) for here in groups])
    if not steps.size:
        return 0.0
    step = float(np.median(steps))
    longest = max(here.size for here in groups)
    products, pairs = np.zeros(longest), np.zeros(longest)
    for here in groups:
        size = here.size
        padded = np.fft.rfft(centred[here], 2 * size)
        products[:size] += np.fft.irfft(np.abs(padded) ** 2)[:size]
        pairs[:size] += np.arange(size, 0, -1)
    correlation = products / pairs / variance
    ends = np.flatnonzero(correlation <= 0)
    last = int(ends[0]) if ends.size else longest
    return step * float(1 + 2 * correlation[1:last].sum())


def _passed(targets: xr.Dataset) -> NDArray[np.float64]:
    """Where targets are by the clock of the study: that of slip is kept beside time."""
    return targets["passed" if "passed" in targets.coords else "time"].to_numpy()


def sums_by_block(
    values: NDArray[np.floating], blocks: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums over the targets of each block, shape ``(..., K)``, and their number, ``(K,)``.

    Args:
        values: shape ``(..., N)``.
        blocks: Block of each target, shape ``(N,)``.
    """
    _, place = np.unique(blocks, return_inverse=True)
    count = np.bincount(place).astype(np.float64)
    flat = np.asarray(values, dtype=np.float64).reshape(-1, place.size)
    sums = np.array([np.bincount(place, weights=row, minlength=count.size) for row in flat])
    sums = sums.astype(np.float64)
    return sums.reshape(*np.shape(values)[:-1], count.size), count


def resampled_counts(size: int, seed: int, resamples: int = RESAMPLES) -> NDArray[np.float64]:
    """How often each of ``size`` things is drawn, with replacement, shape ``(resamples, size)``."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(size, np.full(size, 1 / size), size=resamples).astype(np.float64)


def mean_interval(values: NDArray[np.floating], blocks: Blocks, seed: int) -> Interval:
    """The mean over targets, with its interval over blocks (and over runs where there are any).

    Args:
        values: shape ``(N,)``, or ``(R, N)`` for R paired runs, which are resampled too.
        blocks: Blocks of the targets.
        seed: Random seed of the resampling.
    """
    rows = np.atleast_2d(np.asarray(values, dtype=np.float64))
    value = float(rows.mean())
    sums, count = sums_by_block(rows, blocks.of)
    if count.size < FEWEST_BLOCKS:
        return Interval(value, float("nan"), float("nan"))
    of_blocks = resampled_counts(count.size, seed)
    of_runs = resampled_counts(rows.shape[0], seed + 1)
    means = np.einsum("sr,rk,sk->s", of_runs, sums, of_blocks) / (of_blocks @ count)
    low, high = np.percentile(means / rows.shape[0], blocks.percentiles)
    return Interval(value, float(low), float(high))
