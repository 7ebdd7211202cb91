"""The catalogue: whole figures, each from results to a page, with widths, titles and letters."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from slicken.channels import CHANNELS, NORMAL_STRESS
from slicken.experiment.experiment import Experiment
from slicken.logs.finding import Finding
from slicken.reporting.figures.experiments import draw_brief, draw_channel, load_of, shown_channels
from slicken.reporting.figures.importance import (
    Against,
    draw_by_run_and_stage,
    draw_ranked,
    highest_share,
)
from slicken.reporting.figures.importance_course import Course, draw_by_lag, draw_over_time
from slicken.reporting.figures.marks import (
    finding_lines,
    hide_after,
    mark_findings,
    percent,
    rows_for,
    say,
)
from slicken.reporting.figures.prediction import (
    NOTHING,
    draw_scatter,
    draw_trace,
    friction_limits,
    share_within,
)
from slicken.reporting.figures.style import (
    GREEN,
    WIDTHS_MM,
    Width,
    letter_panels,
    letters_in,
    new_figure,
    plain,
    styled,
)
from slicken.reporting.figures.training import draw_learning_curves
from slicken.reporting.figures.windows import draw_window_curve

if TYPE_CHECKING:
    import xarray as xr

    Shares = xr.DataArray | Mapping[str, xr.DataArray]

Floats = NDArray[np.float64]

MOST_PANELS = 7
"""Experiments shown below one another on a page; more would be too small to read."""


MOST_EXPERIMENTS = 24
"""Experiments of an overview on one page, over two columns; half of them in one."""

_LEGEND_MM = 42.0
"""Room for the longest entry of a legend below a figure."""


@styled
def window_figure(
    losses: "xr.DataArray",
    *,
    best: float | None = None,
    tied: Sequence[float] = (),
    floor: float | None = None,
    planted: float | None = None,
    linear: "float | xr.DataArray | None" = None,
    training_mean: float | None = None,
    width: Width = "single",
) -> Figure:
    """Lowest validation loss against window length; see :func:`draw_window_curve`."""
    figure, (axes,) = new_figure(width=width, height_mm=72)
    draw_window_curve(
        axes, losses, best=best, tied=tied, floor=floor, planted=planted, linear=linear,
        training_mean=training_mean,
    )  # fmt: skip
    return figure


@styled
def prediction_figure(
    predictions: "Mapping[float, tuple[xr.Dataset | None, xr.Dataset | None]]",
    *,
    width: Width = "double",
) -> Figure:
    """Predicted against measured friction for each window length, validation and test.

    All panels share their limits. Lengths stand below one another, two in a row over two columns.

    Args:
        predictions: window length in s to its validation and test predictions; None for a part
            that is not there.
        width: one column of a page or two.
    """
    blocks = 2 if width == "double" and len(predictions) > 1 else 1
    rows = rows_for(len(predictions), blocks)
    present = [part for pair in predictions.values() for part in pair if part is not None]
    limits = friction_limits(present)
    figure, panels = new_figure(
        width=width,
        height_mm=14 + (92 if width == "double" and blocks == 1 else 43) * rows,
        rows=rows,
        columns=2 * blocks,
    )
    titles = []
    for (length, pair), first in zip(predictions.items(), range(0, len(panels), 2), strict=False):
        for side, (part, name) in enumerate(zip(pair, ("validation", "test"), strict=True)):
            _draw_part(panels[first + side], part, limits)
            titles.append(f"{length:g} s, {name}")
            if first + side + 2 * blocks < 2 * len(predictions):
                panels[first + side].set_xlabel("")
            if (first + side) % (2 * blocks):
                panels[first + side].set_ylabel("")
    _legend_below(figure, panels[0])
    hide_after(panels, len(titles))
    letter_panels(panels[: len(titles)], titles)
    return figure


def _draw_part(axes: Axes, part: "xr.Dataset | None", limits: tuple[float, float]) -> None:
    if part is not None:
        draw_scatter(axes, part, limits=limits)
        return
    axes.set_box_aspect(1)
    say(axes, NOTHING)


@styled
def trace_figure(
    predictions: "xr.Dataset",
    experiments: Sequence[str] | None = None,
    *,
    half_width: Floats | None = None,
    interval: str = "interval",
    width: Width = "double",
) -> Figure:
    """Measured and predicted friction in time, a panel for each experiment.

    Args:
        predictions: of one window length and part; see :func:`draw_scatter`.
        experiments: which, by name; the first seven of the part if None.
        half_width: half the width of an interval around the mean over runs, friction, shape
            ``(N,)``; how much of each experiment lies within is said above its panel.
        interval: what it is called.
        width: one column of a page or two.
    """
    names = _chosen(predictions["experiment"].to_numpy(), experiments)
    rows = max(len(names), 1)
    height = 16 + rows * (34 if rows < 5 else 30)
    figure, panels = new_figure(width=width, height_mm=height, rows=rows)
    if not names:
        say(panels[0], NOTHING)
    experiment = predictions["experiment"].to_numpy().astype(str)
    titles = []
    for name, axes in zip(names, panels, strict=False):
        chosen = np.flatnonzero(experiment == name)
        one = predictions.isel(target=chosen)
        half = None if half_width is None else half_width[chosen]
        draw_trace(axes, one, half_width=half, interval=interval, label=False)
        if name != names[-1]:
            axes.set_xlabel("")
        within = float("nan") if half is None else share_within(one, half)
        says = f", {percent(within)} within the {interval}" if np.isfinite(within) else ""
        titles.append(plain(name) + says)
    if names and experiments is None:
        _tell_others(panels[-1], predictions, names)
    _legend_below(figure, panels[0])
    letter_panels(panels[: len(names)], titles, room=_letters_in(width, 1))
    _lift_titles(panels)
    return figure


@styled
def stage_importance_figure(
    shares_by_stage: "Shares", *, against: Against = "stage", width: Width = "double"
) -> Figure:
    """Importance for every run and stage: a row for each driver, a column for each measure.

    Measures stand below one another on a single column.

    Args:
        shares_by_stage: see :func:`draw_by_run_and_stage`; or several such arrays by title, as
            for |dLoss/dx| and |dfriction/dx|.
        against: ``stage``, or ``normal_stress`` for an axis in MPa.
        width: one column of a page or two.
    """
    measures = _by_title(shares_by_stage)
    channels = [str(name) for name in next(iter(measures.values()))["channel"].to_numpy()]
    across = len(measures) if width == "double" else 1
    rows = len(channels) * len(measures) // across
    figure, panels = new_figure(
        width=width, height_mm=18 + (25 if width == "double" else 16) * rows, rows=rows,
        columns=across, share_x="col",
    )  # fmt: skip
    top = highest_share(list(measures.values()))
    for number, (title, shares) in enumerate(measures.items()):
        block, column = divmod(number, across)
        own = panels[block * len(channels) * across + column :: across][: len(channels)]
        for axes, channel in zip(own, channels, strict=True):
            draw_by_run_and_stage(
                axes, shares, channel, against=against, top=top, name_experiments=axes is own[0]
            )
            if axes not in panels[-across:]:
                axes.set_xlabel("")
            if column:
                axes.set_ylabel("")
            elif across == 1:  # rows are too low for words along the axis
                axes.set_ylabel(axes.get_ylabel(), rotation=0, ha="right", va="center")
        letter = f"({chr(97 + number)})  " if len(measures) > 1 else ""
        own[0].set_title(f"{letter}{plain(title)}", pad=10)
    figure.align_ylabels(panels)
    figure.supylabel("Share of the gradient", fontsize=7)
    return figure


@styled
def ranked_importance_figure(shares_by_run: "Shares", *, width: Width = "double") -> Figure:
    """Mean importance with ranks; a panel for each measure. See :func:`draw_ranked`.

    Args:
        shares_by_run: dims ``(run, channel)``, or several such arrays by title.
        width: one column of a page or two.
    """
    measures = _by_title(shares_by_run)
    drivers = max(shares.sizes["channel"] for shares in measures.values())
    columns = len(measures) if width == "double" else 1
    rows = rows_for(len(measures), columns)
    figure, panels = new_figure(
        width=width, height_mm=rows * (16 + 9.5 * drivers), rows=rows, columns=columns
    )
    for axes, shares in zip(panels, measures.values(), strict=True):
        draw_ranked(axes, shares)
    letter_panels(panels, list(measures))
    return figure


@styled
def importance_over_time_figure(
    shares_over_time: "Shares",
    *,
    experiments: Sequence[str] | None = None,
    against: Course = "time",
    width: Width = "double",
) -> Figure:
    """Importance over time or slip: a row for each experiment, a column for each measure.

    On a single column the measures of an experiment stand below one another.

    Args:
        shares_over_time: see :func:`draw_over_time`; or several such arrays by title.
        experiments: which, by name; those that fit a page if None, seven at most.
        against: ``time`` or ``slip``.
        width: one column of a page or two.
    """
    measures = _by_title(shares_over_time)
    wide = width == "double"
    fit = MOST_PANELS if wide else max(MOST_PANELS // len(measures), 1)
    names = _chosen(next(iter(measures.values()))["experiment"].to_numpy(), experiments, fit)
    across = len(measures) if wide else 1
    rows = max(len(names), 1) * len(measures) // across
    height = 12 + rows * (52 if rows == 1 else 40 if rows < 5 else 31)
    figure, panels = new_figure(
        width=width, height_mm=height, rows=rows, columns=across, share_y=True
    )
    titles = [f"{name}, {title}".strip(", ") for name in names or [""] for title in measures]
    top = highest_share(list(measures.values()))
    for number, axes in enumerate(panels):
        if not names:
            say(axes, NOTHING)
            continue
        place, measure = divmod(number, len(measures))
        shares = list(measures.values())[measure]
        here = np.flatnonzero(shares["experiment"].to_numpy().astype(str) == names[place])
        named = wide and measure == len(measures) - 1
        draw_over_time(axes, shares.isel(target=here), against=against, top=top, named=named)
        axes.set_xlabel(axes.get_xlabel() if number >= len(panels) - across else "")
        axes.set_ylabel("" if number % across else "Share")
    if names and experiments is None:
        _tell_others(panels[-across], next(iter(measures.values())), names)
    if not wide:
        _legend_below(figure, panels[0])
    letter_panels(panels, titles, room=_letters_in(width, across))
    _lift_titles(panels)
    return figure


@styled
def importance_by_lag_figure(
    share_by_lag: "Shares", *, planted: float | None = None, width: Width = "double"
) -> Figure:
    """Importance against lag; a panel for each measure or window. See :func:`draw_by_lag`.

    Args:
        share_by_lag: dims ``(lag, channel)``, or several such arrays by title.
        planted: the memory of a simulated fault, s.
        width: one column of a page or two.
    """
    measures = _by_title(share_by_lag)
    wide = width == "double"
    columns = min(len(measures), 2) if wide else 1
    rows = rows_for(len(measures), columns)
    figure, panels = new_figure(width=width, height_mm=8 + 52 * rows, rows=rows, columns=columns)
    for number, (axes, shares) in enumerate(zip(panels, measures.values(), strict=False)):
        last = number % columns == columns - 1 or number == len(measures) - 1
        draw_by_lag(axes, shares, planted=planted, named=wide and last)
        axes.set_xlabel(axes.get_xlabel() if number + columns >= len(measures) else "")
    if not wide:
        _legend_below(figure, panels[0])
    hide_after(panels, len(measures))
    letter_panels(panels[: len(measures)], list(measures))
    _lift_titles(panels)
    return figure


@styled
def learning_curves_figure(
    histories: "Mapping[float, xr.Dataset]", *, width: Width = "double"
) -> Figure:
    """Learning curves, a panel for each window length, on one loss axis.

    Args:
        histories: window length in s to its history; see :func:`draw_learning_curves`.
        width: one column of a page or two.
    """
    columns = max(min(len(histories), 5 if width == "double" else 2), 1)
    rows = rows_for(len(histories), columns)
    figure, panels = new_figure(
        width=width,
        height_mm=10 + (46 if columns > 1 else 62) * rows,
        rows=rows,
        columns=columns,
        share_y=True,
    )
    for number, (axes, history) in enumerate(zip(panels, histories.values(), strict=False)):
        draw_learning_curves(axes, history, label=False)
        axes.set_ylabel("" if number % columns else "Loss")
        axes.set_xlabel("" if number + columns < len(histories) else "Epoch")
    _share_limits(panels[: len(histories)])
    hide_after(panels, len(histories))
    _legend_below(figure, panels[0])
    letter_panels(panels[: len(histories)], [f"{length:g} s" for length in histories])
    return figure


@styled
def experiment_figure(
    experiment: Experiment,
    *,
    findings: Sequence[Finding] = (),
    steady: tuple[float, float] | None = None,
    width: Width = "double",
) -> Figure:
    """One experiment: a panel for each channel below one another, friction on top.

    Stages are shaded in turn. A finding that has a time is a numbered line across every panel and
    is listed below; an interval of steady sliding is a green bar along the foot of every panel.

    Args:
        experiment: what was measured.
        findings: what to mark.
        steady: start and end of steady sliding, s.
        width: one column of a page or two.
    """
    names = shown_channels(experiment)
    notes = finding_lines([each for each in findings if each.time is not None])
    if steady is not None:
        notes.append(f"green bar: steady sliding, from {steady[0]:g} to {steady[1]:g} s")
    height = 14 + 21 * len(names) + 3.2 * len(notes)
    figure, panels = new_figure(width=width, height_mm=height, rows=len(names), share_x="all")
    for axes, name in zip(panels, names, strict=True):
        draw_channel(axes, experiment, name)
        axes.set_xlabel("")
        mark_findings(axes, findings, numbered=axes is panels[0])
        if steady is not None:
            axes.axvspan(*steady, ymin=-0.05, ymax=0.0, color=GREEN, linewidth=0, clip_on=False)
    panels[-1].set_xlabel("Time (s)")
    if notes:
        figure.supxlabel("\n".join(notes), x=0.01, ha="left", fontsize=6.5)
    letter_panels(panels, [CHANNELS[name].label for name in names])
    figure.suptitle(plain(experiment.name, 110), x=0.01, ha="left")
    return figure


@styled
def experiments_figure(experiments: Sequence[Experiment], *, width: Width = "double") -> Figure:
    """Many experiments at a glance: friction and normal stress of each.

    Args:
        experiments: in the order in which they are drawn.
        width: one column of a page or two.
    """
    wide = width == "double"
    shown = experiments[: MOST_EXPERIMENTS if wide else MOST_EXPERIMENTS // 2]
    columns = {0: 1, 1: 1, 2: 2, 4: 2}.get(len(shown), 3 if len(shown) <= 18 else 4)
    columns = columns if wide else min(columns, 2)
    rows = rows_for(len(shown), columns)
    figure, panels = new_figure(
        width=width, height_mm=10 + rows * 38,
        rows=2 * rows, columns=columns, height_ratios=[2.0, 1.1] * rows,
    )  # fmt: skip
    tops = []
    for number in range(rows * columns):
        row, column = divmod(number, columns)
        pair = panels[2 * row * columns + column], panels[(2 * row + 1) * columns + column]
        if number >= len(shown):
            hide_after(pair, 0)
            continue
        draw_brief(*pair, shown[number])
        pair[0].set_ylabel("" if column else "Friction")
        load = load_of(shown[number]) or NORMAL_STRESS
        same = column and load == (load_of(shown[number - column]) or NORMAL_STRESS)
        pair[1].set_ylabel("" if same else f"{load.symbol} ({load.shown_unit})")
        pair[1].set_xlabel("")
        tops.append(pair[0])
    figure.align_ylabels(panels)
    names = [experiment.name for experiment in shown]
    letter_panels(tops, names, room=_letters_in(width, columns))
    more = len(experiments) - len(shown)
    figure.supxlabel("Time (s)" + (f"; {more} more experiments are not shown" if more else ""))
    return figure


def _by_title(shares: "Shares") -> "Mapping[str, xr.DataArray]":
    return shares if isinstance(shares, Mapping) else {"": shares}


def _chosen(
    names: "np.ndarray[tuple[int, ...], np.dtype[np.str_]]",
    wanted: Sequence[str] | None,
    fit: int = MOST_PANELS,
) -> list[str]:
    """Names in the order of their first target; those wanted, or the first that fit a page."""
    order = list(dict.fromkeys(str(name) for name in names))
    if wanted is None:
        return order[:fit]
    return [name for name in wanted if name in order]


def _tell_others(
    axes: Axes, predictions: "xr.Dataset | xr.DataArray", shown: Sequence[str]
) -> None:
    """Say below the last panel how many experiments have no panel."""
    others = len({str(name) for name in predictions["experiment"].to_numpy()} - {*shown})
    if others:
        axes.set_xlabel(f"{axes.get_xlabel()}; {others} more experiments are not shown")


def _letters_in(width: Width, columns: int) -> int:
    """Letters of a title above one of this many panels that stand side by side."""
    return letters_in((WIDTHS_MM[width] - 18) / columns)


def _lift_titles(panels: Sequence[Axes]) -> None:
    """Raise titles above what is written on the upper edge of the axes."""
    for axes in panels:
        title = axes.get_title(loc="left")
        axes.set_title(title, pad=10)


def _share_limits(panels: Sequence[Axes]) -> None:
    """One y range for all: the least and the greatest that any panel asks for."""
    asked = [axes.get_ylim() for axes in panels if axes.lines]
    if asked:
        for axes in panels:
            axes.set_ylim(min(low for low, _ in asked), max(high for _, high in asked))


def _legend_below(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        room = int(figure.get_figwidth() * 25.4 / _LEGEND_MM)
        figure.legend(handles, labels, loc="outside lower left", ncols=min(len(handles), room))
