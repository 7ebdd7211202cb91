"""Pooling: closed forms, a slow twin, and intervals that cover with few estimates."""

import numpy as np
import pytest
from scipy import stats

from slicken.laws.pooling import fit_line


def slow(estimates: np.ndarray, variances: np.ndarray) -> tuple[float, float, float]:
    """Scatter by bisection, then the weighted mean and its Hartung-Knapp error, all by loops."""

    def mean(scatter: float) -> tuple[float, float, float]:
        weights = [1 / (v + scatter) for v in variances]
        centre = sum(w * y for w, y in zip(weights, estimates, strict=True)) / sum(weights)
        squares = sum(w * (y - centre) ** 2 for w, y in zip(weights, estimates, strict=True))
        return centre, squares, sum(weights)

    low, high = 0.0, 1e4
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if mean(middle)[1] > len(estimates) - 1 else (low, middle)
    centre, squares, weight = mean(low)
    return centre, np.sqrt(low), np.sqrt(squares / (len(estimates) - 1) / weight)


@pytest.mark.parametrize("seed", range(5))
def test_a_pooled_value_is_that_of_plain_loops(seed: int) -> None:
    random = np.random.default_rng(seed)
    variances = 10.0 ** random.uniform(-2, 0, 6)
    estimates = random.normal(size=6)
    found, (centre, scatter, error) = (
        fit_line(estimates, variances, np.ones((6, 1))),
        slow(estimates, variances),
    )
    assert found.values[0] == pytest.approx(centre)
    assert found.scatter == pytest.approx(scatter, abs=1e-6)
    assert found.errors[0] == pytest.approx(error)


def test_with_equal_variances_the_interval_is_that_of_the_mean() -> None:
    estimates = np.random.default_rng(1).normal(size=7)
    found = fit_line(estimates, np.full(7, 1e-3), np.ones((7, 1)))
    sure = stats.t.interval(0.95, 6, estimates.mean(), stats.sem(estimates))
    assert found.interval(0) == pytest.approx(sure)
    assert found.scatter**2 == pytest.approx(estimates.var(ddof=1) - 1e-3)
    assert found.p_same == pytest.approx(stats.chi2.sf(6 * estimates.var(ddof=1) / 1e-3, 6))


def test_with_equal_variances_a_line_is_that_of_least_squares() -> None:
    random = np.random.default_rng(2)
    x, estimates = random.normal(size=9), random.normal(size=9)
    found = fit_line(estimates, np.full(9, 1e-4), np.column_stack([np.ones(9), x]))
    plain = stats.linregress(x, estimates)
    assert found.values[1] == pytest.approx(plain.slope)
    assert found.errors[1] == pytest.approx(plain.stderr)
    assert found.p(1) == pytest.approx(plain.pvalue)


def test_alike_estimates_are_as_sure_as_their_errors_make_them() -> None:
    found = fit_line(np.full(4, 2.0), np.full(4, 0.04), np.ones((4, 1)))
    assert found.scatter == 0.0
    assert found.interval(0) == pytest.approx((2 - 1.96 * 0.1, 2 + 1.96 * 0.1), abs=1e-4)
    assert found.p_same == pytest.approx(1.0)


@pytest.mark.parametrize("count", [2, 3, 4, 8])
@pytest.mark.parametrize("scatter", [0.0, 0.5, 2.0])
def test_intervals_cover_with_few_estimates_too(count: int, scatter: float) -> None:
    """Variances over a factor of ten; 95 % are meant, and errors alone make them cautious."""
    random = np.random.default_rng([count, int(2 * scatter)])
    held, false, draws = 0, 0, 600
    for _ in range(draws):
        variances = 10.0 ** random.uniform(-0.5, 0.5, count)
        estimates = random.normal(size=count) * np.sqrt(variances + scatter**2)
        low, high = fit_line(estimates, variances, np.ones((count, 1))).interval(0)
        held += low <= 0 <= high
        if count > 2:
            columns = np.column_stack([np.ones(count), np.arange(count) - (count - 1) / 2])
            false += fit_line(estimates, variances, columns).p(1) < 0.05
    assert 0.91 < held / draws <= 1.0
    assert false / draws < 0.08
