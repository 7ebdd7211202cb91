"""Worktable: the columns of a log while they are corrected."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.channels import TIME
from slicken.errors import ChannelError
from slicken.logs.names import unit_of
from slicken.logs.units import to_si

if TYPE_CHECKING:
    from slicken.logs.finding import Finding
    from slicken.logs.log import Log

Floats = NDArray[np.float64]


@dataclass
class Worktable:
    """A log in the making; S samples.

    Args:
        log: The log as corrected so far.
        time_column: Name of the column that is the time; None where the map names none.
        time_unit: Its unit as the map says; None where the log does.
        closed: Intervals left out, first and last instant in seconds on the log's clock.
        findings: What the log's owner should know of the corrections.
    """

    log: "Log"
    time_column: str | None
    time_unit: str | None
    closed: list[tuple[float, float]] = field(default_factory=list)
    findings: list["Finding"] = field(default_factory=list)

    def time(self, *, rising: bool = False) -> Floats:
        """Seconds on the log's clock, shape ``(S,)``.

        Raises:
            ChannelError: If no column is the time, or it must rise and does not.
        """
        if self.time_column is None:
            raise ChannelError("no column is the time; say which under [channels.time]")
        values = self.log.column(self.time_column)
        unit = self.time_unit or unit_of(self.log, self.time_column)
        time = to_si(values, unit, TIME)
        if rising:
            wrong = np.flatnonzero(~(np.diff(time) > 0))
            if wrong.size or not np.isfinite(time).all():
                row = self.log.rows[wrong[0] + 1] if wrong.size else self.log.rows[0]
                raise ChannelError(
                    f"row {row}: time does not rise, and this correction needs it to; mend that "
                    'first, with "repeated-time", "run-on" or "rows"; slicken inspect proposes how'
                )
        return time

    def per_second(self) -> float:
        """How much of the time column's unit a second is."""
        unit = self.time_unit or unit_of(self.log, self.time_column or "")
        return 1 / float(to_si(np.ones(1), unit, TIME)[0])

    def put(self, name: str, values: Floats, unit: str | None = None) -> None:
        """Set a column, or add one; its unit stays if None.

        Raises:
            ChannelError: If it is the time, and an interval was left out by its clock before.
        """
        if name == self.time_column and self.closed:
            raise ChannelError(
                "the time changes after an interval was left out by it; put the correction of "
                'the kind "exclude" after this one'
            )
        columns = {**self.log.values, name: values}
        units = dict(self.log.units) if unit is None else {**self.log.units, name: unit}
        self._become(columns, self.log.rows, units)

    def keep(self, samples: NDArray[np.bool_]) -> None:
        """Leave out all samples but these."""
        columns = {name: values[samples] for name, values in self.log.values.items()}
        self._become(columns, self.log.rows[samples], self.log.units)

    def merge(self, samples: NDArray[np.int64], groups: NDArray[np.int64]) -> None:
        """Make the samples of each group one, their mean; a missing number counts for nothing.

        Args:
            samples: Their places; the others are left out.
            groups: The group of each, counted from 0 and never falling.
        """
        columns = {}
        for name, values in self.log.values.items():
            known = np.isfinite(values[samples])
            counts = np.bincount(groups, weights=known)
            sums = np.bincount(groups, weights=np.where(known, values[samples], 0.0))
            columns[name] = np.divide(
                sums, counts, out=np.full(counts.size, np.nan), where=counts > 0
            )
        firsts = np.searchsorted(groups, np.arange(int(groups[-1]) + 1))
        self._become(columns, self.log.rows[samples[firsts]], self.log.units)

    def append(self, other: "Log") -> None:
        """Put the samples of another log after these; rows are counted on.

        Raises:
            ChannelError: If a column is not there, or has another unit.
        """
        for name in self.log.columns:
            there = other.column(name)
            if there.size and unit_of(other, name) != unit_of(self.log, name):
                raise ChannelError(
                    f"column {name!r} is in {unit_of(self.log, name) or 'no unit'} here and in "
                    f"{unit_of(other, name) or 'no unit'} in {other.source}; join the files before "
                    "the column is corrected"
                )
        columns = {
            name: np.concatenate([values, other.column(name)])
            for name, values in self.log.values.items()
        }
        rows = np.concatenate([self.log.rows, self.log.rows[-1] + other.rows])
        self._become(columns, rows, self.log.units)

    def _become(
        self, columns: dict[str, Floats], rows: NDArray[np.int64], units: Mapping[str, str]
    ) -> None:
        self.log = replace(self.log, values=columns, rows=rows, units=units)
