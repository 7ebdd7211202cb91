"""Faults: planted in simulated logs and found at their row; clean logs have none."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from found import found_in, only
from slicken.errors import ExperimentError
from slicken.experiment import ChannelMap, Experiment, Finding, prepare
from slicken.experiment.quality.issues import correction_toml
from slicken.experiment.steady import find_steady_sliding
from slicken.logs.log import Log
from slicken.physics.scenarios import CHANNEL_MAP, SimulatedLog, simulate_logs
from slicken.physics.truths import TRUTHS

FAULTS = {
    "spike",
    "stuck",
    "saturated",
    "jump",
    "start_up",
    "unloading",
    "unit_overridden",
    "implausible_friction",
    "implausible_temperature",
    "implausible_unit",
    "gap",
    "untimed_rows",
}
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


def repaired(table: dict[str, np.ndarray], finding: Finding) -> Experiment:
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
    finding = only(prepare(log_of(table), CHANNEL_MAP), "spike")
    assert (finding.row, finding.time) == (1202, table["time_s"][1200])
    assert finding.statement.values["channel"] == channel
    again = repaired(table, finding)
    assert [f for f in again.findings if f.kind == "spike"] == []
    assert not again.gap.any()  # one sample is bridged


def test_a_stuck_sensor_is_found_where_it_sticks() -> None:
    def spoil(table: dict[str, np.ndarray]) -> None:
        table["temperature_degC"][800:1000] = table["temperature_degC"][800]

    finding = only(spoiled(spoil, "temperature-now"), "stuck")
    assert (finding.row, finding.time) == (802, 800)
    assert finding.statement.values["seconds"] == 199
    assert finding.correction == correction_toml(
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
    finding = only(experiment, "saturated")
    assert finding.row == first[0] + 2
    assert finding.statement.values["channel"] == "temperature"


def test_a_sensor_that_is_set_back_is_found_and_mended() -> None:
    clean = simulated("temperature-now")[0].table()
    table = {name: np.array(values) for name, values in clean.items()}
    # Not where the load steps, which moves the specimen for good reason.
    load = table["normal_stress_MPa"]
    quiet = [n for n in range(100, 3000) if np.ptp(load[n - 30 : n + 30]) < 0.1 * load[n]]
    at = quiet[len(quiet) // 2]
    table["axial_displacement_um"][at:] -= 2000.0
    finding = only(prepare(log_of(table), CHANNEL_MAP), "jump")
    assert finding.row == at + 2
    again = repaired(table, finding)
    whole = prepare(log_of(dict(clean)), CHANNEL_MAP)
    away = again.channels["axial_displacement"] - whole.channels["axial_displacement"]
    assert np.abs(away).max() < 5e-6  # the noise of two samples


def quiet_place(table: dict[str, np.ndarray]) -> int:
    """The sample about which load and velocity change least, noise and all."""
    around = slice(-50, 350)

    def unrest(name: str, place: int) -> float:
        near = table[name][place + around.start : place + around.stop]
        return float(np.ptp(near) / np.median(near))

    places = range(200, table["time_s"].size - 400, 20)
    return min(places, key=lambda n: max(unrest("normal_stress_MPa", n),
                                         unrest("slip_velocity_mm_s", n)))  # fmt: skip


RESETS = [
    # column, channel, what it reads after the reset, what else the log has
    ("temperature_degC", "temperature", lambda x: x - 15.0, ()),
    ("shear_stress_MPa", "shear_stress", lambda x: x - x[0], ("friction",)),
    ("shear_stress_MPa", "shear_stress", lambda x: x - 1.2 * x[0], ()),
    ("shear_stress_MPa", "shear_stress", lambda x: x - 0.3 * x[0], ("friction",)),
    ("friction", "friction", lambda x: x - x[0], ()),
    ("friction", "friction", lambda x: x + 0.3 * x[0], ("shear_stress",)),
    ("normal_stress_MPa", "normal_stress", lambda x: x - x[0], ("shear_stress",)),
    ("normal_stress_MPa", "normal_stress", lambda x: x + 0.3 * x[0], ("shear_stress", "friction")),
]


@pytest.mark.parametrize("scenario", ["temperature-now", "load-history", "running-in", "nothing"])
@pytest.mark.parametrize(("column", "channel", "reset", "others"), RESETS)
def test_a_sensor_of_any_kind_that_is_set_back_is_found_and_mended(
    scenario: str,
    column: str,
    channel: str,
    reset: Callable[[np.ndarray], np.ndarray],
    others: tuple[str, ...],
) -> None:
    clean = simulated(scenario)[0].table()
    table = {name: np.array(values) for name, values in clean.items()}
    at = quiet_place(table)
    table[column][at:] = reset(table[column][at:])
    kept = {"time", "slip_velocity", "normal_stress", channel, *others}
    if not kept & {"friction", "shear_stress"}:
        kept.add("friction")
    channels = {name: c for name, c in CHANNEL_MAP.channels.items() if name in kept}
    channel_map = CHANNEL_MAP.model_copy(update={"channels": channels})
    finding = only(prepare(log_of(table), channel_map), "jump")
    assert finding.row == at + 2
    assert finding.statement.values["channel"] == channel
    text = channel_map.to_toml() + finding.correction
    again = prepare(log_of(table), ChannelMap.from_toml(text))
    assert [f for f in again.findings if f.kind == "jump"] == []
    whole = prepare(log_of(dict(clean)), channel_map).channels[channel]
    # The correction takes the change of one sample with it, noise and all.
    steps = np.abs(np.diff(whole[at - 20 : at + 20]))
    assert np.abs(again.channels[channel] - whole).max() <= 3 * steps.max()


def stuck_and_slipping(random: np.random.Generator) -> dict[str, np.ndarray]:
    """Stick-slip that loses nearly all shear stress at once, and takes minutes to build it up."""
    time = np.arange(3600.0)
    period = random.integers(20, 900)
    shear = 3 * (0.02 + 0.98 * (time % period) / period) + 0.002 * random.normal(size=time.size)
    return {"shear_stress_MPa": shear, "normal_stress_MPa": np.full(time.size, 5.0)}


def weak_at_once(random: np.random.Generator) -> dict[str, np.ndarray]:
    """A fault that loses up to nine tenths of its strength from one sample to the next."""
    time = np.arange(3600.0)
    level = 3 * np.where(time < random.integers(300, 3000), 1.0, random.uniform(0.1, 0.8))
    return {
        "shear_stress_MPa": level + 0.002 * random.normal(size=time.size),
        "normal_stress_MPa": np.full(time.size, 5.0),
    }


def pressed_slowly(random: np.random.Generator) -> dict[str, np.ndarray]:
    """Steps of normal stress that shear stress follows within minutes, as in a soft machine."""
    normal = np.repeat(random.uniform(2, 8, size=4), 900)
    span, shear = random.uniform(1, 120), [0.6 * normal[0]]
    for load in normal[1:]:
        shear.append(shear[-1] + (0.6 * load - shear[-1]) / span)
    return {
        "shear_stress_MPa": np.array(shear) + 0.002 * random.normal(size=normal.size),
        "normal_stress_MPa": normal + 0.002 * random.normal(size=normal.size),
    }


def let_go(random: np.random.Generator) -> dict[str, np.ndarray]:
    """The motor stops and the shear stress is taken off at once, load held."""
    going = np.arange(3600) < random.integers(2000, 3200)
    return {
        "shear_stress_MPa": 3.0 * going + 0.002 * random.normal(size=3600),
        "normal_stress_MPa": np.full(3600, 5.0),
        "slip_velocity_mm_s": 4.0 * going,
    }


@pytest.mark.parametrize("happens", [stuck_and_slipping, weak_at_once, pressed_slowly, let_go])
def test_what_faults_motors_and_presses_do_is_no_jump_of_a_sensor(
    happens: Callable[[np.random.Generator], dict[str, np.ndarray]],
) -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        table = {"time_s": np.arange(3600.0), "slip_velocity_mm_s": np.full(3600, 4.0)}
        table |= happens(random)
        table["friction"] = table["shear_stress_MPa"] / table["normal_stress_MPa"]
        headers = {"time": "time_s", "slip_velocity": "slip_velocity_mm_s"}
        headers |= {"normal_stress": "normal_stress_MPa", "shear_stress": "shear_stress_MPa"}
        columns = {
            name: column for name, column in CHANNEL_MAP.channels.items()
            if name in {*headers, "friction"}
        }  # fmt: skip
        for kept in (set(columns), set(headers)):
            channels = {name: columns[name] for name in columns if name in kept}
            channel_map = CHANNEL_MAP.model_copy(update={"channels": channels})
            found = prepare(log_of(table), channel_map).findings
            assert [f for f in found if f.kind == "jump"] == [], seed


@pytest.mark.parametrize("scenario", TRUTHS)
def test_none_of_576_clean_logs_has_a_fault(scenario: str) -> None:
    for seed in (21, 22, 23):
        for each in simulate_logs(scenario, experiments=12, seed=seed):
            kinds = [f for f in each.prepare().findings if f.kind in FAULTS]
            assert kinds == [], (each.name, seed)


def test_start_up_and_unloading_are_said_with_their_share_of_the_variance() -> None:
    def spoil(table: dict[str, np.ndarray]) -> None:
        table["friction"][:60] *= np.linspace(0, 0.7, 60)
        table["friction"][-40:] *= np.linspace(0.7, 0, 40)

    experiment = spoiled(spoil, "temperature-now")
    start, end = only(experiment, "start_up"), only(experiment, "unloading")
    assert start.statement.values["samples"] == 60
    assert end.statement.values["samples"] == 40
    assert 0 < start.statement.values["share"] < 1
    assert start.correction == correction_toml("crop", start=60.0)
    steady = find_steady_sliding(experiment)
    assert steady is not None
    assert 60 <= steady.start < 65
    assert experiment.time[-1] - 45 < steady.end <= experiment.time[-1] - 40


@pytest.mark.parametrize(
    ("column", "factor", "offset", "kind"),
    [
        ("friction", 100.0, 0.0, "implausible_friction"),
        ("temperature_degC", 1.0, 273.15, "implausible_temperature"),
        ("slip_velocity_mm_s", 1e5, 0.0, "implausible_unit"),
        ("normal_stress_MPa", 1e6, 0.0, "implausible_unit"),
    ],
)
def test_numbers_that_no_experiment_has_ask_for_the_unit(
    column: str, factor: float, offset: float, kind: str
) -> None:
    def spoil(table: dict[str, np.ndarray]) -> None:
        table[column] = factor * table[column] + offset

    assert only(spoiled(spoil, "temperature-now"), kind)


def test_a_gap_is_found_where_it_begins() -> None:
    def spoil(table: dict[str, np.ndarray]) -> None:
        for name, values in table.items():
            table[name] = np.delete(values, np.s_[500:520])

    finding = only(spoiled(spoil, "temperature-now"), "gap")
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

    found = found_in(spoiled(spoil, "temperature-now"), "constant_driver")
    assert found == {"channel": "slip_velocity", "level": ("slip_velocity", 0.004)}


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
