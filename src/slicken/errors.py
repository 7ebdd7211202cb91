"""What can go wrong, in words that a user can act on."""

import importlib.util

_START, _END = 1_400, 500
_VALUE = 80


class SlickenError(Exception):
    r"""Anything that a user can mend: says what was expected, what came, and what to try.

    It is one line of a length that can be read, whatever names and values came: what a terminal
    would obey is spelled out, and the middle of a longer text is left out.

    >>> print(SlickenError("two\nlines"))
    two\nlines
    """

    def __str__(self) -> str:
        text = super().__str__()
        if len(text) > _START + _END:
            text = f"{text[:_START]} ... {text[-_END:]}"
        if text.isprintable():
            return text
        return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def shown(value: object) -> str:
    """A value for a message, in Python's notation, cut where it is long.

    >>> shown("a" * 200)[-5:], shown(3)
    ('aa...', '3')
    """
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested too deeply; a number of too many digits
        return f"a {type(value).__name__} too large to show"
    return text if len(text) <= _VALUE else f"{text[: _VALUE - 3]}..."


def how_to_install(package: str, group: str) -> str:
    """Advice where a package of an optional group is missing; blank where it is installed.

    Args:
        package: Name of the package, as it is imported.
        group: Group of slicken's optional dependencies that holds the package.

    >>> how_to_install("no_such_package", "excel")
    "no_such_package, which is not installed; try pip install 'slicken[excel]'"
    """
    if importlib.util.find_spec(package) is not None:
        return ""
    return f"{package}, which is not installed; try pip install 'slicken[{group}]'"


class LogError(SlickenError):
    """A log cannot be read, or holds no table of numbers."""


class ChannelError(SlickenError):
    """A channel map, a column name or a unit does not fit the log."""


class ExperimentError(SlickenError):
    """A log was read, but no experiment can be prepared from it."""


class PlanError(SlickenError):
    """A plan asks for something impossible, unknown or contradictory."""


class SplitError(SlickenError):
    """The experiments cannot be divided into training, validation and test parts."""


class TrainingError(SlickenError):
    """No run of a window length ended with a finite loss."""


class LawError(SlickenError):
    """No friction law can be fitted to a record, or a law is asked for that there is not."""


class LabError(SlickenError):
    """An experiment cannot be run on the networks of a study."""


class FolderError(SlickenError):
    """A study folder cannot be written, belongs to another plan, or is damaged."""


class FetchError(SlickenError):
    """Public logs cannot be fetched, or are not what was published."""


class WorkersError(SlickenError):
    """Workers cannot be had: Dask is missing, a scheduler is silent, or versions differ."""
