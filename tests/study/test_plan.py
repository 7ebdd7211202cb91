"""Plans: read, completed from a preset, written out, and refused with advice."""

import inspect
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w

import builders
from slicken.channels import LEAKS_TARGET
from slicken.errors import PlanError
from slicken.learning.settings import Architecture, Optimiser
from slicken.lengths import read_windows
from slicken.study.plan import PRESETS, Plan


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_plan_is_filled_from_its_preset(preset: str) -> None:
    plan, wanted = Plan(preset=preset), PRESETS[preset]
    assert plan.windows == read_windows(wanted["windows"])
    assert (plan.runs, plan.epochs, plan.stride) == tuple(
        wanted[name] for name in ("runs", "epochs", "stride")
    )
    for table in ("network", "optimiser"):
        for name, value in wanted[table].items():
            assert getattr(getattr(plan, table), name) == value


def test_the_help_of_a_plan_fits_a_screen_and_has_the_values_of_the_presets() -> None:
    text = inspect.getdoc(Plan) or ""
    assert len(text.splitlines()) <= 60
    assert str(inspect.signature(Plan)) == "(**fields)"
    order, *rows = [line.split() for line in text.partition("=\n")[2].splitlines()]
    table = {
        row[0]: dict(zip(order[1:], row[1:], strict=True)) for row in rows if "=" not in row[0]
    }
    assert set(table["runs"]) == set(PRESETS)
    for preset, given in PRESETS.items():
        plan = Plan(preset=preset)
        names = ("runs", "histories", "linear_part", "epochs", "steps", "stride")
        known = {name: getattr(plan, name) for name in names}
        known["split.folds"] = plan.split.folds
        for name in ("network", "optimiser"):
            known |= {f"{name}.{field}": value for field, value in getattr(plan, name)}
        shown = {
            field: "none"
            if value is None
            else str(value)
            if isinstance(value, str | bool)
            else f"{value:g}"
            for field, value in known.items()
        }
        column = {field: cells[preset] for field, cells in table.items()}
        assert column == {"windows": given["windows"], **shown}
    attributes = [
        line
        for line in text.splitlines()
        if line.startswith("    ") and ": " in line and "=" not in line
    ]
    assert [line.split(":")[0].strip() for line in attributes] == list(Plan.model_fields)


def test_a_plan_shows_one_field_a_line() -> None:
    lines = repr(Plan(name="mine", preset="quick", runs=7)).splitlines()
    assert lines[0] == "Plan: mine"
    assert [line.split()[0] for line in lines[1:]] == [
        name for name in Plan.model_fields if name not in ("name", "known")
    ]
    assert any(line.split() == ["runs", "7"] for line in lines)
    assert "<th>runs</th><td>7</td>" in Plan(runs=7)._repr_html_()


def test_the_paper_preset_is_the_published_protocol() -> None:
    paper = Plan(preset="paper")
    assert paper.windows == tuple(range(50, 501, 50))
    assert (paper.runs, paper.epochs, paper.network.conv_layers, paper.network.gru_layers) == (
        20, 100, 2, 4,
    )  # fmt: skip
    assert paper.optimiser == Optimiser(learning_rate=1e-3, batch=32, epsilon=1e-7)


def test_what_is_given_beats_the_preset_field_by_field() -> None:
    plan = Plan(preset="paper", runs=3, network={"units": 7}, optimiser={"clip": 2.0})
    assert (plan.runs, plan.epochs) == (3, 100)
    assert (plan.network.units, plan.network.filters) == (7, 64)
    assert (plan.optimiser.clip, plan.optimiser.batch) == (2.0, 32)
    whole = Architecture(filters=2)
    assert Plan(preset="quick", network=whole).network == whole


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"preset": "paper"},
        {"optimiser": {"clip": None}},
        {"channels": {"runs/*.tsv": "one.toml", "*": "other.toml"}},
        {"windows": "0.1:0.5:0.1", "stride": 0.1, "seed": 2**32 - 1},
        {
            "name": "Größe: \"quotes\", a\\b and Δµ",
            "logs": ("runs/*.tsv", "C:\\logs\\one.csv"),
            "drivers": ("temperature", "normal_stress"),
            "allow_stress_inputs": True,
            "split": {"by": "experiment", "validation": ("ä",), "test": ("b", "c")},
        },
    ],
    ids=["default", "paper", "no clip", "maps", "fractions", "strange"],
)  # fmt: skip
def test_a_plan_survives_toml(changes: dict[str, Any], tmp_path: Path) -> None:
    plan = Plan(**changes)
    file = tmp_path / "plan.toml"
    file.write_text(plan.to_toml(), encoding="utf-8")
    assert Plan.load(file) == plan
    assert Plan.load(file).decisive() == plan.decisive()


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_toml_spells_out_every_field(preset: str) -> None:
    written = tomllib.loads(Plan(preset=preset).to_toml())

    def fields(model: type[Any]) -> set[str]:
        return set(model.model_fields)

    assert set(written) == fields(Plan)
    for table, values in written.items():
        if isinstance(values, dict) and table != "preparation":  # which holds what was given
            assert set(values) == fields(Plan.model_fields[table].annotation), table


def test_a_clip_can_be_switched_off_in_toml(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text('preset = "recommended"\n[optimiser]\nclip = "none"\n', encoding="utf-8")
    assert Plan.load(file).optimiser.clip is None
    assert Plan(preset="recommended").optimiser.clip == 1.0


def test_changes_beat_the_file_and_tables_are_merged(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(
        tomli_w.dumps({"runs": 7, "epochs": 9, "split": {"by": "time", "test_share": 0.3}}),
        encoding="utf-8",
    )
    plan = Plan.load(file, runs=2, split={"by": "stage"})
    assert (plan.runs, plan.epochs) == (2, 9)
    assert (plan.split.by, plan.split.test_share) == ("stage", 0.3)


@pytest.mark.parametrize(
    ("windows", "seconds"),
    [
        ("50:500:50", tuple(range(50, 501, 50))),
        ("50,100,400", (50, 100, 400)),
        ("10:20:5, 400", (10, 15, 20, 400)),
        ("50:120:50", (50, 100)),
        ([400, 50, 50.0], (50, 400)),
        (range(50, 151, 50), (50, 100, 150)),
        (60, (60,)),
        ("0.1:0.3:0.1", (0.1, 0.2, 0.3)),
    ],
)
def test_window_lengths_are_read_sorted_and_each_once(
    windows: object, seconds: tuple[float, ...]
) -> None:
    assert read_windows(windows) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "windows",
    ["", "abc", "50:500", "500:50:50", "50:500:0", "50:500:-5", "1:2:3:4", "0", "-50", [], [0],
     [float("nan")], ["inf"], "0:inf:1", [10**400], None, {}, [[50]]],
)  # fmt: skip
def test_window_lengths_that_make_no_sense_are_refused(windows: object) -> None:
    with pytest.raises(PlanError, match="give seconds such as 50:500:50"):
        Plan(windows=windows)


def test_too_many_window_lengths_are_refused_before_they_are_listed() -> None:
    with pytest.raises(PlanError, match=r"'1:1e8:0\.1' asks for .* more than 200"):
        read_windows("1:1e8:0.1")
    with pytest.raises(PlanError, match=r"'windows': .*at most 200"):
        Plan(windows=range(1, 300))


@pytest.mark.parametrize(
    ("values", "advice"),
    [
        ({"epoch": 5}, "unknown key 'epoch'; did you mean 'epochs'; valid are name, .*epochs"),
        ({"network": {"unit": 5}}, r"'network\.unit'; .*valid are filters, .*units"),
        ({"optimiser": {"momentum": 1}}, r"'optimiser\.momentum'; .*learning_rate"),
        ({"split": {"on": 1}}, r"'split\.on'; .*validation_share"),
        ({"runs": 0}, "'runs': .*greater than or equal to 1, not 0"),
        ({"epochs": "many"}, "'epochs': .*valid integer.*, not 'many'"),
        ({"preset": "best"}, "'preset': .*'paper', 'recommended' or 'quick'"),
        ({"preset": ["paper"]}, "'preset': .*'paper', 'recommended' or 'quick'"),
        ({"preset": {}}, "'preset': .*'paper', 'recommended' or 'quick'"),
        ({"network": 3}, "'network': "),
        ({"optimiser": {"clip": "often"}}, r"'optimiser\.clip"),
        ({"optimiser": {"clip": -1}}, r"'optimiser\.clip.*greater than 0"),
        ({"optimiser": {"learning_rate": 0}}, r"'optimiser\.learning_rate': .*greater than 0"),
        ({"seed": -1}, "'seed': "),
        ({"logs": "one.csv"}, "'logs': "),
        ({"logs": [1]}, "logs 1: expected text in quotes, not 1"),
        ({"self": 1}, "unknown key 'self'"),
        ({"drivers": ["heat"]}, "unknown channel 'heat'; known are slip_velocity"),
        ({"drivers": ["time"]}, "unknown channel 'time'"),
        ({"drivers": ["friction"]}, "friction is what the network predicts; leave it out"),
        ({"drivers": ["temperature", "temperature"]}, "named twice"),
        ({"split": {"test_share": 0.6}}, r"'split\.test_share': .*less than 0\.5"),
    ],
    ids=str,
)  # fmt: skip
def test_an_impossible_plan_names_the_field(values: dict[str, Any], advice: str) -> None:
    with pytest.raises(PlanError, match=advice):
        Plan(**values)


@pytest.mark.parametrize("stress", [channel.name for channel in LEAKS_TARGET])
def test_stress_is_a_driver_only_in_words_that_cannot_be_missed(stress: str) -> None:
    with pytest.raises(PlanError, match="allow_stress_inputs = true"):
        Plan(drivers=[stress, "temperature"])
    plan = Plan(drivers=[stress], allow_stress_inputs=True)
    assert plan.drivers == (stress,)


def test_a_plan_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    broken, binary = tmp_path / "broken.toml", tmp_path / "binary.toml"
    broken.write_text("runs = = 3", encoding="utf-8")
    binary.write_bytes(b"\xff\xfe\x00runs")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[network]\nunit = 3", encoding="utf-8")
    for file, advice in (
        (tmp_path / "none.toml", "none.toml: the plan cannot be read"),
        (tmp_path, "the plan cannot be read"),
        (broken, "broken.toml: this is not TOML"),
        (binary, "binary.toml: this is not TOML"),
        (wrong, r"wrong.toml: unknown key 'network\.unit'"),
    ):
        with pytest.raises(PlanError, match=advice):
            Plan.load(file)


def test_what_does_not_decide_a_number_is_not_decisive() -> None:
    one = builders.make_plan(name="a", logs=("x.csv",), channels="map.toml")
    other = builders.make_plan(name="b")
    assert one.decisive() == other.decisive()
    assert one.decisive() != builders.make_plan(seed=1).decisive()
