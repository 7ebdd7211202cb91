"""Parts: files that a channel map joins to others are known, and belong to one log each."""

from pathlib import Path

import pytest

from slicken.errors import ChannelError
from slicken.experiment import ChannelMap
from slicken.experiment.joined import parts_of, wholes_of


def joining(*files: str) -> ChannelMap:
    return ChannelMap.model_validate(
        {"channels": {}, "correction": [{"kind": "join", "files": list(files)}]}
    )


def test_parts_stand_in_the_folder_of_their_log_under_its_name() -> None:
    parts = parts_of(Path("a/run.csv"), joining("{name}-2.csv", "late.csv"))
    assert parts == [Path("a/run-2.csv"), Path("a/late.csv")]


def test_a_part_is_known_among_files_in_any_order() -> None:
    paths = [Path("run-2.csv"), Path("run.csv"), Path("x.csv")]
    assert wholes_of(dict.fromkeys(paths, joining("{name}-2.csv"))) == {
        Path("run-2.csv"): Path("run.csv")
    }
    assert wholes_of(dict.fromkeys(paths, None)) == {}
    assert wholes_of(dict.fromkeys(paths[1:], joining("{name}-2.csv"))) == {}


def test_a_part_of_a_part_is_no_part_as_nobody_reads_it() -> None:
    paths = [Path("run.csv"), Path("run-2.csv"), Path("run-2-2.csv")]
    assert wholes_of(dict.fromkeys(paths, joining("{name}-2.csv"))) == {
        Path("run-2.csv"): Path("run.csv")
    }


def test_a_file_that_is_joined_to_two_logs_is_refused() -> None:
    with pytest.raises(ChannelError, match=r"late.csv: .*joins it to a.csv and to b.csv.*leak"):
        wholes_of(dict.fromkeys(map(Path, ("a.csv", "b.csv", "late.csv")), joining("late.csv")))
