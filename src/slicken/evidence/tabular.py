"""Tabular: results that show themselves as a table in a notebook."""

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


class Tabular:
    """A result with a table."""

    def to_dataframe(self) -> "pd.DataFrame":
        """The numbers as a table."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        """What a notebook shows: the words of the result, and its table."""
        table = self.to_dataframe().to_html(float_format="{:.4g}".format, na_rep="–", border=0)
        return f"<p>{escape(repr(self))}</p>{table}"


def within(numbers: tuple[float, float, float], form: str = ".2f") -> str:
    """A number with its interval, where it has one.

    Example:
        >>> within((0.85, 0.75, 0.9)), within((0.85, float("nan"), float("nan")))
        ('0.85 (0.75 to 0.90)', '0.85')
    """
    value, low, high = numbers
    if low != low or high != high:
        return f"{value:z{form}}"
    return f"{value:z{form}} ({low:z{form}} to {high:z{form}})"


def listed(lengths: tuple[float, ...], unit: str) -> str:
    """Window lengths in one breath.

    Example:
        >>> listed((50.0, 100.0), "s")
        '50, 100 s'
    """
    return f"{', '.join(f'{each:g}' for each in lengths)} {unit}"
