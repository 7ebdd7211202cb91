"""Studies over slip: their plan, their lengths, the same bits on resuming, and their words."""

import re
from pathlib import Path

import numpy as np
import pytest

import builders
from slicken.errors import ExperimentError, PlanError, SlickenError
from slicken.experiment import Experiment
from slicken.experiment.motion import slip_from_velocity
from slicken.learning.record import join
from slicken.lengths import read_windows
from slicken.pipeline import explain, open_study, report, train
from slicken.study.folder import StudyFolder
from slicken.study.plan import Plan
from slicken.study.prepared import prepare_study, spelled_out
from slicken.study.training import train_study


def slipping(seed: int, velocity: np.ndarray) -> Experiment:
    """An experiment with this slip velocity in m/s, sampled once a second."""
    slip = slip_from_velocity(velocity, np.arange(float(velocity.size)))
    name, channels = f"run{seed}", {"slip_velocity": velocity, "slip": slip}
    return builders.make_experiment(name, velocity.size, seed=seed, **channels)


def steps(count: int = 4, samples: int = 300) -> list[Experiment]:
    """Experiments with steps of velocity between 2 and 6 µm/s, and a hold."""
    found = []
    for seed in range(count):
        random = np.random.default_rng(seed)
        velocity = np.repeat(random.choice([2e-6, 4e-6, 6e-6], samples // 30), 30)
        velocity[60:80] = 0.0
        found.append(slipping(seed, velocity))
    return found


def test_lengths_of_slip_are_read_with_their_units() -> None:
    assert read_windows("50um:2mm", "slip") == (50, 100, 200, 500, 1000, 2000)
    assert read_windows("30 um, 0.1mm,0.0005m", "slip") == (30, 100, 500)
    assert read_windows("50:150:50", "slip") == (50, 100, 150)
    assert read_windows("30um:40um", "slip") == (30, 40)
    for nonsense in ("50s", "um", "2mm:50um", "", "0um:5um"):
        with pytest.raises(PlanError, match="give slip such as 50um:2mm or 50,100,400"):
            read_windows(nonsense, "slip")
    with pytest.raises(PlanError, match="give seconds"):
        read_windows("50um:2mm")


def test_a_plan_over_slip_has_no_windows_in_seconds() -> None:
    plan = Plan(clock="slip", preset="quick")
    assert (plan.windows, plan.unit) == ((), "µm")
    assert Plan(clock="slip", preset="quick", windows="50um:1mm").stride == 100
    assert Plan(**plan.model_dump()) == Plan(**plan.model_dump(mode="json")) == plan
    with pytest.raises(PlanError, match="stride: on a slip grid give windows too"):
        Plan(clock="slip", stride=7)
    with pytest.raises(PlanError, match=r"'clock': .*'time' or 'slip', not 'metres'"):
        Plan(clock="metres")


def test_windows_are_those_of_the_preset_at_the_usual_velocity() -> None:
    experiments = steps(samples=3000)
    plan = spelled_out(experiments, Plan(clock="slip", preset="quick"))
    seconds = read_windows("10,20,50,100,200,400")
    assert plan.windows == tuple(5 * each for each in seconds)
    assert plan.stride == 100
    slipped = min(1e6 * float(each.slip[-1]) for each in steps())
    short = spelled_out(steps(), Plan(clock="slip", preset="quick"))
    assert short.windows == tuple(2 * s for s in seconds if 2 * s <= slipped / 4)
    assert spelled_out(experiments, short) == short


def test_a_plan_over_time_prepares_what_it_did() -> None:
    experiments, plan = steps(), builders.make_plan()
    (prepared,) = prepare_study(experiments, plan)
    plain = join(experiments, prepared.record.channels)
    for name in ("drivers", "friction", "time", "slip", "experiment", "gap"):
        assert getattr(prepared.record, name).tobytes() == getattr(plain, name).tobytes()
    assert (prepared.record.clock, prepared.record.unit) == ("time", "s")
    assert "passed" not in prepared.targets("test").coords
    assert "clock" not in plan.decisive()


def test_at_one_velocity_a_study_over_slip_sees_the_windows_of_one_over_time() -> None:
    same = [slipping(seed, np.full(120, 2e-6)) for seed in range(4)]
    (time,) = prepare_study(same, builders.make_plan())
    (slip,) = prepare_study(same, builders.make_plan(clock="slip", windows=[10, 20], stride=4))
    assert slip.record.dt == 2.0
    assert slip.record.time.tolist() == time.record.time[time.record.time > 0].tolist()
    for part in ("training", "validation", "test"):
        ends = slip.record.time[slip.split.ends[part]]
        windows = slip.record.drivers[slip.split.ends[part][:, None] - np.arange(10)][..., :2]
        experiment = slip.record.experiment[slip.split.ends[part]]
        places = [
            int(np.flatnonzero((time.record.experiment == e) & (time.record.time == t))[0])
            for e, t in zip(experiment, ends, strict=True)
        ]
        of_time = time.record.drivers[np.array(places)[:, None] - np.arange(10)]
        np.testing.assert_allclose(windows, of_time, rtol=1e-9)


@pytest.mark.parametrize(
    ("windows", "message"),
    [
        ("1m,2m", r"longest window 2e\+06 µm; shorten the window"),
        ("10.0004,20", r"is not a whole number of slip steps of .* µm; choose a multiple of"),
    ],
)
def test_windows_that_do_not_fit_are_refused(windows: str, message: str) -> None:
    with pytest.raises(SlickenError, match=message):
        prepare_study(steps(), builders.make_plan(clock="slip", windows=windows, stride=20))


def test_logs_without_slip_are_refused_in_a_line(tmp_path: Path) -> None:
    bare = builders.make_experiments(4, slip_velocity=None)
    with pytest.raises(ExperimentError, match=r"run0: a slip grid needs slip; name a column"):
        train_study(bare, Plan(clock="slip", preset="quick"), tmp_path / "study")
    still = [slipping(seed, np.zeros(120)) for seed in range(4)]
    with pytest.raises(ExperimentError, match=r"run0: a slip grid needs slip, and this fault does"):
        train_study(still, Plan(clock="slip", preset="quick"), tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_a_study_over_slip_resumes_to_the_same_bits(tmp_path: Path) -> None:
    plan = builders.make_plan(clock="slip", windows="40um,80um", stride=20, epochs=2)
    whole = train_study(steps(), plan, tmp_path / "whole")
    part = train_study(steps(), plan, tmp_path / "part")
    assert part.window_path(40.0).name == "0040um"
    for file in part.window_path(80.0).iterdir():
        file.unlink()
    part.window_path(80.0).rmdir()
    train_study(steps(), plan, tmp_path / "part")
    for name in ("weights.safetensors", "predictions.nc", "history.nc"):
        again = StudyFolder.open(tmp_path / "part").window_path(80.0) / name
        assert again.read_bytes() == (whole.window_path(80.0) / name).read_bytes()


def test_the_clock_decides_whether_a_plan_is_the_same(tmp_path: Path) -> None:
    plan = builders.make_plan(clock="slip", windows=[40, 80], stride=20, epochs=1, runs=1)
    train_study(steps(), plan, tmp_path / "study")
    other = builders.make_plan(windows=[40, 80], stride=20, epochs=1, runs=1)
    with pytest.raises(SlickenError, match=r"another plan \(clock is slip there and None here\)"):
        train_study(steps(), other, tmp_path / "study")


def test_nothing_says_seconds_of_a_length_of_slip(tmp_path: Path) -> None:
    plan = builders.make_plan(clock="slip", windows="40um,80um,120um", stride=20, epochs=2)
    evidence = explain(train(steps(6), plan, tmp_path / "study"))
    page = report(evidence).read_text(encoding="utf-8")
    for said in (
        page,
        (tmp_path / "study" / "summary.json").read_text(encoding="utf-8"),
        repr(evidence),
    ):
        assert "µm" in said
        assert not re.findall(r"\b(?:40|80|120)(?:\.0)? s\b", said)
    assert "window (µm)" in page
    assert "Windows are lengths of slip" in page
    assert evidence.memory.clock.verdict == "given"
    tables = tmp_path / "study" / "tables"
    assert (tables / "windows.csv").read_text().startswith("window_um,")
    assert "time_s,window_um" in (tables / "predictions.csv").read_text().splitlines()[0]
    again = explain(open_study(tmp_path / "study"))
    assert again.memory.clock.verdict == "given"
    predicted = again.predict(steps(7)[-1])
    assert "µm" in repr(predicted)
    assert np.isfinite(predicted.friction).all()
    assert (np.diff(predicted.time) >= 0).all()
