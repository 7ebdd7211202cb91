"""What holds for every figure: sizes, bytes, fonts, strange names, and no pyplot."""

import struct
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import made_up_results as made_up
import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

import slicken.reporting.figures as figures
from slicken.channels import DRIVERS
from slicken.errors import FolderError
from slicken.reporting.figures.style import PAGE_MM, WIDTHS_MM, ink

STRANGE = "<b>a_b</b> $x^2 100 % 摩擦 \\frac & {\n}"


def shares_with_strange_names() -> dict[str, object]:
    shares = made_up.shares_over_time(120, experiments=2)
    names = np.where(shares["experiment"] == "HVR1200", STRANGE, "plain")
    return {STRANGE: shares.assign_coords(experiment=("target", names))}


def stages_with_strange_names() -> dict[str, object]:
    shares = made_up.shares_by_stage(2, 2, runs=2)
    return {STRANGE: shares.assign_coords(experiment=("stage", [STRANGE] * 4))}


DRAWN: dict[str, Callable[..., Figure]] = {
    "window": partial(figures.window_figure, made_up.losses(), best=400.0, tied=(350.0,)),
    "prediction": partial(
        figures.prediction_figure, {400.0: (made_up.predictions(200), made_up.predictions(200))}
    ),
    "trace": partial(figures.trace_figure, made_up.predictions(300)),
    "stage": partial(figures.stage_importance_figure, stages_with_strange_names()),
    "ranked": partial(figures.ranked_importance_figure, {STRANGE: made_up.shares_by_run()}),
    "time": partial(figures.importance_over_time_figure, shares_with_strange_names()),
    "lag": partial(figures.importance_by_lag_figure, {STRANGE: made_up.share_by_lag(60)}),
    "learning": partial(figures.learning_curves_figure, {50.0: made_up.history(10, 3)}),
    "experiment": partial(figures.experiment_figure, made_up.experiment(400, name=STRANGE)),
    "experiments": partial(
        figures.experiments_figure,
        [made_up.experiment(400, name=STRANGE, seed=n) for n in range(2)],
    ),
    "comparison": partial(figures.comparison_figure, made_up.comparison(), 0.004),
    "memory": partial(
        figures.memory_figure,
        made_up.used(),
        made_up.truncated_loss(),
        [made_up.required("networks"), made_up.required()],
        needed=made_up.required().range,
        planted=100.0,
        best=400.0,
    ),
    "methods": partial(
        figures.methods_figure,
        {STRANGE: made_up.shares_by_run(), **made_up.shares_by_method()},
        made_up.shares_with_probes(),
    ),
    "saliency": partial(figures.saliency_figure, made_up.saliency(), made_up.integrated_by_lag()),
    "skill": partial(figures.skill_figure, made_up.skill_table()),
}
FIGURES: dict[str, Callable[[], Figure]] = {
    f"{name}-{width}": partial(draw, width=width)
    for name, draw in DRAWN.items()
    for width in WIDTHS_MM
} | {"log": lambda: figures.log_figure({STRANGE: np.arange(9.0)}, title=STRANGE)}
every_figure = pytest.mark.parametrize("name", FIGURES)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Every figure, saved once."""
    folder = tmp_path_factory.mktemp("figures")
    return {name: figures.save(make(), folder / name, name) for name, make in FIGURES.items()}


@every_figure
def test_a_figure_is_saved_as_pdf_png_and_svg_of_a_printed_width(
    name: str, saved: dict[str, list[Path]]
) -> None:
    pdf, png, svg = saved[name]
    assert [path.suffix for path in (pdf, png, svg)] == [".pdf", ".png", ".svg"]
    assert {path.stem for path in saved[name]} == {name}
    assert set(pdf.parent.iterdir()) == {pdf, png, svg}
    pixels = struct.unpack(">II", png.read_bytes()[16:24])
    width = pixels[0] / 300 * 25.4
    assert abs(width - (90 if name.endswith("single") else 190)) < 0.1
    assert pixels[1] / 300 * 25.4 <= PAGE_MM + 0.1
    drawing = ElementTree.parse(svg).getroot()  # noqa: S314 - we wrote it
    points = float(str(drawing.get("width")).removesuffix("pt"))
    assert abs(points / 72 * 25.4 - width) < 0.1


@every_figure
def test_the_same_numbers_give_the_same_bytes(
    name: str, saved: dict[str, list[Path]], tmp_path: Path
) -> None:
    again = figures.save(FIGURES[name](), tmp_path, name)
    for one, other in zip(saved[name], again, strict=True):
        assert one.read_bytes() == other.read_bytes()


@every_figure
def test_no_text_is_read_as_mathematics_and_none_is_too_small_to_print(name: str) -> None:
    figure = FIGURES[name]()
    figure.draw_without_rendering()
    shown = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]
    assert not any(text.get_parse_math() for text in shown)
    assert min(text.get_fontsize() for text in shown) >= 6
    assert not any("mathdefault" in text.get_text() for text in shown)


@every_figure
def test_nothing_is_cut_off_at_the_edge_of_the_page(name: str) -> None:
    figure = FIGURES[name]()
    figure.draw_without_rendering()
    page = figure.bbox
    box = figure.get_tightbbox().transformed(figure.dpi_scale_trans)
    assert box.x0 >= page.x0 - 1
    assert box.y0 >= page.y0 - 1
    assert box.x1 <= page.x1 + 1
    assert box.y1 <= page.y1 + 1


def test_bytes_do_not_depend_on_the_process_or_the_place() -> None:
    """Hash seeds and time zones have got into PDF files before."""
    code = (
        "import sys, io, hashlib; sys.path.insert(0, sys.argv[1]); import made_up_results as m;"
        "import slicken.reporting.figures as f; from pathlib import Path; import tempfile;"
        "folder = Path(tempfile.mkdtemp());"
        "paths = f.save(f.window_figure(m.losses(runs=4), best=400.0), folder, 'x');"
        "print([hashlib.sha256(p.read_bytes()).hexdigest() for p in paths])"
    )
    outcomes = [
        subprocess.run(  # noqa: S603 - our own interpreter on our own code
            [sys.executable, "-c", code, str(Path(__file__).parent)],
            env={"PYTHONHASHSEED": seed, "TZ": zone, "HOME": str(Path.home())},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    ]
    assert outcomes[0] == outcomes[1] != ""


def test_fonts_are_embedded_as_truetype(saved: dict[str, list[Path]]) -> None:
    content = saved["window-single"][0].read_bytes()
    assert b"/FontFile2" in content
    assert b"/Type3" not in content
    assert b"CreationDate" not in content


def test_importing_and_drawing_never_loads_pyplot() -> None:
    code = (
        "import sys; import slicken.reporting.figures as f; figure, _ = f.new_figure(height_mm=40);"
        "figure.draw_without_rendering();"
        "sys.exit('matplotlib.pyplot' in sys.modules or 'jax' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own interpreter


def test_settings_of_others_neither_change_nor_are_changed(
    saved: dict[str, list[Path]], tmp_path: Path
) -> None:
    expected = saved["lag-single"][1].read_bytes()
    theirs = {"font.size": 20, "axes.grid": True, "axes.facecolor": "red", "text.usetex": True}
    with matplotlib.rc_context(theirs):
        before = dict(matplotlib.rcParams)
        changed = figures.save(FIGURES["lag-single"](), tmp_path, "lag")[1].read_bytes()
        assert dict(matplotlib.rcParams) == before
    assert changed == expected


def test_a_figure_saved_by_hand_has_the_same_style(
    saved: dict[str, list[Path]], tmp_path: Path
) -> None:
    expected = saved["lag-single"][1].read_bytes()
    FIGURES["lag-single"]().savefig(tmp_path / "own.png", metadata={"Software": None})
    assert (tmp_path / "own.png").read_bytes() == expected


def test_what_was_given_is_not_changed() -> None:
    losses, shares = made_up.losses(), made_up.shares_by_stage()
    cut_windows = losses.copy(deep=True), shares.copy(deep=True)
    figures.window_figure(losses, best=400.0)
    figures.stage_importance_figure(shares)
    assert losses.identical(cut_windows[0])
    assert shares.identical(cut_windows[1])


def test_every_driver_has_its_own_colour_marker_and_hatch() -> None:
    inks = [ink(driver.name) for driver in DRIVERS]
    for part in ("colour", "marker", "hatch"):
        assert len({getattr(one, part) for one in inks}) == len(DRIVERS)


def test_a_folder_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(FolderError, match="choose another folder"):
        figures.save(FIGURES["lag-single"](), tmp_path / "file", "lag")


def test_a_failed_save_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = figures.save(FIGURES["lag-single"](), tmp_path, "lag")
    before = [path.read_bytes() for path in paths]

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    figure = FIGURES["lag-single"]()
    monkeypatch.setattr(type(figure), "savefig", full)
    with pytest.raises(FolderError, match="No space left"):
        figures.save(figure, tmp_path, "lag")
    assert [path.read_bytes() for path in paths] == before
    assert {path.name for path in tmp_path.iterdir()} == {"lag.pdf", "lag.png", "lag.svg"}
