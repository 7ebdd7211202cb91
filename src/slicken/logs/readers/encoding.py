"""Encodings: bytes to text, for the handful of encodings that rigs write."""

import codecs
import re
from pathlib import Path

from slicken.errors import LogError

_SAMPLE = 65_536
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "utf8_bom"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "utf16_le"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "utf16_be"),
)
# Two neighbouring wide characters, or one whose both bytes are outside ASCII, with a lead byte
# that Latin-1 leaves to control codes: "温度" and "℃", but not the "é" of "Température".
_JAPANESE = re.compile(rb"[\x81-\x9f][\x80-\xfc]|(?:[\x81-\x9f][\x40-\x7e]){2}")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ufffd]")


def decode(path: Path, content: bytes) -> tuple[str, str]:
    """The text in a file, with a line feed at the end of every line, and the encoding's name.

    Raises:
        LogError: If the bytes are not text in any encoding known here.
    """
    text, name = _decode(content)
    sample = text[:_SAMPLE]
    if len(_CONTROL.findall(sample)) > 0.02 * len(sample):
        raise LogError(
            f"{path}: binary, not text; expected text, Excel, Parquet, MATLAB, HDF5, netCDF or "
            "TDMS: export it from the rig's own program"
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return text, name


def _decode(content: bytes) -> tuple[str, str]:
    for bom, codec, name in _BOMS:
        if content.startswith(bom):
            return content.decode(codec, "replace").lstrip("\ufeff"), name
    wide = _utf16_without_mark(content[:_SAMPLE])
    if wide is not None:
        return content.decode(wide, "replace"), f"utf16_{wide[-2:]}"
    for codec, name in (("ascii", "ascii"), ("utf-8", "utf8")):
        try:
            return content.decode(codec), name
        except UnicodeDecodeError:
            continue
    if _JAPANESE.search(content):
        try:
            return content.decode("cp932"), "cp932"
        except UnicodeDecodeError:
            pass
    return content.decode("latin-1"), "latin1"


def _utf16_without_mark(sample: bytes) -> str | None:
    """UTF-16 shows itself in a log: digits and separators leave every other byte zero."""
    half = len(sample) // 2
    low, high = sample[0::2].count(0), sample[1::2].count(0)
    if half == 0 or max(low, high) < 0.3 * half or min(low, high) > 0.05 * half:
        return None
    return "utf-16-be" if low > high else "utf-16-le"
