"""Corrections: what experimentalists do to a log, against cases solved by hand."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from found import found_in, step
from slicken.errors import ChannelError, LogError
from slicken.experiment import ChannelMap, Experiment, describe, prepare, read_experiment
from slicken.experiment.corrections import Corrected, correct
from slicken.experiment.corrections.formulas import (
    difference_rate,
    equivalent_slip,
    running_mean,
    shear_stress,
)
from slicken.logs.log import Log
from slicken.logs.readers import read_log
from slicken.statements import Statement

EXAMPLES = Path(__file__).parents[2] / "examples"
TIME = '[channels.time]\ncolumn = "time"\nunit = "s"\n'
NUMBERS = arrays(np.float64, 30, elements=st.floats(-1e3, 1e3, width=32))


def log_of(**columns: np.ndarray) -> Log:
    size = next(iter(columns.values())).size
    values = {"time": np.arange(float(size)), **columns}
    return Log("run", "run.csv", "", values, np.arange(size) + 2)


def corrected(log: Log, *corrections: str) -> Corrected:
    """The log after corrections as a channel map would have them."""
    text = TIME + "".join(f"[[correction]]\n{each}\n" for each in corrections)
    channel_map = ChannelMap.from_toml(text)
    return correct(log, channel_map.correction, time_column="time", time_unit="s")


def column(log: Log, *corrections: str, name: str = "x") -> np.ndarray:
    return corrected(log, *corrections).log.column(name)


def zero(at: float) -> str:
    return f'kind = "zero"\ncolumn = "x"\nat = {at}'


CALIBRATE = 'kind = "calibrate"\ncolumn = "x"\nfactor = 2.0\noffset = 1.0\nunit = "MPa"'


# -- closed forms --


def test_zero_at_a_time_makes_the_nearest_sample_zero() -> None:
    x = np.array([5.0, 6.0, np.nan, 9.0])
    np.testing.assert_array_equal(column(log_of(x=x), zero(1.2)), [-1, 0, np.nan, 3])


def test_zero_over_an_interval_takes_its_mean() -> None:
    found = column(
        log_of(x=np.array([1.0, 2.0, 6.0, 9.0])), 'kind = "zero"\ncolumn = "x"\nstart = 0\nend = 2'
    )
    np.testing.assert_array_equal(found, [-2, -1, 3, 6])


def test_a_jump_is_taken_out_and_what_comes_after_goes_on() -> None:
    x = np.array([1.0, 2.0, 3.0, -7.0, -6.0])
    found = column(log_of(x=x), 'kind = "offset"\ncolumn = "x"\nat = 2.5')
    np.testing.assert_array_equal(found, [1, 2, 3, 3, 4])


def test_a_jump_that_takes_a_while_is_held_or_a_gap() -> None:
    x = np.array([1.0, 2.0, 50.0, 60.0, 12.0, 13.0])
    interval = 'kind = "offset"\ncolumn = "x"\nstart = 1.5\nend = 4'
    np.testing.assert_array_equal(column(log_of(x=x), interval), [1, 2, 2, 2, 2, 3])
    gap = column(log_of(x=x), interval + '\nbetween = "gap"')
    np.testing.assert_array_equal(gap, [1, 2, np.nan, np.nan, 2, 3])


def test_a_jump_of_a_given_size_is_taken_at_its_word() -> None:
    found = column(log_of(x=np.zeros(4)), 'kind = "offset"\ncolumn = "x"\nat = 2\nby = 3.0')
    np.testing.assert_array_equal(found, [0, 0, -3, -3])


def test_a_jump_in_noise_is_measured_between_medians() -> None:
    x = np.array([0.0, 0, 9, 0, 0, 5, 5, -9, 5, 5])
    found = column(log_of(x=x), 'kind = "offset"\ncolumn = "x"\nat = 5\nsamples = 5')
    np.testing.assert_array_equal(found[5:], [0, 0, -14, 0, 0])


def test_counts_become_a_unit_by_a_straight_line() -> None:
    done = corrected(log_of(x=np.array([0.0, 3.0])), CALIBRATE)
    np.testing.assert_array_equal(done.log.column("x"), [1, 7])
    assert done.log.units["x"] == "MPa"
    done_so = Statement("steps.calibrated_offset", column="x", factor=2.0, unit="MPa", offset=1.0)
    assert done.steps == (Statement("steps.correction", number=1, what=done_so),)


def test_a_machine_stretches_by_load_over_stiffness_whatever_the_units() -> None:
    # 10 MPa on 0.1 MPa/um is 100 um, which is 0.1 mm.
    log = Log(
        "run",
        "run.csv",
        "",
        {"time": np.arange(2.0), "d (mm)": np.array([1.0, 2.0]), "s (MPa)": np.array([0.0, 10.0])},
        np.arange(2),
    )
    rest = 'load = "s (MPa)"\nstiffness = 0.1\nunit = "MPa/um"\ninto = "slip"'
    done = corrected(log, f'kind = "stiffness"\ncolumn = "d (mm)"\n{rest}')
    np.testing.assert_allclose(done.log.column("slip"), [1.0, 1.9], rtol=1e-14)
    assert done.log.units["slip"] == "mm"
    np.testing.assert_array_equal(done.log.column("d (mm)"), [1, 2])


def test_a_constant_stress_on_a_ring_gives_back_the_torque_that_integrates_it() -> None:
    radii = np.linspace(0.01, 0.02, 100_001)
    middles = (radii[1:] + radii[:-1]) / 2
    torque = np.sum(5e6 * 2 * np.pi * middles**2 * np.diff(radii))  # stress x arm x area
    assert shear_stress(np.array(torque), 0.02, 0.01) == pytest.approx(5e6, rel=1e-9)


def test_equivalent_velocity_does_the_work_of_the_rotation() -> None:
    # Power of a constant stress: integral of tau v dA, over tau times the whole area.
    radii = np.linspace(0.0, 0.0125, 100_001)
    middles = (radii[1:] + radii[:-1]) / 2
    areas = 2 * np.pi * middles * np.diff(radii)
    power = np.sum(2 * np.pi * 3.0 * middles * areas) / np.sum(areas)
    assert equivalent_slip(np.array(3.0), 0.0125) == pytest.approx(power, rel=1e-9)
    assert equivalent_slip(np.array(3.0), 0.0125) == pytest.approx(4 / 3 * np.pi * 0.0125 * 3)


def test_a_thin_ring_turns_at_its_circumference() -> None:
    assert equivalent_slip(np.array(1.0), 1.0, 1 - 1e-9) == pytest.approx(2 * np.pi)
    assert shear_stress(np.array(1.0), 1.0, 0.999) == pytest.approx(
        1 / (2 * np.pi * 0.9995**2 * 0.001), rel=1e-3
    )


def test_torque_and_turns_become_stress_and_slip_in_their_units() -> None:
    log = log_of(torque=np.array([1.0, 2.0]), speed=np.array([60.0, 120.0]))
    rings = "outer_radius_mm = 20.0\ninner_radius_mm = 10.0"
    done = corrected(
        log,
        f'kind = "torque"\ncolumn = "torque"\nunit = "Nm"\ninto = "tau"\n{rings}',
        f'kind = "rotation"\ncolumn = "speed"\nunit = "rpm"\ninto = "v"\n{rings}',
        f'kind = "rotation"\ncolumn = "speed"\nunit = "deg"\ninto = "d"\n{rings}',
    )
    assert done.log.units["tau"] == "MPa"
    np.testing.assert_allclose(
        done.log.column("tau"), np.array([1, 2]) * 3 / (2 * np.pi * 7e-6) * 1e-6
    )
    per_turn = 4 * np.pi * 7e-4 / (3 * 0.03)
    np.testing.assert_allclose(done.log.column("v"), [per_turn, 2 * per_turn])
    np.testing.assert_allclose(done.log.column("d"), [per_turn / 6, per_turn / 3])
    assert (done.log.units["v"], done.log.units["d"]) == ("m/s", "m")
    ring = Statement("steps.hollow_cylinder", inner=10.0, outer=20.0)
    assert done.steps[0].values["what"].values["what"].values["face"] == ring


def test_a_running_mean_of_a_ramp_lags_by_half_of_it_or_not_at_all() -> None:
    time = np.arange(100.0) / 10
    past = running_mean(3 * time, time, 1.0, centred=False)
    np.testing.assert_allclose((3 * time - past)[20:], 3 * 0.45)
    centred = running_mean(3 * time, time, 1.0, centred=True)
    np.testing.assert_allclose((3 * time - centred)[10:-10], 0, atol=1e-12)


def test_a_rate_of_a_parabola_is_that_of_the_middle() -> None:
    time = np.arange(0, 10, 0.5)
    past = difference_rate(time**2, time, 2.0, centred=False)
    np.testing.assert_allclose(past[4:], 2 * (time[4:] - 1))
    assert np.isnan(past[:4]).all()


def test_sample_periods_become_a_time() -> None:
    found = column(log_of(x=np.array([1.0, 0.5, 0.25])), 'kind = "running-sum"\ncolumn = "x"')
    np.testing.assert_array_equal(found, [1, 1.5, 1.75])


# -- properties --


@given(x=NUMBERS, at=st.floats(0, 29))
def test_zero_then_zero_is_zero(x: np.ndarray, at: float) -> None:
    once = column(log_of(x=x), zero(at))
    np.testing.assert_array_equal(column(log_of(x=x), zero(at), zero(at)), once)
    assert once[int(np.argmin(np.abs(np.arange(30) - at)))] == 0


@given(x=NUMBERS)
def test_a_replay_gives_the_same_bits(x: np.ndarray) -> None:
    steps = (zero(3), CALIBRATE, 'kind = "mean"\ncolumn = "x"\nover = 5\nwhere = "past"')
    one, two = corrected(log_of(x=x), *steps), corrected(log_of(x=x), *steps)
    assert one.log.column("x").tobytes() == two.log.column("x").tobytes()
    assert one.steps == two.steps


@given(x=NUMBERS)
def test_the_order_matters_and_is_kept(x: np.ndarray) -> None:
    first = column(log_of(x=x), zero(0), CALIBRATE)
    second = column(log_of(x=x), CALIBRATE, zero(0))
    np.testing.assert_allclose(first - second, 1.0, atol=1e-9)  # the offset that zero takes away


@given(x=NUMBERS, at=st.integers(1, 29), jump=st.floats(-100, 100))
def test_a_jump_put_in_and_taken_out_leaves_the_rest_as_it_was(
    x: np.ndarray, at: int, jump: float
) -> None:
    broken = x + jump * (np.arange(30) >= at)
    found = column(log_of(x=broken), f'kind = "offset"\ncolumn = "x"\nat = {at}\nby = {jump}')
    np.testing.assert_allclose(found, x, atol=1e-9)


@given(x=NUMBERS, future=NUMBERS, now=st.integers(0, 28))
def test_a_mean_of_the_past_knows_nothing_of_the_future(
    x: np.ndarray, future: np.ndarray, now: int
) -> None:
    time = np.arange(30.0)
    other = np.concatenate([x[: now + 1], future[now + 1 :]])
    one, two = (running_mean(each, time, 7.0, centred=False) for each in (x, other))
    assert one[: now + 1].tobytes() == two[: now + 1].tobytes()


@given(x=NUMBERS, over=st.floats(0.1, 40), centred=st.booleans())
def test_a_running_mean_matches_a_plain_loop(x: np.ndarray, over: float, centred: bool) -> None:
    time = np.cumsum(1 + np.arange(30) % 3 / 7)
    slow = []
    for now in time:
        if centred:
            inside = np.abs(time - now) <= over / 2 + 1e-9 * over
        else:
            inside = (time > now - over + 1e-9 * over) & (time <= now)
        slow.append(x[inside].mean())
    np.testing.assert_allclose(running_mean(x, time, over, centred=centred), slow, atol=1e-9)


@settings(max_examples=30)
@given(start=st.floats(-5, 40), end=st.floats(-5, 40))
def test_cropping_twice_is_cropping_once(start: float, end: float) -> None:
    log = log_of(x=np.arange(30.0))
    crop = f'kind = "crop"\nstart = {min(start, end)}\nend = {max(start, end)}'
    try:
        once = corrected(log, crop).log
    except ChannelError as problem:
        assert "fewer than two" in str(problem)
        return
    np.testing.assert_array_equal(corrected(log, crop, crop).log.column("x"), once.column("x"))


# -- intervals, files and provenance --


def test_an_excluded_interval_is_a_gap_however_short(
    make_log: Callable[..., Log], make_map: Callable[..., ChannelMap]
) -> None:
    cut = ChannelMap.model_validate(
        {
            **make_map().model_dump(exclude_none=True),
            "correction": [{"kind": "exclude", "start": 50, "end": 51}],
        }
    )
    experiment = prepare(make_log(), cut)
    # Rates begin again after a gap, and need three samples.
    np.testing.assert_array_equal(experiment.time[experiment.gap], [50, 51, 52, 53])


def test_an_interval_shorter_than_the_grid_is_a_gap_too(
    make_log: Callable[..., Log], make_map: Callable[..., ChannelMap]
) -> None:
    cut = ChannelMap.model_validate(
        {
            **make_map(step=10.0).model_dump(exclude_none=True),
            "correction": [{"kind": "exclude", "start": 53, "end": 54}],
        }
    )
    experiment = prepare(make_log(400), cut)
    closed = experiment.time[~np.isfinite(experiment.channels["temperature"])]
    np.testing.assert_array_equal(closed, [60])  # which speaks for 51 to 60 s


def test_an_excluded_column_is_unknown_there_alone() -> None:
    done = corrected(
        log_of(x=np.arange(4.0), y=np.arange(4.0)),
        'kind = "exclude"\ncolumn = "x"\nstart = 1\nend = 2',
    )
    np.testing.assert_array_equal(done.log.column("x"), [0, np.nan, np.nan, 3])
    np.testing.assert_array_equal(done.log.column("y"), [0, 1, 2, 3])


def test_the_time_cannot_change_after_an_interval_was_left_out_by_it() -> None:
    with pytest.raises(ChannelError, match='put the correction of the kind "exclude" after'):
        corrected(
            log_of(x=np.arange(9.0)),
            'kind = "exclude"\nstart = 1\nend = 2',
            'kind = "zero"\ncolumn = "time"\nat = 4',
        )


def write_part(path: Path, time: np.ndarray) -> None:
    rows = [f"{t},{4 + t % 3},{0.6 + 0.01 * (t % 5)}" for t in time]
    path.write_text("\n".join(["Time (s),Slip velocity (mm/s),mu", *rows]))


PARTS = """
[channels.time]
column = "Time (s)"
[channels.slip_velocity]
column = "Slip velocity (mm/s)"
[channels.friction]
column = "mu"
[[correction]]
kind = "join"
files = ["{name}-2.csv"]
"""


def test_files_of_one_run_are_joined_as_if_they_were_one(tmp_path: Path) -> None:
    time = np.arange(60.0)
    write_part(tmp_path / "run.csv", time[:25])
    write_part(tmp_path / "run-2.csv", time[25:])
    write_part(tmp_path / "whole.csv", time)
    joined = read_experiment(tmp_path / "run.csv", ChannelMap.from_toml(PARTS))
    whole = read_experiment(tmp_path / "whole.csv")
    for name, values in whole.channels.items():
        np.testing.assert_array_equal(joined.channels[name], values)
    (part,) = step(joined, "correction")["what"].values["files"]
    assert (part.values["name"], part.values["samples"]) == ("run-2.csv", 35)
    assert part.values["sha256"] == read_log(tmp_path / "run-2.csv").sha256


def test_rows_that_both_files_hold_are_kept_once(tmp_path: Path) -> None:
    time = np.arange(60.0)
    write_part(tmp_path / "run.csv", time[:25])
    write_part(tmp_path / "run-2.csv", time[15:])
    write_part(tmp_path / "whole.csv", time)
    joined = read_experiment(tmp_path / "run.csv", ChannelMap.from_toml(PARTS))
    whole = read_experiment(tmp_path / "whole.csv")
    np.testing.assert_array_equal(joined.time, whole.time)
    for name, values in whole.channels.items():
        np.testing.assert_array_equal(joined.channels[name], values)
    assert found_in(joined, "overlapped") == {"name": "run-2.csv", "count": 10}


def test_an_overlap_of_two_files_that_disagree_is_an_error(tmp_path: Path) -> None:
    write_part(tmp_path / "run.csv", np.arange(25.0))
    text = (tmp_path / "run.csv").read_text()
    write_part(tmp_path / "run-2.csv", np.arange(15.0, 60.0))
    (tmp_path / "run.csv").write_text(text.replace("20.0,6.0,0.6", "20.0,6.5,0.6"))
    assert "20.0,6.5" in (tmp_path / "run.csv").read_text()
    both = (
        r"run.csv and run-2.csv disagree at 20 s: 'Slip velocity \(mm/s\)' is 6.5 and 6; give pause"
    )
    with pytest.raises(ChannelError, match=both) as told:
        read_experiment(tmp_path / "run.csv", ChannelMap.from_toml(PARTS))
    assert "\n" not in str(told.value)


def test_a_join_names_the_file_that_an_overlap_disagrees_with(tmp_path: Path) -> None:
    write_part(tmp_path / "run.csv", np.arange(25.0))
    write_part(tmp_path / "run-2.csv", np.arange(25.0, 60.0))
    write_part(tmp_path / "run-3.csv", np.arange(50.0, 80.0) + 0.25)
    text = PARTS.replace('"{name}-2.csv"', '"{name}-2.csv", "{name}-3.csv"')
    with pytest.raises(ChannelError, match=r"run-3.csv has a row at 50.25 s, between .*run-2.csv"):
        read_experiment(tmp_path / "run.csv", ChannelMap.from_toml(text))


def test_rows_that_one_of_two_files_lost_are_no_disagreement(tmp_path: Path) -> None:
    time = np.arange(60.0)
    write_part(tmp_path / "run.csv", time[:25])
    write_part(tmp_path / "run-2.csv", np.delete(time[15:], 3))
    joined = read_experiment(tmp_path / "run.csv", ChannelMap.from_toml(PARTS))
    np.testing.assert_array_equal(joined.time, time)
    assert found_in(joined, "overlapped") == {"name": "run-2.csv", "count": 9}


def test_a_part_inside_the_record_adds_nothing(tmp_path: Path) -> None:
    time = np.arange(60.0)
    write_part(tmp_path / "run.csv", time)
    write_part(tmp_path / "run-2.csv", time[20:40])
    joined = read_experiment(tmp_path / "run.csv", ChannelMap.from_toml(PARTS))
    np.testing.assert_array_equal(joined.time, time)
    assert found_in(joined, "overlapped") == {"name": "run-2.csv", "count": 20}


def test_a_part_whose_clock_starts_again_is_put_after_a_pause(tmp_path: Path) -> None:
    write_part(tmp_path / "run.csv", np.arange(25.0))
    write_part(tmp_path / "run-2.csv", np.arange(7.0, 27.0))
    joined = read_experiment(tmp_path / "run.csv", ChannelMap.from_toml(PARTS + "pause = 1.0"))
    np.testing.assert_array_equal(joined.time, np.arange(45.0))
    with pytest.raises(LogError, match=r"correction 1 \(join\).*no such file"):
        read_experiment(tmp_path / "run-2.csv", ChannelMap.from_toml(PARTS))


def test_every_correction_is_a_step_of_the_provenance_before_all_others(
    make_log: Callable[..., Log], make_map: Callable[..., ChannelMap]
) -> None:
    text = make_map().to_toml()
    text += '[[correction]]\nkind = "zero"\ncolumn = "shortening"\nat = 0\n'
    text += '[[correction]]\nkind = "mean"\ncolumn = "friction"\nover = 4\nwhere = "centred"\n'
    experiment = prepare(make_log(), ChannelMap.from_toml(text))
    zeroed = Statement("steps.zeroed_at", column="shortening", level=(10.0, ""), time=0.0)
    ahead = Statement("steps.mean_centred", column="friction", over=4.0, ahead=2.0)
    assert experiment.provenance.steps[:2] == (
        Statement("steps.correction", number=1, what=zeroed),
        Statement("steps.correction", number=2, what=ahead),
    )
    assert found_in(experiment, "looks_ahead") == {"what": ahead}


def test_a_map_with_corrections_survives_toml() -> None:
    channel_map = ChannelMap.load(EXAMPLES / "kodiak" / "raw.toml")
    assert len(channel_map.correction) == 16
    assert ChannelMap.from_toml(channel_map.to_toml()) == channel_map


def test_columns_that_corrections_made_are_described(
    make_log: Callable[..., Log], make_map: Callable[..., ChannelMap]
) -> None:
    text = make_map({"slip": {"column": "slip"}}).to_toml()
    text += (
        '[[correction]]\nkind = "calibrate"\ncolumn = "time"\nfactor = 4.0\nunit = "mm"\n'
        'into = "slip"\n'
    )
    summary = {c.name: c for c in describe(make_log(), ChannelMap.from_toml(text)).columns}
    assert (summary["slip"].unit, summary["slip"].maximum) == ("mm", 796)


# -- mistakes --


@pytest.mark.parametrize(
    ("correction", "advice"),
    [
        ('kind = "zero"\ncolumn = "x"', r"correction 1 \(zero\): 'at', or 'start' and 'end'"),
        ('kind = "zero"\nat = 1', r"correction 1 \(zero\): 'column' is missing"),
        ('kind = "zero"\ncolumn = "x"\nat = 1\nstart = 2', "give one of both"),
        ('kind = "zer"\ncolumn = "x"', "unknown kind 'zer'; did you mean 'zero'.*running-sum"),
        ('column = "x"', "correction 1: 'kind' is missing; valid are zero, offset"),
        ('kind = "mean"\ncolumn = "x"\nover = 2', r"\(mean\): 'where' is missing"),
        (
            'kind = "mean"\ncolumn = "x"\nover = 2\nwhere = "future"',
            r"\(mean\): 'where': input should be 'past' or 'centred', not 'future'",
        ),
        ('kind = "crop"\nstart = 5\nend = 2', r"'start' \(5 s\) is later than 'end' \(2 s\)"),
        ('kind = "crop"\nstrat = 5', "did you mean 'start'"),
        ('kind = "calibrate"\ncolumn = "x"\nfactor = 2.0', r"\(calibrate\): 'unit' is missing"),
        ('kind = "calibrate"\ncolumn = "x"\nfactor = nan\nunit = "m"', "'factor'.*not nan"),
        ('kind = "calibrate"\ncolumn = "x"\nfactor = 0.0\nunit = "m"', "leaves nothing"),
        (
            'kind = "torque"\ncolumn = "x"\nouter_radius_mm = 2\ninner_radius_mm = 3',
            r"'inner_radius_mm' \(3\) must be below",
        ),
    ],
)
def test_a_mistake_in_a_correction_is_one_line_that_names_it_and_its_field(
    correction: str, advice: str
) -> None:
    with pytest.raises(ChannelError, match=advice) as caught:
        ChannelMap.from_toml(f"{TIME}[[correction]]\n{correction}\n")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("correction", "advice"),
    [
        ('kind = "zero"\ncolumn = "y"\nat = 1', r"run\.csv: correction 1 \(zero\): no column 'y'"),
        ('kind = "zero"\ncolumn = "x"\nat = 99', "clock runs from 0 to 9 s"),
        ('kind = "zero"\ncolumn = "x"\nstart = 50\nend = 60', "no number from 50 to 60 s"),
        ('kind = "offset"\ncolumn = "x"\nat = 0', "no number on one side"),
        ('kind = "crop"\nstart = 50', "fewer than two samples are left"),
        ('kind = "exclude"\nstart = 0\nend = 50', "fewer than two samples are left"),
        (
            'kind = "stiffness"\ncolumn = "x"\nload = "x"\nstiffness = 1\nunit = "MPa/um"',
            "no unit is given for 'x'.*calibrate",
        ),
        (
            'kind = "torque"\ncolumn = "x"\nunit = "mm"\nouter_radius_mm = 2',
            "'mm' does not measure",
        ),
        ('kind = "torque"\ncolumn = "x"\nunit = "qq"\nouter_radius_mm = 2', "unknown unit 'qq'"),
        ('kind = "join"\nfiles = ["b.csv"]', "read from a folder"),
    ],
)
def test_a_correction_that_does_not_fit_the_log_says_which_and_why(
    correction: str, advice: str
) -> None:
    with pytest.raises(ChannelError, match=advice):
        corrected(log_of(x=np.arange(10.0)), correction)


def test_a_mean_over_a_time_that_does_not_rise_names_the_row() -> None:
    log = log_of(x=np.arange(4.0), time=np.array([0.0, 1.0, 1.0, 2.0]))
    with pytest.raises(ChannelError, match="row 4: time does not rise"):
        corrected(log, 'kind = "mean"\ncolumn = "x"\nover = 2\nwhere = "past"')


# -- a real record --


def raw_kodiak(folder: Path) -> Log:
    """The raw record, with its sample periods summed up."""
    return read_log(folder / "p655intact100l")


@pytest.fixture
def kodiak(real_logs: Path) -> tuple[Experiment, np.ndarray]:
    """The raw record with its map, and what was published of it."""
    folder = real_logs / "kodiak_p655"
    channel_map = ChannelMap.load(EXAMPLES / "kodiak" / "raw.toml")
    # All of it, not only what the example studies.
    whole = channel_map.preparation.model_copy(update={"start": None, "end": None})
    channel_map = channel_map.model_copy(update={"preparation": whole})
    published = np.genfromtxt(folder / "p655_reduced_1hz.csv", delimiter=",", names=True)
    return prepare(raw_kodiak(folder), channel_map), published


@pytest.mark.parametrize(
    ("column_name", "channel", "unit", "usual", "most"),
    [
        # A count of the normal load is 0.0033 MPa; where the load point moves at 230 um/s, the two
        # reductions differ by the place of one sample of 0.1 s: 23 um.
        ("shear_stress_mpa", "shear_stress", 1e-6, 0.002, 0.1),
        ("normal_stress_mpa", "normal_stress", 1e-6, 0.01, 0.03),
        ("mu", "friction", 1.0, 1e-4, 0.002),
        ("slip_um", "slip", 1e6, 0.3, 25.0),
        ("slip_velocity_um_s", "slip_velocity", 1e6, 0.1, 120.0),
        ("layer_thickness_um", "axial_displacement", -1e6, 0.05, 2.5),
    ],
)
def test_the_raw_kodiak_record_arrives_at_the_published_one(
    kodiak: tuple[Experiment, np.ndarray],
    column_name: str,
    channel: str,
    unit: float,
    usual: float,
    most: float,
) -> None:
    experiment, published = kodiak
    # There a second bears the time of its start, here that of its end: nothing looks ahead.
    inside = np.isin(published["time_s"] + 1, experiment.time)
    assert inside.sum() == len(experiment) == 3435
    found, expected = unit * experiment.channels[channel], published[column_name][inside]
    if channel in ("slip", "axial_displacement"):  # they count from their first sample
        expected = expected - expected[0]
    away = np.abs(found - expected)
    assert np.median(away) < usual
    assert away.max() < most


def test_the_load_point_of_kodiak_arrives_too_where_the_machine_stretches(real_logs: Path) -> None:
    """It is no channel, and slip could hide a mistake of the stiffness with one of its own."""
    folder = real_logs / "kodiak_p655"
    raw, channel_map = raw_kodiak(folder), ChannelMap.load(EXAMPLES / "kodiak" / "raw.toml")
    log = correct(raw, channel_map.correction, time_column="Time", time_unit="s").log
    point, time, rows = log.column("load point"), log.column("Time"), log.rows
    # Slip and the stretch of the machine, of 0.1 MPa/um, make up the motion of the load point.
    stretch = log.column("shear stress") / 0.1
    np.testing.assert_allclose(log.column("slip") + stretch, point, atol=1e-9)

    # The log's own column, in counts of 0.076472 um, joined where the sensor was set back.
    moved = 0.076472 * (raw.column("Vert_Disp") - raw.column("Vert_Disp")[1459])
    for first, last in ((18_593, 19_058), (66_262, 67_830)):
        moved[last + 1 :] -= moved[last] - moved[first]
        moved[first : last + 1] = moved[first]
    away = np.abs(point - moved[rows - 1])
    assert away[rows < 18_593].max() < 1e-9
    assert away.max() < 10 * 0.076472  # a jump is measured between two samples, with their noise

    # The published record has the mean of each second, by another clock: where the load point
    # moves at 230 um/s, that is one sample of 0.1 s, 23 um.
    published = np.genfromtxt(folder / "p655_reduced_1hz.csv", delimiter=",", names=True)
    second = np.ceil(time - 1e-9).astype(int)
    inside = (second >= 1) & (second <= published.size)
    means = np.bincount(second[inside], point[inside])[1:] / np.bincount(second[inside])[1:]
    away = np.abs(means - published["load_point_um"][: means.size])
    assert means.size >= 3435
    assert np.median(away) < 0.3
    assert np.quantile(away, 0.99) < 2.5
    assert away.max() < 25


def test_the_worked_example_takes_a_raw_rotary_record_to_what_happened() -> None:
    page = (EXAMPLES.parent / "docs" / "how-to" / "my-log.md").read_text(encoding="utf-8")
    (example,) = (
        block for block in page.split("```") if block.startswith("toml") and "load cell" in block
    )
    time = np.arange(3600.0)
    loaded = time >= 30
    stress = np.where(loaded, 2.0 + (time >= 1500), 0.0)  # MPa
    friction = 0.6 + 0.05 * np.sin(time / 50)
    velocity = 4e-3 * (1 + 0.1 * np.sin(time / 70))  # m/s
    wear = 0.01 * time  # um
    ring = 7e-6  # m^3: ro^3 - ri^3
    raw = {
        "time": time,
        "load cell": 512 + stress / 0.0125,
        "torque": 1e6 * friction * stress * 2 * np.pi * ring / 3,
        "motor": 60 * velocity * 3 * 0.03 / (4 * np.pi * 7e-4),
        "axial (um)": wear + stress / 0.148 + 800.0 * (time >= 1805.5),
    }
    text = example.removeprefix("toml\n").replace('"axial"', '"axial (um)"')
    log = Log("rotary", "rotary.csv", "", raw, np.arange(time.size) + 2)
    found = prepare(log, ChannelMap.from_toml(text)).channels
    kept = slice(62, 3541)  # two samples for the rates, after the crop
    np.testing.assert_allclose(found["friction"], friction[kept], rtol=1e-9)
    np.testing.assert_allclose(found["slip_velocity"], velocity[kept], rtol=1e-12)
    np.testing.assert_allclose(found["normal_stress"], 1e6 * stress[kept], rtol=1e-9)
    # A jump takes the wear of one sample with it.
    away = 1e6 * found["axial_displacement"] - (wear[kept] - wear[62])
    np.testing.assert_allclose(away[: 1806 - 62], 0, atol=1e-9)
    np.testing.assert_allclose(away[1806 - 62 :], -0.01, atol=1e-9)
