"""Settings: a file of TOML, checked when it is read; what is wrong in it is said in one line."""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Self, Union, get_args, get_origin

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
            raise PlanError(in_words(error, type(self))) from None

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


def in_words(error: ValidationError, model: type[BaseModel]) -> str:
    """The first thing that is wrong with settings, in one line that names the field.

    Args:
        error: Error of pydantic.
        model: Class of the settings.
    """
    # A misspelt field makes another one missing: the misspelling is the better advice.
    first = min(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
    kind, place = first["type"], first["loc"]
    entry, field = _named(place)
    if kind == "extra_forbidden":
        known = _at(model, place[:-1]).model_fields
        return entry + unknown(f"key {field!r}", str(place[-1]), known)
    if kind == "union_tag_invalid":
        tag = str(first["ctx"]["tag"])
        return entry + unknown(f"kind {shown(tag)}", tag, _tagged(_at(model, place)))
    if kind == "union_tag_not_found":
        return f"{entry}'kind' is missing; valid are {', '.join(_tagged(_at(model, place)))}"
    if kind == "missing":
        return f"{entry}{field!r} is missing"
    if kind == "value_error":
        return entry + first["msg"].removeprefix("Value error, ")
    expected = _EXPECTED.get(kind)
    said = f"expected {expected}" if expected else f"{first['msg'][:1].lower()}{first['msg'][1:]}"
    named = f"{field!r}: " if field else ""
    return f"{entry}{named}{said}, not {shown(first['input'])}"


def unknown(what: str, key: str, valid: Iterable[str]) -> str:
    """What to say of a name that is none of the valid ones, with the closest of them.

    Args:
        what: The name, and what it should be one of, such as ``key 'sing'``.
        key: The name alone.
        valid: Names that there are.
    """
    known = list(valid)
    close = difflib.get_close_matches(key, known, n=1)
    hint = f"; did you mean {close[0]!r}" if close else ""
    return f"unknown {what}{hint}; valid are {', '.join(known)}"


def _named(place: tuple[int | str, ...]) -> tuple[str, str]:
    """An entry of a list, such as ``correction 1 (zero): ``, and a field in it, with dots."""
    numbers = [i for i, step in enumerate(place) if isinstance(step, int)]
    if not numbers:
        return "", ".".join(map(str, place))
    at = numbers[0]
    entry = f"{'.'.join(map(str, place[:at]))} {int(place[at]) + 1}"
    rest = place[at + 1 :]
    if not rest:
        return f"{entry}: ", ""
    return f"{entry} ({rest[0]}): ", ".".join(map(str, rest[1:]))


def _at(kind: Any, place: tuple[int | str, ...]) -> Any:  # noqa: ANN401 (any annotation)
    """What stands at a place of settings: a model, or another annotation."""
    for step in place:
        kind = _within(kind, step)
    return kind


def _within(kind: Any, step: int | str) -> Any:  # noqa: ANN401 (any annotation)
    if get_origin(kind) is Annotated:
        return _within(get_args(kind)[0], step)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind.model_fields[str(step)].annotation
    tagged = _tagged(kind)
    if step in tagged:
        return tagged[str(step)]
    return get_args(kind)[0 if isinstance(step, int) else -1]


def _tagged(kind: Any) -> dict[str, type[BaseModel]]:  # noqa: ANN401 (any annotation)
    """The models of a union, by the one value that the field ``kind`` of each may have."""
    if get_origin(kind) is Annotated:
        return _tagged(get_args(kind)[0])
    if get_origin(kind) not in (Union, UnionType):
        return {}
    return {get_args(one.model_fields["kind"].annotation)[0]: one for one in get_args(kind)}
