"""Words: what stands in a figure, said in another language."""

import re
from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator

from slicken.reporting.figures.style import columns

Say = Callable[[str], str | None]
"""What words are in another language; None where it is not known."""

_LETTER = re.compile(r"(?:\([a-z]+\) +|\d+ {2})?")
"""A panel's letter or a rank, which stay before the words."""

_UNBROKEN = re.compile(
    r"[（「『]*[\u2e80-\u9fff\uff00-\uffef][、。）」』ー〜]*|[^\u2e80-\u9fff\uff00-\uffef ]+ *| +"
)
"""What stays on one line: a character with the marks that cling to it, or a word."""


def reword(figure: Figure, say: Say) -> None:
    """Put the words of a figure into another language; what is not known there stays.

    Titles, labels, legends, names at ticks and notes are all found in the figure, so that no
    drawing function needs to know of languages. Words broken into lines are broken again.

    Args:
        figure: changed in place; lay it out after.
        say: words in the other language.
    """
    for axes in figure.axes:
        _reword_ticks(axes, say)
    for text in figure.findobj(Text):
        text.set_text(_reworded(text.get_text(), say, str(text.get_label())))


def _reword_ticks(axes: Axes, say: Say) -> None:
    """Names at ticks are written again by whatever draws the ticks, so they are set there."""
    for axis in (axes.xaxis, axes.yaxis):
        if isinstance(axis.get_major_locator(), FixedLocator):
            names = [label.get_text() for label in axis.get_ticklabels()]
            reworded = [_reworded(name, say) for name in names]
            if reworded != names:
                axis.set_ticks(axis.get_majorticklocs(), reworded)


def _reworded(text: str, say: Say, whole: str = "") -> str:
    """Text in the other language; ``whole`` is the same before it was broken into lines."""
    letter = _LETTER.match(text)
    start = letter[0] if letter else ""
    words = text.removeprefix(start)
    lines = words.split("\n")
    by_line = [say(line) if line.strip() else line for line in lines]
    known = [line for line in by_line if line is not None]
    if len(known) == len(lines):
        return start + "\n".join(known)
    said = say(whole.removeprefix(start) or " ".join(words.split()))
    if said is None:
        return text
    return start + (said if len(lines) == 1 else broken(said, max(map(columns, lines))))


def broken(text: str, longest: int) -> str:
    r"""Text in lines of some columns; between characters of Chinese or Japanese a line may end.

    >>> broken("最小検証損失 (mean)", 8)
    '最小検証\n損失\n(mean)'
    """
    lines = [""]
    for piece in _UNBROKEN.findall(text):
        if columns(lines[-1]) + columns(piece.rstrip()) > longest and lines[-1]:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return "\n".join(line.rstrip() for line in lines)
