"""Channel map: which column of a rig's logs is which channel, in which unit, with which sign."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from slicken.channels import AXIAL_RATE, CHANNELS, TEMPERATURE_RATE
from slicken.errors import ChannelError, shown
from slicken.experiment.corrections.kinds import Correction
from slicken.settings import in_words, unknown

MAPPABLE = tuple(name for name in CHANNELS if name not in (TEMPERATURE_RATE.name, AXIAL_RATE.name))
"""Channels that a column can be; rates are computed here, never read, so that they are causal."""
_LARGEST = 1_000_000
TableName = Annotated[str, Field(max_length=200)]


class Column(BaseModel):
    """The column that holds a channel.

    Args:
        column: Its name, as in the log.
        unit: Its unit; by default the one in the log, in the name or in a units row.
        sign: -1 where the rig counts the other way; axial displacement is positive in shortening.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str = Field(min_length=1, max_length=200)
    unit: str | None = Field(default=None, max_length=100)
    sign: Literal[1, -1] = 1


class Preparation(BaseModel):
    """How a log becomes an experiment.

    Args:
        step: Seconds between samples of the uniform grid; by default the log's own step, or a round
            one where the log is unevenly sampled.
        rate_span: Seconds over which rates are fitted, up to and including the instant.
        velocity_span: Seconds over which slip velocity is fitted to a displacement, where the log
            has no velocity; by default chosen from the noise of the displacement.
        start: Seconds on the log's clock; what came before is left out.
        end: Seconds on the log's clock; what came after is left out.
        stationary: ``trim`` leaves out stretches with almost no slip at the start and the end;
            ``keep`` keeps them.
        max_gap: Longest hole in s that is interpolated; longer ones are gaps.
        stage_change: Relative change of normal stress that starts a new stage.
        contact_area_mm2: Contact area by which forces become stresses, mm².
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    step: float | None = Field(default=None, gt=0, le=1e9)
    rate_span: float = Field(default=10.0, gt=0, le=1e9)
    velocity_span: float | None = Field(default=None, gt=0, le=1e9)
    start: float | None = None
    end: float | None = None
    stationary: Literal["trim", "keep"] = "trim"
    max_gap: float = Field(default=3.0, ge=0)
    stage_change: float = Field(default=0.05, gt=0, lt=1)
    contact_area_mm2: float | None = Field(default=None, ge=1e-9, le=1e12)


class ChannelMap(BaseModel):
    """How the columns of a rig's logs become channels.

    A map is the whole truth: what it does not name is not guessed.

    Args:
        channels: Name of a channel to its column.
        correction: Corrections of the columns, in order.
        preparation: Settings of the preparation.
        table: Sheet, group or struct of a file that holds the log; the largest where blank. For
            files of several formats, a table of endings, such as ``{xlsx = "Raw", h5 = "/rig"}``.

    >>> text = '''
    ... [channels.time]
    ... column = "Test Time"
    ... unit = "s"
    ... '''
    >>> ChannelMap.from_toml(text).channels["time"].unit
    's'
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: TableName | dict[str, TableName] = ""
    channels: dict[str, Column]
    correction: tuple[Correction, ...] = Field(default=(), max_length=1000)
    preparation: Preparation = Preparation()

    @field_validator("channels")
    @classmethod
    def _known(cls, channels: dict[str, Column]) -> dict[str, Column]:
        for name in channels:
            if name not in MAPPABLE:
                raise ValueError(unknown(f"channel {name!r}", name, MAPPABLE))
        return channels

    @field_validator("table", mode="before")
    @classmethod
    def _by_ending(cls, table: object) -> object:
        if isinstance(table, str):
            return table
        if not isinstance(table, dict) or not all(isinstance(n, str) for n in table.values()):
            raise ValueError(
                "'table' is the name of a sheet, group or struct, or such a name for each ending, "
                f'as in table = {{xlsx = "Raw", h5 = "/rig"}}, not {shown(table)}'
            )
        return {str(ending).lower().removeprefix("."): name for ending, name in table.items()}

    def table_of(self, path: str | Path) -> str:
        """Which table of a file holds the log; blank where the map does not say.

        >>> ChannelMap(channels={}, table={"h5": "/rig"}).table_of("run.H5")
        '/rig'
        """
        if isinstance(self.table, str):
            return self.table
        return self.table.get(Path(path).suffix.lower().removeprefix("."), "")

    def prepared_by(self, changes: Mapping[str, Any]) -> "ChannelMap":
        """The map with other settings of the preparation, such as those of a plan.

        >>> ChannelMap(channels={}).prepared_by({"step": 0.1}).preparation.step
        0.1
        """
        if not changes:
            return self
        preparation = {**self.preparation.model_dump(exclude_unset=True), **changes}
        return self.model_copy(update={"preparation": Preparation(**preparation)})

    @classmethod
    def of(cls, given: "ChannelMap | str | Path | Mapping[str, Any]") -> "ChannelMap":
        """The channel map in what a caller passes.

        Args:
            given: A channel map, its TOML file, or channels and their columns.

        Raises:
            ChannelError: If it is none of them, or a key or value in it is wrong.

        >>> ChannelMap.of({"time": "t (s)", "friction": "mu"}).channels["friction"].column
        'mu'
        """
        if isinstance(given, ChannelMap):
            return given
        if isinstance(given, str | Path):
            return cls.load(given)
        if not isinstance(given, Mapping):
            raise ChannelError(
                f"{shown(given)} is no channel map; pass a ChannelMap, the name of its TOML file, "
                'or channels and their columns, as in {"time": "t (s)", "friction": "mu"}'
            )
        columns = {
            name: {"column": column} if isinstance(column, str) else column
            for name, column in given.items()
        }
        try:
            return cls.model_validate({"channels": columns})
        except ValidationError as problem:
            raise ChannelError(f"channels: {in_words(problem, cls)}") from problem

    @classmethod
    def load(cls, path: str | Path) -> "ChannelMap":
        """Read a map from a TOML file.

        Raises:
            ChannelError: If it cannot be read, or a key or value in it is wrong.
        """
        path = Path(path)
        try:
            if path.exists() and not (path.is_file() and path.stat().st_size <= _LARGEST):
                raise ChannelError(f"{path}: no channel map; expected a TOML file, a short one")
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError as problem:
            raise ChannelError(f"{path}: no such channel map; check the name") from problem
        except (OSError, ValueError) as problem:
            raise ChannelError(
                f"{path}: cannot be read as a channel map ({problem}); "
                "expected a TOML file in UTF-8"
            ) from problem
        return cls.from_toml(text, source=str(path))

    @classmethod
    def from_toml(cls, text: str, *, source: str = "channel map") -> "ChannelMap":
        """The map in a TOML text; ``source`` is what errors call it.

        Raises:
            ChannelError: If the text is not TOML, or a key or value in it is wrong.
        """
        try:
            return cls.model_validate(tomllib.loads(text))
        except ValidationError as problem:
            raise ChannelError(f"{source}: {in_words(problem, cls)}") from problem
        except ValueError as problem:
            # A TOMLDecodeError is one; so is a number of more digits than Python reads.
            raise ChannelError(f"{source}: not TOML: {problem}") from problem
        except RecursionError as problem:
            raise ChannelError(f"{source}: nested too deeply for a channel map") from problem

    def to_toml(self) -> str:
        """The map as TOML that :meth:`from_toml` reads back; defaults are left out."""
        import tomli_w

        return tomli_w.dumps(self.model_dump(exclude_defaults=True, exclude_none=True))
