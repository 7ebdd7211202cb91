"""Drawing: all figures of a study, for its page and its folder."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from slicken.reporting.figures.contract import Sheet
from slicken.reporting.figures.listed import FIGURES
from slicken.reporting.figures.output import Picture, picture_of, pixels, png_of, save, write
from slicken.reporting.figures.style import WIDTHS_MM, has_japanese
from slicken.reporting.interactive import View, views_of
from slicken.reporting.wording import LANGUAGES, Language, Wording, words
from slicken.statements import Statement
from slicken.study.progress import OnProgress, Progress, ignore

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.lengths import StudyClock

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
    sheets, folder = _shown(evidence, on_progress), evidence.trained.path
    drawn = draw_sheets(sheets, folder, language, _wordings_of(evidence))
    return [
        replace(
            one,
            views=views.get(one.name, ()),
            details=(*_doubts(one.name, proven=evidence.skill.proven), *one.details),
        )
        for one in drawn
    ]


def draw_sheets(
    sheets: Iterable[Sheet],
    folder: Path,
    language: Language,
    wordings: Mapping[Language, Wording] | None = None,
) -> list[Drawn]:
    """Draw figures for a page in all languages, and as PNG files in one.

    Args:
        sheets: Figures.
        folder: Folder that gets ``figures/NAME.png``.
        language: Language of the files.
        wordings: Words of each language; those of a study over time where None.
    """
    drawn = []
    with ThreadPoolExecutor(1) as beside:  # compressing needs no lock: the next figure is drawn
        for sheet in sheets:
            images = {
                spoken: pixels(partial(sheet.draw, say, "double"))
                for spoken, say in (wordings or _wordings()).items()
            }
            pictures = {
                spoken: beside.submit(picture_of, image) for spoken, image in images.items()
            }
            drawn.append((sheet, pictures, beside.submit(png_of, images[language])))
    return [
        Drawn(
            sheet.name,
            title=sheet.statement("title"),
            caption=sheet.statement("caption"),
            details=(sheet.statement("more"),),
            alternative=sheet.statement("alt"),
            files=tuple(write(folder / "figures", {f"{sheet.name}.png": png.result()})),
            pictures={spoken: picture.result() for spoken, picture in pictures.items()},
        )
        for sheet, pictures, png in drawn
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
    sheets, folder = _shown(evidence, on_progress), evidence.trained.path
    return write_sheets(sheets, folder, language, _wordings_of(evidence))


def write_sheets(
    sheets: Iterable[Sheet],
    folder: Path,
    language: Language,
    wordings: Mapping[Language, Wording] | None = None,
) -> list[Path]:
    """Write figures as PDF, PNG and SVG for one column of a journal's page and for two.

    Args:
        sheets: Figures.
        folder: Folder that gets ``figures/single`` and ``figures/double``.
        language: Language of the words in them.
        wordings: Words of each language; those of a study over time where None.
    """
    say = (wordings or _wordings())[language]
    return [
        path
        for sheet in sheets
        for width in WIDTHS_MM
        for path in save(partial(sheet.draw, say, width), folder / "figures" / width, sheet.name)
    ]


def _shown(evidence: "Evidence", on_progress: OnProgress) -> Iterator[Sheet]:
    """Every figure that has something to show."""
    total = len(FIGURES)
    for number, figure in enumerate(FIGURES):
        title = Statement(f"figures.{figure.NAME}_title")
        on_progress(Progress("figures", Statement("progress.figure", title=title), number, total))
        data = figure.data(evidence)
        if data is not None:
            yield Sheet(figure.NAME, partial(figure.draw, data))
    on_progress(Progress("figures", done=total, total=total))


def _wordings_of(evidence: "Evidence") -> dict[Language, Wording]:
    plan = evidence.trained.plan
    return _wordings(plan.clock, is_relative=plan.target == "relative")


def _wordings(
    clock: "StudyClock" = "time", *, is_relative: bool = False
) -> dict[Language, Wording]:
    """The words of each language; English ones where there is no font for Japanese."""
    return {
        spoken: words(
            spoken if spoken == "en" or has_japanese() else "en", clock, is_relative=is_relative
        )
        for spoken in LANGUAGES
    }


def _doubts(name: str, *, proven: bool) -> tuple[Statement, ...]:
    """What stands before the details of a figure that decides nothing without proven skill."""
    unproven = not proven and (name.startswith("importance") or name in NEED_SKILL)
    return (Statement("figures.no_skill"),) if unproven else ()
