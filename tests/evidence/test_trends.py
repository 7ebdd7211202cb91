"""Trends that friction and a driver share, and effects that remain when they are taken off."""

import numpy as np
import pytest

import builders
from slicken.evidence.lag_model import build_lag_model
from slicken.evidence.trends import about_trends, measure_trends

SAMPLES = 600
CLOCK = np.arange(SAMPLES) / SAMPLES


def gains(
    friction: str, *, levels: float = 0.0, effect: float = 0.0, count: int = 12
) -> dict[str, tuple[float, float]]:
    """Temperature warms with the room at a rate of its own, and moves about that; so does friction.

    Args:
        friction: What friction follows: the ``room`` or the ``temperature``.
        levels: Spread of the temperature between experiments.
        effect: Spread of the temperature about its trend.
    """
    random = np.random.default_rng(0)
    experiments = []
    for i in range(count):
        room = random.uniform(4, 12) * CLOCK
        own = levels * random.uniform(-1, 1) + effect * builders.smooth(random, SAMPLES, 60)
        temperature = 20 + room + own
        moved = room if friction == "room" else temperature
        noise = 0.002 * random.normal(size=SAMPLES)
        experiments.append(
            builders.make_experiment(
                f"run{i}", SAMPLES, seed=i, temperature=temperature,
                friction=0.6 + 0.005 * moved + noise,
            )
        )  # fmt: skip
    prepared = builders.make_prepared(experiments)
    found = measure_trends(build_lag_model(prepared, 20), prepared)
    return {
        str(name): (float(gain), float(low))
        for name, gain, low in zip(
            found["channel"].to_numpy(), found["about_trends"], found["about_trends_low"],
            strict=True,
        )
    }  # fmt: skip


def test_slopes_and_bends_are_taken_off_and_levels_only_where_asked() -> None:
    """By hand: 3 + 2 t - t^2 and, in the second experiment, 5 + sin beyond its own parabola."""
    elapsed = np.tile(np.arange(50.0), 2)
    values = np.r_[3 + 2 * elapsed[:50] - elapsed[:50] ** 2, np.full(50, 5.0)][:, None]
    experiment = np.repeat([0, 1], 50)
    kept = about_trends(values, elapsed, experiment, levels=True)[:, 0]
    np.testing.assert_allclose(kept, np.repeat([3.0, 5.0], 50), atol=1e-8)
    none = about_trends(values, elapsed, experiment, levels=False)
    np.testing.assert_allclose(none, 0, atol=1e-8)


def test_a_driver_that_only_shares_a_trend_predicts_nothing_about_it() -> None:
    for name, (gain, _) in gains("room", effect=1.0).items():
        assert gain < 0.02, name


@pytest.mark.parametrize(("levels", "effect"), [(0.0, 1.0), (10.0, 0.0)])
def test_a_cause_predicts_friction_about_trends_by_its_course_or_by_its_level(
    levels: float, effect: float
) -> None:
    found = gains("temperature", levels=levels, effect=effect)
    gain, low = found["temperature"]
    assert gain > 0.3
    assert low > 0
    assert found["slip_velocity"][0] < 0.02
