"""Style: the look of every figure, and the one place that touches matplotlib's settings.

Sizes are those of a printed journal page: one column is 90 mm wide, two are 190 mm. Colours are
those of Okabe & Ito (2008), which colour-blind readers can tell apart; every driver also has its
own marker, dashes and hatch, so that a grey print still tells them apart.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar
from unicodedata import east_asian_width

import matplotlib
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from slicken.channels import CHANNELS
from slicken.errors import FolderError

Width = Literal["single", "double"]
Share = bool | Literal["none", "all", "row", "col"]

P = ParamSpec("P")
R = TypeVar("R")

WIDTHS_MM: Mapping[Width, float] = {"single": 90.0, "double": 190.0}
PAGE_MM = 235.0
"""The tallest figure that fits a printed page with its caption."""

DOTS_PER_INCH = 300
_LETTER_MM = 1.7
INK = "#222222"
FAINT = "#8a8a8a"
SHADE = "#f0f0f0"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREEN = "#009E73"

_SANS = ("Arial", "Helvetica", "Liberation Sans", "Nimbus Sans")
_JAPANESE = "IPAexGothic"


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

    A name that is not in :data:`slicken.channels.CHANNELS` (a probe of noise) gets one of three
    spare inks, always the same one for the same name.

    >>> ink("temperature").colour
    '#D55E00'
    """
    known = _CHANNEL_INK.get(channel)
    return known or _OTHER_INK[sum(channel.encode()) % len(_OTHER_INK)]


def title_of(channel: str) -> str:
    """The printed name of a channel; any other name is printed as it is.

    >>> title_of("axial_rate"), title_of("probe")
    ('Axial displacement rate', 'probe')
    """
    return CHANNELS[channel].title if channel in CHANNELS else plain(channel)


def plain(text: str, longest: int = 60) -> str:
    r"""One line of text from a stranger: no line breaks, no control characters, not too long.

    Names of one campaign differ at their ends, so the middle of a long one is left out. Dollar
    signs need no escaping: the style never reads text as mathematics.

    >>> plain("PPS\n60N_$2"), plain("PPS+30PTFE_100N_200RPM_2", 13)
    ('PPS 60N_$2', 'PPS+30PT…PM_2')
    """
    words = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    if columns(words) <= longest:
        return words
    head, tail = words, words
    while head and columns(head) > longest - 1 - (longest - 1) * 2 // 5:
        head = head[:-1]
    while tail and columns(tail) > longest - 1 - columns(head):
        tail = tail[1:]
    return f"{head}…{tail}"


def columns(words: str) -> int:
    """Width in columns of a terminal: a character of Chinese or Japanese takes two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in words)


_LOOK: Mapping[str, Any] = {
    "font.size": 7,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "figure.titlesize": 8,
    "figure.labelsize": 7,
    "text.parse_math": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.5,
    "axes.titlelocation": "left",
    "axes.titlepad": 3.0,
    "axes.labelpad": 2.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "xtick.major.pad": 2,
    "ytick.major.pad": 2,
    "lines.linewidth": 0.8,
    "lines.markersize": 3,
    "hatch.linewidth": 0.4,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "legend.handletextpad": 0.5,
    "legend.columnspacing": 1.2,
    "legend.borderpad": 0.2,
    "legend.borderaxespad": 0.2,
    "legend.labelspacing": 0.3,
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.03,
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "svg.hashsalt": "slicken",
    "savefig.dpi": DOTS_PER_INCH,
    "figure.dpi": 150,
    "path.simplify": True,
}


@cache
def _fonts() -> tuple[str, ...]:
    """The fonts to try, glyph by glyph: only those installed, as a missing one is logged.

    The Japanese one comes with a package, so that every machine has it.
    """
    with matplotlib.rc_context():  # importing the package makes its font the first of all
        import matplotlib_fontja

        font_manager.fontManager.addfont(matplotlib_fontja.get_font_ttf_path())
    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    latin = [name for name in _SANS if name in installed][:1]
    return (*latin, "DejaVu Sans", _JAPANESE)


@cache
def _settings() -> dict[Any, Any]:
    """Matplotlib's own defaults under ours, so that nobody's settings file changes a figure.

    Matplotlib types the keys as a list of names that its versions change, hence ``Any``.
    """
    foreign = ("backend", "interactive", "toolbar", "webagg", "tk.", "savefig.directory", "date.")
    defaults: dict[Any, Any] = {
        name: value
        for name, value in matplotlib.rcParamsDefault.items()
        if not name.startswith(foreign) and "deprecat" not in name
    }
    return defaults | dict(_LOOK) | {"font.family": list(_fonts())}


@contextmanager
def journal_style() -> Iterator[None]:
    """The style, for as long as the block lasts; settings are put back afterwards."""
    with matplotlib.rc_context(_settings()), warnings.catch_warnings():
        # A name in a script that no installed font has is drawn as boxes. That is a flaw of the
        # machine, not of the figure: a study that took a night must not fail on it.
        warnings.filterwarnings(
            "ignore", message=r"Glyph \d+ .* missing from", category=UserWarning
        )
        yield


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """A drawing function that always works under :func:`journal_style`."""

    @wraps(draw)
    def under_style(*args: P.args, **kwargs: P.kwargs) -> R:
        with journal_style():
            return draw(*args, **kwargs)

    return under_style


class JournalFigure(Figure):
    """A figure that is drawn and saved under the style, whoever draws or saves it."""

    def draw(self, renderer: Any) -> None:  # noqa: ANN401 - matplotlib's renderers have no base
        """Draw on ``renderer``; ticks and their labels are born here, hence the style."""
        with journal_style():
            super().draw(renderer)

    def get_tightbbox(self, *args: Any, **kwargs: Any) -> Bbox:  # noqa: ANN401 - as the parent's
        """The box around all that is drawn; notebooks ask for it before they draw."""
        with journal_style():
            return super().get_tightbbox(*args, **kwargs)

    def savefig(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as the parent's
        """Save as :meth:`matplotlib.figure.Figure.savefig` does; fonts are embedded here."""
        with journal_style():
            super().savefig(*args, **kwargs)


@styled
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
        width: one column of a journal page (90 mm) or two (190 mm).
        height_mm: height; cut to that of a page.
        rows: rows of axes.
        columns: columns of axes.
        share_x: as in :meth:`matplotlib.figure.Figure.subplots`.
        share_y: as in :meth:`matplotlib.figure.Figure.subplots`.
        height_ratios: relative heights of the rows.
    """
    size = (WIDTHS_MM[width] / 25.4, min(height_mm, PAGE_MM) / 25.4)
    figure = JournalFigure(figsize=size, layout="constrained")
    axes = figure.subplots(
        rows, columns, sharex=share_x, sharey=share_y, squeeze=False, height_ratios=height_ratios
    )
    return figure, list(axes.ravel())


@styled
def letter_panels(
    panels: Sequence[Axes], titles: Sequence[str] | None = None, *, room: int | None = None
) -> None:
    """Write (a), (b), ... and a title above each panel; one panel alone has no letter.

    Args:
        panels: in their order.
        titles: of each.
        room: letters of a line; a longer title takes two lines. None: all are on one line.
    """
    for number, axes in enumerate(panels):
        letter = f"({_letters(number)})  " if len(panels) > 1 else ""
        longest = 60 if room is None else 2 * room - 2 * len(letter)
        title = f"{letter}{plain(titles[number], longest) if titles else ''}".strip()
        shown = axes.set_title(title if room is None else _in_two(title, room))
        shown.set_label(title)  # whole, for who says it in another language


def letters_in(millimetres: float) -> int:
    """Letters of a title on a line of some length.

    >>> letters_in(85.0)
    50
    """
    return int(millimetres / _LETTER_MM)


def _in_two(title: str, room: int) -> str:
    r"""A title in two lines where one has no room for it, broken before a sign if there is one.

    >>> _in_two("(b)  PPS+30PTFE_100N_200RPM_30MINS_1", 22)
    '(b)  PPS+30PTFE_100N\n_200RPM_30MINS_1'
    """
    if columns(title) <= room:
        return title
    fit = range(max(1, len(title) - room), room + 1)
    signs = [place for place in fit if title[place : place + 1] in tuple(" _-+.")]
    # After a comma rather than within a name, and then as near the middle as may be.
    at = min(
        signs,
        key=lambda place: (title[place - 1] != ",", abs(2 * place - len(title))),
        default=room,
    )
    return f"{title[:at]}\n{title[at:].lstrip()}"


def _letters(number: int) -> str:
    """0, 1, ... as a, b, ... z, aa, ab, ..."""
    first, last = divmod(number, 26)
    return (chr(96 + first) if first else "") + chr(97 + last)


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write ``figure`` to ``folder`` as PDF, as PNG of 300 dots per inch, and as SVG.

    The files are written aside and renamed: each is whole or not there. The same figure gives
    the same bytes. It is laid out once, for all three.

    Args:
        figure: what to write.
        folder: made if it is not there.
        name: file name without its ending.

    Returns:
        The paths of the PDF, the PNG and the SVG.

    Raises:
        FolderError: if the folder cannot be written.
    """
    paths = [folder / f"{name}.{ending}" for ending in ("pdf", "png", "svg")]
    asides = [path.with_name(f".{path.name}.part") for path in paths]
    metadata: list[dict[str, Any]] = [
        {"CreationDate": None, "Producer": None, "Creator": "slicken"},
        {"Software": None},
        {"Date": None, "Creator": "slicken"},
    ]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with laid_out(figure):
            for path, aside, described in zip(paths, asides, metadata, strict=True):
                ending = path.suffix.removeprefix(".")
                figure.savefig(aside, format=ending, dpi=DOTS_PER_INCH, metadata=described)
        for path, aside in zip(paths, asides, strict=True):
            aside.replace(path)
    except OSError as error:
        raise FolderError(
            f"{folder}: the figure {name} cannot be written ({error.strerror or error}); "
            "free the disk or choose another folder"
        ) from error
    finally:
        _forget(asides)
    return paths


@contextmanager
def laid_out(figure: Figure) -> Iterator[None]:
    """Lay a figure out under the style, and keep its layout for as long as the block lasts.

    Else it would be laid out again for every file, which takes longer than to draw it. A block
    within such a block changes nothing.
    """
    engine = figure.get_layout_engine()
    if engine is None:
        yield
        return
    with journal_style():
        dpi, figure.dpi = figure.dpi, DOTS_PER_INCH  # letters are as wide as they will be printed
        figure.draw_without_rendering()
        figure.dpi = dpi
        figure.set_layout_engine(None)
        try:
            yield
        finally:
            figure.set_layout_engine(engine)


def _forget(asides: Sequence[Path]) -> None:
    """Remove what was written aside and never renamed, where that is possible."""
    for aside in asides:
        try:
            aside.unlink(missing_ok=True)
        except OSError:  # the folder itself is not writable: the first error says it better
            return
