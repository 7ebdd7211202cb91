"""The page in a real browser: no errors, no network, both languages, figures, keys, printing."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from browser import Browser
from slicken.pipeline import explain, open_study
from slicken.reporting.drawing import Drawn
from slicken.reporting.interactive import views_of
from slicken.reporting.page import render
from slicken.statements import Statement

INTERACTIVE = ["comparison", "traces"]
BAD = "</script><script>document.title = 'stolen'</script><b>bold</b>"


@pytest.fixture
def page(tiny_page: Path) -> Path:
    return tiny_page


@pytest.fixture
def opened(browser: Browser, page: Path) -> Browser:
    """The page, just opened, with nothing held against it yet."""
    browser.complaints.clear()
    browser.asked.clear()
    browser.open(page)
    return browser


def shown(browser: Browser, selector: str) -> list[Any]:
    """What a reader sees of the elements that a selector names."""
    words = json.dumps(selector)
    return list(
        browser.ask(
            f"[...document.querySelectorAll({words})].filter(e => e.checkVisibility())"
            ".map(e => e.innerText || e.id)"
        )
    )


def test_it_loads_without_an_error_and_asks_nobody(opened: Browser, page: Path) -> None:
    assert opened.complaints == []
    assert [each for each in opened.asked if not each.startswith("data:")] == [page.as_uri()]
    assert opened.ask("performance.getEntriesByType('resource').length") == opened.ask(
        "performance.getEntriesByType('resource').filter(e => e.name.startsWith('data:')).length"
    )


def test_every_figure_is_there(opened: Browser, bench: Path) -> None:
    names = {file.stem for file in (bench / "tiny" / "figures").glob("*.png")}
    assert set(opened.ask("[...document.querySelectorAll('figure')].map(f => f.id)")) == names
    drawn = "[...document.querySelectorAll('.js-plotly-plot')].map(p => p.closest('figure').id)"
    assert sorted(opened.ask(drawn)) == sorted(INTERACTIVE)
    for name in INTERACTIVE:
        lines = f"document.querySelectorAll('#{name} .plot .trace').length"
        assert opened.ask(lines) > 0, name
    assert opened.ask("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    stills = "[...document.images].filter(i => i.checkVisibility()).length"
    assert opened.ask(stills) == len(names) - len(INTERACTIVE)


def test_the_language_switch_works(opened: Browser) -> None:
    assert shown(opened, "h2")[0] == "The answer"
    opened.ask("document.querySelector('button[value=ja]').click()")
    assert shown(opened, "h2")[0] == "結論"
    assert opened.ask("document.documentElement.lang") == "ja"
    assert shown(opened, ".en") == []
    axis = "document.querySelector('#traces .plot').layout.xaxis.title.text"
    assert opened.ask(axis) == "時間 (s)"
    pictures = "[...document.images].filter(i => i.checkVisibility()).map(i => i.alt)"
    assert {alt[:2] for alt in opened.ask(pictures)} == {"図："}
    bar = "[...document.querySelectorAll('#traces .modebar-btn')].map(b => b.dataset.title)"
    assert opened.ask(bar)[:3] == ["図を保存", "拡大", "移動"]
    opened.ask("document.querySelector('button[value=en]').click()")
    assert shown(opened, ".ja") == []
    assert opened.ask(axis) == "Time (s)"
    assert opened.ask(bar)[:3] == ["Download plot", "Zoom", "Pan"]
    assert opened.complaints == []


def test_a_choice_draws_another_view(opened: Browser) -> None:
    axis = "document.querySelector('#comparison .plot').layout.yaxis.title.text"
    first = opened.ask(axis)
    opened.ask(
        "(() => { const s = document.querySelector('#comparison-choice'); s.selectedIndex = 1;"
        " s.dispatchEvent(new Event('change')); })()"
    )
    assert opened.ask(axis) != first
    assert opened.ask("document.querySelector('#comparison .plot').data[0].error_y.type") == "data"


def test_the_keyboard_finds_the_answer_and_moves_a_figure(opened: Browser) -> None:
    opened.press("Tab")
    assert opened.ask("document.activeElement.className") == "skip"
    opened.press("Tab")
    assert opened.ask("document.activeElement.value") == "en"
    opened.ask("document.querySelector('#traces .plot').focus()")
    span = "(r => r[1] - r[0])(document.querySelector('#traces .plot').layout.xaxis.range)"
    whole = opened.ask(span)
    opened.press("+", "+")
    assert opened.ask(span) == pytest.approx(0.7 * whole)
    opened.press("0", "0")
    assert opened.ask(span) == pytest.approx(whole, rel=0.1)


def test_the_keyboard_hides_and_shows_a_line_of_the_legend(opened: Browser) -> None:
    opened.ask("document.querySelector('#traces .plot').focus()")
    drawn = (
        "document.querySelector('#traces .plot').data"
        ".filter(each => each.showlegend !== false && each.visible !== 'legendonly')"
        ".map(each => each.name)"
    )
    before = opened.ask(drawn)
    opened.press("2", "2")
    assert opened.ask(drawn) == [*before[:1], *before[2:]]
    opened.press("2", "2")
    assert opened.ask(drawn) == before


def test_it_fits_a_phone(opened: Browser) -> None:
    opened.look(width=390)
    assert opened.ask("document.documentElement.scrollWidth") <= 390


def test_it_is_dark_where_the_reader_likes_it_dark(opened: Browser) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    assert opened.ask(colour) == "rgb(255, 255, 255)"
    opened.look(dark=True)
    assert opened.ask(colour) == "rgb(21, 25, 30)"
    assert opened.ask("getComputedStyle(document.querySelector('.card')).backgroundColor") == (
        "rgb(255, 255, 255)"
    )


def test_it_prints_still_pictures(opened: Browser, bench: Path) -> None:
    opened.look(print_=True)
    names = list((bench / "tiny" / "figures").glob("*.png"))
    assert opened.ask("[...document.images].filter(i => i.checkVisibility()).length") == len(names)
    assert shown(opened, ".interactive") == []
    assert opened.pdf().startswith(b"%PDF")


def test_paper_shows_the_findings_that_are_folded_on_the_screen(opened: Browser) -> None:
    lines = "[...document.querySelectorAll('details li')]"
    assert opened.ask(f"{lines}.length") > 20
    assert not opened.ask(f"{lines}.some(e => e.checkVisibility())")
    opened.ask("dispatchEvent(new Event('beforeprint'))")
    assert opened.ask(f"{lines}.every(e => e.checkVisibility())")
    opened.ask("dispatchEvent(new Event('afterprint'))")
    assert not opened.ask(f"{lines}.some(e => e.checkVisibility())")


def test_a_figure_on_paper_is_as_large_as_in_a_journal(opened: Browser) -> None:
    still = "document.querySelector('#skill .still')"
    larger = float(opened.ask(f"{still}.getAttribute('width')"))  # a quarter, for the screen
    opened.look(width=718, print_=True)
    shown = opened.ask(f"{still}.getBoundingClientRect().width")
    assert shown == pytest.approx(larger / 1.25, abs=0.5)
    assert opened.ask("document.documentElement.scrollWidth") <= 718


def test_what_came_from_a_log_runs_nothing(browser: Browser, bench: Path, tmp_path: Path) -> None:
    evidence = explain(open_study(bench / "tiny"))
    bad = Statement("cells.text", x=BAD)
    wild = tuple(
        replace(one, name=f"{BAD}{n}", provenance=replace(one.provenance, source=BAD, steps=(bad,)))
        for n, one in enumerate(evidence.trained.experiments)
    )
    named = tuple(
        replace(view, names=(BAD, *view.names[1:])) for view in views_of(evidence)["traces"]
    )
    drawn = [Drawn("traces", bad, bad, (bad,), bad, views=named)]
    page = tmp_path / "wild.html"
    found = replace(evidence, trained=replace(evidence.trained, experiments=wild))
    page.write_text(render(found, drawn), encoding="utf-8")
    browser.complaints.clear()
    browser.open(page)
    assert browser.complaints == []
    assert browser.ask("document.title") == "tiny - slicken"
    assert browser.ask("document.querySelectorAll('b').length") == 0
    assert BAD in browser.ask("document.querySelector('#traces figcaption').innerText")
    assert browser.ask("document.querySelector('#traces-choice, #traces .plot') !== null")
    browser.ask("document.querySelector('button[value=ja]').click()")
    assert browser.ask("document.querySelectorAll('b').length") == 0
    assert browser.ask("document.title") == "tiny - slicken レポート"
