"""Windows: against a plain loop, and what none may touch."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import builders
import naive
from slicken.errors import ExperimentError, PlanError
from slicken.learning.engine import Windows
from slicken.learning.record import NO_STAGE, join, position, reach
from slicken.learning.splits import PARTS, divide

MOST = 120
"""Samples in a record of a layout."""
LAYOUTS = st.lists(
    st.integers(2, 30).flatmap(
        lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1), max_size=4))
    ),
    min_size=1,
    max_size=4,
)


def record_of(layout: list[tuple[int, set[int]]]) -> builders.Record:
    return builders.make_record(
        *[n for n, _ in layout], gaps={i: sorted(gaps) for i, (_, gaps) in enumerate(layout)}
    )


@given(LAYOUTS)
def test_reach_is_what_a_walk_back_finds(layout: list[tuple[int, set[int]]]) -> None:
    record = record_of(layout)
    np.testing.assert_array_equal(reach(record), naive.longest_reach(record.experiment, record.gap))


@given(LAYOUTS, st.data())
def test_reach_never_leaves_a_part(layout: list[tuple[int, set[int]]], data: st.DataObject) -> None:
    record = record_of(layout)
    cuts = st.lists(st.integers(-1, 2), min_size=len(record), max_size=len(record))
    part = np.repeat(data.draw(cuts), 3)[: len(record)].astype(np.int8)
    np.testing.assert_array_equal(
        reach(record, part), naive.longest_reach(record.experiment, record.gap, part)
    )


@given(LAYOUTS, st.integers(1, 12), st.integers(1, 5))
def test_gathered_windows_equal_a_plain_loop_and_hold_no_gap(
    layout: list[tuple[int, set[int]]], length: int, stride: int
) -> None:
    record = record_of(layout)
    ends = np.flatnonzero((reach(record) >= length) & (position(record) % stride == 0))
    if not ends.size:
        return
    # JAX compiles for every shape, so all are made one: what is filled up is cut off again.
    drivers = np.pad(record.drivers, ((0, MOST - len(record)), (0, 0))).astype(np.float32)
    windows = Windows(jnp.asarray(drivers), np.pad(ends, (0, MOST - ends.size), "edge"), length)
    gathered = np.asarray(windows.copied())[: ends.size]
    looped = naive.windows(record.drivers, ends.tolist(), length)
    np.testing.assert_array_equal(gathered, looped.astype(np.float32))
    assert np.isfinite(gathered).all()  # the builder puts NaN into gaps
    for end in ends:
        inside = slice(end - length + 1, end + 1)
        assert np.ptp(record.experiment[inside]) == 0
        assert np.allclose(np.diff(record.time[inside]), record.dt)


def test_all_window_lengths_of_a_study_share_their_target_times() -> None:
    """Split.ends depends on the longest window only; a shorter study at the same longest has them
    too, and every shorter window fits where the longest does."""
    record = builders.make_record(60, 70, 80, 50, gaps={1: [30]})
    split = divide(record, by="experiment", longest=20, stride=3, seed=1)
    for part in PARTS:
        assert (reach(record, split.part)[split.ends[part]] >= 20).all()
        assert (position(record)[split.ends[part]] % 3 == 0).all()
    one = builders.make_prepared(windows=[20]).split.ends
    many = builders.make_prepared(windows=[5, 10, 20]).split.ends
    for part in PARTS:
        np.testing.assert_array_equal(one[part], many[part])


def test_position_counts_from_the_start_of_each_experiment() -> None:
    record = builders.make_record(3, 2, 4)
    assert position(record).tolist() == [0, 1, 2, 0, 1, 0, 1, 2, 3]


def test_seconds_become_samples_of_the_record() -> None:
    experiments = [builders.make_experiment(dt=0.1)]
    record = join(experiments, builders.DRIVERS)
    assert record.samples_in(0.3) == 3
    assert record.samples_in(50) == 500


@pytest.mark.parametrize("seconds", [0.25, 0.04, 1.05])
def test_a_window_that_is_no_multiple_of_the_step_is_refused(seconds: float) -> None:
    record = join([builders.make_experiment(dt=0.1)], builders.DRIVERS)
    with pytest.raises(PlanError, match=r"choose a multiple of 0\.1 s"):
        record.samples_in(seconds)


def test_a_clock_that_starts_late_does_not_spoil_the_step() -> None:
    """A float clock at 1e6 s has steps of 0.1 s that are off by 1e-10 s; windows stay whole."""
    late = builders.make_experiment(dt=0.1, start=1e6)
    assert join([late], builders.DRIVERS).samples_in(500) == 5000


def test_a_record_keeps_what_each_experiment_knows() -> None:
    staged = builders.make_experiment("a", 10, stages=[4, 6], slip=np.arange(10.0))
    record = join([staged, builders.make_experiment("b", 5)], builders.DRIVERS)
    assert record.stage.tolist() == [0] * 4 + [1] * 6 + [NO_STAGE] * 5
    np.testing.assert_array_equal(record.slip, [*range(10), *[np.nan] * 5])
    np.testing.assert_array_equal(record.normal_stress, [1e6] * 4 + [2e6] * 6 + [np.nan] * 5)
    assert record.experiment.tolist() == [0] * 10 + [1] * 5


def test_joining_says_what_to_change() -> None:
    one, two = builders.make_experiments(2)
    with pytest.raises(ExperimentError, match="at least one log"):
        join([], builders.DRIVERS)
    with pytest.raises(ExperimentError, match="'run0'; rename one"):
        join([one, one], builders.DRIVERS)
    slow = builders.make_experiment("slow", dt=2.0)
    with pytest.raises(ExperimentError, match=r"run0 1 s, slow 2 s.*set one step"):
        join([one, slow], builders.DRIVERS)
    cold = builders.make_experiment("cold", temperature=None)
    with pytest.raises(ExperimentError, match=r"cold: no temperature.*leave the log out"):
        join([two, cold], builders.DRIVERS)
