"""Saliency: which driver counts at which lag, as two maps."""

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from slicken.reporting.figures.marks import instead, name_rows, numbers, width_mm
from slicken.reporting.figures.style import (
    Width,
    letter_panels,
    new_figure,
    title_of,
)

if TYPE_CHECKING:
    import xarray as xr

    from slicken.evidence.evidence import Evidence
    from slicken.reporting.wording import Wording


NAME = "saliency"
COLOURS = "magma_r"
"""Perceptually uniform, and alike for readers who cannot tell red from green; dark is much."""


@dataclass(frozen=True)
class Maps:
    """Two maps of drivers over bins of lags.

    Args:
        rescaled: Temporal saliency rescaling; see :func:`draw_map`.
        integrated: Integrated gradients over the same bins.
    """

    rescaled: "xr.DataArray"
    integrated: "xr.DataArray"


def data(evidence: "Evidence") -> Maps:
    """The maps at the best length."""
    table = evidence.importance.attribution
    rescaled = table["rescaled_saliency"]
    return Maps(rescaled, into_bins(table["integrated_by_lag"], rescaled))


def draw(data: Maps, say: "Wording", width: Width) -> Figure:
    """A row for each driver, now on the right."""
    drivers = data.rescaled.sizes["channel"]
    rows, columns = (1, 2) if width == "double" else (2, 1)
    height = rows * (26 + max(6.5 * drivers, 12))
    figure, panels = new_figure(width=width, height_mm=height, rows=rows, columns=columns)
    for number, table in enumerate((data.rescaled, data.integrated)):
        mesh = draw_map(panels[number], table, say, named=number % columns == 0)
        if mesh is not None:
            bar = figure.colorbar(
                mesh, ax=panels[number], location="bottom", aspect=45, pad=0.03,
                label=say("labels.share_of_map"),
            )  # fmt: skip
            bar.outline.set_linewidth(0.4)
    titles = [say("labels.rescaled_saliency"), say("labels.method_integrated_gradients")]
    letter_panels(panels, titles)
    return figure


def draw_map(
    axes: Axes, saliency: "xr.DataArray", say: "Wording", *, named: bool = True
) -> QuadMesh | None:
    """A map of drivers over bins of lags, mean over runs; now is on the right.

    Bins widen with lag and are drawn equally wide, so the axis is nearly logarithmic. A cell is
    the part of the whole map that lies in its bin, in percent.

    Args:
        axes: Axes to draw on.
        saliency: Dims ``(run, bin, channel)``, with ``bin_start`` and ``bin_end`` in s over bin.
        say: Words of the language.
        named: Whether the names of the drivers are written on the left.

    Returns:
        The map, for a bar of colours; None where there is nothing to show.
    """
    table = saliency.sortby("bin_start")
    channels = [str(name) for name in table["channel"].to_numpy()]
    values = numbers(table, "run", "bin", "channel")
    values = values[np.isfinite(values).all(axis=(1, 2))]
    axes.set_xlabel(say("labels.lag"))
    if values.size == 0 or values.sum() <= 0:
        instead(axes, say("labels.no_gradient"))
        return None
    share = (values / values.sum(axis=(1, 2), keepdims=True)).mean(axis=0)
    bins = len(share)
    mesh = axes.pcolormesh(
        np.arange(bins + 1), np.arange(len(channels) + 1) - 0.5, 100 * share.T, vmin=0,
        cmap=COLOURS, edgecolors="white", linewidth=0.3,
    )  # fmt: skip
    axes.set_xlim(bins, 0)
    name_rows(axes, [title_of(name, say) if named else "" for name in channels])
    _name_edges(axes, [*table["bin_start"].to_numpy(), float(table["bin_end"].to_numpy()[-1])])
    axes.spines[["left", "bottom"]].set_visible(False)
    return mesh


def into_bins(by_lag: "xr.DataArray", like: "xr.DataArray") -> "xr.DataArray":
    """A map lag by lag, summed over the bins of another map.

    Args:
        by_lag: Map, dims ``(run, lag, channel)``, lag in s.
        like: Other map, of the same runs and drivers, dims ``(run, bin, channel)``, with
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
