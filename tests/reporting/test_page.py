"""The page: opens with the verdict, stands alone, shows what came from logs as text."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import builders
import slicken
from commands import DOTS_PER_INCH
from slicken.channels import CHANNELS
from slicken.evidence.evidence import Evidence
from slicken.evidence.resampling import Interval
from slicken.experiment import Finding
from slicken.reporting.drawing import Drawn
from slicken.reporting.figures.output import Picture
from slicken.reporting.findings import say_finding
from slicken.reporting.methods import methods_paragraph
from slicken.reporting.page import CONTENTS, _as, render
from slicken.reporting.phrasebook import Language
from slicken.reporting.summary import summarise
from slicken.reporting.verdict import judge
from slicken.reporting.wording import words
from slicken.statements import Statement

VOID = {"meta", "img", "br", "hr", "link", "input"}


class Outline(HTMLParser):
    """The tags and the text of a page; fails where tags do not nest."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[tuple[str, str, str]] = []
        self.languages: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            kind = str(dict(attrs).get("class"))
            self.languages.append(kind if tag == "span" and kind in ("en", "ja") else "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.languages.pop()

    def handle_data(self, data: str) -> None:
        if data.strip():
            tag = next(tag for tag in reversed(self.open) if tag != "span")
            language = next((one for one in reversed(self.languages) if one), "")
            self.said.append((tag, " ".join(data.split()), language))

    @property
    def text(self) -> list[tuple[str, str]]:
        return self.english()

    def english(self) -> list[tuple[str, str]]:
        """The text as a reader of English sees it, by the tag that is no span."""
        return self._seen("ja")

    def japanese(self) -> list[tuple[str, str]]:
        """The same for a reader of Japanese."""
        return self._seen("en")

    def _seen(self, hidden: str) -> list[tuple[str, str]]:
        return [(tag, text) for tag, text, language in self.said if language != hidden]

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def evidence(bench: Path) -> Evidence:
    return slicken.explain(slicken.open_study(bench / "tiny"))


@pytest.fixture(scope="module")
def study(evidence: Evidence) -> slicken.Trained:
    return evidence.trained


@pytest.fixture(scope="module")
def page(bench: Path) -> str:
    return (bench / "tiny" / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def outline(page: str) -> Outline:
    return Outline(page)


def names_of_figures(study: slicken.Trained) -> set[str]:
    """Those that were drawn."""
    return {file.stem for file in (study.path / "figures").glob("*.png")}


@pytest.fixture
def drawn(study: slicken.Trained) -> list[Drawn]:
    """Figures that are there already."""
    return [
        Drawn(
            name,
            *(Statement(f"figures.{name}_{key}") for key in ("title", "caption")),
            details=(Statement(f"figures.{name}_more"),),
            alternative=Statement(f"figures.{name}_alt"),
        )
        for name in sorted(names_of_figures(study))
    ]


def test_the_page_opens_with_the_verdict(evidence: Evidence, outline: Outline) -> None:
    body = [(tag, text) for tag, text in outline.text if tag in ("h1", "h2", "p", "li")]
    assert body[0] == ("h1", "tiny")
    start = body.index(("h2", "The answer")) + 1
    verdict = judge(evidence)
    told = [verdict.window, verdict.memory, verdict.skill, verdict.importance]
    drivers = [("li", line) for line in verdict.drivers]
    assert body[start : start + 4 + len(drivers)] == [*(("p", line) for line in told), *drivers]
    items = [text for tag, text in body if tag == "li"]
    assert [line for line in verdict.caveats if line not in items] == []


def test_sections_come_in_the_order_in_which_a_reader_asks(outline: Outline) -> None:
    assert [each["id"] for each in outline.all("section")] == [place for place, _ in CONTENTS]
    assert [text for tag, text in outline.text if tag == "h2"] == [title for _, title in CONTENTS]


def test_nothing_on_the_page_lacks_a_translation(page: str, outline: Outline) -> None:
    assert re.findall(r'class="untranslated"[^>]*>([^<]*)', page) == []
    names = r"temperature-history|csv|simulated|Tallec and Ollivier|[Cc]hannels|_\w+"
    for tag, text in outline.japanese():
        if tag in ("h1", "pre", "script", "style", "title", "td", "th", "option"):
            continue
        left = re.sub(names, "", text)
        assert (
            not re.search(r"[a-z]{3,} [a-z]{2,} [a-z]{2,}", left)
            or "SHA-256" in text
            or ("jax" in text)
        ), text


def test_a_page_opens_in_the_language_asked_for(study: slicken.Trained, drawn: list[Drawn]) -> None:
    still = Picture(b"", 1, 1)
    (learning,) = [one for one in drawn if one.name == "learning"]
    one = [replace(learning, pictures={"en": still, "ja": still})]
    languages: tuple[Language, ...] = ("en", "ja")
    for language in languages:
        outline = Outline(render(study, one, language))
        (html,) = outline.all("html")
        assert html["lang"] == html["data-lang"] == language
        pressed = {str(each["value"]): each["aria-pressed"] for each in outline.all("button")}
        assert pressed == {"en": str(language == "en").lower(), "ja": str(language == "ja").lower()}
        alt = {each["lang"]: each["alt"] for each in outline.all("img")}
        assert str(alt["en"]).startswith("Figure: Learning curves. ")
        assert str(alt["ja"]).startswith("図：学習曲線。")


def test_a_methods_paragraph_says_what_the_plan_says(evidence: Evidence, outline: Outline) -> None:
    (text,) = [said for tag, said in outline.text if tag == "blockquote"]
    assert text == " ".join(methods_paragraph(evidence))
    for said in ("4 experiments", "windows of 10, 20 s", "4 filters of 3 samples", "1 GRU layers"):
        assert said in text
    assert "2 networks were trained for 2 epochs" in text
    (same,) = [said for tag, said in outline.japanese() if tag == "blockquote"]
    assert "窓長は 10, 20 s です。" in same
    assert "各窓長で 2 個のネットワーク" in same


def test_a_reader_who_cannot_see_or_point_finds_the_way(outline: Outline) -> None:
    for landmark in ("header", "nav", "main", "footer"):
        assert len(outline.all(landmark)) == 1
    links = [str(each["href"]) for each in outline.all("a")]
    assert links[0] == "#answer"
    named = {str(each.get("id")) for _, each in outline.tags}
    assert {link.removeprefix("#") for link in links} <= named
    assert all(each.get("scope") in ("col", "row", "rowgroup") for each in outline.all("th"))
    levels = [int(tag[1]) for tag, _ in outline.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for each in outline.all("select"):
        assert each["id"] in {label["for"] for label in outline.all("label")}


def test_every_driver_and_every_length_has_its_row(
    evidence: Evidence, study: slicken.Trained, outline: Outline
) -> None:
    cells = [text for tag, text in outline.text if tag in ("td", "th")]
    for driver in evidence.drivers:
        place = cells.index(CHANNELS[driver.channel].title)
        rank = driver.rank
        assert cells[place + 1] == driver.status
        assert cells[place + 3] == f"{rank.value:.1f} ({rank.low:.1f} to {rank.high:.1f})"
        assert cells[place + 4] == driver.reason
    for seconds in study.windows:
        losses = evidence.comparison.losses.sel(window=seconds).to_numpy()
        low, median, high = np.percentile(losses, [25, 50, 75])
        place = cells.index(f"{seconds:g}", cells.index("probability best"))
        assert cells[place + 1 : place + 5] == [
            f"{losses.mean():#.4g}", f"{median:#.4g}", f"{low:#.4g} to {high:#.4g}",
            f"{losses.min():#.4g}",
        ]  # fmt: skip


def test_a_number_has_an_interval_only_where_there_is_one(
    evidence: Evidence, drawn: list[Drawn]
) -> None:
    first, *others = evidence.drivers
    told = replace(first, share=Interval(0.5, 0.25, 0.75))
    untold = replace(others[0], share=Interval(0.125, float("nan"), float("nan")))
    again = replace(evidence, drivers=(told, untold, *others[1:]))
    outline = Outline(render(again, drawn))
    assert ("td", "0.50 (0.25 to 0.75)") in outline.text
    assert ("td", "0.12") in outline.text
    assert (_as(-0.001, ".2f"), _as(-0.01, ".2f"), _as(1234.0, "#.4g")) == ("0.00", "-0.01", "1234")


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
    study: slicken.Trained, outline: Outline
) -> None:
    named = {str(each["id"]) for each in outline.all("figure")}
    assert named == names_of_figures(study)
    assert named >= {"windows", "comparison", "memory", "skill", "methods", "saliency"}
    assert named >= {"predictions", "traces", "learning", "experiments"}
    assert named >= {f"importance_{k}" for k in ("ranked", "time", "lags")}
    for language, start in (("en", "Figure: "), ("ja", "図：")):
        pictures = [each for each in outline.all("img") if each["lang"] == language]
        assert len(pictures) == len(named)
        assert all(str(each["alt"]).startswith(start) for each in pictures)
    assert sum(tag == "figcaption" for tag, _ in outline.tags) == len(named)


def test_every_log_has_its_history_folded_away(study: slicken.Trained, outline: Outline) -> None:
    folded = len(outline.all("details")) - len(names_of_figures(study))
    assert folded == len(study.experiments) == 4
    text = " ".join(part for _, part in outline.text)
    for experiment in study.experiments:
        assert experiment.provenance.sha256 in text
        for language in ("en", "ja"):
            wording = words(language)
            steps = map(wording, experiment.provenance.steps)
            for said in (*steps, *(say_finding(one, wording) for one in experiment.findings)):
                assert said in text


def test_the_page_holds_scores_split_versions_and_the_plan(
    evidence: Evidence, study: slicken.Trained, outline: Outline
) -> None:
    text = " ".join(said for _, said in outline.text)
    rows = [said for tag, said in outline.text if tag in ("td", "th")]
    assert "10" in rows
    assert f"{float(evidence.comparison.losses.sel(window=20).mean()):#.4g}" in rows
    assert study.prepared.split.words in text
    assert f"jax {study.folder.versions['jax']}" in text
    assert "gru_layers = 1" in text


def test_what_came_from_a_log_is_shown_as_text(
    evidence: Evidence, study: slicken.Trained, drawn: list[Drawn]
) -> None:
    bad = "<script>alert(1)</script>"
    wild = tuple(
        replace(
            experiment,
            name=f"{bad}{number}",
            findings=(Finding(Statement("findings.text_line", text=f"{bad} & <b>{number}</b>")),),
            provenance=replace(experiment.provenance, source=bad, steps=()),
        )
        for number, experiment in enumerate(study.experiments)
    )
    again = replace(evidence, trained=replace(study, experiments=wild))
    outline = Outline(render(again, drawn))
    assert all("alert" not in text for tag, text in outline.text if tag == "script")
    assert outline.all("b") == []
    assert ("summary", "699 samples, step 1 s, findings: 1") in outline.text
    assert ("summary", f"{bad}3:") in outline.text
    line = f"text line: '{bad} & <b>3</b>' is not a sample and was skipped"
    assert line in [text for _, text in outline.text]


def test_scores_that_no_window_changes_stand_there_once(
    evidence: Evidence, study: slicken.Trained, page: str
) -> None:
    (table,) = re.findall(r'<table id="scores".*?</table>', page, flags=re.DOTALL)
    lengths = len(study.windows)
    for model, times in (("network", lengths), ("trees", lengths), ("mean", 1), ("last", 1)):
        word = f'<span class="en" lang="en">{model}</span>'
        assert table.count(word) == times, model
    blind = evidence.scores.table["rmse"].sel(model=["mean", "median", "last"])
    np.testing.assert_array_equal(blind, blind.isel(window=[0] * lengths))


def test_a_number_that_rounds_to_nothing_has_no_sign() -> None:
    assert (_as(-0.001, ".2f"), _as(-0.01, ".2f"), _as(1234.0, "#.4g")) == ("0.00", "-0.01", "1234")


def test_numbers_that_are_not_there_are_dashes(evidence: Evidence, drawn: list[Drawn]) -> None:
    page = render(evidence, drawn)
    visible = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r">[^<]*\b(nan|inf)\b[^<]*<", visible)
    scores = evidence.scores.table.copy(deep=True)
    blind = ["mean", "median", "last"]  # stand there once, for all lengths
    shown = scores["correlation"]
    known = int(np.isfinite(shown.drop_sel(model=blind)).sum())
    known += int(np.isfinite(shown.isel(window=0).sel(model=blind)).sum())
    scores["correlation"][:] = np.nan
    again = replace(evidence, scores=replace(evidence.scores, table=scores))
    dashes = [Outline(text).text.count(("td", "–")) for text in (page, render(again, drawn))]
    assert known > 0
    assert dashes[1] - dashes[0] == known


def test_the_paper_preset_owns_up_to_its_assumptions(
    evidence: Evidence, study: slicken.Trained, drawn: list[Drawn]
) -> None:
    assert "The publication does not say" not in render(evidence, drawn)
    plan = study.plan.model_copy(update={"preset": "paper"})
    again = replace(evidence, trained=replace(study, plan=plan))
    page = render(again, drawn)
    assert "The publication does not say" in page
    assert "layer sizes: 64 filters of 3 samples, 64 GRU units" in page


def test_the_page_says_what_is_not_trained_yet(
    evidence: Evidence, study: slicken.Trained, drawn: list[Drawn]
) -> None:
    assert "Unfinished" not in render(evidence, drawn)
    plan = study.plan.model_copy(update={"windows": (10.0, 20.0, 400.0)})
    again = replace(evidence, trained=replace(study, plan=plan))
    assert "windows of 400 s are not trained yet" in render(again, drawn)


def test_a_summary_and_a_page_tell_the_same(study: slicken.Trained, page: str) -> None:
    summary = json.loads((study.path / "summary.json").read_text(encoding="utf-8"))
    for entry in summary["windows"]:
        assert f"<td>{entry['test']['network']['rmse']:.4f}</td>" in page
        assert f'<th scope="row">{entry["window_s"]:g}</th>' in page
        assert f"<td>{entry['mean']:.4g}</td>" in page


def test_a_study_of_one_length_one_run_and_no_controls_has_a_page_and_a_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slicken.reporting.figures.output.DOTS_PER_INCH", DOTS_PER_INCH)
    plan = builders.make_plan(windows=[5], runs=1, controls=False)
    study = slicken.train(builders.make_experiments(), plan, tmp_path / "one")
    evidence = slicken.explain(study)
    assert evidence.importance.controls == {}
    outline = Outline(slicken.report(evidence).read_text(encoding="utf-8"))
    cells = [text for tag, text in outline.text if tag in ("td", "th")]
    place = cells.index("5", cells.index("probability best"))
    assert cells[place + 5 : place + 7] == ["–", "0.0"]
    said = " ".join(text for _, text in outline.text)
    assert "No controls were trained, so shares have no zero level." in said
    assert len(outline.all("figure")) == len(names_of_figures(study))
    (window,) = summarise(evidence)["windows"]
    assert window["probability_best"] is None
    assert window["excess"] == {"value": 0.0, "low": None, "high": None}
