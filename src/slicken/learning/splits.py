"""Splits: which samples train, which choose, which judge; none does two of these."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from slicken.errors import SplitError
from slicken.learning.record import NO_STAGE, Record, once_a_sample, position, reach

if TYPE_CHECKING:
    from slicken.learning.events import Events
    from slicken.learning.settings import By

Part = Literal["training", "validation", "test"]
PARTS: tuple[Part, ...] = ("training", "validation", "test")
SCORED: tuple[Part, ...] = ("validation", "test")
"""Parts that networks predict and whose predictions are scored."""
UNUSED = -1
FEWEST_FOLDS = 3
"""Each fold has a test, a validation and a training part."""
MOST_LEFT_OUT, USUAL_FOLDS = 8, 6
"""Experiments up to which each is left out by itself, and folds where there are more: each is a
training of its own."""


@dataclass(frozen=True)
class Split:
    """Target times of each part, the same for every window length of a study.

    Args:
        by: Unit of the split: experiments, time, stages or events.
        part: Part of each sample (index into ``PARTS``, or ``UNUSED``), shape ``(T,)``.
        ends: Target times of each part, as sorted indices into the record, shape ``(N,)``.
        longest: Number of samples in the longest window of the study.
        words: One sentence on how the experiments were divided.
        events: Stretches of a split by event; None for other splits.
    """

    by: str
    part: NDArray[np.int8]
    ends: dict[Part, NDArray[np.int64]]
    longest: int
    words: str
    events: "Events | None" = None

    def samples(self, part: Part) -> NDArray[np.bool_]:
        """The samples that windows of a part may touch, shape ``(T,)``."""
        return np.asarray(self.part == PARTS.index(part))


def divide(
    record: Record,
    *,
    by: "By",
    longest: int,
    stride: int,
    fractions: tuple[float, float] = (0.2, 0.2),
    named: tuple[Sequence[str], Sequence[str]] = ((), ()),
    events: "Events | None" = None,
    seed: int,
) -> Split:
    """Divide a record into training, validation and test parts.

    Every sample gets at most one part, and a target time counts only where the longest window
    that ends there stays within one part. So the purge between parts is not a rule to obey but a
    consequence: no sample can serve two parts, whatever the window length.

    Args:
        record: Record of all experiments.
        by: Unit of the split: ``experiment``, ``time`` (each experiment's first, middle and last
            stretch), ``stage`` or ``event``; ``auto`` takes experiments where there are three or
            more.
        longest: Number of samples in the longest window.
        stride: Number of samples between target times.
        fractions: Shares of validation and of test.
        named: Experiments, or events, for validation and for test, where the plan names them.
        events: Stretches of a split by event.
        seed: Random seed of experiments, stages or events that are not named.

    Raises:
        SplitError: if a part would be empty; the message says what to change.
    """
    if by == "auto":
        by = "experiment" if len(record.experiments) >= 3 else "time"
    _every_experiment_holds_a_window(record, longest)
    if by == "experiment":
        part, words = _by_experiment(record, fractions, named, seed)
    elif by == "event" and events is not None:
        part, words = _by_event(record, events, fractions, named, longest, seed)
    elif any(named):
        raise SplitError(
            "validation and test name experiments, or events; that needs --split experiment and "
            "three or more experiments, or --split event"
        )
    elif by == "time":
        part, words = _by_time(record, fractions)
    else:
        part, words = _by_stage(record, fractions, longest, seed)
    return _split(record, by, part, words, longest=longest, stride=stride, events=events)


def divide_into_folds(
    record: Record,
    *,
    by: "By",
    longest: int,
    stride: int,
    folds: int,
    events: "Events | None" = None,
    seed: int,
) -> tuple[Split, ...]:
    """Divide a record so that every experiment, stretch of time or stage is the test once.

    The units are dealt into as many groups as there are folds. In fold k group k is the test and
    the group after it the validation, so every unit is both once; the rest is for training. As in
    :func:`divide`, no window crosses from one part into another.

    Args:
        record: Record of all experiments.
        by: Unit of the split, as in :func:`divide`; ``time`` cuts each experiment into as many
            stretches as there are folds.
        longest: Number of samples in the longest window.
        stride: Number of samples between target times.
        folds: Number of folds, K, three or more.
        events: Stretches of a split by event.
        seed: Random seed of the groups.

    Returns:
        K splits.

    Raises:
        SplitError: if there are fewer units than folds, or a part would be empty.
    """
    if by == "auto":
        by = "experiment" if len(record.experiments) >= FEWEST_FOLDS else "time"
    _every_experiment_holds_a_window(record, longest)
    group, words = _groups_of_folds(
        record, by, longest=longest, folds=folds, events=events, seed=seed
    )
    found = []
    for fold in range(folds):
        part = np.zeros(len(record), dtype=np.int8)
        part[group == (fold + 1) % folds] = PARTS.index("validation")
        part[group == fold] = PARTS.index("test")
        found.append(_split(record, by, part, words, longest=longest, stride=stride, events=events))
    return tuple(found)


def pool(splits: Sequence[Split]) -> Split:
    """The targets of all folds together: every one is a test target once.

    Validation and test targets are in the order of the folds; training targets are all of them.

    Args:
        splits: Splits of the folds; one is returned as it is.
    """
    if len(splits) == 1:
        return splits[0]
    validation, test = (np.concatenate([split.ends[part] for split in splits]) for part in SCORED)
    every = np.unique(np.concatenate([validation, test]))
    first = splits[0]
    return Split(
        by=first.by,
        part=np.where(first.part == UNUSED, UNUSED, 0).astype(np.int8),
        ends={"training": every, "validation": validation, "test": test},
        longest=first.longest,
        words=first.words,
        events=first.events,
    )


def _split(
    record: Record,
    by: str,
    part: NDArray[np.int8],
    words: str,
    *,
    longest: int,
    stride: int,
    events: "Events | None",
) -> Split:
    eligible = (reach(record, part) >= longest) & (position(record) % stride == 0)
    eligible &= record.is_target
    ends = {
        name: once_a_sample(record, np.flatnonzero(eligible & (part == i)))
        for i, name in enumerate(PARTS)
    }
    for name, indices in ends.items():
        if indices.size == 0:
            raise SplitError(
                f"split by {by}: no target time for {name} whose window of "
                f"{record.spelled(longest)} stays within that part; shorten the longest window, "
                "choose a smaller stride, give that part a larger share, or add logs"
            )
    return Split(by, part, ends, longest, words, events)


def _groups_of_folds(
    record: Record, by: str, *, longest: int, folds: int, events: "Events | None", seed: int
) -> tuple[NDArray[np.int64], str]:
    """Group of each sample, shape ``(T,)``, and how they were made."""
    rng, count = np.random.default_rng(seed), len(record.experiments)
    if folds < FEWEST_FOLDS:
        raise SplitError(
            f"{folds} folds; each needs a test, a validation and a training part, so give "
            f"--folds {FEWEST_FOLDS} or more, or --folds 1 for a single split"
        )
    if by == "time":
        group = position(record) * folds // np.bincount(record.experiment)[record.experiment]
        return (
            group,
            f"into {folds} folds by time: each stretch of each experiment is the test once",
        )
    if by == "stage":
        stage, held = _stages(record, longest)
        units = rng.permutation(held)
    elif by == "event" and events is not None:
        stage, units = events.of, rng.permutation(_long_enough(record, events.of, longest))
    else:
        stage, units = record.experiment, rng.permutation(count)
    if units.size < folds:
        fewer = f"--folds {units.size} or fewer, or " if units.size >= FEWEST_FOLDS else ""
        raise SplitError(
            f"{folds} folds, but only {units.size} {by}{'s' * (units.size != 1)} to hold out; "
            f"give {fewer}--folds 1 for a single split"
        )
    of_unit = np.full(int(stage.max()) + 1, folds)  # stages that are too short only train
    for number, dealt in enumerate(np.array_split(units, folds)):
        of_unit[dealt] = number
    return of_unit[stage], f"into {folds} folds: each of {units.size} {by}s is the test once"


def _every_experiment_holds_a_window(record: Record, longest: int) -> None:
    stretches = reach(record)
    for index, name in enumerate(record.experiments):
        stretch = int(stretches[record.experiment == index].max())
        if stretch < longest:
            raise SplitError(
                f"{name}: its longest stretch without a gap has {record.spelled(stretch)}, the "
                f"longest window {record.spelled(longest)}; shorten the window or leave the log out"
            )


def _by_experiment(
    record: Record,
    fractions: tuple[float, float],
    named: tuple[Sequence[str], Sequence[str]],
    seed: int,
) -> tuple[NDArray[np.int8], str]:
    names = record.experiments
    count = len(names)
    if count < 3:
        raise SplitError(
            f"{count} experiment{'s' if count > 1 else ''} cannot be split by experiment, which "
            "needs three or more; use --split time or --split stage"
        )
    for name in (*named[0], *named[1]):
        if name not in names:
            raise SplitError(f"no experiment is named {name!r}; there are {', '.join(names)}")
    both = sorted(set(named[0]) & set(named[1]))
    if both:
        raise SplitError(f"{both[0]!r} is named for validation and for test; choose one")
    taken = {*named[0], *named[1]}
    shuffled = np.random.default_rng(seed).permutation(count)
    free = [names[i] for i in shuffled if names[i] not in taken]
    chosen: list[list[str]] = []
    for fraction, given in zip(fractions, named, strict=True):
        wanted = max(1, round(fraction * count))
        chosen.append(list(dict.fromkeys(given)) or free[:wanted])
        free = free if given else free[wanted:]
    if not free:
        raise SplitError(
            f"all {count} experiments went to validation and test; none is left for training; "
            "name fewer, or lower the fractions"
        )
    of_experiment = [1 if name in chosen[0] else 2 if name in chosen[1] else 0 for name in names]
    part = np.array(of_experiment, dtype=np.int8)[record.experiment]
    validation, test = (sorted(group, key=names.index) for group in chosen)
    return part, (
        f"by experiment: {count - len(validation) - len(test)} for training; "
        f"validation {', '.join(validation)}; test {', '.join(test)}"
    )


def _by_time(record: Record, fractions: tuple[float, float]) -> tuple[NDArray[np.int8], str]:
    where = position(record)
    counts = np.bincount(record.experiment)[record.experiment]
    done = (where + 1) / counts
    first, second = 1 - sum(fractions), 1 - fractions[1]
    part = np.where(done <= first, 0, np.where(done <= second, 1, 2)).astype(np.int8)
    return part, (
        f"by time: of each experiment the first {100 * first:.0f} % for training, then "
        f"{100 * fractions[0]:.0f} % for validation, the last {100 * fractions[1]:.0f} % for test; "
        "no window reaches into another part"
    )


def _by_stage(
    record: Record, fractions: tuple[float, float], longest: int, seed: int
) -> tuple[NDArray[np.int8], str]:
    number, held = _stages(record, longest)
    candidates = np.random.default_rng(seed).permutation(held)
    if candidates.size < 3:
        raise SplitError(
            f"only {candidates.size} stages have a stretch without a gap as long as the longest "
            f"window ({record.spelled(longest)}), and a split by stage needs three; shorten the "
            "window or use --split time"
        )
    wanted = [max(1, round(fraction * candidates.size)) for fraction in fractions]
    of_stage = np.zeros(int(number.max()) + 1, dtype=np.int8)
    of_stage[candidates[: wanted[0]]] = 1
    of_stage[candidates[wanted[0] : sum(wanted)]] = 2
    return of_stage[number], (
        f"by stage: {wanted[0]} stages for validation, {wanted[1]} for test, the rest for "
        "training; no window reaches into another part"
    )


def _by_event(
    record: Record,
    events: "Events",
    fractions: tuple[float, float],
    named: tuple[Sequence[str], Sequence[str]],
    longest: int,
    seed: int,
) -> tuple[NDArray[np.int8], str]:
    held = _long_enough(record, events.of, longest)
    if held.size < FEWEST_FOLDS:
        raise SplitError(
            f"{_some(held.size, 'event')} with a stretch as long as the longest window "
            f"({record.spelled(longest)}), and a split by event needs three: one each for "
            "training, validation and test; shorten the window, or use --split time"
        )
    chosen = [[events.place(name) for name in given] for given in named]
    if set(chosen[0]) & set(chosen[1]):
        raise SplitError("an event is named for validation and for test; choose one")
    taken = {*chosen[0], *chosen[1]}
    free = [int(one) for one in np.random.default_rng(seed).permutation(held) if one not in taken]
    for number, fraction in enumerate(fractions):
        if not chosen[number]:
            wanted = max(1, round(fraction * held.size))
            chosen[number], free = free[:wanted], free[wanted:]
    if not free:
        raise SplitError(
            f"all {held.size} events went to validation and test; none is left for training; name "
            "fewer, or lower the shares"
        )
    of_event = np.zeros(len(events), dtype=np.int8)
    of_event[chosen[0]], of_event[chosen[1]] = 1, 2
    said = [", ".join(events.names[place] for place in sorted(one)) for one in chosen]
    count = len(events) - len(chosen[0]) - len(chosen[1])
    return of_event[events.of], (
        f"by event: {count} for training; validation {said[0]}; test {said[1]}; no window reaches "
        "into another part"
    )


def _some(count: int, what: str) -> str:
    return f"only {count or 'no'} {what}{'s' * (count != 1)}" if count else f"no {what}"


def _long_enough(record: Record, number: NDArray[np.int64], longest: int) -> NDArray[np.int64]:
    """Numbers of the stretches that hold the longest window."""
    reached = reach(record, number)
    return np.flatnonzero(np.bincount(number, reached >= longest) > 0)


def _stages(record: Record, longest: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number of each sample's stage, ``(T,)``, and the stages that hold the longest window."""
    if np.all(record.stage == NO_STAGE):
        raise SplitError(
            "split by stage needs the normal stress, which these logs do not have; "
            "use --split time or --split experiment"
        )
    change = np.ones(len(record), dtype=np.bool_)
    change[1:] = (record.stage[1:] != record.stage[:-1]) | (
        record.experiment[1:] != record.experiment[:-1]
    )
    number = np.cumsum(change) - 1
    stretches = np.maximum.reduceat(reach(record, number), np.flatnonzero(change))
    return number, np.flatnonzero((stretches >= longest) & (record.stage[change] != NO_STAGE))
