"""Finding: something about a log that its owner should know."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Something about a log that its owner should know.

    Args:
        kind: one or two words, such as ``gap`` or ``start-up``.
        message: what was seen and what was done about it.
        row: 1-based line of the file, where one line is to blame.
        time: seconds on the log's own clock, where one instant is to blame.
        value: the offending number, in the channel's own unit.
        correction: a ``[[correction]]`` of a channel map that would mend it; blank where none
            does.
    """

    kind: str
    message: str
    row: int | None = None
    time: float | None = None
    value: float | None = None
    correction: str = ""

    def __str__(self) -> str:
        """The finding as one line of text."""
        places = []
        if self.row is not None:
            places.append(f"row {self.row}")
        if self.time is not None:
            places.append(f"{self.time:g} s")
        where = f" ({', '.join(places)})" if places else ""
        return f"{self.kind}{where}: {self.message}"
