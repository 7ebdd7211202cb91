from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from slicken.errors import PlanError
from slicken.physics.heat import Conduction, Specimen, Thermocouple, discretise

BARE = Specimen(surface_coefficient=0.0)


def warm(
    specimen: Specimen,
    thermocouple: Thermocouple,
    flux: Iterable[float],
    *,
    dt: float = 1.0,
    nodes: int = 80,
) -> tuple[Conduction, NDArray[np.float64]]:
    """The rods and their state before and after every step."""
    rods = discretise(specimen, thermocouple, dt=dt, nodes=nodes)
    states = [rods.rest()]
    for value in flux:
        states.append(rods.step(states[-1], value))
    return rods, np.array(states)


def test_a_long_rod_warms_like_a_half_space_that_takes_half_of_the_work() -> None:
    """dT = tau V sqrt(t)/(rho c sqrt(pi alpha)): one side's flux q = tau V/2 gives
    2 q sqrt(t/(pi k rho c)), and the two halves cancel."""
    rock = Specimen(length=0.1, surface_coefficient=0.0)
    shear_stress, velocity = 0.65 * 3e6, 4e-3
    rods, states = warm(
        rock, Thermocouple(), np.full(60, 0.5 * shear_stress * velocity), nodes=1000
    )
    seconds = np.arange(61.0)
    expected = (
        shear_stress
        * velocity
        * np.sqrt(seconds)
        / (rock.heat_capacity * np.sqrt(np.pi * rock.diffusivity))
    )
    surface = np.array([rods.surface(state) for state in states])
    np.testing.assert_allclose(surface[1:], expected[1:], rtol=0.02)
    np.testing.assert_allclose(surface[10:], expected[10:], rtol=2e-3)


def test_the_default_nodes_follow_the_half_space_within_two_percent_after_five_seconds() -> None:
    rods, states = warm(BARE, Thermocouple(), np.full(30, 1000.0))
    seconds = np.arange(5.0, 31.0)
    conduction = np.pi * BARE.conductivity * BARE.heat_capacity
    expected = 2000.0 * np.sqrt(seconds / conduction)
    np.testing.assert_allclose([rods.surface(s) for s in states[5:]], expected, rtol=0.02)


def test_without_lateral_loss_the_surface_saturates_at_flux_times_length_over_conductivity() -> (
    None
):
    rods, states = warm(BARE, Thermocouple(depth=4e-3), np.full(40, 5000.0), dt=100.0)
    rise = 5000.0 * BARE.length / BARE.conductivity
    assert rods.surface(states[-1]) == pytest.approx(rise, rel=1e-6)
    assert rods.reading(states[-1]) == pytest.approx(rise * (1 - 4 / 20), rel=1e-6)
    assert rods.mean(states[-1]) == pytest.approx(rise / 2, rel=1e-6)


def test_with_lateral_loss_the_steady_profile_is_a_hyperbolic_sine() -> None:
    rod = Specimen(surface_coefficient=40.0)
    rods, states = warm(rod, Thermocouple(), np.full(40, 5000.0), dt=100.0)
    decay = np.sqrt(rod.lateral_loss / rod.diffusivity)
    expected = 5000.0 * np.tanh(decay * rod.length) / (rod.conductivity * decay)
    assert rods.surface(states[-1]) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("surface_coefficient", [0.0, 10.0])
@pytest.mark.parametrize("length", [15e-3, 20e-3, 30e-3])
def test_a_rod_left_alone_cools_with_its_slowest_time_constant(
    length: float, surface_coefficient: float
) -> None:
    rod = Specimen(length=length, surface_coefficient=surface_coefficient)
    rods, states = warm(rod, Thermocouple(), [5000.0] * 10 + [0.0] * 200, dt=10.0)
    cooling = np.log(rods.surface(states[150]) / rods.surface(states[151]))
    assert 10.0 / cooling == pytest.approx(rod.slowest_time, rel=1e-3)


def test_the_slowest_time_constant_without_loss_is_four_length_squared_over_pi_squared_alpha() -> (
    None
):
    for length, seconds in ((15e-3, 105.5), (20e-3, 187.5), (30e-3, 421.9)):
        rod = Specimen(length=length, surface_coefficient=0.0)
        assert rod.slowest_time == pytest.approx(4 * length**2 / (np.pi**2 * rod.diffusivity))
        assert rod.slowest_time == pytest.approx(seconds, abs=0.1)


def test_steps_match_a_stiff_solver_on_the_plain_equations() -> None:
    rod, thermocouple, nodes = Specimen(length=10e-3), Thermocouple(depth=2.4e-3, lag=4.0), 10
    spacing = rod.length / nodes
    flux = np.array([4000.0, 4000.0, 0.0, 9000.0, 2000.0, 2000.0])

    def rates(_: float, state: NDArray[np.float64], power: float) -> NDArray[np.float64]:
        rise, reading = np.append(state[:-1], 0.0), state[-1]
        change = np.empty(nodes + 1)
        for i in range(nodes):
            left = rise[i - 1] if i > 0 else rise[1] + 2 * spacing * power / rod.conductivity
            curvature = (left - 2 * rise[i] + rise[i + 1]) / spacing**2
            change[i] = rod.diffusivity * curvature - rod.lateral_loss * rise[i]
        there = 0.6 * rise[2] + 0.4 * rise[3]
        change[nodes] = (there - reading) / thermocouple.lag
        return change

    state = np.zeros(nodes + 1)
    for power in flux:
        state = solve_ivp(
            rates, (0, 5.0), state, args=(power,), method="LSODA", rtol=1e-10, atol=1e-12
        ).y[:, -1]
    _, states = warm(rod, thermocouple, flux, dt=5.0, nodes=nodes)
    np.testing.assert_allclose(states[-1], state, rtol=1e-7)


def test_the_step_length_does_not_matter_while_the_flux_is_held() -> None:
    _, coarse = warm(BARE, Thermocouple(), [3000.0] * 3, dt=20.0)
    _, fine = warm(BARE, Thermocouple(), [3000.0] * 600, dt=0.1)
    np.testing.assert_allclose(fine[::200], coarse, rtol=1e-9, atol=1e-9)


def test_the_thermometer_answers_as_a_first_order_filter() -> None:
    """Its lag times its own rate is what it still misses: an exact identity."""
    quick, slow = Thermocouple(depth=3e-3, lag=1e-4), Thermocouple(depth=3e-3, lag=5.0)
    _, there = warm(BARE, quick, np.full(300, 2000.0))
    _, shown = warm(BARE, slow, np.full(300, 2000.0))
    missing = there[:, -1] - shown[:, -1]
    np.testing.assert_allclose(5.0 * np.gradient(shown[:, -1])[20:-1], missing[20:-1], rtol=2e-3)


def test_heat_goes_in_and_comes_out_again() -> None:
    rods, states = warm(BARE, Thermocouple(), [1000.0], dt=1.0)
    stored = BARE.heat_capacity * BARE.length * rods.mean(states[-1])
    assert stored == pytest.approx(1000.0, rel=1e-9)  # nothing has reached the grip yet


def test_impossible_specimens_and_places_are_refused_with_advice() -> None:
    with pytest.raises(PlanError, match="positive length"):
        Specimen(length=0.0)
    with pytest.raises(PlanError, match="lag > 0"):
        Thermocouple(lag=0.0)
    with pytest.raises(PlanError, match="move it closer"):
        discretise(Specimen(), Thermocouple(depth=0.02), dt=1.0)
    with pytest.raises(PlanError, match="step must be positive"):
        discretise(Specimen(), Thermocouple(), dt=0.0)
