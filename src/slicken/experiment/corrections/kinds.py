"""Kinds of correction: what a ``[[correction]]`` of a channel map may say, each with its fields.

Times are seconds on the log's clock, as it stands when the correction's turn comes; values are in
the unit of the column.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(min_length=1, max_length=200)]
Unit = Annotated[str, Field(min_length=1, max_length=100)]
Seconds = Annotated[float, Field(ge=-1e12, le=1e12)]
Span = Annotated[float, Field(gt=0, le=1e9)]
Number = Annotated[float, Field(ge=-1e15, le=1e15)]
Stiffness = Annotated[float, Field(ge=1e-15, le=1e15)]
Radius = Annotated[float, Field(ge=1e-3, le=1e6)]
Row = Annotated[int, Field(ge=1, le=1_000_000_000)]
Where = Literal["past", "centred"]


class Kind(BaseModel):
    """A correction; each kind has its own fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class AtOrOver(Kind):
    """A correction of a column at an instant, or over an interval."""

    kind: str
    column: Name
    at: Seconds | None = None
    start: Seconds | None = None
    end: Seconds | None = None

    @model_validator(mode="after")
    def _instant_or_interval(self) -> Self:
        if self.at is not None and (self.start is not None or self.end is not None):
            raise ValueError(
                "'at' is an instant, 'start' and 'end' are an interval; give one of both"
            )
        if self.at is None and (self.start is None or self.end is None):
            raise ValueError("'at', or 'start' and 'end', is missing")
        _rising(self.start, self.end)
        return self

    @property
    def interval(self) -> tuple[float, float]:
        """First and last instant, s; the same where it is an instant."""
        first, last = (self.start, self.end) if self.at is None else (self.at, self.at)
        if first is None or last is None:  # the validator has seen to it
            raise ValueError("'at', or 'start' and 'end', is missing")
        return first, last


class Zero(AtOrOver):
    """Subtract the column's value at an instant, or its mean over an interval.

    Args:
        column: The column.
        at: Instant in s; the sample nearest to it becomes 0.
        start: Start in s of an interval whose mean becomes 0, instead of ``at``.
        end: End of the interval, s.
    """

    kind: Literal["zero"]


class Offset(AtOrOver):
    """Take a jump out of a column: what comes after is shifted to go on where it left off.

    Args:
        column: The column.
        at: Instant in s of the first sample after the jump, or any between it and the one before.
        start: Start in s of a jump that takes a while, instead of ``at``.
        end: End of the jump in s, not included.
        by: Size of the jump; measured where it is not given.
        samples: Number of samples on either side between whose medians the jump is measured.
        between: What the column holds from ``start`` to ``end``: the value before, or a gap.
    """

    kind: Literal["offset"]
    by: Number | None = None
    samples: int = Field(default=1, ge=1, le=1_000_000)
    between: Literal["hold", "gap"] = "hold"


class Calibrate(Kind):
    """Turn a column's numbers into a unit: ``factor * number + offset``.

    Args:
        column: The column, such as counts of an A/D converter.
        factor: New units per old unit.
        offset: Offset in the new unit.
        unit: The new unit.
        into: Name of a new column for the result; the column itself by default.
    """

    kind: Literal["calibrate"]
    column: Name
    factor: Number
    unit: Unit
    offset: Number = 0.0
    into: Name | None = None

    @model_validator(mode="after")
    def _some_factor(self) -> Self:
        if self.factor == 0:
            raise ValueError("'factor' is 0, which leaves nothing of the column")
        return self


class Elastic(Kind):
    """Take the elastic deformation of the machine out of a displacement.

    The result is displacement - load / stiffness.

    Args:
        column: The displacement.
        load: The column of the stress or force that deforms the machine.
        stiffness: Stiffness of the machine.
        unit: Unit of the stiffness, such as ``MPa/um`` or ``kN/mm``.
        into: Name of a new column for the result; the displacement itself by default.
    """

    kind: Literal["stiffness"]
    column: Name
    load: Name
    stiffness: Stiffness
    unit: Unit
    into: Name | None = None


class Torque(Kind):
    """Torque on a cylinder to the shear stress on its face.

    Args:
        column: The torque.
        outer_radius_mm: Outer radius of the face, mm.
        inner_radius_mm: Inner radius of the face, mm; 0 for a solid cylinder.
        unit: Unit of the torque, such as ``N*m``; the log's by default.
        into: Name of a new column for the stress in MPa; the torque's own by default.
    """

    kind: Literal["torque"]
    column: Name
    outer_radius_mm: Radius
    inner_radius_mm: float = Field(default=0.0, ge=0, le=1e6)
    unit: Unit | None = None
    into: Name | None = None

    @model_validator(mode="after")
    def _ring(self) -> Self:
        _inner_below_outer(self.inner_radius_mm, self.outer_radius_mm)
        return self


class Rotation(Kind):
    """Rotation of a cylinder to equivalent slip; a rate of rotation to equivalent slip velocity.

    Args:
        column: The angle, or the rate.
        unit: Its unit; an angle (``rev``, ``rad``, ``deg``) becomes slip in m, a rate velocity
            in m/s.
        outer_radius_mm: Outer radius of the face, mm.
        inner_radius_mm: Inner radius of the face, mm; 0 for a solid cylinder.
        into: Name of a new column for the result; the column itself by default.
    """

    kind: Literal["rotation"]
    column: Name
    unit: Literal["rpm", "rev/s", "Hz", "rad/s", "deg/s", "rev", "rad", "deg"]
    outer_radius_mm: Radius
    inner_radius_mm: float = Field(default=0.0, ge=0, le=1e6)
    into: Name | None = None

    @model_validator(mode="after")
    def _ring(self) -> Self:
        _inner_below_outer(self.inner_radius_mm, self.outer_radius_mm)
        return self


class Mean(Kind):
    """Running mean of a column.

    Args:
        column: The column.
        over: Length of the interval, s.
        where: ``past`` uses the last ``over`` seconds; ``centred`` half of them before and half
            after, so that the column knows the future.
        into: Name of a new column for the result; the column itself by default.
    """

    kind: Literal["mean"]
    column: Name
    over: Span
    where: Where
    into: Name | None = None


class Rate(Kind):
    """How fast a column changes: the difference over some seconds, per second.

    Args:
        column: The column, such as slip.
        over: Length of the interval, s.
        where: ``past`` looks back by ``over``; ``centred`` half of it back and half ahead.
        into: Name of a new column for the rate.
    """

    kind: Literal["rate"]
    column: Name
    over: Span
    where: Where
    into: Name


class RunningSum(Kind):
    """The sum of a column up to and including each sample: sample periods become a time.

    Args:
        column: The column.
        into: Name of a new column for the sum; the column itself by default.
    """

    kind: Literal["running-sum"]
    column: Name
    into: Name | None = None


class Crop(Kind):
    """Leave out what lies outside an interval.

    Args:
        start: Start in s; what came before is left out.
        end: End in s; what came after is left out.
    """

    kind: Literal["crop"]
    start: Seconds | None = None
    end: Seconds | None = None

    @model_validator(mode="after")
    def _some_interval(self) -> Self:
        if self.start is None and self.end is None:
            raise ValueError("'start' or 'end' is missing")
        _rising(self.start, self.end)
        return self


class Exclude(Kind):
    """Leave out an interval: it becomes a gap, which no window crosses.

    Args:
        start: First instant left out, s.
        end: Last instant left out, s.
        column: Only this column is unknown there; the hole is bridged by a straight line where it
            is no longer than the map's ``max_gap``.
    """

    kind: Literal["exclude"]
    start: Seconds
    end: Seconds
    column: Name | None = None

    @model_validator(mode="after")
    def _interval(self) -> Self:
        _rising(self.start, self.end)
        return self


class Join(Kind):
    """Join other files of the same run, in order; what came before in the list is for this file.

    Args:
        files: Their names, in the folder of the log; ``{name}`` stands for the log's name.
        pause: Seconds from the last sample of a file to the first of the next, where each counts
            from its own start; without it their clocks run on.
    """

    kind: Literal["join"]
    files: tuple[Name, ...] = Field(min_length=1, max_length=1000)
    pause: float | None = Field(default=None, gt=0, le=1e9)

    def names(self, log: str) -> list[str]:
        """The files, for a log of this name."""
        return [pattern.replace("{name}", log) for pattern in self.files]


class RepeatedTime(Kind):
    """Make a time rise that has several samples at one instant.

    Args:
        keep: ``all`` spreads them evenly up to the next time, at most over the clock's usual
            step; ``first`` and ``last`` keep one of them; ``mean`` makes them one.
    """

    kind: Literal["repeated-time"]
    keep: Literal["all", "first", "last", "mean"]


class RunOn(Kind):
    """Let a clock run on that was set, or began anew: the time changes from a row on.

    Args:
        row: The line of the file, as findings name it, from which on the time is shifted.
        pause: Seconds from the sample before to this one.
        by: Seconds to add, instead of ``pause``.
    """

    kind: Literal["run-on"]
    row: Row
    pause: float | None = Field(default=None, gt=0, le=1e9)
    by: Seconds | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.pause is None) == (self.by is None):
            raise ValueError(
                "'pause' is s after the sample before, 'by' is what is added; give one"
            )
        return self


class Rows(Kind):
    """Leave out rows of the file, where time cannot say which.

    Args:
        first: Line of the file, as findings name it; the file's first by default.
        last: The last line; the file's last by default.
        keep: ``inside`` keeps these rows alone, ``outside`` all others.
    """

    kind: Literal["rows"]
    first: Row | None = None
    last: Row | None = None
    keep: Literal["inside", "outside"] = "inside"

    @model_validator(mode="after")
    def _some_rows(self) -> Self:
        if self.first is None and self.last is None:
            raise ValueError("'first' or 'last' is missing")
        if self.first is not None and self.last is not None and self.first > self.last:
            raise ValueError(f"'first' (row {self.first}) is after 'last' (row {self.last})")
        return self


Correction = Annotated[
    Zero
    | Offset
    | Calibrate
    | Elastic
    | Torque
    | Rotation
    | Mean
    | Rate
    | RunningSum
    | Crop
    | Exclude
    | Join
    | RepeatedTime
    | RunOn
    | Rows,
    Field(discriminator="kind"),
]
KINDS: dict[str, type[Kind]] = {
    "zero": Zero,
    "offset": Offset,
    "calibrate": Calibrate,
    "stiffness": Elastic,
    "torque": Torque,
    "rotation": Rotation,
    "mean": Mean,
    "rate": Rate,
    "running-sum": RunningSum,
    "crop": Crop,
    "exclude": Exclude,
    "join": Join,
    "repeated-time": RepeatedTime,
    "run-on": RunOn,
    "rows": Rows,
}
"""Every kind by the word that a channel map has for it."""


def _rising(start: float | None, end: float | None) -> None:
    if start is not None and end is not None and start > end:
        raise ValueError(f"'start' ({start:g} s) is later than 'end' ({end:g} s)")


def _inner_below_outer(inner: float, outer: float) -> None:
    if inner >= outer:
        raise ValueError(
            f"'inner_radius_mm' ({inner:g}) must be below 'outer_radius_mm' ({outer:g})"
        )
