"""Statements: what was found, as a key and values; its words are in ``reporting/wording``."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

_NESTED = "statement"


class Statement:
    """One thing to be said: a key of the catalogue, and the values that its template names.

    Values are text that is repeated as it is (a file, a column), numbers, tuples of these, names
    from a vocabulary (a channel, a status) and other statements. No code reads the sentence that
    is made of it.

    Args:
        key: Section and name in the catalogue, such as ``findings.gap``.
        values: Values of the template's fields.

    Example:
        >>> Statement("findings.gap", start=12.0, seconds=3.5)
        Statement('findings.gap', start=12.0, seconds=3.5)
    """

    __slots__ = ("key", "values")
    key: str
    values: Mapping[str, Any]

    def __init__(self, key: str, /, **values: Any) -> None:  # noqa: ANN401 (text, numbers, statements)
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "values", MappingProxyType(values))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a statement does not change: {name} cannot be set")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Statement):
            return NotImplemented
        return self.to_plain() == other.to_plain()

    def __hash__(self) -> int:
        return hash((self.key, *self.values))

    def __reduce__(self) -> tuple[Any, ...]:
        return Statement.from_plain, (self.to_plain(),)

    def __repr__(self) -> str:
        return f"Statement({', '.join([repr(self.key), *_named(self.values)])})"

    def to_plain(self) -> dict[str, Any]:
        """The statement as a tree that JSON can hold; tuples become lists."""
        return {_NESTED: self.key, **{name: _plain(value) for name, value in self.values.items()}}

    @classmethod
    def from_plain(cls, tree: Mapping[str, Any]) -> "Statement":
        """The statement that :meth:`to_plain` wrote."""
        values = {name: _read(value) for name, value in tree.items() if name != _NESTED}
        return cls(str(tree[_NESTED]), **values)


def _named(values: Mapping[str, Any]) -> Iterator[str]:
    return (f"{name}={value!r}" for name, value in values.items())


def _plain(value: Any) -> Any:  # noqa: ANN401 (see Statement)
    if isinstance(value, Statement):
        return value.to_plain()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):  # a NumPy number
        return value.item()
    return value


def _read(value: Any) -> Any:  # noqa: ANN401 (see Statement)
    if isinstance(value, Mapping) and _NESTED in value:
        return Statement.from_plain(value)
    if isinstance(value, list | tuple):
        return tuple(_read(item) for item in value)
    return value
