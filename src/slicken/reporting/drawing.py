"""Drawing: all figures of a study, for its page and its folder."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slicken.reporting.figures.listed import FIGURES
from slicken.reporting.figures.output import Picture, picture_of, pixels, png_of, save, write
from slicken.reporting.figures.style import WIDTHS_MM, has_japanese
from slicken.reporting.interactive import View, views_of
from slicken.reporting.wording import LANGUAGES, Language, Wording, words
from slicken.statements import Statement
from slicken.study.progress import OnProgress, Progress, ignore

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.reporting.figures.contract import StudyFigure

NEED_SKILL = ("windows", "comparison", "memory", "methods", "saliency")
"""Figures that decide nothing without proven skill, as those of importance."""


@dataclass(frozen=True)
class Drawn:
    """A figure for the page.

    Args:
        name: Name of its files, without ending.
        title: A few words.
        caption: What it shows, in one or two sentences.
        details: The rest, folded on the page.
        alternative: What is seen, for readers who cannot see it.
        files: Files in the folder of the study.
        pictures: Picture for the page in each language.
        views: Interactive views; empty for most.
    """

    name: str
    title: Statement
    caption: Statement
    details: tuple[Statement, ...]
    alternative: Statement
    files: tuple[Path, ...] = ()
    pictures: Mapping[Language, Picture] = field(default_factory=dict)
    views: tuple[View, ...] = ()


def draw_study(
    evidence: "Evidence", language: Language = "en", on_progress: OnProgress = ignore
) -> list[Drawn]:
    """Draw every figure for the page in all languages, and as a PNG file in one.

    Args:
        evidence: Evidence of a study; its folder gets ``figures/NAME.png``.
        language: Language of the files.
        on_progress: Called before each figure.
    """
    views = views_of(evidence)
    folder = evidence.trained.path / "figures"
    drawn = []
    with ThreadPoolExecutor(1) as beside:  # compressing needs no lock: the next figure is drawn
        for figure, data in _shown(evidence, on_progress):
            images = {
                spoken: pixels(partial(figure.draw, data, say, "double"))
                for spoken, say in _wordings(evidence).items()
            }
            pictures = {
                spoken: beside.submit(picture_of, image) for spoken, image in images.items()
            }
            png = beside.submit(png_of, images[language])
            drawn.append((figure.NAME, pictures, png))
    return [
        _described(
            name,
            write(folder, {f"{name}.png": png.result()}),
            {spoken: picture.result() for spoken, picture in pictures.items()},
            views.get(name, ()),
            proven=evidence.skill.proven,
        )
        for name, pictures, png in drawn
    ]


def write_figures(
    evidence: "Evidence", language: Language = "en", on_progress: OnProgress = ignore
) -> list[Path]:
    """Write every figure as PDF, PNG and SVG for one column of a journal's page and for two.

    Args:
        evidence: Evidence of a study; its folder gets ``figures/single`` and ``figures/double``.
        language: Language of the words in them.
        on_progress: Called before each figure.
    """
    say = _wordings(evidence)[language]
    return [
        path
        for figure, data in _shown(evidence, on_progress)
        for width in WIDTHS_MM
        for path in save(
            partial(figure.draw, data, say, width),
            evidence.trained.path / "figures" / width,
            figure.NAME,
        )
    ]


def _shown(evidence: "Evidence", on_progress: OnProgress) -> Iterator[tuple["StudyFigure", Any]]:
    """Every figure that has something to show, with its data."""
    total = len(FIGURES)
    for number, figure in enumerate(FIGURES):
        title = Statement(f"figures.{figure.NAME}_title")
        on_progress(Progress("figures", Statement("progress.figure", title=title), number, total))
        data = figure.data(evidence)
        if data is not None:
            yield figure, data
    on_progress(Progress("figures", done=total, total=total))


def _wordings(evidence: "Evidence") -> dict[Language, Wording]:
    """The words of each language; English ones where there is no font for Japanese."""
    return {
        spoken: words(
            spoken if spoken == "en" or has_japanese() else "en", evidence.trained.plan.clock
        )
        for spoken in LANGUAGES
    }


def _described(
    name: str,
    files: list[Path],
    pictures: Mapping[Language, Picture],
    views: tuple[View, ...],
    *,
    proven: bool,
) -> Drawn:
    unproven = not proven and (name.startswith("importance") or name in NEED_SKILL)
    return Drawn(
        name,
        title=Statement(f"figures.{name}_title"),
        caption=Statement(f"figures.{name}_caption"),
        details=(
            *([Statement("figures.no_skill")] if unproven else []),
            Statement(f"figures.{name}_more"),
        ),
        alternative=Statement(f"figures.{name}_alt"),
        files=tuple(files),
        pictures=pictures,
        views=views,
    )
