"""The page: a study's answer, figures and everything needed to repeat it, in one HTML file."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
import pandas as pd
from markupsafe import Markup, escape

from slicken.reporting.answer import answer
from slicken.reporting.drawing import Drawn, draw_study
from slicken.reporting.figures.style import has_japanese
from slicken.reporting.findings import say_finding
from slicken.reporting.layout import (
    answer_tables,
    data_table,
    hashes_table,
    kind_of,
    trust_tables,
)
from slicken.reporting.methods import ASSUMPTIONS, methods_paragraph, split_of, trained_as
from slicken.reporting.tables import tables_of, write_tables
from slicken.reporting.wording import words
from slicken.reporting.wording.catalogue import LANGUAGES, Language
from slicken.statements import Statement
from slicken.study.files import write_text
from slicken.study.progress import OnProgress, ignore

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.lengths import StudyClock
    from slicken.logs.finding import Finding

SECTIONS = ("answer", "data", "trust", "figures", "logs", "repeat")
"""Sections in their order, by their place in the page and the key of their title."""
FIRST_FIGURES = ("memory_answer", "memory")
"""Names of the figure of the first screen, the best first."""
PLOTLY_WORDS = (
    "download", "zoom", "pan", "zoom_in", "zoom_out", "reset", "zoom_back", "isolate",
    "preparing", "done",
)  # fmt: skip
"""What Plotly itself says, by key; its English is built in."""


def write_report(
    evidence: "Evidence", language: Language = "en", on_progress: OnProgress = ignore
) -> Path:
    """Draw all figures, write the tables as CSV, and write ``report.html``.

    Args:
        evidence: All evidence of the study.
        language: Language in which the page opens; it holds both, and a switch.
        on_progress: Function called before each figure.

    Returns:
        The page.
    """
    folder = evidence.trained.path
    tables = tables_of(evidence)
    write_tables(tables, folder, evidence.trained.plan.unit)
    page = folder / "report.html"
    drawn = draw_study(evidence, language, on_progress)
    write_text(page, render(evidence, drawn, language, tables))
    return page


def render(
    evidence: "Evidence",
    drawn: list[Drawn],
    language: Language = "en",
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> str:
    """The page as text; whatever came from a log is shown as text, never as markup.

    Args:
        evidence: All evidence of the study.
        drawn: Figures of the study.
        language: Language in which the page opens.
        tables: Tables of the study; built anew where None.
    """
    frames = tables_of(evidence) if tables is None else tables
    answered, trained = answer(evidence), evidence.trained
    first = next((one for name in FIRST_FIGURES for one in drawn if one.name == name), None)
    scripts = {
        "plotly": _ours("assets", "plotly-cartesian.min.js"),
        "js": _ours("templates", "page.js"),
    }
    return (
        _environment(language, trained.plan.clock)
        .get_template("report.html.j2")
        .render(
            lang=language,
            policy=_policy(scripts.values()),
            css=Markup(_ours("templates", "page.css")),  # noqa: S704 - our own file
            sections=SECTIONS,
            answer=answered,
            cards=answer_tables(answered),
            first=first and _figure(first),
            figures=[_figure(each) for each in drawn if each is not first],
            proven=evidence.skill.proven,
            trained=trained,
            data=data_table(frames["experiments"]),
            split=split_of(trained),
            japanese_font=has_japanese(),
            no_font=words("ja")("figures.no_japanese_font"),
            trained_as=trained_as(trained),
            assumptions=ASSUMPTIONS if trained.plan.preset == "paper" else (),
            trust=[each for each in trust_tables(evidence, answered, frames) if each],
            methods=methods_paragraph(evidence),
            hashes=hashes_table(frames["experiments"]),
            tables=tuple(frames),
            plotly_words=_safe({_in("en", key): _in("ja", key) for key in PLOTLY_WORDS}),
            **{name: Markup(script) for name, script in scripts.items()},  # noqa: S704 - our own files
        )
    )


def both(what: Statement | str, /, *, clock: "StudyClock" = "time", **values: object) -> Markup:
    """A statement, or a key with values, in both languages; once where they say the same."""
    statement = Statement(what, **values) if isinstance(what, str) else what
    return _in_both(*(words(language, clock)(statement) for language in LANGUAGES))


def shown(what: "Statement | Finding", *, clock: "StudyClock" = "time") -> Markup:
    """A statement, or a finding with its place in the log, in both languages."""
    if isinstance(what, Statement):
        return both(what, clock=clock)
    return _in_both(*(say_finding(what, words(language)) for language in LANGUAGES))


def _in_both(english: str, japanese: str) -> Markup:
    if english == japanese:
        return escape(english)
    return Markup(
        '<span class="en" lang="en">{}</span><span class="ja" lang="ja">{}</span>'
    ).format(english, japanese)


def _environment(language: Language, clock: "StudyClock") -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("slicken.reporting"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        say=partial(both, clock=clock),
        shown=partial(shown, clock=clock),
        kind=kind_of,
        label=_label_in(language),
    )
    return environment


def _label_in(language: Language) -> Callable[..., Markup]:
    """The writer of an attribute in the language of the page, and in both for the switch."""

    def label(name: str, key: str, **values: object) -> Markup:
        said = {each: words(each)(key, **values) for each in LANGUAGES}
        return Markup('{}="{}" data-{}-en="{}" data-{}-ja="{}"').format(
            name, said[language], name, said["en"], name, said["ja"]
        )

    return label


def _in(language: Language, key: str) -> str:
    return words(language)(f"plotly.{key}")


def _ours(folder: str, name: str) -> str:
    return (files("slicken.reporting") / folder / name).read_text(encoding="utf-8")


def _policy(scripts: Iterable[str]) -> str:
    """What a browser may do with the page: run our two scripts, and request nothing."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _figure(drawn: Drawn) -> dict[str, object]:
    """A figure as the page needs it."""
    return {
        "name": drawn.name,
        "title": drawn.title,
        "caption": drawn.caption,
        "details": drawn.details,
        "stills": [
            {
                "lang": language,
                "src": _inline(picture.webp),
                "width": picture.width,
                "height": picture.height,
                "alt": words(language)(
                    "page.figure", title=drawn.title, alternative=drawn.alternative
                ),
            }
            for language, picture in drawn.pictures.items()
        ],
        "views": drawn.views,
        "json": _safe(
            [
                {"names": view.names, "traces": view.traces, "layout": view.layout}
                for view in drawn.views
            ]
        ),
    }


def _safe(plain: object) -> Markup:
    """JSON for the page's script; no text in it can end the element that holds it."""
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)  # noqa: S704 - the three marks of markup are gone


def _inline(webp: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(webp).decode("ascii")
