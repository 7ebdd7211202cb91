"""Importance over time: share of each driver at every target time of each experiment."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slicken.channels import TIME
from slicken.evidence.importance import over_time, smoothed
from slicken.reporting.figures.course import draw_course, first_names, label_ends, last_finite
from slicken.reporting.figures.marks import (
    few_ticks,
    highest_share,
    instead,
    legend_below,
    lift_titles,
    numbers,
    percent_ticks,
    shade_stages,
    write_stress,
)
from slicken.reporting.figures.style import (
    Width,
    label_of,
    letter_panels,
    new_figure,
    plain,
)
from slicken.reporting.figures.thinning import broken_at_jumps

if TYPE_CHECKING:
    import xarray as xr

    from slicken.evidence.evidence import Evidence
    from slicken.reporting.wording import Wording


NAME = "importance_time"
MOST_PANELS = 7
"""Panels below one another on a page."""


def data(evidence: "Evidence") -> "Mapping[str, xr.DataArray]":
    """Gradient and exact Shapley values.

    At one instant the gradient of the loss is that of friction times the residual, so both have the
    same shares: they are one curve.

    Returns:
        Method to shares, mean over runs, dims ``(target, channel)``, with ``time``, ``experiment``,
        ``stage`` and ``normal_stress`` over target.
    """
    best, importance = evidence.comparison.best, evidence.importance
    shares = {"either_gradient": importance.over_time(best, "friction")}
    name = "shapley_friction"
    if name in importance.attribution:
        shares[name] = over_time(smoothed(importance.attribution, name), name)
    return shares


def draw(data: "Mapping[str, xr.DataArray]", say: "Wording", width: Width) -> Figure:
    """A row for each experiment, a column for each method, below one another if narrow."""
    wide, count = width == "double", len(data)
    every = next(iter(data.values()))["experiment"].to_numpy().astype(str)
    names = first_names(every, MOST_PANELS if wide else max(MOST_PANELS // count, 1))
    across = count if wide else 1
    rows = len(names) * count // across
    height = 12 + rows * (52 if rows == 1 else 40 if rows < 5 else 31)
    figure, panels = new_figure(
        width=width, height_mm=height, rows=rows, columns=across, share_y=True
    )
    top = highest_share(data.values())
    titles = []
    for number, axes in enumerate(panels):
        place, measure = divmod(number, count)
        method, shares = list(data.items())[measure]
        here = np.flatnonzero(shares["experiment"].to_numpy().astype(str) == names[place])
        named = wide and measure == count - 1
        draw_over_time(axes, shares.isel(target=here), say, top=top, named=named)
        axes.set_ylabel("" if number % across else say("labels.share"))
        spoken = say(f"labels.method_{method}")
        title = say("labels.name_and_method", name=plain(names[place]), method=spoken)
        titles.append(title)
    others = len(set(every)) - len(names)
    label = label_of(TIME.name, say)
    for axes in panels[-across:]:
        axes.set_xlabel(label)
    if others:
        panels[-across].set_xlabel(say("labels.others_not_shown", label=label, n=others))
    if not wide:
        legend_below(figure, panels[0])
    letter_panels(panels, titles, beside=8 if wide else 0)
    lift_titles(panels)
    return figure


def draw_over_time(
    axes: Axes, shares: "xr.DataArray", say: "Wording", *, top: float, named: bool = True
) -> None:
    """Share of each driver against time in one experiment; stages are shaded in turn.

    Args:
        axes: Axes to draw on.
        shares: Those of one method and one experiment; see :func:`data`.
        say: Words of the language.
        top: Upper limit of the share.
        named: Whether the names of the drivers are written at the ends of their lines.
    """
    table = shares.sortby("time")
    time, values = numbers(table["time"], "target"), numbers(table, "target", "channel")
    if not np.isfinite(values).any():
        instead(axes, say("labels.no_gradient"))
        return
    channels = [str(name) for name in table["channel"].to_numpy()]
    for index, channel in enumerate(channels):
        course = broken_at_jumps(time, values[:, index])
        draw_course(axes, *course, channel, index / len(channels), say)
    axes.set_xlim(time[0], max(time[-1], time[0] + 1e-9))
    axes.set_ylim(0, top)
    few_ticks(axes, x=7, y=4)
    percent_ticks(axes.yaxis)
    shade_stages(axes, time, table["stage"].to_numpy())
    write_stress(axes, time, table["stage"].to_numpy(), table["normal_stress"].to_numpy())
    if named:
        label_ends(axes, last_finite(values), channels, say)
