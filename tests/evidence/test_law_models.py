"""Friction laws beside networks: fitted to the training part alone, predicted as a loop does."""

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

import builders
from slicken.evidence.law_models import LawModel, fit_law_models
from slicken.evidence.laws_beside import LawBeside
from slicken.evidence.resampling import Interval
from slicken.experiment import Experiment
from slicken.experiment.experiment import Provenance
from slicken.experiment.samples import Samples
from slicken.laws.predicted import by_rate_and_state, by_temperature
from slicken.learning.splits import PARTS
from slicken.reporting.laws_beside import better_than_networks, said_of_laws
from slicken.reporting.wording import words
from slicken.statements import Statement
from slicken.study.plan import Plan
from slicken.study.prepared import Prepared, prepare_study

A, B, DC = 0.01, 0.015, 50e-6
KELVIN, MEMORY = -5e-4, 40.0
VALUES = {"a": A, "b": B, "dc": DC}
FAST = {"preset": "quick", "windows": (10.0, 30.0), "stride": 5, "split": {"folds": 1}}


def velocity(seed: int, seconds: int = 1500) -> NDArray[np.float64]:
    """Steps at random, over two decades, m/s."""
    random = np.random.default_rng(seed)
    return np.repeat(10 ** random.uniform(-6.5, -4.5, seconds // 50), 50)


def aged(speed: NDArray[np.float64]) -> NDArray[np.float64]:
    """``theta`` of the ageing law, in steps of 1 s, each at the velocity of its start."""
    theta = np.empty(speed.size)
    theta[0] = DC / speed[0]
    for i in range(1, speed.size):
        v = speed[i - 1]
        theta[i] = DC / v + (theta[i - 1] - DC / v) * np.exp(-v / DC)
    return theta


def of_law(name: str, seed: int, level: float = 0.6, noise: float = 0.0) -> Experiment:
    speed = velocity(seed)
    time = np.arange(float(speed.size))
    friction = level + A * np.log(speed) + B * np.log(aged(speed) / DC)
    friction += noise * np.random.default_rng(seed).normal(size=time.size)
    warm = 25 + 5 * np.sin(time / 200 + seed)
    return Experiment.from_arrays(
        name=name, time=time, slip_velocity=speed, temperature=warm, friction=friction
    )


def prepared(experiments: list[Experiment], **changes: object) -> Prepared:
    return prepare_study(experiments, Plan(**FAST, **changes))[0]


def law(models: tuple[LawModel, ...], name: str) -> LawModel:
    return next(one for one in models if one.name == name)


def test_the_state_is_that_of_a_plain_loop() -> None:
    speed = velocity(1)
    time = np.arange(float(speed.size))
    channels = {"slip_velocity": speed, "friction": np.zeros(speed.size)}
    run = Samples("run", time, channels, Provenance("run"))
    expected = A * np.log(speed) + B * np.log(aged(speed) / DC)
    found = by_rate_and_state(run, "ageing", VALUES)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_long_record_has_a_law_at_its_first_and_last_samples() -> None:
    """Motion of a long record is binned; its points do not reach the ends."""
    speed = np.repeat(10 ** np.random.default_rng(3).uniform(-6.5, -4.5, 400), 100)
    channels = {"slip_velocity": speed, "friction": np.zeros(speed.size)}
    run = Samples("run", np.arange(float(speed.size)), channels, Provenance("run"))
    found = by_rate_and_state(run, "ageing", VALUES)
    assert np.isfinite(found).all()
    assert found[-1] == pytest.approx(found[-2], abs=1e-4)


@pytest.mark.parametrize("shape", ["boxcar", "exponential"])
def test_past_temperature_is_that_of_a_plain_loop(shape: str) -> None:
    time = np.arange(300.0)
    warm = 30 + np.cumsum(np.random.default_rng(2).normal(size=300))
    channels = {"temperature": warm, "friction": np.zeros(300)}
    run = Samples("run", time, channels, Provenance("run"))
    found = by_temperature(run, shape, {"memory": MEMORY, "per_kelvin": KELVIN})  # type: ignore[arg-type]
    long = np.concatenate([np.full(2000, warm[0]), warm])
    weights = np.exp(-np.arange(2000) / MEMORY) if shape == "exponential" else np.ones(int(MEMORY))
    weights /= weights.sum()
    expected = [KELVIN * weights @ long[2000 + i - np.arange(weights.size)] for i in range(300)]
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_a_fault_that_obeys_a_law_is_predicted_by_it_and_its_parameters_are_found() -> None:
    of = prepared([of_law(f"run{i}", seed=i, noise=1e-4) for i in range(6)])
    models = fit_law_models(of)
    ageing, slip = law(models, "ageing_law"), law(models, "slip_law")
    for name, planted in (("a", A), ("b", B), ("a_minus_b", A - B), ("dc", DC)):
        each = ageing.estimates[name]
        assert each.low <= planted <= each.high, name
        assert each.value == pytest.approx(planted, rel=0.05)
    ends = of.split.ends["test"]
    assert np.std(ageing.friction[ends] - of.record.friction[ends]) < 2e-4
    assert np.std(slip.friction[ends] - of.record.friction[ends]) > 1e-3


def test_laws_know_nothing_of_the_friction_that_is_held_out() -> None:
    experiments = [of_law(f"run{i}", seed=i, noise=1e-3) for i in range(4)]
    of = prepared(experiments)
    held = {of.record.experiments[k] for k in np.unique(of.record.experiment[_held(of)])}
    changed = [
        dataclasses.replace(one, channels=dict(one.channels) | {"friction": one.friction[::-1]})
        if one.name in held
        else one
        for one in experiments
    ]
    for one, other in zip(fit_law_models(of), fit_law_models(prepared(changed)), strict=True):
        np.testing.assert_array_equal(one.friction, other.friction)
        assert one.estimates == other.estimates


def _held(of: Prepared) -> NDArray[np.bool_]:
    return np.asarray(of.split.part != PARTS.index("training"))


def test_levels_of_experiments_are_no_matter_where_the_target_is_relative() -> None:
    runs = [of_law(f"run{i}", seed=i, level=0.4 + 0.1 * i, noise=1e-4) for i in range(6)]
    of = prepared(runs, target="relative", level_span=100.0)
    ageing = law(fit_law_models(of), "ageing_law")
    ends = of.split.ends["test"]
    assert np.std(ageing.friction[ends] - of.record.friction[ends]) < 2e-3
    assert abs(np.mean(ageing.friction[ends] - of.record.friction[ends])) < 2e-3


def test_laws_that_cannot_be_fitted_say_why() -> None:
    still = builders.make_experiments(4)
    of = prepare_study(still, builders.make_plan(drivers=("temperature",)))[0]
    for one in fit_law_models(of)[:2]:
        assert one.problem is not None
        assert np.isnan(one.friction).all()
    constant = [
        dataclasses.replace(
            one, channels=dict(one.channels) | {"slip_velocity": np.full(len(one), 1e-3)}
        )
        for one in still
    ]
    of = prepare_study(constant, builders.make_plan())[0]
    found = law(fit_law_models(of), "ageing_law").problem
    assert found is not None
    assert found.key == "histories.constant"


def beside(over: tuple[float, float, float], loss: float = 0.1, **more: object) -> LawBeside:
    numbers = {"a": Interval(0.01, 0.008, 0.012), "dc": Interval(1e-5, 8e-6, 1.2e-5)}
    values: dict[str, object] = {"parameters": numbers, "problem": None} | more
    return LawBeside("ageing_law", over=Interval(*over), validation_loss=loss, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("over", "verdict", "said"),
    [
        ((0.12, 0.05, 0.19), "networks", "12 % (5 to 19 %). They know something that it does not"),
        ((-0.5, -0.8, -0.1), "law", "whose squared error is larger by 50 % (10 to 80 %)"),
        ((0.1, -0.1, 0.3), "neither", "no better than the ageing law"),
        ((0.1, np.nan, np.nan), "neither", "too few blocks for an interval"),
    ],
)
def test_the_verdict_is_that_of_the_whole_interval(
    over: tuple[float, float, float], verdict: str, said: str
) -> None:
    one = beside(over)
    assert one.verdict == verdict
    lines = words("en").lines(list(said_of_laws([one])))
    on_screen = words("en").lines(list(better_than_networks([one])))
    assert bool(on_screen) == (verdict == "law")
    assert said in (*on_screen, *lines)[0]  # and it is said once
    assert len(lines) == 1 + (verdict != "law")
    assert "a 0.010 (0.008 to 0.012)" in lines[-1]


def test_why_no_law_was_fitted_is_said_once() -> None:
    none = beside((np.nan,) * 3, problem=Statement("histories.no_slip"), parameters={})
    lines = words("en").lines(list(said_of_laws([none, none])))
    assert len(lines) == 1
    assert lines[0].startswith("No friction law was fitted beside the networks: ")
