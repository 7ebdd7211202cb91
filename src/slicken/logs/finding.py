"""Finding: something about a log that its owner should know."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slicken.statements import Statement


@dataclass(frozen=True, repr=False)
class Finding:
    """Something about a log that its owner should know.

    Args:
        statement: What was seen and what was done about it; its key is ``findings.`` and a kind.
        row: Line of the file, counted from 1, where one line is to blame.
        time: Seconds on the log's own clock, where one instant is to blame.
        value: The offending number, in the channel's own unit.
        correction: A ``[[correction]]`` of a channel map that would mend it; blank where none does.
        alternative: A correction that excludes the other one; blank where there is no choice.

    Example:
        >>> Finding(Statement("findings.gap", seconds=3.5, longest=1.5), row=12, time=10.0)
        Finding('gap', row=12, time=10.0, seconds=3.5, longest=1.5)
    """

    statement: Statement
    row: int | None = None
    time: float | None = None
    value: float | None = None
    correction: str = ""
    alternative: str = ""

    @property
    def kind(self) -> str:
        """What it is, such as ``gap`` or ``start_up``."""
        return self.statement.key.partition(".")[2]

    def __repr__(self) -> str:
        places = {"row": self.row, "time": self.time}
        fields = {name: place for name, place in places.items() if place is not None}
        named = [f"{name}={value!r}" for name, value in {**fields, **self.statement.values}.items()]
        return f"Finding({', '.join([repr(self.kind), *named])})"

    def to_plain(self) -> dict[str, Any]:
        """The finding as a tree that JSON can hold."""
        fields = {name: getattr(self, name) for name in _FIELDS}
        kept = {name: value for name, value in fields.items() if value not in (None, "")}
        return {"statement": self.statement.to_plain(), **kept}

    @classmethod
    def from_plain(cls, tree: Mapping[str, Any]) -> "Finding":
        """The finding that :meth:`to_plain` wrote."""
        places = {name: tree[name] for name in _FIELDS if name in tree}
        return cls(Statement.from_plain(tree["statement"]), **places)


_FIELDS = ("row", "time", "value", "correction", "alternative")
