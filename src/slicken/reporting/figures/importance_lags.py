"""Importance over lags: share of each driver at each lag before the target time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slicken.evidence.importance import KINDS
from slicken.reporting.figures.contract import planted_memory
from slicken.reporting.figures.course import draw_courses
from slicken.reporting.figures.marks import (
    Floats,
    above,
    highest_share,
    instead,
    legend_below,
    lift_titles,
    note,
    numbers,
)
from slicken.reporting.figures.style import (
    FAINT,
    GREEN,
    Width,
    letter_panels,
    new_figure,
)

if TYPE_CHECKING:
    import xarray as xr

    from slicken.evidence.evidence import Evidence
    from slicken.reporting.wording import Wording


NAME = "importance_lags"


@dataclass(frozen=True)
class ByLag:
    """Shares at each lag.

    Args:
        shares: Gradient (``loss``, ``friction``) to shares, dims ``(lag, channel)``, lag in s (0 is
            now); all sum to one.
        planted: Memory of a simulated fault, s.
    """

    shares: "Mapping[str, xr.DataArray]"
    planted: float | None = None


def data(evidence: "Evidence") -> ByLag:
    """Shares of both gradients at the best length."""
    best = evidence.comparison.best
    return ByLag(
        {kind: evidence.importance.by_lag(best, kind) for kind in KINDS}, planted_memory(evidence)
    )


def draw(data: ByLag, say: "Wording", width: Width) -> Figure:
    """A panel for each gradient; now is on the right."""
    wide, count = width == "double", len(data.shares)
    columns = count if wide else 1
    rows = count // columns
    figure, panels = new_figure(width=width, height_mm=8 + 52 * rows, rows=rows, columns=columns)
    for number, (axes, shares) in enumerate(zip(panels, data.shares.values(), strict=True)):
        named = wide and number == count - 1
        draw_by_lag(axes, shares, say, planted=data.planted, named=named)
        if number + columns < count:
            axes.set_xlabel("")
    if not wide:
        legend_below(figure, panels[0])
    titles = [say(f"labels.method_{kind}_gradient") for kind in data.shares]
    letter_panels(panels, titles)
    lift_titles(panels)
    return figure


def draw_by_lag(
    axes: Axes, shares: "xr.DataArray", say: "Wording", *, planted: float | None = None,
    named: bool = True,
) -> None:  # fmt: skip
    """Share of each driver at every lag before the target time; now is on the right.

    Ticks above the axes mark the lags within which 50 % and 90 % of the whole gradient lie. A
    gradient reads what this network uses, which need not be all that the fault needs.
    """
    table = shares.sortby("lag")
    lag, values = numbers(table["lag"], "lag"), numbers(table, "lag", "channel")
    axes.set_xlabel(say("labels.lag"))
    axes.set_ylabel(say("labels.share"))
    if not np.isfinite(values).any():
        instead(axes, say("labels.no_gradient"))
        return
    reach = max(lag[-1], 1.08 * (planted or 0.0), lag[0] + 1e-9)  # room for the label
    top = highest_share([table])
    draw_courses(axes, lag, table, say, limits=(reach, lag[0]), top=top, named=named)
    _mark_reach(axes, lag, np.nansum(values, axis=1))
    if planted is not None:
        axes.axvline(planted, color=GREEN, linewidth=0.8, zorder=1)
        words, place = say("labels.planted_memory"), ("data", "axes fraction")
        upright = {"color": GREEN, "rotation": 90, "ha": "right", "va": "top"}
        note(axes, words, (planted, 1), (-1.5, -1), place, **upright)


def lag_that_holds(lag: Floats, total: Floats, fraction: float) -> float:
    """The least lag within which at least ``fraction`` of the gradient lies.

    >>> lag_that_holds(np.array([0.0, 1, 2, 3]), np.full(4, 0.25), 0.5)
    1.0
    """
    held = np.cumsum(total) / total.sum()
    return float(lag[int(np.searchsorted(held, fraction - 1e-12))])


def _mark_reach(axes: Axes, lag: Floats, total: Floats) -> None:
    if total.sum() <= 0 or lag.size < 2:
        return
    half, most = (lag_that_holds(lag, total, fraction) for fraction in (0.5, 0.9))
    near = most - half < 0.12 * (lag[-1] - lag[0])
    for at in (half, most):
        axes.axvline(at, color=FAINT, linestyle=":", linewidth=0.7, zorder=0.5)
    above(axes, half, "50 %", "left" if near else "center")
    above(axes, most, "90 %", "right" if near else "center")
