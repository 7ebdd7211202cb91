"""Importance over time: share of each driver at every target time of each experiment."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slicken.channels import TIME
from slicken.evidence.importance import over_time, smoothed
from slicken.reporting.figures.course import draw_courses
from slicken.reporting.figures.marks import (
    highest_share,
    instead,
    legend_below,
    lift_titles,
    numbers,
    shade_stages,
    write_stress,
)
from slicken.reporting.figures.style import (
    Width,
    label_of,
    letter_panels,
    new_figure,
    plain,
    time_label,
)

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
    most = MOST_PANELS if wide else max(MOST_PANELS // count, 1)
    names = list(dict.fromkeys(every.tolist()))[:most]
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
    for axes in panels[-across:]:
        axes.set_xlabel(label_of(TIME.name, say))
    panels[-across].set_xlabel(time_label(say, others))
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
    time = numbers(table["time"], "target")
    if not np.isfinite(table.to_numpy()).any():
        instead(axes, say("labels.no_gradient"))
        return
    limits = time[0], max(time[-1], time[0] + 1e-9)
    draw_courses(axes, time, table, say, limits=limits, top=top, named=named)
    shade_stages(axes, time, table["stage"].to_numpy())
    write_stress(axes, time, table["stage"].to_numpy(), table["normal_stress"].to_numpy())
