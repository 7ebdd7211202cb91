"""Figures in Japanese: every word of theirs, at both widths, with nothing cut."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.text import Text

import slicken
from slicken.reporting import figures
from slicken.reporting.drawing import draw_study
from slicken.reporting.phrasebook import japanese

KEPT = re.compile(r"RMSE|MPa|loss/∂|temperature-history-\d+|temperat[ure-]*…[a-z]+-\d+")
"""Signs and units of the field, and the names of the experiments, whole or shortened."""


def words(figure: Figure) -> list[str]:
    figure.draw_without_rendering()
    shown = [text for text in figure.findobj(Text) if text.get_visible()]
    return [text.get_text() for text in shown if text.get_text()]


def english(figure: Figure) -> list[str]:
    lines = [text.replace("\n", "") for text in words(figure)]
    return [text for text in lines if re.search("[A-Za-z]{3}", KEPT.sub("", text))]


@pytest.fixture(scope="module")
def drawn(bench: Path) -> dict[str, list[str]]:
    """The words of every figure of a study, drawn in Japanese."""
    seen: dict[str, list[str]] = {}

    def read(figure: Figure, folder: Path, name: str) -> list[Path]:
        seen[f"{folder.name}/{name}"] = english(figure)
        page = figure.bbox
        box = figure.get_tightbbox().transformed(figure.dpi_scale_trans)
        assert box.x0 >= page.x0 - 1, name
        assert box.x1 <= page.x1 + 1, name
        return []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("slicken.reporting.drawing.save", read)
        patch.setattr("slicken.reporting.drawing.picture_of", lambda _: None)
        draw_study(slicken.explain(slicken.open_study(bench / "tiny")), "ja")
    return seen


def test_no_word_of_a_study_s_figures_stays_english(drawn: dict[str, list[str]]) -> None:
    assert len(drawn) == 30
    assert {name: left for name, left in drawn.items() if left} == {}


def losses(*rows: list[float]) -> xr.DataArray:
    return xr.DataArray(
        [*rows], dims=("window", "run"),
        coords={"window": 50.0 * np.arange(1, 1 + len(rows)), "run": np.arange(len(rows[0]))},
    )  # fmt: skip


def rare() -> Iterator[Figure]:
    """Figures that say why there is little to see."""
    good = [1.0, 1.1, 1.2, 1.05, 1.15, 1.02, 1.12, 1.22, 1.08, 1.18]
    off, none = [*good[:-1], 90.0], [*good[:-1], np.nan]
    yield figures.window_figure(losses(good, off), floor=0.01, linear=1e3, training_mean=50.0)
    yield figures.window_figure(losses(good, none, good))
    yield figures.window_figure(losses(none, none, none, none))
    yield figures.window_figure(losses([np.nan] * 3, [np.nan] * 3))
    yield figures.prediction_figure({50.0: (None, None)})
    shares = xr.DataArray(
        np.full((2, 2), np.nan), dims=("run", "channel"),
        coords={"channel": ["temperature", "axial_rate"]},
    )  # fmt: skip
    yield figures.methods_figure({"Permutation": shares})
    yield figures.ranked_importance_figure({"|∂µ/∂x|": shares})


def test_figures_with_little_to_see_say_why_in_japanese() -> None:
    for number, figure in enumerate(rare()):
        before = english(figure)
        assert before, number
        figures.reword(figure, japanese().say)
        assert english(figure) == [], number


def test_what_no_phrase_fits_stays_as_it_was() -> None:
    figure, (axes,) = figures.new_figure(height_mm=40)
    axes.set(xlabel="Time (s)", ylabel="Zorgness")
    axes.set_title("(a)  Learning curves")
    axes.set_yticks([0, 1], ["Temperature", "3 of a kind"])
    axes.plot([0, 1], [0, 1], label="measured")
    axes.legend()
    figures.reword(figure, japanese().say)
    held = words(figure)
    assert {"時間 (s)", "Zorgness", "(a)  学習曲線", "温度", "3 of a kind", "実測"} <= {*held}


def test_a_title_in_two_lines_is_said_whole_and_broken_again() -> None:
    figure, panels = figures.new_figure(height_mm=40, columns=2)
    title = "PPS+30PTFE_100N_200RPM_30MINS_1, 92 % within the 90 % interval"
    figures.letter_panels(panels, ["Epoch", title], room=40)
    assert words(figure)[-1].count("\n") == 1
    figures.reword(figure, japanese().say)
    (said,) = [text for text in words(figure) if "PPS" in text]
    assert "".join(said.split()) == "(b)PPS+30PTFE_100N_200RPM_30MINS_1（90%区間の内側92%）"


def test_japanese_has_its_own_glyphs_in_every_format(tmp_path: Path) -> None:
    """A missing glyph is drawn as one and the same box: pictures would be alike."""
    drawn = []
    for word in ("摩擦", "温度"):
        figure, (axes,) = figures.new_figure(height_mm=40)
        axes.set_title(word)
        drawn.append([path.read_bytes() for path in figures.save(figure, tmp_path, word)])
    assert all(one != other for one, other in zip(*drawn, strict=True))
    assert b"IPAexGothic" in drawn[0][0]
