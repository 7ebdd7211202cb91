"""Units as labs write them."""

import numpy as np
import pytest

from slicken.channels import (
    AXIAL_DISPLACEMENT,
    CHANNELS,
    FRICTION,
    NORMAL_FORCE,
    NORMAL_STRESS,
    SLIP_VELOCITY,
    TEMPERATURE,
    TEMPERATURE_RATE,
    TIME,
    Channel,
)
from slicken.errors import ChannelError
from slicken.logs.units import is_unit, to_si


@pytest.mark.parametrize(
    ("unit", "channel", "factor"),
    [
        *((unit, TIME, 1) for unit in ("s", "sec", "sec.", "Sec", "second", "秒", "[s]", "")),
        *((unit, TIME, 60) for unit in ("min", "minute", "mins", "分")),
        ("h", TIME, 3600),
        ("ms", TIME, 1e-3),
        *((unit, SLIP_VELOCITY, 1) for unit in ("m/s", "m/sec", "m s-1", "m s^-1", "m·s⁻¹")),
        ("mm/s", SLIP_VELOCITY, 1e-3),
        ("cm/s", SLIP_VELOCITY, 1e-2),
        ("m/min", SLIP_VELOCITY, 1 / 60),
        *((unit, SLIP_VELOCITY, 1e-6) for unit in ("um/s", "µm/s", "μm/s", "micron/s", "um s-1")),
        *((unit, AXIAL_DISPLACEMENT, 1e-6) for unit in ("um", "µm", "μm", "micron", "㎛")),
        ("mm", AXIAL_DISPLACEMENT, 1e-3),
        ("㎜", AXIAL_DISPLACEMENT, 1e-3),
        *((unit, NORMAL_STRESS, 1e6) for unit in ("MPa", "mpa", "N/mm^2", "N/mm²", "N/mm2")),
        ("kPa", NORMAL_STRESS, 1e3),
        ("Pa", NORMAL_STRESS, 1),
        ("GPa", NORMAL_STRESS, 1e9),
        ("bar", NORMAL_STRESS, 1e5),
        ("N", NORMAL_FORCE, 1),
        ("kN", NORMAL_FORCE, 1e3),
        ("kgf", NORMAL_FORCE, 9.80665),
        *((unit, FRICTION, 1) for unit in ("-", "1", "", "[-]", "none")),
        ("%", FRICTION, 0.01),
        *((unit, TEMPERATURE, 1) for unit in ("degC", "°C", "C", "℃", "deg C", "ºC", "")),
        *((unit, TEMPERATURE_RATE, 1) for unit in ("K/s", "degC/s", "°C/s", "℃/s", "C/s")),
        ("K/min", TEMPERATURE_RATE, 1 / 60),
    ],
)  # fmt: skip
def test_units_as_labs_write_them_become_si(unit: str, channel: Channel, factor: float) -> None:
    values = np.array([-2.0, 0.0, 3.5])
    converted = to_si(values, unit, channel)
    np.testing.assert_allclose(converted, factor * values, rtol=1e-14)
    assert not np.shares_memory(values, converted)


def test_temperatures_have_a_zero_of_their_own() -> None:
    np.testing.assert_allclose(to_si(np.array([273.15, 300]), "K", TEMPERATURE), [0, 26.85])
    np.testing.assert_allclose(
        to_si(np.array([32.0, 212]), "degF", TEMPERATURE), [0, 100], atol=1e-9
    )


@pytest.mark.parametrize("unit", ["rpm", "RPM", "rev/min", "Hz", "r/min"])
def test_a_turning_rate_is_no_velocity_and_asks_for_the_radius(unit: str) -> None:
    with pytest.raises(ChannelError, match="radius"):
        to_si(np.ones(2), unit, SLIP_VELOCITY)


@pytest.mark.parametrize("name", [name for name in CHANNELS if name != "slip_velocity"])
def test_a_unit_of_something_else_says_what_was_expected(name: str) -> None:
    with pytest.raises(ChannelError, match="units that work"):
        to_si(np.ones(2), "kg" if CHANNELS[name].unit in ("m/s", "N") else "m/s", CHANNELS[name])


@pytest.mark.parametrize(
    "unit",
    ["furlongish", "m/", "((", "??", "9**9**9", "s**99", "\x00", "名前", "a" * 500, "m m m /"],
)
def test_an_unknown_unit_gives_examples(unit: str) -> None:
    with pytest.raises(ChannelError, match="units that work: s, ms"):
        to_si(np.ones(2), unit, TIME)


def test_the_caller_keeps_its_numbers() -> None:
    values = np.array([1.0, 2.0])
    to_si(values, "mm", AXIAL_DISPLACEMENT)
    np.testing.assert_array_equal(values, [1, 2])


def test_words_and_symbols_are_no_units() -> None:
    assert not any(is_unit(text) for text in ("", "Time", "mu", "T", "t", "top 3", "Friction"))
