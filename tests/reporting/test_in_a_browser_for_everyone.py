"""The page for who sees it badly or not at all: an audit by axe-core, and what is read aloud.

``tests/axe`` holds axe-core 4.14.1 by Deque Systems, as published, under the Mozilla Public
License 2.0. It is evaluated through the debugging protocol, which the page's own policy does not
stop.
"""

from itertools import pairwise
from pathlib import Path

import pytest

from browser import Browser, Spoken

AXE = (Path(__file__).parent.parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
AUDIT = """
axe.run(document, {resultTypes: ["violations"]}).then(found => found.violations.flatMap(
    one => one.nodes.map(node => `${one.id}: ${node.target} ${node.failureSummary}`)))
"""
PHONE = 390


@pytest.fixture(params=["en", "ja"])
def opened(browser: Browser, tiny_page: Path, request: pytest.FixtureRequest) -> Browser:
    """The page in each of its languages."""
    browser.open(tiny_page)
    browser.ask(f"document.querySelector('button[value={request.param}]').click()")
    return browser


def told(tree: list[Spoken], role: str) -> list[Spoken]:
    return [each for each in tree if each.role == role]


@pytest.mark.parametrize("width", [1100, PHONE])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_an_audit_finds_nothing(opened: Browser, width: int, dark: bool) -> None:
    opened.look(width=width, dark=dark)
    opened.ask(f"{AXE};0")
    assert opened.ask(AUDIT) == []


def test_the_audit_would_find_something(opened: Browser) -> None:
    opened.ask(f"{AXE};0")
    opened.ask("document.querySelector('select').removeAttribute('aria-labelledby')")
    opened.ask("document.querySelector('label').remove()")
    opened.ask("document.querySelector('.note').style.color = '#bbb'")
    found = {line.split(":")[0] for line in opened.ask(AUDIT)}
    assert found == {"select-name", "color-contrast"}


def test_headings_lead_through_the_page_and_never_skip_a_level(opened: Browser) -> None:
    headings = told(opened.tree(), "heading")
    levels = [int(each.state["level"]) for each in headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(each.name for each in headings)


def test_every_figure_table_and_choice_has_a_name_of_its_own(opened: Browser) -> None:
    opened.ask("document.querySelectorAll('details').forEach(each => (each.open = true))")
    tree = opened.tree()
    for role, selector in (("figure", "figure"), ("table", "table"), ("combobox", "select")):
        names = [each.name for each in told(tree, role)]
        assert len(names) == opened.ask(f"document.querySelectorAll('{selector}').length")
        assert all(names)
        assert len(set(names)) == len(names)
    headings = {each.name for each in told(tree, "heading")}
    assert {each.name for each in told(tree, "figure") + told(tree, "table")} <= headings
    assert all(each.name for each in told(tree, "image"))


def test_a_drawing_is_its_name_and_its_buttons(opened: Browser) -> None:
    tree = opened.tree()
    assert told(tree, "graphics-symbol") == []
    drawings, bars = told(tree, "application"), told(tree, "toolbar")
    assert len(drawings) == len(bars) == opened.ask("document.querySelectorAll('.plot').length")
    assert all(bar.name in drawing.name for bar, drawing in zip(bars, drawings, strict=True))
    buttons = told(tree, "button")
    assert all(each.name for each in buttons)
    assert not any("hare" in each.name for each in buttons)  # a figure is sent to nobody
    pressed = [each.state["pressed"] for each in buttons if "pressed" in each.state]
    assert len(pressed) == 2 + 2 * len(drawings)  # language; zoom or pan
    assert pressed.count("true") == 1 + len(drawings)


def test_only_what_scrolls_is_a_stop_on_the_way(opened: Browser) -> None:
    stops = "[...document.querySelectorAll('[data-named]')].filter(e => e.tabIndex === 0)"
    opened.look(width=PHONE)
    opened.ask("new Promise(done => requestAnimationFrame(() => setTimeout(done, 100)))")
    assert opened.ask(f"{stops}.length") > 0
    assert opened.ask(f"{stops}.every(e => e.scrollWidth > e.clientWidth && e.role === 'group')")
    opened.look(width=1600)
    opened.ask("new Promise(done => requestAnimationFrame(() => setTimeout(done, 100)))")
    assert opened.ask(f"{stops}.length") == 0
