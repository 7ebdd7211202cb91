"""Skill: how far the networks beat each baseline, on each part and in each stage of the test."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slicken.reporting.figures.digits import short
from slicken.reporting.figures.marks import (
    Floats,
    few_ticks,
    instead,
    legend_below,
    name_rows,
    note,
    numbers,
    offsets,
)
from slicken.reporting.figures.style import (
    BLUE,
    FAINT,
    INK,
    VERMILLION,
    Width,
    new_figure,
)

if TYPE_CHECKING:
    import xarray as xr

    from slicken.evidence.evidence import Evidence
    from slicken.reporting.wording import Wording


NAME = "skill"
LOWEST = -1.0
"""Skill below is drawn at the edge: a baseline that is more than twice as good needs no scale."""


def data(evidence: "Evidence") -> "xr.Dataset":
    """Skill at the best length against each baseline.

    Returns:
        ``skill``, ``low``, ``high`` over ``(row, model)``, with ``part`` and ``stage`` (-1 for a
        whole part, whose ``experiment`` is empty) over row; values may be -inf or NaN.
    """
    return evidence.skill.table


def draw(data: "xr.Dataset", say: "Wording", width: Width) -> Figure:
    """A row for each baseline."""
    figure, (axes,) = new_figure(width=width, height_mm=22 + 12 * data.sizes["model"])
    draw_skill(axes, data, say)
    legend_below(figure, axes)
    return figure


def draw_skill(axes: Axes, skill_table: "xr.Dataset", say: "Wording") -> None:
    """Skill against each baseline: 1 is perfect, 0 no better, below 0 the baseline is better.

    A row for each baseline: above the validation part, in the middle the test part, each with its
    95 % interval; below, every stage of the test part as a small point. What lies below -1, or
    has no number, is a triangle at the edge, with its value where it is that of a part.
    """
    axes.set_xlabel(say("labels.skill"))
    models = [str(name) for name in skill_table["model"].to_numpy()]
    values = {name: numbers(skill_table[name], "row", "model") for name in ("skill", "low", "high")}
    if np.isnan(values["skill"]).all():
        instead(axes, say("labels.no_skill"))
        return
    whole = skill_table["experiment"].to_numpy().astype(str) == ""
    part = skill_table["part"].to_numpy().astype(str)
    left = _left_limit(values["skill"], values["low"][whole])
    axes.set_xlim(left, 1.03)
    names = [say(f"models.{name}") for name in models]
    name_rows(axes, names, longest=20, pad=4)  # clear of the triangles
    axes.axvline(0, color=INK, linewidth=0.5, zorder=0.5)
    for name, colour, marker, shift in (
        ("validation", BLUE, "o", -0.24),
        ("test", VERMILLION, "D", 0.0),
    ):
        for row in np.flatnonzero(whole & (part == name)):
            found = {key: table[row] for key, table in values.items()}
            label = say(f"parts.{name}")
            _draw_part(axes, found, shift, left, colour=colour, marker=marker, label=label)
    stages = values["skill"][~whole]
    if stages.size:
        _draw_stages(axes, stages, left, say)
    few_ticks(axes, x=5)


def _left_limit(*tables: Floats) -> float:
    seen = np.concatenate([table[np.isfinite(table)] for table in tables])
    least = float(seen.min()) - 0.06 if seen.size else 0.0
    return max(LOWEST, min(least, -0.08))


def _draw_part(
    axes: Axes,
    found: Mapping[str, Floats],
    shift: float,
    left: float,
    *,
    colour: str,
    marker: str,
    label: str,
) -> None:
    """One part against every baseline, with intervals, and values that are off the scale."""
    skill, low, high = found["skill"], found["low"], found["high"]
    place = np.arange(skill.size) + shift
    known = np.isfinite(skill) & np.isfinite(low) & (high >= left)
    axes.hlines(
        place[known], np.maximum(low[known], left), np.minimum(high[known], 1.0), color=colour,
        linewidth=0.9, zorder=2,
    )  # fmt: skip
    inside = np.isfinite(skill) & (skill >= left)
    axes.plot(
        skill[inside], place[inside], marker, color=colour, markersize=3.8, markeredgecolor="white",
        markeredgewidth=0.4, zorder=3, label=label,
    )  # fmt: skip
    after = np.where(known, np.clip(high, left, 1.0), left)  # words stand clear of the interval
    for at, value, x in zip(place[~inside], skill[~inside], after[~inside], strict=True):
        if np.isnan(value):
            continue
        axes.plot([left], [at], "<", color=colour, markersize=3.6, clip_on=False, zorder=3)
        words = short(float(value)) if np.isfinite(value) else "\N{MINUS SIGN}\N{INFINITY}"
        note(axes, words, (x, at), (4, 0), va="center_baseline", color=colour)


def _draw_stages(axes: Axes, stages: Floats, left: float, say: "Wording") -> None:
    nudge = 0.24 + offsets(len(stages), 0.1)
    height = np.arange(stages.shape[1])[None, :] + nudge[:, None]
    inside = np.isfinite(stages) & (stages >= left)
    axes.plot(
        stages[inside], height[inside], "o", color=FAINT, markersize=2, alpha=0.7,
        markeredgewidth=0, zorder=2, label=say("labels.test_stage"),
    )  # fmt: skip
    below = ~inside & ~np.isnan(stages)
    if below.any():
        axes.plot(
            np.full(int(below.sum()), left), height[below], "<", color=FAINT, markersize=2,
            alpha=0.7, markeredgewidth=0, clip_on=False, zorder=2,
        )  # fmt: skip
