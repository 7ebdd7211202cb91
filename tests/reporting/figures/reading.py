"""Reading back what was drawn."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from slicken.reporting.figures.style import new_figure
from slicken.reporting.wording import words

EN, JA = words("en"), words("ja")


def fresh_axes(height_mm: float = 60.0) -> Axes:
    return new_figure(height_mm=height_mm)[1][0]


def labelled(axes: Axes) -> dict[str, object]:
    """What the legend shows, by its words."""
    handles, labels = axes.get_legend_handles_labels()
    return dict(zip(labels, handles, strict=True))


def texts(axes: Axes) -> list[str]:
    return [text.get_text().replace("\n", " ") for text in axes.texts]


def said(axes: Axes) -> str:
    return " ".join(texts(axes))


def every_text(figure: Figure) -> list[Text]:
    """All words of a figure that is laid out."""
    return [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
