"""Events: stretches of a study's record, each with the velocity steps or the hold in it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.errors import LawError, SplitError
from slicken.experiment.samples import Samples
from slicken.laws.events import find_events
from slicken.learning.events import Events
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.experiment import Experiment
    from slicken.laws.results import Event
    from slicken.learning.record import Record

APART = 2
"""Longest windows between two events, at least, for each to have a stretch of its own."""


def events_of(experiments: Sequence["Experiment"], record: "Record", longest: int) -> Events:
    """The stretches that a split by event holds out.

    A stretch begins one longest window before its event, so that targets right after the step are
    among those held out with it. Events that follow one another within two longest windows, as in a
    sequence of quick steps, share a stretch.

    Args:
        experiments: Experiments of the record, in its order.
        record: Record of T samples.
        longest: Number of samples in the longest window.

    Raises:
        SplitError: if nothing says how the fault or its load moved.
    """
    of = np.zeros(len(record), np.int64)
    names: list[str] = []
    held: list[tuple[Statement, ...]] = []
    for place, experiment in enumerate(experiments):
        here = np.flatnonzero(record.experiment == place)
        groups = _groups(_found(experiment), record.time[here], longest)
        starts = [0, *(row - longest for row, _ in groups[1:])]
        of[here] = len(names) + np.searchsorted(starts, np.arange(here.size), "right") - 1
        names += [f"{experiment.name}:{number + 1}" for number in range(len(starts))]
        held += [tuple(map(_said, events)) for _, events in groups] or [()]
    return Events(of, tuple(names), tuple(held))


def _found(experiment: "Experiment") -> tuple["Event", ...]:
    try:
        return find_events(Samples.of(experiment))
    except LawError as problem:
        raise SplitError(f"split by event: {problem}") from None


def _groups(
    events: Sequence["Event"], time: NDArray[np.float64], longest: int
) -> list[tuple[int, list["Event"]]]:
    """Events that share a stretch, and the row at which the first of them begins."""
    groups: list[tuple[int, list[Event]]] = []
    last = -np.inf
    for event in events:
        row = int(np.searchsorted(time, event.start))
        if row - last < APART * longest:
            groups[-1][1].append(event)
        else:
            groups.append((row, [event]))
        ended = event.start if np.isnan(event.resumed) else event.resumed
        last = int(np.searchsorted(time, ended))
    return groups


def _said(event: "Event") -> Statement:
    if event.kind == "hold":
        return Statement("splits.hold", seconds=event.held, at=event.start)
    if event.kind == "stress_step":
        stress = event.normal_stress_after * 1e-6
        return Statement("splits.stress_step", stress=stress, at=event.start)
    before, after = event.before * 1e6, event.after * 1e6
    return Statement("splits.step", before=before, after=after, at=event.start)
