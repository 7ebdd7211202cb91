"""Settings: a file of TOML, checked when it is read; what is wrong in it is said in one line."""

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from slicken.errors import PlanError, shown

_LARGEST = 1_000_000
"""Bytes of a plan; a longer file is something else."""


class Settings(BaseModel):
    """Fields with their types and limits; those of a plan derive from it.

    Raises:
        PlanError: if a field is unknown or impossible.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __init__(self, /, **values: Any) -> None:  # noqa: ANN401 (checked by pydantic)
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise PlanError(_in_words(error, type(self))) from None

    @classmethod
    def load(cls, path: str | Path, **changes: Any) -> Self:  # noqa: ANN401 (any field)
        """Read a plan from a TOML file.

        Args:
            path: the file.
            changes: fields to set in place of those in the file.

        Raises:
            PlanError: if the file cannot be read, or a field is unknown or impossible.
        """
        path = Path(path)
        text = _text(path)
        try:
            values = tomllib.loads(text)
        except ValueError as error:
            # A TOMLDecodeError is one; so is a number of more digits than Python reads.
            raise PlanError(f"{path}: this is not TOML ({error})") from None
        except RecursionError:
            raise PlanError(f"{path}: nested too deeply for a plan") from None
        try:
            return cls(**_merged(values, changes))
        except PlanError as error:
            raise PlanError(f"{path}: {error}") from None


def _text(path: Path) -> str:
    try:
        is_plan = path.is_file() and path.stat().st_size <= _LARGEST
        if path.exists() and not path.is_dir() and not is_plan:
            raise PlanError(f"{path}: this is no plan; expected a short TOML file")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise PlanError(
            f"{path}: the plan cannot be read ({error.strerror}); check the name"
        ) from None
    except UnicodeDecodeError as error:
        raise PlanError(f"{path}: this is not TOML ({error})") from None
    except ValueError as error:  # a name with a NUL in it
        raise PlanError(f"{path}: the plan cannot be read ({error}); check the name") from None


def _merged(values: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(values)
    for name, value in changes.items():
        both_tables = isinstance(value, Mapping) and isinstance(merged.get(name), Mapping)
        merged[name] = {**merged[name], **value} if both_tables else value
    return merged


_EXPECTED = {
    "tuple_type": 'a list, such as ["one.csv", "two.csv"]',
    "model_type": "a table, its fields below a line with its name in brackets",
    "dict_type": "a table, its fields below a line with its name in brackets",
    "string_type": "text in quotes",
    "bool_type": "true or false",
}


def _in_words(error: ValidationError, settings: type[BaseModel]) -> str:
    """The first thing that is wrong, in one line that names the field."""
    first = error.errors()[0]
    field = ".".join(str(place) for place in first["loc"]) or "plan"
    if first["type"] == "extra_forbidden":
        table: Any = settings
        for place in first["loc"][:-1]:
            table = table.model_fields[place].annotation
        known = list(table.model_fields)
        close = difflib.get_close_matches(str(first["loc"][-1]), known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        return f"{field}: there is no such field; there are {', '.join(known)}{hint}"
    if first["type"] == "missing":
        return f"{field}: this field must be given"
    if first["type"] in _EXPECTED:
        return f"{field}: expected {_EXPECTED[first['type']]}, but got {shown(first['input'])}"
    return f"{field}: {first['msg'][0].lower()}{first['msg'][1:]}, but got {shown(first['input'])}"
