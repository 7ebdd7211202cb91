"""The page: opens with the verdict, stands alone, shows what came from logs as text."""

import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import builders
from outline import Outline
from slicken.evidence.evidence import Evidence
from slicken.evidence.resampling import Interval
from slicken.logs.finding import Finding
from slicken.pipeline import explain, open_study
from slicken.reporting.answer import answer
from slicken.reporting.drawing import Drawn
from slicken.reporting.figures.output import Picture
from slicken.reporting.methods import methods_paragraph, split_of
from slicken.reporting.page import SECTIONS, render, write_report
from slicken.reporting.summary import summarise
from slicken.reporting.tables import TABLES
from slicken.reporting.wording import words
from slicken.reporting.wording.catalogue import LANGUAGES
from slicken.statements import Statement
from slicken.study.trained import Trained
from slicken.study.training import train_study


@pytest.fixture(scope="module")
def evidence(bench: Path) -> Evidence:
    return explain(open_study(bench / "tiny"))


@pytest.fixture(scope="module")
def page(bench: Path) -> str:
    return (bench / "tiny" / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def outline(page: str) -> Outline:
    return Outline(page)


def text(said: str) -> Statement:
    """Text as a statement, the same in both languages."""
    return Statement("cells.text", x=said)


def a_figure(name: str, said: str = "Title", pictures: dict[str, Picture] | None = None) -> Drawn:
    return Drawn(name, text(said), text(said), (text(said),), text(said), (), pictures or {})


def figures_of(evidence: Evidence) -> set[str]:
    """Figures that were drawn."""
    return {file.stem for file in (evidence.trained.path / "figures").glob("*.png")}


@pytest.fixture
def drawn(evidence: Evidence) -> list[Drawn]:
    """Figures that are there already."""
    return [a_figure(name, f"Title of {name}") for name in sorted(figures_of(evidence))]


def with_plan(evidence: Evidence, **changes: object) -> Evidence:
    """The same evidence of another plan."""
    plan = evidence.trained.plan.model_copy(update=changes)
    return replace(evidence, trained=replace(evidence.trained, plan=plan))


def cells_of(outline: Outline) -> list[str]:
    return [said for tag, said in outline.text if tag in ("td", "th")]


def test_the_page_opens_with_the_answer(evidence: Evidence, outline: Outline) -> None:
    answered, say = answer(evidence), words("en")
    body = [(tag, said) for tag, said in outline.text if tag in ("h1", "h2", "h3", "p", "summary")]
    assert body[0] == ("h1", "tiny")
    place = body.index(("h2", "The answer"))
    for name, finding in answered.findings().items():
        first = [("h3", say(f"answer.{name}")), ("p", say(finding.headline))]
        assert body[place + 1 : place + 3] == first
        said = [said for _, said in body[place + 3 :]]
        assert said[: len(finding.beside)] == [say(each) for each in finding.beside]
        place += 2 + len(finding.beside) + bool(finding.more) * (1 + len(finding.more))
    items = [said for tag, said in outline.text if tag == "li"]
    assert [line for line in say.lines(answered.caveats) if line not in items] == []


def test_no_number_is_given_twice_on_the_first_screen(page: str) -> None:
    """Whole numbers count things and name lengths; what is folded is not on the screen."""
    (first,) = re.findall(r'<section id="answer".*?</section>', page, flags=re.DOTALL)
    first = re.sub(r"<details.*?</details>|<img.*?>|<style.*?</style>", "", first, flags=re.DOTALL)
    told = " ".join(said for _, said in Outline(f"<main>{first}</main>").english())
    decimals = re.findall(r"\d+\.\d+", told)
    assert len(decimals) > 3
    assert len(set(decimals)) == len(decimals), told


def test_the_first_picture_is_that_of_the_memory(outline: Outline) -> None:
    ids = [each.get("id") for _, each in outline.tags]
    assert ids.index("answer") < ids.index("memory_answer") < ids.index("data")
    assert ids.count("memory_answer") == 1


def test_sections_come_in_the_order_in_which_a_reader_asks(outline: Outline) -> None:
    assert [each["id"] for each in outline.all("section")] == list(SECTIONS)
    titles = [words("en")(f"page.{name}") for name in SECTIONS]
    assert [said for tag, said in outline.text if tag == "h2"] == titles


def test_the_japanese_page_is_japanese(outline: Outline) -> None:
    names = r"temperature-history|csv|simulated|Tallec and Ollivier|[Cc]hannels|_\w+"
    for tag, said in outline.japanese():
        if tag in ("h1", "pre", "script", "style", "title", "td", "th", "option", "li", "a"):
            continue
        left = re.sub(names, "", said)
        assert (
            not re.search(r"[a-z]{3,} [a-z]{2,} [a-z]{2,}", left)
            or "SHA-256" in said
            or "jax" in said
        ), said


def test_a_page_opens_in_the_language_asked_for(evidence: Evidence) -> None:
    still = Picture(b"", 1, 1)
    one = [a_figure("learning", "Title", {"en": still, "ja": still})]
    for language in LANGUAGES:
        outline = Outline(render(evidence, one, language))
        (html,) = outline.all("html")
        assert html["lang"] == html["data-lang"] == language
        pressed = {str(each["value"]): each["aria-pressed"] for each in outline.all("button")}
        assert pressed == {"en": str(language == "en").lower(), "ja": str(language == "ja").lower()}
        alt = {each["lang"]: each["alt"] for each in outline.all("img")}
        assert alt == {"en": "Figure: Title. Title", "ja": "図：Title。Title"}


def test_a_methods_paragraph_says_what_the_plan_says(evidence: Evidence, outline: Outline) -> None:
    said = " ".join(said for tag, said in outline.text if tag == "blockquote")
    assert said == " ".join(words("en").lines(methods_paragraph(evidence)))
    for part in (
        "4 experiments",
        "windows of 10 and 20 s",
        "4 filters and 3 samples",
        "1 GRU layer",
    ):
        assert part in said
    assert "2 networks were trained for 2 epochs" in said
    same = " ".join(said for tag, said in outline.japanese() if tag == "blockquote")
    assert "窓長は 10と20 s です。" in same
    assert "各窓長で 2 個のネットワーク" in same


def test_a_reader_who_cannot_see_or_point_finds_the_way(outline: Outline) -> None:
    for landmark in ("header", "nav", "main", "footer"):
        assert len(outline.all(landmark)) == 1
    links = [str(each["href"]) for each in outline.all("a")]
    assert links[0] == "#answer"
    named = [str(each["id"]) for _, each in outline.tags if "id" in each]
    assert len(set(named)) == len(named)
    inside = {link.removeprefix("#") for link in links if link.startswith("#")}
    assert inside <= set(named)
    assert all(each.get("scope") in ("col", "row", "rowgroup") for each in outline.all("th"))
    levels = [int(tag[1]) for tag, _ in outline.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for each in outline.all("select"):
        assert each["id"] in {label["for"] for label in outline.all("label")}


def test_every_link_to_a_file_leads_to_one(evidence: Evidence, outline: Outline) -> None:
    links = [str(each["href"]) for each in outline.all("a")]
    files = {link for link in links if not link.startswith("#")}
    assert {f"tables/{name}.csv" for name in TABLES} <= files
    assert all((evidence.trained.path / link).is_file() for link in files)


def test_every_driver_and_every_length_has_its_row(evidence: Evidence, outline: Outline) -> None:
    cells, say = cells_of(outline), words("en")
    after = cells.index("reasons")
    for driver in evidence.drivers:
        place = cells.index(say("cells.driver", x=driver.channel), after)
        rank = driver.rank
        assert cells[place + 1] == say("cells.verdict", x=driver.verdict)
        assert cells[place + 3] == f"{rank.value:.1f} ({rank.low:.1f} to {rank.high:.1f})"
        assert cells[place + 4] == say("cells.reasons", x=driver.reasons)
    for seconds in evidence.trained.windows:
        losses = evidence.comparison.losses.sel(window=seconds).to_numpy()
        low, median, high = np.percentile(losses, [25, 50, 75])
        place = cells.index(f"{seconds:g}", cells.index("probability of lowest mean"))
        assert cells[place + 1 : place + 5] == [
            f"{losses.mean():#.4g}", f"{median:#.4g}", f"{low:#.4g} to {high:#.4g}",
            f"{losses.min():#.4g}",
        ]  # fmt: skip


def test_a_number_has_an_interval_only_where_there_is_one(
    evidence: Evidence, drawn: list[Drawn]
) -> None:
    first, *others = evidence.drivers
    proven = tuple(replace(one, low=0.1) for one in evidence.skill.against)
    skill = replace(evidence.skill, against=proven, permutation_p=None, course=None)
    known = replace(first, share=Interval(0.5, 0.25, 0.75), reasons=(text("<b>bold</b>"),))
    unknown = replace(others[0], share=Interval(0.125, float("nan"), float("nan")))
    found = replace(evidence, skill=skill, drivers=(known, unknown, *others[1:]))
    outline = Outline(render(found, drawn))
    assert ("td", "50 % (25 to 75 %)") in outline.text
    assert ("td", "12 %") in outline.text
    assert ("td", "<b>bold</b>") in outline.text


def test_the_page_needs_nothing_but_itself(page: str, outline: Outline) -> None:
    for tag in ("link", "iframe", "object"):
        assert outline.all(tag) == []
    assert [each for each in outline.all("script") if "src" in each] == []
    start = "data:image/webp;base64,"
    assert all(str(each["src"]).startswith(start) for each in outline.all("img"))
    style = page[page.index("<style>") : page.index("</style>")]
    assert "@import" not in style
    assert "url(" not in style
    policy = str(outline.all("meta")[2]["content"])
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "http" not in policy
    assert len(page.encode()) < 6e6


def test_every_figure_is_there_with_words_for_who_cannot_see_it(
    evidence: Evidence, outline: Outline
) -> None:
    named = {str(each["id"]) for each in outline.all("figure")}
    assert named == figures_of(evidence)
    assert named >= {"memory_answer", "windows", "comparison", "memory", "skill", "methods"}
    for language, start in (("en", "Figure: "), ("ja", "図：")):
        pictures = [each for each in outline.all("img") if each["lang"] == language]
        assert len(pictures) == len(named)
        assert all(str(each["alt"]).startswith(start) for each in pictures)
    assert sum(tag == "figcaption" for tag, _ in outline.tags) == len(named)


def test_a_caption_is_short_and_the_rest_is_folded(page: str) -> None:
    captions = re.findall(r"<figcaption>.*?</figcaption>", page, flags=re.DOTALL)
    assert captions
    for caption in captions:
        shown = re.sub(r"<details.*?</details>", "", caption, flags=re.DOTALL)
        (said,) = re.findall(r'<p>(?:<span class="en" lang="en">)?([^<]*)', shown)
        assert len(re.findall(r"[.](?:\s|$)", said)) <= 2, said
        assert len(said) < 260, said


def test_every_log_has_its_history_folded_away(evidence: Evidence, page: str) -> None:
    (logs,) = re.findall(r'<section id="logs".*?</section>', page, flags=re.DOTALL)
    outline, say = Outline(logs), words("en")
    assert len(outline.all("details")) == len(evidence.trained.experiments) == 4
    said = " ".join(words for _, words in outline.text)
    for experiment in evidence.trained.experiments:
        assert experiment.provenance.sha256 in said
        for each in (*experiment.provenance.steps, *experiment.findings):
            told = say(each) if isinstance(each, Statement) else str(each)
            assert isinstance(each, Finding) or " ".join(told.split()) in said


def test_the_page_holds_scores_split_versions_and_the_plan(
    evidence: Evidence, outline: Outline
) -> None:
    said = " ".join(words for _, words in outline.text)
    rows = cells_of(outline)
    assert "10" in rows
    assert f"{float(evidence.comparison.losses.sel(window=20).mean()):#.4g}" in rows
    assert words("en")(split_of(evidence.trained)) in said
    assert f"jax {evidence.trained.folder.versions['jax']}" in said
    assert "gru_layers = 1" in said


def test_what_came_from_a_log_is_shown_as_text(evidence: Evidence, drawn: list[Drawn]) -> None:
    bad = "<script>alert(1)</script>"
    wild = tuple(
        replace(
            experiment,
            name=f"{bad}{number}",
            provenance=replace(experiment.provenance, source=bad, steps=(text(bad),)),
        )
        for number, experiment in enumerate(evidence.trained.experiments)
    )
    found = replace(evidence, trained=replace(evidence.trained, experiments=wild))
    outline = Outline(render(found, drawn))
    assert all("alert" not in said for tag, said in outline.text if tag == "script")
    assert outline.all("b") == []
    assert ("summary", f"{bad}3:") in outline.text
    assert ("li", bad) in outline.text


def test_scores_that_no_window_changes_stand_there_once(evidence: Evidence, page: str) -> None:
    (table,) = re.findall(r'<table id="table-models".*?</table>', page, flags=re.DOTALL)
    lengths = len(evidence.trained.windows)
    names = [said for tag, said in Outline(table).english() if tag == "td"]
    for model, times in (("network", lengths), ("trees", lengths), ("mean", 1), ("last", 1)):
        assert names.count(words("en")("cells.model", x=model)) == times, model
    blind = evidence.scores.table["rmse"].sel(model=["mean", "median", "last"])
    np.testing.assert_array_equal(blind, blind.isel(window=[0] * lengths))


def test_numbers_that_are_not_there_are_dashes(evidence: Evidence, drawn: list[Drawn]) -> None:
    page = render(evidence, drawn)
    said = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r">[^<]*\b(nan|inf)\b[^<]*<", said)
    scores = evidence.scores.table.copy(deep=True)
    blind = ["mean", "median", "last"]  # stand there once, for all lengths
    shown = scores["correlation"]
    known = int(np.isfinite(shown.drop_sel(model=blind)).sum())
    known += int(np.isfinite(shown.isel(window=0).sel(model=blind)).sum())
    scores["correlation"][:] = np.nan
    again = replace(evidence, scores=replace(evidence.scores, table=scores))
    dashes = [Outline(each).text.count(("td", "–")) for each in (page, render(again, drawn))]
    assert known > 0
    assert dashes[1] - dashes[0] == known


def test_the_paper_preset_owns_up_to_its_assumptions(
    evidence: Evidence, drawn: list[Drawn]
) -> None:
    assert "The publication does not state" not in render(evidence, drawn)
    page = render(with_plan(evidence, preset="paper"), drawn)
    assert "The publication does not state" in page
    assert "layer sizes: 64 filters of 3 samples, 64 GRU units" in page


def test_the_page_says_what_is_not_trained_yet(evidence: Evidence, drawn: list[Drawn]) -> None:
    assert "Not trained yet" not in render(evidence, drawn)
    page = render(with_plan(evidence, windows=(10.0, 20.0, 400.0)), drawn)
    assert "Not trained yet: 400 s." in page


def test_a_summary_and_a_page_give_the_same_numbers(evidence: Evidence, outline: Outline) -> None:
    summary = json.loads((evidence.trained.path / "summary.json").read_text(encoding="utf-8"))
    cells = cells_of(outline)
    for entry in summary["windows"]:
        assert f"{entry['test']['network']['rmse']:.4f}" in cells
        assert f"{entry['window_s']:g}" in cells
        assert f"{entry['mean']:#.4g}" in cells


def test_a_study_of_one_length_one_run_and_no_controls_has_a_page_and_a_summary(
    tmp_path: Path,
) -> None:
    plan = builders.make_plan(windows=[5], runs=1, controls=False)
    folder = train_study(builders.make_experiments(), plan, tmp_path / "one")
    evidence = explain(Trained.of(folder))
    assert evidence.importance.controls == {}
    outline = Outline(write_report(evidence).read_text(encoding="utf-8"))
    cells = cells_of(outline)
    place = cells.index("5", cells.index("probability of lowest mean"))
    assert cells[place + 5 : place + 7] == ["–", "0.0 %"]
    assert len(outline.all("figure")) == len(figures_of(evidence))
    (window,) = summarise(evidence)["windows"]
    assert window["probability_best"] is None
    assert window["excess"] == {"value": 0.0, "low": None, "high": None}
