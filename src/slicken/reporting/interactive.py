"""Interactive: friction traces and the window comparison, as Plotly's own settings.

They are built from the same data as the still figures; Plotly's JavaScript in the page draws them,
so no Python package is needed. Words are in both languages, as ``{"en": ..., "ja": ...}``; a name
from a log is never given to Plotly, which reads text as markup.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from slicken.channels import NORMAL_STRESS, TIME
from slicken.lengths import UNITS, StudyClock
from slicken.reporting.figures import comparison, traces, windows
from slicken.reporting.figures.marks import intervals, is_wide, offsets
from slicken.reporting.figures.style import (
    BEST,
    BLUE,
    FAINT,
    GREEN,
    INK,
    SHADE,
    TIED,
    VERMILLION,
    label_of,
)
from slicken.reporting.figures.thinning import banded, broken_at_jumps, decimated
from slicken.reporting.figures.traces import BAND, MEASURED, SPREAD, Trace, Traces
from slicken.reporting.figures.windows import LEAST_FOR_A_BOX, Losses, box_width
from slicken.reporting.wording import LANGUAGES, words
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.reporting.figures.comparison import Compared

Floats = NDArray[np.float64]
Settings = dict[str, Any]
Words = str | dict[str, str]

MOST_POINTS = 30_000
"""Points in one figure of a page, however many experiments share it: half a megabyte."""
MOST_IN_A_LINE = 3000
"""More points are finer than a screen."""
DIGITS = 5
"""Digits of a number in the page: more than a screen can show."""
EDGE = "#5b9bc4"


@dataclass(frozen=True)
class View:
    """One state of an interactive figure; a reader chooses among those of a figure.

    Args:
        names: Names of what is shown; from a log perhaps, so shown as text only.
        traces: Traces for Plotly.
        layout: Layout for Plotly.
        note: What a reader has to know of the views; that of the first is shown.
    """

    names: tuple[Words, ...]
    traces: list[Settings]
    layout: Settings = field(default_factory=dict)
    note: Statement | None = None


def views_of(evidence: "Evidence") -> dict[str, tuple[View, ...]]:
    """The views of each interactive figure, by its name."""
    shown = traces.data(evidence)
    return {
        comparison.NAME: comparison_views(
            windows.data(evidence), comparison.data(evidence), evidence.trained.plan.clock
        ),
        traces.NAME: trace_views(shown) if shown else (),
    }


def both(key: str, clock: StudyClock = "time", **values: object) -> Words:
    """Words in both languages; text where they are the same."""
    said: dict[str, str] = {lang: words(lang, clock)(key, **values) for lang in LANGUAGES}
    return said if len(set(said.values())) > 1 else said["en"]


def trace_views(data: Traces) -> tuple[View, ...]:
    """Measured and predicted friction over time, a view for each experiment."""
    lines = 6  # two bands of two edges each, predicted and measured
    most = min(MOST_IN_A_LINE, MOST_POINTS // (lines * len(data.shown)))
    note = None
    if data.others:
        note = Statement("labels.first_shown", n=len(data.shown), m=len(data.shown) + data.others)
    return tuple(_trace_view(one, data, most, note) for one in data.shown)


def _trace_view(one: Trace, data: Traces, most: int, note: Statement | None) -> View:
    drawn = []
    for half, colour, name, edge in (
        (one.half_width, BAND, both("labels.interval", level=data.level), EDGE),
        (one.spread, SPREAD, both("labels.std_of_runs"), ""),
    ):
        if np.isfinite(half).all() and half.max() > 0:
            drawn += _band(one.time, one.mean - half, one.mean + half, colour, name, most, edge)
    if np.isfinite(one.mean).any():
        drawn.append(_line(one.time, one.mean, BLUE, both("labels.predicted_mean"), most))
    drawn.append(_line(one.log_time, one.log_friction, MEASURED, both("labels.measured"), most))
    layout = _axes(_label(TIME.name), _label("friction", is_relative=data.is_relative))
    limits = traces.limits_beside([one.log_friction, one.mean], one.half_width)
    if limits is not None:
        layout["yaxis"]["range"] = list(limits)
    return View((one.name,), drawn, layout | _stages(one), note)


def _stages(one: Trace) -> Settings:
    """Every second stage shaded, and its normal stress above where there is room."""
    shapes, notes, time = [], [], one.log_time
    known = [span for span in intervals(one.stage) if one.stage[span[0]] >= 0]
    for number, (start, end) in enumerate(known):
        left, right = time[start], time[min(end, time.size - 1)]
        if number % 2:
            shapes.append(_rectangle(left, right))
        stress = one.stress[start:end][np.isfinite(one.stress[start:end])]
        if stress.size and right - left > 0.045 * (time[-1] - time[0]):
            shown = stress.mean() * NORMAL_STRESS.shown_per_unit
            notes.append(_above((left + right) / 2, f"{shown:.3g} {NORMAL_STRESS.shown_unit}"))
    return {"shapes": shapes, "annotations": notes}


def comparison_views(
    losses: Losses, compared: "Compared", clock: StudyClock = "time"
) -> tuple[View, ...]:
    """Window lengths compared: the losses of all runs, and the excess over the lowest mean."""
    table = compared.table
    seconds = losses.seconds
    excess, low, high = (
        100 * np.asarray(table[f"excess{end}"].to_numpy(), dtype=np.float64)
        for end in ("", "_low", "_high")
    )
    chance = np.asarray(table["probability_best"].to_numpy(), dtype=np.float64)
    bars = _points(seconds, excess, BLUE, both("labels.excess")) | {
        "marker": {
            "color": [VERMILLION if s == losses.best else BLUE for s in seconds],
            "size": 9,
            "symbol": "diamond",
        },
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": _numbers(high - excess),
            "arrayminus": _numbers(excess - low),
            "color": FAINT,
        },
        "customdata": [
            [f"{s:g}", *_numbers(one)] for s, one in zip(seconds, chance[:, None], strict=True)
        ],
        "meta": {"text": both("labels.probability_best")},
        "hovertemplate": (
            f"%{{customdata[0]}} {UNITS[clock]}: "
            "%{y} %<br>%{meta.text}: %{customdata[1]}<extra></extra>"
        ),
        "showlegend": False,
    }  # fmt: skip
    shaded = _marked(losses)
    layout = _axes(both("labels.window", clock), both("labels.excess")) | shaded
    layout["hovermode"] = "closest"
    return (
        View((both("figures.windows_title"),), *_losses(losses, shaded, clock),
             Statement("figures.windows_caption")),
        View((both("labels.excess_over_lowest"),), [bars], layout),
    )  # fmt: skip


def _losses(data: Losses, shaded: Settings, clock: StudyClock) -> tuple[list[Settings], Settings]:
    """Boxes of the runs with their points beside one another, means and the linear model."""
    seconds, values = data.seconds, data.values
    linear = _points(seconds, data.levels, FAINT, both("labels.linear_model")) | {
        "mode": "lines",
        "line": {"color": FAINT, "width": 1.5, "dash": "dash"},
    }
    means = np.asarray(data.losses.mean("run", skipna=True).to_numpy(), dtype=np.float64)
    mean = _points(seconds, means, VERMILLION, both("labels.mean_of_runs")) | {
        "mode": "lines+markers",
        "line": {"color": VERMILLION, "width": 2},
        "marker": {
            "color": VERMILLION,
            "size": [14 if s == data.best else 9 for s in seconds],
            "symbol": "diamond",
        },
        "customdata": [
            [f"{s:g}", *_numbers(_quartiles(row))] for s, row in zip(seconds, values, strict=True)
        ],
        "meta": {
            word: {"text": both(f"labels.{word}")} for word in ("mean", "median", "quartiles")
        },
        "hovertemplate": (
            f"%{{customdata[0]}} {UNITS[clock]}<br>"
            "%{meta.mean.text}: %{y}<br>"
            "%{meta.median.text}: %{customdata[2]}<br>"
            "%{meta.quartiles.text}: %{customdata[1]}, %{customdata[3]}<extra></extra>"
        ),
    }
    layout = _axes(both("labels.window"), both("labels.lowest_loss", unit="–")) | shaded
    layout["hovermode"] = "closest"
    if is_wide(values):
        layout["yaxis"] |= {"type": "log", "dtick": "D2", "exponentformat": "power"}
    return [*_boxes(data), _runs(data, UNITS[clock]), linear, mean], layout


def _boxes(data: Losses) -> list[Settings]:
    """Quartiles, median, and whiskers to the last run within 1.5 interquartile ranges.

    Given as numbers: by itself Plotly finds quartiles in another way than the still figure.
    """
    values = data.values
    boxed = np.flatnonzero(np.isfinite(values).sum(axis=1) >= LEAST_FOR_A_BOX)
    if not boxed.size:
        return []
    rows = values[boxed]
    low, median, high = np.transpose([_quartiles(row) for row in rows])
    reach = 1.5 * (high - low)[:, None]
    inside = (rows >= low[:, None] - reach) & (rows <= high[:, None] + reach)
    return [
        {
            "type": "box",
            "x": _places(data.seconds[boxed]),
            "q1": _numbers(low),
            "median": _numbers(median),
            "q3": _numbers(high),
            "lowerfence": _numbers(np.where(inside, rows, np.inf).min(axis=1)),
            "upperfence": _numbers(np.where(inside, rows, -np.inf).max(axis=1)),
            "width": box_width(data.seconds),
            "name": both("labels.quartiles_of_runs"),
            "fillcolor": "#fff",
            "line": {"color": INK, "width": 1.2},
            "hoverinfo": "skip",  # Plotly would call the ends of the whiskers extremes
        }
    ]


def _quartiles(row: Floats) -> Floats:
    kept = row[np.isfinite(row)]
    return np.percentile(kept, [25, 50, 75]) if kept.size else np.full(3, np.nan)


def _runs(data: Losses, unit: str) -> Settings:
    """Every run as a point, moved aside; what is written when a reader points at it is true."""
    seconds, values = data.seconds, data.values
    across = seconds[:, None] + offsets(values.shape[1], 0.36 * box_width(seconds))
    held = [[f"{s:g}", run] for s in seconds for run in range(values.shape[1])]
    return _points(across.ravel(), values.ravel(), BLUE, both("labels.run")) | {
        "customdata": held,
        "meta": {"text": both("labels.run_number")},
        "hovertemplate": (
            f"%{{customdata[0]}} {unit}, %{{meta.text}} %{{customdata[1]}}: %{{y}}<extra></extra>"
        ),
    }


def _marked(data: Losses) -> Settings:
    """Shades at the best length and at those not distinguishable from it; the planted memory."""
    seconds, half = data.seconds, 0.85 * box_width(data.seconds)
    marks = [("tied", length, TIED) for length in data.tied if length != data.best]
    if data.best is not None and seconds.size > 1:
        marks.insert(0, ("best", data.best, BEST))
    first = {name: place for place, (name, _, _) in reversed(list(enumerate(marks)))}
    shapes = [
        _rectangle(length - half, length + half, colour)
        | {"name": both(f"labels.{name}"), "showlegend": place == first[name]}
        for place, (name, length, colour) in enumerate(marks)
    ]
    planted = data.planted
    if not planted or not seconds.min() <= planted <= seconds.max():
        return {"shapes": shapes}
    upright = _rectangle(planted, planted) | {
        "type": "line",
        "line": {"color": GREEN, "width": 1.5},
    }
    words_above = [_above(planted, both("labels.planted_memory"))]
    return {"shapes": [*shapes, upright], "annotations": words_above}


def _label(channel: str, *, is_relative: bool = False) -> Words:
    return {
        language: label_of(channel, words(language, is_relative=is_relative))
        for language in LANGUAGES
    }


def _axes(x: Words, y: Words) -> Settings:
    return {"xaxis": {"title": {"text": x}}, "yaxis": {"title": {"text": y}}}


def _numbers(values: Floats) -> list[float | None]:
    """Numbers of a few digits; None where there is none, which Plotly leaves open."""
    return [float(f"{x:.{DIGITS}g}") if np.isfinite(x) else None for x in values.tolist()]


def _places(values: Floats) -> list[float]:
    """Times: to a thousandth, or to a hundred-thousandth of their span if that is finer."""
    span = float(np.ptp(values)) if values.size else 0.0
    digits = max(3, DIGITS - math.floor(math.log10(span))) if span > 0 else 3
    rounded = (round(x, digits) for x in values.tolist())
    return [int(x) if x.is_integer() else x for x in rounded]


def _points(x: Floats, y: Floats, colour: str, name: Words) -> Settings:
    return {
        "type": "scatter", "mode": "markers", "x": _places(x), "y": _numbers(y), "name": name,
        "marker": {"color": colour, "size": 6, "opacity": 0.7},
    }  # fmt: skip


def _line(time: Floats, values: Floats, colour: str, name: Words, most: int) -> Settings:
    """A line of at most this many points, with its extremes kept; broken where time jumps."""
    where, what = broken_at_jumps(time, values)
    x, y = _fitted(lambda bins: decimated(where, what, bins), most)
    return {
        "type": "scatter", "mode": "lines", "x": _places(x), "y": _numbers(y), "name": name,
        "line": {"color": colour, "width": 1.5},
    }  # fmt: skip


def _band(
    time: Floats, lower: Floats, upper: Floats, colour: str, name: Words, most: int, edge: str
) -> list[Settings]:
    """A band between two lines of at most this many points each, which are seen if ``edge`` is."""

    def thin(bins: int) -> tuple[Floats, ...]:
        where, low, high = banded(time, lower, upper, bins)
        x, low = broken_at_jumps(where, low)
        return x, low, broken_at_jumps(where, high)[1]

    x, low, high = _fitted(thin, most)
    drawn = {"width": 0.8, "color": edge} if edge else {"width": 0}
    shared = {
        "type": "scatter", "mode": "lines", "x": _places(x), "line": drawn, "hoverinfo": "skip",
    }  # fmt: skip
    return [
        {**shared, "y": _numbers(low), "showlegend": False},
        {**shared, "y": _numbers(high), "fill": "tonexty", "fillcolor": colour, "name": name},
    ]


def _fitted(thin: Callable[[int], tuple[Floats, ...]], most: int) -> tuple[Floats, ...]:
    """The finest curve of at most this many points; gaps take points too, so bins are tried."""
    bins = most // 2
    while (found := thin(bins))[0].size > most:
        bins = 4 * bins // 5
    return found


def _rectangle(left: float, right: float, colour: str = SHADE) -> Settings:
    """A shade from one place to another, over the whole height."""
    return {
        "type": "rect", "xref": "x", "yref": "paper", "x0": float(f"{left:.8g}"),
        "x1": float(f"{right:.8g}"), "y0": 0, "y1": 1, "fillcolor": colour,
        "line": {"width": 0}, "layer": "below",
    }  # fmt: skip


def _above(place: float, text: Words) -> Settings:
    """Words above the axes."""
    return {
        "x": float(f"{place:.8g}"), "y": 1, "xref": "x", "yref": "paper",
        "yanchor": "bottom", "text": text, "showarrow": False, "font": {"size": 11},
    }  # fmt: skip
