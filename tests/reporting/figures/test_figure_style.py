"""What holds for every figure: sizes, bytes, fonts, words, strange names, and no pyplot."""

import re
import struct
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import made_up_results as made_up
import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from reading import EN, JA, every_text

import made_up_laws
from slicken.channels import DRIVERS
from slicken.errors import FolderError
from slicken.logs.finding import Finding
from slicken.reporting.figures import (
    WIDTHS_MM,
    Predicted,
    Width,
    experiment_figure,
    log_figure,
    predicted_figure,
    save,
)
from slicken.reporting.figures.lab import lab_figure
from slicken.reporting.figures.listed import FIGURES
from slicken.reporting.figures.output import lay_out, picture_of, pixels, png_of
from slicken.reporting.figures.style import PAGE_MM, ink, new_figure
from slicken.reporting.laws.page import sheets_of
from slicken.reporting.wording import LANGUAGES, Wording, words
from slicken.statements import Statement

STRANGE = "<b>a_b</b> $x^2 100 % 摩擦 \\frac & {\n}"
LONG = "PPS+30PTFE_100N_200RPM_30MINS_of_a_campaign_with_a_very_long_name_1"
KEPT = re.compile(r"RMSE|MPa|∂loss/∂x|plain|HVR\d+|PPS.*|<b>.*|frac|ageing|slip")
"""Signs and units of the field, and the names of experiments, which stay as they are."""
DATA = made_up.study_data(STRANGE)
OTHER_DATA = made_up.study_data(LONG, seed=5, scale=17.3)
"""Last digits differ between machines, and labels with them: other numbers, and longer names."""
Draw = Callable[[Wording, Width], Figure]


def of_study(name: str, data: object) -> Draw:
    (figure,) = [one for one in FIGURES if name == one.NAME]
    return partial(figure.draw, data)


def a_log(say: Wording, width: Width) -> Figure:
    del width  # always two columns
    columns = {STRANGE: np.arange(9.0), "b": np.full(9, np.nan)}
    found = [Finding(Statement("findings.gap", seconds=3.0, longest=1.5), time=4.0)]
    return log_figure(columns, say, title=STRANGE, findings=found, recognised={"b": "slip"})


def a_lab(say: Wording, width: Width) -> Figure:
    return lab_figure(made_up.lab(17.3), say, width)


def an_experiment(say: Wording, width: Width) -> Figure:
    return experiment_figure(
        made_up.experiment(400, name=STRANGE), say, steady=(100.0, 200.0), width=width
    )


def a_prediction(say: Wording, width: Width) -> Figure:
    seconds = np.arange(50.0)
    return predicted_figure(
        Predicted(LONG, 100.0, seconds, seconds, seconds - 1, seconds + 1, seconds, 0.9), say, width
    )


DRAWN: dict[str, Draw] = {
    **{figure.NAME: of_study(figure.NAME, DATA[figure.NAME]) for figure in FIGURES},
    **{sheet.name: sheet.draw for sheet in sheets_of(made_up_laws.laws())},
    "lab": a_lab, "log": a_log, "experiment": an_experiment, "predicted": a_prediction,
}  # fmt: skip
OTHERS = {figure.NAME: of_study(figure.NAME, OTHER_DATA[figure.NAME]) for figure in FIGURES}
every_figure = pytest.mark.parametrize("name", DRAWN)


def assert_within_the_page(figure: Figure) -> None:
    lay_out(figure)
    page = figure.bbox
    box = figure.get_tightbbox().transformed(figure.dpi_scale_trans)
    assert box.x0 >= page.x0 - 1
    assert box.y0 >= page.y0 - 1
    assert box.x1 <= page.x1 + 1
    assert box.y1 <= page.y1 + 1


@every_figure
def test_a_figure_fits_its_page_and_speaks_one_language_whatever_its_numbers(name: str) -> None:
    for number, (width, language) in enumerate(product(WIDTHS_MM, LANGUAGES)):
        draw = OTHERS.get(name, DRAWN[name]) if number in (1, 2) else DRAWN[name]
        figure = draw(words(language), width)
        assert_within_the_page(figure)
        if name != "log":
            assert figure.get_figwidth() * 25.4 == pytest.approx(WIDTHS_MM[width])
        assert figure.get_figheight() * 25.4 <= PAGE_MM + 0.1
        shown = every_text(figure)
        assert not any(text.get_parse_math() for text in shown)
        assert min(text.get_fontsize() for text in shown) >= 6
        assert not any("mathdefault" in text.get_text() for text in shown)
        if language == "ja":
            lines = [KEPT.sub("", text.get_text().replace("\n", "")) for text in shown]
            assert [line for line in lines if re.search("[A-Za-z]{3}", line)] == []


WITHOUT_NAMES = [
    "comparison", "importance_lags", "importance_ranked", "importance_stress", "learning",
    "memory", "memory_answer", "methods", "predictions", "saliency",
]  # fmt: skip
"""Figures whose titles hold no name from a log."""


@pytest.mark.parametrize("name", WITHOUT_NAMES)
def test_only_names_from_logs_are_shortened_in_titles(name: str) -> None:
    for width, language in product(WIDTHS_MM, LANGUAGES):
        titles = [axes.get_title(loc="left") for axes in DRAWN[name](words(language), width).axes]
        assert any(titles)
        assert not any("…" in title for title in titles)


@every_figure
def test_the_same_numbers_give_the_same_bytes(name: str) -> None:
    one, other = (png_of(pixels(partial(DRAWN[name], EN, "single"))) for _ in range(2))
    assert one == other


def test_labels_that_grow_when_the_axes_move_are_not_cut_off() -> None:
    """The constrained layout alone leaves such a label beyond the edge."""
    figure, (axes,) = new_figure(height_mm=40)
    axes.set_xlim(0, 1)
    late = axes.annotate(
        "a label that stands at the edge", (1, 0.5), (-3, 0), textcoords="offset points"
    )
    late.set_in_layout(False)
    figure.get_layout_engine().execute(figure)
    late.set_in_layout(True)
    page = figure.bbox
    assert figure.get_tightbbox().transformed(figure.dpi_scale_trans).x1 > page.x1 + 1
    assert_within_the_page(figure)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return save(
        partial(DRAWN["importance_lags"], JA, "single"), tmp_path_factory.mktemp("a"), "lag"
    )


def test_a_figure_is_saved_as_pdf_png_and_svg_of_a_printed_width(saved: list[Path]) -> None:
    pdf, png, svg = saved
    assert [path.suffix for path in saved] == [".pdf", ".png", ".svg"]
    assert set(pdf.parent.iterdir()) == set(saved)
    pixels_wide, _ = struct.unpack(">II", png.read_bytes()[16:24])
    assert abs(pixels_wide / 300 * 25.4 - 90) < 0.1
    drawing = ElementTree.parse(svg).getroot()  # noqa: S314 - we wrote it
    points = float(str(drawing.get("width")).removesuffix("pt"))
    assert abs(points / 72 * 25.4 - 90) < 0.1


def test_fonts_are_embedded_as_truetype_those_for_japanese_too(saved: list[Path]) -> None:
    content = saved[0].read_bytes()
    assert b"/FontFile2" in content
    assert b"IPAexGothic" in content
    assert b"/Type3" not in content
    assert b"CreationDate" not in content


def test_japanese_has_its_own_glyphs() -> None:
    """A missing glyph is drawn as one and the same box: pictures would be alike."""

    def titled(word: str) -> Figure:
        figure, (axes,) = new_figure(height_mm=40)
        axes.set_title(word)
        return figure

    one, other = (np.asarray(pixels(partial(titled, word))) for word in ("摩擦", "温度"))
    assert not np.array_equal(one, other)


def test_bytes_do_not_depend_on_the_process_or_the_place() -> None:
    """Hash seeds and time zones have got into PDF files before."""
    code = (
        "import hashlib, tempfile, numpy as np; from pathlib import Path;"
        "from slicken.reporting.figures import log_figure, save;"
        "from slicken.reporting.wording import words;"
        "draw = lambda: log_figure({'a': np.arange(9.0), 'b': np.ones(9)}, words('ja'));"
        "paths = save(draw, Path(tempfile.mkdtemp()), 'x');"
        "print([hashlib.sha256(p.read_bytes()).hexdigest() for p in paths])"
    )
    outcomes = [
        subprocess.run(  # noqa: S603 - our own interpreter on our own code
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "TZ": zone, "HOME": str(Path.home())},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    ]
    assert outcomes[0] == outcomes[1] != ""


def test_importing_and_drawing_never_loads_pyplot() -> None:
    code = (
        "import sys; from slicken.reporting.figures.style import journal_style, new_figure;"
        "from slicken.reporting import figures; context = journal_style(); context.__enter__();"
        "figure, _ = new_figure(height_mm=40); figure.draw_without_rendering();"
        "sys.exit('matplotlib.pyplot' in sys.modules or 'jax' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own interpreter


def test_settings_of_others_neither_change_nor_are_changed() -> None:
    draw = partial(DRAWN["importance_lags"], EN, "single")
    expected = png_of(pixels(draw))
    theirs = {"font.size": 20, "axes.grid": True, "axes.facecolor": "red", "text.usetex": True}
    with matplotlib.rc_context(theirs):
        before = dict(matplotlib.rcParams)
        changed = png_of(pixels(draw))
        assert dict(matplotlib.rcParams) == before
    assert changed == expected


def test_every_driver_has_its_own_colour_marker_and_hatch() -> None:
    inks = [ink(driver.name) for driver in DRIVERS]
    for part in ("colour", "marker", "hatch"):
        assert len({getattr(one, part) for one in inks}) == len(DRIVERS)


def test_every_figure_has_its_words_in_the_catalogue() -> None:
    wanted = {
        f"figures.{figure.NAME}_{key}"
        for figure in FIGURES
        for key in ("title", "caption", "more", "alt")
    }
    assert wanted <= set(EN.templates)
    captions = [EN(f"figures.{figure.NAME}_caption") for figure in FIGURES]
    assert max(len(re.findall(r"\.(?: |$)", caption)) for caption in captions) <= 3


def test_a_picture_for_a_page_has_the_dots_of_the_figure() -> None:
    picture = picture_of(pixels(partial(new_line, "single")))
    wanted = (425, 189)  # 90 by 40 mm, a quarter larger
    assert (picture.width, picture.height) == pytest.approx(wanted, abs=1)
    assert picture.webp[8:12] == b"WEBP"


def new_line(width: Width) -> Figure:
    figure, (axes,) = new_figure(width=width, height_mm=40)
    axes.plot([0.0, 1.0], [0.0, 1.0])
    return figure


def test_a_folder_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(FolderError, match="choose another folder"):
        save(partial(new_line, "single"), tmp_path / "file", "line")


def test_a_failed_save_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = save(partial(new_line, "single"), tmp_path, "line")
    before = [path.read_bytes() for path in paths]

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(FolderError, match="No space left"):
        save(partial(new_line, "double"), tmp_path, "line")
    assert [path.read_bytes() for path in paths] == before
    assert {path.name for path in tmp_path.iterdir()} == {"line.pdf", "line.png", "line.svg"}


def test_pixels_of_a_figure_that_reaches_its_edge_are_drawn_again_within_it() -> None:
    def late() -> Figure:
        figure, (axes,) = new_figure(height_mm=40)
        engine = figure.get_layout_engine()
        engine.execute(figure)
        figure.set_layout_engine("none")
        axes.annotate("a label that stands at the edge", (1, 0.5), xycoords="axes fraction")
        figure.set_layout_engine(engine)
        return figure

    drawn = np.asarray(pixels(late))
    edges = (drawn[0], drawn[-1], drawn[:, 0], drawn[:, -1])
    assert all(edge.min() == 255 for edge in edges)
