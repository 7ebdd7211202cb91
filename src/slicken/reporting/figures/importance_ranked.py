"""Importance ranked: mean share of each driver in the gradients, with its rank over runs."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from slicken.evidence.importance import KINDS
from slicken.reporting.figures.marks import (
    Floats,
    draw_mean,
    draw_runs,
    few_ticks,
    instead,
    name_rows,
    note,
    numbers,
    offsets,
    percent_ticks,
    rows_for,
)
from slicken.reporting.figures.style import (
    FAINT,
    INK,
    Width,
    letter_panels,
    new_figure,
    title_of,
)

if TYPE_CHECKING:
    import xarray as xr

    from slicken.evidence.evidence import Evidence
    from slicken.reporting.wording import Wording


NAME = "importance_ranked"


def data(evidence: "Evidence") -> "Mapping[str, xr.DataArray]":
    """Shares of both gradients at the best length.

    Returns:
        Gradient (``loss``, ``friction``) to shares, dims ``(run, channel)``; NaN for a run left
        out.
    """
    best = evidence.comparison.best
    return {kind: evidence.importance.by_run(best, kind) for kind in KINDS}


def draw(data: "Mapping[str, xr.DataArray]", say: "Wording", width: Width) -> Figure:
    """A panel for each gradient."""
    drivers = max(shares.sizes["channel"] for shares in data.values())
    columns = len(data) if width == "double" else 1
    rows = rows_for(len(data), columns)
    figure, panels = new_figure(
        width=width, height_mm=rows * (16 + 9.5 * drivers), rows=rows, columns=columns
    )
    for axes, shares in zip(panels, data.values(), strict=True):
        draw_ranked(axes, shares, say)
    titles = [say(f"labels.method_{kind}_gradient") for kind in data]
    letter_panels(panels, titles)
    return figure


def draw_ranked(axes: Axes, shares: "xr.DataArray", say: "Wording") -> None:
    """Mean importance of each driver with its rank (the paper's figure 4).

    Drivers stand in the order of their mean share. A small point is a run, the large marker is
    the mean over runs and its bar one standard deviation on either side. On the right: mean,
    standard deviation and, from rank to rank, where single runs put the driver. The dashed
    line is the share of each driver if all were equal.
    """
    channels = [str(name) for name in shares["channel"].to_numpy()]
    values = numbers(shares, "run", "channel")
    values = values[np.isfinite(values).all(axis=1)]
    axes.set_xlabel(say("labels.share_of_gradient"))
    if values.size == 0:
        instead(axes, say("labels.no_gradient"))
        return
    means, spreads = values.mean(axis=0), values.std(axis=0)
    order = np.argsort(-means, kind="stable")
    ranks = np.argsort(np.argsort(-values, axis=1, kind="stable"), axis=1) + 1
    greatest = max(float(values.max()), float((means + spreads).max()), 1 / len(channels))
    axes.set_xlim(0, 1.06 * greatest)
    _mark_equal_shares(axes, len(channels), say)
    for place, index in enumerate(order):
        _draw_driver(axes, channels[index], values[:, index], place)
        words = f"{100 * means[index]:.1f} %"
        if len(values) > 1:
            place_over_runs = _ranks(ranks[:, index], say)
            words = f"{words[:-2]} ± {100 * spreads[index]:.1f} %\n{place_over_runs}"
        style = {"va": "center", "fontsize": 6.5, "linespacing": 1.15}
        note(axes, words, (1, place), (4, 0), ("axes fraction", "data"), **style)
    ranked = enumerate(order, start=1)
    name_rows(axes, [f"{at}  {title_of(channels[index], say)}" for at, index in ranked], longest=21)
    few_ticks(axes, x=4)
    percent_ticks(axes.xaxis)


def _mark_equal_shares(axes: Axes, drivers: int, say: "Wording") -> None:
    share = 1 / drivers
    axes.axvline(share, color=FAINT, linestyle="--", linewidth=0.6, zorder=0.5)
    left = share > 0.6 * axes.get_xlim()[1]
    words, place = say("labels.equal_shares"), ("data", "axes fraction")
    side = "right" if left else "left"
    note(axes, words, (share, 0), (-2 if left else 2, 1.5), place, color=FAINT, ha=side)


def _draw_driver(axes: Axes, channel: str, shares: Floats, place: int) -> None:
    mean, spread = [float(shares.mean())], [float(shares.std())]
    draw_runs(axes, shares, place + offsets(shares.size, 0.24), channel)
    axes.errorbar(mean, [place], xerr=spread, fmt="none", ecolor=INK, elinewidth=0.9, capsize=2)
    draw_mean(axes, mean, [place], channel, 5)


def _ranks(ranks: NDArray[np.int64], say: "Wording") -> str:
    low, high = int(ranks.min()), int(ranks.max())
    return say("labels.rank" if low == high else "labels.ranks", low=low, high=high)
