"""Parameters: a, b, a - b and Dc of each event against velocity, slip and normal stress."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slicken.channels import LOAD_POINT_VELOCITY, NORMAL_STRESS, SLIP
from slicken.laws.results import Estimate, undetermined
from slicken.reporting.figures.laws_marks import (
    draw_interval,
    limits_of,
    name_laws,
    parameter_label,
    shown_fits,
    usable,
)
from slicken.reporting.figures.marks import Floats, few_ticks, is_wide, legend_below, log_x, log_y
from slicken.reporting.figures.style import INK, Width, letter_panels, new_figure
from slicken.reporting.laws.named import leading_law
from slicken.reporting.quantities import in_units

if TYPE_CHECKING:
    from slicken.laws.results import Event, Fit, Laws, Shared
    from slicken.physics.spring_slider import Evolution
    from slicken.reporting.wording import Wording

NAME = "laws_parameters"
SHOWN = ("a", "b", "a_minus_b", "dc")
FAR = 4.0
"""Ranges of a - b from which zero is too far away to be shown."""
ALIKE = 1.02
"""Ratio of the largest to the smallest value below which a quantity does not vary."""


@dataclass(frozen=True)
class Parameters:
    """Parameters of events.

    Args:
        fits: Event and a fit of it, of each law that is not ruled out.
        along: Quantity to its value for each of ``fits``, in printed units.
        shared: Values over events of the law of the headlines.
        law: That law.
    """

    fits: "tuple[tuple[Event, Fit], ...]"
    along: Mapping[str, Floats]
    shared: "Mapping[str, Shared]"
    law: "Evolution | None"


def data(laws: "Laws") -> Parameters | None:
    """Parameters of at least two events."""
    fits = tuple((one.event, fit) for _, one in usable(laws) for fit in shown_fits(one))
    if len(usable(laws)) < 2:
        return None
    law = leading_law(laws)
    values = {
        "velocity": 1e6 * np.array([_velocity(event) for event, _ in fits]),
        "slip": 1e3 * np.array([event.slip for event, _ in fits]),
        "normal_stress": 1e-6 * np.array([event.normal_stress for event, _ in fits]),
    }
    along = {name: some for name, some in values.items() if _varies(some)}
    shared = {
        one.parameter: one
        for one in sorted(laws.shared, key=lambda one: one.record, reverse=True)
        if one.law == law and (not one.record or len(laws.records) == 1)
    }
    return Parameters(fits, along or {"slip": values["slip"]}, shared, law)


def _velocity(event: "Event") -> float:
    return event.after if event.after > 0 else event.before


def _varies(values: Floats) -> bool:
    known = values[np.isfinite(values)]
    return bool(known.size > 1 and known.max() > ALIKE * max(float(known.min()), 1e-12))


def draw(data: Parameters, say: "Wording", width: Width) -> Figure:
    """A row for each parameter, a column for each quantity that varies.

    Args:
        data: Parameters of events.
        say: Words of the language.
        width: Column of a journal page, or two.
    """
    columns = len(data.along)
    figure, panels = new_figure(
        width=width, height_mm=175, rows=len(SHOWN), columns=columns, share_x="col", share_y="row"
    )
    labels = {
        "velocity": say("labels.velocity_after", unit=LOAD_POINT_VELOCITY.shown_unit),
        "slip": f"{SLIP.title_in(say.language)} (mm)",
        "normal_stress": f"{NORMAL_STRESS.title_in(say.language)} (MPa)",
    }
    for row, name in enumerate(SHOWN):
        for column, (quantity, values) in enumerate(data.along.items()):
            axes = panels[row * columns + column]
            draw_parameter(axes, name, quantity, values, data, say)
            if column == 0:
                axes.set_ylabel(parameter_label(name, say))
            if row == len(SHOWN) - 1:
                axes.set_xlabel(labels[quantity])
    letter_panels(panels, [""] * len(panels))
    first = panels[0]
    name_laws(first, {fit.law for _, fit in data.fits}, say)
    if data.shared:
        first.fill_between(
            [], [], [], color="#dddddd", linewidth=0, label=say("labels.over_events")
        )
    legend_below(figure, first)
    figure.align_ylabels(panels[::columns])
    return figure


def draw_parameter(
    axes: Axes, name: str, quantity: str, values: Floats, data: Parameters, say: "Wording"
) -> None:
    """One parameter against one quantity; the value over events is shaded.

    Args:
        axes: Axes to draw on.
        name: Parameter.
        quantity: ``velocity``, ``slip`` or ``normal_stress``.
        values: The quantity for each fit of ``data``, in printed units.
        data: Parameters of events.
        say: Words of the language.
    """
    known = np.array([not fit.undetermined(name) for _, fit in data.fits])
    ends = np.array([[in_units(name, x) for x in fit.estimates[name][:3]] for _, fit in data.fits])
    shared = data.shared.get(name)
    if shared is not None:
        low, high = (in_units(name, x) for x in (shared.estimate.low, shared.estimate.high))
        if not undetermined(name, shared.estimate, _mean_a(data)):
            axes.axhspan(low, high, color="#dddddd", linewidth=0, zorder=0)
        _write_p(axes, quantity, shared, say)
    _limit(axes, name, ends[known] if known.any() else ends)
    if quantity == "velocity":
        finite = values[np.isfinite(values) & (values > 0)]
        axes.set_xlim(float(finite.min()) / 1.5, float(finite.max()) * 1.5)
        log_x(axes)
    else:
        axes.set_xlim(limits_of(values))
        few_ticks(axes, x=5)
    apart = _aside(axes, values, data, logarithmic=quantity == "velocity")
    for (_, fit), x, is_known in zip(data.fits, apart, known, strict=True):
        if np.isfinite(x):
            one = Estimate(*fit.estimates[name])
            draw_interval(axes, float(x), name, one, fit.law, known=bool(is_known))
    if name == "a_minus_b":
        axes.axhline(0, color=INK, linewidth=0.5, zorder=0.5)


def _mean_a(data: Parameters) -> float:
    """The direct effect over events, against which b and a - b are small or not."""
    return data.shared["a"].estimate.value if "a" in data.shared else 0.0


def _aside(axes: Axes, values: Floats, data: Parameters, *, logarithmic: bool) -> Floats:
    """Places at which the two laws of an event stand side by side."""
    side = np.array([-1.0 if fit.law == "ageing" else 1.0 for _, fit in data.fits])
    if len({fit.law for _, fit in data.fits}) < 2:
        return values
    left, right = axes.get_xlim()
    if logarithmic:
        return np.asarray(values * np.exp(0.014 * side * np.log(right / left)))
    return np.asarray(values + 0.014 * side * (right - left))


def _limit(axes: Axes, name: str, ends: Floats) -> None:
    if name == "dc" and is_wide(ends.ravel()):
        axes.set_ylim(float(np.nanmin(ends)) / 1.4, float(np.nanmax(ends)) * 1.4)
        log_y(axes)
        return
    low, high = limits_of(ends.ravel(), 0.12)
    if name == "a_minus_b":
        with_zero = limits_of(np.append(ends.ravel(), 0.0), 0.12)
        near = with_zero[1] - with_zero[0] < FAR * (high - low)
        low, high = with_zero if near else (low, high)
    axes.set_ylim(low, high)
    few_ticks(axes, y=4)


def _write_p(axes: Axes, quantity: str, shared: "Shared", say: "Wording") -> None:
    trend = next((one for one in shared.trends if one.per == quantity), None)
    if trend is not None and np.isfinite(trend.p):
        axes.set_title(say("labels.no_trend_p", p=trend.p), loc="right", fontsize=6)
