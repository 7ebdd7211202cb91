"""Memory: the history that networks use, and the history that models need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slicken.reporting.figures.contract import best_length, planted_memory
from slicken.reporting.figures.digits import percent
from slicken.reporting.figures.marks import (
    Floats,
    few_ticks,
    instead,
    legend_under,
    limit_y,
    log_x,
    log_y,
    mark_planted,
    mean_over_runs,
    numbers,
    offsets,
    scaled_y,
)
from slicken.reporting.figures.style import (
    BLUE,
    FAINT,
    INK,
    TIED,
    VERMILLION,
    Width,
    letter_panels,
    new_figure,
)

if TYPE_CHECKING:
    import xarray as xr

    from slicken.evidence.evidence import Evidence
    from slicken.evidence.required import RequiredHistory
    from slicken.reporting.wording import Wording


NAME = "memory"
_MASS_INK = (("#6baed6", "o"), (BLUE, "s"), ("#00263d", "^"))
FAMILY_INK: Mapping[str, tuple[str, str]] = {
    "networks": (BLUE, "o"),
    "linear": (VERMILLION, "s"),
    "curved": ("#E69F00", "D"),
    "trees": ("#CC79A7", "^"),
}
"""Colour and marker of each family of models."""


@dataclass(frozen=True)
class History:
    """What networks use of the past, what hiding it costs them, and what models need of it.

    Args:
        spans: Window length in s to the most recent seconds that hold a share of the gradient,
            dims ``(run, mass)``.
        truncated_loss: Loss with history left, dims ``(run, history)``, history in s.
        required: Required history of every family of models.
        needed: Required history of the conclusion, from and to, s; None where none is.
        planted: Memory of a simulated fault, s.
        best: Window length with the lowest mean loss, s; None without proven skill.
    """

    spans: "Mapping[float, xr.DataArray]"
    truncated_loss: "xr.DataArray"
    required: "Sequence[RequiredHistory]"
    needed: tuple[float, float] | None = None
    planted: float | None = None
    best: float | None = None


def data(evidence: "Evidence") -> History:
    """The three readings of memory."""
    memory, concluded = evidence.memory, evidence.memory.conclusion
    return History(
        memory.spans,
        memory.truncation["truncated_loss"],
        memory.required,
        needed=(concluded.low, concluded.high) if concluded and concluded.is_needed else None,
        planted=planted_memory(evidence),
        best=best_length(evidence),
    )


def draw(data: History, say: "Wording", width: Width) -> Figure:
    """Three panels: gradient span, older history hidden, required history."""
    rows, columns = (1, 3) if width == "double" else (3, 1)
    figure, panels = new_figure(
        width=width, height_mm=78 if rows == 1 else 62 * rows, rows=rows, columns=columns
    )
    draw_gradient_span(panels[0], data, say)
    draw_truncated(panels[1], data, say)
    draw_required(panels[2], data, say)
    for axes in panels:
        legend_under(axes)
    titles = [say(f"labels.{name}") for name in ("gradient_span", "history_hidden", "required")]
    letter_panels(panels, titles)
    return figure


def draw_gradient_span(axes: Axes, data: History, say: "Wording") -> None:
    """The most recent seconds that hold 50, 90 and 99 % of the gradient, against window length.

    A point is a run, a line joins the means over runs. On the grey line a network would use the
    whole of its window. Both axes are logarithmic.
    """
    spans, best, planted = data.spans, data.best, data.planted
    axes.set_xlabel(say("labels.window"))
    axes.set_ylabel(say("labels.recent_history"))
    windows = np.array(sorted(spans), dtype=np.float64)
    values = [numbers(spans[s], "run", "mass") for s in windows.tolist()]
    if not any(np.isfinite(table).any() for table in values):
        instead(axes, say("labels.no_gradient"))
        return
    apart = float(np.diff(np.log(windows)).min()) if windows.size > 1 else 2 * np.log(2.0)
    if best is not None and windows.size > 1:
        beside = np.exp(max(0.3 * apart, 0.04))
        axes.axvspan(
            best / beside, best * beside, color=TIED, linewidth=0, zorder=0,
            label=say("labels.lowest_mean"),
        )  # fmt: skip
    edge = np.exp(max(0.5 * apart, 0.05))
    ends = np.array([windows[0] / edge, windows[-1] * edge])
    axes.plot(ends, ends, color=FAINT, linewidth=0.6, zorder=0.5, label=say("labels.whole_window"))
    for number, mass in enumerate(spans[windows[0]]["mass"].to_numpy()):
        of_mass = [table[:, number] for table in values]
        _draw_mass(axes, windows, of_mass, 0.12 * apart, _MASS_INK[number], percent(float(mass)))
    mark_planted(axes, planted, say, along="x")
    seen = np.concatenate([table[np.isfinite(table)] for table in values])
    axes.set_xlim(*ends)
    axes.set_ylim(
        min(float(seen.min()), planted or np.inf) / 1.3, max(windows[-1], planted or 0.0) * 1.3
    )
    log_x(axes)
    log_y(axes)


def _draw_mass(
    axes: Axes,
    windows: Floats,
    spans: Sequence[Floats],
    aside: float,
    look: tuple[str, str],
    name: str,
) -> None:
    """Seconds that hold one share of the gradient: a point for each run, a line of means."""
    colour, marker = look
    across = [
        seconds * np.exp(offsets(of_runs.size, aside))
        for seconds, of_runs in zip(windows, spans, strict=True)
    ]
    axes.plot(
        np.concatenate(across), np.concatenate(spans), marker, color=colour, markersize=1.8,
        alpha=0.6, markeredgewidth=0, zorder=2,
    )  # fmt: skip
    axes.plot(
        windows, [float(mean_over_runs(of_runs)) for of_runs in spans], f"-{marker}", color=colour,
        linewidth=0.8, markersize=3.6, markeredgecolor="white", markeredgewidth=0.4, zorder=3,
        label=name,
    )  # fmt: skip


def draw_truncated(axes: Axes, data: History, say: "Wording") -> None:
    """The loss of trained networks when history older than this many seconds is hidden from them.

    A thin line is a run, the thick one the mean over runs.
    """
    axes.set_xlabel(say("labels.history_left"))
    table = data.truncated_loss.sortby("history")
    history, values = numbers(table["history"], "history"), numbers(table, "run", "history")
    if not np.isfinite(values).any():
        instead(axes, say("labels.no_finite_loss"))
        return
    for row in values:
        axes.plot(history, row, color=FAINT, linewidth=0.5, alpha=0.6, zorder=2)
    axes.plot(
        history, mean_over_runs(values.T), "-o", color=BLUE, linewidth=1.0, markersize=3,
        markeredgecolor="white", markeredgewidth=0.4, zorder=3, label=say("labels.mean_of_runs"),
    )  # fmt: skip
    if len(values) > 1:
        axes.plot([], [], color=FAINT, linewidth=0.5, label=say("labels.run"))
    _finish(axes, history, values, data.planted, say)
    axes.set_ylabel(say("labels.loss", unit=scaled_y(axes)))


def draw_required(axes: Axes, data: History, say: "Wording") -> None:
    """The loss of models that were trained on so much history, over the lowest of their family.

    A hollow point is a history that is clearly too short, the band a 95 % interval of the
    difference from the lowest. The required history of the conclusion is shaded.
    """
    axes.set_xlabel(say("labels.history_known"))
    axes.set_ylabel(say("labels.relative_loss"))
    shown = [
        one for one in data.required if np.isfinite(one.loss).all() and float(one.loss.min()) > 0
    ]
    if not shown:
        instead(axes, say("labels.none_on_less"))
        return
    if data.needed is not None and data.needed[0] < data.needed[1]:
        name = say("labels.required_history")
        low, high = data.needed
        longest = max(float(one.history[-1]) for one in shown)
        axes.axvspan(low, min(high, longest), color="#f3ead3", linewidth=0, zorder=0, label=name)
    for one in shown:
        _draw_family(axes, one, say)
    if any(one.clearly_worse.any() for one in shown):
        axes.plot([], [], "o", color=INK, markerfacecolor="white", markersize=3.4,
                  markeredgewidth=0.7, label=say("labels.too_short"))  # fmt: skip
    history = np.concatenate([one.history for one in shown])
    ratios = np.concatenate([_ratios(one, end) for one in shown for end in ("loss", "low", "high")])
    _finish(axes, history, ratios, data.planted, say)


def _ratios(required: "RequiredHistory", end: str) -> Floats:
    """A loss, or an end of its interval, over the lowest; an end below one half is cut there."""
    lowest = float(required.loss.min())
    values = getattr(required, end) + (0.0 if end == "loss" else lowest)
    return np.maximum(values / lowest, 0.5)


def _draw_family(axes: Axes, required: "RequiredHistory", say: "Wording") -> None:
    colour, marker = FAMILY_INK.get(required.family, (INK, "D"))
    axes.fill_between(
        required.history, _ratios(required, "low"), _ratios(required, "high"), color=colour,
        alpha=0.18, linewidth=0, zorder=1.5,
    )  # fmt: skip
    ratio = _ratios(required, "loss")
    axes.plot(
        required.history, ratio, f"-{marker}", color=colour, linewidth=0.8, markersize=3.4,
        zorder=3, label=say(f"labels.family_{required.family}"),
    )  # fmt: skip
    short = required.clearly_worse
    axes.plot(
        required.history[short], ratio[short], marker, color=colour, markerfacecolor="white",
        markersize=3.4, markeredgewidth=0.7, zorder=4,
    )  # fmt: skip


def _finish(
    axes: Axes, history: Floats, values: Floats, planted: float | None, say: "Wording"
) -> None:
    """Limits, scales, and the planted memory."""
    mark_planted(axes, planted, say)
    first, last = float(history.min()), float(history.max())
    axes.set_xlim(min(first, planted or np.inf) / 1.15, max(last, planted or 0.0) * 1.15)
    log_x(axes)
    if not limit_y(axes, values):
        few_ticks(axes, y=5)
