"""Findings: whole figures of the evidence, from results to a page, as in the catalogue."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from slicken.reporting.figures.comparison import draw_excess, draw_probability
from slicken.reporting.figures.marks import hide_after, legend_under, rows_for
from slicken.reporting.figures.memory import draw_gradient_span, draw_required, draw_truncated
from slicken.reporting.figures.methods import draw_method, in_order, null_level, shared_limits
from slicken.reporting.figures.saliency import draw_saliency, into_bins
from slicken.reporting.figures.skill import draw_skill
from slicken.reporting.figures.style import (
    WIDTHS_MM,
    Width,
    letter_panels,
    letters_in,
    new_figure,
    plain,
    styled,
)

if TYPE_CHECKING:
    import xarray as xr

    from slicken.evidence.required import RequiredHistory


@styled
def comparison_figure(
    comparison: "xr.Dataset", slip_per_second: float | None = None, *, width: Width = "single"
) -> Figure:
    """How likely each window length is best, and how much worse the others are.

    Args:
        comparison: see :func:`draw_probability` and :func:`draw_excess`.
        slip_per_second: m/s, for the slip below each length; none where None.
        width: one column of a page or two.
    """
    if width == "double":
        figure, panels = new_figure(width=width, height_mm=72, columns=2)
    else:
        figure, panels = new_figure(width=width, height_mm=92, rows=2, height_ratios=[1.0, 1.7])
    draw_probability(panels[0], comparison, named=width == "double")
    draw_excess(panels[1], comparison, slip_per_second=slip_per_second)
    legend_under(panels[1], lines=1 if slip_per_second is None else 2)
    letter_panels(panels, ["Probability of being best", "Excess over the lowest mean"])
    return figure


@styled
def memory_figure(
    span_by_window: "Mapping[float, xr.DataArray]",
    truncated_loss: "xr.DataArray",
    required: "Sequence[RequiredHistory]",
    *,
    needed: tuple[float, float] | None = None,
    planted: float | None = None,
    best: float | None = None,
    width: Width = "double",
) -> Figure:
    """What networks use of the past, what hiding it costs them, and what friction needs of it.

    Args:
        span_by_window: see :func:`draw_gradient_span`.
        truncated_loss: see :func:`draw_truncated`.
        required: of every family of models; see :func:`draw_required`.
        needed: history that the verdict calls needed, from and to, s.
        planted: the memory of a simulated fault, s.
        best: the window length with the lowest mean loss, s.
        width: one column of a page or two.
    """
    rows, columns = (1, 3) if width == "double" else (3, 1)
    figure, panels = new_figure(
        width=width, height_mm=78 if rows == 1 else 62 * rows, rows=rows, columns=columns
    )
    draw_gradient_span(panels[0], span_by_window, best=best, planted=planted)
    draw_truncated(panels[1], truncated_loss, planted=planted)
    draw_required(panels[2], required, needed=needed, planted=planted)
    for axes in panels:
        legend_under(axes)
    letter_panels(
        panels,
        ["Used: holds 50, 90, 99 % of gradient", "Used: older history hidden",
         "Needed: trained on less history"],
    )  # fmt: skip
    return figure


@styled
def methods_figure(
    shares_by_method: "Mapping[str, xr.DataArray]",
    shares_with_probes: "Mapping[str, xr.DataArray] | None" = None,
    *,
    width: Width = "double",
) -> Figure:
    """Importance by every method side by side; drivers stand in the order of their mean share.

    Args:
        shares_by_method: title to shares, dims ``(run, channel)``; see :func:`draw_method`.
        shares_with_probes: the same titles, as far as they are known, to shares in an ensemble that
            also sees channels of noise; see :func:`null_level`.
        width: one column of a page or two.
    """
    measures, probes = dict(shares_by_method), dict(shares_with_probes or {})
    channels = in_order(list(measures.values()))
    zeros = {
        title: null_level(probes[title], channels) if title in probes else float("nan")
        for title in measures
    }
    limits = shared_limits(list(measures.values()), list(zeros.values()))
    columns = len(measures) if width == "double" else min(len(measures), 2)
    rows = rows_for(len(measures), columns)
    figure, panels = new_figure(
        width=width,
        height_mm=rows * (20 + max(7.5 * len(channels), 12)),
        rows=rows,
        columns=columns,
    )
    hide_after(panels, len(measures))
    letters = letters_in(WIDTHS_MM[width] / columns)
    for number, (title, shares) in enumerate(measures.items()):
        draw_method(
            panels[number], shares, channels, limits=limits, zero=zeros[title],
            named=number % columns == 0,
        )  # fmt: skip
        letter = f"({chr(97 + number)})  " if len(measures) > 1 else ""
        panels[number].set_title(textwrap.fill(f"{letter}{plain(title)}", letters))
    return figure


@styled
def saliency_figure(
    rescaled: "xr.DataArray", integrated: "xr.DataArray", *, width: Width = "double"
) -> Figure:
    """Which driver counts at which lag, by two readings: a row for each driver, now on the right.

    Args:
        rescaled: see :func:`draw_saliency`.
        integrated: dims ``(run, lag, channel)``, lag in s; summed over the bins of the other.
        width: one column of a page or two.
    """
    drivers = rescaled.sizes["channel"]
    rows, columns = (1, 2) if width == "double" else (2, 1)
    height = rows * (26 + max(6.5 * drivers, 12))
    figure, panels = new_figure(width=width, height_mm=height, rows=rows, columns=columns)
    for number, (axes, table) in enumerate(
        zip(panels, (rescaled, into_bins(integrated, rescaled)), strict=True)
    ):
        mesh = draw_saliency(axes, table, named=number % columns == 0)
        if mesh is not None:
            bar = figure.colorbar(
                mesh, ax=axes, location="bottom", aspect=45, pad=0.03, label="Share of the map (%)"
            )
            bar.outline.set_linewidth(0.4)
    letter_panels(panels, ["Saliency, rescaled in time", "Integrated gradients"])
    return figure


@styled
def skill_figure(skill_table: "xr.Dataset", *, width: Width = "single") -> Figure:
    """Skill of the ensemble against every baseline; see :func:`draw_skill`."""
    figure, (axes,) = new_figure(width=width, height_mm=22 + 12 * skill_table.sizes["model"])
    draw_skill(axes, skill_table)
    legend_under(axes, columns=3)
    return figure
