"""Slip grid: the bins of time at one velocity, plain loops at others, holds as time spent."""

from dataclasses import replace

import numpy as np
import pytest

import builders
from slicken.channels import TIME_SPENT
from slicken.errors import ExperimentError
from slicken.evidence.lag_model import LagModel, build_lag_model
from slicken.evidence.required import required_by_lag_model
from slicken.study.prepared import Prepared

SAMPLES, LENGTH, METRES = 700, 48, 4e-3


def study(velocities: tuple[float, ...], hold: int = 0) -> Prepared:
    """Friction is the mean temperature of the last metres; velocity is stepped, and held still."""
    made = []
    for number in range(7):
        random = np.random.default_rng(number)
        velocity = np.repeat(random.choice(velocities, SAMPLES // 50), 50)
        if hold:
            velocity[300 : 300 + hold] = 0.0
        slip = np.append(0.0, np.cumsum(velocity[1:]))
        temperature = builders.smooth(random, SAMPLES, 12)
        total = np.append(0.0, np.cumsum(np.diff(slip) * temperature[1:]))
        since = np.maximum(slip - METRES, 0.0)
        mean = (total - np.interp(since, slip, total)) / np.maximum(slip - since, 1e-9)
        made.append(
            builders.make_experiment(
                f"run{number}", SAMPLES, slip=slip, temperature=30 + 5 * temperature,
                slip_velocity=velocity,
                friction=0.6 + 0.05 * mean + 0.002 * random.normal(size=SAMPLES),
            )
        )  # fmt: skip
    return builders.make_prepared(made, windows=[10, LENGTH], stride=5)


def both(prepared: Prepared) -> tuple[LagModel, LagModel]:
    by_time, by_slip = (
        build_lag_model(prepared, LENGTH, clock=clock) for clock in ("time", "slip")
    )
    return by_time, by_slip


def test_at_one_velocity_the_bins_are_those_of_time() -> None:
    by_time, by_slip = both(study((2e-4,)))
    assert by_slip.channels == (*by_time.channels, TIME_SPENT.name)
    # How far the first sample of an experiment reaches back is not known on a grid of slip.
    whole = by_time.ends % SAMPLES >= LENGTH
    np.testing.assert_allclose(by_slip.bins[whole, :-1], by_time.bins[whole], atol=1e-7)
    assert np.ptp(by_slip.bins[:, -1]) < 1e-6 or np.ptp(by_slip.bins[:, -1]) < 20, (
        "one number, standardised"
    )
    assert np.array_equal(by_slip.ends, by_time.ends)
    assert by_slip.past_edge(by_slip.steps) == pytest.approx(LENGTH * 2e-4)
    assert (by_slip.clock, by_time.clock) == ("slip", "time")


def test_bins_are_means_over_slip() -> None:
    prepared = study((1e-4, 4e-4))
    by_time, by_slip = both(prepared)
    slip = prepared.record.slip
    for row in range(0, by_slip.ends.size, 211):
        end = int(by_slip.ends[row])
        first = int(
            np.flatnonzero(prepared.record.experiment == prepared.record.experiment[end])[0]
        )
        for k in range(by_slip.future + 1, by_slip.future + by_slip.steps):
            far, near = (slip[end] - by_slip.edges[k + shift] * by_slip.dt for shift in (1, 0))
            total = width = 0.0
            for i in range(first + 1, end + 1):
                part = max(min(slip[i], near) - max(slip[i - 1], far), 0.0)
                total, width = total + part * by_time.values[i], width + part
            if width > 1e-9:
                np.testing.assert_allclose(by_slip.bins[row, :-1, k], total / width, atol=1e-6)


def test_a_memory_over_slip_lies_within_what_is_needed_in_metres() -> None:
    _, by_slip = both(study((1e-4, 2e-4, 4e-4)))
    required = required_by_lag_model(by_slip, ["temperature"])
    assert required.range is not None
    one_bin = 1.5  # a memory that ends within a bin needs the next one to know how far
    assert required.range[0] < one_bin * METRES
    assert METRES <= required.best < 3 * METRES


def test_a_hold_is_time_spent() -> None:
    prepared = study((1e-4, 4e-4), hold=40)
    _, by_slip = both(prepared)
    spent = by_slip.bins[:, -1, by_slip.future :]
    at = np.flatnonzero(by_slip.ends % SAMPLES == 335)
    assert at.size
    assert (spent[at, 0] > np.quantile(spent[:, 0], 0.9)).all(), "within the hold, the present bin"
    after = np.flatnonzero(by_slip.ends % SAMPLES == 350)
    assert (spent[after].argmax(axis=1) > 0).all(), "later, a bin further back"
    place = by_slip.channels.index("slip_velocity")
    present = by_slip.values[by_slip.ends[at], place]
    np.testing.assert_allclose(by_slip.bins[at, place, by_slip.future], present)


def test_lags_over_slip_need_slip() -> None:
    prepared = study((2e-4,))
    for slip in (np.full(len(prepared.record), np.nan), np.zeros(len(prepared.record))):
        without = replace(prepared, record=replace(prepared.record, slip=slip))
        with pytest.raises(ExperimentError, match="name a column of slip"):
            build_lag_model(without, LENGTH, clock="slip")
