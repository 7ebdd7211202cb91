"""Interactive: figures that a reader may look into, as Plotly's own numbers and settings.

Only Plotly's JavaScript draws them, in the page, so no Python package is needed. Text in them is
our own: a name from a log is never given to Plotly, which reads text as markup.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from slicken.channels import SLIP, TIME
from slicken.evidence.window_comparison import WindowComparison
from slicken.reporting.figures.importance_course import Course
from slicken.reporting.figures.marks import is_wide, offsets
from slicken.reporting.figures.prediction import finite_runs
from slicken.reporting.figures.style import BLUE, FAINT, INK, VERMILLION
from slicken.reporting.figures.windows import LEAST_FOR_A_BOX
from slicken.reporting.plotted import (
    Settings,
    above,
    axes,
    band,
    driver_line,
    line,
    most_shown,
    numbers,
    places,
    points,
    points_in_each,
    rectangle,
    upright,
)

Floats = NDArray[np.float64]

BOXES = (
    "Lowest validation loss: quartiles and median of the runs (box), the last run within 1.5 "
    "interquartile ranges (whiskers), their mean (diamond); boxes where there are 3 runs or more."
)
BAND, EDGE, SPREAD = "#cfe3f0", "#5b9bc4", "#86bcdc"
CHOSEN, TIED = "#b9d7ea", "#e6eff6"


@dataclass(frozen=True)
class View:
    """One state of an interactive figure; a reader chooses among those of a figure.

    Args:
        names: of an experiment, of a measure; from a log perhaps, so shown as text only.
        traces: for Plotly.
        layout: for Plotly.
        note: what a reader has to know of the views; that of the first is shown.
    """

    names: tuple[str, ...]
    traces: list[Settings]
    layout: Settings = field(default_factory=dict)
    note: str = ""


def trace_views(predictions: xr.Dataset, half_width: Floats, interval: str) -> tuple[View, ...]:
    """Measured and predicted friction over time, a view for each experiment.

    Args:
        predictions: of one window length and part; see
            :func:`slicken.reporting.figures.prediction.draw_trace`.
        half_width: half the width of an interval around the mean over runs, friction, ``(N,)``.
        interval: what it is called.

    Returns:
        Of the first experiments, if there are more than a page can hold.
    """
    experiment = predictions["experiment"].to_numpy().astype(str)
    lines = 6  # two bands of two edges each, predicted and measured
    names, note = _first(_names(experiment), most_shown(lines))
    most = points_in_each(len(names) * lines)
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
                traces += band(time, mean - half, mean + half, BAND, interval, most, EDGE)
            if len(runs) > 1:
                traces += band(time, mean - spread, mean + spread, SPREAD, "one std of runs", most)
            traces.append(line(time, mean, BLUE, "predicted, mean of runs", most))
        traces.append(line(time, _floats(one["measured"]), INK, "measured", most))
        layout = _with_stages(one, time, TIME.label, "Friction")
        views.append(View((name,), traces, layout, note))
    return tuple(views)


def course_views(
    measures: Mapping[str, xr.DataArray], against: Course = "time"
) -> tuple[View, ...]:
    """Shares of the drivers over time or slip, a view for each experiment and measure.

    Args:
        measures: by title, dims ``(target, channel)``; see
            :func:`slicken.reporting.figures.importance_course.draw_over_time`.
        against: ``time`` in s, or ``slip`` in m.

    Returns:
        Of the first experiments, if there are more than a page can hold; none of an experiment
        whose slip is not known.
    """
    tables = {title: _known(table, against) for title, table in measures.items()}
    lines = sum(table.sizes["channel"] for table in tables.values())
    every = [name for table in tables.values() for name in _names(table["experiment"].to_numpy())]
    names, note = _first(list(dict.fromkeys(every)), most_shown(lines))
    most = points_in_each(len(names) * lines)
    return tuple(
        View((name, title), *_course(table, name, against, most), note)
        for name in names
        for title, table in tables.items()
    )


def _known(table: xr.DataArray, against: Course) -> xr.DataArray:
    return table.isel(target=np.flatnonzero(np.isfinite(_floats(table[against]))))


def _course(
    table: xr.DataArray, name: str, against: Course, most: int
) -> tuple[list[Settings], Settings]:
    """Lines and layout of one experiment."""
    here = np.flatnonzero(table["experiment"].to_numpy().astype(str) == name)
    order = here[np.argsort(_floats(table["time"])[here], kind="stable")]
    one = table.isel(target=order).transpose("target", "channel")
    position, clock = _floats(one[against]), _floats(one["time"])
    traces = [
        driver_line(position, _floats(one.sel(channel=channel)), str(channel), most, clock)
        for channel in one["channel"].to_numpy()
    ]
    label = (SLIP if against == "slip" else TIME).label
    layout = _with_stages(one, position, label, "Share")
    layout["yaxis"]["rangemode"] = "tozero"
    return traces, layout


def lag_views(measures: Mapping[str, xr.DataArray], planted: float | None) -> tuple[View, ...]:
    """Shares of the drivers over lags, a view for each measure.

    Args:
        measures: by title, dims ``(lag, channel)``, lag in s.
        planted: the memory of a simulated fault, s.
    """
    most = points_in_each(sum(table.sizes["channel"] for table in measures.values()))
    views = []
    for title, table in measures.items():
        one = table.sortby("lag").transpose("lag", "channel")
        lag = _floats(one["lag"])
        traces = [
            driver_line(lag, 100 * _floats(one.sel(channel=channel)), str(channel), most)
            for channel in one["channel"].to_numpy()
        ]
        layout = axes("Lag before the target time (s)", "Share (%)")
        layout["xaxis"]["autorange"] = "reversed"
        layout["yaxis"]["rangemode"] = "tozero"
        if planted:
            layout["shapes"] = [upright(planted)]
            layout["annotations"] = [above(planted, "planted")]
        views.append(View((title,), traces, layout))
    return tuple(views)


def comparison_views(
    comparison: WindowComparison,
    *,
    linear: xr.DataArray,
    best: float | None,
    tied: Sequence[float],
    planted: float | None,
) -> tuple[View, ...]:
    """Window lengths compared: the losses of runs, excess over the lowest mean, probability.

    Args:
        comparison: of the window lengths.
        linear: loss of a linear model at each, dim ``window``.
        best: the best length, s; None where none is.
        tied: lengths that tie with it, s.
        planted: the memory of a simulated fault, s.
    """
    seconds = comparison.windows
    told = comparison.table
    excess, low, high = (100 * _floats(told[f"excess{end}"]) for end in ("", "_low", "_high"))
    colours = [VERMILLION if s == best else BLUE for s in seconds]
    bars = points(seconds, excess, BLUE, "excess") | {
        "marker": {"color": colours, "size": 9, "symbol": "diamond"},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": numbers(high - excess),
            "arrayminus": numbers(excess - low),
            "color": FAINT,
        },
    }
    chances = {
        "type": "bar",
        "x": [f"{s:g}" for s in seconds],
        "y": numbers(_floats(comparison.probability_best)),
        "marker": {"color": colours},
        "name": "probability best",
        "showlegend": False,
    }
    window = "Window length (s)"
    shaded = _marked(seconds, best, tied, planted)
    bar = axes(window, "Probability of having the lowest mean")
    bar["xaxis"]["type"] = "category"
    return (
        View(("Lowest validation loss",), *_losses(comparison, linear, best, shaded), BOXES),
        View(("Excess over the lowest mean",), [bars],
             axes(window, "Excess over the lowest mean (%)") | shaded),
        View(("Probability of being best",), [chances], bar),
    )  # fmt: skip


def _losses(
    comparison: WindowComparison, linear: xr.DataArray, best: float | None, shaded: Settings
) -> tuple[list[Settings], Settings]:
    """Boxes of the runs with their points beside one another, means and a linear model."""
    seconds = comparison.windows
    losses = np.asarray(comparison.losses.transpose("window", "run").to_numpy(), dtype=np.float64)
    width = _width(seconds)
    line = points(seconds, _floats(linear), FAINT, "linear model") | {
        "mode": "lines",
        "line": {"color": FAINT, "width": 1.5, "dash": "dash"},
    }
    mean = points(seconds, comparison.means.to_numpy(), VERMILLION, "mean of runs") | {
        "mode": "lines+markers",
        "line": {"color": VERMILLION, "width": 2},
        "marker": {
            "color": VERMILLION,
            "size": [14 if s == best else 9 for s in seconds],
            "symbol": "diamond",
        },
        "customdata": [
            [f"{s:g}", *numbers(_quartiles(row))] for s, row in zip(seconds, losses, strict=True)
        ],
        "meta": {word: {"text": word} for word in ("mean", "median", "quartiles")},
        "hovertemplate": (
            "%{customdata[0]} s<br>%{meta.mean.text}: %{y}<br>"
            "%{meta.median.text}: %{customdata[2]}<br>"
            "%{meta.quartiles.text}: %{customdata[1]}, %{customdata[3]}<extra></extra>"
        ),
    }
    layout = axes("Window length (s)", "Lowest validation loss") | shaded
    layout["hovermode"] = "closest"
    if is_wide(losses):
        layout["yaxis"] |= {"type": "log", "dtick": "D2", "exponentformat": "power"}
    return [*_boxes(seconds, losses, width), _runs(seconds, losses, width), line, mean], layout


def _boxes(seconds: Floats, losses: Floats, width: float) -> list[Settings]:
    """Quartiles, median, and whiskers to the last run within 1.5 interquartile ranges.

    Given as numbers: by itself Plotly finds quartiles in another way than the still figure.
    """
    boxed = np.flatnonzero(np.isfinite(losses).sum(axis=1) >= LEAST_FOR_A_BOX)
    if not boxed.size:
        return []
    low, median, high = np.transpose([_quartiles(row) for row in losses[boxed]])
    reach = 1.5 * (high - low)[:, None]
    inside = (losses[boxed] >= low[:, None] - reach) & (losses[boxed] <= high[:, None] + reach)
    return [
        {
            "type": "box",
            "x": places(seconds[boxed]),
            "q1": numbers(low),
            "median": numbers(median),
            "q3": numbers(high),
            "lowerfence": numbers(np.where(inside, losses[boxed], np.inf).min(axis=1)),
            "upperfence": numbers(np.where(inside, losses[boxed], -np.inf).max(axis=1)),
            "width": width,
            "name": "quartiles of runs",
            "fillcolor": "#fff",
            "line": {"color": INK, "width": 1.2},
            "hoverinfo": "skip",  # Plotly would call the ends of the whiskers extremes
        }
    ]


def _quartiles(row: Floats) -> Floats:
    kept = row[np.isfinite(row)]
    return np.percentile(kept, [25, 50, 75]) if kept.size else np.full(3, np.nan)


def _runs(seconds: Floats, losses: Floats, width: float) -> Settings:
    """Every run as a point, moved aside; what is written when a reader points at it is true."""
    across = seconds[:, None] + offsets(losses.shape[1], 0.36 * width)
    told = [[f"{s:g}", run] for s in seconds for run in range(losses.shape[1])]
    return points(across.ravel(), losses.ravel(), BLUE, "a run") | {
        "customdata": told,
        "meta": {"text": "run"},
        "hovertemplate": "%{customdata[0]} s, %{meta.text} %{customdata[1]}: %{y}<extra></extra>",
    }


def _names(experiment: NDArray[np.str_]) -> list[str]:
    return list(dict.fromkeys(experiment.astype(str).tolist()))


def _first(names: list[str], most: int) -> tuple[list[str], str]:
    """The first names, and a note where others are left out."""
    if len(names) <= most:
        return names, ""
    return names[:most], f"The first {most} of {len(names)} experiments."


def _floats(values: xr.DataArray) -> Floats:
    return np.asarray(values.to_numpy(), dtype=np.float64)


def _with_stages(one: xr.Dataset | xr.DataArray, position: Floats, x: str, y: str) -> Settings:
    """Axes with every second stage shaded, and its normal stress above where there is room."""
    layout = axes(x, y)
    stage, stress = one["stage"].to_numpy(), _floats(one["normal_stress"])
    starts = np.flatnonzero(np.diff(stage, prepend=stage[:1] - 1))
    ends = np.append(starts[1:], stage.size)
    shapes, words = [], []
    for number, (start, end) in enumerate(
        (s, e) for s, e in zip(starts, ends, strict=True) if stage[s] >= 0
    ):
        left, right = position[start], position[min(end, position.size - 1)]
        if number % 2:
            shapes.append(rectangle(left, right))
        known = stress[start:end][np.isfinite(stress[start:end])]
        if known.size and right - left > 0.045 * (position[-1] - position[0]):
            words.append(above((left + right) / 2, f"{known.mean() / 1e6:.3g} MPa"))
    return layout | {"shapes": shapes, "annotations": words}


def _width(seconds: Floats) -> float:
    """Of a box, s: about half the least distance between neighbours."""
    return 0.55 * float(np.diff(seconds).min()) if seconds.size > 1 else 1.0


def _marked(
    seconds: Floats, best: float | None, tied: Sequence[float], planted: float | None
) -> Settings:
    """Shades at the best length and at those that tie with it, a line at the planted memory."""
    half = 0.85 * _width(seconds)
    marks = [("tied", length, TIED) for length in tied if length != best]
    if best is not None and seconds.size > 1:
        marks.insert(0, ("chosen", best, CHOSEN))
    first = {name: place for place, (name, _, _) in reversed(list(enumerate(marks)))}
    shapes = [
        rectangle(length - half, length + half, colour)
        | {"name": name, "showlegend": place == first[name]}
        for place, (name, length, colour) in enumerate(marks)
    ]
    if not planted or not seconds.min() <= planted <= seconds.max():
        return {"shapes": shapes}
    return {"shapes": [*shapes, upright(planted)], "annotations": [above(planted, "planted")]}
