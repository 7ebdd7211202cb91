"""Scaling: learned on the training part, and on nothing else."""

import dataclasses

import numpy as np
import pytest

import builders
from slicken.errors import ExperimentError
from slicken.learning.record import join
from slicken.learning.scaling import learn_scaling


def scaling_of(record: builders.Record) -> builders.Record:
    split = builders.split_in_order(record, [0, 0, 1, 2], longest=5)
    return learn_scaling(record, split)


def test_means_and_spreads_are_those_of_the_training_part() -> None:
    record = builders.make_record(40, 50, 60, 70, gaps={1: [20]})
    split = builders.split_in_order(record, [0, 0, 1, 2], longest=5)
    scaling = learn_scaling(record, split)
    seen = record.drivers[:90][~record.gap[:90]]
    np.testing.assert_allclose(scaling.mean, seen.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(scaling.spread, seen.std(axis=0), rtol=1e-12)
    targets = record.friction[split.ends["training"]]
    assert scaling.friction_mean == pytest.approx(targets.mean(), rel=1e-12)
    np.testing.assert_allclose(
        scaling.to_friction(scaling.friction(record.friction[:40])), record.friction[:40], rtol=1e-6
    )
    standardised = scaling.drivers(seen)
    np.testing.assert_allclose(standardised.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(standardised.std(axis=0), 1, atol=1e-5)


def test_scaling_is_blind_to_validation_and_test() -> None:
    """Other values there, even absurd ones, change no bit."""
    record = builders.make_record(40, 50, 60, 70)
    held_out = record.experiment >= 2
    changed = dataclasses.replace(
        record,
        drivers=np.where(held_out[:, None], 1e6 * record.drivers**2, record.drivers),
        friction=np.where(held_out, -7.0, record.friction),
    )
    one, other = scaling_of(record), scaling_of(changed)
    for field in dataclasses.fields(one):
        assert np.array_equal(getattr(one, field.name), getattr(other, field.name)), field.name


def test_a_driver_that_never_changes_is_zero_and_not_infinite() -> None:
    experiments = builders.make_experiments(4, 50, slip_velocity=np.full(50, 0.1 + 0.2))
    record = join(experiments, builders.DRIVERS)
    scaling = scaling_of(record)
    assert scaling.spread[0] == 1
    np.testing.assert_allclose(scaling.drivers(record.drivers)[:, 0], 0, atol=1e-12)
    assert scaling.mostly_noise() == ("slip_velocity",)


def test_a_driver_of_zeros_is_no_division_by_zero() -> None:
    record = join(builders.make_experiments(4, 50, slip_velocity=np.zeros(50)), builders.DRIVERS)
    assert scaling_of(record).spread[0] == 1


def test_white_noise_is_flagged_and_a_ramp_is_not() -> None:
    """White noise has a mean square difference of twice its variance: a noise share of one."""
    random = np.random.default_rng(3)
    experiments = [
        builders.make_experiment(
            f"run{i}",
            2000,
            slip_velocity=4e-3 + 1e-6 * random.normal(size=2000),
            temperature=20 + 0.01 * np.arange(2000) + 1e-3 * random.normal(size=2000),
        )
        for i in range(4)
    ]
    scaling = scaling_of(join(experiments, builders.DRIVERS))
    assert scaling.mostly_noise() == ("slip_velocity",)
    assert scaling.noise_share[0] == pytest.approx(1, abs=0.05)
    assert scaling.noise_share[1] < 1e-3


def test_the_step_from_one_experiment_to_the_next_is_no_noise() -> None:
    """Two experiments at different levels, each constant, change once: where one ends."""
    levels = [1.0, 2.0, 1.0, 2.0]
    experiments = [
        builders.make_experiment(f"run{i}", 30, temperature=np.full(30, level))
        for i, level in enumerate(levels)
    ]
    assert scaling_of(join(experiments, builders.DRIVERS)).noise_share[1] == 0


def test_friction_that_never_changes_is_refused() -> None:
    record = join(builders.make_experiments(4, 50, friction=np.full(50, 0.6)), builders.DRIVERS)
    with pytest.raises(ExperimentError, match=r"never changes.*0\.6.*friction column"):
        scaling_of(record)


def test_a_velocity_that_spans_decades_is_taken_as_its_logarithm() -> None:
    """A step by a factor of ten is as high at 1 um/s as at 100 um/s; holds and reversals are no
    trouble."""
    random = np.random.default_rng(0)
    velocity = 10.0 ** random.choice([-6.0, -5.0, -4.0, -3.0], size=400)
    record = join(builders.make_experiments(4, 400, slip_velocity=velocity), builders.DRIVERS)
    scaling = scaling_of(record)
    assert scaling.logarithmic == ("slip_velocity",)
    steps = np.array([[1e-6, 30], [1e-5, 30], [1e-4, 30], [1e-3, 30], [0.0, 30], [-1e-4, 30]])
    scaled = scaling.drivers(steps)[:, 0].astype(float)
    np.testing.assert_allclose(np.diff(scaled[1:4]), np.diff(scaled[1:4])[0], rtol=1e-2)
    assert scaled[4] < scaled[0]
    assert scaled[5] < scaled[4]
    seen = scaling.drivers(record.drivers[:800])
    np.testing.assert_allclose(seen.std(axis=0), 1, atol=1e-5)


def test_a_velocity_that_is_held_is_taken_as_it_is() -> None:
    record = builders.make_record(40, 50, 60, 70)
    assert scaling_of(record).logarithmic == ()
