"""Faults: planted in simulated logs and found at their row; clean logs have none."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from slicken.errors import ExperimentError
from slicken.experiment import ChannelMap, Experiment, Finding, prepare
from slicken.experiment.faults import snippet
from slicken.experiment.log import Log
from slicken.experiment.steady import find_steady_sliding
from slicken.physics.scenarios import CHANNEL_MAP, SimulatedLog, simulate_logs
from slicken.physics.truths import TRUTHS

FAULTS = {"spike", "stuck", "saturated", "jump", "start-up", "unloading", "unit", "gap", "time"}
CHANNELS = {
    "temperature": "temperature_degC",
    "axial_displacement": "axial_displacement_um",
    "friction": "friction",
    "slip_velocity": "slip_velocity_mm_s",
}


@cache
def simulated(scenario: str, experiments: int = 3) -> list[SimulatedLog]:
    return simulate_logs(scenario, experiments=experiments, seed=11)


def log_of(table: dict[str, np.ndarray]) -> Log:
    rows = np.arange(2, next(iter(table.values())).size + 2)
    return Log("run", "run.csv", "", table, rows)


def spoiled(spoil: Callable[[dict[str, np.ndarray]], None], scenario: str) -> Experiment:
    table = {name: np.array(values) for name, values in simulated(scenario)[0].table().items()}
    spoil(table)
    return prepare(log_of(table), CHANNEL_MAP)


def one(experiment: Experiment, kind: str) -> Finding:
    found = [finding for finding in experiment.findings if finding.kind == kind]
    assert len(found) == 1, experiment.findings
    return found[0]


def mended(table: dict[str, np.ndarray], finding: Finding) -> Experiment:
    """The experiment with the correction that the finding proposes."""
    text = CHANNEL_MAP.to_toml() + finding.correction
    return prepare(log_of(table), ChannelMap.from_toml(text))


@pytest.mark.parametrize("scenario", TRUTHS)
def test_clean_logs_have_no_faults(scenario: str) -> None:
    for each in simulated(scenario):
        kinds = [f for f in each.prepare().findings if f.kind in FAULTS]
        assert kinds == [], each.name


@pytest.mark.parametrize("scenario", ["temperature-history", "rate-and-state"])
@pytest.mark.parametrize(
    ("channel", "height"),
    [("temperature", 30.0), ("axial_displacement", 500.0), ("friction", 0.9),
     ("slip_velocity", 40.0)],
)  # fmt: skip
def test_a_spike_is_found_at_its_row_and_can_be_mended(
    scenario: str, channel: str, height: float
) -> None:
    table = {name: np.array(values) for name, values in simulated(scenario)[0].table().items()}
    table[CHANNELS[channel]][1200] += height
    finding = one(prepare(log_of(table), CHANNEL_MAP), "spike")
    assert (finding.row, finding.time) == (1202, table["time_s"][1200])
    assert channel.replace("_", " ") in finding.message
    again = mended(table, finding)
    assert [f for f in again.findings if f.kind == "spike"] == []
    assert not again.gap.any()  # one sample is bridged


def test_a_stuck_sensor_is_found_where_it_sticks() -> None:
    def spoil(table: dict[str, np.ndarray]) -> None:
        table["temperature_degC"][800:1000] = table["temperature_degC"][800]

    finding = one(spoiled(spoil, "temperature-now"), "stuck")
    assert (finding.row, finding.time) == (802, 800)
    assert "199 s" in finding.message
    assert finding.correction == snippet(
        "exclude", column="temperature_degC", start=800.0, end=999.0
    )


def test_a_sensor_at_the_end_of_its_range_is_found_where_it_reaches_it() -> None:
    first: list[int] = []

    def spoil(table: dict[str, np.ndarray]) -> None:
        temperature = table["temperature_degC"]
        limit = np.quantile(temperature, 0.9)
        first.append(int(np.argmax(temperature >= limit)))
        np.minimum(temperature, limit, out=temperature)

    experiment = spoiled(spoil, "temperature-now")
    finding = one(experiment, "saturated")
    assert finding.row == first[0] + 2
    assert "temperature is at" in finding.message


def test_a_sensor_that_is_set_back_is_found_and_mended() -> None:
    clean = simulated("temperature-now")[0].table()
    table = {name: np.array(values) for name, values in clean.items()}
    # Not where the load steps, which moves the specimen for good reason.
    load = table["normal_stress_MPa"]
    quiet = [n for n in range(100, 3000) if np.ptp(load[n - 30 : n + 30]) < 0.1 * load[n]]
    at = quiet[len(quiet) // 2]
    table["axial_displacement_um"][at:] -= 2000.0
    finding = one(prepare(log_of(table), CHANNEL_MAP), "jump")
    assert finding.row == at + 2
    again = mended(table, finding)
    whole = prepare(log_of(dict(clean)), CHANNEL_MAP)
    away = again.channels["axial_displacement"] - whole.channels["axial_displacement"]
    assert np.abs(away).max() < 5e-6  # the noise of two samples


def test_start_up_and_unloading_are_said_with_their_share_of_the_variance() -> None:
    def spoil(table: dict[str, np.ndarray]) -> None:
        table["friction"][:60] *= np.linspace(0, 0.7, 60)
        table["friction"][-40:] *= np.linspace(0.7, 0, 40)

    experiment = spoiled(spoil, "temperature-now")
    start, end = one(experiment, "start-up"), one(experiment, "unloading")
    assert "first 60 samples" in start.message
    assert "last 40 samples" in end.message
    assert "% of its variance" in start.message
    assert start.correction == snippet("crop", start=60.0)
    steady = find_steady_sliding(experiment)
    assert steady is not None
    assert 60 <= steady.start < 65
    assert experiment.time[-1] - 45 < steady.end <= experiment.time[-1] - 40


@pytest.mark.parametrize(
    ("column", "factor", "offset", "advice"),
    [
        ("friction", 100.0, 0.0, 'unit = "%"'),
        ("temperature_degC", 1.0, 273.15, 'unit = "K"'),
        ("slip_velocity_mm_s", 1e5, 0.0, "is the unit in the channel map right"),
        ("normal_stress_MPa", 1e6, 0.0, "is the unit in the channel map right"),
    ],
)
def test_numbers_that_no_experiment_has_ask_for_the_unit(
    column: str, factor: float, offset: float, advice: str
) -> None:
    def spoil(table: dict[str, np.ndarray]) -> None:
        table[column] = factor * table[column] + offset

    assert advice in one(spoiled(spoil, "temperature-now"), "unit").message


def test_a_gap_is_found_where_it_begins() -> None:
    def spoil(table: dict[str, np.ndarray]) -> None:
        for name, values in table.items():
            table[name] = np.delete(values, np.s_[500:520])

    finding = one(spoiled(spoil, "temperature-now"), "gap")
    assert (finding.row, finding.time, finding.value) == (502, 499, 21)


def test_time_that_turns_back_or_stands_still_names_its_row() -> None:
    def back(table: dict[str, np.ndarray]) -> None:
        table["time_s"][700:] -= 50

    def still(table: dict[str, np.ndarray]) -> None:
        table["time_s"][700] = table["time_s"][699]

    with pytest.raises(ExperimentError, match="row 702: time runs backward, from 699 to 650 s"):
        spoiled(back, "temperature-now")
    with pytest.raises(ExperimentError, match="row 702: time stands still at 699 s"):
        spoiled(still, "temperature-now")


def test_a_channel_held_constant_is_said() -> None:
    def spoil(table: dict[str, np.ndarray]) -> None:
        table["slip_velocity_mm_s"][:] = 4.0

    assert "never changes" in one(spoiled(spoil, "temperature-now"), "steady driver").message


def test_nothing_is_mended_in_silence() -> None:
    table = {name: np.array(v) for name, v in simulated("temperature-now")[0].table().items()}
    table["temperature_degC"][1200] += 30
    found = prepare(log_of(table), CHANNEL_MAP)
    at = int(np.flatnonzero(found.time == 1200)[0])
    assert found.channels["temperature"][at] == table["temperature_degC"][1200]


@pytest.mark.parametrize("scenario", ["temperature-history", "load-history", "nothing"])
def test_a_clean_log_at_one_velocity_is_steady_throughout(scenario: str) -> None:
    experiment = simulated(scenario)[0].prepare()
    steady = find_steady_sliding(experiment)
    assert steady is not None
    assert steady.end - steady.start > 0.99 * experiment.duration


def test_steady_sliding_leaves_out_where_the_motor_starts_and_stops() -> None:
    def spoil(table: dict[str, np.ndarray]) -> None:
        table["slip_velocity_mm_s"][:100] *= np.linspace(0, 1, 100) ** 2
        table["slip_velocity_mm_s"][3300:] = 0.0

    steady = find_steady_sliding(spoiled(spoil, "temperature-now"))
    assert steady is not None
    assert 93 <= steady.start <= 98  # 90 % of the velocity is reached at 94.9 s
    assert 3296 <= steady.end <= 3299


def test_a_fault_that_never_slips_is_never_steady() -> None:
    def spoil(table: dict[str, np.ndarray]) -> None:
        table["slip_velocity_mm_s"][:] = 0.0

    assert find_steady_sliding(spoiled(spoil, "temperature-now")) is None
