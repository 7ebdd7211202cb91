"""Memory: the history that networks use, and the history that friction needs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from slicken.reporting.figures.importance import NO_GRADIENT
from slicken.reporting.figures.marks import (
    few_ticks,
    is_wide,
    log_x,
    log_y,
    mean_over_runs,
    offsets,
    percent,
    say,
    scaled_y,
)
from slicken.reporting.figures.style import BLUE, FAINT, GREEN, INK, VERMILLION, styled

if TYPE_CHECKING:
    import xarray as xr

    from slicken.evidence.required import RequiredHistory


Floats = NDArray[np.float64]

_MASS_INK = (("#6baed6", "o"), (BLUE, "s"), ("#00263d", "^"))
_FAMILY_INK: Mapping[str, tuple[str, str]] = {
    "networks": (BLUE, "o"),
    "linear": (VERMILLION, "s"),
    "trees": ("#CC79A7", "^"),
}
_FAMILY_WORDS: Mapping[str, str] = {
    "networks": "networks",
    "linear": "linear models",
    "trees": "boosted trees",
}
_PLANTED: Mapping[str, Any] = {"color": GREEN, "linestyle": "--", "linewidth": 0.9, "zorder": 1.0}


@styled
def draw_gradient_span(
    axes: Axes,
    span_by_window: "Mapping[float, xr.DataArray]",
    *,
    best: float | None = None,
    planted: float | None = None,
) -> None:
    """The most recent seconds that hold 50, 90 and 99 % of the gradient, against window length.

    A point is a run, a line joins the means over runs. On the grey line a network would use the
    whole of its window.

    Args:
        axes: where; both axes are logarithmic.
        span_by_window: window length in s to seconds, dims ``(run, mass)``, as
            :func:`slicken.evidence.memory.gradient_span` gives them.
        best: the chosen window length, s.
        planted: the memory of a simulated fault, s.
    """
    axes.set_xlabel("Window length (s)")
    axes.set_ylabel("Most recent history (s)")
    windows = np.array(sorted(span_by_window), dtype=np.float64)
    tables = [span_by_window[s].transpose("run", "mass") for s in windows.tolist()]
    values = [np.asarray(table.to_numpy(), dtype=np.float64) for table in tables]
    if not any(np.isfinite(table).any() for table in values):
        say(axes, NO_GRADIENT)
        return
    apart = float(np.diff(np.log(windows)).min()) if windows.size > 1 else 2 * np.log(2.0)
    if best is not None and windows.size > 1:
        beside = np.exp(max(0.3 * apart, 0.04))
        axes.axvspan(
            best / beside, best * beside, color="#e6eff6", linewidth=0, zorder=0,
            label="lowest loss",
        )  # fmt: skip
    edge = np.exp(max(0.5 * apart, 0.05))
    ends = np.array([windows[0] / edge, windows[-1] * edge])
    axes.plot(ends, ends, color=FAINT, linewidth=0.6, zorder=0.5, label="whole window")
    for number, mass in enumerate(tables[0]["mass"].to_numpy()):
        colour, marker = _MASS_INK[number % len(_MASS_INK)]
        rows = [table[:, number] for table in values]
        across = [
            seconds * np.exp(offsets(row.size, 0.12 * apart))
            for seconds, row in zip(windows, rows, strict=True)
        ]
        axes.plot(
            np.concatenate(across), np.concatenate(rows), marker, color=colour, markersize=1.8,
            alpha=0.6, markeredgewidth=0, zorder=2,
        )  # fmt: skip
        means = [float(mean_over_runs(row)) for row in rows]
        axes.plot(
            windows, means, f"-{marker}", color=colour, linewidth=0.8, markersize=3.6,
            markeredgecolor="white", markeredgewidth=0.4, zorder=3, label=percent(float(mass)),
        )  # fmt: skip
    if planted is not None:
        axes.axhline(planted, **_PLANTED, label="planted memory")
    seen = np.concatenate([table[np.isfinite(table)] for table in values])
    axes.set_xlim(*ends)
    axes.set_ylim(
        min(float(seen.min()), planted or np.inf) / 1.3, max(windows[-1], planted or 0.0) * 1.3
    )
    log_x(axes)
    log_y(axes)


@styled
def draw_truncated(
    axes: Axes, truncated_loss: "xr.DataArray", *, planted: float | None = None
) -> None:
    """The loss of trained networks when history older than this many seconds is hidden from them.

    A thin line is a run, the thick one the mean over runs.

    Args:
        axes: where; the axis of history is logarithmic.
        truncated_loss: dims ``(run, history)``, history in s.
        planted: the memory of a simulated fault, s.
    """
    axes.set_xlabel("History left (s)")
    table = truncated_loss.transpose("run", "history").sortby("history")
    history = np.asarray(table["history"].to_numpy(), dtype=np.float64)
    values = np.asarray(table.to_numpy(), dtype=np.float64)
    if not np.isfinite(values).any():
        say(axes, "no run has a finite loss")
        return
    for row in values:
        axes.plot(history, row, color=FAINT, linewidth=0.5, alpha=0.6, zorder=2)
    axes.plot(
        history, mean_over_runs(values.T), "-o", color=BLUE, linewidth=1.0, markersize=3,
        markeredgecolor="white", markeredgewidth=0.4, zorder=3, label="mean of runs",
    )  # fmt: skip
    if len(values) > 1:
        axes.plot([], [], color=FAINT, linewidth=0.5, label="run")
    _finish(axes, history, values, planted)
    power = scaled_y(axes) if axes.get_yscale() == "linear" else ""
    axes.set_ylabel(f"Loss{power}")


@styled
def draw_required(
    axes: Axes,
    required: "Sequence[RequiredHistory]",
    *,
    needed: tuple[float, float] | None = None,
    planted: float | None = None,
) -> None:
    """The loss of models that were trained on so much history, over the lowest of their family.

    A hollow point is a history that is clearly too short, the band a 95 % interval of the
    difference from the lowest. What the verdict calls needed is shaded.

    Args:
        axes: where; the axis of history is logarithmic.
        required: of every family.
        needed: from which to which history, s; nothing is shaded without.
        planted: the memory of a simulated fault, s.
    """
    axes.set_xlabel("History known in training (s)")
    axes.set_ylabel("Loss over the lowest of its family")
    shown = [one for one in required if np.isfinite(one.loss).all() and float(one.loss.min()) > 0]
    if not shown:
        say(axes, "no models were trained on less")
        return
    if needed is not None:
        axes.axvspan(*needed, color="#f3ead3", linewidth=0, zorder=0, label="needed")
    for one in shown:
        _draw_family(axes, one)
    if any(one.clearly_worse.any() for one in shown):
        axes.plot([], [], "o", color=INK, markerfacecolor="white", markersize=3.4,
                  markeredgewidth=0.7, label="clearly too short")  # fmt: skip
    history = np.concatenate([one.history for one in shown])
    ratios = np.concatenate([_ratios(one, end) for one in shown for end in ("loss", "low", "high")])
    _finish(axes, history, ratios, planted)


def _ratios(required: "RequiredHistory", end: str) -> Floats:
    """A loss, or an end of its interval, over the lowest; an end below one half is cut there."""
    lowest = float(required.loss.min())
    values = getattr(required, end) + (0.0 if end == "loss" else lowest)
    return np.maximum(values / lowest, 0.5)


def _draw_family(axes: Axes, required: "RequiredHistory") -> None:
    colour, marker = _FAMILY_INK.get(required.family, (INK, "D"))
    axes.fill_between(
        required.history, _ratios(required, "low"), _ratios(required, "high"), color=colour,
        alpha=0.18, linewidth=0, zorder=1.5,
    )  # fmt: skip
    ratio = _ratios(required, "loss")
    axes.plot(
        required.history, ratio, f"-{marker}", color=colour, linewidth=0.8, markersize=3.4,
        zorder=3,
        label=_FAMILY_WORDS.get(required.family, required.family),
    )  # fmt: skip
    short = required.clearly_worse
    axes.plot(
        required.history[short], ratio[short], marker, color=colour, markerfacecolor="white",
        markersize=3.4, markeredgewidth=0.7, zorder=4,
    )  # fmt: skip


def _finish(axes: Axes, history: Floats, values: Floats, planted: float | None) -> None:
    """Limits, scales, and the planted memory."""
    if planted is not None:
        axes.axvline(planted, **_PLANTED, label="planted memory")
    first, last = float(history.min()), float(history.max())
    axes.set_xlim(min(first, planted or np.inf) / 1.15, max(last, planted or 0.0) * 1.15)
    log_x(axes)
    least, greatest = float(np.nanmin(values)), float(np.nanmax(values))
    if is_wide(values):
        axes.set_ylim(least / 1.3, greatest * 1.3)
        log_y(axes)
        return
    margin = 0.08 * (greatest - least) or 0.05 * abs(greatest) or 1.0
    axes.set_ylim(least - margin, greatest + margin)
    few_ticks(axes, y=5)
