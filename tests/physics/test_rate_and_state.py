import math

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp

from slicken.errors import PlanError
from slicken.physics.friction import Instant
from slicken.physics.rate_and_state import RateAndState

EVOLUTIONS = ("ageing", "slip")


def follow(
    law: RateAndState,
    velocity: ArrayLike,
    stress: ArrayLike | None = None,
    dt: float = 1.0,
) -> NDArray[np.float64]:
    """Friction at every sample."""
    velocity = np.asarray(velocity, dtype=float)
    stress = np.full(velocity.shape, 3e6) if stress is None else np.asarray(stress, dtype=float)
    instants = [Instant(v, s, 22.0, 0.0) for v, s in zip(velocity, stress, strict=True)]
    state, friction = law.start(instants[0], dt), []
    for now in instants:
        value, state = law.step(state, now, dt)
        friction.append(value)
    return np.array(friction)


def solved(
    law: RateAndState, velocity: NDArray[np.float64], stress: NDArray[np.float64], dt: float
) -> NDArray[np.float64]:
    """The same friction from the differential equations, by scipy at a tight tolerance.

    Smooth: velocity is held over a step, the logarithm of normal stress changes linearly in a
    nanosecond between two steps, which is a jump.
    """

    def rates(
        _: float, log_theta: NDArray[np.float64], v: float, log_stress_rate: float
    ) -> list[float]:
        x = v * math.exp(log_theta[0]) / law.slip_scale
        aged = (1 - x) / math.exp(log_theta[0]) if law.evolution == "ageing" else None
        slipped = -(v / law.slip_scale) * math.log(x) if law.evolution == "slip" else aged
        return [slipped - law.alpha / law.b * log_stress_rate]

    log_theta, friction = [math.log(law.slip_scale / velocity[0])], []
    for k, v in enumerate(velocity):
        state = math.log(law.reference_velocity / law.slip_scale) + log_theta[0]
        drive = v / (2 * law.reference_velocity) * math.exp((law.mu0 + law.b * state) / law.a)
        friction.append(law.a * math.asinh(drive))
        tight = {"method": "LSODA", "rtol": 1e-11, "atol": 1e-12}
        log_theta = solve_ivp(rates, (0, dt), log_theta, args=(v, 0.0), **tight).y[:, -1]
        if k + 1 < len(velocity):
            jump, instant = math.log(stress[k + 1] / stress[k]), 1e-9
            log_theta = solve_ivp(
                rates, (0, instant), log_theta, args=(v, jump / instant), **tight
            ).y[:, -1]
    return np.array(friction)


@pytest.mark.parametrize("evolution", EVOLUTIONS)
def test_steps_match_the_differential_equations_at_a_tight_tolerance(evolution: str) -> None:
    law = RateAndState(evolution=evolution, slip_scale=50e-6, alpha=0.3)
    velocity = np.repeat([1e-5, 1e-4, 1e-6, 3e-5, 1e-8, 1e-4], 8)
    stress = np.repeat([2e6, 2e6, 3e6, 3e6, 3e6, 2.5e6], 8)
    np.testing.assert_allclose(
        follow(law, velocity, stress), solved(law, velocity, stress, 1.0), atol=2e-7
    )


@pytest.mark.parametrize("evolution", EVOLUTIONS)
def test_steady_friction_is_mu0_plus_a_minus_b_times_the_logarithm(evolution: str) -> None:
    law = RateAndState(evolution=evolution)
    for velocity in (1e-6, 1e-5, 4e-3):
        friction = follow(law, np.concatenate([[1e-5] * 3, [velocity] * 2000]))[-1]
        expected = law.mu0 + (law.a - law.b) * np.log(velocity / law.reference_velocity)
        assert friction == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("evolution", EVOLUTIONS)
def test_a_velocity_step_has_the_direct_effect_a(evolution: str) -> None:
    law = RateAndState(evolution=evolution)
    friction = follow(law, [1e-5] * 5 + [1e-4])
    assert friction[5] - friction[4] == pytest.approx(law.a * np.log(10.0), abs=1e-12)


@pytest.mark.parametrize("evolution", EVOLUTIONS)
def test_a_normal_stress_step_gives_a_transient_that_fades_over_dc(evolution: str) -> None:
    law = RateAndState(evolution=evolution, alpha=0.25, slip_scale=100e-6)
    friction = follow(law, [1e-5] * 500, [2e6] * 5 + [2.2e6] * 495)
    assert friction[5] - friction[4] == pytest.approx(-0.25 * np.log(1.1), abs=1e-9)
    assert friction[-1] == pytest.approx(friction[4], abs=1e-9)


def test_at_4_mm_per_s_the_transient_is_gone_by_the_next_second() -> None:
    law = RateAndState(alpha=0.25, slip_scale=100e-6)
    friction = follow(law, [4e-3] * 4, [2e6, 2e6, 3e6, 3e6])
    assert friction[2] - friction[1] < -0.1
    assert friction[3] == pytest.approx(friction[1], abs=1e-9)


def test_the_slip_law_relaxes_exponentially_with_slip() -> None:
    law = RateAndState(evolution="slip", slip_scale=100e-6)
    friction = follow(law, [1e-5] + [1e-4] * 6)
    excess = friction[1:] - (law.mu0 + (law.a - law.b) * np.log(10.0))
    np.testing.assert_allclose(excess, law.b * np.log(10.0) * np.exp(-np.arange(6.0)), atol=1e-9)


def test_at_rest_contacts_age_by_the_clock_in_one_law_and_not_at_all_in_the_other() -> None:
    still = Instant(0.0, 3e6, 22.0, 0.0)
    for evolution, expected in (("ageing", 10.0 + 100.0), ("slip", 10.0)):
        law = RateAndState(evolution=evolution, slip_scale=100e-6, reference_velocity=1e-5)
        friction, contacts = law.step(law.start(still, 100.0), still, 100.0)
        assert friction == 0.0
        assert math.exp(contacts.log_age) == pytest.approx(expected)


def test_tiny_and_huge_velocities_stay_finite() -> None:
    law = RateAndState(a=1e-3, slip_scale=1e-6)
    assert np.all(np.isfinite(follow(law, [1e-30, 1e-12, 1.0, 1e-9, 10.0])))


def test_unknown_evolutions_and_impossible_numbers_are_refused() -> None:
    with pytest.raises(PlanError, match="choose ageing or slip"):
        RateAndState(evolution="composite")
    with pytest.raises(PlanError, match="must be positive"):
        RateAndState(a=0.0)
