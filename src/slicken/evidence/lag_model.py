"""Lag model: a linear model of the past in steps of lag that widen, fast enough to ask it anything.

A network's answer is blurred by its training. A linear regression on the means of each driver over
bins of lags (0-1, 1-2, 2-3, 3-4, 4-6, 6-8, 8-12 ... samples) has no training to speak of, and
leaving whole experiments out, one after another, all of them judge it. So it can be asked many
times: how much worse without the older past? without this driver? better with its future? better
with the normal stress, which no network sees? A linear model cannot know every fault; each answer
holds only where it predicts as well as the networks do, and who asks must check that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from slicken.evidence.curved import BENDS, curved
from slicken.evidence.resampling import FEWEST_BLOCKS, Interval
from slicken.evidence.slip_grid import on_slip_grid
from slicken.learning.bins import bin_means, edges_to
from slicken.learning.record import once_a_sample, reach
from slicken.learning.ridge import GroupedRows
from slicken.learning.splits import PARTS
from slicken.learning.trees import boosted_trees, threads_for
from slicken.threads import one_thread

if TYPE_CHECKING:
    from slicken.study.prepared import Prepared

MOST_TARGETS = 40_000
"""Target times of a lag model, at most; every sample is one where there are fewer."""
TREE_FOLDS, LAG_MODEL_TREES = 3, 60
FUTURE = (1, 2, 4, 8, 16, 32, 64)
"""Samples after the target time that end the bins of the future."""

Model = Literal["linear", "curved", "trees"]
THINNED: Mapping[Model, int] = MappingProxyType({"curved": 8000, "trees": 6000})
"""Target times that families which take longer are asked about, at most."""


@dataclass(frozen=True, eq=False)
class LagModel:
    """Binned pasts of many target times, and regressions on any of them.

    Args:
        channels: of the columns: drivers, and what the networks do not see, C'.
        edges: of the bins, in samples; the first ``future`` bins lie after the target time.
        future: how many bins.
        values: standardised record, shape ``(T, C')``.
        ends: target times as indices into it, shape ``(N,)``.
        bins: means of the values, shape ``(N, C', K)``.
        friction: standardised, shape ``(N,)``.
        group: the experiment, or the stretch of one, that each target belongs to, ``(N,)``.
        near: ``(G, G)``; row g names the groups that must not teach when g judges.
        dt: s in a sample; on a slip grid, m of slip in a unit of the edges.
        clock: ``time``, or ``slip`` on a slip grid; see :mod:`slicken.evidence.slip_grid`.
        always: Features that every regression sees beside what it is asked about, ``(N, A)``; None
            for none.
        unit: Unit of ``dt``, as it is printed.
    """

    channels: tuple[str, ...]
    edges: tuple[int, ...]
    future: int
    values: NDArray[np.float64]
    ends: NDArray[np.int64]
    bins: NDArray[np.float64]
    friction: NDArray[np.float64]
    group: NDArray[np.int64]
    near: NDArray[np.bool_]
    dt: float
    clock: Literal["time", "slip"] = "time"
    always: NDArray[np.float64] | None = None
    unit: str = "s"

    def asked(self, model: Model, keep: NDArray[np.int64] | None = None) -> "LagModel":
        """The targets that a family of models is asked about, and those to keep."""
        most = THINNED.get(model, self.ends.size)
        return self if self.ends.size <= most else self.decimated(most, keep)

    def decimated(self, most: int, keep: NDArray[np.int64] | None = None) -> "LagModel":
        """Evenly chosen targets, at most a number of them, and those to keep."""
        chosen = np.zeros(self.ends.size, dtype=np.bool_)
        chosen[:: max(1, -(-self.ends.size // most))] = True
        if keep is not None:
            chosen |= np.isin(self.ends, keep)
        return replace(
            self,
            ends=self.ends[chosen],
            bins=self.bins[chosen],
            friction=self.friction[chosen],
            group=self.group[chosen],
            always=None if self.always is None else self.always[chosen],
        )

    @property
    def groups(self) -> int:
        """How many groups judge, G."""
        return int(self.near.shape[0])

    @property
    def steps(self) -> int:
        """Bins of the past, the present among them."""
        return len(self.edges) - 1 - self.future

    def past_edge(self, step: int) -> float:
        """Seconds of history, or metres, that the first ``step`` bins of the past hold."""
        return self.edges[self.future + step] * self.dt

    def columns(
        self, channels: Sequence[str], *, steps: int | None = None, future: bool = False
    ) -> NDArray[np.bool_]:
        """Which columns a regression may see, shape ``(C', K)``.

        Args:
            channels: by name.
            steps: bins of the past, from the present back; all where None.
            future: the bins after the target time, too.
        """
        last = self.future + (self.steps if steps is None else steps)
        chosen = np.zeros(self.bins.shape[1:], dtype=np.bool_)
        for name in channels:
            chosen[self.channels.index(name), 0 if future else self.future : last] = True
        return chosen

    def errors(self, columns: NDArray[np.bool_], model: Model = "linear") -> NDArray[np.float64]:
        """Squared errors at every target, by models that never saw its group, ``(N,)``.

        Args:
            columns: what the model sees; see :meth:`columns`.
            model: a ridge regression on the means, ``linear``, or on curves of them, ``curved``; or
                boosted ``trees``.
        """
        if model == "trees":
            return self._trees(columns)
        if model == "curved":
            return self._curved(columns)
        return self._rows.of_features(self._and_always(columns.ravel())).blind_errors(self.near)

    def recent_mean(self, places: Sequence[int], samples: float) -> NDArray[np.float64]:
        """Means over the last this many samples, the last of them counted in part, ``(N, P)``.

        Samples are those of the record, also on a slip grid.

        Args:
            places: of the channels.
            samples: at least one, at most the last edge.
        """
        whole = int(samples)
        part = samples - whole
        chosen = self.values[:, list(places)]
        total = whole * bin_means(chosen, self.ends, (0, whole))[:, :, 0]
        if part > 0:
            total = total + part * chosen[self.ends - whole]
        return total / samples

    def judge(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Squared errors of ridge regressions on any features, each blind to its group, ``(N,)``.

        Args:
            features: shape ``(N, P)``.
        """
        return self._rows_of(features).blind_errors(self.near)

    def sums_of_squares(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """What least squares leaves, without each group in turn, and last with all, ``(G + 1,)``.

        Args:
            features: shape ``(N, P)``.
        """
        return self._rows_of(features).sums_of_squares()

    def without_each(
        self, features: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Least squares without each group in turn, and last with all.

        Args:
            features: shape ``(N, P)``.

        Returns:
            Weights, ``(G + 1, P + 1)``, the last that of 1, and what is left, ``(G + 1,)``.
        """
        return self._rows_of(features).without_each()

    def _curved(self, columns: NDArray[np.bool_]) -> NDArray[np.float64]:
        rows = self._curved_rows
        chosen = self._and_always(np.repeat(columns, BENDS))
        with one_thread():
            return rows.of_features(chosen).blind_errors(self.near)

    def _trees(self, columns: NDArray[np.bool_]) -> NDArray[np.float64]:
        features = self._with_always(self.bins[:, columns])
        found = np.empty(self.friction.size)
        for judges in np.array_split(np.arange(self.groups), min(TREE_FOLDS, self.groups)):
            here = np.isin(self.group, judges)
            taught = np.flatnonzero(~np.isin(self.group, np.flatnonzero(self.near[judges].any(0))))
            model = boosted_trees(LAG_MODEL_TREES, seed=0)
            with threads_for(taught.size):
                model.fit(features[taught], self.friction[taught])
                found[here] = (model.predict(features[here]) - self.friction[here]) ** 2
        return found

    def difference(self, worse: NDArray[np.float64], better: NDArray[np.float64]) -> Interval:
        """Mean difference of squared errors, with its 95 % interval over groups (Student's t)."""
        by_group = np.bincount(self.group, weights=worse - better) / self._counts
        value = float(np.average(by_group, weights=self._counts))
        if self.groups < FEWEST_BLOCKS:
            return Interval(value, float("nan"), float("nan"))
        error = float(by_group.std(ddof=1) / np.sqrt(self.groups))
        reach = float(stats.t.ppf(0.975, self.groups - 1)) * error
        return Interval(value, value - reach, value + reach)

    def _and_always(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        always = 0 if self.always is None else self.always.shape[1]
        return np.append(chosen, np.ones(always, dtype=np.bool_))

    def _with_always(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.always is None:
            return features
        return np.concatenate([features, self.always], axis=1)

    def _rows_of(self, features: NDArray[np.float64]) -> GroupedRows:
        return GroupedRows.of(self._with_always(features), self.friction, self.group)

    @cached_property
    def _rows(self) -> GroupedRows:
        return self._rows_of(self.bins.reshape(self.friction.size, -1))

    @cached_property
    def _curved_rows(self) -> GroupedRows:
        # The same curves for all bins of a channel, so that one place bends alike at every lag.
        return self._rows_of(curved(self.bins).reshape(self.friction.size, -1))

    @cached_property
    def _counts(self) -> NDArray[np.float64]:
        return np.bincount(self.group).astype(np.float64)


def build_lag_model(
    prepared: "Prepared",
    length: int,
    others: Sequence[tuple[str, NDArray[np.float64]]] = (),
    *,
    clock: Literal["time", "slip"] = "time",
) -> LagModel:
    """Lay out the training and validation parts of a study; the test part stays out of it.

    Args:
        prepared: Record and its parts.
        length: samples of the longest past, L.
        others: name and values, ``(T,)``, of quantities that the networks do not see.
        clock: whether lags are seconds or metres of slip; targets are the same.

    Raises:
        ExperimentError: if lags are to be metres and slip is not known.
    """
    record = prepared.record
    part = np.where(prepared.split.part == PARTS.index("test"), -1, prepared.split.part)
    together = np.where(part >= 0, 0, -1) if prepared.split.by == "experiment" else part
    held = reach(record, together)
    ends, future = _targets(held, length)
    compared = np.intersect1d(ends, prepared.split.ends["validation"])
    ends = once_a_sample(record, ends)
    step = max(1, -(-ends.size // MOST_TARGETS))
    ends = np.union1d(ends[::step], compared)
    group, near = _groups(prepared, ends, length)
    usable = (held > 0) & ~record.gap
    extra = [_standardised(values, usable) for _, values in others]
    values = np.column_stack([prepared.drivers.astype(np.float64), *extra])
    edges = (*[-edge for edge in future[::-1]], *edges_to(length))
    over_time = LagModel(
        channels=(*record.channels, *[name for name, _ in others]),
        edges=edges,
        future=len(future),
        values=values,
        ends=ends,
        bins=bin_means(values, ends, edges),
        friction=prepared.friction[ends].astype(np.float64),
        group=group,
        near=near,
        dt=record.dt,
        unit=record.unit,
    )
    return over_time if clock == "time" else on_slip_grid(over_time, prepared)


def _targets(held: NDArray[np.int64], length: int) -> tuple[NDArray[np.int64], tuple[int, ...]]:
    """Instants with a whole past, and a future if that leaves half of them, ``(N,)``."""
    whole = np.flatnonzero(held >= length)
    ahead = whole + FUTURE[-1]
    inside = ahead < held.size
    followed = whole[inside][held[ahead[inside]] >= length + FUTURE[-1]]
    return (followed, FUTURE) if 2 * followed.size >= whole.size else (whole, ())


def _standardised(values: NDArray[np.float64], usable: NDArray[np.bool_]) -> NDArray[np.float64]:
    seen = values[usable]
    spread = float(seen.std()) or 1.0
    return np.where(usable, (values - seen.mean()) / spread, 0.0)


def _groups(
    prepared: "Prepared", ends: NDArray[np.int64], length: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Experiments judge; where they are too few, stretches that are longer than the past."""
    names = prepared.record.experiment[ends]
    if np.unique(names).size >= FEWEST_BLOCKS:
        group = np.unique(names, return_inverse=True)[1].astype(np.int64)
        return group, np.eye(int(group.max()) + 1, dtype=np.bool_)
    # A stretch's neighbours share samples with it, and must not teach when it judges.
    wide = length + FUTURE[-1]
    stretch = names * (len(prepared.record) // wide + 2) + ends // wide
    _, group = np.unique(stretch, return_inverse=True)
    label = np.unique(stretch)
    near = np.abs(label[:, None] - label[None, :]) <= 1
    return group.astype(np.int64), near
