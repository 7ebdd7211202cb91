"""Importance against normal stress: share of each driver in every stage, by run, as published."""

from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slicken.channels import NORMAL_STRESS
from slicken.evidence.importance import by_stage
from slicken.reporting.figures.marks import (
    draw_mean,
    draw_runs,
    few_ticks,
    hide_after,
    highest_share,
    instead,
    mean_over_runs,
    numbers,
    offsets,
    percent_ticks,
)
from slicken.reporting.figures.style import (
    FAINT,
    Width,
    label_of,
    letters_above,
    new_figure,
    title_of,
    wrapped,
)

if TYPE_CHECKING:
    import xarray as xr

    from slicken.evidence.evidence import Evidence
    from slicken.reporting.wording import Wording


NAME = "importance_stress"
MOST_COLUMNS = 6


def data(evidence: "Evidence") -> "Mapping[str, xr.DataArray] | None":
    """Published gradient and exact Shapley values; None where fewer than two stresses are known.

    Returns:
        Method to shares in each stage whose normal stress is known, dims ``(stage, run, channel)``,
        with ``normal_stress`` in Pa and ``experiment`` over stage; NaN where there is none.
    """
    best, importance = evidence.comparison.best, evidence.importance
    shares = {"loss_gradient": importance.by_stage(best, "loss")}
    if "shapley_friction" in importance.attribution:
        shares["shapley_friction"] = by_stage(importance.attribution, "shapley_friction")
    known = {
        name: table.isel(stage=np.flatnonzero(np.isfinite(table["normal_stress"].to_numpy())))
        for name, table in shares.items()
    }
    stresses = known["loss_gradient"]["normal_stress"].to_numpy()
    return known if np.unique(stresses).size > 1 else None


def draw(data: "Mapping[str, xr.DataArray]", say: "Wording", width: Width) -> Figure:
    """A column for each driver, a row for each method; drivers in several rows if narrow."""
    channels = [str(name) for name in next(iter(data.values()))["channel"].to_numpy()]
    columns = min(len(channels), MOST_COLUMNS if width == "double" else 3)
    block = ceil(len(channels) / columns)
    rows = block * len(data)
    figure, panels = new_figure(
        width=width, height_mm=16 + (34 if width == "double" else 30) * rows, rows=rows,
        columns=columns, share_x="all", share_y="all",
    )  # fmt: skip
    top = highest_share(data.values())
    for number, (method, shares) in enumerate(data.items()):
        own = panels[number * block * columns : (number + 1) * block * columns]
        for axes, channel in zip(own, channels, strict=False):
            draw_against_stress(axes, shares, channel, say, top=top)
        hide_after(own, len(channels))
        for axes in own[len(channels) - columns : len(own) - columns]:  # nothing stands below
            axes.tick_params(labelbottom=True)
        for first in own[::columns]:
            label = say("labels.share_by", method=say(f"labels.method_{method}"))
            first.set_ylabel(wrapped(label, 22))
        if number == 0 or block > 1:
            for axes, channel in zip(own, channels, strict=False):
                axes.set_title(wrapped(title_of(channel, say), letters_above(axes)))
    figure.supxlabel(label_of(NORMAL_STRESS.name, say))
    return figure


def draw_against_stress(
    axes: Axes, shares: "xr.DataArray", channel: str, say: "Wording", *, top: float
) -> None:
    """Share of one driver against normal stress (the paper's figure 3).

    A small point is a run in one stage, a large marker the mean over runs. The dashed line is the
    share of each driver if all were equal.

    Args:
        axes: Axes to draw on.
        shares: Those of one method; see :func:`data`.
        channel: Name of the driver.
        say: Words of the language.
        top: Upper limit of the share.
    """
    table = shares.sel(channel=channel)
    values = numbers(table, "stage", "run")
    axes.set_ylim(0, top)
    if not np.isfinite(values).any():
        instead(axes, say("labels.no_gradient"))
        return
    stress = table["normal_stress"].to_numpy() * NORMAL_STRESS.shown_per_unit
    axes.axhline(1 / shares.sizes["channel"], color=FAINT, linestyle="--", lw=0.6, zorder=0.5)
    across = stress[:, None] + offsets(values.shape[1], 0.008 * float(np.ptp(stress)))[None, :]
    draw_runs(axes, across.ravel(), values.ravel(), channel)
    draw_mean(axes, stress, mean_over_runs(values), channel, 3.2)
    few_ticks(axes, x=4, y=4)
    percent_ticks(axes.yaxis)
