"""Slip rows: equal steps of slip, what they make of holds and gaps, and what they cannot be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import builders
import naive
from slicken.channels import TIME_SPENT
from slicken.errors import ExperimentError
from slicken.experiment.motion import slip_from_velocity
from slicken.learning.record import Record, join, once_a_sample
from slicken.learning.slip_rows import over_slip

NAMES = ("slip_velocity", "temperature")


def record_of(*velocities: np.ndarray, dt: float = 1.0, **more: object) -> Record:
    """A record of experiments with these slip velocities in m/s."""
    made = []
    for i, each in enumerate(velocities):
        slip = slip_from_velocity(each, dt * np.arange(each.size))
        values = {"slip_velocity": each, "slip": slip, **more}
        made.append(builders.make_experiment(f"run{i}", each.size, seed=i, dt=dt, **values))
    return join(made, NAMES)


@given(
    st.lists(st.sampled_from([0.0, 0.0, 1e-6, 7e-6, 5e-5]), min_size=6, max_size=40),
    st.sampled_from([3.0, 10.0, 40.0]),
)
def test_rows_match_a_slow_loop(velocities: list[float], step: float) -> None:
    record = record_of(np.array([*velocities, 5e-5, 5e-5, 5e-5]))
    passed = 1e6 * (record.slip - record.slip[0])
    found = over_slip(record, step)
    rows = naive.slip_rows(passed, record.time, record.drivers[:, 1], record.friction, step)
    time, friction, mean, spent = np.array(rows).T
    assert found.time.tolist() == time.tolist()
    assert found.friction.tolist() == friction.tolist()
    assert found.drivers[:, 1] == pytest.approx(mean, rel=1e-6)
    assert np.exp(found.drivers[:, 2]) == pytest.approx(1e6 * spent, rel=1e-4)


def test_at_one_velocity_rows_are_the_samples_from_the_second_on() -> None:
    record = record_of(np.full(50, 4e-6), np.full(30, 4e-6), dt=0.5)
    found = over_slip(record, 2.0)
    kept = np.flatnonzero(record.time > 0)
    assert (found.clock, found.unit, found.dt) == ("slip", "µm", 2.0)
    assert found.channels == (*NAMES, TIME_SPENT.name)
    for name in ("time", "friction", "experiment"):
        assert getattr(found, name).tolist() == getattr(record, name)[kept].tolist()
    np.testing.assert_allclose(found.drivers[:, :2], record.drivers[kept], rtol=1e-9)
    np.testing.assert_allclose(found.drivers[:, 2], np.log(0.5 / 2e-6), rtol=1e-9)


def test_a_hold_is_the_time_of_the_row_after_it_and_no_row_itself() -> None:
    velocity = np.concatenate([np.full(20, 1e-5), np.zeros(1000), np.full(20, 1e-5)])
    found = over_slip(record_of(velocity), 10.0)
    spent = 10.0 * np.exp(found.drivers[:, 2]) / 1e6  # s in each row
    assert len(found) == 39
    assert np.sort(spent)[-1] == pytest.approx(1001, abs=1)
    assert np.sort(spent)[:-1] == pytest.approx(1.0, abs=0.01)
    assert spent.sum() == pytest.approx(found.time[-1], rel=1e-9)


def test_nothing_after_a_row_changes_it() -> None:
    random = np.random.default_rng(0)
    velocity = random.uniform(1e-6, 1e-5, 100)
    whole = record_of(velocity)
    short = record_of(
        velocity[:60], temperature=whole.drivers[:60, 1], friction=whole.friction[:60]
    )
    early = over_slip(short, 10.0)
    rows = over_slip(whole, 10.0).drivers[: len(early)]
    np.testing.assert_allclose(early.drivers, rows, rtol=1e-9)


def test_no_row_crosses_a_gap() -> None:
    record = record_of(np.full(60, 1e-5), gaps=range(20, 30))
    found = over_slip(record, 20.0)
    gap = np.flatnonzero(found.gap)
    assert gap.size == 1
    assert found.time[gap[0] - 1] < 20 <= found.time[gap[0]] < 30 <= found.time[gap[0] + 1]
    assert np.isfinite(found.drivers[~found.gap]).all()


def test_slip_counts_whichever_way_it_goes() -> None:
    forth = record_of(np.full(40, 1e-5))
    back = record_of(np.r_[np.full(20, 1e-5), np.full(20, -1e-5)])
    assert len(over_slip(back, 10.0)) == pytest.approx(len(over_slip(forth, 10.0)), abs=2)


def test_rows_that_end_at_one_sample_are_one_target() -> None:
    record = record_of(np.full(20, 1e-4))
    found = over_slip(record, 25.0)  # four rows in each sample
    ends = once_a_sample(found, np.arange(len(found)))
    assert found.time[ends].tolist() == record.time[1:].tolist()
    assert ends.tolist() == list(range(3, len(found), 4))
    time = record_of(np.full(20, 1e-4), np.full(20, 1e-4))
    assert once_a_sample(time, np.arange(40)).tolist() == list(range(40))


def test_a_slip_grid_without_slip_is_refused_in_a_line() -> None:
    unknown = join([builders.make_experiment("bare", slip_velocity=None)], ["temperature"])
    with pytest.raises(ExperimentError, match="bare: a slip grid needs slip; name a column"):
        over_slip(unknown, 10.0)
    still = record_of(np.full(40, 1e-5), np.zeros(40))
    with pytest.raises(ExperimentError, match="run1: a slip grid needs slip, and this fault does"):
        over_slip(still, 10.0)
    with pytest.raises(ExperimentError, match=r"run0: slips less than one step .* 1000 µm"):
        over_slip(record_of(np.full(40, 1e-5)), 1000.0)
    with pytest.raises(ExperimentError, match="more than 20000000 rows of 1e-06 µm"):
        over_slip(record_of(np.full(40, 1e-5)), 1e-6)
