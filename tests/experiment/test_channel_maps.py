"""Channel maps: TOML in, TOML out, and one line for every mistake."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from found import found_in
from slicken.errors import ChannelError
from slicken.experiment import ChannelMap, prepare
from slicken.experiment.channel_map import MAPPABLE, Column, Preparation
from slicken.logs.left_out import LeftOut
from slicken.logs.log import Log

COLUMNS = st.builds(
    Column,
    column=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
    unit=st.none() | st.sampled_from(["um", "°C", ""]),
    sign=st.sampled_from([1, -1]),
)
SECONDS = st.floats(0.001, 1e6)
PREPARATIONS = st.builds(
    Preparation, step=st.none() | SECONDS, rate_span=SECONDS, start=st.none() | SECONDS,
    stationary=st.sampled_from(["trim", "keep"]), max_gap=SECONDS,
)  # fmt: skip


@given(
    channel_map=st.builds(
        ChannelMap,
        channels=st.dictionaries(st.sampled_from(MAPPABLE), COLUMNS),
        preparation=PREPARATIONS,
    )
)
def test_a_map_written_as_toml_reads_back(channel_map: ChannelMap) -> None:
    assert ChannelMap.from_toml(channel_map.to_toml()) == channel_map


TIME = '[channels.time]\ncolumn = "t"\n'


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("[channels", "not TOML"),
        ('[channels.temperture]\ncolumn = "T"', "did you mean 'temperature'"),
        ('[channels.axial_rate]\ncolumn = "T"', "unknown channel 'axial_rate'"),
        (TIME + "units = 's'", "did you mean 'unit'.*valid are column, unit, sign"),
        ("[channels.time]\nunit = 's'", "'channels.time.column' is missing"),
        (TIME + "sign = 2", "'channels.time.sign': input should be 1 or -1, not 2"),
        (TIME + "[preparation]\nstep = -1", "'preparation.step': .*greater than 0, not -1"),
        (TIME + "[preparation]\nrate_spam = 1", "did you mean 'rate_span'.*stage_change"),
        (TIME + "[preparation]\nstationary = 'cut'", "'trim' or 'keep', not 'cut'"),
        (TIME + "[preparation]\nstep = nan", "finite number"),
        ("[preparations]", "did you mean 'preparation'"),
        ("[preparation]", "'channels' is missing"),
        ("channels = 3", "'channels': "),
    ],
)
def test_a_mistake_in_a_map_is_one_line_that_names_file_and_field(
    tmp_path: Path, text: str, advice: str
) -> None:
    path = tmp_path / "rig.toml"
    path.write_text(text)
    with pytest.raises(ChannelError, match=advice) as caught:
        ChannelMap.load(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    assert "pydantic" not in str(caught.value)


def test_a_map_that_is_not_there_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(ChannelError, match="no such channel map"):
        ChannelMap.load(tmp_path / "rig.toml")
    with pytest.raises(ChannelError, match="expected a TOML file"):
        ChannelMap.load(tmp_path)
    (tmp_path / "latin.toml").write_bytes("# é".encode("latin-1"))
    with pytest.raises(ChannelError, match="UTF-8"):
        ChannelMap.load(tmp_path / "latin.toml")


def test_a_column_that_is_not_there_is_answered_with_those_that_are(
    make_log: Callable[..., Log], make_map: Callable[..., ChannelMap]
) -> None:
    channel_map = make_map({"temperature": {"column": "temperatur"}})
    with pytest.raises(ChannelError, match="columns are 'temperature', 'time', 'velocity'"):
        prepare(make_log(), channel_map)


def test_a_column_that_was_left_out_says_why(make_map: Callable[..., ChannelMap]) -> None:
    log = Log(
        "run", "run.csv", "", {"a": np.arange(3.0)}, np.arange(3), {}, {"time": LeftOut.EMPTY}
    )
    with pytest.raises(ChannelError, match="'time' is not read: no numbers"):
        prepare(log, make_map())


def test_a_wrong_unit_in_a_map_names_the_column(
    make_log: Callable[..., Log], make_map: Callable[..., ChannelMap]
) -> None:
    channel_map = make_map({"slip_velocity": {"column": "velocity", "unit": "rpm"}})
    with pytest.raises(ChannelError, match=r"run\.csv: column 'velocity' as slip_velocity.*radius"):
        prepare(make_log(), channel_map)


def test_a_map_does_not_leave_the_unit_of_a_length_open(
    make_log: Callable[..., Log], make_map: Callable[..., ChannelMap]
) -> None:
    channel_map = make_map({"axial_displacement": {"column": "shortening"}})
    with pytest.raises(ChannelError, match='unit = "um"'):
        prepare(make_log(), channel_map)


def test_a_map_that_contradicts_the_name_wins_and_is_said(
    make_log: Callable[..., Log], make_map: Callable[..., ChannelMap]
) -> None:
    log = make_log(**{"wear (um)": np.arange(200.0)})
    channel_map = make_map({"axial_displacement": {"column": "wear (um)", "unit": "mm"}})
    experiment = prepare(log, channel_map)
    assert experiment.channels["axial_displacement"][-1] == pytest.approx(0.197)
    assert found_in(experiment, "unit_overridden")["unit"] == "mm"


def test_what_a_map_does_not_name_is_not_guessed(
    make_log: Callable[..., Log], make_map: Callable[..., ChannelMap]
) -> None:
    experiment = prepare(make_log(), make_map({"temperature": None}))
    assert "temperature" not in experiment.channels
    assert found_in(experiment, "missing_driver_and_rate") == {"channel": "temperature"}


def test_a_table_can_be_named_for_each_ending() -> None:
    text = '[table]\n".XLSX" = "Raw"\nh5 = "/rig"\n[channels.time]\ncolumn = "t"\n'
    channel_map = ChannelMap.from_toml(text)
    assert [channel_map.table_of(f"run.{end}") for end in ("xlsx", "H5", "csv")] == [
        "Raw",
        "/rig",
        "",
    ]
    assert ChannelMap.from_toml(channel_map.to_toml()) == channel_map
    assert ChannelMap(channels={}, table="Raw").table_of("run.csv") == "Raw"


def test_a_table_that_is_no_name_is_refused_in_words() -> None:
    with pytest.raises(ChannelError, match=r"such a name for each ending.*not 3"):
        ChannelMap.from_toml("table = 3\n[channels.time]\ncolumn = 't'\n")
