"""Events: data, fitted laws and residuals of each, against displacement; holds against time."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slicken.laws.wander import wander_of
from slicken.reporting.figures.laws_marks import (
    LAW_INK,
    MEASURED,
    limits_of,
    name_laws,
    shown_fits,
    usable,
)
from slicken.reporting.figures.marks import few_ticks, hide_after, legend_below, rows_for
from slicken.reporting.figures.style import FAINT, INK, Width, letter_panels, new_figure
from slicken.reporting.laws.named import short

if TYPE_CHECKING:
    from slicken.laws.results import EventFit, Laws
    from slicken.reporting.wording import Wording

    Events = Sequence[tuple[int, EventFit]]

NAME = "laws_events"
MOST_PANELS = 9
"""Events of one figure; further ones are in figures of their own."""
BEFORE, AFTER = 12.0, 40.0
"""Dc that are shown before and after a change."""
HOLDS = 0.5, 2.5
"""Hold times that are shown before a hold begins and after it does."""
MICROMETRES = 1e6
THOUSANDTHS = 1e3
THIN: "Mapping[str, Any]" = {"linewidth": 0.5, "alpha": 0.6, "zorder": 2.5}


def pages(laws: "Laws") -> "list[Events]":
    """The events of each figure."""
    every = usable(laws)
    return [every[at : at + MOST_PANELS] for at in range(0, len(every), MOST_PANELS)]


def draw(data: "Events", say: "Wording", width: Width) -> Figure:
    """A pair of panels for each event: friction, and residuals below.

    Args:
        data: Events with their numbers.
        say: Words of the language.
        width: Column of a journal page, or two.
    """
    columns = min(len(data), 3 if width == "double" else 2)
    rows = rows_for(len(data), columns)
    figure, panels = new_figure(
        width=width,
        height_mm=8 + rows * (58 if rows < 4 else 45),
        rows=2 * rows,
        columns=columns,
        height_ratios=[3, 1] * rows,
    )
    pairs = list(_pairs(panels, columns))
    for (upper, lower), (_, one) in zip(pairs, data, strict=False):
        draw_event(upper, one, say)
        draw_residuals(lower, one, say)
        lower.sharex(upper)
        upper.tick_params(labelbottom=False)
    for place, (upper, lower) in enumerate(pairs[: len(data)]):
        if place % columns == 0:
            upper.set_ylabel(say("labels.friction"))
            lower.set_ylabel(say("labels.residual"))
        held = _is_hold(data[place][1])
        if place + columns >= len(data) or held != _is_hold(data[place + columns][1]):
            lower.set_xlabel(say("labels.since_hold" if held else "labels.load_point"))
    uppers = [upper for upper, _ in pairs]
    letter_panels(uppers[: len(data)], [_title(n, one, say) for n, one in data])
    for panel in (0, 1):
        hide_after([pair[panel] for pair in pairs], len(data))
    laws = {fit.law for _, one in data for fit in shown_fits(one)}
    pairs[0][0].plot([], [], ".", color=MEASURED, markersize=4, label=say("labels.measured"))
    name_laws(pairs[0][0], laws, say, line=True)
    if laws:
        pairs[0][0].plot([], [], color=MEASURED, **THIN, label=say("labels.with_wander"))
    legend_below(figure, pairs[0][0])
    figure.align_ylabels([panel for pair in pairs[::columns] for panel in pair])
    return figure


def _pairs(panels: Sequence[Axes], columns: int) -> Iterator[tuple[Axes, Axes]]:
    """Upper and lower panel of each event, row by row."""
    for start in range(0, len(panels), 2 * columns):
        for place in range(start, start + columns):
            yield panels[place], panels[place + columns]


def _title(number: int, one: "EventFit", say: "Wording") -> str:
    return say("labels.event", number=number, event=short(one.event))


def draw_event(axes: Axes, one: "EventFit", say: "Wording") -> None:
    """Friction, the laws that are not ruled out, alone and with their correlated noise."""
    del say
    across = _since(one)
    axes.axvline(0, color=FAINT, linewidth=0.6, zorder=0.5)
    axes.plot(
        across, one.friction, ".", color=MEASURED, markersize=2.6, markeredgewidth=0, zorder=1
    )
    for fit in reversed(shown_fits(one)):
        look = LAW_INK[fit.law]
        axes.plot(
            across, fit.modelled, color=look.colour, linestyle=look.dashes, linewidth=1.0, zorder=3
        )
        axes.plot(across, fit.modelled + wander_of(one, fit), color=look.colour, **THIN)
    left, right = _view(one, across)
    seen = (across >= left) & (across <= right)
    every = [one.friction[seen], *(fit.modelled[seen] for fit in shown_fits(one))]
    axes.set_ylim(limits_of(np.concatenate(every)))
    axes.set_xlim(left, right)
    few_ticks(axes, x=4, y=4)


def _is_hold(one: "EventFit") -> bool:
    return one.event.kind == "hold"


def _view(one: "EventFit", across: np.ndarray) -> tuple[float, float]:
    """Ends of the axis: a number of Dc or hold times before and after, within the data."""
    low, high = limits_of(across, 0.02)
    if _is_hold(one):
        return max(low, -HOLDS[0] * one.event.held), min(high, HOLDS[1] * one.event.held)
    distances = [
        fit.estimates[name].value
        for fit in shown_fits(one)
        for name in ("dc", "dc2")
        if name in fit.estimates and not fit.undetermined(name)
    ]
    if not distances:
        return low, high
    longest = MICROMETRES * max(distances)
    return max(low, -BEFORE * longest), min(high, AFTER * longest)


def draw_residuals(axes: Axes, one: "EventFit", say: "Wording") -> None:
    """Measured less fitted friction, in thousandths, of the same laws; lines: correlated noise."""
    del say
    across, every = _since(one), []
    left, right = _view(one, across)
    seen = (across >= left) & (across <= right)
    axes.axhline(0, color=INK, linewidth=0.5, zorder=0.5)
    axes.axvline(0, color=FAINT, linewidth=0.6, zorder=0.5)
    for fit in reversed(shown_fits(one)):
        unexplained = THOUSANDTHS * (one.friction - fit.modelled)
        every.append(unexplained[seen])
        axes.plot(
            across, unexplained, ".", color=LAW_INK[fit.law].colour, markersize=1.6,
            markeredgewidth=0, alpha=0.6, zorder=2,
        )  # fmt: skip
        wander = THOUSANDTHS * wander_of(one, fit)
        axes.plot(across, wander, color=LAW_INK[fit.law].colour, **THIN)
    most = float(np.nanmax(np.abs(every))) if every else 1.0
    axes.set_ylim(-1.15 * most or -1.0, 1.15 * most or 1.0)
    few_ticks(axes, y=2)


def _since(one: "EventFit") -> np.ndarray:
    """Displacement since the load changed, um; of a hold, in which it stands still, time in s."""
    best = shown_fits(one)[0]
    start = best.estimates["start"].value if "start" in best.estimates else one.event.start
    if _is_hold(one):
        return one.time - start
    origin = np.interp(start, one.time, one.displacement)
    return MICROMETRES * (one.displacement - origin)
