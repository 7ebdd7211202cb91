"""Steps: computed once, in the order of their needs, and read back before they are used."""

from types import SimpleNamespace
from typing import Any

import pytest
import xarray as xr

from slicken.evidence.steps import Count, Step, Steps, of_window
from slicken.statements import Statement
from slicken.study.progress import Progress


class Folder:
    """Keeps evidence in memory, and says what was written and read."""

    def __init__(self) -> None:
        self.kept: dict[str, xr.Dataset] = {}
        self.calls: list[str] = []

    def window_path(self, seconds: float) -> Any:  # noqa: ANN401 (anything with a name)
        return SimpleNamespace(name=f"{seconds:04.0f}s")

    def read_evidence(self, name: str) -> xr.Dataset | None:
        self.calls.append(f"read {name}")
        return self.kept.get(name)

    def write_evidence(self, name: str, dataset: xr.Dataset) -> None:
        self.calls.append(f"write {name}")
        self.kept[name] = dataset.assign_attrs(kept=True)


COMPUTED: list[str] = []


def number(name: str, value: float) -> xr.Dataset:
    COMPUTED.append(name)
    return xr.Dataset({"x": value})


BASE = Step("base", lambda _: COMPUTED.append("base") or 2.0)
WINDOW = of_window("window", lambda at: number("window", at.seconds))
SUM = of_window(
    "sum",
    lambda _, base, window: number("sum", base + float(window["x"])),
    needs=(BASE, WINDOW),
    doing=lambda seconds: Statement("progress.scores", seconds=seconds),
)


@pytest.fixture
def folder() -> Folder:
    COMPUTED.clear()
    return Folder()


def steps_of(folder: Folder, events: list[Progress] | None = None) -> Steps:
    trained: Any = SimpleNamespace(folder=folder)
    return Steps(trained, Count((events if events is not None else []).append, 1))


def test_what_is_needed_is_computed_first_and_everything_once(folder: Folder) -> None:
    steps = steps_of(folder)
    assert float(steps(SUM, 10.0)["x"]) == 12.0
    assert float(steps(SUM, 10.0)["x"]) == 12.0
    assert float(steps(SUM, 20.0)["x"]) == 22.0
    assert COMPUTED == ["base", "window", "sum", "window", "sum"]
    assert sorted(folder.kept) == ["sum_0010s", "sum_0020s", "window_0010s", "window_0020s"]


def test_a_result_that_was_written_is_read_before_it_is_used(folder: Folder) -> None:
    assert steps_of(folder)(WINDOW, 10.0).attrs == {"kept": True}
    assert folder.calls == ["read window_0010s", "write window_0010s", "read window_0010s"]


def test_what_the_folder_holds_needs_nothing(folder: Folder) -> None:
    folder.kept["sum_0010s"] = xr.Dataset({"x": 5.0})
    assert float(steps_of(folder)(SUM, 10.0)["x"]) == 5.0
    assert COMPUTED == []
    assert steps_of(folder).known(WINDOW, 10.0) is None


def test_a_step_that_a_user_sees_is_announced_and_so_is_the_end(folder: Folder) -> None:
    events: list[Progress] = []
    count = Count(events.append, 1)
    Steps(SimpleNamespace(folder=folder), count)(SUM, 10.0)  # type: ignore[arg-type]
    count.finish()
    assert [(event.done, event.total) for event in events] == [(0, 1), (1, 1)]
    assert events[0].doing == Statement("progress.scores", seconds=10.0)
