"""Interactive: figures that a reader may look into, as Plotly's own numbers and settings.

Only Plotly's JavaScript draws them, in the page, so no Python package is needed. Text in them is
our own: a name from a log is never given to Plotly, which reads text as markup.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from slicken.evidence.contest import Contest
from slicken.figures.prediction import finite_runs
from slicken.figures.style import BLUE, FAINT, GREEN, INK, SHADE, VERMILLION, ink, title_of
from slicken.figures.thinning import banded, broken_at_jumps, thinned

Floats = NDArray[np.float64]

MOST_POINTS = 60_000
"""Samples in one figure of a page, however many experiments share it."""
LEAST_BINS, MOST_BINS = 60, 1000
"""Bins of a trace: a wide screen has some 2000 dots."""
DIGITS = 5
"""Of a number in the page: more than a screen can show."""
BAND, SPREAD = "#cfe3f0", "#86bcdc"
_DASHES = {"slip_velocity": "solid", "temperature_rate": "dash", "axial_rate": "dash"}


@dataclass(frozen=True)
class View:
    """One state of an interactive figure; a reader chooses among those of a figure.

    Args:
        names: of an experiment, of a measure; from a log perhaps, so shown as text only.
        traces: for Plotly.
        layout: for Plotly.
    """

    names: tuple[str, ...]
    traces: list[dict[str, Any]]
    layout: dict[str, Any] = field(default_factory=dict)


def trace_views(predictions: xr.Dataset, half_width: Floats, interval: str) -> tuple[View, ...]:
    """Measured and predicted friction over time, a view for each experiment.

    Args:
        predictions: of one window length and part; see
            :func:`slicken.figures.prediction.draw_trace`.
        half_width: half the width of an interval around the mean over runs, friction, ``(N,)``.
        interval: what it is called.
    """
    experiment = predictions["experiment"].to_numpy().astype(str)
    names = list(dict.fromkeys(experiment.tolist()))
    bins = _bins(len(names) * 4)
    views = []
    for name in names:
        here = np.flatnonzero(experiment == name)
        order = here[np.argsort(predictions["time"].to_numpy()[here], kind="stable")]
        one = predictions.isel(target=order)
        time = _floats(one["time"])
        runs = finite_runs(one)
        traces = []
        if len(runs):
            mean, spread = runs.mean(axis=0), runs.std(axis=0)
            half = half_width[order]
            if np.isfinite(half).all():
                traces += _band(time, mean - half, mean + half, BAND, interval, bins)
            if len(runs) > 1:
                traces += _band(time, mean - spread, mean + spread, SPREAD, "one std of runs", bins)
            traces.append(_line(time, mean, BLUE, "predicted, mean of runs", bins))
        traces.append(_line(time, _floats(one["measured"]), INK, "measured", bins))
        views.append(View((name,), traces, _over_time(one, time, "Time (s)", "Friction")))
    return tuple(views)


def course_views(measures: Mapping[str, xr.DataArray]) -> tuple[View, ...]:
    """Shares of the drivers over time, a view for each experiment and measure.

    Args:
        measures: by title, dims ``(target, channel)``; see
            :func:`slicken.figures.importance_course.draw_over_time`.
    """
    first = next(iter(measures.values()))
    names = list(dict.fromkeys(first["experiment"].to_numpy().astype(str).tolist()))
    bins = _bins(len(names) * sum(table.sizes["channel"] for table in measures.values()))
    views = []
    for name in names:
        for title, table in measures.items():
            here = np.flatnonzero(table["experiment"].to_numpy().astype(str) == name)
            order = here[np.argsort(table["time"].to_numpy()[here], kind="stable")]
            one = table.isel(target=order).transpose("target", "channel")
            time = _floats(one["time"])
            traces = [
                _driver_line(time, _floats(one.sel(channel=channel)), str(channel), bins)
                for channel in one["channel"].to_numpy()
            ]
            layout = _over_time(one, time, "Time (s)", "Share")
            layout["yaxis"]["rangemode"] = "tozero"
            views.append(View((name, title), traces, layout))
    return tuple(views)


def lag_views(measures: Mapping[str, xr.DataArray], planted: float | None) -> tuple[View, ...]:
    """Shares of the drivers over lags, a view for each measure.

    Args:
        measures: by title, dims ``(lag, channel)``, lag in s.
        planted: the memory of a simulated fault, s.
    """
    bins = _bins(sum(table.sizes["channel"] for table in measures.values()))
    views = []
    for title, table in measures.items():
        one = table.sortby("lag").transpose("lag", "channel")
        lag = _floats(one["lag"])
        traces = [
            _driver_line(lag, _floats(one.sel(channel=channel)), str(channel), bins)
            for channel in one["channel"].to_numpy()
        ]
        layout = _axes("Lag before the target time (s)", "Share")
        layout["xaxis"]["autorange"] = "reversed"
        layout["yaxis"]["rangemode"] = "tozero"
        if planted:
            layout["shapes"] = [_upright(planted)]
            layout["annotations"] = [_above(planted, "planted")]
        views.append(View((title,), traces, layout))
    return tuple(views)


def contest_views(
    contest: Contest,
    *,
    linear: xr.DataArray,
    best: float | None,
    tied: Sequence[float],
    planted: float | None,
) -> tuple[View, ...]:
    """Window lengths compared: the losses of runs, excess over the lowest mean, probability.

    Args:
        contest: of the window lengths.
        linear: loss of a linear model at each, dim ``window``.
        best: the best length, s; None where none is.
        tied: lengths that tie with it, s.
        planted: the memory of a simulated fault, s.
    """
    seconds = contest.windows
    losses = contest.losses.transpose("run", "window").to_numpy()
    runs = [_points(seconds, row, BLUE, "a run", number == 0) for number, row in enumerate(losses)]
    means = contest.means.to_numpy()
    colours = [VERMILLION if s == best else BLUE for s in seconds]
    sizes = [14 if s == best else 9 for s in seconds]
    mean = _points(seconds, means, VERMILLION, "mean of runs", True) | {
        "mode": "lines+markers",
        "line": {"color": VERMILLION, "width": 2},
        "marker": {"color": VERMILLION, "size": sizes, "symbol": "diamond"},
    }
    line = _points(seconds, _floats(linear), FAINT, "linear model", True) | {
        "mode": "lines",
        "line": {"color": FAINT, "width": 1.5, "dash": "dash"},
    }
    told = contest.comparison
    excess = [100 * _floats(told[f"excess{end}"]) for end in ("", "_low", "_high")]
    bars = _points(seconds, excess[0], BLUE, "excess", True) | {
        "mode": "markers",
        "marker": {"color": colours, "size": 9, "symbol": "diamond"},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": _short(excess[2] - excess[0]),
            "arrayminus": _short(excess[0] - excess[1]),
            "color": FAINT,
        },
    }
    chances = {
        "type": "bar",
        "x": [f"{s:g}" for s in seconds],
        "y": _short(_floats(contest.probability_best)),
        "marker": {"color": colours},
        "name": "probability best",
        "showlegend": False,
    }
    window = "Window length (s)"
    shaded = _shaded(seconds, tied, planted)
    bar = _axes(window, "Probability of having the lowest mean")
    bar["xaxis"]["type"] = "category"
    return (
        View(("Lowest validation loss",), [*runs, line, mean],
             _axes(window, "Lowest validation loss") | shaded),
        View(("Excess over the lowest mean",), [bars],
             _axes(window, "Excess over the lowest mean (%)") | shaded),
        View(("Probability of being best",), [chances], bar),
    )  # fmt: skip


def _bins(traces: int) -> int:
    return int(np.clip(MOST_POINTS / (2 * max(traces, 1)), LEAST_BINS, MOST_BINS))


def _floats(values: xr.DataArray) -> Floats:
    return np.asarray(values.to_numpy(), dtype=np.float64)


def _short(values: Floats) -> list[float | None]:
    """Numbers of so many digits; None where there is none, which Plotly leaves open."""
    return [float(f"{x:.{DIGITS}g}") if np.isfinite(x) else None for x in values.tolist()]


def _places(values: Floats) -> list[float]:
    """Times keep their own digits: seconds to a thousandth."""
    return [round(x, 3) for x in values.tolist()]


def _line(position: Floats, values: Floats, colour: str, name: str, bins: int) -> dict[str, Any]:
    x, y = broken_at_jumps(*thinned(position, values, bins))
    return {
        "type": "scatter",
        "mode": "lines",
        "x": _places(x),
        "y": _short(y),
        "name": name,
        "line": {"color": colour, "width": 1.5},
    }


def _driver_line(position: Floats, values: Floats, channel: str, bins: int) -> dict[str, Any]:
    line = _line(position, values, ink(channel).colour, title_of(channel), bins)
    line["line"]["dash"] = _DASHES.get(channel, "solid")
    return line


def _band(
    position: Floats, lower: Floats, upper: Floats, colour: str, name: str, bins: int
) -> list[dict[str, Any]]:
    where, low, high = banded(position, lower, upper, bins)
    x, low = broken_at_jumps(where, low)
    _, high = broken_at_jumps(where, high)
    edge = {"type": "scatter", "mode": "lines", "x": _places(x), "line": {"width": 0}}
    return [
        {**edge, "y": _short(low), "showlegend": False, "hoverinfo": "skip"},
        {
            **edge,
            "y": _short(high),
            "fill": "tonexty",
            "fillcolor": colour,
            "name": name,
            "hoverinfo": "skip",
        },
    ]


def _points(x: Floats, y: Floats, colour: str, name: str, legend: bool) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": _places(x),
        "y": _short(y),
        "name": name,
        "showlegend": legend,
        "marker": {"color": colour, "size": 6, "opacity": 0.7},
    }


def _axes(x: str, y: str) -> dict[str, Any]:
    return {"xaxis": {"title": {"text": x}}, "yaxis": {"title": {"text": y}}}


def _over_time(one: xr.Dataset | xr.DataArray, time: Floats, x: str, y: str) -> dict[str, Any]:
    """Axes with every second stage shaded, and its normal stress above where there is room."""
    layout = _axes(x, y)
    stage, stress = one["stage"].to_numpy(), _floats(one["normal_stress"])
    starts = np.flatnonzero(np.diff(stage, prepend=stage[:1] - 1))
    ends = np.append(starts[1:], stage.size)
    shapes, words = [], []
    for number, (start, end) in enumerate(
        (s, e) for s, e in zip(starts, ends, strict=True) if stage[s] >= 0
    ):
        left, right = time[start], time[min(end, time.size - 1)]
        if number % 2:
            shapes.append(_rectangle(left, right, SHADE))
        known = stress[start:end][np.isfinite(stress[start:end])]
        if known.size and right - left > 0.045 * (time[-1] - time[0]):
            words.append(_above((left + right) / 2, f"{known.mean() / 1e6:.2g} MPa"))
    return layout | {"shapes": shapes, "annotations": words}


def _shaded(seconds: Floats, tied: Sequence[float], planted: float | None) -> dict[str, Any]:
    shapes, words = [], []
    if len(tied) > 1:
        shapes.append(_rectangle(min(tied), max(tied), SHADE))
        words.append(_above((min(tied) + max(tied)) / 2, "tie"))
    if planted and seconds.min() <= planted <= seconds.max():
        shapes.append(_upright(planted))
        words.append(_above(planted, "planted"))
    return {"shapes": shapes, "annotations": words}


def _rectangle(left: float, right: float, colour: str) -> dict[str, Any]:
    return {
        "type": "rect", "xref": "x", "yref": "paper", "x0": round(float(left), 3),
        "x1": round(float(right), 3), "y0": 0, "y1": 1, "fillcolor": colour,
        "line": {"width": 0}, "layer": "below",
    }  # fmt: skip


def _upright(place: float) -> dict[str, Any]:
    return {
        "type": "line", "xref": "x", "yref": "paper", "x0": place, "x1": place, "y0": 0, "y1": 1,
        "line": {"color": GREEN, "width": 1.5},
    }  # fmt: skip


def _above(place: float, text: str) -> dict[str, Any]:
    return {
        "x": round(float(place), 3), "y": 1, "xref": "x", "yref": "paper", "yanchor": "bottom",
        "text": text, "showarrow": False, "font": {"size": 11},
    }  # fmt: skip
