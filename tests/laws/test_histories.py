"""Histories: planted laws found again from whole records, at any course of velocity."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

import slicken
from slicken.experiment.experiment import Provenance
from slicken.experiment.samples import Samples
from slicken.laws.histories import fit_history
from slicken.laws.imposed import faded
from slicken.laws.jackknife import estimate
from slicken.laws.results import Event, History
from slicken.physics.shear_test import Course, Readings, ShearTest, shear
from slicken.physics.spring_slider import Evolution, SpringSlider

PLANTED = {"a": 0.01, "b": 0.015, "a_minus_b": -0.005, "dc": 100e-6}
FAULT = SpringSlider(0.6, 0.009, (0.011,), (15e-6,), 5e3, 1e-6)
OF_FAULT = {"a": 0.009, "b": 0.011, "a_minus_b": -0.002, "dc": 15e-6}
COURSE = Course(
    "velocity-steps",
    tuple(1e-6 * v for v in (1, 10, 1, 10, 1, 0, 1, 10, 1)),
    (100.0, 30.0, 100.0, 30.0, 100.0, 30.0, 100.0, 30.0, 100.0),
)
NOISY = Readings((10.0,), white=5e-4, coloured=5e-4, correlation=5.0, trend=0.5, undulation=3e-4)


def simulated(scenario: str, experiments: int, duration: float, seed: int = 1) -> list[Samples]:
    found = slicken.simulate(scenario, experiments=experiments, duration=duration, seed=seed)
    return [Samples.of(each) for each in found]


def events_of(test: ShearTest) -> list[Event]:
    """The events of a course, as they were planted."""
    starts = [each["start_s"] for each in test.truth["changes"]]
    speeds = [*test.truth["load_point_m_s"]]
    found = []
    for start, before, after in zip(starts, speeds, speeds[1:], strict=False):
        if after == 0:
            until = starts[starts.index(start) + 1]
            found.append(Event("hold", start, 0.05, until, 0, 0, 0, before, before))
        elif before > 0:
            found.append(Event("step", start, 0.05, np.nan, 0, 0, 0, before, after))
    return found


def covers(history: History, planted: dict[str, float]) -> Sequence[str]:
    """Parameters whose interval misses what was planted."""
    found = history.estimates
    return [
        name for name, true in planted.items() if not found[name].low <= true <= found[name].high
    ]


@pytest.mark.parametrize(
    ("scenario", "law"), [("rate-and-state", "ageing"), ("rate-and-state-slip", "slip")]
)
def test_a_planted_law_is_found_from_a_random_course(scenario: str, law: Evolution) -> None:
    records = simulated(scenario, 6, 900.0)
    history = fit_history(records, {}, law)
    assert (history.unit, history.units) == ("record", 6)
    assert not covers(history, PLANTED)
    for name, true in PLANTED.items():
        assert history.estimates[name].value == pytest.approx(true, rel=0.05)
    assert history.rmse == pytest.approx(0.0025, rel=0.03), "the noise that was planted"
    other = fit_history(records, {}, "slip" if law == "ageing" else "ageing")
    assert other.rmse > 2.5 * history.rmse
    assert history.distances[np.argmin(history.losses)] == pytest.approx(100e-6, rel=0.15)


@pytest.mark.parametrize("law", ["ageing", "slip"])
def test_a_spring_in_the_loop_is_taken_off(law: Evolution) -> None:
    """Load point and stiffness known: the fault's own velocity comes of both."""
    test = shear(replace(FAULT, evolution=law), COURSE, NOISY, seed=3, name="run")
    history = fit_history([test.samples()], {"run": events_of(test)}, law, stiffness=5e3)
    assert (history.unit, history.units) == ("event", 7)
    assert not covers(history, OF_FAULT)
    assert history.estimates["a"].value == pytest.approx(0.009, rel=0.1)
    assert history.estimates["dc"].value == pytest.approx(15e-6, rel=0.2)
    assert np.isnan(history.modelled["run"]).sum() < 0.2 * history.time["run"].size


def test_intervals_cover_over_draws() -> None:
    """Of 20 records with coloured noise, trend and undulation, 95 % intervals hold the truth."""
    missed = []
    for seed in range(1, 21):
        test = shear(FAULT, COURSE, NOISY, seed=seed, name="run")
        history = fit_history([test.samples()], {"run": events_of(test)}, "ageing", 5e3)
        missed += covers(history, OF_FAULT)
    assert 0 < len(missed) <= 11  # of 80; 4 expected, and those of one record go together


def test_the_jackknife_is_a_fit_without_each_record() -> None:
    records = simulated("rate-and-state", 7, 600.0)
    whole = fit_history(records, {}, "ageing")
    without = [fit_history(records[:i] + records[i + 1 :], {}, "ageing") for i in range(7)]
    for name in ("a", "b", "a_minus_b"):
        found = np.array([each.estimates[name].value for each in (*without, whole)])
        slow, fast = estimate(found, 0.0), whole.estimates[name]
        assert fast.high - fast.low == pytest.approx(slow.high - slow.low, rel=0.05)


def test_formal_errors_are_those_of_white_residuals() -> None:
    """Over draws of white noise alone, estimates scatter as the formal error says."""
    record = simulated("rate-and-state", 1, 1200.0)[0]
    exact = fit_history([record], {}, "ageing").modelled[record.name]
    clean = np.where(np.isnan(exact), record.channels["friction"], exact)
    found = []
    for seed in range(30):
        noise = 2e-3 * np.random.default_rng(seed).normal(size=clean.size)
        channels = {**record.channels, "friction": clean + noise}
        found.append(fit_history([replace(record, channels=channels)], {}, "ageing"))
    for name in ("a", "b", "a_minus_b", "dc"):
        values = [each.estimates[name] for each in found]
        spread = np.std([one.value for one in values], ddof=1)
        assert spread == pytest.approx(np.mean([one.formal for one in values]), rel=0.4)


def test_normal_stress_may_change_meanwhile() -> None:
    """An answer to normal stress that fades over Dc is no a and no b."""
    records = []
    for one in simulated("rate-and-state-slip", 6, 900.0):
        log_stress = np.log(one.channels["normal_stress"])
        slip = one.channels["slip_velocity"][:-1] * np.diff(one.time)
        past = [log_stress[0]]
        for now, moved in zip(log_stress[:-1], slip, strict=True):
            past.append(now + (past[-1] - now) * np.exp(-moved / 100e-6))
        friction = one.channels["friction"] - 0.3 * (log_stress - past)
        records.append(replace(one, channels={**one.channels, "friction": friction}))
    assert not covers(fit_history(records, {}, "slip"), PLANTED)


def test_where_velocity_hardly_varies_there_is_no_number() -> None:
    history = fit_history(simulated("temperature-now", 2, 600.0), {}, "ageing")
    assert history.problem is not None
    assert history.problem.key == "histories.constant"
    assert history.problem.values["ratio"] < 1.1
    assert not history.estimates


def test_without_slip_there_is_no_number() -> None:
    time = np.arange(500.0)
    record = Samples("run", time, {"friction": np.full(500, 0.6)}, Provenance("run.csv"))
    assert fit_history([record], {}, "slip").problem.key == "histories.no_slip"
    load_point = replace(record, channels={**record.channels, "load_point": 1e-6 * time})
    assert fit_history([load_point], {}, "slip").problem.key == "histories.no_slip"


def test_a_fault_at_rest_ages_and_is_not_asked_for_friction() -> None:
    random = np.random.default_rng(1)
    pieces = [np.full(60, v) for v in 10.0 ** random.uniform(-6, -4, 20)]
    velocity = np.concatenate([v for piece in pieces for v in (piece, np.zeros(20))])
    time = np.arange(velocity.size, dtype=float)
    theta = 20e-6 / velocity[0]
    friction = np.empty(velocity.size)
    for i, v in enumerate(velocity):
        friction[i] = 0.01 * np.log(v) + 0.012 * np.log(theta) if v > 0 else 7.0
        kept = np.exp(-v / 20e-6)
        theta = theta * kept + (20e-6 / v * (1 - kept) if v > 0 else 1.0)
    channels = {"friction": friction, "slip_velocity": velocity}
    history = fit_history([Samples("run", time, channels, Provenance("x"))], {}, "ageing")
    assert history.estimates["b"].value == pytest.approx(0.012, rel=1e-3)
    assert history.estimates["dc"].value == pytest.approx(20e-6, rel=1e-2)
    assert np.isnan(history.modelled["run"][velocity == 0]).all()


def test_a_long_record_is_thinned() -> None:
    """A thousand samples a second of one velocity after another: no more points than are needed."""
    time = np.arange(0.0, 300.0, 0.001)
    velocity = 10.0 ** np.repeat(np.random.default_rng(2).uniform(-6, -4, 15), 20_000)
    steps = np.append(0.0, velocity[:-1]) * 0.001
    past = faded(np.log(velocity)[:, None], steps, time == 0, 10e-6)[:, 0]
    friction = 0.6 + 0.008 * np.log(velocity) - 0.005 * past
    channels = {"friction": friction, "slip_velocity": velocity}
    history = fit_history([Samples("run", time, channels, Provenance("x"))], {}, "slip")
    assert history.time["run"].size <= 20_000
    assert history.estimates["a"].value == pytest.approx(0.008, rel=0.01)
    assert history.estimates["dc"].value == pytest.approx(10e-6, rel=0.02)
