"""Required history: how many seconds of the past friction needs, by models trained on less."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from slicken.evidence.noise import knowing_the_present

if TYPE_CHECKING:
    from slicken.evidence.lag_model import LagModel, Model
    from slicken.evidence.noise import DriverNoise

NEGLIGIBLE = 3e-4
"""An increase of the squared error by this share of the variance explained is no need, however well
it is shown: sensors are noisy, and a few samples more average noise away."""
ADDS = 0.002
"""Share of the variance of friction that a driver must add to be selected."""
UNSEEN = 4 / 3
"""A memory that reaches so much further than a history hardly shows in its loss."""
Limit = Literal["", "longest", "training"]
_COLUMNS = ("loss", "low", "high", "clearly_worse")


@dataclass(frozen=True, eq=False, repr=False)
class RequiredHistory:
    """How much history friction needs, according to one family of models.

    Args:
        family: ``networks``, or the lag model's ``linear``, ``curved`` or ``trees``.
        history: s of history that were tried, ascending, shape ``(K,)``.
        loss: mean square error of standardised friction with each, ``(K,)``.
        low: lower end of the 95 % interval of the loss less the lowest, ``(K,)``.
        high: upper end, ``(K,)``.
        clearly_worse: whether a history is too short, ``(K,)``.
        drivers: Drivers whose history was cut; empty for all.
        unit: Unit of histories, as it is printed.
    """

    family: str
    history: NDArray[np.float64]
    loss: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    clearly_worse: NDArray[np.bool_]
    drivers: tuple[str, ...] = ()
    unit: str = "s"

    @classmethod
    def compute(
        cls,
        lag_model: "LagModel",
        drivers: tuple[str, ...],
        model: "Model",
        noise: "DriverNoise",
    ) -> "RequiredHistory":
        """History that the lag model requires, of the drivers that forward selection chooses.

        Args:
            lag_model: All targets that may judge.
            drivers: Drivers of the study.
            model: Family of models.
            noise: Noise of the drivers; averaging it away is no need.
        """
        lag_model = lag_model.asked(model)
        selected = select_drivers(lag_model, drivers, model)
        knowing = knowing_the_present(lag_model, noise, selected, model)
        return replace(required_by_lag_model(knowing, selected, model), drivers=selected)

    def __repr__(self) -> str:
        found = "none" if self.range is None else between(*self.range, self.unit)
        return f"RequiredHistory by {self.family}: {found}"

    @property
    def best(self) -> float:
        """The history with the lowest loss, s."""
        return float(self.history[int(np.argmin(self.loss))])

    @property
    def shortest(self) -> float:
        """The shortest history that no longer one clearly beats, s."""
        return float(self.history[~self.clearly_worse & (self.history > self.more_than)][0])

    @property
    def more_than(self) -> float:
        """The longest history, below the best, that is clearly too short, s; 0 where none is."""
        too_short = self.clearly_worse & (self.history < self.best)
        return float(self.history[too_short].max()) if too_short.any() else 0.0

    @property
    def limit(self) -> Limit:
        """Why no upper end is known; empty where one is.

        ``longest``: it would be the longest history that was tried. ``training``: networks of a
        longer history are clearly worse, which more knowledge cannot explain, so the loss at no
        history is known to be the lowest.
        """
        if not self.more_than:
            return ""
        if self._reaches >= self.history[-1]:
            return "longest"
        worse = self.clearly_worse & (self.history > self.best)
        return "training" if self.family == "networks" and worse.any() else ""

    @property
    def range(self) -> tuple[float, float] | None:
        """From which to which history, s; None where the shortest that was tried is enough.

        The upper end is infinite where none is known; see :attr:`limit`.
        """
        if not self.more_than:
            return None
        return self.more_than, math.inf if self.limit else rounded_up(self._reaches)

    @property
    def _reaches(self) -> float:
        """How far a memory may reach for which the best history does, s."""
        return UNSEEN * self.best

    def to_dataset(self) -> xr.Dataset:
        """Dataset for a file."""
        columns = {name: ("history", getattr(self, name)) for name in _COLUMNS}
        history = xr.Variable("history", self.history, {"units": self.unit})
        names = {"family": self.family, "drivers": " ".join(self.drivers)}
        return xr.Dataset(columns, coords={"history": history}, attrs=names)

    @classmethod
    def from_dataset(cls, table: xr.Dataset) -> "RequiredHistory":
        """The result that :meth:`to_dataset` saved."""
        columns = {name: table[name].to_numpy() for name in _COLUMNS}
        columns["clearly_worse"] = columns["clearly_worse"].astype(np.bool_)
        drivers = tuple(table.attrs["drivers"].split())
        history = table["history"]
        unit = str(history.attrs.get("units", "s"))
        return cls(table.attrs["family"], history.to_numpy(), **columns, drivers=drivers, unit=unit)


def rounded_up(length: float) -> float:
    """The next length with two digits.

    Example:
        >>> rounded_up(53.3), rounded_up(256.0), rounded_up(40.0)
        (54.0, 260.0, 40.0)
    """
    digits = 1 - math.floor(math.log10(length))
    return round(math.ceil(round(length * 10.0**digits, 6)) / 10.0**digits, max(digits, 0) + 1)


def between(low: float, high: float, unit: str = "s") -> str:
    """A range of histories in words.

    Example:
        >>> between(30.0, 90.0), between(30.0, math.inf)
        ('more than 30, at most 90 s', 'more than 30 s')
    """
    more = f"more than {low:g}"
    return f"{more}, at most {high:g} {unit}" if high < math.inf else f"{more} {unit}"


def required_by_lag_model(
    lag_model: "LagModel",
    channels: Sequence[str],
    model: "Model" = "linear",
    also: Sequence[str] = (),
) -> RequiredHistory:
    """Cut the lag model at its edges, refit, and compare.

    Args:
        lag_model: All targets that may judge.
        channels: the drivers whose history is cut.
        model: which family; trees are asked at every fourth edge only, as they take long.
        also: channels whose present bin is always there.
    """
    lag_model = lag_model.asked(model)
    present = lag_model.columns(also, steps=1)
    stride = 4 if model == "trees" else 1
    steps = list(range(lag_model.steps, 0, -stride))[::-1]
    errors = np.stack(
        [
            lag_model.errors(lag_model.columns(channels, steps=step) | present, model)
            for step in steps
        ]
    )
    loss = errors.mean(axis=1)
    best = int(np.argmin(loss))
    gaps = [lag_model.difference(row, errors[best]) for row in errors]
    explained = max(float(lag_model.friction.var()) - float(loss[best]), 0.0)
    low = np.array([gap.low for gap in gaps])
    value = np.array([gap.value for gap in gaps])
    return RequiredHistory(
        family=model,
        history=np.array([lag_model.past_edge(step) for step in steps]),
        loss=loss,
        low=low,
        high=np.array([gap.high for gap in gaps]),
        clearly_worse=(low > 0) & (value > NEGLIGIBLE * explained),
        unit=lag_model.unit,
    )


def select_drivers(
    lag_model: "LagModel", channels: Sequence[str], model: "Model" = "linear"
) -> tuple[str, ...]:
    """Drivers chosen one by one, the best first, until no other clearly adds to them.

    The fewer there are, the sharper the estimate of their memory: pasts that are proxies for one
    another blur it.

    Args:
        lag_model: All targets that may judge.
        channels: Drivers to choose from.
        model: Family. Trees take long: curved answers choose for them, and all drivers are kept
            where trees predict clearly better with all.
    """
    lag_model = lag_model.asked(model)
    if model != "trees":
        return _one_by_one(lag_model, channels, model)
    chosen = _one_by_one(lag_model, channels, "curved")
    fewer, every = (lag_model.errors(lag_model.columns(n), model) for n in (chosen, channels))
    missed = lag_model.difference(fewer, every)
    much = ADDS * float(lag_model.friction.var())
    return tuple(channels) if missed.low > 0 and missed.value > much else chosen


def _one_by_one(lag_model: "LagModel", channels: Sequence[str], model: "Model") -> tuple[str, ...]:
    chosen: tuple[str, ...] = ()
    errors = (lag_model.friction - lag_model.friction.mean()) ** 2
    variance = float(errors.mean())
    while len(chosen) < len(channels):
        tried = {
            name: lag_model.errors(lag_model.columns((*chosen, name)), model)
            for name in channels
            if name not in chosen
        }
        best = min(tried, key=lambda name: float(tried[name].mean()))
        gain = lag_model.difference(errors, tried[best])
        if chosen and not (gain.low > 0 and gain.value > ADDS * variance):
            break
        chosen, errors = (*chosen, best), tried[best]
    return chosen
