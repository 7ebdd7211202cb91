import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from slicken.channels import DRIVERS
from slicken.errors import FolderError, PlanError
from slicken.experiment.preparation import read_experiment
from slicken.physics.scenarios import COLUMNS, SimulatedLog, simulate, simulate_logs, write_log
from slicken.physics.truths import TRUTHS
from slicken.reporting.wording import words
from slicken.statements import Statement

SCENARIOS = tuple(TRUTHS)
Column = Callable[[SimulatedLog], NDArray[np.float64]]


def past_mean(values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Mean of the last ``length`` samples at every instant that has them."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    return (total[length:] - total[:-length]) / length


def unexplained(
    logs: list[SimulatedLog], driver: Column, target: Column, *, start: int, length: int
) -> float:
    """Standard deviation of what least squares leaves of a target, over the same instants."""
    x = np.concatenate([past_mean(driver(log), length)[start - length + 1 :] for log in logs])
    y = np.concatenate([target(log)[start:] for log in logs])
    design = np.column_stack([np.ones_like(x), x])
    left = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return float(left.std())


def logged(name: str) -> Column:
    return lambda log: log.recording.channels[name]


def test_all_planted_truths_are_there() -> None:
    assert SCENARIOS == (
        "temperature-history",
        "temperature-now",
        "thermal-softening",
        "temperature-velocity",
        "temperature-switch",
        "two-memories",
        "specimen-level",
        "noisy-thermocouple",
        "running-in",
        "running-in-by-slip",
        "load-history",
        "inverse-calorimetry",
        "rate-and-state",
        "rate-and-state-slip",
        "shared-trend",
        "nothing",
    )


@pytest.mark.parametrize(
    ("scenario", "means"),
    [
        (
            "temperature-history",
            (0.00400121214439, 5.0979774647e-05, 49.0228027521, 4003211.60666, 0.637597107604),
        ),
        (
            "temperature-now",
            (0.00400001780901, 4.89092330469e-05, 50.4778446585, 4139113.33228, 0.635738951355),
        ),
        (
            "running-in",
            (0.0039999435698, 2.61498655091e-05, 35.8088854608, 1763565.51084, 0.657762638221),
        ),
        (
            "load-history",
            (0.00400051975901, 4.28638778038e-05, 46.2332029997, 3120591.17277, 0.653652620411),
        ),
        (
            "inverse-calorimetry",
            (0.00400062200011, 1.60215777004e-05, 30.2533385747, 1100715.04668, 0.660835501745),
        ),
        (
            "rate-and-state",
            (0.00013351547689, 1.72466714055e-05, 22.7239255394, 2847760.2786, 0.633596371616),
        ),
        (
            "nothing",
            (0.00400062626206, 2.47794663546e-05, 42.1385022715, 2987129.19232, 0.659346199818),
        ),
    ],
)
def test_the_first_seven_truths_are_what_they_always_were(
    scenario: str, means: tuple[float, ...]
) -> None:
    """Means to twelve digits, from before there were others: results that rest on them hold."""
    (log,) = simulate_logs(scenario, experiments=1, duration=900.0, seed=3)
    names = ("slip_velocity", "axial_displacement", "temperature", "normal_stress", "friction")
    found = [float(log.recording.channels[name].mean()) for name in names]
    np.testing.assert_allclose(found, means, rtol=1e-10)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_same_call_gives_the_same_bits(scenario: str) -> None:
    first, second = (simulate_logs(scenario, experiments=2, duration=300.0) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        assert a.truth == b.truth
        for name, values in a.recording.channels.items():
            np.testing.assert_array_equal(values, b.recording.channels[name])


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_an_experiment_does_not_depend_on_how_many_there_are(scenario: str) -> None:
    (alone,) = simulate_logs(scenario, experiments=1, duration=300.0, seed=4)
    among = simulate_logs(scenario, experiments=3, duration=300.0, seed=4)[0]
    for name, values in alone.recording.channels.items():
        np.testing.assert_array_equal(values, among.recording.channels[name])


def test_seeds_scenarios_and_experiments_have_their_own_loading() -> None:
    logs = [
        *simulate_logs("nothing", experiments=2, duration=300.0, seed=0),
        *simulate_logs("nothing", experiments=1, duration=300.0, seed=1),
        *simulate_logs("load-history", experiments=1, duration=300.0, seed=0),
    ]
    assert len({log.recording.channels["normal_stress"][0] for log in logs}) == 4


def test_the_memory_does_not_change_the_loading_or_the_noise() -> None:
    short, long = (
        simulate_logs("temperature-history", experiments=1, duration=600.0, memory=m)[0].recording
        for m in (10.0, 300.0)
    )
    for name in ("slip_velocity", "normal_stress"):
        np.testing.assert_array_equal(short.channels[name], long.channels[name])
    noise = [r.channels["friction"] - r.fault.friction for r in (short, long)]
    np.testing.assert_allclose(noise[0], noise[1], atol=1e-15)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_truth_says_what_was_planted_and_json_can_hold_it(scenario: str) -> None:
    (log,) = simulate_logs(scenario, experiments=1, duration=600.0)
    truth = log.truth
    assert json.loads(json.dumps(truth)) == truth
    assert truth["scenario"] == scenario
    assert set(truth["causes"]) | set(truth["proxies"]) <= {driver.name for driver in DRIVERS}
    assert words("en")(Statement.from_plain(truth["statement"])).endswith(".")
    assert words("ja")(Statement.from_plain(truth["statement"])).endswith("。")
    assert truth["friction_noise_std"] == 0.0025
    clean = log.recording.fault.friction
    assert truth["friction_signal_std"] == pytest.approx(clean.std())
    assert 0.2 < clean.min() < clean.max() < 0.9


def test_the_memory_is_told_in_seconds_in_slip_or_not_at_all() -> None:
    memories = {
        scenario: simulate_logs(scenario, experiments=1, duration=100.0)[0].truth
        for scenario in SCENARIOS
    }
    assert {name: (t["memory_s"], t["memory_m"]) for name, t in memories.items()} == {
        "temperature-history": (100.0, None),
        "temperature-now": (0.0, None),
        "thermal-softening": (120.0, None),
        "temperature-velocity": (100.0, None),
        "temperature-switch": (None, None),
        "two-memories": (200.0, None),
        "specimen-level": (100.0, None),
        "noisy-thermocouple": (0.0, None),
        "running-in": (None, 1.5),
        "running-in-by-slip": (None, 1.5),
        "load-history": (200.0, None),
        "inverse-calorimetry": (300.0, None),
        "rate-and-state": (None, 100e-6),
        "rate-and-state-slip": (None, 100e-6),
        "shared-trend": (None, None),
        "nothing": (None, None),
    }
    for truth in memories.values():
        clock = "time" if truth["memory_s"] else "slip" if truth["memory_m"] else ""
        assert truth["clock"] == clock
        assert (truth["kernel"] == "present") == (truth["memory_s"] == 0)
    assert memories["two-memories"]["shorter_memories_s"] == [25.0]
    assert memories["temperature-switch"]["thresholds_degC"] == [40.0, 50.0]


@pytest.mark.parametrize("memory", [50.0, 100.0, 300.0])
def test_least_squares_on_the_mean_temperature_finds_the_planted_memory(memory: float) -> None:
    """On what is logged, noise included; the residual at the memory is the sensor's noise."""
    logs = simulate_logs("temperature-history", experiments=6, memory=memory)
    lengths = [round(memory * factor) for factor in (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)]
    left = [
        unexplained(logs, logged("temperature"), logged("friction"), start=600, length=n)
        for n in lengths
    ]
    assert lengths[int(np.argmin(left))] == memory
    assert min(left) == pytest.approx(0.0025, rel=0.02)


def test_without_sensor_noise_the_planted_memory_is_exact() -> None:
    logs = simulate_logs("temperature-history", experiments=3)
    left = {
        n: unexplained(
            logs,
            lambda log: log.recording.fault.temperature,
            lambda log: log.recording.fault.friction,
            start=600,
            length=n,
        )
        for n in (98, 99, 100, 101, 102)
    }
    assert left[100] < 1e-12 < min(left[99], left[101])


def test_present_temperature_explains_the_scenario_without_memory_best() -> None:
    logs = simulate_logs("temperature-now", experiments=4)
    left = [
        unexplained(logs, logged("temperature"), logged("friction"), start=600, length=n)
        for n in (1, 30, 60, 120)
    ]
    assert left == sorted(left)
    assert left[0] == pytest.approx(0.0025, rel=0.02)


def of_fault(log: SimulatedLog) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Temperature and friction, free of sensor noise."""
    return log.recording.fault.temperature, log.recording.fault.friction


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_truth_says_how_much_its_velocity_varies(scenario: str) -> None:
    logs = simulate_logs(scenario, experiments=6)
    velocity = np.concatenate([log.recording.channels["slip_velocity"] for log in logs])
    low, high = np.quantile(velocity[velocity > 1e-7], [0.05, 0.95])  # no holds
    if TRUTHS[scenario].velocity_factor == 1:
        assert high / low < 1.05
    else:
        assert 5 < high / low <= 1.05 * TRUTHS[scenario].velocity_factor


def test_thermal_softening_gives_the_mean_temperature_back_where_it_is_undone() -> None:
    for log in simulate_logs("thermal-softening", experiments=3, memory=80.0):
        temperature, friction = of_fault(log)
        odds = (0.75 - friction) / (friction - 0.55)  # soft over hard
        kelvin = 1.0 / (1.0 / 318.15 - 8.314462618 / 2e5 * np.log(odds))
        assert friction.max() - friction.min() > 0.12  # the curve is gone through
        np.testing.assert_allclose(
            kelvin[79:] - 273.15, past_mean(temperature, 80), rtol=0, atol=1e-8
        )


def test_present_temperature_does_not_give_thermal_softening_away() -> None:
    """What is left of friction beyond any curve of the present temperature: ten times the noise."""
    logs = simulate_logs("thermal-softening", experiments=6)
    temperature, friction = (
        np.concatenate(each) for each in zip(*map(of_fault, logs), strict=True)
    )
    edges = np.quantile(temperature, np.linspace(0, 1, 41)[1:-1])
    bins = np.digitize(temperature, edges)
    curve = np.array([friction[bins == b].mean() for b in range(40)])
    assert (friction - curve[bins]).std() > 5 * 0.0025


def test_temperature_and_velocity_act_as_a_product() -> None:
    for log in simulate_logs("temperature-velocity", experiments=2, memory=70.0):
        temperature, friction = of_fault(log)
        # The fault feels the velocity without the sensor's noise of 0.2 %.
        product = (past_mean(temperature, 70) - 22.0) * log.recording.channels["slip_velocity"][69:]
        weakening = 0.65 - friction[69:]
        np.testing.assert_allclose(weakening, 5e-4 * product / 1.4e-3, rtol=0.012)


def test_a_switch_is_thrown_in_every_experiment_and_follows_its_thresholds() -> None:
    for log in simulate_logs("temperature-switch", experiments=8):
        temperature, friction = of_fault(log)
        assert set(friction) == {0.60, 0.66}
        assert set(friction[temperature > 50.0]) <= {0.60}
        assert set(friction[temperature < 40.0]) == {0.66}


def test_two_memories_leave_nothing_to_the_two_means() -> None:
    (log,) = simulate_logs("two-memories", experiments=1, memory=160.0)
    temperature, friction = of_fault(log)
    means = [past_mean(temperature, n)[-(friction.size - 159) :] for n in (160, 20)]
    slopes, *_ = np.linalg.lstsq(np.column_stack(means), friction[159:] - 0.65 - 0.022, rcond=None)
    np.testing.assert_allclose(slopes, [-5e-4, -5e-4], rtol=1e-9)


def test_a_specimen_has_a_level_larger_than_what_moves_within_it() -> None:
    logs = simulate_logs("specimen-level", experiments=12, memory=90.0)
    levels, moves = [], []
    for log in logs:
        temperature, friction = of_fault(log)
        level = friction[89:] - 0.65 + 5e-4 * (past_mean(temperature, 90) - 22.0)
        assert np.ptp(level) < 1e-12
        levels.append(float(level[0]))
        moves.append(float(friction.std()))
    assert np.std(levels) > 3 * max(moves)
    assert max(map(abs, levels)) <= 0.06


def test_a_noisy_thermocouple_reads_with_1_k_of_noise_what_friction_follows_at_once() -> None:
    logs = simulate_logs("noisy-thermocouple", experiments=4)
    for log in logs:
        temperature, friction = of_fault(log)
        np.testing.assert_allclose(friction, 0.7 - 2.5e-3 * (temperature - 22.0))
        noise = log.recording.channels["temperature"] - temperature
        assert noise.std() == pytest.approx(1.0, rel=0.05)
    averaged, present = (
        unexplained(logs, logged("temperature"), logged("friction"), start=600, length=n)
        for n in (8, 1)
    )
    assert averaged < present  # the trap: a memory seems to pay


def test_running_in_by_slip_follows_slip_and_not_time() -> None:
    by_slip, by_time = [], []
    for log in simulate_logs("running-in-by-slip", experiments=6, memory=2.0):
        friction = log.recording.fault.friction
        slip = np.concatenate([[0.0], np.cumsum(log.recording.channels["slip_velocity"])[:-1]])
        by_slip.append(np.log((friction - 0.62) / 0.08) + slip / 2.0)
        time_of_e = int(np.argmax(friction < 0.62 + 0.08 / np.e))
        by_time.append(time_of_e)
    # What is left is the velocity sensor's noise, summed.
    assert np.abs(np.concatenate(by_slip)).max() < 2e-3
    assert max(by_time) > 1.5 * min(by_time)


def test_the_slip_law_is_an_exponential_of_the_logarithm_of_velocity_over_slip() -> None:
    """Against the sum over the whole past, for an imposed velocity without sensor noise."""
    from slicken.physics.loading import velocity_stepping
    from slicken.physics.rig import slide

    truth, dc = TRUTHS["rate-and-state-slip"], 50e-6
    loading = velocity_stepping(600.0, np.random.default_rng(5))
    law = truth.law(dc, loading, np.random.default_rng(0))
    friction = slide(truth.rig, loading, law).friction
    log_v = np.log(loading.velocity / 1e-5)
    slipped = np.concatenate([[0.0], np.cumsum(loading.velocity)])
    for now in (0, 1, 7, 100, 250, 600):
        kept = np.exp(-(slipped[now] - slipped[: now + 1]) / dc)
        state = -log_v[0] * kept[0] - np.sum(log_v[:now] * np.diff(kept))
        assert friction[now] == pytest.approx(0.65 + 0.01 * log_v[now] + 0.015 * state, abs=1e-9)


def test_a_shared_trend_is_in_friction_and_in_the_thermocouple_and_has_no_way_between() -> None:
    from slicken.physics.friction import Prescribed
    from slicken.physics.rig import record

    truth = TRUTHS["shared-trend"]
    loading = truth.drive(1800.0, np.random.default_rng(0))
    assert loading.room is not None
    friction = truth.law(0.0, loading, np.random.default_rng(1))
    shared, other = (
        record(truth.rig, loading, law, np.random.default_rng(2))
        for law in (friction, Prescribed([0.3] * len(loading)))
    )
    np.testing.assert_allclose(shared.fault.friction, 0.62 + 0.005 * loading.room)
    for name in ("slip_velocity", "axial_displacement", "temperature"):
        np.testing.assert_array_equal(shared.channels[name], other.channels[name])
    logs = simulate_logs("shared-trend", experiments=12)
    for log in logs:
        assert np.polyfit(log.recording.time, log.recording.fault.friction, 1)[0] * 3600 > 0.015
    temperature, drifting = (
        np.concatenate(each) for each in zip(*map(of_fault, logs), strict=True)
    )
    assert np.corrcoef(temperature, drifting)[0, 1] > 0.4  # the trap


def test_running_in_reaches_one_in_e_after_its_slip_at_the_mean_stress() -> None:
    from slicken.physics.friction import RunningIn
    from slicken.physics.loading import Loading
    from slicken.physics.rig import Rig, slide

    loading = Loading(dt=1.0, normal_stress=np.full(400, 3.05e6), velocity=np.full(400, 4e-3))
    truth = TRUTHS["running-in"]
    law = truth.law(truth.memory, loading, np.random.default_rng(0))
    assert isinstance(law, RunningIn)
    friction = slide(Rig(), loading, law).friction
    assert friction[375] == pytest.approx(law.mu_worn + law.drop / np.e, rel=1e-9)  # 1.5 m


def test_friction_of_nothing_leaves_no_trace_in_any_driver() -> None:
    """The same drivers come out whatever the friction did."""
    from slicken.physics.friction import Prescribed
    from slicken.physics.loading import rotary_shear
    from slicken.physics.rig import record

    rig, loading = TRUTHS["nothing"].rig, rotary_shear(600.0, np.random.default_rng(0))
    logs = [
        record(rig, loading, Prescribed([level] * 601), np.random.default_rng(1))
        for level in (0.3, 0.9)
    ]
    for name in ("slip_velocity", "axial_displacement", "temperature"):
        np.testing.assert_array_equal(logs[0].channels[name], logs[1].channels[name])


def test_inverse_calorimetry_warms_the_fault_by_its_own_work() -> None:
    coupled = simulate_logs("inverse-calorimetry", experiments=1)[0].recording
    work = np.cumsum(coupled.fault.friction * coupled.channels["normal_stress"])
    heat = np.cumsum(0.65 * coupled.channels["normal_stress"])
    assert np.abs(work / heat - 1.0).max() > 0.005
    assert TRUTHS["inverse-calorimetry"].rig.heating_friction is None


def test_rate_and_state_does_not_feel_the_normal_stress() -> None:
    (log,) = simulate_logs("rate-and-state", experiments=1)
    again = log.recording.fault.friction
    assert again.std() > 3 * 0.0025
    assert log.recording.channels["slip_velocity"].min() > 0


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        ({"scenario": "nosuch"}, "choose one of temperature-history"),
        ({"experiments": 0}, "at least one"),
        ({"duration": 60.0}, "shorter than the shortest stage"),
        ({"duration": float("nan")}, "3600 s is usual"),
        ({"duration": float("inf")}, "3600 s is usual"),
        ({"memory": 0.0}, "100 s is usual"),
        ({"memory": -5.0}, "100 s is usual"),
        ({"memory": float("nan")}, "100 s is usual"),
        ({"memory": 0.5}, "shorter than one sample"),
        ({"memory": 4000.0}, "shorten the memory"),
        ({"seed": -1}, "zero or more"),
        ({"scenario": "nothing", "memory": 100.0}, "leave the memory out"),
        ({"scenario": "temperature-now", "memory": 100.0}, "leave the memory out"),
        ({"scenario": "temperature-switch", "memory": 100.0}, "leave the memory out"),
        ({"scenario": "shared-trend", "memory": 100.0}, "leave the memory out"),
    ],
)
def test_nonsense_arguments_are_refused_with_advice(arguments: dict[str, Any], advice: str) -> None:
    with pytest.raises(PlanError, match=advice):
        simulate_logs(**({"scenario": "temperature-history"} | arguments))


def test_who_asks_for_no_scenario_is_shown_them_all() -> None:
    with pytest.raises(PlanError, match=f"choose one of {', '.join(SCENARIOS)}$"):
        simulate_logs("")


def test_a_written_log_is_a_plain_table_with_units_in_its_headers(tmp_path: Path) -> None:
    (log,) = simulate_logs("temperature-history", experiments=1, duration=300.0)
    path = tmp_path / "log.csv"
    write_log(log, path)
    assert [file.name for file in tmp_path.iterdir()] == ["log.csv"]
    header, *rows = path.read_text().splitlines()
    assert header == (
        "time_s,slip_velocity_mm_s,axial_displacement_um,temperature_degC,"
        "normal_stress_MPa,shear_stress_MPa,friction"
    )
    table = np.array([[float(cell) for cell in row.split(",")] for row in rows])
    for position, each in enumerate(COLUMNS[1:], start=1):
        np.testing.assert_allclose(
            table[:, position] / each.factor, log.recording.channels[each.channel], rtol=1e-8
        )


def test_a_log_that_cannot_be_written_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    (log,) = simulate_logs("nothing", experiments=1, duration=100.0)
    with pytest.raises(FolderError, match="choose another place"):
        write_log(log, tmp_path / "absent" / "log.csv")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_simulated_experiments_have_the_channels_of_a_prepared_log(scenario: str) -> None:
    first, second = simulate(scenario, experiments=2, duration=900.0)
    others = {"normal_stress", "shear_stress", "friction", "slip"}
    assert set(first.channels) == {driver.name for driver in DRIVERS} | others
    assert first.dt == 1.0
    assert first.duration == pytest.approx(900.0, abs=2.0)
    assert first.stage is not None
    assert not first.gap.any()
    assert (first.name, second.name) == (f"{scenario}-01", f"{scenario}-02")
    assert first.provenance.truth["scenario"] == scenario
    assert first.provenance.steps


def test_a_simulated_experiment_survives_netcdf_with_its_truth() -> None:
    (experiment,) = simulate("temperature-history", experiments=1, duration=300.0)
    again = type(experiment).from_dataset(experiment.to_dataset())
    assert dict(again.provenance.truth) == dict(experiment.provenance.truth)


def test_stages_are_intervals_of_constant_normal_stress() -> None:
    for experiment in simulate("temperature-history", experiments=4):
        stress, stage = experiment.channels["normal_stress"], experiment.stage
        assert stage is not None
        assert stage.max() >= 4
        for number in range(stage.max() + 1):
            held = stress[stage == number][6:-6]  # without the servo's ramps
            assert held.std() / held.mean() < 0.005


def test_a_written_log_reads_back_as_the_simulated_experiment_without_a_map(
    tmp_path: Path,
) -> None:
    (log,) = simulate_logs("temperature-history", experiments=1, duration=900.0)
    path = tmp_path / f"{log.name}.csv"
    write_log(log, path)
    read, simulated = read_experiment(path), log.prepare()
    assert read.name == simulated.name
    np.testing.assert_array_equal(read.stage, simulated.stage)
    np.testing.assert_allclose(read.time, simulated.time)
    assert set(read.channels) == set(simulated.channels)
    for name, values in simulated.channels.items():
        scale = np.abs(values).max()
        np.testing.assert_allclose(read.channels[name], values, rtol=0, atol=1e-7 * scale)
