"""The page of friction laws: opens with the verdict, stands alone, and has every number."""

import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import made_up_laws as made_up
from browser import Browser
from outline import Outline
from slicken.laws.event_table import events_table
from slicken.laws.results import Laws
from slicken.reporting.laws.answer import answer_of
from slicken.reporting.laws.methods import methods_paragraph
from slicken.reporting.laws.page import SECTIONS, render
from slicken.reporting.laws.report import write_laws
from slicken.reporting.laws.summary import summarise
from slicken.reporting.wording import words
from slicken.reporting.wording.catalogue import LANGUAGES
from slicken.statements import Statement

EN = words("en")
AXE = (Path(__file__).parent.parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
AUDIT = """
axe.run(document, {resultTypes: ["violations"]}).then(found => found.violations.flatMap(
    one => one.nodes.map(node => `${one.id}: ${node.target} ${node.failureSummary}`)))
"""
BAD = "<script>alert(1)</script><b>x</b>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("laws")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("slicken.reporting.figures.output.DOTS_PER_INCH", 40)
        write_laws(made_up.laws(), made_up.records(), where)
    return where


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "laws.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def outline(page: str) -> Outline:
    return Outline(page)


def test_the_page_opens_with_the_verdict(outline: Outline) -> None:
    answered = answer_of(made_up.laws())
    body = [(tag, said) for tag, said in outline.text if tag in ("h1", "h2", "h3", "p")]
    assert body[0] == ("h1", "p5760, p5866")
    place = body.index(("h2", "The answer"))
    assert body[place + 1 : place + 3] == [
        ("h3", "Which law?"),
        ("p", "Not distinguishable: ageing law and slip law fit equally well"),
    ]
    tiles = [tile for tile in outline.all("div") if str(tile.get("id")).endswith("-answer")]
    assert [str(tile["id"]) for tile in tiles] == [f"{name}-answer" for name in answered.found]
    items = [said for tag, said in outline.text if tag == "li"]
    assert [line for line in EN.lines(answered.caveats) if line not in items] == []


def test_sections_headings_and_links_lead_a_reader_who_cannot_see(
    outline: Outline, folder: Path
) -> None:
    assert [each["id"] for each in outline.all("section")] == list(SECTIONS)
    named = [str(each["id"]) for _, each in outline.tags if "id" in each]
    assert len(set(named)) == len(named)
    levels = [int(tag[1]) for tag, _ in outline.tags if re.fullmatch(r"h\d", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    links = [str(each["href"]) for each in outline.all("a")]
    assert {link.removeprefix("#") for link in links if link.startswith("#")} <= set(named)
    assert all((folder / link).is_file() for link in links if not link.startswith("#"))
    for language, start in (("en", "Figure: "), ("ja", "図：")):
        pictures = [each for each in outline.all("img") if each["lang"] == language]
        assert len(pictures) == len(outline.all("figure")) == 5
        assert all(str(each["alt"]).startswith(start) for each in pictures)


def test_every_event_has_its_intervals_formal_errors_and_correlation(outline: Outline) -> None:
    cells = [said for tag, said in outline.text if tag in ("td", "th")]
    place = cells.index("1: 3 → 10 µm/s")
    assert cells[place + 1 : place + 8] == [
        "ageing law", "8.9 (8.5 to 9.3)", "9.3 (8.8 to 9.8)", "-0.40 (-0.50 to -0.30)",
        "7.0 (6.1 to 8.2)", "7.1 (6.7 to 7.5)", "0.94",
    ]  # fmt: skip
    errors = cells.index("1: 3 → 10 µm/s", place + 1)
    assert cells[errors + 1] == "ageing law"
    formal, implied = map(float, cells[errors + 2].split(" / "))
    assert (formal, implied) == (0.037, 0.23)
    fourth = cells.index("4: 3 → 10 µm/s")
    assert "not determined" in cells[fourth : fourth + 8]
    assert "4 µm of slip after the step, fewer than 20 µm" in cells


def test_what_is_over_events_healing_and_whole_records_has_its_rows(outline: Outline) -> None:
    cells = [said for tag, said in outline.text if tag in ("td", "th")]
    for said in (
        "-0.0004 (-0.0006 to -0.0002)", "0.034", "p5866", "1000", "19.5 (18.7 to 20.3)",
        "100 (90 to 115)", "temperature varies by 2 K, less than 20 K",
    ):  # fmt: skip
        assert said in cells, said


def test_the_japanese_page_is_japanese(outline: Outline) -> None:
    for tag, said in outline.japanese():
        if tag in ("script", "style", "title", "a", "td", "h1"):
            continue
        left = re.sub(r"slicken|SHA-256|Dieterich|Ruina|doi \S+|ageing|slip|jax .*", "", said)
        left = re.sub(r"temperature .*|4 µm of .*", "", left)  # as the made-up laws have it
        assert not re.search(r"[a-z]{3,} [a-z]{2,} [a-z]{2,}", left), said


def test_the_methods_say_what_was_fitted(outline: Outline) -> None:
    said = " ".join(said for tag, said in outline.text if tag == "blockquote")
    assert said == " ".join(EN.lines(methods_paragraph(made_up.laws())))
    for part in ("8 events (velocity step and hold)", "restricted maximum likelihood", "dµ/dt"):
        assert part in said
    given = made_up.laws(events=(made_up.step(0, fits=[made_up.fit(names=("a", "b", "dc"))]),))
    told = " ".join(EN.lines(methods_paragraph(given)))
    assert "Stiffness was given." in told
    assert "Two state variables" not in told


def test_the_page_needs_nothing_but_itself(page: str, outline: Outline) -> None:
    assert [each for each in outline.all("script") if "src" in each] == []
    assert all(str(each["src"]).startswith("data:image/webp") for each in outline.all("img"))
    assert "Plotly" not in page.split("<script>")[1].split("</script>")[0][:200]
    policy = str(outline.all("meta")[2]["content"])
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert len(page.encode()) < 2e6


@pytest.mark.parametrize("language", LANGUAGES)
def test_laws_with_little_in_them_have_a_page_too(language: str) -> None:
    nothing = Laws(("p",), (), (), (), (), (), None)
    unusable = made_up.laws(
        events=(made_up.unusable(0),), shared=(), healing=(), histories=(), thermal=(), verdict=None
    )
    problem = Statement("cells.text", x="velocity does not vary")
    refused = replace(made_up.history(), estimates={}, problem=problem)
    for laws in (nothing, unusable, replace(nothing, histories=(refused,))):
        page = Outline(render(laws, [], [], ("laws",), language))  # type: ignore[arg-type]
        assert ("h2", EN("page.answer")) in page.english()


def test_what_came_from_a_log_is_shown_as_text() -> None:
    records = [made_up.samples(BAD)]
    laws = made_up.laws(records=(BAD,), problems=(Statement("cells.text", x=BAD),))
    page = Outline(render(laws, records, [], ("laws",)))
    assert page.all("b") == []
    assert all("alert" not in said for tag, said in page.text if tag == "script")
    assert ("li", BAD) in page.text


def test_events_of_each_record_are_written_as_a_table_to_correct(folder: Path) -> None:
    for record in made_up.RECORDS:
        table = (folder / f"events-{record}.csv").read_text(encoding="utf-8")
        events = [one.event for one in made_up.laws().events if one.record == record]
        said = ["" if one.problem is None else EN(one.problem) for one in events]
        assert table == events_table(events, said)


def test_the_summary_is_plain_json_with_every_event(folder: Path) -> None:
    laws = made_up.laws()
    told = json.loads((folder / "laws.json").read_text(encoding="utf-8"))
    assert told == json.loads(json.dumps(summarise(laws, made_up.records())))
    assert [one["number"] for one in told["events"]] == list(range(1, 9))
    assert told["records"][0]["sha256"] == "ab" * 32
    fit = told["events"][3]["fits"][0]
    assert fit["estimates"]["dc"]["determined"] is False
    assert np.array(fit["covariance"]).shape == (len(fit["fitted"]),) * 2
    assert told["answer"]["law"][0]["text"].startswith("Not distinguishable")
    assert told["healing"][0]["rate"]["value"] == 0.0065


def test_a_browser_opens_the_page_in_both_languages(browser: Browser, folder: Path) -> None:
    browser.complaints.clear()
    browser.open(folder / "laws.html")
    assert browser.complaints == []
    assert browser.ask("document.title") == "p5760, p5866 - slicken"
    seen = "document.querySelector('#law-answer .headline').innerText"
    assert browser.ask(seen).startswith("Not distinguishable")
    browser.ask("document.querySelector('button[value=ja]').click()")
    assert browser.ask(seen).startswith("区別できない")
    assert browser.ask("document.querySelector('#laws_events .still.ja').offsetWidth") > 100


@pytest.mark.parametrize("width", [1100, 390])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_an_audit_of_the_page_finds_nothing(
    browser: Browser, folder: Path, width: int, dark: bool
) -> None:
    browser.open(folder / "laws.html")
    browser.look(width=width, dark=dark)
    browser.ask(f"{AXE};0")
    assert browser.ask(AUDIT) == []
