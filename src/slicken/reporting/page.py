"""The page: a study's answer, figures and everything needed to repeat it, in one HTML file."""

import base64
import hashlib
import json
import math
from collections.abc import Callable, Iterable, Sequence
from importlib.resources import files
from pathlib import Path

import jinja2
import numpy as np
from markupsafe import Markup, escape

from slicken.channels import CHANNELS
from slicken.evidence.evidence import Evidence
from slicken.evidence.scores import MODELS
from slicken.learning.splits import PARTS
from slicken.logs.finding import Finding
from slicken.reporting.drawing import Drawn, draw_study
from slicken.reporting.findings import say_finding
from slicken.reporting.interactive import View
from slicken.reporting.methods import methods_paragraph
from slicken.reporting.phrasebook import Language, japanese
from slicken.reporting.verdict import VERDICTS, judge
from slicken.reporting.wording import LANGUAGES, words
from slicken.statements import Statement
from slicken.study.files import write_text
from slicken.study.presets import PAPER_ASSUMPTIONS
from slicken.study.progress import OnProgress, ignore
from slicken.study.trained import Trained

SEEING, BLIND = MODELS[:3], MODELS[3:]
"""Models that see a window, and those whose scores are the same for every length."""
MEASURES = ("rmse", "r2", "correlation", "range_ratio")
CONTENTS = (
    ("answer", "The answer"),
    ("done", "What was done, and on which data"),
    ("trust", "How far to trust it"),
    ("figures", "Figures"),
    ("logs", "Findings in the logs"),
    ("repeat", "To repeat it"),
)
"""Sections, by their place in the page and their titles."""


PLOTLY_WORDS = (
    "Download plot",
    "Zoom",
    "Pan",
    "Zoom in",
    "Zoom out",
    "Reset axes",
    "Double-click to zoom back out",
    "Double-click on legend to isolate one trace",
    "Preparing image - this may take a few seconds",
    "Image download succeeded",
)
"""What Plotly itself says, which it is told in Japanese; its English is built in."""


def write_report(
    evidence: Evidence, language: Language = "en", on_progress: OnProgress = ignore
) -> Path:
    """Draw all figures and write ``report.html``.

    Args:
        evidence: Evidence of the study.
        language: in which the page opens; it holds both, and a switch.
        on_progress: Called before each figure.

    Returns:
        The page.
    """
    page = evidence.trained.path / "report.html"
    write_text(page, render(evidence, draw_study(evidence, language, on_progress), language))
    return page


def render(evidence: Evidence, drawn: list[Drawn], language: Language = "en") -> str:
    """The page as text; whatever came from a log is shown as text, never as markup."""
    study = evidence.trained
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("slicken.reporting"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["as"] = _as
    environment.filters["within"] = _within
    environment.globals.update(
        say=both, label=_label_in(language), verdicts=VERDICTS, stated=stated, state=in_both
    )
    scripts = {
        "plotly": _ours("assets", "plotly-cartesian.min.js"),
        "js": _ours("templates", "page.js"),
    }
    return environment.get_template("report.html.j2").render(
        study=study,
        evidence=evidence,
        lang=language,
        policy=_policy(scripts.values()),
        css=Markup(_ours("templates", "page.css")),  # noqa: S704 - our own file
        contents=CONTENTS,
        verdict=judge(evidence),
        data=[_about(study, place) for place in range(len(study.experiments))],
        targets=", ".join(f"{n.size} {part}" for part, n in study.prepared.split.ends.items()),
        figures=[_figure(figure) for figure in drawn],
        names=[CHANNELS[name].title.lower() for name in study.prepared.record.channels],
        drivers=[(CHANNELS[one.channel].title, one) for one in evidence.drivers],
        lengths=[_length(evidence, seconds) for seconds in study.windows],
        groups=[
            *((f"{seconds:g}", _scores(evidence, seconds, SEEING)) for seconds in study.windows),
            ("any", _scores(evidence, study.windows[0], BLIND)),
        ],
        unfinished=[f"{s:g}" for s in study.plan.windows if s not in study.windows],
        assumptions=PAPER_ASSUMPTIONS if study.plan.preset == "paper" else (),
        methods=methods_paragraph(evidence),
        plotly_words=_safe({text: _japanese(text) for text in PLOTLY_WORDS}),
        plan_toml=study.plan.to_toml(),
        **{name: Markup(script) for name, script in scripts.items()},  # noqa: S704 - our own files
    )


def both(*sentences: str) -> Markup:
    """Some sentences in English and in Japanese; what has no translation is marked as English."""
    text = " ".join(sentences)
    pieces = [piece for sentence in sentences for piece in japanese().pieces(sentence)]
    if [piece.text for piece in pieces] == [" ".join(text.split())] and pieces[0].is_translated:
        return escape(text)  # a number, a name: the same in both
    said = Markup("").join(
        escape(piece.text)
        if piece.is_translated
        else Markup('<span class="untranslated" lang="en">{}</span> ').format(piece.text)
        for piece in pieces
    )
    return Markup(
        '<span class="en" lang="en">{}</span><span class="ja" lang="ja">{}</span>'
    ).format(text, said)


def stated(statements: Iterable[Statement]) -> Markup:
    """Some statements in English and in Japanese."""
    each = list(statements)
    english, japanese_words = (said.lines(each) for said in (words("en"), words("ja")))
    return Markup(
        '<span class="en" lang="en">{}</span><span class="ja" lang="ja">{}</span>'
    ).format("; ".join(english), "。".join(japanese_words))


def in_both(what: Finding | Statement) -> Markup:
    """A statement, or a finding with its place, in English and in Japanese."""
    said = {
        language: say_finding(what, words(language))
        if isinstance(what, Finding)
        else words(language)(what)
        for language in LANGUAGES
    }
    return Markup(
        '<span class="en" lang="en">{en}</span><span class="ja" lang="ja">{ja}</span>'
    ).format(**said)


def _label_in(language: Language) -> Callable[..., Markup]:
    """What writes an attribute in the language of the page, and in both for the switch."""

    def label(name: str, *sentences: str) -> Markup:
        said = {
            "en": " ".join(s for s in sentences if s),
            "ja": "".join(_japanese(text) for text in sentences),
        }
        return Markup('{}="{}" data-{}-en="{}" data-{}-ja="{}"').format(
            name, said[language], name, said["en"], name, said["ja"]
        )

    return label


def _japanese(text: str) -> str:
    return "".join(piece.text for piece in japanese().pieces(text))


def _ours(folder: str, name: str) -> str:
    return (files("slicken.reporting") / folder / name).read_text(encoding="utf-8")


def _policy(scripts: Iterable[str]) -> str:
    """What a browser may do with the page: run our two scripts, and ask nobody for anything."""
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
    said = {
        language: [words(language)(what) for what in (drawn.title, drawn.alternative)]
        for language in LANGUAGES
    }
    marks = {"en": ("Figure: ", ". "), "ja": ("図：", "。")}
    alternatives = {
        language: f"{marks[language][0]}{title}{marks[language][1]}{seen}"
        for language, (title, seen) in said.items()
    }
    return {
        "name": drawn.name,
        "title": in_both(drawn.title),
        "plain_title": said["en"][0],
        "caption": in_both(drawn.caption),
        "details": [in_both(each) for each in drawn.details],
        "stills": [
            {
                "lang": language,
                "src": _inline(picture.webp),
                "width": picture.width,
                "height": picture.height,
                "alt": alternatives[language],
            }
            for language, picture in drawn.pictures.items()
        ],
        "views": [
            {
                "names": [name if isinstance(name, str) else name["en"] for name in view.names],
                "note": in_both(view.note) if view.note else "",
            }
            for view in drawn.views
        ],
        "json": _json(drawn.views),
    }


def _json(views: Sequence[View]) -> Markup:
    """Views for the page's script; no text in them can end the element that holds them."""
    plain = [{"names": view.names, "traces": view.traces, "layout": view.layout} for view in views]
    return _safe(plain)


def _safe(plain: object) -> Markup:
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)  # noqa: S704 - the three marks of markup are gone


def _about(study: Trained, place: int) -> dict[str, object]:
    """What one experiment is, and which parts it serves."""
    experiment, record = study.experiments[place], study.prepared.record
    parts = [
        part
        for part in PARTS
        if bool((record.experiment[study.prepared.split.samples(part)] == place).any())
    ]
    friction = experiment.channels["friction"]
    low, high = np.nanpercentile(friction, [5, 95])
    stage = experiment.stage
    return {
        "name": experiment.name,
        "part": ", ".join(parts) or "–",
        "seconds": f"{experiment.time[-1] - experiment.time[0]:.0f}",
        "step": f"{experiment.dt:g}",
        "stages": "–" if stage is None else int(np.unique(stage[stage >= 0]).size),
        "friction": f"{low:.3f}–{high:.3f}",
        "findings": len(experiment.findings),
    }


def _length(evidence: Evidence, seconds: float) -> dict[str, object]:
    """What the window comparison says of one window length."""
    comparison = evidence.comparison
    losses = comparison.losses.sel(window=seconds).to_numpy()
    kept = losses[np.isfinite(losses)]
    quartiles = np.percentile(kept, [25, 50, 75]) if kept.size else np.full(3, np.nan)
    compared = comparison.table.sel(window=seconds)
    return {
        "seconds": f"{seconds:g}",
        "mean": float(kept.mean()) if kept.size else float("nan"),
        "low": float(quartiles[0]),
        "median": float(quartiles[1]),
        "high": float(quartiles[2]),
        "minimum": float(kept.min()) if kept.size else float("nan"),
        "probability": float(comparison.probability_best.sel(window=seconds)),
        "excess": [100 * float(compared[f"excess{end}"]) for end in ("", "_low", "_high")],
        "rmse": float(evidence.scores.at(seconds)["rmse"].sel(model="network")),
    }


def _scores(evidence: Evidence, seconds: float, models: Iterable[str]) -> list[dict[str, object]]:
    """How well some models do with one window length, a row for each."""
    scores = evidence.scores.at(seconds)
    return [
        {
            "model": model,
            "loss": float(scores["validation_loss"].sel(model=model)),
            **{measure: float(scores[measure].sel(model=model)) for measure in MEASURES},
        }
        for model in models
    ]


def _as(value: float, form: str) -> str:
    """A number for a table, never less than nothing by rounding; a dash where there is none."""
    return format(value, f"z{form}").rstrip(".") if math.isfinite(value) else "–"


def _within(numbers: Sequence[float], form: str) -> str:
    """A number with the ends of its interval, where it has one."""
    value, low, high = numbers
    if not (math.isfinite(value) and math.isfinite(low) and math.isfinite(high)):
        return _as(value, form)
    return f"{_as(value, form)} ({_as(low, form)} to {_as(high, form)})"


def _inline(webp: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(webp).decode("ascii")
