"""Slip velocity of logs that have only a displacement: unbiased, causal, as noisy as is said."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from found import found_in, of_kind, only
from slicken.errors import ExperimentError, PlanError
from slicken.experiment import Experiment
from slicken.experiment.reading import prepare, read_logs
from slicken.experiment.sampling import neat_step
from slicken.experiment.velocity import WELL_KNOWN, choose_span
from slicken.reporting.findings import say_finding
from slicken.reporting.wording import words

SLOW, FAST = 0.2, 2.0  # um/s
STEP = 300.0  # s


def displacement(time: NDArray[np.float64]) -> NDArray[np.float64]:
    """Load point in um: slow, then fast."""
    return SLOW * time + (FAST - SLOW) * np.maximum(time - STEP, 0)


def write(path: Path, time: NDArray[np.float64], moved: NDArray[np.float64]) -> Path:
    friction = 0.6 + 0.001 * np.sin(time)
    rows = [f"{t:.4f}\t{x:.4f}\t{f:.5f}" for t, x, f in zip(time, moved, friction, strict=True)]
    path.write_text("\n".join(["Time(s)\tDispl(microns)\tFriction", *rows]))
    return path


def quantised(time: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Noise and a resolution both larger than the slip of one sample, so it runs backward."""
    noisy = displacement(time) + np.random.default_rng(seed).normal(0, 0.3, time.size)
    return np.round(noisy / 0.25) * 0.25


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    time = np.arange(0, 600.0)
    moved = quantised(time, 1)
    assert (np.diff(moved[: int(STEP)]) < 0).sum() > 50
    return prepare(write(tmp_path_factory.mktemp("velocity") / "log.txt", time, moved))


def test_a_bare_displacement_gives_the_velocity_of_the_load_point(log: Experiment) -> None:
    said = found_in(log, "derived")["what"].values
    assert said["channel"] == "load_point"
    assert found_in(log, "load_for_slip") == {}
    velocity, span = log.channels["slip_velocity"] * 1e6, said["span"]
    slow = (log.time > 2 * span) & (log.time < STEP)
    fast = log.time > STEP + span
    # Spans overlap, so there are few independent ones.
    for here, true in ((slow, SLOW), (fast, FAST)):
        error = said["noise"][0] / np.sqrt(here.sum() / span)
        assert velocity[here].mean() == pytest.approx(true, abs=4 * error)
    assert velocity[slow].std() == pytest.approx(said["noise"][0], rel=0.5)
    assert said["noise"][0] <= WELL_KNOWN * SLOW * 1.1
    moved = (log.channels["slip"][-1] - log.channels["slip"][0]) * 1e6
    assert moved == pytest.approx(np.ptp(displacement(log.time[[0, -1]])), abs=1)


def test_noise_of_the_slope_is_that_of_least_squares() -> None:
    time = np.arange(0, 4000.0)
    moved = 0.2e-6 * time + np.random.default_rng(2).normal(0, 0.5e-6, time.size)
    span = choose_span(moved, 1.0)
    assert span is not None
    n = round(span.seconds) + 1
    expected = 0.5e-6 * np.sqrt(12 / (n * (n**2 - 1)))
    assert span.noise == pytest.approx(expected, rel=0.1)
    assert span.noise <= WELL_KNOWN * span.slowest
    assert span.slowest == pytest.approx(0.2e-6, rel=0.2)


def test_a_clean_displacement_needs_no_span_to_speak_of() -> None:
    span = choose_span(1e-6 * np.arange(500.0), 0.1)
    assert span is not None
    assert span.seconds == pytest.approx(0.2)


def test_what_comes_later_does_not_touch_the_velocity_before(tmp_path: Path) -> None:
    time = np.arange(0, 600.0)
    moved = quantised(time, 3)
    changed = np.where(time > 450, moved[450] + 3 * (time - 450), moved)
    one, other = (
        read_logs(
            write(tmp_path / f"{name}.txt", time, values),
            None,
            preparation={"velocity_span": 12.0},
        )[0]
        for name, values in (("one", moved), ("other", changed))
    )
    before = one.time <= 450
    np.testing.assert_array_equal(
        one.channels["slip_velocity"][before], other.channels["slip_velocity"][before]
    )
    assert found_in(one, "derived")["what"].values["span"] == 12.0


def test_a_load_point_that_runs_the_other_way_is_counted_forward(tmp_path: Path) -> None:
    time = np.arange(0, 600.0)
    here = prepare(write(tmp_path / "log.txt", time, -displacement(time)))
    assert np.median(here.channels["slip_velocity"]) > 0
    assert here.channels["slip"][-1] > 0


def at_rest(kind: str, time: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Displacement in um of a load point that stands still."""
    random = np.random.default_rng(seed)
    noise = random.normal(0, 0.3, time.size)
    if kind == "noise":
        return 1500 + noise
    if kind == "counts":
        return 1500 + 0.25 * np.round(noise / 0.25)
    if kind == "rare":
        return np.where(random.random(time.size) < 0.02, 1500.25, 1500.0)
    if kind == "one count":
        return np.where(time > time.mean(), 1500.25, 1500.0)
    if kind == "filtered":  # by the amplifier, over some ten samples
        return 1500 + np.convolve(random.normal(0, 0.3, time.size + 9), np.ones(10) / 10, "valid")
    return np.full(time.size, 1500.0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("step", [1.0, 0.1])
@pytest.mark.parametrize("kind", ["noise", "counts", "rare", "one count", "filtered", "constant"])
def test_a_displacement_without_motion_is_refused(
    tmp_path: Path, kind: str, step: float, seed: int
) -> None:
    time = step * np.arange(3000.0)
    with pytest.raises(ExperimentError, match="load-point displacement does not move") as told:
        prepare(write(tmp_path / "log.txt", time, at_rest(kind, time, seed)))
    assert "\n" not in str(told.value)
    assert ("it scatters by" in str(told.value)) == (kind != "constant")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["noise", "counts", "filtered"])
def test_a_slow_drift_within_the_noise_of_a_minute_is_motion(
    tmp_path: Path, kind: str, seed: int
) -> None:
    time = np.arange(6000.0)
    drift = 5e-4 * time  # 3 um in all, ten times the noise of a sample
    found = prepare(write(tmp_path / "log.txt", time, at_rest(kind, time, seed) + drift))
    noise = found_in(found, "derived")["what"].values["noise"][0]
    velocity = found.channels["slip_velocity"][100:] * 1e6
    assert velocity.mean() == pytest.approx(5e-4, abs=noise)


@pytest.mark.parametrize("hertz", [5, 10, 100])
@pytest.mark.parametrize("counts", [0.3, 1.0, 3.7, 10.0, 100.0])
def test_a_quantised_ramp_has_its_slope_to_the_noise_that_is_said(
    tmp_path: Path, counts: float, hertz: int
) -> None:
    """Counts of 1 um; a line through whole counts is off by what is printed, and no more."""
    time = np.arange(0, 300, 1 / hertz)
    found = prepare(write(tmp_path / "log.txt", time, np.floor(counts * time + 0.3)))
    said = found_in(found, "derived")["what"].values
    sliding = found.time > found.time[0] + said["span"]
    error = found.channels["slip_velocity"][sliding] * 1e6 - counts
    assert error.mean() == pytest.approx(0, abs=0.01 * counts)
    assert error.min() > -0.3 * counts
    assert said["noise"][0] <= WELL_KNOWN * counts
    assert said["noise"][0] / 1.5 <= error.std() + 1e-9 * counts
    assert error.std() <= 1.5 * said["noise"][0] + 1e-9 * counts


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("noise", [0.1, 0.3, 1.0, 3.0])
@pytest.mark.parametrize("velocity", [0.2, 1.0, 5.0])
def test_the_noise_that_is_said_is_that_of_the_velocity(
    tmp_path: Path, velocity: float, noise: float, seed: int
) -> None:
    time = np.arange(0, 2000, 0.5)
    jitter = np.random.default_rng(seed).normal(0, noise, time.size)
    found = prepare(write(tmp_path / "log.txt", time, np.round(velocity * time + jitter, 1)))
    said = found_in(found, "derived")["what"].values
    sliding = found.time > found.time[0] + said["span"]
    error = found.channels["slip_velocity"][sliding] * 1e6 - velocity
    assert said["noise"][0] / 1.5 <= error.std() <= 1.5 * said["noise"][0]
    if said["share"] <= WELL_KNOWN:
        assert error.min() > -velocity


def test_no_velocity_is_given_before_a_whole_span_has_passed(tmp_path: Path) -> None:
    """The first seconds, and those after a gap, would be several times as noisy as is said."""
    time = np.concatenate([np.arange(100, 600.0), np.arange(700, 1300.0)])
    jitter = np.random.default_rng(7).normal(0, 1.0, time.size)
    found = prepare(write(tmp_path / "log.txt", time, time + jitter))
    said = found_in(found, "derived")["what"].values
    span, noise = said["span"], said["noise"][0]
    assert span > 10
    assert found.time[0] == 100 + span
    missing = found.time[found.gap]
    assert (missing.min(), missing.max()) == (600, 699 + span)
    velocity = found.channels["slip_velocity"][~found.gap] * 1e6
    assert np.abs(velocity - 1).max() < 5 * noise
    (trimmed,) = of_kind(found, "trimmed")
    assert trimmed.statement.values["what"].key == "steps.trimmed_empty"
    text = say_finding(only(found, "derived"), words("en"))
    assert f"there is none in the first {span:g} s of the record, nor after a gap" in text


def test_a_clean_displacement_waits_for_two_steps_only(tmp_path: Path) -> None:
    time = np.arange(0, 100.0)
    found = prepare(write(tmp_path / "log.txt", time, 5 * time))
    assert found.time[0] == 2


def test_a_span_that_no_stretch_holds_asks_for_a_shorter_one(tmp_path: Path) -> None:
    time = np.arange(0, 600.0)
    time = time[np.mod(time, 60) < 50]  # gaps of 11 s
    path = write(tmp_path / "log.txt", time, 5 * time)
    with pytest.raises(ExperimentError, match=r"no stretch of 55 s without a gap.*velocity_span"):
        read_logs(path, preparation={"velocity_span": 55.0})
    jitter = np.random.default_rng(7).normal(0, 10.0, time.size)
    found = prepare(write(tmp_path / "noisy.txt", time, 5 * time + jitter))
    assert found_in(found, "derived")["what"].values["span"] <= 12.5  # a quarter of a stretch


@pytest.mark.parametrize("hold", [100.0, 1000.0, 10_000.0])
def test_holds_do_not_lengthen_the_span(tmp_path: Path, hold: float) -> None:
    """Slide-hold-slide, as noisy in the holds: the span is that of the sliding alone."""
    time = np.arange(0, 5 * (300 + hold), 1.0)
    moving = np.mod(time, 300 + hold) < 300
    moved = np.cumsum(np.where(moving, 1.0, 0.0))
    jitter = np.random.default_rng(8).normal(0, 0.5, time.size)
    found = prepare(write(tmp_path / "log.txt", time, moved + jitter))
    alone = np.arange(1500.0)
    sliding = prepare(write(tmp_path / "alone.txt", alone, alone + jitter[:1500]))
    spans = [found_in(one, "derived")["what"].values["span"] for one in (found, sliding)]
    assert spans[0] <= 1.3 * spans[1]
    assert found_in(found, "derived")["what"].values["share"] == pytest.approx(0.08, abs=0.03)


@pytest.mark.parametrize("span", [2.0, 10.0, 45.0])
def test_a_span_of_ones_own_has_its_own_noise(tmp_path: Path, span: float) -> None:
    """Also where it is so short that the velocity is nearly all noise."""
    time = np.arange(0, 3000.0)
    jitter = np.random.default_rng(11).normal(0, 3.0, time.size)
    path = write(tmp_path / "log.txt", time, 0.2 * time + jitter)
    (found,) = read_logs(path, preparation={"velocity_span": span, "stationary": "keep"})
    said = found_in(found, "derived")["what"].values
    assert said["span"] == span
    error = found.channels["slip_velocity"] * 1e6 - 0.2
    assert said["noise"][0] == pytest.approx(error.std(), rel=0.3)
    assert said["share"] == pytest.approx(said["noise"][0] / 0.2, rel=0.5)


def test_steps_of_velocity_do_not_lengthen_the_span(tmp_path: Path) -> None:
    """A step each 100 s between 1 and 10 um/s: the span is that of 1 um/s."""
    time = np.arange(0, 3000, 0.1)
    velocity = np.where(np.mod(time, 200) < 100, 1.0, 10.0)
    jitter = np.random.default_rng(9).normal(0, 0.3, time.size)
    found = prepare(write(tmp_path / "log.txt", time, np.cumsum(0.1 * velocity) + jitter))
    said = found_in(found, "derived")["what"].values
    slow = (np.mod(found.time, 200) < 99) & (np.mod(found.time, 200) > 1.1 * said["span"])
    error = found.channels["slip_velocity"][slow] * 1e6 - 1
    assert said["noise"][0] == pytest.approx(error.std(), rel=0.5)
    assert said["span"] < 10


def test_uneven_sampling_gets_a_round_step_and_an_even_one_its_own(tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    uneven = np.cumsum(0.136 + 0.01 * random.random(3000))
    assert neat_step(uneven, 3.0) == 0.2
    assert prepare(write(tmp_path / "a.txt", uneven, uneven)).dt == pytest.approx(0.2)
    even = 1.01036 * np.arange(500)
    assert prepare(write(tmp_path / "b.txt", even, even)).dt == pytest.approx(1.01036)


def test_where_sampling_becomes_finer_the_grid_is_the_coarser_one(tmp_path: Path) -> None:
    time = np.concatenate([np.arange(0, 60, 0.1), np.arange(60, 90, 0.01)])
    found = prepare(write(tmp_path / "log.txt", time, time))
    assert found.dt == pytest.approx(0.1)
    assert found_in(found, "rate_changes") == {"finest": 0.01, "coarsest": 0.1, "grid": 0.1}


def test_overlapping_pieces_of_one_record_are_not_two_experiments(tmp_path: Path) -> None:
    time = np.arange(0, 600.0)
    random = np.random.default_rng(5)
    friction = 0.6 + np.cumsum(random.normal(0, 0.001, time.size))
    for name, here in (("one", time < 400), ("two", time >= 350)):
        rows = [f"{t},{t},{f}" for t, f in zip(time[here], friction[here], strict=True)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["Time (s),Slip (um),mu", *rows]))
    with pytest.raises(PlanError, match=r"two.csv: repeats the end of one.csv, .*kind = \"join\""):
        read_logs(["one.csv", "two.csv"], beside=tmp_path)
    text = (
        '[channels.time]\ncolumn = "Time (s)"\n[channels.slip]\ncolumn = "Slip (um)"\n'
        '[channels.friction]\ncolumn = "mu"\n[[correction]]\nkind = "join"\nfiles = ["two.csv"]\n'
    )
    (tmp_path / "map.toml").write_text(text)
    (whole,) = read_logs(["one.csv", "two.csv"], "map.toml", beside=tmp_path)
    assert whole.time[-1] == 599
