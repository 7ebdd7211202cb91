"""Whole records: loss against Dc, and measured friction with the law, where velocity varies."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slicken.channels import TIME
from slicken.reporting.figures.laws_marks import (
    LAW_INK,
    MEASURED,
    limits_of,
    name_laws,
    parameter_label,
)
from slicken.reporting.figures.marks import bins_across, few_ticks, legend_below, log_x, log_y
from slicken.reporting.figures.style import Width, label_of, letter_panels, new_figure
from slicken.reporting.figures.thinning import decimated
from slicken.reporting.quantities import in_units

if TYPE_CHECKING:
    from slicken.laws.results import History, Laws
    from slicken.reporting.wording import Wording

NAME = "laws_history"
MOST_RECORDS = 5
"""Records below one another on a page."""
MICROMETRES, MILLIONTHS = 1e6, 1e6


def data(laws: "Laws") -> "tuple[History, ...] | None":
    """Laws of whole records that were found, the best first."""
    known = [one for one in laws.histories if one.problem is None and one.distances.size]
    return tuple(sorted(known, key=lambda one: one.rmse)) or None


def draw(data: "Sequence[History]", say: "Wording", width: Width) -> Figure:
    """Loss against Dc above, and a panel for each record below.

    Args:
        data: Laws of whole records, the best first.
        say: Words of the language.
        width: Column of a journal page, or two.
    """
    best = data[0]
    names = [name for name in best.records if name in best.time][:MOST_RECORDS]
    figure, panels = new_figure(
        width=width,
        height_mm=60 + 34 * len(names),
        rows=1 + len(names),
        height_ratios=[1.5, *[1.0] * len(names)],
    )
    draw_losses(panels[0], data, say)
    for axes, name in zip(panels[1:], names, strict=True):
        draw_record(axes, best, name, say)
    if names:
        panels[-1].set_xlabel(label_of(TIME.name, say))
    hidden = len(best.records) - len(names)
    titles = [say("labels.loss_against_dc"), *names]
    if hidden > 0 and names:
        titles[-1] = say("labels.records_not_shown", label=titles[-1], n=hidden)
    letter_panels(panels, titles)
    panels[0].plot([], [], color=MEASURED, linewidth=0.9, label=say("labels.measured"))
    legend_below(figure, panels[0])
    figure.align_ylabels(panels)
    return figure


def draw_losses(axes: Axes, data: "Sequence[History]", say: "Wording") -> None:
    """Mean square residual for each Dc that was tried; a bar is the 95 % interval of Dc."""
    axes.set_xlabel(parameter_label("dc", say))
    axes.set_ylabel(say("labels.mean_square", unit="10⁻⁶"))
    for one in data:
        look = LAW_INK[one.law]
        losses = MILLIONTHS * one.losses
        axes.plot(
            MICROMETRES * one.distances, losses, color=look.colour, linestyle=look.dashes,
            linewidth=1.0, zorder=2,
        )  # fmt: skip
        value, low, high = (in_units("dc", x) for x in one.estimates["dc"][:3])
        height = float(np.interp(np.log(value), np.log(MICROMETRES * one.distances), losses))
        if np.isfinite([low, high]).all() and low > 0:
            axes.plot([low, high], [height, height], color=look.colour, linewidth=2.4, alpha=0.4,
                      solid_capstyle="butt", zorder=1.5)  # fmt: skip
        axes.plot([value], [height], look.marker, color=look.colour, markersize=4,
                  markeredgecolor="white", markeredgewidth=0.4, zorder=3)  # fmt: skip
    every = MILLIONTHS * np.concatenate([one.losses for one in data])
    tried = MICROMETRES * np.concatenate([one.distances for one in data])
    axes.set_ylim(float(np.nanmin(every)) / 1.2, float(np.nanmax(every)) * 1.2)
    log_y(axes)
    axes.set_xlim(float(tried.min()), float(tried.max()))
    log_x(axes)
    name_laws(axes, {one.law for one in data}, say, line=True)


def draw_record(axes: Axes, one: "History", name: str, say: "Wording") -> None:
    """Measured friction of a record, and the best law."""
    look, time = LAW_INK[one.law], one.time[name]
    axes.set_ylabel(say("labels.friction"))
    for values, colour, width, order in (
        (one.friction[name], MEASURED, 0.7, 1.0),
        (one.modelled[name], look.colour, 0.9, 2.0),
    ):
        thin = decimated(time, values, bins_across(axes))
        axes.plot(*thin, color=colour, linewidth=width, zorder=order)
    axes.set_xlim(float(time[0]), float(time[-1]))
    asked = np.isfinite(one.modelled[name])  # elsewhere the fault was stuck or unloaded
    shown = one.friction[name][asked if asked.any() else slice(None)]
    axes.set_ylim(limits_of(np.concatenate([shown, one.modelled[name]])))
    few_ticks(axes, y=4)
