"""Pictures: a figure as a page holds it, small enough to lie there with all the others."""

import io
from dataclasses import dataclass

from matplotlib.figure import Figure
from PIL import Image

from slicken.figures.style import laid_out

DOTS_PER_INCH = 200
"""As many as a good screen shows of a page that is as wide as two columns of a journal."""
LARGEST = 110_000
"""Bytes of a picture without loss; a larger one is kept with a little, which no eye sees."""
QUALITY = 86
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
    if len(kept) > LARGEST:
        kept = min(kept, _webp(picture, lossless=False, quality=QUALITY), key=len)
    return Picture(kept, round(ENLARGED * 96 * across), round(ENLARGED * 96 * down))


def _webp(picture: Image.Image, *, lossless: bool, quality: int) -> bytes:
    kept = io.BytesIO()
    picture.save(kept, "WEBP", lossless=lossless, quality=quality, method=2)
    return kept.getvalue()
