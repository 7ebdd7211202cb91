"""Curved answers: features against closed forms, and planted laws that are not linear."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

import builders
from slicken.evidence.confounding import better_model, lag_model_of_study
from slicken.evidence.curved import BENDS, Curves, curved
from slicken.evidence.kernels import MISFIT, KernelFit, fit_kernels
from slicken.evidence.lag_model import LagModel, Model
from slicken.evidence.noise import DriverNoise
from slicken.evidence.required import RequiredHistory, select_drivers
from slicken.evidence.resampling import Interval
from slicken.learning.ridge import PENALTIES

DRIVERS = ("slip_velocity", "temperature")
Law = Callable[[np.ndarray, np.ndarray], np.ndarray]
MEMORY, LONGEST, SAMPLES = 24, 96, 700
QUIET = DriverNoise(DRIVERS, np.zeros(len(DRIVERS)), np.zeros(len(DRIVERS)))


def truncated_powers(values: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """The textbook basis of quadratic splines: 1, x, x^2, and (x - k)^2 beyond each inner knot."""
    beyond = [np.maximum(values - knot, 0) ** 2 for knot in knots[1:-1]]
    return np.stack([np.ones_like(values), values, values**2, *beyond], axis=-1)


def left_over(target: np.ndarray, by: np.ndarray) -> float:
    found = by @ np.linalg.lstsq(by, target, rcond=None)[0]
    return float(np.abs(found - target).max())


@given(st.integers(0, 2**31), st.integers(1, 8))
@settings(max_examples=30, deadline=None)
def test_curves_are_the_quadratic_splines_of_their_quantiles(seed: int, pieces: int) -> None:
    values = np.random.default_rng(seed).gamma(2.0, size=300)
    features = Curves.through(values, pieces)(values)
    powers = truncated_powers(values, np.quantile(values, np.linspace(0, 1, pieces + 1)))
    assert left_over(powers, np.column_stack([np.ones(300), features])) < 1e-6 * powers.max()
    assert left_over(features, powers) < 1e-6
    np.testing.assert_allclose(features[:, 0], (values - values.mean()) / values.std(), atol=1e-9)
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(features.T @ features / 300, np.eye(pieces + 1), atol=1e-6)


def test_curves_are_constant_beyond_their_ends() -> None:
    curves = Curves.through(np.linspace(-1.0, 2.0, 50))
    np.testing.assert_allclose(curves(np.array([-9.0, 7.0])), curves(np.array([-1.0, 2.0])))


@pytest.mark.parametrize("levels", [[3.0], [1.0, 4.0]])
def test_few_levels_bend_no_curve(levels: list[float]) -> None:
    """A quantity with one level has no features; with two it has a straight line."""
    values = np.tile(levels, 20)
    features = curved(values[:, None])[:, 0]
    assert features.shape == (values.size, BENDS)
    assert np.count_nonzero(features.any(axis=0)) == len(levels) - 1


def warm_experiments(law: Law, memory: int, first: int = 0) -> list:
    """Friction by a law of the mean temperature of the last samples, and of velocity now."""
    found = []
    for number in range(first, first + 9):
        random = np.random.default_rng(number)
        temperature = builders.smooth(random, SAMPLES + memory, 30)
        mean = np.convolve(temperature, np.full(memory, 1 / memory), "valid")[-SAMPLES:]
        velocity = builders.smooth(random, SAMPLES, 30)
        found.append(
            builders.make_experiment(
                f"run{number}", SAMPLES, seed=number, stages=[350, 350],
                temperature=30 + 5 * temperature[-SAMPLES:], slip_velocity=4e-3 + 1e-3 * velocity,
                friction=0.6 + 0.05 * law(mean, velocity) + 0.002 * random.normal(size=SAMPLES),
            )
        )  # fmt: skip
    return found


def softening(mean: np.ndarray, _: np.ndarray) -> np.ndarray:
    return np.tanh(mean - 0.3)


def steep(mean: np.ndarray, _: np.ndarray) -> np.ndarray:
    return np.tanh(3 * mean - 1)


def linear(mean: np.ndarray, _: np.ndarray) -> np.ndarray:
    return mean


def product(mean: np.ndarray, velocity: np.ndarray) -> np.ndarray:
    return mean * velocity


def lag_model_of(experiments: list) -> LagModel:
    prepared = builders.make_prepared(experiments, windows=[10, LONGEST], stride=5)
    return lag_model_of_study(prepared, LONGEST)


@pytest.fixture(scope="module")
def softened() -> LagModel:
    return lag_model_of(warm_experiments(softening, MEMORY))


def test_a_group_is_judged_by_curves_that_never_saw_it(softened: LagModel) -> None:
    """Against scikit-learn's ridge regression on textbook splines, made orthonormal by QR."""
    columns = softened.columns(["temperature"], steps=4)
    place = softened.channels.index("temperature")
    bins = softened.bins[:, place]
    powers = truncated_powers(bins.ravel(), np.quantile(bins, [0.0, 1 / 3, 2 / 3, 1.0]))
    basis = np.linalg.qr(powers)[0][:, 1:] * np.sqrt(bins.size)
    here = basis.reshape(*bins.shape, -1)[:, softened.future : softened.future + 4]
    features = here.reshape(len(bins), -1)
    slow = np.full((len(PENALTIES), softened.friction.size), np.nan)
    for row, penalty in zip(slow, PENALTIES, strict=True):
        for group in range(softened.groups):
            judged = softened.group == group
            ridge = Ridge(alpha=penalty * (~judged).sum())
            ridge.fit(features[~judged], softened.friction[~judged])
            row[judged] = (ridge.predict(features[judged]) - softened.friction[judged]) ** 2
    best = slow[np.argmin(slow.mean(axis=1))]
    np.testing.assert_allclose(softened.errors(columns, "curved"), best, atol=1e-6)


@pytest.mark.parametrize("model", ["linear", "curved"])
def test_what_is_always_seen_stands_beside_what_is_asked(softened: LagModel, model: Model) -> None:
    """The other driver's present, by name or as features that every regression sees."""
    named = softened.columns(["slip_velocity"], steps=1)
    asked = softened.columns(["temperature"], steps=3)
    place = softened.channels.index("slip_velocity")
    bins = softened.bins[:, place]
    features = curved(bins[:, None])[:, 0] if model == "curved" else bins[:, :, None]
    seeing = replace(softened, always=features[:, softened.future])
    found = seeing.errors(asked, model)
    np.testing.assert_allclose(found, softened.errors(asked | named, model), atol=1e-9)
    fewer = seeing.decimated(500)
    assert fewer.errors(asked, model).size == fewer.ends.size <= 500


@pytest.mark.parametrize("first", [0, 20, 40, 60])
def test_a_memory_behind_a_sigmoid_is_found(first: int) -> None:
    lag_model = lag_model_of(warm_experiments(softening, MEMORY, first))
    assert better_model(lag_model, DRIVERS) == "curved"
    required = RequiredHistory.compute(lag_model, DRIVERS, "curved", QUIET)
    assert required.family == "curved"
    assert required.drivers == ("temperature",)
    assert required.range is not None
    assert required.range[0] < MEMORY <= required.range[1]
    found, other = fit_kernels(lag_model, required.drivers, "curved")
    assert found.fits
    assert found.is_shown
    assert found.low <= MEMORY <= found.high
    assert found.high < 1.2 * found.low
    assert other.behind.low > 0


def test_a_linear_law_stays_linear() -> None:
    lag_model = lag_model_of(warm_experiments(linear, MEMORY))
    assert better_model(lag_model, DRIVERS) == "linear"


@pytest.mark.parametrize(("law", "model"), [(softening, "curved"), (steep, "trees")])
def test_a_law_of_the_present_has_no_memory(law: Law, model: Model) -> None:
    lag_model = lag_model_of(warm_experiments(law, 1))
    assert better_model(lag_model, DRIVERS) == model
    assert RequiredHistory.compute(lag_model, DRIVERS, model, QUIET).range is None
    kernels = fit_kernels(lag_model, ("temperature",), model)
    assert not any(one.is_shown for one in kernels)


@pytest.mark.parametrize("law", [steep, product])
def test_what_is_left_to_trees_may_still_be_a_kernel(law: Law) -> None:
    """Curves of bins are too stiff for a steep law, and no sum of them is a product."""
    lag_model = lag_model_of(warm_experiments(law, MEMORY))
    assert better_model(lag_model, DRIVERS) == "trees"
    drivers = ("temperature",) if law is steep else DRIVERS
    assert set(select_drivers(lag_model, DRIVERS, "trees")) == set(drivers)
    found = fit_kernels(lag_model, drivers, "trees")[0]
    assert found.fits
    assert found.is_shown
    assert found.low <= MEMORY <= found.high
    assert found.high < 1.3 * found.low


def test_an_unsure_excess_shows_no_fit(kernel: KernelFit) -> None:
    assert replace(kernel, excess=Interval(0.0, -MISFIT / 2, MISFIT / 2)).fits
    assert not replace(kernel, excess=Interval(0.0, -2 * MISFIT, 2 * MISFIT)).fits


@pytest.fixture(scope="module")
def kernel(softened: LagModel) -> KernelFit:
    return fit_kernels(softened, ("temperature",), "curved")[0]
