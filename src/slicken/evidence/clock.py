"""Clock: whether friction forgets as time passes or as the fault slips, and over how much of it.

At one velocity the two cannot be distinguished: 100 s at 1 mm/s are 0.1 m. Where the velocity
varies, a past weighted by seconds and one weighted by metres are two predictions, and whole
experiments that neither was fitted to judge between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import xarray as xr

from slicken.evidence.clock_fits import (
    NO_INTERVAL,
    ClockFit,
    ClockName,
    WeightedDrivers,
    blind_loss,
    fits_by,
    fits_over_slip,
    shown_lengths,
)
from slicken.evidence.fading import Passing, held_passing, slip_passing, time_passing
from slicken.evidence.resampling import Interval
from slicken.evidence.tabular import within
from slicken.statements import Statement
from slicken.threads import one_thread

if TYPE_CHECKING:
    from slicken.evidence.lag_model import LagModel, Model
    from slicken.study.prepared import Prepared

VARIES = 2.0
"""Ratio of fast to slow slip from which a clock can be determined."""
CLEARLY = 0.002
"""Share of the variance of friction by which one clock must beat the other."""
MISFIT = 0.02
"""The same, by which the free lag model may beat the better clock."""
Verdict = Literal["time", "slip", "alike", "constant", "no_memory", "no_kernel", "no_slip", "given"]
_FLAGS = ("logarithmic", "is_curved")
_INTERVALS = ("excess", "gain", "direct", "evolution")
_NUMBERS = ("length", "low", "high")


@dataclass(frozen=True, eq=False, repr=False)
class Clock:
    """By which clock friction forgets.

    How the thresholds were chosen: on seeds 1 to 4, which judge nothing, of the truth bench's
    tuning cases, and of 12 laws on made-up steps of velocity over a factor of 1.5, 2.5, 5, 10 and
    1000 (means of temperature over time and slip, heating by slip, ageing and slip law, a past of
    velocity or its logarithm over time, two memories, curved laws, and laws without memory). Below
    a ratio of 2 the advantage of the true clock was mostly within 0.002, and sometimes on the wrong
    side of zero; above it, the wrong clock never was ahead with an interval clear of zero. A single
    kernel on two planted memories was up to 0.014 behind the free lag model, hence 0.02.

    Args:
        fits: The weightings tried, those over time first; none over slip where it is not known, and
            none at all where the study lays its record out over slip.
        drivers: Whose past is weighted.
        variation: Ratio of the 95th to the 5th percentile, over target times, of the slip velocity
            averaged over the memory in time; NaN where slip is not known.
        advantage: Blind loss of the best weighting over time less that of the best over slip, in
            shares of the variance of friction, with its 95 % interval over groups; positive where
            slip is better.
    """

    fits: tuple[ClockFit, ...]
    drivers: tuple[str, ...]
    variation: float
    advantage: Interval

    @classmethod
    def compute(
        cls,
        lag_model: "LagModel",
        prepared: "Prepared",
        selected: Sequence[str],
        model: "Model" = "linear",
    ) -> "Clock":
        """Try every weighting of each clock, and compare the best of both.

        Args:
            lag_model: All targets that may judge, of this study.
            prepared: Record and its parts.
            selected: Drivers whose past is weighted.
            model: Family of the free lag model; unless it is ``linear``, curved answers are tried.
        """
        record = prepared.record
        if record.clock == "slip":
            return cls((), tuple(selected), float("nan"), NO_INTERVAL)
        lag_model = lag_model.asked("linear" if model == "linear" else "curved")
        drivers = WeightedDrivers.of(lag_model, prepared, selected, model)
        with one_thread():
            by_time = fits_by("time", time_passing(record), drivers, record.dt)
        measured, held = slip_passing(record), held_passing(record)
        passings = [one for one in (measured, held) if measured is not None and one is not None]
        with one_thread():
            by_slip = fits_over_slip(passings, drivers, record.dt)
        names, fits = tuple(selected), tuple(one.fit for one in (*by_time, *by_slip))
        if measured is None or not by_slip:
            return cls(fits, names, float("nan"), NO_INTERVAL)
        best, other = (min(tried, key=blind_loss) for tried in (by_time, by_slip))
        return cls(
            fits=fits,
            drivers=names,
            variation=_variation(best.fit, measured, lag_model),
            advantage=drivers.share(best.errors, other.errors),
        )

    def best(self, clock: ClockName) -> ClockFit | None:
        """The weighting by a clock that predicts best; None where slip is not known."""
        fits = [fit for fit in self.fits if fit.clock == clock]
        return min(fits, key=lambda fit: fit.excess.value) if fits else None

    @property
    def verdict(self) -> Verdict:
        """Which clock, or why none can be told.

        ``alike``: both predict alike; ``constant``: the velocity hardly varied; ``no_memory``: the
        past adds nothing; ``no_kernel``: neither weighting describes the past; ``no_slip``: slip is
        not known; ``given``: the study was given a slip grid, and nothing was compared.
        """
        if not self.fits:
            return "given"
        time, slip = self.best("time"), self.best("slip")
        if slip is None:
            return "no_slip"
        if time is None or not (time.is_shown or slip.is_shown):
            return "no_memory"
        if not self.variation >= VARIES:
            return "constant"
        told: ClockName = "slip" if self.advantage.value > 0 else "time"
        winner = slip if told == "slip" else time
        if winner.excess.low > 0 and winner.excess.value > MISFIT:
            return "no_kernel"
        sure = self.advantage.low > 0 or self.advantage.high < 0
        clear = abs(self.advantage.value) > CLEARLY
        return told if sure and clear and winner.is_shown else "alike"

    @property
    def fit(self) -> ClockFit | None:
        """The weighting of the clock that is told; None where none is."""
        verdict = self.verdict
        return self.best(verdict) if verdict in ("time", "slip") else None

    def __repr__(self) -> str:
        said = self.verdict if self.fit is None else repr(self.fit).partition(": ")[2]
        return (
            f"Clock: {said}\n  slip beats time by {within(self.advantage, '.1%')}; "
            f"slip velocity varied by a factor of {self.variation:.3g}"
        )

    def statement(self) -> Statement:
        """The verdict, with the numbers that say so."""
        verdict, fit = self.verdict, self.fit
        if fit is not None:
            return _told(fit)
        if verdict == "constant":
            return Statement("clock.constant", ratio=self.variation)
        if verdict == "alike":
            return Statement("clock.alike", advantage=tuple(self.advantage))
        return Statement(f"clock.{verdict}")

    def rate_and_state(self) -> Statement | None:
        """a, b and Dc, where slip is the clock and the past is that of ln V; else None."""
        fit = self.fit
        if fit is None or not np.isfinite(fit.direct.value) or fit.is_limited:
            return None
        numbers, unit = shown_lengths((fit.length, fit.low, fit.high), "slip")
        law = "ageing" if fit.shape == "ageing" else "slip"
        return Statement(
            "clock.rate_and_state",
            law=law,
            direct=tuple(fit.direct),
            evolution=tuple(fit.evolution),
            distance=numbers,
            unit=unit,
        )

    def to_dataset(self) -> xr.Dataset:
        """Dataset for a file; losses are NaN beyond the lengths that a weighting tried."""
        longest = max((fit.lengths.size for fit in self.fits), default=0)
        table = xr.Dataset(
            coords={"end": np.array(["value", "low", "high"], dtype=object)},
            attrs={"drivers": " ".join(self.drivers), "variation": self.variation},
        )
        for name in _FLAGS:
            table[name] = "fit", np.array([getattr(fit, name) for fit in self.fits])
        for name in ("clock", "shape"):
            table[name] = "fit", np.array([getattr(fit, name) for fit in self.fits], dtype=object)
        table["advantage"] = "end", np.array(self.advantage)
        if not self.fits:
            return table
        for name in ("lengths", "loss"):
            rows = [getattr(fit, name) for fit in self.fits]
            padded = [np.pad(r, (0, longest - r.size), constant_values=np.nan) for r in rows]
            table[name] = ("fit", "tried"), np.stack(padded)
        for name in _NUMBERS:
            table[name] = "fit", np.array([getattr(fit, name) for fit in self.fits])
        for name in _INTERVALS:
            table[name] = ("fit", "end"), np.array([getattr(fit, name) for fit in self.fits])
        return table

    @classmethod
    def from_dataset(cls, table: xr.Dataset) -> "Clock":
        """The result that :meth:`to_dataset` saved."""
        fits = [_read_fit(table.isel(fit=place)) for place in range(table.sizes.get("fit", 0))]
        advantage = Interval(*table["advantage"].to_numpy().tolist())
        drivers = tuple(table.attrs["drivers"].split())
        return cls(tuple(fits), drivers, float(table.attrs["variation"]), advantage)


def _read_fit(row: xr.Dataset) -> ClockFit:
    known = np.isfinite(row["lengths"].to_numpy())
    length, low, high = (float(row[name]) for name in _NUMBERS)
    excess, gain, direct, evolution = (
        Interval(*row[name].to_numpy().tolist()) for name in _INTERVALS
    )
    return ClockFit(
        clock=row["clock"].item(),
        shape=row["shape"].item(),
        logarithmic=bool(row["logarithmic"]),
        is_curved=bool(row.get("is_curved", False)),
        lengths=row["lengths"].to_numpy()[known],
        loss=row["loss"].to_numpy()[known],
        length=length,
        low=low,
        high=high,
        excess=excess,
        gain=gain,
        direct=direct,
        evolution=evolution,
    )


def _told(fit: ClockFit) -> Statement:
    if fit.is_limited:
        numbers, unit = shown_lengths((fit.more_than, float(fit.lengths[-1])), fit.clock)
        values = {"least": numbers[0], "longest": numbers[1], "unit": unit}
        key = "clock.slip_limited" if fit.clock == "slip" else "clock.time_limited"
        return Statement(key, **values)
    ends, unit = shown_lengths((fit.low, fit.high), fit.clock)
    key = "clock.slip" if fit.clock == "slip" else "clock.time"
    return Statement(key, ends=ends, unit=unit)


def _variation(fit: ClockFit, slip: Passing, lag_model: "LagModel") -> float:
    """Ratio of fast to slow slip, each averaged over the memory in time that fits best."""
    seconds = fit.length if fit.shape == "boxcar" else 2 * fit.length
    samples = int(np.clip(round(seconds / lag_model.dt), 1, lag_model.edges[-1]))
    slow, fast = np.quantile(slip.within(lag_model.ends, samples), [0.05, 0.95])
    return float(fast / slow) if slow > 0 else float("inf")
