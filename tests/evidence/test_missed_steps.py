"""Steps of velocity at which friction jumps, and predictions that follow or stay flat."""

import numpy as np
import pytest

import builders
from slicken.evidence.missed_steps import missed_steps
from slicken.study.prepared import Prepared

SAMPLES, EVERY = 400, 40


def stepped(count: int = 9, direct: float = 0.02) -> Prepared:
    """Velocity steps up and down, and friction jumps with it; temperature drifts."""
    up = (np.arange(SAMPLES) // EVERY) % 2
    experiments = []
    for i in range(count):
        random = np.random.default_rng(i)
        experiments.append(
            builders.make_experiment(
                f"run{i}", SAMPLES, seed=i,
                slip_velocity=1e-3 * (1 + up) + 1e-5 * random.normal(size=SAMPLES),
                friction=0.6 - direct * up + 0.001 * random.normal(size=SAMPLES),
            )
        )  # fmt: skip
    return builders.make_prepared(experiments)


@pytest.mark.parametrize("followed", [0.0, 0.3])
def test_a_flat_prediction_misses_the_steps_and_by_how_much(followed: float) -> None:
    prepared = stepped()
    ends = prepared.split.ends["test"]
    up = (prepared.record.drivers[ends, 0] > 1.5e-3).astype(float)
    found = missed_steps(prepared, 0.6 - followed * 0.02 * up, seed=0)
    assert found is not None
    assert found.driver == "slip_velocity"
    tested = np.unique(prepared.record.experiment[ends]).size
    assert found.steps == tested * (SAMPLES // EVERY - 1)
    assert found.share.value == pytest.approx(followed, abs=0.03)
    assert found.share.low <= found.share.value <= found.share.high < 0.5


def test_a_prediction_that_follows_misses_nothing() -> None:
    prepared = stepped()
    ends = prepared.split.ends["test"]
    assert missed_steps(prepared, prepared.record.friction[ends], seed=0) is None


def test_no_jump_of_friction_can_be_missed() -> None:
    prepared = stepped(direct=0.0)
    assert missed_steps(prepared, np.full(prepared.split.ends["test"].size, 0.6), seed=0) is None


def test_a_servo_that_ramps_makes_one_step() -> None:
    """Five samples to the new velocity, targets every two samples: one step, not three."""
    up = (np.arange(-4, SAMPLES) // EVERY) % 2 * (np.arange(-4, SAMPLES) >= 0)
    ramp = np.convolve(up, np.ones(5) / 5, "valid")
    experiments = [
        builders.make_experiment(
            f"run{i}", SAMPLES, seed=i,
            slip_velocity=1e-3 * (1 + ramp), friction=0.6 - 0.02 * ramp,
        )
        for i in range(5)
    ]  # fmt: skip
    prepared = builders.make_prepared(experiments)
    found = missed_steps(prepared, np.full(prepared.split.ends["test"].size, 0.6), seed=0)
    assert found is not None
    assert found.steps == SAMPLES // EVERY - 1
