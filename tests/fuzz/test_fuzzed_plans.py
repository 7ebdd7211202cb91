"""Fuzzed plans: whatever stands in a plan, its windows or a channel map, a valid one or words."""

import os
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from contract import check_refusal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slicken.errors import ChannelError, PlanError, SlickenError
from slicken.experiment import ChannelMap
from slicken.lengths import MOST_WINDOWS, read_windows
from slicken.study.plan import PRESETS, Plan

CASES = int(os.environ.get("SLICKEN_FUZZ_CASES", "200"))
FUZZ = settings(
    max_examples=max(CASES // 4, 10),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

NUMBERS = st.one_of(
    st.integers(),
    st.sampled_from([0, 1, -1, 2**31, 2**63 - 1, 10**30]),
    st.floats(),
    st.sampled_from([1e300, 1e-300, 5e-324, -0.0]),
)
WORDS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["", "none", "auto", "50:500:50", "1:inf:1", "\x1b[2J", "a\nb", "x" * 10_000]),
)
LEAVES = st.one_of(NUMBERS, WORDS, st.booleans(), st.dates(), st.datetimes(), st.times())
FIELDS = st.sampled_from([*Plan.model_fields, *PRESETS["quick"]["network"], "self", "model_fields"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(FIELDS, WORDS), inner, max_size=4)
    ),
    max_leaves=8,
)
CHANNEL_KEYS = st.sampled_from(
    ["channels", "preparation", "time", "friction", "column", "unit", "sign", "step", "rate_span"]
)


def fields_of(model: type[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Tables with the fields of a model, and whatever in them."""
    return st.dictionaries(st.sampled_from(sorted(model.model_fields)), LEAVES, max_size=3)


PLANS = st.one_of(
    st.dictionaries(st.one_of(FIELDS, WORDS), VALUES, max_size=4),
    st.fixed_dictionaries(
        {},
        optional={
            name: fields_of(Plan.model_fields[name].annotation)  # type: ignore[arg-type]
            for name in ("network", "optimiser", "split")
        }
        | {"stride": LEAVES, "windows": st.one_of(LEAVES, st.lists(LEAVES, max_size=4))},
    ),
)


def a_plan_or_words(make: Any) -> Plan | None:  # noqa: ANN401 - any call
    try:
        plan = make()
    except PlanError as problem:
        check_refusal(problem)
        return None
    assert isinstance(plan, Plan)
    return plan


@FUZZ
@given(values=PLANS)
def test_whatever_stands_in_a_plan_it_is_a_plan_or_refused(
    tmp_path: Path, values: dict[str, Any]
) -> None:
    plan = a_plan_or_words(lambda: Plan(**values))
    path = tmp_path / "plan.toml"
    path.write_text(tomli_w.dumps(values), encoding="utf-8", newline="")
    assert a_plan_or_words(lambda: Plan.load(path)) == plan
    if plan is not None:
        path.write_text(plan.to_toml(), encoding="utf-8", newline="")
        assert Plan.load(path) == plan


@FUZZ
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_whatever_bytes_a_plan_or_a_map_has_it_is_read_or_refused(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "file.toml"
    path.write_bytes(content)
    a_plan_or_words(lambda: Plan.load(path))
    try:
        ChannelMap.load(path)
    except ChannelError as problem:
        check_refusal(problem)


@FUZZ
@given(
    windows=st.one_of(
        VALUES,
        st.text(alphabet="0123456789.:,-einfa ", max_size=30),
        st.lists(st.floats(), max_size=6),
        st.tuples(st.floats(), st.floats(), st.floats()).map(lambda t: ":".join(map(str, t))),
    )
)
def test_whatever_the_windows_are_they_are_ascending_lengths_or_refused(windows: object) -> None:
    try:
        seconds = read_windows(windows)
    except PlanError as problem:
        check_refusal(problem)
        return
    assert len(seconds) >= 1
    assert list(seconds) == sorted(set(seconds))
    assert all(0 < length < 1e9 for length in seconds)


@FUZZ
@given(
    values=st.dictionaries(
        st.one_of(CHANNEL_KEYS, WORDS),
        st.dictionaries(
            st.one_of(CHANNEL_KEYS, WORDS),
            st.one_of(LEAVES, st.dictionaries(CHANNEL_KEYS, LEAVES, max_size=3)),
            max_size=3,
        ),
        max_size=3,
    )
)
def test_whatever_stands_in_a_channel_map_it_is_a_map_or_refused(values: dict[str, Any]) -> None:
    try:
        channel_map = ChannelMap.from_toml(tomli_w.dumps(values))
    except SlickenError as problem:
        assert isinstance(problem, ChannelError)
        check_refusal(problem)
        return
    assert ChannelMap.from_toml(channel_map.to_toml()) == channel_map


DEEP = {
    "digits": "seed = " + "9" * 5_000,
    "lists": "logs = " + "[" * 5_000,
    "tables": "logs = " + "{a = " * 5_000,
    "dots": "a." * 5_000 + "a = 1",
    "an infinite stride": "stride = inf",
    "an infinite rate": "[optimiser]\nlearning_rate = inf",
    "a batch beyond memory": "[optimiser]\nbatch = 1000000000000",
    "a network beyond memory": "[network]\nunits = 1000000000",
    "layers without end": "[network]\ngru_layers = 1000000",
    "a megabyte": "#" * 1_000_001,
    "a key of two lines": '"a\\nb" = 1',
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_what_no_plan_needs_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text, encoding="utf-8")
    for load in (Plan.load, ChannelMap.load):
        with pytest.raises(SlickenError) as caught:
            load(path)
        check_refusal(caught.value)


def test_a_name_that_no_file_can_have_is_refused() -> None:
    for load in (Plan.load, ChannelMap.load):
        with pytest.raises(SlickenError, match="cannot be read"):
            load("a\x00b")


def test_more_windows_than_a_study_has_are_refused() -> None:
    with pytest.raises(PlanError, match=r"'windows': .* at most 200"):
        Plan(windows=list(range(1, MOST_WINDOWS + 2)))
    with pytest.raises(PlanError, match="more than"):
        read_windows("1:1e300:1")
