"""Splits: no sample serves two parts, whatever the plan; and what they say when they cannot."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import builders
from slicken.errors import SplitError
from slicken.learning.record import Record, join
from slicken.learning.splits import PARTS, UNUSED, Split, divide

FRACTIONS = st.tuples(st.floats(0.05, 0.45), st.floats(0.05, 0.45))


@st.composite
def records(draw: st.DrawFn) -> Record:
    experiments = []
    for i in range(draw(st.integers(1, 6))):
        stages = draw(st.none() | st.lists(st.integers(5, 40), min_size=1, max_size=6))
        samples = sum(stages) if stages else draw(st.integers(20, 150))
        gaps = draw(st.sets(st.integers(0, samples - 1), max_size=3))
        experiments.append(
            builders.make_experiment(f"run{i}", samples, seed=i, stages=stages, gaps=sorted(gaps))
        )
    return join(experiments, builders.DRIVERS)


def touched(split: Split, part: str) -> set[int]:
    """Every sample in any of the longest windows of a part, one by one."""
    return {int(end) - lag for end in split.ends[part] for lag in range(split.longest)}


@given(
    records(),
    st.sampled_from(["auto", "experiment", "time", "stage"]),
    st.integers(1, 15),
    st.integers(1, 6),
    FRACTIONS,
    st.integers(0, 99),
)
def test_no_sample_is_shared_between_parts(
    record: Record,
    by: str,
    longest: int,
    stride: int,
    fractions: tuple[float, float],
    seed: int,
) -> None:
    try:
        split = divide(
            record, by=by, longest=longest, stride=stride, fractions=fractions, seed=seed
        )
    except SplitError:
        assume(False)
    samples = {part: touched(split, part) for part in PARTS}
    for one, other in combinations(PARTS, 2):
        assert not samples[one] & samples[other]
    for part in PARTS:
        assert samples[part]
        assert all(split.part[list(samples[part])] == PARTS.index(part))
        assert not record.gap[list(samples[part])].any()


def test_auto_takes_experiments_where_there_are_three_and_time_where_there_are_not() -> None:
    for lengths, by in (((50, 50, 50), "experiment"), ((50, 50), "time"), ((99,), "time")):
        split = divide(builders.make_record(*lengths), by="auto", longest=5, stride=1, seed=0)
        assert split.by == by
        assert f"by {by}" in split.words


def test_whole_experiments_go_to_one_part_each() -> None:
    record = builders.make_record(*[30] * 10)
    split = divide(record, by="experiment", longest=5, stride=1, fractions=(0.2, 0.3), seed=4)
    parts = [set(split.part[record.experiment == i].tolist()) for i in range(10)]
    assert all(len(part) == 1 for part in parts)
    assert [sum(part == {k} for part in parts) for k in range(3)] == [5, 2, 3]


def test_the_seed_chooses_the_experiments() -> None:
    record = builders.make_record(*[30] * 8)

    def test_part(seed: int) -> bytes:
        return divide(record, by="experiment", longest=5, stride=1, seed=seed).part.tobytes()

    assert test_part(1) == test_part(1)
    assert len({test_part(seed) for seed in range(10)}) > 5


def test_named_experiments_go_where_they_are_named_and_are_listed() -> None:
    record = builders.make_record(*[30] * 5)
    split = divide(
        record, by="auto", longest=5, stride=1, named=(["run4", "run1"], ["run0"]), seed=0
    )
    assert [int(split.part[record.experiment == i][0]) for i in range(5)] == [2, 1, 0, 0, 1]
    assert "2 for training; validation run1, run4; test run0" in split.words


def test_an_experiment_named_twice_for_one_part_counts_once() -> None:
    record = builders.make_record(*[30] * 4)
    split = divide(
        record, by="experiment", longest=5, stride=1, named=(["run1", "run1"], ["run0"]), seed=0
    )
    assert "2 for training; validation run1; test run0" in split.words


def test_by_time_the_parts_follow_one_another_and_the_purge_is_the_longest_window() -> None:
    record = builders.make_record(100, 200)
    split = divide(record, by="time", longest=10, stride=1, fractions=(0.2, 0.3), seed=0)
    for number, length in enumerate((100, 200)):
        here = record.experiment == number
        first = int(np.flatnonzero(here)[0])
        np.testing.assert_array_equal(
            split.part[here], np.repeat([0, 1, 2], np.array([50, 20, 30]) * length // 100)
        )
        training = split.ends["training"][here[split.ends["training"]]]
        validation = split.ends["validation"][here[split.ends["validation"]]]
        assert training.max() == first + length // 2 - 1
        # The first validation target whose ten samples all come after the training part.
        assert validation.min() == training.max() + 10


def test_by_stage_whole_stages_are_held_out_and_the_rest_trains() -> None:
    staged = builders.make_experiment("a", 120, stages=[20, 30, 25, 25, 5, 15])
    record = join([staged], builders.DRIVERS)
    split = divide(record, by="stage", longest=10, stride=1, seed=3)
    of_stage = [set(split.part[record.stage == k].tolist()) for k in range(6)]
    assert all(len(part) == 1 for part in of_stage)
    assert sorted(k for part in of_stage for k in part) == [0, 0, 0, 0, 1, 2]
    assert of_stage[4] == {0}, "a stage shorter than the window cannot be held out"
    for part in ("validation", "test"):
        assert len(set(record.stage[sorted(touched(split, part))].tolist())) == 1


def test_a_stage_that_gaps_cut_too_short_is_not_held_out() -> None:
    """Stage 0 has 24 good samples, but no ten in a row: held out, it would give no target."""
    gappy = builders.make_experiment(
        "a", 110, stages=[30, 20, 20, 20, 20], gaps=[4, 9, 14, 19, 24, 29]
    )
    record = join([gappy], builders.DRIVERS)
    for seed in range(12):
        split = divide(record, by="stage", longest=10, stride=1, seed=seed)
        assert set(split.part[record.stage == 0].tolist()) == {0}


def test_unused_samples_are_possible_and_touched_by_nobody() -> None:
    record = builders.make_record(30, 30, 30)
    split = builders.split_in_order(record, [0, 1, 2], longest=5)
    assert UNUSED not in split.part
    assert sum(split.samples(part).sum() for part in PARTS) == 90


@pytest.mark.parametrize(
    ("lengths", "changes", "advice"),
    [
        ((50, 50), {"by": "experiment"}, "three or more; use --split time or --split stage"),
        ((50,), {"by": "experiment"}, "1 experiment cannot be split"),
        ((50, 50, 50), {"longest": 51}, "run0: .*50 s.*shorten the window or leave the log out"),
        ((50, 9, 50), {"longest": 10}, "run1: .*9 s.*shorten the window"),
        ((50,), {"by": "time", "longest": 20}, "validation.*20 s.*shorten the longest window"),
        ((50, 50, 50), {"by": "stage"}, "needs the normal stress.*--split time"),
        ((50,) * 4, {"fractions": (0.45, 0.45)}, "none is left for training; name fewer"),
        ((50,) * 4, {"named": (["run9"], [])}, "no experiment is named 'run9'; there are run0"),
        ((50,) * 4, {"named": (["run1"], ["run1"])}, "'run1' is named for .* choose one"),
        (
            (50,) * 3,
            {"named": (["run1"], ["run0", "run2"])},
            "all 3 experiments went to validation and test",
        ),
        ((50, 50), {"named": (["run1"], [])}, "that needs --split experiment"),
        ((12,) * 5, {"longest": 10, "stride": 20}, "smaller stride"),
    ],
)  # fmt: skip
def test_what_cannot_be_split_says_what_to_change(
    lengths: tuple[int, ...], changes: dict[str, object], advice: str
) -> None:
    settings = {"by": "auto", "longest": 5, "stride": 1, "seed": 0, **changes}
    with pytest.raises(SplitError, match=advice):
        divide(builders.make_record(*lengths), **settings)


def test_too_few_long_stages_are_counted() -> None:
    staged = builders.make_experiment("a", 60, stages=[25, 25, 5, 5])
    with pytest.raises(SplitError, match=r"only 2 stages .*10 s.*shorten the window"):
        divide(join([staged], builders.DRIVERS), by="stage", longest=10, stride=1, seed=0)
