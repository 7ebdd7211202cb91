"""Style: the look of every figure: sizes, fonts, colours, names, and the lines of a title.

Colours are those of Okabe & Ito (2008), which colour-blind readers can tell apart; every driver
also has its own marker, dashes and hatch, so that a grey print still tells them apart.
"""

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal
from unicodedata import east_asian_width

import matplotlib
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.style import context

from slicken.channels import FRICTION, TIME, TITLED

if TYPE_CHECKING:
    from slicken.reporting.wording import Wording

Width = Literal["single", "double"]
Share = bool | Literal["none", "all", "row", "col"]

WIDTHS_MM: Mapping[Width, float] = {"single": 90.0, "double": 190.0}
PAGE_MM = 235.0
"""Height of the tallest figure that fits a printed page with its caption."""

_LETTER_MM = 1.7
INK = "#222222"
FAINT = "#8a8a8a"
SHADE = "#f0f0f0"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREEN = "#009E73"
BEST, TIED = "#b9d7ea", "#e6eff6"
"""Shades of the best window length, and of those that are not distinguishable from it."""

_SANS = ("Arial", "Helvetica", "Liberation Sans", "Nimbus Sans")
_JAPANESE = "IPAexGothic"
_PIECES = re.compile(
    r"[（「『]*(?:[ァ-ヺー]+|[\u2e80-\u9fff\uff00-\uffef])[、。）」』〜]*"
    r"|[^\u2e80-\u9fff\uff00-\uffef _+-]+[_+-]* *|[_+-]+ *| +"
)
"""What stays on one line: a Japanese character or a word in katakana, with the marks that cling to
it; a part of any other word."""


@dataclass(frozen=True)
class Ink:
    """How one channel is drawn, always: colour, marker, dashes and hatch."""

    colour: str
    marker: str
    dashes: str | tuple[float, tuple[float, ...]]
    hatch: str


_CHANNEL_INK = {
    "slip_velocity": Ink(GREEN, "o", "-", ""),
    "axial_displacement": Ink(BLUE, "s", "-", "////"),
    "temperature": Ink(VERMILLION, "^", "-", "...."),
    "temperature_rate": Ink("#E69F00", "v", (0, (4, 1.2)), "xxxx"),
    "axial_rate": Ink("#56B4E9", "D", (0, (4, 1.2)), "\\\\\\\\"),
    "normal_stress": Ink("#CC79A7", "P", (0, (1, 1)), "++++"),
    "shear_stress": Ink("#882255", "X", (0, (1, 1)), "||||"),
    "normal_force": Ink("#AA4499", "p", (0, (1, 1)), "----"),
    "shear_force": Ink("#661100", "h", (0, (1, 1)), "oooo"),
    "time": Ink("#555555", "|", "-", ""),
    "friction": Ink("#000000", "o", "-", ""),
    "slip": Ink("#555555", "d", "-", "**"),
}
_OTHER_INK = (
    Ink("#777777", "*", (0, (3, 1, 1, 1)), "OO"),
    Ink("#999933", "<", (0, (3, 1, 1, 1)), "//"),
    Ink("#332288", ">", (0, (3, 1, 1, 1)), "xx"),
)


def ink(channel: str) -> Ink:
    """How ``channel`` is drawn.

    A name that is not in :data:`slicken.channels.CHANNELS` (a noise feature) gets one of three
    spare inks, always the same one for the same name.

    >>> ink("temperature").colour
    '#D55E00'
    """
    known = _CHANNEL_INK.get(channel)
    return known or _OTHER_INK[sum(channel.encode()) % len(_OTHER_INK)]


def title_of(channel: str, say: "Wording") -> str:
    """The printed name of a channel; any other name is printed as it is."""
    return TITLED[channel].title_in(say.language) if channel in TITLED else plain(channel)


def label_of(channel: str, say: "Wording") -> str:
    """The label of an axis, with its unit; that of a number without one is a dash."""
    if channel == FRICTION.name and say.is_relative:
        return say("labels.friction")
    return f"{title_of(channel, say)} ({TITLED[channel].shown_unit or '–'})"


def absolute_friction(say: "Wording") -> str:
    """The label of an axis of friction as it was measured, its level included."""
    return f"{title_of(FRICTION.name, say)} (–)"


def time_label(say: "Wording", others: int = 0) -> str:
    """The label of an axis of time, with the number of experiments that are not shown."""
    label = label_of(TIME.name, say)
    return say("labels.others_not_shown", label=label, n=others) if others else label


def plain(text: str, longest: int = 60) -> str:
    r"""One line of text from a log: no line breaks, no control characters, not too long.

    Names of one campaign differ at their ends, so the middle of a long one is left out. Dollar
    signs need no escaping: the style never reads text as mathematics.

    >>> plain("PPS\n60N_$2"), plain("PPS+30PTFE_100N_200RPM_2", 13)
    ('PPS 60N_$2', 'PPS+30PT…PM_2')
    """
    words = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    if letters(words) <= longest:
        return words
    head, tail = words, words
    while head and letters(head) > longest - 1 - (longest - 1) * 2 // 5:
        head = head[:-1]
    while tail and letters(tail) > longest - 1 - letters(head):
        tail = tail[1:]
    return f"{head}…{tail}"


def letters(words: str) -> int:
    """Width in letters: a character of Chinese or Japanese takes two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in words)


def wrapped(text: str, longest: int) -> str:
    r"""Text in lines of at most some letters.

    A line ends between words, between characters of Japanese, after the signs that join the parts
    of a name and, where a part is longer than a line, within it.

    >>> wrapped("最小検証損失 (mean)", 8)
    '最小検証\n損失\n(mean)'
    >>> wrapped("PPS+30PTFE_100N", 11)
    'PPS+30PTFE_\n100N'
    """
    lines = [""]
    for piece in _PIECES.findall(text):
        if letters(lines[-1]) + letters(piece.rstrip()) > longest and lines[-1]:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
        while letters(lines[-1].rstrip()) > longest > 1:
            fit = max(n for n in range(1, longest + 1) if letters(lines[-1][:n]) <= longest)
            lines[-1:] = [lines[-1][:fit], lines[-1][fit:]]
    return "\n".join(line.rstrip() for line in lines)


def has_japanese() -> bool:
    """Whether there is a font for Japanese words: that of the optional group ``ja``."""
    return find_spec("matplotlib_fontja") is not None


@cache
def _settings() -> dict[Any, Any]:
    """Our settings, with the fonts to try glyph by glyph: those installed, as others are logged.

    Matplotlib types the keys as a list of names that its versions change, hence ``Any``.
    """
    japanese = []
    if has_japanese():
        with matplotlib.rc_context():  # importing the package makes its font the first of all
            import matplotlib_fontja

            font_manager.fontManager.addfont(matplotlib_fontja.get_font_ttf_path())
        japanese = [_JAPANESE]
    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    latin = [name for name in _SANS if name in installed][:1]
    with as_file(files(__package__) / "slicken.mplstyle") as file:
        ours = dict(matplotlib.rc_params_from_file(file, use_default_template=False))
    return ours | {"font.family": [*latin, "DejaVu Sans", *japanese]}


@contextmanager
def journal_style() -> Iterator[None]:
    """Matplotlib's own defaults under our settings, so that no other settings change a figure."""
    with context(["default", _settings()]), warnings.catch_warnings():
        # A name in a script that no installed font has is drawn as boxes. That is a flaw of the
        # machine, not of the figure: a study that took a night must not fail on it.
        warnings.filterwarnings(
            "ignore", message=r"Glyph \d+ .* missing from", category=UserWarning
        )
        # Names as long as a page leave no room: such a figure is drawn as well as it can be.
        warnings.filterwarnings("ignore", message="constrained_layout not applied")
        yield


def new_figure(
    *,
    width: Width = "single",
    height_mm: float,
    rows: int = 1,
    columns: int = 1,
    share_x: Share = False,
    share_y: Share = False,
    height_ratios: Sequence[float] | None = None,
) -> tuple[Figure, list[Axes]]:
    """An empty figure of a printed width, and its axes row by row.

    Args:
        width: Column of a journal page: ``single`` (90 mm) or ``double`` (190 mm).
        height_mm: Height in mm; cut to that of a page.
        rows: Number of rows of axes.
        columns: Number of columns of axes.
        share_x: As in :meth:`matplotlib.figure.Figure.subplots`.
        share_y: As in :meth:`matplotlib.figure.Figure.subplots`.
        height_ratios: Relative heights of the rows.
    """
    size = (WIDTHS_MM[width] / 25.4, min(height_mm, PAGE_MM) / 25.4)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(
        rows, columns, sharex=share_x, sharey=share_y, squeeze=False, height_ratios=height_ratios
    )
    return figure, list(axes.ravel())


def letter_panels(
    panels: Sequence[Axes], titles: Sequence[str], *, beside: int = 0, lines: int = 2
) -> None:
    """Write (a), (b), ... and a title above each panel; one panel alone has no letter.

    Args:
        panels: Axes in their order.
        titles: Title of each; one that is wider than its panel takes several lines.
        beside: Letters that have to stand beside a panel, too.
        lines: Most lines of a title; the middle of a longer one is left out.
    """
    for number, (axes, title) in enumerate(zip(panels, titles, strict=True)):
        room = letters_above(axes) - beside
        letter = f"({_letters(number)})  " if len(panels) > 1 else ""
        shown = plain(title, lines * (room - len(letter)))
        axes.set_title(wrapped(f"{letter}{shown}".strip(), room))


def letters_above(axes: Axes) -> int:
    """Letters of a title above one of the panels that stand side by side.

    >>> letters_above(new_figure(width="double", height_mm=40)[1][0])
    101
    >>> letters_above(new_figure(width="single", height_mm=40, columns=2)[1][0])
    21
    """
    across, place = axes.figure.bbox.width / axes.figure.dpi, axes.get_subplotspec()
    columns = place.get_gridspec().ncols if place else 1
    return int((25.4 * across - 18) / columns / _LETTER_MM)


def _letters(number: int) -> str:
    """0, 1, ... as a, b, ... z, aa, ab, ..."""
    first, last = divmod(number, 26)
    return (chr(96 + first) if first else "") + chr(97 + last)
