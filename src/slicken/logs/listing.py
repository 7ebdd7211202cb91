"""Listing: names of columns, tables and files in errors and statements, the first of many."""

from collections.abc import Iterable

import numpy as np

from slicken.statements import Statement

_SHOWN = 1_000
"""Characters of a list of names."""


def listed(names: Iterable[str]) -> str:
    """Names in quotes, separated by commas, for an error.

    >>> listed(["Time", "Load"])
    "'Time', 'Load'"
    """
    shown, more = _first_of(list(names))
    return ", ".join(map(repr, shown)) + (f" and {more} more" if more else "")


def some(names: Iterable[str]) -> tuple[str | Statement, ...]:
    """Names for a statement, and the number of those that are not among them.

    >>> some(["Time", "Load"])
    ('Time', 'Load')
    """
    shown, more = _first_of(list(names))
    return (*shown, Statement("places.more", n=more)) if more else tuple(shown)


def _first_of(names: list[str]) -> tuple[list[str], int]:
    room = np.cumsum([len(repr(name)) for name in names]) <= _SHOWN
    shown = names[: max(1, int(room.sum()))]
    return shown, len(names) - len(shown)
