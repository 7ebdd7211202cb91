"""Pictures: a figure as a page holds it, small enough to lie there with all the others."""

import io
from dataclasses import dataclass

from matplotlib.figure import Figure
from PIL import Image

from slicken.reporting.figures.style import laid_out

DOTS_PER_INCH = 200
"""As many as a good screen shows of a page that is as wide as two columns of a journal."""
LOSSLESS = 50_000
"""Bytes of a picture without loss; a larger one is kept with a little, which no eye sees."""
LARGEST = 120_000
"""Bytes of any picture, so that a page keeps within its bounds however much a figure shows."""
QUALITIES = (80, 70, 60, 50, 40, 30, 20, 10)
ENLARGED = 1.25
"""How much larger than in print a page shows it."""


@dataclass(frozen=True)
class Picture:
    """A figure for a page.

    Args:
        webp: the file.
        width: CSS pixels.
        height: CSS pixels.
    """

    webp: bytes
    width: int
    height: int


def picture_of(figure: Figure) -> Picture:
    """A figure as WebP, a quarter larger than in print."""
    drawn = io.BytesIO()
    with laid_out(figure):
        figure.savefig(drawn, format="rgba", dpi=DOTS_PER_INCH)
    across, down = figure.get_size_inches()
    dots = int(across * DOTS_PER_INCH), int(down * DOTS_PER_INCH)
    picture = Image.frombuffer("RGBA", dots, drawn.getvalue()).convert("RGB")
    kept = _webp(picture, lossless=True, quality=60)
    if len(kept) > LOSSLESS:
        kept = _within_bounds(picture)
    return Picture(kept, round(ENLARGED * 96 * across), round(ENLARGED * 96 * down))


def _within_bounds(picture: Image.Image) -> bytes:
    """With as little loss as the largest size allows."""
    for quality in QUALITIES:
        kept = _webp(picture, lossless=False, quality=quality)
        if len(kept) <= LARGEST:
            break
    return kept


def _webp(picture: Image.Image, *, lossless: bool, quality: int) -> bytes:
    kept = io.BytesIO()
    picture.save(kept, "WEBP", lossless=lossless, quality=quality, method=4)
    return kept.getvalue()
