"""Clock faults: planted in a time that rises, found at their row, mended by what is proposed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slicken.errors import ChannelError, ExperimentError
from slicken.experiment import ChannelMap, Finding, describe, prepare
from slicken.experiment.corrections import Corrected, correct
from slicken.experiment.corrections.formulas import spread_times
from slicken.experiment.inspection import Inspection
from slicken.experiment.quality.clock_faults import _in_order
from slicken.logs.log import Log
from slicken.reporting.channel_map import channel_map_toml
from slicken.reporting.wording import words
from slicken.statements import Statement

CLOCK = {
    "clock_slip",
    "clock_set_back",
    "clock_restarted",
    "clock_coarse",
    "clock_repeated",
    "clock_leap",
}
MakeLog = Callable[..., Log]
MakeMap = Callable[..., ChannelMap]


def found(inspection: Inspection) -> Finding:
    (one,) = (f for f in inspection.findings if f.kind in CLOCK)
    return one


def repaired(log: Log, channel_map: ChannelMap, finding: Finding) -> np.ndarray:
    """The time of the log with what is proposed, which must be enough for an experiment."""
    text = channel_map.to_toml() + finding.correction
    again = describe(log, ChannelMap.from_toml(text))
    assert again.problem == ""
    assert [f for f in again.findings if f.kind in CLOCK] == []
    return again.log.column("time")


def corrected(log: Log, correction: str, unit: str = "s") -> Corrected:
    text = f'[channels.time]\ncolumn = "time"\n[[correction]]\n{correction}\n'
    channel_map = ChannelMap.from_toml(text)
    return correct(log, channel_map.correction, time_column="time", time_unit=unit)


# -- found and mended --


def test_a_clock_of_whole_seconds_at_four_samples_a_second_is_spread(
    make_log: MakeLog, make_map: MakeMap
) -> None:
    true = np.arange(3, 203) / 4  # begins in the middle of a second, and ends in one
    log = make_log(time=np.floor(true))
    finding = found(describe(log, make_map()))
    assert (finding.kind, finding.row, finding.time) == ("clock_coarse", 4, 1)
    assert finding.statement.values["each"] == 200 / 51
    np.testing.assert_allclose(repaired(log, make_map(), finding), true, atol=1e-12)


def test_a_sample_that_was_written_twice_is_left_out(make_log: MakeLog, make_map: MakeMap) -> None:
    time = np.arange(200.0)
    time[100:] -= 1  # 99 is there twice, with other numbers
    log = make_log(time=time)
    finding = found(describe(log, make_map()))
    assert (finding.kind, finding.row) == ("clock_repeated", 102)
    np.testing.assert_array_equal(repaired(log, make_map(), finding), np.arange(199.0))


def test_a_clock_that_was_set_back_runs_on(make_log: MakeLog, make_map: MakeMap) -> None:
    time = np.arange(200.0)
    time[120:] -= 50
    time[150:] -= 7
    log = make_log(time=time)
    finding = found(describe(log, make_map()))
    assert (finding.kind, finding.row, finding.time) == ("clock_set_back", 122, 70)
    assert finding.statement.values == {"before": 119.0, "after": 70.0, "times": 2}
    np.testing.assert_array_equal(repaired(log, make_map(), finding), np.arange(200.0))


def test_of_two_runs_in_one_file_the_longer_is_kept_or_they_become_one(
    make_log: MakeLog, make_map: MakeMap
) -> None:
    time = np.concatenate([np.arange(5.0, 75.0), np.arange(5.0, 135.0)])
    log = make_log(time=time)
    finding = found(describe(log, make_map()))
    assert (finding.kind, finding.row) == ("clock_restarted", 72)
    np.testing.assert_array_equal(repaired(log, make_map(), finding), time[70:])
    text = make_map().to_toml() + finding.alternative
    again = describe(log, ChannelMap.from_toml(text))
    np.testing.assert_array_equal(again.log.column("time"), np.arange(5.0, 205.0))


@pytest.mark.parametrize("wrong", [9.0, 5000.0])
@pytest.mark.parametrize("at", [0, 90, 199])
def test_a_single_time_that_does_not_fit_costs_its_row(
    make_log: MakeLog, make_map: MakeMap, wrong: float, at: int
) -> None:
    time = np.arange(10.0, 210.0)
    time[at] = wrong
    log = make_log(time=time)
    inspection = describe(log, make_map())
    if (at, wrong) == (0, 9.0):  # which is no fault
        assert inspection.problem == ""
        return
    finding = found(inspection)
    assert finding.kind == ("clock_leap" if (at, wrong) == (199, 5000.0) else "clock_slip")
    assert (finding.row, finding.time) == (at + 2, wrong)
    np.testing.assert_array_equal(
        repaired(log, make_map(), finding), np.delete(np.arange(10.0, 210.0), at)
    )


def test_a_clock_that_was_set_to_the_date_runs_on_from_where_it_was(
    make_log: MakeLog, make_map: MakeMap
) -> None:
    time = np.arange(200.0)
    time[40:] += 1.7e9
    log = make_log(time=time)
    finding = found(describe(log, make_map()))
    assert (finding.kind, finding.row) == ("clock_leap", 42)
    np.testing.assert_array_equal(repaired(log, make_map(), finding), np.arange(200.0))


def test_a_slip_and_a_clock_set_back_are_told_apart(make_log: MakeLog, make_map: MakeMap) -> None:
    time = np.arange(200.0)
    time[60] = 3
    time[120:] -= 50
    log = make_log(time=time)
    kinds = {f.kind: f for f in describe(log, make_map()).findings if f.kind in CLOCK}
    assert {kind: f.row for kind, f in kinds.items()} == {"clock_slip": 62, "clock_set_back": 122}
    text = make_map().to_toml() + "\n".join(f.correction for f in kinds.values())
    again = describe(log, ChannelMap.from_toml(text))
    np.testing.assert_array_equal(again.log.column("time"), np.delete(np.arange(200.0), 60))


def test_a_leap_in_each_of_two_runs_is_mended_with_the_run_that_is_kept(
    make_log: MakeLog, make_map: MakeMap
) -> None:
    run = np.arange(100.0) + 3000.0 * (np.arange(100) > 60)
    log = make_log(time=np.concatenate([run[:90], run]), samples=190)
    kinds = [f for f in describe(log, make_map()).findings if f.kind in CLOCK]
    assert [f.kind for f in kinds] == ["clock_restarted", "clock_leap"]
    text = make_map().to_toml() + "\n".join(f.correction for f in kinds)
    again = describe(log, ChannelMap.from_toml(text))
    np.testing.assert_array_equal(again.log.column("time"), np.arange(100.0))


def test_a_leap_behind_a_leap_is_mended_with_it(make_log: MakeLog, make_map: MakeMap) -> None:
    time = np.arange(200.0)
    time[80:] += 500
    time[120:] += 1e6
    log = make_log(time=time)
    finding = found(describe(log, make_map()))
    np.testing.assert_array_equal(repaired(log, make_map(), finding), np.arange(200.0))


def test_a_time_of_noise_is_no_clock_and_nothing_is_proposed(
    make_log: MakeLog, make_map: MakeMap
) -> None:
    log = make_log(time=np.random.default_rng(0).normal(size=200))
    inspection = describe(log, make_map())
    assert "time runs backward" in inspection.problem
    assert [f for f in inspection.findings if f.kind in CLOCK] == []


def test_the_error_of_a_study_sends_to_inspect(make_log: MakeLog, make_map: MakeMap) -> None:
    for time in (
        np.arange(200) // 2,
        np.arange(200) % 100,
        np.arange(200) + 1e6 * (np.arange(200) > 50),
    ):
        with pytest.raises(ExperimentError, match="slicken inspect proposes a correction"):
            prepare(make_log(time=time), make_map())


def test_a_gap_proposes_its_longer_side(make_log: MakeLog, make_map: MakeMap) -> None:
    time = np.arange(200.0)
    time[50:] += 30
    time[190:] += 30
    (finding,) = (f for f in describe(make_log(time=time), make_map()).findings if f.correction)
    assert finding.kind == "gap"
    assert finding.statement.values == {"seconds": 31.0, "longest": 3.0}
    assert finding.correction == '[[correction]]\nkind = "crop"\nstart = 80.0\nend = 219.0'
    text = make_map().to_toml() + finding.correction
    experiment = prepare(make_log(time=time), ChannelMap.from_toml(text))
    assert not experiment.gap.any()


def test_proposals_stand_in_the_map_as_comments(
    make_log: MakeLog, make_map: MakeMap, tmp_path: Path
) -> None:
    inspection = describe(make_log(time=np.arange(200.0) // 2), make_map())
    path = tmp_path / "map.toml"
    path.write_text(channel_map_toml(inspection, words("en")))
    assert ChannelMap.load(path) == make_map()
    assert '\n#kind = "repeated-time"\n#keep = "all"\n' in path.read_text()


# -- the corrections themselves --


def test_repeated_times_become_one_by_the_first_the_last_or_the_mean() -> None:
    time = np.array([0.0, 1.0, 1.0, np.nan, 2.0])
    log = Log(
        "run",
        "run.csv",
        "",
        {"time": time, "x": np.array([1.0, 2, 4, 9, np.nan])},
        np.arange(5) + 2,
    )
    for keep, x, rows in (
        ("first", [1, 2, 9, np.nan], [2, 3, 5, 6]),
        ("last", [1, 4, 9, np.nan], [2, 4, 5, 6]),
        ("mean", [1, 3, np.nan], [2, 3, 6]),
    ):
        done = corrected(log, f'kind = "repeated-time"\nkeep = "{keep}"')
        np.testing.assert_array_equal(done.log.column("x"), x)
        np.testing.assert_array_equal(done.log.rows, rows)


def test_a_time_in_minutes_is_spread_in_minutes() -> None:
    log = Log("run", "run.csv", "", {"time": np.array([0.0, 0, 1, 1, 2])}, np.arange(5))
    done = corrected(log, 'kind = "repeated-time"\nkeep = "all"', unit="min")
    np.testing.assert_allclose(done.log.column("time"), [0, 0.5, 1, 1.5, 2])
    spread = Statement("steps.times_spread", samples=2)
    assert done.steps == (Statement("steps.correction", number=1, what=spread),)


@given(
    first=st.integers(0, 9),
    count=st.integers(40, 80),
    per=st.integers(2, 10),
    missing=st.integers(0, 200),
)
def test_whole_counts_of_an_even_clock_are_spread_to_what_they_were(
    first: int, count: int, per: int, missing: int
) -> None:
    samples = np.arange(first % per, first % per + count * per)
    true = samples / per + missing * (samples >= 20 * per)  # and a gap stays one
    np.testing.assert_allclose(spread_times(np.floor(true + 1e-9)), true, atol=1e-9)


def test_a_clock_runs_on_after_a_pause_or_by_so_much() -> None:
    log = Log("run", "run.csv", "", {"time": np.array([0.0, 1, 2, 0, 1])}, np.arange(5) + 10)
    paused = corrected(log, 'kind = "run-on"\nrow = 13\npause = 5')
    np.testing.assert_array_equal(paused.log.column("time"), [0, 1, 2, 7, 8])
    done = Statement("steps.time_shifted_after_pause", row=13, shift=7.0, pause=5.0)
    assert paused.steps == (Statement("steps.correction", number=1, what=done),)
    shifted = corrected(log, 'kind = "run-on"\nrow = 13\nby = 3600')
    np.testing.assert_array_equal(shifted.log.column("time"), [0, 1, 2, 3600, 3601])


def test_rows_are_kept_or_left_out_by_their_line_in_the_file() -> None:
    log = Log("run", "run.csv", "", {"time": np.arange(5.0)}, np.arange(5) + 10)
    kept = corrected(log, 'kind = "rows"\nfirst = 11\nlast = 12')
    np.testing.assert_array_equal(kept.log.rows, [11, 12])
    done = Statement("steps.rows_kept", first=11, last=12, count=3, samples=5)
    assert kept.steps == (Statement("steps.correction", number=1, what=done),)
    rest = corrected(log, 'kind = "rows"\nfirst = 11\nlast = 12\nkeep = "outside"')
    np.testing.assert_array_equal(rest.log.rows, [10, 13, 14])


@pytest.mark.parametrize(
    ("correction", "advice"),
    [
        ('kind = "run-on"\nrow = 99\npause = 1', "no sample in row 99; the log has rows 2 to 6"),
        ('kind = "rows"\nfirst = 99', "fewer than two samples are left; the log has rows 2 to 6"),
        ('kind = "rows"', "'first' or 'last' is missing"),
        ('kind = "rows"\nfirst = 5\nlast = 3', r"'first' \(row 5\) is after 'last'"),
        ('kind = "run-on"\nrow = 3', "'pause' is s after the sample before.*give one"),
        ('kind = "run-on"\nrow = 2\npause = 1', "no time here, or none before"),
        ('kind = "repeated-time"\nkeep = "all"', "row 5: time runs backward; mend that first"),
        ('kind = "repeated-time"\nkeep = "some"', "'keep'.*not 'some'"),
    ],
)
def test_a_correction_of_the_clock_that_does_not_fit_says_why(correction: str, advice: str) -> None:
    log = Log("run", "run.csv", "", {"time": np.array([0.0, 1, 1, 0, 1])}, np.arange(5) + 2)
    with pytest.raises(ChannelError, match=advice):
        corrected(log, correction)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=9))
def test_the_most_rows_in_order_match_a_search_of_all_subsets(times: list[int]) -> None:
    time = np.array(times, float)
    kept = _in_order(time)
    assert np.all(np.diff(time[kept]) >= 0)
    most = max(
        bits.bit_count()
        for bits in range(1 << time.size)
        if np.all(np.diff(time[[i for i in range(time.size) if bits >> i & 1]]) >= 0)
    )
    assert kept.sum() == most
