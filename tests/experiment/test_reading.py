"""Reading: named logs are each read once, with the channel map that is meant for them."""

from pathlib import Path

import numpy as np
import pytest

from found import found_in
from slicken.errors import ChannelError, ExperimentError, LogError, PlanError
from slicken.experiment import ChannelMap
from slicken.experiment.reading import prepare, read, read_logs
from slicken.study.plan import Plan

MAP = """
[channels.time]
column = "Time (s)"
[channels.slip_velocity]
column = "Slip velocity (mm/s)"
[channels.friction]
column = "mu"
[[correction]]
kind = "join"
files = ["{name}-2.csv"]
"""


def write(path: Path, start: int, stop: int) -> None:
    """A log whose friction no other file has."""
    friction = 0.6 + 0.01 * np.random.default_rng(list(path.stem.encode())).random(stop)
    rows = [f"{t},{4 + t % 3},{friction[t]:.5f}" for t in range(start, stop)]
    path.write_text("\n".join(["Time (s),Slip velocity (mm/s),mu", *rows]))


def test_a_pattern_does_not_read_the_part_of_a_run_a_second_time(tmp_path: Path) -> None:
    for number, name in enumerate(("one", "two")):
        write(tmp_path / f"{name}.csv", number, 30)
        write(tmp_path / f"{name}-2.csv", 30, 60)
    (tmp_path / "map.toml").write_text(MAP)
    experiments = read_logs("*.csv", "map.toml", beside=tmp_path)
    assert [each.name for each in experiments] == ["one", "two"]
    np.testing.assert_array_equal(experiments[0].time, np.arange(60.0))
    assert found_in(experiments[1], "joined_parts") == {"parts": ("two-2.csv",), "count": 1}


WHOLE = MAP[: MAP.index("[[correction]]")]


def test_each_log_has_the_first_map_whose_pattern_fits_its_name(tmp_path: Path) -> None:
    for number, name in enumerate(("old-1", "new-1", "new-2")):
        write(tmp_path / f"{name}.csv", 0, 40 + number)
    (tmp_path / "map.toml").write_text(WHOLE)
    slow = WHOLE.replace('"Slip velocity (mm/s)"', '"Slip velocity (mm/s)"\nunit = "um/s"')
    maps = {"old-*": ChannelMap.from_toml(slow), "*": "map.toml"}
    new, other, old = read_logs(["new*.csv", "old-1.csv"], maps, beside=tmp_path)
    assert [each.name for each in (new, other, old)] == ["new-1", "new-2", "old-1"]
    # The same numbers, read in µm/s and in mm/s.
    slower = 1e3 * old.channels["slip_velocity"]
    np.testing.assert_allclose(slower, new.channels["slip_velocity"][:40])


def test_a_log_that_no_pattern_fits_asks_for_one(tmp_path: Path) -> None:
    write(tmp_path / "run.csv", 0, 40)
    with pytest.raises(ChannelError, match=r"run.csv: no channel map .*patterns are 'old-\*'"):
        read_logs("run.csv", {"old-*": ChannelMap.from_toml(MAP)}, beside=tmp_path)


def test_what_is_no_log_says_what_to_pass() -> None:
    with pytest.raises(ExperimentError, match=r"is no log; pass what slicken.read returns"):
        prepare({"time": [0.0, 1.0]})  # type: ignore[arg-type]
    with pytest.raises(LogError, match=r"\['run.csv'\] is no file; pass the name of a log"):
        read(["run.csv"])  # type: ignore[arg-type]
    with pytest.raises(PlanError, match="no logs are named"):
        read_logs([])


def test_settings_of_a_plan_take_the_place_of_the_maps(tmp_path: Path) -> None:
    write(tmp_path / "run.csv", 0, 40)
    for channels in (ChannelMap.from_toml(WHOLE), None):
        (cut,) = read_logs("run.csv", channels, preparation={"start": 7}, beside=tmp_path)
        assert cut.time[0] == 7
    with pytest.raises(PlanError, match=r"preparation: unknown key 'stat'.*'start'"):
        Plan(preparation={"stat": 7})
