"""Saliency: which driver counts at which lag, as a map."""

import textwrap
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from numpy.typing import NDArray

from slicken.reporting.figures.importance import NO_GRADIENT
from slicken.reporting.figures.marks import say, width_mm
from slicken.reporting.figures.style import styled, title_of

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]

COLOURS = "magma_r"
"""Perceptually uniform, and alike for readers who cannot tell red from green; dark is much."""


@styled
def draw_saliency(axes: Axes, saliency: "xr.DataArray", *, named: bool = True) -> QuadMesh | None:
    """A map of drivers over bins of lags, mean over runs; now is on the right.

    Bins widen with lag and are drawn equally wide, so the axis is nearly logarithmic. A cell is
    the part of the whole map that lies in its bin, in percent.

    Args:
        axes: where.
        saliency: dims ``(run, bin, channel)``, with ``bin_start`` and ``bin_end`` in s over bin.
        named: write the names of the drivers on the left.

    Returns:
        The map, for a bar of colours; None where there is nothing to show.
    """
    table = saliency.transpose("run", "bin", "channel").sortby("bin_start")
    channels = [str(name) for name in table["channel"].to_numpy()]
    values = np.asarray(table.to_numpy(), dtype=np.float64)
    values = values[np.isfinite(values).all(axis=(1, 2))]
    axes.set_xlabel("Time before the target (s)")
    if values.size == 0 or values.sum() <= 0:
        say(axes, NO_GRADIENT)
        return None
    share = (values / values.sum(axis=(1, 2), keepdims=True)).mean(axis=0)
    bins = len(share)
    mesh = axes.pcolormesh(
        np.arange(bins + 1), np.arange(len(channels) + 1), 100 * share.T, cmap=COLOURS, vmin=0,
        edgecolors="white", linewidth=0.3,
    )  # fmt: skip
    axes.set_xlim(bins, 0)
    axes.set_ylim(len(channels), 0)
    names = [textwrap.fill(title_of(name), 18) if named else "" for name in channels]
    axes.set_yticks(np.arange(len(channels)) + 0.5, names)
    axes.tick_params(axis="y", length=0)
    _name_edges(axes, [*table["bin_start"].to_numpy(), float(table["bin_end"].to_numpy()[-1])])
    axes.spines[["left", "bottom"]].set_visible(False)
    return mesh


def into_bins(by_lag: "xr.DataArray", like: "xr.DataArray") -> "xr.DataArray":
    """What is told lag by lag, summed over the bins of another map.

    Args:
        by_lag: dims ``(run, lag, channel)``, lag in s.
        like: the other, of the same runs and drivers, dims ``(run, bin, channel)``, with
            ``bin_start`` and ``bin_end`` in s; a bin holds its start and not its end.

    Returns:
        Dims ``(run, bin, channel)``.
    """
    table = by_lag.transpose("run", "lag", "channel").sortby("lag")
    lag = np.asarray(table["lag"].to_numpy(), dtype=np.float64)
    ends = np.asarray(like.sortby("bin_start")["bin_end"].to_numpy(), dtype=np.float64)
    step = float(np.diff(lag).min()) if lag.size > 1 else 1.0
    place = np.searchsorted(ends, lag + step / 2)  # the middle, as a lag may be rounded
    held = place[None, :] == np.arange(ends.size)[:, None]  # (bins, lags)
    sums = np.einsum("kl,rlc->rkc", held, table.to_numpy())
    return like.sortby("bin_start").transpose("run", "bin", "channel").copy(data=sums)


def _name_edges(axes: Axes, edges: list[float]) -> None:
    """Ticks between the bins, as many as there is room for, from now on backwards."""
    longest = max(len(f"{edge:g}") for edge in edges)
    stride = ceil(1.25 * (longest + 0.5) * len(edges) / width_mm(axes))
    places = range(len(edges))[::stride]
    axes.set_xticks(list(places), [f"{edges[place]:g}" for place in places])
