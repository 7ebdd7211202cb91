"""Draft: an experiment in the making, which each step of the preparation turns into the next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from slicken.logs.finding import Finding
    from slicken.statements import Statement

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Draft:
    """Samples of a log on their way to an experiment, and what was done to them.

    Args:
        source: File name of the log, for messages.
        time: Seconds on the log's clock, shape ``(S,)``.
        channels: Channel name to values in SI, shape ``(S,)``; NaN where missing.
        rows: Line of the file of each sample, shape ``(S,)``.
        steps: What was done, in order.
        findings: What the owner of the log should know.
        closed: Intervals left out on purpose, first and last instant in seconds.
        dt: Seconds between samples, once they are on a uniform grid.
        stage: Number of the stage of each sample, shape ``(S,)``; None where it is not known.
    """

    source: str
    time: Floats
    channels: Mapping[str, Floats]
    rows: NDArray[np.int64]
    steps: tuple["Statement", ...] = ()
    findings: tuple["Finding", ...] = ()
    closed: tuple[tuple[float, float], ...] = ()
    dt: float = np.nan
    stage: NDArray[np.int64] | None = None

    def keep(self, samples: NDArray[np.bool_]) -> "Draft":
        """The draft with these samples alone."""
        return replace(
            self,
            time=self.time[samples],
            rows=self.rows[samples],
            channels={name: values[samples] for name, values in self.channels.items()},
        )

    def put(self, channels: Mapping[str, Floats]) -> "Draft":
        """The draft with channels added or replaced."""
        return replace(self, channels={**self.channels, **channels})

    def record(self, *steps: "Statement") -> "Draft":
        """The draft with steps added."""
        return replace(self, steps=(*self.steps, *steps))

    def note(self, findings: Iterable["Finding"]) -> "Draft":
        """The draft with findings added."""
        return replace(self, findings=(*self.findings, *findings))

    @property
    def gap(self) -> NDArray[np.bool_]:
        """Where some channel has no number, shape ``(S,)``."""
        gap = np.zeros(self.time.size, np.bool_)
        for values in self.channels.values():
            gap |= ~np.isfinite(values)
        return gap
