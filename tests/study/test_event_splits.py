"""Splits by event: every step belongs to one part, with the targets that follow it."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from slicken.errors import SplitError
from slicken.experiment import Experiment
from slicken.learning.record import join, reach
from slicken.learning.splits import PARTS, Split
from slicken.study.events import events_of
from slicken.study.plan import Plan
from slicken.study.prepared import prepare_study

AT = (400.0, 800.0, 1200.0, 1600.0)  # s
LONGEST = 50.0
SPLIT = {"by": "event"}


def made(at: Sequence[float] = AT, seconds: int = 2000, name: str = "run") -> Experiment:
    """Velocity goes from 1 to 10 um/s and back at the given times."""
    time = np.arange(float(seconds))
    fast = np.searchsorted(at, time, "right") % 2 == 1
    velocity = np.where(fast, 10e-6, 1e-6)
    slip = np.concatenate([[0.0], np.cumsum(velocity[:-1])])
    friction = 0.6 + 0.01 * np.log(velocity / 1e-6) + 1e-4 * np.sin(time)
    channels = {"slip_velocity": velocity, "slip": slip, "friction": friction}
    return Experiment.from_arrays(name=name, time=time, **channels)


def plan(**split: object) -> Plan:
    return Plan(windows=(10.0, LONGEST), stride=1, split=SPLIT | split)


def stretches_of_the_test(split: Split) -> set[str]:
    assert split.events is not None
    here = split.part == PARTS.index("test")
    return {split.events.names[number] for number in np.unique(split.events.of[here])}


def test_a_stretch_begins_one_longest_window_before_its_event() -> None:
    record = join([made()], ["slip_velocity"])
    events = events_of([made()], record, int(LONGEST))
    assert events.names == ("run:1", "run:2", "run:3", "run:4")
    begins = record.time[np.flatnonzero(np.diff(events.of)) + 1]
    np.testing.assert_allclose(begins, np.array(AT[1:]) - LONGEST, atol=2)
    second = events.held[1][0]
    assert second.values["before"] == pytest.approx(10, rel=0.02)
    assert second.values["at"] == pytest.approx(800, abs=2)


def test_targets_right_after_a_held_out_step_are_targets_of_the_test() -> None:
    (prepared,) = prepare_study([made()], plan(test=["3"], validation=["run:2"]))
    ends, record = prepared.split.ends["test"], prepared.record
    assert stretches_of_the_test(prepared.split) == {"run:3"}
    just_after = (record.time[ends] > 1200) & (record.time[ends] < 1200 + LONGEST)
    assert just_after.sum() > 0.8 * LONGEST
    assert not ((record.time[ends] > 1160 + 400) | (record.time[ends] < 1150)).any()
    for part in PARTS:  # no window reaches into another part
        here = prepared.split.ends[part]
        first = here - prepared.split.longest + 1
        parts = [
            np.unique(prepared.split.part[a : b + 1]) for a, b in zip(first, here, strict=True)
        ]
        assert all(one.tolist() == [PARTS.index(part)] for one in parts)
    assert reach(record, prepared.split.part)[ends].min() >= LONGEST


def test_steps_that_follow_quickly_share_a_stretch() -> None:
    run = made((400.0, 460.0, 520.0, 1000.0, 1500.0))
    events = events_of([run], join([run], ["slip_velocity"]), int(LONGEST))
    assert [len(one) for one in events.held] == [3, 1, 1]


def test_folds_hold_every_event_out_once() -> None:
    runs = [made(name="one"), made((500.0, 1300.0), name="two")]
    folds = prepare_study(runs, plan(folds=3))
    held = [stretches_of_the_test(fold.split) for fold in folds]
    together = [name for one in held for name in one]
    assert sorted(together) == [*(f"one:{n}" for n in (1, 2, 3, 4)), "two:1", "two:2"]


def test_the_seed_chooses_where_the_plan_does_not() -> None:
    chosen = {
        tuple(
            stretches_of_the_test(
                prepare_study([made()], plan().model_copy(update={"seed": seed}))[0].split
            )
        )
        for seed in range(8)
    }
    assert len(chosen) > 1


@pytest.mark.parametrize(
    ("run", "asked", "words"),
    [
        (made((400.0,)), {}, "only 1 event with a stretch"),
        (made((400.0, 1000.0)), {}, "only 2 events with a stretch"),
        (made(), {"test": ["7"]}, "no event is named '7'; there are run:1"),
        (made(), {"test": ["1"], "validation": ["run:1"]}, "named for validation and for test"),
        (made(), {"test": ["1", "2"], "validation": ["3", "4"]}, "none is left for training"),
    ],
)
def test_what_cannot_be_held_out_is_said(
    run: Experiment, asked: dict[str, object], words: str
) -> None:
    with pytest.raises(SplitError, match=words):
        prepare_study([run], plan(**asked))


def test_a_log_that_says_nothing_of_motion_is_refused() -> None:
    still = made()
    channels = {"temperature": np.arange(2000.0), "friction": still.friction}
    run = dataclasses.replace(still, channels=channels)
    with pytest.raises(SplitError, match="split by event: run: "):
        prepare_study([run], plan())
