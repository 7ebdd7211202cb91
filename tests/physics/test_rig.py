from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from slicken.errors import PlanError
from slicken.physics.friction import (
    FrictionLaw,
    Levelled,
    LoadHistory,
    Prescribed,
    RunningIn,
    RunningInBySlip,
    ThermalWeakening,
)
from slicken.physics.heat import Specimen, Thermocouple
from slicken.physics.loading import Loading, rotary_shear, velocity_stepping
from slicken.physics.rate_and_state import RateAndState
from slicken.physics.rig import Noise, Rig, record, slide
from slicken.physics.thermal import (
    ThermalHysteresis,
    ThermalRateWeakening,
    ThermalSoftening,
    TwoThermalMemories,
)

LAWS = [
    ThermalWeakening(),
    ThermalSoftening(),
    ThermalRateWeakening(),
    ThermalHysteresis(),
    TwoThermalMemories(),
    RunningIn(),
    RunningInBySlip(),
    LoadHistory(),
    RateAndState(),
    RateAndState(evolution="slip"),
    Levelled(ThermalWeakening(), 0.05),
]


def steady(samples: int, *, stress: float = 5.8e6, velocity: float = 4e-3) -> Loading:
    return Loading(
        dt=1.0, normal_stress=np.full(samples, stress), velocity=np.full(samples, velocity)
    )


def test_the_published_rig_warms_by_about_60_k_at_its_highest_stress() -> None:
    fault = slide(Rig(), steady(3000), Prescribed([0.65] * 3000))
    assert fault.surface[-1] - 22.0 == pytest.approx(60.0, abs=1.0)
    assert fault.temperature[-1] < fault.surface[-1]


def test_random_stages_warm_the_thermocouple_to_what_was_published() -> None:
    """68 degC at the most, out of conduction alone: within 10 K of it for every loading."""
    hottest = [
        slide(
            Rig(), rotary_shear(3600.0, np.random.default_rng(seed)), ThermalWeakening()
        ).temperature.max()
        for seed in range(5)
    ]
    assert max(hottest) == pytest.approx(68.0, abs=10.0)


def test_the_heat_is_made_by_half_of_the_work_of_the_laws_own_friction() -> None:
    rig = Rig(
        specimen=Specimen(length=0.3, surface_coefficient=0.0), thermocouple=Thermocouple(0.0)
    )
    path = np.linspace(0.4, 0.8, 200)
    fault = slide(rig, steady(200), Prescribed(path.tolist()))
    rise = -(fault.shortening - fault.shortening[0] - (fault.worn - fault.worn[0]))
    stored = rise / (2 * rig.column.expansion) * rig.specimen.heat_capacity  # J/m2 in one rod
    work = 0.5 * 5.8e6 * 4e-3 * np.concatenate([[0.0], np.cumsum(path)[:-1]])
    np.testing.assert_allclose(stored, work, rtol=1e-6, atol=1.0)


def test_a_heating_friction_cuts_the_way_from_friction_to_temperature() -> None:
    rig = Rig(heating_friction=0.65)
    low = slide(rig, steady(300), Prescribed([0.2] * 300))
    high = slide(rig, steady(300), Prescribed([0.9] * 300))
    np.testing.assert_array_equal(low.temperature, high.temperature)
    np.testing.assert_array_equal(low.shortening, high.shortening)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
@pytest.mark.parametrize("cut", [1, 137, 399])
def test_friction_up_to_an_instant_ignores_the_loading_after_it(
    law: FrictionLaw[Any], cut: int
) -> None:
    first = velocity_stepping(400.0, np.random.default_rng(0))
    other = velocity_stepping(400.0, np.random.default_rng(1))
    mixed = Loading(
        dt=1.0,
        normal_stress=np.concatenate([first.normal_stress[:cut], other.normal_stress[cut:]]),
        velocity=np.concatenate([first.velocity[:cut], other.velocity[cut:]]),
    )
    before, after = slide(Rig(), first, law), slide(Rig(), mixed, law)
    for name in ("friction", "temperature", "surface", "shortening", "worn"):
        np.testing.assert_array_equal(getattr(before, name)[:cut], getattr(after, name)[:cut])


def test_a_warming_room_warms_rods_and_reading_alike_and_makes_no_heat() -> None:
    still = steady(400)
    room = np.linspace(0.0, 10.0, 400)
    cold, warm = (
        slide(Rig(), loading, Prescribed([0.65] * 400))
        for loading in (still, replace(still, room=room))
    )
    np.testing.assert_allclose(warm.temperature - cold.temperature, room, atol=1e-12)
    np.testing.assert_allclose(warm.surface - cold.surface, room, atol=1e-12)
    expanded = 2 * 20e-3 * 7e-6 * room
    np.testing.assert_allclose(cold.shortening - warm.shortening, expanded, atol=1e-15)
    np.testing.assert_array_equal(warm.worn, cold.worn)


def test_a_law_feels_the_warmth_of_the_room() -> None:
    still = steady(50, velocity=0.0)
    friction = slide(Rig(), replace(still, room=np.full(50, 8.0)), ThermalWeakening(memory=0.0))
    np.testing.assert_allclose(friction.friction, 0.65 - 5e-4 * 8.0)


def test_sensors_add_the_noise_they_are_said_to_add() -> None:
    noise = Noise(velocity=0.004, displacement=1e-6, temperature=0.1, friction=0.003)
    loading, law = steady(20_000, stress=2e6), ThermalWeakening()
    log = record(Rig(noise=noise), loading, law, np.random.default_rng(0))
    added = {
        "slip_velocity": (log.channels["slip_velocity"] / 4e-3 - 1, 0.004),
        "axial_displacement": (log.channels["axial_displacement"] - log.fault.shortening, 1e-6),
        "temperature": (log.channels["temperature"] - log.fault.temperature, 0.1),
        "normal_stress": (log.channels["normal_stress"] / 2e6 - 1, 0.001),
        "friction": (log.channels["friction"] - log.fault.friction, 0.003),
    }
    for name, (values, level) in added.items():
        assert values.std() == pytest.approx(level, rel=0.03), name
        assert values.mean() == pytest.approx(0.0, abs=level / 20), name


def test_the_noise_of_one_sensor_does_not_move_another() -> None:
    loading, law = steady(50), ThermalWeakening()
    quiet = record(Rig(), loading, law, np.random.default_rng(0))
    loud = record(
        Rig(noise=replace(Noise(), temperature=5.0)), loading, law, np.random.default_rng(0)
    )
    for name in set(quiet.channels) - {"temperature"}:
        np.testing.assert_array_equal(quiet.channels[name], loud.channels[name])


def test_logged_friction_is_logged_shear_stress_over_logged_normal_stress() -> None:
    log = record(Rig(), steady(50), ThermalWeakening(), np.random.default_rng(0))
    ratio = log.channels["shear_stress"] / log.channels["normal_stress"]
    np.testing.assert_allclose(log.channels["friction"], ratio, rtol=1e-12)


def test_negative_noise_is_refused() -> None:
    with pytest.raises(PlanError, match="zero or more"):
        Noise(friction=-0.1)
