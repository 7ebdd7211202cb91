"""Means by stage: the velocity dependence that was put in, and how far off it may be."""

import numpy as np
import pytest

from slicken.experiment import Experiment
from slicken.experiment.by_stage import ByStage, by_stage, velocity_levels

A_MINUS_B = 0.005
VELOCITIES = np.array([1.0, 10.0, 3.0, 100.0, 1.0]) * 1e-6
SAMPLES = 400


def stepped(seed: int = 0, *, noise: float = 0.002, memory: float = 0.0) -> Experiment:
    """Friction mu0 + (a - b) ln V with noise that remembers, at five velocities."""
    random = np.random.default_rng(seed)
    velocity = np.repeat(VELOCITIES, SAMPLES)
    white = random.normal(size=velocity.size)
    for place in range(1, velocity.size):
        white[place] = memory * white[place - 1] + np.sqrt(1 - memory**2) * white[place]
    friction = 0.6 + A_MINUS_B * np.log(velocity / 1e-6) + noise * white
    slowest = 0.03 * VELOCITIES.min() * random.normal(size=velocity.size)
    return Experiment.from_arrays(
        time=np.arange(float(velocity.size)), friction=friction, slip_velocity=velocity + slowest
    )


def stages_of(experiment: Experiment) -> ByStage:
    found = by_stage(experiment)
    assert found is not None
    return found


@pytest.mark.parametrize("memory", [0.0, 0.9])
def test_a_velocity_dependence_is_found_within_its_error(memory: float) -> None:
    off = []
    for seed in range(40):
        found = stages_of(stepped(seed, memory=memory))
        assert len(found) == VELOCITIES.size
        assert found.velocity == pytest.approx(VELOCITIES, rel=0.01)
        assert np.isnan(found.dependence[0])
        off.append((found.dependence[1:] - A_MINUS_B) / found.dependence_error[1:])
    # In units of the standard error, which few blocks tell only roughly.
    assert 0.5 < np.std(off) < 1.4
    assert np.mean(np.abs(off) < 2) > 0.85


def test_means_are_exact_without_noise_and_spread_is_that_of_a_sample() -> None:
    found = stages_of(stepped(noise=0.0))
    assert found.friction == pytest.approx(0.6 + A_MINUS_B * np.log(VELOCITIES / 1e-6))
    assert found.dependence[found.steps] == pytest.approx(A_MINUS_B, rel=0.01)
    assert stages_of(stepped()).spread == pytest.approx(0.002, rel=0.3)


def test_the_first_half_of_a_stage_and_spikes_are_not_in_its_mean() -> None:
    one = stepped(noise=1e-4)
    friction = one.friction.copy()
    friction[SAMPLES : SAMPLES + 100] += 0.05  # the direct effect of the step
    friction[1700] = 3.0
    other = Experiment.from_arrays(
        time=one.time, friction=friction, slip_velocity=one.channels["slip_velocity"]
    )
    assert stages_of(other).friction == pytest.approx(stages_of(one).friction, abs=1e-5)


def test_nothing_is_read_off_a_hold_or_a_step_of_the_load() -> None:
    velocity = np.repeat([1.0, 0.0, 1.0, 10.0, 10.0], SAMPLES) * 1e-6
    load = np.repeat([5e6, 5e6, 5e6, 5e6, 9e6], SAMPLES)
    random = np.random.default_rng(0)
    found = stages_of(
        Experiment.from_arrays(
            time=np.arange(float(velocity.size)),
            friction=0.6 + 0.001 * random.normal(size=velocity.size),
            slip_velocity=velocity + 2e-9 * random.normal(size=velocity.size),
            normal_stress=load,
        )
    )
    assert found.velocity == pytest.approx([1e-6, 0.0, 1e-6, 1e-5, 1e-5], rel=0.01)
    assert found.normal_stress == pytest.approx([5e6, 5e6, 5e6, 5e6, 9e6])
    assert found.steps.tolist() == [False, False, False, True, False]


def test_a_gap_is_left_out_and_a_stage_that_is_too_short_is_none() -> None:
    velocity = np.repeat([1.0, 10.0, 1.0], [SAMPLES, 10, SAMPLES]) * 1e-6
    friction = 0.6 + 0.001 * np.random.default_rng(0).normal(size=velocity.size)
    time = np.arange(float(velocity.size))
    kept = (time < 300) | (time > 380)
    one = Experiment.from_arrays(
        time=time[kept], friction=friction[kept], slip_velocity=velocity[kept]
    )
    found = stages_of(one)
    assert found.velocity == pytest.approx([1e-6, 1e-6])
    assert np.isfinite(found.friction).all()


def test_one_velocity_under_one_load_has_no_stages() -> None:
    random = np.random.default_rng(0)
    friction = 0.6 + 0.01 * random.normal(size=900)
    velocity = 1e-3 * (1 + 0.2 * random.normal(size=900))
    time = np.arange(900.0)
    assert by_stage(Experiment.from_arrays(time=time, friction=friction)) is None
    noisy = Experiment.from_arrays(time=time, friction=friction, slip_velocity=velocity)
    assert by_stage(noisy) is None


def test_a_hold_that_is_all_noise_is_one_level() -> None:
    velocity = np.repeat([1e-6, 0.0, 1e-6], 500)
    noisy = velocity + 1e-7 * np.random.default_rng(0).normal(size=velocity.size)
    assert np.unique(velocity_levels(noisy)).size == 3
