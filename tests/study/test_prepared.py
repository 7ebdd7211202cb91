"""Prepared: which drivers, which target times, and the forecast of the work."""

import dataclasses

import numpy as np
import pytest

import builders
from slicken.channels import DRIVERS
from slicken.errors import PlanError
from slicken.study.ledger import Forecast
from slicken.study.prepared import choose_drivers, fingerprint
from slicken.study.task import Task

FIVE = tuple(channel.name for channel in DRIVERS)


def test_the_published_drivers_are_taken_as_far_as_the_logs_have_them() -> None:
    drivers, missing = choose_drivers(builders.make_experiments(), builders.make_plan())
    assert drivers == ("slip_velocity", "temperature")
    assert missing == ("axial_displacement", "temperature_rate", "axial_rate")
    full = {name: np.arange(120.0) for name in FIVE}
    drivers, missing = choose_drivers(builders.make_experiments(3, **full), builders.make_plan())
    assert (drivers, missing) == (FIVE, ())


def test_stresses_are_never_drivers_by_default() -> None:
    staged = builders.make_experiments(3, stages=[60, 60], shear_stress=np.ones(120))
    drivers, _ = choose_drivers(staged, builders.make_plan())
    assert drivers == ("slip_velocity", "temperature")


def test_the_plan_may_choose_the_drivers_and_their_order() -> None:
    plan = builders.make_plan(drivers=["temperature", "slip_velocity"])
    assert choose_drivers(builders.make_experiments(), plan) == (
        ("temperature", "slip_velocity"),
        (),
    )
    assert builders.make_prepared(drivers=["temperature"]).record.channels == ("temperature",)


def test_logs_without_any_driver_are_refused() -> None:
    bare = builders.make_experiments(3, slip_velocity=None, temperature=None)
    with pytest.raises(PlanError, match=r"none of the drivers .*channel map, or other channels"):
        choose_drivers(bare, builders.make_plan())


def test_two_windows_of_as_many_samples_are_refused() -> None:
    with pytest.raises(PlanError, match=r"20 and 20\.3 s are both 20 samples of 1 s; leave one"):
        builders.make_prepared(windows=[10, 20, 20.3])


def test_gaps_are_zero_in_the_standardised_record_and_no_target() -> None:
    experiments = builders.make_experiments(4, gaps=[50, 51])
    # A gap may hold anything: NaN, as the builder has it, or infinity, or a number.
    wild = {name: np.array(values) for name, values in experiments[0].channels.items()}
    wild["temperature"][[50, 51]] = np.inf, 1e9
    experiments[0] = dataclasses.replace(experiments[0], channels=wild)
    prepared = builders.make_prepared(experiments)
    gap = prepared.record.gap
    assert not prepared.drivers[gap].any()
    assert not prepared.friction[gap].any()
    assert np.isfinite(prepared.drivers).all()
    for ends in prepared.split.ends.values():
        assert not gap[ends].any()
        assert np.isfinite(prepared.record.friction[ends]).all()


def test_targets_say_where_and_when_they_are() -> None:
    experiments = builders.make_experiments(4, stages=[50, 70], slip=np.arange(120.0), start=30.0)
    prepared = builders.make_prepared(experiments)
    ends = prepared.split.ends["test"]
    targets = prepared.targets("test")
    np.testing.assert_array_equal(targets["measured"], prepared.record.friction[ends])
    np.testing.assert_array_equal(targets["slip"], targets["time"] - 30)
    np.testing.assert_array_equal(targets["stage"], targets["time"] >= 80)
    np.testing.assert_array_equal(targets["normal_stress"], 1e6 * (1 + targets["stage"]))


def test_a_fingerprint_is_of_what_an_experiment_holds() -> None:
    one = builders.make_experiment()
    assert fingerprint(one) == fingerprint(builders.make_experiment())
    others = [
        builders.make_experiment("other"),
        builders.make_experiment(seed=1),
        builders.make_experiment(dt=2.0),
        builders.make_experiment(start=5.0),
        builders.make_experiment(gaps=[3]),
        builders.make_experiment(stages=[60, 60]),
        builders.make_experiment(stages=[50, 70]),
        builders.make_experiment(slip=np.zeros(120)),
    ]
    prints = {fingerprint(other) for other in others}
    assert len(prints) == len(others)
    assert fingerprint(one) not in prints


NEAR, FAR = Task(0, 5.0, 0, 3), Task(0, 10.0, 0, 3)


def forecast() -> Forecast:
    return Forecast(epoch={NEAR: 2.0, FAR: 4.0}, extra={NEAR: 1.0, FAR: 3.0}, epochs=10)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The only entry is the time that the forecast sees."""
    now = [0.0]
    monkeypatch.setattr("slicken.study.ledger.time.monotonic", lambda: now[0])
    return now


def test_the_forecast_is_the_sum_of_all_epochs_and_extras() -> None:
    assert forecast().rest == 10 * 2 + 10 * 4 + 1 + 3 == forecast().left


def test_what_is_left_goes_to_zero_as_epochs_come_in(clock: list[float]) -> None:
    """Where each epoch takes what was forecast, what is left falls by just that."""
    coming = forecast()
    coming.begin()
    left = [coming.left]
    for task, seconds, extra in ((NEAR, 2.0, 1.0), (FAR, 4.0, 3.0)):
        for epoch in range(1, 11):
            clock[0] += seconds + (extra if epoch == 10 else 0.0)
            coming.advanced(task, epoch)
            left.append(coming.left)
    assert left[-1] == pytest.approx(0, abs=1e-9)
    assert (np.diff(left) < 0).all()
    assert left[1] == pytest.approx(64 - 2)
    assert left[10] == pytest.approx(43)


def test_the_forecast_learns_that_everything_takes_longer(clock: list[float]) -> None:
    coming = forecast()
    coming.begin()
    for epoch in range(1, 11):
        clock[0] += 6.0
        coming.advanced(NEAR, epoch)
    assert 2 * 43 < coming.left <= 3 * 43
