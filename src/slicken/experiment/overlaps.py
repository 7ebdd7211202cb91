"""Overlaps: rows that two logs share, which are one record in two experiments."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.channels import FRICTION
from slicken.errors import PlanError

if TYPE_CHECKING:
    from slicken.experiment.draft import Draft
    from slicken.experiment.samples import Samples

Floats = NDArray[np.float64]

FEWEST = 20
"""Rows from which two logs repeat each other, at least; as often friction changes in them."""
_SHARE = 0.8
"""Share of the rows of the sparser log that the other one has, at least."""
_PROBED = 200
_MOST_DIGITS = 9
_SAME = 1e-6
_MOST_BESIDE = 50


@dataclass(frozen=True)
class Rows:
    """The rows of a log that an experiment is made of, as they were written.

    Args:
        time: Seconds on the log's clock, shape ``(S,)``, increasing.
        friction: Shape ``(S,)``, finite.
    """

    time: Floats
    friction: Floats

    def __len__(self) -> int:
        """Number of rows, S."""
        return int(self.time.size)

    @cached_property
    def step(self) -> float:
        """Usual step, s."""
        return float(np.median(np.diff(self.time))) if len(self) > 1 else 0.0

    @cached_property
    def precision(self) -> float:
        """Half a unit of the last printed digit of friction; 0 where it was not printed, or all."""
        known = self.friction[:1000]
        for digits in range(_MOST_DIGITS + 1):
            if np.allclose(known, np.round(known, digits), rtol=0, atol=1e-12):
                return 0.5 * 10.0**-digits
        return 0.0

    def between(self, start: float, end: float) -> "Rows":
        """The rows from ``start`` to ``end``, s."""
        inside = slice(*np.searchsorted(self.time, [start, np.nextafter(end, np.inf)]))
        return Rows(self.time[inside], self.friction[inside])


@dataclass(frozen=True)
class Repeat:
    """What one log repeats of another.

    Args:
        start: First instant on the clock of the other, s.
        end: Last instant, s.
        offset: Time of a row in the piece less that in the other, s.
    """

    start: float
    end: float
    offset: float


def rows_of(sampled: "Draft | Samples", start: float = -np.inf, end: float = np.inf) -> Rows:
    """The rows of a log with friction between two instants, s, before it is put on a grid."""
    friction = sampled.channels[FRICTION.name]
    known = np.isfinite(friction)
    return Rows(sampled.time[known], friction[known]).between(start, end)


def check_overlaps(paths: Sequence[Path], logs: Sequence[Rows]) -> None:
    """Pieces of one record that overlap are one experiment: as two they would be a leak.

    Args:
        paths: Files.
        logs: The rows of each.

    Raises:
        PlanError: If a log repeats rows of another.
    """
    for (path, rows), (other, piece) in itertools.combinations(zip(paths, logs, strict=True), 2):
        if not (len(rows) and len(piece)):
            continue
        if (piece.time[0], -piece.time[-1]) < (rows.time[0], -rows.time[-1]):
            path, rows, other, piece = other, piece, path, rows  # the longer, or earlier, first
        found = repeated(rows, piece)
        if found is not None:
            raise PlanError(_message(path, rows, other, piece, found))


def repeated(rows: Rows, piece: Rows) -> Repeat | None:
    """What a piece repeats of a log, row for row; None where it is another record.

    Time stamps may be apart by less than a step, always by as much, and friction is the same to
    the digits that both have. A record of another rig that looks alike has no such row.
    """
    around = max(rows.step, piece.step)
    start, end = piece.time[0] - around, min(rows.time[-1], piece.time[-1]) + around
    ours, theirs = rows.between(start, end), piece.between(start, end)
    swapped = len(ours) < len(theirs)
    few, many = (ours, theirs) if swapped else (theirs, ours)
    if len(few) < FEWEST:
        return None
    precision = max(rows.precision, piece.precision, _SAME * float(np.abs(few.friction).max()))
    beside = min(round(around / max(min(rows.step, piece.step), 1e-12)) + 1, _MOST_BESIDE)
    probed = np.unique(np.linspace(0, len(few) - 1, _PROBED).astype(np.int64))
    if _matches(few, many, probed, around, beside, precision)[0].size < _SHARE / 2 * probed.size:
        return None
    places, apart = _matches(few, many, np.arange(len(few)), around, beside, precision)
    kept, offset = _agreeing(places, apart, 0.4 * min(rows.step, piece.step))
    changes = np.abs(np.diff(few.friction[kept])) > precision
    common = few.between(many.time[0] - around, many.time[-1] + around)
    if changes.sum() < FEWEST or kept.size < _SHARE * len(common):
        return None
    first, last = few.time[kept[0]], few.time[kept[-1]]
    if swapped:
        return Repeat(float(first), float(last), -offset)
    return Repeat(float(first) - offset, float(last) - offset, offset)


def _matches(
    few: Rows, many: Rows, probed: NDArray[np.int64], around: float, beside: int, precision: float
) -> tuple[NDArray[np.int64], Floats]:
    """Places of rows that have their like in another log less than a step away, and by how much.

    A row may have several.
    """
    nearest = np.searchsorted(many.time, few.time[probed])
    places, apart = [], []
    for shift in range(-beside - 1, beside + 1):
        there = nearest + shift
        inside = (there >= 0) & (there < len(many))
        here, there = probed[inside], there[inside]
        seconds = few.time[here] - many.time[there]
        like = np.abs(few.friction[here] - many.friction[there]) <= precision
        like &= np.abs(seconds) < around
        places.append(here[like])
        apart.append(seconds[like])
    return np.concatenate(places), np.concatenate(apart)


def _agreeing(
    places: NDArray[np.int64], apart: Floats, width: float
) -> tuple[NDArray[np.int64], float]:
    """The places that are apart by the same, as most are, and by how much."""
    if not apart.size:
        return places, 0.0
    order = np.sort(apart)
    within = np.searchsorted(order, order + width, side="right") - np.arange(order.size)
    first = int(np.argmax(within))
    offset = float(np.median(order[first : first + within[first]]))
    return np.unique(places[np.abs(apart - offset) <= width / 2]), offset


def _message(path: Path, rows: Rows, other: Path, piece: Rows, found: Repeat) -> str:
    leak = "one record in two experiments would be a leak"
    ends = piece.time[-1] - found.offset
    if ends <= rows.time[-1] + 0.5 * rows.step:
        return (
            f"{other}: repeats {path.name} from {found.start:.10g} to {found.end:.10g} s; {leak}: "
            "leave it out"
        )
    begins = f"{other}: repeats the end of {path.name}, from {found.start:.10g} s on; {leak}: "
    if abs(found.offset) > 0.01 * rows.step:
        return (
            f"{begins}leave it out, or its beginning, with start under [preparation] of a channel "
            f"map of its own (its clock is {found.offset:+.3g} s off)"
        )
    return (
        f"{begins}join them in the channel map, with "
        f'[[correction]] kind = "join" files = ["{other.name}"], and name {path.name} alone'
    )
