"""Shell: what every page has in common: both languages, policy, style, pictures, one HTML file."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING

import jinja2
from markupsafe import Markup, escape

from slicken.reporting.figures.style import has_japanese
from slicken.reporting.findings import say_finding
from slicken.reporting.layout import kind_of
from slicken.reporting.wording import words
from slicken.reporting.wording.catalogue import LANGUAGES, Language
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.lengths import StudyClock
    from slicken.logs.finding import Finding
    from slicken.reporting.drawing import Drawn

PLOTLY_WORDS = (
    "download", "zoom", "pan", "zoom_in", "zoom_out", "reset", "zoom_back", "isolate",
    "preparing", "done",
)  # fmt: skip
"""What Plotly itself says, by key; its English is built in."""


def render_page(
    template: str,
    title: str,
    language: Language,
    drawn: "Iterable[Drawn]",
    sections: Mapping[str, str],
    *,
    version: str,
    clock: "StudyClock" = "time",
    closing: str = "page.closing",
    files_note: str = "page.files",
    csv_folder: str = "",
    **values: object,
) -> str:
    """A page as text; whatever came from a log is shown as text, never as markup.

    Args:
        template: File of the template.
        title: Name of what the page is about.
        language: Language in which the page opens; it holds both, and a switch.
        drawn: Figures that the page will show.
        sections: Place in the page of each section, and the key of its title.
        version: Version of slicken that computed what is shown.
        clock: Clock of the study, in whose unit its lengths are.
        closing: Key of the closing note.
        files_note: Key of the note on files of figures.
        csv_folder: Folder of the tables, with a slash, as seen from the page.
        values: What the template needs besides.
    """
    interactive = any(one.views for one in drawn)
    scripts = {"js": _ours("templates", "page.js")}
    if interactive:
        scripts["plotly"] = _ours("assets", "plotly-cartesian.min.js")
    environment = _environment(language, clock)
    environment.globals.update(csv_folder=csv_folder, files_note=files_note)
    return environment.get_template(template).render(
        lang=language,
        title=title,
        policy=_policy(scripts.values()),
        css=Markup(_ours("templates", "page.css")),  # noqa: S704 - our own file
        sections=sections,
        version=version,
        closing=closing,
        japanese_font=has_japanese(),
        no_font=words("ja")("figures.no_japanese_font"),
        plotly_words=_safe({_in("en", key): _in("ja", key) for key in PLOTLY_WORDS}),
        **{"plotly": None, **{name: Markup(script) for name, script in scripts.items()}},  # noqa: S704 - our own files
        **values,
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


def figure_of(drawn: "Drawn") -> dict[str, object]:
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
