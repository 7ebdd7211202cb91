"""Plotted: lines, bands, points and shades as Plotly's own settings, within a bound."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slicken.reporting.figures.style import GREEN, SHADE, ink, title_of
from slicken.reporting.figures.thinning import banded, broken_at_jumps, decimated

Floats = NDArray[np.float64]
Settings = dict[str, Any]

MOST_POINTS = 30_000
"""Points in one figure of a page, however many experiments share it: half a megabyte."""
FEWEST_IN_A_LINE, MOST_IN_A_LINE = 100, 3000
"""Fewer points say nothing of a course; more are finer than a screen."""
DIGITS = 5
"""Of a number in the page: more than a screen can show."""
_LEAST_CONTRAST = 3.0
_DASHES = {"slip_velocity": "solid", "temperature_rate": "dash", "axial_rate": "dash"}


def standing_out(colour: str) -> str:
    """A colour, darkened until it stands out from white by 3 to 1, as WCAG 2.2 asks of a line.

    >>> standing_out("#0072B2"), standing_out("#E69F00")
    ('#0072B2', '#c68900')
    """
    channels = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)])
    for share in np.arange(1.0, 0.0, -0.01):
        dark = np.round(share * channels).astype(int)
        if 1.05 / (_luminance(dark / 255) + 0.05) >= _LEAST_CONTRAST:
            break
    return colour if share == 1 else "#" + "".join(f"{each:02x}" for each in dark)


def _luminance(channels: Floats) -> float:
    """Relative luminance of an sRGB colour, white is 1 (WCAG 2.2)."""
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def points_in_each(lines: int) -> int:
    """Points that each of this many lines of a figure may have.

    >>> points_in_each(10), points_in_each(100)
    (3000, 300)
    """
    return min(MOST_IN_A_LINE, MOST_POINTS // max(lines, 1))


def most_shown(lines: int) -> int:
    """How many experiments a figure can show, each with this many lines.

    >>> most_shown(15)
    20
    """
    return max(1, MOST_POINTS // (FEWEST_IN_A_LINE * max(lines, 1)))


def axes(x: str, y: str) -> Settings:
    """A layout with two named axes."""
    return {"xaxis": {"title": {"text": x}}, "yaxis": {"title": {"text": y}}}


def numbers(values: Floats) -> list[float | None]:
    """Numbers of this many digits; None where there is none, which Plotly leaves open.

    >>> numbers(np.array([0.123456789, np.nan]))
    [0.12346, None]
    """
    return [float(f"{x:.{DIGITS}g}") if np.isfinite(x) else None for x in values.tolist()]


def places(values: Floats) -> list[float]:
    """Times and slips: to a thousandth, or to a hundred-thousandth of their span if that is finer.

    >>> places(np.array([12345.678901, 12.0])), places(np.array([0.00212345678, 0.0030]))
    ([12345.679, 12], [0.002123457, 0.003])
    """
    span = float(np.ptp(values)) if values.size else 0.0
    digits = max(3, DIGITS - math.floor(math.log10(span))) if span > 0 else 3
    rounded = (round(x, digits) for x in values.tolist())
    return [int(x) if x.is_integer() else x for x in rounded]


def line(
    position: Floats,
    values: Floats,
    colour: str,
    name: str,
    most: int,
    clock: Floats | None = None,
) -> Settings:
    """A course of at most this many points, with its extremes kept; broken where the clock jumps.

    Args:
        position: time or slip of each sample, shape ``(T,)``.
        values: shape ``(T,)``.
        colour: of the line.
        name: in the legend.
        most: points.
        clock: time of each sample, if the position is another; a fault that slips fast is no gap.
    """
    where, what = broken_at_jumps(position, values, clock)
    x, y = _fitted(lambda bins: decimated(where, what, bins), most)
    return {
        "type": "scatter",
        "mode": "lines",
        "x": places(x),
        "y": numbers(y),
        "name": name,
        "line": {"color": colour, "width": 1.5},
    }


def driver_line(
    position: Floats, values: Floats, channel: str, most: int, clock: Floats | None = None
) -> Settings:
    """The course of a driver, in its own colour and dashes."""
    colour = standing_out(ink(channel).colour)
    drawn = line(position, values, colour, title_of(channel), most, clock)
    drawn["line"]["dash"] = _DASHES.get(channel, "solid")
    return drawn


def band(
    position: Floats,
    lower: Floats,
    upper: Floats,
    colour: str,
    name: str,
    most: int,
    edge: str = "",
) -> list[Settings]:
    """A band between two lines of at most this many points each, which are seen if ``edge`` is."""

    def thin(bins: int) -> tuple[Floats, ...]:
        where, low, high = banded(position, lower, upper, bins)
        x, low = broken_at_jumps(where, low)
        return x, low, broken_at_jumps(where, high)[1]

    x, low, high = _fitted(thin, most)
    drawn = {"width": 0.8, "color": edge} if edge else {"width": 0}
    both = {"type": "scatter", "mode": "lines", "x": places(x), "line": drawn}
    return [
        {**both, "y": numbers(low), "showlegend": False, "hoverinfo": "skip"},
        {
            **both,
            "y": numbers(high),
            "fill": "tonexty",
            "fillcolor": colour,
            "name": name,
            "hoverinfo": "skip",
        },
    ]


def _fitted(thin: Callable[[int], tuple[Floats, ...]], most: int) -> tuple[Floats, ...]:
    """The finest curve of at most this many points; gaps take points too, so bins are tried."""
    bins = most // 2
    while (found := thin(bins))[0].size > most:
        bins = 4 * bins // 5
    return found


def points(x: Floats, y: Floats, colour: str, name: str) -> Settings:
    """A point for each number."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": places(x),
        "y": numbers(y),
        "name": name,
        "marker": {"color": colour, "size": 6, "opacity": 0.7},
    }


def rectangle(left: float, right: float, colour: str = SHADE) -> Settings:
    """A shade from one place to another, over the whole height."""
    return {
        "type": "rect", "xref": "x", "yref": "paper", "x0": float(f"{left:.8g}"),
        "x1": float(f"{right:.8g}"), "y0": 0, "y1": 1, "fillcolor": colour,
        "line": {"width": 0}, "layer": "below",
    }  # fmt: skip


def upright(place: float) -> Settings:
    """A line over the whole height, where something was planted."""
    return {
        "type": "line", "xref": "x", "yref": "paper", "x0": place, "x1": place, "y0": 0, "y1": 1,
        "line": {"color": GREEN, "width": 1.5},
    }  # fmt: skip


def above(place: float, text: str) -> Settings:
    """Words above the axes."""
    return {
        "x": float(f"{place:.8g}"), "y": 1, "xref": "x", "yref": "paper",
        "yanchor": "bottom", "text": text, "showarrow": False, "font": {"size": 11},
    }  # fmt: skip
