"""Controls: what they change and what they leave, by plain comparison."""

import numpy as np
import pytest

import builders
from slicken.evidence.controls import (
    NOISE,
    shuffled_blocks,
    with_probes,
    with_shuffled_friction,
)
from slicken.evidence.retraining import with_leak, without_driver
from slicken.learning.splits import PARTS
from slicken.study.prepared import Prepared

BLOCK = 20


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    experiments = [builders.make_experiment(f"run{i}", 120, seed=i, gaps=[50]) for i in range(5)]
    return builders.make_prepared(experiments)


def test_blocks_are_shuffled_whole_within_their_experiment(prepared: Prepared) -> None:
    record = prepared.record
    order = shuffled_blocks(record, BLOCK, np.random.default_rng(0))
    np.testing.assert_array_equal(np.sort(order), np.arange(len(record)))
    np.testing.assert_array_equal(record.experiment[order], record.experiment)
    usable = ~record.gap
    np.testing.assert_array_equal(order[~usable], np.flatnonzero(~usable))
    assert np.mean(order[usable] == np.flatnonzero(usable)) == 0
    unbroken = np.mean(np.diff(order[usable]) == 1)
    assert unbroken > 1 - 2 / BLOCK


def test_probes_stand_behind_the_drivers_which_stay_as_they_are(prepared: Prepared) -> None:
    wide = with_probes(prepared, BLOCK, seed=1)
    np.testing.assert_array_equal(wide.drivers[:, :2], prepared.drivers)
    assert wide.record.channels[2] == NOISE
    noise = wide.record.drivers[:, 2]
    assert abs(np.corrcoef(noise[1:], noise[:-1])[0, 1]) < 0.15
    for place in (0, 1):
        copy, own = wide.record.drivers[:, 3 + place], prepared.record.drivers[:, place]
        np.testing.assert_allclose(np.sort(copy), np.sort(own))
        usable = ~prepared.record.gap
        assert abs(np.corrcoef(copy[usable], own[usable])[0, 1]) < 0.4
    assert np.array_equal(with_probes(prepared, BLOCK, seed=1).drivers, wide.drivers)


def test_shuffled_friction_leaves_the_drivers(prepared: Prepared) -> None:
    other = with_shuffled_friction(prepared, BLOCK, seed=1)
    np.testing.assert_array_equal(other.drivers, prepared.drivers)
    assert not np.array_equal(other.friction, prepared.friction)
    np.testing.assert_allclose(
        np.sort(other.record.friction[:120]), np.sort(prepared.record.friction[:120])
    )


def test_a_driver_is_removed_and_the_others_stay(prepared: Prepared) -> None:
    less = without_driver(prepared, "temperature")
    assert less.record.channels == ("slip_velocity",)
    np.testing.assert_array_equal(less.drivers[:, 0], prepared.drivers[:, 0])


def test_a_leak_deals_the_same_targets_to_parts_of_the_same_sizes(prepared: Prepared) -> None:
    mixed = with_leak(prepared, seed=0)
    before, after = prepared.split.ends, mixed.split.ends
    for part in PARTS:
        assert after[part].size == before[part].size
        assert np.unique(prepared.record.experiment[after[part]]).size > 3
    np.testing.assert_array_equal(
        np.sort(np.concatenate(list(after.values()))),
        np.sort(np.concatenate(list(before.values()))),
    )
