"""Digits: numbers as the text of a figure."""

from math import floor, log10

import numpy as np

from slicken.channels import NORMAL_STRESS

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_TIMES = "\N{MULTIPLICATION SIGN}"


def power_of_ten(exponent: int) -> str:
    """Ten to a power as plain text.

    >>> power_of_ten(-3)
    '10⁻³'
    """
    return f"10{str(exponent).translate(_SUPERSCRIPTS)}"


def number(value: float) -> str:
    """A short number as plain text, with a power of ten only where digits would not do.

    >>> number(0.002), number(1e-06), number(1e4)
    ('0.002', '10⁻⁶', '10000')
    """
    if 1e4 <= abs(value) < 1e5:
        return f"{value:.0f}".replace("-", "\N{MINUS SIGN}")
    if value == 0 or not np.isfinite(value) or 1e-3 <= abs(value) < 1e5:
        return f"{value:.4g}".replace("-", "\N{MINUS SIGN}")
    exponent = floor(log10(abs(value)) + 1e-9)
    factor = f"{value / 10**exponent:.3g}".replace("-", "\N{MINUS SIGN}")
    return power_of_ten(exponent) if factor == "1" else f"{factor}{_TIMES}{power_of_ten(exponent)}"


def short(value: float) -> str:
    """Three digits of a number, for words.

    >>> short(0.0112345)
    '0.0112'
    """
    return number(float(f"{value:.3g}"))


def percent(share: float) -> str:
    """A share as a whole percentage.

    >>> percent(0.904)
    '90 %'
    """
    return f"{100 * share:.0f} %".replace("-", "\N{MINUS SIGN}")


def megapascals(stress: float) -> str:
    """A normal stress in Pa as digits in MPa, two after the point where they count.

    >>> megapascals(0.3024e6), megapascals(25e6)
    ('0.30', '25.0')
    """
    shown = stress * NORMAL_STRESS.shown_per_unit
    return f"{shown:.2f}" if abs(shown) < 10 else f"{shown:.1f}"
