"""Sliding: friction of every experiment against slip, and against slip velocity."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slicken.channels import FRICTION, SLIP, SLIP_VELOCITY
from slicken.reporting.figures.marks import (
    Floats,
    bins_across,
    few_ticks,
    instead,
    is_wide,
    legend_below,
    log_x,
)
from slicken.reporting.figures.style import (
    Width,
    in_turn,
    label_of,
    letter_panels,
    new_figure,
    plain,
)
from slicken.reporting.figures.thinning import decimated

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.reporting.wording import Wording

NAME = "sliding"
MOST_EXPERIMENTS = 12
"""Experiments that are told apart."""
MOST_POINTS = 1500
"""Points of an experiment against velocity."""
SLOWEST = 0.01
"""Quantile of the velocity above zero below which a point is not shown on a logarithmic axis."""


@dataclass(frozen=True)
class Slid:
    """One experiment.

    Args:
        name: Name of the experiment.
        slip: M since its start, shape ``(T,)``; NaN where unknown.
        velocity: Slip velocity, m/s, ``(T,)``; NaN where unknown.
        friction: ``(T,)``; NaN in gaps.
    """

    name: str
    slip: Floats
    velocity: Floats
    friction: Floats


def data(evidence: "Evidence") -> Sequence[Slid] | None:
    """All experiments that slip; None where neither slip nor slip velocity is known."""
    found = []
    for one in evidence.trained.experiments:
        unknown = np.full(len(one), np.nan)
        slip = unknown if one.slip is None else one.slip
        velocity = one.channels.get(SLIP_VELOCITY.name, unknown)
        if np.isfinite(slip).any() or np.isfinite(velocity).any():
            friction = np.where(one.gap, np.nan, one.channels[FRICTION.name])
            found.append(Slid(one.name, slip - _first(slip), velocity, friction))
    return found or None


def _first(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known[0]) if known.size else 0.0


def draw(data: Sequence[Slid], say: "Wording", width: Width) -> Figure:
    """Two panels with friction in common, beside one another if there is room."""
    wide = width == "double"
    shown = data[:MOST_EXPERIMENTS]
    figure, panels = new_figure(
        width=width,
        height_mm=80 if wide else 130,
        rows=1 if wide else 2,
        columns=2 if wide else 1,
        share_y="all",
    )
    against_slip, against_velocity = panels
    for one, colour in zip(shown, in_turn(len(shown)), strict=True):
        if np.isfinite(one.slip).any():
            known = np.isfinite(one.slip)
            thin = decimated(one.slip[known], one.friction[known], bins_across(against_slip))
            against_slip.plot(*thin, color=colour, linewidth=0.6, label=plain(one.name, 30))
        _draw_points(against_velocity, one, colour)
    against_slip.set_xlabel(label_of(SLIP.name, say))
    against_slip.set_ylabel(label_of(FRICTION.name, say))
    if not wide:
        against_velocity.set_ylabel(label_of(FRICTION.name, say))
    _finish(against_velocity, shown, say)
    if not against_slip.lines:
        instead(against_slip, say("labels.slip_unknown"))
    few_ticks(against_slip, x=5, y=5)
    legend_below(figure, against_slip if against_slip.lines else against_velocity)
    letter_panels(panels, [say("labels.against_slip"), say("labels.against_velocity")])
    return figure


def _draw_points(axes: Axes, one: Slid, colour: str) -> None:
    usable = np.flatnonzero(np.isfinite(one.velocity) & (one.velocity > 0))
    if usable.size:
        some = usable[:: max(1, usable.size // MOST_POINTS)]
        axes.plot(
            one.velocity[some] * SLIP_VELOCITY.shown_per_unit,
            one.friction[some],
            linestyle="",
            marker=".",
            markersize=2,
            color=colour,
            alpha=0.5,
            rasterized=True,
            label=plain(one.name, 30),
        )


def _finish(axes: Axes, shown: Sequence[Slid], say: "Wording") -> None:
    """Limits and label of velocity: a logarithm where it is wide."""
    moving = np.concatenate([one.velocity[one.velocity > 0] for one in shown])
    if not moving.size:
        instead(axes, say("labels.velocity_unknown"))
        return
    axes.set_xlabel(label_of(SLIP_VELOCITY.name, say))
    slowest, fastest = float(np.quantile(moving, SLOWEST)), float(moving.max())
    if is_wide(np.array([slowest, fastest])):
        factor = SLIP_VELOCITY.shown_per_unit
        axes.set_xlim(slowest * factor / 1.3, fastest * factor * 1.3)
        log_x(axes)
    else:
        few_ticks(axes, x=5)
