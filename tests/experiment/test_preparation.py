"""From a log to an experiment: time, grid, holes, trims, and errors that say where."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from found import found_in, of_kind, only, step
from slicken.errors import ChannelError, ExperimentError
from slicken.experiment import ChannelMap, prepare, read_experiment
from slicken.logs.log import Log
from slicken.statements import Statement

MakeLog = Callable[..., Log]
MakeMap = Callable[..., ChannelMap]


def test_a_uniform_log_keeps_its_numbers_to_the_bit(make_log: MakeLog, make_map: MakeMap) -> None:
    log = make_log()
    experiment = prepare(log, make_map(stationary="keep"))
    np.testing.assert_array_equal(experiment.friction, log.values["friction"][2:])
    np.testing.assert_array_equal(experiment.time, log.values["time"][2:])
    np.testing.assert_allclose(
        experiment.channels["slip_velocity"], 1e-3 * log.values["velocity"][2:], rtol=1e-15
    )
    assert not experiment.gap.any()
    assert step(experiment, "grid_kept") == {"grid": 1.0}


def test_all_five_drivers_are_there(make_log: MakeLog, make_map: MakeMap) -> None:
    channels = prepare(make_log(), make_map()).channels
    assert {
        "slip_velocity", "axial_displacement", "temperature", "temperature_rate", "axial_rate"
    } <= set(channels)  # fmt: skip
    np.testing.assert_allclose(channels["axial_rate"], 1e-6 / 3, rtol=1e-9)


def test_shortening_counts_from_zero_and_sign_turns_it(
    make_log: MakeLog, make_map: MakeMap
) -> None:
    column = {"column": "shortening", "unit": "um", "sign": -1}
    turned = prepare(make_log(), make_map({"axial_displacement": column}))
    straight = prepare(make_log(), make_map())
    assert straight.channels["axial_displacement"][0] == 0
    np.testing.assert_allclose(
        turned.channels["axial_displacement"], -straight.channels["axial_displacement"]
    )
    assert step(turned, "sign_reversed")["what"].values["channel"] == "axial_displacement"


@pytest.mark.parametrize(
    ("time", "advice"),
    [
        ([0, 1, 2, 2, 3, 4], r"row 5: time stands still at 2 s.*counts finer"),
        ([0, 1, 2, 1, 2, 3], r"row 5: time runs backward, from 2 to 1 s.*file of its own"),
        ([0, 1, 2, 3, 4, 900], r"row 7: time jumps by 896 s, from 4 to 900 s.*start or end"),
        ([3, 3, 3, 3, 3, 3], r"time stands still at 3 s.*counts finer"),
        ([5, 4, 3, 2, 1, 0], r"row 3: time runs backward.*and in 4 more rows"),
    ],
)
def test_time_that_does_not_run_forward_is_an_error_that_says_where(
    make_log: MakeLog, make_map: MakeMap, time: list[float], advice: str
) -> None:
    with pytest.raises(ExperimentError, match=advice):
        prepare(make_log(6, time=np.array(time)), make_map())


def test_a_row_repeated_exactly_is_left_out_and_said(make_log: MakeLog, make_map: MakeMap) -> None:
    log = make_log()
    twice = np.insert(np.arange(200), 50, 50)
    doubled = {name: values[twice] for name, values in log.values.items()}
    repeated = Log("run", "run.csv", "", doubled, np.arange(201) + 2)
    experiment = prepare(repeated, make_map())
    np.testing.assert_array_equal(experiment.friction, prepare(log, make_map()).friction)
    repeated_rows = only(experiment, "repeated_rows")
    assert (repeated_rows.row, repeated_rows.time) == (53, 50.0)


def test_rows_without_a_time_are_left_out_and_said(make_log: MakeLog, make_map: MakeMap) -> None:
    time = np.arange(200.0)
    time[70] = np.nan
    experiment = prepare(make_log(time=time), make_map())
    assert only(experiment, "untimed_rows").row == 72
    assert not experiment.gap.any()


def test_a_long_hole_in_time_is_a_gap_and_said(make_log: MakeLog, make_map: MakeMap) -> None:
    time = np.concatenate([np.arange(100.0), np.arange(150.0, 250.0)])
    experiment = prepare(make_log(time=time), make_map())
    assert found_in(experiment, "gap") == {"seconds": 51.0, "longest": 3.0}
    at = experiment.time
    # The rates need three samples after a gap.
    np.testing.assert_array_equal(experiment.gap, (at > 99) & (at < 152))
    assert np.isnan(experiment.friction[(at > 99) & (at < 150)]).all()


@pytest.mark.parametrize("missing", [1, 2])
def test_short_holes_are_bridged_by_a_straight_line_and_said(
    make_log: MakeLog, make_map: MakeMap, missing: int
) -> None:
    values = np.arange(200.0) / 400
    values[100 : 100 + missing] = np.nan
    experiment = prepare(make_log(friction=values), make_map())
    assert not experiment.gap.any()
    np.testing.assert_allclose(experiment.friction, experiment.time / 400)
    filled = {"samples": missing, "channel": "friction", "longest": 3.0}
    assert found_in(experiment, "filled") == filled


def test_a_long_hole_in_one_channel_is_a_gap(make_log: MakeLog, make_map: MakeMap) -> None:
    values = 20 + np.arange(200.0)
    values[100:110] = np.nan
    experiment = prepare(make_log(temperature=values), make_map())
    assert experiment.gap[np.isin(experiment.time, np.arange(100, 112))].all()
    assert experiment.gap.sum() == 12


def test_uneven_sampling_is_interpolated_and_said(make_log: MakeLog, make_map: MakeMap) -> None:
    random = np.random.default_rng(2)
    time = np.arange(200.0) + random.uniform(-0.3, 0.3, size=200)
    experiment = prepare(make_log(time=time, friction=time / 1000), make_map(step=1.0))
    assert experiment.dt == pytest.approx(1)
    np.testing.assert_allclose(experiment.friction, experiment.time / 1000, rtol=1e-12)
    assert found_in(experiment, "uneven_sampling")["grid"] == 1.0


def test_stamps_rounded_to_milliseconds_are_a_uniform_grid(
    make_log: MakeLog, make_map: MakeMap
) -> None:
    log = make_log(time=np.round(np.arange(200) / 3, 3))
    experiment = prepare(log, make_map(stationary="keep"))
    assert experiment.dt == pytest.approx(1 / 3, rel=1e-4)
    np.testing.assert_array_equal(experiment.friction, log.values["friction"][2:])


def test_a_coarser_grid_takes_the_mean_of_the_past(make_log: MakeLog, make_map: MakeMap) -> None:
    values = 0.5 + np.random.default_rng(4).normal(size=601) / 50
    log = make_log(601, time=np.arange(601) / 10, friction=values)
    experiment = prepare(log, make_map(step=1.0, stationary="keep"))
    slow = [values[10 * k + 1 : 10 * k + 11].mean() for k in range(60)]
    first = round(experiment.time[0]) - 1
    np.testing.assert_allclose(experiment.friction, slow[first:], rtol=1e-12)
    assert step(experiment, "grid_means") == {"step": 0.1, "grid": 1.0}


def test_a_coarser_grid_does_not_alias(make_log: MakeLog, make_map: MakeMap) -> None:
    time = np.arange(6001) / 10
    buzz = 0.6 + 0.1 * np.cos(2 * np.pi * 1.0 * time) + 1e-3 * np.sin(time / 50)
    experiment = prepare(make_log(6001, time=time, friction=buzz), make_map(step=1.0))
    np.testing.assert_allclose(experiment.friction, 0.6, atol=2e-3)


def test_the_future_cannot_touch_a_coarser_grid(make_log: MakeLog, make_map: MakeMap) -> None:
    time, later = np.arange(601) / 10, np.arange(601) > 300
    values = np.random.default_rng(6).normal(size=601)
    one = prepare(make_log(601, time=time, temperature=values), make_map(step=1.0))
    other = prepare(
        make_log(601, time=time, temperature=np.where(later, 7, values)), make_map(step=1.0)
    )
    past = one.time <= 30.0
    for name in ("temperature", "temperature_rate"):
        assert one.channels[name][past].tobytes() == other.channels[name][past].tobytes()


def test_a_step_that_needs_too_much_memory_is_refused(make_log: MakeLog, make_map: MakeMap) -> None:
    with pytest.raises(ExperimentError, match="give another step"):
        prepare(make_log(), make_map(step=1e-7))
    with pytest.raises(ExperimentError, match="give another step"):
        prepare(make_log(), make_map(step=1e7))


def test_start_and_end_cut_on_the_logs_own_clock(make_log: MakeLog, make_map: MakeMap) -> None:
    experiment = prepare(make_log(), make_map(start=50.0, end=149.0))
    assert (experiment.time[0], experiment.time[-1]) == (52.0, 149.0)
    ends = (Statement("steps.before", time=50.0), Statement("steps.after", time=149.0))
    assert step(experiment, "cropped") == {"ends": ends, "count": 100, "samples": 200}


def test_a_cut_that_leaves_nothing_says_what_there_is(make_log: MakeLog, make_map: MakeMap) -> None:
    with pytest.raises(ExperimentError, match="clock runs from 0 to 199 s"):
        prepare(make_log(), make_map(start=500.0))


def test_start_up_at_rest_is_left_out_and_said(make_log: MakeLog, make_map: MakeMap) -> None:
    velocity = np.full(200, 4.0)
    velocity[:20], velocity[190:] = 0, 0
    log = make_log(velocity=velocity)
    experiment = prepare(log, make_map())
    assert (experiment.time[0], experiment.time[-1]) == (20.0, 189.0)
    first = Statement("steps.first", samples=20, time=19.0)
    last = Statement("steps.last", samples=10, time=190.0)
    assert step(experiment, "trimmed_slow")["ends"] == (first, last)
    assert only(experiment, "trimmed")
    kept = prepare(log, make_map(stationary="keep"))
    assert (kept.time[0], kept.time[-1]) == (2.0, 199.0)


def test_rates_just_after_start_up_know_what_came_before(
    make_log: MakeLog, make_map: MakeMap
) -> None:
    velocity = np.full(200, 4.0)
    velocity[:20] = 0
    experiment = prepare(make_log(velocity=velocity), make_map())
    np.testing.assert_allclose(experiment.channels["axial_rate"][0], 1e-6 / 3, rtol=1e-9)


def test_a_fault_that_never_slips_suggests_to_keep_it(make_log: MakeLog, make_map: MakeMap) -> None:
    with pytest.raises(ExperimentError, match='stationary = "keep"'):
        prepare(make_log(velocity=np.zeros(200)), make_map())


def test_friction_that_never_changes_is_an_error(make_log: MakeLog, make_map: MakeMap) -> None:
    with pytest.raises(ExperimentError, match=r"never changes.*another column"):
        prepare(make_log(friction=np.full(200, 0.6)), make_map())


def test_a_channel_without_a_number_is_an_error(make_log: MakeLog, make_map: MakeMap) -> None:
    with pytest.raises(ExperimentError, match=r"temperature has no number.*leave it out"):
        prepare(make_log(temperature=np.full(200, np.nan)), make_map())


def test_channels_that_never_have_numbers_together_are_an_error(
    make_log: MakeLog, make_map: MakeMap
) -> None:
    first, second = np.arange(200.0), np.arange(200.0)
    first[:120], second[80:] = np.nan, np.nan
    with pytest.raises(ExperimentError, match="leave the emptiest channel out"):
        prepare(make_log(temperature=first, friction=second), make_map())


STRESSES = {
    "friction": None,
    "normal_stress": {"column": "sn", "unit": "MPa"},
    "shear_stress": {"column": "tau", "unit": "MPa"},
}
FORCES = {
    "friction": None,
    "normal_force": {"column": "sn", "unit": "kN"},
    "shear_force": {"column": "tau", "unit": "kN"},
}


@pytest.mark.parametrize(("parts", "kind"), [(STRESSES, "stress"), (FORCES, "force")])
def test_friction_is_shear_over_normal_where_no_column_holds_it(
    make_log: MakeLog, make_map: MakeMap, parts: dict[str, object], kind: str
) -> None:
    normal = np.repeat([1.0, 2.0], 100)
    log = make_log(sn=normal, tau=normal * make_log().values["friction"])
    experiment = prepare(log, make_map(parts, stationary="keep"))
    np.testing.assert_allclose(experiment.friction, log.values["friction"][2:])
    parts_used = {"shear": f"shear_{kind}", "normal": f"normal_{kind}"}
    assert step(experiment, "friction_from") == parts_used
    assert experiment.stage is not None
    np.testing.assert_array_equal(experiment.stage, np.repeat([0, 1], [98, 100]))


def test_friction_without_a_load_is_a_gap_not_a_division(
    make_log: MakeLog, make_map: MakeMap
) -> None:
    normal = np.ones(200)
    normal[100:110] = 0
    experiment = prepare(make_log(sn=normal, tau=0.6 + np.arange(200.0) / 1e3), make_map(STRESSES))
    assert experiment.gap.sum() == 10


def test_a_contact_area_turns_forces_to_stresses(make_log: MakeLog, make_map: MakeMap) -> None:
    log = make_log(sn=np.full(200, 2.0), tau=np.linspace(1, 1.2, 200))
    experiment = prepare(log, make_map(FORCES, contact_area_mm2=500.0))
    np.testing.assert_allclose(experiment.channels["normal_stress"], 4e6)
    made = [one for one in experiment.provenance.steps if one.key == "steps.stress_from_force"]
    assert [one.values["area"] for one in made] == [500.0, 500.0]


def test_slip_is_integrated_or_read(make_log: MakeLog, make_map: MakeMap) -> None:
    steady = make_log(velocity=np.full(200, 4.0), slip=5 + 4.0 * np.arange(200.0))
    integrated = prepare(steady, make_map())
    read = prepare(steady, make_map({"slip": {"column": "slip", "unit": "mm"}}))
    assert integrated.slip is not None
    assert read.slip is not None
    np.testing.assert_allclose(integrated.slip, read.slip, atol=1e-12)
    assert integrated.slip[0] == 0


def test_a_log_without_velocity_has_no_slip_and_no_trim(
    make_log: MakeLog, make_map: MakeMap
) -> None:
    experiment = prepare(make_log(), make_map({"slip_velocity": None}))
    assert experiment.slip is None
    assert len(experiment) == 198


@pytest.mark.parametrize(
    ("column", "numbers", "kind", "said"),
    [
        ("friction", np.linspace(-0.2, 0.6, 200), "friction_out_of_range", {"range": (0.0, 1.5)}),
        (
            "temperature",
            300 + np.sqrt(np.arange(200.0)),
            "temperature_out_of_range",
            {"count": 198, "samples": 198},
        ),
        ("temperature", np.full(200, 25.0), "constant_driver", {"level": ("temperature", 25.0)}),
        (
            "temperature",
            20 + 0.5 * (np.arange(200) // 40),
            "coarse_driver",
            {"channel": "temperature", "values": 5, "step": ("temperature", 0.5)},
        ),
        ("velocity", np.full(200, 4.0) + 0.01, "constant_driver", {"channel": "slip_velocity"}),
        (
            "velocity",
            4 + 0.01 * np.sin(np.arange(200.0)),
            "steady_driver",
            {"channel": "slip_velocity"},
        ),
        (
            "velocity",
            np.where(np.arange(200) == 90, -1, 4.0),
            "backward_slip",
            {"count": 1, "samples": 198},
        ),
    ],
)
def test_what_looks_odd_is_said(
    make_log: MakeLog,
    make_map: MakeMap,
    column: str,
    numbers: np.ndarray,
    kind: str,
    said: dict[str, object],
) -> None:
    experiment = prepare(make_log(**{column: numbers}), make_map(stationary="keep"))
    assert said.items() <= dict(found_in(experiment, kind)).items()


def test_an_experiment_knows_the_file_that_it_came_from(tmp_path: Path) -> None:
    import hashlib

    path = tmp_path / "run 7.csv"
    path.write_text("time_s,mu\n" + "".join(f"{n},{0.5 + n / 100}\n" for n in range(20)))
    experiment = read_experiment(path)
    assert experiment.name == "run 7"
    assert experiment.provenance.source == "run 7.csv"
    assert experiment.provenance.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    guesses = [finding.statement.values["channel"] for finding in of_kind(experiment, "guess")]
    assert guesses == ["time"]


def test_a_log_with_nothing_but_time_and_friction_is_legal(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    path.write_text("t,mu\n0,0.5\n1,0.6\n")
    experiment = read_experiment(path)
    assert len(experiment) == 2
    assert experiment.stage is None


def test_a_load_too_small_to_divide_by_is_none(make_log: MakeLog, make_map: MakeMap) -> None:
    load = np.where(np.arange(200) == 100, 5e-324, 10.0)
    log = make_log(load=load, drag=6 + np.sin(np.arange(200.0)))
    forces = {
        "normal_force": {"column": "load", "unit": "N"},
        "shear_force": {"column": "drag", "unit": "N"},
        "friction": None,
    }
    experiment = prepare(log, make_map(forces))
    assert np.isfinite(experiment.friction).all()  # a straight line through the hole


@pytest.mark.parametrize("step", [5e-324, 1e-12])
def test_a_step_that_no_rig_has_is_refused(
    make_log: MakeLog, make_map: MakeMap, step: float
) -> None:
    with pytest.raises(ExperimentError, match="which no rig has"):
        prepare(make_log(), make_map(step=step))
    with pytest.raises(ExperimentError, match="which no rig has"):
        prepare(make_log(time=1e-300 * np.arange(200)), make_map())


def test_an_area_that_no_specimen_has_is_refused() -> None:
    with pytest.raises(ChannelError, match="contact_area_mm2"):
        ChannelMap.from_toml("[channels]\n[preparation]\ncontact_area_mm2 = 1e-300")


def test_friction_that_changes_only_inside_gaps_never_changes(
    make_log: MakeLog, make_map: MakeMap
) -> None:
    friction = np.full(200, 0.6)
    friction[90:110] = 0.7
    temperature = 20 + np.sqrt(np.arange(200.0))
    temperature[85:115] = np.nan
    with pytest.raises(ExperimentError, match="friction never changes"):
        prepare(make_log(friction=friction, temperature=temperature), make_map())


@pytest.mark.parametrize("kind", ["force", "stress"])
def test_a_load_that_is_negative_throughout_is_named_as_the_cause(
    make_log: Callable[..., Log], make_map: Callable[..., ChannelMap], kind: str
) -> None:
    unit = "N" if kind == "force" else "MPa"
    log = make_log(load=np.full(200, -500.0), shear=np.linspace(300, 330, 200))
    more = {
        f"normal_{kind}": {"column": "load", "unit": unit},
        f"shear_{kind}": {"column": "shear", "unit": unit},
        "friction": None,
    }
    said = rf"normal {kind} is negative throughout \(to -500 {unit}\).* sign = -1 under"
    with pytest.raises(ChannelError, match=said):
        prepare(log, make_map(more))
    more[f"normal_{kind}"] = {"column": "load", "unit": unit, "sign": -1}
    assert prepare(log, make_map(more)).friction.mean() == pytest.approx(0.63, rel=1e-3)
