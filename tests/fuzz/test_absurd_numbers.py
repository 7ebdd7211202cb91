"""Absurd numbers: overflow, underflow, and a target that stands still; a finding, or an error."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from contract import check_experiment, check_refusal

import builders
import slicken
from slicken.errors import ExperimentError, PlanError, SlickenError, TrainingError
from slicken.evidence.resampling import Blocks
from slicken.evidence.skill import skill
from slicken.experiment import Experiment, read_experiment
from slicken.experiment.rates import causal_rate
from slicken.learning.engine import ENGINES, choose_engine
from slicken.reporting.answer import answer
from slicken.statements import Statement
from slicken.study.task import make_trainer

NAMED = {"by": "experiment", "validation": ["run3"], "test": ["run4"]}
Change = Callable[[np.ndarray], np.ndarray]


def experiments(channel: str, change: Change, *which: int) -> list[Experiment]:
    """Five experiments, a channel of some of them changed."""
    made = builders.make_experiments()
    for number in which or range(5):
        changed = change(np.array(made[number].channels[channel]))
        made[number] = builders.make_experiment(f"run{number}", seed=number, **{channel: changed})
    return made


def spread(values: np.ndarray) -> np.ndarray:
    """Over all powers of ten that float64 has."""
    return 10.0 ** np.linspace(-310, 300, values.size)


def extremes(values: np.ndarray) -> np.ndarray:
    """The largest numbers, of both signs."""
    return np.where(np.arange(values.size) % 2, 1.7e308, -1.7e308)


@pytest.mark.parametrize(
    ("channel", "change", "which", "named"),
    [
        ("temperature", lambda v: v * 1e300, (), "run0: temperature is .*no rig measures"),
        ("temperature", extremes, (2,), "run2: temperature is .*no rig measures"),
        ("slip_velocity", spread, (), "run0: slip velocity is .*no rig measures"),
        ("temperature", lambda v: v * 1e30, (4,), "run4: temperature is .*1e.15 standard dev"),
        ("friction", lambda v: v * 1e300, (), "run0: friction is .*no rig measures"),
        ("friction", lambda v: v * 1e30, (4,), "run4: friction is .*1e.15 standard dev"),
        ("friction", lambda v: v * 1e-300, (), "friction never changes in the training part"),
        ("friction", lambda v: v * 0.0 + 0.6, (0, 1, 2), "friction never changes .*it is 0.6"),
    ],
)
def test_numbers_that_no_rig_measures_are_refused_by_name(
    tmp_path: Path, channel: str, change: Change, which: tuple[int, ...], named: str
) -> None:
    with pytest.raises(ExperimentError, match=named) as caught:
        slicken.train(
            experiments(channel, change, *which), builders.make_plan(split=NAMED), tmp_path / "out"
        )
    check_refusal(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("scale", [1e-300, 1e-315, 5e-324, -0.0, 0.0])
def test_a_driver_too_small_to_square_is_one_that_never_changes(scale: float) -> None:
    prepared = builders.make_prepared(experiments("temperature", lambda v: v * scale))
    assert np.isfinite(prepared.drivers).all()
    assert "temperature" in prepared.scaling.mostly_noise()


def test_a_velocity_of_all_powers_of_ten_is_taken_as_a_logarithm() -> None:
    prepared = builders.make_prepared(
        experiments("slip_velocity", lambda v: 10.0 ** np.linspace(-310, 20, v.size))
    )
    assert np.isfinite(prepared.drivers).all()
    assert np.abs(prepared.drivers[:, 0]).max() < 10


def test_absurd_numbers_inside_gaps_are_nobodys_business() -> None:
    experiment = builders.make_experiment("run0", gaps=[50, 51])
    channels = {name: values.copy() for name, values in experiment.channels.items()}
    channels["temperature"][50:52] = 1e300, np.inf
    channels["friction"][50:52] = np.inf, -1e300
    spoiled = Experiment(
        "run0", experiment.time, channels, None, experiment.gap, experiment.provenance
    )
    whole = builders.make_prepared([experiment, *builders.make_experiments()[1:]])
    prepared = builders.make_prepared([spoiled, *builders.make_experiments()[1:]])
    np.testing.assert_array_equal(prepared.drivers, whole.drivers)
    np.testing.assert_array_equal(prepared.friction, whole.friction)


def tiny_plan(**changes: Any) -> slicken.Plan:  # noqa: ANN401 - any field
    values = {"windows": [5], "runs": 2, "epochs": 2, "controls": False, "split": NAMED, **changes}
    return builders.make_plan(**values)


def test_a_study_of_nothing_that_changes_ends_in_words(tmp_path: Path) -> None:
    still = {"temperature": np.full(120, 20.0), "slip_velocity": np.zeros(120)}
    made = [builders.make_experiment(f"run{n}", seed=n, **still) for n in range(3)]
    constant = {"friction": np.full(120, 0.6), **still}
    made += [builders.make_experiment(f"run{n}", seed=n, **constant) for n in (3, 4)]
    study = slicken.explain(slicken.train(made, tiny_plan(), tmp_path / "out"))
    assert not study.skill.proven
    assert answer(study).memory.headline == Statement("answer.memory_unknown")


def test_a_study_of_which_some_runs_diverge_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The two whose first dense weights are largest, at a rate that hardly moves them."""
    plan = tiny_plan(
        windows=[10], runs=4, split={}, optimiser={"learning_rate": 1e-5}, engine="brittle"
    )
    trainer = make_trainer(plan, builders.make_prepared(), choose_engine(), 10.0)
    dense = np.concatenate([state.networks.dense for state in trainer.start()])[:4].mean(axis=1)
    above = float(np.median(dense))
    monkeypatch.setitem(ENGINES, "brittle", lambda: builders.Brittle(above))
    study = slicken.explain(slicken.train(builders.make_experiments(), plan, tmp_path / "out"))
    expected = {10.0: np.flatnonzero(dense > above).tolist()}
    assert study.comparison.left_out() == expected
    assert answer(study).memory.headline == Statement("answer.memory_unknown")


def test_a_study_of_which_every_run_diverges_is_an_error_that_says_what_to_lower(
    tmp_path: Path,
) -> None:
    plan = tiny_plan(optimiser={"batch": 16, "learning_rate": 1e29})
    with pytest.raises(TrainingError, match=r"lower optimiser\.learning_rate"):
        slicken.train(builders.make_experiments(), plan, tmp_path / "out")


def test_a_rate_or_a_clip_beyond_float32_is_refused() -> None:
    for field in ("learning_rate", "clip", "epsilon"):
        with pytest.raises(PlanError, match=rf"optimiser\.{field}.*less than"):
            builders.make_plan(optimiser={field: 1e300})


def test_a_baseline_without_an_error_leaves_no_skill() -> None:
    found = skill(np.ones(60), np.zeros(60), Blocks(np.arange(60) // 6), against="last", seed=0)
    assert (found.value, found.low, found.high) == (-np.inf, -np.inf, -np.inf)
    some = np.where(np.arange(60) == 0, 1.0, 0.0)  # resampled away now and then
    found = skill(np.ones(60), some, Blocks(np.arange(60) // 6), against="last", seed=0)
    assert found.low == -np.inf
    assert np.isfinite(found.high)


@pytest.mark.parametrize(("start", "step"), [(1.7e9, 0.01), (1.7e9, 1.0), (-1e12, 1.0)])
def test_a_clock_that_counts_from_1970_is_no_uneven_clock(
    tmp_path: Path, start: float, step: float
) -> None:
    path = tmp_path / "log.csv"
    rows = [f"{start + n * step:.6f},{4 + n % 3},{0.6 + n % 5 / 100:.2f}" for n in range(60)]
    path.write_text("\n".join(["Time (s),Slip velocity (mm/s),mu", *rows]))
    experiment = read_experiment(path)
    check_experiment(experiment)
    assert experiment.dt == pytest.approx(step, rel=1e-6)
    assert len(experiment) == 60


@pytest.mark.parametrize("cell", ["1e300", "1e-300", "5e-324", "-0.0", "inf", "1e400", "9" * 400])
@pytest.mark.parametrize("column", range(5))
def test_a_column_of_absurd_numbers_is_an_experiment_or_an_error(
    tmp_path: Path, column: int, cell: str
) -> None:
    path = tmp_path / "log.csv"
    lines = ["Time (s),Slip velocity (mm/s),Temperature (degC),Normal stress (MPa),mu"]
    for n in range(60):
        cells = [f"{n}", f"{4 + n % 3}", f"{20 + n}", "2.0", f"{0.6 + n % 5 / 100:.2f}"]
        if n % 2:
            cells[column] = cell
        lines.append(",".join(cells))
    path.write_text("\n".join(lines))
    try:
        check_experiment(read_experiment(path))
    except SlickenError as problem:
        check_refusal(problem)


def test_a_rate_over_thousands_of_samples_takes_no_time_and_sees_no_future() -> None:
    random = np.random.default_rng(0)
    values = 1e6 + np.cumsum(random.normal(size=40_000))
    rates = causal_rate(values, 1e-3, 10.0)
    for end in (2, 99, 9_999, 10_000, 10_001, 20_003, 39_999):
        first = max(0, end - 10_000)
        line = np.polyfit(1e-3 * np.arange(end - first + 1), values[first : end + 1] - 1e6, 1)
        assert rates[end] == pytest.approx(line[0], rel=1e-7)
    np.testing.assert_array_equal(causal_rate(values[:25_000], 1e-3, 10.0), rates[:25_000])
    np.testing.assert_array_equal(causal_rate(np.full(500, 12345.678), 0.1, 1e9)[2:], 0.0)
