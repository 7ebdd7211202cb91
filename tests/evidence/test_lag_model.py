"""Lag model: bins by plain loops, regressions against scikit-learn, and planted linear truths."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

import builders
from slicken.evidence.confounding import lag_model_of_study, measure_confounding
from slicken.evidence.kernels import fit_kernels
from slicken.evidence.lag_model import LagModel, build_lag_model
from slicken.evidence.required import required_by_lag_model, select_drivers
from slicken.learning.bins import bin_means, edges_to
from slicken.learning.ridge import PENALTIES

MEMORY, SAMPLES = 24, 700
EVERY = np.arange(7 * SAMPLES)


@given(st.integers(1, 700))
def test_edges_widen_from_the_present_to_the_length(length: int) -> None:
    edges = edges_to(length)
    assert edges[0] == 0
    assert edges[-1] == length
    assert all(b > a for a, b in itertools.pairwise(edges))
    assert all(b <= max(a * 1.5, a + 1) for a, b in itertools.pairwise(edges) if a)


@given(st.integers(0, 2**31), st.lists(st.integers(-4, 9), min_size=2, max_size=6, unique=True))
@settings(max_examples=30, deadline=None)
def test_bins_are_means_over_lags(seed: int, edges: list[int]) -> None:
    edges = sorted(edges)
    values = np.random.default_rng(seed).normal(size=(40, 2))
    ends = np.array([10, 20, 33])
    found = bin_means(values, ends, edges)
    for n, end in enumerate(ends):
        for k, (first, last) in enumerate(itertools.pairwise(edges)):
            here = [values[end - lag] for lag in range(first, last)]
            np.testing.assert_allclose(found[n, :, k], np.mean(here, axis=0), atol=1e-12)


def hot_experiments(memory: int = MEMORY, noise: float = 0.001) -> list:
    """Friction is the mean temperature of the last samples; velocity is noise."""
    found = []
    for number in range(7):
        random = np.random.default_rng(number)
        temperature = builders.smooth(random, SAMPLES + memory, 12)
        mean = np.convolve(temperature, np.full(memory, 1 / memory), "valid")[-SAMPLES:]
        found.append(
            builders.make_experiment(
                f"run{number}", SAMPLES, seed=number, stages=[350, 350],
                temperature=30 + 5 * temperature[-SAMPLES:],
                friction=0.6 + 0.05 * mean + noise * random.normal(size=SAMPLES),
            )
        )  # fmt: skip
    return found


@pytest.fixture(scope="module")
def lag_model() -> LagModel:
    prepared = builders.make_prepared(hot_experiments(), windows=[10, 96], stride=5)
    return lag_model_of_study(prepared, 96)


def test_a_group_is_judged_by_a_regression_that_never_saw_it(lag_model: LagModel) -> None:
    columns = lag_model.columns(["temperature"], steps=4)
    features = lag_model.bins[:, columns]
    slow = np.full((len(PENALTIES), lag_model.friction.size), np.nan)
    for row, penalty in zip(slow, PENALTIES, strict=True):
        for group in range(lag_model.groups):
            here = lag_model.group == group
            ridge = Ridge(alpha=penalty * (~here).sum()).fit(
                features[~here], lag_model.friction[~here]
            )
            row[here] = (ridge.predict(features[here]) - lag_model.friction[here]) ** 2
    best = slow[np.argmin(slow.mean(axis=1))]
    np.testing.assert_allclose(lag_model.errors(columns), best, atol=1e-8)


def test_the_test_part_stays_out(lag_model: LagModel) -> None:
    prepared = builders.make_prepared(hot_experiments(), windows=[10, 96], stride=5)
    test = prepared.record.experiment[prepared.split.ends["test"]]
    assert lag_model.groups == len(prepared.record.experiments) - len(set(test.tolist()))


def test_few_experiments_are_judged_by_stretches_whose_neighbours_do_not_teach() -> None:
    long = [builders.make_experiment(f"run{i}", 3000, seed=i) for i in range(3)]
    prepared = builders.make_prepared(long, windows=[10, 40])
    lag_model = build_lag_model(prepared, 40)
    assert lag_model.groups > 4
    assert lag_model.near.diagonal().all()
    assert np.array_equal(lag_model.near, lag_model.near.T)
    assert lag_model.near.sum() > lag_model.groups


def test_a_planted_memory_lies_within_what_is_needed(lag_model: LagModel) -> None:
    required = required_by_lag_model(lag_model, ["slip_velocity", "temperature"])
    assert required.range is not None
    low, high = required.range
    assert low < MEMORY <= high
    assert high <= 3 * low


def test_no_memory_is_none() -> None:
    """Friction answers the present temperature only: the shortest history is enough."""
    prepared = builders.make_prepared(hot_experiments(memory=1), windows=[10, 96], stride=5)
    assert (
        required_by_lag_model(build_lag_model(prepared, 96), ["slip_velocity", "temperature"]).range
        is None
    )


def test_a_cause_has_no_future_and_what_is_left_out_shows(lag_model: LagModel) -> None:
    roles = measure_confounding(lag_model, ("slip_velocity", "temperature"), EVERY)
    assert roles.attrs["model"] == "linear"
    assert int(roles["validation_error"].notnull().sum()) == lag_model.ends.size
    assert float(roles["validation_error"].mean()) == pytest.approx(float(roles["loss"]))
    assert float(roles["left_out_low"].sel(channel="temperature")) > 0.5
    assert float(roles["left_out"].sel(channel="slip_velocity")) < 0.01
    assert float(roles["lead_gain"].sel(channel="temperature")) < 0.05
    assert float(roles["stress_gain"]) < 0.05


def test_a_consequence_is_known_by_its_future() -> None:
    """Temperature follows friction by eight samples: its future tells of friction now."""
    found = []
    for number in range(7):
        random = np.random.default_rng(number)
        friction = 0.6 + 0.05 * builders.smooth(random, SAMPLES, 8)
        late = np.concatenate([np.full(8, friction[0]), friction[:-8]])
        found.append(
            builders.make_experiment(
                f"run{number}", SAMPLES, seed=number, friction=friction,
                temperature=30 + 100 * late + 0.1 * random.normal(size=SAMPLES),
            )
        )  # fmt: skip
    prepared = builders.make_prepared(found, windows=[10, 96], stride=5)
    roles = measure_confounding(
        build_lag_model(prepared, 96), ("slip_velocity", "temperature"), EVERY
    )
    assert float(roles["lead_gain_low"].sel(channel="temperature")) > 0.05
    assert float(roles["lead_gain"].sel(channel="slip_velocity")) < 0.05


def test_the_fewest_drivers_are_those_that_add(lag_model: LagModel) -> None:
    assert select_drivers(lag_model, ("slip_velocity", "temperature")) == ("temperature",)


def test_a_planted_mean_is_found_with_its_length(lag_model: LagModel) -> None:
    """Seven experiments, five of which judge; noise of 2 %: a few samples either way."""
    found, other = fit_kernels(lag_model, ["temperature"])
    assert (found.shape, other.shape) == ("boxcar", "exponential")
    assert found.is_shown
    assert found.fits
    assert found.low <= MEMORY <= found.high
    assert found.high < 1.5 * found.low
    assert found.behind == (0, 0, 0)
    assert other.behind.low > 0


def test_a_recent_mean_counts_its_last_sample_in_part(lag_model: LagModel) -> None:
    place = lag_model.channels.index("temperature")
    values = lag_model.values[:, place]
    for samples, weights in ((3.0, [1, 1, 1]), (2.25, [1, 1, 0.25]), (1.0, [1])):
        slow = [
            np.average([values[end - lag] for lag in range(len(weights))], weights=weights)
            for end in lag_model.ends[:20]
        ]
        found = lag_model.recent_mean([place], samples)[:20, 0]
        np.testing.assert_allclose(found, slow, atol=1e-9)


def test_no_past_has_no_length() -> None:
    prepared = builders.make_prepared(hot_experiments(memory=1), windows=[10, 96], stride=5)
    assert not any(
        one.is_shown for one in fit_kernels(build_lag_model(prepared, 96), ["temperature"])
    )
