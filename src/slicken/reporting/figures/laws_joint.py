"""Joint distribution of a and b: an ellipse for each event, by the covariance of its fit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slicken.reporting.figures.laws_marks import (
    LAW_INK,
    limits_of,
    parameter_label,
    shown_fits,
    usable,
)
from slicken.reporting.figures.marks import Floats, few_ticks, hide_after, note
from slicken.reporting.figures.style import FAINT, Width, letter_panels, new_figure

if TYPE_CHECKING:
    from slicken.laws.results import Fit, Laws
    from slicken.reporting.wording import Wording

NAME = "laws_joint"
RADIUS = float(np.sqrt(-2 * np.log(0.05)))
"""Of a 95 % ellipse of two variables, in standard deviations."""
FEW = 15
"""Events that have their numbers beside their ellipses."""


@dataclass(frozen=True)
class Joint:
    """a and b of one event under one law.

    Args:
        number: Number of the event.
        fit: The fit.
    """

    number: int
    fit: "Fit"


def data(laws: "Laws") -> tuple[Joint, ...] | None:
    """Every event under each law that is not ruled out, where a and b are determined."""
    return (
        tuple(
            Joint(number, fit)
            for number, one in usable(laws)
            for fit in shown_fits(one)
            if {"a", "b"} <= set(fit.names) and not (fit.undetermined("a") or fit.undetermined("b"))
        )
        or None
    )


def outline(fit: "Fit", points: int = 121) -> tuple[Floats, Floats]:
    """The 95 % ellipse of a and b.

    Args:
        fit: A fit in which both are free.
        points: Number of points.

    Returns:
        a and b, each of shape ``(points,)``.
    """
    at = [fit.names.index(name) for name in ("a", "b")]
    covariance = fit.covariance[np.ix_(at, at)]
    sizes, directions = np.linalg.eigh(covariance)
    turn = np.linspace(0, 2 * np.pi, points)
    circle = np.stack([np.cos(turn), np.sin(turn)])
    ellipse = RADIUS * directions @ (np.sqrt(np.maximum(sizes, 0))[:, None] * circle)
    return fit.estimates["a"].value + ellipse[0], fit.estimates["b"].value + ellipse[1]


def draw(data: Sequence[Joint], say: "Wording", width: Width) -> Figure:
    """Ellipses in the plane of a and b, a panel for each law; on the grey line they are equal.

    Args:
        data: Events and fits.
        say: Words of the language.
        width: Column of a journal page, or two.
    """
    laws = [law for law in LAW_INK if any(one.fit.law == law for one in data)]
    wide = width == "double"
    columns, rows = (2, 1) if wide else (1, len(laws))
    figure, panels = new_figure(
        width=width, height_mm=92 if wide else 86 * rows, rows=rows, columns=columns
    )
    limits = _limits([outline(one.fit) for one in data])
    for axes, law in zip(panels, laws, strict=False):
        draw_joint(axes, [one for one in data if one.fit.law == law], say, limits)
    hide_after(panels, len(laws))
    letter_panels(panels[: len(laws)], [say(f"law_titles.{law}") for law in laws])
    return figure


def _limits(outlines: Sequence[tuple[Floats, Floats]]) -> list[tuple[float, float]]:
    """Limits of a and of b that hold all ellipses, with one span for both."""
    both = [limits_of(np.concatenate(some), 0.12) for some in zip(*outlines, strict=True)]
    half = max(high - low for low, high in both) / 2
    return [((low + high) / 2 - half, (low + high) / 2 + half) for low, high in both]


def draw_joint(
    axes: Axes, data: Sequence[Joint], say: "Wording", limits: Sequence[tuple[float, float]]
) -> None:
    """The ellipses under one law, with the numbers of the events where they are few.

    Args:
        axes: Axes to draw on.
        data: Events and fits.
        say: Words of the language.
        limits: Of a and of b, of equal span.
    """
    axes.set_xlabel(parameter_label("a", say))
    axes.set_ylabel(parameter_label("b", say))
    axes.set_xlim(limits[0])
    axes.set_ylim(limits[1])
    axes.set_box_aspect(1)
    ends = np.array([-1.0, 1.0])
    axes.plot(ends, ends, color=FAINT, linewidth=0.7, zorder=0.5, scalex=False, scaley=False)
    outlines = [outline(one.fit) for one in data]
    for one, (a, b) in zip(data, outlines, strict=True):
        look, found = LAW_INK[one.fit.law], one.fit.estimates
        axes.plot(a, b, color=look.colour, linewidth=0.8, zorder=2)
        axes.plot(
            [found["a"].value], [found["b"].value], look.marker, color=look.colour, markersize=2.8,
            markeredgewidth=0, zorder=3,
        )  # fmt: skip
    _number(axes, data, outlines)
    few_ticks(axes, x=4, y=4)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    if top > left:  # the corner is on the side that the note names
        note(axes, say("labels.weakening"), (0, 1), (4, -8), "axes fraction", color=FAINT)
    if bottom < right:
        corner = {"color": FAINT, "ha": "right"}
        note(axes, say("labels.strengthening"), (1, 0), (-4, 4), "axes fraction", **corner)


def _number(axes: Axes, data: Sequence[Joint], outlines: Sequence[tuple[Floats, Floats]]) -> None:
    """The number of each event at the upper right end of its ellipse."""
    if len(data) > FEW:
        return
    for one, (a, b) in zip(data, outlines, strict=True):
        end = int(np.argmax(a + b))
        colour = LAW_INK[one.fit.law].colour
        note(axes, str(one.number), (float(a[end]), float(b[end])), (2, 1), color=colour)
