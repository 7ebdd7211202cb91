"""Pictures: a figure that was saved, made small enough to lie in a page with all the others."""

import io
from pathlib import Path

from PIL import Image

LARGEST = 220_000
"""Bytes of a picture without loss; a larger one is kept with a little, which no eye sees."""
QUALITY = 88


def small_picture(png: Path) -> bytes:
    """A figure as WebP, of as many dots as its PNG, in a third of its bytes.

    Args:
        png: as :func:`slicken.figures.save` wrote it.
    """
    with Image.open(png) as opened:
        picture = opened.convert("RGB")
    without_loss = _webp(picture, lossless=True, quality=60)
    if len(without_loss) <= LARGEST:
        return without_loss
    return min(without_loss, _webp(picture, lossless=False, quality=QUALITY), key=len)


def _webp(picture: Image.Image, *, lossless: bool, quality: int) -> bytes:
    kept = io.BytesIO()
    picture.save(kept, "WEBP", lossless=lossless, quality=quality, method=2)
    return kept.getvalue()
