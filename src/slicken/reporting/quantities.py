"""Quantities: parameters of friction laws in the units of the field, with digits that count."""

from collections.abc import Mapping
from math import floor, log10
from typing import NamedTuple

FEWEST, FEW, MOST = 0, 2, 7
"""Decimals of a number: at least, at most in a table, and at most in a sentence."""
WIDE = 10.0
"""Ratio of the ends from which an interval is over more than a decade."""
LONG = 1e5
_TWO_DIGITS = 3.55
"""First digits of an interval's width below which a further one is shown."""


class Quantity(NamedTuple):
    """How a parameter is shown.

    Args:
        unit: Unit in text; blank where there is none.
        per_unit: Number of these in the SI unit of the results.
        column: Name of its column in a table.
    """

    unit: str
    per_unit: float
    column: str


QUANTITIES: Mapping[str, Quantity] = {
    "a": Quantity("", 1.0, "a"),
    "b": Quantity("", 1.0, "b"),
    "a_minus_b": Quantity("", 1.0, "a_minus_b"),
    "dc": Quantity("µm", 1e6, "dc_um"),
    "b2": Quantity("", 1.0, "b2"),
    "dc2": Quantity("µm", 1e6, "dc2_um"),
    "stiffness": Quantity("1/µm", 1e-6, "stiffness_per_um"),
    "mu0": Quantity("", 1.0, "mu0"),
    "trend": Quantity("1/mm", 1e-3, "trend_per_mm"),
    "start": Quantity("s", 1.0, "start_s"),
    "memory": Quantity("s", 1.0, "memory_s"),
    "per_kelvin": Quantity("1/K", 1.0, "per_K"),
    "per_metre": Quantity("1/mm", 1e-3, "per_mm"),
    "healing": Quantity("", 1.0, "per_decade"),
    "activation": Quantity("K", 1.0, "activation_K"),
}
"""Every parameter by the name that it has in :mod:`slicken.laws.results`."""


def two_digits(value: float) -> str:
    """Two digits of a number, with a power of ten only where it would be long.

    >>> two_digits(0.394), two_digits(1437.0), two_digits(4.4e6)
    ('0.39', '1400', '4e+06')
    """
    short = float(f"{value:.2g}")
    if abs(short) >= LONG:
        return f"{value:.0e}"
    return f"{short:.0f}" if short.is_integer() else f"{short:g}"


def digits_form(low: float, high: float, most: int = MOST) -> str:
    """The form in which a number and the ends of its interval are written.

    One digit of the width of the interval counts, or two where it is small; of an interval over
    more than a decade, two digits of each end (``two``, see :func:`two_digits`); of numbers too
    small for that many decimals, three digits.

    >>> digits_form(0.0085, 0.0093), digits_form(6.1, 8.2), digits_form(0.5, 30.0)
    ('.4f', '.1f', 'two')
    """
    width = abs(high - low)
    if width == 0:
        return ".4g"
    if high > WIDE * low > 0 or width >= LONG:
        return "two"
    exponent = floor(log10(width))
    digits = 1 if width / 10.0**exponent < _TWO_DIGITS else 0
    if digits - exponent > most and max(abs(low), abs(high)) < 10.0 ** (2 - most):
        return ".3g"
    return f".{min(max(digits - exponent, FEWEST), most)}f"


def in_units(name: str, value: float) -> float:
    """A parameter in the unit in which it is shown.

    >>> round(in_units("dc", 7e-6), 6)
    7.0
    """
    return value * QUANTITIES[name].per_unit
