"""Histories: a friction law fitted to whole records, in which velocity varies in any way.

Where the slip velocity is imposed and the critical slip distance given, friction is linear in a, b,
and a level and a trend of each record: so only the distance is searched for (variable projection,
Golub & Pereyra 1973, 10.1137/0710036). Steps, holds and ramps all say something.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slicken.laws.jackknife import (
    Minimum,
    Unit,
    between,
    estimate,
    minimum,
    nearest,
    of_logarithm,
    units_of,
    without_each,
)
from slicken.laws.motion import Motion, motion_of
from slicken.laws.results import Estimate, Event, History
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.experiment.samples import Samples
    from slicken.physics.spring_slider import Evolution

VARIES = 2.0
"""Ratio of the 95th to the 5th percentile of velocity from which a law can be fitted."""
STRESS_VARIES = 1.05
"""Likewise of normal stress, from which a response of friction to it is fitted."""
FINER = 1.15
"""Ratio of one distance that is tried to the one before, at most distances :data:`MOST`."""
MOST, FINE = 80, 15
"""Distances that are tried, and those near the minimum that are tried once more."""
SMALL = 0.05
"""Correlation of neighbouring residuals from which they are whitened."""
MOST_ALIKE = 0.98
"""Correlation of neighbouring residuals, at most."""
LEVEL, TREND, DIRECT, STATE, STRESS, FRICTION = range(6)
LARGEST = 400_000
"""Points times distances of one array, at most: memory is bounded."""
FEWEST = 20
"""Points of a record that can be targets, at least."""
Floats = NDArray[np.float64]


def fit_history(
    records: Sequence["Samples"],
    events: Mapping[str, Sequence[Event]],
    law: "Evolution",
    stiffness: float | None = None,
) -> History:
    """Fit a friction law to whole records with the slip velocity imposed.

    Friction is ``a ln V`` and ``b ln(theta/D)``, with a level and a linear trend with slip of each
    unit that the intervals leave out in turn: a record, an event or a stretch. Where normal stress
    varies, friction also responds to its changes, by an amount that fades over D (Linker &
    Dieterich 1992, 10.1029/92JB00017). Where the fault is stuck, contacts age, but friction is not
    fitted: the direct effect of a fault at rest is not known. Residuals are taken for white noise
    and drift, an ARMA(1, 1) process from point to point, and whitened by it.

    Args:
        records: Runs of the rig.
        events: Record to its events, which may be none.
        law: Evolution law.
        stiffness: Of the machine, 1/m, where slip is to be computed from the load point.

    Returns:
        The fit; with a problem in place of numbers where velocity is not known or hardly varies.
    """
    found = [motion_of(one, events.get(one.name, ()), stiffness) for one in records]
    motions = [_constant_stress(one, events.get(one.name, ())) for one in found if one is not None]
    motions = [one for one in motions if one.targets.sum() >= FEWEST]
    if not motions:
        return _without(law, Statement("histories.no_slip"))
    varied = max(_ratio(one.velocity[one.targets]) for one in motions)
    if varied < VARIES:
        return _without(law, Statement("histories.constant", ratio=varied, least=VARIES))
    times = [one.time[one.targets] for one in motions]
    unit, units = units_of(times, [events.get(one.name, ()) for one in motions])
    return _Fit(law, tuple(motions), unit, tuple(units)).history()


def _constant_stress(motion: Motion, events: Sequence[Event]) -> Motion:
    """Without the targets of events in which normal stress changes, if slip was measured.

    Normal stress deforms the machine, too, by an amount that the stiffness in shear does not give,
    so a fault that sticks seems to creep.
    """
    changes = [
        abs(np.log(one.normal_stress_after / one.normal_stress)) > np.log(STRESS_VARIES)
        for one in events
    ]
    if not (motion.is_measured and any(changes)):
        return motion
    return replace(motion, known=motion.known & ~np.array(changes)[nearest(motion.time, events)])


@dataclass(frozen=True, eq=False)
class _Fit:
    """Records, and what the jackknife leaves out: ``units``, of the targets of each record."""

    law: "Evolution"
    motions: tuple[Motion, ...]
    unit: Unit
    units: tuple[NDArray[np.int64], ...]

    def history(self) -> History:
        distances = self._distances()
        level = self._searched(distances, _Noise(0.0, 0.0))
        place, effects = _best(level)
        white = level
        noise = _noise_of(self._correlations(place, effects))
        searched = self._searched(distances, noise)
        fine = self._searched(_near(searched), noise)
        place, effects = _best(fine)
        modelled, misfits, varied = self._modelled(place, effects)
        rmse = float(np.sqrt(np.mean(np.concatenate(misfits) ** 2)))
        explained = 1 - rmse**2 / float(np.mean(np.concatenate(varied) ** 2))
        names = tuple(one.name for one in self.motions)
        return History(
            law=self.law,
            estimates=_estimates(fine, searched, _formal(white)),
            unit=self.unit,
            units=searched.losses.shape[1] - 1,
            rmse=rmse,
            r2=explained,
            distances=distances,
            losses=searched.losses[:, -1] / searched.targets,
            records=names,
            time={one.name: one.time for one in self.motions},
            friction={one.name: one.friction for one in self.motions},
            modelled=dict(zip(names, modelled, strict=True)),
        )

    def _distances(self) -> Floats:
        """From a share of the usual step of slip to a quarter of the longest record."""
        moved = np.concatenate([one.steps[one.steps > 0] for one in self.motions])
        longest = max(float(one.steps.sum()) for one in self.motions) / 4
        shortest = min(float(np.quantile(moved, 0.05)), longest / FINER**3)
        count = round(np.log(longest / shortest) / np.log(FINER)) + 1
        return np.geomspace(shortest, longest, int(np.clip(count, 4, MOST)))

    def _searched(self, distances: Floats, noise: "_Noise") -> "_Searched":
        """Effects and losses with each distance, without each unit in turn, and last with all."""
        parts = [
            _swept(_sums(one, self.law, distances, each, noise), TREND + 1)
            for one, each in zip(self.motions, self.units, strict=True)
        ]
        reduced = without_each(np.concatenate(parts))
        has_stress = any(_stress_varies(one) for one in self.motions)
        count = float(sum(each.size for each in self.units))
        terms = reduced.shape[-1] - 1
        used = np.arange(terms) if has_stress else np.arange(terms)[: STATE - TREND]
        gram = reduced[..., used[:, None], used]
        push = reduced[..., used, -1]
        inverse = np.linalg.pinv(gram, rcond=1e-12, hermitian=True)
        effects = np.einsum("ukij,ukj->uki", inverse, push)
        losses = reduced[..., -1, -1] - np.einsum("uki,uki->uk", effects, push)
        return _Searched(np.log(distances), losses.T, effects, inverse[-1], count)

    def _correlations(self, place: float, effects: Floats) -> tuple[float, float]:
        """Of residuals one point apart, and two points apart."""
        _, misfits, _ = self._modelled(place, effects)
        sums = np.zeros((2, 2))
        for one, each, misfit in zip(self.motions, self.units, misfits, strict=True):
            for run in _runs(one, each):
                left = misfit[run]
                for lag in (1, 2):
                    share = max(1 - lag / left.size, 0.0)
                    sums[lag - 1] += left[lag:] @ left[:-lag], left @ left * share
        one_apart, two_apart = sums[:, 0] / np.maximum(sums[:, 1], 1e-300)
        return float(one_apart), float(two_apart)

    def _modelled(
        self, place: float, effects: Floats
    ) -> tuple[list[Floats], list[Floats], list[Floats]]:
        """Friction by the law at all points; residuals, and friction less trend, at targets."""
        modelled, misfits, varied = [], [], []
        for one, each in zip(self.motions, self.units, strict=True):
            columns = _columns(one, self.law, np.exp([place]))[:, :, 0]
            law = columns[:, DIRECT : DIRECT + effects.size] @ effects
            goal, whole = np.flatnonzero(one.targets), np.full(one.time.size, np.nan)
            misfit, vary = np.empty(goal.size), np.empty(goal.size)
            for unit in np.unique(each):
                here = each == unit
                lines, friction = columns[goal[here], : TREND + 1], one.friction[goal[here]]
                left = friction - law[goal[here]]
                line = np.linalg.lstsq(lines, np.column_stack([left, friction]), rcond=None)[0]
                misfit[here], vary[here] = np.array([left, friction]) - (lines @ line).T
                whole[goal[here]] = law[goal[here]] + lines @ line[:, 0]
            modelled.append(whole)
            misfits.append(misfit)
            varied.append(vary)
        return modelled, misfits, varied


class _Noise(NamedTuple):
    """Residuals as an ARMA(1, 1) process: drift that fades from point to point, and white noise.

    Args:
        kept: Share of the drift that is left one point later.
        moved: Coefficient of the moving average; zero for drift alone.
    """

    kept: float
    moved: float


def _noise_of(correlations: tuple[float, float]) -> _Noise:
    """The process with these correlations one and two points apart (Box & Jenkins 1970)."""
    one, two = correlations
    if not (one > SMALL and two > 0):
        return _Noise(0.0, 0.0)
    kept = min(two / one, MOST_ALIKE)
    if kept <= one:
        return _Noise(min(one, MOST_ALIKE), 0.0)
    # one = (1 + kept moved)(kept + moved) / (1 + 2 kept moved + moved^2)
    half = 0.5 * (1 + kept**2 - 2 * kept * one) / (kept - one)
    return _Noise(kept, float(np.sqrt(max(half**2 - 1, 0.0)) - half))


def _runs(motion: Motion, units: NDArray[np.int64]) -> list[slice]:
    """Neighbouring targets of one unit, as slices of the targets."""
    apart = (np.diff(np.flatnonzero(motion.targets)) > 1) | (np.diff(units) != 0)
    edges = np.concatenate([[0], np.flatnonzero(apart) + 1, [units.size]])
    return [slice(start, stop) for start, stop in itertools.pairwise(edges.tolist())]


class _Searched(NamedTuple):
    """A search over distances; J is the number of units and one.

    Args:
        places: Logarithms of distances, shape ``(K,)``.
        losses: Sums of squares, ``(K, J)``.
        effects: a, b and the response to normal stress, ``(J, K, P)``.
        inverse: Inverse of the normal equations with all units, ``(K, P, P)``.
        targets: Number of targets.
    """

    places: Floats
    losses: Floats
    effects: Floats
    inverse: Floats
    targets: float


def _best(searched: _Searched) -> tuple[float, Floats]:
    """Logarithm of the best distance, and the effects with it, ``(P,)``."""
    found = minimum(searched.places, searched.losses)
    effects = [
        between(searched.places, searched.effects[:, :, each].T, found)[-1]
        for each in range(searched.effects.shape[2])
    ]
    return float(found.place[-1]), np.array(effects)


def _near(searched: _Searched) -> Floats:
    """Distances round all minima, closer to one another."""
    found = minimum(searched.places, searched.losses).place
    step = searched.places[1] - searched.places[0]
    return np.exp(np.linspace(found.min() - step, found.max() + step, FINE))


def _estimates(
    fine: _Searched, coarse: _Searched, formal: Mapping[str, float]
) -> dict[str, Estimate]:
    found = minimum(fine.places, fine.losses)
    at_end = minimum(coarse.places, coarse.losses).at_end
    a, b = (between(fine.places, fine.effects[:, :, each].T, found) for each in (0, 1))
    return {
        "a": estimate(a, formal["a"]),
        "b": estimate(b, formal["b"]),
        "a_minus_b": estimate(a - b, formal["a_minus_b"]),
        "dc": of_logarithm(found.place, formal["dc"], at_end),
    }


def _formal(white: _Searched) -> dict[str, float]:
    """Standard deviations for white residuals; that of Dc from the curvature of the loss."""
    loss = white.losses[:, -1:]
    found: Minimum = minimum(white.places, loss)
    k, step = int(np.clip(found.lowest[0], 1, white.places.size - 2)), np.diff(white.places)[0]
    variance = float(loss[k, 0]) / max(white.targets - 4, 1)
    bend = float(loss[k - 1, 0] - 2 * loss[k, 0] + loss[k + 1, 0]) / step**2
    distance = 2 * variance / bend if bend > 0 else np.inf
    slope = (white.effects[-1, k + 1] - white.effects[-1, k - 1]) / (2 * step)
    found_formal = {"dc": float(np.sqrt(distance))}
    weights = {"a": (1.0, 0.0), "b": (0.0, 1.0), "a_minus_b": (1.0, -1.0)}
    for name, (of_a, of_b) in weights.items():
        way = np.zeros(slope.size)
        way[:2] = of_a, of_b
        known = variance * float(way @ white.inverse[k] @ way)
        moved = float(way @ slope) ** 2 * distance if np.isfinite(distance) else 0.0
        found_formal[name] = float(np.sqrt(known + moved))
    return found_formal


def _columns(motion: Motion, law: "Evolution", distances: Floats) -> Floats:
    """What friction is a sum of, at all points, shape ``(N, 5, K)``."""
    ones = np.ones((motion.time.size, distances.size))
    slip = motion.slip / max(float(motion.slip[-1]), 1e-300)
    answer = np.zeros_like(ones)
    if motion.log_stress is not None and _stress_varies(motion):
        stress = motion.log_stress
        answer = stress[:, None] - motion.pasts(stress, distances)
    columns = (ones, slip[:, None] * ones, motion.log_velocity[:, None] * ones)
    return np.stack([*columns, motion.states(law, distances), answer], axis=1)


def _sums(
    motion: Motion, law: "Evolution", distances: Floats, units: NDArray[np.int64], noise: _Noise
) -> Floats:
    """Products of all columns, whitened, summed over each unit, shape ``(U, K, 6, 6)``."""
    count = max(1, LARGEST // motion.time.size)  # of distances at once
    pieces = [distances[i : i + count] for i in range(0, distances.size, count)]
    return np.concatenate([_products(motion, law, some, units, noise) for some in pieces], axis=1)


def _products(
    motion: Motion, law: "Evolution", distances: Floats, units: NDArray[np.int64], noise: _Noise
) -> Floats:
    from scipy.signal import lfilter

    goal = motion.targets
    friction = np.repeat(motion.friction[goal, None, None], distances.size, axis=2)
    rows = np.concatenate([_columns(motion, law, distances)[goal], friction], axis=1)
    rows[:, DIRECT:] -= rows[0, DIRECT:]  # so that no digits are lost to levels
    white = np.empty_like(rows)
    for run in _runs(motion, units):
        white[run] = lfilter([1.0, -noise.kept], [1.0, noise.moved], rows[run], axis=0)
    edges = np.flatnonzero(np.diff(units, prepend=-1))
    pieces = np.split(white.transpose(2, 0, 1), edges[1:], axis=1)
    return np.stack([piece.transpose(0, 2, 1) @ piece for piece in pieces])


def _swept(sums: Floats, count: int) -> Floats:
    """What is left of products of columns once the first of them are fitted."""
    first, cross, rest = sums[..., :count, :count], sums[..., :count, count:], sums[..., count:, :]
    inverse = np.linalg.pinv(first, rcond=1e-10, hermitian=True)
    taken = np.swapaxes(cross, -1, -2) @ inverse @ cross
    left: Floats = rest[..., count:] - taken
    return left


def _stress_varies(motion: Motion) -> bool:
    return motion.log_stress is not None and _ratio(np.exp(motion.log_stress)) > STRESS_VARIES


def _ratio(values: Floats) -> float:
    """Ratio of the 95th to the 5th percentile."""
    low, high = np.quantile(values, [0.05, 0.95])
    return float(high / low) if low > 0 else np.inf


def _without(law: "Evolution", problem: Statement) -> History:
    nothing = np.empty(0)
    return replace(
        History(law, {}, "record", 0, np.nan, np.nan, nothing, nothing, (), {}, {}, {}),
        problem=problem,
    )
