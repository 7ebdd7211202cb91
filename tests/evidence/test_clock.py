"""Clock: planted memories over time and over slip, and studies that can tell neither."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import builders
from slicken.evidence.clock import Clock
from slicken.evidence.clock_fits import ClockFit, shown_lengths
from slicken.evidence.confounding import lag_model_of_study
from slicken.evidence.fading import Passing
from slicken.evidence.kernels import KernelFit
from slicken.evidence.lag_model import Model
from slicken.evidence.resampling import Interval
from slicken.experiment import Experiment
from slicken.physics.scenarios import simulate
from slicken.reporting.wording import words
from slicken.statements import Statement
from slicken.study.prepared import Prepared

SAMPLES, LONGEST = 900, 120
SECONDS, METRES = 30.0, 3e-3
FIRST = np.arange(SAMPLES) == 0
FEW = Interval(0.1, 0.05, 0.15)


def experiments(
    by: str, *, steady: bool = False, known: bool = True, curved: bool = False
) -> list[Experiment]:
    """Friction is the mean temperature of the last seconds or metres, or now; steps of velocity."""
    found = []
    for number in range(7):
        random = np.random.default_rng(number)
        levels = 10.0 ** random.uniform(-5, -3, SAMPLES // 60)
        velocity = np.full(SAMPLES, 1e-4) if steady else np.repeat(levels, 60)
        velocity = velocity * (1 + 0.005 * random.normal(size=SAMPLES))
        temperature = builders.smooth(random, SAMPLES, 12)
        steps = np.append(0.0, velocity[:-1]) if by == "slip" else np.where(FIRST, 0.0, 1.0)
        length = METRES if by == "slip" else SECONDS
        past = Passing(steps, FIRST).boxcar(temperature[:, None], length)[:, 0]
        past = temperature if by == "now" else past
        past = np.tanh(2 * past) if curved else past
        found.append(
            builders.make_experiment(
                f"run{number}", SAMPLES, temperature=30 + 5 * temperature, slip_velocity=velocity,
                friction=0.6 + 0.05 * past + 0.003 * random.normal(size=SAMPLES),
                slip=np.cumsum(np.append(0.0, velocity[:-1])) if known else None,
            )
        )  # fmt: skip
    return found


def clock_of(prepared: Prepared, *drivers: str, model: Model = "linear") -> Clock:
    lag_model = lag_model_of_study(prepared, prepared.record.samples_in(LONGEST))
    return Clock.compute(lag_model, prepared, drivers, model)


def prepare(made: list[Experiment], **changes: Any) -> Prepared:  # noqa: ANN401 (any field)
    return builders.make_prepared(made, windows=[10, LONGEST], stride=5, **changes)


@pytest.fixture(scope="module")
def by_slip() -> Clock:
    return clock_of(prepare(experiments("slip")), "temperature")


@pytest.fixture(scope="module")
def by_time() -> Clock:
    return clock_of(prepare(experiments("time")), "temperature")


@pytest.fixture(scope="module")
def contacts() -> Clock:
    runs = simulate("rate-and-state", experiments=7, duration=1500.0, memory=150e-6, seed=1)
    return clock_of(prepare(runs), "slip_velocity")


def test_a_memory_over_slip_is_told_with_its_length(by_slip: Clock) -> None:
    assert by_slip.verdict == "slip"
    assert by_slip.fit is not None
    assert by_slip.fit.shape == "boxcar"
    assert by_slip.fit.low <= METRES <= by_slip.fit.high
    assert by_slip.fit.high < 2 * by_slip.fit.low
    assert by_slip.variation > 10
    assert by_slip.advantage.low > 0
    assert by_slip.rate_and_state() is None, "the past of temperature is no law of velocity"


def test_a_memory_over_time_is_told_with_its_length(by_time: Clock) -> None:
    assert by_time.verdict == "time"
    assert by_time.fit is not None
    assert by_time.fit.low <= SECONDS <= by_time.fit.high
    assert by_time.advantage.high < 0


@pytest.mark.parametrize(("by", "length"), [("time", SECONDS), ("slip", METRES)])
def test_a_curved_law_has_a_clock(by: str, length: float) -> None:
    found = clock_of(prepare(experiments(by, curved=True)), "temperature", model="curved")
    assert found.verdict == by
    assert found.fit is not None
    assert found.fit.is_curved
    assert found.fit.low <= length <= found.fit.high
    straight = [fit.excess.value for fit in found.fits if not fit.is_curved]
    assert found.fit.excess.value < min(straight) - 0.05
    after = Clock.from_dataset(found.to_dataset())
    assert [fit.is_curved for fit in after.fits] == [fit.is_curved for fit in found.fits]


def test_a_curved_law_of_the_present_has_no_clock() -> None:
    found = clock_of(prepare(experiments("now", curved=True)), "temperature", model="curved")
    assert found.verdict == "no_memory"


def test_contacts_are_told_with_their_law_and_its_numbers(contacts: Clock) -> None:
    assert contacts.verdict == "slip"
    assert contacts.fit is not None
    assert contacts.fit.shape == "ageing"
    assert contacts.fit.low <= 150e-6 <= contacts.fit.high
    assert contacts.fit.high < 1.5 * contacts.fit.low
    for effect, planted in ((contacts.fit.direct, 0.010), (contacts.fit.evolution, 0.015)):
        assert effect.low <= planted <= effect.high
        assert effect.high - effect.low < 0.003
    said = contacts.rate_and_state()
    assert said is not None
    assert said.values["unit"] == "µm"
    assert "ageing law: a = 0.0" in words("en")(said)


def test_the_slip_law_gives_its_numbers_too() -> None:
    """Friction of the slip law, solved exactly for each step: theta of LAWS.md in ln V."""
    made = []
    for number in range(7):
        random = np.random.default_rng(number)
        velocity = np.repeat(10.0 ** random.uniform(-6.5, -3, SAMPLES // 60), 60)
        passing = Passing(np.append(0.0, velocity[:-1]), FIRST)
        state = -passing.exponential(np.log(velocity)[:, None], 100e-6)[:, 0]
        friction = 0.6 + 0.008 * np.log(velocity) + 0.012 * state
        friction += 0.002 * random.normal(size=SAMPLES)
        slip = np.cumsum(passing.steps)
        made.append(
            builders.make_experiment(
                f"run{number}", SAMPLES, slip_velocity=velocity, friction=friction, slip=slip
            )
        )
    found = clock_of(prepare(made), "slip_velocity")
    assert found.verdict == "slip"
    assert found.fit is not None
    assert found.fit.shape == "exponential"
    assert found.fit.length == pytest.approx(100e-6, rel=0.05)
    assert found.fit.direct.value == pytest.approx(0.008, rel=0.05)
    assert found.fit.evolution.value == pytest.approx(0.012, rel=0.05)


def test_one_velocity_tells_no_clock() -> None:
    for by in ("time", "slip"):
        found = clock_of(prepare(experiments(by, steady=True)), "temperature")
        assert found.verdict == "constant"
        assert found.fit is None
        assert found.statement().values["ratio"] < 1.1


def test_a_velocity_that_varies_tells_no_clock_of_a_fault_without_memory() -> None:
    found = clock_of(prepare(experiments("now")), "temperature")
    assert found.verdict == "no_memory"
    assert found.statement() == Statement("clock.no_memory")


def test_slip_that_is_not_known_tells_no_clock() -> None:
    found = clock_of(prepare(experiments("slip", known=False)), "temperature")
    assert found.verdict == "no_slip"
    assert {fit.clock for fit in found.fits} == {"time"}
    assert np.isnan(found.variation)
    assert found.statement() == Statement("clock.no_slip")


def test_a_fault_that_never_slips_tells_no_clock() -> None:
    prepared = prepare(experiments("time"))
    record = replace(prepared.record, slip=np.zeros(len(prepared.record)))
    assert clock_of(replace(prepared, record=record), "temperature").verdict == "no_slip"


def test_gaps_and_reversals_break_nothing() -> None:
    made = experiments("slip")
    turned = []
    for one in made:
        channels = {name: values.copy() for name, values in one.channels.items()}
        there = channels["slip"].max() / 2
        channels["slip"] = there - np.abs(channels["slip"] - there)
        channels["slip"] += 1e-7 * np.random.default_rng(1).normal(size=SAMPLES)
        gaps = (300, 301)
        turned.append(builders.make_experiment(one.name, SAMPLES, gaps=gaps, **channels))
    found = clock_of(prepare(turned), "temperature")
    assert found.verdict == "slip"
    assert found.fit is not None
    assert found.fit.length == pytest.approx(METRES, rel=0.1)


def test_a_clock_survives_its_file(contacts: Clock) -> None:
    after = Clock.from_dataset(contacts.to_dataset())
    assert (after.drivers, after.variation) == (contacts.drivers, contacts.variation)
    assert after.advantage == contacts.advantage
    assert repr(after) == repr(contacts)
    assert after.statement() == contacts.statement()
    for one, other in zip(after.fits, contacts.fits, strict=True):
        assert (one.clock, one.shape, one.length) == (other.clock, other.shape, other.length)
        np.testing.assert_array_equal(one.lengths, other.lengths)
        np.testing.assert_array_equal(one.loss, other.loss)
        np.testing.assert_array_equal(one.direct, other.direct)


def made_fit(clock: str, low: float, length: float, high: float, gain: Interval = FEW) -> ClockFit:
    lengths = np.geomspace(1e-6, 1e-3, 100) if clock == "slip" else np.geomspace(1, 60, 50)
    loss = np.ones(lengths.size)
    return ClockFit(
        clock, "boxcar", False, lengths, loss, length, low, high, Interval(0, -1, 1), gain
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("advantage", "variation", "slip", "verdict", "english"),
    [
        ((0.1, 0.05, 0.2), 9.0, (80e-6, 100e-6, 120e-6), "slip", "slip, over 80 to 120 µm"),
        ((-0.1, -0.2, -0.05), 9.0, (80e-6, 100e-6, 120e-6), "time", "time, over 20 to 40 s"),
        ((0.1, -0.05, 0.2), 9.0, (80e-6, 100e-6, 120e-6), "alike", "10.0 % (-5.0 to 20.0 %)"),
        ((0.001, 0.0005, 0.002), 9.0, (80e-6, 100e-6, 120e-6), "alike", "not distinguishable"),
        ((0.1, np.nan, np.nan), 9.0, (80e-6, 100e-6, 120e-6), "alike", "10.0 % of the variance"),
        ((0.1, 0.05, 0.2), 1.5, (80e-6, 100e-6, 120e-6), "constant", "1.50 times"),
        ((0.1, 0.05, 0.2), 9.0, (8e-4, 1e-3, 1e-3), "slip", "more than 0.8 mm; the longest"),
    ],
)
def test_a_verdict_is_a_rule_and_says_its_numbers(
    advantage: tuple[float, float, float],
    variation: float,
    slip: tuple[float, float, float],
    verdict: str,
    english: str,
) -> None:
    fits = (made_fit("time", 20.0, 30.0, 40.0), made_fit("slip", *slip))
    clock = Clock(fits, ("temperature",), variation, Interval(*advantage))
    assert clock.verdict == verdict
    assert english in words("en")(clock.statement())
    assert words("ja")(clock.statement())
    assert len(repr(clock)) < 200


@pytest.mark.parametrize(
    ("low", "best", "high", "limited", "more_than"),
    [
        (20.0, 30.0, 40.0, False, None),
        (48.0, 55.0, 62.0, True, 48.0),
        (60.0, 60.0, 60.0, True, 50.0),
        (np.nan, 60.0, np.nan, True, 50.0),
        (np.nan, 30.0, np.nan, False, None),
    ],
)
def test_a_memory_at_the_longest_tried_is_no_interval(
    low: float, best: float, high: float, limited: bool, more_than: float | None
) -> None:
    seconds = np.array([10.0, 20.0, 30.0, 40.0, 50.0, 60.0])
    zero = Interval(0.0, 0.0, 0.0)
    fit = KernelFit("boxcar", seconds, np.ones(6), best, low, high, zero, FEW, zero)
    assert fit.is_limited == limited
    if more_than is not None:
        assert fit.more_than == more_than


def test_lengths_are_said_in_their_unit() -> None:
    assert shown_lengths((0.0123, 0.2), "slip") == ((12.3, 200.0), "mm")
    assert shown_lengths((1.5, 12.0), "slip") == ((1.5, 12.0), "m")
    assert shown_lengths((float("nan"), 2e-6), "slip")[1] == "µm"


def test_a_curve_of_velocity_is_no_memory_and_has_no_clock() -> None:
    """Friction of the present ln V, on logs over a decade, where the study takes V as it is."""
    made = []
    for number in range(7):
        random = np.random.default_rng(number)
        velocity = np.repeat(10.0 ** random.uniform(-5, -4, SAMPLES // 60), 60)
        friction = 0.6 + 0.02 * np.log(velocity) + 0.003 * random.normal(size=SAMPLES)
        slip = np.cumsum(np.append(0.0, velocity[:-1]))
        made.append(
            builders.make_experiment(
                f"run{number}", SAMPLES, slip_velocity=velocity, friction=friction, slip=slip
            )
        )
    prepared = prepare(made)
    assert not prepared.scaling.logarithmic
    assert clock_of(prepared, "slip_velocity").verdict == "no_memory"
