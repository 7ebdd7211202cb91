"""Output: a figure drawn in the style, laid out within its page, and written as files or pixels."""

import gc
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import LayoutEngine
from PIL import Image

from slicken.reporting.figures.style import journal_style
from slicken.study.files import written_aside

Draw = Callable[[], Figure]
FORMATS = ("pdf", "png", "svg")

DOTS_PER_INCH = 200
"""Resolution of a picture: that of a good screen for a page as wide as two columns of a journal."""
LOSSLESS = 50_000
"""Bytes of a picture without loss; a larger one is kept with a little, which no eye sees."""
LARGEST = 120_000
"""Bytes of any picture, so that a page keeps within its bounds however much a figure shows."""
QUALITIES = (80, 60, 40, 20, 10)
ENLARGED = 1.25
"""Size on a page in relation to print."""
_METADATA: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None, "Producer": None, "Creator": "slicken"},
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": "slicken"},
}


@dataclass(frozen=True)
class Picture:
    """A figure for a page.

    Args:
        webp: Bytes of the file.
        width: CSS pixels.
        height: CSS pixels.
    """

    webp: bytes
    width: int
    height: int


def save(draw: Draw, folder: Path, name: str, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Draw a figure and write it to ``folder``; a PNG has 300 dots per inch.

    The files are written aside and renamed: each is whole or not there. The same figure gives the
    same bytes.

    Args:
        draw: Function that draws the figure; called under the style.
        folder: Folder, made if it is not there.
        name: File name without its ending.
        formats: Endings.

    Returns:
        The paths, in the order of ``formats``.

    Raises:
        FolderError: If the folder cannot be written.
    """
    with journal_style(), _collected_once():
        figure = _ready(draw)
        lay_out(figure)
        drawn = []
        for ending in formats:
            held = io.BytesIO()
            figure.savefig(held, format=ending, metadata=_METADATA[ending])
            drawn.append(held.getvalue())
    return write(folder, {f"{name}.{end}": data for end, data in zip(formats, drawn, strict=True)})


def pixels(draw: Draw) -> Image.Image:
    """Draw a figure as pixels.

    Drawing lays it out as well; only a figure that reaches its edge is measured and drawn again.

    Args:
        draw: Function that draws the figure; called under the style.
    """
    with journal_style(), _collected_once():
        figure = _ready(draw)
        figure.dpi = DOTS_PER_INCH
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        if _reaches_edge(canvas):
            lay_out(figure)
            canvas.draw()
        size = canvas.get_width_height()
        return Image.frombuffer("RGBA", size, canvas.buffer_rgba()).convert("RGB")


def _ready(draw: Draw) -> Figure:
    """The figure, with a place for each empty label of an axis: matplotlib would look for one."""
    figure = draw()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if not axis.get_label_text():
                axis.set_label_coords(0.5, 0.5)
    return figure


@contextmanager
def _collected_once() -> Iterator[None]:
    """Collect garbage after the block and not within it.

    A figure is thousands of objects in circles; looking for dead ones among them and all that JAX
    holds, again and again, takes a fifth of the drawing.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.collect(0)
        if was_enabled:
            gc.enable()


def _reaches_edge(canvas: FigureCanvasAgg) -> bool:
    """Whether any pixel at the edge is not white: the layout leaves a margin there."""
    drawn = np.asarray(canvas.buffer_rgba())
    return bool(min(edge.min() for edge in (drawn[0], drawn[-1], drawn[:, 0], drawn[:, -1])) < 255)


def picture_of(image: Image.Image) -> Picture:
    """Pixels as WebP for a page: without loss where that is small, else with as little as fits."""
    kept = _webp(image, lossless=True, quality=0)
    for quality in QUALITIES:
        if len(kept) <= (LOSSLESS if quality == QUALITIES[0] else LARGEST):
            break
        kept = _webp(image, lossless=False, quality=quality)
    across, down = (round(ENLARGED * 96 * dots / DOTS_PER_INCH) for dots in image.size)
    return Picture(kept, across, down)


def png_of(image: Image.Image) -> bytes:
    """Pixels as a PNG file of the printed size."""
    held = io.BytesIO()
    image.save(held, "PNG", dpi=(DOTS_PER_INCH, DOTS_PER_INCH), compress_level=2)
    return held.getvalue()


def write(folder: Path, files: dict[str, bytes]) -> list[Path]:
    """Write files aside and rename them.

    Args:
        folder: Folder, made if it is not there.
        files: Name to bytes.

    Raises:
        FolderError: If the folder cannot be written.
    """
    for name, data in files.items():
        with written_aside(folder / name, synced=False) as aside:
            aside.write_bytes(data)
    return [folder / name for name in files]


def lay_out(figure: Figure) -> None:
    """Lay a figure out once, within its page, and keep that layout for all that is drawn of it.

    The constrained layout makes room for labels as they are before it moves the axes; ticks may
    change when it does, and then a label may reach over the edge. So the outcome is measured, and
    what sticks out is taken from the room that the layout is given.

    Args:
        figure: Figure with a layout engine; it has none afterwards.
    """
    engine = figure.get_layout_engine()
    if engine is None:
        return
    left = bottom = right = top = 0.0
    for _ in range(4):
        engine.execute(figure)
        over = _sticking_out(figure)
        if not any(over):
            break
        left, bottom, right, top = (
            a + b for a, b in zip((left, bottom, right, top), over, strict=True)
        )
        _give_room(engine, (left, bottom, 1 - left - right, 1 - bottom - top))
    figure.set_layout_engine("none")


def _give_room(engine: LayoutEngine, rect: tuple[float, float, float, float]) -> None:
    engine.set(rect=rect)  # type: ignore[call-arg]  # only the constrained layout has it


def _sticking_out(figure: Figure) -> tuple[float, float, float, float]:
    """How far anything reaches over each edge, as shares of the page: left, bottom, right, top."""
    across, down = figure.get_size_inches()
    box = figure.get_tightbbox()
    return (
        max(-box.x0, 0.0) / across, max(-box.y0, 0.0) / down,
        max(box.x1 - across, 0.0) / across, max(box.y1 - down, 0.0) / down,
    )  # fmt: skip


def _webp(image: Image.Image, *, lossless: bool, quality: int) -> bytes:
    held = io.BytesIO()
    image.save(held, "WEBP", lossless=lossless, quality=quality, method=2)
    return held.getvalue()
