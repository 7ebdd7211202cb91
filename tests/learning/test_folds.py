"""Folds: every unit is held out once, and nothing is shared between parts."""

from collections import Counter

import numpy as np
import pytest

import builders
from slicken.errors import SplitError
from slicken.learning.record import Record, join
from slicken.learning.splits import PARTS, divide_into_folds, pool


def record(count: int, samples: int = 120, **about: object) -> Record:
    made = [
        builders.make_experiment(f"run{n}", samples, seed=n, **about)  # type: ignore[arg-type]
        for n in range(count)
    ]
    return join(made, builders.DRIVERS)


@pytest.mark.parametrize(("count", "folds"), [(3, 3), (5, 5), (12, 6), (7, 3)])
@pytest.mark.parametrize("seed", [0, 1])
def test_every_experiment_is_the_test_once_and_validates_once(
    count: int, folds: int, seed: int
) -> None:
    whole = record(count)
    splits = divide_into_folds(whole, by="auto", longest=10, stride=4, folds=folds, seed=seed)
    assert len(splits) == folds
    seen: dict[str, Counter[int]] = {part: Counter() for part in PARTS}
    for split in splits:
        held = {part: set(whole.experiment[split.ends[part]].tolist()) for part in PARTS}
        assert not held["training"] & held["test"]
        assert not held["training"] & held["validation"]
        assert not held["test"] & held["validation"]
        assert set.union(*held.values()) == set(range(count))
        for part in PARTS:
            seen[part].update(held[part])
    assert set(seen["test"].values()) == set(seen["validation"].values()) == {1}
    assert len(seen["test"]) == len(seen["validation"]) == count


@pytest.mark.parametrize("by", ["time", "stage"])
def test_no_window_of_a_fold_reaches_into_another_part(by: str) -> None:
    longest = 8
    whole = record(2, 160, stages=[40, 40, 40, 40])
    splits = divide_into_folds(
        whole,
        by=by,
        longest=longest,
        stride=1,
        folds=4,
        seed=0,  # type: ignore[arg-type]
    )
    for split in splits:
        for part in PARTS:
            for end in split.ends[part]:
                window = split.part[end + 1 - longest : end + 1]
                assert set(window.tolist()) == {PARTS.index(part)}
    tested = np.concatenate([split.ends["test"] for split in splits])
    assert np.unique(tested).size == tested.size


def test_the_pool_has_the_targets_of_all_folds_in_their_order() -> None:
    whole = record(5)
    splits = divide_into_folds(whole, by="experiment", longest=10, stride=4, folds=5, seed=3)
    together = pool(splits)
    for part in ("validation", "test"):
        expected = np.concatenate([split.ends[part] for split in splits])
        np.testing.assert_array_equal(together.ends[part], expected)
    np.testing.assert_array_equal(together.ends["training"], np.unique(together.ends["test"]))
    assert pool(splits[:1]) is splits[0]


@pytest.mark.parametrize(
    ("count", "folds", "by", "words"),
    [
        (5, 2, "experiment", "give --folds 3 or more"),
        (5, 6, "experiment", "only 5 experiments to hold out; give --folds 5 or fewer"),
        (2, 5, "experiment", "only 2 experiments to hold out; give --folds 1 for"),
        (1, 5, "experiment", "only 1 experiment to hold out; give --folds 1 for"),
        (1, 4, "stage", "needs the normal stress"),
    ],
)
def test_too_few_to_hold_out_is_said(count: int, folds: int, by: str, words: str) -> None:
    with pytest.raises(SplitError, match=words):
        divide_into_folds(
            record(count),
            by=by,
            longest=10,
            stride=4,
            folds=folds,
            seed=0,  # type: ignore[arg-type]
        )
