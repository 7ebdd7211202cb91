"""Importance of each driver, for every run: by stage, and ranked.

Shares of |dLoss/dx| and of |dfriction/dx| are drawn by the same functions, on two axes.
"""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from slicken.channels import NORMAL_STRESS
from slicken.reporting.figures.marks import (
    few_ticks,
    intervals,
    mean_over_runs,
    megapascals,
    offsets,
    say,
    width_mm,
)
from slicken.reporting.figures.style import FAINT, INK, SHADE, ink, plain, styled, title_of

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]
Against = Literal["stage", "normal_stress"]

NO_GRADIENT = "no gradient: the network is constant"


@styled
def draw_ranked(axes: Axes, shares_by_run: "xr.DataArray") -> None:
    """Mean importance of each driver with its rank (the paper's figure 4).

    Drivers stand in the order of their mean share. A small point is a run, the large marker is
    the mean over runs and its bar one standard deviation on either side. On the right: mean,
    standard deviation and, from rank to rank, where single runs put the driver. The dashed
    line is the share of each driver if all were equal.

    Args:
        axes: where.
        shares_by_run: dims ``(run, channel)``; NaN for a run left out.
    """
    channels = [str(name) for name in shares_by_run["channel"].to_numpy()]
    values = np.asarray(shares_by_run.transpose("run", "channel").to_numpy(), dtype=np.float64)
    values = values[np.isfinite(values).all(axis=1)]
    axes.set_xlabel("Share of the gradient")
    if values.size == 0:
        say(axes, NO_GRADIENT)
        return
    means, spreads = values.mean(axis=0), values.std(axis=0)
    order = np.argsort(-means, kind="stable")
    ranks = np.argsort(np.argsort(-values, axis=1, kind="stable"), axis=1) + 1
    greatest = max(float(values.max()), float((means + spreads).max()), 1 / len(channels))
    axes.set_xlim(0, 1.06 * greatest)
    _mark_equal_shares(axes, len(channels))
    for place, index in enumerate(order):
        _draw_driver(axes, channels[index], values[:, index], place)
        words = f"{means[index]:.3f}"
        if len(values) > 1:
            words += f" ± {spreads[index]:.3f}\n{_ranks(ranks[:, index])}"
        axes.annotate(
            words, (1, place), (4, 0), ("axes fraction", "data"), textcoords="offset points",
            va="center", fontsize=6.5, linespacing=1.15,
        )  # fmt: skip
    names = [
        f"{place + 1}  {textwrap.fill(title_of(channels[index]), 18)}"
        for place, index in enumerate(order)
    ]
    axes.set_yticks(range(len(channels)), names)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(channels) - 0.35, -0.5)
    few_ticks(axes, x=4)


def _mark_equal_shares(axes: Axes, drivers: int) -> None:
    share = 1 / drivers
    axes.axvline(share, color=FAINT, linestyle="--", linewidth=0.6, zorder=0.5)
    left = share > 0.6 * axes.get_xlim()[1]
    note = axes.annotate(
        "equal shares", (share, 0), (-2 if left else 2, 1.5), ("data", "axes fraction"),
        textcoords="offset points",
    )  # fmt: skip
    note.set(fontsize=6, color=FAINT, ha="right" if left else "left")


def _draw_driver(axes: Axes, channel: str, shares: Floats, place: int) -> None:
    style = ink(channel)
    axes.plot(
        shares, place + offsets(shares.size, 0.24), style.marker, color=style.colour,
        markersize=2.2, alpha=0.55, markeredgewidth=0, zorder=2,
    )  # fmt: skip
    axes.errorbar(
        [float(shares.mean())], [place], xerr=[float(shares.std())], fmt=style.marker,
        color=INK, markerfacecolor=style.colour, markersize=5, markeredgewidth=0.6,
        elinewidth=0.9, capsize=2, capthick=0.9, zorder=3,
    )  # fmt: skip


def _ranks(ranks: NDArray[np.int64]) -> str:
    low, high = int(ranks.min()), int(ranks.max())
    return f"rank {low} in all runs" if low == high else f"rank {low} to {high}"


@styled
def draw_by_run_and_stage(
    axes: Axes,
    shares_by_stage: "xr.DataArray",
    channel: str,
    *,
    against: Against = "stage",
    top: float | None = None,
    name_experiments: bool = True,
) -> None:
    """Importance of one driver for every run and stage (the paper's figure 3).

    A small point is a run, a large marker the mean over runs; means of one experiment are
    joined. Points on a common scale, one panel for each driver, are chosen over stacked bars
    (only the lowest layer of a stack has a common base, and the runs are lost) and over a map of
    colours (no number can be read from it, least of all in a grey print).

    Args:
        axes: where.
        shares_by_stage: dims ``(stage, run, channel)`` with coordinates ``experiment``,
            ``stage_number`` and ``normal_stress`` over stage; NaN where there is no share.
        channel: the driver.
        against: ``stage``, in the given order, or ``normal_stress``, in MPa.
        top: upper limit of the share; from all drivers of the array if None.
        name_experiments: write the names of experiments above the axes.
    """
    table = shares_by_stage.sel(channel=channel).transpose("stage", "run")
    values = np.asarray(table.to_numpy(), dtype=np.float64)
    axes.set_ylabel(textwrap.fill(title_of(channel), 14))
    if not np.isfinite(values).any():
        say(axes, NO_GRADIENT)
        return
    experiments = [str(name) for name in table["experiment"].to_numpy()]
    stress = np.asarray(table["normal_stress"].to_numpy(), dtype=np.float64)
    equal = 1 / shares_by_stage.sizes["channel"]
    axes.axhline(equal, color=FAINT, linestyle="--", linewidth=0.6, zorder=0.5)
    axes.set_ylim(0, top if top is not None else highest_share([shares_by_stage]))
    few_ticks(axes, y=3)
    if against == "normal_stress":
        _draw_against_stress(axes, values, stress, channel)
        return
    position = np.arange(len(values), dtype=np.float64)
    _draw_runs(axes, position, values, channel, half_width=0.3)
    for start, end in intervals(experiments):
        _draw_means(axes, position[start:end], values[start:end], channel, joined=True)
    _divide_experiments(axes, experiments, named=name_experiments)
    _label_stages(axes, table["stage_number"].to_numpy(), stress)


def _draw_against_stress(axes: Axes, values: Floats, stress: Floats, channel: str) -> None:
    known = np.isfinite(stress)
    axes.set_xlabel(NORMAL_STRESS.label)
    if not known.any():
        say(axes, "normal stress is not known")
        return
    shown = stress[known] * NORMAL_STRESS.shown_per_unit
    nudge = 0.006 * float(np.ptp(shown))
    _draw_runs(axes, shown, values[known], channel, half_width=nudge)
    _draw_means(axes, shown, values[known], channel, joined=False)
    few_ticks(axes, x=6)


def _draw_runs(
    axes: Axes, position: Floats, values: Floats, channel: str, half_width: float
) -> None:
    style = ink(channel)
    across = position[:, None] + offsets(values.shape[1], half_width)[None, :]
    axes.plot(
        across.ravel(), values.ravel(), style.marker, color=style.colour, markersize=1.7,
        alpha=0.5, markeredgewidth=0, zorder=2,
    )  # fmt: skip


def _draw_means(
    axes: Axes, position: Floats, values: Floats, channel: str, *, joined: bool
) -> None:
    style = ink(channel)
    means = mean_over_runs(values)
    axes.plot(
        position, means, style.marker, linestyle="-" if joined else "", color=INK,
        markerfacecolor=style.colour, linewidth=0.6, markersize=3.2, markeredgewidth=0.4, zorder=3,
    )  # fmt: skip


def highest_share(measures: "Sequence[xr.DataArray]") -> float | None:
    """The upper limit of an axis that holds every share; None where there is none."""
    highest = [
        float(values.max()) for values in (_finite(measure) for measure in measures) if values.size
    ]
    return 1.08 * max(highest) if highest else None


def _finite(measure: "xr.DataArray") -> Floats:
    values = np.asarray(measure.to_numpy(), dtype=np.float64)
    return values[np.isfinite(values)]


def _divide_experiments(axes: Axes, experiments: list[str], *, named: bool) -> None:
    axes.set_xlim(-0.6, len(experiments) - 0.4)
    per_stage = width_mm(axes) / max(len(experiments), 1)
    for place, (start, end) in enumerate(intervals(experiments)):
        if place % 2:
            axes.axvspan(start - 0.5, end - 0.5, color=SHADE, linewidth=0, zorder=0)
        room = int(per_stage * (end - start) / 1.75)
        if named and room >= 4:
            name = axes.annotate(
                plain(experiments[start], room), ((start + end - 1) / 2, 1), (0, 2),
                ("data", "axes fraction"), textcoords="offset points", ha="center",
            )  # fmt: skip
            name.set(fontsize=6, color=INK)


def _label_stages(axes: Axes, numbers: NDArray[np.int64], stress: Floats) -> None:
    """Number and normal stress of each stage, as far as there is room."""
    per_stage = width_mm(axes) / max(len(numbers), 1)
    known = bool(np.isfinite(stress).any())
    labels = [str(int(n)) for n in numbers]
    axis_label = "Stage"
    if known and per_stage >= 6:
        shown = [megapascals(float(s)) if np.isfinite(s) else "\N{EN DASH}" for s in stress]
        labels = [f"{label}\n{s}" for label, s in zip(labels, shown, strict=True)]
        axis_label = "Stage, with its normal stress (MPa)"
    if per_stage >= 2.4:
        axes.set_xticks(range(len(labels)), labels)
    else:
        axes.set_xticks([])
        axis_label = f"{len(labels)} stages, in order"
    axes.tick_params(axis="x", length=0)
    axes.set_xlabel(axis_label)
