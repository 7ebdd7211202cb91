"""What column names give away, and what they do not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from slicken.errors import ChannelError
from slicken.experiment import ChannelMap, guess_channels, prepare
from slicken.logs.log import Log
from slicken.logs.names import read_name, split_name


@pytest.mark.parametrize(
    ("name", "channel", "unit"),
    [
        ("Sliding Velocity", "slip_velocity", ""),
        ("Wear (um)", "axial_displacement", "um"),
        ("(1) Time.(s)", "time", "s"),
        ("slip_velocity_um_s", "slip_velocity", "um/s"),
        ("slip_velocity_mm_per_s", "slip_velocity", "mm/s"),
        ("normal_stress_mpa", "normal_stress", "MPa"),
        ("mu", "friction", ""),
        ("Traction Coeff (-)", "friction", "1"),
        ("Specimen Temp", "temperature", ""),
        ("Friction Coefficient", "friction", ""),
        ("COF", "friction", ""),
        ("温度", "temperature", ""),
        ("温度\uff08℃\uff09", "temperature", "°C"),
        ("時間[秒]", "time", "秒"),
        ("摩擦係数", "friction", ""),
        ("法線応力(MPa)", "normal_stress", "MPa"),
        ("せん断応力 (MPa)", "shear_stress", "MPa"),
        ("すべり速度(m/s)", "slip_velocity", "m/s"),
        ("軸変位 (μm)", "axial_displacement", "μm"),
        ("v/mm/s", "slip_velocity", "mm/s"),
        ("t / s", "time", "s"),
        ("T (C)", "temperature", "C"),
        ("Temperature, °C", "temperature", "°C"),
        ("Normal Stress MPa", "normal_stress", "MPa"),
        ("SlipVelocity", "slip_velocity", ""),
        ("Temp_degC", "temperature", "degC"),
        ("Slip rate [m s-1]", "slip_velocity", "m s-1"),
        ("Equivalent slip velocity (m/s)", "slip_velocity", "m/s"),
        ("Friction Force (N)", "shear_force", "N"),
        ("Pin Load (N)", "normal_force", "N"),
        ("slip_um", "slip", "um"),
        ("Axial shortening (mm)", "axial_displacement", "mm"),
        ("load point displacement (um)", "load_point", "um"),
        ("LP_disp", "load_point", ""),
        ("lp_disp_um", "load_point", "um"),
        ("load_point_um", "load_point", "um"),
        ("Load Point Velocity (um/s)", "load_point_velocity", "um/s"),
        ("載荷点変位 (μm)", "load_point", "μm"),
        ("EffectiveNormalstress(MPa)", "normal_stress", "MPa"),
    ],
)
def test_names_say_channel_and_unit(name: str, channel: str, unit: str) -> None:
    base, found = split_name(name)
    reading = read_name(base, found)
    assert reading is not None
    assert (reading.channel.name, found) == (channel, unit)


@pytest.mark.parametrize(
    "name",
    [
        "load_cell_velocity_um_s", "Rolling Speed (mm/s)", "Ambient Temp (C)", "Temp setpoint (C)",
        "TOTAL REVOLUTIONS", "Contact Potential", "Radius", "", "12", "Motor speed (m/s)",
        "Vert_Disp",
    ],
)  # fmt: skip
def test_names_that_only_sound_alike_say_nothing(name: str) -> None:
    assert read_name(split_name(name)[0]) is None


def log_of(*names: str, units: dict[str, str] | None = None, **numbers: float) -> Log:
    values = {name: np.arange(1.0, 6.0) for name in names}
    values.update({name: np.full(5, number) for name, number in numbers.items()})
    return Log("run", "run.csv", "", values, np.arange(5) + 2, units or {})


Found = dict[str, tuple[str, str | None, int]]


def guessed(log: Log) -> tuple[Found, dict[str, dict[str, Any]]]:
    """Channel to column, unit and sign; and kind of finding to the values of its last one."""
    channel_map, findings = guess_channels(log)
    found = {name: (c.column, c.unit, c.sign) for name, c in channel_map.channels.items()}
    return found, {finding.kind: dict(finding.statement.values) for finding in findings}


def test_a_length_without_a_unit_is_not_guessed_and_asks_for_a_map() -> None:
    found, said = guessed(log_of("time", "mu", "Axial displacement"))
    assert "axial_displacement" not in found
    asked = {"channel": "axial_displacement", "column": "Axial displacement"}
    assert said["ambiguous_unit"] == asked


def test_a_unit_in_the_units_row_is_as_good_as_one_in_the_name() -> None:
    found, _ = guessed(
        log_of("time", "mu", "Axial displacement", units={"Axial displacement": "um"})
    )
    assert found["axial_displacement"] == ("Axial displacement", "um", 1)


def test_a_unit_taken_for_granted_is_said() -> None:
    found, said = guessed(log_of("time", "mu", "Sliding Velocity"))
    assert found["slip_velocity"] == ("Sliding Velocity", "m/s", 1)
    assert said["guess_assumed_unit"]["unit"] == "m/s"


@pytest.mark.parametrize(
    ("name", "number"), [("slip velocity", 4000.0), ("temp", 300.0), ("mu", 60.0)]
)
def test_numbers_that_no_experiment_has_are_not_taken_for_si(name: str, number: float) -> None:
    found, said = guessed(log_of("time", **{name: number}))
    assert set(found) == {"time"}
    assert said["ambiguous_size"]["median"][0] == number


def test_two_columns_that_fit_alike_are_ambiguous() -> None:
    found, said = guessed(log_of("Time (s)", "mu", "Pot RTD Temp (degC)", "Lube RTD Temp (degC)"))
    assert "temperature" not in found
    columns = ("Pot RTD Temp (degC)", "Lube RTD Temp (degC)")
    assert said["ambiguous"] == {"channel": "temperature", "columns": columns}


def test_the_specimens_temperature_comes_before_any_other() -> None:
    found, _ = guessed(log_of("Time (s)", "mu", "Specimen temp (degC)", "Oil temp (degC)"))
    assert found["temperature"][0] == "Specimen temp (degC)"


def test_a_constant_is_no_clock() -> None:
    found, said = guessed(log_of("Time (s)", "mu", **{"Test time (s)": 3600.0}))
    assert found["time"][0] == "Time (s)"
    assert said["not_increasing"] == {"column": "Test time (s)"}


def test_thickness_is_shortening_upside_down_and_said() -> None:
    found, said = guessed(log_of("time_s", "mu", "layer_thickness_um"))
    assert found["axial_displacement"] == ("layer_thickness_um", "um", -1)
    assert said["guess_reversed"]["column"] == "layer_thickness_um"


def test_a_turning_rate_called_speed_is_not_a_velocity() -> None:
    found, _ = guessed(log_of("time_s", "mu", "Speed (rpm)", "Speed"))
    assert "slip_velocity" not in found


def test_a_log_whose_time_cannot_be_guessed_lists_its_columns() -> None:
    log = log_of("a", "b")
    with pytest.raises(ChannelError, match=r"\[channels.time\].*columns are 'a', 'b'"):
        prepare(log, guess_channels(log)[0])


def test_a_log_whose_friction_cannot_be_guessed_asks_for_it(
    make_log: Callable[..., Log], make_map: Callable[..., ChannelMap]
) -> None:
    with pytest.raises(ChannelError, match=r"\[channels.friction\].*shear and normal"):
        prepare(make_log(), make_map({"friction": None}))


def test_two_columns_of_one_name_and_other_numbers_are_ambiguous(
    make_log: Callable[..., Log],
) -> None:
    second = 40 + np.sin(np.arange(200.0) / 20)
    log = make_log(**{"temperature (2)": second})
    guessed, findings = guess_channels(log)
    assert "temperature" not in guessed.channels
    (said,) = [each.statement for each in findings if each.kind == "ambiguous"]
    assert said.values["columns"] == ("temperature", "temperature (2)")


@pytest.mark.parametrize(("unit", "per_second"), [("s", 1.0), ("ms", 1e3), ("us", 1e6)])
def test_a_time_since_1970_says_its_unit_by_its_size(
    make_log: Callable[..., Log], unit: str, per_second: float
) -> None:
    log = make_log(time=per_second * (1_772_787_600 + np.arange(200.0)))
    guessed, findings = guess_channels(log)
    assert guessed.channels["time"].unit == unit
    (said,) = [
        each.statement for each in findings if each.statement.values.get("channel") == "time"
    ]
    assert said.values["unit"] == unit
    more = {name: each for name, each in guessed.channels.items() if name in ("time", "friction")}
    more["temperature"] = guessed.channels["temperature"]
    assert prepare(log, ChannelMap(channels=more)).dt == pytest.approx(1.0)
