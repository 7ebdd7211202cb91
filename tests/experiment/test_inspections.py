"""What `slicken inspect` has to show."""

import subprocess
import sys
from collections.abc import Callable

import numpy as np

from slicken.experiment import ChannelMap, describe
from slicken.logs.log import Log
from slicken.reporting.channel_map import channel_map_toml
from slicken.reporting.wording import words


def test_columns_are_summed_up_in_their_own_units(
    make_log: Callable[..., Log], make_map: Callable[..., ChannelMap]
) -> None:
    temperature = np.arange(200.0)
    temperature[3] = np.nan
    inspection = describe(make_log(temperature=temperature), make_map())
    summary = {column.name: column for column in inspection.columns}["temperature"]
    assert (summary.unit, summary.channel, summary.missing) == ("degC", "temperature", 1)
    assert (summary.minimum, summary.median, summary.maximum) == (0, 100, 199)
    assert inspection.missing == ()
    assert inspection.experiment is not None


def test_a_proposed_map_is_a_map_and_says_what_it_lacks(make_log: Callable[..., Log]) -> None:
    inspection = describe(make_log())
    text = channel_map_toml(inspection, words("en"))
    assert ChannelMap.from_toml(text) == inspection.channel_map
    assert "'shortening' could be axial displacement" in text
    assert "# no column for [channels.axial_displacement]" in text
    assert inspection.missing == ("slip_velocity", "axial_displacement")


def test_a_log_that_cannot_be_prepared_is_still_described(make_log: Callable[..., Log]) -> None:
    inspection = describe(make_log(friction=np.full(200, 0.6)))
    assert inspection.experiment is None
    assert "never changes" in inspection.problem
    assert len(inspection.columns) == 5


def test_proposed_corrections_are_comments_that_become_corrections_without_their_sign(
    make_log: Callable[..., Log], make_map: Callable[..., ChannelMap]
) -> None:
    temperature = 20 + np.sqrt(np.arange(200.0))
    temperature[90] += 40
    inspection = describe(make_log(temperature=temperature), make_map())
    text = channel_map_toml(inspection, words("en"))
    assert ChannelMap.from_toml(text).correction == ()
    assert "# spike: temperature has 1 spike, the largest 69.49 °C" in text
    assert "# steady sliding: " in text
    lines = [
        line[1:] if line.startswith("#") and not line.startswith("# ") else line
        for line in text.splitlines()
    ]
    done = ChannelMap.from_toml("\n".join(lines))
    assert [correction.kind for correction in done.correction] == ["exclude", "crop"]
    again = describe(make_log(temperature=temperature), done)
    assert [finding.kind for finding in again.findings if finding.kind == "spike"] == []


def test_steady_sliding_is_not_proposed_on_a_clock_that_is_not_the_logs(
    make_log: Callable[..., Log], make_map: Callable[..., ChannelMap]
) -> None:
    assert describe(make_log(), make_map()).steady is not None
    since_1970 = 1.7e9 + np.arange(200) * 1e-3
    assert describe(make_log(time=since_1970), make_map()).steady is None


def test_means_by_stage_are_shown_where_velocity_has_levels(
    make_log: Callable[..., Log], make_map: Callable[..., ChannelMap]
) -> None:
    assert describe(make_log(), make_map()).by_stage is None
    assert describe(make_log(friction=np.full(200, 0.6))).by_stage is None
    steps = make_log(600, velocity=np.repeat([1.0, 10.0, 1.0], 200))
    found = describe(steps, make_map()).by_stage
    assert found is not None
    np.testing.assert_allclose(found.velocity, [1e-3, 1e-2, 1e-3])
    head, *rows = found.csv().splitlines()
    assert head.startswith("stage,start_s,end_s,velocity_um_s,normal_stress_MPa,friction")
    assert [row.split(",")[3] for row in rows] == ["1000", "10000", "1000"]
    assert [row.endswith(",,") for row in rows] == [True, False, False]


def test_importing_the_room_is_quick_and_quiet() -> None:
    code = (
        "import sys, slicken.experiment\n"
        "print([m for m in ('pandas', 'pint', 'pydantic', 'scipy', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter and code
    assert done.stdout.strip() == "[]"
    assert done.stderr == ""
