"""Logs: the files that a plan names are each read once."""

from pathlib import Path

import numpy as np

from found import found_in
from slicken.study.logs import read_logs
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
    rows = [f"{t},{4 + t % 3},{0.6 + 0.01 * (t % 5)}" for t in range(start, stop)]
    path.write_text("\n".join(["Time (s),Slip velocity (mm/s),mu", *rows]))


def test_a_pattern_does_not_read_the_part_of_a_run_a_second_time(tmp_path: Path) -> None:
    for number, name in enumerate(("one", "two")):
        write(tmp_path / f"{name}.csv", number, 30)
        write(tmp_path / f"{name}-2.csv", 30, 60)
    (tmp_path / "map.toml").write_text(MAP)
    plan = Plan(logs=["*.csv"], channels="map.toml", windows=[5])
    experiments = read_logs(plan, tmp_path)
    assert [each.name for each in experiments] == ["one", "two"]
    np.testing.assert_array_equal(experiments[0].time, np.arange(60.0))
    assert found_in(experiments[1], "joined_parts") == {"parts": ("two-2.csv",), "count": 1}
