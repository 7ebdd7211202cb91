"""Law marks: how laws are drawn in every figure of them, and parameters with their intervals."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from slicken.reporting.figures.style import BLUE, VERMILLION
from slicken.reporting.laws.named import is_used, score
from slicken.reporting.quantities import QUANTITIES, in_units

if TYPE_CHECKING:
    from slicken.laws.results import Estimate, EventFit, Fit, Laws
    from slicken.physics.spring_slider import Evolution
    from slicken.reporting.figures.marks import Floats
    from slicken.reporting.wording import Wording

MEASURED = "#8a8a8a"


class LawInk(NamedTuple):
    """Colour, marker and dashes of a law."""

    colour: str
    marker: str
    dashes: str | tuple[float, tuple[float, ...]]


LAW_INK: "Mapping[Evolution, LawInk]" = {
    "ageing": LawInk(BLUE, "o", "-"),
    "slip": LawInk(VERMILLION, "D", (0, (4, 1.5))),
}


def shown_fits(one: "EventFit") -> "list[Fit]":
    """The fit of each law that the verdict leaves, the likelier first."""
    laws: list[Evolution] = [law for law in LAW_INK if one.verdict == law] or [*LAW_INK]
    fits = [fit for law in laws if (fit := one.best(law)) is not None]
    return sorted(fits, key=lambda fit: -score(fit))


def usable(laws: "Laws") -> "list[tuple[int, EventFit]]":
    """Events that are used, by their number from 1."""
    return [(number, one) for number, one in enumerate(laws.events, 1) if is_used(one)]


def parameter_label(name: str, say: "Wording") -> str:
    """The label of an axis: symbol and unit."""
    return f"{say(f'parameters.{name}')} ({QUANTITIES[name].unit or '–'})"


def draw_interval(
    axes: Axes, x: float, name: str, one: "Estimate", law: "Evolution", *, known: bool
) -> None:
    """A parameter with its 95 % interval; without its value, and pale, where it is not determined.

    Args:
        axes: Axes to draw on.
        x: Place.
        name: Parameter.
        one: Its estimate.
        law: Law, whose ink it has.
        known: Whether it is determined.
    """
    look = LAW_INK[law]
    value, low, high = (in_units(name, number) for number in one[:3])
    if np.isfinite([low, high]).all():
        axes.plot(
            [x, x], [low, high], color=look.colour, linewidth=0.9, alpha=1.0 if known else 0.35,
            linestyle="-" if known else (0, (1, 1.2)), zorder=2,
        )  # fmt: skip
    if known:
        axes.plot(
            [x], [value], look.marker, color=look.colour, markersize=3.6, markeredgecolor="white",
            markeredgewidth=0.4, zorder=3,
        )  # fmt: skip


def name_laws(axes: Axes, laws: "set[Evolution]", say: "Wording", *, line: bool = False) -> None:
    """An entry of the legend for each law."""
    for law, look in LAW_INK.items():
        if law in laws:
            axes.plot(
                [], [], linestyle=look.dashes if line else "none", color=look.colour,
                marker="none" if line else look.marker, markersize=3.6, markeredgecolor="white",
                markeredgewidth=0.4, linewidth=1.1, label=say(f"law_names.{law}"),
            )  # fmt: skip


def limits_of(values: "Floats", margin: float = 0.08) -> tuple[float, float]:
    """Limits of an axis that holds all finite values."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    least, greatest = float(finite.min()), float(finite.max())
    room = margin * (greatest - least) or 0.1 * abs(greatest) or 1.0
    return least - room, greatest + room
