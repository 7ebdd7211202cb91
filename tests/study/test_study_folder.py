"""The study folder: whole or not there, of one plan, and never somebody else's."""

import errno
import hashlib
import shutil
import tomllib
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np
import pytest
import xarray as xr

import builders
from slicken.errors import FolderError
from slicken.learning.network import Network
from slicken.study.files import remove, write_listed, write_text, written_aside
from slicken.study.folder import FORMAT, StudyFolder, WindowResult
from slicken.study.plan import Plan
from slicken.study.training import create_or_resume, train_study


@pytest.fixture
def copied(trained: StudyFolder, tmp_path: Path) -> StudyFolder:
    """A copy of the trained study, to be spoiled."""
    shutil.copytree(trained.path, tmp_path / "study")
    return StudyFolder.open(tmp_path / "study")


def contents(path: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


def small_result(
    seconds: float = 5.0, runs: int = 3, networks: Network | None = None
) -> WindowResult:
    if networks is None:
        networks = builders.on_host(builders.start_networks(builders.TINY, runs=runs))
    of_runs, of_epochs = np.arange(float(runs)), np.ones((runs, 3))
    return WindowResult(
        seconds=seconds,
        history=xr.Dataset(
            {
                "training_loss": (("run", "epoch"), of_epochs),
                "validation_loss": (("run", "epoch"), of_epochs),
                "best_loss": ("run", of_runs),
                "best_epoch": ("run", of_runs),
                "finite": ("run", of_runs < runs),
            }
        ),
        networks=networks,
        predictions=xr.Dataset(
            {
                "measured": ("target", np.ones(50)),
                "part": ("target", np.full(50, "test", dtype=object)),
                "predicted": (("run", "target"), np.ones((runs, 50))),
            }
        ),
    )


def test_a_trained_study_has_the_files_that_the_design_names(trained: StudyFolder) -> None:
    held = set(contents(trained.path)) - {"experiments.nc", "plan.toml", "SHA256SUMS"}
    of_window = {"history.nc", "weights.safetensors", "predictions.nc", "SHA256SUMS"}
    assert held == {f"windows/{s}/{file}" for s in ("0005s", "0010s") for file in of_window}
    assert trained.finished() == (5.0, 10.0)
    header = tomllib.loads((trained.path / "plan.toml").read_text(encoding="utf-8"))
    assert header["versions"]["slicken"]
    assert header["experiment"][0]["sha256"] == "0" * 64
    assert set(header["plan"]) == set(Plan.model_fields)


def test_a_study_comes_back_from_its_folder(trained: StudyFolder) -> None:
    again = StudyFolder.open(trained.path)
    assert again.plan == builders.make_plan()
    for one, other in zip(again.experiments, builders.make_experiments(), strict=True):
        assert one.provenance == other.provenance
        np.testing.assert_array_equal(one.time, other.time)
        for name, values in other.channels.items():
            np.testing.assert_array_equal(one.channels[name], values)
    result = again.read_window(10.0)
    assert result.history["finite"].dtype == bool
    assert result.history.sizes == {"run": 3, "epoch": 3}
    assert result.history.attrs["window"] == 10.0
    assert set(result.predictions["part"].to_numpy()) == {"validation", "test"}
    assert result.predictions["predicted"].dims == ("run", "target")
    assert result.networks.activation == "relu" or result.networks.activation == "linear"
    assert all(leaf.shape[0] == 3 for leaf in jax.tree.leaves(result.networks))


def test_stages_gaps_and_truth_survive_the_folder(tmp_path: Path) -> None:
    experiments = [
        builders.make_experiment(
            f"run{i}",
            60,
            seed=i,
            stages=[20, 40],
            gaps=[7, 8],
            truth={"statement": "µ", "memory_s": 3},
        )
        for i in range(3)
    ]
    folder = create_or_resume(tmp_path / "out", builders.make_plan(), experiments)
    for one, other in zip(folder.experiments, experiments, strict=True):
        np.testing.assert_array_equal(one.gap, other.gap)
        np.testing.assert_array_equal(one.stage, other.stage)
        assert dict(one.provenance.truth) == dict(other.provenance.truth)
        np.testing.assert_array_equal(one.friction, other.friction)


@pytest.mark.parametrize("layers", [(0, 1), (2, 4)])
def test_weights_come_back_to_the_bit(layers: tuple[int, int], tmp_path: Path) -> None:
    plan = builders.make_plan(network={"conv_layers": layers[0], "gru_layers": layers[1]})
    folder = create_or_resume(tmp_path / "out", plan, builders.make_experiments(3))
    networks = builders.on_host(builders.start_networks(plan.network, runs=3, spread=0.1))
    folder.write_window(small_result(networks=networks))
    jax.tree.map(np.testing.assert_array_equal, folder.read_window(5.0).networks, networks)


def test_a_window_length_with_a_fraction_has_a_place_of_its_own(tmp_path: Path) -> None:
    folder = create_or_resume(tmp_path / "out", builders.make_plan(), builders.make_experiments(3))
    names = [folder.window_path(s).name for s in (5.0, 0.1 + 0.2, 400.0, 1e5, 12.5)]
    assert names == ["0005s", "0000.3000s", "0400s", "100000s", "0012.5000s"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"seed": 1}, "seed is 0 there and 1 here"),
        ({"runs": 4}, "runs is 3 there and 4 here"),
        ({"windows": [5, 10, 15]}, "windows is"),
        (
            {"optimiser": {"learning_rate": 0.5}},
            "optimiser.learning_rate is 0.01 there and 0.5 here",
        ),
    ],
)
def test_a_folder_of_another_plan_is_refused_and_says_which_field(
    copied: StudyFolder, changes: dict[str, Any], field: str
) -> None:
    before = contents(copied.path)
    with pytest.raises(FolderError, match=f"{field}.*choose another --out"):
        train_study(builders.make_experiments(), builders.make_plan(**changes), copied.path)
    assert contents(copied.path) == before


def test_a_plan_without_clip_is_still_the_same_plan_when_it_comes_back(tmp_path: Path) -> None:
    plan = builders.make_plan(optimiser={"clip": None})
    for _ in range(2):
        folder = create_or_resume(tmp_path / "out", plan, builders.make_experiments(3))
    assert folder.plan == plan


def test_other_names_and_places_of_logs_are_the_same_study(copied: StudyFolder) -> None:
    plan = builders.make_plan(name="another name", logs=("elsewhere/*.csv",))
    folder = create_or_resume(copied.path, plan, builders.make_experiments())
    assert folder.finished() == (5.0, 10.0)


def test_other_logs_are_refused_by_name(copied: StudyFolder) -> None:
    experiments = builders.make_experiments()
    experiments[3] = builders.make_experiment("run3", seed=99)
    before = contents(copied.path)
    with pytest.raises(FolderError, match=r"other logs \(run3 differ.*choose another --out"):
        create_or_resume(copied.path, builders.make_plan(), experiments)
    with pytest.raises(FolderError, match=r"other logs \(run4 differ"):
        create_or_resume(copied.path, builders.make_plan(), builders.make_experiments(4))
    assert contents(copied.path) == before


def test_the_same_values_on_another_clock_are_another_log(copied: StudyFolder) -> None:
    later = [builders.make_experiment(f"run{i}", seed=i, start=1000.0) for i in range(5)]
    with pytest.raises(FolderError, match="other logs"):
        create_or_resume(copied.path, builders.make_plan(), later)


def test_the_same_logs_in_another_order_are_refused(copied: StudyFolder) -> None:
    """The seed deals the experiments out by their place: another order is another split."""
    with pytest.raises(FolderError, match=r"another order.*run0, run1, run2"):
        create_or_resume(copied.path, builders.make_plan(), builders.make_experiments()[::-1])


def test_a_folder_of_something_else_is_refused_and_nothing_is_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work", encoding="utf-8")
    before = contents(tmp_path)
    with pytest.raises(FolderError, match="not a study folder and not empty; choose another"):
        train_study(builders.make_experiments(), builders.make_plan(), tmp_path)
    with pytest.raises(FolderError, match="not a study folder"):
        train_study(builders.make_experiments(), builders.make_plan(), tmp_path / "thesis.tex")
    assert contents(tmp_path) == before


def test_an_empty_folder_may_be_used(tmp_path: Path) -> None:
    assert create_or_resume(tmp_path, builders.make_plan(), builders.make_experiments(3))
    assert (tmp_path / "plan.toml").is_file()


def test_a_study_killed_before_its_plan_was_written_begins_anew(
    copied: StudyFolder, tmp_path: Path
) -> None:
    """The plan comes last: until then there are only the experiments, and half files."""
    unborn = tmp_path / "unborn"
    unborn.mkdir()
    (unborn / ".plan.toml.123.partial").write_text("half", encoding="utf-8")
    write_listed(unborn / "experiments.nc", (copied.path / "experiments.nc").read_bytes())
    folder = create_or_resume(unborn, builders.make_plan(), builders.make_experiments())
    assert len(folder.experiments) == 5
    assert (unborn / "plan.toml").is_file()


def test_an_experiments_file_of_somebody_else_is_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "experiments.nc"
    for held in (b"rubbish", bytes(xr.Dataset({"x": 1.0}).to_netcdf(engine="h5netcdf"))):
        file.write_bytes(held)
        with pytest.raises(FolderError, match="not a study folder"):
            create_or_resume(tmp_path, builders.make_plan(), builders.make_experiments(3))
        assert file.read_bytes() == held


def test_opening_what_is_no_study_says_so(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(FolderError, match="no study here"):
            StudyFolder.open(place)


def test_a_half_written_window_is_ignored_and_done_again(copied: StudyFolder) -> None:
    done = copied.window_path(10.0)
    expected = contents(done)
    done.rename(done.with_name(f".{done.name}.4711.partial"))
    assert StudyFolder.open(copied.path).finished() == (5.0,)
    with pytest.raises(FolderError, match="no window of 10 s; finished are 5"):
        copied.read_window(10.0)
    train_study(builders.make_experiments(), builders.make_plan(), copied.path)
    assert contents(done) == expected


def test_what_a_killed_process_of_the_same_number_left_is_not_mixed_in(tmp_path: Path) -> None:
    """In a container the next process may well have the number of the one that was killed."""
    import os

    folder = create_or_resume(tmp_path, builders.make_plan(), builders.make_experiments(3))
    left = tmp_path / "windows" / f".0005s.{os.getpid()}.partial"
    left.mkdir(parents=True)
    (left / "history.nc").write_bytes(b"half a file")
    (left / "rubbish").write_bytes(b"")
    folder.write_window(small_result())
    assert sorted(contents(tmp_path / "windows")) == [
        f"0005s/{name}"
        for name in ("SHA256SUMS", "history.nc", "predictions.nc", "weights.safetensors")
    ]
    assert folder.read_window(5.0).history.sizes == {"run": 3, "epoch": 3}


def spoil(file: Path, damage: str) -> None:
    whole = file.read_bytes()
    if damage == "gone":
        file.unlink()
        return
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    file.write_bytes(
        {
            "cut": whole[: len(whole) // 2],
            "empty": b"",
            "rubbish": b"\x89HDF rubbish" * 50,
            "one bit": bytes(flipped),
        }[damage]
    )


def claim(copied: StudyFolder) -> StudyFolder:
    """As the command of the study does it when it is given again."""
    return create_or_resume(copied.path, builders.make_plan(), builders.make_experiments())


DAMAGES = ["cut", "empty", "rubbish", "one bit", "gone"]


@pytest.mark.parametrize("name", ["history.nc", "predictions.nc", "weights.safetensors"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named_and_its_window_is_trained_again(
    copied: StudyFolder, name: str, damage: str
) -> None:
    before = contents(copied.path)
    spoil(copied.window_path(10.0) / name, damage)
    for read in (copied.finished, lambda: copied.read_window(10.0)):
        with pytest.raises(FolderError, match=rf"{name}: .*give the command of the study again"):
            read()
    repaired = claim(copied)
    assert repaired.finished() == (5.0,)
    (again,) = repaired.repaired
    assert again.key == "progress.window_again"
    assert name in again.values["problem"]
    assert again.values["seconds"] == 10.0
    train_study(builders.make_experiments(), builders.make_plan(), copied.path)
    assert contents(copied.path) == before


def test_a_window_of_another_study_is_not_taken_for_ones_own(copied: StudyFolder) -> None:
    other = create_or_resume(
        copied.path.parent / "other", builders.make_plan(seed=1), builders.make_experiments()
    )
    shutil.copytree(copied.window_path(5.0), other.window_path(5.0))
    with pytest.raises(FolderError, match="is of another study"):
        other.finished()


def test_weights_of_another_network_do_not_fit(copied: StudyFolder) -> None:
    for network in (
        builders.TINY.model_copy(update={"units": 5}),
        builders.TINY.model_copy(update={"gru_layers": 2}),
        builders.TINY.model_copy(update={"conv_layers": 0}),
    ):
        networks = builders.on_host(builders.start_networks(network, runs=3))
        remove(copied.window_path(10.0))
        copied.write_window(small_result(10.0, networks=networks))
        with pytest.raises(FolderError, match=r"weights\.safetensors: .* does not fit the plan"):
            copied.read_window(10.0)


def test_weights_that_are_no_numbers_are_refused(copied: StudyFolder) -> None:
    networks = builders.on_host(builders.start_networks(builders.TINY, runs=3))
    spoiled = np.where(np.arange(3)[:, None] == 1, np.float32(np.nan), networks.dense)
    networks = eqx.tree_at(lambda all_runs: all_runs.dense, networks, spoiled)
    remove(copied.window_path(10.0))
    copied.write_window(small_result(10.0, networks=networks))
    with pytest.raises(FolderError, match=r"weights\.safetensors: .*not finite"):
        copied.read_window(10.0)


@pytest.mark.parametrize("damage", DAMAGES[:-1])
@pytest.mark.parametrize("name", ["plan.toml", "SHA256SUMS"])
def test_a_damaged_plan_is_an_error_and_nothing_is_touched(
    copied: StudyFolder, name: str, damage: str
) -> None:
    """Also where nothing vouches for it any more."""
    file = copied.path / name
    spoil(file, damage)
    if name == "SHA256SUMS" and damage == "one bit":  # somewhere in the checksum of the plan
        lines = file.read_text(encoding="utf-8").splitlines()
        file.write_text(f"{lines[0]}\n{'0' * 64}  plan.toml\n", encoding="utf-8")
    before = contents(copied.path)
    for read in (lambda: StudyFolder.open(copied.path), lambda: claim(copied)):
        with pytest.raises(FolderError, match=r"plan\.toml: is not what was written.*from a copy"):
            read()
    assert contents(copied.path) == before


def test_a_plan_of_somebody_else_is_not_written_over(tmp_path: Path) -> None:
    for text in ("", "title = 'a garden'", "[plan]\ntrees = 3", "\0"):
        (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
        for read in (
            lambda: StudyFolder.open(tmp_path),
            lambda: create_or_resume(tmp_path, builders.make_plan(), builders.make_experiments(3)),
        ):
            with pytest.raises(FolderError, match=r"plan\.toml: |another --out"):
                read()
        assert contents(tmp_path) == {"plan.toml": text.encode()}


def test_a_folder_of_an_older_or_a_newer_version_is_refused_with_words(
    copied: StudyFolder,
) -> None:
    file = copied.path / "plan.toml"
    text = file.read_text(encoding="utf-8")
    for format_, words in (
        ("", "older format .1; .*train anew"),
        ("format = 3\n", "older format .3; this one reads 4.*train anew"),
        ("format = 9\n", "upgrade"),
    ):
        (copied.path / "SHA256SUMS").unlink(missing_ok=True)
        old = text.replace(f"format = {FORMAT}\n", format_)
        if format_:
            write_listed(file, old.encode())
        else:
            file.write_text(old, encoding="utf-8")
        for read in (lambda: StudyFolder.open(copied.path), lambda: claim(copied)):
            with pytest.raises(FolderError, match=words):
                read()


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_experiments_are_named_and_written_again(copied: StudyFolder, damage: str) -> None:
    before = contents(copied.path)
    spoil(copied.path / "experiments.nc", damage)
    with pytest.raises(FolderError, match=r"is not what was written.*command of the study again"):
        _ = StudyFolder.open(copied.path).experiments
    repaired = claim(copied)
    assert [again.key for again in repaired.repaired] == ["progress.experiments_again"]
    assert repaired.finished() == (5.0, 10.0)
    assert contents(copied.path) == before


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_evidence_is_named_and_computed_again(copied: StudyFolder, damage: str) -> None:
    copied.write_evidence("scores", xr.Dataset({"x": ("n", np.arange(500.0))}))
    spoil(copied.path / "evidence" / "scores.nc", damage)
    assert copied.read_evidence("scores") is None
    assert [again.values["file"] for again in copied.repaired] == (
        [] if damage == "gone" else ["evidence/scores.nc"]
    )


def test_what_a_process_left_that_was_killed_between_evidence_and_its_checksum_is_not_trusted(
    copied: StudyFolder,
) -> None:
    copied.write_evidence("scores", xr.Dataset({"x": 1.0}))
    (copied.path / "evidence" / "SHA256SUMS").unlink()
    assert copied.read_evidence("scores") is None
    assert not copied.repaired


def test_checksums_are_as_sha256sum_writes_them(copied: StudyFolder) -> None:
    for folder in (copied.path, copied.window_path(5.0)):
        for line in (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
            digest, name = line.split("  ")
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("where", ["windows", "windows/0010s", "evidence", "plan.toml"])
def test_a_link_that_leads_out_of_the_folder_is_not_followed(
    copied: StudyFolder, where: str, tmp_path: Path
) -> None:
    place = copied.path / where
    copied.write_evidence("scores", xr.Dataset({"x": 1.0}))
    outside = tmp_path / "outside"
    place.rename(outside)
    place.symlink_to(outside)
    with pytest.raises(FolderError, match="leads out of the study folder"):
        folder = StudyFolder.open(copied.path)
        folder.read_window(10.0)
        folder.read_evidence("scores")


def full_disk(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("broken", ["os.fsync", "pathlib.Path.replace", "pathlib.Path.mkdir"])
def test_a_disk_that_cannot_be_written_is_an_error_with_advice_and_nothing_is_lost(
    copied: StudyFolder, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(copied.path)
    monkeypatch.setattr(broken, full_disk)
    with pytest.raises(FolderError, match=r"No space left on device.*free some space or choose"):
        copied.write_window(small_result(10.0))
    with pytest.raises(FolderError, match="cannot be written"):
        copied.write_evidence("scores", xr.Dataset())
    with pytest.raises(FolderError, match="cannot be written"):
        write_text(copied.path / "plan.toml", "changed")
    monkeypatch.undo()
    assert contents(copied.path) == before
    remove(copied.window_path(10.0))
    copied.write_window(small_result(10.0))
    assert contents(copied.path) != before


LIMITED = """
import resource, sys
sys.path.insert(0, {tests!r})
import builders, numpy as np, xarray as xr
from pathlib import Path
from slicken.errors import FolderError
from slicken.study.folder import WindowResult
from slicken.study.training import create_or_resume
random = np.random.default_rng(0)
big = xr.Dataset({{"x": ("n", random.normal(size=40_000))}})
small = xr.Dataset({{"x": ("n", random.normal(size=4))}})
wide, narrow = (
    builders.on_host(builders.start_networks(builders.TINY.model_copy(update={{"units": units}})))
    for units in (100, 4)
)
for history, networks, predictions in (
    (big, narrow, small), (small, wide, small), (small, narrow, big),
):
    folder = create_or_resume(
        Path(sys.argv[1]), builders.make_plan(), builders.make_experiments(3)
    )
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
    try:
        folder.write_window(WindowResult(5.0, history, networks, predictions))
    except FolderError as error:
        print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print("left:", sorted(str(p) for p in Path(sys.argv[1]).rglob("*s*/*") if p.is_file()))
"""


def test_a_file_that_the_system_will_not_let_grow_is_an_error_with_advice(tmp_path: Path) -> None:
    """A real refusal in the middle of each kind of file, as on a full disk or at a quota."""
    import subprocess
    import sys

    code = LIMITED.format(tests=str(Path(__file__).parents[1]))
    done = subprocess.run(  # noqa: S603 (our own interpreter)
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 4
    assert all("cannot be written" in line and "free some space" in line for line in lines[:3])
    assert lines[3] == "left: []"


@pytest.mark.parametrize("place", ["thesis.tex/out", "n" * 300])
def test_a_place_that_cannot_be_a_folder_is_an_error_with_advice(
    tmp_path: Path, place: str
) -> None:
    (tmp_path / "thesis.tex").write_text("years of work", encoding="utf-8")
    with pytest.raises(FolderError, match=r"choose another"):
        create_or_resume(tmp_path / place, builders.make_plan(), builders.make_experiments(3))
    assert contents(tmp_path) == {"thesis.tex": b"years of work"}


def test_what_is_written_aside_takes_its_name_only_when_all_went_well(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    write_text(file, "old")
    with pytest.raises(ZeroDivisionError), written_aside(file) as aside:
        aside.write_text("half", encoding="utf-8")
        raise ZeroDivisionError
    assert contents(tmp_path) == {"a.txt": b"old"}


def test_evidence_comes_back_or_is_none(copied: StudyFolder) -> None:
    assert copied.read_evidence("scores") is None
    dataset = xr.Dataset(
        {"rmse": ("model", [1.0, np.nan])}, coords={"model": np.array(["a", "ä"], dtype=object)}
    )
    copied.write_evidence("scores", dataset)
    xr.testing.assert_identical(copied.read_evidence("scores"), dataset)
