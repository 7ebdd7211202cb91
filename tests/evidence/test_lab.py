"""Experiments on trained networks: imposed as a rig would, told only within the training range."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import slicken
from commands import give
from slicken.errors import LabError
from slicken.evidence.lab import LabRun
from slicken.evidence.lab_courses import Training
from slicken.evidence.lab_numbers import Lab, over_folds
from slicken.experiment import Experiment
from slicken.reporting.lab import caveats, row, write_lab
from slicken.reporting.wording import words

SLOPE, KELVIN = -0.004, -5e-4
LONG = 900
PLAN = {
    "preset": "quick", "windows": (12.0,), "runs": 2, "epochs": 25, "stride": 3,
    "drivers": ("slip_velocity", "temperature", "temperature_rate"), "controls": False,
}  # fmt: skip


def experiment(seed: int, *, dull: bool = False) -> Experiment:
    """Friction of ln V and T alone, without memory; of neither where it is dull."""
    random = np.random.default_rng(seed)
    speed = np.repeat(10 ** random.uniform(-6, -4, LONG // 60), 60)
    time = np.arange(float(LONG))
    warm = 40 + 15 * np.sin(time / 150 + seed)
    friction = 0.6 + (SLOPE * np.log(speed) + KELVIN * warm) * (not dull)
    friction = friction + 5e-4 * random.normal(size=LONG)
    return Experiment.from_arrays(
        name=f"run{seed}", time=time, slip_velocity=speed, temperature=warm, friction=friction
    )


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> slicken.Evidence:
    runs = [experiment(seed) for seed in range(6)]
    folder = tmp_path_factory.mktemp("lab") / "study"
    return slicken.explain(slicken.train(runs, slicken.Plan(**PLAN), folder))


@pytest.fixture(scope="module")
def lab(evidence: slicken.Evidence) -> Lab:
    return slicken.run_lab(evidence)


def one(lab: Lab, kind: str) -> LabRun:
    return next(run for run in lab.runs if run.kind == kind)


def number(lab: Lab, name: str) -> tuple[float, float, float]:
    return next(each.networks for each in lab.numbers if each.name == name)


def test_numbers_are_those_planted(lab: Lab) -> None:
    assert {run.kind for run in lab.runs} == {"velocity_steps", "temperature"}
    for name, planted in (("a_minus_b", SLOPE), ("per_kelvin", KELVIN)):
        value, low, high = number(lab, name)
        assert low <= planted <= high
        assert value == pytest.approx(planted, rel=0.1)
        assert high - low < 0.5 * abs(planted)


def test_an_answer_is_what_the_study_predicts_for_such_a_log(
    lab: Lab, evidence: slicken.Evidence
) -> None:
    """The same course of temperature, as a log whose rates are computed by preparing it."""
    training = Training.of(evidence.trained)
    run = one(lab, "temperature")
    speed = np.median(training.of_driver("slip_velocity"))
    size = run.course.values.size
    log = Experiment.from_arrays(
        name="imposed",
        time=np.arange(float(size)),
        slip_velocity=np.full(size, speed),
        temperature=run.course.values,
        friction=np.linspace(0.5, 0.6, size),
    )
    predicted = evidence.predict(log)
    # Preparing a log drops the first samples, which have no rate.
    later = run.ends >= predicted.time[0]
    at = np.searchsorted(predicted.time, run.ends[later])
    np.testing.assert_allclose(run.friction.mean(axis=0)[later], predicted.friction[at], atol=2e-6)
    assert later.sum() > 100


def test_levels_are_steady_and_usual(lab: Lab) -> None:
    run = one(lab, "velocity_steps")
    friction, inside = run.steady
    assert inside.all()
    levels = run.course.levels
    assert levels[0] == levels[-1] == min(levels)
    assert 1e-6 <= min(levels) < max(levels) <= 1e-4
    np.testing.assert_allclose(friction[:, 0], friction[:, -1], rtol=1e-6)
    slopes = np.polyfit(np.log(levels), friction.T, 1)[0]
    assert number(lab, "a_minus_b")[0] == pytest.approx(slopes.mean())


def test_what_leaves_the_training_range_is_grey_and_tells_no_number(
    evidence: slicken.Evidence, tmp_path: Path
) -> None:
    found = slicken.run_lab(evidence, levels={"temperature": (40.0, 400.0)}, kinds=["temperature"])
    (run,) = found.runs
    assert run.inside[0]
    assert not run.inside[-1]
    assert run.left == ("temperature",)
    (told,) = found.numbers
    assert np.isnan(told.networks).all()
    said = [words("en")(cell) for cell in row(told)]
    assert said[1] == "not told: outside the training range: temperature"
    assert any("Grey in the figure: temperature" in words("en")(each) for each in caveats(found))
    written = {path.name for path in write_lab(found, tmp_path)}
    assert {"lab.csv", "lab_curves.csv", "lab.json", "lab-single.pdf", "lab-double.png"} <= written
    tree = json.loads((tmp_path / "lab.json").read_text("utf-8"))
    assert tree["numbers"][0]["networks"] == [None] * 3
    curve = pd.read_csv(tmp_path / "lab_curves.csv")
    assert curve["in_range"].sum() == run.inside.sum()


def test_only_levels_within_the_range_tell_a_number(evidence: slicken.Evidence) -> None:
    found = slicken.run_lab(evidence, levels={"velocity_steps": (2e-6, 2e-5, 1e-2)},
                            kinds=["velocity_steps"])  # fmt: skip
    (run,) = found.runs
    assert run.steady[1].tolist() == [True, True, False]
    assert number(found, "a_minus_b")[0] == pytest.approx(SLOPE, rel=0.2)


def test_others_follow_by_straight_lines(evidence: slicken.Evidence) -> None:
    training = Training.of(evidence.trained)
    channels = training.record.channels
    moved, other = channels.index("slip_velocity"), channels.index("temperature")
    rows = training.record.drivers[training.rows]
    line = np.polyfit(np.log(rows[:, moved]), rows[:, other], 1)
    found = slicken.run_lab(evidence, ["velocity_steps"], others="following")
    (run,) = found.runs
    np.testing.assert_allclose(
        run.drivers[:, other], np.polyval(line, np.log(run.course.values)), rtol=1e-9
    )
    held = one(slicken.run_lab(evidence, ["velocity_steps"]), "velocity_steps")
    assert np.ptp(held.drivers[:, other]) == 0


def test_no_window_of_a_told_instant_holds_a_sample_out_of_range(
    evidence: slicken.Evidence,
) -> None:
    levels = {"velocity_steps": (1e-5, 1.0, 1e-5)}
    (run,) = slicken.run_lab(evidence, ["velocity_steps"], levels=levels).runs
    outside = run.course.values > 1e-3
    slow = [outside[end - run.samples + 1 : end + 1].any() for end in run.ends]
    assert (run.inside == ~np.array(slow)).all()


def test_intervals_are_a_jackknife_over_folds() -> None:
    random = np.random.default_rng(3)
    values, fold = random.normal(size=12), np.repeat(np.arange(4), 3)
    found = over_folds(values, fold)
    # Each mean of a fold is the estimate without its experiments.
    left_out = [values[fold == each].mean() for each in range(4)]
    error = np.sqrt(3 / 4 * sum((one - np.mean(left_out)) ** 2 for one in left_out))
    assert found.value == pytest.approx(np.mean(left_out))
    assert found.high - found.value == pytest.approx(3.182446 * error, rel=1e-6)


def test_what_held_out_residuals_show_widens_an_interval(evidence: slicken.Evidence) -> None:
    """Friction that depends more on temperature than the networks know, by a known slope."""
    trained = evidence.trained
    before = number(slicken.run_lab(evidence, ["temperature"]), "per_kelvin")
    more = 3e-4
    folds = []
    for fold in trained.folds:
        warm = fold.prepared.record.drivers[:, 1]
        (window,) = fold.windows
        result = fold.result(window)
        predictions = result.predictions.copy(deep=True)
        test = predictions["part"].to_numpy().astype(str) == "test"
        predictions["measured"][test] += more * warm[fold.prepared.split.ends["test"]]
        changed = replace(result, predictions=predictions)
        folds.append(replace(fold, _read={window: changed}))
    wider = replace(evidence, trained=replace(trained, folds=tuple(folds)))
    after = number(slicken.run_lab(wider, ["temperature"]), "per_kelvin")
    assert after[0] == before[0]
    halves = [each[2] - each[0] for each in (before, after)]
    error = np.sqrt(halves[1] ** 2 - halves[0] ** 2) / 2.570582  # t with 5 degrees of freedom
    assert error == pytest.approx(more, rel=0.05)


def test_of_one_fold_the_interval_is_over_runs() -> None:
    values = np.array([1.0, 2.0, 4.0, 5.0])
    found = over_folds(values, np.zeros(4, np.int64))
    half = 3.182446 * values.std(ddof=1) / 2
    assert found.high - found.value == pytest.approx(half, rel=1e-6)
    assert np.isnan(over_folds(values[:2], np.zeros(2, np.int64)).low)


def test_networks_without_skill_are_refused(tmp_path: Path) -> None:
    runs = [experiment(seed, dull=True) for seed in range(6)]
    plan = slicken.Plan(**{**PLAN, "epochs": 2, "runs": 1})
    evidence = slicken.explain(slicken.train(runs, plan, tmp_path / "study"))
    with pytest.raises(LabError, match="its networks show no skill on what they never saw"):
        slicken.run_lab(evidence)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kinds": ["earthquake"]}, "'earthquake': experiments are velocity_steps, holds"),
        ({"kinds": ["displacement"]}, "axial displacement is no driver of this study"),
        ({"kinds": ["holds"]}, "the fault never holds in the training part"),
        ({"others": "free"}, "other drivers are held, or following"),
        ({"window": 33.0}, "no window of 33 s; it has 12"),
        ({"kinds": ["temperature"], "levels": {"temperature": (30.0,)}}, "one level is no step"),
        ({"kinds": ["velocity_steps"], "levels": {"velocity_steps": (0.0, 1e-5)}}, "above 0"),
        ({"kinds": ["holds"], "levels": {"holds": (0.1,)}}, "the shortest hold is one time step"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    evidence: slicken.Evidence, given: dict[str, object], said: str
) -> None:
    with pytest.raises(LabError, match=said):
        slicken.run_lab(evidence, **given)  # type: ignore[arg-type]


def test_a_level_that_changes_hide_is_not_moved(evidence: slicken.Evidence) -> None:
    trained = replace(
        evidence.trained,
        plan=evidence.trained.plan.model_copy(update={"as_change": ("temperature",)}),
    )
    with pytest.raises(LabError, match="this study sees it as changes"):
        slicken.run_lab(replace(evidence, trained=trained), ["temperature"])


def test_the_command_tells_the_numbers_and_refuses_what_tells_none(
    evidence: slicken.Evidence, tmp_path: Path
) -> None:
    study = str(evidence.trained.path)
    answer = give("lab", study, "--temperature", "30,50 degC", "--out", "lab", where=tmp_path)
    assert answer.code == 0, answer
    assert "dµ/dT" in answer.out
    assert (tmp_path / "lab" / "lab-double.pdf").is_file()
    for words_, said in (
        (("--temperature", "300,400 degC"), "no experiment told a number"),
        (("--velocity", "3,x"), "unknown unit 'x'"),
        (("--velocity", "x"), "--velocity 'x': give numbers and a unit"),
        (("--holds", "1 m"), "the unit 'm' does not measure time"),
    ):
        answer = give("lab", study, *words_, "--out", "lab", where=tmp_path)
        assert (answer.code, said in answer.err) == (2, True), answer
        assert len(answer.err.strip().splitlines()) == 1
