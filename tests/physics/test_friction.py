from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from slicken.errors import PlanError
from slicken.physics.friction import (
    FrictionLaw,
    Instant,
    Levelled,
    LoadHistory,
    Prescribed,
    RunningIn,
    RunningInBySlip,
    ThermalWeakening,
    wander,
)


def follow(law: FrictionLaw[Any], instants: list[Instant], dt: float = 1.0) -> NDArray[np.float64]:
    """Friction at every instant."""
    state, friction = law.start(instants[0], dt), []
    for now in instants:
        value, state = law.step(state, now, dt)
        friction.append(value)
    return np.array(friction)


def at(
    velocity: float = 4e-3,
    normal_stress: float = 1e6,
    temperature: float = 22.0,
    worn: float = 0.0,
) -> Instant:
    return Instant(velocity, normal_stress, temperature, worn)


def test_thermal_weakening_matches_a_plain_mean_of_the_recent_temperature() -> None:
    temperature = np.random.default_rng(0).uniform(20, 70, 90)
    law = ThermalWeakening(mu0=0.7, slope=-1e-3, memory=20.0, reference=25.0)
    before = np.concatenate([np.full(40, 25.0), temperature])
    expected = [0.7 - 1e-3 * (before[21 + i : 41 + i].mean() - 25.0) for i in range(90)]
    np.testing.assert_allclose(follow(law, [at(temperature=t) for t in temperature]), expected)


def test_the_memory_is_in_seconds_whatever_the_sampling() -> None:
    warm = [at(temperature=62.0)] * 200
    every_second = follow(ThermalWeakening(memory=50.0), warm)
    ten_a_second = follow(ThermalWeakening(memory=5.0), warm, dt=0.1)
    np.testing.assert_allclose(every_second, ten_a_second)
    assert every_second[48] > every_second[49] == pytest.approx(0.65 - 5e-4 * 40)


def test_without_memory_only_the_present_temperature_counts() -> None:
    temperature = [22.0, 70.0, 30.0]
    friction = follow(ThermalWeakening(memory=0.0), [at(temperature=t) for t in temperature])
    np.testing.assert_allclose(friction, [0.65, 0.65 - 48 * 5e-4, 0.65 - 8 * 5e-4])


def test_running_in_falls_by_a_factor_e_over_its_depth() -> None:
    law = RunningIn(mu_worn=0.6, drop=0.1, depth=10e-6)
    friction = follow(law, [at(worn=0.0), at(worn=10e-6), at(worn=1.0)])
    np.testing.assert_allclose(friction, [0.7, 0.6 + 0.1 / np.e, 0.6])


def test_running_in_by_slip_is_a_decay_in_metres_whatever_velocity_load_and_time() -> None:
    law = RunningInBySlip(mu_worn=0.6, drop=0.1, slip=1.5)
    velocity = np.repeat([4e-3, 5e-4, 0.0, 4e-3], 100)
    slipped = np.concatenate([[0.0], np.cumsum(velocity)[:-1]])
    expected = 0.6 + 0.1 * np.exp(-slipped / 1.5)
    for stress, worn in ((1e6, 0.0), (5e6, 1e-4)):
        instants = [at(velocity=v, normal_stress=stress, worn=worn) for v in velocity]
        np.testing.assert_allclose(follow(law, instants), expected, rtol=1e-12)
    slow = follow(law, [at(velocity=v / 10) for v in velocity], dt=10.0)
    np.testing.assert_allclose(slow, expected, rtol=1e-12)


def test_a_level_raises_another_law_and_leaves_its_memory_alone() -> None:
    law = ThermalWeakening(memory=5.0)
    warm = [at(temperature=t) for t in (22.0, 60.0, 40.0, 22.0)]
    np.testing.assert_allclose(follow(Levelled(law, -0.04), warm), follow(law, warm) - 0.04)


def test_a_load_step_answers_with_alpha_times_the_logarithm_and_fades_with_the_memory() -> None:
    law = LoadHistory(mu0=0.65, alpha=0.03, memory=50.0)
    stress = [1e6] * 10 + [4e6] * 300
    friction = follow(law, [at(normal_stress=s) for s in stress])
    np.testing.assert_allclose(friction[:10], 0.65)
    since = np.arange(300.0)
    np.testing.assert_allclose(friction[10:], 0.65 - 0.03 * np.log(4) * np.exp(-since / 50.0))


def test_a_load_history_does_not_depend_on_the_sampling_while_the_stress_is_held() -> None:
    law = LoadHistory(memory=30.0)
    slow = follow(law, [at(normal_stress=s) for s in (1e6, 3e6, 3e6, 0.5e6)], dt=10.0)
    held = np.repeat([1e6, 3e6, 3e6, 0.5e6], 100)
    fast = follow(law, [at(normal_stress=s) for s in held], dt=0.1)
    np.testing.assert_allclose(fast[::100], slow, rtol=1e-12)


def test_prescribed_friction_follows_nobody() -> None:
    path = [0.6, 0.7, 0.65]
    hot = [at(temperature=t, worn=t) for t in (0.0, 500.0, 1000.0)]
    assert follow(Prescribed(path), hot).tolist() == path


def test_wandering_friction_has_its_spread_and_its_correlation_time() -> None:
    path = np.array(wander(200_000, np.random.default_rng(1), dt=1.0, std=0.02, memory=100.0))
    assert path.mean() == pytest.approx(0.65, abs=2e-3)
    assert path.std() == pytest.approx(0.02, rel=0.05)
    assert np.corrcoef(path[:-100], path[100:])[0, 1] == pytest.approx(np.exp(-1), abs=0.05)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ThermalWeakening(memory=-1.0),
        lambda: ThermalWeakening(memory=float("nan")),
        lambda: LoadHistory(memory=0.0),
        lambda: RunningIn(depth=0.0),
        lambda: RunningInBySlip(slip=0.0),
    ],
)
def test_laws_with_impossible_memory_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(PlanError, match="must be"):
        make()
