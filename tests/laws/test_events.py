"""Events found in records of displacement or velocity, and corrected in a table."""

import time as clock
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from slicken.errors import LawError
from slicken.experiment import Provenance
from slicken.experiment.samples import Samples, read_samples
from slicken.laws.event_table import events_table, read_events
from slicken.laws.events import find_events
from slicken.laws.results import Event
from slicken.laws.stretches import find_stretches

Floats = NDArray[np.float64]
UM = 1e-6
HISTORY = ((100.0, 1.0), (60.0, 10.0), (30.0, 0.0), (40.0, 10.0), (150.0, 3.0), (80.0, 0.3))
"""Seconds at each velocity, um/s: a step up, a hold, and two steps down."""
CHANGES = ((100.0, np.nan), (160.0, 190.0), (230.0, np.nan), (380.0, np.nan))


def moved(time: Floats, history: Sequence[tuple[float, float]] = HISTORY) -> Floats:
    lasted, velocities = np.array(history).T
    ends = np.concatenate([[0.0], np.cumsum(lasted)])
    return UM * np.interp(time, ends, np.concatenate([[0.0], np.cumsum(lasted * velocities)]))


def record(time: Floats, **channels: Floats) -> Samples:
    friction = channels.pop("friction", 0.6 + 0.001 * np.sin(time))
    return Samples("run", time, {"friction": friction, **channels}, Provenance("run"))


def uneven(seed: int = 0) -> Floats:
    """10 Hz, then 100 Hz, then 5 Hz, with a clock that jitters."""
    steps = np.concatenate([np.full(1200, 0.1), np.full(15000, 0.01), np.full(940, 0.2)])
    return np.cumsum(steps * np.random.default_rng(seed).uniform(0.9, 1.1, steps.size))


def instants(events: Sequence[Event]) -> list[tuple[float, float]]:
    return [(event.start, event.resumed) for event in events]


@pytest.mark.parametrize("seed", range(5))
def test_noisy_quantised_displacement_that_runs_backward_gives_its_events(seed: int) -> None:
    time = uneven(seed)
    noise = np.random.default_rng(seed).normal(0, 0.15, time.size)
    position = np.round((moved(time) / UM + noise) / 0.02) * 0.02 * UM
    assert (np.diff(position) < 0).mean() > 0.2
    events = find_events(record(time, load_point=position))
    assert [event.kind for event in events] == ["step", "hold", "step", "step"]
    np.testing.assert_allclose(instants(events), CHANGES, atol=0.6)
    for event, (start, _) in zip(events, CHANGES, strict=True):
        assert abs(event.start - start) < 3 * event.uncertainty
    before = [event.before / UM for event in events]
    after = [event.after / UM for event in events]
    np.testing.assert_allclose(before, [1, 10, 10, 3], rtol=0.02)
    np.testing.assert_allclose(after, [10, 10, 3, 0.3], rtol=0.02)
    slips = moved(np.array(CHANGES)[:, 0])
    np.testing.assert_allclose([event.slip for event in events], slips, atol=6 * UM)


def test_instants_are_good_to_a_few_samples_where_noise_is_small() -> None:
    time = np.arange(0.0, 460.0, 0.01)
    position = moved(time) + np.random.default_rng(1).normal(0, 0.01 * UM, time.size)
    events = find_events(record(time, load_point=position))
    np.testing.assert_allclose(instants(events), CHANGES, atol=0.03)


def test_stretches_reach_from_change_to_change() -> None:
    time = np.arange(0.0, 460.0, 0.1)
    events = find_events(record(time, load_point=moved(time)))
    spans = np.array([(event.first, event.last) for event in events])
    expected = [(0, 160), (100, 230), (190, 380), (230, 460)]
    np.testing.assert_allclose(spans, expected, atol=0.3)


@settings(max_examples=15, deadline=None)
@given(
    shift=st.floats(-1e5, 1e5),
    sign=st.sampled_from([-1.0, 1.0]),
    noise=st.floats(0.0, 2.0),
    seed=st.integers(1, 99),
)
def test_a_shift_a_sign_and_noise_of_two_quanta_change_no_event(
    shift: float, sign: float, noise: float, seed: int
) -> None:
    quantum, time = 0.05 * UM, uneven()
    noisy = moved(time) + noise * quantum * np.random.default_rng(seed).normal(size=time.size)
    position = sign * np.round(noisy / quantum) * quantum
    events = find_events(record(time + shift, load_point=position))
    assert [event.kind for event in events] == ["step", "hold", "step", "step"]
    found = np.array(instants(events)) - shift
    np.testing.assert_allclose(found, CHANGES, atol=0.5)


@pytest.mark.parametrize("channel", ["load_point_velocity", "slip_velocity"])
def test_velocity_gives_the_same_events(channel: str) -> None:
    time = np.arange(0.0, 460.0, 0.05)
    velocity = np.gradient(moved(time), time)
    velocity += 0.02 * UM * np.random.default_rng(2).normal(size=time.size)
    events = find_events(record(time, **{channel: velocity}))
    assert [event.kind for event in events] == ["step", "hold", "step", "step"]
    np.testing.assert_allclose(instants(events), CHANGES, atol=0.3)


def test_the_load_point_goes_before_slip_on_the_fault() -> None:
    time = np.arange(0.0, 460.0, 0.1)
    events = find_events(record(time, load_point=moved(time), slip=UM * time))
    assert len(events) == 4


@pytest.mark.parametrize("ramp", [0.1, 0.5, 1.0])
def test_a_ramp_of_the_servo_is_one_step_in_its_middle(ramp: float) -> None:
    time = np.arange(0.0, 200.0, 0.02)
    velocity = np.interp(time, [0, 100 - ramp / 2, 100 + ramp / 2, 200], [1.0, 1.0, 10.0, 10.0])
    position = UM * np.concatenate([[0.0], np.cumsum(velocity[1:]) * 0.02])
    (event,) = find_events(record(time, load_point=position))
    assert event.start == pytest.approx(100.0, abs=0.05)
    assert event.after / event.before == pytest.approx(10.0, rel=0.01)


def test_a_stretch_shorter_than_a_ramp_may_take_is_found_where_its_velocity_is_constant() -> None:
    time = np.arange(0.0, 61.0, 0.002)
    history = ((30.0, 10.0), (0.6, 30.0), (30.4, 90.0))
    position = moved(time, history) + 0.05 * UM * np.random.default_rng(8).normal(size=time.size)
    events = find_events(record(time, load_point=position))
    assert [event.start for event in events] == pytest.approx([30.0, 30.6], abs=0.02)
    assert [event.after / UM for event in events] == pytest.approx([30.0, 90.0], rel=0.02)


def test_drift_spikes_a_reset_and_a_gap_are_no_events() -> None:
    time = np.arange(0.0, 1000.0, 0.1)
    position = UM * (2.0 * time + 2e-4 * time**2)
    position += 0.02 * UM * np.random.default_rng(3).normal(size=time.size)
    position[3000:3002] += 50 * UM
    position[6000:] -= 700 * UM
    position[8000:8200] = np.nan
    assert find_events(record(time, load_point=position)) == ()


def test_a_factor_below_the_limit_is_no_step_and_one_above_it_is() -> None:
    time = np.arange(0.0, 200.0, 0.1)
    for ratio, count in ((1.15, 0), (1.5, 1), (1 / 1.5, 1)):
        position = moved(time, ((100.0, 2.0), (100.0, 2.0 * ratio)))
        position += 0.05 * UM * np.random.default_rng(4).normal(size=time.size)
        assert len(find_events(record(time, load_point=position))) == count


def test_a_hold_that_never_ends_has_no_resumption() -> None:
    time = np.arange(0.0, 300.0, 0.1)
    (event,) = find_events(record(time, load_point=moved(time, ((200.0, 5.0), (100.0, 0.0)))))
    assert event.kind == "hold"
    assert np.isnan(event.resumed)
    assert event.after == 0


def test_the_start_and_the_unloading_of_a_run_are_no_events() -> None:
    time = np.arange(0.0, 400.0, 0.1)
    history = ((50.0, 0.0), (250.0, 5.0), (20.0, 0.0), (80.0, -3.0))
    assert find_events(record(time, load_point=moved(time, history))) == ()


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_record_that_mostly_stands_still_still_says_which_way_it_goes(sign: float) -> None:
    time = np.arange(0.0, 2000.0, 0.05)
    history = ((15.0, 6.0), (1600.0, 0.0), (35.0, 6.0), (300.0, 0.0), (50.0, 6.0))
    noise = np.random.default_rng(9).normal(0, 0.3, time.size)
    position = sign * np.round((moved(time, history) / UM + noise) / 0.5) * 0.5 * UM
    events = find_events(record(time, load_point=position))
    assert [event.held for event in events] == pytest.approx([1600.0, 300.0], abs=1.0)


def test_steps_of_normal_stress_are_events_while_the_load_moves_on() -> None:
    time = np.arange(0.0, 600.0, 0.1)
    stress = 1e7 * np.where(time < 250, 1.0, np.where(time < 400, 1.2, 1.0))
    stress += 1e4 * np.random.default_rng(5).normal(size=time.size)
    samples = record(time, load_point=5 * UM * time, normal_stress=stress)
    events = find_events(samples)
    assert [event.kind for event in events] == ["stress_step"] * 2
    np.testing.assert_allclose([event.start for event in events], [250, 400], atol=0.2)
    np.testing.assert_allclose([event.normal_stress for event in events], [1e7, 1.2e7], rtol=1e-3)
    after = [event.normal_stress_after for event in events]
    np.testing.assert_allclose(after, [1.2e7, 1e7], rtol=1e-3)
    assert [event.last for event in events] == pytest.approx([400, 599.9], abs=0.3)


def test_a_steady_load_has_no_event() -> None:
    time = np.arange(0.0, 100.0, 0.1)
    assert find_events(record(time, load_point=UM * time)) == ()


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ({}, "no velocity; map a column to load_point"),
        ({"load_point": np.zeros(1000)}, "load-point displacement never moves"),
        ({"slip_velocity": np.zeros(1000)}, "slip velocity never moves"),
        ({"load_point": np.full(1000, np.nan)}, "no velocity"),
    ],
)
def test_a_record_without_motion_is_one_line(channels: dict[str, Floats], said: str) -> None:
    with pytest.raises(LawError, match=said) as raised:
        find_events(record(np.arange(1000.0), **channels))
    assert "\n" not in str(raised.value)


def test_missing_displacements_do_not_hide_events() -> None:
    time = np.arange(0.0, 460.0, 0.1)
    position = moved(time)
    position[::7] = np.nan
    events = find_events(record(time, load_point=position))
    np.testing.assert_allclose(instants(events), CHANGES, atol=0.3)


def test_a_short_record_is_no_trouble() -> None:
    for count in (2, 3, 5, 12):
        time = np.arange(float(count))
        assert find_events(record(time, load_point=UM * time)) == ()


def test_two_million_samples_take_seconds_and_bounded_memory() -> None:
    time = np.linspace(0.0, 460.0, 2_000_000)
    position = moved(time) + 0.1 * UM * np.random.default_rng(6).normal(size=time.size)
    samples = record(time, load_point=position)
    tracemalloc.start()
    begun = clock.perf_counter()
    events = find_events(samples)
    took, memory = clock.perf_counter() - begun, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_allclose(instants(events), CHANGES, atol=0.1)
    assert memory < 20 * time.nbytes
    assert took < 20


def test_stretches_are_those_of_a_plain_search_over_one_change() -> None:
    time = np.arange(0.0, 60.0, 0.1)
    noise = np.random.default_rng(7).normal(0, 0.3, time.size)
    position = moved(time, ((25.0, 1.0), (35.0, 6.0))) / UM + noise
    found = find_stretches(time, position)

    def left(split: int) -> float:
        parts = (slice(split), slice(split, None))
        fits = [np.polyfit(time[part], position[part], 1, full=True)[1] for part in parts]
        return float(sum(fit[0] for fit in fits))

    best = min(range(10, time.size - 10), key=left)
    assert len(found) == 2
    assert abs(found.first[1] - best) <= 12


# The table


def test_a_table_written_and_read_gives_the_events_again(tmp_path: Path) -> None:
    time = np.arange(0.0, 460.0, 0.1)
    samples = record(time, load_point=moved(time), normal_stress=np.full(time.size, 2e7))
    events = find_events(samples)
    (tmp_path / "steps.csv").write_text(events_table(events))
    again = read_events(tmp_path / "steps.csv", samples)
    for one, other in zip(events, again, strict=True):
        assert one.kind == other.kind
        for name in ("start", "resumed", "first", "last", "before", "after", "slip"):
            assert getattr(other, name) == pytest.approx(
                getattr(one, name), rel=1e-5, abs=2e-3, nan_ok=True
            )


def test_the_instants_alone_are_enough(tmp_path: Path) -> None:
    time = np.arange(0.0, 460.0, 0.1)
    samples = record(time, load_point=moved(time))
    (tmp_path / "steps.csv").write_text("start_s,resumed_s\n380,\n100,\n160,190\n230,\n")
    events = read_events(tmp_path / "steps.csv", samples)
    assert [event.kind for event in events] == ["step", "hold", "step", "step"]
    np.testing.assert_allclose([event.before / UM for event in events], [1, 10, 10, 3], rtol=0.01)
    np.testing.assert_allclose([event.after / UM for event in events], [10, 10, 3, 0.3], rtol=0.01)
    np.testing.assert_allclose(instants(events), CHANGES)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column 'start_s'"),
        ("start_s\n", "no event in it"),
        ("kind,start\nstep,3\n", "unknown column 'start'"),
        ("kind,start_s\nstep,\n", "row 2: start_s is blank"),
        ("kind,start_s\nstep,100\njump,160\n", "row 3: kind 'jump'; choose step, hold"),
        ("start_s\n100\nabc\n", "row 3: start_s: 'abc' is no number"),
        ("start_s\nnan\n", "row 2: start_s: 'nan' is not finite"),
        ("start_s\n1000\n", "row 2: start_s 1000 is not inside run"),
        (
            "start_s,resumed_s\n100,50\n",
            "row 2: first_s, start_s, resumed_s and last_s must follow",
        ),
        ("start_s,kind\n100\n", "row 2: 1 cells, expected 2"),
    ],
)
def test_a_wrong_table_names_the_row_and_the_column(tmp_path: Path, text: str, said: str) -> None:
    time = np.arange(0.0, 460.0, 0.1)
    (tmp_path / "steps.csv").write_text(text)
    with pytest.raises(LawError, match=said) as raised:
        read_events(tmp_path / "steps.csv", record(time, load_point=moved(time)))
    assert "\n" not in str(raised.value)


def test_lines_of_comment_are_not_read_and_rows_are_counted_as_in_the_file(tmp_path: Path) -> None:
    time = np.arange(0.0, 460.0, 0.1)
    samples = record(time, load_point=moved(time))
    (tmp_path / "steps.csv").write_text("# of the log book\n\nstart_s\n100\n# 230\n380\n")
    assert [one.start for one in read_events(tmp_path / "steps.csv", samples)] == [100, 380]
    (tmp_path / "steps.csv").write_text("# of the log book\n\nstart_s\n100\nsoon\n")
    with pytest.raises(LawError, match="row 5: start_s: 'soon'"):
        read_events(tmp_path / "steps.csv", samples)


def test_a_table_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    time = np.arange(0.0, 460.0, 0.1)
    with pytest.raises(LawError, match="cannot be read as a table of events"):
        read_events(tmp_path / "none.csv", record(time, load_point=moved(time)))


# Real logs


@pytest.mark.parametrize(
    ("piece", "start", "before", "after"),
    [(1, 10335.6, 0.2, 2.0), (2, 11336.9, 2.0, 0.2), (3, 21321.1, 0.2, 2.0)],
)
def test_each_sepiolite_file_has_its_one_step(
    real_logs: Path, piece: int, start: float, before: float, after: float
) -> None:
    path = real_logs / "velocity_steps" / f"velstep{piece}_TR2_exp013_sepiolite.txt"
    (event,) = find_events(read_samples(path)[0])
    assert event.kind == "step"
    assert event.start == pytest.approx(start, abs=2.0)
    assert event.before / UM == pytest.approx(before, rel=0.01)
    assert event.after / UM == pytest.approx(after, rel=0.01)
    assert event.normal_stress == pytest.approx(30e6, rel=0.01)


def test_the_basalt_file_has_one_step_and_its_jumps_are_none(real_logs: Path) -> None:
    (samples,) = read_samples(real_logs / "velocity_steps" / "velstep4_BRAVA_expb819_basalt.txt")
    (event,) = find_events(samples)
    assert event.start == pytest.approx(11676.37, abs=0.05)
    assert event.before / UM == pytest.approx(3.0, rel=0.005)
    assert event.after / UM == pytest.approx(10.0, rel=0.005)


def test_kodiak_has_two_holds_and_seven_steps(real_logs: Path, tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "examples" / "kodiak" / "raw.toml").read_text()
    if "[channels.load_point]" not in text:
        text = text.replace(
            "[channels.slip]", '[channels.load_point]\ncolumn = "load point"\n\n[channels.slip]'
        )
    (tmp_path / "map.toml").write_text(text)
    (samples,) = read_samples(real_logs / "kodiak_p655" / "p655intact100l", tmp_path / "map.toml")
    events = find_events(samples)
    kinds = [event.kind for event in events]
    assert kinds == ["hold", *["step"] * 4, "hold", *["step"] * 3]
    velocities = [event.after / UM for event in events]
    expected = [2.286, 22.86, 228.6, 22.86, 2.286, 2.286, 22.86, 228.6, 2.286]
    np.testing.assert_allclose(velocities, expected, rtol=0.06)
    held = [event.held for event in events if event.kind == "hold"]
    assert held == pytest.approx([46.9, 157.2], abs=1.0)
    assert replace(events[0], kind="step").held == events[0].held
    mended = read_events(Path(__file__).parents[2] / "examples" / "kodiak" / "steps.csv", samples)
    assert [event.kind for event in mended] == kinds
    assert mended[0].held == pytest.approx(39.0)
    np.testing.assert_allclose([event.after / UM for event in mended], expected, rtol=0.06)
    np.testing.assert_allclose(instants(mended)[1:], instants(events)[1:], atol=0.3)
