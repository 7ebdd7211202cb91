"""Logs read at their own sampling, for friction laws."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from slicken.errors import ChannelError, ExperimentError, SlickenError
from slicken.experiment import ChannelMap, Provenance, read_experiment, read_log
from slicken.experiment.guess import guess_channels
from slicken.experiment.samples import Samples, read_samples
from slicken.physics.scenarios import simulate

UNEVEN = np.cumsum(np.r_[np.full(50, 0.1), np.full(200, 0.01), np.full(20, 1.0)])


def written(path: Path, header: str, *columns: np.ndarray) -> Path:
    np.savetxt(path, np.column_stack(columns), delimiter=",", header=header, comments="")
    return path


def test_samples_stay_where_the_log_has_them(tmp_path: Path) -> None:
    friction = 0.6 + 0.01 * np.sin(UNEVEN)
    friction[[7, 60]] = np.nan
    path = written(tmp_path / "a.csv", "Time (s),mu,LP_disp (um)", UNEVEN, friction, 3 * UNEVEN)
    (samples,) = read_samples(path)
    np.testing.assert_array_equal(samples.time, UNEVEN)
    np.testing.assert_array_equal(samples.channels["friction"], friction)
    np.testing.assert_allclose(samples.channels["load_point"], 3e-6 * UNEVEN)


def test_a_map_crops_corrects_and_divides_stresses_as_for_a_study(tmp_path: Path) -> None:
    shear, normal = 5e3 + UNEVEN, np.full(UNEVEN.size, 1e4)
    written(tmp_path / "a.csv", "t,shear,normal,x", UNEVEN, shear, normal, UNEVEN)
    (tmp_path / "map.toml").write_text(
        """
        [[correction]]
        kind = "calibrate"
        column = "x"
        factor = 2.0
        unit = "um"
        [channels.time]
        column = "t"
        unit = "s"
        [channels.load_point]
        column = "x"
        [channels.shear_force]
        column = "shear"
        unit = "N"
        [channels.normal_force]
        column = "normal"
        unit = "N"
        [preparation]
        contact_area_mm2 = 1000.0
        start = 2.0
        end = 6.0
        """
    )
    (samples,) = read_samples("*.csv", "map.toml", beside=tmp_path)
    inside = (UNEVEN >= 2) & (UNEVEN <= 6)
    np.testing.assert_array_equal(samples.time, UNEVEN[inside])
    np.testing.assert_allclose(samples.channels["load_point"], 2e-6 * UNEVEN[inside])
    np.testing.assert_allclose(samples.channels["friction"], (shear / normal)[inside])
    np.testing.assert_allclose(samples.channels["normal_stress"], 1e7)
    assert [step.key for step in samples.provenance.steps].count("steps.cropped") == 1


def test_a_bare_displacement_beside_friction_is_the_load_points(tmp_path: Path) -> None:
    header = "Time(s),Displ(microns),Friction"
    path = written(tmp_path / "a.csv", header, UNEVEN, UNEVEN, 0.6 + UNEVEN / 100)
    assert set(read_samples(path)[0].channels) == {"load_point", "friction"}
    assert "load_point" in guess_channels(read_log(path))[0].channels
    derived = {"slip_velocity", "slip"}
    assert set(read_experiment(path).channels) == {"load_point", "friction"} | derived


def test_a_bare_displacement_beside_slip_stays_what_it_was(tmp_path: Path) -> None:
    header = "Time(s),Displacement(um),Slip(um),Friction"
    path = written(tmp_path / "a.csv", header, UNEVEN, UNEVEN, UNEVEN, 0.6 + UNEVEN / 100)
    channels = set(read_samples(path)[0].channels)
    assert channels == {"axial_displacement", "slip", "friction"}


def test_two_bare_displacements_are_not_guessed(tmp_path: Path) -> None:
    header = "Time(s),Displ(um),Displacement(mm),Friction"
    path = written(tmp_path / "a.csv", header, UNEVEN, UNEVEN, UNEVEN, 0.6 + UNEVEN / 100)
    (samples,) = read_samples(path)
    assert set(samples.channels) == {"friction"}
    assert "findings.ambiguous" in [each.statement.key for each in samples.findings]


def test_a_study_leaves_the_load_point_alone_where_the_fault_is_measured(tmp_path: Path) -> None:
    header = "Time(s),Load point (um),Load Point Velocity (um/s),Friction,Slip velocity (um/s)"
    columns = (UNEVEN, UNEVEN, UNEVEN, 0.6 + UNEVEN / 100, 1 + UNEVEN)
    path = written(tmp_path / "a.csv", header, *columns)
    assert set(read_experiment(path).channels) == {"slip_velocity", "slip", "friction"}
    expected = {"load_point", "load_point_velocity", "slip_velocity", "friction"}
    assert set(read_samples(path)[0].channels) == expected


def test_parts_are_joined_and_copies_refused(tmp_path: Path) -> None:
    half = UNEVEN.size // 2
    for name, part in (("a", slice(half)), ("a-2", slice(half, None))):
        time = UNEVEN[part]
        written(tmp_path / f"{name}.csv", "t (s),mu,lp_disp (um)", time, 0.6 + time / 100, time)
    joined = ChannelMap.from_toml(
        '[[correction]]\nkind="join"\nfiles=["{name}-2.csv"]\n[channels]\ntime={column="t (s)"}\n'
        'friction={column="mu"}\nload_point={column="lp_disp (um)"}'
    )
    (samples,) = read_samples(tmp_path / "a*.csv", joined)
    np.testing.assert_array_equal(samples.time, UNEVEN)
    (tmp_path / "b.csv").write_bytes((tmp_path / "a.csv").read_bytes())
    with pytest.raises(SlickenError, match="the same bytes"):
        read_samples([tmp_path / "a.csv", tmp_path / "b.csv"])


@pytest.mark.parametrize(
    ("header", "error", "said"),
    [
        ("t (s),x,y", ChannelError, "no friction"),
        ("a,mu,y", ChannelError, "no column is known to be the time"),
    ],
)
def test_what_is_missing_is_named(
    tmp_path: Path, header: str, error: type[SlickenError], said: str
) -> None:
    path = written(tmp_path / "a.csv", header, UNEVEN, 0.6 + UNEVEN / 100, UNEVEN)
    with pytest.raises(error, match=said):
        read_samples(path)


def test_time_must_run_forward(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "t (s),mu", UNEVEN[::-1], 0.6 + UNEVEN / 100)
    with pytest.raises(ExperimentError, match="runs backward"):
        read_samples(path)


def test_an_experiment_has_samples_with_its_gaps() -> None:
    experiment = simulate("rate-and-state", seed=3)[0]
    samples = Samples.of(experiment)
    assert samples.name == experiment.name
    np.testing.assert_array_equal(samples.channels["friction"], experiment.friction)
    assert {"slip", "slip_velocity"} <= set(samples.channels)
    assert Samples.of(samples) is samples


def test_samples_need_friction_and_the_shape_of_time() -> None:
    time, source = np.arange(4.0), Provenance("x")
    with pytest.raises(ExperimentError, match="no friction"):
        Samples("x", time, {"slip": time}, source)
    with pytest.raises(ExperimentError, match="has shape"):
        Samples("x", time, {"friction": time[1:]}, source)
    with pytest.raises(ExperimentError, match="time must increase"):
        Samples("x", time[::-1], {"friction": time}, source)
    samples = Samples("x", time, {"friction": time}, source)
    with pytest.raises(ValueError, match="read-only"):
        samples.channels["friction"][0] = 1.0


@pytest.mark.parametrize(
    ("piece", "rows", "start"), [(1, 23790, 8105.381), (2, 75220, 11093.154), (3, 31455, 18054.432)]
)
def test_the_sepiolite_files_need_no_map(
    real_logs: Path, piece: int, rows: int, start: float
) -> None:
    path = real_logs / "velocity_steps" / f"velstep{piece}_TR2_exp013_sepiolite.txt"
    (samples,) = read_samples(path)
    assert len(samples) == rows
    assert samples.time[0] == start
    assert set(samples.channels) == {"friction", "load_point", "normal_stress"}
    assert np.nanmedian(samples.channels["normal_stress"]) == pytest.approx(30e6, rel=1e-3)
    assert (np.diff(samples.channels["load_point"]) < 0).mean() > 0.2


def test_the_basalt_file_keeps_both_of_its_samplings(real_logs: Path) -> None:
    (samples,) = read_samples(real_logs / "velocity_steps" / "velstep4_BRAVA_expb819_basalt.txt")
    assert len(samples) == 5849
    steps = np.diff(samples.time)
    assert (np.abs(steps - 0.1) < 1e-6).sum() > 500
    assert (np.abs(steps - 0.01) < 1e-6).sum() > 5000


def test_a_long_record_takes_memory_in_proportion() -> None:
    count = 2_000_000
    time = np.arange(count, dtype=np.float64)
    channels = {"friction": np.sin(time), "load_point": time}
    tracemalloc.start()
    Samples("long", time, channels, Provenance("long"))
    assert tracemalloc.get_traced_memory()[1] < 5 * time.nbytes
    tracemalloc.stop()
