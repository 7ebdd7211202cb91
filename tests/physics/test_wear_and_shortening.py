import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad

from slicken.errors import PlanError
from slicken.physics.heat import Specimen
from slicken.physics.shortening import Column, shortening
from slicken.physics.wear import Wear


def test_worn_depth_is_the_integral_of_archards_law_with_running_in() -> None:
    wear = Wear(coefficient=3e-12, running_in_factor=5.0, running_in_slip=0.7)

    def rate(slip: float) -> float:
        return 3e-12 * 2e6 * (1 + 4.0 * np.exp(-slip / 0.7))

    assert wear.depth(0.2, 2.5, 2e6) == pytest.approx(quad(rate, 0.2, 2.5)[0], rel=1e-10)


@given(cut=st.floats(0.0, 10.0), end=st.floats(0.0, 10.0))
def test_wear_adds_up_over_any_cut_of_the_slip(cut: float, end: float) -> None:
    wear = Wear()
    whole = wear.depth(0.0, 10.0, 1e6)
    low, high = sorted((cut, end))
    pieces = wear.depth(0.0, low, 1e6) + wear.depth(low, high, 1e6) + wear.depth(high, 10.0, 1e6)
    assert pieces == pytest.approx(whole, rel=1e-12)


def test_fresh_surfaces_wear_faster_by_the_running_in_factor() -> None:
    wear = Wear(running_in_factor=4.0)
    fresh, old = wear.depth(0.0, 1e-6, 1e6), wear.depth(100.0, 100.0 + 1e-6, 1e6)
    assert fresh / old == pytest.approx(4.0, rel=1e-4)


def test_nonsense_wear_is_refused() -> None:
    with pytest.raises(PlanError, match="running-in factor"):
        Wear(running_in_factor=0.5)


def alone(**changed: NDArray[np.float64]) -> NDArray[np.float64]:
    values = dict.fromkeys(("normal_stress", "velocity", "worn", "mean_rise"), np.zeros(2))
    return shortening(Column(), Specimen(), **(values | changed))


def test_axial_displacement_is_positive_in_shortening() -> None:
    assert np.all(alone(normal_stress=np.full(2, 1e6)) > 0)
    assert np.all(alone(worn=np.full(2, 1e-6)) > 0)
    assert np.all(alone(mean_rise=np.full(2, 10.0)) < 0)
    assert np.all(alone(velocity=np.full(2, 4e-3)) < 0)


def test_a_step_of_normal_stress_is_many_times_the_sensors_noise() -> None:
    assert alone(normal_stress=np.array([0.0, 1e6]))[1] == pytest.approx(5.48e-6, rel=1e-2)


def test_dilatancy_grows_with_the_logarithm_of_velocity() -> None:
    column = Column()
    opened = -alone(velocity=np.array([1e-3, 1e-2]))
    expected = column.gouge_thickness * column.dilatancy * np.log(10.0)
    assert opened[1] - opened[0] == pytest.approx(expected, rel=1e-3)


def test_the_parts_of_shortening_add_up() -> None:
    parts = {
        "normal_stress": np.array([1e6, 2e6]),
        "velocity": np.array([1e-3, 4e-3]),
        "worn": np.array([1e-6, 2e-6]),
        "mean_rise": np.array([5.0, 6.0]),
    }
    separate = sum(alone(**{name: values}) for name, values in parts.items())
    np.testing.assert_allclose(alone(**parts), separate, rtol=1e-12)


def test_a_column_without_stiffness_is_refused() -> None:
    with pytest.raises(PlanError, match="must be positive"):
        Column(stiffness=0.0)
