"""Noise of drivers: planted noise is read, and averaging it away is no memory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import builders
from slicken.evidence.confounding import lag_model_of_study
from slicken.evidence.kernels import fit_kernels
from slicken.evidence.lag_model import LagModel
from slicken.evidence.noise import ALL_NOISE, DriverNoise, averaged, knowing_the_present
from slicken.evidence.required import RequiredHistory, required_by_lag_model
from slicken.study.prepared import Prepared

SAMPLES, LONGEST, GROUPS = 900, 96, 8
SLOPE = 0.01


def slow(random: np.random.Generator, samples: int) -> np.ndarray:
    """Waves of some minutes with a spread of one."""
    time = np.arange(samples)
    waves = sum(
        random.normal() * np.sin(2 * np.pi * time / period + random.uniform(0, 6))
        for period in (150, 260, 480)
    )
    return waves / np.std(waves)


def experiments(noise: float, memory: int = 1) -> list:
    """Friction follows a mean of the true temperature; the thermocouple adds white noise, in K."""
    found = []
    for number in range(GROUPS):
        random = np.random.default_rng([number, memory])
        true = 40 + 5 * slow(random, SAMPLES + memory - 1)
        cause = np.convolve(true, np.full(memory, 1 / memory), "valid")
        found.append(
            builders.make_experiment(
                f"run{number}", SAMPLES, seed=number,
                temperature=true[memory - 1 :] + noise * random.normal(size=SAMPLES),
                friction=0.6 - SLOPE * (cause - 40) + 0.005 * random.normal(size=SAMPLES),
            )
        )  # fmt: skip
    return found


def prepared_with(noise: float, memory: int = 1) -> Prepared:
    return builders.make_prepared(experiments(noise, memory), windows=[10, LONGEST], stride=5)


def place(noise: DriverNoise) -> int:
    return noise.channels.index("temperature")


@given(level=st.floats(0.02, 5.0))
@settings(max_examples=10, deadline=None)
def test_planted_noise_is_read_within_a_tenth(level: float) -> None:
    found = DriverNoise.compute(prepared_with(level))
    assert found.level[place(found)] == pytest.approx(level, rel=0.1)


def test_steps_spikes_and_gaps_are_no_noise() -> None:
    quiet = experiments(0.02)
    stepped = []
    for one in quiet:
        temperature = one.channels["temperature"] + 20 * (np.arange(SAMPLES) // 150 % 2)
        temperature[::97] += 50
        changed = builders.make_experiment(
            one.name, SAMPLES, temperature=temperature, friction=one.friction
        )
        stepped.append(changed)
    found = DriverNoise.compute(builders.make_prepared(stepped, windows=[10, LONGEST]))
    assert found.level[place(found)] == pytest.approx(0.02, rel=0.15)


def test_a_driver_that_only_fluctuates_is_all_noise() -> None:
    flat = [
        builders.make_experiment(
            f"run{n}",
            SAMPLES,
            temperature=30 + np.random.default_rng(n).normal(size=SAMPLES),
            friction=0.6 + 0.01 * slow(np.random.default_rng(n), SAMPLES),
        )
        for n in range(GROUPS)
    ]
    found = DriverNoise.compute(builders.make_prepared(flat, windows=[10, LONGEST]))
    assert found.share[place(found)] > ALL_NOISE
    assert "temperature" not in found.noisy


def test_the_estimate_is_the_regression_of_the_truth_on_the_readings() -> None:
    """The weights come without the truth; here it is known, and least squares is the oracle."""
    prepared = prepared_with(2.0)
    lag_model = lag_model_of_study(prepared, LONGEST)
    noise = DriverNoise.compute(prepared)
    (estimate,) = averaged(lag_model, noise, ["temperature"]).T
    truth = -lag_model.friction  # a straight line of the true temperature, and noise of its own
    past = lag_model.bins[:, lag_model.channels.index("temperature"), lag_model.future :]
    design = np.column_stack([past, np.ones(len(past))])
    slow_twin = design @ np.linalg.lstsq(design, truth, rcond=None)[0]
    assert np.corrcoef(estimate, slow_twin)[0, 1] > 0.999


def test_a_quiet_driver_has_no_estimate() -> None:
    prepared = prepared_with(0.0)
    lag_model = lag_model_of_study(prepared, LONGEST)
    noise = DriverNoise.compute(prepared)
    assert averaged(lag_model, noise, ["temperature"]).shape == (lag_model.friction.size, 0)


def test_noise_is_read_back_from_its_dataset() -> None:
    found = DriverNoise.compute(prepared_with(1.0))
    again = DriverNoise.from_dataset(found.to_dataset())
    assert again.channels == found.channels
    np.testing.assert_array_equal(again.level, found.level)
    np.testing.assert_array_equal(again.share, found.share)


def lag_model_with(noise: float, memory: int) -> tuple[LagModel, DriverNoise]:
    prepared = prepared_with(noise, memory)
    return lag_model_of_study(prepared, LONGEST), DriverNoise.compute(prepared)


@pytest.mark.parametrize("noise", [1.0, 3.0])
def test_averaging_noise_away_is_no_memory(noise: float) -> None:
    """Friction follows the present temperature; without the estimate, models need the past."""
    lag_model, of_drivers = lag_model_with(noise, memory=1)
    naive = required_by_lag_model(lag_model, ["temperature"])
    assert naive.range is not None
    found = RequiredHistory.compute(lag_model, ("temperature",), "linear", of_drivers)
    assert found.range is None
    knowing = knowing_the_present(lag_model, of_drivers, ["temperature"], "linear")
    assert not any(fit.is_shown for fit in fit_kernels(knowing, ["temperature"]))


def test_a_memory_is_found_through_the_noise() -> None:
    memory = 40
    lag_model, of_drivers = lag_model_with(1.0, memory)
    found = RequiredHistory.compute(lag_model, ("temperature",), "linear", of_drivers)
    assert found.range is not None
    low, high = found.range
    assert low < memory <= high
    knowing = knowing_the_present(lag_model, of_drivers, ["temperature"], "linear")
    boxcar, _ = fit_kernels(knowing, ["temperature"])
    assert boxcar.low <= memory <= boxcar.high
