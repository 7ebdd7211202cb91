"""Documentation: commands, names and links in it exist, and its defaults are those of the code."""

import ast
import doctest
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import typer.main
from pydantic import BaseModel
from typer.core import TyperCommand, TyperGroup

import made_up_laws
import slicken
from slicken.cli.main import app
from slicken.experiment.channel_map import MAPPABLE, ChannelMap, Column, Preparation
from slicken.experiment.corrections.kinds import KINDS as CORRECTIONS
from slicken.laws.saved import to_tree
from slicken.learning.settings import Architecture, Optimiser
from slicken.physics.truths import TRUTHS
from slicken.reporting.laws.summary import summarise
from slicken.reporting.laws.tables import laws_table
from slicken.study.plan import PRESETS, Plan, SplitPlan

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "README.ja.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "news").glob("*.md"),
    ]
)
KINDS = ("added", "changed", "deprecated", "removed", "fixed", "security")
# Spelled so that this file does not hold them itself.
FORBIDDEN = ("/wor" + "k/", "/roo" + "t/", "pypi" + ".org", "npm" + "js")


class Block(NamedTuple):
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def fenced(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, those within lists too."""
    language, first, kept = None, 0, list[str]()
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.lstrip().startswith("```"):
            kept.append(line)
        elif language is None:
            language, first, kept = line.strip()[3:], number, []
        else:
            yield Block(page, first, language, "\n".join(kept) + "\n")
            language = None
    assert language is None, f"{page}:{first}: a block that never ends"


BLOCKS = [block for page in PAGES for block in fenced(page)]


def blocks(*languages: str) -> list[Block]:
    return [block for block in BLOCKS if block.language in languages]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"(?ms)^\s*```.*?^\s*```$", "", page.read_text(encoding="utf-8"))


def rows(page: str, heading: str) -> dict[str, list[str]]:
    """The table rows below a heading: what stands in backticks in the first cell, to the rest."""
    text = (ROOT / page).read_text(encoding="utf-8")
    section = text.split(f"\n{heading}\n", 1)[1]
    section = re.split(r"\n##+ ", section)[0]
    found: dict[str, list[str]] = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| `"):
            for name in re.findall(r"`([^`]+)`", cells[0]):
                found[name] = cells[1:]
    return found


# -- commands --


def commands() -> TyperGroup:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return group


def options_of(command: TyperCommand | TyperGroup) -> set[str]:
    return {option for each in command.params for option in each.opts if option.startswith("--")}


def typed() -> list[tuple[str, list[str]]]:
    """Every line of a shell block as words, with where it stands."""
    lines = []
    for block in blocks("sh"):
        for line in block.text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words:
                lines.append((f"{block}: {line.strip()}", words))
    return lines


@pytest.mark.parametrize(("where", "words"), typed(), ids=[where for where, _ in typed()])
def test_a_line_to_type_can_be_typed(where: str, words: list[str]) -> None:
    program, *rest = words
    if program == "make":
        targets = re.findall(r"(?m)^([a-z-]+):.*##", (ROOT / "Makefile").read_text())
        assert set(rest) <= set(targets), where
    elif program == "slicken" and rest[0].startswith("-"):
        assert set(rest) <= options_of(commands()) | {"--help"}, where
    elif program == "slicken":
        name, *arguments = rest
        assert name in commands().commands, where
        commands().commands[name].make_context(name, arguments)
    else:
        assert program in ("source", "export", ".venv/bin/pip", ".venv/bin/python"), where


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_and_options_in_the_text_exist(page: Path) -> None:
    known = {name: options_of(command) for name, command in commands().commands.items()}
    every = set().union(*known.values(), {"--help", "--version"})
    for span in re.findall(r"`([^`]+)`", prose(page)):
        words = span.split()
        if words[0] == "slicken" and len(words) > 1 and words[1].islower():
            assert words[1] in known, f"{page}: {span}"
        for option in re.findall(r"(?<!\S)--[a-z-]+", span):
            assert option in every, f"{page}: {span}"


@pytest.mark.parametrize("name", sorted(commands().commands))
def test_the_reference_has_every_option_with_its_default(name: str) -> None:
    described = rows("docs/reference/command-line.md", f"## slicken {name}")
    described = {key: cells for key, cells in described.items() if key.startswith("--")}
    command = commands().commands[name]
    assert set(described) == options_of(command) - {"--help"}
    for each in command.params:
        if each.opts[0] in described and each.default is not None:
            default = each.default
            text = f"{default:g}" if isinstance(default, float) else str(default)
            assert described[each.opts[0]][0] == f"`{text}`"


def test_the_reference_has_every_scenario() -> None:
    described = rows("docs/reference/command-line.md", "## slicken simulate")
    assert {name for name in described if not name.startswith("--")} == set(TRUTHS)


# -- keys and values --


@pytest.mark.parametrize(
    ("heading", "model"),
    [
        ("## Fields", Plan),
        ("### `[split]`", SplitPlan),
        ("### `[network]`", Architecture),
        ("### `[optimiser]`", Optimiser),
    ],
)
def test_every_field_of_a_plan_is_described_and_no_other(
    heading: str, model: type[BaseModel]
) -> None:
    described = rows("docs/how-to/plan.md", heading)
    assert set(described) == set(model.model_fields)


@pytest.mark.parametrize("model", [Plan, SplitPlan])
def test_defaults_of_a_plan_are_those_described(model: type[BaseModel]) -> None:
    described = rows("docs/how-to/plan.md", "## Fields" if model is Plan else "### `[split]`")
    for name, field in model.model_fields.items():
        if field.is_required() or name in ("preparation", "split", "network", "optimiser"):
            continue
        value = field.default
        words = "true" if value is True else "false" if value is False else str(value)
        words = f'"{value}"' if isinstance(value, str) else words
        expected = f"`{words}`" if value not in ("", ()) else None
        assert described[name][0] == expected or (
            expected is None and described[name][0] in ("none", "the published five")
        ), name


@pytest.mark.parametrize("kind", CORRECTIONS)
def test_every_kind_of_correction_is_described_with_its_fields(kind: str) -> None:
    described = rows("docs/reference/channel-map.md", f"## `{kind}`")
    fields = {name: each for name, each in CORRECTIONS[kind].model_fields.items() if name != "kind"}
    assert list(described) == list(fields)
    for name, field in fields.items():
        default = described[name][0]
        if field.is_required():
            assert default == "(needed)"
        elif field.default is None:
            assert default in ("(none)", "(the column)")
        else:
            assert default.strip('`"') == str(field.default)


def test_the_table_of_presets_is_that_of_the_code() -> None:
    described = rows("docs/how-to/plan.md", "## Presets")
    keys = {key for preset in PRESETS.values() for key in flat(preset)}
    assert set(described) == keys
    for column, name in enumerate(("paper", "recommended", "quick")):
        values = {key: cells[column] for key, cells in described.items()}
        assert values == {key: str(flat(PRESETS[name]).get(key, "none")) for key in keys}


def flat(table: dict[str, object]) -> dict[str, object]:
    """A table of tables as one, with names such as ``network.units``."""
    found: dict[str, object] = {}
    for key, value in table.items():
        inner = flat(value) if isinstance(value, dict) else {"": value}
        found.update({f"{key}.{name}".rstrip("."): each for name, each in inner.items()})
    return found


@pytest.mark.parametrize(
    ("heading", "model"), [("### `[channels.NAME]`", Column), ("### `[preparation]`", Preparation)]
)
def test_every_key_of_a_channel_map_is_described_with_its_default(
    heading: str, model: type[BaseModel]
) -> None:
    described = rows("docs/how-to/my-log.md", heading)
    keys = {name: cells for name, cells in described.items() if name not in MAPPABLE}
    assert set(keys) - {"temperature_rate", "axial_rate"} == set(model.model_fields)
    for name, field in model.model_fields.items():
        if field.is_required() or field.default is None:
            assert keys[name][0].startswith("("), name
        else:
            default = field.default
            text = f'"{default}"' if isinstance(default, str) else str(default)
            assert keys[name][0] == f"`{text}`"


def test_every_channel_that_a_map_can_name_is_described() -> None:
    assert set(MAPPABLE) <= set(rows("docs/how-to/my-log.md", "### `[channels.NAME]`"))


@pytest.mark.parametrize("block", blocks("toml"), ids=str)
def test_a_toml_block_is_a_channel_map_or_a_plan(block: Block) -> None:
    values = tomllib.loads(block.text)
    if "drivers" in values:
        with pytest.raises(slicken.SlickenError, match="allow_stress_inputs"):
            Plan(**values)
    elif isinstance(values.get("channels"), dict):
        assert ChannelMap.from_toml(block.text).channels
    else:
        assert Plan(**values).windows


def test_every_column_and_key_of_friction_laws_is_described() -> None:
    laws = made_up_laws.laws()
    columns = {re.sub(r"_(low|high|formal_sd|determined)$", "", name) for name in laws_table(laws)}
    assert set(rows("docs/reference/laws.md", "## laws.csv")) == columns
    assert set(rows("docs/reference/laws.md", "## laws.json")) >= set(summarise(laws))
    groups = {name.split("/")[1] for name in to_tree(laws).groups if name != "/"}
    described = rows("docs/reference/laws.md", "## laws.nc")
    assert {name.split("/")[0] for name in described} >= groups


# -- Python --


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_python_in_a_page_is_python_and_names_what_exists(block: Block) -> None:
    ast.parse(block.text)
    for name in re.findall(r"\bslicken\.([A-Za-z_]\w*)", block.text):
        assert name in slicken.__all__, name


@pytest.mark.parametrize("block", blocks("python run"), ids=str)
def test_examples_in_a_page_give_what_they_say(block: Block) -> None:
    test = doctest.DocTestParser().get_doctest(block.text, {}, str(block), str(block.page), 0)
    said: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(test, out=said.append)
    assert result.attempted > 0
    assert result.failed == 0, "".join(said)


def test_the_reference_of_python_has_every_name_that_the_package_gives() -> None:
    described = rows("docs/reference/python.md", "## Names")
    assert set(described) == set(slicken.__all__)


# -- links --


def anchors(page: Path) -> set[str]:
    """The names that headings of a page have in a browser."""
    headings = re.findall(r"(?m)^#+ (.*)$", prose(page))
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", link):
            assert link.startswith("https://"), link
            continue
        name, _, anchor = link.partition("#")
        there = (page.parent / name).resolve() if name else page
        assert there.exists(), f"{page}: {link}"
        assert there.is_relative_to(ROOT), f"{page}: {link} leads out of the project"
        if anchor:
            assert anchor in anchors(there), f"{page}: {link}"


def test_every_page_can_be_reached_from_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    named = re.findall(r"\]\(([^)#]+\.md)\)", index.read_text(encoding="utf-8"))
    linked = {(index.parent / name).resolve() for name in named}
    assert {page for page in PAGES if page.is_relative_to(ROOT / "docs")} <= linked | {index}


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 600


# -- the files that others read by machine --


def test_the_citation_names_this_version_and_the_paper() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    for needed in (
        "cff-version: 1.2.0",
        "message: ",
        "title: ",
        "authors:",
        "references:",
        f"version: {slicken.__version__}",
        "license: BSD-3-Clause",
        "doi: 10.1016/j.acags.2025.100231",
        "family-names: Uhmb",
    ):
        assert re.search(rf"(?m)^\s*(- )?{re.escape(needed)}", text), needed
    assert "\t" not in text


@pytest.mark.skipif(not importlib.util.find_spec("yaml"), reason="no YAML parser is installed")
def test_the_citation_is_yaml() -> None:
    import yaml

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert {"type", "title", "authors"} <= set(citation["references"][0])


def test_fragments_have_names_that_a_release_understands() -> None:
    for fragment in set((ROOT / "news").iterdir()) - {ROOT / "news" / "README.md"}:
        assert re.fullmatch(rf"\d+\.({'|'.join(KINDS)})\.md", fragment.name), fragment.name
        assert fragment.read_text(encoding="utf-8").startswith("- "), fragment.name


def test_the_changelog_sends_its_reader_to_the_fragments() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"## \[Unreleased\]\n[^#]*\(news/README\.md\)", text)


def test_nothing_in_the_project_names_a_machine_or_a_registry() -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a checkout of git, so what belongs to the project is not known")
    listed = subprocess.run(  # noqa: S603 - git, found above
        [git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    files = {ROOT / name for name in listed.split("\0") if name} | set(PAGES)
    found = [
        f"{file.relative_to(ROOT)} holds {word!r}"
        for file in sorted(files)
        if file.is_file()
        for word in FORBIDDEN
        if word.encode() in file.read_bytes()
    ]
    assert not found, os.linesep.join(found)
